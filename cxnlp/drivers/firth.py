"""Firth's penalised likelihood for many logistic models at once: finite where events are few or separated."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.special import expit
from scipy.stats import chi2

from cxnlp.drivers.cells import information

__all__ = ["firth", "recalibrated"]

_ITERATIONS = 200
_TOLERANCE = 1e-7
_LONGEST_STEP = 5.0
_HALVINGS = 30
_PROFILE_ITERATIONS = 100
_PROFILE_TOLERANCE = 1e-7


def firth(
    rows: np.ndarray, crossed: sparse.csr_array, n: np.ndarray, bad: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Estimates of binomial logistic models by max l(b) + 1/2 log |I(b)|.

    Firth 1993, Biometrika 80:27-38. The p-value of the last coefficient is that of the penalised likelihood-ratio
    test, its interval that of the profile penalised likelihood (Heinze and Schemper 2002, Statistics in Medicine
    21:2409-2419), with the penalty of the full model in both.

    Parameters
    ----------
    rows, crossed : (m, parameters), and their `products`.
    n, bad : trials and events (models, m).

    Returns
    -------
    Coefficients (models, parameters); p, low, high of the last one (models,); whether the fit converged. Limits are
    NaN where the profile's root was not found.
    """
    free, found = _maximise(rows, crossed, n, bad, np.zeros((len(n), rows.shape[1])), held=False)
    top = _penalised(rows, crossed, n, bad, free)[0]
    held = free.copy()
    held[:, -1] = 0
    without, found_without = _maximise(rows, crossed, n, bad, held, held=True)
    p = chi2.sf(np.maximum(2 * (top - _penalised(rows, crossed, n, bad, without)[0]), 0), 1)
    low, high = (_limit(rows, crossed, n, bad, free, top, sign) for sign in (-1, 1))
    return free, p, low, high, found & found_without


def recalibrated(rows: np.ndarray, n: np.ndarray, bad: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """Coefficients (models, parameters) with the intercept of FLIC.

    Puhr et al. 2017, Statistics in Medicine 36:2302-2317: the penalty pulls predicted rates towards one half, so the
    intercept is estimated again by maximum likelihood with the other coefficients held fixed; the predicted rates
    then average to the observed one.
    """
    predictor, wanted = beta @ rows.T, bad.sum(axis=1)
    low, high = np.full(len(beta), -40.0), np.full(len(beta), 40.0)
    for _ in range(70):  # the expected events grow with the shift, so halving finds it to the last digit
        shift = (low + high) / 2
        short = (n * expit(predictor + shift[:, None])).sum(axis=1) < wanted
        low, high = np.where(short, shift, low), np.where(short, high, shift)
    moved = beta.copy()
    moved[:, 0] += (low + high) / 2
    return moved


def _penalised(
    rows: np.ndarray, crossed: sparse.csr_array, n: np.ndarray, bad: np.ndarray, beta: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Penalised log-likelihood (models,), its modified score and the inverse information, at `beta`."""
    predictor = beta @ rows.T
    mean = expit(predictor)
    weight = n * mean * (1 - mean)
    fisher = information(crossed, weight)
    inverse = np.linalg.inv(fisher)
    leverage = weight * (crossed.T @ inverse.reshape(len(beta), -1).T).T
    score = (bad - n * mean + leverage * (0.5 - mean)) @ rows
    loglik = (bad * predictor - n * np.logaddexp(0, predictor)).sum(axis=1)
    return loglik + 0.5 * np.linalg.slogdet(fisher)[1], score, inverse


def _maximise(
    rows: np.ndarray, crossed: sparse.csr_array, n: np.ndarray, bad: np.ndarray, start: np.ndarray, *, held: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Maxima of the penalised likelihood, and whether each was reached; ``held``: the last coefficient stays."""
    beta, found = start.copy(), np.zeros(len(n), dtype=bool)
    size = rows.shape[1] - held
    active = np.arange(len(n))
    value, score, inverse = _penalised(rows, crossed, n, bad, beta)
    for _ in range(_ITERATIONS):
        step = np.zeros((len(active), rows.shape[1]))
        # Of the inverse, the block without the held coefficient is the inverse after taking that coefficient out.
        kept = inverse[:, :size, :size]
        if held:
            kept = kept - inverse[:, :size, -1:] * inverse[:, -1:, :size] / inverse[:, -1:, -1:]
        step[:, :size] = (kept @ score[:, :size, None])[..., 0]
        step /= np.maximum(np.abs(step).max(axis=1, keepdims=True) / _LONGEST_STEP, 1)
        done = np.abs(step).max(axis=1) < _TOLERANCE
        found[active[done]] = True
        active, step, value = active[~done], step[~done], value[~done]
        if not len(active):
            break
        one, two = n[active], bad[active]
        for _ in range(_HALVINGS):
            reached, score, inverse = _penalised(rows, crossed, one, two, beta[active] + step)
            if not (worse := ~(reached >= value - 1e-10 * np.abs(value))).any():
                break
            step[worse] /= 2
        beta[active] += step
        value = reached
    return beta, found


def _limit(
    rows: np.ndarray,
    crossed: sparse.csr_array,
    n: np.ndarray,
    bad: np.ndarray,
    top: np.ndarray,
    maximum: np.ndarray,
    sign: int,
) -> np.ndarray:
    """Where the profile of the last coefficient has fallen by chi2(.95, 1) / 2: one side's limit (models,).

    Steps of Venzon and Moolgavkar 1988, Applied Statistics 37:87-94.
    """
    target = maximum - chi2.isf(0.05, 1) / 2
    beta, limit = top.copy(), np.full(len(n), np.nan)
    active = np.arange(len(n))
    for _ in range(_PROFILE_ITERATIONS):
        value, score, inverse = _penalised(rows, crossed, n[active], bad[active], beta[active])
        carried = (inverse @ score[..., None])[..., 0]
        spread = inverse[:, -1, -1]
        above = 2 * (value - target[active] + 0.5 * np.einsum("kp,kp->k", score, carried)) / spread
        step = carried + sign * np.sqrt(np.maximum(above, 0))[:, None] * inverse[:, :, -1]
        step /= np.maximum(np.abs(step).max(axis=1, keepdims=True), 1)
        done = (np.abs(step).max(axis=1) < _PROFILE_TOLERANCE) & (np.abs(value - target[active]) < 1e-5)
        limit[active[done]] = beta[active[done], -1]
        beta[active] += step
        active = active[~done & np.isfinite(step).all(axis=1)]
        if not len(active):
            break
    return limit
