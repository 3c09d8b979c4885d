"""Development sets: real comments that never train, on which the card's figures are measured.

Most of their licences do not allow training shipped weights; measuring is allowed. An entry of
`DEVSETS` names the file, the languages, the licence verdict and how rows are chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cxnlp.training.corpora import ADVOCACY, by_text_hash, read_set

__all__ = ["DEVSETS", "DevSet", "JOURNEY_FILE", "journey_rows", "sentiment_rows"]

JOURNEY_FILE = "journey_dev.parquet"


@dataclass(frozen=True, slots=True)
class DevSet:
    """A labelled set; ``most`` rows per language and label are drawn, ``keep`` chooses among its rows."""

    file: str
    what: str
    verdict: str
    keep: Callable[[pd.DataFrame], pd.Series]
    most: int = 250


def _two_or_three(table: pd.DataFrame) -> pd.Series:
    return table["label"].isin(["negative", "neutral", "positive"])


def _relevant(table: pd.DataFrame) -> pd.Series:
    return _two_or_three(table) & (table["relevance"] == "true")


def _unseen_app(table: pd.DataFrame) -> pd.Series:
    return _two_or_three(table) & (table["product"] == "Huawei Health")


DEVSETS: dict[str, DevSet] = {
    "laroseda": DevSet("laroseda.parquet", "shop reviews", "NONCOMMERCIAL", _two_or_three),
    "polemo2_text": DevSet("polemo2_text.parquet", "hotel and doctor reviews", "NONCOMMERCIAL", _two_or_three),
    "absita_2018": DevSet("absita_2018.parquet", "hotel reviews", "UNKNOWN", _two_or_three),
    "airline_tweets": DevSet("airline_tweets.parquet", "tweets to airlines", "NONCOMMERCIAL", _two_or_three),
    "germeval2017": DevSet("germeval2017.parquet", "posts about a railway", "NONCOMMERCIAL", _relevant),
    "meia2025": DevSet("meia2025_es.parquet", "tourism reviews", "RESEARCH-ONLY", _two_or_three),
    "app_reviews": DevSet(
        "app_reviews_minibar.parquet", "reviews of an app that trained nothing", "CLEAN", _unseen_app
    ),
    "olist": DevSet("olist_orders_pt_sample.parquet", "marketplace reviews", "NONCOMMERCIAL", _two_or_three),
}


def sentiment_rows(data: Path, name: str) -> pd.DataFrame:
    """Rows ``text, language, sentiment`` of a development set, at most ``most`` a language and label, by text hash."""
    devset = DEVSETS[name]
    table = read_set(data / devset.file)
    table = table[devset.keep(table) & table["text"].notna()].drop_duplicates("text")
    table = by_text_hash(table).groupby(["lang", "label"]).head(devset.most)
    return pd.DataFrame({"text": table["text"], "language": table["lang"], "sentiment": table["label"]}).reset_index(
        drop=True
    )


def journey_rows(data: Path) -> pd.DataFrame:
    """The journey development set with the columns of `corpora.ROW_COLUMNS` (mixed sentiment is missing)."""
    table = read_set(data / JOURNEY_FILE)
    return pd.DataFrame(
        {
            "text": table["text"],
            "language": table["lang"],
            "group": table["id"],
            "corpus": table["dataset"],
            "sentiment": table["sentiment"].where(table["sentiment"] != "mixed"),
            "touchpoint": [tuple(code[:3] for code in codes) for codes in table["touchpoints"]],
            "churn_intent": table["churn"],
            "advocacy": table["advocacy"].map(ADVOCACY),
            "effort": table["effort"],
            "emotion": [tuple(label for label in labels if label != "none") for labels in table["emotions"]],
        }
    )
