"""Embeddings to topics and themes: the whole fit, without a word of text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from cxnlp.topics.cluster import Tree, centroids, cut, groups, grow, merge_small, ward
from cxnlp.topics.number import choose_number
from cxnlp.topics.space import Space, fit_space, project
from cxnlp.topics.stability import resample, stability

__all__ = ["Discovery", "discover"]


@dataclass(frozen=True, slots=True)
class Discovery:
    """Topics of the statements they were fitted on.

    ``space``: the projection. ``labels`` (n,): topic 0..k-1 of each statement. ``centre`` (k, d): centroids
    in that space. ``theme`` (k,): theme 0..t-1 of each topic. ``stability`` (k,): share of bootstrap refits
    that find the topic again, NaN where there were none. ``before_merging``: how many topics there were
    before those that were too small went to their neighbours.
    """

    space: Space
    labels: np.ndarray
    centre: np.ndarray
    theme: np.ndarray
    stability: np.ndarray
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
        tree = grow(points, weights, seed)
        most = _most(tree, counts, topics, least)
        again = resample(points, weights, number=refits if most > 1 else 0, seed=seed)
        k = topics or choose_number(points, weights, tree, again, most=most)
        before = cut(tree, points, weights, k)
        labels = merge_small(points, weights, before, counts, least)
        centre = centroids(points, weights, labels)
        theme = themes(centre, np.bincount(labels, weights))
        return Discovery(space, labels, centre, theme, stability(points, labels, again)[0], int(before.max()) + 1)


def _most(tree: Tree, counts: np.ndarray, topics: int | None, least: int) -> int:
    """Largest number of topics: topics of the least size need twice as many statements to be worth trying."""
    return min(tree.n_cells, topics or max(1, int(counts.sum()) // (2 * max(least, 1))))


def themes(centre: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Theme (k,) of each topic: Ward's criterion over the centroids (k, d), about sqrt(1.5 k) themes.

    So 12 topics make 4 themes and 40 make 8: as many themes as topics in a theme, and few enough to read.
    """
    k = len(centre)
    wanted = 1 if k == 1 else max(2, round(float(np.sqrt(1.5 * k))))
    return groups(ward(centre, size), wanted)
