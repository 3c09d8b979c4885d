"""The words of a statement, as they are counted for the word shift."""

from __future__ import annotations

import re
from functools import cache

import stopwordsiso

__all__ = ["tokens"]

_MASK = re.compile(r"\[[a-z]{1,12}\]|https?://\S+|www\.\S+|\S+@\S+")
_WORD = re.compile(r"[^\W\d_]{2,}(?:['’\-][^\W\d_]+)*")
_ELIDING = ("fr", "it", "ca")
_MAX_CHARACTERS = 2_000


def tokens(text: str, language: str) -> list[str]:
    """Lower-cased words of at least two letters, without stop words, masks, links and numbers.

    In French, Italian and Catalan, what stands before an apostrophe is a word of its own (l'hôtel, dell'albergo).
    `language` chooses the stop words (stopwordsiso); without a code, or with one that has no list, none are
    dropped. A statement is read to 2,000 characters.
    """
    said = _MASK.sub(" ", text[:_MAX_CHARACTERS].lower())
    words = _WORD.findall(re.sub("['’]", " ", said) if language in _ELIDING else said)
    stop = _stopwords(language)
    return [word for word in words if word.replace("’", "'") not in stop]


@cache
def _stopwords(language: str) -> frozenset[str]:
    if not language or not stopwordsiso.has_lang(language):
        return frozenset()
    return frozenset(word.lower() for word in stopwordsiso.stopwords(language))
