"""Topics as a rule: what a finished fit knows, so that any statement, then or later, gets the same topic."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cxnlp.topics.assign import fit, limits, nearest, unfit
from cxnlp.topics.space import Space

__all__ = ["DELETED", "SPLIT", "FittedTopics", "Placed", "from_centres", "place_points", "fingerprint"]


DELETED, SPLIT = -1, -2


@dataclass(frozen=True, slots=True)
class FittedTopics:
    """Everything that decides the topic of a statement.

    ``space``: the projection. ``centre`` (c, d): centroids in it. ``topic`` (c,): number of the topic that each
    stands for, `DELETED`, or `SPLIT` for one that others have taken the place of; a topic that was merged has
    several. ``limit`` (c,): strength below which a statement near that centroid is unfit. ``splits``: in order, which
    centroids were replaced by which; what lies near one of the former goes to the nearest of the latter, so that a
    split moves no statement of another topic. ``moved``: exact text -> topic, decided by a person.
    """

    space: Space
    centre: np.ndarray
    topic: np.ndarray
    limit: np.ndarray
    moved: Mapping[str, int] = field(default_factory=dict)
    splits: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """``topic`` (n,): number of each statement's topic, -1 for none. ``strength`` (n,): how well it fits, 0 to 1.
    ``centre`` (n,): the nearest centroid, whether it fits or not."""

    topic: np.ndarray
    strength: np.ndarray
    centre: np.ndarray


def from_centres(
    space: Space, centre: np.ndarray, points: np.ndarray, counts: np.ndarray, within: np.ndarray
) -> FittedTopics:
    """One topic a centroid (c, d), with the limits of strength from points (n, d) made ``counts`` (n,) times.

    ``within``: boolean (n,), the points that the centroids are means of. For the limits each of them is compared with
    its centroid without itself, as a later statement would be: small topics fit their own statements too well.
    """
    own = nearest(points, centre)
    size = np.bincount(own[within], minlength=len(centre))[own].astype(np.float64)
    dot, square = np.einsum("nd,nd->n", points, centre[own]), (centre**2).sum(axis=1)[own]
    apart = within & (size > 1)
    top = np.where(apart, size * dot - 1, dot)
    length = np.sqrt(np.maximum(np.where(apart, size**2 * square - 2 * size * dot + 1, square), 0))
    strength = np.divide(top, length, out=np.zeros(len(points)), where=length > 1e-12).clip(0, 1).round(6)
    return FittedTopics(space, centre, np.arange(len(centre)), limits(own, strength, counts, len(centre)))


def place_points(fitted: FittedTopics, texts: Sequence[str], points: np.ndarray) -> Placed:
    """The topic of each statement: that of the nearest centroid, none where it is unfit, or what a person decided.

    Each statement is placed by itself: alone or among a million others, in any order, it gets the same answer.
    ``texts``: n statements, or none where nothing was moved. ``points``: float array (n, d), `space.project` of them.
    """
    made = {one for _, into in fitted.splits for one in into}
    found = np.array([one for one in range(len(fitted.centre)) if one not in made], dtype=np.int64)
    first = found[nearest(points, fitted.centre[found])]
    own = first.copy()
    for source, into in fitted.splits:
        rows = np.flatnonzero(np.isin(own, source))
        own[rows] = np.array(into)[nearest(points[rows], fitted.centre[list(into)])]
    fitting = fit(points, fitted.centre, fitted.topic, own, first, found)
    topic = np.where(unfit(own, fitting, fitted.limit), -1, fitted.topic[own])
    strength = fitting.strength.copy()
    if fitted.moved:
        moved = [(i, fitted.moved[text]) for i, text in enumerate(texts) if text in fitted.moved]
        for i, decided in moved:
            topic[i], strength[i] = decided, 1.0
    return Placed(topic, strength, own)


def fingerprint(texts: Sequence[str], labels: np.ndarray) -> str:
    """16 hexadecimal digits that name a set of topics: equal for equal texts (n, sorted) with equal labels (n,)."""
    digest = hashlib.blake2b(digest_size=8)
    for text, label in zip(texts, labels.tolist(), strict=True):
        digest.update(f"{label}\0{text}\0".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
