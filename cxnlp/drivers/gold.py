"""What an audit says of the tests of a family: who truly mentions what, among the units that people labelled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from cxnlp.drivers.family import ALL, Family
from cxnlp.results import Gold, Table

__all__ = ["Labelled", "labelled"]


@dataclass(frozen=True, slots=True)
class Labelled:
    """For the units of a family, in their order: ``mentions`` integer CSR (units, tests), true mentions by people;
    ``known`` bool (units,), labelled; ``probability`` float (units,), chance of being drawn, 1 where not labelled."""

    mentions: sparse.csr_array
    known: np.ndarray
    probability: np.ndarray


def labelled(gold: Gold, table: Table, family: Family) -> Labelled:
    """The audit as a matrix. A labelled unit without a scored comment inside the window is no unit of the family."""
    position = pd.Series(np.arange(len(family.units)), index=family.units["unit"].to_numpy())
    drawn = gold.units.assign(position=gold.units["unit"].map(position)).dropna(subset="position")
    at = drawn["position"].to_numpy(dtype=np.intp)
    known, probability = np.zeros(len(position), dtype=bool), np.ones(len(position))
    known[at], probability[at] = True, drawn["probability"].to_numpy(dtype=float)
    said = gold.statements.merge(table.statements[["statement_id", "unit", "in_window"]], on="statement_id")
    said = said[said["in_window"].fillna(False).astype(bool)].assign(position=said["unit"].map(position))
    said = said.dropna(subset=["position", "topic_id"])[["topic_id", "stage", "polarity", "position"]]
    every = pd.concat([said.dropna(subset="stage"), said.assign(stage=ALL)]).drop_duplicates()
    found = every.merge(family.tests.assign(column=np.arange(len(family.tests))), on=["topic_id", "stage", "polarity"])
    entries = (np.ones(len(found), dtype=np.int64), (found["position"].to_numpy(np.intp), found["column"].to_numpy()))
    mentions = sparse.csr_array(sparse.coo_array(entries, shape=(len(position), len(family.tests))))
    return Labelled(mentions, known, probability)
