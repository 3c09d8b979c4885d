"""Score columns: their numbers, checked against the declared scale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

import numpy as np
import pandas as pd

from cxnlp.errors import InputError, SettingsError
from cxnlp.results import Comments, Guess, Note, ScoreColumn
from cxnlp.schema import SCALES, Scale
from cxnlp.scores.numbers import read_numbers
from cxnlp.scores.sources import Field
from cxnlp.scores.words import TEXT, sample

__all__ = ["at_bad_end", "at_good_end", "read_scores"]

_STAGE = "join"
_ENOUGH_TO_DOUBT = 30
"""From so many answers on, none above 5 on a longer scale is worth a warning."""


def read_scores(
    comments: Comments, *, strict: bool, named_otherwise: Collection[str]
) -> tuple[list[ScoreColumn], list[Field], list[Note]]:
    """Every column whose role is ``score``, as numbers on its scale, named nps, csat, ces, then csat_2...

    A cell that is no number, or lies outside the scale, is set missing here (never in the source) and counted in
    a note. An NPS also gets a text column ``nps_group``: promoter, passive or detractor. A column that only looked
    like a score is none if the user ``named`` it ``otherwise``, as an outcome or a control.

    Raises InputError where no cell is a number, where more than half lie outside the scale (then the scale is
    wrong) and, if ``strict``, where any does.
    """
    columns: list[ScoreColumn] = []
    fields: list[Field] = []
    notes: list[Note] = []
    seen: Counter[str] = Counter()
    for guess in comments.roles:
        if guess.role != "score":
            continue
        if guess.column in named_otherwise and not guess.chosen:
            message = f"{guess.column!r} looks like a score, but was named as outcome or control: not read as a score"
            notes.append(Note(_STAGE, message, level="info"))
            continue
        scale = _scale(guess)
        seen[scale.metric] += 1
        name = scale.metric if seen[scale.metric] == 1 else f"{scale.metric}_{seen[scale.metric]}"
        values, said = _read(comments.source[guess.column], guess.column, scale, strict)
        columns.append(ScoreColumn(name, guess.column, scale))
        fields.append(Field(name, values))
        if scale.metric == "nps":
            fields.append(Field(f"{name}_group", _nps_group(values, scale)))
        notes += said
    return columns, fields, notes


def at_good_end(values: pd.Series, scale: Scale) -> pd.Series:
    """Which scores count as satisfied; ends are compared, so that averages between two answers have a place."""
    return values >= min(scale.satisfied) if scale.better == "high" else values <= max(scale.satisfied)


def at_bad_end(values: pd.Series, scale: Scale) -> pd.Series:
    """Which scores count as dissatisfied."""
    return values <= max(scale.dissatisfied) if scale.better == "high" else values >= min(scale.dissatisfied)


def _scale(guess: Guess) -> Scale:
    if guess.scale is None:
        raise SettingsError(
            f"--score {guess.column} without a scale",
            expected=f"one of: {', '.join(SCALES)}",
            fix=f"--score {guess.column}=nps",
        )
    if guess.scale not in SCALES:
        raise SettingsError.unknown_value(guess.scale, SCALES, option=f"--score {guess.column}=")
    return SCALES[guess.scale]


def _read(cells: pd.Series, column: str, scale: Scale, strict: bool) -> tuple[pd.Series, list[Note]]:
    numbers, out_of, speaks = read_numbers(cells)
    is_number = ~np.isnan(numbers)
    inside = is_number & (numbers >= scale.low) & (numbers <= scale.high) & (np.isnan(out_of) | (out_of == scale.high))
    outside, wordy = is_number & ~inside, speaks & ~is_number
    if wordy.any() and not is_number.any():
        raise InputError(
            f"no number in score column {column!r}, only text such as {sample(cells[wordy])}",
            expected=f"numbers from {scale.low} to {scale.high}",
            fix="name the column that holds the numbers: --score COLUMN=SCALE",
        )
    if outside.any() and (strict or outside.sum() > is_number.sum() / 2):
        raise _outside_scale(cells[outside], column, scale, numbers[is_number], strict)
    notes = []
    if outside.any():
        message = f"values of {column!r} outside {scale.low}-{scale.high}, set missing, e.g. {sample(cells[outside])}"
        notes.append(Note(_STAGE, message, int(outside.sum())))
    if wordy.any():
        message = f"values of {column!r} that are no numbers, set missing, e.g. {sample(cells[wordy])}"
        notes.append(Note(_STAGE, message, int(wordy.sum())))
    return pd.Series(np.where(inside, numbers, np.nan)), notes + _doubts(numbers[inside], column, scale)


def _outside_scale(cells: pd.Series, column: str, scale: Scale, numbers: np.ndarray, strict: bool) -> InputError:
    fitting = sorted(
        (other for other in SCALES.values() if np.mean((numbers >= other.low) & (numbers <= other.high)) >= 0.95),
        key=lambda other: (other.high - other.low, other.name),
    )
    fits = [other.name for other in fitting if other != scale]
    advice = f"a scale that fits: --score {column}={fits[0]}" if fits else "check the column and its scale"
    others = f" (also fit: {', '.join(fits[1:])})" if fits[1:] else ""
    return InputError(
        f"{len(cells)} of {len(numbers)} values of {column!r} outside the scale {scale.name}, e.g. {sample(cells)}",
        expected=f"numbers from {scale.low} to {scale.high}: {scale.meaning}",
        fix=f"{advice}{others}{'; or leave out --strict to set them missing' if strict else ''}",
    )


def _doubts(answers: np.ndarray, column: str, scale: Scale) -> list[Note]:
    if not len(answers):
        return [Note(_STAGE, f"score column {column!r} holds no answer")]
    if len(answers) >= _ENOUGH_TO_DOUBT and answers.max() <= 5 < scale.high:
        message = f"no value of {column!r} is above 5, on a scale that ends at {scale.high}: is {scale.name} its scale?"
        return [Note(_STAGE, message, len(answers))]
    return []


def _nps_group(values: pd.Series, scale: Scale) -> pd.Series:
    group = pd.Series(np.nan, index=values.index, dtype=TEXT).mask(values.notna(), "passive")
    return group.mask(at_good_end(values, scale), "promoter").mask(at_bad_end(values, scale), "detractor")
