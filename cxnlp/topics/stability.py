"""Would the same topics come out of another sample of the same customers?"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from cxnlp.topics.assign import nearest
from cxnlp.topics.cluster import Tree, centroids, cut, grow
from cxnlp.topics.space import gather

__all__ = ["Refit", "at_once", "fit_tree", "partition", "resample", "jaccard", "stability", "merged_stability"]

DRAWN = 4_000
"""Most points drawn for a refit."""

Item = TypeVar("Item")
Result = TypeVar("Result")

FOUND_AGAIN = 0.5
"""Least Jaccard similarity at which a cluster counts as found again (Hennig 2007)."""


@dataclass(frozen=True, slots=True)
class Refit:
    """One sample: ``rows`` drawn (distinct), their ``weights``, ``points`` gathered, and the ``tree`` grown on them."""

    rows: np.ndarray
    weights: np.ndarray
    points: np.ndarray
    tree: Tree


def fit_tree(points: np.ndarray, weights: np.ndarray, rows: np.ndarray, seed: int) -> Refit:
    """Gather the chosen rows of points (n, d) with weights (n,), and grow their tree."""
    gathered = gather(points[rows])
    return Refit(rows, weights[rows], gathered, grow(gathered, weights[rows], seed))


def partition(points: np.ndarray, fit: Refit, k: int) -> np.ndarray:
    """Labels of the fit's rows when its tree is cut into at most `k` clusters, each row at its nearest centroid.

    ``points`` (n, d) are those before gathering: a statement's topic depends on where it is and on the centroids,
    and on no other statement.
    """
    here = points[fit.rows]
    labels = cut(fit.tree, fit.points, fit.weights, k)
    return np.unique(nearest(here, centroids(here, fit.weights, labels)), return_inverse=True)[1]


def resample(points: np.ndarray, weights: np.ndarray, *, number: int, seed: int) -> list[Refit]:
    """Grow `number` trees, each on min(n, 4,000) of the points (n, d) drawn with replacement.

    A point drawn twice counts once, which is clusterboot's default (``multipleboot = FALSE``). A smaller
    sample than was fitted makes the stability conservative, not flattering.
    """

    def refit(child: np.random.SeedSequence) -> Refit:
        random = np.random.default_rng(child)
        rows = np.unique(random.integers(0, len(points), min(len(points), DRAWN)))
        return fit_tree(points, weights, rows, int(random.integers(2**31)))

    return at_once(refit, np.random.SeedSequence(seed).spawn(number))


def at_once(function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """``function`` of each item, in their order, on all cores.

    Each call has its own seed, and its sums run on one thread: how many calls run at once changes nothing.
    """

    def alone(item: Item) -> Result:
        # OpenMP counts its threads by the thread that calls it: a limit set outside does not hold in here.
        with threadpool_limits(limits=1, user_api="openmp"):
            return function(item)

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return list(pool.map(alone, items))


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

    def best_of(refit: Refit) -> np.ndarray:
        return jaccard(labels[refit.rows], partition(points, refit, k), k)

    best = np.stack(at_once(best_of, refits))
    seen = np.isfinite(best)
    times = np.maximum(seen.sum(axis=0), 1)
    # A topic of which no statement was drawn was not found: it counts as 0, not as missing.
    return (best >= FOUND_AGAIN).sum(axis=0) / len(refits), np.where(seen, best, 0).sum(axis=0) / times


def merged_stability(points: np.ndarray, labels: np.ndarray, merged: tuple[int, ...], refits: list[Refit]) -> float:
    """Share of refits that find the union of some topics again, once their own topics are merged likewise.

    Each cluster of a refit stands for the topic of ``labels`` (n,) with which it shares most points; those that stand
    for one of ``merged`` are joined, and found again means a Jaccard similarity of at least .5. NaN without refits,
    and where all topics are merged.
    """
    k = int(labels.max(initial=0)) + 1
    found = []
    for refit in refits if set(merged) < set(range(k)) else []:
        here, again = labels[refit.rows], partition(points, refit, k)
        shared = np.zeros((int(again.max()) + 1, k))
        np.add.at(shared, (again, here), 1)
        ours, theirs = np.isin(here, merged), np.isin(shared.argmax(axis=1), merged)[again]
        found.append((ours & theirs).sum() >= FOUND_AGAIN * max(int((ours | theirs).sum()), 1))
    return float(np.mean(found)) if found else float("nan")
