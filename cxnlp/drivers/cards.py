"""What a person reads of one association: the finding in plain words, its checks, its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cxnlp import wording
from cxnlp.drivers.verdicts import verdicts
from cxnlp.results import DriverCard, Outcome

__all__ = ["SHOWN", "cards"]

SHOWN = ("CONFIRMED", "PROBABLE", "WATCH")
"""Tiers that get a card."""

_VERBS = {"negative": "complain about", "positive": "speak well of"}

_Row = Mapping[str, Any]


def cards(rows: pd.DataFrame, outcomes: Sequence[Outcome], unit_name: str, q: float) -> tuple[DriverCard, ...]:
    """A card per row of the `drivers` table of tier WATCH or better, in its order; ``q``: the false-discovery rate."""
    known = {outcome.name: outcome for outcome in outcomes}
    shown = rows[rows["tier"].isin(SHOWN)]
    return tuple(_card(row, known[row["outcome"]], unit_name, q) for row in _records(shown))


def _vanished(row: _Row, q: float) -> bool:
    """Adjustment, or setting the time before the mention apart, leaves nothing of it or turns it round."""
    if row["controls"] == "none":
        return False
    turned = bool(np.sign(row["rd"]) * np.sign(row["rd_adjusted"]) < 0)
    late = bool(np.isfinite(row["hr"]) and (row["hr"] - 1) * row["rd_adjusted"] < 0)
    return turned or late or bool(row["q_adjusted"] >= q)


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def _card(row: _Row, outcome: Outcome, unit_name: str, q: float) -> DriverCard:
    return DriverCard(
        tier=row["tier"],
        outcome=row["outcome"],
        topic_id=row["topic_id"],
        topic_name=row["topic_name"],
        stage=row["stage"],
        polarity=row["polarity"],
        worse=bool(row["worse"]),
        vanished=_vanished(row, q),
        finding=_finding(row, outcome, unit_name),
        adjusted=_adjusted(row),
        why_not_higher=row["why_not_higher"],
        raise_by=row["raise_by"],
        checks=tuple(verdicts(row)),
        evidence=_evidence(row, outcome),
    )


def _finding(row: _Row, outcome: Outcome, unit_name: str) -> str:
    """'Customers who complain about “delivery” have the outcome “churned” more often: 34 of 100, against 12 of 100'."""
    place = "" if row["stage"] == "all" else f" in the {row['stage']} stage"
    who = f"{unit_name.capitalize()}s {'who' if unit_name == 'customer' else 'that'}"
    what = f"{who} {_VERBS[row['polarity']]} “{row['topic_name']}”{place}"
    if outcome.kind == "event":
        with_, without = wording.out_of(row["rate_with"], row["rate_without"])
        often = "more often" if row["rd"] > 0 else "less often"
        return f"{what} have the outcome “{outcome.label}” {often}: {with_}, against {without} of the others"
    with_, without = wording.amount(row["rate_with"]), wording.amount(row["rate_without"])
    more = "higher" if row["rd"] > 0 else "lower"
    return f"{what} have a {more} {outcome.label}: {with_} on average, against {without} among the others"


def _adjusted(row: _Row) -> str:
    if np.isnan(row["rd_adjusted"]):
        return f"There is no adjusted estimate ({row['estimator']})."
    if row["controls"] == "none":
        return "Nothing was adjusted for."
    difference = wording.effect(row["rd_adjusted"], row["rd_adjusted_low"], row["rd_adjusted_high"], row["kind"])
    said = f"After adjustment for {row['controls']}, the difference is {difference}."
    if not np.isfinite(row["rd_corrected"]):
        return said
    return f"{said} With the errors of the tags that people found taken out, it is {_interval(row, 'rd_corrected')}."


def _evidence(row: _Row, outcome: Outcome) -> dict[str, Any]:
    """Every number that the finding rests on, in the order in which one would ask for it; missing ones are left out."""
    parts = (_counts(row), _unadjusted(row), _after_adjustment(row), _size(row), _trust(row))
    found = {"tier": row["tier"], "outcome": row["outcome"], "polarity": row["polarity"]}
    for part in parts:
        found |= {name: value for name, value in part.items() if not _missing(value)}
    return found | {"tags audited": f"yes, {int(row['n_gold']):,} labelled" if row["n_gold"] > 0 else "no"}


def _missing(value: Any) -> bool:
    return value in ("", "not estimated") or (isinstance(value, float) and np.isnan(value))


def _counts(row: _Row) -> dict[str, Any]:
    counts = {"units with a known outcome": int(row["n"]), "mentions": int(row["n_mentions"])}
    if row["kind"] == "amount":
        return counts
    at_end = "bad outcomes" if row["kind"] == "event" else "answers at the bad end"
    return counts | {at_end: int(row["events"]), f"{at_end} among mentions": int(row["events_mentions"])}


def _unadjusted(row: _Row) -> dict[str, Any]:
    event = row["kind"] == "event"
    say = wording.share if event else wording.amount
    return {
        "rate with" if event else "mean with": say(row["rate_with"]),
        "rate without" if event else "mean without": say(row["rate_without"]),
        "risk difference" if event else "difference": wording.effect(
            row["rd"], row["rd_low"], row["rd_high"], row["kind"]
        ),
        "risk ratio": wording.ratio(row["rr"], row["rr_low"], row["rr_high"]),
        "q": float(row["q"]),
    }


def _after_adjustment(row: _Row) -> dict[str, Any]:
    kind = row["kind"]
    difference = "risk difference" if kind == "event" else "difference"
    return {
        f"{difference}, adjusted": _interval(row, "rd_adjusted"),
        "odds ratio, adjusted": wording.ratio(row["or_adjusted"], row["or_adjusted_low"], row["or_adjusted_high"]),
        "q, adjusted": float(row["q_adjusted"]),
        "adjusted for": row["controls"],
        f"{difference}, drawn towards the other stages": _interval(row, "rd_shrunk") if row["stage"] != "all" else "",
        "hazard ratio from the mention on": wording.ratio(row["hr"], row["hr_low"], row["hr_high"]),
        f"{difference}, corrected for tagging errors": _interval(row, "rd_corrected"),
        "smallest risk ratio these mentions could show": float(row["mde_rr"]),
    }


def _interval(row: _Row, name: str) -> str:
    return wording.effect(row[name], row[f"{name}_low"], row[f"{name}_high"], row["kind"])


def _size(row: _Row) -> dict[str, Any]:
    found = {}
    if np.isfinite(row["paf"]):
        found["share of bad outcomes that go with it, at most (as tagged)"] = _shares(row, "paf")
    if np.isfinite(row["what_if"]):
        found["if the association held, without these mentions the overall figure would change by"] = _interval(
            row, "what_if"
        )
    if np.isfinite(row["revenue_at_risk"]):
        limits = (wording.amount(row[f"revenue_at_risk_{end}"]) for end in ("low", "high"))
        amounts = f"{wording.amount(row['revenue_at_risk'])} (95 % interval {' to '.join(limits)})"
        found["revenue at risk, if the association held"] = amounts
    return found


def _shares(row: _Row, name: str) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    limits = f" (95 % interval {100 * low:.0f} to {100 * high:.0f} %)" if np.isfinite(low) else ""
    return f"{wording.share(row[name])}{limits}"


def _trust(row: _Row) -> dict[str, Any]:
    return {
        "E-value": float(row["e_value"]),
        "E-value of the interval's limit": float(row["e_value_low"]),
        "precision of the tags": float(row["precision"]),
        "topic stability": float(row["topic_stability"]),
    }
