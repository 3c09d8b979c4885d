"""The comments as they are written down: the input's own columns, untouched, then ours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from cxnlp.errors import InternalError
from cxnlp.results import Evidence, Note

__all__ = ["join_lists", "statements_table", "wide_comments"]


def wide_comments(evidence: Evidence) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """Every input row in input order: all input columns, then the columns of cxnlp, and what was renamed.

    A column of ours that equals an input column of the same name is written once. Where they differ
    the input's is written as ``input_<name>``. Our ``text`` is left out where an input column holds
    the same under its own name.
    """
    source, ours = _named(evidence.source.reset_index(drop=True)), evidence.comments.reset_index(drop=True)
    if len(source) != len(ours):
        raise InternalError(
            f"{len(ours)} comments for {len(source)} input rows",
            expected="one comment for each input row",
            fix="please report this as a bug of cxnlp with the command that you ran",
        )
    twins = [name for name in ours.columns if name in source.columns and _equal(source[name], ours[name])]
    if "text" not in source.columns and any(_equal(source[name], ours["text"]) for name in source.columns):
        twins.append("text")
    ours = ours.drop(columns=twins)
    taken = {str(name) for name in ours.columns} | {str(name) for name in source.columns}
    renamed = {name: _free(f"input_{name}", taken) for name in source.columns if name in ours.columns}
    notes = tuple(
        Note(
            "report",
            f"the input column {old!r} is written as {new!r}: {old!r} holds the values that cxnlp read from it",
            level="info",
        )
        for old, new in renamed.items()
    )
    table = pd.concat([source.rename(columns=renamed), ours], axis=1)
    return _writable(table), notes


def statements_table(evidence: Evidence) -> pd.DataFrame:
    """The statements, ready to be written."""
    return _writable(evidence.statements.reset_index(drop=True))


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """Column names as distinct texts: a DataFrame may come with numbers, or with one name twice."""
    names: list[str] = []
    for name in frame.columns:
        names.append(_free(str(name), set(names)))
    return frame.set_axis(names, axis=1)


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _equal(first: pd.Series, second: pd.Series) -> bool:
    if types.is_numeric_dtype(first) and types.is_numeric_dtype(second):
        numbers = [side.astype("Float64").to_numpy(dtype=float, na_value=np.nan) for side in (first, second)]
        return bool(np.array_equal(numbers[0], numbers[1], equal_nan=True))
    pairs = zip(*(side.astype(object).where(side.notna(), None).tolist() for side in (first, second)), strict=True)
    return all(type(a) is type(b) and not isinstance(a, list | tuple) and a == b for a, b in pairs)


def _writable(frame: pd.DataFrame) -> pd.DataFrame:
    """`frame` with columns of mixed kinds as text: no file format keeps a column of 3, 'three' and a date."""
    changed = {
        name: frame[name].map(_as_text)
        for name in frame.columns
        if frame[name].dtype == object
        and types.infer_dtype(frame[name], skipna=True) not in ("boolean", "list", "empty")
        and not _is_listed(frame[name])
    }
    return frame.assign(**changed) if changed else frame


def _is_listed(values: pd.Series) -> bool:
    known = values[values.map(lambda value: isinstance(value, list | tuple | np.ndarray) or not pd.isna(value))]
    return len(known) > 0 and bool(known.map(lambda value: isinstance(value, list | tuple | np.ndarray)).all())


def _as_text(value: Any) -> str | None:
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return None
    # Half of a surrogate pair, as broken exports hold it, can be stored in no file.
    return str(value).encode("utf-8", "replace").decode("utf-8")


def join_lists(frame: pd.DataFrame) -> pd.DataFrame:
    """`frame` with list columns as text joined by ``'; '``, for formats without lists."""
    joined = {
        name: frame[name].map(
            lambda value: "; ".join(map(str, value)) if isinstance(value, list | tuple | np.ndarray) else value
        )
        for name in frame.columns
        if frame[name].dtype == object and _is_listed(frame[name])
    }
    return frame.assign(**joined) if joined else frame
