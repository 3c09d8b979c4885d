"""Small worlds for the tests of scores: data as users give them, and the parts that `join` puts together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from cxnlp import schema
from cxnlp.config import ScoresConfig
from cxnlp.heads import HEADS
from cxnlp.results import (
    Codes,
    Comments,
    Encoding,
    Guess,
    ModelInfo,
    Note,
    Outcome,
    Placement,
    Scores,
    Statements,
    Topics,
)
from cxnlp.scores import parse

TEXT = pd.StringDtype(na_value=np.nan)

CUSTOMERS = Path("crm.csv")


def data(scores=(), **columns):
    """Comments whose source has `columns`; `scores` are (column, scale); a column `customer` holds the ids."""
    source = pd.DataFrame(columns)
    missing = pd.Series([None] * len(source), dtype=TEXT)
    table = pd.DataFrame({name: missing for name in schema.names("comments_read")})
    table["created_at"] = pd.Series(pd.NaT, index=table.index, dtype="datetime64[us]")
    roles = [Guess("score", column, "test", chosen=True, scale=scale) for column, scale in scores]
    if "customer" in columns:
        table["customer_id"] = pd.Series(source["customer"]).astype(TEXT)
        roles.append(Guess("id", "customer", "test", chosen=True))
    return Comments(source, table, tuple(roles), "survey.csv", "0")


def reader(**columns):
    table = pd.DataFrame(columns)

    def read(path, **options):
        assert path == CUSTOMERS
        return table, (Note("read", "from the reader", level="info"),)

    return read


def no_reader(path, **options):
    raise AssertionError("no file should be read")


def parsed(comments, read=no_reader, **settings):
    if isinstance(settings.get("outcome"), str):
        settings["outcome"] = (settings["outcome"],)
    return parse(comments, ScoresConfig(**settings), read=read)


def messages(scores):
    return " | ".join(note.message for note in scores.notes)


CHURNED = (Outcome("churned", "churned", "left"),)


def text(values):
    return pd.Series(list(values), dtype=TEXT)


def head(name, *statements):
    """Probabilities of one head, one statement per argument: {label: probability}."""
    labels = HEADS[name].labels
    array = np.zeros((len(statements), len(labels)), dtype=np.float32)
    for position, said in enumerate(statements):
        for label, probability in said.items():
            array[position, labels.index(label)] = probability
    return array


def codes_of(codes):
    nothing = pd.Series([[] for _ in codes], dtype=object)
    listed = pd.Series(list(codes), dtype=object)
    return Codes(
        pd.DataFrame(),
        pd.DataFrame({"codes": listed, "codes_probability": nothing, "codes_doubt": nothing}),
        pd.DataFrame(),
    )


def world(rows, *, n=None, lengths=None, customers=None, dates=None, status=None, languages=None, by_comment=None,
          outcomes=(), segments=(), controls=(), topics=None, stages=None, touchpoints=None, codes=None,
          by_customer=None, scores=(), **heads):  # fmt: skip
    """Arguments of `join` for statements at comment positions `rows`; every other argument is one list."""
    rows, m = np.array(rows, dtype=int), len(rows)
    n = n if n is not None else int(rows.max()) + 1
    ids = text(f"c{row}" for row in range(n))
    read = pd.DataFrame({name: text([None] * n) for name in schema.names("comments_read")})
    read["comment_id"] = ids
    read["text"] = "x"
    read["created_at"] = pd.to_datetime(pd.Series(dates or [None] * n), format="ISO8601").astype("datetime64[us]")
    read["customer_id"] = text(customers or [None] * n)
    counts = np.bincount(rows, minlength=n)
    clean = pd.DataFrame(
        {
            "comment_id": ids,
            "text_clean": "x",
            "language": text(languages or ["en"] * n),
            "language_confidence": 0.9,
            "status": text(status or np.where(counts, "ok", "empty")),
            "is_junk": False,
            "is_duplicate": False,
            "pii_masked": 0,
            "n_statements": counts,
        }
    )
    lengths = np.array(lengths if lengths is not None else [10] * m)
    statements = pd.DataFrame(
        {
            "statement_id": np.arange(m),
            "comment_id": ids.iloc[rows].to_numpy(),
            "row": rows,
            "start": 0,
            "end": lengths,
            "text": "x",
            "language": "en",
        }
    )
    topic_id = text(topics or [None] * m)
    topic_of = pd.DataFrame(
        {"topic_id": topic_id, "topic_name": "about " + topic_id, "topic_strength": 0.5, "topic_crossfit": topic_id}
    )
    place = stages or [(None, None, None, np.nan)] * m
    placement = pd.DataFrame(place, columns=["stage", "stage_source", "stage_model", "stage_confidence"])
    placement = placement.astype({"stage": TEXT, "stage_source": TEXT, "stage_model": TEXT, "stage_confidence": float})
    placement.insert(0, "touchpoint", text(touchpoints or [None] * m))
    encoding = Encoding(np.zeros((m, 2), dtype=np.float32), heads, {}, ModelInfo("test", "", "", tuple(heads)))
    quantities = Scores(
        pd.DataFrame(by_comment or {}, index=range(n)),
        by_customer,
        tuple(scores),
        tuple(outcomes),
        tuple(segments),
        tuple(controls),
    )
    return (
        Comments(pd.DataFrame(index=range(n)), read, (), "test.csv", "0"),
        quantities,
        Statements(clean, statements),
        encoding,
        Topics(pd.DataFrame(), topic_of),
        codes_of(codes or [[]] * m),
        Placement(placement, schema.STAGES),
    )


def flags(*values):
    return pd.array(list(values), dtype="boolean")


def listed(values):
    return [None if value is pd.NA or value is None or value != value else value for value in values]
