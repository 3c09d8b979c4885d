"""How numbers read."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxnlp.report import words

THIN = "\N{NARROW NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0.344, f"34{THIN}%"),
        (0.0, f"0{THIN}%"),
        (1.0, f"100{THIN}%"),
        (0.004, f"0.4{THIN}%"),
        (0.0001, f"< 0.1{THIN}%"),
        (0.9962, f"99.6{THIN}%"),
        (0.9999, f"> 99.9{THIN}%"),
        (math.nan, "–"),
        (None, "–"),
    ],
)
def test_a_share_never_rounds_to_none_or_all(number: float, said: str) -> None:
    assert words.share(number) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [(0.0004, "< .001"), (0.012, ".012"), (0.34, ".34"), (0.0999, ".100"), (0.9999, "> .99"), (None, "–")],
)
def test_p_values(number: float, said: str) -> None:
    assert words.p_value(number) == said


@pytest.mark.parametrize(
    ("number", "unit", "said"),
    [
        (12.3, "points", "12"),
        (-0.2, "points", "0"),
        (-12.6, "points", "−13"),
        (4.206, "mean score", "4.21"),
        (0.316, "net sentiment", "+0.32"),
        (-0.001, "net sentiment", "0.00"),
        (0.22, "net share", "+22"),
        (1234, "anything else", "1,234"),
    ],
)
def test_an_estimate_reads_in_its_unit(number: float, unit: str, said: str) -> None:
    assert words.value(number, unit) == said


def test_an_interval_names_its_unit_once_and_is_empty_without_limits() -> None:
    assert words.interval(4.2, 19.6, "points") == "4 to 20"
    assert words.interval(0.31, 0.38, "share") == f"31 to 38{THIN}%"
    assert words.interval(0.0001, 0.02, "share") == f"< 0.1{THIN}% to 2{THIN}%"
    assert words.interval(math.nan, 0.4, "share") == ""


@given(st.floats(0, 1))
def test_a_share_says_zero_or_hundred_only_for_none_and_all(number: float) -> None:
    said = words.share(number)
    assert (said == f"0{THIN}%") == (number == 0)
    assert (said == f"100{THIN}%") == (number == 1)


@given(
    st.floats(-1e12, 1e12) | st.sampled_from([float("nan"), float("inf"), float("-inf")]),
    st.sampled_from(["points", "share", "mean score", "net share"]),
)
def test_no_number_breaks_or_says_minus_zero(number: float, unit: str) -> None:
    for said in (words.value(number, unit), words.difference(number, unit)):
        assert said
        assert said.strip("−0.") or said.startswith("0")
        assert "nan" not in said and "inf" not in said


def test_lists_and_plurals() -> None:
    assert [words.join(["a", "b", "c"][:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert (words.plural(1, "row"), words.plural(1200, "row")) == ("1 row", "1,200 rows")
