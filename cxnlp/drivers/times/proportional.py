"""Whether a hazard ratio changes with time: a score test on scaled Schoenfeld residuals.

Grambsch and Therneau 1994, Biometrika 81:515-526: let the coefficient of the mention be
b + theta g(t) and test theta = 0 by its score, which is the sum of the mention's Schoenfeld residuals times
g, with its full information, that of all other coefficients allowed for (as in R's cox.zph since
survival 3.0). g(t) is the rank of t among the events, so that no few late events decide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxnlp.drivers.times.cox import Fitted
from cxnlp.drivers.times.risk import Grid

__all__ = ["Trend", "trend"]


@dataclass(frozen=True, slots=True)
class Trend:
    """Score (tests,) of theta, its variance given the other coefficients, and the direction that both are taken in.

    ``shift`` (tests, p): what of each coefficient's score is taken off. ``g`` (r,): the rank by step, mean zero.
    """

    score: np.ndarray
    variance: np.ndarray
    shift: np.ndarray
    g: np.ndarray


def trend(found: Fitted, steps: Grid, events: np.ndarray) -> Trend:
    """Test of a block's mentions; ``events`` (tests, d): events with the mention, by day."""
    n = steps.n_events
    rank = np.cumsum(n) - n / 2
    rank = (rank - rank @ n / n.sum()) / n.sum()
    g = rank[steps.day]
    mean = found.mean[:, :, -1]
    # Covariance of the mention with every covariate among those at risk.
    spread = found.mean_with - found.mean * mean[:, :, None]
    weight = steps.weight * g
    score = events @ rank - mean @ weight
    cross = np.einsum("r,brp->bp", weight, spread)
    shift = np.linalg.solve(found.information, cross[:, :, None])[:, :, 0]
    variance = spread[:, :, -1] @ (weight * g) - (cross * shift).sum(axis=1)
    return Trend(score, variance, shift, g)
