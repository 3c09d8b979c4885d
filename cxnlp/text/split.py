"""A comment becomes statements: sentences, their clauses, none too small to read, none too long to encode.

A statement is a span (start, end) of the cleaned text. Whatever is decided here, the spans are in
order, do not overlap, and leave out nothing but white space.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from cxnlp.text.clauses import clause_starts, has_words
from cxnlp.text.phrases import split_data
from cxnlp.text.sentences import sentence_starts

__all__ = ["Span", "MAX_CHARACTERS", "MAX_WORDS", "split"]

Span = tuple[int, int]

MIN_WORDS = 3
"""A sentence of fewer words joins its neighbour: alone it says too little, and every statement costs."""
MAX_WORDS = 60
MAX_CHARACTERS = 400
"""Longest statement: even at one piece a character it fits the encoder's window of 512."""

_LINE = re.compile(r"[^\n]+")
_PAUSE = re.compile(r"[,;:)–—…]\s+")
_SPACE = re.compile(r"\s+")
_JOINER = "\u200d"
_EXTENDS = re.compile("[\u200d\ufe00-\ufe0f\u20e3\U0001f3fb-\U0001f3ff]")


def split(text: str, language: str | None = None, *, clauses: bool = True) -> list[Span]:
    """Cut a cleaned comment into statements.

    Parameters
    ----------
    text : a cleaned comment, as `normalise` returns it.
    language : ISO 639-1 code; None where unknown: then sentences are found by general rules, and no clauses.
    clauses : also cut at contrastive conjunctions.

    Returns
    -------
    list of (start, end)
        Offsets in characters, in order, without white space at the ends; empty for an empty text.
        No statement has more than MAX_WORDS words or MAX_CHARACTERS characters.
    """
    spans: list[Span] = []
    for sentence in _joined(text, list(_sentences(text, language))):
        starts = clause_starts(text, *sentence, language) if clauses and language else []
        for part in _cut(text, *sentence, starts):
            spans.extend(_shortened(text, *part, language))
    return spans


def _sentences(text: str, language: str | None) -> Iterator[Span]:
    for line in _LINE.finditer(text):
        yield from _cut(text, *line.span(), sentence_starts(text, *line.span(), language))


def _cut(text: str, start: int, end: int, spots: list[int]) -> Iterator[Span]:
    """The parts between `spots`, trimmed; parts of nothing but white space vanish."""
    for left, right in zip([start, *spots], [*spots, end], strict=True):
        part = text[left:right]
        right -= len(part) - len(part.rstrip())
        left += len(part) - len(part.lstrip())
        if left < right:
            yield left, right


def _joined(text: str, sentences: list[Span]) -> list[Span]:
    """Sentences with every fragment joined to the one before it, or after it where it introduces that one."""
    joined: list[Span] = []
    waiting = False
    for start, end in sentences:
        fragment = _is_fragment(text, start, end)
        introduces = fragment and text[end - 1] == ":"
        if joined and (waiting or (fragment and not introduces)) and end - joined[-1][0] <= MAX_CHARACTERS:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
        waiting = _is_fragment(text, *joined[-1])
    return joined


def _is_fragment(text: str, start: int, end: int) -> bool:
    return not has_words(MIN_WORDS, text, start, end)


def _shortened(text: str, start: int, end: int, language: str | None) -> Iterator[Span]:
    """The span itself, or its halves where it is too long, halved again as often as it takes."""
    if end - start <= MAX_WORDS or (end - start <= MAX_CHARACTERS and not has_words(MAX_WORDS + 1, text, start, end)):
        yield start, end
        return
    for part in _cut(text, start, end, [_middle(text, start, end, language)]):
        yield from _shortened(text, *part, language)


def _middle(text: str, start: int, end: int, language: str | None) -> int:
    """The best place for a cut in the middle half: after a pause, before a coordinator, at a space, anywhere."""
    middle, quarter = (start + end) // 2, (end - start) // 4
    for pattern in (_PAUSE, _coordinator(language), _SPACE):
        spots = [match.end() for match in pattern.finditer(text, middle - quarter, middle + quarter)]
        if spots:
            return min(spots, key=lambda spot: (abs(spot - middle), spot))
    return _between_characters(text, middle, middle + quarter)


def _between_characters(text: str, spot: int, limit: int) -> int:
    """The first place from `spot` on that parts no letter from its accent and no emoji; `spot` if there is none."""
    for place in range(spot, limit):
        if not (_EXTENDS.match(text[place]) or unicodedata.combining(text[place]) or text[place - 1] == _JOINER):
            return place
    return spot


@cache
def _coordinator(language: str | None) -> re.Pattern[str]:
    words = "|".join(re.escape(word) for word in split_data()["coordinators"].get(language, [])) or "(?!)"
    return re.compile(rf"\s+(?=(?:{words})\s)", re.I)
