"""Every statement to its topic, with how well it fits, or to none by a stated rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxnlp.topics.space import chunks

__all__ = ["Fit", "nearest", "fit", "unassign", "UNFIT_SHARE", "CLEAR_MARGIN"]

UNFIT_SHARE = 0.05
"""A statement is unfit for its topic if its strength is below this quantile of the topic's statements."""

CLEAR_MARGIN = 0.10
"""An unfit statement stays all the same if its strength exceeds that of the next topic by so much."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well statements fit their topic: ``strength`` (n,) is the cosine to its centroid, cut to 0..1;
    ``margin`` (n,) by how much that cosine exceeds the one with any other topic (infinite without others)."""

    strength: np.ndarray
    margin: np.ndarray


def nearest(points: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """The nearest by Euclidean distance of the centroids (k, d), k >= 1, for each point (n, d)."""
    topic = np.empty(len(points), dtype=np.int64)
    half_square = (centre**2).sum(axis=1) / 2
    for part in chunks(len(points)):
        # Rounded before the choice, because the last bits depend on the processor.
        topic[part] = (points[part] @ centre.T - half_square).round(9).argmax(axis=1)
    return topic


def fit(points: np.ndarray, centre: np.ndarray, topic: np.ndarray) -> Fit:
    """How well points (n, d) of length 1 fit their topics (n,), given the centroids (k, d)."""
    length = np.linalg.norm(centre, axis=1, keepdims=True)
    if not length.any():  # a single topic of statements that cannot be told apart lies at the mean
        return Fit(np.ones(len(points)), np.full(len(points), np.inf))
    unit = np.divide(centre, length, out=np.zeros_like(centre), where=length > 1e-12)
    own, margin = np.empty(len(points)), np.full(len(points), np.inf)
    for part in chunks(len(points)):
        cosine = points[part] @ unit.T
        own[part] = np.take_along_axis(cosine, topic[part, None], axis=1)[:, 0]
        if len(centre) > 1:
            np.put_along_axis(cosine, topic[part, None], -np.inf, axis=1)
            margin[part] = own[part] - cosine.max(axis=1)
    return Fit(own.clip(0, 1).round(6), margin.round(6))


def unassign(topic: np.ndarray, fitting: Fit, counts: np.ndarray) -> np.ndarray:
    """Which statements fit no topic, boolean (n,).

    Those whose strength is below the 5 % quantile of their topic and does not exceed the strength for the
    next topic by .10: so never more than 5 % of the statements of any topic. ``topic`` (n,), ``counts`` (n,):
    how often each statement was made.
    """
    unfit = np.zeros(len(topic), dtype=bool)
    for one in np.unique(topic):
        own = np.flatnonzero(topic == one)
        limit = np.quantile(fitting.strength[own], UNFIT_SHARE, weights=counts[own], method="inverted_cdf")
        unfit[own] = fitting.strength[own] < limit
    return unfit & (fitting.margin < CLEAR_MARGIN)
