"""READ: a file or a DataFrame becomes `Comments`: the input untouched, and a canonical table beside it.

The way through the room, one module a step:

====================  =============================================================================
``opening``           the bytes of a file, and a plain sentence for what is in the way
``encodings``         bytes to text
``delimited``         text to rows: delimiter, quotes, newlines
``records``           rows to a table: title rows, survey headers, column names, ragged rows
``tables``            Excel, JSON and Parquet
``sources``           `READERS`, files and DataFrames alike to a table
``profiles``          what the cells of a column look like
``names``             what columns are called in nine languages; the words are in names.toml
``dates``             cells to points in time
``languages``         cells to language codes
``scales``            which score scale a column answers on
``guess``             which column plays which role
``canonical``         the table `comments_read`
====================  =============================================================================

A new file format is a function in a module of its own and a line in `READERS`. A new survey layout is
a function in ``records``. A new word for a column is a word in names.toml.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cxnlp import schema
from cxnlp.config import ReadConfig
from cxnlp.connectors.canonical import canonical_table
from cxnlp.connectors.guess import assign_roles
from cxnlp.connectors.sources import READERS, load, read_table
from cxnlp.results import Comments

__all__ = ["READERS", "read", "read_table"]


def read(source: str | Path | pd.DataFrame, config: ReadConfig, *, rows: int | None = None) -> Comments:
    """Read comments and find out which column plays which role.

    Parameters
    ----------
    source : path of a file in a format of `READERS` (text formats also with ``.gz``), or a DataFrame.
    config : columns and ways of opening that the user named; the rest is guessed, and said in `Comments.roles`.
    rows : read at most so many rows, for a preview: roles are then guessed from these rows alone, and
        `Comments.sha256` is empty, because the file was not read whole.

    Returns
    -------
    Comments
        One row per input row, in input order.

    Raises
    ------
    InputError
        The file cannot be read, a named column is missing, or no column holds comments.
    SettingsError
        A score scale or a delimiter that does not exist.
    """
    name, sheet, sha256 = load(source, config, rows)
    roles, guessed = assign_roles(sheet.frame, config, sheet.labels, where=name)
    table, notes = canonical_table(sheet.frame, roles)
    return Comments(
        source=sheet.frame,
        table=schema.check(table, "comments_read"),
        roles=roles,
        name=name,
        sha256=sha256,
        notes=(*sheet.notes, *guessed, *notes),
    )
