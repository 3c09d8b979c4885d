"""Topics that go with an outcome: one flag per topic and direction, from its strongest driver card."""

from __future__ import annotations

import pandas as pd

from cxnlp.config import DriversConfig
from cxnlp.flags.quality import commenters_differ_on
from cxnlp.results import DriverCard, Drivers, Flag, Table, Topics

__all__ = ["churn_driver", "protective"]

_QUOTES = 3
_QUOTE_LENGTH = (20, 200)
_FIRM = ("CONFIRMED", "PROBABLE")


def churn_driver(
    table: Table, topics: Topics, metrics: pd.DataFrame, drivers: Drivers, config: DriversConfig
) -> list[Flag]:
    """Topics whose mention is associated with the worse outcome, tier WATCH or better."""
    return [
        _flag(table, card, "churn_driver", _severity(card, drivers, config)) for card in _strongest(drivers, worse=True)
    ]


def protective(
    table: Table, topics: Topics, metrics: pd.DataFrame, drivers: Drivers, config: DriversConfig
) -> list[Flag]:
    """Topics whose mention is associated with the better outcome: what may keep customers.

    Never of high severity: nothing is lost by looking at it tomorrow.
    """
    return [
        _flag(table, card, "protective", "medium" if card.tier in _FIRM else "low")
        for card in _strongest(drivers, worse=False)
    ]


def _strongest(drivers: Drivers, *, worse: bool) -> list[DriverCard]:
    """One card per topic, of its best tier; a single stage rather than all together, which says where to look.

    A card whose association vanished with adjustment is no finding: it stays in the drivers table.
    """
    first: dict[str, DriverCard] = {}
    for card in drivers.cards:
        if card.worse != worse or card.vanished:
            continue
        best = first.setdefault(card.topic_id, card)
        if best.stage == "all" and card.stage != "all" and (best.tier, best.outcome) == (card.tier, card.outcome):
            first[card.topic_id] = card
    return list(first.values())


def _severity(card: DriverCard, drivers: Drivers, config: DriversConfig) -> str:
    """By tier, and one step higher from twice the smallest difference that matters in practice."""
    large = _is_large(card, drivers, config)
    if card.tier in _FIRM:
        return "high" if large else "medium"
    return "medium" if large else "low"


def _is_large(card: DriverCard, drivers: Drivers, config: DriversConfig) -> bool:
    rows = drivers.table
    row = rows[
        (rows["outcome"] == card.outcome)
        & (rows["topic_id"] == card.topic_id)
        & (rows["stage"] == card.stage)
        & (rows["polarity"] == card.polarity)
    ].iloc[0]
    if row["kind"] != "event":
        return card.tier in _FIRM
    return bool(abs(row["rd"] if pd.isna(row["rd_adjusted"]) else row["rd_adjusted"]) >= 2 * config.practical_rd)


def _flag(table: Table, card: DriverCard, kind: str, severity: str) -> Flag:
    return Flag(
        kind=kind,
        severity=severity,
        title=card.finding,
        detail="The topic is associated with the outcome, which does not prove that it is the reason. "
        + card.adjusted
        + _silent(table, card),
        topic_id=card.topic_id,
        stage=None if card.stage == "all" else card.stage,
        evidence=card.evidence,
        quotes=_quotes(table.statements, card),
        why_not_higher=card.why_not_higher,
        raise_by=card.raise_by,
        checks=card.checks,
    )


def _silent(table: Table, card: DriverCard) -> str:
    """That those who wrote nothing fare otherwise, where they do: the finding may not hold for them."""
    outcome = next(one for one in table.outcomes if one.name == card.outcome)
    if outcome.kind != "event" or commenters_differ_on(table, outcome) is None:
        return ""
    return " Those who comment have this outcome at another rate than those who do not: it may not hold for all."


def _quotes(statements: pd.DataFrame, card: DriverCard) -> tuple[str, ...]:
    """What the mentions say, in the customers' words (personal data are masked already).

    The clearest statements that are neither too short nor too long to read, each from someone else and each different.
    """
    shortest, longest = _QUOTE_LENGTH
    mentions = (
        (statements["topic_id"] == card.topic_id)
        & (statements["sentiment_label"] == card.polarity)
        & statements["in_window"].fillna(False).astype(bool)
        & (statements["text"].str.len() <= longest)
    )
    if card.stage != "all":
        mentions &= statements["stage"] == card.stage
    said = statements.loc[mentions, ["unit", "text", "topic_strength"]]
    said = said.assign(short=said["text"].str.len() < shortest, same=said["text"].str.casefold())
    said = said.sort_values(["short", "topic_strength", "text", "unit"], ascending=[True, False, True, True])
    return tuple(said.drop_duplicates("same").drop_duplicates("unit")["text"].head(_QUOTES))
