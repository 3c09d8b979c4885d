"""The sheet as a workbook: answers are chosen from lists, text is text, never a formula or a link."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from cxnlp.audit.sheet import COLUMNS, INSTRUCTIONS, POLARITIES, Sheet

__all__ = ["write_workbook"]

_MOST_CHARACTERS = 32_767
_WIDTHS = {"row": 15, "comment": 60, "statement": 50, "topic": 30, "keywords": 50, "examples": 90, "note": 30}
_LISTS = "lists"


def write_workbook(sheet: Sheet, path: Path) -> None:
    """Write `sheet` to `path`: 'comments' to fill in, then 'codebook' and 'instructions'; equal sheets, equal bytes.

    Raises OSError where it cannot be written.
    """
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(str(path), options)
    # A fixed date, because equal samples make equal bytes.
    book.set_properties({"title": "Audit", "created": datetime.datetime(2000, 1, 1)})
    bold, wrapped = book.add_format({"bold": True, "bottom": 1}), book.add_format({"text_wrap": True, "valign": "top"})
    comments = book.add_worksheet("comments")
    _write(comments, sheet.rows, bold, wrapped)
    _write(book.add_worksheet("codebook"), sheet.codebook, bold, wrapped)
    told = pd.DataFrame(INSTRUCTIONS, columns=["what", "how"])
    _write(book.add_worksheet("instructions"), told, bold, wrapped, {"what": 24, "how": 110})
    lists = book.add_worksheet(_LISTS)
    lists.hide()
    for column, (name, values) in enumerate(_choices(sheet).items()):
        _fill(lists, column, [name, *values])
        _offer(comments, list(COLUMNS).index(name), column, len(values), len(sheet.rows))
    try:
        book.close()
    except FileCreateError as error:
        raise OSError(str(error)) from error


def _choices(sheet: Sheet) -> dict[str, list[str]]:
    return {
        "topic": sheet.codebook["topic"].tolist(),
        "polarity": list(POLARITIES),
        "stage": list(sheet.stages),
    }


def _offer(sheet: Any, column: int, source: int, n: int, rows: int) -> None:
    # By reference: a list that stands in the cell itself may hold 255 characters only.
    letter = chr(ord("A") + source)
    rule = {
        "validate": "list",
        "source": f"={_LISTS}!${letter}$2:${letter}${n + 1}",
        "error_type": "warning",
        "error_title": "Not in the list",
        "error_message": "Choose from the list, or write the id of a topic.",
    }
    sheet.data_validation(1, column, max(rows, 1), column, rule)


def _fill(sheet: Any, column: int, values: list[str]) -> None:
    for row, value in enumerate(values):
        sheet.write_string(row, column, _fit(value))


def _write(sheet: Any, frame: pd.DataFrame, bold: Any, wrapped: Any, widths: dict[str, int] = _WIDTHS) -> None:
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(frame.columns):
        sheet.set_column(column, column, widths.get(str(name), 14))
        sheet.write_string(0, column, str(name), bold)
        for row, value in enumerate(frame[name], start=1):
            if isinstance(value, str) and value:
                sheet.write_string(row, column, _fit(value), wrapped)


def _fit(text: str) -> str:
    # Excel counts UTF-16 units: an emoji is two.
    data = text.encode("utf-16-le", "replace")
    if len(data) <= 2 * _MOST_CHARACTERS:
        return text
    return data[: 2 * (_MOST_CHARACTERS - 1)].decode("utf-16-le", "ignore") + "…"
