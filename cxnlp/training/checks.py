"""What sentiment figures do not show: are typos shrugged off, do languages agree, does the embedding serve?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_mutual_info_score

from cxnlp.heads import POLARITIES
from cxnlp.training.augmentation import bare, mistype
from cxnlp.training.corpora import by_text_hash, read_set

__all__ = ["VARIANTS", "agreement", "languages_agree", "retrieval", "topic_quality", "topic_rows", "variants"]

_TOPIC_FILE = "banking77.parquet"
_TOPIC_ROWS = 3000


def _mistyped(text: str) -> str:
    # seeded by the text, so that the check is the same on every run
    return mistype(text, np.random.default_rng(len(text)), 1)


VARIANTS: dict[str, Callable[[str], str]] = {
    "no diacritics": bare,
    "lower case": str.lower,
    "one typo": _mistyped,
}
"""Ways to write the same text that must not change what it says."""


def variants(texts: pd.Series) -> pd.Series:
    """The texts in every variant, one after the other in the order of `VARIANTS`."""
    return pd.concat([texts.map(change) for change in VARIANTS.values()], ignore_index=True)


def agreement(plain: np.ndarray, changed: np.ndarray) -> Iterator[tuple[str, float]]:
    """For each variant, the share of texts whose sentiment label differs.

    ``plain`` (n, 3) and ``changed`` (n x variants, 3) are probabilities, in the order of `variants`.
    """
    labels = plain.argmax(axis=1)
    for name, part in zip(VARIANTS, np.split(changed, len(VARIANTS)), strict=True):
        yield name, float((part.argmax(axis=1) != labels).mean())


def languages_agree(rows: pd.DataFrame, probabilities: np.ndarray) -> Iterator[tuple[str, int, float]]:
    """Language, comments and accuracy between negative and positive on parallel comments held apart."""
    polar = rows["sentiment"].isin(["negative", "positive"]).to_numpy()
    truth = (rows["sentiment"] == "positive").to_numpy()
    right = (probabilities[:, POLARITIES.index("positive")] > probabilities[:, POLARITIES.index("negative")]) == truth
    for language, part in rows[polar].groupby("language"):
        yield str(language), len(part), float(right[part.index].mean())


def retrieval(rows: pd.DataFrame, embedding: np.ndarray) -> float:
    """Share of English comments whose nearest neighbour in a language is their translation, mean over languages.

    ``rows``: columns ``language`` and ``group``, RangeIndex; ``embedding`` (rows, width). Each language is centred.
    """
    place = pd.Series(np.arange(len(rows)), index=pd.MultiIndex.from_frame(rows[["language", "group"]]))
    found = []
    for language in sorted(set(rows["language"]) - {"en"}):
        shared = place["en"].index.intersection(place[language].index)
        english, other = (_centred(embedding[place[code].loc[shared]]) for code in ("en", language))
        found.append(float(((english @ other.T).argmax(axis=1) == np.arange(len(shared))).mean()))
    return float(np.mean(found))


def _centred(rows: np.ndarray) -> np.ndarray:
    centred: np.ndarray = rows - rows.mean(axis=0)
    return centred / np.linalg.norm(centred, axis=1, keepdims=True)


def topic_rows(data: Path) -> pd.DataFrame:
    """Questions of bank customers with their intents: columns ``text`` and ``intent``, chosen by text hash."""
    chosen = by_text_hash(read_set(data / _TOPIC_FILE)).head(_TOPIC_ROWS).reset_index(drop=True)
    return pd.DataFrame({"text": chosen["text"], "intent": [str(topic) for topic in chosen["topic"]]})


def topic_quality(intent: pd.Series, embedding: np.ndarray, *, seed: int = 0) -> float:
    """Adjusted mutual information of as many k-means clusters as there are intents with the intents."""
    clusters = KMeans(intent.nunique(), n_init=4, random_state=seed).fit_predict(_centred(embedding))
    return float(adjusted_mutual_info_score(intent, clusters))
