"""What to adjust for: controls cut into levels, so that units collapse to a few cells with counts.

Equal units need not be told apart: a logistic model of 100,000 customers with banded controls is
the same model of a few hundred weighted cells, and fits in well under a millisecond.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype
from sklearn.metrics import roc_auc_score

from cxnlp.results import Note

__all__ = ["Design", "Term", "design", "independent", "levels", "MISSING", "OTHER"]

MISSING = "(missing)"
OTHER = "(other)"

_BAND = "band "
_MIN_LEVEL = 10
_MAX_LEVELS = 20
_MANY_UNITS = 1_000
_MIN_PER_STRATUM = 10
_SUSPICIOUS_AUC = 0.95
_SUSPICIOUS_R2 = 0.90


@dataclass(frozen=True, slots=True)
class Term:
    """One column of a design after the intercept: ``name``, such as 'plan: basic', and the level that it is compared
    with, ``reference``, such as 'plan: plus'. A band of a number is named by its smallest and largest value."""

    name: str
    reference: str


@dataclass(frozen=True, slots=True)
class Design:
    """Controls of one outcome's units.

    ``cell``: number of each unit's combination of levels, int (units,). ``matrix``: one row per
    cell, intercept first, then an indicator per level beside the most common one, float (cells,
    parameters), of full rank. ``stratum``: Mantel-Haenszel stratum of each cell, int (cells,).
    ``used``: the controls that say something. ``terms``: what the columns of the matrix after the first are.
    """

    cell: np.ndarray
    matrix: np.ndarray
    stratum: np.ndarray
    used: tuple[str, ...]
    notes: tuple[Note, ...] = ()
    terms: tuple[Term, ...] = ()


def design(controls: pd.DataFrame, y: np.ndarray, kind: Literal["event", "score", "amount"] = "event") -> Design:
    """Cells, model matrix and strata of `controls` (one row per unit) for the outcome ``y`` (units,) of that ``kind``.

    Constant controls and controls that only repeat others are dropped with a Note. One that tells the
    outcome almost perfectly is kept with a warning: it may be a consequence of the outcome, and adjusting for a
    consequence hides the reasons. Almost perfectly: area under the ROC curve above .95 for events (``y`` true or 1
    where the bad thing happened), share of variance between its levels above .90 for scores and amounts.
    """
    notes: list[Note] = []
    coded: dict[str, np.ndarray] = {}
    named: dict[str, list[str]] = {}
    for name in controls.columns:
        level = levels(controls[name])
        code = _codes(level)
        if code.max(initial=0) == 0:
            notes.append(
                _note(f"control {name!r} was dropped: no two of its values have {_MIN_LEVEL} units each", "info")
            )
            continue
        if pooled := int((level == OTHER).sum()):
            notes.append(_note(f"control {name!r}: units with a rare value were pooled as {OTHER}", "info", pooled))
        coded[str(name)] = code
        named[str(name)] = _names(str(name), controls[name], level, code)
        if how_well := _tells(code, y, kind):
            notes.append(
                _note(
                    f"control {name!r} alone tells the outcome almost perfectly ({how_well}): a consequence of "
                    "the outcome? Adjusting for a consequence hides the reasons; leave it out if so",
                    "warning",
                )
            )
    if not coded:
        return Design(
            np.zeros(len(controls), dtype=np.intp), np.ones((1, 1)), np.zeros(1, dtype=np.intp), (), tuple(notes)
        )
    cells, cell = np.unique(np.column_stack(list(coded.values())), axis=0, return_inverse=True)
    matrix, kept = _indicators(cells)
    used = tuple(name for number, name in enumerate(coded) if number in {owner for owner, _ in kept})
    words = list(named.values())
    terms = tuple(Term(words[control][level], words[control][0]) for control, level in kept)
    repeated = [name for name in coded if name not in used]
    if repeated:
        notes.append(_note(f"controls {', '.join(repeated)} only repeat {', '.join(used)} and were dropped", "info"))
    stratum, left_out = _strata(cells, list(coded), np.bincount(cell.ravel(), minlength=len(cells)))
    if left_out := [name for name in left_out if name in used]:
        notes.append(
            _note(
                f"the Mantel-Haenszel check leaves out {', '.join(left_out)}: with it, strata would hold fewer than "
                f"{_MIN_PER_STRATUM} units on average (the model adjusts for it)",
                "info",
            )
        )
    return Design(cell.ravel(), matrix, stratum, used, tuple(notes), terms)


def levels(values: pd.Series) -> pd.Series:
    """Values as text levels: at most 20, each of 10 units or more; the rest pooled as '(other)'.

    Numbers and dates with more than 10 distinct values become ten bands of equal size (four below
    1,000 units). A missing value is a level of its own. An '(other)' of fewer than 10 units joins
    the most common level, so that no level is too small to estimate.
    """
    named = (
        _bands(values) if _is_continuous(values) else values.astype(object).map(_label, na_action="ignore")
    ).astype(object)
    named = named.where(named.notna(), MISSING)
    counts = named.value_counts().rename_axis("level").reset_index(name="n")
    counts = counts.sort_values(["n", "level"], ascending=[False, True], ignore_index=True)
    large = counts["n"] >= _MIN_LEVEL
    kept = counts.loc[large, "level"].head(
        _MAX_LEVELS if large.all() and len(counts) <= _MAX_LEVELS else _MAX_LEVELS - 1
    )
    if kept.empty:
        return pd.Series(OTHER, index=values.index, dtype=object)
    pooled = ~named.isin(kept)
    return named.mask(pooled, OTHER if pooled.sum() >= _MIN_LEVEL else kept.iloc[0])


def _is_continuous(values: pd.Series) -> bool:
    if is_bool_dtype(values) or not (is_numeric_dtype(values) or is_datetime64_any_dtype(values)):
        return False
    return values.nunique() > 10


def _bands(values: pd.Series) -> pd.Series:
    # Finer bands leave less confounding inside them, but small samples cannot pay for many parameters.
    bands = 10 if len(values) >= _MANY_UNITS else 4
    if is_datetime64_any_dtype(values):
        values = (values - values.min()) / pd.Timedelta(days=1)
    known = pd.Series(values.to_numpy(dtype=float, na_value=np.nan), values.index).replace([np.inf, -np.inf], np.nan)
    # A value that would fill a band by itself, such as zero orders, is its own level: quantiles would coincide on it.
    shares = known.value_counts(normalize=True)
    heaped = known.isin(shares.index[shares >= 1 / bands])
    band = (
        pd.qcut(known.mask(heaped), bands, labels=False, duplicates="drop")
        if (~heaped & known.notna()).any()
        else known
    )
    named = band.map((_BAND + "{:02.0f}").format, na_action="ignore").astype(object)
    return named.mask(heaped, known.map(_label, na_action="ignore").astype(object))


def _label(value: object) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _codes(level: pd.Series) -> np.ndarray:
    """Numbers by falling size, then by name: level 0 is the reference of the indicators."""
    counts = level.value_counts().rename_axis("level").reset_index(name="n")
    order = counts.sort_values(["n", "level"], ascending=[False, True])["level"]
    return level.map({name: number for number, name in enumerate(order)}).to_numpy(dtype=np.intp)


def _tells(code: np.ndarray, y: np.ndarray, kind: str) -> str:
    """How well a control alone tells the outcome, in words, where that is almost perfectly; else ''."""
    value = np.asarray(y, float)
    if np.ptp(value) == 0:
        return ""
    size = np.bincount(code)
    mean = np.bincount(code, weights=value) / np.maximum(size, 1)
    if kind == "event":
        area = float(roc_auc_score(value > 0.5, mean[code]))
        return f"AUC {area:.2f}" if area > _SUSPICIOUS_AUC else ""
    explained = float(np.var(mean[code]) / np.var(value))
    return f"R2 {explained:.2f}" if explained > _SUSPICIOUS_R2 else ""


def _names(control: str, values: pd.Series, level: pd.Series, code: np.ndarray) -> list[str]:
    """The levels of a control in words, in the order of their codes; bands by the values that they hold."""
    first = np.unique(code, return_index=True)[1]
    return [f"{control}: {_range(values, level, name) or name}" for name in level.iloc[first]]


def _range(values: pd.Series, level: pd.Series, name: str) -> str:
    """Smallest to largest value of a band; '' for a level that is no band."""
    if not (_is_continuous(values) and name.startswith(_BAND)):
        return ""
    ends = values[level.eq(name)].agg(["min", "max"])
    if is_datetime64_any_dtype(values):
        low, high = (f"{end:%Y-%m-%d}" for end in ends)
    else:
        low, high = (f"{float(f'{end:.4g}'):,.12g}" for end in ends)
    return low if low == high else f"{low} to {high}"


def _indicators(cells: np.ndarray) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Intercept and indicators, leaving out each that is a sum of earlier ones; (control, level) of those that stay."""
    listed = [(number, level) for number, codes in enumerate(cells.T) for level in range(1, codes.max() + 1)]
    columns = [(cells[:, number] == level).astype(float) for number, level in listed]
    matrix = np.column_stack([np.ones(len(cells)), *columns])
    kept = independent(matrix)
    return matrix[:, kept], [listed[column - 1] for column in kept[1:]]


def independent(matrix: np.ndarray) -> list[int]:
    """Columns that are no weighted sum of earlier ones; the first is taken."""
    basis = matrix[:, :1] / np.linalg.norm(matrix[:, 0])
    kept = [0]
    for number, column in enumerate(matrix.T[1:], start=1):
        rest = column - basis @ (basis.T @ column)
        rest -= basis @ (basis.T @ rest)  # a second pass removes what rounding left of the first
        if np.linalg.norm(rest) > 1e-8 * np.linalg.norm(column):
            basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
            kept.append(number)
    return kept


def _strata(cells: np.ndarray, names: list[str], size: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Cross-classification of as many controls, in order, as leave enough units per stratum."""
    stratum, left_out = np.zeros(len(cells), dtype=np.intp), []
    for name, codes in zip(names, cells.T, strict=True):
        finer = np.unique(np.column_stack([stratum, codes]), axis=0, return_inverse=True)[1].ravel()
        if size.sum() / (finer.max() + 1) >= _MIN_PER_STRATUM:
            stratum = finer
        else:
            left_out.append(name)
    return stratum, left_out


def _note(message: str, level: str, count: int | None = None) -> Note:
    return Note("drivers", message, count, level)
