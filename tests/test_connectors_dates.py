"""READ: points in time, whatever people and exports write."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxnlp.connectors import dates
from cxnlp.connectors.profiles import as_text
from cxnlp.results import Note


def parse(cells: object) -> tuple[list[datetime | None], tuple[Note, ...]]:
    values = pd.Series(cells)
    found, notes = dates.parse(values, as_text(values))
    assert found.dtype == "datetime64[us]"
    return [None if pd.isna(moment) else moment.to_pydatetime() for moment in found], notes


DAY = datetime(2024, 5, 13)


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2024-05-13", DAY),
        ("2024-5-13", DAY),
        ("2024/05/13", DAY),
        ("20240513", DAY),
        ("13.05.2024", DAY),
        ("13.5.24", DAY),
        ("13. 5. 2024", DAY),
        ("13/05/2024", DAY),
        ("05/13/2024", DAY),
        ("13-05-2024 r.", DAY),
        ("2024-05", datetime(2024, 5, 1)),
        ("2024", datetime(2024, 1, 1)),
        ("2024-05-13T10:20:30Z", datetime(2024, 5, 13, 10, 20, 30)),
        ("2024-05-13T10:20:30+02:00", datetime(2024, 5, 13, 8, 20, 30)),
        ("2024-05-13 10:20:30.250", datetime(2024, 5, 13, 10, 20, 30, 250_000)),
        ("2024-05-13 10:20:30 UTC", datetime(2024, 5, 13, 10, 20, 30)),
        ("2024/05/13 10:20:30 AM", datetime(2024, 5, 13, 10, 20, 30)),
        ("13.05.2024 10:20", datetime(2024, 5, 13, 10, 20)),
        ("13.05.2024, 22:20 Uhr", datetime(2024, 5, 13, 22, 20)),
        ("13/05/2024 à 10h20", datetime(2024, 5, 13, 10, 20)),
        ("05/13/2024 12:20:30 AM", datetime(2024, 5, 13, 0, 20, 30)),
        ("05/13/2024 10:20 p.m.", datetime(2024, 5, 13, 22, 20)),
        ("13/05/2024 23:30 -0200", datetime(2024, 5, 14, 1, 30)),
        ("13 May 2024", DAY),
        ("May 13, 2024", DAY),
        ("Monday, May 13th, 2024 10:20 AM", datetime(2024, 5, 13, 10, 20)),
        ("13-May-24", DAY),
        ("13 mai 2024", DAY),
        ("luni, 13 mai 2024", DAY),
        ("13 maja 2024", DAY),
        ("13 maggio 2024", DAY),
        ("13. Mai 2024", DAY),
        ("13 de mayo de 2024", DAY),
        ("13 mei 2024", DAY),
        ("1715595630", datetime(2024, 5, 13, 10, 20, 30)),
        ("1715595630250", datetime(2024, 5, 13, 10, 20, 30, 250_000)),
        ("1715595630250000", datetime(2024, 5, 13, 10, 20, 30, 250_000)),
        ("1715595630.25", datetime(2024, 5, 13, 10, 20, 30, 250_000)),
    ],
)
def test_a_date_is_read(cell, moment):
    assert parse([cell, "", None]) == ([moment, None, None], ())


MONTHS = {
    "en": "January February March April May June July August September October November December",
    "ro": "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
}


@pytest.mark.parametrize("language", MONTHS)
def test_month_names_of_every_language(language):
    cells = [f"7 {name} 2023" for name in MONTHS[language].split()]
    assert parse(cells) == ([datetime(2023, month, 7) for month in range(1, 13)], ())


def test_the_whole_column_decides_between_day_and_month_first():
    assert parse(["03/04/2024", "13/04/2024"])[0][0] == datetime(2024, 4, 3)
    assert parse(["03/04/2024", "04/13/2024"])[0][0] == datetime(2024, 3, 4)


def test_an_undecided_column_is_read_day_first_with_a_warning():
    moments, (note,) = parse(["03/04/2024", "05/06/2024"])
    assert moments == [datetime(2024, 4, 3), datetime(2024, 6, 5)]
    assert note.level == "warning"
    assert "day first" in note.message


def test_a_twelve_hour_clock_speaks_for_month_first():
    moments, (note,) = parse(["03/04/2024 9:00 PM"])
    assert moments == [datetime(2024, 3, 4, 21)]
    assert "month first" in note.message


def test_contradicting_dates_are_each_read_the_way_they_allow():
    moments, (note,) = parse(["13/04/2024", "14/04/2024", "04/15/2024", "03/04/2024"])
    assert moments == [datetime(2024, 4, day) for day in (13, 14, 15, 3)]
    assert "day first (2)" in note.message


def test_unreadable_dates_are_missing_and_counted():
    moments, (note,) = parse(["2024-05-13", "yesterday", "31.02.2024", "2024-13-45", "12", "99:99", ""])
    assert moments == [DAY, *[None] * 6]
    assert note.count == 5
    assert "could not be read" in note.message


def test_typed_cells():
    zoned = pd.Series(pd.to_datetime(["2024-05-13 10:00+02:00", None], utc=True)).dt.tz_convert("Europe/Bucharest")
    assert parse(zoned) == ([datetime(2024, 5, 13, 8), None], ())
    assert parse(pd.Series(pd.to_datetime(["2024-05-13"]))) == ([DAY], ())
    assert parse([1715595630, 1715595631])[0][0] == datetime(2024, 5, 13, 10, 20, 30)
    assert parse([1715595630.0, None]) == ([datetime(2024, 5, 13, 10, 20, 30), None], ())
    mixed = pd.Series([date(2024, 5, 13), pd.Timestamp("2024-05-13 10:00"), "13 May 2024", None], dtype=object)
    assert parse(mixed) == ([DAY, datetime(2024, 5, 13, 10), DAY, None], ())


@pytest.mark.parametrize(
    "cell", ["12", "3.5", "007", "hello there 2024", "AX-12-34", "1.2.3.4", "555-12-34567", "may be", "1.2.3"]
)
def test_what_does_not_look_like_a_date(cell):
    assert not dates.looks_like_date(pd.Series([cell], dtype="str")).any()


moments = st.datetimes(datetime(1971, 1, 1), datetime(2060, 12, 31)).map(lambda moment: moment.replace(microsecond=0))
FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%d.%m.%Y %H:%M:%S", "%d %B %Y %H:%M:%S", "%B %d, %Y %H:%M:%S")


@settings(deadline=None, max_examples=40)
@given(st.lists(moments, min_size=1, max_size=5), st.sampled_from(FORMATS))
def test_what_is_written_comes_back(written, style):
    # A day beyond the twelfth settles the order.
    cells = [moment.strftime(style) for moment in [*written, datetime(2024, 1, 31)]]
    assert parse(cells) == ([*written, datetime(2024, 1, 31)], ())


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.text(max_size=20) | st.from_regex(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}( \d{1,2}:\d{2})?", fullmatch=True))
)
def test_no_cell_breaks_the_parser(cells):
    found, _ = parse(pd.Series(cells, dtype=object))
    assert len(found) == len(cells)
