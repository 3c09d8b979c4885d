"""Names of units and statements that a later run over the same data gives them again, in whatever order of rows."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Hashable, Iterable
from typing import TypeVar

import pandas as pd

__all__ = ["NAMED", "named"]

NAMED = ("row_id", "unit_name")
"""Columns that `named` adds."""

Key = TypeVar("Key", bound=Hashable)


def named(statements: pd.DataFrame, customers: pd.Series, *, only: Collection[str] | None = None) -> pd.DataFrame:
    """The statements inside the window, in reading order, each with a name of its own and that of its unit.

    A customer is named by the customer's id; a lone comment by its words, because the number of its row may change,
    and by how many such comments come before it. A statement is named by its unit, the words of its
    comment and its place there: another wording, and only that, is another name.

    Parameters
    ----------
    statements : columns `statements`.
    customers : customer_id by unit (index); missing where the unit is a lone comment.
    only : names of units; the rows of others are left out.

    Returns
    -------
    The rows inside the window with ``row_id`` and ``unit_name`` beside their columns.
    """
    inside = statements[statements["in_window"].fillna(False).astype(bool)]
    inside = inside.sort_values(["unit", "statement_id"], ignore_index=True)
    units = _unit_names(inside, customers)
    rows = inside.assign(unit_name=inside["unit"].map(units))
    if only is not None:
        rows = rows[rows["unit_name"].isin(set(only))].reset_index(drop=True)
    return rows.assign(row_id=_row_ids(rows))


def _unit_names(rows: pd.DataFrame, customers: pd.Series) -> dict[int, str]:
    # As the key of a customer is compared elsewhere: without outer space and without the '.0' of Excel.
    keys = customers.astype("string").str.strip().str.replace(r"^(\d+)\.0+$", r"\1", regex=True)
    keys = keys[keys.notna() & (keys != "")]
    names = {unit: f"customer {key}" for unit, key in keys.items()}
    lone = rows[~rows["unit"].isin(keys.index)]
    said = sorted(
        (words, comment, unit)
        for (unit, comment), words in _joined(zip(lone["unit"], lone["comment_id"], strict=True), lone["text"]).items()
    )
    number = _numbered(words for words, _, _ in said)
    lone_names = (_short("comment ", words, k) for (words, _, _), k in zip(said, number, strict=True))
    return {**names, **dict(zip((unit for _, _, unit in said), lone_names, strict=True))}


def _row_ids(rows: pd.DataFrame) -> list[str]:
    comments = list(zip(rows["unit_name"], rows["comment_id"], strict=True))
    said = _joined(comments, rows["text"])
    number = _numbered((unit, words) for (unit, _), words in said.items())
    named = {key: _short("", key[0], words, k) for (key, words), k in zip(said.items(), number, strict=True)}
    parts = zip(comments, rows["start"], rows["text"], strict=True)
    return [_short("s", named[comment], str(start), text) for comment, start, text in parts]


def _joined(keys: Iterable[Key], texts: Iterable[str]) -> dict[Key, str]:
    """Key -> all its texts in one, in their order; keys in the order of their first text."""
    found: dict[Key, list[str]] = {}
    for key, text in zip(keys, texts, strict=True):
        found.setdefault(key, []).append(text)
    return {key: "\x1f".join(parts) for key, parts in found.items()}


def _numbered(values: Iterable[Hashable]) -> list[str]:
    """How many equal values come before each."""
    seen: Counter[Hashable] = Counter()
    numbers = []
    for value in values:
        numbers.append(str(seen[value]))
        seen[value] += 1
    return numbers


def _short(prefix: str, *parts: str) -> str:
    content = "\x1e".join(parts).encode("utf-8", "surrogatepass")
    return prefix + hashlib.blake2b(content, digest_size=8).hexdigest()
