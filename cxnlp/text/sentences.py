"""Where sentences end: sentencex, and what customers' writing needs beyond it.

sentencex knows the languages; customers write "nice.i love it", "WOW!!! it fits", list their points
and shorten words that no grammar lists. Its boundaries are offsets in characters.
"""

from __future__ import annotations

import re
from functools import cache

import sentencex

from cxnlp.text.phrases import split_data

__all__ = ["sentence_starts"]

_GENERIC = "en"
"""What sentencex is told where the language is unknown: its rules for unknown languages know no abbreviation."""

_AFTER_SHOUT = re.compile(
    r"(?:[!?…](?<![!?….].)[!?…]*+|\.(?<![!?….].)\.++(?=\s+[^\W\d_a-zà-ÿ]))[\"'”»]*+\s+(?=[^\W_]|[¿¡])"
)
_AFTER_OK = re.compile(r"(?<!\w)ok\.\s+(?=\w)", re.I)
_AFTER_EMOTICON = re.compile(
    r"(?:(?<=\s)[:;]-?[()DP]+|[\U0001f300-\U0001faff\u2600-\u27bf]\ufe0f?)\s+(?=[A-ZÀ-ÖØ-ÞȘȚĂÎÂŁŚŻŹĆ][a-zà-ÿ ])"
)
_NO_SPACE = re.compile(r"[.!?](?<=[^\W\d_]{3}.)[.!?]*(?=([^\W\d_]{2,}))")
_ITEM = re.compile(r"(?<=\s)\d{1,2}[.)]\s+$")
_FIRST_ITEM = re.compile(r"\s*1[.)]\s")
_LAST_WORD = re.compile(r"([^\s(\"'“„«/]+)\.\s+$")


def sentence_starts(text: str, start: int, end: int, language: str | None) -> list[int]:
    """Where sentences begin after the first inside the line `text[start:end]`, in order."""
    line = text[start:end]
    found = {boundary["start_index"] for boundary in sentencex.get_sentence_boundaries(language or _GENERIC, line)}
    for pattern in (_AFTER_SHOUT, _AFTER_OK, _AFTER_EMOTICON):
        found.update(match.end() for match in pattern.finditer(line))
    found.update(match.end() for match in _NO_SPACE.finditer(line) if not _is_name(line, match))
    kept = [
        spot
        for spot in sorted(found)
        if 0 < spot < len(line) and not _after_abbreviation(line, spot, language or _GENERIC)
    ]
    if _FIRST_ITEM.match(line):
        kept = _numbers_lead(line, kept)
    return [start + spot for spot in kept]


def _is_name(line: str, match: re.Match[str]) -> bool:
    following = match[1]
    return match[0] == "." and (following.lower() in _name_endings() or following.isupper())


def _after_abbreviation(line: str, spot: int, language: str) -> bool:
    word = _LAST_WORD.search(line, max(0, spot - 24), spot)
    if word is None:
        return False
    always, before_small = _abbreviations(language)
    if word[1].lower() in always:
        return True
    return word[1].lower() in before_small and (line[spot].islower() or line[spot].isdigit())


def _numbers_lead(line: str, starts: list[int]) -> list[int]:
    """In "1. Too dear 2. Too slow" the numbers open their items."""
    moved = []
    for spot in starts:
        item = _ITEM.search(line, max(0, spot - 6), spot)
        moved.append(item.start() if item else spot)
    return sorted({spot for spot in moved if spot > 0})


@cache
def _abbreviations(language: str) -> tuple[frozenset[str], frozenset[str]]:
    lists = split_data()["abbreviations"]
    return frozenset(lists["before_word"].get(language, ())), frozenset(lists["before_small"].get(language, ()))


@cache
def _name_endings() -> frozenset[str]:
    return frozenset(split_data()["name_endings"]["all"])
