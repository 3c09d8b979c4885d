"""How each format is written: plain functions from tables to files, in `WRITERS`."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pandas.api import types

from cxnlp.report.page import write_html
from cxnlp.report.wide import join_lists
from cxnlp.report.workbook import write_workbook
from cxnlp.results import Evidence, Note

__all__ = [
    "ALWAYS",
    "FILES",
    "OTHERS",
    "WHERE_FILLED",
    "WITH_CODES",
    "WRITERS",
    "Tables",
    "disarm",
    "tidy_tables",
    "write_csv",
]

_FORMULA = r"^[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]"
_NUMBER = r"^[+\-]?(?:\d+(?:[.,]\d+)*|[.,]\d+)(?:[eE][+\-]?\d+)?\s*%?$"


@dataclass(frozen=True, slots=True)
class Tables:
    """What is written: ``comments`` and ``statements`` are the wide tables, ``tidy`` the evidence by file name stem."""

    comments: pd.DataFrame
    statements: pd.DataFrame
    tidy: Mapping[str, pd.DataFrame]


Writer = Callable[[Evidence, Tables, Path], tuple[Note, ...]]
"""Writes its files into a folder that exists; returns what could not be kept."""


def disarm(values: pd.Series) -> pd.Series:
    """Text that a spreadsheet would run as a formula, with an apostrophe before it; numbers stay.

    Source: OWASP, "CSV Injection". Only text columns change, and only such cells.
    """
    if not (types.is_string_dtype(values) or values.dtype == object):
        return values
    text = values.astype("str").where(values.notna())
    armed = text.str.match(_FORMULA, na=False) & ~text.str.match(_NUMBER, na=False)
    return values.where(~armed, "'" + text) if armed.any() else values


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """UTF-8 with a byte-order mark, so that Excel shows diacritics; CRLF, so that any newline in a cell is quoted.

    Text is always quoted: where a semicolon separates cells, the rest of a cell after one would be a cell of its own.
    """
    joined = join_lists(frame)
    safe = joined.assign(**{name: disarm(joined[name]) for name in joined.columns})
    safe = safe.set_axis(disarm(pd.Series(list(safe.columns), dtype=object)), axis=1)
    safe.to_csv(
        path, index=False, encoding="utf-8-sig", lineterminator="\r\n", errors="replace", quoting=csv.QUOTE_NONNUMERIC
    )


def _html(evidence: Evidence, tables: Tables, folder: Path) -> tuple[Note, ...]:
    write_html(evidence, folder / "report.html")
    return ()


def _parquet(evidence: Evidence, tables: Tables, folder: Path) -> tuple[Note, ...]:
    for name, frame in (("comments", tables.comments), ("statements", tables.statements)):
        frame.to_parquet(folder / f"{name}.parquet", index=False, compression="zstd")
    return ()


def _csv(evidence: Evidence, tables: Tables, folder: Path) -> tuple[Note, ...]:
    write_csv(tables.comments, folder / "comments.csv")
    return ()


def _xlsx(evidence: Evidence, tables: Tables, folder: Path) -> tuple[Note, ...]:
    sheets = {"comments": join_lists(tables.comments)} | {
        name: join_lists(frame) for name, frame in tables.tidy.items()
    }
    return write_workbook(evidence, sheets, folder / "workbook.xlsx")


WRITERS: dict[str, Writer] = {"html": _html, "parquet": _parquet, "csv": _csv, "xlsx": _xlsx}
"""By the names of config.FORMATS."""

ALWAYS: tuple[str, ...] = ("topics", "metrics", "drivers", "impact", "journey")
"""Tables of the evidence that every result folder holds as ``<name>.csv``."""

WHERE_FILLED: tuple[str, ...] = ("importance", "kano", "survival", "prevalence", "audit")
"""Further tables of that kind where they have rows."""

WITH_CODES: tuple[str, ...] = ("codes", "review")
"""Further tables of that kind where a codebook was used."""

FILES: dict[str, tuple[str, ...]] = {
    "html": ("report.html",),
    "parquet": ("comments.parquet", "statements.parquet"),
    "csv": ("comments.csv",),
    "xlsx": ("workbook.xlsx",),
}
"""The files of each format."""

OTHERS: tuple[str, ...] = ("topics.safetensors", "topics.yaml", "encoding.safetensors", "codebook.yaml")
"""Names that `Evidence.files` may hold: what later runs read."""


def tidy_tables(evidence: Evidence) -> dict[str, pd.DataFrame]:
    """The tables of this evidence that are written as ``<name>.csv``, by name."""
    codes = WITH_CODES if len(evidence.codes) else ()
    filled = [name for name in WHERE_FILLED if len(getattr(evidence, name))]
    return {name: getattr(evidence, name) for name in (*ALWAYS, *filled, *codes)}
