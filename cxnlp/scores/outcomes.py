"""The outcomes of each customer: named by the user, or taken from a score and said so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from cxnlp.config import ScoresConfig
from cxnlp.errors import InputError
from cxnlp.results import Note, Outcome, ScoreColumn
from cxnlp.scores import events, graded
from cxnlp.scores.amounts import revenue
from cxnlp.scores.observation import leaving
from cxnlp.scores.sources import Field, Sources
from cxnlp.scores.wanted import Wanted, speaks_of_leaving

__all__ = ["ReadOutcomes", "read_outcomes"]

_STAGE = "join"

_Found = tuple[Outcome, Field]


@dataclass(frozen=True, slots=True)
class ReadOutcomes:
    """The outcomes, their values (and ``churned_at``) as fields, and what to say about them."""

    outcomes: tuple[Outcome, ...]
    fields: tuple[Field, ...]
    notes: tuple[Note, ...]


def read_outcomes(
    sources: Sources,
    config: ScoresConfig,
    wanted: Collection[Wanted],
    scores: Sequence[ScoreColumn],
    answers: Sequence[Field],
) -> ReadOutcomes:
    """Every outcome that ``config`` names, ``wanted`` among them; without one, both of the first score with answers.

    ``answers`` holds the values of ``scores`` under their names. Where both files have the column of an outcome,
    the customers file is believed: the outcome is a fact about the customer. Revenue alone names nothing that is
    bad, so that the first score is taken too. Raises InputError or SettingsError for a column or a value that is
    not there, and for a column that does not hold what was asked for.
    """
    values = {field.name: field.values for field in answers}
    found, fields, notes = _left(sources, config)
    found += _named(sources, wanted, scores, values, taken=[outcome.name for outcome, _ in found])
    if config.retained is not None:
        found.append(events.retained(sources, config.retained))
    for text in dict.fromkeys(config.conversions):
        stage, _, column = text.partition("=")
        found.append(events.conversion(sources, stage.strip(), column.strip()))
    if not found:
        found, said = _derived(scores, values)
        notes += [*said, *_looks_like_churn(sources)]
    if config.revenue is not None:
        outcome, field, said = revenue(sources, config.revenue)
        found.append((outcome, field))
        notes += said
    found = [*_unique(found)]
    notes += [note for outcome, field in found for note in _constant(outcome, field)]
    outcomes = tuple(outcome for outcome, _ in found)
    return ReadOutcomes(outcomes, (*(field for _, field in found), *fields), tuple(notes))


def _left(sources: Sources, config: ScoresConfig) -> tuple[list[_Found], list[Field], list[Note]]:
    """Who left, by the flag or else by the date; and the dates themselves."""
    found: list[_Found] = []
    fields: list[Field] = []
    notes: list[Note] = []
    if config.churn is not None:
        found.append(events.churn(sources, config.churn))
    if config.churn_date is not None:
        by_date, dates, said = leaving(sources, config.churn_date)
        fields.append(dates)
        notes += said
        if config.churn is None:
            found.append(by_date)
    if config.window_days is not None:
        label = f"churned within {config.window_days} days"
        found = [(replace(outcome, label=label), field) for outcome, field in found]
    return found, fields, notes


def _named(
    sources: Sources,
    wanted: Collection[Wanted],
    scores: Sequence[ScoreColumn],
    answers: dict[str, pd.Series],
    taken: list[str],
) -> list[_Found]:
    found: list[_Found] = []
    for one in wanted:
        if one.is_score:
            score = _score(sources, one, scores)
            found += graded.of_score(score, answers[score.name])
        else:
            found.append(events.named(sources, one, taken=[*taken, *(outcome.name for outcome, _ in found)]))
    return found


def _score(sources: Sources, one: Wanted, scores: Sequence[ScoreColumn]) -> ScoreColumn:
    for score in scores:
        if one.column in (score.source, score.name):
            return score
    columns = [*sources.source.columns, *(() if sources.customers is None else sources.customers.columns)]
    available = dict.fromkeys((*columns, *(score.name for score in scores)))
    raise InputError.missing_column(one.column, available, option="--outcome", where=sources.name)


def _derived(scores: Sequence[ScoreColumn], answers: dict[str, pd.Series]) -> tuple[list[_Found], list[Note]]:
    score = graded.first_answered(scores, answers)
    if score is None:
        return [], []
    found = graded.of_score(score, answers[score.name], derived=True)
    message = f"no outcome was named: taken from {score.source!r}, bad where the customer {found[0][0].label}"
    return found, [Note(_STAGE, message, level="info")]


def _looks_like_churn(sources: Sources) -> list[Note]:
    """A hint where a column that nobody named speaks of leaving: it is not used without being asked for."""
    columns = [*sources.source.columns, *(() if sources.customers is None else sources.customers.columns)]
    named = [str(column) for column in columns if speaks_of_leaving(str(column))]
    if not named:
        return []
    message = f"column {named[0]!r} may say who left; it is not used unless you name it: --churn or --churn-date"
    return [Note(_STAGE, message)]


def _unique(found: Iterable[_Found]) -> Iterator[_Found]:
    """Outcomes of one name, such as the bad ends of two satisfaction scores, told apart by number and source."""
    taken: set[str] = set()
    for outcome, field in found:
        if outcome.name in taken:
            number = next(number for number in range(2, len(taken) + 3) if f"{outcome.name}_{number}" not in taken)
            name = f"{outcome.name}_{number}"
            outcome = replace(outcome, name=name, label=f"{outcome.label} ({outcome.source})")
            field = replace(field, name=name)
        taken.add(outcome.name)
        yield outcome, field


def _constant(outcome: Outcome, field: Field) -> list[Note]:
    known = field.values.dropna()
    if known.empty or not known.eq(known.iloc[0]).all():
        return []
    empty = int(field.values.isna().sum())
    if outcome.kind == "event":
        hint = f"; {empty} cells are empty: if that means no, write no" if empty else ""
        what = "true" if known.iloc[0] else "false"
    else:
        hint, what = "", f"{known.iloc[0]:g}"
    message = f"the outcome {outcome.label!r} is {what} wherever it is known"
    return [Note(_STAGE, f"{message}, so nothing can be associated with it{hint}", len(known))]
