"""Plans: what was fixed before, how a run follows it, and what is said where it does not."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cxnlp import plans
from cxnlp.config import Config
from cxnlp.errors import CxnlpError, InputError, OutputError, SettingsError

PLANNED = Config().replace(
    churn="churned", churn_date="left on", controls=("tenure", "plan"), segments=("country",), q=0.05, by_stage=False
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "plan.toml"
    path.write_text(plans.freeze(PLANNED, frozen_at="2026-01-02T03:04:05Z"), encoding="utf-8")
    return path


def run(*arguments: object):
    from cxnlp.cli import plan

    app = typer.Typer()
    app.command()(plan.plan)
    return CliRunner().invoke(app, [str(one) for one in arguments])


def test_a_plan_holds_what_was_fixed(path: Path) -> None:
    plan = plans.read(path)
    assert plan.frozen_at == "2026-01-02T03:04:05Z"
    assert plan.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    for name, value in plan.settings.items():
        assert value == getattr(getattr(PLANNED, plans._ROOM_OF[name]), name), name
    assert set(plan.settings) == {name for settings in plans.PLANNED.values() for name in settings}


def test_every_setting_is_said_even_one_that_is_not_used(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for settings in plans.PLANNED.values():
        for name, meaning in settings.items():
            assert re.search(rf"^(# )?{name}( =|:) ", text, re.M), name
            assert f"# {meaning}\n" in text
    assert "# revenue: none\n" in text and 'churn = "churned"\n' in text


def test_a_plan_names_every_setting_that_decides_the_analysis_and_no_path() -> None:
    left_out = {"customers", "customers_id", "gold", "plan"}
    for room, settings in plans.PLANNED.items():
        assert set(settings) | left_out >= set(getattr(Config(), room).__dataclass_fields__)
        assert not left_out & set(settings)


@pytest.mark.parametrize("word", ['a "quoted" \\ name', "name\x7f\x01\twith marks", "Żółć, größe = 5 €", "[x] # y"])
def test_any_column_name_survives(tmp_path: Path, word: str) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(plans.freeze(Config().replace(churn=word, controls=(word, "b"))), encoding="utf-8", newline="\n")
    settings = plans.read(path).settings
    assert (settings["churn"], settings["controls"]) == (word, (word, "b"))


def test_a_run_that_says_nothing_follows_the_plan(path: Path) -> None:
    own = Config().replace(text="comment", plan=path, title="Reviews")
    config, deviations = plans.follow(own, plans.read(path))
    assert deviations == ()
    assert (config.scores, config.read, config.report) == (PLANNED.scores, own.read, own.report)
    assert config.drivers == PLANNED.replace(plan=path).drivers


def test_what_a_run_says_itself_wins_and_is_listed(path: Path) -> None:
    own = Config().replace(controls=("tenure",), q=0.2, revenue="turnover", churn="churned")
    config, deviations = plans.follow(own, plans.read(path))
    assert deviations == (
        "revenue: planned none; run with turnover",
        "controls: planned tenure, plan; run with tenure",
        "q: planned 0.05; run with 0.2",
    )
    assert (config.scores.controls, config.drivers.q, config.scores.revenue) == (("tenure",), 0.2, "turnover")
    assert (config.scores.churn_date, config.drivers.by_stage) == ("left on", False)


def test_the_order_of_columns_is_no_deviation(path: Path) -> None:
    config, deviations = plans.follow(Config().replace(controls=("plan", "tenure")), plans.read(path))
    assert deviations == () and config.scores.controls == ("plan", "tenure")


def test_a_run_with_an_outcome_of_its_own_does_not_take_the_planned_bad_value(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(plans.freeze(Config().replace(outcome=("renewed",), bad_when="no")), encoding="utf-8")
    config, deviations = plans.follow(Config().replace(outcome=("left=yes",)), plans.read(path))
    assert (config.scores.outcome, config.scores.bad_when) == (("left=yes",), None)
    assert deviations == ("outcome: planned renewed; run with left=yes", "bad_when: planned no; run with none")


def test_provenance_is_plain_data(path: Path) -> None:
    import json

    found = plans.describe(plans.read(path), ("q: planned 0.05; run with 0.2",))
    assert json.loads(json.dumps(found)) == found
    assert found["sha256"] == plans.read(path).sha256 and found["settings"]["controls"] == ["tenure", "plan"]


def test_a_plan_without_outcome_and_controls_is_refused() -> None:
    with pytest.raises(SettingsError, match="neither outcome nor controls"):
        plans.freeze(Config().replace(q=0.05))


HEAD = '[plan]\nfrozen_at = "2026-01-02T03:04:05Z"\n'


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("churn = ", InputError, "not valid TOML"),
        ('[scores]\nchurn = "x"\n', InputError, "no \\[plan\\]"),
        ("plan = 3\n", InputError, "no \\[plan\\]"),
        (f"{HEAD}[topics]\nrefits = 3\n", SettingsError, "topics"),
        (f'{HEAD}[scores]\nchurned = "x"\n', SettingsError, "churn\\b"),
        (f'{HEAD}[scores]\ncustomers = "crm.csv"\n', SettingsError, "customers"),
        (f"{HEAD}[scores]\nchurn = 3\n", SettingsError, "churn = 3"),
        (f'{HEAD}[scores]\ncontrols = "plan"\n', SettingsError, "a list of texts"),
        (f"{HEAD}[scores]\ncontrols = [3]\n", SettingsError, "a list of texts"),
        (f'{HEAD}[scores]\nwindow_days = "90"\n', SettingsError, "a whole number"),
        (f"{HEAD}[drivers]\nq = true\n", SettingsError, "a number"),
        (f"{HEAD}[drivers]\nq = 0.7\n", SettingsError, "q = 0.7"),
        (f'{HEAD}[drivers]\npolarities = ["neutral"]\n', SettingsError, "neutral"),
    ],
)
def test_a_file_that_is_no_plan(tmp_path: Path, text: str, kind: type[CxnlpError], said: str) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(kind, match=said) as raised:
        plans.read(path)
    assert "plan.toml" in str(raised.value)


def test_a_missing_plan(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.toml"):
        plans.read(tmp_path / "nowhere.toml")


def test_the_command_writes_a_plan_that_can_be_followed(tmp_path: Path) -> None:
    out = tmp_path / "p.toml"
    options = ("--churn", "churned", "--control", "plan", "--control", "tenure", "--q", "0.05", "--min-mentions", "40")
    more = ("--practical", "0.01", "--power-rr", "1.5", "--polarity", "negative", "--all-stages-only", "--fdr", "by")
    done = run("--out", out, *options, *more)
    assert done.exit_code == 0, done.output
    plan = plans.read(out)
    expected = {"churn": "churned", "controls": ("plan", "tenure"), "q": 0.05, "min_mentions": 40, "practical_rd": 0.01}
    expected |= {"power_rr": 1.5, "polarities": ("negative",), "by_stage": False, "power": 0.8, "revenue": None}
    expected |= {"fdr": "by"}
    assert {name: plan.settings[name] for name in expected} == expected
    assert plan.sha256 in done.output and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", plan.frozen_at)


def test_the_command_takes_a_threshold_of_zero(tmp_path: Path) -> None:
    assert run("--out", tmp_path / "p.toml", "--churn", "c", "--practical", "0").exit_code == 0
    assert plans.read(tmp_path / "p.toml").settings["practical_rd"] == 0


def test_a_plan_is_not_written_over_another(path: Path) -> None:
    before = path.read_bytes()
    assert isinstance(run("--out", path, "--churn", "other").exception, OutputError)
    assert path.read_bytes() == before
    assert run("--out", path, "--churn", "other", "--force").exit_code == 0
    assert plans.read(path).settings["churn"] == "other"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--q", "0.05"), "neither outcome nor controls"),
        (("--churn", "c", "--polarity", "neutral"), "--polarity neutral"),
        (("--churn", "c", "--fdr", "none"), "--fdr none"),
        (("--churn", "c", "--q", "0.9"), "q = 0.9"),
    ],
)
def test_what_cannot_be_planned_leaves_no_file(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    found = run("--out", tmp_path / "p.toml", *options).exception
    assert isinstance(found, SettingsError) and said in str(found)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "said"), [(("--churn", "c"), "names no controls"), (("--control", "c"), "names no outcome")]
)
def test_a_plan_that_leaves_half_open_says_so(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    done = run("--out", tmp_path / "p.toml", *options)
    assert done.exit_code == 0 and said in " ".join(done.stderr.split())
