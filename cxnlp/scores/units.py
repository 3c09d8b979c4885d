"""From comments to units: one row per customer, or per comment where no customer is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from cxnlp.results import Note, Outcome, Scores
from cxnlp.scores.dates import naive
from cxnlp.scores.words import TEXT

__all__ = ["dates_of_units", "known_of_units", "majority", "mostly_unknown", "number_units", "silent_customers"]

_STAGE = "join"


def number_units(keys: pd.Series) -> np.ndarray:
    """The unit of each comment, numbered from 0 by first appearance; comments without a key are units of their own."""
    alone = pd.Series([f"row {position}" for position in range(len(keys))], index=keys.index)
    # Keys and lone rows get a prefix each, so that no customer can be called like a row.
    return pd.factorize(("key " + keys).fillna(alone))[0].astype(np.int64)


def silent_customers(quantities: Scores, keys: pd.Series) -> pd.Index:
    """Customers of the customers file who wrote no comment, sorted by their id."""
    if quantities.by_customer is None:
        return pd.Index([], dtype=TEXT)
    customers = quantities.by_customer.index
    return customers[~customers.isin(keys.dropna())].sort_values().astype(TEXT)


def known_of_units(
    quantities: Scores, created_at: pd.Series, unit: np.ndarray, silent: pd.Index, evidence: np.ndarray
) -> tuple[pd.DataFrame, list[Note]]:
    """Outcomes, controls and cluster, one row per unit, those of ``silent`` last.

    Of several comments of a customer, the latest with a known outcome decides the outcome, the earliest with a known
    control (or cluster) the control: by date, undated comments counting as oldest for the one and newest for the
    other. Among equals it is the worse outcome, and the control that sorts first, so that the order of rows decides
    nothing. A score counts only where its comment is ``evidence``. Contradictory outcomes are counted in a note.
    """
    values = quantities.by_comment.reset_index(drop=True)
    sources = {score.source for score in quantities.scores}
    answered = [outcome.name for outcome in quantities.outcomes if outcome.source in sources]
    values[answered] = values[answered].where(pd.Series(evidence), axis=0)
    order = _order(created_at, unit)
    n = _n(unit)
    known = {one.name: _outcome(order, values, one).reindex(range(n)) for one in quantities.outcomes}
    for name in (*quantities.controls, "cluster"):
        if name in values:
            first = _by_date(order, values[name], undated="last", ascending=True).first()
            known[name] = first.reindex(range(n)).astype(values[name].dtype)
    spoke = pd.DataFrame(known, index=pd.RangeIndex(n))
    return _with_silent(spoke, quantities, silent), _contradictions(values, unit, quantities.outcomes)


def dates_of_units(quantities: Scores, created_at: pd.Series, unit: np.ndarray, silent: pd.Index) -> pd.DataFrame:
    """``churned``, ``churned_at``, ``observed_from`` and ``observed_until`` of each unit, missing where not known.

    The first date of leaving and of the begin of observation, and the last of its end.
    """
    values = quantities.by_comment.reset_index(drop=True)
    n = _n(unit)
    known = {"churned": pd.Series(pd.NA, index=range(n), dtype="boolean")}
    for outcome in quantities.outcomes:
        if outcome.name == "churned":
            known["churned"] = _outcome(_order(created_at, unit), values, outcome).reindex(range(n))
    for name, best in (("churned_at", "min"), ("observed_from", "min"), ("observed_until", "max")):
        dates = values.get(name, pd.Series(pd.NaT, index=values.index))
        dates = dates.astype("datetime64[us]")
        known[name] = dates.groupby(unit).agg(best).reindex(range(n))
    return _with_silent(pd.DataFrame(known, index=pd.RangeIndex(n)), quantities, silent)


def majority(languages: pd.DataFrame, n: int) -> pd.Series:
    """The language of most rows of each unit, alphabetical among equals; columns unit and language."""
    counts = languages.dropna().groupby(["unit", "language"]).size().reset_index(name="n")
    best = counts.sort_values(["unit", "n", "language"], ascending=[True, False, True]).drop_duplicates("unit")
    return best.set_index("unit")["language"].reindex(range(n)).astype(TEXT)


def mostly_unknown(units: pd.DataFrame, outcomes: Iterable[Outcome], unit_name: str) -> list[Note]:
    """A warning for each outcome that is unknown of most units with a comment: the others may be another kind."""
    wrote = units[units["n_comments"] >= 1]
    notes = []
    for outcome in outcomes:
        unknown = int(wrote[outcome.name].isna().sum())
        if 2 * unknown > len(wrote):
            message = (
                f"{unit_name}s whose outcome {outcome.label!r} is unknown, more than half: nothing is said of them"
            )
            notes.append(Note(_STAGE, message, unknown))
    return notes


def _n(unit: np.ndarray) -> int:
    return int(unit.max()) + 1 if len(unit) else 0


def _order(created_at: pd.Series, unit: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"unit": unit, "date": naive(created_at).to_numpy()})


def _outcome(order: pd.DataFrame, values: pd.DataFrame, outcome: Outcome) -> pd.Series:
    worst_last = outcome.kind == "event" or outcome.better == "low"
    return _by_date(order, values[outcome.name], undated="first", ascending=worst_last).last()


def _by_date(
    order: pd.DataFrame, values: pd.Series, undated: Literal["first", "last"], ascending: bool
) -> pd.api.typing.SeriesGroupBy:
    """The known values by unit, in the order of dates, equal dates by value."""
    known = order.assign(value=values).dropna(subset="value")
    ordered = known.sort_values(["date", "value"], ascending=[True, ascending], kind="stable", na_position=undated)
    return ordered.groupby("unit")["value"]


def _with_silent(spoke: pd.DataFrame, quantities: Scores, silent: pd.Index) -> pd.DataFrame:
    if not len(silent):
        return spoke
    assert quantities.by_customer is not None
    of_silent = quantities.by_customer.reindex(silent)
    columns = {}
    for name in spoke.columns:
        unknown = pd.Series(index=range(len(silent)), dtype=spoke[name].dtype)
        said = of_silent[name].reset_index(drop=True).astype(spoke[name].dtype) if name in of_silent else unknown
        columns[name] = pd.concat([spoke[name], said], ignore_index=True)
    return pd.DataFrame(columns, index=pd.RangeIndex(len(spoke) + len(silent)))


def _contradictions(values: pd.DataFrame, unit: np.ndarray, outcomes: Sequence[Outcome]) -> list[Note]:
    notes = []
    for outcome in outcomes:
        contradictory = int((values[outcome.name].groupby(unit).agg("nunique") > 1).sum())
        if contradictory and outcome.kind == "event":
            message = f"customers of whom some comments say {outcome.label!r} and some do not; the latest counts"
            notes.append(Note(_STAGE, message, contradictory))
        elif contradictory and outcome.kind == "amount":
            message = f"customers of whom comments give different {outcome.label}; the latest counts"
            notes.append(Note(_STAGE, message, contradictory))
    return notes
