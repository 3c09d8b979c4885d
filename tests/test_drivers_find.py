"""What `find` makes of tables: the family of tests, controls, small and odd inputs, and row order."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pandas as pd
import pytest
import simulated_worlds as worlds
from scipy.special import expit
from statsmodels.stats.multitest import multipletests
from test_drivers_world import make_table, make_topics

from cxnlp import schema
from cxnlp.config import DriversConfig
from cxnlp.drivers import TIERS, find
from cxnlp.drivers.controls import MISSING, OTHER, design, levels
from cxnlp.results import Drivers, Gold, Outcome, Table

CONFIG = DriversConfig(permutations=20, rank_bootstrap=20)
REVENUE = Outcome("revenue", "revenue", "revenue", kind="amount")
KEY = ["outcome", "topic_id", "stage", "polarity"]


def world(n: int = 1500, seed: int = 0, **options: object) -> Table:
    rng = np.random.default_rng(seed)
    tenure, plan = rng.exponential(20, n), rng.choice(["basic", "plus", "gold"], n)
    mentions = rng.random((n, 4)) < np.array([0.1, 0.15, 0.05, 0.02])
    bad = rng.random(n) < expit(-2 - 0.02 * tenure + 1.2 * mentions[:, 0])
    return make_table(
        mentions,
        {"churned": bad},
        controls={"tenure_days": tenure, "plan": plan},
        scores={"nps": rng.integers(0, 11, n), "csat5": rng.integers(1, 6, n)},
        **options,  # type: ignore[arg-type]
    )


def run(table: Table) -> Drivers:
    return find(table, make_topics(["t0", "t1", "t2", "t3"]), CONFIG)


@pytest.fixture(scope="module")
def full() -> worlds.World:
    return worlds.every_check(np.random.default_rng(3))


@pytest.fixture(scope="module")
def table(full: worlds.World) -> Table:
    """A driver, dates, accounts, an event, a score, an amount, several stages, silent customers."""
    return with_revenue(full.table())


@pytest.fixture(scope="module")
def audit(full: worlds.World, table: Table) -> Gold:
    return full.gold(table, 400, seed=1)


@pytest.fixture(scope="module")
def everything(full: worlds.World, table: Table, audit: Gold) -> Drivers:
    return find(table, full.topics(), CONFIG, gold=audit)


def with_revenue(table: Table) -> Table:
    return dataclasses.replace(table, outcomes=(*table.outcomes, REVENUE))


def same(here: Drivers, there: Drivers) -> None:
    for name in ("table", "impact", "importance", "kano", "survival", "prevalence"):
        pd.testing.assert_frame_equal(getattr(here, name), getattr(there, name), check_exact=True)
    assert here.cards == there.cards
    assert here.notes == there.notes


@pytest.mark.parametrize("customers", [True, False])
def test_the_order_of_rows_changes_nothing(customers: bool) -> None:
    here = run(world(customers=customers))
    assert here.cards
    same(here, run(world(customers=customers, order=np.random.default_rng(9).permutation(1500))))


def test_the_order_of_rows_changes_nothing_of_all_that_can_be_said(full: worlds.World, everything: Drivers) -> None:
    """Dates, clusters, an audit, silent customers, three kinds of outcome: every table, every card, every note."""
    order = np.random.default_rng(9).permutation(len(full.people))
    shuffled = with_revenue(full.table(order))
    same(everything, find(shuffled, full.topics(), CONFIG, gold=full.gold(shuffled, 400, seed=1)))


def test_the_tables_are_as_declared_and_in_the_order_in_which_they_are_read(everything: Drivers) -> None:
    for name in ("impact", "importance", "kano", "survival", "prevalence"):
        assert list(getattr(everything, name).columns) == schema.names(name)
        assert len(getattr(everything, name))
    found = everything.table
    assert list(found.columns) == schema.names("drivers")
    kinds = ["event", "score", "amount"]
    places = [(TIERS.index(row.tier), kinds.index(row.kind)) for row in found.itertuples()]
    assert places == sorted(places)
    assert len(set(places)) > 4
    for _, alike in found.groupby(["tier", "kind"]):
        low, high = alike["rd_shrunk_low"], alike["rd_shrunk_high"]
        sure = np.where(low > 0, low, np.where(high < 0, -high, 0.0)).round(12)
        assert (np.diff(sure[np.isfinite(low)]) <= 0).all()
        assert not np.isfinite(low)[np.argmax(~np.isfinite(low)) :].any() or np.isfinite(low).all()
    first = found.iloc[0]
    assert (first["topic_id"], first["tier"], first["controls"]) == ("t0", "CONFIRMED", "plan, country")
    assert set(everything.impact["subject"]) == {"nps"}


def test_a_stage_that_holds_the_whole_topic_replaces_all() -> None:
    table = world()
    assert set(run(table).table["stage"]) == {"purchase"}
    assert set(run(dataclasses.replace(table, statements=table.statements.assign(stage=None))).table["stage"]) == {
        "all"
    }


def test_the_family_has_all_and_each_stage_with_five_mentions() -> None:
    mentions = np.zeros((200, 1), dtype=bool)
    mentions[:50] = True
    table = make_table(mentions, {"churned": np.arange(200) % 3 == 0})
    stage = np.repeat(["purchase", "retention", "advocacy", "none"], [30, 12, 4, 4]).astype(object)
    stage[stage == "none"] = None
    table = dataclasses.replace(table, statements=table.statements.assign(stage=stage))
    found = run(table)
    assert found.table.set_index("stage")["n_mentions"].to_dict() == {"all": 50, "purchase": 30, "retention": 12}
    assert any("fewer than 5 mentions" in note.message and note.count == 1 for note in found.notes)


def test_polarities_are_tested_apart_and_neutral_ones_not() -> None:
    table = world()
    label = np.resize(["negative", "positive", "neutral"], len(table.statements))
    found = run(dataclasses.replace(table, statements=table.statements.assign(sentiment_label=label)))
    assert set(found.table["polarity"]) == {"negative", "positive"}
    assert found.table["n_mentions"].sum() == (label != "neutral").sum()


def test_what_is_outside_the_window_or_unknown_does_not_enter() -> None:
    mentions = np.ones((100, 1), dtype=bool)
    mentions[60:] = False
    outcome: list[object] = [index % 2 == 0 for index in range(100)]
    outcome[0] = outcome[1] = None
    table = make_table(mentions, {"churned": outcome})
    table.statements.loc[table.statements["unit"] < 10, "in_window"] = False
    table.units.loc[table.units["unit"] >= 90, "n_comments"] = 0
    row = run(table).table.iloc[0]
    assert (row["n"], row["events"], row["n_mentions"]) == (88, 44, 50)


def test_q_counts_every_test_of_the_run() -> None:
    table = world()
    alone = run(table).table
    again = table.units.assign(again=table.units["churned"])
    outcomes = (*table.outcomes, dataclasses.replace(table.outcomes[0], name="again"))
    both = run(dataclasses.replace(table, units=again, outcomes=outcomes)).table
    assert len(both) == 2 * len(alone)
    assert both["q"].max() == pytest.approx(alone["q"].max())
    assert (both["q"] >= both["p"]).all()


@pytest.mark.parametrize(("p", "q"), [("p", "q"), ("p_adjusted", "q_adjusted")])
def test_events_scores_and_amounts_are_one_family(everything: Drivers, p: str, q: str) -> None:
    found = everything.table
    assert found.groupby("kind").size().to_dict() == {"event": 12, "score": 12, "amount": 12}
    known = found[p].notna()
    assert known.sum() > 30
    expected = multipletests(found.loc[known, p], method="fdr_bh")[1]
    np.testing.assert_allclose(found.loc[known, q], expected, rtol=1e-12)
    assert found.loc[~known, q].isna().all()


def test_each_kind_of_outcome_fills_the_columns_that_it_can(everything: Drivers) -> None:
    """Of t0 over all stages, which has everything that there is to have."""
    of = everything.table.query("topic_id == 't0' and stage == 'all'").set_index("kind")
    always = ["rd_low", "p", "q", "rd_adjusted_high", "q_adjusted", "mde", "e_value", "permuted_p", "random_topic_p"]
    always += ["subset_share", "weighted_rd", "weighted_low", "sensitivity", "specificity", "precision", "what_if_low"]
    assert of[always].notna().all(axis=None)
    events = ["rr", "odds_ratio", "rr_adjusted", "or_mh", "mde_rr", "hr", "logrank_p", "hr_changes_p", "paf_high"]
    events += ["revenue_at_risk_low"]
    assert of.loc["event", events].notna().all()
    assert of.loc[["score", "amount"], events].isna().all(axis=None)
    assert of["or_adjusted"].notna().to_dict() == {"event": True, "score": True, "amount": False}
    assert (of["events"] > 0).to_dict() == {"event": True, "score": True, "amount": False}
    assert of["worse"].to_dict() == {"event": True, "score": True, "amount": True}
    assert of.loc["event", "rd"] > 0 > of.loc["score", "rd"]
    assert of["estimator"].str.endswith("90 clusters").all()


def test_dates_of_leaving_give_hazard_ratios_and_curves_of_what_is_shown(everything: Drivers) -> None:
    churned = everything.table[everything.table["outcome"] == "churned"]
    enough = churned[churned["n_mentions"] >= 50]
    assert enough["hr"].between(0.2, 4).all()
    assert (enough["hr_low"] < enough["hr"]).all()
    shown = churned[churned["tier"].isin(["CONFIRMED", "PROBABLE", "WATCH"])]
    curves = everything.survival
    assert set(map(tuple, curves[KEY].drop_duplicates().to_numpy())) == set(map(tuple, shown[KEY].to_numpy()[:3]))
    assert set(curves["group"]) == {"mentioned", "others"}
    assert curves["share"].between(0, 1).all()
    last = curves[curves["stage"] == "all"].groupby("group")["share"].last()
    assert last["mentioned"] < last["others"]


def test_without_dates_of_leaving_time_is_silent_and_nothing_is_confirmed(full: worlds.World, table: Table) -> None:
    undated = dataclasses.replace(table, units=table.units.drop(columns=["left_at", "observed_from", "observed_until"]))
    found = find(undated, full.topics(), CONFIG, gold=full.gold(table, 400, seed=1))
    assert found.survival.empty
    assert found.table[["hr", "hr_p", "logrank_p"]].isna().all(axis=None)
    first = found.table.iloc[0]
    assert (first["topic_id"], first["tier"]) == ("t0", "PROBABLE")
    assert "not known that the comments came before" in first["why_not_higher"]


def test_an_audit_corrects_what_it_can_and_without_one_nothing_is_corrected(
    full: worlds.World, table: Table, audit: Gold, everything: Drivers
) -> None:
    known = audit.units["unit"].isin(table.units.loc[table.units["n_comments"] >= 1, "unit"])
    assert set(everything.table["n_gold"]) == {known.sum()}
    corrected = everything.table.set_index(KEY).loc[("churned", "t0", "all", "negative")]
    assert corrected["rd_corrected_low"] < full.effect < corrected["rd_corrected_high"]
    assert 0.7 < corrected["precision"] < 1
    alone = find(table, full.topics(), CONFIG).table
    assert set(alone["n_gold"]) == {0}
    assert alone[["rd_corrected", "sensitivity", "specificity", "precision"]].isna().all(axis=None)
    first = alone.iloc[0]
    assert (first["tier"], first["why_not_higher"]) == ("PROBABLE", "Not CONFIRMED: the tags were not audited.")
    assert first["raise_by"].startswith("An audit of about ")


def test_clusters_widen_and_are_named(full: worlds.World, table: Table) -> None:
    """Everyone twice, and both in one cluster: nothing more is known than of everyone once."""
    once = dataclasses.replace(table, units=table.units.drop(columns=["cluster", "left_at"]))
    single = find(once, full.topics(), CONFIG).table.set_index(KEY)
    both = dataclasses.replace(twice(once), outcomes=once.outcomes)
    naive = find(both, full.topics(), CONFIG).table.set_index(KEY).loc[single.index]
    pairs = both.units.assign(cluster=both.units["customer_id"].str.removesuffix(" again"))
    clustered = find(dataclasses.replace(both, units=pairs), full.topics(), CONFIG).table.set_index(KEY)
    widths = [
        (frame["rd_adjusted_high"] - frame["rd_adjusted_low"]).loc[single.index[single["n_mentions"] >= 60]]
        for frame in (single, naive, clustered)
    ]
    np.testing.assert_allclose(widths[1] / widths[0], np.sqrt(0.5), rtol=0.03)
    np.testing.assert_allclose(widths[2] / widths[0], 1, rtol=0.1)
    assert clustered["estimator"].str.contains("clusters").all()


def twice(table: Table) -> Table:
    """Every unit again under another name, with all that it said."""
    shift, rows = len(table.units), len(table.comments)
    units = table.units.assign(unit=table.units["unit"] + shift, customer_id=table.units["customer_id"] + " again")
    statements = table.statements.assign(
        unit=table.statements["unit"] + shift,
        row=table.statements["row"] + rows,
        statement_id=table.statements["statement_id"] + len(table.statements),
    )
    comments = table.comments.assign(unit=table.comments["unit"] + shift)
    return dataclasses.replace(
        table,
        units=pd.concat([table.units, units], ignore_index=True),
        statements=pd.concat([table.statements, statements], ignore_index=True),
        comments=pd.concat([table.comments, comments], ignore_index=True),
    )


def test_silent_customers_are_weighed_for_and_counted(full: worlds.World, table: Table, everything: Drivers) -> None:
    silent = int((table.units["n_comments"] == 0).sum())
    assert silent > 100
    assert [note.count for note in everything.notes if "customers said nothing" in note.message] == [silent]
    spoke = table.units[table.units["n_comments"] >= 1]
    alone = find(dataclasses.replace(table, units=spoke), full.topics(), CONFIG)
    assert alone.table[["weighted_rd", "weighted_low", "weighted_high"]].isna().all(axis=None)
    pd.testing.assert_series_equal(alone.table["rd_adjusted"], everything.table["rd_adjusted"])


def test_importance_and_kano_have_a_row_per_topic_of_each_outcome(everything: Drivers) -> None:
    importance = everything.importance
    assert importance.groupby("outcome").size().to_dict() == {"churned": 4, "nps_score": 4, "revenue": 4}
    assert importance["topic_name"].str.startswith("name of ").all()
    assert importance.query("outcome == 'churned' and rank == 1")["topic_id"].tolist() == ["t0"]
    assert (importance["rank_low"] <= importance["rank"]).all()
    assert everything.kano["outcome"].unique().tolist() == ["nps_score"]
    assert everything.kano["topic_name"].tolist() == [f"name of t{number}" for number in range(4)]


def test_kano_classes_are_found_and_their_asymmetry_is_under_one_control(table: Table) -> None:
    rng = np.random.default_rng(0)
    n, topics = 3000, make_topics(["t0", "t1", "t2"])
    said = rng.integers(0, 6, (n, 3))  # 0: a complaint, 1: praise
    worth = np.array([[-2.5, 0.0], [0.0, 1.5], [-1.2, 1.2]])
    score = 5 + sum(np.select([said[:, k] == 0, said[:, k] == 1], worth[k], 0) for k in range(3)) + rng.normal(0, 1, n)
    made = make_table(said < 2, controls={"plan": rng.choice(list("ab"), n)})
    label = np.where(said[said < 2] == 0, "negative", "positive")
    nps = Outcome("nps_score", "score of nps", "nps", kind="score", scale=schema.SCALES["nps"])
    made = dataclasses.replace(
        made,
        outcomes=(nps,),
        units=made.units.assign(nps_score=np.clip(np.round(score), 0, 10)),
        statements=made.statements.assign(sentiment_label=label),
    )
    found = find(made, topics, CONFIG)
    kano = found.kano.set_index("topic_id")
    assert kano["kano_class"].to_dict() == {"t0": "basic", "t1": "excitement", "t2": "performance"}
    np.testing.assert_allclose(kano["q"], multipletests(kano["p"], method="fdr_bh")[1])
    assert (found.table["tier"] == "PROBABLE").sum() >= 4
    assert found.table.query("topic_id == 't0' and polarity == 'negative'")["worse"].all()
    assert not found.table.query("topic_id == 't1' and polarity == 'positive'")["worse"].any()


def later_stages(rng: np.random.Generator, n: int = 3000) -> Table:
    """Who goes on from 'purchase' does so at random; in 'retention' only they can speak, and some say nothing else."""
    gone, only_later = rng.random(n) < 0.4, rng.random(n) < 0.3
    speaks = np.column_stack([rng.random(n) < 0.15, (rng.random(n) < 0.5) & ~gone, np.ones(n, dtype=bool)])
    speaks[only_later & ~gone] = [False, True, False]
    made = make_table(speaks, {"not_converted_purchase": gone}, controls={"plan": rng.choice(list("ab"), n)})
    topic = made.statements["topic_id"].map({"t0": "t0", "t1": "t0"})
    stage = np.where(made.statements["topic_id"] == "t1", "retention", "purchase")
    conversion = Outcome("not_converted_purchase", "did not go on from purchase", "bought", stage="purchase")
    statements = made.statements.assign(topic_id=topic, topic_crossfit=topic, stage=stage)
    return dataclasses.replace(made, statements=statements, outcomes=(conversion,), stages=schema.STAGES)


def test_a_conversion_is_tested_against_what_was_said_before_it() -> None:
    """Said in a later stage, by those who went on, it would look as if it had kept them."""
    table = later_stages(np.random.default_rng(1))
    (row,) = find(table, make_topics(["t0"]), CONFIG).table.to_dict("records")
    early = table.statements[table.statements["stage"] == "purchase"]
    assert row["n"] == early["unit"].nunique() < len(table.units)
    assert row["n_mentions"] == early["topic_id"].notna().sum()
    assert abs(row["rd"]) < 0.06
    later = dataclasses.replace(table, outcomes=(dataclasses.replace(table.outcomes[0], stage=None),))
    naive = find(later, make_topics(["t0"]), CONFIG).table.set_index("stage")
    assert set(naive.index) == {"all", "purchase", "retention"}
    assert naive.loc["all", "rd"] < -0.2


def test_a_conversion_beside_an_outcome_of_all_stages(table: Table, full: worlds.World) -> None:
    conversion = Outcome("not_converted_purchase", "did not go on from purchase", "bought", stage="purchase")
    units = table.units.assign(not_converted_purchase=table.units["churned"])
    both = dataclasses.replace(table, units=units, outcomes=(worlds.CHURN, conversion))
    found = find(both, full.topics(), CONFIG, gold=full.gold(table, 400, seed=1)).table
    stages = found.groupby("outcome")["stage"].agg(set).to_dict()
    # Of what is left, all was said in 'purchase': 'all' would be the same test again.
    assert stages == {"churned": {"all", "purchase", "retention"}, "not_converted_purchase": {"purchase"}}
    corrected = found.query("outcome == 'not_converted_purchase' and topic_id == 't0'").iloc[0]
    assert np.isfinite(corrected["rd_corrected"])
    np.testing.assert_allclose(found["q"], multipletests(found["p"], method="fdr_bh")[1], rtol=1e-12)


@pytest.mark.parametrize(
    ("settings", "stages", "polarities"),
    [
        ({}, {"all", "purchase", "retention"}, {"negative", "positive"}),
        ({"by_stage": False}, {"all"}, {"negative", "positive"}),
        ({"polarities": ("negative",)}, {"all", "purchase", "retention"}, {"negative"}),
        ({"polarities": ("positive",), "by_stage": False}, {"all"}, {"positive"}),
    ],
)
def test_the_settings_choose_the_family(settings: dict[str, object], stages: set[str], polarities: set[str]) -> None:
    made = world()
    label, stage = np.resize(["negative", "positive"], len(made.statements)), np.arange(len(made.statements)) % 3
    statements = made.statements.assign(
        sentiment_label=label, stage=np.array(["purchase", "retention", None], dtype=object)[stage]
    )
    topics = make_topics(["t0", "t1", "t2", "t3"])
    settled = dataclasses.replace(CONFIG, **settings)  # type: ignore[arg-type]
    found = find(dataclasses.replace(made, statements=statements), topics, settled).table
    assert set(found["stage"]) == stages
    assert set(found["polarity"]) == polarities


@pytest.mark.parametrize("outcome", [[True] * 80, [False] * 80, [None] * 80, [True] * 9 + [False] * 71])
def test_too_few_events_give_counts_and_no_estimates(outcome: list[object]) -> None:
    mentions = np.zeros((80, 2), dtype=bool)
    mentions[:40, 0] = mentions[30:75, 1] = True
    found = run(make_table(mentions, {"churned": outcome}))
    assert set(found.table["tier"]) == {"INSUFFICIENT"}
    assert found.table[["rd", "rr", "p", "q", "rd_adjusted", "p_adjusted", "e_value", "mde_rr"]].isna().all(axis=None)
    assert any("too few" in note.message for note in found.notes)
    assert found.table["estimator"].str.startswith("none").all()


def test_an_outcome_that_is_missing_for_most_is_used_and_said() -> None:
    made = world()
    churned = made.units["churned"].where(np.arange(1500) % 4 == 0)
    found = run(dataclasses.replace(made, units=made.units.assign(churned=churned)))
    (note,) = [note for note in found.notes if "not known" in note.message]
    assert (note.level, note.count) == ("warning", 1125)
    assert set(found.table["n"]) == {375}


@pytest.mark.parametrize(("value", "n", "why"), [(7.0, 400, "does not vary"), (None, 15, "fewer than 20 units")])
def test_scores_that_say_nothing_give_counts_and_no_estimates(value: float | None, n: int, why: str) -> None:
    made = make_table(np.arange(n)[:, None] % 3 == 0, controls={"plan": np.arange(n) % 2})
    answers = np.full(n, value) if value is not None else np.arange(n) % 11 * 1.0
    nps = Outcome("nps_score", "score of nps", "nps", kind="score", scale=schema.SCALES["nps"])
    found = run(dataclasses.replace(made, outcomes=(nps,), units=made.units.assign(nps_score=answers)))
    (row,) = found.table.to_dict("records")
    assert row["tier"] == "INSUFFICIENT"
    assert why in row["why_not_higher"]
    assert (row["n"], row["n_mentions"]) == (n, len(np.arange(0, n, 3)))
    numbers = [
        "rd_low",
        "p",
        "q",
        "rd_adjusted",
        "p_adjusted",
        "e_value",
        "mde",
        "what_if",
        "permuted_p",
        "subset_share",
    ]
    assert np.isnan([row[name] for name in numbers]).all()
    assert any(why in note.message for note in found.notes)
    assert found.kano.empty
    assert found.importance.empty


def test_mentions_in_very_few_clusters_give_no_interval() -> None:
    made = world()
    cluster = np.where(np.arange(1500) % 500 < 499, "one account", [f"other {number}" for number in range(1500)])
    found = run(dataclasses.replace(made, units=made.units.assign(cluster=cluster))).table
    assert set(found["tier"]) == {"INSUFFICIENT"}
    assert found[["rd_low", "p", "rd_adjusted", "rd_adjusted_low", "p_adjusted"]].isna().all(axis=None)
    assert found["why_not_higher"].str.contains("fewer than 5 clusters|could not show").all()
    assert not found["why_not_higher"].str.contains("nan").any()


def test_a_control_that_is_the_outcome_is_called_into_question_and_nothing_is_probable() -> None:
    made = world()
    status = np.where(made.units["churned"].to_numpy(dtype=bool), "closed", "open")
    units = made.units.assign(status=status)
    found = run(dataclasses.replace(made, units=units, controls=(*made.controls, "status")))
    assert any("'status'" in note.message and "consequence" in note.message for note in found.notes)
    assert not found.table["tier"].isin(["CONFIRMED", "PROBABLE"]).any()
    assert np.isfinite(found.table["rd_adjusted"].dropna()).all()


def test_without_outcomes_topics_or_units_there_are_empty_tables_and_a_note() -> None:
    full = world(60)
    for table, words in [
        (dataclasses.replace(full, outcomes=()), "no outcome column"),
        (dataclasses.replace(full, statements=full.statements[:0]), "no topic is mentioned"),
        (dataclasses.replace(full, units=full.units.assign(n_comments=0)), "no scored comment"),
    ]:
        found = run(table)
        assert found.table.empty
        assert list(found.table.columns) == schema.names("drivers")
        assert any(words in note.message for note in found.notes)
    empty = find(make_table(np.zeros((0, 0)), {"churned": []}, scores={"nps": []}), make_topics([]), CONFIG)
    assert empty.table.empty
    assert empty.impact.empty


@pytest.mark.parametrize("n", [1, 1000])
def test_one_unit_and_a_thousand_equal_units(n: int) -> None:
    same = make_table(np.ones((n, 1)), {"churned": [True] * n}, controls={"plan": ["a"] * n}, scores={"nps": [3.0] * n})
    found = run(same)
    assert found.table["tier"].tolist() == ["INSUFFICIENT"]
    assert found.impact["value"].isna().all()
    assert not found.impact["above_noise"].any()


def test_everyone_mentions_it_and_outcomes_differ() -> None:
    found = run(make_table(np.ones((100, 1)), {"churned": np.arange(100) < 30}, controls={"plan": np.arange(100) % 2}))
    row = found.table.iloc[0]
    assert row["tier"] == "INSUFFICIENT"
    assert np.isnan(row["rr"])
    assert "nobody to compare" in row["why_not_higher"]


def test_separation_stays_finite_and_can_be_probable() -> None:
    rng = np.random.default_rng(1)
    mentions, plan = (np.arange(2000) % 15 == 0)[:, None], rng.choice(["a", "b"], 2000)
    found = run(make_table(mentions, {"churned": mentions[:, 0] | (rng.random(2000) < 0.1)}, controls={"plan": plan}))
    row = found.table.iloc[0]
    estimates = [
        name for name in found.table.columns if name.startswith(("rd", "rr", "or_", "p", "q", "e_value", "mde"))
    ]
    absent = ("rd_corrected", "po_p", "permuted", "polarity", "precision")
    numbers = row[[name for name in estimates if not name.startswith(absent)]].to_numpy(dtype=float)
    assert np.isfinite(numbers).all()
    assert (row["estimator"], row["tier"]) == ("firth", "PROBABLE")


def test_without_controls_the_estimator_says_so_and_watch_is_the_most() -> None:
    found = run(dataclasses.replace(world(), controls=())).table
    row = found[found["topic_id"] == "t0"].iloc[0]
    assert (row["controls"], row["estimator"], row["tier"]) == ("none", "logistic, no controls", "WATCH")
    assert row["rd_adjusted"] == pytest.approx(row["rd"])


def test_several_languages_are_adjusted_for() -> None:
    table = world(customers=False)
    language = np.where(table.units["unit"] % 3 == 0, "ro", "en")
    found = run(dataclasses.replace(table, units=table.units.assign(language=language))).table
    assert set(found["controls"]) == {"tenure_days, plan, language"}


def controls(**columns: object) -> tuple[pd.DataFrame, np.ndarray]:
    return pd.DataFrame(columns), np.random.default_rng(0).random(400) < 0.3


def test_constant_and_repeated_controls_are_dropped_and_told() -> None:
    plan = np.resize(["a", "b", "c"], 400)
    frame, bad = controls(plan=plan, country=["ro"] * 400, tariff=np.char.upper(plan), size=np.resize([1.0, 2.0], 400))
    found = design(frame, bad)
    assert found.used == ("plan", "size")
    assert np.linalg.matrix_rank(found.matrix) == found.matrix.shape[1] == 4
    messages = " ".join(note.message for note in found.notes)
    assert "'country' was dropped" in messages
    assert "tariff only repeat" in messages


def test_a_control_that_is_nearly_the_outcome_is_called_into_question() -> None:
    bad = np.random.default_rng(0).random(400) < 0.3
    closed = np.where(bad, "closed", "open").astype(object)
    closed[:4] = "open"
    found = design(pd.DataFrame({"account": closed}), bad)
    assert any("consequence" in note.message and note.level == "warning" for note in found.notes)
    assert found.used == ("account",)


def test_levels_are_few_large_and_the_same_in_any_order() -> None:
    many = pd.Series([f"city {number % 60:02}" for number in range(1200)])
    assert levels(many).nunique() == 20
    rare = pd.Series(["a"] * 50 + ["b"] * 30 + list("cdefghijklmnop") + [None] * 12)
    assert levels(rare).value_counts().to_dict() == {"a": 50, "b": 30, OTHER: 14, MISSING: 12}
    few = pd.Series(["a"] * 50 + ["b"] * 30 + ["c"] * 3)
    assert levels(few).value_counts().to_dict() == {"a": 53, "b": 30}
    number = pd.Series(np.random.default_rng(0).exponential(1, 2000)).where(lambda values: values.index >= 40)
    banded = levels(number)
    assert banded.nunique() == 11
    assert (banded[:40] == MISSING).all()
    shuffled = number.sample(frac=1, random_state=3)
    assert (levels(shuffled).sort_index() == banded).all()
    heaped = pd.Series([0.0] * 1900 + list(range(1, 101)))
    assert levels(heaped).value_counts().to_dict() == {"0": 1900} | {f"band {band:02}": 10 for band in range(10)}
    assert levels(pd.Series([1000001.0, 1000002.0] * 20)).nunique() == 2
    nullable = pd.Series([None, *range(39)], dtype="Int64")
    assert levels(nullable).value_counts().iloc[0] >= 10
    dates = pd.Series(pd.date_range("2025-01-01", periods=400)).where(lambda values: values.index >= 20)
    assert set(levels(dates)) == {"band 00", "band 01", "band 02", "band 03", MISSING}
    assert (levels(pd.Series([np.inf, -np.inf] * 20 + list(range(60))))[:40] == MISSING).all()
    assert levels(pd.Series(["x"] * 3)).tolist() == [OTHER] * 3


def test_impact_counts_scored_comments_and_is_nps_in_points() -> None:
    mentions = np.zeros((40, 1), dtype=bool)
    mentions[:10] = True
    scores = np.where(mentions[:, 0], 2.0, 9.0)
    scores[39] = np.nan
    table = make_table(mentions, scores={"nps": scores})
    table.comments.loc[38, "status"] = "junk"
    row = run(table).impact.iloc[0]
    assert (row["n"], row["n_mentions"], row["score_with"], row["score_without"]) == (38, 10, -100, 100)
    assert row["value"] == pytest.approx((28 - 10) / 38 * 100 - 100)
    assert row["low"] < row["value"] < row["high"]


def test_a_large_survey_takes_seconds() -> None:
    rng = np.random.default_rng(0)
    n = 22_000
    mentions = rng.random((n, 150)) < 0.02
    table = make_table(
        mentions,
        {"churned": rng.random(n) < 0.1},
        controls={
            "tenure": rng.exponential(9, n),
            "plan": rng.choice(list("abc"), n),
            "country": rng.choice(list("vwxyz"), n),
        },
    )
    names = make_topics([f"t{topic}" for topic in range(150)])
    started = time.perf_counter()
    found = find(table, names, CONFIG)
    assert time.perf_counter() - started < 20
    assert len(found.table) == 150


def test_progress_counts_outcomes() -> None:
    seen: list[tuple[str, int, int]] = []
    find(world(100), make_topics(["t0"]), CONFIG, progress=lambda *step: seen.append(step))
    assert seen == [("drivers", 0, 1), ("drivers", 1, 1)]
