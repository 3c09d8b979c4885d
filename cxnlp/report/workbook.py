"""The workbook for people who live in Excel: text is text, never a formula or a link."""

from __future__ import annotations

import datetime
import math
import numbers
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter
from pandas.api import types
from xlsxwriter.exceptions import FileCreateError

from cxnlp.report import words
from cxnlp.report.findings import findings
from cxnlp.report.measured import overall
from cxnlp.report.sections import title_of
from cxnlp.results import Evidence, Note

__all__ = ["MOST_CHARACTERS", "MOST_ROWS", "write_workbook"]

MOST_CHARACTERS = 32_767
MOST_ROWS = 1_048_576
_MOST_COLUMNS = 16_384
_MOST_DIGITS = 10**15  # Excel keeps 15 digits of a number: a longer one is an identifier, and is written as text
_WIDEST = 60

_MEANINGS = {
    "comments": "every input row in input order: your columns, then what cxnlp adds",
    "topics": "what customers speak of",
    "metrics": "every estimate with its interval",
    "drivers": "every association tested between topics and outcomes",
    "impact": "the overall score minus the score without a topic's comments",
    "journey": "the estimates by stage of the journey",
    "codes": "how often each code of the codebook is met, and what that rests on",
    "review": "statements and codes that a person should decide, the most doubtful first",
}


def write_workbook(evidence: Evidence, sheets: Mapping[str, pd.DataFrame], path: Path) -> tuple[Note, ...]:
    """Write a sheet per table after a first one that explains them; returns what Excel's limits cut off."""
    notes = tuple(note for name, frame in sheets.items() for note in _cut(name, frame))
    options = {
        "constant_memory": True,
        "tmpdir": str(path.parent),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd hh:mm",
    }
    book = xlsxwriter.Workbook(str(path), options)
    book.use_zip64()
    # A fixed date, because equal evidence makes equal bytes.
    book.set_properties({"title": title_of(evidence), "created": datetime.datetime(2000, 1, 1)})
    bold = book.add_format({"bold": True, "bottom": 1})
    first = book.add_worksheet("read me")
    for name, frame in sheets.items():
        _write_sheet(book.add_worksheet(name), frame, bold)
    _write_lines(first, _read_me(evidence, sheets, notes), bold)
    try:
        book.close()
    except FileCreateError as error:
        raise OSError(str(error)) from error
    return notes


def _cut(name: str, frame: pd.DataFrame) -> Iterator[Note]:
    left = len(frame) - (MOST_ROWS - 1)
    if left > 0:
        yield Note("report", f"sheet {name!r} ends at Excel's limit of rows; the other files hold them all", left)
    shown = frame.iloc[: MOST_ROWS - 1]
    texts = (
        shown[column]
        for column in shown.columns
        if types.is_string_dtype(shown[column]) or shown[column].dtype == object
    )
    long = sum(isinstance(value, str) and _too_long(value) for column in texts for value in column)
    if long:
        yield Note("report", f"cells of sheet {name!r} end at Excel's limit of {MOST_CHARACTERS:,} characters", long)
    if frame.shape[1] > _MOST_COLUMNS:
        yield Note("report", f"sheet {name!r} ends at Excel's limit of columns", frame.shape[1] - _MOST_COLUMNS)


def _write_sheet(sheet: Any, frame: pd.DataFrame, bold: Any) -> None:
    frame = frame.iloc[: MOST_ROWS - 1, :_MOST_COLUMNS]
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(frame.columns):
        sheet.set_column(column, column, min(max(len(str(name)) + 2, 10), _WIDEST))
        sheet.write_string(0, column, _fit(str(name)), bold)
    if frame.shape[1]:
        sheet.autofilter(0, 0, len(frame), frame.shape[1] - 1)
    for row, values in enumerate(frame.itertuples(index=False, name=None), start=1):
        for column, value in enumerate(values):
            _write_cell(sheet, row, column, value)


def _write_cell(sheet: Any, row: int, column: int, value: Any) -> None:
    """One value as what it is; missing values and infinities stay blank."""
    if isinstance(value, str):
        sheet.write_string(row, column, _fit(value))
    elif value is None or value is pd.NA or value is pd.NaT:
        return
    elif isinstance(value, bool | numbers.Integral) and not isinstance(value, int):
        _write_cell(sheet, row, column, int(value))
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, numbers.Real):
        _write_number(sheet, row, column, value)
    elif isinstance(value, datetime.datetime) and value.year >= 1900:
        sheet.write_datetime(row, column, pd.Timestamp(value).tz_localize(None).to_pydatetime(warn=False))
    else:
        sheet.write_string(row, column, _fit(str(value)))


def _write_number(sheet: Any, row: int, column: int, value: Any) -> None:
    if isinstance(value, int) and abs(value) >= _MOST_DIGITS:
        sheet.write_string(row, column, str(value))
    elif math.isfinite(value):
        sheet.write_number(row, column, value)


def _too_long(text: str) -> bool:
    # Excel counts UTF-16 units: an emoji is two. Short texts need no closer look.
    return 2 * len(text) > MOST_CHARACTERS and len(text.encode("utf-16-le")) > 2 * MOST_CHARACTERS


def _fit(text: str) -> str:
    if not _too_long(text):
        return text
    return text.encode("utf-16-le")[: 2 * (MOST_CHARACTERS - 1)].decode("utf-16-le", "ignore") + "…"


def _write_lines(sheet: Any, lines: list[tuple[str, str]], bold: Any) -> None:
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 100)
    for row, (left, right) in enumerate(lines):
        sheet.write_string(row, 0, _fit(left), *([bold] if left and not right else []))
        if right:
            sheet.write_string(row, 1, _fit(right))


def _read_me(evidence: Evidence, sheets: Mapping[str, pd.DataFrame], notes: tuple[Note, ...]) -> list[tuple[str, str]]:
    scored = int((evidence.comments["status"] == "ok").sum())
    lines = [
        (title_of(evidence), ""),
        ("Comments", words.count(len(evidence.comments))),
        ("Scored", words.count(scored)),
    ]
    lines += [
        (quantity.label, f"{cell.text} ({cell.interval or 'no interval'}), n = {cell.n}; {quantity.meaning}")
        for quantity, cell in overall(evidence)
    ]
    lines += [("", ""), ("Findings", ""), *((finding.lead, finding.text) for finding in findings(evidence))]
    lines += [("", ""), ("Needs attention", ""), *((flag.title, flag.detail) for flag in evidence.flags)]
    lines += [("", ""), ("Sheets", ""), *((name, _MEANINGS.get(name, "")) for name in sheets)]
    if notes:
        lines += [
            ("", ""),
            ("Cut off", ""),
            *((note.message, f"{words.count(note.count)} concerned") for note in notes),
        ]
    return [*lines, ("", ""), ("What this is not", "“Goes with” and “associated with” never mean “is caused by”.")]
