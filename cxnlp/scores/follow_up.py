"""How long each customer was observed, when they left, and which comments could have told."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cxnlp.results import Note
from cxnlp.scores.dates import naive

__all__ = ["FollowUp", "follow_up", "in_window", "left_in_time"]

_STAGE = "join"
_SUSPICIOUSLY_LATE = 0.8
"""Share of the comments of those who left, written after that, from which the date deserves a question."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Of each unit: whether it ``churned`` (nullable boolean), when it left and when it was observed (NaT unknown).

    ``ends``: the end of observation as the data give it.
    """

    churned: pd.Series
    left_at: pd.Series
    observed_from: pd.Series
    ends: pd.Series
    notes: tuple[Note, ...] = ()

    @property
    def observed_until(self) -> pd.Series:
        """The end of observation, unknown where it is unknown when, or whether, the customer left."""
        stayed = self.churned.eq(False).fillna(False).astype(bool)
        return self.ends.mask(self.left_at.isna() & ~stayed)


def follow_up(churned: pd.Series, left_at: pd.Series, observed_from: pd.Series, observed_until: pd.Series) -> FollowUp:
    """The four, one entry per unit, without what contradicts itself.

    - Observation that ends before it begins: neither date is used.
    - Leaving before observation begins: date and outcome are unknown.
    - Leaving after observation ends: by its end the customer had not left, whether the date is a plan, a mistake or
      simply later. (To leave these out would keep customers by what happened to them afterwards.)
    """
    stayed = churned.eq(False).fillna(False).astype(bool)
    left_at = left_at.mask(stayed)
    turned = _day(observed_until) < _day(observed_from)
    observed_from, observed_until = observed_from.mask(turned), observed_until.mask(turned)
    early = _day(left_at) < _day(observed_from)
    later = _day(left_at) > _day(observed_until)
    undated = churned.eq(True).fillna(False).astype(bool) & left_at.isna()
    left_at = left_at.mask(early | later)
    churned = churned.mask(early, pd.NA).mask(later, False)
    notes = _counted(
        (turned, "customers whose observation ends before it begins: neither date was used", "warning"),
        (early, "customers who left before they were observed: whether and when they left is unknown", "warning"),
        (later, "customers with a date of leaving after the end of observation: not left by then", "warning"),
        (undated, "customers who left without a date of leaving: not used for times to leaving", "info"),
    )
    return FollowUp(churned, left_at, observed_from, observed_until, tuple(notes))


def in_window(
    created_at: pd.Series, scored: np.ndarray, unit: np.ndarray, seen: FollowUp, window_days: int | None
) -> tuple[np.ndarray, list[Note]]:
    """Which comments were written before their customer left, and before the observation (and the window) ended.

    A comment without a date, or of a customer without one, is inside: nothing says that it came too late. What was
    written on the day of leaving may be the farewell itself: it is inside only where it was written before the time
    of day that the date of leaving gives (midnight where it gives none).
    """
    written = naive(created_at).reset_index(drop=True)
    left = seen.left_at.iloc[unit].reset_index(drop=True)
    late = written >= left
    notes = _too_late(written, late, left, unit)
    after = (_day(written) > _day(seen.ends.iloc[unit].reset_index(drop=True))) & ~late
    notes += _counted((after, "comments written after the end of observation: not used as evidence", "info"))
    inside = ~(late | after)
    if window_days is not None:
        start = _first_day(written.where(inside & scored), unit, len(seen.churned))
        passed = (_day(written) > (start + pd.Timedelta(days=window_days)).iloc[unit].reset_index(drop=True)) & inside
        message = f"comments written more than {window_days} days after the customer's first: not used as evidence"
        notes += _counted((passed, message, "info"))
        inside &= ~passed
    return inside.to_numpy(dtype=bool), notes


def left_in_time(
    seen: FollowUp, created_at: pd.Series, evidence: np.ndarray, unit: np.ndarray, window_days: int
) -> FollowUp:
    """``seen`` with leaving counted within ``window_days`` after the unit's first comment among the ``evidence`` only.

    Whoever was not observed for so long and had not left has an unknown outcome, and so has whoever left in time but
    too shortly before the data end for others to have been observed long enough: counted, they would stand for a
    group of which only those who left are known. Units without a dated comment have no beginning.
    """
    written = naive(created_at).reset_index(drop=True)
    start = _first_day(written.where(evidence), unit, len(seen.churned))
    end = start + pd.Timedelta(days=window_days)
    left = _day(seen.left_at)
    in_time = (left <= end) & (end <= _day(seen.ends).max())
    not_in_time = (left > end) | (left.isna() & seen.churned.eq(False).fillna(False) & (end <= _day(seen.ends)))
    unknown = pd.Series(pd.NA, index=seen.churned.index, dtype="boolean")
    churned = unknown.mask(in_time.astype(bool), True).mask(not_in_time.astype(bool), False)
    lost = seen.churned.notna() & churned.isna()
    spoke = np.bincount(unit[evidence], minlength=len(start)) > 0
    undated = lost & left.isna() & seen.churned.eq(True).fillna(False).astype(bool)
    short = lost & start.notna() & ~undated
    notes = _counted(
        (undated, f"customers who left, nobody knows whether within {window_days} days: outcome unknown", "info"),
        (short, f"customers observed for less than {window_days} days: outcome unknown", "info"),
        (
            lost & start.isna() & spoke,
            "customers without a dated comment: no window can begin, outcome unknown",
            "info",
        ),
    )
    return replace(seen, churned=churned, notes=(*seen.notes, *notes))


def _too_late(written: pd.Series, late: pd.Series, left: pd.Series, unit: np.ndarray) -> list[Note]:
    notes = []
    if late.any():
        message = "comments written after the customer left: not used as evidence"
        # Some complain on their way out; where nearly all do, the date is probably another one.
        suspicious = late.sum() >= _SUSPICIOUSLY_LATE * left.notna().sum()
        hint = "; they are nearly all of those who left: is --churn-date the date of leaving?" if suspicious else ""
        notes.append(Note(_STAGE, message + hint, int(late.sum()), level="warning" if suspicious else "info"))
        whole = late.groupby(unit).all()
        message = "customers who left before their first comment: nothing that they said is evidence"
        notes += _counted((whole, message, "info"))
    return notes + _counted(
        (
            written.isna() & left.notna(),
            "comments without a date of customers who left: taken as written before",
            "warning",
        )
    )


def _first_day(written: pd.Series, unit: np.ndarray, n: int) -> pd.Series:
    return _day(written.groupby(unit).min().reindex(range(n)))


def _day(dates: pd.Series) -> pd.Series:
    return dates.dt.normalize()


def _counted(*cases: tuple[pd.Series, str, str]) -> list[Note]:
    return [Note(_STAGE, message, int(mask.sum()), level) for mask, message, level in cases if mask.any()]
