"""Every statement to its topic, with how well it fits, or to none by a stated rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxnlp.topics.space import chunks, unit

__all__ = ["Fit", "nearest", "fit", "limits", "unfit", "UNFIT_SHARE", "CLEAR_MARGIN"]

UNFIT_SHARE = 0.05
"""A statement is unfit if its strength is below this quantile of the statements nearest to the same centroid."""

CLEAR_MARGIN = 0.10
"""An unfit statement stays all the same if its strength exceeds that of the next topic by so much."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well statements fit their centroid: ``strength`` (n,) is the cosine to it, cut to 0..1; ``margin`` (n,)
    by how much that cosine exceeds the one with any centroid of another topic (infinite without others)."""

    strength: np.ndarray
    margin: np.ndarray


def nearest(points: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """The nearest by Euclidean distance of the centroids (c, d), c >= 1, for each point (n, d)."""
    number = np.empty(len(points), dtype=np.int64)
    half_square = (centre**2).sum(axis=1) / 2
    for part in chunks(len(points)):
        # Rounded before the choice, because the last bits depend on the processor.
        number[part] = (points[part] @ centre.T - half_square).round(9).argmax(axis=1)
    return number


def fit(
    points: np.ndarray, centre: np.ndarray, topic: np.ndarray, own: np.ndarray, first: np.ndarray, found: np.ndarray
) -> Fit:
    """How well points (n, d) of length 1 fit the centroids (c, d) numbered ``own`` (n,).

    ``topic`` (c,): the topic of each centroid. ``found``: numbers of the centroids as found, which are the next topics
    to be compared with; ``first`` (n,): the nearest of them, from which ``own`` may have been split.
    """
    if not np.linalg.norm(centre, axis=1).any():  # statements that cannot be told apart lie at the mean
        return Fit(np.ones(len(points)), np.full(len(points), np.inf))
    direction = unit(centre)
    strength, margin = np.empty(len(points)), np.full(len(points), np.inf)
    for part in chunks(len(points)):
        cosine = points[part] @ direction.T
        strength[part] = np.take_along_axis(cosine, own[part, None], axis=1)[:, 0]
        cosine[topic == topic[own[part], None]] = -np.inf
        np.put_along_axis(cosine, first[part, None], -np.inf, axis=1)
        margin[part] = strength[part] - cosine[:, found].max(axis=1)
    return Fit(strength.clip(0, 1).round(6), margin.round(6))


def limits(own: np.ndarray, strength: np.ndarray, counts: np.ndarray, c: int) -> np.ndarray:
    """The 5 % quantile of the strength of the statements nearest to each of `c` centroids, (c,); 0 without any.

    ``own`` (n,), ``strength`` (n,), and ``counts`` (n,): how often each statement was made.
    """
    limit = np.zeros(c)
    for one in np.unique(own):
        mine = np.flatnonzero(own == one)
        limit[one] = np.quantile(strength[mine], UNFIT_SHARE, weights=counts[mine], method="inverted_cdf")
    return limit


def unfit(own: np.ndarray, fitting: Fit, limit: np.ndarray) -> np.ndarray:
    """Which statements fit no topic, boolean (n,).

    Those whose strength is below the limit (c,) of their centroid ``own`` (n,) and does not exceed the strength for
    the next topic by .10: so never more than 5 % of the statements that the limits were taken from.
    """
    weak: np.ndarray = (fitting.strength < limit[own]) & (fitting.margin < CLEAR_MARGIN)
    return weak
