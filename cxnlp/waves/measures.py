"""What two waves both measured: scores and outcomes, the segments of those who gave them, and what they spoke of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from cxnlp.errors import InputError
from cxnlp.results import Note
from cxnlp.schema import SCALES

__all__ = [
    "NO_COMMENT",
    "NO_TOPIC",
    "Answers",
    "Measure",
    "Observed",
    "answers_of",
    "columns_of",
    "observe",
    "shared_measures",
    "shared_segments",
]

STAGE = "waves"
NO_TOPIC, NO_COMMENT = "no topic", "no comment"
"""Groups of answers beside the topics: what was said fits none; nothing was said that could be read."""

MISSING = "(missing)"


@dataclass(frozen=True, slots=True)
class Answers:
    """What the customers of one wave answered, did and spoke of.

    ``comments``: one row a comment with unit (number of the customer within the wave), status, in_window,
    created_at, a number for each of ``scores``, a nullable boolean for each of ``outcomes`` and a text for each
    of ``segments``. ``mentions``: columns row (position in ``comments``) and topic_id (missing: none). ``scores``:
    column -> name of its scale. ``outcomes``: column of an event -> its label. ``derived``: those of ``outcomes``
    that cxnlp made from a score.
    """

    name: str
    comments: pd.DataFrame
    mentions: pd.DataFrame
    scores: Mapping[str, str]
    outcomes: Mapping[str, str]
    segments: tuple[str, ...] = ()
    derived: frozenset[str] = frozenset()

    @property
    def measures(self) -> list[str]:
        """Names of all that was measured."""
        return [*self.scores, *self.outcomes]


@dataclass(frozen=True, slots=True)
class Measure:
    """A column whose mean changed. ``kind``: nps (-100, 0 or 100), score (the answer) or event (0 or 100)."""

    name: str
    kind: Literal["nps", "score", "event"]
    label: str
    """In words, for a sentence: 'NPS', 'the mean of csat', "the rate of 'churned' among those who comment"."""
    unit: Literal["points", "percentage points", "mean score"]
    bad_above: int | None = None
    good_from: int | None = None
    """NPS only: a promoter answers `good_from` or more, a detractor `bad_above` or less."""


@dataclass(frozen=True, slots=True)
class Observed:
    """n answers of one wave to one measure: those of comments for a score, of customers for an event.

    ``value`` (n,) in the measure's unit. ``customer`` (n,): who gave it. ``segment`` (n,): their segment in words.
    ``answer`` and ``topic`` (m,): which answer speaks of which topic id, each pair once; every answer has one.
    """

    value: np.ndarray
    customer: np.ndarray
    segment: np.ndarray
    answer: np.ndarray
    topic: np.ndarray


def columns_of(manifest: Mapping[str, Any]) -> list[str]:
    """Columns of the comments that `answers_of` needs, for the analysis.json ``manifest`` of a wave."""
    listed = (*_scores(manifest), *(one["name"] for one in _events(manifest)), *manifest.get("segments", ()))
    return list(dict.fromkeys(("unit", "status", "in_window", "created_at", *listed)))


def answers_of(name: str, manifest: Mapping[str, Any], comments: pd.DataFrame, mentions: pd.DataFrame) -> Answers:
    """The answers of the wave in folder ``name`` with its analysis.json; ``mentions``: row and topic_id of each."""
    events = _events(manifest)
    return Answers(
        name,
        comments,
        mentions,
        _scores(manifest),
        {one["name"]: one["label"] for one in events},
        tuple(manifest.get("segments", ())),
        frozenset(one["name"] for one in events if one.get("derived")),
    )


def _scores(manifest: Mapping[str, Any]) -> dict[str, str]:
    return {one["name"]: one["scale"] for one in manifest.get("scores", ()) if one["scale"] in SCALES}


def _events(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    # A score that is an outcome is among the scores; amounts have no scale to put a change on.
    return [one for one in manifest.get("outcomes", ()) if one.get("kind", "event") == "event"]


def shared_measures(before: Answers, after: Answers, asked: Sequence[str]) -> tuple[list[Measure], list[Note]]:
    """The measures to decompose: those `asked` for, else every score and every named outcome of both waves.

    Raises InputError where a wave lacks one that was asked for, or has it on another scale.
    """
    both = [name for name in before.measures if name in after.measures and _same_scale(before, after, name)]
    for name in asked:
        for wave, other in ((before, after), (after, before)):
            if name not in wave.measures:
                raise _lacking("measure", name, wave, both, other)
        if name not in both:
            raise InputError(
                f"{name} is on the scale {before.scores.get(name)} in {before.name}, {after.scores.get(name)} in "
                f"{after.name}",
                expected="one scale in both waves",
                fix=f"--score COLUMN=SCALE when you tag {after.name}",
            )
    chosen = list(dict.fromkeys(asked)) or [name for name in both if name not in before.derived | after.derived]
    notes = []
    if not asked and (alone := _one_sided(before.measures, after.measures, both)):
        notes.append(Note(STAGE, f"measured in one wave only, or on another scale: {', '.join(alone)}", level="info"))
    return [_measure(before, name) for name in chosen], notes


def shared_segments(before: Answers, after: Answers, asked: Sequence[str] | None) -> tuple[tuple[str, ...], list[Note]]:
    """The segment columns to compare by: those `asked` for, else (None) all that both waves have.

    Raises InputError where a wave lacks one that was asked for.
    """
    both = [name for name in before.segments if name in after.segments]
    if asked is not None:
        for wave, other in ((before, after), (after, before)):
            for name in asked:
                if name not in wave.segments:
                    raise _lacking("segment", name, wave, both, other)
        return tuple(dict.fromkeys(asked)), []
    alone = _one_sided(before.segments, after.segments, both)
    message = f"segments of one wave only are not compared: {', '.join(alone)}"
    return tuple(both), [Note(STAGE, message, level="info")] if alone else []


def observe(wave: Answers, measure: Measure, segments: Sequence[str]) -> Observed:
    """The answers of `wave` to `measure`.

    Of a score: every comment with an answer, with or without words. Of an event: every customer of whom it is known
    and who wrote at least one scored comment inside the window; the latest known value counts, the earliest known
    segment (undated comments as oldest for the one, newest for the other), and all that was said inside the window.
    So its rate is of those who comment; that of `metrics` is of all customers, silent ones too.
    """
    return _of_customers(wave, measure, segments) if measure.kind == "event" else _of_comments(wave, measure, segments)


def _of_comments(wave: Answers, measure: Measure, segments: Sequence[str]) -> Observed:
    table = wave.comments
    given = table[measure.name].to_numpy(dtype=float, na_value=np.nan)
    rows = np.flatnonzero(~np.isnan(given))
    value = given[rows]
    if measure.kind == "nps":
        value = 100.0 * (value >= measure.good_from) - 100.0 * (value <= measure.bad_above)
    position = np.full(len(table), -1)
    position[rows] = np.arange(len(rows))
    spoken = table["status"].eq("ok").to_numpy()[rows]
    answer, topic = _topics(position[wave.mentions["row"].to_numpy()], wave.mentions["topic_id"], spoken)
    unit = table["unit"].to_numpy()[rows]
    return Observed(value, unit, _in_words(table[list(segments)].iloc[rows]), answer, topic)


def _of_customers(wave: Answers, measure: Measure, segments: Sequence[str]) -> Observed:
    table = wave.comments
    dates = pd.to_datetime(table["created_at"], errors="coerce", utc=True)
    dated = table.assign(_date=dates).reset_index(drop=True)
    heard = (dated["status"].eq("ok") & dated["in_window"].astype(bool)).to_numpy()
    known = _in_order(dated, measure.name, "first").groupby("unit")[measure.name].last()
    units = np.intersect1d(known.index.to_numpy(dtype=np.int64), dated.loc[heard, "unit"].to_numpy(dtype=np.int64))
    of_units = {
        name: _in_order(dated, name, "last").groupby("unit")[name].first().reindex(units).reset_index(drop=True)
        for name in segments
    }
    position = pd.Index(units).get_indexer(pd.Index(dated["unit"]))
    mentions = wave.mentions[heard[wave.mentions["row"].to_numpy()]]
    answer, topic = _topics(position[mentions["row"].to_numpy()], mentions["topic_id"], np.ones(len(units), dtype=bool))
    value = 100.0 * known.loc[units].astype(bool).to_numpy()
    return Observed(value, units, _in_words(pd.DataFrame(of_units, index=range(len(units)))), answer, topic)


def _in_order(table: pd.DataFrame, column: str, undated: Literal["first", "last"]) -> pd.DataFrame:
    """Known values of ``column`` by date, equal dates by value."""
    known = table[["unit", "_date", column]].dropna(subset=[column])
    return known.sort_values(["_date", column], kind="stable", na_position=undated)


def _topics(answer: np.ndarray, topic_id: pd.Series, spoken: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct pairs of answer and topic; an answer without one has NO_TOPIC, or NO_COMMENT where not `spoken`."""
    pairs = pd.DataFrame({"answer": answer, "topic": topic_id.astype(object).to_numpy()})
    pairs = pairs[(pairs["answer"] >= 0) & pairs["topic"].notna()].drop_duplicates()
    none = np.setdiff1d(np.arange(len(spoken)), pairs["answer"])
    rest = np.where(spoken[none], NO_TOPIC, NO_COMMENT).astype(object)
    return np.concatenate([pairs["answer"].to_numpy(dtype=np.int64), none]), np.concatenate([pairs["topic"], rest])


def _in_words(segments: pd.DataFrame) -> np.ndarray:
    """Each row's segment as 'plan: basic, country: pl'; 'all' without segments."""
    if not len(segments.columns):
        return np.full(len(segments), "all", dtype=object)
    parts = [f"{name}: " + segments[name].astype(object).fillna(MISSING).astype(str) for name in segments.columns]
    words = parts[0]
    for part in parts[1:]:
        words = words + ", " + part
    return words.to_numpy(dtype=object)


def _measure(wave: Answers, name: str) -> Measure:
    if name in wave.outcomes:
        label = f"the rate of '{wave.outcomes[name]}' among those who comment"
        return Measure(name, "event", label, "percentage points")
    scale = SCALES[wave.scores[name]]
    if scale.metric == "nps":
        label = "NPS" if name == "nps" else f"NPS ({name})"
        return Measure(name, "nps", label, "points", max(scale.dissatisfied), min(scale.satisfied))
    return Measure(name, "score", f"the mean of {name}", "mean score")


def _same_scale(before: Answers, after: Answers, name: str) -> bool:
    return before.scores.get(name) == after.scores.get(name)


def _one_sided(one: Iterable[str], other: Iterable[str], both: Sequence[str]) -> list[str]:
    return [name for name in dict.fromkeys([*one, *other]) if name not in both]


def _lacking(what: str, name: str, wave: Answers, both: Sequence[str], other: Answers) -> InputError:
    has = name in (other.measures if what == "measure" else other.segments)
    option = "--score, --outcome or --churn" if what == "measure" else f"--segment {name}"
    return InputError(
        f"{wave.name} has no {what} {name!r}",
        expected=f"one of both waves: {', '.join(both) or 'there is none'}",
        fix=f"name it with {option} when you make {wave.name}" if has else f"--{what} NAME with one of these",
    )
