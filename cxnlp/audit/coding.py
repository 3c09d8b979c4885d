"""What people answered: their files read, checked and brought to one decision a statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pandas as pd

from cxnlp.audit.finished import STAGE, Finished
from cxnlp.audit.sheet import ANSWERS, NONE, topic_words
from cxnlp.audit.words import NOTHING, POLARITY, STAGE_WORDS, plain
from cxnlp.errors import InputError
from cxnlp.results import Note

__all__ = ["Read", "answered", "decide", "note_of_ties", "read_coders", "vocabulary"]

Read = Callable[[Path], tuple[pd.DataFrame, tuple[Note, ...]]]
"""connectors.read_table, which this room receives and does not import."""

Vocabulary = Mapping[str, Mapping[str, str]]
"""Column of answers -> what may be written there, as `words.plain` has it -> what it means."""

_FIX = "fill in the file of `cxnlp audit draw`, and add or remove no rows"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a cell stands, for messages."""

    file: str
    number: int

    def __str__(self) -> str:
        return f"row {self.number} of {self.file}"


def vocabulary(finished: Finished) -> Vocabulary:
    """What may be written for a topic (id, name), a polarity and a stage of this analysis, in any of our languages."""
    topics = finished.topics
    names = Counter(plain(name) for name in topics["topic_name"])
    topic = dict.fromkeys(NOTHING, NONE)
    for key, name, word in zip(topics["topic_id"], topics["topic_name"], topic_words(topics), strict=True):
        if names[plain(name)] == 1 and plain(name) not in NOTHING:
            topic[plain(name)] = key
        topic[plain(word)] = key
    # An id wins over a name that looks like it.
    topic |= {plain(key): key for key in topics["topic_id"]}
    stages = dict.fromkeys(NOTHING, NONE)
    stages |= {word: stage for word, stage in STAGE_WORDS.items() if stage in finished.stages}
    return {"topic": topic, "polarity": POLARITY, "stage": stages | {plain(one): one for one in finished.stages}}


def read_coders(
    paths: Sequence[Path], read: Read, rows: pd.Index, words: Vocabulary
) -> tuple[list[pd.DataFrame], tuple[Note, ...]]:
    """The answers of each file: index `rows`, columns `ANSWERS`; missing where there is no answer.

    A file may hold a part of the rows, but each row has to be in one of them.

    Raises
    ------
    InputError
        For a file without the columns row and topic, a word that means nothing, a row that is there twice, that was
        not drawn from this analysis, or that is in no file.
    """
    coders: list[pd.DataFrame] = []
    notes: list[Note] = []
    for path in paths:
        frame, said = read(path)
        coders.append(_answers(frame, Path(path).name, rows, words).reindex(rows))
        notes.extend(said)
    missing = rows[~pd.concat([one["_there"].notna() for one in coders], axis=1).any(axis=1).to_numpy()]
    if len(missing):
        raise InputError(
            f"{len(missing):,} of {len(rows):,} rows are in none of the files, such as {missing[0]}",
            expected="every row that was drawn, answered or not",
            fix=_FIX,
        )
    return [one[list(ANSWERS)] for one in coders], tuple(notes)


def decide(coders: Sequence[pd.DataFrame]) -> tuple[pd.DataFrame, int]:
    """One answer a row and column: what most people said; among equals what the first file says that has an answer.

    Returns the decisions, shaped as each of `coders`, and how many of them were ties.
    """
    if len(coders) == 1:
        return coders[0], 0
    columns, ties = {}, 0
    for name in ANSWERS:
        votes = pd.concat([one[name] for one in coders], axis=1).to_numpy(dtype=object)
        decided = [_majority([vote for vote in row if isinstance(vote, str)]) for row in votes]
        columns[name] = [answer for answer, _ in decided]
        ties += sum(tie for _, tie in decided)
    return pd.DataFrame(columns, index=coders[0].index, dtype=object), ties


def _majority(votes: list[str]) -> tuple[str | None, bool]:
    if not votes:
        return None, False
    counts = Counter(votes)
    most = max(counts.values())
    # A Counter keeps the order in which answers were first given: that of the files.
    best = [answer for answer, count in counts.items() if count == most]
    return best[0], len(best) > 1


def _answers(frame: pd.DataFrame, file: str, rows: pd.Index, words: Vocabulary) -> pd.DataFrame:
    columns = {str(name).strip().casefold(): name for name in frame.columns}
    for needed in ("row", "topic"):
        if needed not in columns:
            raise InputError.missing_column(needed, frame.columns, option="`cxnlp audit read`", where=file)
    cells = {name: [_text(cell) for cell in frame[columns[name]]] for name in ("row", *ANSWERS) if name in columns}
    known = set(rows)
    found: dict[str, dict[str, str | None]] = {}
    for position, key in enumerate(cells["row"]):
        given = {name: values[position] for name, values in cells.items() if name != "row"}
        place = _Place(file, position + 2)
        if not key and not any(given.values()):
            continue
        _check_row(key, known, found, place)
        found[key] = {name: _meaning(given.get(name, ""), name, words[name], place, key) for name in ANSWERS} | {
            "_there": "yes"
        }
    return pd.DataFrame.from_dict(found, orient="index", columns=[*ANSWERS, "_there"], dtype=object)


def _check_row(key: str, known: set[str], found: Mapping[str, Any], place: _Place) -> None:
    if not key:
        raise InputError(f"{place} has no name in its column 'row'", expected="the rows as they were drawn", fix=_FIX)
    if key in found:
        raise InputError(f"{place}: {key} is there twice", expected="each row once", fix="keep one of the two")
    if key not in known:
        raise InputError(
            f"{place}: {key} was not drawn from this analysis",
            expected="a file of the last `cxnlp audit draw` of this folder",
            fix="name the folder that it was drawn from, or draw again",
        )


def _meaning(cell: str, column: str, words: Mapping[str, str], place: _Place, key: str) -> str | None:
    if not cell:
        return None
    word = plain(cell)
    if word in words:
        return words[word]
    meant = sorted(set(words.values()))
    near = get_close_matches(word, list(words), n=1, cutoff=0.6)
    shown = ", ".join(meant[:12]) + (f" and {len(meant) - 12} more: see the codebook" if len(meant) > 12 else "")
    raise InputError(
        f"{place} ({key}): {column} {cell!r}",
        expected=f"one of: {shown}",
        fix=f"write {near[0]}" if near else f"write one of them; 'none' where there is no {column}",
    )


def _text(cell: object) -> str:
    return "" if pd.isna(cell) else str(cell).strip()  # type: ignore[call-overload]


def answered(decided: pd.DataFrame) -> pd.Series:
    """Which rows have every answer that is needed: a topic, and unless that is 'none' each other column in use.

    A column that nobody filled in anywhere is not in use.
    """
    used = [name for name in ANSWERS[1:] if decided[name].notna().any()]
    return decided["topic"].notna() & (decided["topic"].eq(NONE) | decided[used].notna().all(axis=1))


def note_of_ties(ties: int, first: str) -> tuple[Note, ...]:
    """A note where people were divided."""
    if not ties:
        return ()
    return (Note(STAGE, f"answers on which people were divided: {first} decides", ties, "info"),)
