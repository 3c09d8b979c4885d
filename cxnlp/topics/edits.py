"""Edits of topics as data: what a person changed, checked against the topics that exist at that point.

Nothing here touches a statement or an array: `replay` works on ids alone. `edits_file` reads and writes
the edits as topics.yaml.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from cxnlp.errors import InputError

__all__ = ["Edit", "Edits", "KINDS", "check", "describe", "did_you_mean", "parts", "quoted", "replay", "resulting_ids"]

KINDS: dict[str, str] = {
    "rename": "rename: t01, and to: Late delivery",
    "merge": "merge: [t03, t07]; to: Returns gives a new name",
    "split": "split: t02, and into: 2",
    "move": 'move: ["The courier threw it over the fence"], and to: t05',
    "delete": "delete: t09",
    "pin": "pin: t01",
}
"""Kinds of edit, each with how it is written."""

FEWEST_PARTS, MOST_PARTS = 2, 20
"""Into how many topics one may be split."""

_SHOWN = 80
_UNSEEN = ("Cc", "Cs", "Zl", "Zp")

_FIELD = {"rename": "name", "merge": "name", "split": "into", "move": "texts"}
"""What an edit has beside its topics; only a merge may do without."""

_WRITTEN = {"name": "a new name, to:", "into": "a number of topics, into:", "texts": "the text of a statement"}


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit; two are equal wherever they stand.

    ``topics`` are the ids it speaks of: of a merge the first is kept, of a move it is where the statements go.
    ``name`` is the new name of a rename or merge, ``into`` the number of parts of a split, ``texts`` the exact
    texts of the statements moved. ``line`` counts from 1 in the file, 0 where the edit comes from none.
    """

    kind: str
    topics: tuple[str, ...]
    name: str | None = None
    into: int | None = None
    texts: tuple[str, ...] = ()
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Edits:
    """The edits in the order in which they apply.

    ``analysis`` names the topics that they were written for; ``source`` is the file, for messages.
    """

    analysis: str
    edits: tuple[Edit, ...]
    source: str


@dataclass(frozen=True, slots=True)
class _Gone:
    how: str
    where: str
    instead: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Name:
    text: str
    number: int
    where: str


@dataclass(frozen=True, slots=True)
class _Topics:
    """What exists while the edits are replayed; ``later`` are the ids that some split will make."""

    source: str
    living: list[str]
    named: dict[str, _Name]
    later: dict[str, str] = field(default_factory=dict)
    gone: dict[str, _Gone] = field(default_factory=dict)
    pinned: dict[str, str] = field(default_factory=dict)
    moved: dict[str, tuple[str, str]] = field(default_factory=dict)


def replay(edits: Edits, ids: Sequence[str], *, names: Mapping[str, str] | None = None) -> tuple[Edit, ...]:
    """The edits in order, each checked against the ids that exist when its turn comes.

    Parameters
    ----------
    edits : from `edits_file.parse`.
    ids : the topics as found, in their order, each once.
    names : id -> name as found; without it only names that edits give are compared with each other.

    Raises
    ------
    InputError
        Naming the line: an id that does not exist, no longer or not yet; a pinned topic merged away, split
        or deleted; a split that would make an id again; a statement moved to two topics; two topics that
        have the same name once all edits are done, apart from case and spaces; and all that `check` finds.
    """
    _replayed(edits, ids, names)
    return edits.edits


def resulting_ids(
    edits: Edits, ids: Sequence[str], *, names: Mapping[str, str] | None = None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Ids after all edits, and which of them are pinned.

    Pinned topics come first, in the order in which they were pinned. The others keep the order of ``ids``; the
    parts of a split stand where the topic stood. Parameters and errors are those of `replay`.
    """
    topics = _replayed(edits, ids, names)
    pinned = tuple(topics.pinned)
    return (*pinned, *(topic for topic in topics.living if topic not in topics.pinned)), pinned


def parts(edit: Edit) -> tuple[str, ...]:
    """Ids that a split makes: t02.1, t02.2 and so on; none for other edits."""
    if edit.kind != "split":
        return ()
    return tuple(f"{edit.topics[0]}.{number}" for number in range(1, (edit.into or 0) + 1))


def check(edit: Edit, where: str) -> None:
    """Raise InputError, beginning with ``where``, for an edit that is wrong whatever the topics are."""
    if edit.kind not in KINDS:
        raise InputError(
            f"{where}: no kind of edit is called {quoted(edit.kind)}",
            expected=f"one of: {', '.join(KINDS)}",
            fix=f"{did_you_mean(edit.kind, KINDS)}Write for instance {KINDS['rename']}",
        )
    fault = _fault(edit)
    if fault:
        raise InputError(f"{where}: {fault}", expected=KINDS[edit.kind], fix="correct that edit or remove it")


def describe(edit: Edit) -> str:
    """The edit as one plain line in the past tense: 'merged t07 into t03 as "Returns"'."""
    first, *rest = map(quoted, edit.topics)
    if edit.kind == "rename":
        return f'renamed {first} to "{_line(edit.name or "")}"'
    if edit.kind == "merge":
        renamed = f' as "{_line(edit.name)}"' if edit.name is not None else ""
        return f"merged {' and '.join(rest)} into {first}{renamed}"
    if edit.kind == "split":
        made = parts(edit)
        return f"split {first} into {made[0]} {'and' if len(made) == 2 else 'to'} {made[-1]}"
    if edit.kind == "move":
        what = f'"{_line(edit.texts[0])}"' if len(edit.texts) == 1 else f"{len(edit.texts)} statements"
        return f"moved {what} to {first}"
    return f"{'deleted' if edit.kind == 'delete' else 'pinned'} {first}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """'Did you mean X? ' with the nearest of ``known``, or nothing where none is near; case does not count."""
    folded = {one.casefold(): one for one in known}
    near = get_close_matches(word.strip().casefold()[:_SHOWN], folded, n=1, cutoff=0.5)
    return f"Did you mean {quoted(folded[near[0]])}? " if near else ""


def quoted(text: str) -> str:
    """``text`` for a message: on one line, cut to 80 characters, in quotes unless it is a plain id or key."""
    line = _line(text)
    return line if re.fullmatch(r"\w[\w.\-]*", line) else f"'{line}'"


def _line(text: str) -> str:
    seen = "".join(" " if unicodedata.category(letter) in _UNSEEN else letter for letter in text[: 4 * _SHOWN])
    line = " ".join(seen.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


# What is wrong with an edit by itself


def _fault(edit: Edit) -> str | None:
    given = {name for name in _WRITTEN if getattr(edit, name) not in (None, ())}
    wanted = {_FIELD[edit.kind]} if edit.kind in _FIELD else set()
    if edit.kind != "merge" and wanted - given:
        return f"{edit.kind} without {_WRITTEN[_FIELD[edit.kind]]}"
    if given - wanted:
        return f"{edit.kind} takes no such thing as {_WRITTEN[min(given - wanted)]}"
    if edit.name is not None and not edit.name.strip():
        return "an empty name"
    if not all(text.strip() for text in edit.texts):
        return "an empty text"
    if edit.into is not None and not FEWEST_PARTS <= edit.into <= MOST_PARTS:
        return f"into: {edit.into}, not a whole number from {FEWEST_PARTS} to {MOST_PARTS}"
    return _fault_of_topics(edit)


def _fault_of_topics(edit: Edit) -> str | None:
    if not edit.topics or not all(topic.strip() for topic in edit.topics):
        return f"{edit.kind} without the id of a topic"
    if edit.kind != "merge":
        return f"{edit.kind} of {len(edit.topics)} topics at once" if len(edit.topics) > 1 else None
    if len(edit.topics) == 1:
        return f"merge of a single topic, {quoted(edit.topics[0])}"
    repeated = [topic for position, topic in enumerate(edit.topics) if topic in edit.topics[:position]]
    return f"merge of {quoted(repeated[0])} with itself" if repeated else None


# What is wrong with it at its place


def _replayed(edits: Edits, ids: Sequence[str], names: Mapping[str, str] | None) -> _Topics:
    named = {topic: _Name(name, 0, "as found") for topic, name in (names or {}).items()}
    topics = _Topics(edits.source, list(ids), named)
    turns = [(i, f"line {edit.line}" if edit.line else f"edit {i}", edit) for i, edit in enumerate(edits.edits, 1)]
    for _, place, edit in turns:
        check(edit, f"{edits.source} {place}")
        for part in parts(edit):
            topics.later.setdefault(part, place)
    for number, place, edit in turns:
        for topic in edit.topics:
            _require(topics, topic, place)
        if edit.kind in _APPLY:
            _APPLY[edit.kind](topics, edit, place)
        if edit.name is not None:
            topics.named[edit.topics[0]] = _Name(edit.name, number, place)
    _refuse_equal_names(topics)
    return topics


def _require(topics: _Topics, topic: str, place: str) -> None:
    """Raise InputError where ``topic`` does not exist at this point, saying when it did or will."""
    if topic in topics.living:
        return
    shown = quoted(topic)
    if topic in topics.gone:
        gone = topics.gone[topic]
        living = [other for other in gone.instead if other in topics.living]
        found = f"{shown} no longer exists: {gone.where} {gone.how}"
        above = f"put this edit above {gone.where}"
        fix = f"write {' or '.join(living[:3])}, or {above}" if living else f"remove one of the two, or {above}"
    elif topic in topics.later:
        found = f"{shown} does not exist yet: {topics.later[topic]} makes it"
        fix = f"put this edit below {topics.later[topic]}"
    else:
        found = f"no topic {shown}"
        fix = f"{did_you_mean(topic, topics.living)}Write the id of an existing topic"
    raise InputError(f"{topics.source} {place}: {found}", expected=_existing(topics.living), fix=fix)


def _existing(living: Sequence[str]) -> str:
    more = f" and {len(living) - 20} more" if len(living) > 20 else ""
    return f"one of: {', '.join(living[:20])}{more}" if living else "a topic, but every one has been deleted"


def _refuse_pinned(topics: _Topics, topic: str, place: str, what: str, instead: str) -> None:
    if topic in topics.pinned:
        pinned = topics.pinned[topic]
        raise InputError(
            f"{topics.source} {place}: {quoted(topic)} would be {what}, but {pinned} pins it",
            expected="a topic that is not pinned",
            fix=f"{instead}remove this edit, or the pin on {pinned}",
        )


def _merge(topics: _Topics, edit: Edit, place: str) -> None:
    kept, *others = edit.topics
    for topic in others:
        _refuse_pinned(topics, topic, place, "merged away", f"put {quoted(topic)} first in the list to keep it, or ")
    for text, (target, since) in topics.moved.items():
        topics.moved[text] = (kept if target in others else target, since)
    for topic in others:
        _remove(topics, topic, _Gone(f"merged it into {quoted(kept)}", place, (kept,)))


def _split(topics: _Topics, edit: Edit, place: str) -> None:
    topic, made = edit.topics[0], parts(edit)
    _refuse_pinned(topics, topic, place, "split", "")
    taken = [part for part in made if part in topics.living or part in topics.gone]
    if taken:
        raise InputError(
            f"{topics.source} {place}: splitting {quoted(topic)} would make {quoted(taken[0])}, an id already in use",
            expected="ids that mean one topic from the first edit to the last",
            fix="remove this edit",
        )
    topics.living[topics.living.index(topic) : topics.living.index(topic)] = made
    _remove(topics, topic, _Gone(f"split it into {len(made)}", place, made))


def _delete(topics: _Topics, edit: Edit, place: str) -> None:
    topic = edit.topics[0]
    _refuse_pinned(topics, topic, place, "deleted", "")
    _remove(topics, topic, _Gone("deleted it", place))


def _remove(topics: _Topics, topic: str, gone: _Gone) -> None:
    topics.living.remove(topic)
    topics.gone[topic] = gone
    # What had been moved to a topic that is gone may be moved again.
    for text in [text for text, (target, _) in topics.moved.items() if target == topic]:
        del topics.moved[text]


def _move(topics: _Topics, edit: Edit, place: str) -> None:
    for text in edit.texts:
        target, since = topics.moved.setdefault(text, (edit.topics[0], place))
        if target != edit.topics[0]:
            raise InputError(
                f"{topics.source} {place}: {quoted(text)} goes to {quoted(edit.topics[0])}, but {since} moves it "
                f"to {quoted(target)}",
                expected="one topic for each statement",
                fix=f"remove the text here or on {since}",
            )


_APPLY: dict[str, Callable[[_Topics, Edit, str], object]] = {
    "merge": _merge,
    "split": _split,
    "move": _move,
    "delete": _delete,
    "pin": lambda topics, edit, place: topics.pinned.setdefault(edit.topics[0], place),
}


def _refuse_equal_names(topics: _Topics) -> None:
    """At the end only: on the way two topics may exchange their names."""
    given = [topic for topic in topics.living if topic in topics.named]
    owners: dict[str, str] = {}
    for topic in sorted(given, key=lambda topic: topics.named[topic].number):
        name = topics.named[topic]
        other = owners.setdefault(" ".join(unicodedata.normalize("NFC", name.text).casefold().split()), topic)
        if other != topic and name.number:
            raise InputError(
                f"{topics.source} {name.where}: {quoted(topic)} gets the name '{_line(name.text)}', "
                f"which {quoted(other)} has ({topics.named[other].where})",
                expected="a name of its own for each topic",
                fix=f"choose another name, or merge: [{other}, {topic}]",
            )
