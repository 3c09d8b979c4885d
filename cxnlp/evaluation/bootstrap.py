"""Bootstrap: comments are drawn anew with replacement, all figures of a draw from the same comments."""

from __future__ import annotations

import numpy as np

from cxnlp.evaluation.counting import Blocks

__all__ = ["calibration_interval", "interval", "resample"]

_AT_ONCE = 2**20
"""Weights held in memory at a time."""


def resample(blocks: Blocks, resamples: int, seed: int) -> dict[str, np.ndarray]:
    """Means of each block over resampled comments: name -> array (resamples, m).

    Each resample draws as many comments as there are (Efron and Tibshirani 1993, chapter 6). Every figure is a function
    of sums over comments, so a draw is a vector of weights and all draws are one matrix product. Comments are
    ordered by what they contribute first: the result does not depend on the order of the rows.
    """
    table = np.hstack(list(blocks.values()))
    n = len(table)
    table = table[np.lexsort(table.T)]
    random = np.random.default_rng(seed)
    drawn = np.empty((resamples, table.shape[1]))
    step = max(_AT_ONCE // n, 1)
    for start in range(0, resamples, step):
        rows = min(step, resamples - start)
        cell = random.integers(n, size=(rows, n)) + n * np.arange(rows)[:, None]
        weight = np.bincount(cell.ravel(), minlength=rows * n).reshape(rows, n)
        drawn[start : start + rows] = weight.astype(float) @ table / n
    edges = np.cumsum([block.shape[1] for block in blocks.values()])[:-1]
    return dict(zip(blocks, np.split(drawn, edges, axis=1), strict=True))


def interval(draws: np.ndarray, confidence: float) -> tuple[float, float]:
    """Percentile interval (Efron and Tibshirani 1993, chapter 13) of draws, array (resamples,), NaN left out.

    (NaN, NaN) where the draws do not vary: all answers right, or wrong, says nothing about the spread.
    """
    known = draws[np.isfinite(draws)]
    if not len(known) or np.ptp(known) < 1e-12:
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def calibration_interval(point: Blocks, draws: Blocks, confidence: float) -> tuple[float, float]:
    """Interval of the expected calibration error from the blocks ``gap`` and ``decisions`` (see `counting`).

    The error sums absolute gaps, so resampling only ever adds to it: where the model is well calibrated the lower
    percentile lies above the truth. The gaps themselves are unbiased. By the triangle inequality the error cannot be
    less than what was measured minus the summed absolute change of the gaps, whose upper percentile gives the
    lower limit here; the upper limit is the plain percentile. Simulated coverage is 95 % or more.
    """
    some = draws["decisions"][:, 0] > 0
    gap, drawn = point["gap"] / point["decisions"], draws["gap"][some] / draws["decisions"][some]
    _, high = interval(np.abs(drawn).sum(axis=1), confidence)
    change = np.quantile(np.abs(drawn - gap).sum(axis=1), (1 + confidence) / 2)
    low = max(float(np.abs(gap).sum() - change), 0.0)
    return (low, high) if np.isfinite(high) else (float("nan"), float("nan"))
