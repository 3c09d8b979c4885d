"""Rows that may train the weights we ship: only sets whose licence verdict is CLEAN.

A corpus is one entry of `CORPORA`: its file, licence, and a function that turns it into rows with
the columns of `ROW_COLUMNS`. A label that a corpus does not have is missing and masked.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cxnlp.errors import InputError

__all__ = ["ADVOCACY", "CORPORA", "Corpus", "ROW_COLUMNS", "training_rows"]

ROW_COLUMNS = (
    "text",
    "language",
    "group",
    "corpus",
    "sentiment",
    "touchpoint",
    "churn_intent",
    "advocacy",
    "effort",
    "emotion",
)
"""``group`` keeps translations of one comment together; ``touchpoint`` and ``emotion`` are tuples of labels."""

ADVOCACY = {"rec": "recommend", "warn": "warn", "none": "none"}
"""The annotation guide's codes and our labels."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """One source of training rows. ``most`` caps the rows per language and sentiment label."""

    file: str
    licence: str
    what: str
    rows: Callable[[Path], pd.DataFrame]
    most: int | None = None


def _parallel(path: Path) -> pd.DataFrame:
    comments = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return pd.DataFrame(
        {
            "text": text,
            "language": language,
            "group": comment["id"],
            # "mixed" judges a whole comment; a statement is one thing said, so the head has no such label
            "sentiment": comment["sentiment"] if comment["sentiment"] != "mixed" else None,
            "touchpoint": tuple(code[:3] for code in comment["touchpoints"]),
            "churn_intent": comment["churn"],
            "advocacy": ADVOCACY[comment["advocacy"]],
            "effort": comment["effort"],
            "emotion": tuple(emotion for emotion in comment["emotions"] if emotion != "none"),
        }
        for comment in comments
        for language, text in comment["text"].items()
    )


def _labelled(path: Path) -> pd.DataFrame:
    table = pd.read_parquet(path)
    return pd.DataFrame(
        {"text": table["text"], "language": table["lang"], "group": table["id"], "sentiment": table["label"]}
    )


CORPORA: dict[str, Corpus] = {
    "parallel": Corpus(
        "parallel.jsonl", "MIT", "customer comments written for this project, each told in nine languages", _parallel
    ),
    "womens_clothing": Corpus(
        "womens_clothing.parquet", "CC0 1.0", "clothing reviews in English, sentiment from stars", _labelled, 700
    ),
    "app_reviews": Corpus(
        "app_reviews_minibar.parquet", "MIT", "app reviews in English and French, sentiment from stars", _labelled, 700
    ),
    "nhs_v6": Corpus("nhs_fft_v6.parquet", "MIT", "patient feedback in English, sentiment by readers", _labelled, 450),
}


def training_rows(data: Path, *, without: frozenset[str]) -> pd.DataFrame:
    """Rows of every corpus in `data`, columns `ROW_COLUMNS`, balanced by the corpora's caps.

    ``without`` are texts of evaluation sets: rows that hold one are left out. The sample is chosen by a hash of
    the text, so that it depends on nothing but the texts. Raises InputError for a missing file.
    """
    parts = []
    for name, corpus in CORPORA.items():
        path = data / corpus.file
        if not path.exists():
            raise InputError(f"no file {path}", expected=f"the corpus {name!r}", fix="--data FOLDER with the corpora")
        rows = corpus.rows(path).assign(corpus=name).reindex(columns=list(ROW_COLUMNS))
        rows = rows[rows["text"].notna() & ~rows["text"].isin(without)].drop_duplicates(["text", "language"])
        if corpus.most is not None:
            rows = rows.dropna(subset=["sentiment"])
            order = pd.util.hash_pandas_object(rows["text"], index=False).sort_values().index
            rows = rows.loc[order].groupby(["language", "sentiment"]).head(corpus.most)
        parts.append(rows)
    return pd.concat(parts, ignore_index=True)
