"""Leave-one-out impact of topics on scores: a description with an interval and a noise floor, never a driver."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.stats import norm

from cxnlp.config import DriversConfig
from cxnlp.results import Note, ScoreColumn, Table, Topics

__all__ = ["leave_one_out", "noise_floor", "impact"]

MIN_GROUP = 5
"""Fewest comments with, and without, the topic for an interval."""

_NUMBERS_PER_BLOCK = 4_000_000


def leave_one_out(table: Table, topics: Topics, config: DriversConfig) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """The `impact` table over every score and topic: scored comments (status ok) that have a score.

    A comment without words cannot mention a topic, so it is left out of both sides of the comparison.
    """
    frames, notes = [], []
    spoken = table.comments[table.comments["status"] == "ok"]
    for score in table.scores:
        comments = spoken[spoken[score.name].notna()]
        if len(comments):
            frames.append(_of_score(score, comments, topics, config))
        else:
            notes.append(
                Note("drivers", f"no scored comment has a {score.name}, so topics have no impact on it", None, "info")
            )
    frames = [frame for frame in frames if len(frame)]
    return (pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()), tuple(notes)


def impact(n: np.ndarray, total: np.ndarray, squares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Impact of each topic and its standard error.

    ``n``, ``total``, ``squares``: comments, sum of scores and sum of squared scores, each of shape
    (topics + 1,), everything last. I = w (M_T - M_E) = M - M_E for the topic's share w and the mean
    scores with (T) and without (E) it; Var(I) = w^2 (v_T/n_T + v_E/n_E) + (M_T - M_E)^2 w (1 - w)/N, where
    the last term is the chance in w itself (delta method). NaN where nobody or everybody mentions it.
    """
    n_with, n_without = n[:-1], n[-1] - n[:-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        with_, without = total[:-1] / n_with, (total[-1] - total[:-1]) / n_without
        spread_with = squares[:-1] / n_with - with_**2
        spread_without = (squares[-1] - squares[:-1]) / n_without - without**2
        share = n_with / n[-1]
        variance = share**2 * (spread_with / n_with + spread_without / n_without)
        variance += (with_ - without) ** 2 * share * (1 - share) / n[-1]
        return share * (with_ - without), np.sqrt(np.maximum(variance, 0))


def noise_floor(mentions: sparse.csr_array, values: np.ndarray, permutations: int, seed: int) -> float:
    """Mean over permuted scores of the largest absolute impact over all topics; NaN without topics.

    ``mentions``: (comments, topics), rows in any order; ``values``: their scores. Rows are put in
    the order of their topics and scores in the order of their size first, so that the floor does not
    depend on the order of the input.
    """
    n_with = np.asarray(mentions.sum(axis=0))
    usable = (n_with > 0) & (n_with < len(values))
    if not usable.any() or permutations < 1:
        return np.nan
    patterns = mentions[:, usable].toarray().astype(bool)
    by_topic = sparse.csr_array(mentions[np.lexsort(patterns.T)][:, usable].T.astype(float))
    n_with, scores, rng = n_with[usable][:, None], np.sort(values), np.random.default_rng(seed)
    block = max(1, _NUMBERS_PER_BLOCK // len(scores))
    largest = []
    for first in range(0, permutations, block):
        shuffled = rng.permuted(np.tile(scores, (min(block, permutations - first), 1)), axis=1).T
        with_ = by_topic @ shuffled
        without = (scores.sum() - with_) / (len(scores) - n_with)
        largest.append(np.abs(n_with / len(scores) * (with_ / n_with - without)).max(axis=0))
    return float(np.concatenate(largest).mean())


def _of_score(score: ScoreColumn, comments: pd.DataFrame, topics: Topics, config: DriversConfig) -> pd.DataFrame:
    values = _points(score, comments[score.name])
    mentions = _mentions(comments["topic_ids"], topics.table["topic_id"])
    ones = sparse.csr_array(np.ones((len(values), 1)))
    sums = sparse.hstack([mentions, ones]).T @ np.column_stack([np.ones(len(values)), values, values**2])
    n, total, squares = np.asarray(sums).T
    value, error = impact(n, total, squares)
    small = np.minimum(n[:-1], n[-1] - n[:-1]) < MIN_GROUP
    reach = np.where(small, np.nan, norm.isf(0.025) * error)
    floor = noise_floor(mentions, values, config.permutations, config.permutation_seed)
    method = f"leave-one-out {'NPS in points' if score.scale.metric == 'nps' else 'mean score'}"
    with np.errstate(invalid="ignore", divide="ignore"):
        frame = pd.DataFrame(
            {
                "subject": score.name,
                "metric": score.scale.metric,
                "topic_id": topics.table["topic_id"].to_numpy(),
                "topic_name": topics.table["topic_name"].to_numpy(),
                "n": int(n[-1]),
                "n_mentions": n[:-1].astype(int),
                "share": n[:-1] / n[-1],
                "score_with": total[:-1] / n[:-1],
                "score_without": (total[-1] - total[:-1]) / (n[-1] - n[:-1]),
                "value": value,
                "low": value - reach,
                "high": value + reach,
                "noise_floor": floor,
                "above_noise": np.abs(value) > floor,
                "method": np.where(
                    small, f"{method}; no interval below {MIN_GROUP} comments", f"{method}; delta-method interval"
                ),
            }
        )
    frame = frame[frame["n_mentions"] > 0]
    return frame.iloc[np.lexsort((frame["topic_id"].to_numpy(dtype=str), -frame["value"].abs()))]


def _points(score: ScoreColumn, column: pd.Series) -> np.ndarray:
    """What is averaged: -100, 0 or 100 for NPS, so that the mean is the NPS; the answer itself otherwise."""
    answers = column.to_numpy(dtype=float)
    if score.scale.metric != "nps":
        return answers
    good, bad = (np.isin(answers, list(side)) for side in (score.scale.satisfied, score.scale.dissatisfied))
    return 100.0 * good - 100.0 * bad


def _mentions(topic_ids: pd.Series, topics: pd.Series) -> sparse.csr_array:
    """Which comment mentions which topic: float (comments, topics) of zeros and ones."""
    number = pd.Series(range(len(topics)), index=topics.to_numpy())
    column = topic_ids.reset_index(drop=True).explode().map(number).dropna()
    pairs = np.unique(np.column_stack([column.index, column]).astype(np.intp), axis=0)
    entries = (np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1]))
    return sparse.csr_array(sparse.coo_array(entries, shape=(len(topic_ids), len(topics))))
