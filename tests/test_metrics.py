"""Metrics: published intervals, coverage with a known truth, and the table of all groups."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxnlp import schema
from cxnlp.config import MetricsConfig
from cxnlp.metrics import METRICS, mean, measure, nps, share
from cxnlp.results import Outcome, ScoreColumn, Table, Topics
from cxnlp.schema import SCALES


# Plain Wald margins of P = .45, D = .25, as printed for planning samples; the adjusted interval is a little
# narrower at n = 30 because it leans to the middle. The last line is a survey discussed at
# talkstats.com/threads/58500 (291 promoters, 476 passives, 395 detractors, margin 4.4 points).
@pytest.mark.parametrize(
    ("promoters", "passives", "detractors", "margin", "tolerance"),
    [
        (45, 30, 25, 16, 0.5),
        (180, 120, 100, 8, 0.5),
        (450, 300, 250, 5, 0.5),
        (291, 476, 395, 4.4, 0.05),
    ],
)
def test_nps_margin_matches_published_values(promoters, passives, detractors, margin, tolerance):
    estimate = nps(promoters, passives, detractors)
    n = promoters + passives + detractors
    assert (estimate.high - estimate.low) / 2 == pytest.approx(margin, abs=tolerance)
    assert estimate.value == pytest.approx(100 * (promoters - detractors) / n)
    assert estimate.n == n


def test_nps_interval_by_hand():
    # n' = 13, p' = 6.75/13, d' = 2.75/13: centre 4/13; variance (9.5/13 - (4/13)^2)/13. Rocks (2016).
    estimate = nps(6, 2, 2)
    error = ((9.5 / 13 - (4 / 13) ** 2) / 13) ** 0.5
    assert estimate.value == pytest.approx(40)
    assert estimate.low == pytest.approx(100 * (4 / 13 - 1.959964 * error), abs=1e-4)
    assert estimate.high == pytest.approx(100 * (4 / 13 + 1.959964 * error), abs=1e-4)


@pytest.mark.parametrize("counts", [(0, 0, 9), (9, 0, 0), (0, 9, 0), (2, 0, 0), (10**6, 0, 0)])
def test_nps_of_unanimous_answers_stays_inside_the_scale(counts):
    estimate = nps(*counts)
    assert -100 <= estimate.low <= estimate.value <= estimate.high <= 100
    assert estimate.high > estimate.low


# Newcombe, Statistics in Medicine 17 (1998), Table I, method 3 (score interval without continuity correction).
@pytest.mark.parametrize(
    ("yes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_share_matches_newcombe(yes, n, low, high):
    estimate = share(yes, n)
    assert (estimate.low, estimate.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_mean_matches_scipy_and_is_cut_at_its_bounds():
    values = np.array([1.0, 4, 4, 5, 5, 5])
    low, high = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    assert mean(values, 0.9).low == pytest.approx(low)
    assert mean(values, 0.9).high == pytest.approx(high)
    assert mean(values, 0.99, bounds=(1, 5)).high == 5


@pytest.mark.parametrize("values", [[3.0], [4.0] * 1000])
def test_mean_without_spread_has_no_interval_and_says_why(values):
    estimate = mean(np.array(values))
    assert estimate.value == values[0]
    assert np.isnan([estimate.low, estimate.high]).all()
    assert "do not vary" in estimate.method


def test_nothing_gives_missing_values():
    for estimate in (nps(0, 0, 0), share(0, 0), mean(np.array([]))):
        assert np.isnan([estimate.value, estimate.low, estimate.high]).all()
        assert (estimate.n, estimate.method) == (0, "no values")


@pytest.mark.parametrize(("p", "d"), [(0.45, 0.25), (0.8, 0.05), (0.1, 0.6)])
@pytest.mark.parametrize("n", [20, 100])
def test_nps_interval_covers_the_truth(p, d, n):
    draws = np.random.default_rng(1).multinomial(n, [p, 1 - p - d, d], size=2000)
    covered = [estimate.low <= 100 * (p - d) <= estimate.high for estimate in (nps(*map(int, draw)) for draw in draws)]
    assert 0.93 <= np.mean(covered) <= 0.98


def test_share_interval_covers_the_truth():
    draws = np.random.default_rng(2).binomial(40, 0.1, size=1000)
    covered = [estimate.low <= 0.1 <= estimate.high for estimate in (share(int(draw), 40) for draw in draws)]
    assert 0.93 <= np.mean(covered) <= 0.98


def test_mean_interval_covers_the_truth():
    draws = np.random.default_rng(3).choice([1.0, 2, 3, 4, 5], p=[0.1, 0.1, 0.2, 0.3, 0.3], size=(1000, 30))
    covered = [estimate.low <= 3.6 <= estimate.high for estimate in map(mean, draws)]
    assert 0.93 <= np.mean(covered) <= 0.98


def wide_table(n=400, seed=0, statements_per_comment=2, topics=3):
    """A table of `n` comments by n/2 customers, and its topics; only what metrics reads."""
    rng = np.random.default_rng(seed)
    row = np.repeat(np.arange(n), statements_per_comment)
    topic = rng.integers(0, topics, len(row))
    unit = np.arange(n) // 2
    nps_scores = rng.integers(0, 11, n).astype(float)
    nps_scores[::10] = np.nan
    comments = pd.DataFrame(
        {
            "status": np.where(np.arange(n) % 20 == 19, "junk", "ok"),
            "language": np.where(np.arange(n) % 4 == 0, "ro", "en"),
            "sentiment": rng.uniform(-1, 1, n),
            "unit": unit,
            "in_window": True,
            "nps": nps_scores,
            "csat": rng.integers(1, 6, n).astype(float),
            "ces": rng.integers(1, 8, n).astype(float),
            "plan": np.where(unit % 2, "basic", "gold"),
        }
    )
    ok = comments["status"].eq("ok").to_numpy()[row]
    statements = pd.DataFrame(
        {
            "row": row,
            "start": 0,
            "end": rng.integers(1, 90, len(row)),
            "sentiment": rng.uniform(-1, 1, len(row)),
            "topic_id": [f"t{code}" for code in topic],
            "touchpoint": np.where(topic == 0, "DEL", "SUP"),
            "stage": np.where(topic == 0, "purchase", "retention"),
            "unit": unit[row],
            "in_window": True,
        }
    )[ok].reset_index(drop=True)
    units = pd.DataFrame({"unit": np.unique(unit), "n_comments": 2})
    units["churned"] = pd.array(rng.random(len(units)) < 0.3, dtype="boolean")
    units["plan"] = np.where(units["unit"] % 2, "basic", "gold")
    units["language"] = "en"
    names = [f"t{code}" for code in range(topics)]
    found = pd.DataFrame({"topic_id": names, "theme_id": ["h0"] * (topics - 1) + ["h1"]})
    scores = tuple(
        ScoreColumn(name, name, SCALES[scale]) for name, scale in (("nps", "nps"), ("csat", "csat5"), ("ces", "ces7"))
    )
    outcomes = (Outcome("churned", "churned", "churned"),)
    table = Table(comments, statements, units, scores, outcomes, ("plan",), ("plan",), "customer")
    return table, Topics(found, statements[["topic_id"]])


def only(frame, **where):
    for name, value in where.items():
        frame = frame[frame[name] == value]
    assert len(frame) == 1, f"{len(frame)} rows for {where}"
    return frame.iloc[0]


def test_measure_has_every_metric_and_every_group():
    table, topics = wide_table()
    frame = measure(table, topics, MetricsConfig())
    assert list(frame.columns) == schema.names("metrics")
    assert set(frame["metric"]) == set(METRICS)
    assert set(frame["by"]) == {"overall", "stage", "touchpoint", "theme", "topic", "language", "plan"}
    assert not frame.duplicated(["metric", "subject", "by", "group"]).any()
    assert (frame.dropna(subset=["low"])["low"] <= frame.dropna(subset=["low"])["high"]).all()
    assert only(frame, metric="sentiment", by="overall")["unit"] == "net sentiment"


def test_measure_agrees_with_counting_by_hand():
    table, topics = wide_table()
    frame = measure(table, topics, MetricsConfig())
    comments, statements, units = table.comments, table.statements, table.units
    overall = comments["nps"].dropna()
    expected = nps(int((overall >= 9).sum()), int(overall.isin([7, 8]).sum()), int((overall <= 6).sum()))
    found = only(frame, metric="nps", by="overall")
    assert (found["value"], found["low"], found["n"]) == (expected.value, expected.low, len(overall))

    inside = statements.loc[statements["topic_id"] == "t1", "row"].unique()
    csat = comments["csat"].iloc[inside]
    assert only(frame, metric="csat", by="topic", group="t1")["value"] == pytest.approx((csat >= 4).mean())
    assert only(frame, metric="csat mean", by="topic", group="t1")["value"] == pytest.approx(csat.mean())
    assert only(frame, metric="ces easy", by="overall")["value"] == pytest.approx((comments["ces"] >= 5).mean())
    volume = only(frame, metric="volume", by="topic", group="t1")
    n_ok = int((comments["status"] == "ok").sum())
    assert (volume["value"], volume["n"]) == (pytest.approx(len(inside) / n_ok), n_ok)

    speaking = statements.loc[statements["stage"] == "purchase", "unit"].unique()
    rate = only(frame, metric="outcome rate", by="stage", group="purchase")
    assert rate["value"] == pytest.approx(units["churned"].iloc[speaking].mean())
    assert rate["n"] == len(speaking)


def test_sentiment_of_a_topic_is_that_of_its_statements_only():
    table, topics = wide_table(n=20)
    statements = table.statements.assign(sentiment=np.where(table.statements["topic_id"] == "t0", -0.8, 0.5))
    statements.loc[statements.index[0], "sentiment"] = statements["sentiment"].iloc[0] - 0.1
    frame = measure(Table(**{**as_dict(table), "statements": statements}), topics, MetricsConfig())
    assert only(frame, metric="sentiment", by="topic", group="t0")["value"] < -0.75
    assert only(frame, metric="sentiment", by="topic", group="t2")["value"] > 0.4


def as_dict(table):
    return {name: getattr(table, name) for name in Table.__dataclass_fields__}


def test_what_was_said_after_leaving_is_no_evidence_for_the_outcome_but_still_a_comment():
    table, topics = wide_table(n=40)
    late = table.statements.assign(in_window=table.statements["topic_id"] != "t0")
    frame = measure(Table(**{**as_dict(table), "statements": late}), topics, MetricsConfig())
    assert "t0" not in set(frame.loc[frame["metric"] == "outcome rate", "group"])
    assert "t0" in set(frame.loc[frame["metric"] == "nps", "group"])


def test_silent_customers_count_for_everybody_and_their_segment_and_for_no_topic():
    table, topics = wide_table(n=40)
    n = len(table.units)
    silent = pd.DataFrame({"unit": range(n, 2 * n), "n_comments": 0, "churned": flags([True] * n), "plan": "gold"})
    units = pd.concat([table.units, silent], ignore_index=True)
    before = measure(table, topics, MetricsConfig())
    after = measure(Table(**{**as_dict(table), "units": units}), topics, MetricsConfig())
    overall = only(after, metric="outcome rate", by="overall")
    assert (overall["n"], overall["value"]) == (2 * n, pytest.approx(units["churned"].mean()))
    assert overall["method"].startswith("share of all customers, with or without a scored comment; 95 % Wilson")
    assert only(after, metric="outcome rate", by="plan", group="gold")["n"] == n + n // 2
    basic = only(after, metric="outcome rate", by="plan", group="basic")
    assert basic["n"] == n // 2
    for by in ("topic", "stage", "language"):
        pd.testing.assert_frame_equal(
            *(frame[frame["by"] == by].reset_index(drop=True) for frame in (before, after)), check_dtype=False
        )


def test_only_events_have_an_outcome_rate():
    table, topics = wide_table(n=40)
    outcomes = (*table.outcomes, Outcome("revenue", "revenue", "paid", kind="amount"))
    units = table.units.assign(revenue=1000.0)
    frame = measure(Table(**{**as_dict(table), "units": units, "outcomes": outcomes}), topics, MetricsConfig())
    assert set(frame.loc[frame["metric"] == "outcome rate", "subject"]) == {"churned"}


def flags(values):
    return pd.array(list(values), dtype="boolean")


def test_small_groups_have_a_value_and_no_interval():
    table, topics = wide_table()
    comments = table.comments.assign(language=["xx"] * 3 + ["en"] * (len(table.comments) - 3))
    frame = measure(Table(**{**as_dict(table), "comments": comments}), topics, MetricsConfig(min_n=5))
    small = only(frame, metric="csat", by="language", group="xx")
    assert small["n"] == 3 and not np.isnan(small["value"])
    assert np.isnan([small["low"], small["high"]]).all()
    assert "fewer than 5" in small["method"]


def test_effort_scales_count_low_as_easy():
    table, topics = wide_table(n=40)
    score = ScoreColumn("ces", "ces", SCALES["ces7-effort"])
    frame = measure(Table(**{**as_dict(table), "scores": (score,)}), topics, MetricsConfig())
    assert only(frame, metric="ces easy", by="overall")["value"] == pytest.approx((table.comments["ces"] <= 3).mean())


def test_row_order_changes_nothing():
    table, topics = wide_table(n=120)
    order = np.random.default_rng(5).permutation(len(table.comments))
    place = np.argsort(order)
    comments = table.comments.iloc[order].reset_index(drop=True)
    statements = table.statements.assign(row=place[table.statements["row"]])
    statements = statements.sample(frac=1, random_state=1).reset_index(drop=True)
    shuffled = Table(**{**as_dict(table), "comments": comments, "statements": statements})
    first, second = (measure(each, topics, MetricsConfig()) for each in (table, shuffled))
    pd.testing.assert_frame_equal(first, second, rtol=1e-12)


def test_no_comments_and_no_topics():
    table, topics = wide_table(n=10)
    empty = {name: getattr(table, name).iloc[:0] for name in ("comments", "statements", "units")}
    nothing = Topics(topics.table.iloc[:0], topics.of_statement.iloc[:0])
    frame = measure(Table(**{**as_dict(table), **empty}), nothing, MetricsConfig())
    assert set(frame["by"]) == {"overall"}
    assert frame["value"].isna().all() and (frame["n"] == 0).all()


def test_a_model_without_sentiment_leaves_the_metric_missing():
    table, topics = wide_table(n=40)
    silent = {name: getattr(table, name).assign(sentiment=np.nan) for name in ("comments", "statements")}
    frame = measure(Table(**{**as_dict(table), **silent}), topics, MetricsConfig())
    assert only(frame, metric="sentiment", by="overall")["n"] == 0
    assert set(frame.loc[frame["metric"] == "sentiment", "by"]) == {"overall"}


@pytest.mark.slow
def test_a_hundred_thousand_comments_take_seconds():
    table, topics = wide_table(n=100_000, topics=60)
    start = time.perf_counter()
    measure(table, topics, MetricsConfig())
    assert time.perf_counter() - start < 10
