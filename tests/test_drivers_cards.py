"""The words of a driver card: each kind of outcome in its own, every check listed, and no word of causes."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
import simulated_worlds as worlds
from test_drivers_world import CHURN, make_table, make_topics

from cxnlp import schema
from cxnlp.config import DriversConfig
from cxnlp.drivers import find
from cxnlp.drivers.cards import SHOWN, cards
from cxnlp.drivers.verdicts import CHECKS
from cxnlp.results import DriverCard, Drivers, Outcome

CONFIG = DriversConfig(permutations=20, rank_bootstrap=0)
NAN = float("nan")
NPS = Outcome("nps_score", "score of nps", "nps", kind="score", scale=schema.SCALES["nps"])
REVENUE = Outcome("revenue", "revenue", "revenue", kind="amount")
CAUSES = re.compile(r"\b(because|causes?|caused|due to|leads? to|drives?|effect of|results? in|makes? them)\b", re.I)


@pytest.fixture(scope="module")
def audited() -> Drivers:
    """A driver with everything: dates, accounts, revenue, an audit."""
    world = worlds.every_check(np.random.default_rng(3))
    table = world.table()
    outcomes = (*table.outcomes, REVENUE)
    gold = world.gold(table, 400, seed=1)
    return find(dataclasses.replace(table, outcomes=outcomes), world.topics(), CONFIG, gold=gold)


@pytest.fixture(scope="module")
def row(audited: Drivers) -> dict[str, Any]:
    """The row of the strongest association, to be changed."""
    return {str(name): value for name, value in audited.table.iloc[0].items()}


def card_of(row: dict[str, Any], outcome: Outcome = CHURN, unit_name: str = "customer", **change: Any) -> DriverCard:
    rows = pd.DataFrame([row | {"outcome": outcome.name, "kind": outcome.kind} | change])
    (card,) = cards(rows, (CHURN, NPS, REVENUE), unit_name, q=0.1)
    return card


SCORE = {"rd": -1.5, "rate_with": 6.1, "rate_without": 7.6, "rd_adjusted": -1.25}
SCORE |= {"rd_adjusted_low": -1.8, "rd_adjusted_high": -0.7}


@pytest.mark.parametrize(
    ("outcome", "unit", "change", "words"),
    [
        (
            CHURN,
            "customer",
            {"rate_with": 0.34, "rate_without": 0.12},
            "Customers who complain about “name of t0” have the outcome “churned” more often: "
            "34 of 100, against 12 of 100 of the others",
        ),
        (
            CHURN,
            "comment",
            {
                "rd": -0.18,
                "rate_with": 0.02,
                "rate_without": 0.2,
                "worse": False,
                "polarity": "positive",
                "stage": "purchase",
            },
            "Comments that speak well of “name of t0” in the purchase stage have the outcome “churned” less often: "
            "2 of 100, against 20 of 100 of the others",
        ),
        (
            NPS,
            "customer",
            SCORE,
            "Customers who complain about “name of t0” have a lower score of nps: "
            "6.10 on average, against 7.60 among the others",
        ),
        (
            NPS,
            "customer",
            SCORE | {"rd": 1.5, "rate_with": 9.1, "worse": False, "polarity": "positive"},
            "Customers who speak well of “name of t0” have a higher score of nps: "
            "9.10 on average, against 7.60 among the others",
        ),
        (
            REVENUE,
            "customer",
            {"rd": -210.0, "rate_with": 1004.2, "rate_without": 1214.2},
            "Customers who complain about “name of t0” have a lower revenue: "
            "1,004 on average, against 1,214 among the others",
        ),
    ],
)
def test_each_kind_of_outcome_has_its_own_words(
    row: dict[str, Any], outcome: Outcome, unit: str, change: dict[str, Any], words: str
) -> None:
    assert card_of(row, outcome, unit, **change).finding == words


@pytest.mark.parametrize(
    ("outcome", "change", "words"),
    [
        (
            CHURN,
            {"rd_adjusted": 0.1, "rd_adjusted_low": 0.04, "rd_adjusted_high": 0.16},
            "After adjustment for plan, country, the difference is +10.0 points (95 % interval +4.0 to +16.0). "
            "With the errors of the tags that people found taken out, it is +15.6 points "
            "(95 % interval +7.0 to +24.1).",
        ),
        (
            NPS,
            SCORE | {"rd_corrected": np.nan},
            "After adjustment for plan, country, the difference is -1.25 (95 % interval -1.80 to -0.70).",
        ),
        (CHURN, {"controls": "none"}, "Nothing was adjusted for."),
        (
            CHURN,
            {"rd_adjusted": NAN, "estimator": "none: the controls determine who mentions it"},
            "There is no adjusted estimate (none: the controls determine who mentions it).",
        ),
    ],
)
def test_what_adjustment_left_of_it(row: dict[str, Any], outcome: Outcome, change: dict[str, Any], words: str) -> None:
    assert card_of(row, outcome, **change).adjusted == words


@pytest.mark.parametrize(
    ("change", "vanished"),
    [({"q_adjusted": 0.09}, False), ({"q_adjusted": 0.1}, True), ({"q_adjusted": 0.9, "controls": "none"}, False)],
)
def test_vanished_is_what_does_not_stand_out_after_adjustment(
    row: dict[str, Any], change: dict[str, Any], vanished: bool
) -> None:
    assert card_of(row, **change).vanished is vanished


def test_there_is_a_card_for_each_row_that_is_shown_in_its_order(audited: Drivers) -> None:
    shown = audited.table[audited.table["tier"].isin(SHOWN)]
    assert 2 <= len(shown) < len(audited.table)
    keys = ["outcome", "topic_id", "stage", "polarity", "tier", "why_not_higher", "raise_by", "topic_name", "worse"]
    expected = shown[keys].to_numpy().tolist()
    assert [[getattr(card, name) for name in keys] for card in audited.cards] == expected


def test_every_check_is_listed_and_what_it_found_is_said(audited: Drivers) -> None:
    for card in audited.cards:
        assert [check for check, _, _ in card.checks] == list(CHECKS)
        assert {state for _, state, _ in card.checks} <= {"passed", "failed", "not done"}
        assert not any("nan" in said.lower() for _, _, said in card.checks)
    said = {check: (state, words) for check, state, words in audited.cards[0].checks}
    assert said["errors of the tags"][0] == said["what came first"][0] == said["who comments"][0] == "passed"
    assert "corrected for tagging errors: +" in said["errors of the tags"][1]
    assert "hazard ratio from the first mention on: 2." in said["what came first"][1]


def test_a_failed_refutation_is_on_the_card_and_in_the_reason(audited: Drivers) -> None:
    failed = [
        (card, said)
        for card in audited.cards
        for check, state, said in card.checks
        if state == "failed" and check in ("shuffled outcomes", "random topics")
    ]
    assert failed
    for card, said in failed:
        assert card.tier == "WATCH"
        assert said in card.why_not_higher


def test_no_card_speaks_of_causes_or_of_missing_numbers(audited: Drivers) -> None:
    for card in audited.cards:
        words = " ".join((card.summary, *(" ".join(check) for check in card.checks), *map(str, card.evidence.items())))
        assert not CAUSES.search(words)
        assert "nan" not in re.split(r"\W+", words.lower())
        assert "not estimated" not in words


def test_the_evidence_has_every_number_that_there_is_and_leaves_out_the_rest(
    audited: Drivers, row: dict[str, Any]
) -> None:
    found = audited.cards[0].evidence
    assert found["mentions"] == row["n_mentions"]
    assert found["bad outcomes among mentions"] == row["events_mentions"]
    assert found["tags audited"] == f"yes, {row['n_gold']} labelled"
    names = {"risk ratio", "hazard ratio from the mention on", "risk difference, corrected for tagging errors"}
    names |= {
        "share of bad outcomes that go with it, at most (as tagged)",
        "revenue at risk, if the association held",
        "E-value",
    }
    names |= {"precision of the tags", "topic stability", "smallest risk ratio these mentions could show"}
    assert names <= set(found)
    bare = card_of(row, hr=NAN, rd_corrected=NAN, paf=NAN, revenue_at_risk=NAN, precision=NAN, n_gold=0).evidence
    assert set(found) - set(bare) == {
        "hazard ratio from the mention on",
        "risk difference, corrected for tagging errors",
        "share of bad outcomes that go with it, at most (as tagged)",
        "revenue at risk, if the association held",
        "precision of the tags",
    }
    assert bare["tags audited"] == "no"
    json.dumps(dict(found), allow_nan=False)


def test_scores_and_amounts_have_means_and_no_ratios(row: dict[str, Any]) -> None:
    score = card_of(row, NPS, **SCORE, rr=NAN, mde_rr=NAN).evidence
    assert {"mean with", "mean without", "difference", "difference, adjusted", "answers at the bad end"} <= set(score)
    assert not {"rate with", "risk difference", "risk ratio", "smallest risk ratio these mentions could show"} & {
        *score
    }
    amount = card_of(row, REVENUE, **SCORE, rr=NAN, mde_rr=NAN).evidence
    assert not {"bad outcomes", "answers at the bad end"} & set(amount)


def test_the_summary_says_tier_finding_adjustment_and_limits_in_that_order() -> None:
    table = make_table(
        np.arange(1200)[:, None] < 200,
        {"churned": np.where(np.arange(1200) < 200, np.arange(1200) % 3 == 0, np.arange(1200) % 10 == 0)},
        controls={"plan": np.resize(list("aab"), 1200)},
    )
    (card,) = find(table, make_topics(["t0"]), CONFIG).cards
    parts = (f"PROBABLE: {card.finding}. {card.adjusted}", "Not CONFIRMED:", "What would raise it: An audit of about")
    places = [card.summary.index(part) for part in parts]
    assert places == sorted(places)
    assert places[0] == 0
    certain = dataclasses.replace(card, why_not_higher="", raise_by="", tier="CONFIRMED")
    assert certain.summary == f"CONFIRMED: {card.finding}. {card.adjusted}"
