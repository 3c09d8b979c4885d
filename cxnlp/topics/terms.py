"""Words and phrases of a statement, as they may stand in the name of a topic."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

import simplemma
import stopwordsiso

__all__ = ["Term", "terms", "alike"]

MAX_CHARACTERS = 2_000
"""A statement is read to this length: a name needs no more."""

_MASK = re.compile(r"\[[^\]\n]{1,30}\]|https?://\S+|www\.\S+|\S+@\S+|[@#]\w+")
_TOKEN = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*|\S")
_LATIN = re.compile(r"[a-zß-öø-ɏḁ-ỿ]+(?:['\-][a-zß-öø-ɏḁ-ỿ]+)*")
_ELISION = re.compile(r"^(?:l|d|j|qu|n|s|m|t|c|un|dell|all|nell|sull|dall|quest|quell|jusqu|lorsqu)'(?=\w)")


@dataclass(frozen=True, slots=True)
class Term:
    """A word or a phrase: ``key`` are the accent-free lemmas of its words, ``surface`` how it stood there."""

    key: tuple[str, ...]
    surface: str


def terms(text: str, language: str) -> list[Term]:
    """Words and two-word phrases of a statement; no digits, masks, links, stop words or single letters.

    Works for any language code; one without stop words or lemmas is read word by word.
    """
    found: list[Term] = []
    previous: Term | None = None
    link = ""
    for token in _TOKEN.findall(_MASK.sub(" . ", text[:MAX_CHARACTERS])):
        word = _ELISION.sub("", token.lower().replace("’", "'")) if language in ("fr", "it") else _plain(token)
        kind, key = _classify(word, language)
        if kind == "link" and previous and not link:
            link = f" {word}"
        elif kind == "negation":
            previous, link = Term((key,), word), ""
        elif kind == "word":
            term = Term((key,), word)
            found.append(term)
            if previous and previous.key[0] != key:
                found.append(Term((previous.key[0], key), f"{previous.surface}{link} {word}"))
            previous, link = term, ""
        else:
            previous, link = None, ""
    return found


def _plain(token: str) -> str:
    return token.lower().replace("’", "'").removesuffix("'s")


@lru_cache(maxsize=200_000)
def _classify(word: str, language: str) -> tuple[str, str]:
    bare = _without_accents(word)
    if bare in _words("negations", language):
        return "negation", bare
    if bare in _words("links", language):
        return "link", bare
    if len(word) < 2 or not _LATIN.fullmatch(word) or bare in _stopwords(language):
        return "other", bare
    return "word", _without_accents(_lemma(word, language))


def _lemma(word: str, language: str) -> str:
    try:
        return simplemma.lemmatize(word, lang=language).lower()
    except ValueError:  # a language that simplemma does not know
        return word


@cache
def _stopwords(language: str) -> frozenset[str]:
    listed = stopwordsiso.stopwords(language) if stopwordsiso.has_lang(language) else set()
    bare = frozenset(_without_accents(word.lower()) for word in listed)
    return (bare | _words("empty", language)) - _words("meaningful", language)


@cache
def _words(kind: str, language: str) -> frozenset[str]:
    return frozenset(_without_accents(_lists()[kind].get(language, "").lower()).split())


@cache
def _lists() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("cxnlp.topics").joinpath("words.toml").read_text(encoding="utf-8"))


def _without_accents(word: str) -> str:
    # Half of all Romanian and Polish comments are typed without diacritics.
    bare = unicodedata.normalize("NFD", word.replace("ł", "l"))
    return "".join(letter for letter in bare if not unicodedata.combining(letter))


def alike(one: str, other: str) -> bool:
    """Whether two lemmas are forms of one word, such as 'deliver' and 'delivery'."""
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    shared = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if shared == len(short):
        return len(short) >= 3 and len(long) - len(short) <= 4
    return shared >= 4 and shared >= 0.6 * len(long)
