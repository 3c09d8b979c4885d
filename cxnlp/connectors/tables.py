"""Excel, JSON and Parquet: formats whose cells have types."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineWorkbook

from cxnlp.connectors.encodings import decode
from cxnlp.connectors.opening import Request, beginning, contents, reading
from cxnlp.connectors.records import Sheet, tabulate, typed
from cxnlp.errors import InputError
from cxnlp.results import Note

__all__ = ["read_excel", "read_json", "read_json_lines", "read_parquet"]

_TITLE_ROWS = 20
"""Rows read beyond those asked for, because titles and headers may stand above the data."""


def read_excel(request: Request) -> Sheet:
    """Read one sheet of an Excel workbook: the one named, else the first."""
    with reading(request.path) as file:
        try:
            workbook = CalamineWorkbook.from_filelike(io.BytesIO(file.read()))
            sheet, notes = _sheet(workbook, request)
            limit = None if request.rows is None else request.rows + _TITLE_ROWS
            rows = workbook.get_sheet_by_name(sheet).to_python(nrows=limit)
        except CalamineError as error:
            raise InputError(
                f"{request.name} is no readable Excel workbook: {error}",
                expected="an intact .xlsx, .xlsm or .xls file without a password",
                fix="open it in Excel and save it again as .xlsx, or export it as CSV UTF-8",
            ) from error
    while rows and not any(cell != "" for cell in rows[-1]):
        rows.pop()
    where = f"{request.name}, sheet {sheet!r}"
    found = tabulate(map(_plain_cells, rows), name=where, as_text=False, limit=request.rows)
    return Sheet(found.frame, (*notes, *found.notes), found.labels)


def read_json(request: Request) -> Sheet:
    """Read a JSON array of records, or an object that holds one such array; failing that, JSON lines."""
    text, notes = decode(contents(request), encoding=request.encoding, name=request.name)
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        if "Extra data" in error.msg:
            return _json_lines(text, request, notes)
        raise InputError(
            f"{request.name} is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}",
            expected="an array of records: [{...}, {...}]",
            fix=f"mend line {error.lineno}, or export the data again",
        ) from error
    records, more = _array(value, request.name)
    return _from_records(islice(records, request.rows), request.name, (*notes, *more))


def read_json_lines(request: Request) -> Sheet:
    """Read JSON lines: one object a line; with `request.rows` only the beginning of the file."""
    size = 1 << 20
    while request.rows is not None:
        data, whole = beginning(request, size)
        if whole:
            break
        text, notes = decode(data, encoding=request.encoding, name=request.name, whole=False)
        if text.count("\n") >= request.rows:
            return _json_lines(text[: text.rindex("\n")], request, notes)
        size *= 8
    text, notes = decode(contents(request), encoding=request.encoding, name=request.name)
    return _json_lines(text, request, notes)


def read_parquet(request: Request) -> Sheet:
    """Read a Parquet file; whole numbers stay whole where some are missing."""
    with reading(request.path) as file:
        try:
            parquet = pq.ParquetFile(file)
            table = parquet.read() if request.rows is None else _first_rows(parquet, request.rows)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
            raise InputError(
                f"{request.name} is no intact Parquet file: {error}",
                expected="a complete Parquet file",
                fix="copy or download it again",
            ) from error
    frame = table.to_pandas()
    for field in table.schema:
        # Through floats, as pandas would have it, long ids lose their last digits.
        if pa.types.is_integer(field.type) and table[field.name].null_count and field.name in frame.columns:
            numbers = pd.array(table[field.name].to_pylist(), dtype="Int64")
            frame[field.name] = pd.Series(numbers, index=frame.index)
    stored_index = not isinstance(frame.index, pd.RangeIndex)
    if frame.empty:
        raise _no_rows(request.name)
    return Sheet(frame.reset_index() if stored_index else frame.reset_index(drop=True))


def _first_rows(parquet: pq.ParquetFile, rows: int) -> pa.Table:
    batches = []
    for batch in parquet.iter_batches(batch_size=rows):
        batches.append(batch)
        if sum(map(len, batches)) >= rows:
            break
    return pa.Table.from_batches(batches, schema=parquet.schema_arrow).slice(0, rows)


def _sheet(workbook: CalamineWorkbook, request: Request) -> tuple[str, tuple[Note, ...]]:
    names = workbook.sheet_names
    if request.sheet is not None:
        if request.sheet not in names:
            raise InputError(
                f"no sheet {request.sheet!r} in {request.name}",
                expected=f"one of: {', '.join(names)}",
                fix=f"--sheet '{names[0]}'",
            )
        return request.sheet, ()
    if len(names) == 1:
        return names[0], ()
    others = ", ".join(names[1:])
    return names[0], (Note("read", f"read sheet {names[0]!r}; --sheet for another: {others}", level="info"),)


def _plain_cells(row: list[Any]) -> list[Any]:
    # Excel stores every number as floating point and empty cells as nothing.
    return [
        None if cell == "" else int(cell) if isinstance(cell, float) and cell.is_integer() else cell for cell in row
    ]


def _json_lines(text: str, request: Request, notes: tuple[Note, ...]) -> Sheet:
    lines = ((number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip())
    records = (_record(line, number, request.name) for number, line in islice(lines, request.rows))
    return _from_records(records, request.name, notes)


def _record(line: str, number: int, name: str) -> dict[str, Any]:
    fix = f"mend or remove line {number}"
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        found = f"line {number} of {name} is not valid JSON: {error.msg} at character {error.pos + 1}"
        raise InputError(found, expected="one JSON object a line", fix=fix) from error
    if not isinstance(record, dict):
        raise InputError(f"line {number} of {name} holds no object", expected="one JSON object a line", fix=fix)
    return record


def _array(value: Any, name: str) -> tuple[list[dict[str, Any]], tuple[Note, ...]]:
    notes: tuple[Note, ...] = ()
    if isinstance(value, dict):
        arrays = {key: item for key, item in value.items() if isinstance(item, list) and item and _are_records(item)}
        if len(arrays) == 1:
            key, value = next(iter(arrays.items()))
            notes = (Note("read", f"read the records under {key!r} of {name}", level="info"),)
        elif not arrays:
            value = [value]
    if not isinstance(value, list) or not _are_records(value):
        raise InputError(
            f"{name} holds no array of records",
            expected="an array of objects: [{...}, {...}]",
            fix="export it as JSON lines",
        )
    return value, notes


def _are_records(items: list[Any]) -> bool:
    return all(isinstance(item, dict) for item in items)


def _from_records(records: Iterable[dict[str, Any]], name: str, notes: tuple[Note, ...]) -> Sheet:
    flat = [dict(_flatten(record)) for record in records]
    columns = dict.fromkeys(key for record in flat for key in record)
    if not columns:
        raise _no_rows(name)
    return Sheet(pd.DataFrame({key: typed(record.get(key) for record in flat) for key in columns}), notes)


def _flatten(record: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested objects as dotted names: ``{"consumer": {"id": 1}}`` gives ``consumer.id``; lists stay cells."""
    for key, value in record.items():
        if isinstance(value, dict) and value:
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _no_rows(name: str) -> InputError:
    return InputError(f"{name} holds no rows", expected="at least one row of data", fix="export the data again")
