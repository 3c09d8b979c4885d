"""Rows that may train the weights we ship: only sets whose licence verdict is CLEAN.

A corpus is one entry of `CORPORA`: its file, licence, and a function that turns it into rows with the columns of
`ROW_COLUMNS`. A label that a corpus does not have is missing and masked. `MIXTURES` says how many rows of which
corpora train; the entry ``shipped`` trains the models that we ship, the others are the experiments of the card.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cxnlp.errors import InputError, SettingsError

__all__ = [
    "ADVOCACY",
    "CORPORA",
    "Corpus",
    "MIXTURES",
    "READ",
    "ROW_COLUMNS",
    "WRITTEN",
    "by_text_hash",
    "read_comments",
    "read_set",
    "training_rows",
]

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

WRITTEN = Path(__file__).with_name("written.jsonl")
"""Comments written for this project, one JSON object a line; its licence is the repository's."""

READ = Path(__file__).with_name("read.jsonl")
"""Real comments of corpora below with the labels of somebody who read them; ``id`` is corpus and id there."""

# fmt: off
_POSITIVE = frozenset((
    "admiration", "amusement", "approval", "caring", "excitement", "gratitude", "joy", "love", "optimism", "pride",
    "relief", "trust",
))
_NEGATIVE = frozenset((
    "anger", "annoyance", "disappointment", "disapproval", "disgust", "embarrassment", "fear", "grief", "nervousness",
    "remorse", "sadness",
))
# fmt: on


@dataclass(frozen=True, slots=True)
class Corpus:
    """One source of training rows. ``trust``: weight of its labels, less than 1 where stars or emotions stand in."""

    file: str | Path
    licence: str
    what: str
    rows: Callable[[Path], pd.DataFrame]
    trust: float = 1.0


def read_set(path: Path) -> pd.DataFrame:
    """The table of a set of the data folder; InputError where it is missing or no Parquet file."""
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        found = f"no file {path}" if not path.exists() else f"{path}: {error}"
        raise InputError(
            found, expected="a Parquet file of the data folder", fix="name the folder that holds the sets"
        ) from error


def by_text_hash(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows in the order of a hash of their ``text``: the first so many are a sample that only the texts decide."""
    return rows.loc[pd.util.hash_pandas_object(rows["text"], index=False).sort_values().index]


def _told(comments: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "text": text,
            "language": language,
            "group": comment["id"],
            "sentiment": comment["sentiment"],
            # a comment may praise and criticise one touchpoint: it is mentioned once all the same
            "touchpoint": tuple(dict.fromkeys(code[:3] for code in comment["touchpoints"])),  # type: ignore[attr-defined]
            "churn_intent": comment["churn"],
            "advocacy": ADVOCACY[str(comment["advocacy"])],
            "effort": comment["effort"],
            "emotion": tuple(emotion for emotion in comment["emotions"] if emotion != "none"),  # type: ignore[attr-defined]
        }
        for comment in comments
        for language, text in comment["text"].items()  # type: ignore[attr-defined]
    )


def read_comments(path: Path) -> list[dict[str, Any]]:
    """Comments with the codes of the annotation guide, one JSON object a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _json_lines(path: Path) -> pd.DataFrame:
    return _told(read_comments(path))


def _half(path: Path) -> pd.DataFrame:
    rows = _json_lines(path)
    return rows[(pd.util.hash_pandas_object(rows["group"], index=False) % 2 == 0).to_numpy()]


def _labelled(path: Path) -> pd.DataFrame:
    return _with_label(read_set(path))


def _with_label(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {"text": table["text"], "language": table["lang"], "group": table["id"], "sentiment": table["label"]}
    )


def _app_reviews(path: Path) -> pd.DataFrame:
    # the other app is a development set: products must differ between training and measuring
    table = read_set(path)
    return _with_label(table[table["product"] == "Garmin Connect"])


def _emotions(path: Path) -> pd.DataFrame:
    table = read_set(path)
    return pd.DataFrame(
        {
            "text": table["text"],
            "language": table["lang"],
            "group": table["id"].astype(str),
            "sentiment": [None if emotions is None else _polarity(set(emotions)) for emotions in table["emotion"]],
        }
    )


def _polarity(emotions: set[str]) -> str | None:
    """Polarity of a set of emotions; None for a mixture and for those that may be either, such as surprise."""
    positive, negative = bool(emotions & _POSITIVE), bool(emotions & _NEGATIVE)
    if positive or negative:
        return None if positive and negative else "positive" if positive else "negative"
    return "neutral" if emotions == {"neutral"} else None


CORPORA: dict[str, Corpus] = {
    "parallel": Corpus(
        "parallel.jsonl", "MIT", "customer comments written for this project, each told in nine languages", _json_lines
    ),
    "half of parallel": Corpus("parallel.jsonl", "MIT", "every second comment of parallel", _half),
    "written": Corpus(
        WRITTEN,
        "MIT",
        "customer comments written for this project in one language each, labelled by the writer",
        _json_lines,
    ),
    "read": Corpus(
        READ,
        "CC0 1.0, MIT",
        "comments of womens_clothing, app_reviews and two NHS sets in English and French, labelled again by reading",
        _json_lines,
    ),
    "womens_clothing": Corpus(
        "womens_clothing.parquet", "CC0 1.0", "clothing reviews in English, sentiment from stars", _labelled, 0.7
    ),
    "app_reviews": Corpus(
        "app_reviews_minibar.parquet",
        "MIT",
        "reviews of one app in English and French, sentiment from stars",
        _app_reviews,
        0.7,
    ),
    "nhs_v6": Corpus("nhs_fft_v6.parquet", "MIT", "patient feedback in English, sentiment by readers", _labelled, 0.9),
    "nhs_phase1": Corpus(
        "nhs_fft_phase1.parquet", "MIT", "earlier patient feedback in English, sentiment by readers", _labelled, 0.9
    ),
    "goemotions": Corpus(
        "goemotions.parquet", "CC BY 4.0", "Reddit comments in English, polarity of their emotions", _emotions, 0.5
    ),
    "xed": Corpus(
        "xed.parquet", "CC BY 4.0", "film subtitles in nine languages, polarity of their emotions", _emotions, 0.5
    ),
    "red": Corpus("red_v1.parquet", "MIT", "tweets in Romanian, polarity of their emotions", _emotions, 0.5),
}

_REVIEWS = {"womens_clothing": 300, "app_reviews": 700, "nhs_v6": 450}
_TRIED: dict[str, int | None] = {"half of parallel": None, "written": None, **_REVIEWS}

MIXTURES: dict[str, dict[str, int | None]] = {
    "shipped": {"parallel": None, "written": None, "read": None, **_REVIEWS},
    "distil": {
        "parallel": None,
        "written": None,
        "read": None,
        "womens_clothing": 1000,
        "app_reviews": 2000,
        "nhs_v6": 2000,
        "nhs_phase1": 1000,
        "goemotions": 1500,
        "xed": 300,
        "red": 300,
    },
    "tried": _TRIED,
    "without written": {name: most for name, most in _TRIED.items() if name != "written"},
    "without reviews": {"half of parallel": None, "written": None},
    "with emotions": {**_TRIED, "goemotions": 2000, "xed": 300},
}
"""Name -> corpus -> most rows per language and sentiment label (None: all rows, whatever their labels).

``distil`` are the texts of the fast tier's lessons; ``tried`` and those after it are the experiments of the card,
small enough to compare many."""


def training_rows(data: Path, *, without: frozenset[str], mixture: str = "shipped") -> pd.DataFrame:
    """Rows of the corpora of `mixture`, columns `ROW_COLUMNS`, balanced by its caps.

    ``without`` are texts of evaluation sets: rows that hold one are left out. The sample is chosen by a hash of
    the text, so that it depends on nothing but the texts. Raises InputError for a missing file, SettingsError for a
    mixture that does not exist.
    """
    if mixture not in MIXTURES:
        raise SettingsError.unknown_value(mixture, MIXTURES, option="--mixture")
    parts = []
    for name, most in MIXTURES[mixture].items():
        corpus = CORPORA[name]
        path = data / corpus.file
        if not path.exists():
            raise InputError(f"no file {path}", expected=f"the corpus {name!r}", fix="--data FOLDER with the corpora")
        rows = corpus.rows(path).assign(corpus=name).reindex(columns=list(ROW_COLUMNS))
        rows = rows[rows["text"].notna() & ~rows["text"].isin(without)].drop_duplicates(["text", "language"])
        if most is not None:
            rows = rows[rows["sentiment"].isin(["negative", "neutral", "positive"])]
            rows = by_text_hash(rows).groupby(["language", "sentiment"]).head(most)
        parts.append(rows)
    # a comment that was read has its stars' label in another corpus too: the first corpus counts
    return pd.concat(parts, ignore_index=True).drop_duplicates(["text", "language"], ignore_index=True)
