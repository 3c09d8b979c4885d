"""What a topic is called: class-based TF-IDF over lemmas and phrases, shown as customers write them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cxnlp.topics.terms import NEGATION, alike, is_verb, says_little
from cxnlp.topics.vocabulary import Vocabulary, count_terms

__all__ = ["describe", "name_groups", "naming_languages", "ctfidf", "Description"]

KEYWORDS = 8
WORDS_IN_NAME = 3
"""A name takes a second term, and then further ones until it has so many words: "late delivery, courier"."""

MAJORITY = 0.6
"""Share of a topic's statements from which one language names it."""

ENOUGH = 5
"""So many statements of the main language of all let it name a topic that no language dominates."""

LEAST = 3
"""Fewest statements that a term must stand in to come first, and of a language to have a name in it."""

LEAST_SHARE, LEAST_ROOT = 0.05, 0.5
"""Words come first if they stand in this share of the topic's statements; phrases, which are
rarer, in this multiple of the root of their number."""

LIFT = 1.2
"""Terms that stand in so many times as many of the topic's statements as of all come first: others are no
characteristic, which TF-IDF over few topics does not notice."""

COHESION, NEGATED = 0.2, 0.35
"""A phrase covers its words fully if it stands in this share of the statements with the most frequent of them; one
with a negation in the second share, because the others say the opposite."""

PHRASE_BONUS = 1.6
"""A phrase says more than its words but is rarer; this evens the two where the words count for nothing."""

LITTLE, VERB = 0.3, 0.4
"""Factors for a word that names little by itself, and for a verb without its object."""

SECOND, THIRD = 0.05, 0.3
"""A second and a third term stand in the name if they are worth this share of the first."""


@dataclass(frozen=True, slots=True)
class Description:
    """How a topic is called.

    ``name`` is in one language and unique among the topics described together; ``keywords``, best first and
    those of the naming language before others, may be empty. ``by_language``: language code -> name, for each
    language that at least three statements of the topic have; unique within a language. ``language``: that
    of ``name``, '' where it is unknown or a quotation.
    """

    name: str
    keywords: tuple[str, ...]
    by_language: Mapping[str, str] = field(default_factory=dict)
    language: str = ""


@dataclass(frozen=True, slots=True)
class _Choice:
    """A term that may stand in a name: how it is shown, of how many words, and what it is worth."""

    surface: str
    words: int
    worth: float


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
    """Name and keywords of each topic, and its name in each of its languages.

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
    k = len(fallback)
    ranked = {language: _ranked(words, language, k) for language, words in vocabularies.items()}
    named = {language: _names_in(words, ranked[language]) for language, words in vocabularies.items() if language}
    order = _languages_in_order(vocabularies, k)
    first = [next((one for one in order[group] if ranked[one][group]), "") for group in range(k)]
    chosen = [ranked[first[group]][group] if order[group] and first[group] in ranked else [] for group in range(k)]
    drafts = [named.get(first[group], {}).get(group) or _name(chosen[group], fallback[group]) for group in range(k)]
    described = []
    for group, name in enumerate(_unique(drafts, chosen)):
        by_language = {language: names[group] for language, names in named.items() if group in names}
        if first[group] in by_language:
            by_language[first[group]] = name
        spoken = [first[group], *(one for one in order[group] if one in by_language)]
        words = dict.fromkeys(one.surface for language in spoken for one in ranked.get(language, [[]] * k)[group])
        described.append(Description(name, tuple(words)[:KEYWORDS], by_language, first[group]))
    return described


def naming_languages(vocabularies: dict[str, Vocabulary], k: int) -> list[str]:
    """The language that each of k topics is named in, as far as its words allow; '' for one without statements.

    That of at least 60 % of the topic's statements; else the one that most statements of all topics have, if
    the topic has five of it, so that the names of a mixed survey read in one language; else the topic's largest.
    """
    return [order[0] if order else "" for order in _languages_in_order(vocabularies, k)]


def _languages_in_order(vocabularies: dict[str, Vocabulary], k: int) -> list[list[str]]:
    """The languages of each topic, the naming one first, then by size."""
    total = {language: float(words.statements.sum()) for language, words in vocabularies.items()}
    main = min(total, key=lambda one: (not one, -total[one], one), default="")
    orders = []
    for group in range(k):
        size = {one: float(words.statements[group]) for one, words in vocabularies.items() if words.statements[group]}
        order = sorted(size, key=lambda one: (-size[one], one))
        mixed = bool(order) and size[order[0]] < MAJORITY * sum(size.values())
        if mixed and size.get(main, 0) >= ENOUGH:
            order.remove(main)
            order.insert(0, main)
        orders.append(order)
    return orders


def _names_in(words: Vocabulary, ranked: list[list[_Choice]]) -> dict[int, str]:
    """Topic -> its name in one language, for those with enough statements of it and a word to name them."""
    groups = [group for group, terms in enumerate(ranked) if terms and words.statements[group] >= LEAST]
    lists = [ranked[group] for group in groups]
    return dict(zip(groups, _unique([_name(terms, "") for terms in lists], lists), strict=True))


def _ranked(words: Vocabulary, language: str, k: int) -> list[list[_Choice]]:
    worth = _worth(words, language)
    return [_best_terms(words, worth, group) if words.statements[group] else [] for group in range(k)]


def _worth(words: Vocabulary, language: str) -> np.ndarray:
    """What each term is worth in the name of each topic, the shape of the counts.

    A word: its class-based TF-IDF, less for one that says little. A phrase: the sum of its words, as far as it
    covers them: fully if it stands in a fifth of the topic's statements with the most frequent of them.
    """
    weight = ctfidf(words.counts)
    single = {key[0]: column for column, key in enumerate(words.keys) if len(key) == 1}
    terms = list(zip(words.keys, words.surfaces, strict=True))
    little = np.array([LITTLE if _little(key, shown, language) else 1.0 for key, shown in terms])
    verb = np.array([VERB if len(key) == 1 and is_verb(shown, language) else 1.0 for key, shown in terms])
    worth = weight * little * verb
    # One more column of zeros stands for words that are no terms.
    part = np.pad(weight * little, ((0, 0), (0, 1)))
    count = np.pad(words.counts, ((0, 0), (0, 1)))
    for column, key in enumerate(words.keys):
        if len(key) > 1:
            inside = [single.get(word, -1) for word in key]
            most = count[:, inside].max(axis=1)
            share = NEGATED if NEGATION in key else COHESION
            covered = np.divide(words.counts[:, column], share * most, out=np.zeros(len(most)), where=most > 0)
            covering = part[:, inside].sum(axis=1) * covered.clip(0, 1)
            worth[:, column] = np.maximum(PHRASE_BONUS * worth[:, column], covering)
    return worth


def _little(key: tuple[str, ...], surface: str, language: str) -> bool:
    words = [(word, surface if len(key) == 1 else word) for word in key if word != NEGATION]
    return all(says_little(lemma, language) or says_little(shown, language) for lemma, shown in words)


def _best_terms(words: Vocabulary, worth: np.ndarray, group: int) -> list[_Choice]:
    """Up to `KEYWORDS` terms of one language, no two with forms of the same word."""
    value, count, size = worth[group], words.counts[group], words.statements[group]
    usual = words.counts.sum(axis=0) / words.statements.sum() * size
    phrase = np.array([len(key) > 1 for key in words.keys], dtype=bool)
    least = np.where(phrase, np.floor(LEAST_ROOT * np.sqrt(size)), LEAST_SHARE * size).clip(LEAST)
    weak = (count < least) | (count < LIFT * usual)
    order = sorted(np.flatnonzero(value > 0).tolist(), key=lambda c: (weak[c], -value[c].round(9), words.keys[c]))
    if (~weak[order]).sum() >= WORDS_IN_NAME:
        order = [c for c in order if count[c] >= LEAST]
    chosen: list[int] = []
    for column in order:
        if len(chosen) == KEYWORDS:
            break
        if not any(_share_a_word(words.keys[column], words.keys[other]) for other in chosen):
            chosen.append(column)
    # Weak ones are not let into a name by their weight alone.
    return [_Choice(words.surfaces[c], len(words.keys[c]), float(value[c]) * (1 - 0.5 * bool(weak[c]))) for c in chosen]


def _share_a_word(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return "".join(one) == "".join(other) or any(alike(a, b) for a in one for b in other if NEGATION not in (a, b))


def _name(terms: list[_Choice], fallback: str, extra: int = 0) -> str:
    if not terms:
        return f"“{fallback[:40].strip()}{'…' if len(fallback) > 40 else ''}”"
    taken = 1
    while taken < len(terms) and (taken < 2 or sum(one.words for one in terms[:taken]) < WORDS_IN_NAME):
        if terms[taken].worth < (SECOND if taken == 1 else THIRD) * terms[0].worth:
            break
        taken += 1
    return ", ".join(one.surface for one in terms[: taken + extra])


def _unique(names: list[str], chosen: list[list[_Choice]]) -> list[str]:
    """Tell equal names apart by a further term, and where there is none by a number."""
    names = list(names)
    for extra in range(1, KEYWORDS):
        repeated = _repeated(names)
        if not repeated:
            return names
        for i in repeated:
            if chosen[i]:
                names[i] = _name(chosen[i], "", extra)
    times: Counter[tuple[str, ...]] = Counter()
    for i in _repeated(names):
        times[_as_set(names[i])] += 1
        names[i] = f"{names[i]} ({times[_as_set(names[i])]})"
    return names


def _as_set(name: str) -> tuple[str, ...]:
    return tuple(sorted(name.casefold().split(", ")))


def _repeated(names: list[str]) -> list[int]:
    as_sets = [_as_set(name) for name in names]
    times = Counter(as_sets)
    return [i for i, name in enumerate(as_sets) if times[name] > 1]
