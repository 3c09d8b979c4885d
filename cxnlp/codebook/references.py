"""The texts that a codebook is learnt from, once each and in an order of their own, and what each is to each tag."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import yaml

from cxnlp.codebook.book import Codebook, Tag, line
from cxnlp.codebook.files import shipped

__all__ = [
    "Members",
    "References",
    "background",
    "hash_order",
    "members",
    "negatives",
    "references",
    "texts",
    "text_hash",
]


@dataclass(frozen=True, slots=True)
class References:
    """Distinct texts, sorted, so that nothing depends on the order of tags or examples.

    ``texts`` and ``languages`` (m,): the latter '' where unknown. ``row``: text -> its position.
    ``examples`` and ``background`` boolean (m,): an example of any tag; a background text. ``statement`` (m,): the
    text itself, for a background text the same statement in the first language: its translations count as one.
    """

    texts: tuple[str, ...]
    languages: tuple[str, ...]
    row: Mapping[str, int]
    examples: np.ndarray
    background: np.ndarray
    statement: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Members:
    """Rows of `References` by what they are to one tag, each sorted and without repeats.

    ``positive``: its examples. ``described``: its descriptions that are no examples. ``counter``: its counter-examples.
    """

    positive: np.ndarray
    described: np.ndarray
    counter: np.ndarray


def background(book: str = "") -> tuple[tuple[str, str], ...]:
    """(language, text): everyday statements of customers that belong to no code of the shipped books.

    They make what is off topic negative, without the answer depending on the data that are tagged. ``book``: name
    of a codebook; a shipped one, also in a user's copy, has ordinary feedback on products and services besides.
    """
    return tuple((language, text) for block in _blocks(book) for language, own in block.items() for text in own)


@cache
def _blocks(book: str) -> tuple[Mapping[str, tuple[str, ...]], ...]:
    """Background texts by language, in blocks; what stands at one place of a block says the same in each language."""
    everyday, feedback = (
        yaml.safe_load(shipped(one).read_text(encoding="utf-8")) for one in ("background", "feedback")
    )
    blocks = [everyday]
    if book in feedback["books"]:
        blocks += feedback["parallel"] + [{language: own} for language, own in feedback["single"].items()]
    return tuple({language: tuple(map(line, own)) for language, own in block.items()} for block in blocks)


def texts(book: Codebook) -> tuple[list[str], list[str]]:
    """Every description, example, counter-example and background text once, and the language of each.

    Sorted by text; '' where no language was given. A text that stands under several languages takes the first code
    of the alphabet. The embeddings of these texts, in this order, are what `fit` takes.
    """
    own = references(book)
    return list(own.texts), list(own.languages)


def references(book: Codebook) -> References:
    """The distinct texts of ``book`` and of the background."""
    languages: dict[str, str] = {}
    examples: set[str] = set()
    for tag in book.tags:
        for kind in ("description", "examples", "counter_examples"):
            for language, text in tag.texts(kind):
                _add(languages, language, text)
                if kind == "examples":
                    examples.add(text)
    off_topic = background(book.name)
    for language, text in off_topic:
        _add(languages, language, text)
    ordered = tuple(sorted(languages))
    none = {text for _, text in off_topic}
    places = (same for block in _blocks(book.name) for same in zip(*block.values(), strict=True))
    said = {text: same[0] for same in places for text in same}
    return References(
        ordered,
        tuple(languages[text] for text in ordered),
        {text: position for position, text in enumerate(ordered)},
        np.array([text in examples for text in ordered]),
        np.array([text in none for text in ordered]),
        tuple(said.get(text, text) for text in ordered),
    )


def _add(languages: dict[str, str], language: str, text: str) -> None:
    known = languages.setdefault(text, language)
    languages[text] = min(known, language) if known and language else known or language


def members(tag: Tag, own: References) -> Members:
    """What the texts of ``tag`` are to it."""
    positive, described, counter = (
        _rows(own, (text for _, text in tag.texts(kind))) for kind in ("examples", "description", "counter_examples")
    )
    return Members(positive, np.setdiff1d(described, positive), np.setdiff1d(counter, positive))


def negatives(role: Members, own: References) -> np.ndarray:
    """Rows of the texts that do not carry the tag, sorted: its counter-examples, the other tags' examples and the
    background, without what is also its example or description."""
    against = own.examples | own.background
    against[role.counter] = True
    against[role.positive] = against[role.described] = False
    return np.flatnonzero(against)


def _rows(own: References, wanted: Iterable[str]) -> np.ndarray:
    return np.unique(np.array([own.row[text] for text in wanted], dtype=np.int64))


def text_hash(text: str, seed: int = 0) -> bytes:
    """A number that orders texts without regard to how they came: BLAKE2b of seed and text (RFC 7693)."""
    return hashlib.blake2b(f"{seed} {text}".encode("utf-8", "surrogatepass"), digest_size=8).digest()


def hash_order(own: References, seed: int) -> np.ndarray:
    """Rank (m,) of each text by `text_hash` of its ``statement``: translations of one statement share a rank."""
    return np.unique([text_hash(said, seed) for said in own.statement], return_inverse=True)[1].astype(np.int64)
