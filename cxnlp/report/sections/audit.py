"""How right the tags are, by people who read a random sample; only after an audit."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cxnlp.report import words
from cxnlp.report.measured import rows_of
from cxnlp.results import Evidence

__all__ = ["context"]

_SHOWN = 60
_TAGS = {"topic": "topic", "polarity": "tone", "stage": "stage"}


def _share(row: dict[str, Any], name: str) -> dict[str, str]:
    known = row[f"{name}_low"] is not None
    limits = f"{words.share(row[f'{name}_low'])} to {words.share(row[f'{name}_high'])}" if known else ""
    return {"text": words.share(row[name]), "limits": limits}


def _view(row: dict[str, Any]) -> dict[str, Any]:
    return row | {
        "kind": _TAGS.get(row["tag"], "topic and tone"),
        "agreement": words.ratio(row["kappa"]),
        "found": _share(row, "sensitivity"),
        "right": _share(row, "precision"),
        "tagged": words.share(row["prevalence_model"]),
        "corrected": _share(row, "prevalence"),
    }


def context(evidence: Evidence) -> dict[str, Any] | None:
    """One line per tag, kind by kind: all of a kind together, then the most frequent first; None without an audit."""
    if evidence.audit.empty:
        return None
    kinds = evidence.audit.assign(_kind=pd.factorize(evidence.audit["tag"])[0])
    # Of all tags of a kind together there is no share: it is missing, and comes first.
    by = ["_kind", "prevalence_model", "value"]
    ordered = kinds.sort_values(by, ascending=[True, False, True], na_position="first")
    rows = [_view(row) for row in rows_of(ordered.drop(columns="_kind"))]
    alphas = [row for row in rows if row["alpha"] is not None]
    return {
        "rows": rows[:_SHOWN],
        "total": len(rows),
        "n": max(row["n"] for row in rows),
        "alpha": [(f"{row['kind']}: {row['name']}", words.ratio(row["alpha"])) for row in alphas[:5]],
    }
