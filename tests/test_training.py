"""The training room on a tiny real encoder and invented rows: the whole command, not the figures."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file
from scipy.special import softmax

from cxnlp import encoder, registry
from cxnlp.cli import development
from cxnlp.config import EncodeConfig
from cxnlp.errors import InputError, ModelError, OutputError, SettingsError
from cxnlp.evaluation import expected_calibration_error, measure_head
from cxnlp.heads import HEADS
from cxnlp.schema import LANGUAGES
from cxnlp.training import Recipe, distil, train
from cxnlp.training.agreement import label_agreement
from cxnlp.training.calibration import calibrate, held_apart
from cxnlp.training.corpora import CORPORA, MIXTURES, training_rows
from cxnlp.training.devsets import DEVSETS
from cxnlp.training.evaluation import evaluation_rows, read_figures
from cxnlp.training.probe import fit_heads
from cxnlp.training.splicing import spliced
from cxnlp.training.tuning import _drawn

_EMOTIONS = ("anger", "neutral", "joy")
_QUICK = Recipe(epochs=1, tokens=512, longest=64)
_WORDS = {"negative": "late and bad", "neutral": "it was there", "positive": "friendly and good"}


@pytest.fixture(scope="module")
def base_encoder(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoder")
    save_file(registry.read_backbone(tiny_model), folder / "model.safetensors")
    for name in ("config.json", "tokenizer.json"):
        shutil.copy(tiny_model / "backbone" / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("data")
    labels = list(_WORDS)
    touchpoints = list(HEADS["touchpoint"].labels)
    emotions = list(HEADS["emotion"].labels)
    comments = [
        {
            "id": f"G-{k}",
            "touchpoints": [touchpoints[k % 18] + "-"],
            "sentiment": labels[k % 3],
            "churn": ("none", "leave", "stay")[k % 3],
            "advocacy": ("none", "rec", "warn")[k % 3],
            "effort": ("none", "high", "low")[k % 3],
            "emotions": [emotions[k % 11]],
            "text": {language: f"{language} {_WORDS[labels[k % 3]]} {k}" for language in LANGUAGES},
        }
        for k in range(90)
    ]
    (folder / CORPORA["parallel"].file).write_text("\n".join(map(json.dumps, comments)), encoding="utf-8")
    for name, corpus in (CORPORA | DEVSETS).items():
        if str(corpus.file).endswith(".parquet") and not (folder / corpus.file).exists():
            rows = [
                (f"{name}-{k}", f"{_WORDS[labels[k % 3]]} {name} {k}", "en", labels[k % 3], "true", [_EMOTIONS[k % 3]])
                for k in range(30)
            ]
            table = pd.DataFrame(rows, columns=["id", "text", "lang", "label", "relevance", "emotion"])
            table["product"] = ["Garmin Connect", "Huawei Health"] * 15
            table.to_parquet(folder / corpus.file)
    questions = pd.DataFrame(
        {"text": [f"where is card {k}" for k in range(20)], "topic": [[str(k % 2)] for k in range(20)]}
    )
    questions.to_parquet(folder / "banking77.parquet")
    journey = pd.DataFrame(
        {
            "dataset": "d",
            "id": [f"j{k}" for k in range(12)],
            "lang": ["en", "ro"] * 6,
            "text": [f"the delivery was late {k}" for k in range(12)],
            "touchpoints": [["DEL-", "STF+"]] * 12,
            "sentiment": ["negative", "mixed"] * 6,
            "churn": ["leave", "none"] * 6,
            "advocacy": ["rec", "none"] * 6,
            "effort": ["none", "high"] * 6,
            "emotions": [["anger"], ["none"]] * 6,
        }
    )
    journey.to_parquet(folder / "journey_dev.parquet")
    told = [comment | {"text": {"en": f"{comment['text']['en']} indeed"}} for comment in comments]
    (folder / "written.jsonl").write_text("\n".join(map(json.dumps, told)), encoding="utf-8")
    read = [comment | {"text": {"en": f"{comment['text']['en']} truly"}} for comment in comments[:30]]
    (folder / "read.jsonl").write_text("\n".join(map(json.dumps, read)), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        # the packaged comments would take minutes on this tokenizer of letters
        for name in ("written", "read"):
            patch.setitem(CORPORA, name, replace(CORPORA[name], file=f"{name}.jsonl"))
        yield folder


@pytest.fixture(scope="module")
def small(base_encoder: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    out = tmp_path_factory.mktemp("models") / "tiny-small"
    return out, train(base_encoder, data, out, recipe=_QUICK, seeds=(0, 1))


def test_train_writes_a_model_that_loads_and_a_card_with_its_figures(small: tuple[Path, pd.DataFrame]) -> None:
    out, figures = small
    registry.verify(out)
    model = encoder.load(out)
    embedding, probabilities, _ = encoder.encode_texts(model, ["the delivery was late"])
    assert set(probabilities) == set(HEADS)
    assert np.linalg.norm(embedding) == pytest.approx(1, abs=1e-5)
    card = (out / "README.md").read_text(encoding="utf-8")
    for corpus in MIXTURES["shipped"]:
        assert f"| {corpus} |" in card
    own = figures[(figures["model"] == out.name) & (figures["set"].isin(DEVSETS) | (figures["language"] == "all"))]
    assert len(own) > 20
    for measure, value in zip(own["measure"], own["value"], strict=True):
        assert (f"| {value:,.0f} |" if measure == "rows" else f"{value:.3f}") in card
    assert {"TF-IDF", "frozen probe", "seed 0", "seed 1", out.name} == set(figures["model"])


def test_the_stored_weights_are_the_mean_of_the_seeds(
    small: tuple[Path, pd.DataFrame], base_encoder: Path, data: Path, tmp_path: Path
) -> None:
    name = "encoder.layer.0.intermediate.dense.weight"
    each = []
    for seed in (0, 1):
        train(base_encoder, data, tmp_path / f"m{seed}", recipe=_QUICK, seeds=(seed,))
        each.append(registry.read_backbone(tmp_path / f"m{seed}")[name])
    assert not np.allclose(each[0], each[1], atol=1e-5)
    mean = registry.read_backbone(small[0])[name]
    # int8 per row: each stored matrix is off by up to half a step
    assert np.abs(np.mean(each, axis=0) - mean).max() <= np.abs(mean).max() / 127


def test_an_interrupted_run_goes_on_to_the_same_bytes(base_encoder: Path, data: Path, tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def interrupt(stage: str, done: int, total: int) -> None:
        if stage == "train" and done > total // 2:
            raise Stop

    whole, parts = tmp_path / "a" / "m", tmp_path / "b" / "m"
    recipe = replace(_QUICK, epochs=2)
    train(base_encoder, data, whole, recipe=recipe, seeds=(0,))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cxnlp.training.tuning._CHECKPOINT_EVERY", 0.0)
        with pytest.raises(Stop):
            train(base_encoder, data, parts, recipe=recipe, seeds=(0,), checkpoints=tmp_path / "c", progress=interrupt)
    steps: list[int] = []
    train(
        base_encoder, data, parts, recipe=recipe, seeds=(0,), checkpoints=tmp_path / "c",
        progress=lambda stage, done, total: steps.append(done / total) if stage == "train" else None,
    )  # fmt: skip
    assert min(steps) > 0.5
    assert (whole / "manifest.json").read_bytes() == (parts / "manifest.json").read_bytes()


def test_a_student_learns_what_its_teacher_says(small: tuple[Path, pd.DataFrame], data: Path, tmp_path: Path) -> None:
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    out = tmp_path / "tiny-fast"
    none = shape | {"num_hidden_layers": 0}
    recipe = Recipe(epochs=4, tokens=512, longest=64, rate=5e-3, head_rate=5e-3)
    figures = distil(small[0], data, out, candidates={"one": shape, "none": none}, more=10, recipe=recipe)
    texts = [f"{words} {k}" for words in _WORDS.values() for k in range(30)]
    answers = []
    for folder in (small[0], out):
        registry.verify(folder)
        answers.append(encoder.encode_texts(encoder.load(folder), texts)[1]["sentiment"])
    assert encoder.load(out).width == 16
    # closer to its teacher than a model that always says the teacher's mean
    far = np.abs(answers[0] - answers[0].mean(axis=0)).mean()
    assert np.abs(answers[0] - answers[1]).mean() < 0.8 * far
    assert {small[0].name, out.name} <= set(figures["model"])
    assert len({"one", "none"} & set(figures["model"])) == 1


def test_the_folder_of_the_development_sets_gives_the_figures_of_the_card(
    small: tuple[Path, pd.DataFrame], data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mean = development.evaluate(data, EncodeConfig(model=str(small[0])), tmp_path / "out.json", quiet=False)

    printed = capsys.readouterr().out
    assert f"{mean:.3f}" in printed
    assert len(printed.splitlines()) > 20
    written = pd.DataFrame(json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["figures"])
    keys = ["head", "set", "language", "n", "measure"]
    stored = read_figures(small[0]).query("model == @small[0].name")
    both = written.merge(stored, on=keys, suffixes=("", "_stored"))
    assert len(both) == len(written)
    np.testing.assert_allclose(both["value"], both["value_stored"], atol=2e-3)


def test_texts_named_without_never_train(data: Path) -> None:
    every = training_rows(data, without=frozenset())
    banned = frozenset(every["text"].iloc[::5])
    rest = training_rows(data, without=banned)
    assert not banned & set(rest["text"])
    assert len(every) - len(rest) == every["text"].isin(banned).sum()


def test_a_folder_that_is_no_model_is_never_replaced(base_encoder: Path, data: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match="no model"):
        train(base_encoder, data, tmp_path, recipe=_QUICK, seeds=(0,))
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_student_never_replaces_its_teacher(small: tuple[Path, pd.DataFrame], data: Path) -> None:
    with pytest.raises(SettingsError, match="both teacher and student"):
        distil(small[0], data, small[0])


def test_a_teacher_without_figures_is_refused_before_any_work(tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"figures\.csv"):
        distil(tiny_model, tmp_path / "no data", tmp_path / "out")


def test_a_missing_development_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"journey_dev\.parquet"):
        evaluation_rows(tmp_path)


def test_a_missing_corpus_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"parallel\.jsonl"):
        training_rows(tmp_path, without=frozenset())


def test_translations_stay_on_one_side_of_the_split() -> None:
    groups = pd.Series([f"G-{k // 9}" for k in range(900)])
    held = pd.Series(held_apart(groups)).groupby(groups)
    assert (held.min() == held.max()).all()
    assert 0.02 < held.min().mean() < 0.2


def test_a_comment_that_was_read_is_not_taken_by_its_stars_too(data: Path) -> None:
    comment = json.loads((data / "read.jsonl").read_text(encoding="utf-8").splitlines()[0])
    reviews = pd.read_parquet(data / "womens_clothing.parquet")
    reviews.loc[0, ["text", "label"]] = comment["text"]["en"], "positive"
    reviews.to_parquet(data / "womens_clothing.parquet")
    rows = training_rows(data, without=frozenset())
    twice = rows[rows["text"] == comment["text"]["en"]]
    assert twice["corpus"].tolist() == ["read"]
    assert comment["sentiment"] == twice["sentiment"].item() == "negative"


def test_an_epoch_reads_some_tellings_of_each_comment_and_the_next_epoch_others() -> None:
    rows = pd.DataFrame({"corpus": "parallel", "group": [f"G-{k // 9}" for k in range(900)]})
    rows.loc[899, ["corpus", "group"]] = "written", "W-1"
    first, second = (_drawn(rows, Recipe(translations=3), epoch) for epoch in (0, 1))
    assert (rows.iloc[first].groupby(["corpus", "group"]).size() == [3] * 100 + [1]).all()
    assert 899 in first and 899 in second
    assert not np.array_equal(first, second)
    assert np.array_equal(first, _drawn(rows, Recipe(translations=3), 0))


def test_spliced_texts_are_made_of_parts_of_their_language() -> None:
    told = {"en": "The room was nice. The bill came twice. Nobody answered the phone.",
            "it": "La camera era bella. Il conto arrivò due volte. Nessuno ha risposto al telefono."}  # fmt: skip
    rows = pd.DataFrame({"text": told.values(), "language": told.keys()})
    found = spliced(rows, 40, seed=0)
    assert found.equals(spliced(rows.iloc[::-1], 40, seed=0))
    assert set(found["language"]) == {"en", "it"} and not found.duplicated().any()
    for text, language in found.itertuples(index=False):
        for sentence in text.split(". "):
            assert sentence.removesuffix(".") in told[language]
    assert found["text"].str.count(r"\.").max() == 3


def test_heads_find_a_planted_direction() -> None:
    random = np.random.default_rng(0)
    truth = random.integers(0, 3, 900)
    centres = np.eye(3, 16) * 3
    embedding = centres[truth] + random.normal(size=(900, 16))
    embedding /= np.linalg.norm(embedding, axis=1, keepdims=True)
    labels = HEADS["sentiment"].labels
    rows = pd.DataFrame(
        {
            "group": [str(k) for k in range(900)],
            "language": "en",
            "sentiment": [labels[k] for k in truth],
            "touchpoint": [(HEADS["touchpoint"].labels[k % 18],) for k in range(900)],
            "churn_intent": [HEADS["churn_intent"].labels[k] for k in truth],
            "advocacy": [HEADS["advocacy"].labels[k] for k in truth],
            "effort": [HEADS["effort"].labels[k] for k in truth],
            "emotion": [(HEADS["emotion"].labels[k % 11],) for k in range(900)],
        }
    )
    embedding = embedding.astype(np.float32)
    head = calibrate(rows, embedding, fit_heads(rows, embedding))["sentiment"]
    probabilities = softmax((embedding @ head.weight.T + head.bias) / head.temperature, axis=1)
    figures = measure_head("sentiment", rows["sentiment"], probabilities, head.thresholds)
    assert figures["macro_f1"] > 0.9
    assert figures["ece"] < 0.06


def test_two_readers_agree_beyond_chance() -> None:
    found = label_agreement().set_index(["set", "label"])
    assert (found["comments"] >= 100).all()
    assert (found.loc[["written", "read"], "value"] > 0.3).all()


def test_kappa_and_jaccard_of_known_readings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no: kappa (.7 - .5) / (1 - .5) = .4 (the example of the article on Cohen's
    # kappa in Wikipedia)
    pairs = [("leave", "leave")] * 20 + [("leave", "stay")] * 5 + [("stay", "leave")] * 10 + [("stay", "stay")] * 15
    shared = [
        {"sentiment": sentiment, "advocacy": advocacy, "effort": effort, "emotions": [emotion]}
        for sentiment, advocacy, effort, emotion in (
            ("negative", "warn", "high", "anger"),
            ("positive", "none", "none", "joy"),
        )
    ]
    for file, reader in (("first", 0), ("second", 1)):
        codes = ["PRD-", "PRC-"] if reader else ["PRD+"]
        entries = [
            shared[k % 2] | {"id": str(k), "churn": pair[reader], "touchpoints": codes} for k, pair in enumerate(pairs)
        ]
        (tmp_path / file).write_text("\n".join(map(json.dumps, entries)), encoding="utf-8")
    monkeypatch.setattr("cxnlp.training.agreement._SETS", {"written": tmp_path / "first"})
    monkeypatch.setattr("cxnlp.training.agreement._SECOND", tmp_path / "second")
    found = label_agreement().set_index("label")["value"]
    assert found["churn intent"] == pytest.approx(0.4)
    assert found["touchpoints"] == pytest.approx(0.5)
    assert (found.drop(["churn intent", "touchpoints"]) == 1).all()


def test_calibration_error_of_a_known_gap() -> None:
    # 80 % confident and right half of the time: the gap is .3 whatever the number of rows (Naeini et al. 2015)
    assert expected_calibration_error(np.full(10, 0.8), np.array([True, False] * 5)) == pytest.approx(0.3)
