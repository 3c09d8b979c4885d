"""Files and DataFrames alike to a table with plain column names and a RangeIndex."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from cxnlp.config import ReadConfig
from cxnlp.connectors.delimited import read_delimited
from cxnlp.connectors.encodings import mend_surrogates
from cxnlp.connectors.opening import Request, fingerprint
from cxnlp.connectors.records import Sheet, typed, unique_names
from cxnlp.connectors.tables import read_excel, read_json, read_json_lines, read_parquet
from cxnlp.errors import InputError
from cxnlp.results import Note

__all__ = ["READERS", "load", "read_table"]

READERS: dict[str, Callable[[Request], Sheet]] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".txt": read_delimited,
    ".xlsx": read_excel,
    ".xlsm": read_excel,
    ".xls": read_excel,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".json": read_json,
    ".parquet": read_parquet,
}
"""Reader of each suffix. Those of text formats also read ``.gz``."""

_COMPRESSIBLE = frozenset({".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".json"})
_HASHED_ROWS = 50_000


def read_table(
    path: str | Path, *, encoding: str | None = None, delimiter: str | None = None, sheet: str | None = None
) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """Read a file as a table, without asking what its columns mean.

    Cells of text formats stay text, exactly as they came; other formats keep their types.
    Raises InputError as `read` does.
    """
    found = _from_file(Request(_path(path), encoding, delimiter, sheet))
    return found.frame, found.notes


def load(source: object, config: ReadConfig, rows: int | None) -> tuple[str, Sheet, str]:
    """Name, table and SHA-256 of `source`; with `rows`, its beginning and an empty hash."""
    if isinstance(source, pd.DataFrame):
        sheet = _from_frame(source if rows is None else source.head(rows))
        return "DataFrame", sheet, "" if rows is not None else _hash(sheet.frame)
    path = _path(source)
    sheet = _from_file(Request(path, config.encoding, config.delimiter, config.sheet, rows))
    return path.name, sheet, "" if rows is not None else fingerprint(path)


def _path(source: object) -> Path:
    if isinstance(source, str | Path):
        return Path(source).expanduser()
    raise InputError(
        f"a {type(source).__name__} as the source of comments",
        expected="the path of a file, or a pandas DataFrame",
        fix="pass the path as a string, or build a DataFrame: pandas.DataFrame({'comment': [...]})",
    )


def _from_file(request: Request) -> Sheet:
    suffix = request.suffix
    known = suffix in READERS and (suffix in _COMPRESSIBLE or not request.is_compressed)
    if not known and request.path.is_file():
        shown = "".join(request.path.suffixes[-2:]) if request.is_compressed else request.path.suffix
        raise InputError(
            f"{request.name}: no reader for {shown or 'files without a suffix'}",
            expected=f"one of: {' '.join(READERS)} (text formats also with .gz)",
            fix="export the data as CSV, or rename the file if it is one of these",
        )
    # What is no file at all gets its own message when it is opened.
    return _tidy((READERS[suffix] if known else read_delimited)(request))


def _from_frame(frame: pd.DataFrame) -> Sheet:
    if frame.empty:
        raise InputError(
            f"a DataFrame with {len(frame)} rows and {len(frame.columns)} columns",
            expected="at least one row and one column",
            fix="check the filter or query that made it",
        )
    return _tidy(Sheet(frame.reset_index(drop=True)))


def _tidy(sheet: Sheet) -> Sheet:
    frame = sheet.frame.copy()
    wanted = (_column_name(column) for column in frame.columns)
    frame.columns, renamed = unique_names(wanted)
    mended = 0
    # Only object columns can hold half a pair: the text dtype refuses it.
    for name in [name for name in frame.columns if pd.api.types.is_object_dtype(frame[name].dtype)]:
        broken = frame[name].map(lambda cell: isinstance(cell, str) and mend_surrogates(cell) != cell).astype(bool)
        if broken.any():
            frame[name] = typed(frame[name].where(~broken, frame[name][broken].map(mend_surrogates)))
            mended += int(broken.sum())
    note = Note("read", "cells with half a surrogate pair, which no file can hold, show \ufffd there", mended)
    return Sheet(frame, (*sheet.notes, *renamed, *((note,) if mended else ())), sheet.labels)


def _column_name(column: object) -> str:
    parts = column if isinstance(column, tuple) else (column,)
    return mend_surrogates("_".join(str(part) for part in parts if str(part)))


def _hash(frame: pd.DataFrame) -> str:
    digest = hashlib.sha256()
    for start in range(0, len(frame), _HASHED_ROWS):
        rows = frame.iloc[start : start + _HASHED_ROWS].to_csv(index=False, header=start == 0, lineterminator="\n")
        digest.update(rows.encode("utf-8", "replace"))
    return digest.hexdigest()
