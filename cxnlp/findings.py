"""What the numbers say in words: a card for an association, a flag for what needs a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["DriverCard", "Flag"]


@dataclass(frozen=True, slots=True)
class DriverCard:
    """One association as a person reads it; the numbers are those of its row in the drivers table.

    ``finding``: what was seen, one plain sentence without a stop; ``adjusted``: what adjustment left of it.
    ``checks``: (check, 'passed', 'failed' or 'not done', what it found). ``evidence``: label -> number or words.
    ``raise_by``: what would raise the tier.
    """

    tier: str
    outcome: str
    topic_id: str
    topic_name: str
    stage: str
    polarity: str
    worse: bool
    vanished: bool
    """Adjusted for the controls, it does not stand out from chance."""
    finding: str
    adjusted: str
    why_not_higher: str
    raise_by: str
    checks: tuple[tuple[str, str, str], ...] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """The finding, what adjustment left of it, and how sure it is."""
        raised = f"What would raise it: {self.raise_by}" if self.raise_by else ""
        limits = " ".join(part for part in (self.why_not_higher, raised) if part)
        return f"{self.tier}: {self.finding}. {self.adjusted} {limits}".strip()


@dataclass(frozen=True, slots=True)
class Flag:
    """Something that needs a person.

    ``kind`` names the rule in flags.FLAGS; ``severity`` is high, medium or low; ``title`` one plain
    sentence; ``evidence`` label -> number or words; ``quotes`` what customers wrote, masked.
    """

    kind: str
    severity: str
    title: str
    detail: str
    topic_id: str | None = None
    stage: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    quotes: tuple[str, ...] = ()
    why_not_higher: str = ""
    raise_by: str = ""
    checks: tuple[tuple[str, str, str], ...] = ()
    """(check, 'passed', 'failed' or 'not done', what it found)."""
