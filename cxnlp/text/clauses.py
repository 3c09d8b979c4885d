"""Where a clause turns against the one before it: "The dress is lovely | but it came two weeks late"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from itertools import islice
from typing import Any

from cxnlp.text.phrases import split_data

__all__ = ["clause_starts", "has_words"]

MIN_WORDS = 3
"""A clause stands alone if it has at least so many words besides its conjunction."""

_REACH = 300
"""How many characters before a conjunction a correlative is looked for."""

_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
_OPENING = "([{\"'“„«‚‘¿¡"
_PAUSE = tuple(",;:–—-…()!?.\n")


def has_words(least: int, text: str, start: int, end: int) -> bool:
    """Whether `text[start:end]` has at least `least` words; "it's" and "3.5" are one, an emoji is none."""
    # Stops at the last word that matters: asked at every conjunction, counting them all would take quadratic time.
    return sum(1 for _ in islice(_WORD.finditer(text, start, end), least)) == least


def clause_starts(text: str, start: int, end: int, language: str) -> list[int]:
    """Where contrastive clauses begin inside the sentence `text[start:end]`, in order.

    A clause begins at its conjunction. No language without conjunctions in ``split.toml`` has any,
    and no correlative ("not only ... but also") is taken apart.
    """
    rules = _rules().get(language)
    if rules is None:
        return []
    starts: list[int] = []
    left = start
    for match in rules["conjunction"].finditer(text, start, end):
        if match.start() < left or not _opens_clause(text, left, match, end, rules):
            continue
        left = _before_opening(text, left, match.start())
        starts.append(left)
    return starts


def _opens_clause(text: str, left: int, match: re.Match[str], end: int, rules: dict[str, re.Pattern[str]]) -> bool:
    before = text[max(left, match.start() - _REACH) : match.start()]
    if match.lastgroup == "after_pause" and not before.rstrip(" " + _OPENING).endswith(_PAUSE):
        return False
    if rules["correlative"].search(before) or rules["bound"].search(before):
        return False
    return has_words(MIN_WORDS, text, left, match.start()) and has_words(MIN_WORDS, text, match.end(), end)


def _before_opening(text: str, left: int, position: int) -> int:
    """A bracket or quotation mark that opens right before the conjunction goes with it."""
    while position > left and text[position - 1] in _OPENING:
        position -= 1
    return position


@cache
def _rules() -> dict[str, dict[str, re.Pattern[str]]]:
    """Per language, the patterns that find conjunctions and what forbids a cut before them."""
    data: dict[str, Any] = split_data()
    return {
        language: {
            "conjunction": re.compile(
                rf"(?<!\w)(?:(?P<anywhere>{_any_of(anywhere)})|(?P<after_pause>"
                rf"{_any_of(data['conjunctions']['after_pause'].get(language, []))}))(?![\w'’-])",
                re.I,
            ),
            "correlative": re.compile(rf"(?<!\w)(?:{_any_of(data['correlatives'].get(language, []))})(?!\w)", re.I),
            "bound": re.compile(rf"(?<!\w)(?:{_any_of(data['bound'].get(language, []))})\s*$", re.I),
        }
        for language, anywhere in data["conjunctions"]["anywhere"].items()
    }


def _any_of(phrases: Iterable[str]) -> str:
    """Longest first, so that "even though" is not read as "though"; what never matches where there are none."""
    return "|".join(re.escape(phrase) for phrase in sorted(phrases, key=len, reverse=True)) or r"(?!)"
