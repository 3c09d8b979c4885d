"""What a codebook is: tags with a wording, examples and counter-examples, and what makes one unusable."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from cxnlp.errors import InputError
from cxnlp.results import Note

__all__ = ["STAGE", "KINDS", "LANGUAGE", "Tag", "Codebook", "check", "label_of", "line", "nearest", "paragraph", "same"]

STAGE = "codebook"

KINDS = {"description": "description", "example": "examples", "counter-example": "counter_examples"}
"""Kind of a text, as files name it -> field of `Tag`."""

LANGUAGE = re.compile(r"|[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
"""A language code as files give it, or none."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Tag:
    """A code that statements may carry.

    ``name`` is unique in its book; 'parent / child' where codes are nested. ``label``, ``description``,
    ``examples`` and ``counter_examples`` are by language code, '' where none was given. ``line`` is where
    the tag begins in its file (0 unknown); ``guid`` and ``color`` are those of the program that it came from.
    """

    name: str
    label: Mapping[str, str] = field(default_factory=dict)
    description: Mapping[str, str] = field(default_factory=dict)
    examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    counter_examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    line: int = field(default=0, compare=False)
    guid: str = field(default="", compare=False)
    color: str = field(default="", compare=False)

    def texts(self, kind: str) -> Iterator[tuple[str, str]]:
        """(language, text) of every text of `kind`: a field of `Tag`, in the file's order."""
        for language, texts in getattr(self, kind).items():
            for text in (texts,) if isinstance(texts, str) else texts:
                yield language, text


@dataclass(frozen=True, slots=True)
class Codebook:
    """Tags in the user's order. ``notes`` say what was left out when the book was read."""

    name: str
    description: str
    tags: tuple[Tag, ...]
    notes: tuple[Note, ...] = field(default=(), compare=False)


def line(text: str) -> str:
    """``text`` on one line: NFC, no control characters, single spaces."""
    return " ".join(_CONTROL.sub("", unicodedata.normalize("NFC", text)).split())


def paragraph(text: str) -> str:
    """``text`` as `line` makes it, but its line breaks stay."""
    lines = (line(part) for part in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return "\n".join(lines).strip("\n")


def same(name: str) -> str:
    """``name`` as names are compared: without regard to case."""
    return line(name).casefold()


def nearest(value: str, allowed: list[str]) -> str:
    """The name in ``allowed`` that ``value`` was probably meant to be, else the first."""
    near = get_close_matches(value, allowed, n=1, cutoff=0.5)
    return near[0] if near else allowed[0]


def label_of(tag: Tag, language: str = "en") -> str:
    """How ``tag`` is shown: its label in ``language``, in English, in no language, in the first one, else its name."""
    for wanted in (language, "en", "", *tag.label):
        if tag.label.get(wanted):
            return tag.label[wanted]
    return tag.name


def check(book: Codebook, where: str) -> Codebook:
    """``book`` unchanged if statements can be tagged with it; ``where`` names its file.

    Raises InputError, naming file and line, for a book without tags, a name used twice, a tag with neither
    description nor example, and a text that is both example and counter-example of one tag.
    """
    if not book.tags:
        raise InputError(f"no tags in {where}", expected="at least one tag", fix="list the codes as tags, see three-cs")
    seen: dict[str, Tag] = {}
    for tag in book.tags:
        first = seen.setdefault(same(tag.name), tag)
        if first is not tag:
            raise InputError(
                f"line {tag.line} of {where}: tag {tag.name!r} is there already, in line {first.line}",
                expected="each name once",
                fix="rename one of them, or move its examples to the other",
            )
        _check_tag(tag, where)
    return book


def _check_tag(tag: Tag, where: str) -> None:
    if not any(text for kind in ("description", "examples") for _, text in tag.texts(kind)):
        raise InputError(
            f"line {tag.line} of {where}: tag {tag.name!r} has neither a description nor an example",
            expected="a description, better some examples",
            fix=f"say under {tag.name!r} what belongs there",
        )
    examples = {text for _, text in tag.texts("examples")}
    for _, text in tag.texts("counter_examples"):
        if text in examples:
            raise InputError(
                f"line {tag.line} of {where}: {text!r} is an example of {tag.name!r} and its counter-example",
                expected="each text on one side",
                fix="remove it from one of the two lists",
            )
