"""The training room on a tiny real encoder and invented rows: the whole command, not the figures."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file
from scipy.special import softmax

from cxnlp import encoder, registry
from cxnlp.errors import InputError
from cxnlp.heads import HEADS
from cxnlp.schema import LANGUAGES
from cxnlp.training import train
from cxnlp.training.corpora import CORPORA, training_rows
from cxnlp.training.devsets import DEVSETS
from cxnlp.training.evaluation import expected_calibration_error, measure_head
from cxnlp.training.probe import fit_heads, held_apart

_WORDS = {"negative": "late and bad", "neutral": "it was there", "positive": "friendly and good"}


@pytest.fixture(scope="module")
def base_encoder(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoder")
    save_file(registry.read_backbone(tiny_model), folder / "model.safetensors")
    for name in ("config.json", "tokenizer.json"):
        shutil.copy(tiny_model / "backbone" / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
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
        if corpus.file.endswith(".parquet"):
            rows = [
                (f"{name}-{k}", f"{_WORDS[labels[k % 3]]} {name} {k}", "en", labels[k % 3], "true") for k in range(30)
            ]
            table = pd.DataFrame(rows, columns=["id", "text", "lang", "label", "relevance"])
            table.to_parquet(folder / corpus.file)
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
    return folder


def test_train_writes_a_model_that_loads_and_a_card_with_its_figures(
    base_encoder: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "models" / "tiny-small"
    figures = train(base_encoder, data, out)
    registry.verify(out)
    model = encoder.load(out)
    _, probabilities, _ = encoder.encode_texts(model, ["the delivery was late"])
    assert set(probabilities) == set(HEADS)
    card = (out / "README.md").read_text(encoding="utf-8")
    for corpus in CORPORA:
        assert f"| {corpus} |" in card
    for value in figures.loc[(figures["head"] == "sentiment") & (figures["set"] != "journey_dev"), "value"]:
        assert f"{value:.3f}" in card


def test_training_twice_gives_the_same_bytes(base_encoder: Path, data: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "a" / "m", tmp_path / "b" / "m"
    train(base_encoder, data, first)
    train(base_encoder, data, second)
    assert (first / "manifest.json").read_bytes() == (second / "manifest.json").read_bytes()


def test_texts_named_without_never_train(data: Path) -> None:
    every = training_rows(data, without=frozenset())
    banned = frozenset(every["text"].iloc[::5])
    rest = training_rows(data, without=banned)
    assert not banned & set(rest["text"])
    assert len(every) - len(rest) == every["text"].isin(banned).sum()


def test_a_missing_corpus_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"parallel\.jsonl"):
        training_rows(tmp_path, without=frozenset())


def test_translations_stay_on_one_side_of_the_split() -> None:
    groups = pd.Series([f"G-{k // 9}" for k in range(900)])
    held = pd.Series(held_apart(groups)).groupby(groups)
    assert (held.min() == held.max()).all()
    assert 0.1 < held.min().mean() < 0.3


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
            "sentiment": [labels[k] for k in truth],
            "touchpoint": [(HEADS["touchpoint"].labels[k % 18],) for k in range(900)],
            "churn_intent": [HEADS["churn_intent"].labels[k] for k in truth],
            "advocacy": [HEADS["advocacy"].labels[k] for k in truth],
            "effort": [HEADS["effort"].labels[k] for k in truth],
            "emotion": [(HEADS["emotion"].labels[k % 11],) for k in range(900)],
        }
    )
    head = fit_heads(rows, embedding.astype(np.float32))["sentiment"]
    probabilities = softmax((embedding @ head.weight.T + head.bias) / head.temperature, axis=1)
    figures = measure_head("sentiment", rows["sentiment"], probabilities, head.thresholds)
    assert figures["macro_f1"] > 0.9
    assert figures["ece"] < 0.06


def test_calibration_error_of_a_known_gap() -> None:
    # 80 % confident and right half of the time: the gap is .3 whatever the number of rows (Naeini et al. 2015)
    assert expected_calibration_error(np.full(10, 0.8), np.array([True, False] * 5)) == pytest.approx(0.3)
