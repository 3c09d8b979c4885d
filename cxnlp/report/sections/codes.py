"""Section of its own where a codebook was named: how often each code is met, and what that rests on."""

from __future__ import annotations

from typing import Any

from cxnlp.report import words
from cxnlp.report.measured import rows_of
from cxnlp.results import Evidence

__all__ = ["context"]

_SHOWN = 200


def _basis(row: dict[str, Any]) -> str:
    learned = f"learned from {words.plural(row['n_examples'], 'example')}"
    if row["basis"] == "examples":
        return learned
    if row["basis"] == "few examples":
        more = words.count(row["examples_needed"])
        return f"{learned}: too few to promise anything, {more} more would do"
    return "by description only: nothing can be promised" if row["basis"] == "description" else str(row["basis"])


def _view(row: dict[str, Any]) -> dict[str, Any]:
    label = row["label"] or row["tag"]
    rate, sure, at_most = row["error_rate"], row["share"] or 0.0, row["share_if_all_doubt"] or 0.0
    return row | {
        "parts": (("yes", sure), ("doubt", at_most - sure), ("rest", 1 - at_most)),
        "said": f"{words.share(sure)} of comments, {words.share(at_most)} if every doubt were a yes",
        "label": label,
        "named": label.casefold() != row["tag"].casefold(),
        "rests_on": _basis(row),
        "promise": "none" if rate is None else f"at most {words.share(rate)}",
    }


def context(evidence: Evidence) -> dict[str, Any] | None:
    """The codes, the most frequent first, and what is left to a person; None without a codebook."""
    if evidence.codes.empty:
        return None
    rows = sorted(map(_view, rows_of(evidence.codes)), key=lambda row: -(row["share"] or 0))
    return {
        "rows": rows[:_SHOWN],
        "total": len(rows),
        "promised": any(row["error_rate"] is not None for row in rows),
        "doubts": sum(row["n_doubt"] for row in rows),
        "questions": len(evidence.review),
    }
