"""Which columns are outcomes: 'COLUMN=BAD VALUE', 'COLUMN', or a score, as the user wrote them."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from cxnlp.config import ScoresConfig
from cxnlp.errors import SettingsError
from cxnlp.results import Guess
from cxnlp.scores.sources import Sources
from cxnlp.scores.words import slug

__all__ = ["Wanted", "outcome_columns", "possible_columns", "speaks_of_leaving", "wanted_outcomes"]

_LEAVING_NAME = re.compile(
    r"(^|_)(churn|cancel|attrit|left|leav|lost|termin|laps|quit|kundig|gekundig|kuendig|gekuendig|abwander|rezygn|"
    r"zrezygn|odej|odsz|plecat|rezili|resili|disdet|abbandon|baja|opzeg|opgezegd|departed)"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An outcome as the user named it: its ``column`` and the ``bad`` value, None where none was given.

    ``asked``: the option that named the bad value, for messages; ``is_score``: the column is one of the scores.
    """

    column: str
    bad: str | None
    asked: str
    is_score: bool = False


def speaks_of_leaving(column: str) -> bool:
    """Whether the name of a column speaks of customers who leave, in one of our languages."""
    return bool(_LEAVING_NAME.search(slug(column)))


def possible_columns(config: ScoresConfig) -> list[str]:
    """Every column that ``config`` may mean by its outcomes; a name may itself hold '='."""
    columns = [column for text in config.outcome for column in (text, *(column for column, _ in _splits(text)))]
    columns += [column for column in (config.churn, config.churn_date, config.retained, config.revenue) if column]
    return [*dict.fromkeys((*columns, *(text.partition("=")[2].strip() for text in config.conversions)))]


def outcome_columns(config: ScoresConfig, wanted: Collection[Wanted]) -> tuple[str, ...]:
    """The columns of all outcomes but the scores: none of them may be adjusted for, and none is a score."""
    named = [config.churn, config.churn_date, config.retained, config.revenue]
    columns = [*(one.column for one in wanted if not one.is_score), *(column for column in named if column)]
    return tuple(dict.fromkeys((*columns, *(text.partition("=")[2].strip() for text in config.conversions))))


def wanted_outcomes(config: ScoresConfig, sources: Sources, roles: Collection[Guess]) -> tuple[Wanted, ...]:
    """``config.outcome`` taken apart, each once; a name that holds '=' is tried as it stands first.

    A column is a score where its role says so, unless its bad value was given or, where the role is only guessed,
    its name speaks of leaving. Raises SettingsError for two bad values of one column.
    """
    wanted: dict[str, Wanted] = {}
    for text in dict.fromkeys(config.outcome):
        column, bad = _split(text, sources)
        if bad is None and config.bad_when is not None:
            one = Wanted(column, config.bad_when, f"--bad-when {config.bad_when}")
        else:
            is_score = bad is None and _is_score(column, sources, roles)
            one = Wanted(column, bad, f"--outcome {text}", is_score)
        if column in wanted:
            raise SettingsError(
                f"{wanted[column].asked} and {one.asked}: the column {column!r} twice",
                expected="each outcome once: with two values, the one is the other turned round",
                fix=f"leave out {one.asked}",
            )
        wanted[column] = one
    return tuple(wanted.values())


def _is_score(column: str, sources: Sources, roles: Collection[Guess]) -> bool:
    of_column = [role for role in roles if role.role == "score" and role.column == column]
    if of_column:
        return any(role.chosen for role in of_column) or not speaks_of_leaving(column)
    # The name of a score in the wide table, such as nps, where no column bears it.
    return not sources.has(column)


def _split(text: str, sources: Sources) -> tuple[str, str | None]:
    if sources.has(text) or "=" not in text:
        return text, None
    splits = _splits(text)
    return next((split for split in reversed(splits) if sources.has(split[0])), splits[0])


def _splits(text: str) -> list[tuple[str, str]]:
    """Every way to read the text as COLUMN=VALUE, the shortest column first."""
    ends = [position for position, letter in enumerate(text) if letter == "="]
    return [(text[:end].strip(), text[end + 1 :].strip()) for end in ends]
