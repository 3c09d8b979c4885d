"""The tiers of evidence in words; the rules themselves live in the drivers room."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["TIERS", "Tier", "rank", "tier"]


@dataclass(frozen=True, slots=True)
class Tier:
    """``css`` is the badge's class, ``meaning`` one plain sentence."""

    name: str
    css: str
    meaning: str


TIERS: dict[str, Tier] = {
    tier.name: tier
    for tier in (
        Tier(
            "CONFIRMED",
            "strong",
            "Every check that decides passed: it also holds when corrected for the errors that people found in the "
            "tags, it is large enough to matter beyond doubt, and the comments came first.",
        ),
        Tier(
            "PROBABLE",
            "strong",
            "The association holds after adjustment, after correction for the number of tests, and in every attempt to "
            "refute it that decides. At most one is missing of: an audit of the tags, a stable topic, both halves of "
            "the data.",
        ),
        Tier(
            "WATCH",
            "watch",
            "There is an association after correction for the number of tests, but at least one stricter check fails.",
        ),
        Tier(
            "INSUFFICIENT",
            "faint",
            "The data are too few to tell. This does not mean that there is no effect.",
        ),
        Tier(
            "NOT SUPPORTED",
            "faint",
            "There were enough data, and a difference that would matter is ruled out.",
        ),
    )
}
"""From the strongest to none."""

_ORDER = {name: position for position, name in enumerate(TIERS)}


def tier(name: object) -> Tier:
    """The tier called `name`; a name that this page does not know is shown as it is."""
    return TIERS.get(str(name), Tier(str(name), "faint", ""))


def rank(name: object) -> int:
    """Position from the strongest tier, 0; unknown names last."""
    return _ORDER.get(str(name), len(_ORDER))
