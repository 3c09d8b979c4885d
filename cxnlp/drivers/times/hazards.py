"""The time columns of the drivers table: hazard ratios, whether they change, and the log-rank test."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.stats import t as student

from cxnlp.drivers.robust import MIN_CLUSTERS, holding
from cxnlp.drivers.times.cox import Fitted, Model, blocks, fit, fit_controls, model
from cxnlp.drivers.times.proportional import Trend, trend
from cxnlp.drivers.times.residuals import Path, added, clustered_variance
from cxnlp.drivers.times.risk import Grid, Mentions, Units, grid, mentions, units
from cxnlp.drivers.times.timeline import MIN_EVENTS, Timeline

__all__ = ["hazards", "COLUMNS"]

COLUMNS = ("hr", "hr_low", "hr_high", "hr_p", "hr_changes_p", "logrank_p")

_SIGNIFICANT_DIGITS = 10  # the digits below depend on the order of sums, and that on rows and threads


def hazards(
    time: Timeline,
    mentioned_at: sparse.csr_array,
    cell: np.ndarray,
    matrix: np.ndarray,
    cluster: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """Hazard ratio of leaving with the mention to without it, for k tests: arrays (k,) by column of `drivers`.

    A unit is without the mention until the day on which it makes it, and with it from the next day on, so that the
    time which it had to stay in order to mention anything does not count for the mention (immortal time; Suissa 2008,
    Am J Epidemiol 167:492-499).

    Parameters
    ----------
    time : times at risk of n units.
    mentioned_at : CSR (n, k), day of the first mention on the scale of `time` + 1; absent where there is none.
    cell : int (n,), combination of control levels; ``matrix``: float (cells, parameters), zeros and ones, intercept
        first.
    cluster : int (n,), groups of units that are alike, or None where all are independent.

    Returns
    -------
    hr, hr_low, hr_high, hr_p : Cox model with controls (`cox`), Wald interval and p; variance from the information,
        with clusters that of Lin and Wei 1989.
    hr_changes_p : score test of a coefficient that changes with the rank of time (`proportional`).
    logrank_p : log-rank test between the two groups, between which units move at their mention (Mantel and Byar 1974,
        JASA 69:81-86); nothing is adjusted for; with clusters its variance is that of Lin and Wei too.

    NaN with fewer than 5 events with or without the mention, in fewer than 5 clusters that hold mentions or others, and
    (all but the log-rank) where the estimate did not converge or the controls leave nothing of the mention. With
    clusters p-values and intervals are those of t, with the degrees of freedom of `robust.Units`. In our simulations
    intervals held .95 with as few as two events per parameter: it is the controls that such data leave uncertain.
    """
    steps = grid(time)
    of = units(time, cell, len(matrix), steps)
    who = mentions(time, mentioned_at, of, steps)
    result = {name: np.full(mentioned_at.shape[1], np.nan) for name in COLUMNS}
    alike = None if cluster is None else _Clusters.of(cluster, who)
    tests = _testable(who, steps, alike)
    if not len(tests):
        return result
    result["logrank_p"][tests] = _logrank(of, who, steps, tests, alike)
    shared = model(of, steps, matrix)
    controls = fit_controls(shared)
    for group, block in blocks(shared, who, tests):
        found, converged = fit(shared, block, controls)
        if not converged.any():
            continue
        found, group = _only(found, converged), group[converged]
        change = trend(found, steps, who.events[group])
        unit_vector = np.eye(found.information.shape[1])[-1]
        influence = np.linalg.solve(found.information, unit_vector[:, None])[:, :, 0]
        variance, change_variance = influence[:, -1], change.variance
        if alike is not None:
            variance, change_variance = _robust(shared, of, who, steps, alike, group, found, influence, change)
        degrees = _degrees(alike, group)
        _fill(result, group, found.coefficients[:, -1], variance, degrees)
        result["hr_changes_p"][group] = _p(change.score, change_variance, degrees)
    return result


@dataclass(frozen=True, slots=True)
class _Clusters:
    """Cluster of each unit, int (n,) from 0; ``holding`` (tests,)."""

    number: np.ndarray
    holding: np.ndarray

    @classmethod
    def of(cls, cluster: np.ndarray, who: Mentions) -> _Clusters:
        number = np.unique(cluster, return_inverse=True)[1].ravel()
        shape = (len(number), len(who.of_test) - 1)
        said = sparse.csc_array((np.ones(len(who.unit), dtype=np.int64), who.unit, who.of_test), shape=shape)
        return cls(number, holding(number, sparse.csr_array(said)).astype(float))


def _testable(who: Mentions, steps: Grid, alike: _Clusters | None) -> np.ndarray:
    with_ = who.events.sum(axis=1)
    enough = (with_ >= MIN_EVENTS) & (steps.n_events.sum() - with_ >= MIN_EVENTS)
    if alike is not None:
        enough &= alike.holding >= MIN_CLUSTERS
    return np.flatnonzero(enough)


def _degrees(alike: _Clusters | None, tests: np.ndarray) -> np.ndarray:
    return np.full(len(tests), np.inf) if alike is None else alike.holding[tests] - 1


def _p(score: np.ndarray, variance: np.ndarray, degrees: np.ndarray) -> np.ndarray:
    """Two-sided p-value of a score with mean zero; NaN where it has no variance."""
    error = np.sqrt(np.where(variance > 0, variance, np.nan))
    return _rounded(2 * student.sf(np.abs(score) / error, degrees))


def _fill(
    result: dict[str, np.ndarray], tests: np.ndarray, beta: np.ndarray, variance: np.ndarray, degrees: np.ndarray
) -> None:
    error = np.sqrt(np.where(variance > 0, variance, np.nan))
    reach = student.isf(0.025, degrees) * error
    result["hr"][tests] = _rounded(np.exp(np.where(np.isfinite(error), beta, np.nan)))
    result["hr_low"][tests] = _rounded(np.exp(beta - reach))
    result["hr_high"][tests] = _rounded(np.exp(beta + reach))
    result["hr_p"][tests] = _p(beta, variance, degrees)


def _logrank(of: Units, who: Mentions, steps: Grid, tests: np.ndarray, alike: _Clusters | None) -> np.ndarray:
    """Log-rank p of `tests`: events with the mention against those expected, by day."""
    there = _at_risk(of, len(steps.days))
    share = who.at_risk[tests] / there
    excess = (who.events[tests] - steps.n_events * share).sum(axis=1)
    if alike is None:
        without_return = (there - steps.n_events) / np.maximum(there - 1, 1)
        return _p(excess, (share * (1 - share)) @ (steps.n_events * without_return), _degrees(None, tests))
    count = len(steps.days)
    daily = replace(
        steps, first_row=np.arange(count + 1), fraction=np.zeros(count), weight=steps.n_events
    )  # ties as in the log-rank test
    equal, none = np.ones(len(of.first)), np.zeros(len(of.first))
    variance = np.empty(len(tests))
    for number, test in enumerate(tests):
        path = Path(steps.n_events / there, np.ones(count), share[number])
        each = added(path, of, daily, equal, none, 1.0, *_of_test(who, int(test)))
        variance[number] = clustered_variance(each, alike.number, int(alike.holding[test]))
    return _p(excess, variance, _degrees(alike, tests))


def _robust(
    shared: Model,
    of: Units,
    who: Mentions,
    steps: Grid,
    alike: _Clusters,
    tests: np.ndarray,
    found: Fitted,
    influence: np.ndarray,
    change: Trend,
) -> tuple[np.ndarray, np.ndarray]:
    """Clustered variances of the mention's coefficient and of the score of its change."""
    variances = np.empty((2, len(tests)))
    risk, direction = np.zeros(len(shared.kept)), np.zeros(len(shared.kept))
    for number, test in enumerate(tests):
        coefficients, mean = found.coefficients[number], found.mean[number]
        hazard = steps.weight / found.total[number]
        risk[shared.kept] = np.exp(shared.controls @ coefficients[:-1])
        directions = (influence[number], np.zeros(len(hazard))), (-change.shift[number], change.g)
        for which, (vector, extra) in enumerate(directions):
            path = Path(hazard, vector[-1] + extra, mean @ vector + extra * mean[:, -1])
            direction[shared.kept] = shared.controls @ vector[:-1]
            ratio = float(np.exp(coefficients[-1]))
            each = added(path, of, steps, risk[of.cell], direction[of.cell], ratio, *_of_test(who, int(test)))
            variances[which, number] = clustered_variance(each, alike.number, int(alike.holding[test]))
    return variances[0], variances[1]


def _of_test(who: Mentions, test: int) -> tuple[np.ndarray, np.ndarray]:
    of = slice(who.of_test[test], who.of_test[test + 1])
    return who.unit[of], who.start[of]


def _at_risk(of: Units, days: int) -> np.ndarray:
    """Units at risk on each day of the grid, (d,)."""
    changes = np.bincount(of.first, minlength=days + 1) - np.bincount(of.last, minlength=days + 1)
    return np.cumsum(changes)[:-1].astype(float)


def _only(found: Fitted, which: np.ndarray) -> Fitted:
    return Fitted(**{name: getattr(found, name)[which] for name in Fitted.__dataclass_fields__})


def _rounded(values: np.ndarray) -> np.ndarray:
    """To ten significant digits."""
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.floor(np.log10(np.abs(values)))
    scale = np.where(np.isfinite(scale), scale, 0).clip(-290, 290)
    return np.round(values / 10.0**scale, _SIGNIFICANT_DIGITS - 1) * 10.0**scale
