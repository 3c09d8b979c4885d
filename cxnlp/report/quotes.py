"""Statements shown where they were written: inside their comment, with what stands around them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from cxnlp.report.measured import rows_of
from cxnlp.results import Evidence

__all__ = ["LONGEST", "Quote", "excerpt", "quotes"]

LONGEST = 400
"""Most characters of a comment that are shown, the statement among them; ellipses come on top."""

_CUT = "…"


@dataclass(frozen=True, slots=True)
class Quote:
    """A statement with the words of its comment on both sides.

    ``comment`` is the comment's id; None where the statement stands in no comment as it is, and nothing is around it.
    """

    before: str
    marked: str
    after: str
    comment: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class _Place:
    comment: str
    row: int
    start: int
    end: int


def quotes(evidence: Evidence) -> dict[str, list[Quote]]:
    """Topic id -> its examples inside their comments, in the order of `topics.examples`.

    Where several comments hold the statement, the one with the smallest id is shown: the order of the rows does not
    matter. An example may be shortened, with an ellipsis at its end; the comment then has the whole statement.
    """
    listed = {
        str(topic["topic_id"]): [str(example) for example in topic["examples"] or ()]
        for topic in rows_of(evidence.topics)
    }
    places = _places(evidence, {(topic, _line(one)) for topic, examples in listed.items() for one in examples})
    texts = evidence.comments["text_clean"].to_numpy()
    return {
        topic: [_quote(example, places.get((topic, _line(example))), texts) for example in examples]
        for topic, examples in listed.items()
    }


def _line(text: str) -> str:
    return " ".join(text.split())


def _places(evidence: Evidence, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], _Place]:
    """Where each of the wanted (topic id, statement on one line) stands."""
    found: dict[tuple[str, str], _Place] = {}
    cut = [(topic, line, line.removesuffix(_CUT)) for topic, line in wanted if line.endswith(_CUT)]
    columns = ["topic_id", "text", "comment_id", "row", "start", "end"]
    said = evidence.statements.loc[evidence.statements["topic_id"].notna(), columns]
    texts = evidence.comments["text_clean"].to_numpy()
    for topic, text, comment, row, start, end in said.itertuples(index=False, name=None):
        line = _line(text)
        shown = [line] if (topic, line) in wanted else []
        shown += [short for other, short, stem in cut if other == topic and line.startswith(stem)]
        if shown and _stands(text, texts[row], start, end):
            place = _Place(str(comment), row, start, end)
            found.update({(topic, one): min(place, found.get((topic, one), place)) for one in shown})
    return found


def _stands(text: str, comment: Any, start: int, end: int) -> bool:
    return isinstance(comment, str) and comment[start:end] == text


def _quote(example: str, place: _Place | None, texts: Any) -> Quote:
    if place is None:
        return Quote("", example, "")
    before, marked, after = excerpt(texts[place.row], place.start, place.end)
    return Quote(before, marked, after, place.comment)


def excerpt(text: str, start: int, end: int, longest: int = LONGEST) -> tuple[str, str, str]:
    """``text[start:end]`` with what stands before and after it, cut at words to ``longest`` characters in all.

    What is free is shared by both sides; a side that needs less leaves the rest to the other. A statement
    longer than ``longest`` is cut itself.
    """
    marked = _start_of(text[start:end], longest)
    before, after = text[:start], text[end:]
    free = max(longest - len(marked), 0)
    left = min(len(before), max(free // 2, free - len(after)))
    return _end_of(before, left), marked, _start_of(after, free - left)


def _start_of(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    if not text.strip():
        return ""
    inside_a_word = not text[room].isspace()
    cut = re.sub(r"\s+\S*\Z", "", text[:room]) if inside_a_word else text[:room].rstrip()
    return f"{cut} {_CUT}"


def _end_of(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    if not text.strip():
        return ""
    first = len(text) - room
    inside_a_word = not text[first - 1].isspace()
    cut = re.sub(r"\A\S*\s+", "", text[first:]) if inside_a_word else text[first:].lstrip()
    return f"{_CUT} {cut}"
