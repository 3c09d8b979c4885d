"""Answers without content: "n/a", "nimic", "keine Angabe", "-", "asdf".

They say nothing about the customer and would make a topic of their own. A judgement, however
short ("ok", ":(", "10/10", "👎"), is content; in doubt a comment is content, because a lost answer
is worse than a kept "nothing".
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import pairwise

from cxnlp.text.phrases import junk_data

__all__ = ["is_junk"]

_MAX_LENGTH = 80
_MAX_FILLERS = 2

_RATING = re.compile(r"\d{1,3}(?:[.,]\d)?\s*(?:/\s*(?:5|7|10|20|100)|[%*])[\s!.]*")
_EMOTICON = re.compile(
    r"[:;=] ?[-'^o]?[()\[\]DPpdOo/\\|3*<>]+|[()\[\]]+[-'^]?[:;=]|\b[xX]D+\b|<3+|\^[_.-]*\^|-[_.]+-|\+"
)
_LOOKS_NUMERIC = re.compile(r"[\d\W_]+")

_UNDECOMPOSED = str.maketrans({"ł": "l", "đ": "d", "ø": "o", "ı": "i", "œ": "oe", "æ": "ae"})

_ONE_LETTER = re.compile(r"([abcdefgijlnpqrstvwxy])\1*")
"""One letter, once or more. Not h, k, m, o, u, z: "hhh" and "kkk" are laughter, "mmm" pleasure, "ooo" wonder."""
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{6,}")


def is_junk(text: str) -> bool:
    """Whether the whole comment, already normalised and not empty, is an answer without content."""
    if _LOOKS_NUMERIC.fullmatch(text):
        return not (_RATING.fullmatch(text) or _EMOTICON.search(text) or _has_picture(text))
    if len(text) > _MAX_LENGTH:
        return False
    key = _key(text)
    if key is None:
        return False
    return key in _phrases() or _is_keyboard_mash(text, key) or _without_fillers(key) in _phrases()


def _has_picture(text: str) -> bool:
    return any(unicodedata.category(character) == "So" for character in text)


def _key(text: str) -> str | None:
    """The letters and digits of `text`, lower case without accents; None where it also holds a picture."""
    if text.isascii():
        letters = text.lower()
    else:
        letters = unicodedata.normalize("NFD", text.casefold().translate(_UNDECOMPOSED))
        if _has_picture(letters):
            return None
    if _EMOTICON.search(text):
        return None
    return "".join(character for character in letters if character.isalnum())


def _without_fillers(key: str) -> str:
    for _ in range(_MAX_FILLERS):
        for filler in _fillers():
            if key.endswith(filler):
                key = key[: -len(filler)]
                break
            if key.startswith(filler):
                key = key[len(filler) :]
                break
        else:
            return key
    return key


def _is_keyboard_mash(text: str, key: str) -> bool:
    words = text.lower().split()
    if len(words) == 1:
        return key in _runs() or _is_mash(key)
    rest = "".join(_key(word) or "" for word in words[1:])
    return _is_mash(words[0]) and (rest in _phrases() or _without_fillers(rest) in _phrases())


def _is_mash(word: str) -> bool:
    if _ONE_LETTER.fullmatch(word):
        return True
    if _CONSONANTS.fullmatch(word) and len(set(word)) >= 3:
        # "pffff" and "grrrr" are no mash: they repeat one letter, and they mean something.
        return not re.search(r"(.)\1\1", word)
    return _is_home_row(word)


def _is_home_row(word: str) -> bool:
    """At least four neighbouring keys of the middle row, as in asdf, ghjk, jkjkjk or qsdf (azerty)."""
    row = junk_data()["keyboard"]["home_row"]
    keys = [row.find(letter) for letter in ("a" + word[1:] if word.startswith("q") else word)]
    if len(keys) < 4 or -1 in keys:
        return False
    near = all(0 < abs(one - other) <= 3 for one, other in pairwise(keys))
    return near and (0 not in keys or len(set(keys)) >= 3)


def _keys(lists: dict[str, list[str]]) -> frozenset[str]:
    return frozenset(_key(phrase) or "" for phrases in lists.values() for phrase in phrases)


@cache
def _phrases() -> frozenset[str]:
    return _keys(junk_data()["phrases"])


@cache
def _fillers() -> tuple[str, ...]:
    return tuple(sorted(_keys(junk_data()["fillers"]), key=lambda filler: (-len(filler), filler)))


@cache
def _runs() -> frozenset[str]:
    return _keys({"runs": junk_data()["keyboard"]["runs"]})
