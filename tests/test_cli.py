"""The command line as a user meets it: help, errors, exit codes, and what the commands print."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

import cxnlp
from cxnlp import config
from cxnlp.cli import analyze, app, failures, options
from cxnlp.errors import CxnlpError, InternalError, SettingsError

run = CliRunner()


def cxnlp_process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The program in a process of its own, as the shell starts it."""
    return subprocess.run(
        [sys.executable, "-c", "from cxnlp.cli import main; main()", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        timeout=120,
    )


def parameters(command: str) -> dict[str, list[str]]:
    """Parameter name -> spellings on the command line."""
    return {found.name: found.opts for found in get_command(app).commands[command].params}


def test_version():
    done = run.invoke(app, ["--version"])
    assert (done.exit_code, done.output) == (0, f"cxnlp {cxnlp.__version__}\n")


def test_without_a_command_the_help_is_shown():
    done = run.invoke(app, [])
    assert "analyze" in done.output
    assert "preview" in done.output


@pytest.mark.parametrize("command", ["analyze", "preview", "tag"])
def test_every_option_is_a_setting_or_says_where_to_write(command):
    known = {setting for room in config.Config.__dataclass_fields__ for setting in _settings_of(room)}
    others = {"source", "out", "force", "quiet", "file", "help"}
    assert set(parameters(command)) - others <= known


def _settings_of(room: str) -> set[str]:
    return set(getattr(config.Config(), room).__dataclass_fields__)


def test_options_override_the_file(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text('[read]\ntext = "a"\ndate = "d"\n\n[topics]\ntopics = "7"\n', encoding="utf-8")
    chosen = options.settings(file, {"text": "b", "scores": ["nps"], "strict": False})
    assert (chosen.read.text, chosen.read.date, chosen.topics.topics) == ("b", "d", "7")
    assert (chosen.read.scores, chosen.scores.strict) == (("nps",), False)


def test_a_zero_was_given():
    assert options.chosen({"error_rate": 0.0, "text": None, "strict": False, "scores": []}) == {"error_rate": 0.0}


def test_nothing_given_means_the_default_settings():
    assert options.settings(None, {"text": None, "strict": False, "scores": []}) == config.Config()


@pytest.mark.parametrize("source", ["survey.csv", "data/survey.csv", "/somewhere/survey.tsv"])
def test_results_go_beside_the_working_directory(source):
    assert analyze.default_folder(source) == Path("survey-results")


# What goes wrong


def raising(error: BaseException):
    def program() -> None:
        raise error

    return program


def test_a_mistake_is_one_block_on_stderr(capsys):
    error = SettingsError("--device gpu", expected="one of: auto, cpu, cuda, mps", fix="--device cpu")
    assert failures.guard(raising(error)) == 2
    seen = capsys.readouterr()
    assert seen.out == ""
    assert seen.err == ("Found:    --device gpu\nExpected: one of: auto, cpu, cuda, mps\nFix:      --device cpu\n")


def test_an_internal_error_is_no_mistake_of_the_user(capsys):
    assert failures.guard(raising(InternalError("x", expected="y", fix="z"))) == 70


def test_ctrl_c_is_said_in_words(capsys):
    assert failures.guard(raising(KeyboardInterrupt())) == 130
    assert capsys.readouterr().err == "Stopped. Nothing was left half-written.\n"


def test_ctrl_c_inside_a_command(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["cxnlp", "analyze", "x.csv"])
    monkeypatch.setattr(analyze, "run", lambda *_, **__: raising(KeyboardInterrupt())())
    assert failures.guard(app) == 130
    assert capsys.readouterr().err == "Stopped. Nothing was left half-written.\n"


def test_too_little_memory(capsys):
    assert failures.guard(raising(MemoryError())) == 70
    assert "memory of this machine ran out" in capsys.readouterr().err


def test_an_unexpected_error_has_no_traceback_but_says_how_to_get_one(capsys, monkeypatch):
    monkeypatch.delenv(failures.DEBUG, raising=False)
    assert failures.guard(raising(ZeroDivisionError("division by zero"))) == 70
    seen = capsys.readouterr().err
    assert "Traceback" not in seen
    assert "an unexpected ZeroDivisionError: division by zero" in seen
    assert f"{failures.DEBUG}=1" in seen


@pytest.mark.parametrize("error", [ZeroDivisionError("x"), CxnlpError("x", expected="y", fix="z")])
def test_the_traceback_on_request(error, capsys, monkeypatch):
    monkeypatch.setenv(failures.DEBUG, "1")
    failures.guard(raising(error))
    assert "Traceback" in capsys.readouterr().err


def test_debug_is_an_option_too(tmp_path):
    done = cxnlp_process("--debug", "analyze", str(tmp_path / "none.csv"), "--device", "gpu")
    assert done.returncode == 2
    assert "Traceback" in done.stderr


def test_text_from_the_data_cannot_steer_the_terminal(capsys):
    failures.guard(raising(CxnlpError("column '\x1b[2J[bold]x'\u202e", expected="y", fix="z")))
    seen = capsys.readouterr().err
    assert "\x1b" not in seen
    assert "\u202e" not in seen
    assert "[bold]x" in seen


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["analyze", "x.csv", "--device", "gpu"], "--device gpu"),
        (["analyze", "x.csv", "--format", "pdf"], "--format pdf"),
        (["analyze", "x.csv", "--bad-when", "no"], "--bad-when no without --outcome"),
        (["analyze", "x.csv", "--customers", "crm.csv"], "--customers crm.csv without --id"),
        (["analyze", "no such.csv"], "no such.csv"),
        (["preview", "no such.csv"], "no such.csv"),
        (["models", "show", "none"], "'none'"),
    ],
)
def test_common_mistakes_end_with_a_block_and_code_2(arguments, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["cxnlp", *arguments])
    assert failures.guard(app) == 2
    seen = capsys.readouterr().err
    assert said in seen.splitlines()[0]
    assert [line.split(":")[0] for line in seen.splitlines()] == ["Found", "Expected", "Fix"]


def test_an_unknown_option_is_a_usage_error(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["cxnlp", "analyze", "x.csv", "--txt", "comment"])
    assert failures.guard(app) == 2


def test_an_occupied_folder_is_refused_before_the_data_are_read(tmp_path, monkeypatch, capsys):
    taken = tmp_path / "results"
    taken.mkdir()
    (taken / "analysis.json").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["cxnlp", "analyze", str(tmp_path / "missing.csv"), "--out", str(taken)])
    assert failures.guard(app) == 2
    seen = capsys.readouterr().err
    assert "already holds an analysis" in seen
    assert "missing.csv" not in seen


def test_a_reader_that_goes_away_is_no_error():
    done = subprocess.run(
        f"{sys.executable} -c 'from cxnlp.cli import main; main()' analyze --help | head -1 >/dev/null",
        shell=True,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
