"""The three estimates that every metric is made of: a net score, a share and a mean."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from cxnlp.results import Estimate

__all__ = ["mean", "nps", "share"]

NO_VALUES = "no values"


def nps(n_promoters: int, n_passives: int, n_detractors: int, confidence: float = 0.95) -> Estimate:
    """Net Promoter Score in points, -100 to 100, with its adjusted Wald interval.

    ``value`` is the plain score, 100 (P - D) / n. The interval adds 3/4 of a promoter, 3/4 of a detractor and
    3 answers in all, so it is centred on that adjusted estimate, which lies nearer to zero than ``value``; it is
    cut at -100 and 100. (Of a single answer it may not even hold the value.) Source: B. Rocks, "Interval
    Estimation for the Net Promoter Score", The American Statistician 70(4), 2016.
    """
    n = n_promoters + n_passives + n_detractors
    if n == 0:
        return _without_interval(math.nan, 0, NO_VALUES)
    promoters, detractors = (n_promoters + 0.75) / (n + 3), (n_detractors + 0.75) / (n + 3)
    centre = promoters - detractors
    error = math.sqrt((promoters + detractors - centre**2) / (n + 3))
    margin = float(stats.norm.ppf(0.5 + confidence / 2)) * error
    return Estimate(
        value=100 * (n_promoters - n_detractors) / n,
        low=100 * max(centre - margin, -1.0),
        high=100 * min(centre + margin, 1.0),
        n=n,
        method=f"promoters minus detractors; {_percent(confidence)} adjusted Wald interval",
    )


def share(n_yes: int, n: int, confidence: float = 0.95) -> Estimate:
    """Share ``n_yes / n``, 0 to 1, with Wilson's score interval (Wilson 1927; Brown, Cai and DasGupta 2001)."""
    if n == 0:
        return _without_interval(math.nan, 0, NO_VALUES)
    low, high = proportion_confint(n_yes, n, alpha=1 - confidence, method="wilson")
    return Estimate(n_yes / n, float(low), float(high), n, f"share; {_percent(confidence)} Wilson interval")


def mean(values: np.ndarray, confidence: float = 0.95, bounds: tuple[float, float] = (-math.inf, math.inf)) -> Estimate:
    """Mean of ``values`` (shape (n,), none missing) with Student's t interval, cut at the possible ``bounds``.

    One value, or values that are all equal, say nothing about their spread: then there is no interval.
    """
    n = len(values)
    if n == 0:
        return _without_interval(math.nan, 0, NO_VALUES)
    value = float(np.mean(values))
    if n == 1 or np.ptp(values) == 0:
        return _without_interval(value, n, "mean; no interval: the values do not vary")
    margin = float(stats.t.ppf(0.5 + confidence / 2, n - 1) * np.std(values, ddof=1) / math.sqrt(n))
    low, high = max(value - margin, bounds[0]), min(value + margin, bounds[1])
    return Estimate(value, low, high, n, f"mean; {_percent(confidence)} t interval")


def _without_interval(value: float, n: int, method: str) -> Estimate:
    return Estimate(value, math.nan, math.nan, n, method)


def _percent(confidence: float) -> str:
    return f"{100 * confidence:g} %"
