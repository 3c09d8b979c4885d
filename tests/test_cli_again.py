"""Beside `analyze`: tag, topics, compare and codes, from start to end with the real model on a few real comments."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from unittest import mock

import pandas as pd
import pytest

from cxnlp import demo
from cxnlp.cli import app, failures
from cxnlp.cli import topics as topics_command
from cxnlp.report.sections import topics as topics_section

ROWS = 120
TABLES = ("topics.csv", "metrics.csv", "drivers.csv", "impact.csv", "journey.csv", "comments.csv")
STORED = ("statements.parquet", "comments.parquet", "topics.safetensors", "topics.yaml", "encoding.safetensors")


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """stderr on one line."""
        return " ".join(self.err.split())


def cxnlp(*words: object) -> Ran:
    """The program, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["cxnlp", *map(str, words)]),
        mock.patch.dict(os.environ, {"COLUMNS": "160"}),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = failures.guard(app)
    return Ran(code, out.getvalue(), err.getvalue())


def done(*words: object) -> Ran:
    ran = cxnlp(*words)
    assert ran.code == 0, ran.err
    return ran


def refused(*words: object) -> str:
    """What is said of a mistake, on one line: one block, nothing on stdout, exit code 2."""
    ran = cxnlp(*words)
    assert (ran.code, ran.out) == (2, ""), ran.err
    assert [ran.err.count(label) for label in ("Found:", "Expected:", "Fix:", "Traceback")] == [1, 1, 1, 0]
    return ran.said


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def statements(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "statements.parquet")


def state(folder: Path) -> dict[str, bytes]:
    """Every file below `folder`, hidden ones too."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with reviews.csv and results, the analysis of it in eight topics; the model runs here, once."""
    place = tmp_path_factory.mktemp("again")
    write(place / "reviews.csv", rows_of(demo.clothing())[:ROWS])
    (place / "settings.toml").write_text('[topics]\nrefits = 2\ntopics = "8"\n', encoding="utf-8")
    # A word for JSON is a string for TOML too.
    reuse = f"[encode]\nreuse = {json.dumps(str(place / 'results'))}\n"
    (place / "quick.toml").write_text(f'[topics]\nrefits = 2\ntopics = "8"\n{reuse}', encoding="utf-8")
    (place / "other.toml").write_text(f'[topics]\nrefits = 0\ntopics = "4"\n{reuse}', encoding="utf-8")
    done(*analyze(place, "settings.toml", place / "results"))
    return place


def analyze(place: Path, settings: str, out: Path, *more: object) -> list[object]:
    columns = ("--text", "review", "--score", "rating=stars", "--format", "parquet", "--format", "csv")
    return ["analyze", place / "reviews.csv", *columns, "--config", place / settings, "--out", out, *more]


@pytest.fixture(scope="module")
def other(place: Path) -> Path:
    """The same comments in four topics: another analysis."""
    done(*analyze(place, "other.toml", place / "other"))
    return place / "other"


@pytest.fixture(scope="module")
def again(place: Path) -> tuple[Path, Ran]:
    """The same comments, tagged with the topics of their own analysis."""
    out = place / "again"
    return out, done(
        "tag", place / "reviews.csv", "--analysis", place / "results", "--score", "rating=stars", "--out", out
    )


@pytest.fixture
def results(place: Path, tmp_path: Path) -> Path:
    """A copy of the analysis, to be changed."""
    return Path(shutil.copytree(place / "results", tmp_path / "results"))


# tag


def test_the_same_comments_get_the_topics_that_they_had(place, again):
    before, after = statements(place / "results"), statements(again[0])
    assert before["topic_id"].notna().mean() > 0.5
    pd.testing.assert_frame_equal(
        before[["text", "topic_id", "topic_name", "topic_strength"]],
        after[["text", "topic_id", "topic_name", "topic_strength"]],
    )
    names = ["topic_id", "topic_name", "theme_name", "n_statements", "n_comments", "share", "stability"]
    pd.testing.assert_frame_equal(
        *(pd.read_csv(folder / "topics.csv")[names] for folder in (place / "results", again[0]))
    )


def test_tag_prints_what_analyze_prints(again):
    folder, ran = again
    for words in (f"reviews.csv: {ROWS} rows", "8 topics", "fit no topic", "Scores", f"Results: {folder}"):
        assert words in ran.out


def test_one_comment_alone_gets_what_it_got_among_all(place, tmp_path):
    before = statements(place / "results")
    row = int(before.loc[before["topic_id"].notna(), "row"].value_counts().idxmax())
    write(tmp_path / "one.csv", [rows_of(place / "reviews.csv")[row]])
    done("tag", tmp_path / "one.csv", "--analysis", place / "results", "--out", tmp_path / "one", "--quiet")
    own, alone = before[before["row"] == row], statements(tmp_path / "one")
    assert len(set(own["topic_id"])) > 1
    for column in ("text", "topic_id"):
        assert alone[column].tolist() == own[column].tolist()


def test_options_win_over_the_settings_of_the_analysis(place, tmp_path, monkeypatch):
    """Another column holds the comments, and the folder is named after the file."""
    rows = [{"remark": row["review"], "stars": row["rating"]} for row in rows_of(place / "reviews.csv")[:10]]
    write(tmp_path / "new.csv", rows)
    monkeypatch.chdir(tmp_path)
    ran = done(
        "tag", "new.csv", "--analysis", place / "results", "--text", "remark", "--score", "stars=stars",
        "--title", "New ones", "--format", "csv",
    )  # fmt: skip
    settings = json.loads((tmp_path / "new-tagged" / "analysis.json").read_text())["provenance"]["settings"]
    assert (settings["read"]["text"], settings["report"]["title"]) == ("remark", "New ones")
    assert settings["topics"]["refits"] == 2
    assert "csat" in ran.out
    assert not (tmp_path / "new-tagged" / "comments.parquet").exists()


def test_the_analysis_itself_is_not_replaced_by_tagged_comments(place, results):
    before = state(results)
    said = refused("tag", place / "reviews.csv", "--analysis", results, "--out", results, "--force")
    assert "the analysis itself" in said
    assert state(results) == before


@pytest.mark.parametrize(
    "words",
    [
        ["tag", "{csv}", "--analysis", "{empty}"],
        ["tag", "{csv}", "--analysis", "{csv}"],
        ["topics", "show", "{empty}"],
        ["topics", "edit", "{empty}", "--pin", "t01"],
        ["topics", "apply", "{empty}"],
        ["compare", "{results}", "{empty}"],
        ["compare", "{empty}", "{results}"],
        ["analyze", "{csv}", "--edits", "{empty}"],
        ["analyze", "{csv}", "--codebook", "{empty}/codes.yaml"],
        ["analyze", "{csv}", "--codebook", "three-bs"],
        ["analyze", "{csv}", "--corrections", "{csv}"],
        ["analyze", "{csv}", "--error-rate", "0"],
        ["analyze", "{csv}", "--name-with", "ftp://localhost", "--config", "{quick}"],
        ["codes", "show", "{empty}"],
        ["codes", "convert", "three-cs", "{empty}/codes.pdf"],
        ["codes", "convert", "three-cs", "{empty}/none/codes.csv"],
    ],
    ids=" ".join,
)
def test_what_is_not_there_or_no_analysis_is_one_block_and_nothing_is_written(words, place, tmp_path, monkeypatch):
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(tmp_path)
    names = {"csv": place / "reviews.csv", "empty": empty, "results": place / "results", "quick": place / "quick.toml"}
    refused(*(word.format(**names) for word in words))
    assert list(tmp_path.rglob("*")) == [empty]


# topics show


def test_topics_are_shown_with_their_size_and_how_firm_they_are(place):
    ran = done("topics", "show", place / "results")
    for topic in rows_of(place / "results" / "topics.csv"):
        line = next(line for line in ran.out.splitlines() if line.split()[:1] == [topic["topic_id"]])
        share = f"{float(topic['share']):.1%}"
        for shown in (topic["topic_name"], topic["n_statements"], f"{topic['n_comments']} ({share})"):
            assert shown in line
        assert line.rstrip().endswith(("stable", "unstable", "not assessed"))
    assert "Names" not in ran.out
    assert "Edited" not in ran.out
    assert "topics apply" not in ran.out


def test_topics_are_shown_with_their_names_by_language(place):
    said = done("topics", "show", place / "results", "--names").out.split("Names\n")[1]
    assert [line.split()[:2] for line in said.splitlines() if line] == [[f"t0{i}", "en:"] for i in range(1, 9)]


@pytest.mark.parametrize("stability", [1.0, 0.8, 0.79, 0.6, 0.59, 0.0, float("nan")])
def test_the_words_for_stability_are_those_of_the_report(stability):
    assert topics_command.in_words(stability) == topics_section._firmness(stability)


def test_a_table_of_other_topics_is_not_shown_as_theirs(results, other):
    shutil.copy(other / "topics.csv", results / "topics.csv")
    assert "files of one run" in refused("topics", "show", results)
    (results / "topics.csv").write_text("nothing\n")
    assert "topics.csv" in refused("topics", "show", results)


# topics edit and apply


def edits_of(folder: Path) -> str:
    """The edits of a topics.yaml on one line."""
    return " ".join((folder / "topics.yaml").read_text(encoding="utf-8").split("\nedits:\n")[1].split())


def test_edits_are_visible_once_applied_and_applying_again_changes_nothing(place, results):
    found = statements(results)
    moved = found.loc[found["topic_id"] == "t06", "text"].iloc[0]
    own = f"# Mine: żółć, ă\n{(results / 'topics.yaml').read_text(encoding='utf-8')}"
    (results / "topics.yaml").write_bytes(b"\xef\xbb\xbf" + own.replace("\n", "\r\n").encode())

    ran = done(
        "topics", "edit", results, "--rename", "t01=Late: delivery # of coats", "--merge", "t02,t05==Nice things",
        "--split", "t03=2", "--delete", "t07", "--rename", "t03.1=Left", "--move", f"{moved}=t04", "--pin", "t06",
    )  # fmt: skip
    assert ran.out.splitlines() == [
        'renamed t01 to "Late: delivery # of coats"',
        'merged t05 into t02 as "=Nice things"',
        "split t03 into t03.1 and t03.2",
        "deleted t07",
        'renamed t03.1 to "Left"',
        f'moved "{moved if len(moved) <= 80 else moved[:79] + "…"}" to t04',
        "pinned t06",
        f"Written to {results / 'topics.yaml'}. Now run: cxnlp topics apply {results}",
    ]
    written = (results / "topics.yaml").read_bytes()
    assert written.startswith(b"\xef\xbb\xbf" + own.replace("\n", "\r\n").encode())
    assert f"cxnlp topics apply {results}" in done("topics", "show", results).out

    applied = done("topics", "apply", results)
    assert "merged t05 into t02" in applied.out
    assert "7 topics" in applied.out
    assert f"Results: {results}" in applied.out
    assert (results / "topics.yaml").read_bytes() == written

    table = {topic["topic_id"]: topic for topic in rows_of(results / "topics.csv")}
    assert list(table) == ["t06", "t01", "t02", "t03.1", "t03.2", "t04", "t08"]
    names = {topic: table[topic]["topic_name"] for topic in ("t01", "t02", "t03.1")}
    assert names == {"t01": "Late: delivery # of coats", "t02": "'=Nice things", "t03.1": "Left"}
    assert [topic for topic in table if table[topic]["edited"]] == ["t06", "t01", "t02", "t03.1", "t03.2", "t04"]
    after = statements(results)
    assert (after["text"] == found["text"]).all()
    of = {topic: after.loc[found["topic_id"] == topic, "topic_id"] for topic in ("t01", "t05", "t07")}
    # Of other topics, what lies nearer to a part of the split one may go there.
    assert (of["t01"] == "t01").mean() > 0.9
    assert (of["t05"] == "t02").mean() > 0.9
    assert of["t07"].isna().all()
    assert set(after.loc[found["topic_id"] == "t03", "topic_id"].dropna()) == {"t03.1", "t03.2"}
    assert set(after.loc[after["text"] == moved, "topic_id"]) == {"t04"}

    shown = done("topics", "show", results).out
    assert "topics apply" not in shown
    assert 't01  renamed t01 to "Late: delivery # of coats"' in shown

    before = state(results)
    done("topics", "apply", results, "--quiet")
    again = state(results)
    assert set(again) == set(before)
    assert [name for name in (*TABLES, *STORED) if again[name] != before[name]] == []

    # The edited topics are what later comments get, and a name cannot run as a formula.
    done("tag", place / "reviews.csv", "--analysis", results, "--out", results.parent / "tagged", "--quiet")
    assert statements(results.parent / "tagged")["topic_id"].equals(after["topic_id"])
    done("compare", results, results.parent / "tagged", "--out", results.parent / "changes.csv")
    assert {topic["topic_name"] for topic in rows_of(results.parent / "changes.csv")} >= {"'=Nice things"}


def test_the_results_can_go_to_another_folder(place, results, tmp_path):
    done("topics", "edit", results, "--rename", "t01=Shapes")
    before = state(results)
    done("topics", "apply", results, "--out", tmp_path / "edited", "--quiet")
    assert state(results) == before
    assert rows_of(tmp_path / "edited" / "topics.csv")[0]["topic_name"] == "Shapes"
    assert "--force" in refused("topics", "apply", results, "--out", tmp_path / "edited")


def test_comments_that_were_moved_or_changed_are_noticed(results, place, tmp_path):
    manifest = json.loads((results / "analysis.json").read_text(encoding="utf-8"))
    manifest["provenance"]["input"]["path"] = str(tmp_path / "gone.csv")
    (results / "analysis.json").write_text(json.dumps(manifest), encoding="utf-8")
    done("topics", "edit", results, "--delete", "t08")
    assert "--source" in refused("topics", "apply", results)
    before = state(results)
    write(tmp_path / "fewer.csv", rows_of(place / "reviews.csv")[:100])
    assert refused("topics", "apply", results, "--source", tmp_path / "fewer.csv")
    assert state(results) == before
    done("topics", "apply", results, "--source", place / "reviews.csv", "--quiet")
    assert "t08" not in {topic["topic_id"] for topic in rows_of(results / "topics.csv")}


def test_edits_are_written_in_the_order_of_the_command_line(results):
    done(
        "topics",
        "edit",
        results,
        "--pin",
        "t01",
        "--rename",
        "t02=B",
        "--pin",
        "t03",
        "--rename=t01=A",
        "--delete",
        "t04",
    )
    assert edits_of(results) == "- pin: t01 - rename: t02 to: B - pin: t03 - rename: t01 to: A - delete: t04"


def test_edits_follow_those_that_are_there(results):
    done("topics", "edit", results, "--split", "t02=2")
    done("topics", "edit", results, "--rename", "t02.1=First part")
    assert edits_of(results) == "- split: t02 into: 2 - rename: t02.1 to: First part"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "no edits"),
        (["--rename", "t01"], "Expected: --rename ID=NAME"),
        (["--rename", "t01= "], "--rename t01= : an empty name"),
        (["--rename", "t1=Late"], "--rename t1=Late: no topic t1"),
        (["--rename", "t01=Late", "--rename", "t02= late"], "which t01 has (--rename t01=Late)"),
        (["--merge", "t01"], "--merge t01: merge of a single topic"),
        (["--merge", "t01,t01"], "with itself"),
        (["--merge", "t01,"], "without the id"),
        (["--split", "t01"], "Expected: --split ID=NUMBER"),
        (["--split", "t01=two"], "Expected: --split ID=NUMBER"),
        (["--split", "t01=21"], "from 2 to 20"),
        (["--move", "t01"], "Expected: --move TEXT=ID"),
        (["--move", "no such statement=t01"], "no statement 'no such statement'"),
        (["--delete", "t01", "--merge", "t02,t01"], "t01 no longer exists: --delete t01 deleted it"),
        (["--pin", "t01", "--delete", "t01"], "--delete t01: t01 would be deleted, but --pin t01 pins it"),
        (["--delete", "t01", "--delete", "t99"], "no topic t99"),
    ],
)
def test_one_wrong_edit_and_none_is_written(results, words, said):
    before = state(results)
    assert said in refused("topics", "edit", results, *words)
    assert state(results) == before


def test_a_disk_that_is_full_leaves_the_file_as_it_was(results, monkeypatch):
    before = state(results)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    assert "No space left on device" in refused("topics", "edit", results, "--pin", "t01")
    assert state(results) == before


def test_a_conflict_with_an_edit_in_the_file_names_its_line(results):
    done("topics", "edit", results, "--pin", "t01")
    line = len((results / "topics.yaml").read_text(encoding="utf-8").splitlines())
    assert f"but line {line} of topics.yaml pins it" in refused("topics", "edit", results, "--delete", "t01")


def test_part_of_a_statement_leads_to_the_whole(results):
    text = statements(results)["text"].iloc[0]
    assert text in refused("topics", "edit", results, "--move", f"{text[1:-1]}=t01")


def test_a_file_that_is_no_list_of_edits_is_left_alone(results):
    for content in (b"analysis: [", b"\xff\xfe", b"analysis: x\nedits:\n", b""):
        (results / "topics.yaml").write_bytes(content)
        refused("topics", "edit", results, "--pin", "t01")
        assert (results / "topics.yaml").read_bytes() == content


def test_edits_of_another_analysis_are_refused_with_what_to_do(place, other, results):
    shutil.copy(other / "topics.yaml", results / "topics.yaml")
    before = state(results)
    assert "put it back" in refused("topics", "edit", results, "--pin", "t01")
    assert "cxnlp tag" in refused("topics", "apply", results)
    assert state(results) == before
    out = results.parent / "new"
    assert "cxnlp tag" in refused(*analyze(place, "quick.toml", out, "--edits", other / "topics.yaml", "--quiet"))
    assert not out.exists()


def test_tagged_comments_have_no_topics_of_their_own_to_edit(again):
    assert "cxnlp tag" in refused("topics", "edit", again[0], "--pin", "t01")
    assert "cxnlp tag" in refused("topics", "apply", again[0])


# What a person wrote is not replaced


def test_force_does_not_replace_edits_but_analyze_can_replay_them(place, results):
    done("topics", "edit", results, "--rename", "t01=Shapes")
    before = state(results)
    assert "--edits" in refused(*analyze(place, "quick.toml", results, "--force"))
    assert state(results) == before
    done(*analyze(place, "quick.toml", results, "--force", "--edits", results / "topics.yaml"))
    assert (results / "topics.yaml").read_bytes() == before["topics.yaml"]
    assert rows_of(results / "topics.csv")[0]["topic_name"] == "Shapes"
    assert "--edits" in refused(*analyze(place, "quick.toml", results, "--force"))
    assert rows_of(results / "topics.csv")[0]["topic_name"] == "Shapes"


# compare


def test_statements_moved_by_their_text_are_no_change_between_waves(place, results, tmp_path):
    found = statements(place / "results")
    texts = found.loc[found["topic_id"] == "t01", "text"].drop_duplicates().head(20).tolist()
    done("topics", "edit", results, *(word for text in texts for word in ("--move", f"{text}=t02")))
    done("topics", "apply", results)
    done("tag", place / "reviews.csv", "--analysis", results, "--text", "review", "--out", tmp_path / "second")
    assert "Changed" not in done("compare", results, tmp_path / "second").out


def test_a_wave_compared_with_itself_shows_no_change(place, again):
    for after in (place / "results", again[0]):
        ran = done("compare", place / "results", after)
        assert "No change shown: 8 of 8 topics. Too few to tell: 0." in ran.out
        assert "Changed" not in ran.out


def test_a_wave_of_one_topic_shows_that_it_grew(place, tmp_path):
    found = statements(place / "results")
    share = found.groupby("topic_id")["row"].nunique() / ROWS
    topic = share.idxmin()
    chosen = set(found.loc[found["topic_id"] == topic, "row"])
    rows = rows_of(place / "reviews.csv")
    write(tmp_path / "second.csv", [row for number, row in enumerate(rows) if number in chosen])
    done("tag", tmp_path / "second.csv", "--analysis", place / "results", "--out", tmp_path / "second", "--quiet")
    ran = done("compare", place / "results", tmp_path / "second", "--out", tmp_path / "changes.csv", "--q", "0.05")
    line = next(line for line in ran.out.splitlines() if line.split()[:1] == [topic])
    assert "grown" in line
    assert f"{share[topic]:.1%}" in line
    assert "100.0%" in line
    table = {one["topic_id"]: one for one in rows_of(tmp_path / "changes.csv")}
    assert set(table) >= set(share.index)
    assert (table[topic]["status"], table[topic]["n_after"]) == ("grown", str(len(chosen)))
    assert float(table[topic]["ratio_low"]) > 1
    unchanged = sum(one["status"] == "no change shown" and one["drifted"] == "False" for one in table.values())
    assert f"No change shown: {unchanged} of {len(table)} topics." in ran.out

    before = (tmp_path / "changes.csv").read_bytes()
    said = refused("compare", place / "results", tmp_path / "second", "--out", tmp_path / "changes.csv")
    assert "--force" in said
    assert (tmp_path / "changes.csv").read_bytes() == before
    done("compare", tmp_path / "second", place / "results", "--out", tmp_path / "changes.csv", "--force")
    back = {one["topic_id"]: one for one in rows_of(tmp_path / "changes.csv")}
    assert back[topic]["status"] == "shrunk"
    assert float(back[topic]["ratio"]) == pytest.approx(1 / float(table[topic]["ratio"]))


@pytest.fixture(scope="module")
def two_waves(place: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The analysis with an outcome and segments, and a second wave in which the happiest hardly answered."""
    folder = tmp_path_factory.mktemp("two")
    more = ("--outcome", "recommended", "--bad-when", "false", "--segment", "department")
    done(*analyze(place, "quick.toml", folder / "first", *more, "--quiet"))
    rows = rows_of(place / "reviews.csv")
    kept = [row for number, row in enumerate(rows) if row["rating"] != "5" or number % 4 == 0]
    write(folder / "second.csv", kept)
    done(
        "tag", folder / "second.csv", "--analysis", folder / "first", "--score", "rating=stars", *more,
        "--out", folder / "second", "--quiet",
    )  # fmt: skip
    return folder / "first", folder / "second"


def test_the_change_of_a_score_and_an_outcome_is_split_up(two_waves, tmp_path):
    first, second = two_waves
    ran = done("compare", first, second, "--out", tmp_path / "changes.csv")
    rows = rows_of(tmp_path / "changes-decomposition.csv")
    assert f"Scores and outcomes: {tmp_path / 'changes-decomposition.csv'}" in ran.out
    measures = list(dict.fromkeys(row["measure"] for row in rows))
    assert (measures[0], len(measures)) == ("csat", 2)
    own = [row for row in rows if row["measure"] == "csat"]
    whole = {row["factor"]: float(row["value"]) for row in own if row["by"] == "all"}
    parts = [value for factor, value in whole.items() if factor != "total"]
    assert sum(parts) == pytest.approx(whole["total"], abs=1e-6)
    total = next(row for row in own if row["factor"] == "total")
    stars = [float(row["rating"]) for row in rows_of(second.with_suffix(".csv"))]
    assert float(total["after"]) == pytest.approx(sum(stars) / len(stars))
    assert whole["total"] < 0
    assert f"The mean of csat fell by {-whole['total']:.2f} on its scale" in ran.out
    assert "The rate of 'not recommended' among those who comment rose by" in " ".join(ran.out.split())
    assert "not what brought it about" in ran.out
    names = {row["name"] for row in own if row["by"] == "topic"}
    assert {topic["topic_name"] for topic in rows_of(first / "topics.csv")} & names


def test_a_measure_and_segments_are_named(two_waves, tmp_path):
    first, second = two_waves
    out = ("--out", tmp_path / "c.csv")
    ran = done("compare", first, second, "--measure", "csat", "--segment", "department", *out)
    assert {row["measure"] for row in rows_of(tmp_path / "c-decomposition.csv")} == {"csat"}
    assert "The rate of" not in ran.out
    before = state(tmp_path)
    (tmp_path / "c.csv").unlink()
    assert "c-decomposition.csv is there already" in refused("compare", first, second, *out)
    done("compare", first, second, "--measure", "csat", "--segment", "department", *out, "--force")
    assert state(tmp_path) == before


def test_a_measure_or_segment_that_a_wave_lacks_is_refused(two_waves, again, tmp_path):
    first, second = two_waves
    out = ("--out", tmp_path / "c.csv")
    said = refused("compare", first, second, "--measure", "nps", *out)
    assert "has no measure 'nps'" in said
    assert "one of both waves: csat" in said
    assert "has no segment 'plan'" in refused("compare", first, second, "--segment", "plan", *out)
    # A wave that was tagged without naming its segments has none.
    said = refused("compare", first, again[0], "--segment", "department", *out)
    assert f"name it with --segment department when you make {again[0]}" in said
    assert not list(tmp_path.iterdir())


def test_waves_with_other_topics_are_not_compared(place, other, tmp_path):
    said = refused("compare", place / "results", other, "--out", tmp_path / "changes.csv")
    assert "do not have the same topics" in said
    assert "cxnlp tag" in said
    assert not list(tmp_path.iterdir())


def test_a_wave_without_its_statements_is_not_compared(results, tmp_path):
    (results / "statements.parquet").unlink()
    assert "--format parquet" in refused("compare", results, results)


# Codes


BOOK = """\
name: clothes
tags:
  - name: fit
    description: how a garment fits
    examples: [It runs small., "Too tight in the shoulders.", The waist sits too high., "I had to size up."]
    counter_examples: ["The colour is lovely."]
  - name: '=colour'
    description: colours and prints
    examples: ["The colour is lovely.", The print looks washed out., "Such a vibrant red."]
"""


def coded(place: Path, out: Path, *more: object) -> Ran:
    return done(*analyze(place, "quick.toml", out, *more))


@pytest.mark.slow
def test_a_codebook_that_comes_with_cxnlp(place, tmp_path):
    ran = coded(place, tmp_path / "out", "--codebook", "three-cs", "--error-rate", "0.2")
    codes, review = rows_of(tmp_path / "out" / "codes.csv"), rows_of(tmp_path / "out" / "review.csv")
    assert [code["tag"] for code in codes] == ["consistency", "convenience", "customization"]
    assert {float(code["error_rate"]) for code in codes} == {0.2}
    assert review
    assert {row["answer"] for row in review} == {""}
    assert f"{len(review):,} doubts are left to you" in ran.out
    assert str(tmp_path / "out" / "review.csv") in ran.out
    carrying = int((statements(tmp_path / "out")["codes"].str.len() > 0).sum())
    assert f"{carrying:,} statements carry at least one of 3 codes." in ran.out


def test_without_a_codebook_no_word_of_codes(again):
    folder, ran = again
    assert "codes" not in ran.out
    assert not {"codes.csv", "review.csv", "codebook.yaml"} & set(state(folder))


def test_a_review_list_is_filled_in_given_back_and_never_replaced(place, tmp_path):
    book, first = tmp_path / "book.yaml", tmp_path / "first"
    book.write_text(BOOK, encoding="utf-8")
    coded(place, first, "--codebook", book, "--quiet")
    asked = rows_of(first / "review.csv")
    asked = [row | {"answer": "yes" if i == 0 else "nie" if i == 1 else ""} for i, row in enumerate(asked)]
    write(first / "review.csv", asked)
    before = state(first)
    anew = analyze(place, "quick.toml", first, "--force", "--codebook", book)
    for words in (anew, [*anew, "--corrections", first / "review.csv"], ["topics", "apply", first]):
        assert "review.csv holds what a person wrote" in refused(*words)
        assert state(first) == before

    coded(place, tmp_path / "second", "--codebook", book, "--corrections", first / "review.csv", "--quiet")
    learned = (tmp_path / "second" / "codebook.yaml").read_text(encoding="utf-8")
    assert asked[0]["text"] in learned
    assert asked[1]["text"] in learned
    left = {(row["text"], row["tag"]) for row in rows_of(tmp_path / "second" / "review.csv")}
    assert left != {(row["text"], row["tag"]) for row in asked}

    # The codes go with the topics: new comments are tagged with what was learned.
    done("tag", place / "reviews.csv", "--analysis", tmp_path / "second", "--out", tmp_path / "third", "--quiet")
    for column in ("codes", "codes_doubt"):
        of_analysis, of_tag = (statements(tmp_path / name)[column].map(list).tolist() for name in ("second", "third"))
        assert of_analysis == of_tag
    assert (tmp_path / "third" / "codebook.yaml").read_text(encoding="utf-8") == learned


def test_a_book_with_a_name_twice_is_refused_before_the_work(place, tmp_path):
    (tmp_path / "book.yaml").write_text(BOOK.replace("'=colour'", "Fit"), encoding="utf-8")
    said = refused(*analyze(place, "settings.toml", tmp_path / "out", "--codebook", tmp_path / "book.yaml"))
    assert f"line 7 of {tmp_path / 'book.yaml'}: tag 'Fit' is there already, in line 3" in said
    assert not (tmp_path / "out").exists()


def test_a_codebook_goes_through_every_format_and_stays_the_same(tmp_path):
    from cxnlp import codebook

    (tmp_path / "0.yaml").write_text(BOOK, encoding="utf-8")
    way = ["0.yaml", "1.csv", "2.qdc", "3.yml", "4.qdc", "5.csv", "6.yaml"]
    for here, there in pairwise(way):
        assert "2 codes written" in done("codes", "convert", tmp_path / here, tmp_path / there).out
        assert codebook.load(tmp_path / there).tags == codebook.load(tmp_path / "0.yaml").tags
    before = state(tmp_path)
    assert "--force" in refused("codes", "convert", "three-cs", tmp_path / "6.yaml")
    assert state(tmp_path) == before
    done("codes", "convert", "three-cs", tmp_path / "6.yaml", "--force")
    assert codebook.load(tmp_path / "6.yaml") == codebook.load("three-cs")


def test_what_a_format_cannot_hold_is_said(tmp_path):
    assert "no place in that format" in done("codes", "convert", "three-cs", tmp_path / "codes.qdc").out
    assert "no place" not in done("codes", "convert", "three-cs", tmp_path / "codes.csv").out


def test_codebooks_are_listed_and_shown(tmp_path):
    listed = done("codes", "list").out
    for words in ("three-cs", "digital-experience", "convenience", "en, it, pl, ro"):
        assert words in listed
    (tmp_path / "book.yaml").write_text(BOOK, encoding="utf-8")
    shown = done("codes", "show", tmp_path / "book.yaml").out
    line = next(line for line in shown.splitlines() if line.split()[:1] == ["fit"])
    assert " ".join(line.split()) == "fit how a garment fits 4 1"
    assert "How little or how much time" in done("codes", "show", "three-cs").out


# Names by a language model


class _Namer(BaseHTTPRequestHandler):
    """Answers each question with a name of its own, and keeps what it was asked."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(asked)  # type: ignore[attr-defined]
        name = f"Shiny name {'abcdefghijk'[len(self.server.asked)]}"  # type: ignore[attr-defined]
        body = json.dumps({"choices": [{"message": {"content": name}}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""


@pytest.fixture
def namer() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Namer)
    server.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_server_that_is_named_words_the_names_and_nothing_else(place, tmp_path, namer):
    url = f"http://127.0.0.1:{namer.server_port}"
    ran = coded(place, tmp_path / "out", "--name-with", url, "--name-model", "some-model")
    names = [topic["topic_name"] for topic in rows_of(tmp_path / "out" / "topics.csv")]
    assert names == [f"Shiny name {letter}" for letter in "bcdefghi"]
    assert {asked["model"] for asked in namer.asked} == {"some-model"}
    assert "8 of 8 written by some-model" in " ".join(ran.out.split())
    assert statements(tmp_path / "out")["topic_id"].equals(statements(place / "results")["topic_id"])


def test_where_no_server_answers_the_run_goes_on_and_says_so(place, tmp_path, namer):
    namer.server_close()  # its port is free now, and nobody listens
    ran = coded(place, tmp_path / "out", "--name-with", f"http://127.0.0.1:{namer.server_port}/v1")
    assert "did not answer: connection refused" in ran.said
    assert (tmp_path / "out" / "topics.csv").read_bytes() == (place / "results" / "topics.csv").read_bytes()
