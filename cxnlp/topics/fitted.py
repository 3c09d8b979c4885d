"""Topics as a rule: what a finished fit knows, so that any statement, then or later, gets the same topic."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cxnlp.topics.assign import fit, limits, nearest, unfit
from cxnlp.topics.space import Space, project

__all__ = ["DELETED", "SPLIT", "FittedTopics", "Placed", "from_centres", "place", "fingerprint"]


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


def from_centres(space: Space, centre: np.ndarray, points: np.ndarray, counts: np.ndarray) -> FittedTopics:
    """One topic a centroid (c, d), with the limits of strength from points (n, d) made ``counts`` (n,) times."""
    own, topic = nearest(points, centre), np.arange(len(centre))
    limit = limits(own, fit(points, centre, topic, own).strength, counts, len(centre))
    return FittedTopics(space, centre, topic, limit)


def place(fitted: FittedTopics, texts: Sequence[str], embedding: np.ndarray, languages: np.ndarray) -> Placed:
    """The topic of each statement: that of the nearest centroid, none where it is unfit, or what a person decided.

    Each statement is placed by itself: alone or among a million others, in any order, it gets the same answer.

    Parameters
    ----------
    texts : n statements.
    embedding : float array (n, width) of the encoder that the topics were found with.
    languages : object array (n,) of language codes; '' where unknown.
    """
    return place_points(fitted, texts, project(fitted.space, embedding, languages))


def place_points(fitted: FittedTopics, texts: Sequence[str], points: np.ndarray) -> Placed:
    """`place` for statements that are projected already."""
    found, family = _families(fitted)
    own = _nearest(fitted, points, np.flatnonzero(found))
    fitting = fit(points, fitted.centre, family, own, found)
    topic = np.where(unfit(own, fitting, fitted.limit), -1, fitted.topic[own])
    strength = fitting.strength.copy()
    if fitted.moved:
        moved = [(i, fitted.moved[text]) for i, text in enumerate(texts) if text in fitted.moved]
        for i, decided in moved:
            topic[i], strength[i] = decided, 1.0
    return Placed(topic, strength, own)


def _families(fitted: FittedTopics) -> tuple[np.ndarray, np.ndarray]:
    """Which centroids are as found, boolean (c,), and a number (c,) that those of one topic as found share."""
    found, family = np.ones(len(fitted.centre), dtype=bool), fitted.topic.copy()
    for number, (source, into) in enumerate(fitted.splits):
        found[list(into)] = False
        related = np.isin(family, family[[*source]]) & (family < SPLIT)
        related[[*source, *into]] = True
        family[related] = SPLIT - 1 - number
    return found, family


def _nearest(fitted: FittedTopics, points: np.ndarray, found: np.ndarray) -> np.ndarray:
    """The nearest of the centroids as found, and then of those that took its place."""
    own = found[nearest(points, fitted.centre[found])]
    for source, into in fitted.splits:
        rows = np.flatnonzero(np.isin(own, source))
        own[rows] = np.array(into)[nearest(points[rows], fitted.centre[list(into)])]
    return own


def fingerprint(texts: Sequence[str], labels: np.ndarray) -> str:
    """16 hexadecimal digits that name a set of topics: equal for equal texts (n, sorted) with equal labels (n,)."""
    digest = hashlib.blake2b(digest_size=8)
    for text, label in zip(texts, labels.tolist(), strict=True):
        digest.update(f"{label}\0{text}\0".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
