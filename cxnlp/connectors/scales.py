"""Which score scale a column answers on: told by its name and the range of its answers together."""

from __future__ import annotations

from cxnlp.connectors.names import says
from cxnlp.connectors.profiles import Profile
from cxnlp.schema import SCALES

__all__ = ["scale_of"]

_IN_RANGE = 0.95
_BEYOND = 0.01
_SCALES_OF = {
    "recommending": ("nps",),
    "satisfaction": ("csat5", "csat7"),
    "ease": ("ces5", "ces7"),
    "effort": ("ces5-effort", "ces7-effort"),
    "stars": ("stars",),
}
"""Subject of a question -> scales it is asked on, narrow before wide; the first subject that fits decides."""

_SUBJECTS_OF_SENTENCES = ("recommending", "satisfaction")
"""Subjects also looked for in question texts; words of the others mean more than one thing there ('ces', 'note')."""


def scale_of(column: Profile) -> tuple[str, str] | None:
    """Scale of `column` and why, or None where name and answers do not both point to one.

    At least 95 % of the answers must be whole numbers on the scale, and less than 1 % between its top
    and 10, which would speak for a ten-point scale. Among scales of one subject the narrowest wins that
    holds every answer the widest one holds.
    """
    subject = next((subject for subject in _SCALES_OF if _asks(column, subject)), None)
    if subject is None or column.is_empty or column.answered < _IN_RANGE:
        return None
    scale = _by_range(column, _SCALES_OF[subject])
    # A column of recommendations that stops at 5 may be yes/no or five points, unless it calls itself NPS.
    if scale is None or (scale == "nps" and column.answers.max() <= 5 and not says(column.name, "nps")):
        return None
    low, high = column.answers.min(), column.answers.max()
    who = repr(column.name) if says(column.name, subject) else f"the question {column.label[:80]!r}"
    return scale, f"{who} speaks of {subject}; whole numbers from {low:g} to {high:g} fit {scale}"


def _asks(column: Profile, subject: str) -> bool:
    if says(column.name, "no score"):
        return False
    return says(column.name, subject) or (subject in _SUBJECTS_OF_SENTENCES and says(column.label, subject))


def _by_range(column: Profile, scales: tuple[str, ...]) -> str | None:
    widest = SCALES[scales[-1]]
    on_scale = column.answers[column.answers.between(widest.low, widest.high) & (column.answers % 1 == 0)]
    beyond = column.answers.between(widest.high, 10, inclusive="right")
    if len(on_scale) < _IN_RANGE * len(column.answers) or beyond.mean() >= _BEYOND:
        return None
    return next(
        (name for name in scales if on_scale.between(SCALES[name].low, SCALES[name].high).all()),
        None,
    )
