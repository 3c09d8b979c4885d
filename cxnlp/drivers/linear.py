"""Adjusted effects on scores and amounts: one linear regression per test, outcome ~ mention + controls.

All tests at once, from counts, sums and sums of squares by cell. Without controls it is the comparison of two means.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t

from cxnlp.drivers.cells import Adjusted, blocks, inestimable
from cxnlp.drivers.robust import Units

__all__ = ["Moments", "adjust"]


@dataclass(frozen=True, slots=True)
class Moments:
    """Units, sums and sums of squares of the outcome by cell of the controls.

    ``matrix`` as in `Cells`. ``n``, ``total``, ``squares``: (cells,). ``n_mentions``, ``total_mentions``,
    ``squares_mentions``: the same among units that mention, (tests, cells). Sums are of values near zero: the overall
    mean is taken off before, lest squares cancel.
    """

    matrix: np.ndarray
    n: np.ndarray
    total: np.ndarray
    squares: np.ndarray
    n_mentions: np.ndarray
    total_mentions: np.ndarray
    squares_mentions: np.ndarray


@dataclass(frozen=True, slots=True)
class _Fit:
    """Some tests' regressions: ``effect``, ``variance`` and degrees of freedom ``df`` (b,).

    ``means``, ``pulls``: without and with the mention, (b, cells) each: the fitted mean, and what a unit's residual
    adds to the effect.
    """

    effect: np.ndarray
    variance: np.ndarray
    df: np.ndarray
    means: tuple[np.ndarray, np.ndarray]
    pulls: tuple[np.ndarray, np.ndarray]


def adjust(
    moments: Moments, patterns: tuple[np.ndarray, np.ndarray], units: Units | None, *, floor: np.ndarray
) -> Adjusted:
    """Adjusted difference of means, with an interval that lets variances differ.

    The variance is HC2 (MacKinnon and White 1985, Journal of Econometrics 29:305-325). Interval and p take t with
    Satterthwaite's degrees of freedom, the variance split into the part of the mentions and that of the others;
    without controls this is Welch's test (1947, Biometrika 34:28-35) to the last digit. The classical variance takes
    the place of a smaller HC2 (Angrist and Pischke 2009, Mostly Harmless Econometrics, section 8.1) where ``floor``
    (tests,) says so, and where all mentions have the mean that is fitted to them.

    ``units``: clusters or weights. The variance is then that of `Units.sandwich`, but not below the one above; with
    t of `Units.freedom`. ``patterns``: cell and outcome of each of their patterns.
    """
    estimator = inestimable(moments.matrix, moments.n, moments.n_mentions)
    if units is not None:
        estimator = np.where(estimator == "", units.few_clusters(), estimator)
    effect, se, df = (np.full(len(estimator), np.nan) for _ in range(3))
    for tests in blocks(np.flatnonzero(estimator == ""), 2 * len(moments.n)):
        fit = _fit(moments, tests, floor[tests])
        variance = fit.variance
        if units is not None:
            variance = np.maximum(variance, _sandwich(units, patterns, tests, fit, moments.matrix.shape[1] + 1))
        effect[tests], se[tests], df[tests] = fit.effect, np.sqrt(variance), fit.df
    if units is not None:
        df = units.freedom
    estimator[estimator == ""] = "linear"
    estimator[se == 0] = "none: the outcome does not vary"
    with np.errstate(invalid="ignore", divide="ignore"):
        reach, p = t.isf(0.025, df) * se, 2 * t.sf(np.abs(effect) / se, df)
    low, high = effect - reach, effect + reach
    # One coefficient for everybody: those who mention it differ by as much as all would.
    return Adjusted.of(estimator, rd=effect, low=low, high=high, se=se, att=effect, att_low=low, att_high=high, p=p)


def _fit(moments: Moments, tests: np.ndarray, floor: np.ndarray) -> _Fit:
    x, n1 = moments.matrix, moments.n_mentions[tests]
    counts = (moments.n - n1, n1)
    gram = (x * moments.n[:, None]).T @ x
    by_column, totals = n1 @ x, moments.total @ x
    explained = np.linalg.solve(gram, by_column.T).T @ x.T  # of the mention by the controls
    left = n1.sum(axis=1) - (n1 * explained).sum(axis=1)
    controls = np.linalg.solve(gram, totals)
    effect = (moments.total_mentions[tests].sum(axis=1) - by_column @ controls) / left
    without = x @ controls - explained * effect[:, None]
    means = (without, without + effect[:, None])
    pulls = (-explained / left[:, None], (1 - explained) / left[:, None])
    leverage = np.einsum("cp,pc->c", x, np.linalg.solve(gram, x.T))
    residuals = _residuals(moments, tests, means, counts)
    parts = []
    for pull, residual in zip(pulls, residuals, strict=True):
        free = 1 - leverage - pull**2 * left[:, None]
        # A unit that determines a coefficient alone has no residual, and nothing to divide it by.
        parts.append((pull**2 * residual / np.where(free > 1e-9, free, np.inf)).sum(axis=1))
    parameters = x.shape[1]
    size, freedom = n1.sum(axis=1), moments.n.sum() - parameters - 1
    classical = sum(part.sum(axis=1) for part in residuals) / freedom / left
    robust = parts[0] + parts[1]
    use = (classical > robust) & (floor | (parts[1] <= 1e-9 * classical))
    others = np.maximum(moments.n.sum() - size - parameters, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        df = robust**2 / (parts[1] ** 2 / (size - 1) + parts[0] ** 2 / others)
    return _Fit(effect, np.where(use, classical, robust), np.where(use, freedom, df), means, pulls)


def _residuals(
    moments: Moments, tests: np.ndarray, means: tuple[np.ndarray, np.ndarray], counts: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Sums of squared residuals without and with the mention, (b, cells) each."""
    total, squares = moments.total_mentions[tests], moments.squares_mentions[tests]
    sums = ((moments.total - total, moments.squares - squares), (total, squares))
    without, with_ = (
        np.maximum(second - 2 * mean * first + mean**2 * n, 0)
        for (first, second), mean, n in zip(sums, means, counts, strict=True)
    )
    return without, with_


def _sandwich(
    units: Units, patterns: tuple[np.ndarray, np.ndarray], tests: np.ndarray, fit: _Fit, parameters: int
) -> np.ndarray:
    cell, value = patterns
    position = np.full(int(tests.max()) + 1, -1)
    position[tests] = np.arange(len(tests))

    def influence(block: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        at = position[block][:, None]
        without, with_ = (
            (pull[at, cell] * (value - mean[at, cell])).T for pull, mean in zip(fit.pulls, fit.means, strict=True)
        )
        return without, with_

    return units.sandwich(influence, tests, parameters)
