"""Words and phrases of a statement, as they may stand in the name of a topic."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

import simplemma
import stopwordsiso

__all__ = ["Term", "terms", "alike"]

MAX_CHARACTERS = 2_000
"""A statement is read to this length: a name needs no more."""

_MASK = re.compile(r"\[[^\]\n]{1,30}\]|https?://\S+|www\.\S+|\S+@\S+|[@#]\w+")
_TOKEN = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*|\S")
_LATIN = re.compile(r"[a-zß-öø-ɏḁ-ỿ]+(?:['\-][a-zß-öø-ɏḁ-ỿ]+)*")
_ELISION = re.compile(r"^(?:l|d|j|qu|n|s|m|t|c|un|dell|all|nell|sull|dall|quest|quell|jusqu|lorsqu)'(?=\w)")

NEGATIONS: dict[str, frozenset[str]] = {
    "en": frozenset("no not never without can't cannot don't doesn't didn't won't isn't wasn't couldn't".split()),
    "ro": frozenset("nu fără fara niciun nicio".split()),
    "pl": frozenset("nie bez brak żadnego".split()),
    "it": frozenset("non senza mai".split()),
    "de": frozenset("nicht kein keine keinen ohne nie".split()),
    "fr": frozenset("pas sans jamais aucun aucune".split()),
    "es": frozenset("no sin nunca".split()),
    "pt": frozenset("não sem nunca".split()),
    "nl": frozenset("niet geen zonder nooit".split()),
}
"""Words that turn the next one round. Alone they name nothing; before a word they make a phrase."""

LINKS: dict[str, frozenset[str]] = {
    "ro": frozenset("de la cu".split()),
    "it": frozenset("di da del della dei delle al".split()),
    "fr": frozenset("de du des d en".split()),
    "es": frozenset("de del al".split()),
    "pt": frozenset("de do da dos".split()),
}
"""Words that join two nouns into one phrase, such as 'tempo di attesa'."""

MEANINGFUL: dict[str, frozenset[str]] = {
    "en": frozenset(
        """amount appointment area areas available back bill billion book brief call case change changes clean clear
        click computer copy cost date detail different early easy email empty face fast fill fire fit free front
        full hard help home information interest keys large late length line long longer loose lower mail member
        members miss missing mobile move name needle number open opened opening order ordered ordering orders page
        pages part parts pay phone pick place places point points poorly present price problem problems quality
        quick quickly quiet recommend return returns right room rooms round second send sent service short side sign
        site size slow small smaller soon state states stop suggest system test text thick thin time times top
        uncomfortable value wait waiting warm water website webpage week weeks welcome width wonder work worked
        working works year years young""".split()
    ),
    "it": frozenset(
        "comprare consiglio prezzo qualità servizio tempo lavoro persone prima volta giorni giorno".split()
    ),
    "ro": frozenset("preț timp".split()),
    "de": frozenset("zeit tag tage uhr jahr jahre".split()),
    "fr": frozenset("prix temps".split()),
    "es": frozenset("tiempo trabajo trabajar horas días dias".split()),
    "pt": frozenset("tempo trabalho trabalhar apoio ajuda".split()),
    "nl": frozenset("tijd".split()),
}
"""Words that the stop-word lists hold although customers complain about exactly these things."""

EMPTY: dict[str, frozenset[str]] = {
    "en": frozenset(
        """also lot bit really very just get got thing things way made make makes would could even much many one
        ones ok okay im ive dont didnt doesnt wasnt cant i'm i've it's that's etc pretty super totally definitely
        absolutely u ur pls please thank thanks love loved like say said tell told amp rt via re guys""".split()
    ),
    "ro": frozenset(
        """mi-a m-a s-a n-a v-a mi-au m-au s-au n-au mi-am am fost este sunt foarte sa să si și ca că doua două trei patru cinci
        sase șase sapte șapte opt noua nouă zece toata toate numai inca încă""".split()
    ),
    "pl": frozenset(
        """jest są było była być się bardzo dwa dwie trzy cztery pięć sześć siedem osiem dziewięć dziesięć razy raz
        dziękuję proszę""".split()
    ),
    "it": frozenset("è sono stato stata c'è molto dopo sei sette otto nove dieci".split()),
    "de": frozenset("danke bitte re rt via zwei drei vier fünf sechs sieben acht neun zehn liebe hallo".split()),
}
"""Frequent words without content that the stop-word lists lack."""


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
    if word in NEGATIONS.get(language, ()):
        return "negation", bare
    if word in LINKS.get(language, ()):
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
    listed = set(stopwordsiso.stopwords(language)) if stopwordsiso.has_lang(language) else set()
    listed |= EMPTY.get(language, frozenset())
    return frozenset(_without_accents(word.lower()) for word in listed - MEANINGFUL.get(language, frozenset()))


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
