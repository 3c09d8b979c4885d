"""Dates of leaving, in the layouts that exports use."""

from __future__ import annotations

import pandas as pd
from pandas.api import types

from cxnlp.scores.words import folded, text_of

__all__ = ["naive", "read_dates"]

_LAYOUTS = (
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d.%m.%y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d %b %Y",
    "%b %d, %Y",
    "%d %B %Y",
)
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_EXCEL_DAYS = (20_000, 80_000)  # 1954 to 2119 as Excel counts days


def naive(dates: pd.Series) -> pd.Series:
    """``dates`` as UTC without a time zone, so that any two can be compared."""
    return dates if getattr(dates.dt, "tz", None) is None else dates.dt.tz_convert("UTC").dt.tz_localize(None)


def read_dates(values: pd.Series) -> tuple[pd.Series, int, bool]:
    """``values`` as dates without a time zone.

    One layout is used for the whole column: the one that reads the most cells; day before month among equals.

    Returns
    -------
    dates : datetime column of the same index, NaT where empty or unreadable.
    unreadable : how many cells say something that is no date.
    ambiguous : day and month could as well be the other way round.
    """
    if types.is_datetime64_any_dtype(values):
        return naive(values), 0, False
    said = folded(values).notna()
    text = text_of(values).str.strip().where(said)
    candidates = [("ISO", _iso(text)), ("number", _from_numbers(text))]
    candidates += [(layout, _by_layout(text, layout)) for layout in _LAYOUTS]
    read = {name: int(dates.notna().sum()) for name, dates in candidates}
    name, dates = max(candidates, key=lambda candidate: read[candidate[0]])
    swapped = name.replace("%d", "%x").replace("%m", "%d").replace("%x", "%m")
    ambiguous = read[name] > 0 and swapped != name and read.get(swapped) == read[name]
    return dates, int((said & dates.isna()).sum()), ambiguous


def _iso(text: pd.Series) -> pd.Series:
    # A bare number is not ISO text for us: '45000' would be read as a year.
    dated = text.where(text.str.contains(r"\d[-/T]\d", na=False))
    return naive(pd.to_datetime(dated, format="ISO8601", errors="coerce", utc=True)).astype("datetime64[us]")


def _from_numbers(text: pd.Series) -> pd.Series:
    """Days as Excel counts them, YYYYMMDD, and seconds or milliseconds since 1970."""
    number = pd.to_numeric(text, errors="coerce")
    days = pd.to_datetime(number.where(number.between(*_EXCEL_DAYS)), unit="D", origin="1899-12-30")
    written = pd.to_datetime(text.where(number.between(19_000_101, 21_001_231)), format="%Y%m%d", errors="coerce")
    seconds = pd.to_datetime(number.where(number.between(1e8 * 3, 1e10)), unit="s")
    milliseconds = pd.to_datetime(number.where(number.between(3e11, 1e13)), unit="ms")
    dates = [part.astype("datetime64[us]") for part in (days, written, seconds, milliseconds)]
    return dates[0].fillna(dates[1]).fillna(dates[2]).fillna(dates[3])


def _by_layout(text: pd.Series, layout: str) -> pd.Series:
    dates = pd.Series(pd.NaT, index=text.index, dtype="datetime64[us]")
    for time in _TIMES:
        dates = dates.fillna(pd.to_datetime(text, format=layout + time, errors="coerce").astype("datetime64[us]"))
    return dates
