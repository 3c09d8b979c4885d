"""Adjusted effects: one logistic model per test, outcome ~ mention + controls, all tests at once.

Every model has the same rows: the cells of the controls, once without and once with the mention.
Only the counts in them differ from test to test, so one Newton iteration of all tests is a few
matrix products. Tested against statsmodels; Firth fits come from firthmodels.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import chi2, norm

__all__ = ["Cells", "Adjusted", "adjust"]

MIN_GROUP = 5
"""Fewest mentions, and fewest others, for an adjusted estimate."""

EVENTS_PER_PARAMETER = 10
"""Below this many of the rarer outcome per parameter the estimates are Firth's."""

_ITERATIONS = 25
_TOLERANCE = 1e-8
_LONGEST_STEP = (
    5.0  # of a log odds; a rare outcome that nearly every mention has would else throw the first step far out
)
_SEPARATED = 20.0  # a linear predictor beyond this is a probability within 2e-9 of 0 or 1
_NUMBERS_PER_BLOCK = 2_000_000


@dataclass(frozen=True, slots=True)
class Cells:
    """Counts by cell of the controls.

    ``matrix``: zeros and ones, float (cells, parameters), intercept first. ``n``, ``bad``: units and bad outcomes,
    (cells,). ``n_mentions``, ``bad_mentions``: the same among units that mention, (tests, cells).
    """

    matrix: np.ndarray
    n: np.ndarray
    bad: np.ndarray
    n_mentions: np.ndarray
    bad_mentions: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """The model's rows, shared by all tests: (2 * cells, parameters + 1), the mention last."""
        without = np.column_stack([self.matrix, np.zeros(len(self.matrix))])
        with_ = np.column_stack([self.matrix, np.ones(len(self.matrix))])
        return np.vstack([without, with_])

    def counts(self, tests: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Units and bad outcomes in `rows` for some tests: two arrays (len(tests), 2 * cells)."""
        n1, bad1 = self.n_mentions[tests], self.bad_mentions[tests]
        return np.hstack([self.n - n1, n1]), np.hstack([self.bad - bad1, bad1])


@dataclass(frozen=True, slots=True)
class Adjusted:
    """Arrays (tests,); NaN where ``estimator`` says why there is none."""

    rd: np.ndarray
    low: np.ndarray
    high: np.ndarray
    rr: np.ndarray
    odds_ratio: np.ndarray
    p: np.ndarray
    estimator: np.ndarray


def adjust(cells: Cells) -> Adjusted:
    """Average marginal effect, odds ratio and likelihood-ratio p of every mention, controls held fixed.

    Maximum likelihood where it exists and at least 10 of the rarer outcome stand behind each
    parameter; Firth's penalised likelihood with the FLIC intercept otherwise.
    """
    count = len(cells.n_mentions)
    estimator = _inestimable(cells)
    estimable = np.flatnonzero(estimator == "")
    beta = np.full((count, cells.matrix.shape[1] + 1), np.nan)
    p = np.full(count, np.nan)

    rows = cells.rows
    products = _products(rows)
    controls, loglik_controls, exists = _newton(cells.matrix, _products(cells.matrix), cells.n[None], cells.bad[None])
    rarer = min(cells.bad.sum(), (cells.n - cells.bad).sum())
    enough = bool(exists[0]) and rarer >= EVENTS_PER_PARAMETER * beta.shape[1]
    if enough:
        start = np.append(controls[0], 0.0)
        for tests in _blocks(estimable, len(rows)):
            beta[tests], loglik, found = _newton(rows, products, *cells.counts(tests), start)
            p[tests] = chi2.sf(np.maximum(2 * (loglik - loglik_controls[0]), 0), 1)
            estimator[tests[found]] = "logistic"
    for test in np.flatnonzero(estimator == ""):
        beta[test], p[test], converged = _firth(cells, int(test))
        estimator[test] = "firth" if converged else "none: the model did not converge"
    lost = np.char.startswith(estimator.astype(str), "none")
    beta[lost], p[lost] = np.nan, np.nan
    rd, low, high, rr = _marginal(cells, products, beta)
    return Adjusted(rd, low, high, rr, np.exp(beta[:, -1]), p, estimator)


def _blocks(tests: np.ndarray, rows: int) -> list[np.ndarray]:
    size = max(1, _NUMBERS_PER_BLOCK // rows)
    return [tests[first : first + size] for first in range(0, len(tests), size)]


def _inestimable(cells: Cells) -> np.ndarray:
    """Why there can be no adjusted estimate, object array (tests,); '' where there can."""
    n1 = cells.n_mentions.sum(axis=1)
    why = np.full(len(n1), "", dtype=object)
    # What the controls leave unexplained of the mention; with nothing left its coefficient is not identified.
    by_column = cells.n_mentions @ cells.matrix
    gram = (cells.matrix * cells.n[:, None]).T @ cells.matrix
    explained = np.einsum("kp,kp->k", by_column, np.linalg.solve(gram, by_column.T).T)
    why[n1 - explained < 1e-6 * np.maximum(n1, 1)] = "none: the controls determine who mentions it"
    few = np.minimum(n1, cells.n.sum() - n1) < MIN_GROUP
    why[few] = f"none: fewer than {MIN_GROUP} mentions or others"
    return why


def _newton(
    rows: np.ndarray, products: sparse.csr_array, n: np.ndarray, bad: np.ndarray, start: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Maximum likelihood of many binomial logistic models on the same rows.

    Parameters: ``rows`` (m, parameters) and their `_products`; ``n`` and ``bad`` (models, m); ``start`` (parameters,),
    zero where None.
    Returns coefficients (models, parameters), log-likelihoods (models,), and whether each maximum
    exists: under separation the coefficients run away and the iteration is given up.
    """
    beta = np.zeros((len(n), rows.shape[1])) if start is None else np.tile(start, (len(n), 1))
    loglik = _loglik(rows, n, bad, beta)
    found = np.zeros(len(n), dtype=bool)
    active = np.arange(len(n))
    for _ in range(_ITERATIONS):
        mean = expit(beta[active] @ rows.T)
        score = (bad[active] - n[active] * mean) @ rows
        step = np.linalg.solve(_information(products, n[active], mean), score[..., None])[..., 0]
        step /= np.maximum(np.abs(step).max(axis=1, keepdims=True) / _LONGEST_STEP, 1)
        moved = beta[active] + step
        reached = _loglik(rows, n[active], bad[active], moved)
        while (worse := reached < loglik[active] - 1e-9 * np.abs(loglik[active])).any():
            step[worse] /= 2
            moved = beta[active] + step
            reached = _loglik(rows, n[active], bad[active], moved)
        beta[active], loglik[active] = moved, reached
        found[active] = np.abs(step).max(axis=1) < _TOLERANCE
        runaway = np.abs(moved @ rows.T).max(axis=1) > _SEPARATED
        active = active[~found[active] & ~runaway]
        if not len(active):
            break
    return beta, loglik, found


def _loglik(rows: np.ndarray, n: np.ndarray, bad: np.ndarray, beta: np.ndarray) -> np.ndarray:
    predictor = beta @ rows.T
    return (bad * predictor - n * np.logaddexp(0, predictor)).sum(axis=1)


def _products(rows: np.ndarray) -> sparse.csr_array:
    """Products of every two columns of rows of zeros and ones: (parameters^2, m), nearly all of them zero."""
    row, column = np.nonzero(rows)
    in_row = np.bincount(row, minlength=len(rows))
    partners = in_row[row]  # every entry meets each entry of its own row once
    first = np.repeat(np.cumsum(in_row)[row] - in_row[row], partners)
    nth = np.arange(partners.sum()) - np.repeat(np.cumsum(partners) - partners, partners)
    index = np.repeat(column, partners) * rows.shape[1] + column[first + nth]
    shape = (rows.shape[1] ** 2, len(rows))
    return sparse.csr_array(sparse.coo_array((np.ones(len(index)), (index, np.repeat(row, partners))), shape=shape))


def _information(products: sparse.csr_array, n: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Fisher information of each model, sum of n mean (1 - mean) x x': (models, parameters, parameters)."""
    parameters = int(np.sqrt(products.shape[0]))
    return (products @ (n * mean * (1 - mean)).T).T.reshape(-1, parameters, parameters)


def _firth(cells: Cells, test: int) -> tuple[np.ndarray, float, bool]:
    """Firth's estimate (1993, Biometrika 80:27-38) with its penalised likelihood-ratio p, intercept by FLIC.

    FLIC (Puhr et al. 2017, Statistics in Medicine 36:2302-2317): the penalty pulls predicted rates
    towards one half, so the intercept is estimated again by maximum likelihood with the other
    coefficients held fixed; the predicted rates then average to the observed one.
    """
    from firthmodels import FirthLogisticRegression

    rows = cells.rows
    n, bad = (counts[0] for counts in cells.counts(np.array([test])))
    weight = np.concatenate([bad, n - bad]).astype(float)
    filled = weight > 0
    outcome = np.repeat([1.0, 0.0], len(rows))[filled]
    model = FirthLogisticRegression(backend="numpy", fit_intercept=False, max_iter=200, gtol=1e-6, xtol=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it would warn of, a fit that did not converge, is returned
        model.fit(np.vstack([rows, rows])[filled], outcome, sample_weight=weight[filled])
        if not model.converged_:
            return np.full(rows.shape[1], np.nan), np.nan, False
        model.lrt([rows.shape[1] - 1])
    beta, p = np.array(model.coef_, float), float(model.lrt_pvalues_[-1])
    predictor = rows @ beta
    beta[0] += brentq(lambda shift: float(n @ expit(predictor + shift) - bad.sum()), -30, 30, xtol=1e-12)
    return beta, p, bool(np.isfinite(p))


def _marginal(
    cells: Cells, products: sparse.csr_array, beta: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Average marginal effect with its 95 % delta-method interval, and the standardised risk ratio.

    Every unit is predicted once with and once without the mention and the rates are averaged over
    all units (g-computation: Robins 1986; Snowden, Rose and Mortimer 2011, Am J Epidemiol
    173:731-738). The variance is that of the coefficients, the inverse Fisher information, carried through the
    gradient, for the units at hand.
    """
    share = cells.n / cells.n.sum()
    rd, error, rr = (np.full(len(beta), np.nan) for _ in range(3))
    for tests in _blocks(np.flatnonzero(np.isfinite(beta).all(axis=1)), 2 * len(cells.n)):
        predictor = beta[tests, :-1] @ cells.matrix.T
        without, with_ = expit(predictor), expit(predictor + beta[tests, -1:])
        slope_without, slope_with = share * without * (1 - without), share * with_ * (1 - with_)
        gradient = np.column_stack([(slope_with - slope_without) @ cells.matrix, slope_with.sum(axis=1)])
        information = _information(products, cells.counts(tests)[0], np.hstack([without, with_]))
        carried = np.linalg.solve(information, gradient[..., None])[..., 0]
        rd[tests] = (with_ - without) @ share
        error[tests] = np.sqrt(np.einsum("kp,kp->k", gradient, carried))
        rr[tests] = (with_ @ share) / (without @ share)
    reach = norm.isf(0.025) * error
    return rd, np.maximum(rd - reach, -1), np.minimum(rd + reach, 1), rr
