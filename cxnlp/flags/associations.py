"""Topics that go with the outcome: one flag per topic, from its strongest test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cxnlp.config import DriversConfig
from cxnlp.flags import wording
from cxnlp.results import Drivers, Flag, Table, Topics

__all__ = ["churn_driver", "protective"]

_SHOWN = ("CONFIRMED", "PROBABLE", "WATCH")
_VERBS = {"negative": "complain about", "positive": "speak well of"}
_QUOTES = 3
_QUOTE_LENGTH = (20, 200)

_Row = Mapping[str, Any]


def churn_driver(
    table: Table, topics: Topics, metrics: pd.DataFrame, drivers: Drivers, config: DriversConfig
) -> list[Flag]:
    """Topics whose mention is associated with more of the bad outcome, tier WATCH or better."""
    return [
        _flag(table, row, "churn_driver", _severity(row, config), "more often")
        for row in _strongest(drivers, direction=1)
    ]


def protective(
    table: Table, topics: Topics, metrics: pd.DataFrame, drivers: Drivers, config: DriversConfig
) -> list[Flag]:
    """Topics whose mention is associated with less of the bad outcome: what may keep customers.

    Never of high severity: nothing is lost by looking at it tomorrow.
    """
    return [
        _flag(table, row, "protective", "low" if row["tier"] == "WATCH" else "medium", "less often")
        for row in _strongest(drivers, direction=-1)
    ]


def _strongest(drivers: Drivers, direction: int) -> list[_Row]:
    """One row per topic: the drivers table is sorted by tier, then by size, so the first one is the strongest."""
    shown = drivers.table[drivers.table["tier"].isin(_SHOWN) & (np.sign(drivers.table["rd"]) == direction)]
    return shown.drop_duplicates("topic_id").to_dict("records")


def _severity(row: _Row, config: DriversConfig) -> str:
    """By tier, and one step higher from twice the smallest difference that matters in practice."""
    large = _size(row) >= 2 * config.practical_rd
    if row["tier"] == "WATCH":
        return "medium" if large else "low"
    return "high" if large else "medium"


def _size(row: _Row) -> float:
    return abs(row["rd"] if np.isnan(row["rd_adjusted"]) else row["rd_adjusted"])


def _flag(table: Table, row: _Row, kind: str, severity: str, how_often: str) -> Flag:
    label = next((outcome.label for outcome in table.outcomes if outcome.name == row["outcome"]), row["outcome"])
    place = "" if row["stage"] == "all" else f" in the {row['stage']} stage"
    who = f"{table.unit_name.capitalize()}s {'who' if table.unit_name == 'customer' else 'that'}"
    what = f"{_VERBS[row['polarity']]} “{row['topic_name']}”{place}"
    with_, without = wording.out_of(row["rate_with"], row["rate_without"])
    return Flag(
        kind=kind,
        severity=severity,
        title=f"{who} {what} have the outcome “{label}” {how_often}: {with_}, against {without} of the others",
        detail=_detail(row),
        topic_id=row["topic_id"],
        stage=None if row["stage"] == "all" else row["stage"],
        evidence=_evidence(row),
        quotes=_quotes(table.statements, row),
        why_not_higher=row["why_not_higher"],
    )


def _detail(row: _Row) -> str:
    if np.isnan(row["rd_adjusted"]):
        adjusted = f"There is no adjusted estimate ({row['estimator']})."
    elif row["controls"] == "none":
        adjusted = "Nothing was adjusted for."
    else:
        adjusted = (
            f"After adjustment for {row['controls']}, the difference is "
            f"{wording.interval(row['rd_adjusted'], row['rd_adjusted_low'], row['rd_adjusted_high'])}."
        )
    return f"The topic is associated with the outcome, which does not prove that it is the reason. {adjusted}"


def _evidence(row: _Row) -> dict[str, Any]:
    evidence = {
        "tier": row["tier"],
        "outcome": row["outcome"],
        "polarity": row["polarity"],
        "units with a known outcome": int(row["n"]),
        "bad outcomes": int(row["events"]),
        "mentions": int(row["n_mentions"]),
        "bad outcomes among mentions": int(row["events_mentions"]),
        "rate with": wording.share(row["rate_with"]),
        "rate without": wording.share(row["rate_without"]),
        "risk difference": wording.interval(row["rd"], row["rd_low"], row["rd_high"]),
        "risk ratio": wording.ratio(row["rr"], row["rr_low"], row["rr_high"]),
        "q": float(row["q"]),
        "risk difference, adjusted": wording.interval(
            row["rd_adjusted"], row["rd_adjusted_low"], row["rd_adjusted_high"]
        ),
        "q, adjusted": float(row["q_adjusted"]),
        "adjusted for": row["controls"],
        "smallest risk ratio these mentions could show": float(row["mde_rr"]),
        "E-value": float(row["e_value"]),
        "E-value of the interval's limit": float(row["e_value_low"]),
        "topic stability": float(row["topic_stability"]),
        "tags audited": "no",
    }
    if row["rd"] > 0 and row["rd_adjusted"] > 0:
        evidence["share of bad outcomes behind it, at most"] = wording.share(_attributable(row))
    return evidence


def _attributable(row: _Row) -> float:
    """Miettinen's share, P(T|Y=1) (RR - 1)/RR (1974, Am J Epidemiol 99:325-332), with the adjusted risk ratio.

    An upper bound of what would go away with the topic, since it takes the whole association for an effect.
    """
    rr = row["rr_adjusted"]
    return float(row["events_mentions"] / row["events"] * (rr - 1) / rr)


def _quotes(statements: pd.DataFrame, row: _Row) -> tuple[str, ...]:
    """What the mentions say, in the customers' words (personal data are masked already).

    The clearest statements that are neither too short nor too long to read, each from someone else and each different.
    """
    shortest, longest = _QUOTE_LENGTH
    mentions = (
        (statements["topic_id"] == row["topic_id"])
        & (statements["sentiment_label"] == row["polarity"])
        & statements["in_window"].fillna(False).astype(bool)
        & (statements["text"].str.len() <= longest)
    )
    if row["stage"] != "all":
        mentions &= statements["stage"] == row["stage"]
    said = statements.loc[mentions, ["unit", "text", "topic_strength"]]
    said = said.assign(short=said["text"].str.len() < shortest, same=said["text"].str.casefold())
    said = said.sort_values(["short", "topic_strength", "text", "unit"], ascending=[True, False, True, True])
    return tuple(said.drop_duplicates("same").drop_duplicates("unit")["text"].head(_QUOTES))
