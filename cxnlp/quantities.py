"""What comments are joined with: a score column and its scale, an outcome and what is bad about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cxnlp.scales import Scale

__all__ = ["Outcome", "ScoreColumn"]


@dataclass(frozen=True, slots=True)
class ScoreColumn:
    """A score: ``name`` is its column in the wide table (nps, csat, ces, csat_2...)."""

    name: str
    source: str
    scale: Scale


@dataclass(frozen=True, slots=True)
class Outcome:
    """What topics are tested against: ``name`` is a column of the units table.

    ``kind``: 'event' (nullable boolean, True where the bad thing happened), 'score' (float, the answer on its scale)
    or 'amount' (float, such as revenue).
    """

    name: str
    label: str
    """In words, for a sentence: 'churned', 'not recommended', 'is a detractor', 'score of nps', 'revenue'."""
    source: str
    derived: bool = False
    """True where cxnlp made it from a score because no outcome was named."""
    kind: Literal["event", "score", "amount"] = "event"
    better: Literal["high", "low"] = "high"
    """Which end of a score or an amount is the good one."""
    scale: Scale | None = None
    """Of a score."""
    stage: str | None = None
    """Of a conversion: the stage that the customer was to pass; what was said in later stages is not tested."""
