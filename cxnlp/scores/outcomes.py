"""The bad outcome of each customer: named by the user, or derived from a score and said so."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pandas as pd

from cxnlp.config import ScoresConfig
from cxnlp.errors import InputError, SettingsError
from cxnlp.results import Note, Outcome, ScoreColumn
from cxnlp.scores.answers import at_bad_end
from cxnlp.scores.dates import read_dates
from cxnlp.scores.sources import Field, Sources
from cxnlp.scores.words import GONE, NO, STAYED, TEXT, YES, fold, folded, sample, slug, text_of

__all__ = ["ReadOutcomes", "read_outcomes"]

_STAGE = "join"
_LEAVING_NAME = re.compile(
    r"(^|_)(churn|cancel|attrit|left|leav|lost|termin|laps|quit|kundig|gekundig|kuendig|gekuendig|abwander|rezygn|"
    r"zrezygn|odej|odsz|plecat|rezili|resili|disdet|abbandon|baja|opzeg|opgezegd|departed)"
)
_DERIVED = {
    "nps": ("is_detractor", "is a detractor"),
    "csat": ("is_dissatisfied", "is dissatisfied"),
    "ces": ("is_high_effort", "reports high effort"),
}


@dataclass(frozen=True, slots=True)
class ReadOutcomes:
    """The outcomes, their values as nullable booleans (and ``churned_at``), and what to say about them."""

    outcomes: tuple[Outcome, ...]
    fields: tuple[Field, ...]
    notes: tuple[Note, ...]


def read_outcomes(
    sources: Sources, config: ScoresConfig, scores: Sequence[ScoreColumn], answers: Sequence[Field]
) -> ReadOutcomes:
    """Every outcome that ``config`` names; without one, that of the first score that has answers.

    ``answers`` holds the values of ``scores`` under their names. Where both files have the column of an outcome,
    the customers file is believed: the outcome is a fact about the customer. Raises InputError or SettingsError
    for a column or a value that is not there, and for a column that is not binary.
    """
    found: list[tuple[Outcome, Field]] = []
    fields: list[Field] = []
    notes: list[Note] = []
    if config.churn is not None:
        found.append(_churn(sources, config.churn, option="--churn"))
    if config.churn_date is not None:
        dates, said = _churn_dates(sources, config.churn_date)
        fields.append(dates)
        notes += said
        if config.churn is None:
            found.append(_churn_from_date(sources, config.churn_date, dates))
    if config.outcome is not None:
        found.append(_named(sources, config.outcome, config.bad_when, taken=[outcome.name for outcome, _ in found]))
    for outcome, field in found:
        notes += _constant(outcome, field)
    if not found:
        derived, said = _derived(scores, answers)
        found += derived
        notes += [*said, *_looks_like_churn(sources)]
    outcomes = tuple(outcome for outcome, _ in found)
    return ReadOutcomes(outcomes, (*(field for _, field in found), *fields), tuple(notes))


def _churn(sources: Sources, column: str, option: str) -> tuple[Outcome, Field]:
    field = sources.find(column, option=option, customers_first=True)
    values = folded(field.values)
    _refuse_empty(values, column, option)
    unknown = values.notna() & ~values.isin(GONE | STAYED)
    if unknown.any():
        raise InputError(
            f"{option} {column} holds values that say neither left nor stayed: {_counts(field.values[unknown])}",
            expected="yes or no, true or false, 1 or 0, churned or active, or a word for these",
            fix=f"--outcome {column} --bad-when VALUE, with the value of those who left",
        )
    return Outcome("churned", "churned", column), _flag("churned", values, GONE, field)


def _churn_dates(sources: Sources, column: str) -> tuple[Field, list[Note]]:
    field = sources.find(column, option="--churn-date", customers_first=True)
    dates, unreadable, ambiguous = read_dates(field.values)
    if unreadable and dates.isna().all():
        raise InputError(
            f"--churn-date {column}: no date can be read, e.g. {sample(field.values[folded(field.values).notna()])}",
            expected="dates such as 2025-03-31 or 31.03.2025",
            fix="write the dates as YYYY-MM-DD",
        )
    notes = []
    if unreadable:
        notes.append(Note(_STAGE, f"values of {column!r} that are no dates, set missing", unreadable))
    if ambiguous:
        message = f"dates of {column!r} read with the day before the month; YYYY-MM-DD would leave no doubt"
        notes.append(Note(_STAGE, message))
    return Field("churned_at", dates, field.of_customers), notes


def _churn_from_date(sources: Sources, column: str, dates: Field) -> tuple[Outcome, Field]:
    cells = sources.find(column, option="--churn-date", customers_first=True).values
    unreadable = folded(cells).notna() & dates.values.isna()
    churned = dates.values.notna().astype("boolean").mask(unreadable)
    return Outcome("churned", "churned", column), Field("churned", churned, dates.of_customers)


def _named(sources: Sources, column: str, bad_when: str | None, taken: list[str]) -> tuple[Outcome, Field]:
    field = sources.find(column, option="--outcome", customers_first=True)
    values = folded(field.values)
    _refuse_empty(values, column, "--outcome")
    meaning = values.map(_as_boolean).astype(TEXT)
    if meaning.nunique() > 2:
        raise InputError(
            f"--outcome {column} holds {meaning.nunique()} different values: {_counts(field.values)}",
            expected="a column with two values, one of them bad",
            fix="name a column with two values, or make one from this",
        )
    if bad_when is None:
        return _obvious(sources, column, values, taken)
    bad = _as_boolean(fold(bad_when) or "")
    if bad not in set(meaning.dropna()) and not _constant_opposite(bad, meaning):
        raise InputError(
            f"--bad-when {bad_when}: no such value in {column!r}",
            expected=f"one of: {_counts(field.values)}",
            fix=f"--bad-when {text_of(field.values).mode().iloc[0]}",
        )
    name = f"{slug(column) or 'outcome'}_is_{slug(bad_when) or 'bad'}"
    name = _free(name if name[0].isalpha() else f"outcome_{name}", taken)
    return Outcome(name, _in_words(column, bad, bad_when), column), _flag(name, meaning, {bad}, field)


def _in_words(column: str, bad: str, bad_when: str) -> str:
    """The bad outcome as words for a sentence: 'not recommended', 'complained', 'status is lost'."""
    words = column.replace("_", " ")
    return {"true": words, "false": f"not {words}"}.get(bad, f"{column} is {bad_when.strip()}")


def _obvious(sources: Sources, column: str, values: pd.Series, taken: list[str]) -> tuple[Outcome, Field]:
    """The outcome of a column that needs no bad_when: its name or its values speak of leaving."""
    said = set(values.dropna())
    speaks_of_leaving = bool(_LEAVING_NAME.search(slug(column))) or bool(said & (GONE - YES))
    if not speaks_of_leaving or not said <= GONE | STAYED or "churned" in taken:
        raise SettingsError(
            f"--outcome {column} without --bad-when",
            expected=f"which value is the bad one: {_counts(text_of(values))}",
            fix=f"--outcome {column} --bad-when {sorted(said)[0]}",
        )
    return _churn(sources, column, option="--outcome")


def _derived(scores: Sequence[ScoreColumn], answers: Sequence[Field]) -> tuple[list[tuple[Outcome, Field]], list[Note]]:
    values = {field.name: field.values for field in answers}
    answered = [score for score in scores if values[score.name].notna().any()]
    if not answered:
        return [], []
    order = list(_DERIVED)
    score = min(answered, key=lambda candidate: order.index(candidate.scale.metric))
    name, label = _DERIVED[score.scale.metric]
    known = values[score.name]
    bad = at_bad_end(known, score.scale).astype("boolean").mask(known.isna())
    message = f"no outcome was named: taken from {score.source!r}, bad where the customer {label}"
    outcome = Outcome(name, label, score.source, derived=True)
    return [(outcome, Field(name, bad))], [Note(_STAGE, message, level="info"), *_constant(outcome, Field(name, bad))]


def _looks_like_churn(sources: Sources) -> list[Note]:
    """A hint where a column that nobody named speaks of leaving: it is not used without being asked for."""
    columns = [*sources.source.columns, *(() if sources.customers is None else sources.customers.columns)]
    named = [str(column) for column in columns if _LEAVING_NAME.search(slug(str(column)))]
    if not named:
        return []
    message = f"column {named[0]!r} may say who left; it is not used unless you name it: --churn or --churn-date"
    return [Note(_STAGE, message)]


def _flag(name: str, values: pd.Series, bad: Collection[str], field: Field) -> Field:
    flag = values.isin(bad).astype("boolean").mask(values.isna())
    return Field(name, flag, field.of_customers)


def _as_boolean(value: str) -> str:
    if value in YES:
        return "true"
    return "false" if value in NO else value


def _constant_opposite(bad: str, meaning: pd.Series) -> bool:
    """The column says only yes where no is bad, or only no where yes is: constant, and no spelling mistake."""
    return {bad, *meaning.dropna()} == {"true", "false"}


def _constant(outcome: Outcome, field: Field) -> list[Note]:
    known = field.values.dropna()
    if known.empty or known.nunique() == 2:
        return []
    empty = int(field.values.isna().sum())
    hint = f"; {empty} cells are empty: if that means no, write no" if empty else ""
    message = f"the outcome {outcome.label!r} is {'true' if known.iloc[0] else 'false'} wherever it is known"
    return [Note(_STAGE, f"{message}, so nothing can be associated with it{hint}", len(known))]


def _refuse_empty(values: pd.Series, column: str, option: str) -> None:
    if values.isna().all():
        raise InputError(
            f"{option} {column} holds no value", expected="a column with two values", fix=f"{option} COLUMN"
        )


def _counts(values: pd.Series) -> str:
    counts = text_of(values).value_counts().rename_axis("value").reset_index(name="n")
    counts = counts.sort_values(["n", "value"], ascending=[False, True])
    shown = [f"{value} ({n})" for value, n in zip(counts["value"].str.slice(0, 40), counts["n"], strict=True)]
    return ", ".join(shown[:10]) + (f" and {len(shown) - 10} more" if len(shown) > 10 else "")


def _free(name: str, taken: list[str]) -> str:
    return name if name not in taken else f"{name}_2"
