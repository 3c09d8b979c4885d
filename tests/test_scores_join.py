"""The wide table: statements make comments, comments make customers."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from scores_builder import CHURNED, flags, head, listed, text, world

from cxnlp import schema
from cxnlp.errors import InternalError
from cxnlp.heads import HEADS
from cxnlp.results import (
    ScoreColumn,
    Scores,
    Table,
    Topics,
)
from cxnlp.schema import SCALES
from cxnlp.scores import join

# statements -> comments


def test_sentiment_is_weighted_by_length():
    sentiment = head("sentiment", {"positive": 0.9, "negative": 0.1}, {"negative": 0.6, "neutral": 0.4})
    table = join(*world([0, 0], lengths=[30, 10], sentiment=sentiment))
    assert table.comments["sentiment"].iloc[0] == pytest.approx((30 * 0.8 - 10 * 0.6) / 40)
    assert table.statements["sentiment"].tolist() == pytest.approx([0.8, -0.6])


@pytest.mark.parametrize(
    ("lengths", "label", "confidence"),
    [
        ((30, 10), "mixed", (30 * 0.9 + 10 * 0.8) / 40),
        ((31, 9), "positive", (31 * 0.9 + 9 * 0.1) / 40),
        ((10, 10), "mixed", 0.85),
    ],
)
def test_mixed_needs_a_quarter_on_each_side(lengths, label, confidence):
    sentiment = head("sentiment", {"positive": 0.9, "neutral": 0.1}, {"negative": 0.8, "neutral": 0.1, "positive": 0.1})
    comments = join(*world([0, 0], lengths=lengths, sentiment=sentiment)).comments
    assert comments["sentiment_label"].tolist() == [label]
    assert comments["sentiment_confidence"].iloc[0] == pytest.approx(confidence)


def test_unclear_statements_make_no_comment_mixed():
    unsure = {"positive": 0.45, "negative": 0.40, "neutral": 0.15}
    sentiment = head("sentiment", unsure, {"negative": 0.9, "neutral": 0.1})
    assert join(*world([0, 0], sentiment=sentiment)).comments["sentiment_label"].tolist() == ["negative"]


def test_emotion_sums_and_the_others_take_the_most_confident():
    emotion = head("emotion", {"anger": 0.9}, {"joy": 0.6}, {"joy": 0.6}, {"joy": 0.3})
    churn = head("churn_intent", {"none": 0.9}, {"leave": 0.6}, {"stay": 0.7}, {"none": 0.9})
    effort = head("effort", *[{"none": 0.9, "high": 0.1}] * 4)
    comments = join(*world([0, 0, 0, 1], emotion=emotion, churn_intent=churn, effort=effort)).comments
    assert comments["emotion"].tolist() == ["joy", "none"]
    assert comments["churn_intent"].tolist() == ["stay", "none"]
    assert comments["effort"].tolist() == ["none", "none"]
    assert comments["advocacy"].isna().all()


def test_mentions_come_in_order_and_once():
    table = join(
        *world([0, 0, 0, 0, 2], topics=["t2", "t1", "t2", None, "t1"], touchpoints=["SUP", None, "DEL", "SUP", None])
    )
    assert table.comments["topic_ids"].tolist() == [["t2", "t1"], [], ["t1"]]
    assert table.comments["topic_names"].tolist() == [["about t2", "about t1"], [], ["about t1"]]
    assert table.comments["touchpoints"].tolist() == [["SUP", "DEL"], [], []]


def test_stage_of_a_comment():
    touchpoint = head("touchpoint", {"DEL": 0.9}, {"SUP": 0.6}, {"SUP": 0.7}, {"DEL": 0.8}, {"OTH": 0.9})
    model = [
        ("purchase", "model", "purchase", 0.9),
        ("retention", "model", "retention", 0.6),
        ("retention", "model", "retention", 0.7),
    ]
    given = [("advocacy", "data", "purchase", 1.0), ("advocacy", "data", None, 1.0)]
    comments = join(
        *world(
            [0, 0, 0, 1, 1], stages=model + given, touchpoints=["DEL", "SUP", "SUP", "DEL", None], touchpoint=touchpoint
        )
    ).comments
    assert comments["stage"].tolist() == ["retention", "advocacy"]
    assert comments["stage_source"].tolist() == ["model", "data"]
    assert comments["stage_model"].tolist() == ["retention", "purchase"]
    assert comments["stage_confidence"].tolist() == pytest.approx([0.7, 1.0])


def test_comments_without_statements_stay_and_stay_empty():
    sentiment = head("sentiment", {"positive": 0.9})
    emotion = head("emotion", {"joy": 0.9})
    comments = join(*world([1], n=3, sentiment=sentiment, emotion=emotion)).comments
    assert comments["comment_id"].tolist() == ["c0", "c1", "c2"]
    for name in ("sentiment", "sentiment_label", "sentiment_confidence", "emotion", "effort", "stage", "stage_source"):
        assert comments[name].iloc[[0, 2]].isna().all(), name
    assert comments["topic_ids"].tolist() == [[], [], []]


def test_a_model_without_heads_leaves_every_label_missing():
    table = join(*world([0, 1]))
    assert table.comments[["sentiment", "sentiment_label", "emotion", "effort"]].isna().all(axis=None)
    assert table.statements[["sentiment", "sentiment_label", "emotion", "effort"]].isna().all(axis=None)


def test_all_grains_have_their_declared_columns():
    table = join(*world([0, 1], sentiment=head("sentiment", {"positive": 1}, {"neutral": 1})))
    for name in ("comments", "statements", "units"):
        schema.check(getattr(table, name), name)
    assert not table.comments.columns.duplicated().any() and not table.statements.columns.duplicated().any()
    assert isinstance(table, Table) and table.unit_name == "comment"


# comments -> units


def test_customers_are_one_unit_and_unknown_ones_each_their_own():
    table = join(*world([0, 1, 2, 3, 4], customers=["b", None, "a", "b.0", None], by_comment={}))
    assert table.comments["unit"].tolist() == [0, 1, 2, 3, 4]
    table = join(*world([0, 1, 2, 3, 4], customers=["7", None, "8", " 7.0", None]))
    assert table.comments["unit"].tolist() == [0, 1, 2, 0, 3]
    assert listed(table.units["customer_id"]) == ["7", None, "8", None]
    assert table.units["n_comments"].tolist() == [2, 1, 1, 1]
    assert table.unit_name == "customer"


@pytest.mark.parametrize(("written", "level"), [("2025-03-01", "warning"), ("2025-01-01", "info")])
def test_leavers_who_all_wrote_too_late_make_the_date_suspicious(written, level):
    left = pd.Series(pd.to_datetime(["2025-02-01", "2025-02-01", None]))
    parts = world([0, 1, 2], customers=["a", "b", "c"], by_comment={"churned_at": left})
    parts[0].table["created_at"] = pd.to_datetime(["2025-03-01", written, "2025-03-01"])
    (note,) = [note for note in join(*parts).notes if "after the customer left" in note.message]
    assert note.level == level
    assert ("--churn-date" in note.message) == (level == "warning")


def test_no_customer_can_be_called_like_a_row():
    table = join(*world([0, 1], customers=["row 1", None]))
    assert table.comments["unit"].tolist() == [0, 1]


def test_the_latest_comment_decides_the_outcome_and_contradictions_are_counted():
    table = join(
        *world(
            [0, 1, 2, 3, 4],
            customers=["a", "a", "b", "b", "c"],
            dates=["2025-02-01", "2025-01-01", "2025-01-01", "2025-03-01", None],
            by_comment={"churned": flags(True, False, True, None, None)},
            outcomes=CHURNED,
        )
    )
    assert listed(table.units["churned"]) == [True, True, None]
    assert table.units["churned"].dtype == "boolean"
    assert [note.count for note in table.notes if "latest counts" in note.message] == [1]


def test_without_dates_the_last_row_decides():
    table = join(*world([0, 1], customers=["a", "a"], by_comment={"churned": flags(False, True)}, outcomes=CHURNED))
    assert table.units["churned"].tolist() == [True]


def test_controls_come_from_the_first_comment_that_has_one():
    table = join(
        *world(
            [0, 1, 2],
            customers=["a", "a", "a"],
            dates=["2025-03-01", "2025-01-01", "2025-02-01"],
            by_comment={"plan": text(["gold", None, "basic"]), "spend": [1.0, 5.0, 2.0]},
            segments=("plan",),
            controls=("plan", "spend"),
        )
    )
    assert table.units["plan"].tolist() == ["basic"] and table.units["spend"].tolist() == [5.0]


def test_what_was_written_after_leaving_is_no_evidence():
    left = pd.Series(pd.to_datetime(["2025-02-01", None, "2025-02-01", None, None])).astype("datetime64[us]")
    table = join(
        *world(
            [0, 1, 2, 3, 4],
            customers=["a", "a", "b", "c", "a"],
            dates=["2025-01-31", "2025-02-01", None, "2026-01-01", "2025-01-01"],
            by_comment={"churned": flags(True, True, True, False, True), "churned_at": left},
            outcomes=CHURNED,
        )
    )
    assert table.comments["in_window"].tolist() == [True, False, True, True, True]
    assert table.statements["in_window"].tolist() == [True, False, True, True, True]
    assert table.units["n_comments"].tolist() == [2, 1, 1]
    messages = {note.message: note.count for note in table.notes}
    assert messages["comments written after the customer left: not used as evidence"] == 1
    assert messages["comments without a date of customers who left: taken as written before"] == 1


def test_dates_with_a_time_zone_can_be_compared():
    parts = world([0], customers=["a"], by_comment={"churned_at": pd.Series(pd.to_datetime(["2025-02-01"]))})
    parts[0].table["created_at"] = pd.Series(pd.to_datetime(["2025-02-01T01:00:00+02:00"], utc=True)).dt.tz_convert(
        "Europe/Kyiv"
    )
    assert join(*parts).comments["in_window"].tolist() == [True]


def test_language_of_a_customer_is_the_majority():
    table = join(*world([0, 1, 2, 3, 4], customers=["a", "a", "a", "b", "b"], languages=["ro", "en", "ro", "pl", "de"]))
    assert table.units["language"].tolist() == ["ro", "de"]


def test_junk_does_not_count_as_a_comment_of_the_unit_but_its_outcome_does():
    table = join(*world([0], n=2, customers=["a", "a"], by_comment={"churned": flags(None, True)}, outcomes=CHURNED))
    assert table.units["n_comments"].tolist() == [1] and table.units["churned"].tolist() == [True]


def test_row_order_changes_no_customer():
    rng = np.random.default_rng(0)
    n = 60
    customers = [f"k{code}" for code in rng.integers(0, 25, n)]
    dates = pd.date_range("2025-01-01", periods=n).astype(str).tolist()
    churned = rng.random(n) < 0.5
    plans = rng.choice(["a", "b"], n)
    seen = []
    for order in (np.arange(n), rng.permutation(n)):
        table = join(
            *world(
                range(n),
                customers=[customers[row] for row in order],
                dates=[dates[row] for row in order],
                by_comment={"churned": flags(*churned[order]), "plan": text(plans[order])},
                outcomes=CHURNED,
                segments=("plan",),
                controls=("plan",),
            )
        )
        seen.append(table.units.drop(columns="unit").sort_values("customer_id").reset_index(drop=True))
    pd.testing.assert_frame_equal(*seen)


def test_scores_pass_through():
    parts = list(world([0, 1], by_comment={"nps": [9.0, np.nan], "nps_group": text(["promoter", None])}))
    scores = (ScoreColumn("nps", "q", SCALES["nps"]),)
    parts[1] = Scores(parts[1].by_comment, None, scores)
    table = join(*parts)
    assert table.scores == scores and table.comments["nps_group"].tolist()[0] == "promoter"


def test_an_empty_table():
    table = join(*world([], n=0, by_comment={"churned": flags()}, outcomes=CHURNED))
    assert len(table.comments) == len(table.statements) == len(table.units) == 0
    assert {"churned", "language"} <= set(table.units)


def test_a_thousand_identical_rows():
    sentiment = head("sentiment", *[{"negative": 0.7, "neutral": 0.3}] * 1000)
    table = join(*world(range(1000), customers=["a"] * 1000, sentiment=sentiment))
    assert set(table.comments["sentiment"]) == {table.comments["sentiment"].iloc[0]} and table.units[
        "n_comments"
    ].tolist() == [1000]


def test_stages_that_do_not_fit_together_are_a_fault_of_ours():
    parts = list(world([0, 1]))
    parts[4] = Topics(pd.DataFrame(), parts[4].of_statement.iloc[:1])
    with pytest.raises(InternalError, match="disagree"):
        join(*parts)


def test_a_hundred_thousand_statements_take_seconds():
    rng = np.random.default_rng(0)
    m, n = 110_000, 60_000
    rows = np.sort(rng.integers(0, n, m))
    heads = {
        name: rng.dirichlet(np.ones(len(HEADS[name].labels)), m).astype(np.float32)
        for name in ("sentiment", "emotion", "effort", "churn_intent", "advocacy", "touchpoint")
    }
    parts = world(
        rows,
        n=n,
        lengths=rng.integers(1, 200, m),
        customers=[f"k{code}" for code in rng.integers(0, 40_000, n)],
        dates=pd.date_range("2020-01-01", periods=n, freq="h").tolist(),
        by_comment={"churned": flags(*(rng.random(n) < 0.2)), "plan": text(rng.choice(["a", "b"], n))},
        outcomes=CHURNED,
        segments=("plan",),
        controls=("plan",),
        topics=[f"t{code}" for code in rng.integers(0, 60, m)],
        stages=[("purchase", "model", "purchase", 0.7)] * m,
        touchpoints=["DEL"] * m,
        **heads,
    )
    start = time.perf_counter()
    join(*parts)
    elapsed = time.perf_counter() - start
    print(f"join: {elapsed:.2f} s")
    assert elapsed < 10


def test_a_comment_judges_each_of_its_topics_by_itself():
    good, bad = {"positive": 0.9, "neutral": 0.1}, {"negative": 0.9, "neutral": 0.1}
    table = join(
        *world(
            [0, 0, 0, 1, 1, 2],
            topics=["t1", "t2", "t2", "t1", "t1", None],
            sentiment=head("sentiment", good, bad, bad, good, bad, good),
        )
    )
    assert table.comments["topic_ids"].tolist() == [["t1", "t2"], ["t1"], []]
    assert table.comments["topic_polarities"].tolist() == [["positive", "negative"], ["mixed"], []]


def test_codes_of_a_comment_are_those_of_its_statements_once():
    table = join(*world([0, 0, 1, 2], codes=[["price"], ["late", "price"], [], ["late"]]))
    assert table.comments["codes"].tolist() == [["price", "late"], [], ["late"]]
    assert table.statements["codes"].tolist() == [["price"], ["late", "price"], [], ["late"]]
