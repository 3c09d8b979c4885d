"""How often each term stands in each group of statements, language by language."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from cxnlp.topics.terms import Term, accents, is_lemma, is_verb, plain, terms

__all__ = ["Vocabulary", "count_terms", "join_groups"]

LEAST_WORD, LEAST_PHRASE = 2, 3
"""Terms said less often name nothing, and without them the dense table stays small."""

DECLINED = ("ro", "pl")
"""Languages whose nouns take endings for case or the article: the bare noun reads best in a name."""

ATTESTED = 0.1
"""A better form of a term is shown if so large a share of its mentions have it."""


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
    accented = accents(texts, language)
    for text, label, count in zip(texts, labels.tolist(), counts.tolist(), strict=True):
        once: dict[tuple[str, ...], Term] = {term.key: term for term in terms(text, language, accented)}
        for key, term in once.items():
            column = index.setdefault(key, len(index))
            surfaces[column][term.surface] += count
            entries.append((label, column, count))
    rows, columns, values = zip(*entries, strict=True) if entries else ((), (), ())
    table = csr_array((values, (rows, columns)), shape=(k, len(index)), dtype=np.float64)
    keys = list(index)
    least = np.array([LEAST_WORD if len(key) == 1 else LEAST_PHRASE for key in keys])
    common = np.flatnonzero(np.asarray(table.sum(axis=0)).ravel() >= least)
    common = common if len(common) else np.arange(len(index))
    return Vocabulary(
        [keys[column] for column in common],
        [_shown(keys[column], surfaces[column], language) for column in common.tolist()],
        table[:, common].toarray() if len(index) else np.empty((k, 0)),
        np.bincount(labels, counts, minlength=k),
    )


def _shown(key: tuple[str, ...], surfaces: Counter[str], language: str) -> str:
    """How a term is written most often; but with its noun as the dictionary has it, if enough texts write it so.

    'faktura' for 'fakturę', 'colet' for 'coletul', and 'order' for 'ordered'. What is only a verb stays as it is said.
    """
    usual = _most_frequent(surfaces)
    if language in DECLINED or (language == "en" and len(key) == 1 and usual.endswith("ed")):
        listed = Counter({one: times for one, times in surfaces.items() if _is_listed(one, key[0], language)})
        if listed.total() >= ATTESTED * surfaces.total() and not is_verb(usual.split(" ")[0], language):
            return _most_frequent(listed)
    return usual


def _is_listed(surface: str, lemma: str, language: str) -> bool:
    first = surface.split(" ")[0]
    return plain(first) == lemma and is_lemma(first, language)


def _most_frequent(surfaces: Counter[str]) -> str:
    return min(surfaces.items(), key=lambda item: (-item[1], item[0]))[0]
