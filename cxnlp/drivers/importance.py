"""Relative importance: how the explained variance of an outcome is divided among correlated topics.

Units with equal outcome, controls and mentions are one row with a count. A resample only changes the counts, so
the sums of products of all resamples are one sparse matrix times another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import factorial

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.stats import rankdata

from cxnlp.drivers.canonical import by_content, kinds, patterns
from cxnlp.drivers.sample import Sample

__all__ = ["importance", "johnson", "lmg", "COLUMNS", "MOST_FOR_LMG"]

COLUMNS: tuple[str, ...] = (
    "topic_id",
    "polarity",
    "n",
    "n_mentions",
    "weight",
    "share",
    "rank",
    "rank_low",
    "rank_high",
    "r2",
    "method",
)
"""What `importance` returns: the declared columns of `importance` without outcome and topic_name."""

MOST_FOR_LMG = 8
"""So many predictors are averaged over all orderings; more would double the work with each."""

MIN_GROUP = 5
"""Fewest units that mention a predictor, and fewest that do not."""

UNITS_PER_PARAMETER = 10
"""With fewer units for each coefficient, chance alone explains too much; the least mentioned stay out."""

_TOLERANCE = 1e-9
_DIGITS = 10  # of a weight, before ranks are given: what the order of summation may change lies far below
_PAIRS_PER_BLOCK = 2_000_000
_NUMBERS_PER_BLOCK = 20_000_000


@dataclass(frozen=True, slots=True)
class _Kinds:
    """Units that are equal in all that counts here, in an order that does not depend on the order of the input.

    ``predictors``: CSR (kinds, k + parameters), the mentions, then the controls. ``y``: their outcome, centred.
    ``count``: how many units. ``of_cluster``: CSR (kinds, clusters) of counts, or None where units are independent.
    """

    predictors: sparse.csr_array
    y: np.ndarray
    count: np.ndarray
    of_cluster: sparse.csr_array | None


def importance(sample: Sample, topics: pd.DataFrame, *, resamples: int, seed: int) -> pd.DataFrame:
    """Share of the outcome's variance that goes to each topic and polarity, beyond the controls.

    The model is linear, outcome ~ all mentions + controls; of an event it is the linear probability model. The controls
    are partialled out of outcome and mentions first (Frisch and Waugh 1933, Econometrica 1:387-401), so that the
    weights sum to ``r2``, what the mentions add to the R^2 of the controls. Up to `MOST_FOR_LMG` predictors: the
    average over all orderings (`lmg`); more: relative weights (`johnson`).

    Parameters
    ----------
    sample : the units of one outcome.
    topics : columns topic_id, polarity and ``column``, the test over all stages in ``sample.mentions``.
    resamples : bootstrap resamples of units (of clusters, where there are any) for the intervals of ranks, with
        Poisson weights (Hanley and MacGibbon 2006, Computer Methods and Programs in Biomedicine 83:57-62); 0: none,
        limits are NaN.
    seed : of the resamples.

    Returns
    -------
    DataFrame
        `COLUMNS`, by rank; equal weights share the smaller rank. Only predictors that at least `MIN_GROUP` units
        mention and as many do not, the most mentioned first, as many as leave `UNITS_PER_PARAMETER` units for each
        coefficient. A predictor that the controls determine has weight 0; predictors that are alike share what is
        theirs. Without rows where no predictor is left or the outcome is constant.
    """
    chosen = _chosen(sample, topics)
    if chosen.empty or np.ptp(sample.y) == 0:
        return pd.DataFrame(columns=list(COLUMNS))
    weights, r2 = _weights(_kinds(sample, chosen["column"].to_numpy()), len(chosen), resamples, seed)
    ranks = rankdata(-np.round(weights, _DIGITS), method="min", axis=1)
    total = weights[0].sum()
    frame = chosen.assign(
        n=len(sample.y),
        weight=weights[0],
        share=weights[0] / total if total > 0 else np.nan,
        rank=ranks[0].astype(np.int64),
        rank_low=np.nan,
        rank_high=np.nan,
        r2=r2,
        method="lmg" if len(chosen) <= MOST_FOR_LMG else "johnson",
    )
    if resamples:
        frame["rank_low"], frame["rank_high"] = np.quantile(ranks[1:], [0.025, 0.975], axis=0, method="inverted_cdf")
    return frame.sort_values(["rank", "topic_id", "polarity"], ignore_index=True)[list(COLUMNS)]


def johnson(correlation: np.ndarray) -> np.ndarray:
    """Relative weights of k predictors: (..., k) from correlations (..., k + 1, k + 1) with the outcome last.

    R_xx = V D^2 V', L = V D V', b = L^-1 r_xy, weight_j = sum_k l_jk^2 b_k^2; they sum to R^2 (Johnson 2000,
    Multivariate Behavioral Research 35:1-19). Directions without variance are left out of the inverse, so that
    predictors that repeat each other share a weight and a constant one (a row of zeros) has none.
    """
    values, vectors = np.linalg.eigh(correlation[..., :-1, :-1])
    kept = values > _TOLERANCE * values[..., -1:]
    root = np.sqrt(np.where(kept, values, 0))
    inverse = np.divide(1, root, out=np.zeros_like(root), where=kept)
    turned = np.swapaxes(vectors, -1, -2)
    loadings = (vectors * root[..., None, :]) @ turned
    slopes = vectors @ (inverse[..., None] * (turned @ correlation[..., :-1, -1:]))
    return (loadings**2 @ slopes**2)[..., 0]


def lmg(correlation: np.ndarray) -> np.ndarray:
    """What each of k predictors adds to R^2, averaged over all orderings: arguments and result as of `johnson`.

    Lindeman, Merenda and Gold 1980, Introduction to Bivariate and Multivariate Analysis, p. 119 ff.; Groemping 2007,
    The American Statistician 61:139-147. A subset of s predictors precedes the next in s! (k - s - 1)! orderings.
    What a predictor repeats of those before it adds nothing.
    """
    k = correlation.shape[-1] - 1
    left = {0: correlation}  # by subset, as bits: what its predictors leave of variances and covariances
    result = np.zeros((*correlation.shape[:-2], k))
    for subset in range(1 << k):
        size = subset.bit_count()
        for predictor in (number for number in range(k) if not subset >> number & 1):
            larger = subset | 1 << predictor
            swept = left[larger] if larger in left else _sweep(left[subset], predictor)
            left[larger] = swept
            share = factorial(size) * factorial(k - size - 1) / factorial(k)
            result[..., predictor] += share * (left[subset][..., -1, -1] - swept[..., -1, -1])
        del left[subset]
    return result


def _sweep(covariance: np.ndarray, predictor: int) -> np.ndarray:
    column = covariance[..., predictor]
    variance = column[..., predictor]
    inverse = np.divide(1, variance, out=np.zeros_like(variance), where=variance > _TOLERANCE)
    return covariance - column[..., :, None] * column[..., None, :] * inverse[..., None, None]


def _chosen(sample: Sample, topics: pd.DataFrame) -> pd.DataFrame:
    n = len(sample.y)
    mentions = np.asarray(sample.mentions.sum(axis=0))[topics["column"].to_numpy(dtype=np.intp)]
    able = topics.assign(n_mentions=mentions.astype(np.int64))[np.minimum(mentions, n - mentions) >= MIN_GROUP]
    most = max(n // UNITS_PER_PARAMETER - sample.design.matrix.shape[1], 0)
    able = able.sort_values(["n_mentions", "topic_id", "polarity"], ascending=[False, True, True]).head(most)
    return able.sort_values(["topic_id", "polarity"], ignore_index=True)


def _kinds(sample: Sample, columns: np.ndarray) -> _Kinds:
    mentions = sample.mentions[:, columns].astype(float)
    kind = kinds(patterns(mentions), sample.design.cell, sample.y)
    first, count = np.unique(kind, return_index=True)[1], np.bincount(kind)
    controls = sparse.csr_array(sample.design.matrix)[sample.design.cell[first]]
    of_cluster = None
    if sample.cluster is not None:
        places = (kind, by_content(kind, sample.cluster))
        of_cluster = sparse.csr_array(sparse.coo_array((np.ones(len(kind)), places)))
    y = sample.y[first]
    y = y - count @ y / count.sum()
    return _Kinds(sparse.csr_array(sparse.hstack([mentions[first], controls])), y, count, of_cluster)


def _weights(units: _Kinds, k: int, resamples: int, seed: int) -> tuple[np.ndarray, float]:
    """Importance (1 + resamples, k), the sample itself first, and the sample's R^2 beyond the controls."""
    parts = []
    for counts in _resampled(units, resamples, seed):
        correlation, beyond = _partial_correlations(_grams(units, counts), k)
        parts.append((lmg if k <= MOST_FOR_LMG else johnson)(correlation) * beyond[:, None])
    weights = np.concatenate(parts)
    return weights, float(weights[0].sum())


def _resampled(units: _Kinds, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Counts of the kinds, float (kinds, some resamples); the very first column is the sample itself."""
    rng = np.random.default_rng(seed)
    size = max(1, _NUMBERS_PER_BLOCK // max(len(units.count), units.predictors.shape[1] ** 2))
    yield units.count[:, None].astype(float)
    for first in range(0, resamples, size):
        number = min(size, resamples - first)
        if units.of_cluster is None:
            yield rng.poisson(units.count[:, None], (len(units.count), number)).astype(float)
        else:
            yield units.of_cluster @ rng.poisson(1.0, (units.of_cluster.shape[1], number)).astype(float)


def _grams(units: _Kinds, counts: np.ndarray) -> np.ndarray:
    """Sums of products of predictors, controls and outcome in each resample: (resamples, m, m), outcome last."""
    m = units.predictors.shape[1]
    gram = np.zeros((m * m, counts.shape[1]))
    for block in _blocks(units.predictors):
        gram += _products(units.predictors[block]) @ counts[block]
    result = np.empty((counts.shape[1], m + 1, m + 1))
    result[:, :m, :m] = gram.T.reshape(-1, m, m)
    result[:, :m, m] = ((units.predictors.T * units.y) @ counts).T
    result[:, m, :m] = result[:, :m, m]
    result[:, m, m] = units.y**2 @ counts
    return result


def _blocks(rows: sparse.csr_array) -> list[slice]:
    pairs = np.cumsum(np.diff(rows.indptr).astype(np.int64) ** 2)
    limits = np.arange(1, pairs[-1] // _PAIRS_PER_BLOCK + 1) * _PAIRS_PER_BLOCK
    edges = np.unique([0, *np.searchsorted(pairs, limits), rows.shape[0]])
    return [slice(start, stop) for start, stop in pairwise(edges)]


def _products(rows: sparse.csr_array) -> sparse.csr_array:
    """Products of every two columns of rows of zeros and ones: (columns^2, rows), nearly all of them zero."""
    in_row = np.diff(rows.indptr)
    row = np.repeat(np.arange(rows.shape[0]), in_row)
    partners = in_row[row].astype(np.int64)
    nth = np.arange(partners.sum()) - np.repeat(np.cumsum(partners) - partners, partners)
    index = np.repeat(rows.indices.astype(np.int64), partners) * rows.shape[1]
    index += rows.indices[np.repeat(rows.indptr[:-1][row], partners) + nth]
    shape = (rows.shape[1] ** 2, rows.shape[0])
    return sparse.csr_array(sparse.coo_array((np.ones(len(index)), (index, np.repeat(row, partners))), shape=shape))


def _partial_correlations(gram: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Correlations of predictors and outcome given the controls, and the share of variance that controls leave.

    A predictor that the controls determine gets zeros. Some resamples hold nobody of a rare level: the generalised
    inverse leaves such a level out.
    """
    inside = np.r_[0:k, gram.shape[1] - 1]
    outside = np.arange(k, gram.shape[1] - 1)
    own, shared = gram[:, inside[:, None], inside], gram[:, inside[:, None], outside]
    inverse = np.linalg.pinv(gram[:, outside[:, None], outside], rcond=1e-10, hermitian=True)
    left = own - shared @ inverse @ np.swapaxes(shared, 1, 2)
    before, after = (np.diagonal(matrix, axis1=1, axis2=2) for matrix in (own, left))
    varies = after > _TOLERANCE * before
    scale = np.where(varies, 1 / np.sqrt(np.where(varies, after, 1)), 0)
    # A resample of a few clusters may hold no unit at all: nothing varies in it.
    units = np.where(gram[:, k, k] > 0, gram[:, k, k], 1)
    total = before[:, -1] - gram[:, -1, k] ** 2 / units
    beyond = np.divide(after[:, -1], total, out=np.zeros_like(total), where=total > _TOLERANCE * before[:, -1])
    return left * scale[:, :, None] * scale[:, None, :], beyond
