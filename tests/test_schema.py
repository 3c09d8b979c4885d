"""The vocabulary: scales that part their answers, columns declared once, a check that catches what is wrong."""

from __future__ import annotations

import keyword
import typing

import pandas as pd
import pytest

from cxnlp import schema
from cxnlp.columns import Kind, Room
from cxnlp.errors import InternalError
from cxnlp.schema import SCALES, TABLES

EXAMPLES = {
    "text": pd.Series(["a", None], dtype="str"),
    "integer": pd.Series([1, 2]),
    "number": pd.Series([0.5, None]),
    "flag": pd.Series([True, False]),
    "date": pd.Series(pd.to_datetime(["2025-01-01", None])),
    "list": pd.Series([["a"], []]),
    "any": pd.Series([1, "a"], dtype=object),
}
"""A column of each kind."""

COLUMNS = [(table, column) for table, columns in TABLES.items() for column in columns]


def frame(table: str) -> pd.DataFrame:
    return pd.DataFrame({column.name: EXAMPLES[column.kind] for column in TABLES[table]})


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
def test_satisfied_and_dissatisfied_are_answers_and_never_both(scale):
    answers = set(range(scale.low, scale.high + 1))
    assert scale.satisfied
    assert scale.dissatisfied
    assert scale.satisfied | scale.dissatisfied <= answers
    assert not scale.satisfied & scale.dissatisfied


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
def test_the_better_end_is_satisfied(scale):
    best, worst = (scale.high, scale.low) if scale.better == "high" else (scale.low, scale.high)
    assert best in scale.satisfied
    assert worst in scale.dissatisfied


def test_nps_groups_are_those_of_reichheld_2003():
    """Reichheld, 'The One Number You Need to Grow', HBR 2003: promoters 9 and 10, detractors 0 to 6."""
    assert SCALES["nps"].satisfied == {9, 10}
    assert SCALES["nps"].dissatisfied == {0, 1, 2, 3, 4, 5, 6}


@pytest.mark.parametrize("table", TABLES)
def test_no_table_declares_a_column_twice(table):
    assert len(schema.names(table)) == len(set(schema.names(table)))


@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=[f"{table}-{column.name}" for table, column in COLUMNS])
def test_every_column_is_an_attribute_with_a_meaning(table, column):
    assert column.name.isidentifier()
    assert column.name == column.name.lower()
    assert not keyword.iskeyword(column.name)
    assert column.meaning
    assert column.kind in typing.get_args(Kind)
    assert column.room in typing.get_args(Room)


@pytest.mark.parametrize("table", TABLES)
def test_a_frame_as_declared_passes_unchanged(table):
    good = frame(table)
    assert schema.check(good, table) is good
    assert schema.check(good.iloc[:0], table).empty
    assert len(schema.check(good.assign(more=1), table)) == 2


@pytest.mark.parametrize("table", TABLES)
def test_every_missing_column_is_named(table):
    for name in schema.names(table):
        with pytest.raises(InternalError, match=name):
            schema.check(frame(table).drop(columns=name), table)


@pytest.mark.parametrize("kind", sorted(set(EXAMPLES) - {"any"}))
def test_a_column_of_another_kind_is_caught(kind):
    table, column = next((table, column) for table, column in COLUMNS if column.kind == kind)
    wrong = EXAMPLES["text"] if kind != "text" else EXAMPLES["number"]
    with pytest.raises(InternalError, match=f"{column.name} .*declared {kind}"):
        schema.check(frame(table).assign(**{column.name: wrong}), table)


@pytest.mark.parametrize("kind", ["text", "number"])
def test_a_column_without_any_value_may_be_text_or_number(kind):
    table, column = next((table, column) for table, column in COLUMNS if column.kind == kind)
    assert schema.check(frame(table).assign(**{column.name: [None, None]}), table) is not None
