"""From the units of an outcome to their time at risk: which dates there are, and what `times` makes of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from cxnlp.drivers.family import Family
from cxnlp.drivers.sample import Sample
from cxnlp.drivers.times import Timeline, curves, hazards, mentioned_at, timeline
from cxnlp.results import Note, Table

__all__ = ["Times", "times"]


_ENOUGH_DATED = 0.5
"""Least share of the units that must have usable dates."""


@dataclass(frozen=True, slots=True)
class Times:
    """Time at risk of those units of a sample that have dates: ``known`` bool (n,), ``time`` of them, and when they
    first mentioned what, CSR (known, tests of the family)."""

    time: Timeline
    known: np.ndarray
    mentioned: sparse.csr_array

    def hazards(self, sample: Sample) -> dict[str, np.ndarray]:
        """The time columns of every test."""
        cluster = None if sample.cluster is None else sample.cluster[self.known]
        cell = sample.design.cell[self.known]
        return hazards(self.time, self.mentioned, cell, sample.design.matrix, cluster)

    def curves(self, column: int) -> pd.DataFrame:
        """Survival curves with and without the mention of one test of the family."""
        return curves(self.time, self.mentioned[:, [column]].toarray().ravel())


def times(sample: Sample, family: Family, table: Table) -> tuple[Times | None, tuple[Note, ...]]:
    """Time to leaving of a sample's units, where the data have dates of leaving; None where they cannot be used."""
    if "left_at" not in family.units or family.units["left_at"].isna().all():
        return None, ()
    units = family.units.iloc[sample.rows].reset_index(drop=True)
    usable = table.comments[table.comments["status"].eq("ok") & table.comments["in_window"].astype(bool)]
    first = pd.to_datetime(usable["created_at"]).groupby(usable["unit"].to_numpy()).min()
    dates = (units[name] for name in ("observed_from", "observed_until", "left_at"))
    time, known, notes = timeline(units["unit"].map(first), *dates)
    if time is None:
        return None, notes
    if known.mean() < _ENOUGH_DATED:
        message = (
            "time to leaving was not analysed: fewer than half of the customers have dates that can be used, and those "
            "who do may not be like the others; see --date, --observed-from and --observed-until"
        )
        return None, (*notes, Note("drivers", message, int((~known).sum())))
    day = family.day[sample.rows][known]
    undated = int(sample.mentions[known].sum() - sample.mentions[known].multiply(day.sign()).sum())
    if undated:
        message = "mentions without a date, by units whose other comments have one: not counted in time to leaving"
        notes = (*notes, Note("drivers", message, undated, "info"))
    return Times(time, known, mentioned_at(time, day)), notes
