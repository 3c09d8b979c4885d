"""Topics as a rule: what a finished fit knows, so that any statement, then or later, gets the same topic."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cxnlp.topics.assign import fit, limits, nearest, unfit
from cxnlp.topics.space import Space, project

__all__ = ["FittedTopics", "Placed", "from_centres", "place", "fingerprint"]


@dataclass(frozen=True, slots=True)
class FittedTopics:
    """Everything that decides the topic of a statement.

    ``space``: the projection. ``centre`` (c, d): centroids in it. ``topic`` (c,): number of the topic that each
    stands for, -1 for one that was deleted; a topic that was merged has several. ``limit`` (c,): strength below
    which a statement near that centroid is unfit. ``moved``: exact text -> topic, decided by a person.
    """

    space: Space
    centre: np.ndarray
    topic: np.ndarray
    limit: np.ndarray
    moved: Mapping[str, int] = field(default_factory=dict)


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
    own = nearest(points, fitted.centre)
    fitting = fit(points, fitted.centre, fitted.topic, own)
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
