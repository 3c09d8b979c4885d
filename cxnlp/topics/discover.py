"""Embeddings to topics and themes: the whole fit, without a word of text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from cxnlp.topics.assign import nearest
from cxnlp.topics.cluster import Tree, centroids, groups, merge_small, ward
from cxnlp.topics.number import choose_number
from cxnlp.topics.space import Space, fit_space, project
from cxnlp.topics.stability import Refit, fit_tree, partition, resample, stability

__all__ = ["Discovery", "discover"]


@dataclass(frozen=True, slots=True)
class Discovery:
    """Topics of the statements they were fitted on.

    ``space``: the projection, ``points`` (n, d): the statements in it. ``labels`` (n,): topic 0..k-1 of each
    statement, that of the nearest ``centre`` (k, d). ``theme`` (k,): theme 0..t-1 of each topic. ``stability`` (k,):
    share of the bootstrap ``refits`` that find the topic again, NaN where there were none. ``before_merging``: how
    many topics there were before those that were too small went to their neighbours.
    """

    space: Space
    points: np.ndarray
    labels: np.ndarray
    centre: np.ndarray
    theme: np.ndarray
    stability: np.ndarray
    refits: list[Refit]
    before_merging: int


def discover(
    embedding: np.ndarray,
    languages: np.ndarray,
    counts: np.ndarray,
    *,
    topics: int | None = None,
    least: int = 1,
    refits: int = 20,
    seed: int = 0,
) -> Discovery:
    """Cluster distinct statements into topics, and the topics into themes.

    A statement made c times weighs 1 + log c: what everybody says counts more, but does not become a topic
    by repetition alone.

    Parameters
    ----------
    embedding : float array (n, width), n >= 1, in an order that does not depend on the input's.
    languages : object array (n,), language codes, '' where unknown.
    counts : float array (n,), how often each statement was made.
    topics : number of topics wanted; None lets `number.choose_number` decide.
    least : statements that a topic must have.
    refits : bootstrap refits behind the stability.
    seed : of k-means and the bootstrap.
    """
    # On one thread sums come out the same on any number of cores, and with them the topics.
    with threadpool_limits(limits=1):
        space = fit_space(embedding, languages)
        points, weights = project(space, embedding, languages), 1 + np.log(counts)
        fit = fit_tree(points, weights, np.arange(len(points)), seed)
        most = _most(fit.tree, counts, topics, least)
        again = resample(points, weights, number=refits if most > 1 else 0, seed=seed)
        k = topics or choose_number(points, fit, again, most=most)
        before = partition(points, fit, k)
        labels, centre = settle(points, weights, before, counts, least)
        theme = themes(centre, np.bincount(labels, weights))
        stable = stability(points, labels, again)[0]
        return Discovery(space, points, labels, centre, theme, stable, again, int(before.max()) + 1)


def settle(
    points: np.ndarray, weights: np.ndarray, labels: np.ndarray, counts: np.ndarray, least: int
) -> tuple[np.ndarray, np.ndarray]:
    """Labels and centroids that agree: every point at its nearest centroid, every topic of at least `least` statements.

    Small topics go to their neighbours (`cluster.merge_small`), and what is left is assigned anew, until nothing
    is too small.
    """
    while True:
        merged = merge_small(points, weights, labels, counts, least)
        centre = centroids(points, weights, merged)
        used, labels = np.unique(nearest(points, centre), return_inverse=True)
        if len(used) == 1 or np.bincount(labels, counts).min() >= least:
            return labels, centre[used]


def _most(tree: Tree, counts: np.ndarray, topics: int | None, least: int) -> int:
    """Largest number of topics: what was asked for; else no more than a person reads or the statements carry.

    Topics of the least size need twice as many statements to be worth trying; and sqrt(n / 2) is the rule of thumb of
    Mardia, Kent and Bibby (1979, Multivariate Analysis): 22 for 1,000 statements, 70 for 10,000.
    """
    n = int(counts.sum())
    return min(tree.n_cells, topics or max(1, min(n // (2 * max(least, 1)), round(float(np.sqrt(n / 2))))))


def themes(centre: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Theme (k,) of each topic: Ward's criterion over the centroids (k, d), about sqrt(1.5 k) themes.

    So 12 topics make 4 themes and 40 make 8: as many themes as topics in a theme, and few enough to read.
    """
    k = len(centre)
    wanted = 1 if k == 1 else max(2, round(float(np.sqrt(1.5 * k))))
    return groups(ward(centre, size), wanted)
