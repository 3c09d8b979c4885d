"""Two rates compared: how often a topic is mentioned in one wave and in the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc
from scipy.stats import beta

__all__ = ["Change", "compare_rates", "two_sided_p"]

LEVEL = 0.05
"""What the most extreme outcome must be able to reach for a test to be worth making; 1 - LEVEL is the coverage."""


@dataclass(frozen=True, slots=True)
class Change:
    """Per topic: the ratio of the rates, after over before, with its 95 % interval, and the test.

    ``ratio`` is NaN and ``high`` infinite where the first rate is 0; all three are NaN where both are.
    ``p`` is NaN where ``testable`` is false: no split of the mentions could have reached p <= .05.
    """

    ratio: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray
    testable: np.ndarray


def compare_rates(
    n_before: np.ndarray,
    n_after: np.ndarray,
    t_before: np.ndarray,
    t_after: np.ndarray,
    effect_before: np.ndarray | float = 1.0,
    effect_after: np.ndarray | float = 1.0,
) -> Change:
    """Compare two Poisson rates by the conditional exact test.

    Given n_before + n_after, n_after is binomial with probability t_after / (t_before + t_after) where the rates
    are equal (Przyborowski and Wilenski 1940, Biometrika 31:313-323). p is twice the smaller tail, so that it
    agrees with the interval, which comes from the Clopper-Pearson limits of that binomial (Clopper and Pearson
    1934, Biometrika 26:404-413; Fay 2010, R Journal 2:53-58).

    Where comments cluster by customer, counts and exposures are divided by their wave's design effect (Rao and
    Scott 1992, Biometrics 48:577-585), and the tails and limits are those of the beta distribution with these
    effective counts (Korn and Graubard 1998, Survey Methodology 24:193-201). The ratio itself does not change;
    with design effects of 1 nothing does.

    Parameters
    ----------
    n_before, n_after : counts (k,).
    t_before, t_after : exposures (k,), above 0, in one unit (scored comments).
    effect_before, effect_after : design effects (k,), at least 1.
    """
    x, y = n_before / effect_before, n_after / effect_after
    s, t = np.asarray(t_before / effect_before, float), np.asarray(t_after / effect_after, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(n_before > 0, (n_after / t_after) / (n_before / t_before), np.nan)
        limits = [_odds(share) * s / t for share in _limits(x, y)]
    nobody = n_before + n_after == 0
    testable = _testable(x + y, s, t)
    return Change(
        ratio,
        np.where(nobody, np.nan, limits[0]),
        np.where(nobody, np.nan, limits[1]),
        np.where(testable, two_sided_p(x, y, t / (s + t)), np.nan),
        testable,
    )


def two_sided_p(x: np.ndarray, y: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Twice the smaller tail of y out of x + y when `share` is expected, at most 1.

    By the beta form of the binomial tails, P(Y >= y) = I_share(y, x + 1), which holds for fractions too.
    """
    many = np.where(y > 0, betainc(np.where(y > 0, y, 1), x + 1, share), 1.0)
    few = np.where(x > 0, betainc(np.where(x > 0, x, 1), y + 1, 1 - share), 1.0)
    return np.minimum(1.0, 2 * np.minimum(many, few))


def _limits(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Clopper-Pearson limits of the share of y in x + y."""
    low = np.where(y > 0, beta.ppf(LEVEL / 2, np.where(y > 0, y, 1), x + 1), 0.0)
    high = np.where(x > 0, beta.isf(LEVEL / 2, y + 1, np.where(x > 0, x, 1)), 1.0)
    return low, high


def _odds(share: np.ndarray) -> np.ndarray:
    return np.where(share < 1, share / (1 - share), np.inf)


def _testable(total: np.ndarray, s: np.ndarray, t: np.ndarray) -> np.ndarray:
    # A comment mentions a topic once, so neither wave can hold more mentions than comments.
    most, least = np.minimum(total, t), np.maximum(total - s, 0)
    extremes = [two_sided_p(total - y, y, t / (s + t)) for y in (most, least)]
    return np.minimum(*extremes) <= LEVEL
