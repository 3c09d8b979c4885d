"""Dates to days: from when to when each unit was observed, and whether it left at the end of that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from cxnlp.drivers.days import days
from cxnlp.results import Note

__all__ = ["Timeline", "timeline", "mentioned_at", "MIN_EVENTS"]

MIN_EVENTS = 5
"""Fewest units that leave with the mention, and fewest that leave without it, for any number."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """When n units were at risk of leaving: on the days after ``entry``, up to and with ``exit``.

    ``entry``, ``exit``: whole days since ``origin``, float (n,), entry < exit. ``event``: bool (n,), left on day
    ``exit``; the others were no longer observed. ``origin``: days from 1970-01-01 to the day on which the unit's
    observation began, float (n,). A unit enters with its first comment: had it left before, it could not be in a
    comparison of those who comment (left truncation; Kalbfleisch and Prentice 2002, The Statistical Analysis of
    Failure Time Data, section 1.3).
    """

    entry: np.ndarray
    exit: np.ndarray
    event: np.ndarray
    origin: np.ndarray


def timeline(
    first_comment: pd.Series, observed_from: pd.Series, observed_until: pd.Series, left_at: pd.Series
) -> tuple[Timeline | None, np.ndarray, tuple[Note, ...]]:
    """Time at risk of units (one value each, all four of one length), in whole days.

    Days count from ``observed_from``, or from ``first_comment`` where no unit has that date. A comment before
    ``observed_from`` counts as made on that day. A unit that left after ``observed_until`` had not left by then.

    Returns the times of the units that can be used, in their order; which these are, bool (units,); and Notes that
    count the others. Not usable: no comment date, no end of observation, no start where others have one, left on or
    before the day of the first comment, observed no longer than that day. None where fewer than 10 units leave.
    """
    comment, start, end, left = (
        np.floor(days(dates)) for dates in (first_comment, observed_from, observed_until, left_at)
    )
    notes: list[Note] = []
    if np.isnan(start).all():
        start = comment
    event = np.isfinite(left) & ~(left > end)
    last = np.where(event, left, end)
    entry = np.maximum(comment, start)
    known = np.ones(len(comment), dtype=bool)
    for unusable, message, level in (
        (np.isnan(comment), "units without a dated comment have no place in time", "info"),
        (np.isnan(start), "units whose observation has no start do not enter the analysis of time", "warning"),
        (np.isnan(last), "units whose observation has no end do not enter the analysis of time", "warning"),
        (
            event & (last <= entry),
            "units that left on or before the day of their first comment do not enter the analysis of time: "
            "what they said came too late to tell anything",
            "warning",
        ),
        (~event & (last <= entry), "units that were not observed after the day of their first comment", "info"),
    ):
        _count(notes, known & unusable, message, level)
        known &= ~unusable
    _count(notes, known & (left > end), "units that left after observation had ended count as not having left", "info")
    _count(
        notes,
        known & (comment < start),
        "comments from before observation began count as made on its first day",
        "info",
    )
    if event[known].sum() < 2 * MIN_EVENTS:
        message = (
            f"time to churn: {int(event[known].sum())} units are seen to leave after their first comment; "
            f"at least {2 * MIN_EVENTS} are needed"
        )
        return None, known, (*notes, Note("drivers", message))
    return Timeline((entry - start)[known], (last - start)[known], event[known], start[known]), known, tuple(notes)


def mentioned_at(time: Timeline, day: sparse.csr_array) -> sparse.csr_array:
    """First mentions on the time scale of `time`, plus 1; nothing where there was none.

    ``day``: days from 1970-01-01 to the first mention, CSR (n, tests), n the units of `time`. A mention from before
    observation began counts as made on its first day.
    """
    unit = np.repeat(np.arange(day.shape[0]), np.diff(day.indptr))
    since = np.maximum(np.floor(day.data) - time.origin[unit], 0.0) + 1
    return sparse.csr_array((since, day.indices, day.indptr), shape=day.shape)


def _count(notes: list[Note], concerned: np.ndarray, message: str, level: str) -> None:
    if concerned.any():
        notes.append(Note("drivers", message, int(concerned.sum()), level))
