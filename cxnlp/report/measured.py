"""The metrics table, long, turned into what a reader looks at: cards and grids of estimates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cxnlp.report import words
from cxnlp.results import Evidence
from cxnlp.schema import Scale

__all__ = [
    "Cell",
    "Quantity",
    "Row",
    "TICKS",
    "cell",
    "grid",
    "label_of",
    "overall",
    "quantities",
    "rows_of",
    "tone_class",
]

_LABELS = {
    "nps": "NPS",
    "csat": "CSAT",
    "csat mean": "CSAT, mean",
    "ces": "CES",
    "ces easy": "CES, share easy",
    "outcome rate": "Outcome",
    "sentiment": "Sentiment",
    "volume": "Volume",
}
_ORDER = tuple(_LABELS)
_MEANING = {
    "sentiment": "tone of the words, from \N{MINUS SIGN}1 (all bad) to +1 (all good)",
    "volume": "share of the scored comments",
}
TICKS: Mapping[str, str] = {
    "points": ".0f",
    "share": ".0%",
    "mean score": ".1f",
    "net share": "+.0%",
    "net sentiment": ".1f",
}
"""Plotly axis format of each unit."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """One measured thing: which metric of which column, and how it is called on the page.

    ``main`` is false for a second reading of a score, which tables show and cards and charts do not.
    """

    metric: str
    subject: str
    unit: str
    label: str
    meaning: str
    main: bool = True


@dataclass(frozen=True, slots=True)
class Cell:
    """An estimate ready to print. ``sort`` is the bare number; ``tone`` a class for its background."""

    text: str
    interval: str = ""
    n: str = ""
    sort: float = float("nan")
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A group and its cells, in the order of the grid's quantities; None where nothing was measured."""

    name: str
    cells: tuple[Cell | None, ...]


def quantities(evidence: Evidence, frame: pd.DataFrame) -> list[Quantity]:
    """What `frame` (metrics or journey) measures: scores first, then outcomes, sentiment, volume."""
    found = frame[["metric", "subject", "unit"]].drop_duplicates(["metric", "subject"]).itertuples(index=False)
    known = [str(score.name) for score in evidence.scores]

    def order(quantity: Quantity) -> tuple[int, int, str]:
        kind = _ORDER.index(quantity.metric) if quantity.metric in _ORDER else len(_ORDER)
        return kind, known.index(quantity.subject) if quantity.subject in known else len(known), quantity.subject

    return sorted((_quantity(evidence, str(m), str(s), str(u)) for m, s, u in found), key=order)


def _quantity(evidence: Evidence, metric: str, subject: str, unit: str) -> Quantity:
    score = next((score for score in evidence.scores if score.name == subject), None)
    if metric == "outcome rate":
        label = label_of(evidence, subject)
        return Quantity(metric, subject, unit, f"Outcome: {label}", f"share of {evidence.unit_name}s: {label}")
    name = _LABELS.get(metric, metric)
    if score is None:
        return Quantity(metric, subject, unit, name, _MEANING.get(metric, ""))
    alone = sum(other.scale.metric == score.scale.metric for other in evidence.scores) == 1
    label = name if alone else f"{name} ({score.source})"
    return Quantity(metric, subject, unit, label, _score_meaning(metric, score.scale), metric in ("nps", "csat", "ces"))


def _score_meaning(metric: str, scale: Scale) -> str:
    good, bad = _answers(scale.satisfied), _answers(scale.dissatisfied)
    if metric == "nps":
        return f"share answering {good} minus share answering {bad}, in points"
    if metric in ("csat", "ces easy"):
        return f"share answering {good} on a scale of {scale.low} to {scale.high}"
    better = "more is better" if scale.better == "high" else "less is better"
    return f"mean answer on a scale of {scale.low} to {scale.high}; {better}"


def _answers(values: frozenset[int]) -> str:
    low, high = min(values), max(values)
    return f"{low} or {high}" if high - low == 1 else f"{low} to {high}"


def label_of(evidence: Evidence, outcome: object) -> str:
    """An outcome in words."""
    return next((known.label for known in evidence.outcomes if known.name == outcome), str(outcome))


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dictionaries with missing values as None, so that templates need no NaN checks."""
    return [
        {
            str(key): None if not isinstance(value, list | tuple) and pd.isna(value) else value
            for key, value in row.items()
        }
        for row in frame.to_dict("records")
    ]


def cell(value: Any, low: Any, high: Any, n: Any, unit: str) -> Cell:
    """One estimate in words."""
    tone = tone_class(value) if unit == "net sentiment" else ""
    number = float("nan") if words.is_missing(value) else float(value)
    return Cell(words.value(value, unit), words.interval(low, high, unit), words.count(n), number, tone)


def tone_class(sentiment: Any) -> str:
    """One of five backgrounds for a mean sentiment of -1 to 1; empty where unknown."""
    if words.is_missing(sentiment):
        return ""
    limits = ((-0.4, "tone-bad-2"), (-0.1, "tone-bad-1"), (0.1, "tone-even"), (0.4, "tone-good-1"))
    return next((name for limit, name in limits if sentiment < limit), "tone-good-2")


def overall(evidence: Evidence) -> list[tuple[Quantity, Cell]]:
    """The main estimates over everybody; those that rest on no value are left out."""
    frame = evidence.metrics[(evidence.metrics["by"] == "overall") & (evidence.metrics["n"] > 0)]
    rows = {(row.metric, row.subject): row for row in frame.itertuples(index=False)}
    pairs = []
    for quantity in quantities(evidence, frame):
        row = rows[quantity.metric, quantity.subject]
        if quantity.main:
            pairs.append((quantity, cell(row.value, row.low, row.high, row.n, quantity.unit)))
    return pairs


def grid(frame: pd.DataFrame, columns: Sequence[Quantity], key: str, order: Sequence[str]) -> list[Row]:
    """One row per group of `frame[key]`, in `order`, one cell per quantity."""
    held = {(str(getattr(row, key)), row.metric, row.subject): row for row in frame.itertuples(index=False)}
    rows = []
    for name in order:
        found = [held.get((name, quantity.metric, quantity.subject)) for quantity in columns]
        cells = tuple(
            None if row is None else cell(row.value, row.low, row.high, row.n, quantity.unit)
            for row, quantity in zip(found, columns, strict=True)
        )
        rows.append(Row(name, cells))
    return rows
