"""How often each term stands in each group of statements, language by language."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from cxnlp.topics.terms import Term, terms

__all__ = ["Vocabulary", "count_terms", "join_groups"]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Terms of one language over k groups.

    ``keys``: the v terms, each the lemmas of its words. ``surfaces``: how each is written most often.
    ``counts`` (k, v): statements of the group with the term. ``statements`` (k,): statements of the group.
    """

    keys: list[tuple[str, ...]]
    surfaces: list[str]
    counts: np.ndarray
    statements: np.ndarray


def count_terms(
    texts: Sequence[str], languages: Sequence[str], labels: np.ndarray, counts: np.ndarray, k: int
) -> dict[str, Vocabulary]:
    """A vocabulary for each language of the distinct statements in groups 0..k-1 (label -1: in none)."""
    by_language: dict[str, list[int]] = defaultdict(list)
    for row, language in enumerate(languages):
        if labels[row] >= 0:
            by_language[language].append(row)
    return {
        language: _vocabulary([texts[i] for i in rows], language, labels[rows], counts[rows], k)
        for language, rows in sorted(by_language.items())
    }


def join_groups(vocabularies: dict[str, Vocabulary], group: np.ndarray) -> dict[str, Vocabulary]:
    """The same terms counted over larger groups 0..g-1: ``group`` (k,) says where each goes."""
    into = np.eye(int(group.max()) + 1)[:, group]
    return {
        language: Vocabulary(words.keys, words.surfaces, into @ words.counts, into @ words.statements)
        for language, words in vocabularies.items()
    }


def _vocabulary(texts: list[str], language: str, labels: np.ndarray, counts: np.ndarray, k: int) -> Vocabulary:
    index: dict[tuple[str, ...], int] = {}
    surfaces: dict[int, Counter[str]] = defaultdict(Counter)
    entries: list[tuple[int, int, float]] = []
    for text, label, count in zip(texts, labels.tolist(), counts.tolist(), strict=True):
        once: dict[tuple[str, ...], Term] = {term.key: term for term in terms(text, language)}
        for key, term in once.items():
            column = index.setdefault(key, len(index))
            surfaces[column][term.surface] += count
            entries.append((label, column, count))
    rows, columns, values = zip(*entries, strict=True) if entries else ((), (), ())
    table = csr_array((values, (rows, columns)), shape=(k, len(index)), dtype=np.float64)
    common = np.flatnonzero(np.asarray(table.sum(axis=0)).ravel() >= 2)
    # Terms said once name nothing, and without them the dense table stays small.
    common = common if len(common) else np.arange(len(index))
    keys = list(index)
    return Vocabulary(
        [keys[column] for column in common],
        [_most_frequent(surfaces[column]) for column in common.tolist()],
        table[:, common].toarray() if len(index) else np.empty((k, 0)),
        np.bincount(labels, counts, minlength=k),
    )


def _most_frequent(surfaces: Counter[str]) -> str:
    return min(surfaces.items(), key=lambda item: (-item[1], item[0]))[0]
