"""How many topics there are: as many as the data pay for without losing stability."""

from __future__ import annotations

import numpy as np

from cxnlp.topics.cluster import centroids
from cxnlp.topics.stability import Refit, at_once, partition, stability

__all__ = ["choose_number", "aic", "GRID"]

GRID: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 22, 27, 33, 40, 50, 60, 75, 90, 110, 130)
TOLERANCE = 0.05
"""How much of the mean Jaccard similarity more topics may cost."""

FEWEST = 12
"""Stability never argues for fewer topics than this: few large clusters are stable and say little."""


def choose_number(points: np.ndarray, fit: Refit, refits: list[Refit], *, most: int) -> int:
    """Number of topics: where AIC is least, but no more than can be had without losing stability.

    Two rules, because each fails alone. The information criterion finds the number of planted
    clusters, but in comments, whose topics shade into each other, it keeps splitting as rows are added.
    Stability stops that: of the numbers from 12 on, the largest at which the mean best Jaccard similarity of the
    clusters with those of bootstrap refits is within .05 of the best. On five labelled corpora with 77, 14,
    34, 19 and 8 gold topics the two give 75, 15, 12, 15 and 18; agreement with the gold topics is nearly flat in
    the number. The constants were set with these corpora in view, so the figures describe the choice and do not
    validate it; and near the limit the choice moves by a step of the grid with the seed.

    Parameters
    ----------
    points, fit : the fitted points (n, d), and `stability.fit_tree` of all of them.
    refits : from `stability.resample`; empty means AIC alone.
    most : largest number allowed.
    """
    grid = [k for k in GRID if k <= min(most, fit.tree.n_cells)] or [1]

    def cut_into(k: int) -> np.ndarray:
        return partition(points, fit, k)

    cuts = dict(zip(grid, at_once(cut_into, grid), strict=True))
    paid = min(grid, key=lambda k: (round(aic(points, cuts[k]), 6), k))
    candidates = [k for k in grid if FEWEST <= k <= paid]
    if not refits or not candidates:
        return paid
    similarity = {k: round(float(np.nanmean(stability(points, cuts[k], refits)[1])), 9) for k in candidates}
    least = max(similarity.values()) - TOLERANCE
    return max(k for k in candidates if similarity[k] >= least)


def aic(points: np.ndarray, labels: np.ndarray) -> float:
    """Classification likelihood of spherical clusters of equal variance, penalised as by Akaike; smaller is better.

    ``n d log(S / (n d)) - 2 sum_j n_j log(n_j / n) + 2 k (d + 1)`` for points (n, d), with S the within-cluster sum
    of squares and n_j the sizes: minus twice the classification likelihood, up to a constant (Pelleg and Moore 2000,
    X-means, with the maximum-likelihood variance), plus twice the number of parameters: k centroids, k - 1 shares
    and a variance (the penalty of Akaike 1974, whose argument is for the likelihood of a mixture). The shares keep it
    from halving one round cluster: an even cut costs 2 n log 2 = 1.39 n, and gains about .64 n in many dimensions.
    Near the limit it is all or nothing: six faint topics are found as six or as one. The Bayesian criterion, with
    log n in place of 2, asks of each centroid in 128 dimensions what short surveys cannot pay: 3 topics for 600
    answers.
    """
    n, d = points.shape
    size = np.bincount(labels)
    centre = centroids(points, np.ones(n), labels)
    within = float(((points - centre[labels]) ** 2).sum())
    # Identical points would have infinite likelihood: no criterion may ask for finer than the rounding.
    spread = n * d * float(np.log(max(within / (n * d), 1e-9)))
    shares = -2 * float((size * np.log(size / n)).sum())
    return spread + shares + len(size) * (d + 1) * 2.0
