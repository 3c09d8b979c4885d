"""Outcomes that happen or do not: columns of words, as nullable booleans that are true where it is bad."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from cxnlp.errors import InputError, SettingsError
from cxnlp.results import Outcome
from cxnlp.scores.sources import Field, Sources
from cxnlp.scores.wanted import Wanted, speaks_of_leaving
from cxnlp.scores.words import GONE, NO, STAYED, TEXT, YES, fold, folded, slug, text_of

__all__ = ["churn", "conversion", "named", "retained"]

_LOST = NO | (GONE - YES)
_KEPT = YES | (STAYED - NO)


def churn(sources: Sources, column: str, option: str = "--churn") -> tuple[Outcome, Field]:
    """Whether the customer left, in the words of `words.GONE` and `words.STAYED`."""
    outcome = Outcome("churned", "churned", column)
    return _in_words_of(sources, outcome, option, bad=GONE, good=STAYED, who="left")


def retained(sources: Sources, column: str) -> tuple[Outcome, Field]:
    """Whether the customer was kept: no, or a word for having left, is bad."""
    outcome = Outcome("not_retained", "not retained", column)
    return _in_words_of(sources, outcome, "--retained", bad=_LOST, good=_KEPT, who="were not retained")


def conversion(sources: Sources, stage: str, column: str) -> tuple[Outcome, Field]:
    """Whether the customer went on from ``stage``: no is bad."""
    name = f"not_converted_{slug(stage) or 'stage'}"
    outcome = Outcome(name, f"did not go on from {stage}", column, stage=stage)
    return _in_words_of(sources, outcome, f"--conversion {stage}=", bad=NO, good=YES, who="did not go on")


def named(sources: Sources, wanted: Wanted, taken: Collection[str]) -> tuple[Outcome, Field]:
    """An outcome with two values of which the user named the bad one, or which speaks of leaving by itself.

    Raises InputError for a column with more values, or without the bad one; SettingsError where none was named and
    it does not show.
    """
    column = wanted.column
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
    if wanted.bad is None:
        return _obvious(sources, column, values, taken)
    bad = _as_boolean(fold(wanted.bad) or "")
    if bad not in set(meaning.dropna()) and not _constant_opposite(bad, meaning):
        raise InputError(
            f"{wanted.asked}: no such value in {column!r}",
            expected=f"one of: {_counts(field.values)}",
            fix=f"--outcome '{column}={text_of(field.values).mode().iloc[0]}'",
        )
    name = f"{slug(column) or 'outcome'}_is_{slug(wanted.bad) or 'bad'}"
    outcome = Outcome(name if name[0].isalpha() else f"outcome_{name}", _in_words(column, bad, wanted.bad), column)
    return outcome, _flag(outcome.name, meaning, {bad}, field)


def _in_words_of(
    sources: Sources, outcome: Outcome, option: str, *, bad: Collection[str], good: Collection[str], who: str
) -> tuple[Outcome, Field]:
    column = outcome.source
    field = sources.find(column, option=option.rstrip("="), customers_first=True)
    values = folded(field.values)
    shown = f"{option}{column}" if option.endswith("=") else f"{option} {column}"
    _refuse_empty(values, column, option)
    unknown = values.notna() & ~values.isin({*bad, *good})
    if unknown.any():
        words = "yes or no, true or false, 1 or 0"
        either = f"{words}, churned or active, or a word for these" if outcome.stage is None else words
        raise InputError(
            f"{shown} holds values that are neither yes nor no: {_counts(field.values[unknown])}",
            expected=either,
            fix=f"--outcome '{column}=VALUE', with the value of those who {who}",
        )
    return outcome, _flag(outcome.name, values, bad, field)


def _in_words(column: str, bad: str, bad_when: str) -> str:
    """The bad outcome as words for a sentence: 'not recommended', 'complained', 'status is lost'."""
    words = column.replace("_", " ")
    return {"true": words, "false": f"not {words}"}.get(bad, f"{column} is {bad_when.strip()}")


def _obvious(sources: Sources, column: str, values: pd.Series, taken: Collection[str]) -> tuple[Outcome, Field]:
    """The outcome of a column that needs no bad value: its name or its values speak of leaving."""
    said = set(values.dropna())
    leaving = speaks_of_leaving(column) or bool(said & (GONE - YES))
    if not leaving or not said <= GONE | STAYED or "churned" in taken:
        raise SettingsError(
            f"--outcome {column} without the value that is bad",
            expected=f"which value is the bad one: {_counts(text_of(values))}",
            fix=f"--outcome '{column}={sorted(said)[0]}'",
        )
    return churn(sources, column, option="--outcome")


def _flag(name: str, values: pd.Series, bad: Collection[str], field: Field) -> Field:
    flag = values.isin(list(bad)).astype("boolean").mask(values.isna())
    return Field(name, flag, field.of_customers)


def _as_boolean(value: str) -> str:
    if value in YES:
        return "true"
    return "false" if value in NO else value


def _constant_opposite(bad: str, meaning: pd.Series) -> bool:
    """The column says only yes where no is bad, or only no where yes is: constant, and no spelling mistake."""
    return {bad, *meaning.dropna()} == {"true", "false"}


def _refuse_empty(values: pd.Series, column: str, option: str) -> None:
    if values.isna().all():
        shown = f"{option}{column}" if option.endswith("=") else f"{option} {column}"
        raise InputError(
            f"{shown} holds no value", expected="a column with two values", fix=f"{option.rstrip('=')} with another one"
        )


def _counts(values: pd.Series) -> str:
    counts = text_of(values).value_counts().rename_axis("value").reset_index(name="n")
    counts = counts.sort_values(["n", "value"], ascending=[False, True])
    shown = [f"{value} ({n})" for value, n in zip(counts["value"].str.slice(0, 40), counts["n"], strict=True)]
    return ", ".join(shown[:10]) + (f" and {len(shown) - 10} more" if len(shown) > 10 else "")
