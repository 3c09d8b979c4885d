"""Topics that a second wave may have and the first had not: sought among statements that fit no topic."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxnlp.topics.estimator import TopicModel

__all__ = ["Candidates", "Spoken", "emerging"]

LEAST = 10
"""Statements that a candidate must have in the half in which it is sought."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A wave: its ``statements`` (text, language, topic_id, unit_key) and their ``embedding`` (n, width)."""

    statements: pd.DataFrame
    embedding: np.ndarray


@dataclass(frozen=True, slots=True)
class Candidates:
    """``table``: topic_id (n01, n02...) and topic_name. ``before`` and ``after``: the candidate of each statement,
    missing for most."""

    table: pd.DataFrame
    before: pd.Series
    after: pd.Series


def emerging(before: Spoken, after: Spoken, *, seed: int) -> tuple[Candidates, np.ndarray]:
    """Group what of ``after`` fits no topic, and say which statements of both waves belong to the groups.

    The groups are sought in half of the customers only, drawn by a hash of their key, so that the other half can test
    whether they are new. Returns the candidates and a boolean array over the statements of ``after``: that half.
    """
    half = np.array([_first_half(one) for one in after.statements["unit_key"]], dtype=bool)
    homeless = after.statements["topic_id"].isna().to_numpy()
    sought = after.statements[half & homeless].drop_duplicates("text")
    if len(sought) < 2 * LEAST:
        return _none(before, after), half
    at = np.sort(after.statements.index.get_indexer(sought.index))
    model = TopicModel(min_statements=LEAST, refits=0, random_state=seed)
    texts, languages = _texts(after, at)
    model.fit(texts, embeddings=after.embedding[at], languages=languages)
    ids = np.array([f"n{i + 1:02d}" for i in range(model.n_topics_)], dtype=object)
    table = pd.DataFrame({"topic_id": ids, "topic_name": model.names_})
    return Candidates(table, *(_given(model, ids, wave) for wave in (before, after))), half


def _given(model: TopicModel, ids: np.ndarray, wave: Spoken) -> pd.Series:
    """The candidate of each statement that fits no topic and fits a candidate."""
    label = np.full(len(wave.statements), np.nan, dtype=object)
    at = np.flatnonzero(wave.statements["topic_id"].isna().to_numpy())
    if len(at):
        texts, languages = _texts(wave, at)
        topic = model.predict(texts, embeddings=wave.embedding[at], languages=languages)
        label[at] = np.append(ids, np.nan)[topic]
    return pd.Series(label, index=wave.statements.index)


def _texts(wave: Spoken, at: np.ndarray) -> tuple[list[str], list[str]]:
    rows = wave.statements.iloc[at]
    return rows["text"].tolist(), rows["language"].fillna("").tolist()


def _none(before: Spoken, after: Spoken) -> Candidates:
    nothing = [pd.Series(np.nan, index=wave.statements.index, dtype=object) for wave in (before, after)]
    return Candidates(pd.DataFrame({"topic_id": [], "topic_name": []}, dtype=object), *nothing)


def _first_half(key: object) -> bool:
    return hashlib.blake2b(str(key).encode("utf-8", "surrogatepass"), digest_size=1).digest()[0] < 128
