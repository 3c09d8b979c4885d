"""How far people agree: Krippendorff's alpha for names, with a bootstrap interval."""

from __future__ import annotations

import numpy as np

__all__ = ["RESAMPLES", "alpha", "alpha_interval"]

RESAMPLES = 1000


def alpha(counts: np.ndarray) -> float:
    """Krippendorff's alpha for nominal data: 1 is full agreement, 0 what chance would give.

    1 - (n - 1) D_o / D_e, where D_o = sum over rows of sum_{c != k} n_uc n_uk / (m_u - 1) and D_e =
    sum_{c != k} n_c n_k, over rows with at least two answers (Krippendorff 2011, "Computing Krippendorff's
    Alpha-Reliability"; 2018, "Content Analysis", 4th ed., chapter 12).

    Parameters
    ----------
    counts : array (rows, values), how many people gave each value. A row that fewer than two answered is passed over.

    Returns
    -------
    NaN where no row has two answers, or only one value was ever given: there was nothing to agree on.
    """
    return float(_alpha(*_sums(counts)))


def alpha_interval(counts: np.ndarray, unit: np.ndarray, *, seed: int = 0) -> tuple[float, float]:
    """95 % percentile interval of `alpha` over `RESAMPLES` resamples of units, with all of a unit's rows together.

    Parameters
    ----------
    counts : as for `alpha`.
    unit : int array (rows,), from 0; what is alike within a unit is drawn or left as a whole.

    Returns
    -------
    NaN where alpha is missing, or where nobody ever disagreed: a resample cannot show what the sample lacks.
    """
    within, by_value = _sums(counts)
    n = int(unit.max(initial=-1)) + 1
    if not n or np.isnan(_alpha(within, by_value)) or within.sum() == by_value.sum():
        return np.nan, np.nan
    per_unit = np.zeros((n, 1 + counts.shape[1]))
    np.add.at(per_unit, unit, np.column_stack([within, by_value]))
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=RESAMPLES) @ per_unit
    with np.errstate(invalid="ignore", divide="ignore"):
        values = _from_sums(drawn[:, 0], drawn[:, 1:])
    values = values[np.isfinite(values)]
    if len(values) < RESAMPLES / 2:
        return np.nan, np.nan
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def _sums(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Per row: agreeing pairs over (m - 1), shape (rows,); and answers by value, (rows, values), of rows with pairs."""
    counts = np.asarray(counts, dtype=float)
    m = counts.sum(axis=1)
    paired = np.where((m >= 2)[:, None], counts, 0.0)
    return (paired * (paired - 1)).sum(axis=1) / np.maximum(m - 1, 1), paired


def _alpha(within: np.ndarray, by_value: np.ndarray) -> float:
    with np.errstate(invalid="ignore", divide="ignore"):
        found = _from_sums(np.array([within.sum()]), by_value.sum(axis=0)[None, :])[0]
    return float(found) if np.isfinite(found) else np.nan


def _from_sums(within: np.ndarray, by_value: np.ndarray) -> np.ndarray:
    n = by_value.sum(axis=1)
    observed = n - within
    expected = n**2 - (by_value**2).sum(axis=1)
    found: np.ndarray = np.where(expected > 0, 1 - (n - 1) * observed / expected, np.nan)
    return found
