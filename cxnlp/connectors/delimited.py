"""CSV and its relatives: delimiter and quotes, whatever the newline; cells stay text, nothing becomes NA."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from itertools import islice

from cxnlp.connectors.encodings import decode
from cxnlp.connectors.opening import Request, beginning, contents
from cxnlp.connectors.records import Sheet, tabulate
from cxnlp.errors import InputError, SettingsError

__all__ = ["read_delimited", "sniff"]

DELIMITERS = (",", ";", "\t", "|")
_ALONE = "\x1f"  # splits nothing: for files of one column
_NAMES = {"tab": "\t", "\\t": "\t"}
_SNIFFED = 200
_FIRST_BYTES = 1 << 20
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\r?\n')  # written by and for Excel

# The module's limit of 131,072 characters would refuse a long comment, and it can only be set for the process.
csv.field_size_limit(2**31 - 1)


def read_delimited(request: Request) -> Sheet:
    """Read a CSV, TSV or other delimited text file; with `request.rows` only its beginning."""
    if request.rows is None:
        return _parse(contents(request), request, whole=True)
    size = _FIRST_BYTES
    while True:
        data, whole = beginning(request, size)
        try:
            sheet = _parse(data, request, whole)
        except InputError:
            if whole:
                raise
        else:
            if whole or len(sheet.frame) >= request.rows:
                return sheet
        size *= 8


def sniff(text: str) -> str | None:
    """Delimiter of `text`, or None where it has a single column.

    The first records are read with each candidate. A candidate is possible if the header has two or
    more cells and half of the records as many (or three, however ragged the rest), or if, below
    title rows, nearly all records agree. The most consistent one wins, then the one with more columns.
    """
    _, width, delimiter = max((_evidence(text, candidate) for candidate in DELIMITERS), key=lambda found: found[:2])
    return delimiter if width > 1 else None


def _evidence(text: str, delimiter: str) -> tuple[float, int, str]:
    rows = [row for row in islice(csv.reader(_lines(text), delimiter=delimiter), _SNIFFED) if row]
    if not rows:
        return 0.0, 0, delimiter
    header = len(rows[0])
    # A delimiter at the end of each line but the header's adds cells that hold nothing.
    widths = [header if len(row) > header and not any(row[header:]) else len(row) for row in rows]
    agree = widths.count(header) / len(widths)
    if header > 1 and (agree >= 0.5 or header > 2):
        return agree, header, delimiter
    usual = max(set(widths), key=lambda width: (widths.count(width), width))
    agree = widths.count(usual) / len(widths)
    return (agree, usual, delimiter) if usual > 2 and agree >= 0.95 else (0.0, 0, delimiter)


def _parse(data: bytes, request: Request, whole: bool) -> Sheet:
    if data.startswith(b"PK\x03\x04"):
        raise InputError(
            f"{request.name} is a ZIP archive or an Excel workbook, not text",
            expected="delimited text",
            fix="give an Excel workbook the suffix .xlsx; unpack a ZIP archive first",
        )
    text, notes = decode(data, encoding=request.encoding, name=request.name, whole=whole)
    given = _delimiter(request.delimiter)
    if line := _SEPARATOR_LINE.match(text):
        text, given = text[line.end() :], given or line.group(1)
    if given:
        _check_delimiter(given, text, request.name)
    delimiter = given or sniff(text) or _ALONE
    records = _records(text, delimiter, request.name, whole)
    sheet = tabulate(records, name=request.name, as_text=True, joiner=delimiter, limit=request.rows)
    return Sheet(sheet.frame, (*notes, *sheet.notes), sheet.labels)


def _delimiter(given: str | None) -> str | None:
    delimiter = _NAMES.get(given, given) if given else None
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        raise SettingsError(f"--delimiter {given!r}", expected="one character, or 'tab'", fix="--delimiter ';'")
    return delimiter


def _check_delimiter(given: str, text: str, name: str) -> None:
    first = next(filter(None, csv.reader(_lines(text), delimiter=given)), [])
    better = sniff(text)
    if len(first) > 1 or better is None or better == given:
        return
    shown = "tab" if better == "\t" else better
    raise InputError(
        f"{name} has a single column in its header when split at {given!r}",
        expected=f"the delimiter of the file, which looks like {shown!r}",
        fix=f"--delimiter '{shown}'",
    )


def _records(text: str, delimiter: str, name: str, whole: bool) -> Iterator[list[str]]:
    """Records of `text`, without blank lines save between the rows of a single column, where they are empty answers.

    The last record of a beginning is left out, as it may be cut off.
    """
    position = 0

    def counted() -> Iterator[str]:
        nonlocal position
        for line in _lines(text):
            position += len(line)
            yield line

    held: list[str] = []
    blank, held_from, start = 0, 0, 0
    for row in csv.reader(counted(), delimiter=delimiter):
        if row:
            if held:
                yield held
                yield from ([""] for _ in range(blank))
            held, held_from, blank = row, start, 0
        else:
            blank += delimiter == _ALONE
        start = position
    if whole and held:
        _check_closed(text[held_from:], delimiter, name, text.count("\n", 0, held_from) + 1)
        yield held


def _check_closed(last: str, delimiter: str, name: str, line: int) -> None:
    """A quote that is never closed swallows the rest of the file into one cell; the lenient reader says nothing."""
    try:
        list(csv.reader(_lines(last), delimiter=delimiter, strict=True))
    except csv.Error as error:
        if "unexpected end of data" not in str(error):
            return
        raise InputError(
            f"{name}: a quote opened in the row at line {line} is never closed and swallows the rest of the file",
            expected="every quoted cell closed, and quotes inside a cell written twice",
            fix=f"mend the quote at line {line}; if the file was cut off there, export it again",
        ) from error


def _lines(text: str) -> Iterator[str]:
    """Lines of `text` one by one, each with its newline, whichever of the three kinds."""
    # io.StringIO would do, but copies the whole text at four bytes a character.
    return (match.group() for match in _LINE.finditer(text))
