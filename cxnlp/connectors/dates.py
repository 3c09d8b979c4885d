"""Cells to points in time: ISO 8601, day or month first, month names in nine languages, Unix time."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np
import pandas as pd

from cxnlp.connectors.records import TEXT
from cxnlp.results import Note

__all__ = ["looks_like_date", "parse"]

Order = Literal["day", "month"]

_ISO = r"\d{4}-\d{1,2}(?:-\d{1,2}(?:[T ]\d{1,2}.*)?)?|\d{8}T\d{4,6}.*"
_SHAPE = "|".join(
    (
        r"(?i)(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\s?\d{1,2}[-./]\s?(?:\d{4}|\d{2}))\.?(?:[^\d.].*)?",
        r"\d{8}T\d{4,6}.*",
        r"(?:\w+,?\s+)?\d{1,2}\.?[\s-](?:de\s+)?[^\W\d]{3,12}\.?,?[\s-](?:de\s+)?\d{2,4}(?:\D.*)?",
        r"(?:\w+,?\s+)?[^\W\d]{3,12}\.?\s\d{1,2}(?:st|nd|rd|th)?,?\s\d{4}(?:\D.*)?",
    )
)

_NUMERIC = re.compile(r"(\d{1,4})\s?[-./\s]\s?(\d{1,2})\s?[-./\s]\s?(\d{1,4})\.?(?!\d)(?:\s?r\b\.?)?(.*)", re.DOTALL)
_DAY_NAME_YEAR = re.compile(
    r"(\d{1,2})\.?[\s-]+(?:de\s+)?([a-z]{3,12})\.?,?[\s-]+(?:de\s+)?(\d{4}|\d{2})(?!\d)(.*)", re.DOTALL
)
_NAME_DAY_YEAR = re.compile(r"([a-z]{3,12})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?!\d)(.*)", re.DOTALL)
_WEEKDAY = re.compile(r"[a-z]+(?:-feira)?[.,]*\s+(?=\d|[a-z]+\.?\s+\d)")
_TIME = re.compile(
    r"\D{0,8}?(\d{1,2})[:.h](\d{2})(?:[:.](\d{2})(?:[.,](\d{1,9}))?)?\s*(?:([ap])\.?\s?m\.?)?"
    r"\s*(?:(z|utc|gmt)|(?:utc|gmt)?\s*([+-])(\d{2}):?(\d{2}))?\s*(?:uhr|h)?",
)

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan ian sty gen ene",
            "feb lut fev fevr",
            "mar mer maa mrt mars",
            "apr kwi avr abr",
            "may mai maj mag mei",
            "jun iun cze giu juin",
            "jul iul lip lug juil",
            "aug sie ago aou",
            "sep wrz set",
            "oct okt paz ott out",
            "nov noi lis",
            "dec gru dic dez",
        ),
        start=1,
    )
    for name in names.split()
}
"""Beginnings of month names in en ro pl it de fr es pt nl, without diacritics."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """A date taken apart. `certain` means that `first` is the day and `second` the month."""

    first: int
    second: int
    year: int
    time: str
    certain: bool = False


def looks_like_date(text: pd.Series) -> pd.Series:
    """Whether each cell has the shape of a date with separators or a month name; bare numbers have not."""
    return text.str.fullmatch(_SHAPE).astype(bool)


def parse(values: pd.Series, text: pd.Series) -> tuple[pd.Series, tuple[Note, ...]]:
    """Points in time of a column, in UTC without zone, and notes on what was ambiguous or unreadable.

    A time without zone is kept as it stands. Dates such as 03/04/2024 are read day first or month
    first by what the whole column allows; where it allows both, day first, with a warning.

    Parameters
    ----------
    values : the cells as they came.
    text : the same cells as text, blank ones missing.
    """
    if pd.api.types.is_datetime64_any_dtype(values):
        return _naive(values), ()
    stripped = text.str.strip()
    codes, uniques = pd.factorize(stripped)
    cells = pd.Series(list(uniques), dtype=TEXT)
    found = pd.Series(pd.NaT, index=cells.index, dtype="datetime64[us]")
    is_number = cells.str.fullmatch(r"\d{4,19}(?:\.\d+)?").astype(bool)
    is_iso = cells.str.fullmatch(_ISO).astype(bool)
    found[is_number] = _from_numbers(cells[is_number])
    found[is_iso] = _naive(pd.to_datetime(cells[is_iso], format="ISO8601", errors="coerce", utc=True))
    rest = cells[found.isna() & ~is_number]
    found[rest.index], notes = _from_parts(rest)
    whole = pd.Series(found.to_numpy()[codes] if len(found) else np.nan, index=values.index, dtype="datetime64[us]")
    whole[codes < 0] = pd.NaT
    unreadable = whole.isna() & text.notna()
    if unreadable.any():
        example = min(stripped[unreadable])
        message = f"dates that could not be read are missing, such as {example[:40]!r}"
        notes = (*notes, Note("read", message, int(unreadable.sum())))
    return whole, notes


def _naive(values: pd.Series) -> pd.Series:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert(None)
    return values.astype("datetime64[us]")


def _from_numbers(cells: pd.Series) -> pd.Series:
    """Years, compact dates (20240131) and Unix time in s, ms, µs or ns, told apart by magnitude.

    Unix seconds are believed from 10^8 (March 1973) on.
    """
    return cells.map(_from_number).astype("datetime64[us]")


def _from_number(cell: str) -> datetime | None:
    whole = int(cell.split(".")[0])
    if len(cell) == 4 and 1900 <= whole <= 2100:
        return datetime(whole, 1, 1)
    if len(cell) == 8 and 1900_00_00 < whole < 2101_00_00:
        return _moment(whole % 100, whole // 100 % 100, whole // 10_000, "")
    if whole < 10**8:
        return None
    number = float(cell)
    while number >= 10**11:
        number /= 1000
    return datetime.fromtimestamp(number, UTC).replace(tzinfo=None)


def _from_parts(cells: pd.Series) -> tuple[pd.Series, tuple[Note, ...]]:
    parts = [_split(_plain(cell)) for cell in cells]
    order, notes = _order([part for part in parts if part is not None and not part.certain])
    moments = [None if part is None else _in_order(part, order) for part in parts]
    return pd.Series(moments, index=cells.index, dtype="datetime64[us]"), notes


def _order(parts: list[_Parts]) -> tuple[Order, tuple[Note, ...]]:
    """Whether the day or the month comes first, by the column as a whole."""
    day_first = sum(part.first > 12 for part in parts)
    month_first = sum(part.second > 12 for part in parts)
    if day_first or month_first:
        order: Order = "day" if day_first >= month_first else "month"
        if not (day_first and month_first):
            return order, ()
        message = (
            f"dates with the day first ({day_first}) and the month first ({month_first}); where both fit: {order} first"
        )
        return order, (Note("read", message, len(parts)),)
    clock = any(re.search(r"\d\s*[ap]\.?m", part.time) for part in parts)
    if not parts or all(part.first == part.second for part in parts):
        return "day", ()
    order = "month" if clock else "day"
    message = f"dates that fit day/month and month/day alike were read {order} first; write 2024-01-31 to be sure"
    return order, (Note("read", message, len(parts)),)


def _in_order(part: _Parts, order: Order) -> datetime | None:
    day, month = part.first, part.second
    if not part.certain and (month > 12 or (order == "month" and day <= 12)):
        day, month = month, day
    return _moment(day, month, part.year, part.time)


def _plain(cell: str) -> str:
    if cell.isascii():
        return cell.lower().strip()
    decomposed = unicodedata.normalize("NFKD", cell.lower())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).strip()


def _split(text: str) -> _Parts | None:
    text = _WEEKDAY.sub("", text, count=1) if text[:1].isalpha() and not _NAME_DAY_YEAR.match(text) else text
    if match := _NUMERIC.fullmatch(text):
        first, second, third, time = match.groups()
        if len(first) == 4:
            return _Parts(int(third), int(second), int(first), time, certain=True)
        return _Parts(int(first), int(second), _year(third), time) if len(third) in (2, 4) else None
    if match := _DAY_NAME_YEAR.fullmatch(text):
        day, name, year, time = match.groups()
    elif match := _NAME_DAY_YEAR.fullmatch(text):
        name, day, year, time = match.groups()
    else:
        return None
    month = _MONTHS.get(name[:4]) or _MONTHS.get(name[:3])
    return _Parts(int(day), month, _year(year), time, certain=True) if month else None


def _year(digits: str) -> int:
    year = int(digits)
    # The pivot of POSIX strptime.
    return year if len(digits) == 4 else year + (2000 if year < 69 else 1900)


def _moment(day: int, month: int, year: int, time: str) -> datetime | None:
    try:
        moment = datetime(year, month, day)
        return moment if not time.strip(" ,.") else _with_time(moment, time)
    except (ValueError, OverflowError):
        return None


def _with_time(moment: datetime, time: str) -> datetime | None:
    match = _TIME.fullmatch(time)
    if match is None:
        return None
    hours, minutes, seconds, fraction, half, _, sign, zone_hours, zone_minutes = match.groups()
    hour = int(hours) % 12 + (12 if half == "p" else 0) if half else int(hours)
    moment = moment.replace(hour=hour, minute=int(minutes), second=int(seconds or 0))
    moment += timedelta(seconds=float(f"0.{fraction or 0}"))
    if sign:
        offset = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
        moment += -offset if sign == "+" else offset
    return moment
