"""Second section: what needs a person, each with its evidence and its limits."""

from __future__ import annotations

from typing import Any

from cxnlp.report import words
from cxnlp.report.findings import lead
from cxnlp.report.tiers import TIERS, tier
from cxnlp.results import Evidence, Flag

__all__ = ["context"]

_UNFOLDED = 6
_SEVERITIES = ("high", "medium", "low")


def _said(name: str, value: Any) -> str:
    """Evidence in words; rooms give either words already or a bare number."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return "; ".join(str(item) for item in value)
    if not isinstance(value, int | float):
        return str(value)
    if name.split(",")[0] in ("p", "q"):
        return words.p_value(value)
    return words.count(value) if isinstance(value, int) else words.ratio(value)


def _card(evidence: Evidence, flag: Flag) -> dict[str, Any]:
    named = flag.evidence.get("tier")
    short = lead(evidence, flag)
    return {
        "flag": flag,
        "lead": short,
        "sentence": "" if short == flag.title else f"{flag.title}.",
        "tier": tier(named) if named else None,
        "checks": flag.checks,
        "passed": sum(state == "passed" for _, state, _ in flag.checks),
        "tried": sum(state != "not done" for _, state, _ in flag.checks),
        "table": [(str(name), _said(str(name), value)) for name, value in flag.evidence.items() if name != "tier"],
    }


def _nothing(evidence: Evidence) -> list[str]:
    """Why no flag was raised, as far as the tables tell."""
    if not (evidence.comments["status"] == "ok").any():
        return ["No comment could be scored."]
    if not evidence.outcomes:
        return [
            "The data name no outcome, such as a churn flag, and hold no score to make one of: there is nothing that a "
            "topic could go with. Name one with --churn, --outcome or --score."
        ]
    if evidence.topics.empty:
        return ["No topics were found, so there was nothing to test against the outcome."]
    counts, total = evidence.drivers["tier"].value_counts(), words.count(len(evidence.drivers))
    return [
        f"{words.count(int(counts[name]))} of {total} tests are {name}: {TIERS[name].meaning}"
        for name in TIERS
        if name in counts
    ] or ["No topic was mentioned often enough to be tested."]


def context(evidence: Evidence) -> dict[str, Any]:
    """A card per flag, the most severe first, or the reasons why there is none."""
    order = {name: position for position, name in enumerate(_SEVERITIES)}
    # A stable sort: equally severe flags stay in the order of their room.
    flags = sorted(evidence.flags, key=lambda flag: order.get(flag.severity, len(order)))
    cards = [_card(evidence, flag) for flag in flags]
    return {
        "cards": cards[:_UNFOLDED],
        "folded": cards[_UNFOLDED:],
        "nothing": [] if flags else _nothing(evidence),
    }
