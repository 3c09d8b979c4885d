"""Outcomes of every kind: named, several at once, of scores, of stages and of money."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scores_builder import CUSTOMERS, data, listed, messages, parsed, reader

from cxnlp.errors import InputError, SettingsError
from cxnlp.results import Comments, Guess
from cxnlp.schema import SCALES
from cxnlp.scores.amounts import read_amounts


def kinds(scores):
    return {outcome.name: outcome.kind for outcome in scores.outcomes}


# several outcomes


def test_outcomes_of_every_kind_in_one_run():
    comments = data(
        scores=[("likely", "nps")], likely=[9, 3], left=["no", "yes"], rec=["yes", "no"], kept=["yes", "no"],
        signed=[1, 0], paid=["10", "20,5"], plan=["a", "b"],
    )  # fmt: skip
    scores = parsed(
        comments, churn="left", outcome=("rec=no", "plan=b", "likely"), retained="kept",
        conversions=("purchase=signed",), revenue="paid",
    )  # fmt: skip
    assert kinds(scores) == {
        "churned": "event", "rec_is_no": "event", "plan_is_b": "event", "is_detractor": "event", "nps_score": "score",
        "not_retained": "event", "not_converted_purchase": "event", "revenue": "amount",
    }  # fmt: skip
    events = [name for name, kind in kinds(scores).items() if kind == "event"]
    assert all(scores.by_comment[name].tolist() == [False, True] for name in events)
    assert scores.by_comment["revenue"].tolist() == [10, 20.5] and scores.by_comment["nps_score"].tolist() == [9, 3]
    by_name = {outcome.name: outcome for outcome in scores.outcomes}
    assert by_name["not_converted_purchase"].label == "did not go on from purchase"
    assert by_name["not_converted_purchase"].stage == "purchase" and by_name["churned"].stage is None
    assert by_name["nps_score"].scale == SCALES["nps"] and not any(outcome.derived for outcome in scores.outcomes)


def test_a_bad_value_is_written_with_its_column_or_apart():
    comments = data(rec=["yes", "no", "yes"])
    apart, together = parsed(comments, outcome="rec", bad_when="no"), parsed(comments, outcome="rec=no")
    assert apart.outcomes == together.outcomes
    pd.testing.assert_frame_equal(apart.by_comment, together.by_comment)
    with pytest.raises(InputError, match="--outcome rec=maybe: no such value"):
        parsed(comments, outcome="rec=maybe")


def test_a_column_name_may_hold_an_equals_sign():
    comments = data(**{"a=b": ["x", "y"], "a": ["b", "c"]})
    assert parsed(comments, outcome="a=b", bad_when="y").outcomes[0].source == "a=b"
    assert parsed(comments, outcome="a=b=x").outcomes[0].source == "a=b"
    assert parsed(comments, outcome="a=c").outcomes[0].source == "a"


def test_one_column_is_no_two_outcomes():
    with pytest.raises(SettingsError, match="'rec' twice"):
        parsed(data(rec=["yes", "no"]), outcome=("rec=no", "rec=yes"))
    assert len(parsed(data(rec=["yes", "no"]), outcome=("rec=no", "rec=no")).outcomes) == 1


def test_names_are_unique_and_say_their_source():
    comments = data(scores=[("a", "csat5"), ("b", "csat5")], a=[1, 5], b=[5, 1])
    scores = parsed(comments, outcome=("a", "b"))
    assert list(kinds(scores)) == ["is_dissatisfied", "csat_score", "is_dissatisfied_2", "csat_2_score"]
    assert scores.outcomes[2].label == "is dissatisfied (b)"
    assert scores.by_comment["is_dissatisfied"].tolist() == [True, False]
    assert scores.by_comment["is_dissatisfied_2"].tolist() == [False, True]


@pytest.mark.parametrize("named", ["likely", "nps"])
def test_a_score_is_named_by_its_column_or_by_its_name(named):
    comments = data(scores=[("likely", "nps")], likely=[6, 7, None])
    scores = parsed(comments, outcome=named)
    assert kinds(scores) == {"is_detractor": "event", "nps_score": "score"}
    assert listed(scores.by_comment["is_detractor"]) == [True, False, None]


def test_a_guessed_score_that_speaks_of_leaving_is_an_event():
    comments = data(is_churned=[0, 1])
    guessed = Comments(comments.source, comments.table, (Guess("score", "is_churned", "guess", scale="nps"),), "x", "0")
    assert kinds(parsed(guessed, outcome="is_churned")) == {"churned": "event"}


def test_an_unknown_outcome_is_named_with_what_there_is():
    with pytest.raises(InputError) as caught:
        parsed(data(scores=[("likely", "nps")], likely=[6, 7]), outcome="likly")
    assert "--outcome" in caught.value.found and "Did you mean likely" in caught.value.fix


def test_revenue_alone_says_nothing_bad_so_that_a_score_is_taken_too():
    scores = parsed(data(scores=[("q", "nps")], q=[1, 9], paid=[5, 7]), revenue="paid")
    assert kinds(scores) == {"is_detractor": "event", "nps_score": "score", "revenue": "amount"}
    assert [outcome.derived for outcome in scores.outcomes] == [True, True, False]


@pytest.mark.parametrize(
    "settings",
    [
        {"retained": "x"}, {"conversions": ("purchase=x",)}, {"revenue": "x"}, {"outcome": ("x=1",)}, {"churn": "x"},
    ],
)  # fmt: skip
def test_no_outcome_is_adjusted_for(settings):
    with pytest.raises(SettingsError, match="--control x"):
        parsed(data(x=[1, 0]), controls=("x",), **settings)
    with pytest.raises(SettingsError, match="--cluster x"):
        parsed(data(x=[1, 0]), cluster="x", **settings)


# retention and conversion


@pytest.mark.parametrize(
    ("cells", "bad"),
    [
        (["yes", "no", None], [False, True, None]),
        (["Retained", "lost", "active"], [False, True, False]),
        (["kept", "Cancelled", "n/a"], [False, True, None]),
        ([1, 0, 1], [False, True, False]),
    ],
)
def test_retention_in_words(cells, bad):
    assert listed(parsed(data(kept=cells), retained="kept").by_comment["not_retained"]) == bad


def test_words_that_are_neither_yes_nor_no():
    with pytest.raises(InputError) as caught:
        parsed(data(kept=["yes", "perhaps"]), retained="kept")
    assert "perhaps (1)" in caught.value.found and "--outcome 'kept=VALUE'" in caught.value.fix
    with pytest.raises(InputError, match="--conversion purchase=signed holds"):
        parsed(data(signed=["yes", "left"]), conversions=("purchase=signed",))
    with pytest.raises(InputError, match="no column 'signd'"):
        parsed(data(signed=["yes", "no"]), conversions=("purchase=signd",))


# amounts


@pytest.mark.parametrize(
    ("cells", "amounts"),
    [
        (["1.234,56", "€ 20", "1.234"], [1234.56, 20, 1234]), (["1,234.56", "$20.5", "1,234"], [1234.56, 20.5, 1234]),
        (["1 234 zł", "12,50 zł"], [1234, 12.5]), (["1'234.50", "CHF 3"], [1234.5, 3]),
        (["(5.00)", "-€ 5", "5-", "€-7"], [-5, -5, -5, -7]), (["1.234.567", "2"], [1234567, 2]),
        (["0.500", "1.000"], [0.5, 1]), ([1234.5, np.nan], [1234.5, np.nan]), (["kr. 20", ".5"], [20, 0.5]),
        (["20 EUR", "€ 1\u202f000,00"], [20, 1000]), (["1 000 lei", "n/a", ""], [1000, np.nan, np.nan]),
    ],
)  # fmt: skip
def test_amounts_as_exports_write_them(cells, amounts):
    np.testing.assert_array_equal(read_amounts(pd.Series(cells)).values, amounts)


@pytest.mark.parametrize(
    "cell", ["20k", "about 5", "5 - 10", "12 34", "1.2.3", "inf", "2024-05-01", "20 days", "5 EUR 3", "1,23,4.5"]
)
def test_what_is_no_amount(cell):
    read = read_amounts(pd.Series([cell]))
    assert np.isnan(read.values[0]) and read.speaks[0]


def test_cells_that_contradict_each_other_leave_what_is_unsure_unread():
    read = read_amounts(pd.Series(["1.234,5", "1,234.5", "7.777"]))
    np.testing.assert_array_equal(read.values, [1234.5, 1234.5, np.nan])


def test_amounts_that_nothing_explains_are_said():
    scores = parsed(data(paid=["1.234", "5.678"], left=["yes", "no"]), churn="left", revenue="paid")
    assert scores.by_comment["revenue"].tolist() == [1.234, 5.678] and "decimal point" in messages(scores)


@given(st.floats(0, 1e7).map(lambda number: round(number, 2)))
def test_a_written_amount_comes_back(number):
    english = f"{number:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    for cell in (english, german, f"€ {german}", f"{number:.2f} USD"):
        assert read_amounts(pd.Series([cell])).values[0] == number


def test_revenue_that_cannot_be_used():
    with pytest.raises(InputError, match="no amount in --revenue paid, only text such as much"):
        parsed(data(paid=["much", None]), revenue="paid")
    with pytest.raises(InputError, match="several currencies: eur, usd"):
        parsed(data(paid=["€ 5", "5 $"]), revenue="paid")
    scores = parsed(data(paid=["5", "much", "6"], left=["yes", "no", "no"]), churn="left", revenue="paid")
    assert [note.count for note in scores.notes if "no amounts" in note.message] == [1]
    assert "'revenue' is 5 wherever" in messages(parsed(data(paid=[5, 5]), revenue="paid"))


# clusters


def test_clusters_are_text_and_one_is_none():
    read = reader(customer=["1", "2", "3"], account=["x", "y ", None])
    scores = parsed(data(customer=["1", "2", "3"]), read, customers=CUSTOMERS, cluster="account")
    assert listed(scores.by_comment["cluster"]) == ["x", "y", None] and "cluster" not in scores.controls
    one = parsed(data(account=["x", "x"]), cluster="account")
    assert "cluster" not in one.by_comment and "intervals do not allow for it" in messages(one)


def test_a_cluster_may_be_a_segment_too():
    scores = parsed(data(store=["x", "y"]), cluster="store", segments=("store",))
    assert scores.by_comment["store"].tolist() == scores.by_comment["cluster"].tolist() == ["x", "y"]


# observation


def dated(comments, dates):
    table = comments.table.assign(
        created_at=pd.to_datetime(pd.Series(dates), format="ISO8601").astype("datetime64[us]")
    )
    return Comments(comments.source, table, comments.roles, comments.name, "0")


def test_observation_ends_with_the_latest_date_in_the_data():
    comments = dated(data(left_on=["2025-01-31", None]), ["2025-01-01", "2025-03-05 17:00"])
    scores = parsed(comments, churn_date="left_on")
    assert set(scores.by_comment["observed_until"]) == {pd.Timestamp("2025-03-05")}
    assert "observed until 2025-03-05, the latest date" in messages(scores)
    late = parsed(dated(data(left_on=["2025-01-31", None]), ["2023-01-01"] * 2), churn_date="left_on")
    assert "more than a year after the last comment" in messages(late)


def test_dates_in_the_future_end_no_observation():
    # A contract that ends in 2090 would have everybody observed until then.
    comments = dated(data(left_on=["2090-01-31", "2025-02-01"]), ["2025-01-01", "2025-03-05 17:00"])
    scores = parsed(comments, churn_date="left_on")
    assert set(scores.by_comment["observed_until"]) == {pd.Timestamp("2025-03-05")}
    (note,) = [note for note in scores.notes if "after today" in note.message]
    assert (note.count, note.level) == (1, "warning") and "--observed-until" in note.message
    assert "latest date in the data" not in messages(scores)
    future = parsed(dated(data(left_on=["2090-01-31", None]), ["2091-01-01"] * 2), churn_date="left_on")
    (end,) = set(future.by_comment["observed_until"])
    assert abs(end - pd.Timestamp.today()) < pd.Timedelta(days=2)
    assert [note.count for note in future.notes if "after today" in note.message] == [3]
    named = parsed(comments, churn_date="left_on", observed_until="2090-12-31")
    assert "after today" not in messages(named)


def test_the_end_of_a_contract_of_someone_who_stayed_ends_no_observation():
    comments = dated(data(left=["yes", "no"], ends=["2025-01-31", "2029-12-31"]), ["2025-01-01"] * 2)
    scores = parsed(comments, churn="left", churn_date="ends")
    assert set(scores.by_comment["observed_until"]) == {pd.Timestamp("2025-01-31")}


def test_observation_by_column_or_by_one_date():
    comments = data(customer=["1", "2"], seen=["2025-06-30", "2025-07-31"])
    read = reader(customer=["1", "2", "3"], left_on=[None, "2025-02-01", None], since=["2024-01-01"] * 3)
    by_column = parsed(
        comments, read, customers=CUSTOMERS, churn_date="left_on", observed_from="since", observed_until="seen"
    )
    assert by_column.by_comment["observed_until"].dt.month.tolist() == [6, 7]
    assert by_column.by_customer["observed_from"].notna().all()
    assert "observed_until" not in by_column.by_customer
    one = parsed(comments, read, customers=CUSTOMERS, churn_date="left_on", observed_until="2025-08-31")
    assert set(one.by_comment["observed_until"]) == set(one.by_customer["observed_until"]) == {
        pd.Timestamp("2025-08-31")
    }  # fmt: skip
    assert "latest date" not in messages(one)


@pytest.mark.parametrize("until", ["sen", "31.08.2025", "2025-13-45"])
def test_an_end_of_observation_that_is_neither_column_nor_date(until):
    with pytest.raises(InputError, match="or a date such as 2025-06-30"):
        parsed(data(seen=["2025-06-30"], left_on=["2025-01-01"]), churn_date="left_on", observed_until=until)


def test_a_window_needs_dates_of_comments():
    with pytest.raises(SettingsError, match="--date COLUMN"):
        parsed(data(left_on=["2025-01-01"]), churn_date="left_on", window_days=90)
    comments = dated(data(left_on=["2025-01-31", None]), ["2025-01-01"] * 2)
    assert parsed(comments, churn_date="left_on", window_days=90).outcomes[0].label == "churned within 90 days"


# silent customers


def test_what_is_known_of_silent_customers_comes_from_their_file_also_where_the_data_are_believed():
    comments = data(customer=[f"c{n}" for n in range(20)], plan=["gold"] * 20, age=[str(n) for n in range(20, 40)])
    ids = [f"c{n}" for n in range(22)]
    read = reader(customer=ids, left=["no"] * 22, plan=["base"] * 22, age=["1"] * 21 + ["70"], spend=range(22))
    scores = parsed(comments, read, customers=CUSTOMERS, churn="left", segments=("plan", "age"), controls=("spend",))
    silent = scores.by_customer.loc[["c20", "c21"]]
    assert silent["plan"].tolist() == ["base", "base"] and silent["spend"].tolist() == [20, 21]
    assert silent["age"].tolist() == ["20-24", "35-39"]
    assert scores.by_comment["age"].value_counts().tolist() == [5, 5, 5, 5]
    assert "customers in crm.csv who wrote no comment: counted in the outcome rate" in messages(scores)
