"""What each unit adds to a score: variances that hold where units of a cluster are alike.

Lin and Wei 1989, JASA 84:1074-1078: with M the counting process of a unit less its cumulative
hazard, the unit adds the integral of (z - mean z) dM; summed over a cluster and squared, these
estimate the variance of the score whatever the correlation inside the clusters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cxnlp.drivers.times.risk import Grid, Units

__all__ = ["Path", "added", "clustered_variance"]


@dataclass(frozen=True, slots=True)
class Path:
    """One test's score in one direction, step by step (r,).

    ``hazard``: weight of the step over the sum of risks. ``mention``: the direction's coefficient of the mention,
    which may change with time. ``mean``: the direction averaged over those at risk.
    """

    hazard: np.ndarray
    mention: np.ndarray
    mean: np.ndarray


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums of hazard times 1, mention and mean: ``until`` each day (3, d + 1), ``tied`` on it, times the fraction of
    leavers that is gone (3, d); ``jump``: mention and mean on the day, averaged over its steps (2, d)."""

    until: np.ndarray
    tied: np.ndarray
    jump: np.ndarray


def added(
    path: Path,
    of: Units,
    steps: Grid,
    risk: np.ndarray,
    direction: np.ndarray,
    ratio: float,
    who: np.ndarray,
    start: np.ndarray,
) -> np.ndarray:
    """What each unit adds to the score in a direction, float (n,).

    ``risk``, ``direction``: exp(x'b) and the direction's x'a by unit, of the controls. ``ratio``: hazard ratio of the
    mention. ``who``, ``start``: units that mention, and the first day of the grid with it.
    """
    sums = _sums(path, steps)
    each = _compensated(sums, of, risk, direction, of.first)
    before = _compensated(sums, _only(of, who), risk[who], direction[who], start)
    with_ = _compensated(sums, _only(of, who), risk[who] * ratio, direction[who], start, mentioned=True)
    each[who] += with_ - before
    return each


def _compensated(
    sums: _Sums, of: Units, risk: np.ndarray, direction: np.ndarray, begin: np.ndarray, *, mentioned: bool = False
) -> np.ndarray:
    """Integral of (direction - its mean) dM of units from day ``begin`` on, all of it with the mention or without."""
    time, mention, mean = sums.until
    spent = direction * (time[of.last] - time[begin]) - (mean[of.last] - mean[begin])
    if mentioned:
        spent += mention[of.last] - mention[begin]
    left = np.flatnonzero(of.event)
    day, towards = of.last[left] - 1, direction[left]
    spent[left] -= towards * sums.tied[0, day] - sums.tied[2, day] + mentioned * sums.tied[1, day]
    each = -risk * spent
    each[left] += towards - sums.jump[1, day] + mentioned * sums.jump[0, day]
    return each


def _only(of: Units, who: np.ndarray) -> Units:
    return replace(of, first=of.first[who], last=of.last[who], event=of.event[who], cell=of.cell[who])


def clustered_variance(each: np.ndarray, cluster: np.ndarray, count: int) -> float:
    """Sum over clusters of squared sums, times C / (C - 1) for C = ``count``; ``cluster``: int (n,) from 0."""
    sums = np.bincount(cluster, weights=each)
    return float(sums @ sums) * count / (count - 1)


def _sums(path: Path, steps: Grid) -> _Sums:
    rows = np.stack([path.hazard, path.hazard * path.mention, path.hazard * path.mean])
    until = np.concatenate([np.zeros((3, 1)), np.cumsum(rows, axis=1)], axis=1)[:, steps.first_row]
    starts = steps.first_row[:-1]
    tied = np.add.reduceat(rows * steps.fraction, starts, axis=1)
    jump = np.add.reduceat(np.stack([path.mention, path.mean]) * steps.weight, starts, axis=1) / steps.n_events
    return _Sums(until, tied, jump)
