"""What columns are called in nine languages; the words themselves are in names.toml."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files

__all__ = ["plain", "says", "is_called"]

_NAMES = tomllib.loads(files(__package__).joinpath("names.toml").read_text(encoding="utf-8"))


@cache
def plain(name: str) -> str:
    """`name` in lower case without diacritics, its words separated by single blanks: 'ResponseId' -> 'response id'."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    decomposed = unicodedata.normalize("NFKD", spaced.casefold().replace("ł", "l"))
    letters = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(re.findall(r"[^\W_]+", letters))


def says(name: str, what: str) -> bool:
    """Whether a column's name holds one of the words for `what`, a key of [words] in names.toml."""
    return _pattern(what).search(plain(name)) is not None


def is_called(name: str, role: str) -> bool:
    """Whether a column's whole name leaves no doubt about `role`, a key of [whole] in names.toml."""
    return plain(name) in _NAMES["whole"][role]


@cache
def _pattern(what: str) -> re.Pattern[str]:
    words = (word.replace("*", "[a-z]*").replace(" ", " ?") for word in _NAMES["words"][what])
    return re.compile(rf"\b(?:{'|'.join(words)})\b")
