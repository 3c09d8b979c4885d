"""Who comments at all: commenters beside silent customers, and weights that make the former like all customers."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from statsmodels.stats.proportion import proportion_confint
from threadpoolctl import threadpool_limits

from cxnlp.drivers.controls import levels
from cxnlp.drivers.effects import Counts, risk_difference
from cxnlp.results import Estimate, Note, Outcome

__all__ = ["Commenting", "MIN_SILENT", "compare", "weights"]

MIN_SILENT = 10
"""Fewest silent customers, and fewest commenters, for a comparison or for weights."""

_TRIMMED = (0.01, 0.99)
_PENALTY = 100.0  # variance of the prior of a log odds: wide, and keeps a level without any commenters finite


@dataclass(frozen=True, slots=True)
class Commenting:
    """An outcome among commenters and among silent customers, and commenters minus silent ones."""

    commenters: Estimate
    silent: Estimate
    difference: Estimate


def weights(units: pd.DataFrame, controls: pd.DataFrame) -> tuple[np.ndarray | None, tuple[Note, ...]]:
    """Weight of each commenter, proportional to 1 / P(comments | controls): a sensitivity run with it says whether
    an association rests on who comments.

    P by logistic regression on the main effects of the controls' levels (`controls.levels`) over all customers; weights
    are stabilised by the overall share of commenters and cut at their 1st and 99th percentile (Cole and Hernan
    2008, Am J Epidemiol 168:656-664), and their mean is 1. They correct for who comments as far as the
    controls tell; scores and churn may differ beyond that.

    Parameters
    ----------
    units : rows of Table.units, silent customers (``n_comments`` 0) too.
    controls : columns to predict commenting from, same rows.

    Returns
    -------
    weight : float (commenters,), in the order of the rows with ``n_comments`` of at least 1; None where fewer than 10
        are silent, fewer than 10 comment, or no control tells them apart.
    notes : how many are silent, and the effective sample size, (sum w)^2 / sum w^2 (Kish 1965).
    """
    spoke = units["n_comments"].to_numpy() >= 1
    silent = int((~spoke).sum())
    if min(silent, len(units) - silent) < MIN_SILENT:
        return None, ()
    coded = [levels(controls[name]).astype(str).rename(str(name)) for name in controls.columns]
    design = pd.get_dummies(pd.concat(coded, axis=1), dtype=float) if coded else pd.DataFrame(index=units.index)
    design = design.loc[:, design.max() > design.min()]
    if design.empty:
        return None, (
            _note(f"{silent:,} customers have no comment that counts, and no control tells them apart", silent),
        )
    probability = _probability(design.to_numpy(), spoke)[spoke]
    weight = spoke.mean() / probability
    low, high = np.quantile(weight, _TRIMMED)
    weight = weight.clip(low, high)
    weight = (weight / weight.mean()).round(9)
    effective = weight.sum() ** 2 / (weight**2).sum()
    message = (
        f"{silent:,} of {len(units):,} customers have no comment that counts; the others, weighted to be like all, "
        f"count as much as {effective:,.0f} of the {len(weight):,} would unweighted (effective sample size)"
    )
    return weight, (_note(message, silent),)


def compare(units: pd.DataFrame, outcome: Outcome) -> Commenting | None:
    """The outcome of commenters beside that of silent customers, with 95 % intervals; None without either.

    ``units``: rows of Table.units with the column of ``outcome``; where it is missing the unit does not count. Events:
    shares with Wilson's interval (1927) and Newcombe's for the difference (`effects.risk_difference`); scores and
    amounts: means with Student's t, and Welch's (1947) for the difference. Below 10 on either side the
    difference has no interval, and below 10 a mean has none.
    """
    values = pd.to_numeric(units[outcome.name].astype("Float64"))
    known = values.notna().to_numpy()
    y, spoke = values[known].to_numpy(dtype=float), units["n_comments"].to_numpy()[known] >= 1
    if spoke.all() or not spoke.any():
        return None
    y, spoke = y[order := np.lexsort((y, spoke))], spoke[order]
    if outcome.kind == "event":
        return _of_event(y[spoke], y[~spoke])
    return _of_mean(y[spoke], y[~spoke])


def _probability(design: np.ndarray, spoke: np.ndarray) -> np.ndarray:
    """P(comments) of every customer. Equal customers are one row with a count, in an order of their own."""
    cells, cell, size = np.unique(design, axis=0, return_inverse=True, return_counts=True)
    cell, m = cell.ravel(), len(cells)
    with_ = np.bincount(cell, spoke, minlength=m)
    model = LogisticRegression(C=_PENALTY, solver="newton-cholesky", tol=1e-8, max_iter=100)
    with threadpool_limits(limits=1), warnings.catch_warnings():
        # Where the controls tell nothing the search begins at its end; scikit-learn then warns and goes on another way.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(np.vstack([cells, cells]), np.repeat([1, 0], m), np.concatenate([with_, size - with_]))
        return np.asarray(model.predict_proba(cells)[cell, 1])


def _of_event(commenters: np.ndarray, silent: np.ndarray) -> Commenting:
    (a, n1), (c, n0) = ((int(side.sum()), len(side)) for side in (commenters, silent))
    with_, without = _share(a, n1), _share(c, n0)
    counts = Counts(*(np.array([count]) for count in (a, n1 - a, c, n0 - c)))
    value, low, high = (float(part[0]) for part in risk_difference(counts))
    if min(n1, n0) < MIN_SILENT:
        low = high = np.nan
    method = _method("difference of shares; Newcombe", n1, n0)
    return Commenting(with_, without, Estimate(value, low, high, n1 + n0, method))


def _share(count: int, n: int) -> Estimate:
    low, high = proportion_confint(count, n, method="wilson")
    return Estimate(count / n, float(low), float(high), n, "share; Wilson interval")


def _of_mean(commenters: np.ndarray, silent: np.ndarray) -> Commenting:
    (with_, error, degrees), (without, error0, degrees0) = _mean(commenters), _mean(silent)
    reach, total = np.nan, error + error0
    if min(degrees, degrees0) >= MIN_SILENT - 1:
        freedom = total**2 / (error**2 / degrees + error0**2 / degrees0) if total > 0 else 1.0
        reach = float(t.isf(0.025, freedom) * np.sqrt(total))
    value, n = with_.value - without.value, with_.n + without.n
    method = _method("difference of means; Welch", with_.n, without.n)
    return Commenting(with_, without, Estimate(value, value - reach, value + reach, n, method))


def _mean(values: np.ndarray) -> tuple[Estimate, float, int]:
    """Mean with its interval, variance of the mean, degrees of freedom."""
    mean, n = float(values.mean()), len(values)
    variance = float(values.var(ddof=1)) / n if n > 1 else np.nan
    reach = float(t.isf(0.025, n - 1) * np.sqrt(variance)) if n >= MIN_SILENT else np.nan
    return Estimate(mean, mean - reach, mean + reach, n, _method("mean; Student's t", n)), variance, n - 1


def _method(words: str, *sizes: int) -> str:
    return f"{words} interval" if min(sizes) >= MIN_SILENT else f"{words}: no interval below {MIN_SILENT} customers"


def _note(message: str, count: int) -> Note:
    return Note("drivers", message, count, "info")
