"""Scores, outcomes, customers: what users write, and what they get wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scores_builder import CUSTOMERS, data, messages, parsed, reader

from cxnlp import schema
from cxnlp.errors import InputError, SettingsError
from cxnlp.results import Comments, Guess
from cxnlp.schema import SCALES
from cxnlp.scores.dates import read_dates
from cxnlp.scores.numbers import read_numbers
from cxnlp.scores.words import fold

# numbers


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("9", 9), ("9.0", 9), (" 8 ", 8), ("4,5", 4.5), ("8/10", 8), ("8 / 10", 8), ("8 out of 10", 8), ("4 von 5", 4),
        ("5 stars", 5), ("1 star", 1), ("4 étoiles", 4), ("3 gwiazdki", 3), ("★★★★", 4), ("⭐⭐", 2), ("★★★☆☆", 3),
        ("10 - Extremely likely", 10), ("0 = not at all", 0), ("4 (Satisfied)", 4), ("９", 9), ("\u00a07\u00a0", 7),
        ("-1", -1), (7, 7), (7.0, 7), (np.int64(3), 3), ("٣", 3),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(cell, number):
    numbers, _, speaks = read_numbers(pd.Series([cell], dtype=object))
    assert numbers[0] == number and speaks[0]


@pytest.mark.parametrize(
    "cell",
    ["Promoter", "very satisfied", "9-10", "7 or 8", "2024-05-01", "1 234", "8/10/2024", "★ 2", "inf", True, [9]],
)
def test_what_is_no_number(cell):
    numbers, _, speaks = read_numbers(pd.Series([cell], dtype=object))
    assert np.isnan(numbers[0]) and speaks[0]


@pytest.mark.parametrize("cell", ["", "  ", "n/a", "N/A", "-", None, np.nan, pd.NA, pd.NaT])
def test_what_says_nothing(cell):
    numbers, _, speaks = read_numbers(pd.Series([cell], dtype=object))
    assert np.isnan(numbers[0]) and not speaks[0]


@given(st.text())
def test_any_text_is_read_without_harm(text):
    numbers, out_of, speaks = read_numbers(pd.Series([text], dtype=object))
    assert len(numbers) == len(out_of) == len(speaks) == 1
    fold(text)


@given(st.floats(0, 10).map(lambda number: round(number, 3)))
def test_a_written_number_comes_back(number):
    cells = [f"{number}", f"{number}".replace(".", ","), f"{number}/10", f" {number} points"]
    assert read_numbers(pd.Series(cells))[0].tolist() == [number] * 4


# score columns


def test_names_groups_and_scales():
    comments = data(
        scores=[("likely", "nps"), ("happy", "csat5"), ("stars", "stars"), ("ease", "ces7")],
        likely=["10", "8", "0", None, "8.5"], happy=[5, 4, 3, 2, 1],
        stars=["★", "★★", "5 stars", "", "4/5"], ease=[1.0, 7, np.nan, 3, 4],
    )  # fmt: skip
    scores = parsed(comments)
    assert [(score.name, score.source) for score in scores.scores] == [
        ("nps", "likely"), ("csat", "happy"), ("csat_2", "stars"), ("ces", "ease"),
    ]  # fmt: skip
    assert scores.by_comment["nps_group"].fillna("").tolist() == ["promoter", "passive", "detractor", "", "passive"]
    np.testing.assert_array_equal(scores.by_comment["csat_2"], [1, 2, 5, np.nan, 4])
    assert scores.by_customer is None


def test_values_outside_the_scale_are_kept_in_the_source_and_counted():
    comments = data(scores=[("q", "nps")], q=["9"] * 20 + ["11"] * 2 + ["99", "Promoter", "n/a", ""])
    scores = parsed(comments)
    assert scores.by_comment["nps"].notna().sum() == 20
    notes = {note.message: note.count for note in scores.notes}
    assert notes["values of 'q' outside 0-10, set missing, e.g. 11, 99"] == 3
    assert notes["values of 'q' that are no numbers, set missing, e.g. Promoter"] == 1
    assert comments.source["q"].tolist()[20] == "11"


def test_out_of_another_number_is_outside():
    scores = parsed(data(scores=[("q", "csat5")], q=["4/5", "3/5", "4/10"]))
    assert scores.by_comment["csat"].isna().tolist() == [False, False, True]


def test_strict_stops_at_a_value_outside():
    with pytest.raises(InputError, match="1 of 3 values of 'q' outside"):
        parsed(data(scores=[("q", "nps")], q=[9, 8, 11]), strict=True)


def test_a_wrong_scale_is_refused_and_the_right_one_named():
    with pytest.raises(InputError) as caught:
        parsed(data(scores=[("q", "csat5")], q=list(range(11)) * 3))
    assert "--score q=nps" in caught.value.fix
    with pytest.raises(InputError, match="check the column"):
        parsed(data(scores=[("q", "csat5")], q=[50, 70, 90]))


def test_a_column_of_words_is_no_score():
    with pytest.raises(InputError, match="Promoter"):
        parsed(data(scores=[("q", "nps")], q=["Promoter", "Detractor"]))


def test_five_point_answers_on_the_nps_scale_are_doubted():
    assert "is nps its scale?" in messages(parsed(data(scores=[("q", "nps")], q=[1, 2, 3, 4, 5] * 10)))


def test_an_empty_score_column_is_said():
    scores = parsed(data(scores=[("q", "nps")], q=[None, ""]))
    assert "holds no answer" in messages(scores) and not scores.outcomes


@pytest.mark.parametrize("scale", [None, "npss"])
def test_scales_have_to_be_known(scale):
    with pytest.raises(SettingsError, match="nps"):
        parsed(data(scores=[("q", scale)], q=[1]))


def test_a_guessed_score_gives_way_to_what_the_user_named():
    comments = data(q=[0, 1, 1])
    guessed = Comments(comments.source, comments.table, (Guess("score", "q", "guess", scale="nps"),), "x", "0")
    scores = parsed(guessed, outcome="q", bad_when="1")
    assert not scores.scores and scores.outcomes[0].name == "q_is_1"
    assert "not read as a score" in messages(scores)


# outcomes


@pytest.mark.parametrize(
    ("values", "bad_when", "name", "expected"),
    [
        (["true", "false", "TRUE", None], "false", "recommended_is_false", [False, True, False, None]),
        ([True, False, True, None], "No", "recommended_is_no", [False, True, False, None]),
        ([1.0, 0.0, 1.0, np.nan], "0", "recommended_is_0", [False, True, False, None]),
        (["Da", "NU", " da ", "n/a"], "nu", "recommended_is_nu", [False, True, False, None]),
        (["Sí", "no", "si", ""], "false", "recommended_is_false", [False, True, False, None]),
        (["Gold", "Basic plan", "gold", None], "basic plan", "recommended_is_basic_plan", [False, True, False, None]),
    ],
)
def test_named_outcomes(values, bad_when, name, expected):
    scores = parsed(data(recommended=values), outcome="recommended", bad_when=bad_when)
    assert [outcome.name for outcome in scores.outcomes] == [name] and name.isidentifier()
    expected_label = "recommended is basic plan" if bad_when == "basic plan" else "not recommended"
    assert scores.outcomes[0].label == expected_label
    assert [None if value is pd.NA else value for value in scores.by_comment[name]] == expected
    assert scores.by_comment[name].dtype == "boolean"


def test_names_stay_identifiers_in_any_script():
    scores = parsed(data(**{"推荐吗": ["是", "否"]}), outcome="推荐吗", bad_when="否")
    assert scores.outcomes[0].name.isidentifier() and scores.by_comment[scores.outcomes[0].name].tolist() == [
        False,
        True,
    ]


def test_more_than_two_values_are_listed_with_counts():
    with pytest.raises(InputError, match=r"3 different values: a \(2\), b \(1\), c \(1\)"):
        parsed(data(x=["a", "b", "c", "a"]), outcome="x", bad_when="a")


def test_a_bad_value_that_is_not_there():
    with pytest.raises(InputError) as caught:
        parsed(data(x=["a", "b", "a"]), outcome="x", bad_when="c")
    assert "a (2), b (1)" in caught.value.expected and caught.value.fix == "--outcome 'x=a'"


def test_bad_when_is_asked_for_unless_it_is_obvious():
    with pytest.raises(SettingsError, match="--outcome 'recommended=no'"):
        parsed(data(recommended=["yes", "no"]), outcome="recommended")
    for column, values in {
        "is_churned": [1, 0],
        "status": ["Active", "Cancelled"],
        "gekündigt": ["nein", "ja"],
    }.items():
        scores = parsed(data(**{column: values}), outcome=column)
        assert [outcome.name for outcome in scores.outcomes] == ["churned"]
        assert scores.by_comment["churned"].sum() == 1


@pytest.mark.parametrize(
    "values",
    [
        ["yes", "no"],
        ["TRUE", "FALSE"],
        ["Churned", "Active"],
        ["left", "stayed"],
        ["zrezygnował", "aktywny"],
        ["résilié", "actif"],
        [1, 0],
    ],
)
def test_churn_in_many_words(values):
    scores = parsed(data(left=values), churn="left")
    assert scores.by_comment["churned"].tolist() == [True, False]
    assert (scores.outcomes[0].name, scores.outcomes[0].label, scores.outcomes[0].source) == (
        "churned",
        "churned",
        "left",
    )


def test_churn_words_that_say_neither():
    with pytest.raises(InputError) as caught:
        parsed(data(state=["active", "paused"]), churn="state")
    assert "paused (1)" in caught.value.found and "--outcome 'state=VALUE'" in caught.value.fix


def test_a_constant_outcome_is_kept_and_said():
    scores = parsed(data(left=["yes", None]), churn="left")
    assert scores.outcomes and "if that means no, write no" in messages(scores)
    scores = parsed(data(ok=["yes", "yes"]), outcome="ok", bad_when="no")
    assert not scores.by_comment["ok_is_no"].any() and "nothing can be associated" in messages(scores)


@pytest.mark.parametrize("settings", [{"churn": "x"}, {"outcome": "x", "bad_when": "a"}])
def test_empty_and_absent_outcome_columns(settings):
    with pytest.raises(InputError, match="holds no value"):
        parsed(data(x=[None, "n/a"]), **settings)
    with pytest.raises(InputError, match="no column 'x'"):
        parsed(data(xx=["a"]), **settings)


def test_churn_date_alone_is_churn():
    scores = parsed(data(left_on=["2025-01-31", None, "soon"]), churn_date="left_on")
    assert [None if value is pd.NA else value for value in scores.by_comment["churned"]] == [True, False, None]
    assert scores.by_comment["churned_at"].tolist()[0] == pd.Timestamp("2025-01-31")
    assert any(note.count == 1 and "no dates" in note.message for note in scores.notes)


def test_a_date_of_leaving_of_someone_who_stayed_is_not_used():
    scores = parsed(data(left=["yes", "no"], ends=["2025-01-31"] * 2), churn="left", churn_date="ends")
    assert scores.by_comment["churned_at"].notna().tolist() == [True, False]
    assert "not marked as left" in messages(scores)


def test_two_outcomes_side_by_side():
    scores = parsed(data(left=["yes", "no"], rec=["no", "yes"]), churn="left", outcome="rec", bad_when="no")
    assert [outcome.name for outcome in scores.outcomes] == ["churned", "rec_is_no"]


@pytest.mark.parametrize(
    ("scale", "values", "name", "bad"),
    [
        ("nps", [6, 7, 10, None], "is_detractor", [True, False, False, None]),
        ("csat5", [2, 3, 5, None], "is_dissatisfied", [True, False, False, None]),
        ("ces7", [3, 4, 7, None], "is_high_effort", [True, False, False, None]),
        ("ces7-effort", [7, 4, 1, None], "is_high_effort", [True, False, False, None]),
    ],
)
def test_an_outcome_is_derived_where_none_is_named(scale, values, name, bad):
    scores = parsed(data(scores=[("q", scale)], q=values))
    event, whole = scores.outcomes
    assert (event.name, event.kind, event.derived) == (name, "event", True)
    assert (whole.name, whole.label) == (f"{SCALES[scale].metric}_score", "score of q")
    assert (whole.kind, whole.derived, whole.scale, whole.better) == (
        "score",
        True,
        SCALES[scale],
        SCALES[scale].better,
    )
    np.testing.assert_array_equal(scores.by_comment[whole.name], np.array(values, dtype=float))
    assert [None if value is pd.NA else value for value in scores.by_comment[name]] == bad
    assert "no outcome was named" in messages(scores)


def test_nps_comes_first_and_nothing_comes_from_nothing():
    scores = parsed(data(scores=[("c", "csat5"), ("n", "nps")], c=[1, 5], n=[9, 3]))
    assert [outcome.name for outcome in scores.outcomes] == ["is_detractor", "nps_score"]
    assert not parsed(data(x=["a"])).outcomes


# dates


@pytest.mark.parametrize(
    "cells",
    [
        ["2025-03-31", "2024-12-01"], ["31.03.2025", "01.12.2024"], ["31/03/2025", "01/12/2024"],
        ["03/31/2025", "12/01/2024"],
        ["2025-03-31T00:00:00Z", "2024-12-01 00:00"], ["45747", "45627"], ["20250331", "20241201"],
        ["1743379200", "1733011200"],
        ["1743379200000", "1733011200000"], ["31 Mar 2025", "01 Dec 2024"],
        ["2025-03-31T02:00:00+02:00", "2024-12-01T00:00:00+00:00"],
    ],
)  # fmt: skip
def test_dates_as_exports_write_them(cells):
    dates, unreadable, ambiguous = read_dates(pd.Series([*cells, None, ""]))
    assert dates.tolist()[:2] == [pd.Timestamp("2025-03-31"), pd.Timestamp("2024-12-01")]
    assert dates.isna().tolist()[2:] == [True, True] and (unreadable, ambiguous) == (0, False)


def test_dates_that_could_be_the_other_way_round():
    dates, _, ambiguous = read_dates(pd.Series(["03/04/2025", "01/02/2025"]))
    assert ambiguous and dates.iloc[0] == pd.Timestamp("2025-04-03")
    with pytest.raises(InputError, match="no date can be read"):
        parsed(data(x=["soon", None]), churn_date="x")


def test_dates_with_a_time_zone_lose_it():
    zoned = pd.Series(pd.to_datetime(["2025-03-31T01:00:00+01:00"], utc=True)).dt.tz_convert("Europe/Bucharest")
    assert read_dates(zoned)[0].tolist() == [pd.Timestamp("2025-03-31")]


# segments and controls


def test_segments_are_text_and_long_numbers_become_bands():
    comments = data(
        plan=["gold "] * 10 + [None] * 10,
        age=[str(age) for age in range(18, 38)],
        seats=[1.0, 2.0] * 10,
        zip=[f"0{code}" for code in range(1000, 1020)],
    )
    scores = parsed(comments, segments=("plan", "age", "seats", "zip"))
    assert scores.segments == scores.controls == ("plan", "age", "seats", "zip")
    frame = scores.by_comment
    assert frame["plan"].dropna().unique().tolist() == ["gold"]
    assert sorted(frame["age"].unique()) == ["18-22", "23-27", "28-32", "33-37"]
    assert sorted(frame["seats"].unique()) == ["1", "2"]
    assert frame["zip"].nunique() == 20 and frame["zip"].iloc[0] == "01000"


def test_a_column_that_speaks_of_leaving_is_mentioned_and_not_used():
    scores = parsed(data(scores=[("q", "nps")], q=[1, 9], churned=["yes", "no"]))
    assert [outcome.name for outcome in scores.outcomes] == ["is_detractor", "nps_score"]
    assert "column 'churned' may say who left" in messages(scores)
    assert "may say who left" not in messages(parsed(data(churned=["yes", "no"]), churn="churned"))


def test_a_segment_may_stand_in_the_customers_file():
    comments = data(customer=["1", "2"], text=["a", "b"])
    read = reader(customer=["1", "2"], plan=["gold", "base"])
    scores = parsed(comments, read, customers=CUSTOMERS, segments=("plan",))
    assert scores.by_comment["plan"].tolist() == ["gold", "base"]


def test_controls_stay_numbers_and_come_after_the_segments_once():
    comments = data(plan=["a", "b"], spend=["1", "2.5"], region=["x", "y"])
    scores = parsed(comments, segments=("plan",), controls=("spend", "plan", "region"))
    assert scores.segments == ("plan",) and scores.controls == ("plan", "spend", "region")
    assert scores.by_comment["spend"].dtype == float and scores.by_comment["region"].tolist() == ["x", "y"]


def test_a_segment_never_takes_the_name_of_another_column():
    scores = parsed(
        data(status=["a", "b"], channel=["c", "d"], language=[1, 2]),
        segments=("status", "channel"),
        controls=("language",),
    )
    assert scores.controls == ("segment_status", "segment_channel", "control_language")
    assert not set(scores.by_comment) & set(schema.names("comments"))


def test_what_is_measured_is_not_adjusted_for():
    comments = data(scores=[("q", "nps")], q=[1, 2], left=["yes", "no"])
    with pytest.raises(SettingsError, match="--segment left"):
        parsed(comments, churn="left", segments=("left",))
    with pytest.raises(SettingsError, match="--control q"):
        parsed(data(scores=[("q", "nps")], q=[1, 2]), controls=("q",))
    with pytest.raises(InputError, match="no column 'spent'"):
        parsed(data(spend=[1]), controls=("spent",))


# customers


def test_customers_are_joined_by_a_key_of_another_type():
    comments = data(customer=[" 7.0", "8", "9", None], text=list("abcd"), plan=list("xyzx"))
    read = reader(customer=[7, 8, 10], left=["yes", "no", "no"], region=["n", "s", "w"], tenure_days=[10, 20, 30])
    scores = parsed(comments, read, customers=CUSTOMERS, churn="left", segments=("plan",), controls=("region",))
    assert [None if value is pd.NA else value for value in scores.by_comment["churned"]] == [True, False, None, None]
    assert scores.by_comment["region"].fillna("").tolist() == ["n", "s", "", ""]
    assert scores.controls == ("plan", "region", "tenure_days")
    np.testing.assert_array_equal(scores.by_comment["tenure_days"], [10, 20, np.nan, np.nan])
    assert scores.by_customer.index.tolist() == ["7", "8", "10"]
    assert scores.by_customer["churned"].tolist() == [True, False, False]
    counts = {note.message.split(":")[0]: note.count for note in scores.notes}
    assert counts["comments whose customer is not in crm.csv"] == 1
    assert counts["comments without a customer id"] == 1
    assert counts["customers in crm.csv who wrote no comment"] == 1
    assert "from the reader" in counts


def test_the_customers_file_is_believed_about_outcomes_and_the_data_about_segments():
    comments = data(customer=["1", "2"], left=["no", "no"], plan=["a", "b"])
    read = reader(customer=["1", "2"], left=["yes", "no"], plan=["c", "d"])
    scores = parsed(comments, read, customers=CUSTOMERS, churn="left", segments=("plan",))
    assert scores.by_comment["churned"].tolist() == [True, False]
    assert scores.by_comment["plan"].tolist() == ["a", "b"]
    assert "'left' is in both files: taken from the customers file" in messages(scores)
    assert "'plan' is in both files: taken from survey.csv" in messages(scores)


@pytest.mark.parametrize(
    ("ids", "keys"),
    [(["00123", "00124"], ["123", "124"]), (["ab1", "ab2"], ["AB1", "AB2"]), (["1", "2"], ["0001", "0002"])],
)
def test_ids_that_differ_by_zeros_or_case_are_not_guessed_but_named(ids, keys):
    read = reader(customer=keys, left=["yes", "no"])
    with pytest.raises(InputError, match="100% of the comments would if case and leading zeros did not count"):
        parsed(data(customer=ids), read, customers=CUSTOMERS, churn="left")


def test_some_ids_that_differ_by_zeros_are_warned_of():
    scores = parsed(
        data(customer=["1", "02"]), reader(customer=["1", "2"], left=["yes", "no"]), customers=CUSTOMERS, churn="left"
    )
    assert any(note.count == 1 and "leading zeros" in note.message for note in scores.notes)


def test_no_match_at_all():
    with pytest.raises(InputError) as caught:
        parsed(data(customer=["a"]), reader(customer=["z"], left=["yes"]), customers=CUSTOMERS, churn="left")
    assert "such as a" in caught.value.found and "--customers-id" in caught.value.fix


def test_duplicate_customers():
    read = reader(customer=["1", "1", "2", "2", "3"], left=["yes", "yes", "no", "yes", "no"], seen=[1, 2, 3, 4, 5])
    scores = parsed(data(customer=["1", "2", "3"]), read, customers=CUSTOMERS, churn="left")
    assert [None if value is pd.NA else value for value in scores.by_comment["churned"]] == [True, None, False]
    assert [note.count for note in scores.notes if "contradict" in note.message] == [1]
    assert not any("is not in crm.csv" in note.message for note in scores.notes)
    same = reader(customer=["1", "1"], left=["yes", "yes"], seen=[1, 2])
    scores = parsed(data(customer=["1"]), same, customers=CUSTOMERS, churn="left")
    assert [(note.count, note.level) for note in scores.notes if "say the same" in note.message] == [(1, "info")]


def test_duplicates_mean_the_same_in_any_order():
    rows = {"customer": ["1", "1", "2", "2"], "left": ["yes", "no", "no", "no"]}
    turned = {name: values[::-1] for name, values in rows.items()}
    first, second = (
        parsed(data(customer=["1", "2"]), reader(**each), customers=CUSTOMERS, churn="left") for each in (rows, turned)
    )
    pd.testing.assert_frame_equal(first.by_comment, second.by_comment)
    with pytest.raises(InputError, match="every customer in crm"):
        parsed(data(customer=["1"]), reader(customer=["1", "1"], left=["a", "b"]), customers=CUSTOMERS, churn="left")


def test_customers_files_without_rows_or_key():
    with pytest.raises(InputError, match="no customer in"):
        parsed(data(customer=["1"]), reader(customer=[], left=[]), customers=CUSTOMERS, churn="left")
    with pytest.raises(InputError, match="no customer in"):
        parsed(
            data(customer=["1"]), reader(customer=[None, " "], left=["yes", "no"]), customers=CUSTOMERS, churn="left"
        )
    with pytest.raises(InputError, match="--customers-id"):
        parsed(data(customer=["1"]), reader(client=["1"], left=["yes"]), customers=CUSTOMERS, churn="left")
    with pytest.raises(SettingsError, match="--id"):
        parsed(data(x=["1"]), reader(customer=["1"], left=["yes"]), customers=CUSTOMERS, churn="left")


def test_the_key_may_have_another_name():
    read = reader(client=["1", "2"], left=["yes", "no"])
    scores = parsed(data(customer=["2", "1"]), read, customers=CUSTOMERS, customers_id="client", churn="left")
    assert scores.by_comment["churned"].tolist() == [False, True]


def test_an_empty_frame_is_no_mistake():
    scores = parsed(data(scores=[("q", "nps")], q=[], plan=[]), segments=("plan",))
    assert len(scores.by_comment) == 0 and scores.segments == ("plan",)


def test_every_declared_scale_can_be_read():
    for name, scale in SCALES.items():
        scores = parsed(data(scores=[("q", name)], q=[scale.low, scale.high]))
        assert scores.by_comment[scale.metric].tolist() == [scale.low, scale.high]
