"""The house rules, as tests: what belongs where, how large it may grow, what must not happen."""

from __future__ import annotations

import dataclasses
import inspect
import json
import os
import re
import resource
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from cxnlp import connectors, engines, flags, heads, schema
from cxnlp.cli import app
from cxnlp.metrics import measures
from cxnlp.report import sections, writers

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "cxnlp"
MODULES = sorted(PACKAGE.rglob("*.py"))
TOP_LEVEL = {
    ".ci", ".git", ".github", ".gitignore", "CHANGELOG.md", "LICENSE", "Makefile", "README.md", "constraints.txt",
    "cxnlp", "models", "notebooks", "pyproject.toml", "tests",
}  # fmt: skip
"""What the repository holds at its top. Something new belongs inside a room, or needs a line here and a reason."""

HEAVY = ("torch", "transformers", "pandas", "numpy", "sklearn", "scipy", "pyarrow", "statsmodels")


def names(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


def in_python(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True, cwd=ROOT, timeout=120
    )
    return done.stdout


# The repository


def test_nothing_new_lies_at_the_top():
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT)
    if listed.returncode:
        pytest.skip("not a git checkout")
    assert {line.split("/")[0] for line in listed.stdout.splitlines()} <= TOP_LEVEL


@pytest.mark.parametrize("module", MODULES, ids=names(MODULES))
def test_a_module_is_at_most_350_lines(module):
    assert len(module.read_text(encoding="utf-8").splitlines()) <= 350


@pytest.mark.parametrize("module", MODULES, ids=names(MODULES))
def test_a_module_says_what_it_does(module):
    assert module.read_text(encoding="utf-8").startswith(('"""', 'r"""'))


def test_no_module_is_a_drawer_for_everything():
    assert not [module for module in MODULES if module.stem in {"utils", "util", "helpers", "common", "misc"}]


def code_of(module: Path) -> str:
    """The source without comments and strings, where words may stand that the code must not use."""
    with module.open("rb") as stream:
        kept = [
            token.string
            for token in tokenize.tokenize(stream.readline)
            if token.type not in (tokenize.COMMENT, tokenize.STRING, tokenize.ENCODING)
        ]
    return " ".join(kept)


FORBIDDEN = (
    r"import (pickle|joblib|shelve|marshal)\b",
    r"torch \. load \(",
    r"trust_remote_code = True",
    r"(?<!\. )\b(eval|exec) \(",
    r"shell = True",
    NETWORK := r"import (requests|httpx|urllib|socket)\b|from urllib\b",
)
MAY_REACH_A_SERVER = {"cxnlp/topics/polish.py"}
"""Modules that talk to a server, which the user has to name: --name-with."""


@pytest.mark.parametrize("module", MODULES, ids=names(MODULES))
def test_nothing_can_run_code_from_a_file_or_reach_the_network(module):
    code = code_of(module)
    for forbidden in FORBIDDEN:
        if forbidden == NETWORK and any(module.as_posix().endswith(one) for one in MAY_REACH_A_SERVER):
            continue
        assert not re.search(forbidden, code), forbidden


@pytest.mark.parametrize("module", MODULES, ids=names(MODULES))
def test_only_the_command_line_prints(module):
    if module.parent.name != "cli":
        assert not re.search(r"(?<![.\w] )\bprint \(", code_of(module))


@pytest.mark.parametrize("module", MODULES, ids=names(MODULES))
def test_nothing_is_left_undone(module):
    text = module.read_text(encoding="utf-8")
    assert not re.search(r"\b(TODO|FIXME|XXX)\b", text)
    assert "raise NotImplementedError" not in text


# What it costs to begin


@pytest.mark.parametrize(
    "code",
    [
        "import cxnlp",
        "import cxnlp.errors, cxnlp.schema, cxnlp.config",
        "import sys\nfrom cxnlp.cli import app\nsys.argv = ['cxnlp', '--help']\ntry: app()\nexcept SystemExit: pass",
    ],
    ids=["import", "vocabulary", "help"],
)
def test_beginning_loads_nothing_heavy(code):
    said = in_python(f"{code}\nimport json, sys\nprint()\nprint(json.dumps(sorted(sys.modules)))")
    assert not set(HEAVY) & set(json.loads(said.splitlines()[-1]))


def test_help_takes_less_than_half_a_second_of_processor_time():
    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        in_python("from cxnlp.cli import main; main()", "--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(4)) < 0.5


# Registries: what varies is data, named alike and documented

REGISTRIES = {
    "READERS": connectors.READERS,
    "SCALES": schema.SCALES,
    "HEADS": heads.HEADS,
    "METRICS": measures.METRICS,
    "FLAGS": flags.FLAGS,
    "SECTIONS": {id: context for id, _, context, _ in sections.SECTIONS},
    "WRITERS": writers.WRITERS,
    "ENGINES": engines.ENGINES,
}
ENTRIES = [(registry, name, entry) for registry, entries in REGISTRIES.items() for name, entry in entries.items()]
IDS = [f"{registry}-{name}" for registry, name, _ in ENTRIES]


@pytest.mark.parametrize("registry", REGISTRIES)
def test_a_registry_has_entries(registry):
    assert REGISTRIES[registry]


@pytest.mark.parametrize(("registry", "name", "entry"), ENTRIES, ids=IDS)
def test_entries_are_named_plainly(registry, name, entry):
    pattern = r"\.[a-z]+" if registry == "READERS" else r"[a-z][a-z0-9]*([-_ ][a-z0-9]+)*"
    assert re.fullmatch(pattern, name)


@pytest.mark.parametrize(("registry", "name", "entry"), ENTRIES, ids=IDS)
def test_entries_are_documented_functions_or_frozen_dataclasses(registry, name, entry):
    if dataclasses.is_dataclass(entry):
        assert type(entry).__dataclass_params__.frozen
    else:
        assert inspect.isfunction(entry)
        # A private function stands for its line in the registry, whose own docstring says what it does.
        assert entry.__name__.startswith("_") or entry.__doc__


def test_every_format_has_a_writer():
    from cxnlp.config import FORMATS

    assert set(FORMATS) == set(writers.WRITERS)


def test_every_language_and_stage_is_named_once():
    assert len(set(schema.LANGUAGES)) == len(schema.LANGUAGES)
    assert len(set(schema.STAGES)) == len(schema.STAGES)


# The command line


def commands(group=None, path=()) -> Iterator[tuple[str, object]]:
    for name, command in (group or get_command(app)).commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


COMMANDS = dict(commands())


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_every_command_and_option_has_help(command):
    assert command.help
    for parameter in command.params:
        assert parameter.help, parameter.name


def test_every_settings_value_appears_in_the_help():
    text = " ".join(str(parameter.help) for parameter in COMMANDS["analyze"].params)
    for value in (*schema.SCALES, *schema.LANGUAGES, *schema.STAGES, *writers.WRITERS, "auto", "cpu", "cuda", "mps"):
        assert re.search(rf"\b{re.escape(value)}\b", text), value


def test_help_fits_a_narrow_terminal():
    shown = subprocess.run(
        [sys.executable, "-c", "from cxnlp.cli import main; main()", "analyze", "--help"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "60", "TERMINAL_WIDTH": "60"},
        check=True,
    ).stdout
    assert max(map(len, shown.splitlines())) <= 60
    assert "--churn-date" in shown
