"""Dates of customers: what is evidence, who left in time, who was not seen long enough; and who wrote nothing."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from scores_builder import CHURNED, flags, listed, text, world

from cxnlp.results import Outcome, ScoreColumn
from cxnlp.schema import SCALES
from cxnlp.scores import join
from cxnlp.scores.follow_up import follow_up, left_in_time

NPS = ScoreColumn("nps", "q", SCALES["nps"])
NPS_OUTCOMES = (
    Outcome("is_detractor", "is a detractor", "q"),
    Outcome("nps_score", "score of q", "q", kind="score", scale=SCALES["nps"]),
)


def dates(*values):
    return pd.to_datetime(pd.Series(list(values)), format="ISO8601").astype("datetime64[us]")


def followed(churned, left_at, observed_from, observed_until):
    return follow_up(pd.Series(flags(*churned)), dates(*left_at), dates(*observed_from), dates(*observed_until))


def counts(notes):
    return {note.message.split(":")[0]: note.count for note in notes}


def days(series):
    return [None if pd.isna(value) else f"{value:%m-%d}" for value in series]


# dates that contradict each other


def test_dates_that_cannot_be_true_are_counted_and_not_used():
    seen = followed(
        churned=[True, True, True, True, False, None],
        left_at=["2025-03-01", "2024-12-01", "2025-09-01", None, "2025-03-01", None],
        observed_from=["2025-01-01"] * 6,
        observed_until=["2025-06-30"] * 6,
    )
    assert listed(seen.churned) == [True, None, False, True, False, None]
    assert days(seen.left_at) == ["03-01", None, None, None, None, None]
    assert days(seen.observed_until) == ["06-30", None, "06-30", None, "06-30", None]
    assert counts(seen.notes) == {
        "customers who left before they were observed": 1,
        "customers with a date of leaving after the end of observation": 1,
        "customers who left without a date of leaving": 1,
    }


def test_observation_that_ends_before_it_begins():
    seen = followed([False, True], [None, "2025-03-01"], ["2025-05-01"] * 2, ["2025-04-01", "2025-04-01"])
    assert days(seen.observed_from) == days(seen.observed_until) == [None, None]
    assert days(seen.left_at) == [None, "03-01"] and listed(seen.churned) == [False, True]
    assert counts(seen.notes) == {"customers whose observation ends before it begins": 2}


def test_leaving_on_the_first_or_the_last_day_is_possible():
    seen = followed(
        [True, True], ["2025-01-01 00:00", "2025-06-30 17:00"], ["2025-01-01 08:00"] * 2, ["2025-06-30"] * 2
    )
    assert listed(seen.churned) == [True, True] and seen.left_at.notna().all() and not seen.notes


# evidence


def test_units_have_their_dates_whenever_leaving_has_one():
    left = dates("2025-02-01", None)
    table = join(*world([0, 1], customers=["a", "b"], by_comment={"churned_at": left}))
    assert days(table.units["left_at"]) == ["02-01", None]
    assert table.units["observed_from"].isna().all() and table.units["observed_until"].isna().all()
    assert not {"observed_from", "observed_until"} & set(table.comments)
    assert "left_at" not in join(*world([0, 1])).units


def test_first_dates_of_leaving_and_begin_and_last_of_the_end():
    by_comment = {
        "churned": flags(True, True, True),
        "churned_at": dates("2025-05-01", "2025-04-01", None),
        "observed_from": dates("2024-02-01", None, "2024-01-01"),
        "observed_until": dates("2025-05-31", "2025-06-30", None),
    }
    units = join(*world([0, 1, 2], customers=["a"] * 3, by_comment=by_comment, outcomes=CHURNED)).units
    assert (days(units["left_at"]), days(units["observed_from"]), days(units["observed_until"])) == (
        ["04-01"], ["01-01"], ["06-30"],
    )  # fmt: skip


def test_comments_after_the_end_of_observation_are_no_evidence():
    table = join(
        *world(
            [0, 1, 2],
            customers=["a", "a", "b"],
            dates=["2025-06-30T23:00", "2025-07-01T00:00", "2025-08-01"],
            by_comment={"churned_at": dates(None, None, None), "observed_until": dates(*["2025-06-30"] * 3)},
        )
    )
    assert table.comments["in_window"].tolist() == [True, False, False]
    assert table.units["observed_until"].isna().all()
    assert counts(table.notes)["comments written after the end of observation"] == 2


def test_customers_who_left_before_their_first_comment_are_counted():
    table = join(
        *world(
            [0, 1, 2, 3],
            customers=["a", "a", "b", "b"],
            dates=["2025-03-01", "2025-04-01", "2025-01-01", "2025-03-01"],
            by_comment={"churned": flags(*[True] * 4), "churned_at": dates(*["2025-02-01"] * 4)},
            outcomes=CHURNED,
        )
    )
    assert table.units["n_comments"].tolist() == [0, 1] and listed(table.units["churned"]) == [True, True]
    assert counts(table.notes)["customers who left before their first comment"] == 1


def test_a_score_given_after_leaving_is_no_outcome():
    table = join(
        *world(
            [0, 1],
            customers=["a", "a"],
            dates=["2025-01-01", "2025-03-01"],
            by_comment={
                "churned": flags(True, True),
                "churned_at": dates(*["2025-02-01"] * 2),
                "nps": [9.0, 0.0],
                "is_detractor": flags(False, True),
                "nps_score": [9.0, 0.0],
            },
            outcomes=(*CHURNED, *NPS_OUTCOMES),
            scores=(NPS,),
        )
    )
    assert table.units["nps_score"].tolist() == [9] and listed(table.units["is_detractor"]) == [False]
    assert listed(table.units["churned"]) == [True]


# outcomes of units


@pytest.mark.parametrize(("better", "latest"), [("high", 2.0), ("low", 8.0)])
def test_of_answers_of_one_day_the_worse_counts(better, latest):
    score = Outcome("nps_score", "score of q", "q", kind="score", better=better)
    made = world(
        [0, 1, 2],
        customers=["a"] * 3,
        dates=["2025-01-01", "2025-02-01", "2025-02-01"],
        by_comment={"nps_score": [5.0, 2.0, 8.0]},
        outcomes=(score,),
    )
    table = join(*made)
    assert table.units["nps_score"].tolist() == [latest] and not table.notes


def test_revenue_that_differs_between_comments_is_counted():
    revenue = Outcome("revenue", "revenue", "paid", kind="amount")
    table = join(
        *world([0, 1, 2], customers=["a", "a", "b"], dates=["2025-01-02", "2025-01-01", None],
               by_comment={"revenue": [20.0, 10.0, 5.0]}, outcomes=(revenue,))
    )  # fmt: skip
    assert table.units["revenue"].tolist() == [20, 5]
    assert [note.count for note in table.notes if "different revenue" in note.message] == [1]


def test_an_outcome_that_most_do_not_have_is_said():
    table = join(*world([0, 1, 2], by_comment={"churned": flags(True, None, None)}, outcomes=CHURNED))
    assert [note.count for note in table.notes if "unknown, more than half" in note.message] == [2]
    table = join(*world([0, 1, 2], by_comment={"churned": flags(True, False, None)}, outcomes=CHURNED))
    assert not table.notes


# the window


def windowed(window_days=30, **changes):
    """a left in time, b later; c stayed and was seen long enough, d not for so long; e wrote on an unknown day."""
    arguments = {
        "customers": list("abcde"),
        "dates": ["2025-01-01", "2025-01-01", "2025-01-01", "2025-03-15", None],
        "by_comment": {
            "churned": flags(True, True, False, False, False),
            "churned_at": dates("2025-01-31", "2025-02-01", None, None, None),
            "observed_until": dates(*["2025-03-31"] * 5),
        },
        "outcomes": CHURNED,
        **changes,
    }
    return join(*world([0, 1, 2, 3, 4], **arguments), window_days=window_days)


def test_leaving_counts_within_the_window_only():
    table = windowed()
    assert listed(table.units["churned"]) == [True, False, False, None, None]
    assert days(table.units["left_at"]) == ["01-31", "02-01", None, None, None]
    found = counts(table.notes)
    assert found["customers observed for less than 30 days"] == 1
    assert found["customers without a dated comment"] == 1
    assert listed(windowed(window_days=31).units["churned"]) == [True, True, False, None, None]
    assert listed(windowed(window_days=None).units["churned"]) == [True, True, False, False, False]


def test_whoever_left_too_shortly_before_the_data_end_is_unknown_too():
    table = windowed(
        dates=["2025-03-15"] * 5,
        by_comment={
            "churned": flags(True, True, False, None, False),
            "churned_at": dates("2025-03-20", None, None, None, None),
            "observed_until": dates(*["2025-03-31"] * 5),
        },
    )
    assert listed(table.units["churned"]) == [None] * 5
    assert counts(table.notes)["customers observed for less than 30 days"] == 3
    assert counts(table.notes)["customers who left, nobody knows whether within 30 days"] == 1


def test_comments_after_the_window_are_no_evidence():
    table = join(
        *world(
            [0, 1, 2],
            customers=["a"] * 3,
            dates=["2025-01-01T12:00", "2025-01-31T18:00", "2025-02-01"],
            by_comment={"churned": flags(*[False] * 3), "churned_at": dates(None, None, None),
                        "observed_until": dates(*["2025-12-31"] * 3)},
            outcomes=CHURNED,
        ),
        window_days=30,
    )  # fmt: skip
    assert table.comments["in_window"].tolist() == [True, True, False] and table.units["n_comments"].tolist() == [2]


def test_the_window_begins_with_the_first_scored_comment():
    table = join(
        *world(
            [1],
            n=2,
            customers=["a", "a"],
            dates=["2025-01-01", "2025-02-01"],
            by_comment={"churned": flags(True, True), "churned_at": dates(*["2025-02-20"] * 2),
                        "observed_until": dates(*["2025-12-31"] * 2)},
            outcomes=CHURNED,
        ),
        window_days=30,
    )  # fmt: skip
    assert listed(table.units["churned"]) == [True]


def test_the_rate_within_the_window_is_that_of_everybody():
    # Exponential times to leaving, half-life 60 days, entries over a year, the data end with it: with those dropped
    # who stayed and were seen shortly, but not those who left, the rate would be too high.
    rng = np.random.default_rng(1)
    n, window, end = 20_000, 90, 365
    entry, waited = rng.integers(0, end, n), rng.exponential(60 / np.log(2), n).astype(int)
    left = entry + waited
    day = pd.Timestamp("2025-01-01") + pd.to_timedelta(entry, unit="D")
    gone = left <= end
    at = pd.Series(pd.Timestamp("2025-01-01") + pd.to_timedelta(left, unit="D")).where(gone).astype("datetime64[us]")
    until = pd.Series(pd.Timestamp("2025-01-01") + pd.Timedelta(days=end), index=range(n)).astype("datetime64[us]")
    seen = follow_up(pd.Series(gone).astype("boolean"), at, pd.Series(day).astype("datetime64[us]"), until)
    found = left_in_time(seen, pd.Series(day), np.ones(n, dtype=bool), np.arange(n), window)
    truth = 1 - 0.5 ** ((window + 1) / 60)
    rate, known = found.churned.dropna().mean(), int(found.churned.notna().sum())
    error = np.sqrt(truth * (1 - truth) / known)
    assert abs(rate - truth) < 3 * error
    naive = (waited <= window)[gone].sum() / (
        (waited <= window)[gone].sum() + (entry + window <= end)[waited > window].sum()
    )
    assert naive - truth > 10 * error


# silent customers


def with_silent(order=("z", "a", "k", "b")):
    """Customers a and b wrote; k and z did not."""
    known = {
        "a": (True, "gold", 10.0, "2025-05-01"),
        "b": (False, "base", 20.0, None),
        "k": (True, "gold", 30.0, "2025-06-01"),
        "z": (None, "base", None, None),
    }
    rows = [known[name] for name in order]
    by_customer = pd.DataFrame(
        {
            "churned": flags(*[row[0] for row in rows]),
            "plan": text(row[1] for row in rows),
            "revenue": [row[2] for row in rows],
            "churned_at": dates(*[row[3] for row in rows]),
            "observed_until": dates(*["2025-06-30"] * 4),
        }
    ).set_axis(list(order))
    wrote = by_customer.loc[["b", "a", "b"]].reset_index(drop=True).assign(channel_kind=text(["x", "y", "x"]))
    return join(
        *world(
            [0, 1, 2],
            customers=["b", "a", "b"],
            dates=["2025-01-01", "2025-01-02", "2025-01-03"],
            by_comment={name: wrote[name] for name in wrote},
            by_customer=by_customer,
            outcomes=(*CHURNED, Outcome("revenue", "revenue", "paid", kind="amount")),
            segments=("plan",),
            controls=("plan", "channel_kind"),
        )
    )


def test_customers_who_wrote_nothing_follow_the_others():
    units = with_silent().units
    assert listed(units["customer_id"]) == ["b", "a", "k", "z"] and units["unit"].tolist() == [0, 1, 2, 3]
    assert units["n_comments"].tolist() == [2, 1, 0, 0]
    assert listed(units["churned"]) == [False, True, True, None] and units["churned"].dtype == "boolean"
    assert listed(units["plan"]) == ["base", "gold", "gold", "base"]
    assert listed(units["channel_kind"]) == ["x", "y", None, None]
    assert listed(units["revenue"]) == [20, 10, 30, None]
    assert days(units["left_at"]) == [None, "05-01", "06-01", None]
    assert days(units["observed_until"]) == ["06-30", "06-30", "06-30", None]
    assert listed(units["language"]) == ["en", "en", None, None]


def test_the_order_of_the_customers_file_decides_nothing():
    pd.testing.assert_frame_equal(with_silent().units, with_silent(order=("b", "k", "z", "a")).units)


def test_row_order_changes_no_customer_with_dates_scores_and_silent_ones():
    rng = np.random.default_rng(3)
    n, m = 80, 30
    ids = np.array([f"k{code:02}" for code in range(m)])
    who = rng.integers(0, 20, n)
    written = pd.date_range("2025-01-01", periods=20).astype(str).to_numpy()[rng.integers(0, 20, n)]
    nps = rng.integers(0, 11, n).astype(float)
    by_customer = pd.DataFrame(
        {
            "churned": flags(*(rng.random(m) < 0.4)),
            "churned_at": pd.Series(pd.date_range("2025-01-10", periods=m)).astype("datetime64[us]"),
            "observed_until": dates(*["2025-02-28"] * m),
        }
    ).set_axis(ids)
    by_customer["churned_at"] = by_customer["churned_at"].where(by_customer["churned"].astype(bool))
    found = []
    for order, rows in ((np.arange(n), np.arange(m)), (rng.permutation(n), rng.permutation(m))):
        wrote = by_customer.loc[ids[who[order]]].reset_index(drop=True)
        by_comment = {name: wrote[name] for name in wrote} | {
            "nps": nps[order], "is_detractor": flags(*(nps[order] <= 6)), "nps_score": nps[order],
        }  # fmt: skip
        table = join(
            *world(range(n), customers=list(ids[who[order]]), dates=list(written[order]), by_comment=by_comment,
                   by_customer=by_customer.iloc[rows], outcomes=(*CHURNED, *NPS_OUTCOMES), scores=(NPS,)),
            window_days=20,
        )  # fmt: skip
        units = table.units.drop(columns="unit").sort_values("customer_id").reset_index(drop=True)
        found.append((units, sorted((note.message, note.count) for note in table.notes)))
    pd.testing.assert_frame_equal(found[0][0], found[1][0])
    assert found[0][1] == found[1][1]
    assert found[0][0]["churned"].notna().sum() > 5


def test_a_hundred_thousand_customers_and_as_many_silent_ones_take_seconds():
    rng = np.random.default_rng(0)
    n, m = 100_000, 200_000
    ids = np.array([f"k{code}" for code in range(m)])
    by_customer = pd.DataFrame(
        {
            "churned": flags(*(rng.random(m) < 0.2)),
            "churned_at": pd.Series(pd.Timestamp("2025-06-01"), index=range(m)).astype("datetime64[us]"),
            "plan": text(rng.choice(["a", "b"], m)),
        }
    ).set_axis(ids)
    wrote = by_customer.iloc[:n].reset_index(drop=True)
    parts = world(
        range(n), customers=list(ids[:n]), dates=["2025-01-01"] * n, by_comment={name: wrote[name] for name in wrote},
        by_customer=by_customer, outcomes=CHURNED, controls=("plan",),
    )  # fmt: skip
    start = time.perf_counter()
    table = join(*parts)
    elapsed = time.perf_counter() - start
    print(f"join: {elapsed:.2f} s")
    assert len(table.units) == m and elapsed < 10
