"""Leave-one-out impact of topics on scores: a description with an interval and a noise floor, never a driver."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.stats import norm

from cxnlp.config import DriversConfig
from cxnlp.drivers.canonical import content, kinds, patterns
from cxnlp.drivers.robust import holding
from cxnlp.results import Note, ScoreColumn, Table, Topics

__all__ = ["leave_one_out", "noise_floor", "impact", "impact_error"]

MIN_GROUP = 5
"""Fewest comments with, and without, the topic for an interval."""

_MIN_ALIKE = 20  # groups that change places with each other; one of a size of its own would stay where it is
_NUMBERS_PER_BLOCK = 4_000_000


def leave_one_out(table: Table, topics: Topics, config: DriversConfig) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """The `impact` table over every score and topic: scored comments (status ok) that have a score.

    A comment without words cannot mention a topic, so it is left out of both sides of the comparison. Comments of one
    customer are alike, and so are those of customers of one cluster: where there are several, intervals and noise
    floor take the customer (the cluster) as the unit.
    """
    frames, notes = [], []
    spoken = table.comments[table.comments["status"] == "ok"]
    groups = _groups(table, spoken)
    for score in table.scores:
        scored = spoken[score.name].notna().to_numpy()
        if scored.any():
            frames.append(_of_score(score, spoken[scored], groups[scored], topics, config))
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


def impact_error(mentions: sparse.csr_array, values: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Standard error of each topic's impact where comments come in groups that are alike: (topics,).

    Linearised (delta method), the impact is the sum over comments of (y - M)/N - [no mention] (y - M_E)/n_E, with the
    notation of `impact`; its variance is the sum of the squares of the groups' sums, times G/(G - 1) for G groups
    (Liang and Zeger 1986, Biometrika 73:13-22). With one comment a group and without that factor it is
    Var(I) of `impact`. NaN with one group, and where nobody or everybody mentions it.

    Parameters: ``mentions`` (comments, topics) of zeros and ones; ``values`` and ``group`` (comments,).
    """
    groups = np.unique(group, return_inverse=True)[1].ravel()
    size = np.bincount(groups).astype(float)
    if len(size) < 2:
        return np.full(mentions.shape[1], np.nan)
    n = len(values)
    # A whole number is taken off, so that sums of answers stay exact and the order of rows cannot change them.
    centred = values - np.round(values.mean())
    belongs = sparse.csr_array((np.ones(n), (groups, np.arange(n))), shape=(len(size), n))
    n_with, with_ = np.asarray(mentions.sum(axis=0)), mentions.T @ centred
    with np.errstate(invalid="ignore", divide="ignore"):
        n_without, mean_without = n - n_with, (centred.sum() - with_) / (n - n_with)
        # Of each group: what it adds if it mentions nothing, dense of rank two, less what its mentions take from that.
        of_score, of_size = 1 / n - 1 / n_without, mean_without / n_without - centred.mean() / n
        mentioned = sparse.csr_array(belongs @ mentions)
        scores = sparse.csr_array(belongs @ (mentions * centred[:, None]))
        total = belongs @ centred
        plain = of_score**2 * (total @ total) + 2 * of_score * of_size * (total @ size) + of_size**2 * (size @ size)
        crossed = of_score * (scores.T @ total - mean_without * (mentioned.T @ total))
        crossed += of_size * (scores.T @ size - mean_without * (mentioned.T @ size))
        squares = scores.power(2).sum(axis=0) - 2 * mean_without * scores.multiply(mentioned).sum(axis=0)
        squares = squares + mean_without**2 * mentioned.power(2).sum(axis=0)
        variance = plain + 2 * crossed / n_without + squares / n_without**2
    found = np.sqrt(np.maximum(variance, 0) * len(size) / (len(size) - 1))
    return np.where((n_with > 0) & (n_without > 0), found, np.nan)


def noise_floor(
    mentions: sparse.csr_array, values: np.ndarray, permutations: int, seed: int, group: np.ndarray | None = None
) -> float:
    """Mean over permuted scores of the largest absolute impact over all topics; NaN without topics.

    ``mentions``: (comments, topics), rows in any order; ``values``: their scores; ``group``: (comments,), groups that
    are alike. Where groups hold several comments their scores are dealt out group by group to comments in the order of
    groups, so that scores that go together stay together. Rows are put in the order of their topics and scores
    in the order of their size first, so that the floor does not depend on the order of the input.
    """
    n_with = np.asarray(mentions.sum(axis=0))
    usable = (n_with > 0) & (n_with < len(values))
    if not usable.any() or permutations < 1:
        return np.nan
    rows, scores, size = _dealt(patterns(mentions[:, usable]), values, group)
    by_topic = sparse.csr_array(mentions[rows][:, usable].T.astype(float))
    n_with, total, rng = n_with[usable][:, None], np.sort(values).sum(), np.random.default_rng(seed)
    block = max(1, _NUMBERS_PER_BLOCK // len(scores))
    largest = []
    for first in range(0, permutations, block):
        shuffled = _shuffled(scores, size, min(block, permutations - first), rng)
        with_ = by_topic @ shuffled
        without = (total - with_) / (len(scores) - n_with)
        largest.append(np.abs(n_with / len(scores) * (with_ / n_with - without)).max(axis=0))
    return float(np.concatenate(largest).mean())


def _dealt(
    pattern: np.ndarray, values: np.ndarray, group: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Order of the comments, the scores in their own order, and the sizes of the runs of scores (None: all one).

    Both orders go by the size of groups and by what they hold, never by how they are numbered.
    """
    number = np.arange(len(values)) if group is None else np.unique(group, return_inverse=True)[1].ravel()
    size = np.bincount(number)
    if size.max() == 1:
        return np.argsort(pattern, kind="stable"), np.sort(values), None
    score = kinds(values)
    by_group = np.lexsort((pattern, number, content(pattern, number)[number], size[number]))
    runs = np.lexsort((score, number, content(score, number)[number], size[number]))
    size = np.sort(size)
    # Comments of a group are in the order of their topics: scores in the order of their size would go with topics.
    mixed = np.lexsort((np.random.default_rng(0).random(len(runs)), np.repeat(np.arange(len(size)), size)))
    return by_group, values[runs[mixed]], size


def _shuffled(scores: np.ndarray, size: np.ndarray | None, times: int, rng: np.random.Generator) -> np.ndarray:
    """Permuted scores (comments, times): runs of `size` scores, change places with runs of like size."""
    if size is None:
        return rng.permuted(np.tile(scores, (times, 1)), axis=1).T
    places = (_like(size) + rng.random((times, len(size))))[:, np.repeat(np.arange(len(size)), size)]
    return scores[np.argsort(places, axis=1, kind="stable")].T


def _like(size: np.ndarray) -> np.ndarray:
    """Number of the class of each size, rising with it: sizes that too few groups have are one class."""
    number, held, classes = 0, 0, []
    sizes, counts = np.unique(size, return_counts=True)
    for count in counts[::-1]:
        classes.append(number)
        held += count
        if held >= _MIN_ALIKE:
            number, held = number - 1, 0
    return np.array(classes[::-1])[np.searchsorted(sizes, size)]


def _groups(table: Table, comments: pd.DataFrame) -> np.ndarray:
    """Number of each comment's cluster, of its customer where there are no clusters or its cluster is not known."""
    unit = comments["unit"].to_numpy(dtype=np.intp)
    if "cluster" not in table.units.columns:
        return unit
    cluster = pd.Series(table.units["cluster"].to_numpy(), table.units["unit"].to_numpy()).reindex(unit)
    code = pd.factorize(cluster)[0]
    return np.where(code < 0, unit, unit.max(initial=-1) + 1 + code)


def _of_score(
    score: ScoreColumn, comments: pd.DataFrame, group: np.ndarray, topics: Topics, config: DriversConfig
) -> pd.DataFrame:
    values = _points(score, comments[score.name])
    mentions = _mentions(comments["topic_ids"], topics.table["topic_id"])
    ones = sparse.csr_array(np.ones((len(values), 1)))
    sums = sparse.hstack([mentions, ones]).T @ np.column_stack([np.ones(len(values)), values, values**2])
    n, total, squares = np.asarray(sums).T
    value, error = impact(n, total, squares)
    units, of = np.minimum(n[:-1], n[-1] - n[:-1]), "comments"
    if grouped := len(np.unique(group)) < len(group):
        error = impact_error(mentions, values, group)
        units, of = holding(np.unique(group, return_inverse=True)[1].ravel(), mentions), "customers or clusters"
    small = units < MIN_GROUP
    reach = np.where(small, np.nan, norm.isf(0.025) * error)
    floor = noise_floor(mentions, values, config.permutations, config.permutation_seed, group)
    method = f"leave-one-out {'NPS in points' if score.scale.metric == 'nps' else 'mean score'}"
    how = f"delta-method interval{', robust to comments of one customer or cluster' if grouped else ''}"
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
                "method": np.where(small, f"{method}; no interval below {MIN_GROUP} {of}", f"{method}; {how}"),
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
