"""Effects in 2 x 2 tables, all tests at once. Mentioned or not against bad outcome or not:

              bad    good
mentioned      a      b      n1 = a + b
others         c      d      n0 = c + d
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln
from scipy.stats import false_discovery_control, norm
from statsmodels.stats.proportion import confint_proportions_2indep

__all__ = [
    "Z",
    "Counts",
    "risk_difference",
    "risk_ratio",
    "odds_ratio",
    "fisher_p",
    "q_values",
    "mantel_haenszel",
    "e_value",
    "rr_of_mean_difference",
]

Z = norm.isf(0.025)
"""Reach of a 95 % interval in standard errors."""

_TIE = np.log1p(1e-7)
_TABLES_PER_BLOCK = 500_000


@dataclass(frozen=True, slots=True)
class Counts:
    """The four cells as arrays of one shape, one entry per test: integers, but for `effective` counts."""

    a: np.ndarray
    b: np.ndarray
    c: np.ndarray
    d: np.ndarray

    @classmethod
    def of(cls, mentions: np.ndarray, mentions_bad: np.ndarray, n: int, bad: int) -> Counts:
        """From units that mention, those of them with the bad outcome, all units, all bad outcomes."""
        return cls(mentions_bad, mentions - mentions_bad, bad - mentions_bad, n - mentions - bad + mentions_bad)

    @property
    def n1(self) -> np.ndarray:
        """Units that mention."""
        return self.a + self.b

    @property
    def n0(self) -> np.ndarray:
        """Units that do not."""
        return self.c + self.d

    @property
    def rates(self) -> tuple[np.ndarray, np.ndarray]:
        """Share with the bad outcome among mentions and among the others; NaN where there is nobody."""
        with np.errstate(invalid="ignore"):
            return self.a / self.n1, self.c / self.n0

    def effective(self, design_effect: np.ndarray) -> Counts:
        """As many independent units as the clustered ones are worth: counts over the design effect of their test.

        Rao and Scott 1992, Biometrics 48:577-585.
        """
        return Counts(*(cell / design_effect for cell in (self.a, self.b, self.c, self.d)))


def risk_difference(counts: Counts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Risk difference with its 95 % hybrid Wilson score interval: value, low, high.

    Newcombe 1998, Statistics in Medicine 17:873-890, method 10 (without continuity correction).
    """
    with_, without = counts.rates
    with np.errstate(invalid="ignore", divide="ignore"):
        low, high = confint_proportions_2indep(
            counts.a, counts.n1, counts.c, counts.n0, method="newcomb", compare="diff", alpha=0.05
        )
    return with_ - without, low, high


def risk_ratio(counts: Counts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Risk ratio with its 95 % log interval: value, low, high.

    se(log RR) = sqrt(1/a - 1/n1 + 1/c - 1/n0) (Katz et al. 1978, Biometrics 34:469-474); where a cell
    is zero, 1/2 is added to all four (Haldane 1956, Annals of Human Genetics 20:309-311).
    """
    half = 0.5 * ((counts.a == 0) | (counts.b == 0) | (counts.c == 0) | (counts.d == 0))
    a, c = counts.a + half, counts.c + half
    n1, n0 = counts.n1 + 2 * half, counts.n0 + 2 * half
    rr = (a / n1) / (c / n0)
    reach = np.exp(Z * np.sqrt(1 / a - 1 / n1 + 1 / c - 1 / n0))
    absent = (counts.n1 == 0) | (counts.n0 == 0)
    return tuple(np.where(absent, np.nan, value) for value in (rr, rr / reach, rr * reach))  # type: ignore[return-value]


def odds_ratio(counts: Counts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Odds ratio with its 95 % log interval: value, low, high.

    se(log OR) = sqrt(1/a + 1/b + 1/c + 1/d) (Woolf 1955, Annals of Human Genetics 19:251-253); where a cell is zero,
    1/2 is added to all four (Haldane 1956, as above).
    """
    a, b, c, d = counts.a, counts.b, counts.c, counts.d
    half = 0.5 * ((a == 0) | (b == 0) | (c == 0) | (d == 0))
    a, b, c, d = a + half, b + half, c + half, d + half
    value, reach = a * d / (b * c), np.exp(Z * np.sqrt(1 / a + 1 / b + 1 / c + 1 / d))
    absent = (counts.n1 == 0) | (counts.n0 == 0)
    return tuple(np.where(absent, np.nan, found) for found in (value, value / reach, value * reach))  # type: ignore[return-value]


def fisher_p(counts: Counts) -> np.ndarray:
    """Two-sided p-values of Fisher's exact test; NaN where all or nobody mention it.

    The sum of the probabilities of all tables with the same margins that are no likelier than the one at hand (Fisher
    1935; the rule of R's fisher.test and of scipy, with their tolerance of 1e-7 for ties).
    """
    p = np.full(len(counts.a), np.nan)
    tested = np.flatnonzero((counts.n1 > 0) & (counts.n0 > 0))
    least = np.maximum(0, counts.a - counts.d)
    width = np.minimum(counts.n1, counts.a + counts.c) - least + 1
    size = np.cumsum(width[tested]) // _TABLES_PER_BLOCK
    for number in np.unique(size):
        tests = tested[size == number]
        chosen = Counts(counts.a[tests], counts.b[tests], counts.c[tests], counts.d[tests])
        p[tests] = _fisher(chosen, least[tests], width[tests])
    return p


def _fisher(counts: Counts, least: np.ndarray, width: np.ndarray) -> np.ndarray:
    """Every table of every test in one long array: ``width`` of them a test, the first with ``least`` bad mentions."""
    a, b, c, d = counts.a, counts.b, counts.c, counts.d
    test = np.repeat(np.arange(len(a)), width)
    first = np.cumsum(width) - width
    added = np.arange(len(test)) - first[test] + (least - a)[test]
    # Hypergeometric probabilities but for a factor that all tables of a test share.
    cells = (a[test] + added, b[test] - added, c[test] - added, d[test] + added)
    log = -np.sum([gammaln(cell + 1.0) for cell in cells], axis=0)
    log -= np.maximum.reduceat(log, first)[test]
    share, own = np.exp(log), log[first + a - least][test]
    rare = np.where(log <= own + _TIE, share, 0.0)
    return np.minimum(np.add.reduceat(rare, first) / np.add.reduceat(share, first), 1.0)


def q_values(p: np.ndarray, method: str = "bh") -> np.ndarray:
    """q-values over all tests that have a p; NaN where p is NaN.

    ``method``: 'bh', Benjamini and Hochberg 1995, JRSS B 57:289-300, which holds under independence and the positive
    dependence that tests of one topic in several stages have; 'by', Benjamini and Yekutieli 2001, Annals of Statistics
    29:1165-1188, which holds under any dependence and asks for a p smaller by the sum of 1/i over the tests.
    """
    q = np.full(len(p), np.nan)
    tested = np.isfinite(p)
    if tested.any():
        q[tested] = false_discovery_control(np.clip(p[tested], 0, 1), method=method)
    return q


def mantel_haenszel(strata: Counts) -> np.ndarray:
    """Mantel-Haenszel odds ratio over strata; cells of shape (tests, strata), result (tests,).

    sum(a d / n) / sum(b c / n) (Mantel and Haenszel 1959, JNCI 22:719-748). Where one of the sums is
    zero, 1/2 is added to every cell of the strata that hold both mentions and others, so that
    the direction stays comparable (for one stratum: the Haldane-Anscombe odds ratio). NaN where
    no stratum holds both.
    """
    informative = (strata.n1 > 0) & (strata.n0 > 0)
    above, below = _mantel_haenszel_sums(strata, np.zeros(informative.shape))
    degenerate = (above == 0) | (below == 0)
    if degenerate.any():
        above, below = _mantel_haenszel_sums(strata, 0.5 * (informative & degenerate[:, None]))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(informative.any(axis=1), above / below, np.nan)


def e_value(rr: np.ndarray) -> np.ndarray:
    """E-value: RR + sqrt(RR (RR - 1)), of 1/RR where RR is below 1.

    The least risk ratio that something unmeasured would need with both the mention and the outcome to explain
    the association away; 1 means none is needed (VanderWeele and Ding 2017, Ann Intern Med 167:268-274).
    """
    rr = np.asarray(rr, float)
    with np.errstate(invalid="ignore", divide="ignore"):
        above = np.where(rr < 1, 1 / rr, rr)
        return above + np.sqrt(above * (above - 1))


def rr_of_mean_difference(difference: np.ndarray, spread: float) -> np.ndarray:
    """The risk ratio that stands for a difference of means of an outcome with standard deviation ``spread``.

    exp(0.91 d), d the standardised difference (VanderWeele and Ding 2017, as above, their table 2 for continuous
    outcomes; the limits of an interval of d go in at 1.78 standard errors, which is 0.91 times 1.96).
    """
    return np.exp(0.91 * np.asarray(difference, float) / spread)


def _mantel_haenszel_sums(strata: Counts, half: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    total = strata.n1 + strata.n0 + 4 * half
    with np.errstate(invalid="ignore", divide="ignore"):
        above = np.where(total > 0, (strata.a + half) * (strata.d + half) / total, 0.0)
        below = np.where(total > 0, (strata.b + half) * (strata.c + half) / total, 0.0)
    return above.sum(axis=1), below.sum(axis=1)
