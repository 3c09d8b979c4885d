"""Names of units and statements that a later run over the same data gives them again, in whatever order of rows."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

import pandas as pd

__all__ = ["NAMED", "named"]

NAMED = ("row_id", "unit_name")
"""Columns that `named` adds."""


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
    comment = rows.groupby("comment_id", sort=False)["text"].transform("\x1f".join)
    keys = pd.DataFrame({"unit": rows["unit_name"], "comment": comment, "start": rows["start"], "text": rows["text"]})
    before = keys.groupby(list(keys.columns), sort=False).cumcount()
    parts = zip(*(keys[name] for name in keys.columns), before, strict=True)
    return rows.assign(row_id=[_short("s", *map(str, part)) for part in parts])


def _unit_names(rows: pd.DataFrame, customers: pd.Series) -> pd.Series:
    # As the key of a customer is compared elsewhere: without outer space and without the '.0' of Excel.
    keys = customers.astype("string").str.strip().str.replace(r"^(\d+)\.0+$", r"\1", regex=True)
    known = rows["unit"].map(keys.where(keys != ""))
    lone = rows[known.isna().to_numpy()]
    said = lone.groupby("unit")["text"].agg("\x1f".join)
    first = lone.groupby("unit")["comment_id"].first()
    order = pd.DataFrame({"said": said, "comment": first}).sort_values(["said", "comment"])
    number = order.groupby("said", sort=False).cumcount()
    by_words = [_short("comment ", words, str(k)) for words, k in zip(order["said"], number, strict=True)]
    by_key = ("customer " + known.dropna().astype(object)).groupby(rows["unit"]).first()
    return pd.concat([by_key, pd.Series(by_words, index=order.index, dtype=object)])


def _short(prefix: str, *parts: str) -> str:
    content = "\x1e".join(parts).encode("utf-8", "surrogatepass")
    return prefix + hashlib.blake2b(content, digest_size=8).hexdigest()
