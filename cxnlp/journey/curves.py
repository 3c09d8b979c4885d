"""The metrics along the journey."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxnlp import schema
from cxnlp.results import Placement

__all__ = ["curve"]


def curve(metrics: pd.DataFrame, placement: Placement) -> pd.DataFrame:
    """Rows of ``metrics`` by stage, in the order of the journey: columns `journey`."""
    rows = metrics[metrics["by"] == "stage"].rename(columns={"group": "stage"})
    position = pd.Index(placement.stages, dtype=object).get_indexer(pd.Index(rows["stage"], dtype=object))
    rows = rows.assign(position=position.astype(np.int64)).sort_values("position", kind="stable")
    return schema.check(rows[schema.names("journey")].reset_index(drop=True), "journey")
