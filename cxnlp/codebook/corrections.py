"""A review list that a person filled in becomes examples and counter-examples of the book."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cxnlp.codebook.book import LANGUAGE, STAGE, Codebook, Tag, check, line, nearest, same
from cxnlp.codebook.csv_format import read_rows
from cxnlp.errors import InputError
from cxnlp.results import Note

__all__ = ["ANSWERS", "add_corrections"]

_YES = ("yes", "y", "1", "1.0", "true", "da", "tak", "si", "ja", "oui", "sim", "adevarat", "prawda", "vero")
_NO = ("no", "n", "0", "0.0", "false", "nu", "nie", "nein", "non", "nao", "nee", "fals", "falsz", "falso")
ANSWERS: dict[str, bool] = {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}
"""What a person may write, without case and accents; also what spreadsheets make of true and false."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a person said of one text and tag, in which language the text is, and in which line they said it."""

    yes: bool
    language: str
    line: int


def add_corrections(book: Codebook, path: Path) -> Codebook:
    """``book`` with the answers of a filled-in review list: yes adds an example, no a counter-example.

    Rows without an answer are passed over. An answer overrides what the book said of the same text, and a note
    says how often. Needs the columns text, tag and answer; language is used where it is there.

    Raises InputError, naming file and line, for an answer that is neither yes nor no, an unknown tag, a row
    without text, and a text answered both ways for one tag.
    """
    path = Path(path)
    names = {same(tag.name): tag.name for tag in book.tags}
    answers: dict[str, dict[str, _Answer]] = {name: {} for name in names}
    for number, row in read_rows(path, ("text", "tag", "answer")):
        if row["answer"].strip():
            where = f"line {number} of {path}"
            answer = _Answer(_yes(row["answer"], where), _language(row), number)
            tag, text = _asked(row, names, where)
            earlier = answers[tag].setdefault(text, answer)
            if earlier.yes != answer.yes:
                raise InputError(
                    f"{where}: {text!r} is answered the other way in line {earlier.line}",
                    expected="one answer per text and tag",
                    fix="keep one of the two",
                )
    changed = tuple(_corrected(tag, answers[same(tag.name)]) for tag in book.tags)
    turned = sum(_turned(tag, answers[same(tag.name)]) for tag in book.tags)
    notes = [*book.notes]
    if not any(answers.values()):
        notes.append(Note(STAGE, f"no answers in {path.name}: fill in yes or no in its column 'answer'", 0))
    if turned:
        notes.append(Note(STAGE, f"answers of {path.name} that override what the codebook said", turned, "info"))
    return check(dataclasses.replace(book, tags=changed, notes=tuple(notes)), f"the codebook with {path}")


def _yes(cell: str, where: str) -> bool:
    letters = unicodedata.normalize("NFKD", cell.strip().casefold().replace("ł", "l"))
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    if plain not in ANSWERS:
        raise InputError(f"{where}: answer {cell!r}", expected="yes or no, or nothing", fix="write yes or no")
    return ANSWERS[plain]


def _asked(row: Mapping[str, str], names: Mapping[str, str], where: str) -> tuple[str, str]:
    tag, text = same(row["tag"]), line(row["text"])
    if tag not in names:
        near = nearest(tag, list(names))
        raise InputError(
            f"{where}: the codebook has no tag {row['tag']!r}", expected="a tag of the codebook", fix=names[near]
        )
    if not text:
        raise InputError(f"{where}: an answer without a text", expected="the statement", fix="remove the answer")
    return tag, text


def _language(row: Mapping[str, str]) -> str:
    language = row.get("language", "").strip().lower()
    return language if LANGUAGE.fullmatch(language) else ""


def _turned(tag: Tag, answers: Mapping[str, _Answer]) -> int:
    """How many texts of ``tag`` change sides."""
    said = {(text, True) for _, text in tag.texts("examples")}
    said |= {(text, False) for _, text in tag.texts("counter_examples")}
    return sum(text in answers and answers[text].yes != before for text, before in said)


def _corrected(tag: Tag, answers: Mapping[str, _Answer]) -> Tag:
    return dataclasses.replace(
        tag,
        examples=_merged(tag.examples, answers, True),
        counter_examples=_merged(tag.counter_examples, answers, False),
    )


def _merged(
    before: Mapping[str, tuple[str, ...]], answers: Mapping[str, _Answer], side: bool
) -> dict[str, tuple[str, ...]]:
    """The texts of one side, without those answered the other way, then those answered this way."""
    kept = {
        language: [text for text in texts if text not in answers or answers[text].yes == side]
        for language, texts in before.items()
    }
    there = {text for texts in kept.values() for text in texts}
    for text, answer in answers.items():
        if answer.yes == side and text not in there:
            kept.setdefault(answer.language, []).append(text)
    return {language: tuple(texts) for language, texts in kept.items() if texts}
