"""A codebook as a table, one row a text: tag, label, language, kind, text.

``kind`` is description, example or counter-example. ``label`` is the tag's label in the row's language; a row
without text only gives that label. A row of kind ``book`` holds the book's own name (label) and description (text).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cxnlp.codebook.book import KINDS, LANGUAGE, Codebook, Tag, line, nearest, paragraph, same
from cxnlp.errors import InputError

__all__ = ["COLUMNS", "read_csv", "read_rows", "write_csv"]

COLUMNS = ("tag", "label", "language", "kind", "text")

# Sources: OWASP, "CSV Injection"; one apostrophe more when written, one less when read, so nothing is lost.
_ARMED = re.compile(r"^'*[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]")
_DISARMED = re.compile(r"^'+[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]")
_DELIMITERS = (",", ";", "\t")


def read_rows(path: Path, needed: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, column -> cell) of a CSV file with a header, columns by name in any order and case.

    The delimiter is the one of comma, semicolon and tab that the header has most of. Raises InputError where
    the file cannot be opened, is not UTF-8, misses one of the ``needed`` columns or has too many cells in a row.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            header = stream.readline()
            stream.seek(0)
            rows = csv.reader(stream, delimiter=max(_DELIMITERS, key=header.count), strict=True)
            yield from _named(rows, path, needed)
    except OSError as error:
        raise InputError(
            f"cannot open {path}: {error.strerror}", expected="a CSV file", fix="check the path of the file"
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8", expected="CSV in UTF-8", fix="save it as 'CSV UTF-8'") from error
    except csv.Error as error:
        raise InputError(
            f"{path} is no readable CSV: {error}", expected='cells in " " where they hold the delimiter', fix="mend it"
        ) from error


def _named(rows: Any, path: Path, needed: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    header = [name.strip().casefold() for name in next(rows, [])]
    missing = [name for name in needed if name not in header]
    if missing:
        raise InputError.missing_column(missing[0], header, option="its header", where=str(path))
    start = rows.line_num + 1
    for cells in rows:
        if len(cells) > len(header):
            raise InputError(
                f"line {start} of {path}: {len(cells)} cells under {len(header)} columns",
                expected="as many cells as columns",
                fix='put texts that hold the delimiter in " "',
            )
        if any(cell.strip() for cell in cells):
            padded = [*cells, *[""] * (len(header) - len(cells))]
            yield start, dict(zip(header, (_rearm(cell) for cell in padded), strict=True))
        start = rows.line_num + 1


def read_csv(path: Path) -> Codebook:
    """Read a book; see the module for the layout.

    Raises InputError, naming file and line, for a missing column, an unknown kind, a row without text and label,
    and two labels of one tag in one language.
    """
    name, description = path.stem, ""
    fields: dict[str, dict[str, Any]] = {}
    for number, row in read_rows(path, COLUMNS):
        where = f"line {number} of {path}"
        tag = line(row["tag"])
        if not tag and row["kind"].strip().casefold() == "book":
            name, description = line(row["label"]) or name, paragraph(row["text"])
            continue
        if not tag:
            raise InputError(f"{where}: no tag", expected="the tag that the text belongs to", fix="fill in the tag")
        own = fields.setdefault(
            same(tag), {"name": tag, "line": number, "label": {}, **{k: {} for k in KINDS.values()}}
        )
        language = row["language"].strip().lower()
        if not LANGUAGE.fullmatch(language):
            raise InputError(
                f"{where}: language {language!r}", expected="a code such as en, or nothing", fix="correct it"
            )
        _take_label(own, language, line(row["label"]), where)
        _take_text(own, language, row, where)
    return Codebook(name, description, tuple(_tag(own) for own in fields.values()))


def _tag(own: dict[str, Any]) -> Tag:
    examples, counters = (
        {language: tuple(texts) for language, texts in own[key].items()} for key in ("examples", "counter_examples")
    )
    return Tag(own["name"], own["label"], own["description"], examples, counters, line=own["line"])


def _take_label(own: dict[str, Any], language: str, label: str, where: str) -> None:
    if label and own["label"].setdefault(language, label) != label:
        raise InputError(
            f"{where}: {label!r} and {own['label'][language]!r} both label {own['name']!r}",
            expected="one label a tag and language",
            fix="make them alike",
        )


def _take_text(own: dict[str, Any], language: str, row: dict[str, str], where: str) -> None:
    kind = line(row["kind"]).casefold()
    text = paragraph(row["text"]) if kind == "description" else line(row["text"])
    if not text and row["label"].strip():
        return
    if kind not in KINDS:
        raise InputError(
            f"{where}: kind {row['kind']!r}", expected=f"one of: {', '.join(KINDS)}", fix=nearest(kind, list(KINDS))
        )
    if not text:
        raise InputError(
            f"{where}: no text", expected="a text, or at least a label", fix="fill it in or remove the row"
        )
    if kind != "description":
        own[KINDS[kind]].setdefault(language, []).append(text)
    elif own["description"].setdefault(language, text) != text:
        raise InputError(
            f"{where}: a second description of {own['name']!r} in language {language!r}",
            expected="one description a tag and language",
            fix="join them into one",
        )


def write_csv(book: Codebook, path: Path) -> None:
    """Write a book so that `read_csv` reads the same book; in UTF-8 with a byte-order mark, for Excel."""
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        rows = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        rows.writerow(COLUMNS)
        rows.writerow(_disarmed("", book.name, "", "book", book.description))
        for tag in book.tags:
            rows.writerows(_disarmed(*row) for row in _rows(tag))


def _rows(tag: Tag) -> Iterator[tuple[str, str, str, str, str]]:
    spoken = {language for field in KINDS.values() for language, _ in tag.texts(field)}
    for language, label in tag.label.items():
        if language not in spoken:
            yield tag.name, label, language, "", ""
    for kind, field in KINDS.items():
        for language, text in tag.texts(field):
            yield tag.name, tag.label.get(language, ""), language, kind, text


def _disarmed(*cells: str) -> list[str]:
    return ["'" + cell if _ARMED.match(cell) else cell for cell in cells]


def _rearm(cell: str) -> str:
    return cell[1:] if _DISARMED.match(cell) else cell
