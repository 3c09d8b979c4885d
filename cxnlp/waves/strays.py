"""Is a group of statements that fit no topic news, or only the strays that every later wave has more of?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import fisher_exact

from cxnlp.waves.wave import Wave

__all__ = ["grown_among_strays"]

LEVEL = 0.05


def grown_among_strays(
    before: Wave, after: Wave, candidates: pd.Series, topics: pd.Series, found_on: np.ndarray
) -> np.ndarray:
    """Which of ``topics`` (ids, k) are candidates that take a larger part of the strays than before, boolean (k,).

    A stray is a statement that fits no topic as found: one of a candidate, or of nothing. Topics fit the statements
    that they were found on best, so later waves have more strays of every kind; a candidate is news if it grew among
    them too: Fisher's exact test of customers, one-sided, at 5 %. ``found_on``: boolean over the statements of
    ``after``, those of the half in which candidates were sought, which does not count here.
    """
    ids = set(candidates)
    counts = [_counts(wave, ids, used) for wave, used in ((before, None), (after, ~found_on))]
    grown = []
    for topic in topics:
        (old, n_old), (new, n_new) = ((len(of.get(topic, ())), len(every)) for of, every in counts)
        table = [[new, n_new - new], [old, n_old - old]]
        grown.append(topic in ids and fisher_exact(table, alternative="greater").pvalue <= LEVEL)
    return np.array(grown, dtype=bool)


def _counts(wave: Wave, ids: set[str], used: np.ndarray | None) -> tuple[dict[str, set[int]], set[int]]:
    """Customers by candidate, and all customers with a stray."""
    rows = wave.statements if used is None else wave.statements[used]
    strays = rows[rows["topic_id"].isna() | rows["topic_id"].isin(ids)]
    of = strays.dropna(subset="topic_id").groupby("topic_id")["unit"].agg(set)
    return {str(topic): units for topic, units in of.items()}, set(strays["unit"])
