"""Would the same topics come out of another sample of the same customers?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxnlp.topics.cluster import MAX_DRAWN, Tree, cut, grow

__all__ = ["Refit", "resample", "jaccard", "stability"]

FOUND_AGAIN = 0.5
"""Least Jaccard similarity at which a cluster counts as found again (Hennig 2007)."""


@dataclass(frozen=True, slots=True)
class Refit:
    """One bootstrap sample: ``rows`` drawn (distinct), their ``weights``, and the tree grown on them."""

    rows: np.ndarray
    weights: np.ndarray
    tree: Tree


def resample(points: np.ndarray, weights: np.ndarray, *, number: int, seed: int) -> list[Refit]:
    """Grow `number` trees, each on min(n, 4,000) of the points (n, d) drawn with replacement.

    A point drawn twice counts once, which is clusterboot's default (``multipleboot = FALSE``). A smaller
    sample than was fitted makes the stability conservative, not flattering.
    """
    refits = []
    for child in np.random.SeedSequence(seed).spawn(number):
        random = np.random.default_rng(child)
        rows = np.unique(random.integers(0, len(points), min(len(points), MAX_DRAWN)))
        refits.append(Refit(rows, weights[rows], grow(points[rows], weights[rows], int(random.integers(2**31)))))
    return refits


def jaccard(one: np.ndarray, other: np.ndarray, k: int) -> np.ndarray:
    """Best Jaccard similarity of each cluster 0..k-1 of `one` with any cluster of `other`.

    Both are label arrays (n,) of the same points. A cluster without points has NaN.
    """
    both = np.zeros((k, int(other.max(initial=0)) + 1))
    np.add.at(both, (one, other), 1)
    union = both.sum(axis=1, keepdims=True) + both.sum(axis=0) - both
    best: np.ndarray = np.divide(both, union, out=np.zeros_like(both), where=union > 0).max(axis=1)
    return np.where(both.any(axis=1), best, np.nan)


def stability(points: np.ndarray, labels: np.ndarray, refits: list[Refit]) -> tuple[np.ndarray, np.ndarray]:
    """How often, and how well, bootstrap refits find each topic again (clusterboot; Hennig 2007).

    The refit is cut into as many clusters as there are topics, and both are compared on the points drawn.

    Parameters
    ----------
    points : float array (n, d).
    labels : integer array (n,), 0..k-1, every number in use.
    refits : from `resample` of the same points.

    Returns
    -------
    found : float array (k,), share of the refits with a best Jaccard similarity of at least .5.
    mean : float array (k,), mean of the best Jaccard similarity.
        Both NaN where there are no refits or only one topic, which is always found.

    Source: Hennig, C. (2007). Cluster-wise assessment of cluster stability. Computational Statistics
    and Data Analysis 52, 258-271.
    """
    k = int(labels.max()) + 1
    if not refits or k == 1:
        return np.full(k, np.nan), np.full(k, np.nan)
    best = np.stack([jaccard(labels[r.rows], cut(r.tree, points[r.rows], r.weights, k), k) for r in refits])
    seen = np.isfinite(best)
    times = np.maximum(seen.sum(axis=0), 1)
    # A topic of which no statement was drawn was not found: it counts as 0, not as missing.
    return (best >= FOUND_AGAIN).sum(axis=0) / len(refits), np.where(seen, best, 0).sum(axis=0) / times
