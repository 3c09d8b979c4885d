"""The journey: its map, the place of every statement, and the metrics along it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxnlp import schema
from cxnlp.config import JourneyConfig
from cxnlp.errors import CxnlpError, InputError, SettingsError
from cxnlp.heads import HEADS, TOUCHPOINTS
from cxnlp.journey import DEFAULT, JourneyMap, curve, load, place
from cxnlp.journey.maps import fold
from cxnlp.results import Comments, Encoding, ModelInfo, Placement, Statements

TEXT = pd.StringDtype(na_value=np.nan)

LABELS = HEADS["touchpoint"].labels


def load_text(tmp_path, text, comments=None):
    path = tmp_path / "journey.yaml"
    path.write_text(text, encoding="utf-8")
    return load(JourneyConfig(path), comments or data())


def data(stage=(), channel=(), **columns):
    n = max(len(stage), len(channel), *(len(values) for values in columns.values()), 0)
    missing = pd.Series([None] * n, dtype=TEXT)
    table = pd.DataFrame({name: missing for name in schema.names("comments_read")})
    table["comment_id"] = [str(row) for row in range(n)]
    table["stage_given"] = pd.Series(list(stage) or [None] * n, dtype=TEXT)
    table["channel"] = pd.Series(list(channel) or [None] * n, dtype=TEXT)
    return Comments(pd.DataFrame(columns, index=range(n)), table, (), "test.csv", "0")


def said(rows):
    return Statements(pd.DataFrame(), pd.DataFrame({"row": np.array(rows, dtype=int)}))


def encoded(*touchpoints, thresholds=None):
    """One statement per argument: {code: probability}."""
    probabilities = np.zeros((len(touchpoints), len(LABELS)), dtype=np.float32)
    for position, codes in enumerate(touchpoints):
        for code, probability in codes.items():
            probabilities[position, LABELS.index(code)] = probability
    limits = np.full(len(LABELS), 0.5) if thresholds is None else thresholds
    model = ModelInfo("test", "", "", ("touchpoint",))
    return Encoding(np.zeros((len(touchpoints), 2)), {"touchpoint": probabilities}, {"touchpoint": limits}, model)


def test_default_journey_gives_every_touchpoint_but_other_one_of_the_five_stages():
    assert load(JourneyConfig(), data()) is DEFAULT
    assert DEFAULT.stages == schema.STAGES
    assert set(DEFAULT.touchpoints) == set(TOUCHPOINTS) - {"OTH"}
    assert DEFAULT.touchpoints["DEL"] == "purchase" and DEFAULT.touchpoints["REC"] == "advocacy"


def test_journey_yaml(tmp_path):
    journey = load_text(
        tmp_path,
        """
stages:
  - name: Kauf
    touchpoints: [ord, DEL]
    columns: {survey: [1, S2]}
    aliases: [buying]
  - name: Nutzung
    channels: [App Store]
    values: [usage]
""",
        data(survey=["1"]),
    )
    assert journey.stages == ("Kauf", "Nutzung")
    assert journey.touchpoints == {"ORD": "Kauf", "DEL": "Kauf"}
    assert journey.channels == {"app store": "Nutzung"}
    assert journey.columns == {"survey": {"1": "Kauf", "s2": "Kauf"}}
    assert journey.aliases == {"kauf": "Kauf", "buying": "Kauf", "nutzung": "Nutzung", "usage": "Nutzung"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no stages"),
        ("stages: []", "no stages"),
        ("- a\n- b", "no stages"),
        ("stages: {a: [DEL]}", "no stages"),
        ("stages:\n  - {name: a, touchpoints: [DLE]}", "DEL"),
        ("stages:\n  - {name: a, touchpoints: [OTH]}", "OTH"),
        ("stages:\n  - {name: a, touchpoints: [DEL]}\n  - {name: b, touchpoints: [DEL]}", "already in stage 'a'"),
        ("stages:\n  - {name: a, touchpoints: [DEL, DEL]}", "twice"),
        ("stages:\n  - {name: a}\n  - {name: A}", "already in stage 'a'"),
        ("stages:\n  - {name: a, aliases: [x]}\n  - {name: b, values: [X]}", "already in stage 'a'"),
        ("stages:\n  - {name: a, touchpoint: [DEL]}", "touchpoints"),
        ("stages:\n  - {touchpoints: [DEL]}", "stage 1"),
        ("stages:\n  - {name: yes}", "stage 1"),
        ("stages:\n  - purchase", "stage 1"),
        ("stages:\n  - {name: a, touchpoints: DEL}", "touchpoints: [one, two]"),
        ("stages:\n  - {name: a, columns: [x]}", "survey_id"),
        ("stages:\n  - {name: a}\nstage: b", "stages"),
        ("stages:\n  - name: a\n   bad: [", "line 3"),
        ("stages:\n  - name: a\n    name: b", "line 3"),
    ],
)
def test_mistakes_in_a_journey_are_named(tmp_path, text, says):
    with pytest.raises(CxnlpError) as caught:
        load_text(tmp_path, text)
    assert says in str(caught.value)


def test_missing_and_foreign_files(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.yaml"):
        load(JourneyConfig(tmp_path / "nowhere.yaml"), data())
    with pytest.raises(InputError, match="cannot open"):
        load(JourneyConfig(tmp_path), data())
    (tmp_path / "latin.yaml").write_bytes("stages: [{name: a}] # Käufe".encode("latin-1"))
    with pytest.raises(InputError, match="UTF-8"):
        load(JourneyConfig(tmp_path / "latin.yaml"), data())


@given(st.text())
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)


def test_touchpoint_is_the_most_probable_that_passes_and_other_is_none():
    encoding = encoded({"DEL": 0.9, "SUP": 0.6}, {"OTH": 0.99}, {"OTH": 0.9, "PRC": 0.7}, {"DEL": 0.4})
    table = place(data(a=[1, 2]), said([0, 0, 1, 1]), encoding, DEFAULT).of_statement
    assert table["touchpoint"].fillna("").tolist() == ["DEL", "", "PRC", ""]
    assert table["stage"].fillna("").tolist() == ["purchase", "", "consideration", ""]
    assert table["stage_source"].fillna("").tolist() == ["model", "", "model", ""]
    np.testing.assert_allclose(table["stage_confidence"], [0.9, np.nan, 0.7, np.nan], rtol=1e-6)


def test_thresholds_of_the_model_decide():
    thresholds = np.full(len(LABELS), 0.5)
    thresholds[LABELS.index("DEL")] = 0.95
    table = place(
        data(a=[1]), said([0]), encoded({"DEL": 0.9, "SUP": 0.6}, thresholds=thresholds), DEFAULT
    ).of_statement
    assert table["touchpoint"].tolist() == ["SUP"]


def test_the_data_win_over_the_model_and_both_are_kept():
    encoding = encoded({"DEL": 0.9}, {"DEL": 0.8}, {"SUP": 0.7})
    placed = place(data(stage=["Retention ", None]), said([0, 1, 1]), encoding, DEFAULT)
    table = placed.of_statement
    assert table["stage"].tolist() == ["retention", "purchase", "retention"]
    assert table["stage_model"].tolist() == ["purchase", "purchase", "retention"]
    assert table["stage_source"].tolist() == ["data", "model", "model"]
    np.testing.assert_allclose(table["stage_confidence"], [1, 0.8, 0.7], rtol=1e-6)


def test_stage_column_then_columns_then_channel_then_model():
    journey = JourneyMap(
        stages=("a", "b", "c", "d"),
        touchpoints={"DEL": "d"},
        channels={"mail": "c"},
        columns={"survey": {"1": "b"}},
        aliases={"a": "a", "b": "b", "c": "c", "d": "d"},
    )
    comments = data(stage=["A", None, None, None], channel=["mail", "Mail", "mail ", "x"], survey=[1.0, 1.0, 2.0, 2.0])
    placed = place(comments, said([0, 1, 2, 3]), encoded(*[{"DEL": 0.9}] * 4), journey)
    assert placed.of_statement["stage"].tolist() == ["a", "b", "c", "d"]


def test_a_column_of_the_journey_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="Did you mean survey"):
        load_text(tmp_path, "stages:\n  - {name: a, columns: {survei: [1]}}", data(survey=["1"]))


def test_unknown_stages_of_the_data_are_kept_behind_the_others_and_counted():
    stage = ["Onboarding", "onboarding", "Renewal", "awareness", "Zoo", "zoo"]
    placed = place(data(stage=stage), said(range(6)), encoded(*[{}] * 6), DEFAULT)
    assert placed.stages == (*schema.STAGES, "Onboarding", "Zoo", "Renewal")
    assert placed.of_statement["stage"].tolist() == ["Onboarding", "Onboarding", "Renewal", "awareness", "Zoo", "Zoo"]
    assert [note.count for note in placed.notes] == [5]
    assert "Onboarding, Zoo, Renewal" in placed.notes[0].message


def test_touchpoints_outside_the_journey_are_counted():
    journey = JourneyMap(("a",), {"DEL": "a"}, aliases={"a": "a"})
    placed = place(data(a=[1, 2]), said([0, 1]), encoded({"DEL": 0.9}, {"SUP": 0.9}), journey)
    assert placed.of_statement["stage"].fillna("").tolist() == ["a", ""]
    assert placed.of_statement["touchpoint"].tolist() == ["DEL", "SUP"]
    assert [(note.count, "SUP" in note.message) for note in placed.notes] == [(1, True)]


def test_agreement_counts_comments_not_statements():
    # Comment 0: purchase by weight (.9 against .6), the data agree. Comment 1: they do not. Comment 2 has one side.
    stage = ["purchase", "awareness", None, "advocacy"]
    encoding = encoded({"DEL": 0.9}, {"SUP": 0.6}, {"SUP": 0.9}, {"DEL": 0.9}, {"OTH": 0.9})
    agreement = place(data(stage=stage), said([0, 0, 1, 2, 3]), encoding, DEFAULT).agreement
    assert (agreement.value, agreement.n) == (0.5, 2)
    # Wilson interval of 1 of 2, as R's binom::binom.wilson gives it.
    assert (agreement.low, agreement.high) == (pytest.approx(0.0945, abs=1e-4), pytest.approx(0.9055, abs=1e-4))


def test_no_agreement_without_a_stage_in_the_data():
    assert place(data(a=[1]), said([0]), encoded({"DEL": 0.9}), DEFAULT).agreement is None


def test_a_model_without_the_touchpoint_head():
    encoding = Encoding(np.zeros((1, 2)), {}, {}, ModelInfo("test", "", "", ()))
    placed = place(data(stage=["purchase"]), said([0]), encoding, DEFAULT)
    assert placed.of_statement["touchpoint"].isna().all() and placed.of_statement["stage_model"].isna().all()
    assert placed.of_statement["stage"].tolist() == ["purchase"] and placed.agreement is None


def test_nothing_to_place():
    placed = place(data(), said([]), encoded(), DEFAULT)
    assert placed.of_statement.empty and placed.agreement is None
    assert list(placed.of_statement) == schema.names("placement")


def test_encoding_is_not_changed():
    encoding = encoded({"OTH": 0.9})
    place(data(a=[1]), said([0]), encoding, DEFAULT)
    assert np.isfinite(encoding.thresholds["touchpoint"]).all()


def test_curve_follows_the_journey():
    rows = [
        ("nps", "stage", "retention"),
        ("nps", "stage", "awareness"),
        ("nps", "overall", "all"),
        ("volume", "stage", "awareness"),
    ]
    metrics = pd.DataFrame(
        [
            {
                "metric": metric,
                "subject": metric,
                "by": by,
                "group": group,
                "value": 1.0,
                "low": 0.0,
                "high": 2.0,
                "n": 9,
                "method": "m",
                "unit": "points",
            }
            for metric, by, group in rows
        ]
    )
    line = curve(metrics, Placement(pd.DataFrame(), schema.STAGES))
    assert list(line.columns) == schema.names("journey")
    assert list(zip(line["position"], line["stage"], line["metric"], strict=True)) == [
        (0, "awareness", "nps"),
        (0, "awareness", "volume"),
        (3, "retention", "nps"),
    ]


def test_settings_error_suggests_the_nearest_code(tmp_path):
    with pytest.raises(SettingsError) as caught:
        load_text(tmp_path, "stages:\n  - {name: a, touchpoints: [DELV]}")
    assert "DEL" in caught.value.fix
