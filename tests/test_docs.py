"""The documents say what the program does: their commands exist, their code runs, their tables match."""

from __future__ import annotations

import csv
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

import cxnlp
from cxnlp import demo, schema
from cxnlp.cli import app
from cxnlp.demo import invented

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
DOCUMENTS = [path for path in sorted(ROOT.rglob("*.md")) if not {".venv", ".git"} & set(path.relative_to(ROOT).parts)]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def shell_lines() -> list[str]:
    joined = "\n".join(blocks("sh")).replace("\\\n", " ")
    return [line.split("#")[0].strip() for line in joined.splitlines() if line.split("#")[0].strip()]


def leaves(group, path="cxnlp"):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from leaves(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


COMMANDS = dict(leaves(get_command(app)))
TARGETS = set(re.findall(r"^([a-z-]+):.*##", MAKEFILE, flags=re.MULTILINE))


# Commands


def test_make_commands_exist():
    asked = {line.split()[1] for line in shell_lines() if line.startswith("make ")}
    asked |= set(re.findall(r"`make ([a-z-]+)`", README))
    assert {"demo", "test"} <= asked <= TARGETS


def test_make_alone_prints_every_target():
    said = subprocess.run(["make", "--no-print-directory"], capture_output=True, text=True, cwd=ROOT, check=True).stdout
    assert {line.split()[1] for line in said.splitlines()} == TARGETS


@pytest.mark.parametrize("line", [line for line in shell_lines() if line.startswith("cxnlp ")])
def test_example_commands_parse(line):
    words = shlex.split(line)
    name = next(name for name in COMMANDS if line.startswith(name))
    known = {spelling for parameter in COMMANDS[name].params for spelling in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known
    COMMANDS[name].make_context(name, words[len(name.split()) :], resilient_parsing=False)


def test_every_option_named_in_the_text_exists():
    known = {spelling for command in COMMANDS.values() for parameter in command.params for spelling in parameter.opts}
    ours = re.sub(r"`python tests/benchmarks/[^`]*`", "", README)  # the benchmarks have options of their own
    assert set(re.findall(r"(--[a-z][a-z0-9-]+)", ours)) <= known | {"--help"}


def test_the_table_of_commands_is_the_programs():
    rows = re.findall(r"^\| `(cxnlp [a-z ]+)` \| (.+) \|$", README, flags=re.MULTILINE)
    assert dict(rows) == {name: command.help.split("\n\n")[0].replace("\n", " ") for name, command in COMMANDS.items()}


# Examples


def test_python_examples_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert blocks("python")
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), {})
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<html" in page


def test_ci_runs_what_the_readme_says():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    extract = re.search(r"^readme_commands\(\) \{.*?^\}", script, flags=re.MULTILINE | re.DOTALL)
    assert extract
    said = subprocess.run(
        ["bash", "-c", f"{extract.group()}\nreadme_commands"], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert said.stdout.splitlines() == ["make demo", "make test"]


# What the text claims


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document):
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if not re.match(r"[a-z]+:", target):
            assert (document.parent / target).exists(), target


def test_every_room_is_listed():
    rooms = {path.parent.name for path in (ROOT / "cxnlp").glob("*/__init__.py")}
    assert set(re.findall(r"^\| `([a-z]+)` \|", README, flags=re.MULTILINE)) == rooms


def test_every_file_format_is_named():
    from cxnlp.connectors import READERS

    kinds = {".csv": "CSV", ".tsv": "TSV", ".txt": "text", ".jsonl": "JSON lines", ".ndjson": "JSON lines"}
    kinds |= {".json": "JSON", ".parquet": "Parquet", ".xlsx": "`.xlsx`", ".xlsm": "`.xlsm`", ".xls": "`.xls`"}
    listed = README.split("**Files read:**")[1].split("\n\n")[0]
    assert set(READERS) == set(kinds)
    assert all(kinds[suffix] in listed for suffix in READERS)


def test_every_tier_is_explained():
    declared = next(column.meaning for column in schema.TABLES["drivers"] if column.name == "tier")
    tiers = re.split(r", | or ", declared)
    assert re.findall(r"^\| ([A-Z ]+) \|", README, flags=re.MULTILINE) == tiers


def test_every_result_file_is_named():
    from cxnlp.report import writers

    files = {name for names in writers.FILES.values() for name in names} | {f"{name}.csv" for name in writers.ALWAYS}
    assert files <= set(re.findall(r"`([a-z_]+\.[a-z]+)`", README))


def test_the_changelog_knows_this_version():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[{re.escape(cxnlp.__version__)}\] - \d{{4}}-\d\d-\d\d$", changelog, flags=re.MULTILINE)
    assert "## [Unreleased]" in changelog


def test_every_dependency_is_pinned_for_the_two_commands():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    pinned = {line.split("==")[0].lower() for line in lines[1:]}
    assert {re.match(r"[A-Za-z0-9-]+", name).group().lower() for name in wanted} <= pinned
    assert not [line for line in lines[1:] if not re.fullmatch(r"[a-z0-9-]+==[0-9][^+\s]*", line)]


# The demo data


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_demo_data_are_small():
    assert sum(path.stat().st_size for path in demo.clothing().parent.iterdir()) <= 1_500_000


def test_the_demo_readme_counts_right():
    said = (demo.clothing().parent / "README.md").read_text(encoding="utf-8")
    comments, customers = demo.survey()
    assert f"{len(rows_of(demo.clothing())):,} reviews" in said
    assert f"{len(rows_of(comments)):,} comments" in said
    assert f"{len(rows_of(customers)):,} customers" in said
    assert f"{invented.SILENT} of whom never commented" in said


def test_the_demo_readme_tells_the_truth_that_the_survey_was_made_with():
    said = (demo.clothing().parent / "README.md").read_text(encoding="utf-8")
    table = said.split("| adds |")[1]
    effects = [float(value) for value in re.findall(r"^\| .* \| ([0-9.]+) \|$", table, flags=re.MULTILINE)]
    assert effects == [invented.BASE, *invented.EFFECTS.values(), 0.0]


def test_who_left_follows_that_truth():
    """Over all customers the number who left is within 3 standard deviations of the sum of their chances."""
    comments, customers = demo.survey()
    truth = {row["response_id"]: row for row in rows_of(demo.survey_truth())}
    said: dict[str, list[dict[str, str]]] = {}
    for row in rows_of(comments):
        said.setdefault(row["customer_id"], []).append(truth[row["response_id"]])
    chances, left = [], 0
    for customer in rows_of(customers):
        labels = said.get(customer["customer_id"], [])
        chances.append(invented.chance_of_leaving(labels, customer["plan"], int(customer["tenure_days"])))
        left += customer["churned"] == "yes"
    deviation = sum(chance * (1 - chance) for chance in chances) ** 0.5
    assert abs(left - sum(chances)) < 3 * deviation


def test_the_synthetic_survey_shows_what_real_exports_hold():
    rows = rows_of(demo.survey()[0])
    texts = [row["comment"] for row in rows]
    assert texts.count("") > 10
    assert len({text for text in texts if texts.count(text) > 1}) > 5
    assert any(row["nps"] == "99" for row in rows)
    assert any(row["customer_id"] == "" for row in rows)
