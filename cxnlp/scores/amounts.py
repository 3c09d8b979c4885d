"""Amounts of money as people and exports write them: 1234.56, '1.234,56', '1,234.56', '€ 20', '1 234 zł', '(5.00)'."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from pandas.api import types

from cxnlp.errors import InputError
from cxnlp.results import Note, Outcome
from cxnlp.scores.sources import Field, Sources
from cxnlp.scores.words import folded, sample, text_of

__all__ = ["Amounts", "read_amounts", "revenue"]

_STAGE = "join"
_AMOUNT = re.compile(r"(?P<before>\D*?)(?P<digits>(?:\d|[.,]\d)(?:[\d.,'’\s]*[\d.,])?)(?P<after>[^\d,]*)")
_GROUPS = re.compile(r"\d{1,3}(?:[\s'’]\d{3})+(?:[.,]\d+)?")
_MINUS = ("-", "−", "–")
_WRITTEN = {
    "eur": "€ euro euros", "usd": "$ us$ dollar dollars", "gbp": "£", "pln": "zł zl", "ron": "lei leu",
    "chf": "fr sfr", "czk": "kč kc", "huf": "ft", "brl": "r$", "jpy": "¥ yen", "inr": "₹", "try": "₺ tl",
    "uah": "₴", "kr": "", "sek": "", "nok": "", "dkk": "", "cad": "c$", "aud": "a$", "bgn": "лв lv",
}  # fmt: skip
_CURRENCY = {word: code for code, words in _WRITTEN.items() for word in (code, *words.split())}

Mark = Literal[".", ","]


@dataclass(frozen=True, slots=True)
class Amounts:
    """``values``: floats, NaN where the cell is empty or cannot be read. ``speaks``: the cell is not empty.

    ``currencies``: the distinct currencies that cells name. ``ambiguous``: a mark before three digits was taken for
    the decimal point or for a separator of thousands, and nothing in the column tells which it is.
    """

    values: np.ndarray
    speaks: np.ndarray
    currencies: tuple[str, ...] = ()
    ambiguous: bool = False


def read_amounts(cells: pd.Series) -> Amounts:
    """Each cell as an amount.

    Point and comma are read alike in the whole column: '1,234.5', '12.50' or '1.234.567' tell which of them is the
    decimal point. Where cells contradict each other, those that could be read both ways are left unread. Where no
    cell tells, a point is the decimal point and a comma separates thousands.
    """
    speaks = folded(cells).notna().to_numpy()
    if types.is_numeric_dtype(cells) and not types.is_bool_dtype(cells):
        values = pd.to_numeric(cells).to_numpy(dtype=float, na_value=np.nan)
        return Amounts(np.where(np.isfinite(values), values, np.nan), speaks)
    text = text_of(cells)
    parts = {cell: _parts(cell) for cell in text.dropna().unique()}
    digits = [part[0] for part in parts.values() if part is not None]
    told = {mark for one in digits if (mark := _decimal(one)) is not None}
    unsure = [one for one in digits if _decimal(one) is None and _is_unsure(one)]
    decimal: Mark | None = next(iter(told)) if len(told) == 1 else None if told else "."
    read = {cell: _number(part, decimal) for cell, part in parts.items()}
    values = text.map(read).to_numpy(dtype=float, na_value=np.nan)
    currencies = {part[2] for part in parts.values() if part is not None and part[2]}
    return Amounts(np.where(speaks, values, np.nan), speaks, tuple(sorted(currencies)), bool(unsure) and not told)


def revenue(sources: Sources, column: str) -> tuple[Outcome, Field, list[Note]]:
    """The customer's revenue as an outcome, where more is better, and what to say about its cells.

    Raises InputError where no cell is an amount, and where cells name several currencies.
    """
    field = sources.find(column, option="--revenue", customers_first=True)
    read = read_amounts(field.values)
    wordy = read.speaks & np.isnan(read.values)
    if np.isnan(read.values).all():
        shown = f", only text such as {sample(field.values[wordy])}" if wordy.any() else ""
        raise InputError(
            f"no amount in --revenue {column}{shown}",
            expected="numbers such as 1234.56 or 1.234,56",
            fix="--revenue with the column that holds the amounts",
        )
    if len(read.currencies) > 1:
        raise InputError(
            f"--revenue {column} is in several currencies: {', '.join(read.currencies)}",
            expected="amounts that can be added: one currency",
            fix="convert them to one currency",
        )
    notes = []
    if wordy.any():
        message = f"values of {column!r} that are no amounts, set missing, e.g. {sample(field.values[wordy])}"
        notes.append(Note(_STAGE, message, int(wordy.sum())))
    if read.ambiguous:
        message = f"amounts of {column!r} read with a decimal point and commas for thousands: '1.234' is less than two"
        notes.append(Note(_STAGE, message))
    values = pd.Series(read.values, index=field.values.index)
    outcome = Outcome("revenue", "revenue", column, kind="amount", better="high")
    return outcome, Field("revenue", values, field.of_customers), notes


def _parts(cell: str) -> tuple[str, bool, str] | None:
    """Digits with their marks, whether it is negative, and the currency; None where the cell is no amount."""
    text = unicodedata.normalize("NFKC", cell).strip().casefold()
    in_brackets = text.startswith("(") and text.endswith(")")
    found = _AMOUNT.fullmatch(text[1:-1] if in_brackets else text)
    if found is None:
        return None
    around = found["before"] + " " + found["after"]
    minus = sum(around.count(mark) for mark in _MINUS)
    words = re.sub(r"[-−–+]", " ", around).replace(".", " ").split()
    digits = found["digits"].strip()
    if minus > 1 or len(words) > 1 or any(word not in _CURRENCY for word in words):
        return None
    if re.search(r"[\s'’]", digits) and not _GROUPS.fullmatch(digits):
        return None
    negative = in_brackets or minus == 1
    return re.sub(r"[\s'’]", "", digits), negative, _CURRENCY[words[0]] if words else ""


def _decimal(digits: str) -> Mark | None:
    """The decimal mark that this cell proves: the last of two marks, or the other one of a repeated one."""
    last = max(".,", key=digits.rfind)
    other: Mark = "," if last == "." else "."
    if last not in digits:
        return None
    if other in digits or (digits.count(last) == 1 and not _is_unsure(digits)):
        return "." if last == "." else ","
    return other if digits.count(last) > 1 else None


def _is_unsure(digits: str) -> bool:
    """One mark before exactly three digits: '1.234' may be a thousand or one and a quarter."""
    return bool(re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", digits))


def _number(part: tuple[str, bool, str] | None, decimal: Mark | None) -> float:
    if part is None:
        return np.nan
    digits, negative, _ = part
    if not any(letter.isdigit() for letter in digits):
        return np.nan
    mark = _decimal(digits) or decimal
    if mark is None:
        if _is_unsure(digits):
            return np.nan
        mark = "."
    thousands = "," if mark == "." else "."
    whole = digits.split(mark)[0]
    if digits.count(mark) > 1 or thousands in digits.partition(mark)[2] or not _grouped(whole, thousands):
        return np.nan
    return (-1 if negative else 1) * float(digits.replace(thousands, "").replace(mark, "."))


def _grouped(whole: str, mark: str) -> bool:
    groups = whole.split(mark)
    return len(groups) == 1 or (1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:]))
