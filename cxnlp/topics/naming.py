"""Groups of statements to what people read of them: names, keywords, examples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxnlp.topics.describe import Description, name_groups, naming_languages
from cxnlp.topics.distinct import Distinct
from cxnlp.topics.examples import representatives, shorten
from cxnlp.topics.vocabulary import Vocabulary, count_terms, join_groups

__all__ = ["Named", "main_language", "name_topics", "name_themes"]


@dataclass(frozen=True, slots=True)
class Named:
    """``described`` and ``examples`` by topic 0..k-1; ``words``: the terms that they were made from, by language."""

    described: list[Description]
    examples: list[list[str]]
    words: dict[str, Vocabulary]


def name_topics(unique: Distinct, topic: np.ndarray, points: np.ndarray, k: int) -> Named:
    """Name each of `k` topics and choose its examples, from the statements of the sample.

    ``topic`` (m,) is the topic of each distinct statement, -1 for none; ``points`` (m, d) where it lies.
    """
    fitted, languages = unique.fitted, _known_languages(unique)
    words = count_terms(unique.texts[fitted], languages[fitted], topic[fitted], unique.counts[fitted], k)
    naming = naming_languages(words, k) if words else [""] * k
    examples = []
    for one in range(k):
        rows = fitted[topic[fitted] == one]
        texts = unique.texts[rows].tolist()
        # The mean over all languages: what is typical of the topic, in whichever language it is then shown.
        chosen = representatives(
            texts, points[rows], _mean(points[rows]), languages=languages[rows].tolist(), language=naming[one] or None
        )
        examples.append([shorten(texts[i]) for i in chosen])
    return Named(name_groups(words, [shown[0] if shown else "" for shown in examples]), examples, words)


def name_themes(named: Named, theme: np.ndarray, size: np.ndarray) -> list[Description]:
    """Names of themes 0..t-1; a lone topic names its theme.

    ``theme`` (k,) of each topic; ``size`` (k,): statements of each.
    """
    members = [np.flatnonzero(theme == i) for i in range(int(theme.max(initial=-1)) + 1)]
    largest = [max(own.tolist(), key=lambda one: (size[one], named.described[one].name)) for own in members]
    typical = [named.examples[one][0] if named.examples[one] else "" for one in largest]
    described = name_groups(join_groups(named.words, theme), typical)
    return [named.described[own[0]] if len(own) == 1 else one for own, one in zip(members, described, strict=True)]


def _mean(points: np.ndarray) -> np.ndarray:
    mean: np.ndarray = points.mean(axis=0) if len(points) else np.zeros(points.shape[1])
    return mean


def main_language(unique: Distinct) -> str:
    """The language of most distinct statements, the first by code of equally frequent ones; '' where none is known."""
    codes, times = np.unique(unique.languages[unique.languages != ""], return_counts=True)
    return str(codes[times.argmax()]) if len(codes) else ""


def _known_languages(unique: Distinct) -> np.ndarray:
    """Languages of the distinct statements; an unknown one is read as the most frequent one."""
    return np.where(unique.languages == "", main_language(unique), unique.languages)
