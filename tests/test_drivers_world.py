"""Small worlds with known truth, built as the JOIN stage would hand them over; used by the drivers and flags tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cxnlp import schema
from cxnlp.results import Outcome, ScoreColumn, Table, Topics

CHURN = Outcome("churned", "churned", "churned")


def make_topics(ids: Sequence[str], stability: float = 0.95) -> Topics:
    table = pd.DataFrame(
        {
            "topic_id": list(ids),
            "topic_name": [f"name of {topic}" for topic in ids],
            "theme_id": "h1",
            "theme_name": "theme",
            "keywords": [["word"] for _ in ids],
            "n_statements": 10,
            "n_comments": 10,
            "share": 0.1,
            "stability": float(stability),
            "examples": [["an example"] for _ in ids],
        }
    )
    return Topics(table, pd.DataFrame(columns=schema.names("topic_of")))


def make_table(
    mentions: np.ndarray,
    outcomes: Mapping[str, Sequence[object]] | None = None,
    *,
    controls: Mapping[str, Sequence[object]] | None = None,
    scores: Mapping[str, Sequence[float]] | None = None,
    polarity: str = "negative",
    stage: str | None = "purchase",
    customers: bool = True,
    order: np.ndarray | None = None,
) -> Table:
    """One unit per row of `mentions` (bool, units x topics t0, t1...), one statement per mention.

    `order` hands over the same people in another order, with the row numbers a shuffled file would give.
    """
    people = np.arange(len(mentions)) if order is None else np.asarray(order)
    mentions = np.asarray(mentions, dtype=bool)[people]
    topics = [f"t{number}" for number in range(mentions.shape[1])]
    rows, columns = np.nonzero(mentions)
    statements = pd.DataFrame({"unit": rows, "topic_id": [topics[column] for column in columns]})
    statements = statements.assign(
        statement_id=np.arange(len(rows)),
        comment_id=[f"c{person}" for person in people[rows]],
        row=rows,
        start=columns * 10,
        end=columns * 10 + 9,
        text=[
            f"person {person} has a few words to say on {column}"
            for person, column in zip(people[rows], columns, strict=True)
        ],
        language="en",
        sentiment_label=polarity,
        topic_crossfit=statements["topic_id"],
        stage=stage,
        topic_name=[f"name of {topic}" for topic in statements["topic_id"]],
        topic_strength=0.5 + 0.4 * ((people[rows] * 7919) % 101) / 101,
        in_window=True,
    ).reindex(columns=schema.names("statements"))
    units = pd.DataFrame(
        {
            "unit": np.arange(len(people)),
            "customer_id": [f"k{person}" for person in people]
            if customers
            else pd.Series(pd.NA, range(len(people)), dtype=object),
            "n_comments": 1,
            "language": "en",
        }
    )
    for name, values in (outcomes or {}).items():
        units[name] = pd.array(np.asarray(values, dtype=object)[people], dtype="boolean")
    for name, values in (controls or {}).items():
        units[name] = np.asarray(values)[people]
    comments = pd.DataFrame(
        {
            "comment_id": [f"c{person}" for person in people],
            "status": "ok",
            "created_at": pd.NaT,
            "text_clean": [f"said by {person}" for person in people],
            "topic_ids": [[topic for topic, said in zip(topics, line, strict=True) if said] for line in mentions],
            "unit": np.arange(len(people)),
            "in_window": True,
        }
    )
    for name, values in (scores or {}).items():
        comments[name] = np.asarray(values, dtype=float)[people]
    return Table(
        comments=comments,
        statements=statements,
        units=units,
        scores=tuple(ScoreColumn(name, name, schema.SCALES[name]) for name in scores or {}),
        outcomes=tuple(Outcome(name, name.replace("_", " "), name) for name in outcomes or {}),
        controls=tuple(controls or {}),
        unit_name="customer" if customers else "comment",
    )


def test_the_world_has_a_statement_per_mention_whatever_the_order() -> None:
    mentions = np.array([[1, 0], [1, 1], [0, 0]], dtype=bool)
    table = make_table(mentions, {"churned": [True, False, None]}, order=np.array([2, 0, 1]))
    assert len(table.statements) == 3
    assert table.units["customer_id"].tolist() == ["k2", "k0", "k1"]
    assert table.units["churned"].isna().tolist() == [True, False, False]
    assert table.comments["topic_ids"].tolist() == [[], ["t0"], ["t0", "t1"]]
