"""What gets flagged, in which words, with which evidence; and what does not."""

from __future__ import annotations

import dataclasses
import inspect

import numpy as np
import pandas as pd
import pytest
from test_drivers_world import make_table, make_topics

from cxnlp import schema, wording
from cxnlp.config import DriversConfig
from cxnlp.drivers import find
from cxnlp.flags import FLAGS, SEVERITIES, raise_flags
from cxnlp.results import Drivers, Flag, Outcome, Table

CONFIG = DriversConfig(permutations=20, rank_bootstrap=0)
TOPICS = make_topics(["t0", "t1"])
METRICS = pd.DataFrame(columns=schema.names("metrics"))
NOTHING = Drivers(
    *(pd.DataFrame(columns=schema.names(name)) for name in ("drivers", "impact", "importance", "kano", "survival"))
)
FORBIDDEN = ("because", "cause", "leads to", "due to", "effect of")


def world(with_: float, without: float, n: int = 1200, **options: object) -> Table:
    """200 units mention t0 and have the outcome at one rate, the others at another; nobody mentions t1."""
    mentions = np.zeros((n, 2), dtype=bool)
    mentions[:200, 0] = True
    order = np.arange(n)
    bad = np.where(order < 200, order % 100 < 100 * with_, order % 100 < 100 * without)
    return make_table(mentions, {"churned": bad}, controls={"plan": np.resize(list("aab"), n)}, **options)  # type: ignore[arg-type]


def flags_of(table: Table) -> tuple[Flag, ...]:
    return raise_flags(table, TOPICS, METRICS, find(table, TOPICS, CONFIG), CONFIG)


def kinds(flags: tuple[Flag, ...]) -> list[str]:
    return [flag.kind for flag in flags]


@pytest.mark.parametrize("kind", FLAGS)
def test_every_rule_has_the_contract(kind: str) -> None:
    names = list(inspect.signature(FLAGS[kind]).parameters)
    assert names == ["table", "topics", "metrics", "drivers", "config"]
    assert FLAGS[kind].__doc__
    empty = make_table(np.zeros((0, 0)), {"churned": []})
    assert FLAGS[kind](empty, make_topics([]), METRICS, NOTHING, CONFIG) == []


def test_a_driver_is_flagged_with_all_its_evidence() -> None:
    (flag,) = flags_of(world(0.34, 0.12))
    assert (flag.kind, flag.severity, flag.topic_id, flag.stage) == ("churn_driver", "high", "t0", "purchase")
    assert flag.title == (
        "Customers who complain about “name of t0” in the purchase stage have the outcome “churned” more often: "
        "34 of 100, against 12 of 100 of the others"
    )
    assert "associated with" in flag.detail
    assert "After adjustment for plan, the difference is +22.0 points" in flag.detail
    assert flag.evidence["tier"] == "PROBABLE"
    assert (flag.evidence["mentions"], flag.evidence["bad outcomes among mentions"]) == (200, 68)
    assert flag.evidence["risk difference"].startswith("+22.0 points (95 % interval +15.")
    expected = {"outcome", "polarity", "q", "q, adjusted", "risk ratio", "E-value", "topic stability", "adjusted for"}
    assert expected | {"smallest risk ratio these mentions could show"} <= set(flag.evidence)
    assert "audit" in flag.why_not_higher


def test_no_flag_speaks_of_causes() -> None:
    for flag in (*flags_of(world(0.34, 0.12)), *flags_of(world(0.02, 0.2))):
        words = f"{flag.title} {flag.detail} {flag.why_not_higher}".lower()
        assert not any(word in words for word in FORBIDDEN)


def test_the_attributable_share_is_miettinens() -> None:
    flag = flags_of(dataclasses.replace(world(0.3, 0.1), controls=()))[0]
    # 60 of 160 bad outcomes mention it, RR 3: at most 60/160 * 2/3 = 25 %.
    assert flag.evidence["share of bad outcomes that go with it, at most (as tagged)"].startswith(
        "25 % (95 % interval "
    )


def test_what_goes_with_staying_is_protective_and_never_urgent() -> None:
    (flag,) = flags_of(world(0.04, 0.2, polarity="positive"))
    assert (flag.kind, flag.severity) == ("protective", "medium")
    assert "speak well of “name of t0”" in flag.title
    assert "less often: 4 of 100, against 20 of 100" in flag.title
    assert "share of bad outcomes that go with it, at most (as tagged)" not in flag.evidence


def test_one_flag_per_topic_from_its_strongest_test() -> None:
    table = world(0.34, 0.12)
    stage = np.resize(["purchase", "retention"], 200)
    flags = flags_of(dataclasses.replace(table, statements=table.statements.assign(stage=stage)))
    assert kinds(flags) == ["churn_driver"]


def test_severity_follows_tier_and_size() -> None:
    assert flags_of(dataclasses.replace(world(0.34, 0.12), controls=()))[0].severity == "medium"
    assert flags_of(world(0.34, 0.12))[0].severity == "high"


def test_null_data_raise_no_flag_and_none_that_speaks_of_too_few_data() -> None:
    """200 mentions can show a risk ratio of 2; that they show nothing and rule out nothing is no lack of power."""
    found = find(world(0.12, 0.12), TOPICS, CONFIG)
    assert set(found.table["tier"]) == {"INSUFFICIENT"}
    assert found.table["mde_rr"].max() < CONFIG.power_rr
    assert flags_of(world(0.12, 0.12)) == ()


def test_an_association_that_vanishes_with_adjustment_is_a_card_and_no_flag() -> None:
    """Of the new plan's customers half mention it and a third leave, whether they mention it or not."""
    order = np.arange(4000)
    new = order < 1000
    mentions = np.where(new, order % 2 == 0, order % 50 == 0)[:, None]
    bad = np.where(new, order % 6 < 2, order % 14 < 1)
    plan = np.where(new, "new", "old")
    table = make_table(mentions, {"churned": bad}, controls={"plan": plan})
    found = find(table, TOPICS, CONFIG)
    (card,) = found.cards
    assert (card.tier, card.vanished, card.worse) == ("WATCH", True, True)
    assert found.table["q"].iloc[0] < 1e-6 < 0.5 < found.table["q_adjusted"].iloc[0]
    assert kinds(flags_of(table)) == []
    unadjusted = flags_of(dataclasses.replace(table, controls=()))
    assert kinds(unadjusted) == ["churn_driver"]
    assert "Nothing was adjusted for." in unadjusted[0].detail


def test_a_single_stage_is_preferred_to_all_of_them_where_its_tier_is_as_good() -> None:
    """Said in two stages, 'all' has the most mentions; the stage says where to look."""
    mentions = np.zeros((4000, 2), dtype=bool)
    mentions[:600, 0] = True
    order = np.arange(4000)
    bad = np.where(order < 600, order % 100 < 34, order % 100 < 12)
    table = make_table(mentions, {"churned": bad}, controls={"plan": np.resize(list("aab"), 4000)})
    stage = np.where(np.arange(600) % 3 == 0, "retention", "purchase")
    table = dataclasses.replace(table, statements=table.statements.assign(stage=stage))
    found = find(table, TOPICS, CONFIG)
    assert found.table.head(3)[["stage", "tier"]].to_numpy().tolist()[0] == ["all", "PROBABLE"]
    (flag,) = flags_of(table)
    first = found.table[(found.table["stage"] != "all") & (found.table["tier"] == "PROBABLE")].iloc[0]
    assert flag.stage == first["stage"]
    assert f"in the {flag.stage} stage" in flag.title
    assert set(flag.quotes) <= set(table.statements.loc[stage == flag.stage, "text"])
    weaker = tuple(dataclasses.replace(card, tier="WATCH") if card.stage != "all" else card for card in found.cards)
    (broad,) = raise_flags(table, TOPICS, METRICS, dataclasses.replace(found, cards=weaker), CONFIG)
    assert broad.stage is None


def test_a_flag_carries_the_checks_and_what_would_raise_it() -> None:
    (flag,) = flags_of(world(0.34, 0.12))
    states = {check: state for check, state, _ in flag.checks}
    assert {check for check, state in states.items() if state == "passed"} == {
        "shuffled outcomes",
        "random topics",
        "random subsets",
        "both halves",
        "something unmeasured",
    }
    assert {state for check, state in states.items() if check in ("errors of the tags", "what came first")} == {
        "not done"
    }
    assert all(said for _, _, said in flag.checks)
    assert flag.raise_by.startswith("An audit of about ")


def test_a_score_that_falls_is_a_driver_of_the_worse_in_the_words_of_a_score() -> None:
    table = world(0.2, 0.2)
    nps = Outcome("nps_score", "score of nps", "nps", kind="score", scale=schema.SCALES["nps"])
    scores = np.where(np.arange(1200) < 200, 4.0, 8.0) + np.arange(1200) % 3 - 1
    scored = dataclasses.replace(table, outcomes=(nps,), units=table.units.assign(nps_score=scores))
    (flag,) = flags_of(scored)
    assert (flag.kind, flag.severity) == ("churn_driver", "high")
    assert flag.title.endswith("have a lower score of nps: 4.00 on average, against 8.00 among the others")
    assert {"mean with", "mean without", "answers at the bad end", "difference, adjusted"} <= set(flag.evidence)
    assert not {"risk ratio", "risk difference"} & set(flag.evidence)
    (better,) = flags_of(dataclasses.replace(scored, units=table.units.assign(nps_score=12 - scores)))
    assert (better.kind, better.severity) == ("protective", "medium")


def test_quotes_are_readable_distinct_and_independent_of_order() -> None:
    table = world(0.34, 0.12)
    text = table.statements["text"].copy()
    text[:3] = "We waited for three weeks and nobody answered"
    text[3] = "x" * 1_000_000
    text[4] = "bad"
    strength = table.statements["topic_strength"].where(table.statements.index >= 6, 1.0)
    statements = table.statements.assign(text=text, topic_strength=strength)
    quotes = flags_of(dataclasses.replace(table, statements=statements))[0].quotes
    assert len(quotes) == len(set(quotes)) == 3
    assert "We waited for three weeks and nobody answered" in quotes
    assert all(20 <= len(quote) <= 200 for quote in quotes)
    turned = dataclasses.replace(table, statements=statements.iloc[::-1].reset_index(drop=True))
    assert flags_of(turned)[0].quotes == quotes


def test_short_statements_are_quoted_where_there_are_no_longer_ones() -> None:
    table = world(0.34, 0.12)
    short = [f"slow 😡 {number % 7}" for number in range(200)]
    assert len(flags_of(dataclasses.replace(table, statements=table.statements.assign(text=short)))[0].quotes) == 3


def test_many_statements_without_a_topic() -> None:
    table = world(0.12, 0.12)
    topic = table.statements["topic_id"].astype(object)
    few = dataclasses.replace(
        table, statements=table.statements.assign(topic_id=topic.where(np.arange(200) >= 20, None))
    )
    assert "many_unassigned" not in kinds(flags_of(few))
    many = dataclasses.replace(
        table, statements=table.statements.assign(topic_id=topic.where(np.arange(200) >= 80, None))
    )
    flag = next(flag for flag in flags_of(many) if flag.kind == "many_unassigned")
    assert flag.title == "40 % of the statements belong to no topic"
    assert (flag.severity, flag.evidence["without a topic"]) == ("medium", 80)


def test_many_comments_that_were_not_scored() -> None:
    table = world(0.12, 0.12)
    status = np.where(np.arange(1200) < 240, "ok", "ok").astype(object)
    status[:200], status[200:300] = "empty", "junk"
    flag = next(
        flag
        for flag in flags_of(dataclasses.replace(table, comments=table.comments.assign(status=status)))
        if flag.kind == "many_unscored"
    )
    assert flag.title == "25 % of the comments could not be scored"
    assert (flag.evidence["empty"], flag.evidence["without content"]) == (200, 100)
    status[:100] = "ok"
    assert "many_unscored" not in kinds(
        flags_of(dataclasses.replace(table, comments=table.comments.assign(status=status)))
    )


def test_too_few_data_for_any_test() -> None:
    mentions = np.zeros((100, 2), dtype=bool)
    mentions[:8, 0] = True
    (flag,) = flags_of(make_table(mentions, {"churned": np.arange(100) % 4 == 0}))
    assert (flag.kind, flag.evidence["most mentions of any test"]) == ("low_power", 8)
    assert "8 mentions could not show a risk ratio of 2" in flag.why_not_higher
    assert "more mentions" in flag.raise_by


def test_commenters_unlike_the_rest() -> None:
    table = world(0.2, 0.2)
    silent = table.units["unit"] >= 600
    units = table.units.assign(n_comments=np.where(silent, 0, 1))
    comments = table.comments.assign(status=np.where(silent, "empty", "ok"))
    quiet = dataclasses.replace(table, units=units, comments=comments)
    assert "commenters_differ" not in kinds(flags_of(quiet))
    left = units.assign(churned=units["churned"].where(~silent, units["unit"] % 20 == 0))
    flag = next(flag for flag in flags_of(dataclasses.replace(quiet, units=left)) if flag.kind == "commenters_differ")
    assert "20 of 100 have the outcome “churned”, against 5 of 100 of those who say nothing" in flag.title
    assert (flag.evidence["customers who comment"], flag.evidence["customers who do not"]) == (600, 600)


def test_whoever_commented_too_late_is_not_silent() -> None:
    table = world(0.2, 0.2)
    late = table.units["unit"] >= 600
    units = table.units.assign(n_comments=np.where(late, 0, 1), churned=late.astype("boolean"))
    assert "commenters_differ" not in kinds(flags_of(dataclasses.replace(table, units=units)))


def test_an_outcome_that_nothing_could_be_tested_against_is_said() -> None:
    table = make_table(np.ones((100, 1), dtype=bool), {"churned": np.arange(100) % 4 == 0})
    too_late = dataclasses.replace(table, statements=table.statements.assign(in_window=False))
    (flag,) = flags_of(too_late)
    assert (flag.kind, flag.title) == ("low_power", "No topic could be tested against an outcome")


def test_stages_that_disagree() -> None:
    table = world(0.12, 0.12)
    given = table.statements.assign(
        stage_source="data", stage_model=np.resize(["purchase", "retention", "advocacy"], 200)
    )
    flag = next(
        flag for flag in flags_of(dataclasses.replace(table, statements=given)) if flag.kind == "stages_disagree"
    )
    assert "agree in only 34 %" in flag.title
    agreed = given.assign(stage_model="purchase")
    assert "stages_disagree" not in kinds(flags_of(dataclasses.replace(table, statements=agreed)))


def test_the_most_severe_come_first() -> None:
    table = world(0.34, 0.12)
    comments = table.comments.assign(status=np.resize(["ok", "ok", "junk"], 1200))
    severities = [SEVERITIES.index(flag.severity) for flag in flags_of(dataclasses.replace(table, comments=comments))]
    assert len(severities) == 2
    assert severities == sorted(severities)


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        ((0.34, 0.12), ("34 of 100", "12 of 100")),
        ((0.123, 0.119), ("123 of 1,000", "119 of 1,000")),
        ((0.0, 0.2), ("0 of 100", "20 of 100")),
        ((0.002, 0.2), ("2 of 1,000", "200 of 1,000")),
        ((0.5, 0.5), ("5,000 of 10,000", "5,000 of 10,000")),
    ],
)
def test_rates_as_natural_frequencies(rates: tuple[float, float], expected: tuple[str, str]) -> None:
    assert wording.out_of(*rates) == expected


def test_a_difference_that_was_not_estimated_says_so() -> None:
    nan = float("nan")
    assert wording.interval(nan, nan, nan) == "not estimated"
