"""Rows of cells to a table: title rows, survey headers, column names, ragged rows. No row is dropped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from statistics import median

import numpy as np
import pandas as pd

from cxnlp.errors import InputError
from cxnlp.results import Note

__all__ = ["TEXT", "EXTRA", "Sheet", "tabulate", "unique_names", "typed"]

TEXT = pd.StringDtype(na_value=np.nan)
"""The dtype of text everywhere, the same in pandas 2.3 and 3."""

EXTRA = "_extra_cells"
"""Column that keeps the cells of rows longer than the header, joined as they came."""

_LOOKED_AT = 200
_CHUNK = 50_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a reader returns: the table, what people should know, and a question text per column where known."""

    frame: pd.DataFrame
    notes: tuple[Note, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Header:
    names: list[str]
    rows: int
    """How many leading rows are no data."""
    labels: list[str] = field(default_factory=list)
    notes: tuple[Note, ...] = ()


def tabulate(rows: Iterable[list], *, name: str, as_text: bool, joiner: str = ",", limit: int | None = None) -> Sheet:
    """Table of `rows`, whose first row (or rows, in survey exports) names the columns.

    Parameters
    ----------
    rows : lists of cells; an empty list is a blank line, which is no row.
    as_text : every cell is a string and stays one; otherwise each column gets the dtype of its cells.
    joiner : puts surplus cells of a long row together in the column `EXTRA`.
    limit : read at most so many data rows.

    Raises InputError where there is no header or no row below it.
    """
    stream = (row for row in rows if row)
    first = list(islice(stream, _LOOKED_AT))
    if not first:
        raise InputError(f"{name} holds no rows", expected="a header and at least one row", fix="export the data again")
    header = _header(first)
    names, renamed = unique_names(header.names)
    body = islice(chain(first[header.rows :], stream), limit)
    frame, ragged = _frame(body, names, as_text, joiner)
    if frame.empty:
        raise InputError(
            f"{name} holds a header ({', '.join(names[:10])}) and no rows below it",
            expected="at least one row of data",
            fix="export the data again, with answers",
        )
    labels = {column: label for column, label in zip(names, header.labels, strict=False) if label and label != column}
    return Sheet(frame, (*header.notes, *renamed, *ragged), labels)


def unique_names(names: Iterable[object]) -> tuple[list[str], tuple[Note, ...]]:
    """Column names as distinct, non-empty strings; a note lists those that had to change."""
    given = [" ".join(str(name).split()) for name in names]
    wanted = [name or f"column_{position}" for position, name in enumerate(given, start=1)]
    taken, seen, result = set(wanted), set(), []
    for name in wanted:
        free, number = name, 2
        while free in seen or (free != name and free in taken):
            free, number = f"{name}_{number}", number + 1
        seen.add(free)
        result.append(free)
    changed = [f"{old or 'empty'} -> {new}" for old, new in zip(given, result, strict=True) if old != new]
    if not changed:
        return result, ()
    more = f" and {len(changed) - 10} more" if len(changed) > 10 else ""
    message = f"columns without a name of their own were named: {', '.join(changed[:10])}{more}"
    return result, (Note("read", message, level="info"),)


def typed(column: Iterable[object]) -> pd.Series:
    """Cells as a Series of the dtype they share; whole numbers stay whole beside missing ones."""
    cells = pd.Series(list(column), dtype=object)
    kind = pd.api.types.infer_dtype(cells, skipna=True)
    missing = bool(cells.isna().any())
    if kind == "string":
        try:
            return cells.astype(TEXT)
        except UnicodeEncodeError:  # half a surrogate pair, which `sources` mends
            return cells
    if kind == "boolean" and missing:
        return cells.astype("boolean")
    if kind == "integer" and missing:
        try:
            return cells.astype("Int64")
        except OverflowError:
            return cells
    return cells.infer_objects()


def _header(first: list[list]) -> _Header:
    skipped = _title_rows(first)
    table = first[skipped:]
    header = next((found for layout in _LAYOUTS if (found := layout(table)) is not None), None)
    if header is None:
        header = _Header([_cell(cell) for cell in table[0]], 1)
    if not skipped:
        return header
    titles = "; ".join(_cell(cell) for row in first[:skipped] for cell in row if _cell(cell))
    note = Note("read", f"rows above the header are no data: {titles[:200]}", skipped, level="info")
    return _Header(header.names, header.rows + skipped, header.labels, (note, *header.notes))


def _title_rows(first: list[list]) -> int:
    """Leading rows with at most one filled cell, above a table that fills three or more."""
    filled = [sum(bool(_cell(cell)) for cell in row) for row in first]
    leading = next((position for position, count in enumerate(filled) if count > 1), 0)
    return leading if leading and median(filled[leading:]) >= 3 else 0


def _qualtrics(rows: list[list]) -> _Header | None:
    """Column ids, question texts, then ``{"ImportId": ...}``; the ids name the columns."""
    for position, row in enumerate(rows[1:3], start=1):
        cells = [_cell(cell) for cell in row]
        if cells and sum(cell.startswith('{"ImportId"') for cell in cells) >= len(cells) / 2:
            labels = [_one_line(_cell(cell)) for cell in rows[1]] if position == 2 else []
            message = "Qualtrics export: the rows below the header with question texts and import ids are no answers"
            note = Note("read", message, position, level="info")
            return _Header([_cell(cell) for cell in rows[0]], position + 1, labels, (note,))
    return None


def _surveymonkey(rows: list[list]) -> _Header | None:
    """Questions, each only over its first column, then the answer options; both together name a column."""
    names = [_one_line(_cell(cell)) for cell in rows[0]]
    if not {"Respondent ID", "Collector ID"} <= set(names) or len(rows) < 2:
        return None
    options = [_one_line(_cell(cell)) for cell in rows[1]] + [""] * len(names)
    if options[names.index("Respondent ID")]:  # an answer: this export has one header row
        return None
    joined, question = [], ""
    for position, name in enumerate(names):
        question = name or question
        alone = bool(name) and (position + 1 == len(names) or bool(names[position + 1]))
        joined.append(name if alone or not options[position] else f"{question} - {options[position]}")
    note = Note("read", "SurveyMonkey export: the second header row holds answer options, not answers", 1, level="info")
    return _Header(joined, 2, [], (note,))


_LAYOUTS = (_qualtrics, _surveymonkey)


def _frame(body: Iterator[list], names: list[str], as_text: bool, joiner: str) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    width = len(names)
    short, blank = 0, "" if as_text else None
    extra: dict[int, str] = {}
    done = 0
    pieces: list[pd.DataFrame] = []
    # Chunks, because a million rows of Python strings would need several times the memory of the table.
    while chunk := list(islice(body, _CHUNK)):
        for position, row in enumerate(chunk):
            if len(row) == width:
                continue
            if len(row) < width:
                short += 1
                chunk[position] = [*row, *[blank] * (width - len(row))]
            else:
                if any(_cell(cell) for cell in row[width:]):
                    extra[done + position] = joiner.join(_cell(cell) for cell in row[width:])
                chunk[position] = row[:width]
        done += len(chunk)
        pieces.append(_piece(chunk, names, as_text))
    frame = pd.concat(pieces, ignore_index=True) if pieces else pd.DataFrame(columns=names)
    if not as_text:
        frame = pd.DataFrame({name: typed(frame[name]) for name in names})
    if extra:
        kept = unique_names([*names, EXTRA])[0][-1]
        frame[kept] = pd.Series(extra, dtype=TEXT).reindex(frame.index, fill_value="")
    return frame, tuple(_ragged(short, extra, width))


def _piece(chunk: list[list], names: list[str], as_text: bool) -> pd.DataFrame:
    dtype = TEXT if as_text else object
    columns = zip(*chunk, strict=True)
    return pd.DataFrame({name: pd.Series(list(cells), dtype=dtype) for name, cells in zip(names, columns, strict=True)})


def _ragged(short: int, extra: dict[int, str], width: int) -> Iterator[Note]:
    if short:
        yield Note("read", f"rows with fewer than the header's {width} cells were filled up with empty cells", short)
    if extra:
        first = min(extra) + 1
        message = (
            f"rows with more than the header's {width} cells: the surplus is in {EXTRA} (first: data row {first}); "
            "a delimiter inside an unquoted comment does this"
        )
        yield Note("read", message, len(extra))


def _cell(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)
