"""What `find` makes of tables: the family of tests, controls, small and odd inputs, and row order."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from test_drivers_world import make_table, make_topics

from cxnlp import schema
from cxnlp.config import DriversConfig
from cxnlp.drivers import TIERS, find
from cxnlp.drivers.controls import MISSING, OTHER, design, levels
from cxnlp.results import Drivers, Table

CONFIG = DriversConfig(permutations=20)


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


@pytest.mark.parametrize("customers", [True, False])
def test_the_order_of_rows_changes_nothing(customers: bool) -> None:
    here = run(world(customers=customers))
    there = run(world(customers=customers, order=np.random.default_rng(9).permutation(1500)))
    pd.testing.assert_frame_equal(here.table, there.table, check_exact=True)
    pd.testing.assert_frame_equal(here.impact, there.impact, check_exact=True)
    assert here.notes == there.notes


def test_the_tables_are_as_declared_and_sorted_by_tier_then_size() -> None:
    found = run(world())
    assert list(found.table.columns) == schema.names("drivers")
    assert list(found.impact.columns) == schema.names("impact")
    ranks = [TIERS.index(name) for name in found.table["tier"]]
    assert ranks == sorted(ranks)
    for _, same in found.table.groupby("tier"):
        assert (-same["rd_adjusted"].abs()).is_monotonic_increasing
    first = found.table.iloc[0]
    assert (first["topic_id"], first["tier"], first["controls"]) == ("t0", "PROBABLE", "tenure_days, plan")
    assert set(found.impact["subject"]) == {"nps", "csat5"}


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


@pytest.mark.parametrize("outcome", [[True] * 80, [False] * 80, [None] * 80, [True] * 9 + [False] * 71])
def test_too_few_events_give_counts_and_no_estimates(outcome: list[object]) -> None:
    mentions = np.zeros((80, 2), dtype=bool)
    mentions[:40, 0] = mentions[30:75, 1] = True
    found = run(make_table(mentions, {"churned": outcome}))
    assert set(found.table["tier"]) == {"INSUFFICIENT"}
    assert found.table[["rd", "rr", "p", "q", "rd_adjusted", "p_adjusted", "e_value", "mde_rr"]].isna().all(axis=None)
    assert any("too few" in note.message for note in found.notes)
    assert found.table["estimator"].str.startswith("none").all()


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
