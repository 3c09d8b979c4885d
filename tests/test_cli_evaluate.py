"""`cxnlp evaluate` as a user meets it: what is printed, written, refused, and the exit code."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
import pytest

import cxnlp as package
from cxnlp import heads, pipeline, registry
from cxnlp.cli import evaluate, failures, scorecard
from cxnlp.config import Config
from cxnlp.errors import OutputError, SettingsError

TEXTS = (
    "The delivery was late. The staff was friendly and the price was good.",
    "bad price",
    "Good staff, and the delivery was good too.",
    "the delivery was bad",
    "It was there.",
    "The price was good but the delivery was late and bad.",
)
LABELS = ("negativ", "negativ", "positiv", "negativ", "neutral", "positiv")


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """72 labelled comments in two languages, with a missing label, a missing text and a label that is not ours."""
    table = pd.DataFrame({"comment": TEXTS * 12, "label": LABELS * 12, "lang": ["en", "ro", "en"] * 24})
    table["comment"] += [f" {k}" for k in range(72)]
    table.loc[len(table)] = ["no label", "", "en"]
    table.loc[len(table)] = ["", "neutral", "en"]
    table.loc[len(table)] = ["both", "gemischt", "ro"]
    table.to_csv(tmp_path / "labelled.csv", index=False)
    return tmp_path / "labelled.csv"


MAPS = ("--map", "negativ=negative", "--map", "positiv=positive", "--map", "gemischt=")
COLUMNS = ("--text", "comment", "--label", "label", "--language", "lang")


@pytest.fixture
def cxnlp(monkeypatch, tmp_path, tiny_model):
    """Run the program in an empty folder with the tiny model; returns its exit code."""
    from cxnlp.cli import app

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: object) -> int:
        words = ["evaluate", *map(str, arguments), "--model", str(tiny_model), "--resamples", "100"]
        monkeypatch.setattr(sys, "argv", ["cxnlp", *words])
        return failures.guard(app)

    return run


def written(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def test_figures_are_printed_and_written(cxnlp, labelled, capsys, tmp_path, tiny_model):
    assert cxnlp(labelled, *COLUMNS, *MAPS, "--json", "out.json") == 0
    seen = capsys.readouterr()
    for words in (
        "sentiment of 72 comments, each read as a text, by tiny",
        "Rows without a label, not measured: 1",
        "Rows with a label that --map leaves out, not measured: 1",
        "Rows without a text, not measured: 1",
        "macro-F1",
        "ECE",
        "Without neutral",
        "Classes: ro",
        "Confusion",
    ):
        assert words in seen.out, words
    found = written(tmp_path / "out.json")
    assert found["n"] == 72
    assert found["languages"] == {"en": 48, "ro": 24}
    assert found["cxnlp_version"] == package.__version__
    assert found["model"]["sha256"] == registry.read_manifest(tiny_model).sha256
    assert len(found["input"]["sha256"]) == 64
    assert found["input"]["rows"] == 75
    assert found["settings"]["maps"] == [["negativ", "negative"], ["positiv", "positive"], ["gemischt", ""]]
    cells = [cell for cell in found["confusion"] if cell["language"] == "all"]
    assert sum(cell["n"] for cell in cells) == 72
    assert {figure["language"] for figure in found["figures"]} == {"all", "en", "ro"}
    assert not list(tmp_path.glob(".cxnlp-*"))


def test_the_same_command_writes_the_same_bytes(cxnlp, labelled, tmp_path):
    for name in ("a.json", "b.json"):
        assert cxnlp(labelled, *COLUMNS, *MAPS, "--json", name, "--quiet") == 0
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_texts_are_read_as_they_stand(cxnlp, labelled, tmp_path, tiny_model):
    """The figures are those of the encoder's own answers on the raw texts."""
    from cxnlp import encoder

    assert cxnlp(labelled, *COLUMNS, *MAPS, "--json", "out.json", "--quiet") == 0
    texts = pd.read_csv(labelled)["comment"].head(72).tolist()
    _, probabilities, _ = encoder.encode_texts(encoder.load(tiny_model), texts)
    said = probabilities["sentiment"].argmax(axis=1)
    true = [{"negativ": 0, "neutral": 1, "positiv": 2}[label] for label in LABELS * 12]
    assert written(tmp_path / "out.json")["figures"][1]["value"] == pytest.approx((said == true).mean())


def test_comments_get_the_answer_of_analyze(labelled, tiny_model):
    table = pd.read_csv(labelled).head(72)
    config = Config().replace(text="comment", language="lang", model=str(tiny_model))
    question = evaluate.Question(
        label="label", maps=(("negativ", "negative"), ("positiv", "positive")), grain="comment", resamples=100
    )
    measured = evaluate.evaluate(table, question, config)
    answered = pipeline.analyze(table, config).comments["sentiment_label"].fillna("not scored")
    truth = table["label"].map({"negativ": "negative", "neutral": "neutral", "positiv": "positive"})
    expected = pd.crosstab(truth, answered)
    confusion = measured.evaluation.confusion.query("language == 'all'")
    for truth_label, answer, n in confusion[["truth", "answer", "n"]].itertuples(index=False):
        assert expected.loc[truth_label, answer] == n
    assert confusion["n"].sum() == 72


@pytest.mark.parametrize("head", ["touchpoint", "emotion", "churn_intent", "advocacy", "effort"])
@pytest.mark.parametrize("grain", ["text", "comment"])
def test_every_head_at_both_grains(cxnlp, tmp_path, head, grain):
    labels = {"touchpoint": "DEL, STF", "emotion": "anger;joy", "churn_intent": "leave"}
    labels |= {"advocacy": "warn", "effort": "high"}
    table = pd.DataFrame({"comment": TEXTS * 4, "label": [labels[head], "none"] * 12})
    table.to_json(tmp_path / "data.jsonl", orient="records", lines=True)
    assert cxnlp("data.jsonl", "--text", "comment", "--label", "label", "--head", head, "--as", grain,
                 "--json", "out.json") == 0  # fmt: skip
    main = written(tmp_path / "out.json")["main"]
    assert main["measure"] == ("micro_f1" if head in ("touchpoint", "emotion") else "macro_f1")
    assert 0 <= main["value"] <= 1


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet", "jsonl"])
def test_every_format_gives_the_same_figures(cxnlp, tmp_path, suffix):
    table = pd.DataFrame(
        {"comment": [f"{text} {k}" for k, text in enumerate(TEXTS * 4)], "stars": [1, 1, 5, 1, 3, 5] * 4}
    )
    {
        "csv": lambda path: table.to_csv(path, index=False),
        "xlsx": lambda path: table.to_excel(path, index=False),
        "parquet": lambda path: table.to_parquet(path, index=False),
        "jsonl": lambda path: table.to_json(path, orient="records", lines=True),
    }[suffix](tmp_path / f"data.{suffix}")
    stars = ("--map", "1=negative", "--map", "3=neutral", "--map", "5=positive")
    assert cxnlp(f"data.{suffix}", "--text", "comment", "--label", "stars", *stars, "--json", "out.json") == 0
    found = written(tmp_path / "out.json")
    support = {f["label"]: f["n"] for f in found["figures"] if f["measure"] == "f1" and f["language"] == "all"}
    assert support == {"negative": 12, "neutral": 4, "positive": 8}


def test_the_help_names_every_head_and_grain_and_the_exit_codes():
    from typer.main import get_command

    from cxnlp.cli import app

    command = get_command(app).commands["evaluate"]
    helps = {option.name: option.help for option in command.params}
    assert all(name in helps["head"] for name in heads.HEADS)
    assert all(f"{grain}:" in helps["grain"] for grain in evaluate.GRAINS)
    assert "Exit codes: 0 measured; 1 measured, and below --min-macro-f1" in command.help


# The exit code


def test_a_figure_below_the_least_wanted_ends_with_1(cxnlp, labelled, capsys, tmp_path):
    assert cxnlp(labelled, *COLUMNS, *MAPS, "--min-macro-f1", "1", "--quiet", "--json", "out.json") == 1
    assert "below 1, which --min-macro-f1 asks for" in capsys.readouterr().err
    main = written(tmp_path / "out.json")["main"]
    assert (main["least"], main["passed"]) == (1.0, False)


def test_a_figure_that_reaches_it_ends_with_0(cxnlp, labelled, capsys):
    assert cxnlp(labelled, *COLUMNS, *MAPS, "--min-macro-f1", "0") == 0
    assert "reaches 0" in capsys.readouterr().out


# What goes wrong


def test_unknown_labels_are_named_with_counts_and_the_option_that_mends_them(cxnlp, labelled, capsys):
    assert cxnlp(labelled, *COLUMNS) == 2
    said = capsys.readouterr().err
    assert "'negativ' (36), 'positiv' (24), 'gemischt' (1)" in said
    assert '--map "negativ=negative"' in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--head", "sentimnt"), "--head sentiment"),
        (("--as", "comments"), "--as comment"),
        (("--map", "negativ"), '--map "negativ=negative"'),
        (("--map", "negativ=negatve"), "--map negativ=negative"),
        (("--json", "nowhere/out.json"), "in a folder that does not exist"),
        (("--json", "."), "a folder"),
        (("--label", "lable"), "Did you mean label"),
    ],
)
def test_a_mistake_is_said_with_its_fix(cxnlp, labelled, capsys, arguments, words):
    assert cxnlp(labelled, *COLUMNS, *MAPS, *arguments) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said


@pytest.mark.parametrize("labels", [["positive"] * 3, [""] * 3])
def test_labels_that_tell_nothing_apart_are_refused(cxnlp, tmp_path, capsys, labels):
    pd.DataFrame({"comment": TEXTS[:3], "label": labels, "x": 1}).to_csv(tmp_path / "d.csv", index=False)
    assert cxnlp("d.csv", "--text", "comment", "--label", "label") == 2
    assert "--label" in capsys.readouterr().err


def test_a_map_without_a_match_is_a_warning(cxnlp, labelled, capsys):
    assert cxnlp(labelled, *COLUMNS, *MAPS, "--map", "pozitiv=positive") == 0
    assert "pozitiv=... meets no label" in capsys.readouterr().err


def test_labels_of_two_poles_ask_between_these(cxnlp, tmp_path, capsys):
    pd.DataFrame({"comment": TEXTS, "label": ["negative", "positive"] * 3}).to_csv(tmp_path / "d.csv", index=False)
    assert cxnlp("d.csv", "--text", "comment", "--label", "label") == 0
    seen = capsys.readouterr().out
    assert "chose between these two" in seen
    assert "Without neutral" not in seen


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "out.json"
    path.write_text("old", encoding="utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OutputError, match="No space left"):
        scorecard.write({"n": 1}, path)
    assert path.read_text(encoding="utf-8") == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.json"]


# Samples and hard texts


def test_the_sample_depends_on_the_texts_alone(labelled, tiny_model):
    table = pd.read_csv(labelled).head(72)
    config = Config().replace(text="comment", language="lang", model=str(tiny_model))
    maps = (("negativ", "negative"), ("positiv", "positive"))
    question = evaluate.Question(label="label", maps=maps, resamples=100, limit=30)
    first = evaluate.evaluate(table, question, config)
    second = evaluate.evaluate(table.sample(frac=1, random_state=1), question, config)
    assert first.evaluation.n == 30
    assert first.left_out["outside the sample of --limit"] == 42
    pd.testing.assert_frame_equal(first.evaluation.figures, second.evaluation.figures)


@pytest.mark.parametrize("grain", ["text", "comment"])
def test_hard_texts_are_measured(tiny_model, grain):
    texts = ["😀😀", "مرحبا بالعالم", "n/a", "late " * 5000, "a\x00b", "the price was good", "x", "ok " * 3]
    table = pd.DataFrame({"t": texts, "y": ["negative", "positive"] * 4})
    question = evaluate.Question(label="y", grain=grain, resamples=100)
    measured = evaluate.evaluate(table, question, Config().replace(text="t", model=str(tiny_model)))
    assert measured.evaluation.n == 8
    json.dumps(scorecard.record(measured, Config()), allow_nan=False)


def test_a_head_that_the_model_lacks_is_named(labelled, tiny_model, tmp_path):
    churn_intent = registry.read_heads(tiny_model)["churn_intent"]
    poorer = registry.write_model(
        tmp_path / "poorer",
        name="poorer",
        backbone_state=registry.read_backbone(tiny_model),
        config=registry.read_config(tiny_model),
        tokenizer=tiny_model / "backbone" / "tokenizer.json",
        heads={"churn_intent": churn_intent},
        card="",
        prefix="",
        languages=("en",),
        licence="MIT",
    )
    config = Config().replace(text="comment", model=str(poorer))
    maps = (("negativ", "negative"), ("positiv", "positive"), ("gemischt", ""))
    with pytest.raises(SettingsError, match="--head churn_intent"):
        evaluate.evaluate(labelled, evaluate.Question(label="label", maps=maps, resamples=100), config)


def test_a_file_needs_its_label(cxnlp, labelled, capsys) -> None:
    assert cxnlp(labelled, "--text", "comment") == 2
    assert "--label" in capsys.readouterr().err
