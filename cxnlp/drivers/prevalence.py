"""Who mentions what: the share of units that mention each topic, by the outcome and the controls together.

One linear regression, the same for all topics, of the mention on the outcome and the levels of the controls. It looks
from the other side than the drivers do: not who leaves among those who mention it, but who mentions it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.stats import t

from cxnlp.drivers import tags
from cxnlp.drivers.canonical import kinds, patterns
from cxnlp.drivers.cells import MIN_GROUP, blocks
from cxnlp.drivers.controls import Term, independent
from cxnlp.drivers.gold import Labelled
from cxnlp.drivers.robust import MIN_CLUSTERS, exact_sum, holding
from cxnlp.drivers.sample import Sample

__all__ = ["prevalence"]

_PER_PARAMETER = 10
_MIN_OF_EACH = 10
"""Where a term's units, or the others, have fewer mentions or fewer without one, HC2 can be next to nothing by luck."""
