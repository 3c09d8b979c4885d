"""Which column plays which role: what the user named first, then what names and contents tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches

import pandas as pd

from cxnlp.config import ReadConfig
from cxnlp.connectors.names import is_called, plain, says
from cxnlp.connectors.profiles import Profile
from cxnlp.connectors.scales import scale_of
from cxnlp.errors import InputError, SettingsError
from cxnlp.results import Guess, Note
from cxnlp.schema import SCALES

__all__ = ["assign_roles"]

_OPTIONS = {
    "text": "--text",
    "date": "--date",
    "id": "--id",
    "comment_id": "--comment-id",
    "channel": "--channel",
    "language": "--language",
    "stage": "--stage",
}
"""Role that one column plays -> the option that names it; the setting is called like the role."""

_DECLARED = "named by --score with its scale"


def assign_roles(
    frame: pd.DataFrame, config: ReadConfig, labels: Mapping[str, str], *, where: str
) -> tuple[tuple[Guess, ...], tuple[Note, ...]]:
    """Role of every column that plays one.

    A named column is never guessed into another role. Segments are never guessed. A column gets at
    most one guessed role, in the order text, date, score, language, id, comment_id, channel, stage.

    Parameters
    ----------
    frame : the input.
    labels : question text of a column, where the export gives one.
    where : name of the input, for messages.

    Raises
    ------
    InputError
        A named column is missing; no column holds comments; a named score has no scale that shows.
    SettingsError
        A named scale is unknown.
    """
    profiles = {name: Profile(name, frame[name], labels.get(name, "")) for name in frame.columns}
    named = tuple(_named(profiles, config, where))
    taken = {guess.column for guess in named}
    given = {guess.role for guess in named}
    roles = list(named)
    notes: list[Note] = []
    if "text" not in given:
        text, others = _text([profile for name, profile in profiles.items() if name not in taken], where)
        roles.insert(0, text)
        taken.add(text.column)
        notes += others
    _check_text(next(profiles[guess.column] for guess in roles if guess.role == "text"), where)
    for role, guesser in _GUESSERS.items():
        if role not in given:
            found = tuple(guesser([profile for name, profile in profiles.items() if name not in taken]))
            roles += found
            taken |= {guess.column for guess in found}
    notes += _directions(roles)
    return tuple(roles), tuple(notes)


def _named(profiles: Mapping[str, Profile], config: ReadConfig, where: str) -> Iterator[Guess]:
    def existing(column: str, option: str) -> str:
        if column not in profiles:
            raise InputError.missing_column(column, profiles, option=option, where=where)
        return column

    for role, option in _OPTIONS.items():
        column = getattr(config, role)
        if column is not None:
            yield Guess(role, existing(column, option), f"named by {option}", chosen=True)
    for wanted in dict.fromkeys(config.scores):
        column, scale = _split_score(wanted, profiles)
        yield _named_score(profiles[existing(column, "--score")], scale)


def _split_score(wanted: str, columns: Iterable[str]) -> tuple[str, str | None]:
    """Column and scale of 'COLUMN' or 'COLUMN=SCALE'; a column of just that name wins."""
    if wanted in columns or "=" not in wanted:
        return wanted, None
    column, scale = (part.strip() for part in wanted.rsplit("=", 1))
    if scale not in SCALES:
        near = get_close_matches(scale, SCALES, n=1, cutoff=0.5)
        raise SettingsError(
            f"--score {wanted}",
            expected=f"after the equals sign one of: {', '.join(SCALES)}",
            fix=f"--score {column}={near[0] if near else 'nps'}",
        )
    return column, scale


def _named_score(column: Profile, scale: str | None) -> Guess:
    if scale is not None:
        return Guess("score", column.name, _DECLARED, chosen=True, scale=scale)
    found = scale_of(column)
    if found is None:
        if column.answers.empty:
            held = "nothing" if column.is_empty else "no numbers"
        else:
            held = f"numbers from {column.answers.min():g} to {column.answers.max():g}"
        raise InputError(
            f"--score {column.name}: its scale does not show from its name and answers ({held})",
            expected=f"the scale declared, one of: {', '.join(SCALES)}",
            fix=f"--score '{column.name}=SCALE', such as --score '{column.name}=csat5'",
        )
    return Guess("score", column.name, f"named by --score; {found[1]}", chosen=True, scale=found[0])


def _text(columns: list[Profile], where: str) -> tuple[Guess, tuple[Note, ...]]:
    scores = {column.name: score for column in columns if (score := _text_score(column)) is not None}
    if not scores:
        wordy = [column for column in columns if column.is_text and column.lettered > 0]
        if len(wordy) == 1:
            return Guess("text", wordy[0].name, "the only column with words"), ()
        raise InputError(
            f"no column of {where} looks like comments",
            expected=f"one of: {', '.join(column.name for column in columns[:20]) or 'no columns left'}",
            fix="name the column that holds the comments: --text COLUMN",
        )
    best = max(scores, key=lambda name: scores[name])
    column = next(column for column in columns if column.name == best)
    others = [name for name, score in scores.items() if name != best and score >= 1.0]
    notes = (
        (Note("read", f"also looks like comments: {', '.join(others)}; --text COLUMN to read another", level="info"),)
        if others
        else ()
    )
    return Guess("text", best, _text_reason(column)), notes


def _text_score(column: Profile) -> float | None:
    """How much a column looks like comments, None where it does not: its name, then sentences, length and variety."""
    # A whole question as a name may speak of anything: 'What is the main reason for your score?'
    is_label = len(plain(column.name).split()) < 5
    refused = is_label and says(column.name, "no comment")
    titled = is_label and says(column.name, "title")
    called = says(column.name, "comment") or says(column.label, "comment")
    if refused or column.is_empty or not column.is_text:
        return 0.0 if called and column.is_empty and not refused else None
    content = column.wordy + min(column.characters / 100, 1.0) + 0.5 * column.distinct
    if called:
        return 1.0 + content - 1.0 * titled
    if column.wordy < 0.3:
        return None
    # Categories and titles may be wordy too: they are taken only where there is nothing better.
    return content / 10 if titled or column.distinct < 0.1 else content


def _text_reason(column: Profile) -> str:
    if column.is_empty:
        return f"{column.name!r} is a usual name for comments"
    told = [f"{column.characters:.0f} characters on average", f"{column.distinct:.0%} distinct"]
    if says(column.name, "comment"):
        told.insert(0, f"{column.name!r} is a usual name for comments")
    if column.label:
        told.append(f"question: {column.label[:120]}")
    return "; ".join(told)


def _check_text(column: Profile, where: str) -> None:
    if column.is_empty:
        raise InputError(
            f"the text column {column.name!r} of {where} is empty in all {len(column.values)} rows",
            expected="at least one comment",
            fix="name the column that holds the comments: --text COLUMN",
        )


def _date(columns: list[Profile]) -> Iterator[Guess]:
    """The column of dates whose name speaks most of the comment; a column without a telling name counts too."""
    scores = {column: score for column in columns if (score := _date_score(column)) is not None}
    if scores:
        best = max(scores, key=lambda column: scores[column])
        how = f"{best.name!r} is a usual name for dates, and " if says(best.name, "date") else ""
        yield Guess("date", best.name, f"{how}{max(best.dated, best.numeric):.0%} of its cells read as dates")


def _date_score(column: Profile) -> float | None:
    other = says(column.name, "another date")
    own = says(column.name, "date of the comment")
    if other and not own:
        return None
    called = says(column.name, "date")
    is_unix = called and column.numeric >= 0.8 and bool(column.answers.between(1e8, 1e14).mean() >= 0.8)
    if column.dated < 0.8 and not is_unix:
        return None
    return 1.0 * called + 1.0 * own - 1.0 * other + 0.5 * (column.dated >= 0.8)


def _scores(columns: list[Profile]) -> Iterator[Guess]:
    for column in columns:
        found = scale_of(column)
        if found is not None:
            yield Guess("score", column.name, found[1], scale=found[0])


def _language(columns: list[Profile]) -> Iterator[Guess]:
    for column in columns:
        if says(column.name, "language") and column.languages >= 0.8:
            yield Guess("language", column.name, f"{column.languages:.0%} of its cells name a language")
            return


def _unmistakable(role: str) -> Callable[[list[Profile]], Iterator[Guess]]:
    def find(columns: list[Profile]) -> Iterator[Guess]:
        for column in columns:
            fits = column.identifies if role == "comment_id" else not column.is_empty
            if is_called(column.name, role) and fits:
                yield Guess(role, column.name, f"{column.name!r} leaves no doubt")
                return

    return find


_GUESSERS: dict[str, Callable[[list[Profile]], Iterable[Guess]]] = {
    "date": _date,
    "score": _scores,
    "language": _language,
    "id": _unmistakable("id"),
    "comment_id": _unmistakable("comment_id"),
    "channel": _unmistakable("channel"),
    "stage": _unmistakable("stage"),
}


def _directions(roles: Iterable[Guess]) -> Iterator[Note]:
    for guess in roles:
        scale = SCALES.get(guess.scale or "")
        if scale is not None and scale.metric == "ces" and guess.reason != _DECLARED:
            end = "easy" if scale.better == "high" else "hard"
            opposite = scale.name.removesuffix("-effort") if scale.better == "low" else f"{scale.name}-effort"
            message = (
                f"{guess.column}: high answers were taken to mean {end}; if not: --score '{guess.column}={opposite}'"
            )
            yield Note("read", message)
