"""Points to topics: bagged k-means cells, joined by Ward's criterion, settled by Lloyd's iterations."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

__all__ = ["Tree", "grow", "cut", "groups", "ward", "centroids", "merge_small"]

BAGS = 5
CELLS = 100
"""Cells of each bag. 10 bags of 60 cells agree as well with gold topics and bootstrap refits, and take longer."""

SETTLING = 2
"""Lloyd's iterations after the cut; 20 change nothing that could be measured."""

MAX_DRAWN = 4_000
"""Points drawn for a bag."""

ALL_POINTS_BELOW = 300
"""Up to so many distinct points each is a cell of its own and nothing is drawn."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Cells and the order in which Ward's criterion joins them.

    ``centre`` (cells, d), ``size`` (cells,) total weight, ``linkage`` (cells - 1, 4) in SciPy's layout.
    """

    centre: np.ndarray
    size: np.ndarray
    linkage: np.ndarray

    @property
    def n_cells(self) -> int:
        """How many cells there are: the most topics that the tree can be cut into."""
        return len(self.centre)


def grow(points: np.ndarray, weights: np.ndarray, seed: int) -> Tree:
    """Bagged clustering of points (n, d) with weights (n,), n >= 1: centroids of many k-means runs in one tree.

    K-means on each of 5 bootstrap samples, Ward's criterion over all their centroids (Leisch 1999, Bagged
    clustering; each centroid weighted by its points). Single k-means runs with as many cells give topics that
    bootstrap refits find again less often.
    """
    # Rounded, because equal embeddings may differ in the last bit after the projection.
    _, first, same = np.unique(points.round(9), axis=0, return_index=True, return_inverse=True)
    if len(first) <= ALL_POINTS_BELOW:
        centre, size = points[first], np.bincount(same.ravel(), weights)
    else:
        random = np.random.default_rng(seed)
        bags = [_bag(points, weights, random) for _ in range(BAGS)]
        centre, size = np.concatenate([bag[0] for bag in bags]), np.concatenate([bag[1] for bag in bags])
    return Tree(centre, size, ward(centre, size))


def _bag(points: np.ndarray, weights: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    rows = np.unique(random.integers(0, len(points), min(len(points), MAX_DRAWN)))
    start = points[random.choice(rows, min(CELLS, len(rows)), replace=False)]
    fitted = _fit(KMeans(len(start), init=start, n_init=1, max_iter=5), points[rows], weights[rows])
    used, cell = np.unique(fitted.labels_, return_inverse=True)
    return fitted.cluster_centers_[used], np.bincount(cell, weights[rows])


def ward(centre: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Ward's hierarchical clustering of groups that are already of unequal size.

    Joins, again and again, the two groups whose union increases the sum of squares least, which is
    ``size_i size_j / (size_i + size_j) * |centre_i - centre_j|^2`` (Ward 1963). SciPy and scikit-learn
    take single observations only.

    Parameters
    ----------
    centre : float array (m, d).
    size : float array (m,), total weight of each group, positive.

    Returns
    -------
    linkage : float array (m - 1, 4) in SciPy's layout; the height is ``sqrt(2 * increase)``, as SciPy's.
    """
    centre, size = np.array(centre, dtype=np.float64), np.array(size, dtype=np.float64)
    m = len(centre)
    name, members, alive = np.arange(m), np.ones(m, dtype=np.int64), np.ones(m, dtype=bool)
    cost = np.stack([_increase(row, centre, size, alive) for row in range(m)])
    partner = cost.argmin(axis=1)
    least = cost[np.arange(m), partner]
    linkage = np.empty((m - 1, 4))
    for step in range(m - 1):
        first = int(least.argmin())
        i, j = sorted((first, int(partner[first])))
        members[i] += members[j]
        linkage[step] = *sorted((name[i], name[j])), np.sqrt(2 * least[first]), members[i]
        centre[i] = (size[i] * centre[i] + size[j] * centre[j]) / (size[i] + size[j])
        size[i] += size[j]
        name[i], alive[j], least[j] = m + step, False, np.inf
        joined = _increase(i, centre, size, alive)
        cost[j, :] = cost[:, j] = np.inf
        cost[i, :] = cost[:, i] = joined
        # Only groups that were nearest to one of the two, or are nearer to both together, have a new partner.
        nearer = alive & ((joined < least) | ((joined == least) & (i < partner)))
        partner[nearer], least[nearer] = i, joined[nearer]
        again = np.append(np.flatnonzero(alive & ~nearer & ((partner == i) | (partner == j))), i)
        partner[again] = cost[again].argmin(axis=1)
        least[again] = cost[again, partner[again]]
    return linkage


def _increase(i: int, centre: np.ndarray, size: np.ndarray, alive: np.ndarray) -> np.ndarray:
    increase: np.ndarray = size[i] * size / (size[i] + size) * ((centre - centre[i]) ** 2).sum(axis=1)
    increase[~alive] = np.inf
    increase[i] = np.inf
    return increase


def groups(linkage: np.ndarray, k: int) -> np.ndarray:
    """Labels 0..k-1 of the leaves when the joins stop at `k` groups; SciPy's cut_tree, a hundred times faster."""
    m = len(linkage) + 1
    label = np.arange(2 * m - 1)
    for step in reversed(range(m - k)):
        label[linkage[step, :2].astype(np.int64)] = label[m + step]
    return np.unique(label[:m], return_inverse=True)[1]


def cut(tree: Tree, points: np.ndarray, weights: np.ndarray, k: int) -> np.ndarray:
    """Labels (n,) of at most `k` clusters: the tree cut, then Lloyd's iterations from its centroids."""
    k = min(k, tree.n_cells, len(points))
    if k <= 1:
        return np.zeros(len(points), dtype=np.int64)
    start = centroids(tree.centre, tree.size, groups(tree.linkage, k))
    fitted = _fit(KMeans(k, init=start, n_init=1, max_iter=SETTLING), points, weights)
    return np.unique(fitted.labels_, return_inverse=True)[1]


def centroids(points: np.ndarray, weights: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Weighted means (k, d) of the points with each label 0..k-1; every label occurs."""
    shape = (int(labels.max()) + 1, len(points))
    members = csr_array((weights.astype(np.float64), (labels, np.arange(len(points)))), shape=shape)
    mean: np.ndarray = (members @ points) / np.bincount(labels, weights)[:, None]
    return mean


def merge_small(
    points: np.ndarray, weights: np.ndarray, labels: np.ndarray, counts: np.ndarray, least: int
) -> np.ndarray:
    """Give each cluster with fewer than `least` statements to its nearest neighbour, smallest first.

    ``counts`` (n,) is how many statements stand behind each point. Returns labels 0..k-1, all in use.
    """
    labels = labels.copy()
    while labels.max() > 0:
        size = np.bincount(labels, counts)
        small = int(size.argmin())
        if size[small] >= least:
            break
        centre = centroids(points, weights, labels)
        distance = ((centre - centre[small]) ** 2).sum(axis=1)
        distance[small] = np.inf
        labels[labels == small] = distance.argmin()
        labels = np.unique(labels, return_inverse=True)[1]
    return labels


def _fit(model: KMeans, points: np.ndarray, weights: np.ndarray) -> KMeans:
    with warnings.catch_warnings():
        # Few distinct points or few iterations: both are meant, and neither is news to the user.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(points, sample_weight=weights)
