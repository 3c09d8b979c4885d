"""What the cells of a column look like: filled, numeric, wordy, distinct. Independent of row order."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from cxnlp.connectors import dates, languages
from cxnlp.connectors.encodings import mend_surrogates
from cxnlp.connectors.records import TEXT

__all__ = ["Profile", "as_text"]

_SAMPLED = 5_000
_NUMBER = r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?"
_ANSWER = r"^([+-]?\d+(?:[.,]\d+)?)(?:\s*(?:/|of|out of)\s*\d+)?[^\d]*$"
_MACHINE = r"(?i)\s*(?:https?://\S*|www\.\S*|[^@\s]+@[^@\s]+\.[a-z]+|[0-9a-f]{8}-[0-9a-f-]{27}|(?:\d{1,3}\.){3}\d{1,3}|[{\[].*[}\]])\s*"
"""Links, e-mail addresses, UUIDs, IP addresses, JSON: what machines write into text columns."""


def as_text(values: pd.Series) -> pd.Series:
    """Cells as text, whatever they were; blank ones missing.

    Whole floats lose their ``.0``; the items of a list are joined with ``; ``; a dictionary becomes JSON.
    """
    if isinstance(values.dtype, pd.StringDtype):
        text = values.astype(TEXT)
    else:
        text = pd.Series([_cell_text(cell) for cell in values.astype(object)], index=values.index, dtype=TEXT)
    return text.mask(text.str.strip() == "")


def _cell_text(cell: object) -> str | None:
    if isinstance(cell, str):
        return mend_surrogates(cell)
    if isinstance(cell, float | np.floating):
        return None if math.isnan(cell) else str(int(cell)) if float(cell).is_integer() else str(cell)
    if isinstance(cell, dict):
        return mend_surrogates(json.dumps(cell, ensure_ascii=False, default=str)) if cell else None
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace")
    if isinstance(cell, list | tuple | np.ndarray):
        return _joined(cell)
    if isinstance(cell, set | frozenset):  # in an order that does not change from run to run
        return _joined(sorted(cell, key=str))
    return None if cell is None or cell is pd.NA or cell is pd.NaT else str(cell)


def _joined(cells: Iterable[object]) -> str:
    parts = (_cell_text(cell) for cell in cells)
    return "; ".join(part for part in parts if part)


@dataclass(frozen=True, eq=False)
class Profile:
    """One input column seen as a whole; every share is one of its filled cells, 0 to 1."""

    name: str
    values: pd.Series
    label: str = ""
    """Question text, where the layout gives one."""

    @cached_property
    def _counts(self) -> pd.Series:
        """Distinct filled cells as stripped text (index), and how often each occurs."""
        if pd.api.types.is_numeric_dtype(self.values) or pd.api.types.is_datetime64_any_dtype(self.values):
            counts = self.values.value_counts(sort=False)
            cells = as_text(counts.index.to_series()).to_numpy()
            return pd.Series(counts.to_numpy(dtype="int64"), index=pd.Index(cells, dtype=TEXT))
        return as_text(self.values).str.strip().value_counts(sort=False).astype("int64")

    @cached_property
    def _sample(self) -> pd.Series:
        """`_counts`, or of very many the part with the lowest hashes: a sample that no order of rows changes."""
        if len(self._counts) <= _SAMPLED:
            return self._counts
        hashes = pd.util.hash_array(self._counts.index.to_numpy(dtype=object), categorize=False)
        return self._counts.iloc[np.sort(np.argsort(hashes, kind="stable")[:_SAMPLED])]

    @cached_property
    def _cells(self) -> pd.Series:
        return pd.Series(self._sample.index, dtype=TEXT)

    def _share(self, holds: pd.Series) -> float:
        counts = self._sample.to_numpy()
        return float((holds.to_numpy(dtype=bool) * counts).sum() / counts.sum()) if len(counts) else 0.0

    @property
    def is_empty(self) -> bool:
        """Whether every cell is blank or missing."""
        return self._counts.empty

    @cached_property
    def distinct(self) -> float:
        """Distinct over filled cells."""
        return 0.0 if self.is_empty else len(self._counts) / int(self._counts.sum())

    @cached_property
    def identifies(self) -> bool:
        """Whether every row has a cell and no two have the same."""
        return len(self._counts) == len(self.values)

    @cached_property
    def is_text(self) -> bool:
        """Whether the cells could be words: text by type, and not mostly numbers, dates or machine writing."""
        typed = pd.api.types.is_numeric_dtype(self.values) or pd.api.types.is_datetime64_any_dtype(self.values)
        return not typed and self.numeric < 0.5 and self.dated < 0.5 and self.machine < 0.5

    @cached_property
    def answers(self) -> pd.Series:
        """Numbers that cells begin with, as in '9' and '9 - very likely', one per such cell, as floats."""
        if pd.api.types.is_bool_dtype(self.values):
            return pd.Series(dtype=float)
        found = self._cells.str.extract(_ANSWER, expand=False).str.replace(",", ".", regex=False)
        return pd.Series(np.repeat(pd.to_numeric(found, errors="coerce"), self._sample)).dropna().astype(float)

    @cached_property
    def answered(self) -> float:
        """Share of cells that begin with a number."""
        return len(self.answers) / int(self._sample.sum()) if not self.is_empty else 0.0

    @cached_property
    def numeric(self) -> float:
        """Share of cells that are a number and nothing else; a decimal comma counts."""
        return self._share(self._cells.str.fullmatch(_NUMBER))

    @cached_property
    def dated(self) -> float:
        """Share of cells in the shape of a date; plain numbers have none."""
        if pd.api.types.is_datetime64_any_dtype(self.values):
            return float(not self.is_empty)
        return self._share(dates.looks_like_date(self._cells))

    @cached_property
    def machine(self) -> float:
        """Share of links, addresses, UUIDs and JSON."""
        return self._share(self._cells.str.fullmatch(_MACHINE))

    @cached_property
    def lettered(self) -> float:
        """Share of cells with a letter."""
        return self._share(self._cells.str.contains(r"[^\W\d_]", regex=True))

    @cached_property
    def wordy(self) -> float:
        """Share of cells with three words or more."""
        return self._share(self._cells.str.contains(r"\S\s+\S+\s+\S", regex=True))

    @cached_property
    def characters(self) -> float:
        """Mean length of the filled cells."""
        return 0.0 if self.is_empty else float(np.average(self._cells.str.len(), weights=self._sample))

    @cached_property
    def languages(self) -> float:
        """Share of cells that name a language."""
        return self._share(self._cells.map(languages.code).notna())
