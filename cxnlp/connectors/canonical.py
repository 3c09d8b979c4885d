"""The table `comments_read`: canonical columns beside the untouched input, row by row."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from cxnlp.connectors import dates, languages
from cxnlp.connectors.profiles import as_text
from cxnlp.connectors.records import TEXT
from cxnlp.results import Guess, Note

__all__ = ["canonical_table"]


def canonical_table(frame: pd.DataFrame, roles: Iterable[Guess]) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """Columns `comments_read` of schema.TABLES, one row per row of `frame` in its order, and notes."""
    columns = {guess.role: guess for guess in roles if guess.role != "score"}

    def cells(role: str) -> pd.Series:
        if role not in columns:
            return pd.Series(pd.NA, index=frame.index, dtype=TEXT)
        return as_text(frame[columns[role].column])

    comment_id, about_ids = _comment_ids(cells("comment_id"), columns.get("comment_id"))
    created_at, about_dates = _dates(frame, columns.get("date"))
    table = pd.DataFrame(
        {
            "comment_id": comment_id,
            "text": cells("text"),
            "created_at": created_at,
            "customer_id": _keys(cells("id")),
            "channel": cells("channel").str.strip(),
            "language_given": _languages(cells("language")),
            "stage_given": cells("stage").str.strip(),
        },
        index=frame.index,
    )
    empty = int(table["text"].isna().sum())
    about_text = (Note("read", "rows without a comment are kept and not scored", empty, level="info"),) if empty else ()
    return table, (*about_ids, *about_dates, *about_text)


def _keys(cells: pd.Series) -> pd.Series:
    """Ids without outer space, and without the ``.0`` that spreadsheets give to numbers."""
    return cells.str.strip().str.replace(r"^(\d+)\.0+$", r"\1", regex=True)


def _comment_ids(cells: pd.Series, guess: Guess | None) -> tuple[pd.Series, tuple[Note, ...]]:
    keys = _keys(cells)
    if guess is not None:
        repeated, missing = int(keys.dropna().duplicated().sum()), int(keys.isna().sum())
        if not repeated and not missing:
            return keys, ()
    numbers = pd.Series([str(row) for row in range(1, len(cells) + 1)], index=cells.index, dtype=TEXT)
    if guess is None:
        return numbers, ()
    message = (
        f"{guess.column} does not name each comment once ({repeated} repeated, {missing} missing): "
        "comments are named by their row number, from 1"
    )
    return numbers, (Note("read", message, repeated + missing),)


def _dates(frame: pd.DataFrame, guess: Guess | None) -> tuple[pd.Series, tuple[Note, ...]]:
    if guess is None:
        return pd.Series(pd.NaT, index=frame.index, dtype="datetime64[us]"), ()
    values = frame[guess.column]
    return dates.parse(values, as_text(values))


def _languages(cells: pd.Series) -> pd.Series:
    codes = {cell: languages.code(cell) or cell.strip() for cell in cells.dropna().unique()}
    return cells.map(codes).astype(TEXT)
