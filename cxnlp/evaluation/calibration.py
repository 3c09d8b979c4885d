"""Calibration: whether what is said with probability p is right in p of the cases."""

from __future__ import annotations

import numpy as np

__all__ = ["BINS", "calibration_gaps", "expected_calibration_error"]

BINS = 10


def calibration_gaps(probability: np.ndarray, correct: np.ndarray, bins: int = BINS) -> np.ndarray:
    """What each comment adds to the gap of each bin: float array (n, bins).

    Parameters
    ----------
    probability, correct : arrays (n,) or, for several decisions a comment, (n, decisions): the probability of
        what was decided, 0 to 1, and whether it is so. NaN probabilities add nothing.
    bins : number of bins of equal width; 1 belongs to the last.
    """
    n = len(probability)
    known = np.isfinite(probability)
    of_bin = np.minimum((np.where(known, probability, 0.0) * bins).astype(int), bins - 1)
    gap = np.where(known, correct - np.where(known, probability, 0.0), 0.0)
    row = np.broadcast_to(np.arange(n).reshape(-1, *[1] * (probability.ndim - 1)), probability.shape)
    return np.bincount((row * bins + of_bin).ravel(), gap.ravel(), minlength=n * bins).reshape(n, bins)


def expected_calibration_error(confidence: np.ndarray, correct: np.ndarray, bins: int = BINS) -> float:
    """Mean |accuracy - confidence| over `bins` equal-width bins, weighted by size, 0 to 1; NaN without rows.

    Naeini, Cooper and Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI 2015. Even a
    perfectly calibrated model gets more than 0 by chance, the more so the fewer the rows.
    """
    gaps = calibration_gaps(np.asarray(confidence, dtype=float), np.asarray(correct, dtype=float), bins)
    return float(np.abs(gaps.sum(axis=0)).sum() / len(gaps)) if len(gaps) else float("nan")
