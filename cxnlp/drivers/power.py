"""Power of the comparison of two rates or two means: what so many mentions could have shown."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

__all__ = ["minimum_detectable_rr", "minimum_detectable_difference", "mentions_needed", "ALPHA"]

ALPHA = 0.05
"""Two-sided significance level of the power gate."""

_HALVINGS = 60


def minimum_detectable_rr(base: float, mentions: np.ndarray, others: np.ndarray, power: float) -> np.ndarray:
    """Smallest risk ratio above 1 that the two-sided z test of two proportions shows with `power`.

    Solves p1 - p0 = z_(1-alpha/2) sqrt(p q (1/n1 + 1/n0)) + z_power sqrt(p1 q1/n1 + p0 q0/n0), with p
    the pooled rate, for p1 (Fleiss, Levin and Paik 2003, Statistical Methods for Rates and
    Proportions, section 4.3). ``base``: rate of the outcome, 0 to 1. NaN where not even a rate of 1 would show.
    """
    n1, n0 = np.asarray(mentions, float), np.asarray(others, float)
    z_alpha, z_power = norm.isf(ALPHA / 2), norm.ppf(power)

    def excess(p1: np.ndarray) -> np.ndarray:
        pooled = (n1 * p1 + n0 * base) / (n1 + n0)
        null = np.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n0))
        alternative = np.sqrt(p1 * (1 - p1) / n1 + base * (1 - base) / n0)
        return p1 - base - z_alpha * null - z_power * alternative

    # `excess` is convex in p1 and negative at the base rate, so it has at most one root: bisection finds it.
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = np.full(n1.shape, float(base)), np.ones(n1.shape)
        possible = excess(high) >= 0
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            enough = excess(middle) >= 0
            low, high = np.where(enough, low, middle), np.where(enough, middle, high)
        return np.where(possible, high / base, np.nan)


def minimum_detectable_difference(spread: float, mentions: np.ndarray, others: np.ndarray, power: float) -> np.ndarray:
    """Smallest difference of two means that the two-sided z test shows with `power`, in the outcome's unit.

    (z_(1-alpha/2) + z_power) spread sqrt(1/n1 + 1/n0), with ``spread`` the outcome's standard deviation (Cohen 1988,
    Statistical Power Analysis for the Behavioral Sciences, section 2.4). NaN without mentions or without others.
    """
    n1, n0 = np.asarray(mentions, float), np.asarray(others, float)
    with np.errstate(divide="ignore"):
        needed = (norm.isf(ALPHA / 2) + norm.ppf(power)) * spread * np.sqrt(1 / n1 + 1 / n0)
    return np.where(np.isfinite(needed), needed, np.nan)


def mentions_needed(base: float, mentions: float, others: float, rr: float, power: float) -> int:
    """Mentions at which `rr` becomes detectable, if mentions and others grow in the same proportion.

    The equation of `minimum_detectable_rr` solved for n1 with n0/n1 fixed. A risk ratio that would
    take the rate above 1 counts as a rate of 1.
    """
    ratio = others / mentions
    p1 = min(rr * base, 1.0)
    pooled = (p1 + ratio * base) / (1 + ratio)
    null = np.sqrt(pooled * (1 - pooled) * (1 + 1 / ratio))
    alternative = np.sqrt(p1 * (1 - p1) + base * (1 - base) / ratio)
    return int(np.ceil(((norm.isf(ALPHA / 2) * null + norm.ppf(power) * alternative) / (p1 - base)) ** 2))
