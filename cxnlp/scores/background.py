"""What customers are compared by: segments (text, for groups), controls (text or numbers), and who is alike."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxnlp import schema
from cxnlp.config import ScoresConfig
from cxnlp.errors import SettingsError
from cxnlp.results import Note
from cxnlp.scores.sources import Field, Sources
from cxnlp.scores.words import TEXT, folded, text_of

__all__ = ["TENURE", "Background", "read_background", "read_cluster"]

_STAGE = "join"
TENURE = ("tenure_days", "tenure")
"""Columns of the customers file that are adjusted for without being asked for."""

_MOST_NUMBERS = 12
"""A numeric segment with more distinct values than this is cut into quartiles."""
_MANY_GROUPS = 50
_RESERVED = frozenset(
    (
        *(name for table in ("comments", "units", "statements") for name in schema.names(table)),
        *("churned_at", "left_at", "observed_from", "observed_until", "revenue", "cluster"),
    )
)


@dataclass(frozen=True, slots=True)
class Background:
    """Names of the segments and of the controls (segments first), and their values under these names."""

    segments: tuple[str, ...]
    controls: tuple[str, ...]
    fields: tuple[Field, ...]
    notes: tuple[Note, ...]


def read_background(
    sources: Sources, config: ScoresConfig, taken: Collection[str], measured: Collection[str]
) -> Background:
    """Segments (``config.segments``), then ``config.controls``, then the tenure of the customers file.

    Where both files have a column, the data are believed: they hold what was so when the comment was written.
    A segment is text: numbers with more than 12 distinct values become bands between quartiles, such as '18-33'.
    A control stays a number where every value is one. A column keeps its name unless the wide table already has
    that name (``taken`` or a column of schema.py): then it becomes ``segment_NAME`` or ``control_NAME``.

    Raises SettingsError for a column that is also ``measured`` (score, outcome or date of leaving), InputError
    for one that is nowhere.
    """
    segments, fields, notes = [], [], []
    reserved = _RESERVED | set(taken)
    for column in dict.fromkeys(config.segments):
        field = _find(sources, column, "--segment", measured)
        name = _name(column, "segment", reserved)
        groups = _as_groups(field.values, field.values)
        others = None if field.customers is None else _as_groups(field.customers, field.values)
        segments.append(name)
        fields.append(Field(name, groups, field.of_customers, others))
        notes += _many_groups(column, groups)
    controls = list(segments)
    for column in dict.fromkeys(column for column in config.controls if column not in config.segments):
        field = _find(sources, column, "--control", measured)
        name = _name(column, "control", reserved)
        others = None if field.customers is None else _as_control(field.customers, field.values)
        controls.append(name)
        fields.append(Field(name, _as_control(field.values, field.values), field.of_customers, others))
    tenure = [column for column in _tenure(sources, measured) if column not in (*controls, *reserved)][:1]
    for column in tenure:
        assert sources.customers is not None
        fields.append(Field(column, _numbers(sources.customers[column]), of_customers=True))
        notes.append(Note(_STAGE, f"adjusted for {column!r}, found in the customers file", level="info"))
    return Background(tuple(segments), (*controls, *tenure), tuple(fields), tuple(notes))


def read_cluster(
    sources: Sources, column: str | None, measured: Collection[str]
) -> tuple[tuple[Field, ...], tuple[Note, ...]]:
    """The groups of customers who are alike, as text named ``cluster``; nothing where ``column`` holds only one.

    A customer without a value is a group of their own. Where both files have the column, the data are believed.
    """
    if column is None:
        return (), ()
    field = _find(sources, column, "--cluster", measured)
    groups = _as_text(field.values)
    if groups.nunique() < 2:
        message = f"--cluster {column} holds fewer than two different values: intervals do not allow for it"
        return (), (Note(_STAGE, message),)
    others = None if field.customers is None else _as_text(field.customers)
    return (Field("cluster", groups, field.of_customers, others),), ()


def _find(sources: Sources, column: str, option: str, measured: Collection[str]) -> Field:
    if column in measured:
        raise SettingsError(
            f"{option} {column}, which is also the score, the outcome or the date of leaving",
            expected="a column that describes the customer before the outcome",
            fix=f"leave out {option} {column}",
        )
    return sources.find(column, option=option, customers_first=False)


def _name(column: str, role: str, reserved: Collection[str]) -> str:
    return f"{role}_{column}" if column in reserved else column


def _numbers(values: pd.Series) -> pd.Series:
    return pd.to_numeric(text_of(values).where(folded(values).notna()).str.strip(), errors="coerce").astype(float)


def _is_numeric(values: pd.Series) -> bool:
    """Every value that is there is a number, and none is a code with a leading zero such as '01067'."""
    said = text_of(values)[folded(values).notna()]
    return bool(len(said) and _numbers(said).notna().all() and not said.str.match(r"\s*0\d").any())


def _as_control(values: pd.Series, like: pd.Series) -> pd.Series:
    """``values`` as numbers where every one of the column that is believed, ``like``, is a number."""
    return _numbers(values) if _is_numeric(like) else _as_text(values)


def _as_groups(values: pd.Series, like: pd.Series) -> pd.Series:
    """``values`` as text, in the bands that the column that is believed, ``like``, is cut into."""
    if not _is_numeric(like):
        return _as_text(values)
    numbers, believed = _numbers(values), _numbers(like)
    if believed.nunique() > _MOST_NUMBERS:
        return _quartile_bands(numbers, believed)
    return numbers.map(_short).astype(TEXT)


def _as_text(values: pd.Series) -> pd.Series:
    return text_of(values).where(folded(values).notna()).str.strip().str.replace(r"\s+", " ", regex=True)


def _quartile_bands(numbers: pd.Series, believed: pd.Series) -> pd.Series:
    """'LOWEST-HIGHEST' of the ``believed`` values between two quartiles; equal values share a band.

    A number beyond the lowest or the highest of them belongs to the band that is next.
    """
    band, ends = pd.qcut(believed, 4, labels=False, duplicates="drop", retbins=True)
    limits = believed.groupby(band).agg(["min", "max"])
    names = {code: _band(low, high) for code, low, high in limits.itertuples()}
    code = pd.Series(np.searchsorted(ends[1:-1], numbers), index=numbers.index).where(numbers.notna())
    return code.map(names).astype(TEXT)


def _band(low: float, high: float) -> str:
    # Between negative numbers a hyphen would read as a sign.
    return f"{_short(low)}-{_short(high)}" if low >= 0 else f"{_short(low)} to {_short(high)}"


def _short(number: float) -> str | float:
    return number if np.isnan(number) else f"{number:.10g}"


def _many_groups(column: str, groups: pd.Series) -> list[Note]:
    n = groups.nunique()
    if n <= _MANY_GROUPS:
        return []
    return [Note(_STAGE, f"segment {column!r} has {n} different values: most groups will be too small to say much", n)]


def _tenure(sources: Sources, measured: Collection[str]) -> list[str]:
    if sources.customers is None:
        return []
    return [
        column
        for column in TENURE
        if column in sources.customers and column not in measured and _is_numeric(sources.customers[column])
    ]
