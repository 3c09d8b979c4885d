"""Effects in 2 x 2 tables, all tests at once. Mentioned or not against bad outcome or not:

              bad    good
mentioned      a      b      n1 = a + b
others         c      d      n0 = c + d
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import false_discovery_control, fisher_exact, norm
from statsmodels.stats.proportion import confint_proportions_2indep

__all__ = [
    "Counts",
    "risk_difference",
    "risk_ratio",
    "fisher_p",
    "q_values",
    "mantel_haenszel",
    "e_value",
]

_Z = norm.isf(0.025)


@dataclass(frozen=True, slots=True)
class Counts:
    """The four cells as integer arrays of one shape, one entry per test."""

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
    reach = np.exp(_Z * np.sqrt(1 / a - 1 / n1 + 1 / c - 1 / n0))
    absent = (counts.n1 == 0) | (counts.n0 == 0)
    return tuple(np.where(absent, np.nan, value) for value in (rr, rr / reach, rr * reach))  # type: ignore[return-value]


def fisher_p(counts: Counts) -> np.ndarray:
    """Two-sided p-values of Fisher's exact test; NaN where all or nobody mention it."""
    cells = zip(counts.a, counts.b, counts.c, counts.d, strict=True)
    return np.array(
        [fisher_exact([[a, b], [c, d]]).pvalue if a + b and c + d else np.nan for a, b, c, d in cells], dtype=float
    )


def q_values(p: np.ndarray) -> np.ndarray:
    """Benjamini-Hochberg q-values (1995, JRSS B 57:289-300) over all tests that have a p; NaN where p is NaN."""
    q = np.full(len(p), np.nan)
    tested = np.isfinite(p)
    if tested.any():
        q[tested] = false_discovery_control(np.clip(p[tested], 0, 1), method="bh")
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


def _mantel_haenszel_sums(strata: Counts, half: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    total = strata.n1 + strata.n0 + 4 * half
    with np.errstate(invalid="ignore", divide="ignore"):
        above = np.where(total > 0, (strata.a + half) * (strata.d + half) / total, 0.0)
        below = np.where(total > 0, (strata.b + half) * (strata.c + half) / total, 0.0)
    return above.sum(axis=1), below.sum(axis=1)
