"""The words that a topic gained and lost between two waves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxnlp.waves.tokens import tokens

__all__ = ["Lexicon", "lexicon", "word_shift", "log_odds_z", "Splitter"]

Splitter = Callable[[str, str], Iterable[str]]
"""Called with a text and its language; gives its words."""

PRIOR_WORDS = 500
"""Strength of the prior: as many words as it stands for."""

CLEAR = 1.96
"""Words with |z| from here on are shown."""

MOST = 5


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Which words the statements of both waves hold.

    ``words`` (w,) and ``language`` (w,): each word of each language. ``statement`` and ``word`` (m,): pair i
    says that the statement holds the word. ``background`` (w,): customers (or comments) that use it, over
    all topics and both waves.
    """

    words: np.ndarray
    language: np.ndarray
    statement: np.ndarray
    word: np.ndarray
    background: np.ndarray

    def held_by(self, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The pairs of the statements at the positions `chosen`."""
        start, end = np.searchsorted(self.statement, [chosen, chosen + 1])
        length = end - start
        shift = np.repeat(start - np.cumsum(length) + length, length)
        picked = np.arange(length.sum()) + shift
        return self.statement[picked], self.word[picked]


def lexicon(texts: np.ndarray, language: np.ndarray, unit: np.ndarray, split: Splitter | None = None) -> Lexicon:
    """Split n statements into words; each distinct text is split once.

    Parameters
    ----------
    texts, language : object arrays (n,), language '' where unknown.
    unit : integer array (n,), a number for each customer of each wave.
    split : what the words of a text are; default `tokens.tokens`.
    """
    split = split or tokens
    said, of_statement = _distinct_pairs(language, texts)
    found = [[(code, word) for word in sorted(set(split(text, code)))] for code, text in said]
    entries = sorted({entry for one in found for entry in one})
    number = {entry: i for i, entry in enumerate(entries)}
    held = [np.array([number[entry] for entry in one], dtype=np.int64) for one in found]
    lengths = np.array([len(one) for one in held], dtype=np.int64)
    statement = np.repeat(np.arange(len(texts)), lengths[of_statement])
    word = np.concatenate([held[i] for i in of_statement]) if len(texts) else np.empty(0, np.int64)
    codes, words = (np.array([entry[i] for entry in entries], dtype=object) for i in (0, 1))
    return Lexicon(words, codes, statement, word, _users(unit[statement], word, len(entries)))


def word_shift(own: Lexicon, chosen: np.ndarray, after: np.ndarray, unit: np.ndarray) -> tuple[list[str], list[str]]:
    """Up to five words gained and five lost by the chosen statements, clearest first.

    Words are compared within their language, so that another mix of languages changes nothing, and each
    counts once a customer (or comment), so that one who repeats it does not. `own.background` is the prior.

    Parameters
    ----------
    chosen : positions of the topic's statements.
    after, unit : of all n statements, as in `lexicon`.
    """
    statement, word = own.held_by(chosen)
    late = after[statement]
    used = [_users(unit[statement[part]], word[part], len(own.words)) for part in (~late, late)]
    scored: list[tuple[float, str]] = []
    for code in sorted(set(own.language[np.unique(word)])):
        here = own.language == code
        before_counts, after_counts = used[0][here], used[1][here]
        if before_counts.any() and after_counts.any():
            prior = PRIOR_WORDS * own.background[here] / own.background[here].sum()
            z = log_odds_z(after_counts, before_counts, prior).round(9)
            scored += [(float(z[i]), own.words[here][i]) for i in np.flatnonzero(np.abs(z) >= CLEAR)]
    gained = sorted((-z, word) for z, word in scored if z > 0)
    lost = sorted((z, word) for z, word in scored if z < 0)
    return _first(gained), _first(lost)


def log_odds_z(y: np.ndarray, other: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """z-scores (w,) of the difference in log-odds of each word, above 0 where `y` uses it more.

    With a_w the prior count of a word and a_0 their sum, the log-odds of a word in a group of n words are
    log((y_w + a_w) / (n + a_0 - y_w - a_w)); z is their difference between the groups over the square root of
    1 / (y_w + a_w) + 1 / (y'_w + a_w) (Monroe, Colaresi and Quinn 2008, Political Analysis 16:372-403,
    equations 16, 20 and 22).

    Parameters
    ----------
    y, other : word counts (w,) of the two groups.
    prior : positive prior counts (w,), at least two words.
    """
    total = prior.sum()

    def odds(counts: np.ndarray) -> np.ndarray:
        return np.log(counts + prior) - np.log(counts.sum() + total - counts - prior)

    if len(prior) < 2:
        return np.zeros(len(prior))
    difference: np.ndarray = odds(y) - odds(other)
    return difference / np.sqrt(1 / (y + prior) + 1 / (other + prior))


def _distinct_pairs(language: np.ndarray, texts: np.ndarray) -> tuple[list[tuple[str, str]], np.ndarray]:
    code, codes = pd.factorize(language)
    text, distinct = pd.factorize(texts)
    pair, pairs = pd.factorize(text * max(len(codes), 1) + code)
    said = [(str(codes[one % len(codes)]), str(distinct[one // len(codes)])) for one in pairs.tolist()]
    return said, pair


def _users(unit: np.ndarray, word: np.ndarray, n_words: int) -> np.ndarray:
    return np.bincount(np.unique(unit * n_words + word) % max(n_words, 1), minlength=n_words)


def _first(ranked: list[tuple[float, str]]) -> list[str]:
    return list(dict.fromkeys(word for _, word in ranked))[:MOST]
