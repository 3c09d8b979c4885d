"""One wave of comments, and what is refused before anything is counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxnlp.errors import InputError, InternalError

__all__ = ["Wave", "check_waves"]

_COLUMNS = ("row", "text", "language", "topic_id", "unit")


@dataclass(frozen=True, slots=True)
class Wave:
    """The statements of one wave of comments.

    ``statements``: one row a statement with the columns row (number of its comment), text, language,
    topic_id (missing: it fits no topic) and unit (number of the customer within the wave, or of the comment
    where no customer is known). ``points`` (n, d): where each statement lies, in one space that both waves
    share, each row of length 1 (or 0); equal texts lie at equal points. ``n_comments``: scored comments, the
    exposure; those without a statement count too.
    """

    name: str
    statements: pd.DataFrame
    points: np.ndarray
    n_comments: int


def check_waves(before: Wave, after: Wave, topics: pd.DataFrame) -> None:
    """Raise InputError for waves that cannot be compared, InternalError for tables that contradict each other."""
    for wave in (before, after):
        _check_tables(wave, topics)
        if wave.n_comments == 0:
            raise InputError(
                f"no scored comments in {wave.name}",
                expected="two waves with at least one comment each",
                fix="compare analyses of files that hold comments",
            )
    for wave in (before, after):
        _check_ids(wave, topics["topic_id"])
    if before.points.shape[1] != after.points.shape[1]:
        raise InternalError(
            f"points of {before.points.shape[1]} and of {after.points.shape[1]} dimensions",
            expected="both waves in one space",
            fix="please report this as a bug of cxnlp with the command that you ran",
        )


def _check_ids(wave: Wave, known: pd.Series) -> None:
    unknown = sorted(set(wave.statements["topic_id"].dropna()) - set(known))
    if unknown:
        raise InputError(
            f"topics in {wave.name} that the analysis compared with does not have: {_some(unknown)}",
            expected="two waves with the topics of one analysis",
            fix="tag the second wave first: cxnlp tag NEW.csv --analysis BEFORE",
        )


def _check_tables(wave: Wave, topics: pd.DataFrame) -> None:
    problems = [f"no column {name!r}" for name in _COLUMNS if name not in wave.statements.columns]
    if wave.points.ndim != 2 or len(wave.points) != len(wave.statements):
        problems.append(f"{len(wave.statements)} statements with points of shape {wave.points.shape}")
    elif not np.isfinite(wave.points).all():
        problems.append("points that are not numbers")
    if topics["topic_id"].duplicated().any():
        problems.append("topics that are listed twice")
    if not problems and wave.statements["row"].nunique() > wave.n_comments:
        problems.append(f"statements of {wave.statements['row'].nunique()} comments, of {wave.n_comments} in all")
    if problems:
        raise InternalError(
            f"{wave.name}: {', '.join(problems)}",
            expected="one row and one point a statement, as Wave says",
            fix="please report this as a bug of cxnlp with the command that you ran",
        )


def _some(names: Iterable[str], most: int = 5) -> str:
    listed = list(names)
    return ", ".join(listed[:most]) + (f" and {len(listed) - most} more" if len(listed) > most else "")
