"""What a topic is called: class-based TF-IDF over lemmas and phrases, shown as customers write them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxnlp.topics.terms import alike
from cxnlp.topics.vocabulary import Vocabulary, count_terms

__all__ = ["describe", "name_groups", "ctfidf", "Description"]

KEYWORDS = 8
IN_NAME = 3
MAJORITY = 0.6
"""Share of a topic's statements above which one language names it."""

PHRASE_BONUS = 1.6
"""A phrase says more than its words but is rarer; this evens the two."""

PHRASE_REPLACES = 0.3
"""A phrase takes the place of a word if it stands in this share of the statements with the word."""

LEAST_SHARE = 0.05
"""Terms in at least this share of the topic's statements, and in `LEAST` of them, come first."""

LEAST = 3

LIFT = 1.2
"""Terms that stand in so many times as many of the topic's statements as of all come first: others are no
characteristic, which TF-IDF over few topics does not notice."""


@dataclass(frozen=True, slots=True)
class Description:
    """``name`` is unique among the topics described together; ``keywords``, best first, may be empty."""

    name: str
    keywords: tuple[str, ...]


def ctfidf(counts: np.ndarray) -> np.ndarray:
    """Class-based TF-IDF ``tf * log(1 + A / f)`` of term counts (classes, terms).

    tf is the term's share of the class's terms, f its count over all classes, A the mean number of terms
    of a class (Grootendorst 2022, arXiv 2203.05794, equation 4). Returns the same shape.
    """
    counts = np.asarray(counts, dtype=np.float64)
    size, frequency = counts.sum(axis=1, keepdims=True), counts.sum(axis=0)
    share = np.divide(counts, size, out=np.zeros_like(counts), where=size > 0)
    rarity = np.log1p(np.divide(size.mean(), frequency, out=np.zeros_like(frequency), where=frequency > 0))
    weighted: np.ndarray = share * rarity
    return weighted


def describe(
    texts: Sequence[str], languages: Sequence[str], labels: np.ndarray, counts: np.ndarray, fallback: Sequence[str]
) -> list[Description]:
    """Name and keywords of each topic.

    A topic is named in the language of at least 60 % of its statements, else by the terms of its two
    largest languages.

    Parameters
    ----------
    texts, languages : one per distinct statement.
    labels : integer array (n,), 0..k-1; -1 belongs to no topic.
    counts : array (n,), how often each statement was made.
    fallback : (k,) a typical statement of each topic, quoted where no word can name it.
    """
    return name_groups(count_terms(texts, languages, labels, counts, len(fallback)), fallback)


def name_groups(vocabularies: dict[str, Vocabulary], fallback: Sequence[str]) -> list[Description]:
    """`describe` from terms that are counted already, one vocabulary a language."""
    weights = {language: _weights(words) for language, words in vocabularies.items()}
    ranked = [_group_terms(group, vocabularies, weights) for group in range(len(fallback))]
    names = _unique([*map(_name, ranked, fallback)], ranked)
    return [Description(name, tuple(_keywords(lists))) for name, lists in zip(names, ranked, strict=True)]


def _weights(words: Vocabulary) -> np.ndarray:
    return ctfidf(words.counts) * np.array([PHRASE_BONUS if len(key) > 1 else 1.0 for key in words.keys])


def _group_terms(group: int, vocabularies: dict[str, Vocabulary], weights: dict[str, np.ndarray]) -> list[list[str]]:
    """The terms that may name the group: one list per naming language, best first."""
    sizes = sorted(((-v.statements[group], language) for language, v in vocabularies.items()))
    total = -sum(size for size, _ in sizes)
    if not total:
        return []
    leading = [language for size, language in sizes if size < 0]
    leading = leading[:1] if -sizes[0][0] >= MAJORITY * total else leading[:2]
    return [chosen for language in leading if (chosen := _best_terms(group, vocabularies[language], weights[language]))]


def _best_terms(group: int, words: Vocabulary, weights: np.ndarray) -> list[str]:
    """Up to `KEYWORDS` terms of one language, no two with forms of the same word."""
    weight, count = weights[group], words.counts[group]
    usual = words.counts.sum(axis=0) / words.statements.sum() * words.statements[group]
    weak = (count < max(LEAST, LEAST_SHARE * words.statements[group])) | (count < LIFT * usual)
    order = sorted(np.flatnonzero(weight > 0).tolist(), key=lambda c: (weak[c], -weight[c].round(9), words.keys[c]))
    if (~weak[order]).sum() >= IN_NAME:
        order = [c for c in order if count[c] >= LEAST]
    chosen: list[int] = []
    for column in order:
        same = [i for i, other in enumerate(chosen) if _share_a_word(words.keys[column], words.keys[other])]
        if not same and len(chosen) < KEYWORDS:
            chosen.append(column)
        elif len(same) == 1 and not weak[column] and _replaces(column, chosen[same[0]], words.keys, count):
            chosen[same[0]] = column
    return [words.surfaces[column] for column in chosen]


def _replaces(phrase: int, word: int, keys: list[tuple[str, ...]], count: np.ndarray) -> bool:
    inside = len(keys[phrase]) > 1 and len(keys[word]) == 1 and keys[word][0] in keys[phrase]
    return inside and bool(count[phrase] >= PHRASE_REPLACES * count[word])


def _share_a_word(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return "".join(one) == "".join(other) or any(alike(a, b) for a in one for b in other)


def _keywords(lists: list[list[str]]) -> list[str]:
    if len(lists) < 2:
        return lists[0] if lists else []
    return [term for pair in zip(*lists, strict=False) for term in pair][:KEYWORDS]


def _name(lists: list[list[str]], fallback: str, extra: int = 0) -> str:
    if not lists:
        return f"“{fallback[:40].strip()}{'…' if len(fallback) > 40 else ''}”"
    if len(lists) == 1:
        return ", ".join(lists[0][: IN_NAME + extra])
    return " / ".join(", ".join(terms_[: IN_NAME - 1 + extra]) for terms_ in lists)


def _unique(names: list[str], ranked: list[list[list[str]]]) -> list[str]:
    """Tell equal names apart by a further term, and where there is none by a number."""
    names = list(names)
    for extra in range(1, KEYWORDS):
        repeated = _repeated(names)
        if not repeated:
            return names
        for i in repeated:
            if ranked[i]:
                names[i] = _name(ranked[i], "", extra)
    for number, i in enumerate(_repeated(names)):
        names[i] = f"{names[i]} ({number + 1})"
    return names


def _repeated(names: list[str]) -> list[int]:
    as_sets = [tuple(sorted(name.casefold().replace(" / ", ", ").split(", "))) for name in names]
    times = Counter(as_sets)
    return [i for i, name in enumerate(as_sets) if times[name] > 1]
