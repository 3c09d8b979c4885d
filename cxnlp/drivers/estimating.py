"""Models of an outcome by a mention and the controls in which the mention may be a pseudo-mention: any number.

The estimating equations of both models are linear in a mention of 0 or 1, so a number whose mean is that of the mention
may stand in its place (`corrected`). Sums by cell of the controls are all that solving them takes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

__all__ = ["Fit", "linear", "logistic"]

_EVENTS_PER_PARAMETER = 10
_ITERATIONS = 60
_LONGEST_STEP = 2.0
_FARTHEST = 40.0  # log odds that no data set determines: the coefficients are running away
_TOLERANCE = 1e-9
_LEAST_UNEXPLAINED = 1e-6  # of a mention, per unit


@dataclass(frozen=True, slots=True)
class Fit:
    """An estimate and how each unit moves it, n times over.

    ``influence`` (n,): its mean is zero, its variance over n is the (sandwich) variance of ``value``.
    ``slope`` (n,): by how much a unit's influence would grow with its mention, per 1.
    """

    value: float
    influence: np.ndarray
    slope: np.ndarray


@dataclass(frozen=True, slots=True)
class _Cells:
    """Sums by cell: units, y, mentions, y times mentions; each (cells,). Those of mentions can be negative."""

    n: np.ndarray
    y: np.ndarray
    mentions: np.ndarray
    y_mentions: np.ndarray


def logistic(y: np.ndarray, mention: np.ndarray, cell: np.ndarray, matrix: np.ndarray) -> Fit | None:
    """Average marginal effect of the mention on the chance of an event, by g-computation over all units.

    Parameters: ``y`` (n,) zeros and ones; ``mention`` (n,); ``cell`` (n,) into the rows of ``matrix`` (cells,
    parameters). None where the equations have no solution.

    With fewer than 10 of the rarer outcome per parameter, or under separation, every coefficient but the intercept has
    a log-F(1,1) penalty (Greenland and Mansournia 2015, Stat Med 34:3133-3143); with the intercept free the predicted
    rates average to the observed one. Influence: of the solution of all equations together, the average over units
    among them (Stefanski and Boos 2002, Am Stat 56:29-38).
    """
    sums = _sums(y, mention, cell, matrix)
    if _explained(matrix, sums)[1] is None:
        return None
    n = len(y)
    plain = min(y.sum(), n - y.sum()) >= _EVENTS_PER_PARAMETER * (matrix.shape[1] + 1)
    solved = (_solve(matrix, sums, penalty=False) if plain else None) or _solve(matrix, sums, penalty=True)
    if solved is None:
        return None
    beta, information = solved
    without, with_ = _rates(matrix, beta)
    share = sums.n / n
    slope_without, slope_with = share * without * (1 - without), share * with_ * (1 - with_)
    gradient = np.append((slope_with - slope_without) @ matrix, slope_with.sum())
    direction = np.linalg.solve(information / n, gradient)
    of_controls = (matrix @ direction[:-1])[cell]
    value = float(share @ (with_ - without))
    unmentioned = of_controls * (y - without[cell])
    mentioned = (of_controls + direction[-1]) * (y - with_[cell])
    slope = mentioned - unmentioned
    return Fit(value, unmentioned + mention * slope + (with_ - without)[cell] - value, slope)


def linear(y: np.ndarray, mention: np.ndarray, cell: np.ndarray, matrix: np.ndarray) -> Fit | None:
    """Coefficient of the mention in least squares with the controls; parameters as of `logistic`.

    Frisch and Waugh 1933 (Econometrica 1:387-401): the outcome without what the controls say of it, over the mention
    without what they say of it. A mention is its own square.
    """
    sums = _sums(y, mention, cell, matrix)
    by_cell, information = _explained(matrix, sums)
    if information is None:
        return None
    rest, expected = y - by_cell[cell, 0], by_cell[cell, 1]
    value = float((mention * rest).sum() / information)
    scale = len(y) / information
    unmentioned = -scale * expected * (rest + value * expected)
    mentioned = scale * (1 - expected) * (rest - value * (1 - expected))
    slope = mentioned - unmentioned
    return Fit(value, unmentioned + mention * slope, slope)


def _sums(y: np.ndarray, mention: np.ndarray, cell: np.ndarray, matrix: np.ndarray) -> _Cells:
    by_cell = (np.bincount(cell, weights=one, minlength=len(matrix)) for one in (None, y, mention, mention * y))
    return _Cells(*(np.asarray(sums, dtype=float) for sums in by_cell))


def _explained(matrix: np.ndarray, sums: _Cells) -> tuple[np.ndarray, float | None]:
    """What the controls say of y and of the mention, (cells, 2), and how much of the mention they leave unexplained.

    None where that is nothing, or less than nothing, as corrected counts of cells can be negative.
    """
    gram = (matrix * sums.n[:, None]).T @ matrix
    expected = matrix @ np.linalg.solve(gram, matrix.T @ np.column_stack([sums.y, sums.mentions]))
    left = float(sums.mentions.sum() - expected[:, 1] @ sums.mentions)
    return expected, left if left > _LEAST_UNEXPLAINED * sums.n.sum() else None


def _rates(matrix: np.ndarray, beta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Predicted rates by cell, without and with the mention."""
    predictor = matrix @ beta[:-1]
    return expit(predictor), expit(predictor + beta[-1])


def _solve(matrix: np.ndarray, sums: _Cells, *, penalty: bool) -> tuple[np.ndarray, np.ndarray] | None:
    """Coefficients, the mention's last, and information; None where Newton's method does not arrive."""
    beta = np.zeros(matrix.shape[1] + 1)
    beta[0] = logit(sums.y.sum() / sums.n.sum())
    for _ in range(_ITERATIONS):
        score, information = _equations(matrix, sums, beta, penalty)
        try:
            step = np.linalg.solve(information, score)
        except np.linalg.LinAlgError:
            return None
        beta = beta + step / max(np.abs(step).max() / _LONGEST_STEP, 1.0)
        if not np.abs(matrix @ beta[:-1]).max() + abs(beta[-1]) < _FARTHEST:
            return None
        if np.abs(step).max() < _TOLERANCE:
            return (beta, information) if _is_identified(information) else None
    return None


def _equations(matrix: np.ndarray, sums: _Cells, beta: np.ndarray, penalty: bool) -> tuple[np.ndarray, np.ndarray]:
    """Score and information of the logistic model at `beta`."""
    without, with_ = _rates(matrix, beta)
    others = sums.n - sums.mentions
    of_controls = matrix.T @ (sums.y - others * without - sums.mentions * with_)
    score = np.append(of_controls, (sums.y_mentions - sums.mentions * with_).sum())
    spread_with = sums.mentions * with_ * (1 - with_)
    spread = others * without * (1 - without) + spread_with
    across = spread_with @ matrix
    information = np.block(
        [[(matrix * spread[:, None]).T @ matrix, across[:, None]], [across[None], spread_with.sum()[None, None]]]
    )
    if penalty:
        pulled = expit(beta[1:])
        score[1:] += 0.5 - pulled
        information[1:, 1:] += np.diag(pulled * (1 - pulled))
    return score, information


def _is_identified(information: np.ndarray) -> bool:
    """Whether the mention's coefficient has a variance at the solution, corrected counts being what they are."""
    last = np.zeros(len(information))
    last[-1] = 1.0
    return bool(np.linalg.solve(information, last)[-1] > 0)
