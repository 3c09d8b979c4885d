"""Errors: three parts, a suggestion where one is near, and the exact words of the commonest."""

from __future__ import annotations

import pytest

from cxnlp import errors
from cxnlp.errors import CxnlpError, InputError, InternalError, ModelError, OutputError, SettingsError


def test_every_error_reads_as_found_expected_fix():
    error = CxnlpError("a", expected="b", fix="c")
    assert str(error) == "Found:    a\nExpected: b\nFix:      c"
    assert (error.found, error.expected, error.fix) == ("a", "b", "c")


@pytest.mark.parametrize(
    ("kind", "code"),
    [(CxnlpError, 2), (InputError, 2), (SettingsError, 2), (ModelError, 2), (OutputError, 2), (InternalError, 70)],
)
def test_exit_codes(kind, code):
    assert kind("a", expected="b", fix="c").exit_code == code
    assert issubclass(kind, CxnlpError)


def test_every_error_is_listed_and_documented():
    for name in errors.__all__:
        assert getattr(errors, name).__doc__


def test_the_words_of_a_missing_column():
    error = InputError.missing_column("coment", ["id", "comment", "nps"], option="--text", where="survey.csv")
    assert str(error) == (
        "Found:    no column 'coment' in survey.csv, asked for by --text\n"
        "Expected: one of: id, comment, nps\n"
        "Fix:      Did you mean comment? Name an existing column in --text"
    )


def test_a_missing_column_unlike_any_other():
    error = InputError.missing_column("zzz", ["id", "nps"], option="--text", where="survey.csv")
    assert error.fix == "Name an existing column in --text"


def test_a_table_with_many_columns_is_not_listed_whole():
    error = InputError.missing_column("x", [f"q{number}" for number in range(50)], option="--text", where="survey.csv")
    assert error.expected.endswith("q19 and 30 more")


def test_a_table_without_columns():
    error = InputError.missing_column("x", [], option="--text", where="survey.csv")
    assert error.expected == "one of: no columns at all"


def test_the_words_of_an_unknown_value():
    error = SettingsError.unknown_value("cuba", ["auto", "cpu", "cuda"], option="--device")
    assert str(error) == ("Found:    --device cuba\nExpected: one of: auto, cpu, cuda\nFix:      --device cuda")


def test_an_unknown_value_unlike_any_other_gets_the_first():
    assert SettingsError.unknown_value("xyz", ["auto", "cpu"], option="--device").fix == "--device auto"
