"""Curves of who is still there, with and without a mention: Kaplan-Meier in which units change group."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import norm

from cxnlp.drivers.times.timeline import Timeline

__all__ = ["curves", "MENTIONED", "OTHERS"]

MENTIONED, OTHERS = "mentioned", "others"

_FEWEST_AT_RISK = 10
_POINTS = 60


def curves(time: Timeline, mentioned_at: np.ndarray) -> pd.DataFrame:
    """Share still there of those who have mentioned it and of the others, for one test.

    ``mentioned_at``: float (n,), day of the first mention + 1, 0 where there is none. Units are among the others up to
    the day of their mention and among those who mentioned it after (Simon and Makuch 1984, Stat Med 3:35-44); both
    only after their first comment. Columns group ('mentioned', 'others'), day, share, low, high, n_at_risk; at most
    60 rows a group, the first with share 1 on the day before anything happened.

    Shares are of those who are there on the first day shown, which both groups have in common: from then on each
    has 10 units at risk, and each curve ends where fewer are. Few units are at risk early, as units enter
    with their first comment; what one of them did would move all that follows. Without such a day there are no rows.
    Intervals: log(-log) of the share, Greenwood's variance (Kalbfleisch and Prentice 2002, section 1.4); NaN before
    the first event and where the share is 0.
    """
    switch = np.where(mentioned_at > 0, np.maximum(mentioned_at - 1, time.entry), np.inf)
    ever = switch < time.exit
    days = np.unique(time.exit[time.event])
    groups = {
        MENTIONED: _counts(days, switch[ever], time.exit[ever], time.event[ever]),
        OTHERS: _counts(days, time.entry, np.minimum(switch, time.exit), time.event & ~ever),
    }
    spans = {name: _span(at_risk) for name, (at_risk, _) in groups.items()}
    begin = max(first for first, _ in spans.values())
    if any(last <= begin for _, last in spans.values()):
        return pd.DataFrame(
            {
                "group": pd.Series(dtype=object),
                "day": pd.Series(dtype=float),
                "share": pd.Series(dtype=float),
                "low": pd.Series(dtype=float),
                "high": pd.Series(dtype=float),
                "n_at_risk": pd.Series(dtype=np.int64),
            }
        )
    drawn = []
    for name, (_, end) in spans.items():
        at_risk, events = groups[name]
        drawn.append(_curve(days[begin:end], at_risk[begin:end], events[begin:end], name))
    return pd.concat(drawn, ignore_index=True)


def _counts(days: np.ndarray, entry: np.ndarray, exit: np.ndarray, event: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Units at risk and events on each of `days`; at risk after ``entry``, up to and with ``exit``."""
    at_risk = np.searchsorted(np.sort(entry), days, "left") - np.searchsorted(np.sort(exit), days, "left")
    events = np.bincount(np.searchsorted(days, exit[event]), minlength=len(days))
    return at_risk, events


def _span(at_risk: np.ndarray) -> tuple[int, int]:
    """The days around the largest risk set on which at least 10 are at risk: first, and one past the last."""
    peak = int(np.argmax(at_risk))
    few = np.flatnonzero(at_risk < _FEWEST_AT_RISK)
    before, after = few[few <= peak], few[few >= peak]
    return int(before[-1] + 1) if len(before) else 0, int(after[0]) if len(after) else len(at_risk)


def _curve(days: np.ndarray, at_risk: np.ndarray, events: np.ndarray, group: str) -> pd.DataFrame:
    share = np.cumprod(1 - events / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(events / (at_risk * (at_risk - events)))
        reach = norm.isf(0.025) * np.sqrt(greenwood) / np.log(share)
        low, high = share ** np.exp(-reach), share ** np.exp(reach)
    told = np.isfinite(reach) & (share > 0) & (share < 1)
    shown = np.unique(np.round(np.linspace(0, len(days) - 1, min(_POINTS - 1, len(days)))).astype(np.intp))
    return pd.DataFrame(
        {
            "group": group,
            "day": np.append(days[0] - 1, days[shown]),
            "share": np.append(1.0, share[shown]),
            "low": np.append(np.nan, np.where(told, low, np.nan)[shown]),
            "high": np.append(np.nan, np.where(told, high, np.nan)[shown]),
            "n_at_risk": np.append(at_risk[0], at_risk[shown]),
        }
    )
