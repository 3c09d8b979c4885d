"""Sixth section: the same numbers for each segment and language."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cxnlp.report.measured import grid, quantities
from cxnlp.report.sections.headline import LANGUAGE_NAMES
from cxnlp.results import Evidence

__all__ = ["context"]

_ELSEWHERE = ("overall", "stage", "touchpoint", "topic", "theme")
_SHOWN = 30


def _table(evidence: Evidence, by: str, frame: pd.DataFrame) -> dict[str, Any]:
    columns = quantities(evidence, frame)
    sizes = frame.groupby(frame["group"].astype(str))["n"].max()
    order = sorted(sizes.index, key=lambda group: (-sizes[group], group))
    rows = grid(frame, columns, "group", order[:_SHOWN])
    names = LANGUAGE_NAMES if by == "language" else {}
    return {
        "by": by,
        "columns": columns,
        "rows": [(names.get(row.name, row.name), row) for row in rows],
        "left": max(len(order) - _SHOWN, 0),
    }


def context(evidence: Evidence) -> dict[str, Any]:
    """One table for each column that the metrics are split by, besides what other sections show."""
    frame = evidence.metrics[~evidence.metrics["by"].isin(_ELSEWHERE)]
    present = [str(by) for by in frame["by"].drop_duplicates()]
    order = [by for by in evidence.segments if by in present]
    order += [by for by in present if by not in order]
    return {
        "tables": [_table(evidence, by, frame[frame["by"] == by]) for by in order],
        "segments": evidence.segments,
        "missing": None if order else "no_segments",
    }
