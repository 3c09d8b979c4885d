"""Adjusted effects on events: one logistic model per test, outcome ~ mention + controls, all tests at once.

Tested against statsmodels; of Firth's estimates, against firthmodels.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.special import expit, logit
from scipy.stats import chi2, norm, t

from cxnlp.drivers.cells import Adjusted, Cells, blocks, inestimable, information, products
from cxnlp.drivers.firth import firth, recalibrated
from cxnlp.drivers.robust import Units

__all__ = ["Cells", "adjust", "newton", "loglik"]

EVENTS_PER_PARAMETER = 10
"""Below this many of the rarer outcome per parameter the estimates are Firth's."""

_ITERATIONS = 25
_TOLERANCE = 1e-8
_LONGEST_STEP = (
    5.0  # of a log odds; a rare outcome that nearly every mention has would else throw the first step far out
)
_OF_RATES = (3, 4, 6, 7)  # errors that only the intervals of `_between` take
_SEPARATED = 20.0  # a linear predictor beyond this is a probability within 2e-9 of 0 or 1


def adjust(cells: Cells, units: Units | None = None) -> Adjusted:
    """Average marginal effect, over all and among those who mention it, odds ratio and p, controls held fixed.

    Maximum likelihood where it exists and at least 10 of the rarer outcome stand behind each parameter:
    likelihood-ratio p, Wald interval of the odds ratio. Firth's penalised likelihood otherwise: penalised
    likelihood-ratio p, profile interval, intercept of FLIC for rates, and for the difference of rates the limits of
    `_between`.

    ``units``: clusters or weights. Standard errors are then those of `Units.sandwich`, but never below the model's own
    (residuals of groups with hardly an event are too small to tell their variance), p is that of Wald's test, and
    tests in too few clusters have no estimate.
    """
    estimator = inestimable(cells.matrix, cells.n, cells.n_mentions)
    if units is not None:
        estimator = np.where(estimator == "", units.few_clusters(), estimator)
    crossed = products(cells.rows)
    beta, p, limits = _fit(cells, crossed, estimator)
    rates, errors = np.full((len(beta), 4), np.nan), np.full((len(beta), 8), np.nan)
    scarce = estimator == "firth"
    for tests in blocks(np.flatnonzero(np.isfinite(beta).all(axis=1)), 2 * len(cells.n)):
        rates[tests], errors[tests], carried = _marginal(cells, crossed, tests, beta[tests])
        if units is not None:
            errors[tests] = np.maximum(errors[tests], _robust(cells, units, tests, beta[tests], carried, scarce[tests]))
    reach: np.ndarray | float = norm.isf(0.025)
    if units is not None:
        reach = t.isf(0.025, units.freedom)
        p = 2 * t.sf(np.abs(beta[:, -1]) / errors[:, 2], units.freedom)
    wald = (estimator == "logistic") | (units is not None)
    low, high = (
        np.exp(np.where(wald, beta[:, -1] + side * reach * errors[:, 2], profile))
        for side, profile in zip((-1, 1), limits.T, strict=True)
    )
    rd, rr = rates[:, 1] - rates[:, 0], rates[:, 1] / rates[:, 0]
    all_low, all_high = _limits(rates[:, :2], errors[:, [0, 3, 4]], reach, scarce)
    att_low, att_high = _limits(rates[:, 2:], errors[:, 5:], reach, scarce)
    return Adjusted.of(
        estimator,
        rd=rd,
        low=all_low,
        high=all_high,
        se=errors[:, 0],
        att=rates[:, 3] - rates[:, 2],
        att_low=att_low,
        att_high=att_high,
        rr=rr,
        rr_low=rr * np.exp(-reach * errors[:, 1]),
        rr_high=rr * np.exp(reach * errors[:, 1]),
        odds_ratio=np.exp(beta[:, -1]),
        or_low=low,
        or_high=high,
        p=p,
    )


def _fit(cells: Cells, crossed: sparse.csr_array, estimator: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coefficients (tests, parameters), p, and the profile limits of Firth's last coefficient (tests, 2).

    Names in ``estimator`` what fitted, or why nothing did, for the tests that are '' there.
    """
    rows = cells.rows
    beta = np.full((len(estimator), rows.shape[1]), np.nan)
    p, limits = np.full(len(estimator), np.nan), np.full((len(estimator), 2), np.nan)
    controls, without, exists = newton(cells.matrix, products(cells.matrix), cells.n[None], cells.bad[None])
    rarer = min(cells.bad.sum(), (cells.n - cells.bad).sum())
    if exists[0] and rarer >= EVENTS_PER_PARAMETER * rows.shape[1]:
        start = np.append(controls[0], 0.0)
        for tests in blocks(np.flatnonzero(estimator == ""), len(rows)):
            beta[tests], reached, found = newton(rows, crossed, *cells.counts(tests), start)
            p[tests] = chi2.sf(np.maximum(2 * (reached - without[0]), 0), 1)
            estimator[tests[found]] = "logistic"
    for tests in blocks(np.flatnonzero(estimator == ""), len(rows)):
        n, bad = cells.counts(tests)
        fitted, p[tests], limits[tests, 0], limits[tests, 1], found = firth(rows, crossed, n, bad)
        beta[tests] = recalibrated(rows, n, bad, fitted)
        estimator[tests] = np.where(found, "firth", "none: the model did not converge")
        beta[tests[~found]] = np.nan
    return beta, p, limits


def newton(
    rows: np.ndarray, crossed: sparse.csr_array, n: np.ndarray, bad: np.ndarray, start: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Maximum likelihood of many binomial logistic models on the same rows.

    Parameters: ``rows`` (m, parameters) and their `products`; ``n`` and ``bad`` (models, m); ``start`` (parameters,),
    zero where None.
    Returns coefficients (models, parameters), log-likelihoods (models,), and whether each maximum
    exists: under separation the coefficients run away and the iteration is given up.
    """
    beta = np.zeros((len(n), rows.shape[1])) if start is None else np.tile(start, (len(n), 1))
    value = loglik(rows, n, bad, beta)
    found = np.zeros(len(n), dtype=bool)
    active = np.arange(len(n))
    for _ in range(_ITERATIONS):
        mean = expit(beta[active] @ rows.T)
        score = (bad[active] - n[active] * mean) @ rows
        step = np.linalg.solve(information(crossed, n[active] * mean * (1 - mean)), score[..., None])[..., 0]
        step /= np.maximum(np.abs(step).max(axis=1, keepdims=True) / _LONGEST_STEP, 1)
        moved = beta[active] + step
        reached = loglik(rows, n[active], bad[active], moved)
        while (worse := reached < value[active] - 1e-9 * np.abs(value[active])).any():
            step[worse] /= 2
            moved = beta[active] + step
            reached = loglik(rows, n[active], bad[active], moved)
        beta[active], value[active] = moved, reached
        found[active] = np.abs(step).max(axis=1) < _TOLERANCE
        runaway = np.abs(moved @ rows.T).max(axis=1) > _SEPARATED
        active = active[~found[active] & ~runaway]
        if not len(active):
            break
    return beta, value, found


def loglik(rows: np.ndarray, n: np.ndarray, bad: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """Log-likelihoods (models,) of binomial logistic models, up to the binomial coefficients."""
    predictor = beta @ rows.T
    return (bad * predictor - n * np.logaddexp(0, predictor)).sum(axis=1)


def _marginal(
    cells: Cells, crossed: sparse.csr_array, tests: np.ndarray, beta: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rates without and with the mention, averaged over all units and over those who mention it, and standard errors.

    Every unit is predicted once with and once without the mention (g-computation: Robins 1986; Snowden, Rose and
    Mortimer 2011, Am J Epidemiol 173:731-738). The variance is that of the coefficients, the inverse Fisher
    information, carried through the gradient, for the units at hand.

    Returns the rates (b, 4), of all and of those who mention it; standard errors (b, 8), over all of the difference,
    the log ratio, the log odds ratio of the model and the log odds of either rate, over those who mention it of the
    difference and of the log odds of either rate; and for each the inverse information times its gradient,
    (b, parameters, 8).
    """
    predictor = beta[:, :-1] @ cells.matrix.T
    means = expit(predictor), expit(predictor + beta[:, -1:])
    said = cells.n_mentions[tests]
    everybody = _averaged(cells.matrix, np.broadcast_to(cells.n / cells.n.sum(), said.shape), means)
    mentioning = _averaged(cells.matrix, said / said.sum(axis=1, keepdims=True), means)
    last = np.zeros_like(beta)
    last[:, -1] = 1
    (one, two), (none, some) = everybody
    over_all = [some - none, some / two - none / one, last, none / (one * (1 - one)), some / (two * (1 - two))]
    (three, four), (none, some) = mentioning
    among = [some - none, none / (three * (1 - three)), some / (four * (1 - four))]
    gradients = np.stack([*over_all, *among], axis=2)
    mean = np.hstack(means)
    fisher = information(crossed, cells.counts(tests)[0] * mean * (1 - mean))
    carried = np.linalg.solve(fisher, gradients)
    return np.hstack([one, two, three, four]), np.sqrt((gradients * carried).sum(axis=1)), carried


def _averaged(
    matrix: np.ndarray, share: np.ndarray, means: tuple[np.ndarray, np.ndarray]
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Rates without and with the mention over units of whom ``share`` (b, cells) is in each cell, (b, 1) each, and
    their gradients, (b, parameters) each; ``means``: rates by cell, (b, cells)."""
    none, some = (share * mean * (1 - mean) for mean in means)
    rate_none, rate_some = ((share * mean).sum(axis=1, keepdims=True) for mean in means)
    of_mention = some.sum(axis=1, keepdims=True)
    gradients = np.hstack([none @ matrix, np.zeros_like(of_mention)]), np.hstack([some @ matrix, of_mention])
    return (rate_none, rate_some), gradients


def _limits(
    rates: np.ndarray, errors: np.ndarray, reach: np.ndarray | float, scarce: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Limits of the difference of two rates (k, 2) by the standard errors (k, 3) of it and of their log odds:
    symmetric, but by `_between` where ``scarce``."""
    below, above = _between(rates, errors[:, 1:] * np.reshape(reach, (-1, 1)))
    rd = rates[:, 1] - rates[:, 0]
    low, high = np.maximum(rd - reach * errors[:, 0], -1), np.minimum(rd + reach * errors[:, 0], 1)
    return np.where(scarce, below, low), np.where(scarce, above, high)


def _between(rates: np.ndarray, reach: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Limits of the difference of two rates (k, 2) whose log odds reach so far to either side.

    The limits of the rates are combined as by Newcombe (1998, method 10; Zou and Donner 2008, Statistics in Medicine
    27:1693-1702, in general). With few events a rate's interval is lopsided, which a symmetric one for the difference
    would not show: it covered 88 to 90 % in our simulation.
    """
    with np.errstate(divide="ignore"):
        low, high = expit(logit(rates) - reach), expit(logit(rates) + reach)
    rd = rates[:, 1] - rates[:, 0]
    below = rd - np.hypot(rates[:, 1] - low[:, 1], high[:, 0] - rates[:, 0])
    return below, rd + np.hypot(high[:, 1] - rates[:, 1], rates[:, 0] - low[:, 0])


def _robust(
    cells: Cells, units: Units, tests: np.ndarray, beta: np.ndarray, carried: np.ndarray, scarce: np.ndarray
) -> np.ndarray:
    """Standard errors (b, 8) by `_sandwich`, in the order of `_marginal`; 0 where nothing takes them."""
    errors = np.zeros((len(tests), carried.shape[2]))
    for number, one in enumerate(np.moveaxis(carried, 2, 0)):
        which = np.flatnonzero(scarce) if number in _OF_RATES else np.arange(len(tests))
        if len(which):
            errors[which, number] = np.sqrt(_sandwich(cells, units, tests[which], beta[which], one[which]))
    return errors


def _sandwich(cells: Cells, units: Units, tests: np.ndarray, beta: np.ndarray, carried: np.ndarray) -> np.ndarray:
    """Robust variance of each test's estimate (b,), whose influence per unit is carried'x (y - mean).

    Patterns of `units` are twice the cell, plus one where the outcome is bad.
    """
    position = np.full(int(tests.max()) + 1, -1)
    position[tests] = np.arange(len(tests))

    def influence(block: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        at = position[block]
        level = cells.matrix @ beta[at, :-1].T
        slope = cells.matrix @ carried[at, :-1].T
        sides = []
        for mention in (0, 1):
            mean = expit(level + mention * beta[at, -1])
            pull = slope + mention * carried[at, -1]
            sides.append(np.stack([-pull * mean, pull * (1 - mean)], axis=1).reshape(2 * len(mean), len(at)))
        return sides[0], sides[1]

    return units.sandwich(influence, tests, cells.matrix.shape[1] + 1)
