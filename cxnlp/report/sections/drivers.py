"""Fifth section: every association that was tested, strongest evidence first."""

from __future__ import annotations

from typing import Any

from cxnlp.report import words
from cxnlp.report.charts import NEGATIVE, NEUTRAL, POSITIVE, Chart, Mark, intervals
from cxnlp.report.measured import label_of, rows_of
from cxnlp.report.tiers import TIERS, tier
from cxnlp.results import Evidence

__all__ = ["adjusted_for", "context"]

_SHOWN = 200
_CHARTED = 15


def _view(evidence: Evidence, row: dict[str, Any]) -> dict[str, Any]:
    stage = "" if row["stage"] in (None, "all") else str(row["stage"])
    return row | {
        "badge": tier(row["tier"]),
        "label": label_of(evidence, row["outcome"]),
        "stage": stage or "all",
        "name": f"{row['topic_name']}{f', {stage}' if stage else ''} ({row['polarity']})",
    }


def _best(row: dict[str, Any]) -> tuple[float, float, float]:
    kind = "rd" if words.is_missing(row["rd_adjusted"]) else "rd_adjusted"
    limits = (float("nan") if row[f"{kind}_{end}"] is None else float(row[f"{kind}_{end}"]) for end in ("low", "high"))
    low, high = limits
    return float(row[kind]), low, high


def _chart(rows: list[dict[str, Any]]) -> list[Chart]:
    marks = []
    for row in [row for row in rows if row["tier"] != "INSUFFICIENT" and row["rd"] is not None][:_CHARTED]:
        value, low, high = _best(row)
        firm = row["tier"] in ("CONFIRMED", "PROBABLE", "WATCH")
        colour = (NEGATIVE if value > 0 else POSITIVE) if firm else NEUTRAL
        limits = f"{words.signed_share(low)} to {words.signed_share(high)}"
        hover = f"{row['name']}: {words.signed_share(value)} points ({limits})"
        marks.append(Mark(row["name"], value, low, high, colour, hover))
    if not marks:
        return []
    alt = (
        f"Difference in the share with the outcome between those who mention a topic and the rest, with intervals, for "
        f"the {len(marks)} associations with the strongest evidence; the table below has the numbers."
    )
    spec = intervals(marks, "difference in share", tickformat="+.0%")
    return [Chart("chart-drivers", alt, spec)]


def adjusted_for(evidence: Evidence) -> list[str]:
    """What the tests were adjusted for, as the drivers table says; the same for every test in most runs."""
    return sorted(set(evidence.drivers["controls"].dropna()) - {"none"})


def _missing(evidence: Evidence) -> str | None:
    if len(evidence.drivers):
        return None
    if not evidence.outcomes:
        return "no_outcome"
    return "no_topics" if evidence.topics.empty else "no_tests"


def context(evidence: Evidence) -> dict[str, Any]:
    """The table's first rows, in the order of the drivers room, how many more there are, and the tiers in words."""
    rows = [_view(evidence, row) for row in rows_of(evidence.drivers)]
    present = {str(name) for name in evidence.drivers["tier"]}
    return {
        "missing": _missing(evidence),
        "rows": rows[:_SHOWN],
        "total": len(rows),
        "tiers": [known for name, known in TIERS.items() if name in present or name != "CONFIRMED"],
        "outcomes": evidence.outcomes,
        "adjusted": adjusted_for(evidence),
        "several": len(evidence.outcomes) > 1,
        "charts": _chart(rows),
    }
