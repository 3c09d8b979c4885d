"""From when until when each customer is observed, and when they left: the dates as they are written."""

from __future__ import annotations

import pandas as pd

from cxnlp.config import ScoresConfig
from cxnlp.errors import InputError, SettingsError
from cxnlp.results import Comments, Note, Outcome
from cxnlp.scores.dates import naive, read_dates
from cxnlp.scores.sources import Field, Sources
from cxnlp.scores.words import folded, sample

__all__ = ["DATES", "believe_the_flag", "leaving", "observed", "until_when"]

DATES = ("churned_at", "observed_from", "observed_until")
"""Columns of dates, where a date of leaving was named."""

_STAGE = "join"
_LONG_AFTER = pd.Timedelta(days=365)
"""A date of leaving so long after the last comment is a mistake, or a plan, more often than an observation."""


def leaving(sources: Sources, column: str) -> tuple[tuple[Outcome, Field], Field, list[Note]]:
    """Who left by the dates in ``column`` (an empty cell: stayed, an unreadable one: unknown), and the dates."""
    field = sources.find(column, option="--churn-date", customers_first=True)
    dates, notes = _dates(field, column, "--churn-date")
    unreadable = folded(field.values).notna() & dates.isna()
    churned = dates.notna().astype("boolean").mask(unreadable)
    outcome = Outcome("churned", "churned", column)
    by_date = (outcome, Field("churned", churned, field.of_customers))
    return by_date, Field("churned_at", dates, field.of_customers), notes


def observed(sources: Sources, config: ScoresConfig, comments: Comments) -> tuple[list[Field], list[Note]]:
    """The dates between which customers are observed, where a date of leaving and columns for these were named.

    Raises InputError for columns without a date, SettingsError for a window of days without dates of comments.
    """
    if config.churn_date is None:
        return [], []
    if config.window_days is not None and comments.table["created_at"].isna().all():
        raise SettingsError(
            f"--window {config.window_days}, and no comment of {comments.name} has a date",
            expected="the dates from which the days are counted",
            fix="--date COLUMN",
        )
    fields, notes = [], []
    named = {"observed_from": config.observed_from, "observed_until": config.observed_until}
    for name, column in named.items():
        if column is None or (name == "observed_until" and _one_date(sources, column) is not None):
            continue
        option = f"--{name.replace('_', '-')}"
        field = sources.find(column, option=option, customers_first=True)
        dates, said = _dates(field, column, option)
        fields.append(Field(name, dates, field.of_customers))
        notes += said
    return fields, notes


def until_when(
    by_comment: pd.DataFrame,
    by_customer: pd.DataFrame | None,
    sources: Sources,
    config: ScoresConfig,
    written: pd.Series,
) -> tuple[pd.Timestamp | None, list[Note]]:
    """The day on which everybody's observation ends, where no column says it for each; None where one does.

    It is the date that was named, else the latest in the data, of the comments ``written`` and of leaving, that is not
    after today: what lies in the future (a plan, a slip of the pen) nobody has observed yet. Where all do, it is today.
    """
    if "churned_at" not in by_comment or "observed_until" in by_comment:
        return None, []
    if config.observed_until is not None:
        return _one_date(sources, config.observed_until), []
    told = by_comment if by_customer is None or "churned_at" not in by_customer else by_customer
    left, comments, today = told["churned_at"].dropna(), naive(written).dropna(), _today()
    if not len(left) and not len(comments):
        return None, []
    past_left, past_comments = (dates[dates.dt.normalize() <= today] for dates in (left, comments))
    if future := len(left) - len(past_left) + len(comments) - len(past_comments):
        latest = max([date.max() for date in (past_left, past_comments) if len(date)], default=today).normalize()
        message = (
            "dates of leaving or of comments after today do not count for the end of observation, which is taken as "
            f"{latest:%Y-%m-%d}; if it is another: --observed-until YYYY-MM-DD"
        )
        return latest, [Note(_STAGE, message, future)]
    last_left, last_comment = left.max(), comments.max()
    latest = max(date for date in (last_left, last_comment) if pd.notna(date))
    message = f"customers are taken as observed until {latest:%Y-%m-%d}, the latest date in the data"
    if pd.notna(last_comment) and pd.notna(last_left) and last_left - last_comment > _LONG_AFTER:
        message += ", a date of leaving more than a year after the last comment: if it is a mistake or a plan, "
        return latest.normalize(), [Note(_STAGE, f"{message}name the true end: --observed-until YYYY-MM-DD")]
    return latest.normalize(), [Note(_STAGE, message, level="info")]


def believe_the_flag(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """``frame`` without the dates of leaving of those who did not leave (the end of a contract, say), and their number.

    Such a date ends no window.
    """
    if not {"churned_at", "churned"} <= set(frame):
        return frame, 0
    stayed = frame["churned_at"].notna() & frame["churned"].eq(False).fillna(False).astype(bool)
    return frame.assign(churned_at=frame["churned_at"].mask(stayed)), int(stayed.sum())


def _today() -> pd.Timestamp:
    """The day that it is where days begin first (UTC+14): no date of a comment written by now is later."""
    return pd.Timestamp.now(tz="Etc/GMT-14").tz_localize(None).normalize()


def _one_date(sources: Sources, text: str) -> pd.Timestamp | None:
    """The one date that ``text`` is; None where it is the name of a column. InputError where it is neither."""
    if sources.has(text):
        return None
    date = pd.to_datetime(text, format="ISO8601", errors="coerce") if text[:4].isdecimal() else pd.NaT
    if pd.isna(date):
        columns = [*sources.source.columns, *(() if sources.customers is None else sources.customers.columns)]
        missing = InputError.missing_column(text, dict.fromkeys(columns), option="--observed-until", where=sources.name)
        raise InputError(missing.found, expected=f"{missing.expected}; or a date such as 2025-06-30", fix=missing.fix)
    return pd.Timestamp(date).tz_localize(None).normalize()


def _dates(field: Field, column: str, option: str) -> tuple[pd.Series, list[Note]]:
    dates, unreadable, ambiguous = read_dates(field.values)
    if unreadable and dates.isna().all():
        raise InputError(
            f"{option} {column}: no date can be read, e.g. {sample(field.values[folded(field.values).notna()])}",
            expected="dates such as 2025-03-31 or 31.03.2025",
            fix="write the dates as YYYY-MM-DD",
        )
    notes = []
    if unreadable:
        notes.append(Note(_STAGE, f"values of {column!r} that are no dates, set missing", unreadable))
    if ambiguous:
        message = f"dates of {column!r} read with the day before the month; YYYY-MM-DD would leave no doubt"
        notes.append(Note(_STAGE, message))
    return dates.astype("datetime64[us]"), notes
