"""What people fill in, and what they need to know for it. Nothing here tells what the model answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from cxnlp.audit.drawing import Drawn
from cxnlp.audit.finished import Finished

__all__ = ["ANSWERS", "COLUMNS", "INSTRUCTIONS", "NONE", "POLARITIES", "Sheet", "make", "topic_words"]

NONE = "none"
"""What a person writes where there is no topic, or no stage."""

POLARITIES: tuple[str, ...] = ("negative", "neutral", "positive")

ANSWERS: tuple[str, ...] = ("topic", "polarity", "stage")
"""Columns that a person fills in; ``note`` is for remarks, and is not read."""

COLUMNS: tuple[str, ...] = ("row", "comment", "statement", "language", *ANSWERS, "note")

INSTRUCTIONS: tuple[tuple[str, str], ...] = (
    (
        "What this is",
        "A random sample of what customers wrote. What you answer here shows how often the model is right.",
    ),
    ("How to answer", "Read the comment, then the statement. Say what the statement speaks of, in your own judgement."),
    ("topic", "The one topic of the codebook that fits best: its name or its id. 'none' where no topic fits."),
    (
        "polarity",
        "negative, neutral or positive: how the customer judges it. It may be empty where the topic is 'none'.",
    ),
    ("stage", "The stage of the journey that the statement speaks of; 'none' where it cannot be told."),
    ("An empty topic", "means not answered. Leave nothing empty: what is hard to answer is what matters most."),
    ("Two people", "Give each a copy, and let them answer without talking: the audit says how far they agree."),
    ("What to leave alone", "The first four columns. Rows may be sorted; none may be added or removed."),
)
"""Short instructions: (what, how)."""

_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Sheet:
    """``rows`` (columns `COLUMNS`): one a statement, answers empty. ``codebook``: topic, id, keywords, examples; a row
    a topic and one for 'none'. ``stages``: the words for stages."""

    rows: pd.DataFrame
    codebook: pd.DataFrame
    stages: tuple[str, ...]


def make(finished: Finished, drawn: Drawn) -> Sheet:
    """The sheet for people.

    Statements of a comment stand together. Example statements of a topic come from units outside the sample: one that
    is in it would give the model's answer away.
    """
    rows = drawn.rows.rename(columns={"row_id": "row", "text": "statement"})[["comment", "statement", "language"]]
    rows.insert(0, "row", drawn.rows["row_id"])
    empty = {name: pd.Series("", index=rows.index, dtype="str") for name in (*ANSWERS, "note")}
    topics = finished.topics
    codebook = pd.DataFrame(
        {
            "topic": [*topic_words(topics), NONE],
            "id": [*topics["topic_id"], ""],
            "keywords": [*topics["keywords"], "no topic of this list fits"],
            "examples": [*_examples(finished, drawn), ""],
        }
    )
    return Sheet(rows.assign(**empty)[list(COLUMNS)], codebook, (*finished.stages, NONE))


def topic_words(topics: pd.DataFrame) -> list[str]:
    """What stands for each topic: its name; with its id where another has the same name, or where it reads 'none'."""
    folded = topics["topic_name"].str.strip().str.casefold()
    doubtful = folded.duplicated(keep=False) | folded.isin([NONE, ""])
    pairs = zip(topics["topic_name"], topics["topic_id"], doubtful, strict=True)
    return [f"{name} ({key})" if doubt else name for name, key, doubt in pairs]


def _examples(finished: Finished, drawn: Drawn) -> Iterable[str]:
    spoken = finished.spoken
    fit = spoken["topic_id"].notna() & ~spoken["text"].isin(set(drawn.rows["text"]))
    rows = spoken.loc[fit, ["topic_id", "topic_strength", "text"]].assign(
        topic_strength=lambda f: f["topic_strength"].round(6)
    )
    ordered = rows.sort_values(["topic_id", "topic_strength", "text"], ascending=[True, False, True])
    best = ordered.drop_duplicates(["topic_id", "text"]).groupby("topic_id").head(_EXAMPLES)
    joined = best.groupby("topic_id")["text"].agg(" | ".join).to_dict()
    return [joined.get(key, "") for key in finished.topics["topic_id"]]
