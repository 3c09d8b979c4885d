"""Statements that show what a topic is about: typical, different from each other, of readable length."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

__all__ = ["representatives", "shorten"]

CANDIDATES = 60
READABLE = (20, 160)
UNREADABLE_COST = 0.25
"""Subtracted from the cosine of a statement that is too short or too long to be shown."""

TYPICAL = 0.6
"""Weight of being typical against being different (lambda of maximal marginal relevance)."""

SAME_WORDS, SAME_WORDS_COST = 0.5, 0.1
"""Subtracted from the score of a statement that shares more than half of its words (Jaccard index) with one chosen:
less than an unreadable one loses, for a readable repetition is still the better example."""

OTHER_LANGUAGE = 0.2
"""A second language is shown if it has this share of the topic's statements."""

LONGEST = 300


def representatives(
    texts: Sequence[str],
    points: np.ndarray,
    centre: np.ndarray,
    *,
    number: int = 3,
    languages: Sequence[str] | None = None,
    language: str | None = None,
) -> list[int]:
    """Positions of up to `number` statements chosen by maximal marginal relevance.

    Each next one maximises ``.6 * typical - .4 * (largest cosine with those chosen)`` (Carbonell and
    Goldstein 1998) among the 60 most typical. Statements that differ only in case, spaces or punctuation
    count as one, and one that has mostly the words of another loses .1.

    Parameters
    ----------
    texts : n distinct statements of one topic, in an order that does not depend on the input's.
    points : float array (n, d), rows of length 1.
    centre : float array (d,).
    languages : (n,) codes. Statements in the naming language come first; the last place goes to the largest
        other language if it has 20 % of the statements. None: languages do not count.
    language : the naming language; None, or one that no statement has, means the most frequent one.
    """
    length = np.array([len(text) for text in texts])
    unreadable = (length < READABLE[0]) | (length > READABLE[1])
    direction = centre / max(float(np.linalg.norm(centre)), 1e-12)
    typical = (points @ direction - UNREADABLE_COST * unreadable).round(9)
    order = np.argsort(-typical, kind="stable").tolist()
    chosen: list[int] = []
    for wanted, until in _places(languages, language, number):
        own = [i for i in order if wanted is None or languages is None or languages[i] == wanted]
        pool = [i for i in _distinct(texts, own) if i not in chosen]
        _choose(chosen, pool, until, texts, points, typical)
    return chosen


def _places(languages: Sequence[str] | None, language: str | None, number: int) -> list[tuple[str | None, int]]:
    """(language, how many statements there are to be after it), in the order in which they are chosen."""
    anyone: tuple[str | None, int] = (None, number)
    if languages is None or not len(languages):
        return [anyone]
    times = Counter(languages)
    by_size = sorted(times, key=lambda one: (-times[one], one))
    first = language if language is not None and language in times else by_size[0]
    other = next((one for one in by_size if one != first), None)
    if other is None or number < 2 or times[other] < OTHER_LANGUAGE * len(languages):
        return [(first, number), anyone]
    # The first language may have too few; its places then go to whoever is left.
    own = min(number - 1, times[first])
    return [(first, own), (other, own + 1), (first, number), anyone]


def _choose(
    chosen: list[int], pool: list[int], until: int, texts: Sequence[str], points: np.ndarray, typical: np.ndarray
) -> None:
    """Add statements of the pool until there are so many or none is left."""
    while pool and len(chosen) < until:
        score = typical[pool] * TYPICAL
        if chosen:
            repeats = np.array([any(_same_words(texts[i], texts[other]) for other in chosen) for i in pool])
            score = score - (1 - TYPICAL) * (points[pool] @ points[chosen].T).max(axis=1) - SAME_WORDS_COST * repeats
        chosen.append(pool.pop(int(score.round(9).argmax())))


def _same_words(one: str, other: str) -> bool:
    these, those = set(re.findall(r"\w+", one.casefold())), set(re.findall(r"\w+", other.casefold()))
    return len(these & those) > SAME_WORDS * len(these | those)


def _distinct(texts: Sequence[str], order: list[int]) -> list[int]:
    seen: dict[str, int] = {}
    for i in order:
        letters = "".join(letter for letter in texts[i].casefold() if letter.isalnum()) or texts[i]
        seen.setdefault(letters, i)
        if len(seen) == CANDIDATES:
            break
    return list(seen.values())


def shorten(text: str) -> str:
    """The text on one line, cut at a word to 300 characters with an ellipsis."""
    line = " ".join(text[: 4 * LONGEST].split())
    if len(line) <= LONGEST:
        return line
    return line[:LONGEST].rsplit(" ", 1)[0] + "…"
