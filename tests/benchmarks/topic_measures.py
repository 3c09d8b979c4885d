"""What the topic benchmark measures of a labelling, ``-1`` for unassigned: agreement with people, between languages."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

SMALL_SHARE = 0.01
SMALL_ROWS = 10
"""Gold topics of fewer rows are below the least size that either method makes a topic of by default."""


def quality(rows: pd.DataFrame, found: np.ndarray) -> dict[str, float]:
    """Every figure that the columns of `rows` permit; see `topic_sets` for them.

    Adjusted mutual information (Vinh, Epps and Bailey 2010, Journal of Machine Learning Research 11, arithmetic
    mean) and adjusted Rand index (Hubert and Arabie 1985, Journal of Classification 2) are taken over all rows:
    the unassigned are one more cluster, so that leaving out what is hard gains nothing.
    """
    figures = {"topics": float(len(set(found[found >= 0].tolist()))), "unassigned": float(np.mean(found < 0))}
    if rows["gold"].notna().all():
        figures["ami"] = float(adjusted_mutual_info_score(rows["gold"], found))
        figures["ari"] = float(adjusted_rand_score(rows["gold"], found))
        found_small, small = small_topics(rows["gold"], found)
        figures |= {"small": float(small), "small_found": float(found_small)}
    if rows["group"].notna().all():
        from cxnlp.training.calibration import held_apart  # here, lest torch count as memory of what is measured

        figures["agreement"], figures["chance"] = agreement(rows, found)
        apart = held_apart(rows["group"])
        figures["agreement_apart"], _ = agreement(rows[apart], found[apart])
    return figures


def small_topics(gold: pd.Series, found: np.ndarray) -> tuple[int, int]:
    """How many small gold topics were found, and how many there are.

    Small: less than `SMALL_SHARE` of the rows, and at least `SMALL_ROWS`. Found: some topic has a Jaccard index of
    at least one half with it; the unassigned are no topic.
    """
    together = pd.crosstab(gold.to_numpy(), found)
    of_gold, of_found = together.sum(axis=1), together.sum(axis=0)
    jaccard = together.div(of_gold.to_numpy()[:, None] + of_found.to_numpy() - together)
    jaccard = jaccard.loc[:, jaccard.columns.to_numpy() >= 0]
    small = (of_gold < SMALL_SHARE * len(gold)) & (of_gold >= SMALL_ROWS)
    return int((jaccard[small] >= 0.5).any(axis=1).sum()), int(small.sum())


def agreement(rows: pd.DataFrame, found: np.ndarray) -> tuple[float, float]:
    """How often two tellings of one comment get the same topic, and how often two of any comments would.

    The mean over all pairs of languages of the share of groups whose two tellings are in one topic; a telling that
    is unassigned agrees with none. By chance: the same with the groups of each language dealt anew, that is the sum
    over topics of the product of their shares in the two languages. One topic for all would reach 1 in both.
    """
    told = rows.assign(found=found).pivot_table("found", "group", "language", aggfunc="first")
    same, chance = zip(*(_of_pair(told[one], told[other]) for one, other in _pairs(told)), strict=True)
    return float(np.mean(same)), float(np.mean(chance))


def _pairs(told: pd.DataFrame) -> Iterator[tuple[str, str]]:
    return combinations(told.columns, 2)


def _of_pair(one: pd.Series, other: pd.Series) -> tuple[float, float]:
    shares = [topics[topics >= 0].value_counts() / len(topics) for topics in (one, other)]
    return float(((one == other) & (one >= 0)).mean()), float(shares[0].mul(shares[1], fill_value=0).sum())


def same_partition(one: np.ndarray, other: np.ndarray) -> float:
    """Adjusted Rand index of two labellings of the same rows: exactly 1 where they part the rows alike."""
    return float(adjusted_rand_score(one, other))
