"""Edits applied to fitted topics: what a person decided becomes part of the rule that places statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from cxnlp.errors import InputError
from cxnlp.topics.assign import fit, limits, nearest
from cxnlp.topics.edits import Edit, Edits, describe, parts, resulting_ids
from cxnlp.topics.fitted import DELETED, SPLIT, FittedTopics, place_points

__all__ = ["Edited", "apply_edits"]

STARTS = 10


@dataclass(frozen=True, slots=True)
class Edited:
    """Topics after the edits; numbers are positions in ``ids``.

    ``names``: id -> name that a person gave. ``parent``: id -> number, before the edits, of the topic that it was or
    was split from. ``merged``: id -> numbers before the edits of all topics in it, for merged ones. ``edited``: id ->
    what was done to it, in words. ``unlike``: ids with statements that a person split off or moved in. ``pinned``:
    ids. ``not_found``: texts to be moved that no statement has.
    """

    fitted: FittedTopics
    ids: tuple[str, ...]
    names: dict[str, str]
    parent: dict[str, int]
    merged: dict[str, tuple[int, ...]]
    edited: dict[str, str]
    unlike: frozenset[str]
    pinned: tuple[str, ...]
    not_found: tuple[str, ...]


class _State:
    """The topics while edits are applied; ``number`` of an id stays what it is until the end."""

    def __init__(self, fitted: FittedTopics, ids: Sequence[str], texts: Sequence[str], points: np.ndarray) -> None:
        self.fitted, self.texts, self.points = fitted, texts, points
        self.number = {one: i for i, one in enumerate(ids)}
        self.parent = dict(self.number)
        self.merged: dict[str, tuple[int, ...]] = {}
        self.names: dict[str, str] = {}
        self.unlike: set[str] = set()
        self.done: dict[str, list[str]] = {}

    def change(self, **parts: Any) -> None:
        self.fitted = replace(self.fitted, **parts)


def apply_edits(
    fitted: FittedTopics,
    ids: Sequence[str],
    names: Sequence[str],
    edits: Edits,
    texts: Sequence[str],
    points: np.ndarray,
    counts: np.ndarray,
) -> Edited:
    """Replay `edits` in order on the topics as found.

    Parameters
    ----------
    fitted, ids, names : the topics as found; topic i is ``ids[i]``.
    texts, points, counts : the n distinct statements, their coordinates (n, d), how often each was made.

    Raises
    ------
    InputError
        Naming the line of topics.yaml, for a conflict (`edits.replay`) and for a topic with fewer different
        statements than it is to be split into.
    """
    kept, pinned = resulting_ids(edits, ids, names=dict(zip(ids, names, strict=True)))
    state = _State(fitted, ids, texts, points)
    for edit in edits.edits:
        _APPLY[edit.kind](state, edit, counts, edits.source)
        if edit.kind != "delete":
            for one in parts(edit) or edit.topics[:1]:
                state.done.setdefault(one, []).append(describe(edit))
    order = {state.number[one]: i for i, one in enumerate(kept)}
    state.change(
        topic=np.array([_final(int(one), order) for one in state.fitted.topic], dtype=np.int64),
        moved={text: _final(one, order) for text, one in state.fitted.moved.items()},
    )
    known = set(texts)
    return Edited(
        state.fitted,
        kept,
        {one: state.names[one] for one in kept if one in state.names},
        {one: state.parent[one] for one in kept},
        {one: state.merged[one] for one in kept if one in state.merged},
        {one: "; ".join(state.done[one]) for one in kept if one in state.done},
        frozenset(state.unlike),
        pinned,
        tuple(text for edit in edits.edits for text in edit.texts if text not in known),
    )


def _final(number: int, order: dict[int, int]) -> int:
    return number if number in (DELETED, SPLIT) else order[number]


def _rename(state: _State, edit: Edit, counts: np.ndarray, source: str) -> None:
    state.names[edit.topics[0]] = str(edit.name)


def _merge(state: _State, edit: Edit, counts: np.ndarray, source: str) -> None:
    kept, *others = edit.topics
    target = state.number[kept]
    gone = [state.number[one] for one in others]
    state.change(
        topic=np.where(np.isin(state.fitted.topic, gone), target, state.fitted.topic),
        moved={text: target if one in gone else one for text, one in state.fitted.moved.items()},
    )
    if state.unlike & set(edit.topics):
        state.unlike.add(kept)
    state.merged[kept] = tuple(n for one in edit.topics for n in state.merged.get(one, (state.parent[one],)))
    if edit.name is not None:
        state.names[kept] = edit.name


def _split(state: _State, edit: Edit, counts: np.ndarray, source: str) -> None:
    fitted, wanted = state.fitted, int(edit.into or 0)
    old = state.number[edit.topics[0]]
    placed = place_points(fitted, state.texts, state.points)
    rows = np.flatnonzero((placed.topic == old) & (fitted.topic[placed.centre] == old))
    different = len(np.unique(state.points[rows].round(9), axis=0))
    if different < wanted:
        raise InputError(
            f"{source} line {edit.line}: {edit.topics[0]} is to be split into {wanted}, "
            f"and has {different} different statements",
            expected="at least as many different statements as parts",
            fix="split it into fewer, or remove that edit",
        )
    with threadpool_limits(limits=1):  # the same sums on any number of cores
        found = KMeans(wanted, n_init=STARTS, random_state=0).fit(
            state.points[rows], sample_weight=1 + np.log(counts[rows])
        )
    size = np.bincount(nearest(state.points[rows], found.cluster_centers_), counts[rows], minlength=wanted)
    centre = found.cluster_centers_[np.argsort(-size, kind="stable")]
    own, first = nearest(state.points[rows], centre), max(state.number.values()) + 1
    strength = fit(state.points[rows], centre, np.arange(wanted), own, own, np.arange(wanted)).strength
    texts = {text for text, one in fitted.moved.items() if one == old}
    at = [i for i, text in enumerate(state.texts) if text in texts]
    parted = {state.texts[i]: int(first + part) for i, part in zip(at, nearest(state.points[at], centre), strict=True)}
    replaced, into = np.flatnonzero(fitted.topic == old), len(fitted.topic) + np.arange(wanted)
    state.change(
        centre=np.concatenate([fitted.centre, centre]),
        topic=np.concatenate([np.where(fitted.topic == old, SPLIT, fitted.topic), first + np.arange(wanted)]),
        limit=np.concatenate([fitted.limit, limits(own, strength, counts[rows], wanted)]),
        moved={text: parted.get(text, one) for text, one in fitted.moved.items()},
        splits=(*fitted.splits, (tuple(replaced.tolist()), tuple(into.tolist()))),
    )
    for i, one in enumerate(parts(edit)):
        state.number[one], state.parent[one] = first + i, state.parent[edit.topics[0]]
        state.unlike.add(one)


def _move(state: _State, edit: Edit, counts: np.ndarray, source: str) -> None:
    target = state.number[edit.topics[0]]
    state.change(moved=dict(state.fitted.moved) | dict.fromkeys(edit.texts, target))
    state.unlike.add(edit.topics[0])


def _delete(state: _State, edit: Edit, counts: np.ndarray, source: str) -> None:
    old = state.number[edit.topics[0]]
    state.change(
        topic=np.where(state.fitted.topic == old, DELETED, state.fitted.topic),
        moved={text: DELETED if one == old else one for text, one in state.fitted.moved.items()},
    )


def _pin(state: _State, edit: Edit, counts: np.ndarray, source: str) -> None:
    """Only `edits.replay` and the order of the ids know of it."""


_APPLY = {"rename": _rename, "merge": _merge, "split": _split, "move": _move, "delete": _delete, "pin": _pin}
