"""Commands from start to end, on a real but tiny model: what is written, what is printed, what is refused."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import pandas as pd
import pytest

from cxnlp import demo
from cxnlp.cli import failures, preview, summary
from cxnlp.config import Config


@pytest.fixture(scope="module")
def survey(tmp_path_factory) -> Path:
    """The first comments of the demo's reviews, 50 rows."""
    folder = tmp_path_factory.mktemp("data")
    with demo.clothing().open(encoding="utf-8", newline="") as stream:
        rows = [row for _, row in zip(range(51), csv.reader(stream), strict=False)]
    with (folder / "reviews.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return folder / "reviews.csv"


@pytest.fixture
def cxnlp(monkeypatch, tmp_path, tiny_model):
    """Run the program in an empty folder with the tiny model; returns its exit code."""
    from cxnlp.cli import app

    monkeypatch.chdir(tmp_path)

    def run(*arguments: object, model: bool = True) -> int:
        words = [*map(str, arguments), *(["--model", str(tiny_model)] if model else [])]
        monkeypatch.setattr(sys, "argv", ["cxnlp", *words])
        return failures.guard(app)

    return run


def test_analyze_writes_the_folder_and_says_what_was_found(cxnlp, survey, capsys, tmp_path):
    assert cxnlp("analyze", survey, "--text", "review", "--score", "rating=stars", "--segment", "department") == 0
    seen = capsys.readouterr()
    folder = tmp_path / "reviews-results"
    assert (folder / "report.html").exists()
    assert json.loads((folder / "analysis.json").read_text(encoding="utf-8"))["provenance"]["rows_out"] == 50
    assert "review" in seen.out
    assert "csat" in seen.out
    assert "reviews.csv: 50 rows" in seen.out
    assert "reviews-results/report.html" in seen.out
    assert "encode" in seen.err
    assert "Traceback" not in seen.err


def test_a_second_run_into_the_same_folder_needs_force(cxnlp, survey, capsys, tmp_path):
    command = ("analyze", survey, "--text", "review", "--out", "out", "--quiet", "--format", "csv")
    assert cxnlp(*command) == 0
    assert capsys.readouterr() == ("", "")
    assert not (tmp_path / "out" / "report.html").exists()
    assert cxnlp(*command) == 2
    assert "--force" in capsys.readouterr().err
    assert cxnlp(*command, "--force") == 0


def test_a_named_column_that_is_not_there(cxnlp, survey, capsys):
    assert cxnlp("analyze", survey, "--text", "revew") == 2
    assert "Did you mean review or review_id?" in capsys.readouterr().err


def test_settings_from_a_file(cxnlp, survey, tmp_path):
    (tmp_path / "settings.toml").write_text('[read]\ntext = "title"\n\n[report]\nformats = ["csv"]\n', encoding="utf-8")
    assert cxnlp("analyze", survey, "--config", "settings.toml", "--text", "review", "--out", "out") == 0
    roles = json.loads((tmp_path / "out" / "analysis.json").read_text(encoding="utf-8"))["provenance"]["roles"]
    assert [role["column"] for role in roles if role["role"] == "text"] == ["review"]
    assert not (tmp_path / "out" / "report.html").exists()


def test_preview_shows_columns_and_first_comments_and_writes_nothing(cxnlp, survey, capsys, tmp_path):
    assert cxnlp("preview", survey, "--text", "review") == 0
    seen = capsys.readouterr().out
    assert "review" in seen
    assert "50 rows read" in seen
    assert "sentiment" in seen
    assert not list(tmp_path.iterdir())


def test_preview_labels_the_first_rows_in_their_order(tiny_model):
    rows = pd.DataFrame(
        {
            "comment": ["The delivery was late.", None, "n/a", "Livrarea a întârziat foarte mult."] * 10,
            "nps": [3, 9, 7, 0] * 10,
        }
    )
    seen = preview.preview(rows, Config().replace(text="comment", model=str(tiny_model)), n=4)
    assert seen.labelled["status"].tolist()[:3] == ["ok", "empty", "junk"]
    assert len(seen.labelled) == 4
    assert seen.labelled.loc[0, "sentiment"] in ("negative", "neutral", "positive")
    assert seen.labelled.loc[1, "sentiment"] == ""
    assert len(seen.comments.table) == 40
    assert seen.languages["en"] == 10


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["none", "none"], "none"),
        (["none", "leave"], "leave"),
        (["negative", "positive", "neutral"], "mixed"),
        (["OTH", "DEL"], "DEL"),
        (["neutral", "OTH"], "neutral"),
    ],
)
def test_what_a_comment_says_is_what_its_statements_say(labels, said):
    assert preview._said(pd.Series(labels)) == said


def test_the_models_commands(cxnlp, tiny_model, capsys):
    assert cxnlp("models", "show", tiny_model, model=False) == 0
    assert "licence       MIT" in capsys.readouterr().out
    assert cxnlp("models", "verify", tiny_model, model=False) == 0
    assert "tiny" in capsys.readouterr().out
    assert cxnlp("models", "list", model=False) == 0


def test_an_altered_model_is_refused(cxnlp, tiny_model, tmp_path, capsys):
    import shutil

    altered = tmp_path / "altered"
    shutil.copytree(tiny_model, altered)
    weights = altered / "backbone" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\0")
    code = cxnlp("models", "verify", altered, model=False)
    assert code == 2
    assert "altered backbone/model.safetensors" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("backbone/pytorch_model.bin", b"", "pickled files"),
        ("backbone/config.json", None, "missing backbone/config.json"),
        ("manifest.json", b"[" * 100_000, "manifest.json"),
        ("manifest.json", b'{"format": 9}', "format 9"),
    ],
)
def test_what_is_wrong_with_a_model_is_one_block(cxnlp, tiny_model, tmp_path, capsys, file, content, said):
    import shutil

    folder = tmp_path / "m"
    shutil.copytree(tiny_model, folder)
    (folder / file).unlink() if content is None else (folder / file).write_bytes(content)
    assert cxnlp("models", "verify", folder, model=False) == 2
    seen = capsys.readouterr()
    assert said in " ".join(seen.err.split())
    assert (seen.out, seen.err.count("Found:"), seen.err.count("Fix:")) == ("", 1, 1)


# The summary, on evidence from the real rooms


def test_the_summary_tells_the_top_findings_and_where_the_rest_is(capsys, tmp_path):
    from evidence_builder import survey as evidence

    found = evidence()
    summary.show(found, tmp_path)
    seen = capsys.readouterr()
    for flag in found.flags[:5]:
        assert flag.title.split()[0] in seen.out
    assert ("more in the report" in seen.out) is (len(found.flags) > 5)
    assert "nps" in seen.out
    assert "fit no topic" in seen.out
    warnings = [note for note in found.notes if note.level == "warning"]
    assert seen.err.count("Warning: ") == len(warnings)


def test_the_summary_of_nothing(capsys, tmp_path):
    from evidence_builder import nothing_scored

    summary.show(nothing_scored(), tmp_path)
    assert "nan" not in capsys.readouterr().out
