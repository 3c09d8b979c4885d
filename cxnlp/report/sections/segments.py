"""Sixth section: the same numbers for each segment and language, and who mentions which topic."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cxnlp.report import words
from cxnlp.report.measured import grid, label_of, quantities, rows_of
from cxnlp.report.sections.headline import LANGUAGE_NAMES
from cxnlp.results import Evidence

__all__ = ["context"]

_ELSEWHERE = ("overall", "stage", "touchpoint", "topic", "theme")
_SHOWN = 30
_PREVALENT = 15
_Q = 0.10


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


def _prevalence(evidence: Evidence) -> dict[str, Any] | None:
    """Terms of the first event whose topics clearly more, or fewer, mention; those of which that is surest first."""
    frame = evidence.prevalence
    if frame.empty:
        return None
    outcome = frame["outcome"].iloc[0]
    limit = evidence.provenance.get("settings", {}).get("drivers", {}).get("q", _Q)
    sure = frame[(frame["outcome"] == outcome) & (frame["q"] < limit)]
    least = pd.concat([sure["low"], -sure["high"]], axis=1).max(axis=1).round(12)
    order = sure.assign(_least=-least).sort_values(["_least", "topic_id", "polarity", "term"], kind="stable")
    rows = [
        row
        | {
            "name": f"{row['topic_name']} ({row['polarity']})",
            "difference": {
                "text": words.signed_share(row["value"]),
                "limits": f"{words.signed_share(row['low'])} to {words.signed_share(row['high'])}",
            },
        }
        for row in rows_of(order.head(_PREVALENT))
    ]
    audited = bool(frame["method"].str.contains("taken out").any())
    left = len(order) - len(rows)
    return {"outcome": label_of(evidence, outcome), "rows": rows, "left": left, "audited": audited, "q": limit}


def context(evidence: Evidence) -> dict[str, Any]:
    """One table for each column that the metrics are split by, besides what other sections show; who mentions what."""
    frame = evidence.metrics[~evidence.metrics["by"].isin(_ELSEWHERE)]
    present = [str(by) for by in frame["by"].drop_duplicates()]
    order = [by for by in evidence.segments if by in present]
    order += [by for by in present if by not in order]
    return {
        "tables": [_table(evidence, by, frame[frame["by"] == by]) for by in order],
        "segments": evidence.segments,
        "prevalence": _prevalence(evidence),
        "missing": None if order else "no_segments",
    }
