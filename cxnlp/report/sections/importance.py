"""Which topics matter most for an outcome, all of them together; and which can only disappoint or only delight."""

from __future__ import annotations

from typing import Any

from cxnlp.report import words
from cxnlp.report.charts import ACCENT, Chart, Mark, shares
from cxnlp.report.measured import label_of, rows_of
from cxnlp.results import Evidence

__all__ = ["context"]

_SHOWN = 15
_KANO = {
    "basic": "expected: the score is lower with complaints and no higher with praise",
    "performance": "the more the better: the score is lower with complaints and higher with praise",
    "excitement": "a delight: the score is higher with praise and no lower with complaints",
    "indifferent": "the score is much the same with complaints, with praise and without",
    "unclear": "too few mentions, or too little difference, to tell",
}


def _ranks(row: dict[str, Any]) -> str:
    if row["rank_low"] is None:
        return words.count(row["rank"])
    low, high = words.count(row["rank_low"]), words.count(row["rank_high"])
    return words.count(row["rank"]) if low == high else f"{words.count(row['rank'])} ({low} to {high})"


def _of_outcome(evidence: Evidence, outcome: str, number: int) -> dict[str, Any]:
    rows = rows_of(evidence.importance[evidence.importance["outcome"] == outcome].sort_values(["rank", "topic_id"]))
    shown = [
        row | {"name": f"{row['topic_name']} ({row['polarity']})", "ranks": _ranks(row)}
        for row in rows[:_SHOWN]
        if row["weight"]
    ]
    nan = float("nan")
    marks = [
        Mark(row["name"], row["share"], nan, nan, ACCENT, f"{row['name']}: {words.share(row['share'])}")
        for row in shown
    ]
    alt = f"Share of what is explained that goes to each of {len(marks)} topics; the table has the numbers."
    return {
        "label": label_of(evidence, outcome),
        "rows": shown,
        "r2": rows[0]["r2"] if rows else None,
        "method": "average over all orders (LMG)"
        if rows and rows[0]["method"] == "lmg"
        else "Johnson's relative weights",
        "charts": [Chart(f"chart-importance-{number}", alt, shares(marks, "share of what all topics explain"))]
        if marks
        else [],
    }


def _kano(row: dict[str, Any]) -> dict[str, Any]:
    def effect(name: str) -> dict[str, str]:
        limits = [words.difference(row[f"{name}_{end}"], "mean score") for end in ("low", "high")]
        known = row[f"{name}_low"] is not None
        return {"text": words.difference(row[name], "mean score"), "limits": " to ".join(limits) if known else ""}

    return row | {"penalty": effect("penalty"), "reward": effect("reward"), "meaning": _KANO.get(row["kano_class"], "")}


def context(evidence: Evidence) -> dict[str, Any] | None:
    """Importance by outcome and Kano classes; None where neither was computed."""
    outcomes = list(dict.fromkeys(evidence.importance["outcome"])) if len(evidence.importance) else []
    parts = [_of_outcome(evidence, outcome, number) for number, outcome in enumerate(outcomes)]
    parts = [part for part in parts if part["rows"]]
    told = evidence.kano[evidence.kano["kano_class"] != "unclear"] if len(evidence.kano) else evidence.kano
    if not parts and not len(told):
        return None
    return {
        "outcomes": parts,
        "kano": [_kano(row) | {"label": label_of(evidence, row["outcome"])} for row in rows_of(told.head(_SHOWN))],
        "unclear": len(evidence.kano) - len(told),
        "charts": [chart for part in parts for chart in part["charts"]],
    }
