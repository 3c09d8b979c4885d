"""Topics of a statement by topics that were found without its half of the customers.

Which statements form a topic is decided by looking at them; an association that is then tested on the same statements
has been chosen on the data that judge it. So topics are sought in each half of the customers alone, as often as the
bootstrap does, and each statement is placed by those of the other half (cross-fitting: Chernozhukov et al. 2018,
Econometrics Journal 21:C1-C68; for topics: Egami et al. 2022, Science Advances 8:eabg2652). A half's topics
take the names of those of all statements, and a person's edits with them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from cxnlp.results import Note
from cxnlp.topics.assign import nearest
from cxnlp.topics.cluster import centroids
from cxnlp.topics.distinct import Distinct
from cxnlp.topics.fitted import FittedTopics, from_centres, place_points
from cxnlp.topics.stability import DRAWN, at_once, fit_tree, partition

__all__ = ["Half", "find_halves", "place_across", "about_crossfit"]

_STAGE = "topics"


@dataclass(frozen=True, slots=True)
class Half:
    """Topics found in one half of the customers.

    ``centre`` (c, d): their centroids, in the space of all statements. ``limit`` (c,): strength below which a
    statement near one is unfit. ``stands_for`` (c,): the centroid, of those found in all statements, that is
    nearest to most of its statements.
    """

    centre: np.ndarray
    limit: np.ndarray
    stands_for: np.ndarray


def find_halves(
    fitted: FittedTopics, unique: Distinct, points: np.ndarray, first: np.ndarray, seed: int
) -> tuple[Half, Half] | None:
    """Topics of the first and of the second half alone, as many as of all statements.

    The space in which statements are compared is that of all: it is learnt from where they lie, not from topics.

    Parameters
    ----------
    fitted : the topics of all statements as found, before edits: c centroids.
    unique, points : the m distinct statements and their coordinates (m, d).
    first : bool (n,), statements of the first half.
    seed : of the sample and of k-means.

    Returns
    -------
    halves : None where a half has fewer than 2 c distinct statements among those that topics are found on.
    """
    counts = [np.bincount(unique.of_statement[first == half], minlength=len(points)) for half in (True, False)]
    rows = [unique.fitted[count[unique.fitted] > 0] for count in counts]
    if min(len(row) for row in rows) < 2 * len(fitted.centre):
        return None

    def alone(half: int) -> Half:
        return _find(fitted, points, counts[half].astype(float), rows[half], seed + half)

    with threadpool_limits(limits=1):
        one, other = at_once(alone, (0, 1))
    return one, other


def place_across(
    fitted: FittedTopics, halves: tuple[Half, Half], unique: Distinct, points: np.ndarray, first: np.ndarray
) -> np.ndarray:
    """Number of each statement's topic by the half that it is not in, int (n,); -1 for none.

    A statement that does not fit that half's topics has none, by the rule that holds for all topics
    (`assign.unfit`); nor has one in a deleted topic. Edits hold as they do elsewhere: merged topics are
    one, split ones are told apart by the parts' centroids, and a statement that a person moved stays where it was put.
    ``fitted``: after edits. The rest as for `find_halves`.
    """
    topic = np.full(len(first), -1, dtype=np.int64)
    for half, mine in zip(halves, (~first, first), strict=True):
        said, of_mine = np.unique(unique.of_statement[mine], return_inverse=True)
        rule = _with_edits(fitted, half)
        topic[mine] = place_points(rule, unique.texts[said].tolist(), points[said]).topic[of_mine]
    return topic


def about_crossfit(halves_known: bool) -> Note:
    """Why topics could not be checked across halves."""
    why = "a half has too few different statements" if halves_known else "the halves of the customers were not given"
    return Note(_STAGE, f"topics were not found again in each half of the customers alone: {why}", level="info")


def _find(fitted: FittedTopics, points: np.ndarray, counts: np.ndarray, rows: np.ndarray, seed: int) -> Half:
    if len(rows) > DRAWN:
        rows = np.sort(np.random.default_rng(seed).choice(rows, DRAWN, replace=False))
    weights = np.zeros(len(points))
    weights[rows] = 1 + np.log(counts[rows])
    refit = fit_tree(points, weights, rows, seed)
    found = centroids(points[rows], weights[rows], partition(points, refit, len(fitted.centre)))
    said = np.flatnonzero(counts)
    within = np.isin(said, rows)
    rule = from_centres(fitted.space, found, points[said], counts[said], within)
    shared = np.zeros((len(found), len(fitted.centre)))
    np.add.at(shared, (nearest(points[said], found), nearest(points[said], fitted.centre)), counts[said])
    return Half(found, rule.limit, shared.argmax(axis=1))


def _with_edits(fitted: FittedTopics, half: Half) -> FittedTopics:
    """The rule that places statements by the half's centroids, with whatever edits made of what they stand for."""
    made = np.array([one for _, into in fitted.splits for one in into], dtype=np.int64)
    number = {one: len(half.centre) + i for i, one in enumerate(made.tolist())}

    def moved(source: tuple[int, ...]) -> tuple[int, ...]:
        parts = [number[one] for one in source if one in number]
        return (*np.flatnonzero(np.isin(half.stands_for, source)).tolist(), *parts)

    return replace(
        fitted,
        centre=np.concatenate([half.centre, fitted.centre[made]]),
        topic=np.concatenate([fitted.topic[half.stands_for], fitted.topic[made]]),
        limit=np.concatenate([half.limit, fitted.limit[made]]),
        splits=tuple((moved(source), tuple(number[one] for one in into)) for source, into in fitted.splits),
    )
