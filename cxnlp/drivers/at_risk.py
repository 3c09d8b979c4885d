"""What an association amounts to: attributable share, what-if, revenue at risk. Descriptions, not forecasts.

All of them read an association as if it held when mentions went away; they bound and size what could be at
stake, and say nothing about what a change would do.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from cxnlp.drivers.effects import Z

__all__ = ["attributable_share", "what_if", "revenue_of_mentions", "revenue_at_risk"]


def attributable_share(
    events: int,
    n: int,
    events_mentions: np.ndarray,
    n_mentions: np.ndarray,
    ratio: tuple[np.ndarray, ...],
) -> dict[str, np.ndarray]:
    """Share of the bad outcomes that stands behind a mention, an upper bound: ``paf``, ``paf_low``, ``paf_high``.

    P(mention | bad) (RR - 1)/RR with the adjusted risk ratio (Miettinen 1974, Am J Epidemiol 99:325-332). It is the
    share that would be missing if all of the association were the mention's doing, hence an upper bound.

    The interval is on the scale of log(1 - paf) (Walter 1976, Biometrics 32:829-849) by the delta method, from the
    interval of the risk ratio and the chance in P(mention | bad). The two go up together, with the correlation that
    they have in the 2 x 2 table without controls; where adjustment or clusters make log RR less certain than in that
    table, P(mention | bad) is taken to be less certain in the same proportion.

    Parameters
    ----------
    events, n : bad outcomes, units.
    events_mentions, n_mentions : the same among units that mention it, (k,).
    ratio : adjusted risk ratio with the limits of its 95 % interval, on a log scale, each (k,).

    Returns
    -------
    dict
        NaN where the risk ratio is not above 1, where it has no interval, and where no bad outcome is with or without
        a mention.
    """
    rr, low, high = (np.asarray(part, float) for part in ratio)
    a, n1 = np.asarray(events_mentions, float), np.asarray(n_mentions, float)
    c, n0 = events - a, n - n1
    with np.errstate(invalid="ignore", divide="ignore"):
        share = a / events
        log_variance = (np.log(high / low) / (2 * Z)) ** 2
        # Of log RR, of log P(mention | bad), and of both, in the table of counts (delta method, multinomial).
        crude = 1 / a - 1 / n1 + 1 / c - 1 / n0
        of_share = (1 - share) / a
        both = (1 - share) * (1 / a - 1 / n1) + (1 - c / n0) / events
        wider = np.maximum(log_variance / crude, 1)
        covariance = both * np.sqrt(log_variance / crude * wider)
        excess = 1 - 1 / rr
        variance = excess**2 * of_share * wider + log_variance / rr**2 + 2 * excess / rr * covariance
        value = share * excess
        reach = Z * share * np.sqrt(variance) / (1 - value)
        kept = (rr > 1) & (a > 0) & (c > 0) & np.isfinite(reach)
        left = np.log1p(-value)
        found = {"paf": value, "paf_low": -np.expm1(left + reach), "paf_high": -np.expm1(left - reach)}
    return {name: np.where(kept, number, np.nan) for name, number in found.items()}


def what_if(n_mentions: np.ndarray, n: int, effect: tuple[np.ndarray, ...]) -> dict[str, np.ndarray]:
    """The overall rate (or mean) without the mentions minus as it is, if the association held.

    -w d, for the share w of units that mention it and the adjusted difference d among them (the average effect on the
    treated of g-computation; over all units it would be another where mentions gather in groups at risk): ``what_if``,
    ``what_if_low``, ``what_if_high`` in the outcome's unit. Var = w^2 Var(d) + d^2 w (1 - w)/n by the delta method, as
    of the leave-one-out impact: given who mentions it, the error of d does not depend on w.

    Parameters
    ----------
    n_mentions : units that mention it, (k,). n : units.
    effect : adjusted difference among those who mention it with the limits of its 95 % interval, each (k,). NaN stays
        NaN.
    """
    value, low, high = (np.asarray(part, float) for part in effect)
    share = np.asarray(n_mentions, float) / n
    error = (high - low) / (2 * Z)
    reach = Z * np.sqrt(share**2 * error**2 + value**2 * share * (1 - share) / n)
    return {"what_if": -share * value, "what_if_low": -share * value - reach, "what_if_high": -share * value + reach}


def revenue_of_mentions(mentions: sparse.csr_array, revenue: np.ndarray) -> np.ndarray:
    """Revenue of the units that mention it: (k,) from ``mentions`` (n, k) and ``revenue`` (n,).

    NaN units, whose revenue is not known, add nothing. Numbers are added in the order of their size, so that the
    order of rows cannot change the last digits.
    """
    order = np.argsort(revenue, kind="stable")
    return np.asarray(mentions[order].T @ np.nan_to_num(revenue[order], nan=0.0), float)


def revenue_at_risk(revenue: np.ndarray, effect: tuple[np.ndarray, ...]) -> dict[str, np.ndarray]:
    """Revenue of those who mention it times the risk difference that goes with it; of worse events only.

    Parameters
    ----------
    revenue : of the units that mention it, (k,), taken as known.
    effect : adjusted risk difference among those who mention it with the limits of its 95 % interval, above 0 is worse,
        each (k,).

    Returns
    -------
    dict
        ``revenue_at_risk`` with limits, in the unit of `revenue`; the limits are those of the difference and not below
        0. NaN where the difference is not above 0, or where there is no revenue.
    """
    value, low, high = (np.asarray(part, float) for part in effect)
    with np.errstate(invalid="ignore"):
        kept = (value > 0) & (revenue > 0) & np.isfinite(low) & np.isfinite(high)
    names = ("revenue_at_risk", "revenue_at_risk_low", "revenue_at_risk_high")
    return {
        name: np.where(kept, revenue * np.maximum(part, 0), np.nan)
        for name, part in zip(names, (value, low, high), strict=True)
    }
