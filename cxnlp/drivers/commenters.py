"""Who comments at all: weights that make those who do like all customers."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from cxnlp.drivers.controls import levels
from cxnlp.results import Note, Table

__all__ = ["MIN_SILENT", "silent", "weights"]

MIN_SILENT = 10
"""Fewest silent customers, and fewest commenters, for weights."""

_TRIMMED = (0.01, 0.99)
_PENALTY = 100.0  # variance of the prior of a log odds: wide, and keeps a level without any commenters finite


def silent(table: Table) -> np.ndarray:
    """Units that said nothing: bool, a row per unit of Table.units.

    Whoever spoke outside the window, after the stage that counts or in a language that is not read is not silent.
    """
    spoke = table.comments.loc[table.comments["status"].isin(["ok", "unsupported"]), "unit"]
    return (~table.units["unit"].isin(spoke) & (table.units["n_comments"] == 0)).to_numpy(dtype=bool)


def weights(
    units: pd.DataFrame, controls: pd.DataFrame, said_nothing: np.ndarray
) -> tuple[np.ndarray | None, tuple[Note, ...]]:
    """Weight of each commenter, proportional to 1 / P(comments | controls): a sensitivity run with it says whether
    an association rests on who comments.

    P by logistic regression on the main effects of the controls' levels (`controls.levels`) over commenters and silent
    customers, without those who spoke only where it is no evidence, who are on neither side. Weights are stabilised by
    the overall share of commenters and cut at their 1st and 99th percentile (Cole and Hernan 2008, Am J Epidemiol
    168:656-664), and their mean is 1. They correct for who comments as far as the controls tell; scores and churn may
    differ beyond that.

    Parameters
    ----------
    units : rows of Table.units; commenters are those with ``n_comments`` of at least 1.
    controls : columns to predict commenting from, same rows.
    said_nothing : `silent` of the same rows.

    Returns
    -------
    weight : float (commenters,), in the order of the rows with ``n_comments`` of at least 1; None where fewer than 10
        are silent, fewer than 10 comment, or no control tells them apart.
    notes : how many are silent, and the effective sample size, (sum w)^2 / sum w^2 (Kish 1965); how many spoke only
        where it is no evidence.
    """
    unheard = int(((units["n_comments"].to_numpy() < 1) & ~said_nothing).sum())
    message = (
        "customers whose comments are no evidence here (outside the window, after the stage, in a language that is not "
        "read): neither compared nor counted as silent"
    )
    apart = (_note(message, unheard),) if unheard else ()
    kept = (units["n_comments"].to_numpy() >= 1) | said_nothing
    weight, notes = _weights(units[kept], controls[kept])
    return weight, (*apart, *notes)


def _weights(units: pd.DataFrame, controls: pd.DataFrame) -> tuple[np.ndarray | None, tuple[Note, ...]]:
    """`weights` of units that comment or are silent."""
    spoke = units["n_comments"].to_numpy() >= 1
    quiet = int((~spoke).sum())
    if min(quiet, len(units) - quiet) < MIN_SILENT:
        return None, ()
    coded = [levels(controls[name]).astype(str).rename(str(name)) for name in controls.columns]
    design = pd.get_dummies(pd.concat(coded, axis=1), dtype=float) if coded else pd.DataFrame(index=units.index)
    design = design.loc[:, design.max() > design.min()]
    if design.empty:
        return None, (_note(f"{quiet:,} customers said nothing, and no control tells them apart", quiet),)
    probability = _probability(design.to_numpy(), spoke)[spoke]
    weight = spoke.mean() / probability
    low, high = np.quantile(weight, _TRIMMED)
    weight = weight.clip(low, high)
    weight = (weight / weight.mean()).round(9)
    effective = weight.sum() ** 2 / (weight**2).sum()
    message = (
        f"{quiet:,} of {len(units):,} customers said nothing; the others, weighted to be like all, "
        f"count as much as {effective:,.0f} of the {len(weight):,} would unweighted (effective sample size)"
    )
    return weight, (_note(message, quiet),)


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


def _note(message: str, count: int) -> Note:
    return Note("drivers", message, count, "info")
