"""The customers file: its key, its duplicates, and how well it matches the comments."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd

from cxnlp.config import ScoresConfig
from cxnlp.errors import InputError, SettingsError
from cxnlp.results import Comments, Note
from cxnlp.scores.words import TEXT, sample, text_of

__all__ = ["Read", "customer_keys", "load_customers"]

Read = Callable[[Path], tuple[pd.DataFrame, tuple[Note, ...]]]
"""connectors.read_table, which this room receives and does not import."""

_STAGE = "join"


def customer_keys(values: pd.Series) -> pd.Series:
    """Customer ids as they are compared: text without outer space and without the '.0' of Excel; else missing."""
    keys = text_of(values).str.strip().str.replace(r"^(\d+)\.0+$", r"\1", regex=True)
    return keys.where(keys != "")


def load_customers(
    comments: Comments, config: ScoresConfig, used: Iterable[str], read: Read
) -> tuple[pd.DataFrame | None, tuple[Note, ...]]:
    """The customers file with one row per customer, index customer_id, or None where none was named.

    ``used`` names the columns that the run reads: only in these can rows of one customer contradict each other.
    Raises InputError for a file without rows, without the key column, or without a single customer of the comments.
    """
    if config.customers is None:
        return None, ()
    try:
        table, notes = read(config.customers)
    except InputError as error:
        raise InputError(
            f"--customers: {error.found}", expected="a readable file with one row per customer", fix=error.fix
        ) from error
    where = config.customers.name
    key = _key_column(comments, config, table, where)
    keyed = table.assign(**{key: customer_keys(table[key])}).dropna(subset=[key])
    if keyed.empty:
        raise InputError(
            f"no customer in {where}: {len(table)} rows, none with a value in {key!r}",
            expected="one row per customer, with its id",
            fix="check the file, or name its id column: --customers-id COLUMN",
        )
    customers, dropped, duplicates = _one_row_each(keyed, key, [column for column in used if column in table], where)
    without_key = len(table) - len(keyed)
    skipped = [Note(_STAGE, f"rows of {where} without a customer id, not used", without_key)] if without_key else []
    # Those left out are in the file all the same: they are counted once, as what they are.
    matches = _matches(customer_keys(comments.table["customer_id"]), customers.index, dropped, where)
    return customers, (*notes, *skipped, *duplicates, *matches)


def _key_column(comments: Comments, config: ScoresConfig, table: pd.DataFrame, where: str) -> str:
    if comments.table["customer_id"].isna().all():
        raise SettingsError(
            f"--customers {where}, and no customer id in {comments.name}",
            expected="a column that names the customer in both files",
            fix="--id COLUMN",
        )
    key = config.customers_id or comments.columns("id")[0]
    if key not in table:
        raise InputError.missing_column(key, table.columns, option="--customers-id", where=where)
    return key


def _one_row_each(
    table: pd.DataFrame, key: str, used: list[str], where: str
) -> tuple[pd.DataFrame, pd.Index, tuple[Note, ...]]:
    """One row per customer, and the customers left out: which of two rows that differ is true, no order of rows tells.

    Raises InputError where the rows of every customer contradict each other.
    """
    compared = table[[key, *(column for column in used if column != key)]].astype(TEXT)
    distinct = ~compared.duplicated()
    several = compared.loc[distinct, key].duplicated(keep=False)
    conflicting = pd.Index(compared.loc[distinct, key][several].unique())
    repeated = int((~distinct & ~compared[key].isin(conflicting)).sum())
    first = table[~table[key].duplicated() & ~table[key].isin(conflicting)].set_index(key)
    if first.empty:
        raise InputError(
            f"every customer in {where} has rows that contradict each other",
            expected="one row per customer",
            fix=f"make one row of each, or leave out the columns in which they differ: {', '.join(map(repr, used))}",
        )
    notes = []
    if len(conflicting):
        message = (
            f"customers with rows in {where} that contradict each other: nothing was joined to their comments; "
            "make one row of each"
        )
        notes.append(Note(_STAGE, message, len(conflicting)))
    if repeated:
        notes.append(Note(_STAGE, f"repeated rows in {where} that say the same, read once", repeated, level="info"))
    return first.rename_axis("customer_id"), conflicting, tuple(notes)


def _matches(keys: pd.Series, customers: pd.Index, dropped: pd.Index, where: str) -> tuple[Note, ...]:
    known = keys.dropna()
    known = known[~known.isin(dropped)]
    matched = known.isin(customers)
    loosely = known.map(_loose).isin(set(map(_loose, customers)))
    gained = int(loosely.sum() - matched.sum())
    if not matched.any() and len(known):
        _refuse(known, customers, where, found_loosely=float(loosely.mean()))
    notes = []
    if gained:
        message = f"comments whose customer would be found in {where} if case and leading zeros did not count"
        notes.append(Note(_STAGE, message, gained))
    absent = int((~matched).sum())
    if absent:
        notes.append(Note(_STAGE, f"comments whose customer is not in {where}: nothing joined to them", absent))
    unknown = int(keys.isna().sum())
    if unknown:
        notes.append(Note(_STAGE, "comments without a customer id: each counts as a customer of its own", unknown))
    silent = int((~customers.isin(known)).sum())
    if silent:
        message = f"customers in {where} who wrote no comment: counted in the outcome rate, in no driver"
        notes.append(Note(_STAGE, message, silent, level="info"))
    return tuple(notes)


def _loose(key: str) -> str:
    return re.sub(r"^0+(?=.)", "", key.casefold())


def _refuse(keys: pd.Series, customers: pd.Index, where: str, found_loosely: float) -> None:
    ids = f"ids in the data such as {sample(keys)}; in {where} such as {sample(pd.Series(customers))}"
    if found_loosely >= 0.5:
        raise InputError(
            f"no customer matches, but {found_loosely:.0%} of the comments would if case and leading zeros did not "
            f"count: {ids}",
            expected="the same spelling of an id in both files",
            fix="store the ids as text in both files, with the same zeros and the same case",
        )
    raise InputError(
        f"no customer of the comments is in {where}: {ids}",
        expected="the same ids in both files",
        fix="name the right columns: --id COLUMN for the data, --customers-id COLUMN for the customers file",
    )
