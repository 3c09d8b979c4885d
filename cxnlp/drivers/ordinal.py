"""Adjusted odds of a worse answer: one proportional-odds model per test, answer ~ mention + controls.

All tests at once, from counts of answers by cell. Tested against statsmodels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.special import expit
from scipy.stats import chi2, norm, t

from cxnlp.drivers.cells import Adjusted, blocks, doubled, inestimable, information, products
from cxnlp.drivers.robust import Units

__all__ = ["Answers", "adjust", "answers", "ranks"]

MOST_LEVELS = 21
"""Distinct answers that keep a level of their own; more are cut into as many bands of equal size."""

_ITERATIONS = 40
_TOLERANCE = 1e-7
_LONGEST_STEP = 5.0
_SEPARATED = 20.0
_LEAST = 1e-290


@dataclass(frozen=True, slots=True)
class Answers:
    """Counts of answers, from the best (level 0) to the worst, by cell of the controls.

    ``matrix`` as in `Cells`. ``n``: (cells, levels). ``n_mentions``: CSR (tests, cells * levels), of those who mention,
    level last.
    """

    matrix: np.ndarray
    n: np.ndarray
    n_mentions: sparse.csr_array

    def counts(self, tests: np.ndarray) -> np.ndarray:
        """Answers in the rows of `doubled` for some tests: (len(tests), 2 * cells, levels)."""
        mentions = self.n_mentions[tests].toarray().reshape(len(tests), *self.n.shape)
        return np.concatenate([self.n - mentions, mentions], axis=1)

    def by_cell(self) -> np.ndarray:
        """Units that mention, whatever they answered: (tests, cells)."""
        cells, levels = self.n.shape
        summed = sparse.csr_array(np.ones((1, levels)))
        return (self.n_mentions @ sparse.kron(sparse.eye_array(cells), summed.T, format="csr")).toarray()


@dataclass(frozen=True, slots=True)
class _Point:
    """Parameters (models, thresholds + controls + 1) and what follows: mean shares of the levels and their sums."""

    beta: np.ndarray
    loglik: np.ndarray
    below: np.ndarray
    share: np.ndarray


def ranks(y: np.ndarray, worse: int) -> np.ndarray:
    """Level of each answer, int (n,), 0 for the best; ``worse`` is the sign of a change for the worse."""
    value, code = np.unique(worse * y, return_inverse=True)
    if len(value) <= MOST_LEVELS:
        return code.ravel()
    edges = np.quantile(worse * y, np.arange(1, MOST_LEVELS) / MOST_LEVELS, method="inverted_cdf")
    return np.unique(np.searchsorted(np.unique(edges), worse * y, side="left"), return_inverse=True)[1].ravel()


def answers(matrix: np.ndarray, cell: np.ndarray, level: np.ndarray, mentions: sparse.csr_array) -> Answers:
    """Counts of `level` by `cell`, both int (n,), for all units and for those of each test."""
    levels, cells = int(level.max(initial=0)) + 1, len(matrix)
    place = cell * levels + level
    n = np.bincount(place, minlength=cells * levels).reshape(cells, levels)
    membership = sparse.csr_array((np.ones(len(place)), (np.arange(len(place)), place)), shape=(len(place), n.size))
    return Answers(matrix, n.astype(float), sparse.csr_array(mentions.T @ membership))


def adjust(counted: Answers, units: Units | None = None) -> Adjusted:
    """Odds ratio of a worse answer with the mention, controls held fixed, at every threshold the same.

    McCullagh 1980, JRSS B 42:109-142: log odds of an answer worse than level j = mention and controls - alpha_j.
    Likelihood-ratio p and Wald interval; with ``units``, Wald's p and an interval from `Units.sandwich` (patterns are
    cell * levels + level), whose variance is not taken below the model's own. Only the odds ratio, its limits and p
    are filled.
    """
    estimator = inestimable(counted.matrix, counted.n.sum(axis=1), counted.by_cell())
    if units is not None:
        estimator = np.where(estimator == "", units.few_clusters(), estimator)
    x = counted.matrix[:, 1:]
    beta, se, p = (np.full(len(estimator), np.nan) for _ in range(3))
    null, _, _ = _fit(x, products(x), counted.n[None], _start(counted.n, x.shape[1]))
    rows = doubled(x)
    crossed = products(rows)
    start = np.append(null.beta[0], 0.0)
    for tests in blocks(np.flatnonzero(estimator == ""), 2 * counted.n.size):
        point, found, inverse = _fit(rows, crossed, counted.counts(tests), start)
        variance = inverse[:, -1, -1]
        if units is not None:
            variance = np.maximum(variance, _sandwich(units, rows, tests, point, inverse[:, -1]))
        beta[tests], se[tests] = point.beta[:, -1], np.sqrt(variance)
        p[tests] = chi2.sf(np.maximum(2 * (point.loglik - null.loglik[0]), 0), 1)
        estimator[tests] = np.where(found, "proportional odds", "none: the model did not converge")
    reach = se * norm.isf(0.025)
    if units is not None:
        p, reach = 2 * t.sf(np.abs(beta) / se, units.freedom), se * t.isf(0.025, units.freedom)
    return Adjusted.of(
        estimator, odds_ratio=np.exp(beta), or_low=np.exp(beta - reach), or_high=np.exp(beta + reach), p=p
    )


def _start(n: np.ndarray, controls: int) -> np.ndarray:
    """Thresholds that give the overall shares, and no effects."""
    below = n.sum(axis=0).cumsum()[:-1] / n.sum()
    return np.concatenate([np.log(below / (1 - below)), np.zeros(controls)])


def _fit(
    x: np.ndarray, crossed: sparse.csr_array, counts: np.ndarray, start: np.ndarray
) -> tuple[_Point, np.ndarray, np.ndarray]:
    """Maximum likelihood by Fisher scoring: the point reached, whether it is a maximum, the inverse information."""
    point = _at(x, counts, np.tile(start, (len(counts), 1)))
    found = np.zeros(len(counts), dtype=bool)
    for _ in range(_ITERATIONS):
        score, fisher = _derivatives(x, crossed, counts, point)
        step = np.linalg.solve(fisher, score[..., None])[..., 0]
        step /= np.maximum(np.abs(step).max(axis=1, keepdims=True, initial=0) / _LONGEST_STEP, 1)
        found = np.abs(step).max(axis=1, initial=0) < _TOLERANCE
        step[found | (np.abs(point.beta[:, -1]) > _SEPARATED)] = 0
        if not step.any():
            break
        moved = _at(x, counts, point.beta + step)
        while (worse := moved.loglik < point.loglik - 1e-9 * np.abs(point.loglik)).any():
            step[worse] /= 2
            moved = _at(x, counts, point.beta + step)
        point = moved
    return point, found, np.linalg.inv(_derivatives(x, crossed, counts, point)[1])


def _at(x: np.ndarray, counts: np.ndarray, beta: np.ndarray) -> _Point:
    thresholds = counts.shape[2] - 1
    predictor = beta[:, thresholds:] @ x.T
    below = expit(beta[:, None, :thresholds] - predictor[..., None])
    edges = np.zeros((*below.shape[:2], thresholds + 2))
    edges[..., 1:-1], edges[..., -1] = below, 1
    share = np.maximum(np.diff(edges, axis=2), _LEAST)
    loglik = np.einsum("krl,krl->k", counts, np.log(share))
    return _Point(beta, loglik, edges, share)


def _derivatives(
    x: np.ndarray, crossed: sparse.csr_array, counts: np.ndarray, point: _Point
) -> tuple[np.ndarray, np.ndarray]:
    """Score (models, parameters) and expected information of the log-likelihood (McCullagh 1980, appendix)."""
    n, share, below = counts.sum(axis=2), point.share, point.below[..., 1:-1]
    thresholds = below.shape[2]
    slope = below * (1 - below)
    ratio, weight = counts / share, n[..., None] / share
    tilt = 1 - point.below[..., 1:] - point.below[..., :-1]
    score = np.concatenate(
        [
            np.einsum("krj,krj->kj", slope, ratio[..., :-1] - ratio[..., 1:]),
            -np.einsum("krl,krl->kr", counts, tilt) @ x,
        ],
        axis=1,
    )
    fisher = np.zeros((len(counts), score.shape[1], score.shape[1]))
    at = np.arange(thresholds)
    fisher[:, at, at] = np.einsum("krj,krj,krj->kj", slope, slope, weight[..., :-1] + weight[..., 1:])
    beside = -np.einsum("krj,krj,krj->kj", slope[..., :-1], slope[..., 1:], weight[..., 1:-1])
    fisher[:, at[:-1], at[1:]] = beside
    fisher[:, at[1:], at[:-1]] = beside
    mixed = -n[..., None] * slope * (share[..., :-1] + share[..., 1:])
    fisher[:, :thresholds, thresholds:] = np.matmul(mixed.transpose(0, 2, 1), x)
    fisher[:, thresholds:, :thresholds] = fisher[:, :thresholds, thresholds:].transpose(0, 2, 1)
    fisher[:, thresholds:, thresholds:] = information(crossed, n * np.einsum("krl,krl->kr", share, tilt**2))
    return score, fisher


def _sandwich(units: Units, rows: np.ndarray, tests: np.ndarray, point: _Point, carried: np.ndarray) -> np.ndarray:
    """Robust variance of the mention's coefficient (b,); ``carried``: its row of the inverse information."""
    position = np.full(int(tests.max()) + 1, -1)
    position[tests] = np.arange(len(tests))
    cells = len(rows) // 2

    def influence(block: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        at = position[block]
        edges, share = point.below[at], point.share[at]
        thresholds = share.shape[2] - 1
        rise = np.zeros_like(edges)
        rise[..., 1:-1] = edges[..., 1:-1] * (1 - edges[..., 1:-1]) * carried[at, None, :thresholds]
        tilt = 1 - edges[..., 1:] - edges[..., :-1]
        pull = np.diff(rise, axis=2) / share - tilt * (carried[at, thresholds:] @ rows.T)[..., None]
        return pull[:, :cells].reshape(len(at), -1).T, pull[:, cells:].reshape(len(at), -1).T

    return units.sandwich(influence, tests, carried.shape[1])
