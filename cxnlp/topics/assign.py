"""Every statement to its topic, with how well it fits, or to none by a stated rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxnlp.topics.space import chunks

__all__ = ["Assignment", "nearest", "unassign", "UNFIT_SHARE", "CLEAR_MARGIN"]

UNFIT_SHARE = 0.05
"""A statement is unfit for its topic if its strength is below this quantile of the topic's statements."""

CLEAR_MARGIN = 0.10
"""An unfit statement stays all the same if its strength exceeds that of the next topic by so much."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """``topic`` (n,) is the nearest centroid, ``strength`` (n,) the cosine to it cut to 0..1, ``margin`` (n,)
    by how much the cosine exceeds that of the next topic (infinite where there is none)."""

    topic: np.ndarray
    strength: np.ndarray
    margin: np.ndarray


def nearest(points: np.ndarray, centre: np.ndarray) -> Assignment:
    """The nearest of the centroids (k, d), k >= 1, by Euclidean distance, of each point (n, d)."""
    n, k = len(points), len(centre)
    topic, own, margin = np.zeros(n, dtype=np.int64), np.zeros(n), np.full(n, np.inf)
    length = np.linalg.norm(centre, axis=1)
    unit = np.divide(centre, length[:, None], out=np.zeros_like(centre), where=length[:, None] > 1e-12)
    for part in chunks(n):
        product = points[part] @ centre.T
        # Rounded before the choice, because the last bits depend on the processor.
        topic[part] = (product - length**2 / 2).round(9).argmax(axis=1)
        cosine = points[part] @ unit.T
        own[part] = np.take_along_axis(cosine, topic[part, None], axis=1)[:, 0]
        if k > 1:
            np.put_along_axis(cosine, topic[part, None], -np.inf, axis=1)
            margin[part] = own[part] - cosine.max(axis=1)
    if not length.any():  # a single topic of identical statements lies at the mean
        own[:] = 1.0
    return Assignment(topic, own.clip(0, 1).round(6), margin.round(6))


def unassign(assignment: Assignment, counts: np.ndarray) -> np.ndarray:
    """Which statements fit no topic, boolean (n,).

    Those whose strength is below the 5 % quantile of their topic and does not exceed the strength for the
    next topic by .10: so never more than 5 % of the statements of any topic. ``counts`` (n,) is how often
    each statement was made.
    """
    unfit = np.zeros(len(assignment.topic), dtype=bool)
    for topic in np.unique(assignment.topic):
        own = np.flatnonzero(assignment.topic == topic)
        limit = np.quantile(assignment.strength[own], UNFIT_SHARE, weights=counts[own], method="inverted_cdf")
        unfit[own] = assignment.strength[own] < limit
    return unfit & (assignment.margin < CLEAR_MARGIN)
