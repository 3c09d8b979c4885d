"""Settings: checked when they are made, changed by name, read from TOML."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cxnlp.config import FORMATS, Config, load_config
from cxnlp.errors import InputError, SettingsError

ROOMS = [room.name for room in dataclasses.fields(Config)]
SETTINGS = [setting.name for room in ROOMS for setting in dataclasses.fields(getattr(Config(), room))]


def test_no_two_rooms_have_a_setting_of_the_same_name():
    assert len(SETTINGS) == len(set(SETTINGS))


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_can_be_given_its_own_value_back(name):
    value = next(getattr(getattr(Config(), room), name) for room in ROOMS if hasattr(getattr(Config(), room), name))
    assert Config().replace(**{name: value}) == Config()


def test_a_change_leaves_the_first_settings_alone():
    first = Config()
    second = first.replace(text="comment", topics="12")
    assert (first.read.text, first.topics.topics) == (None, "auto")
    assert (second.read.text, second.topics.topics) == ("comment", "12")


def test_settings_cannot_be_changed_in_place():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().read.text = "comment"


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("scores", "nps", ("nps",)),
        ("scores", ["nps", "csat=csat5"], ("nps", "csat=csat5")),
        ("outcome", "recommended", ("recommended",)),
        ("journey", "journey.yaml", Path("journey.yaml")),
        ("topics", 12, "12"),
        ("journey", None, None),
    ],
)
def test_values_take_the_declared_type(name, given, kept):
    changed = Config().replace(**{name: given})
    assert (
        next(getattr(getattr(changed, room), name) for room in ROOMS if hasattr(getattr(changed, room), name)) == kept
    )


@pytest.mark.parametrize(
    ("settings", "found", "fix"),
    [
        ({"device": "gpu"}, "--device gpu", "--device cpu"),
        ({"precision": "float16"}, "--precision float16", "--precision bfloat16"),
        ({"formats": ("pdf",)}, "--format pdf", "--format"),
        ({"topics": "many"}, "--topics many", "--topics auto"),
        ({"topics": "0"}, "--topics 0", "--topics auto"),
        ({"bad_when": "no"}, "--bad-when no without --outcome", "--outcome COLUMN --bad-when no"),
        (
            {"outcome": ("a", "b=1"), "bad_when": "0"},
            "--bad-when 0 with 2 outcomes",
            "--outcome 'a=VALUE' --outcome 'b=1'",
        ),
        ({"window_days": 90}, "--window 90 without --churn-date", "--window 90 --churn-date COLUMN"),
        ({"observed_from": "since"}, "--observed-from since without --churn-date", "--churn-date COLUMN"),
        ({"churn_date": "left_on", "window_days": 0}, "--window 0", "--window 90"),
        ({"churn_date": "left_on", "window_days": "soon"}, "--window soon", "--window 90"),
        ({"conversions": ("signed",)}, "--conversion signed", "--conversion purchase=COLUMN"),
        ({"conversions": ("=signed",)}, "--conversion =signed", "--conversion purchase=COLUMN"),
        ({"conversions": ("Buy=a", "buy=b")}, "--conversion buy twice", "leave out one"),
        ({"polarities": ("bad",)}, "--polarity bad", "--polarity negative"),
        ({"fdr": "bonferroni"}, "--fdr bonferroni", "--fdr bh"),
        ({"customers": "crm.csv"}, "--customers crm.csv without --id", "--id customer_id"),
        ({"encoding": "utf8x"}, "--encoding utf8x", "--encoding utf-8"),
        ({"delimiter": "--"}, "--delimiter '--'", "--delimiter ';'"),
        ({"confidence": 95}, "confidence = 95", "leave out confidence"),
        ({"q": 0}, "q = 0", "leave out q"),
        ({"txt": "comment"}, "setting txt", "setting text"),
    ],
)
def test_what_is_no_setting_is_refused_with_a_fix(settings, found, fix):
    with pytest.raises(SettingsError) as caught:
        Config().replace(**settings)
    assert caught.value.found == found
    assert fix in caught.value.fix


@given(st.text(max_size=8))
@example("²")
def test_topics_are_auto_or_a_whole_number_from_1(value):
    acceptable = value == "auto" or (value.isdecimal() and int(value) >= 1)
    try:
        Config().replace(topics=value)
    except SettingsError:
        assert not acceptable
    else:
        assert acceptable


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_accepted(name):
    assert Config().replace(formats=(name,)).report.formats == (name,)


# From a file


def written(folder: Path, text: str) -> Path:
    file = folder / "settings.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_file_with_every_kind_of_value(tmp_path):
    text = (
        '[read]\ntext = "Părere"\nscores = ["nps"]\n\n[scores]\nstrict = true\n\n[topics]\ntopics = 12\nrefits = 5\n\n'
        '[journey]\njourney = "journey.yaml"\n\n[drivers]\nq = 0.05\n'
    )
    config = load_config(written(tmp_path, text))
    expected = Config().replace(
        text="Părere", scores=("nps",), strict=True, topics="12", refits=5, journey="journey.yaml", q=0.05
    )
    assert config == expected


def test_an_empty_file_means_the_defaults(tmp_path):
    assert load_config(written(tmp_path, "")) == Config()


@pytest.mark.parametrize(
    ("text", "error", "found"),
    [
        ("[reed]\n", SettingsError, "reed"),
        ("[read]\ntxt = 'x'\n", SettingsError, "txt"),
        ("text = 'x'\n", SettingsError, "text"),
        ("[encode]\ndevice = 'gpu'\n", SettingsError, "--device gpu"),
        ("[read\n", InputError, "not valid TOML"),
    ],
)
def test_mistakes_in_a_file_are_named(text, error, found, tmp_path):
    with pytest.raises(error) as caught:
        load_config(written(tmp_path, text))
    assert found in caught.value.found


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"cannot read .*No such file"):
        load_config(tmp_path / "none.toml")
