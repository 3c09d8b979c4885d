"""Words and phrases of a statement, as they may stand in the name of a topic."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

import simplemma
import stopwordsiso

__all__ = ["Term", "terms", "words", "accents", "alike", "says_little", "is_verb", "is_lemma", "plain", "NEGATION"]

MAX_CHARACTERS = 2_000
"""A statement is read to this length: a name needs no more."""

IN_PHRASE = 3
"""Most words of a phrase, the linking ones not counted."""

MAX_LINKS = 2
"""Most linking words between two others: "speak to a human"."""

NEGATION = "-"
"""The key of every negation: "not working" and "doesn't work" are one phrase."""

_MASK = re.compile(r"\[[^\]\n]{1,30}\]|https?://\S+|www\.\S+|\S+@\S+|[@#]\w+")
_TOKEN = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*|\S")
_LATIN = re.compile(r"[a-zß-öø-ɏḁ-ỿ]+(?:['\-][a-zß-öø-ɏḁ-ỿ]+)*")
_ELISION = re.compile(r"^((?:l|d|j|qu|n|s|m|t|c|un|dell|all|nell|sull|dall|quest|quell|jusqu|lorsqu)')(?=\w)")


@dataclass(frozen=True, slots=True)
class Term:
    """A word or a phrase: ``key`` are the accent-free lemmas of its words, ``surface`` how it stood there."""

    key: tuple[str, ...]
    surface: str


def terms(text: str, language: str, accented: Mapping[str, str] | None = None) -> list[Term]:
    """Words and phrases of two or three words of a statement; no digits, masks, links, stop words or single letters.

    A phrase keeps the linking words inside it ("tempi di consegna") and never ends in a negation or holds
    two forms of one word. Works for any language code; one without stop words or lemmas is read word by word.
    ``accented``: how to spell words that are typed without their accents, from `accents`.
    """
    spelling = accented or {}
    found: list[Term] = []
    before: list[tuple[str, str, str]] = []  # the last words: key, what links them to the one before, surface
    links: list[str] = []
    for token in _TOKEN.findall(_MASK.sub(" . ", text[:MAX_CHARACTERS])):
        for part in _parts(token, language):
            word = spelling.get(part, part)
            kind, key = _classify(word, language)
            if kind == "link" and before and len(links) < MAX_LINKS:
                links.append(word)
                continue
            if kind == "word":
                found.extend(_ending_in(key, word, before, links))
            kept = [*before[-(IN_PHRASE - 2) :], (key, _gap(links), word)]
            before = kept if kind in ("word", "negation") else []
            links = []
    return found


def words(text: str, language: str) -> list[str]:
    """The single words among the `terms` of a statement, as they stand there."""
    return [term.surface for term in terms(text, language or "en") if len(term.key) == 1]


def accents(texts: Iterable[str], language: str) -> dict[str, str]:
    """Word without accents -> as most of the texts with accents spell it, for words that no dictionary has without.

    Half of all Romanian and Polish comments are typed without, and would be counted apart.
    """
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for text in texts:
        for token in _TOKEN.findall(_MASK.sub(" . ", text[:MAX_CHARACTERS])):
            word = token.lower()
            if not word.isascii():
                seen[plain(word)][word] += 1
    found = {bare: min(forms.items(), key=lambda item: (-item[1], item[0]))[0] for bare, forms in seen.items()}
    return {bare: word for bare, word in found.items() if bare != word and not _is_known(bare, language)}


def _is_known(word: str, language: str) -> bool:
    if _classify(word, language)[0] != "word":
        return True
    try:
        return bool(simplemma.is_known(word, lang=language))
    except ValueError:  # a language that simplemma does not know
        return True


def _ending_in(key: str, word: str, before: list[tuple[str, str, str]], links: list[str]) -> Iterator[Term]:
    """The word, and the phrases of it and those before it."""
    yield Term((key,), word)
    chain = [*before, (key, _gap(links), word)]
    for first in range(len(before)):
        keys = tuple(one for one, _, _ in chain[first:])
        if not _repeats(keys):
            rest = "".join(gap + shown for _, gap, shown in chain[first + 1 :])
            yield Term(keys, chain[first][2] + rest)


def _gap(links: list[str]) -> str:
    """What stands between two words of a phrase: " ", " di ", " dell'"."""
    return " " + "".join(link if link.endswith("'") else f"{link} " for link in links)


@lru_cache(maxsize=200_000)
def _repeats(keys: tuple[str, ...]) -> bool:
    return any(alike(one, other) for i, one in enumerate(keys) for other in keys[:i])


def _parts(token: str, language: str) -> list[str]:
    word = token.lower().replace("’", "'")
    if language in ("fr", "it"):
        return [part for part in _ELISION.split(word) if part]
    return [word.removesuffix("'s")]


@lru_cache(maxsize=200_000)
def _classify(word: str, language: str) -> tuple[str, str]:
    bare = plain(word)
    if bare in _words("negations", language):
        return "negation", NEGATION
    if bare in _words("links", language):
        return "link", bare
    if len(word) < 2 or not _LATIN.fullmatch(word) or _is_empty(word, bare, language):
        return "other", bare
    return "word", plain(_lemma(word, language))


def _is_empty(word: str, bare: str, language: str) -> bool:
    if bare in _words("meaningful", language):
        return False
    stop = _stopwords(language)
    # "m-a", "le-am", "non-mi": pronouns and auxiliaries written together.
    small = "-" in bare and all(len(part) <= 2 or part in stop for part in bare.split("-"))
    return small or bare in stop or plain(_lemma(word, language)) in _words("empty", language)


def _lemma(word: str, language: str) -> str:
    try:
        return simplemma.lemmatize(word, lang=language).lower()
    except ValueError:  # a language that simplemma does not know
        return word


@cache
def _stopwords(language: str) -> frozenset[str]:
    listed = stopwordsiso.stopwords(language) if stopwordsiso.has_lang(language) else set()
    bare = frozenset(plain(word.lower()) for word in listed)
    return (bare | _words("empty", language)) - _words("meaningful", language)


@cache
def _words(kind: str, language: str) -> frozenset[str]:
    return frozenset(plain(_lists()[kind].get(language, "").lower()).split())


@cache
def _lists() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("cxnlp.topics").joinpath("words.toml").read_text(encoding="utf-8"))


def says_little(word: str, language: str) -> bool:
    """Whether a word or lemma names nothing by itself, although it may within a phrase: "day", "good"."""
    return plain(word) in _words("little", language)


def is_verb(word: str, language: str) -> bool:
    """Whether a word looks like a form of a verb, which names little without its object: "ordered"."""
    bare = plain(word)
    if bare in _words("nouns", language) or plain(_lemma(word, language)) in _words("nouns", language):
        return False
    if bare in _words("verbs", language):
        return True
    ending = _lists()["verb_endings"].get(language, "")
    return bool(ending) and re.search(f"(?:{ending})$", bare) is not None


def is_lemma(word: str, language: str) -> bool:
    """Whether the dictionary lists the word in this form: 'cena', not 'ceną'."""
    return _lemma(word, language) == word


def plain(word: str) -> str:
    """The word without accents, as half of all Romanian and Polish comments are typed."""
    bare = unicodedata.normalize("NFD", word.replace("ł", "l"))
    return "".join(letter for letter in bare if not unicodedata.combining(letter))


def alike(one: str, other: str) -> bool:
    """Whether two lemmas are likely forms of one word, such as 'deliver' and 'delivery', 'risposta' and 'rispondere'.

    By their common beginning alone: it may part two that belong together and join two that do not.
    """
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    shared = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if shared == len(short):
        return len(short) >= 3 and len(long) - len(short) <= 4
    return (shared >= 4 and shared >= 0.6 * len(long)) or (shared >= 5 and shared >= 0.6 * len(short))
