"""From comments to units: one row per customer, or per comment where no customer is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from cxnlp import schema
from cxnlp.results import Note, Outcome
from cxnlp.scores.dates import naive
from cxnlp.scores.words import TEXT

__all__ = ["in_window", "number_units", "unit_table"]

_STAGE = "join"
_SUSPICIOUSLY_LATE = 0.8
"""Share of the comments of those who left, written after that, from which the date deserves a question."""


def number_units(keys: pd.Series) -> np.ndarray:
    """The unit of each comment, numbered from 0 by first appearance; comments without a key are units of their own."""
    alone = pd.Series([f"row {position}" for position in range(len(keys))], index=keys.index)
    # Keys and lone rows get a prefix each, so that no customer can be called like a row.
    return pd.factorize(("key " + keys).fillna(alone))[0].astype(np.int64)


def in_window(created_at: pd.Series, churned_at: pd.Series | None, unit: np.ndarray) -> tuple[np.ndarray, list[Note]]:
    """Which comments were written before their customer left (the customer's first date of leaving counts).

    A comment without a date, or of a customer without one, is inside: nothing says that it came too late.
    """
    if churned_at is None or churned_at.isna().all():
        return np.ones(len(unit), dtype=bool), []
    left = churned_at.groupby(unit).transform("min")
    late = (naive(created_at) >= left).to_numpy()
    notes = []
    if late.any():
        message = "comments written after the customer left: not used as evidence"
        # Some complain on their way out; where nearly all do, the date is probably another one.
        suspicious = late.sum() >= _SUSPICIOUSLY_LATE * left.notna().sum()
        hint = "; they are nearly all of those who left: is --churn-date the date of leaving?" if suspicious else ""
        notes.append(Note(_STAGE, message + hint, int(late.sum()), level="warning" if suspicious else "info"))
    undated = int((created_at.isna() & left.notna()).sum())
    if undated:
        message = "comments without a date of customers who left: taken as written before"
        notes.append(Note(_STAGE, message, undated))
    return ~late, notes


def unit_table(
    comments: pd.DataFrame, keys: pd.Series, outcomes: Sequence[Outcome], controls: Sequence[str]
) -> tuple[pd.DataFrame, list[Note]]:
    """One row per unit: columns `units`, then the outcomes, the controls, and ``language``.

    ``comments`` is the wide table with ``unit`` and ``in_window``. Of several comments of a customer, the latest
    with a known outcome decides the outcome, the earliest with a known control the control (by date, undated
    comments counting as oldest for the one and newest for the other; among equals the bad outcome, and the control
    that sorts first, so that the order of rows decides nothing), and the majority the language (alphabetical among
    equals). Contradictory outcomes are counted in a note.
    """
    n = int(comments["unit"].max()) + 1 if len(comments) else 0
    usable = comments["status"].eq("ok").to_numpy() & comments["in_window"].to_numpy(dtype=bool)
    unit = comments["unit"].to_numpy()
    units = pd.DataFrame(
        {
            "unit": np.arange(n),
            "customer_id": keys.groupby(unit).first().reindex(range(n)).astype(TEXT),
            "n_comments": np.bincount(unit[usable], minlength=n),
        }
    )
    notes = _contradictions(comments, outcomes)
    for outcome in outcomes:
        known = _by_date(comments, outcome.name, undated="first")
        units[outcome.name] = known.groupby("unit")[outcome.name].last().reindex(range(n))
    for control in controls:
        known = _by_date(comments, control, undated="last")
        units[control] = known.groupby("unit")[control].first().reindex(range(n)).astype(comments[control].dtype)
    units["language"] = _majority(comments.loc[comments["status"].eq("ok"), ["unit", "language"]], n)
    return schema.check(units, "units"), notes


def _by_date(comments: pd.DataFrame, column: str, undated: Literal["first", "last"]) -> pd.DataFrame:
    """Units and their known values of ``column`` by date, equal dates by value."""
    known = pd.DataFrame({"unit": comments["unit"], "date": naive(comments["created_at"]), column: comments[column]})
    return known.dropna(subset=[column]).sort_values(["date", column], kind="stable", na_position=undated)


def _contradictions(comments: pd.DataFrame, outcomes: Iterable[Outcome]) -> list[Note]:
    notes = []
    for outcome in outcomes:
        contradictory = int((comments.groupby("unit")[outcome.name].agg("nunique") > 1).sum())
        if contradictory:
            message = f"customers of whom some comments say {outcome.label!r} and some do not; the latest counts"
            notes.append(Note(_STAGE, message, contradictory))
    return notes


def _majority(languages: pd.DataFrame, n: int) -> pd.Series:
    counts = languages.dropna().groupby(["unit", "language"]).size().reset_index(name="n")
    best = counts.sort_values(["unit", "n", "language"], ascending=[True, False, True]).drop_duplicates("unit")
    return best.set_index("unit")["language"].reindex(range(n)).astype(TEXT)
