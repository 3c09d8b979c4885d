"""Encoders and classifiers in Hugging Face layout, built here and compared with transformers used plainly."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import transformers as hf
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

import cxnlp
from cxnlp import encoder, engines, registry
from cxnlp.cli import app, failures
from cxnlp.config import Config, EncodeConfig
from cxnlp.encoder import batching
from cxnlp.encoder.tokenizing import SlowCutter
from cxnlp.errors import ModelError, SettingsError
from cxnlp.heads import POLARITIES
from cxnlp.results import Statements
from cxnlp.schema import names

TEXTS = ["the delivery was late", "staff friendly, price good!", "bad", "", "livrarea a întârziat", "😀", "مرحبا"]
LONG = "the staff was friendly and the delivery was late. " * 20
COMMIT = "0123456789abcdef0123456789abcdef01234567"
STARS = {number: f"{number + 1} star{'s' if number else ''}" for number in range(5)}

KINDS: dict[str, tuple[Any, dict[str, Any]]] = {
    "bert": (hf.BertConfig, {"hidden_size": 32, "num_hidden_layers": 2, "intermediate_size": 64}),
    "distilbert": (hf.DistilBertConfig, {"dim": 32, "n_layers": 2, "hidden_dim": 64, "n_heads": 2}),
    "xlm-roberta": (hf.XLMRobertaConfig, {"hidden_size": 32, "num_hidden_layers": 2, "intermediate_size": 64}),
    "mpnet": (hf.MPNetConfig, {"hidden_size": 32, "num_hidden_layers": 2, "intermediate_size": 64}),
    "electra": (
        hf.ElectraConfig,
        {"hidden_size": 32, "embedding_size": 16, "num_hidden_layers": 2, "intermediate_size": 64},
    ),
}


@pytest.fixture(scope="session")
def tokenizer(tiny_model: Path) -> Path:
    return tiny_model / "backbone" / "tokenizer.json"


def config_of(kind: str, tokenizer: Path, **changes: Any) -> Any:
    make, shape = KINDS[kind]
    shared: dict[str, Any] = {
        "vocab_size": Tokenizer.from_file(str(tokenizer)).get_vocab_size(),
        "max_position_embeddings": 66,
        "pad_token_id": 1,
        "initializer_range": 0.3,  # wide enough that texts get different answers
    }
    if kind != "distilbert":
        shared["num_attention_heads"] = 2
    return make(**{**shared, **shape, **changes})


def save(network: Any, folder: Path, tokenizer: Path, **options: Any) -> Path:
    network.save_pretrained(folder, **options)
    shutil.copyfile(tokenizer, folder / "tokenizer.json")
    return folder


def bare(folder: Path, tokenizer: Path, kind: str = "bert", seed: int = 0, **changes: Any) -> Path:
    """An encoder with random weights."""
    torch.manual_seed(seed)
    return save(hf.AutoModel.from_config(config_of(kind, tokenizer, **changes)), folder, tokenizer)


def judge(
    folder: Path, tokenizer: Path, labels: dict[int, str], kind: str = "bert", options: Any = None, **changes: Any
) -> Path:
    """A classifier with random weights."""
    torch.manual_seed(1)
    network = hf.AutoModelForSequenceClassification.from_config(
        config_of(kind, tokenizer, num_labels=len(labels), id2label=labels, **changes)
    )
    return save(network, folder, tokenizer, **(options or {}))


def edit(file: Path, **changes: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | changes), encoding="utf-8")


def windows_of(tokenizer: Path, text: str, longest: int) -> list[list[int]]:
    inner = Tokenizer.from_file(str(tokenizer)).encode(text).ids[1:-1]
    room = longest - 2
    return [[0, *inner[start : start + room], 2] for start in range(0, max(1, len(inner)), room)]


def find(folder: Path, option: str = "--encoder") -> registry.Foreign:
    return registry.find_foreign(str(folder), option=option)


def load(folder: Path, **settings: Any) -> encoder.Model:
    return encoder.load_encoder(find(folder), device="cpu", **settings)


def load_judge(folder: Path, declared: dict[str, str] | None = None, **settings: Any) -> encoder.Model:
    found = find(folder, "--sentiment-model")
    polarity = registry.polarity_of(registry.labels_of(found), declared or {}, model=found.name)
    return encoder.load_classifier(found, polarity, device="cpu", **settings)


def statements(texts: list[str]) -> Statements:
    table = pd.DataFrame(
        {
            "statement_id": range(len(texts)),
            "comment_id": [str(number // 2) for number in range(len(texts))],
            "row": range(len(texts)),
            "start": 0,
            "end": [len(text) for text in texts],
            "text": pd.Series(texts, dtype="str"),
            "language": "en",
        },
        columns=names("statements_clean"),
    )
    return Statements(comments=pd.DataFrame(), table=table)


# Encoders


@pytest.mark.parametrize("kind", KINDS)
def test_an_encoder_of_any_kind_gives_unit_means_of_its_last_layer(kind: str, tmp_path: Path, tokenizer: Path) -> None:
    folder = bare(tmp_path / kind, tokenizer, kind)
    model = load(folder)
    longest = {"xlm-roberta": 64, "mpnet": 64}.get(kind, 66)  # these two number positions from past the padding piece
    network = hf.AutoModel.from_pretrained(folder).eval()
    expected = []
    for text in [*TEXTS, LONG]:
        parts = windows_of(tokenizer, text, longest)
        with torch.inference_mode():
            hidden = [network(input_ids=torch.tensor([part])).last_hidden_state[0].sum(dim=0).numpy() for part in parts]
        expected.append(np.sum(hidden, axis=0) / np.linalg.norm(np.sum(hidden, axis=0)))

    embedding, probabilities, _ = encoder.encode_texts(model, [*TEXTS, LONG])

    assert model.manifest.max_tokens == longest
    assert probabilities == {}
    np.testing.assert_allclose(embedding, expected, atol=1e-5)


def test_what_shares_a_batch_does_not_matter(tmp_path: Path, tokenizer: Path) -> None:
    model = load(bare(tmp_path / "x", tokenizer, "xlm-roberta"))
    sentiment = load_judge(judge(tmp_path / "j", tokenizer, {0: "neg", 1: "neu", 2: "pos"}, "distilbert"))
    texts = [f"{text} {number}" for text in [*TEXTS, LONG] for number in range(10)]

    for run in (lambda size: encoder.encode_texts(model, texts, tokens_per_batch=size)[0],
                lambda size: encoder.classify_texts(sentiment, texts, tokens_per_batch=size)[0]):  # fmt: skip
        np.testing.assert_allclose(run(4096), run(1), atol=1e-5)


def test_the_first_piece_is_taken_where_sentence_transformers_would(tmp_path: Path, tokenizer: Path) -> None:
    folder = bare(tmp_path / "cls", tokenizer)
    (folder / "1_Pooling").mkdir()
    modes = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False, "include_prompt": True}
    (folder / "1_Pooling/config.json").write_text(json.dumps(modes))
    (folder / "modules.json").write_text(json.dumps([{"type": "sentence_transformers.models.Transformer"}]))
    network = hf.AutoModel.from_pretrained(folder).eval()
    ids = torch.tensor(windows_of(tokenizer, TEXTS[0], 66))
    with torch.inference_mode():
        first = network(input_ids=ids).last_hidden_state[0, 0].numpy()

    embedding, _, _ = encoder.encode_texts(load(folder), TEXTS[:1])

    np.testing.assert_allclose(embedding[0], first / np.linalg.norm(first), atol=1e-5)


@pytest.mark.parametrize("kind", ["Dense", "WeightedLayerPooling"])
def test_layers_after_the_encoder_are_not_left_out_silently(kind: str, tmp_path: Path, tokenizer: Path) -> None:
    folder = bare(tmp_path / "dense", tokenizer)
    (folder / "modules.json").write_text(json.dumps([{"type": f"sentence_transformers.models.{kind}"}]))
    with pytest.raises(ModelError, match=kind):
        load(folder)


def test_a_network_that_could_read_more_reads_512_pieces_at_once(tmp_path: Path, tokenizer: Path) -> None:
    assert load(bare(tmp_path / "long", tokenizer, max_position_embeddings=2048)).manifest.max_tokens == 512


def test_the_tokenizers_own_limit_counts(tmp_path: Path, tokenizer: Path) -> None:
    folder = bare(tmp_path / "short", tokenizer)
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 20}')
    assert load(folder).manifest.max_tokens == 20


def test_precision_is_float32_on_the_processor_unless_asked_for(
    tmp_path: Path, tokenizer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    folder = bare(tmp_path / "b", tokenizer)
    exact, rough = load(folder), load(folder, precision="bfloat16")
    assert (exact.info.precision, rough.info.precision) == ("float32", "bfloat16")
    agreement = encoder.encode_texts(exact, TEXTS)[0] * encoder.encode_texts(rough, TEXTS)[0]
    assert agreement.sum(axis=1).min() > 0.999


def test_weights_stored_in_half_precision_and_under_old_names_are_read(tmp_path: Path, tokenizer: Path) -> None:
    folder = bare(tmp_path / "old", tokenizer)
    before, _, _ = encoder.encode_texts(load(folder), TEXTS)
    state = load_file(folder / "model.safetensors")
    old = {name.replace("LayerNorm.weight", "LayerNorm.gamma"): tensor.bfloat16() for name, tensor in state.items()}
    save_file(old, folder / "model.safetensors", metadata={"format": "pt"})

    after, _, _ = encoder.encode_texts(load(folder), TEXTS)

    assert any(name.endswith("gamma") for name in old)
    assert (before * after).sum(axis=1).min() > 0.999


def test_config_entries_that_steer_loading_are_not_obeyed(tmp_path: Path, tokenizer: Path) -> None:
    folder = bare(tmp_path / "steered", tokenizer)
    before, _, _ = encoder.encode_texts(load(folder), TEXTS)
    edit(folder / "config.json", attn_implementation="someone/kernel", transformers_weights="x.bin", dtype="float16")

    after, _, _ = encoder.encode_texts(load(folder), TEXTS)

    np.testing.assert_array_equal(before, after)


# Tokenizers


def test_a_tokenizer_is_made_from_a_vocabulary(tmp_path: Path, tokenizer: Path) -> None:
    folder = bare(tmp_path / "vocab", tokenizer, pad_token_id=0)
    (folder / "tokenizer.json").unlink()
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "delivery", "was", "late", "a", "b"]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")

    model = load(folder)

    assert model.tokenizer.encode_batch_fast(["The delivery WAS odd"])[0].ids == [2, 5, 6, 7, 1, 3]
    assert batching.windows(model.tokenizer, ["late " * 100])[1].ids.tolist()[:2] == [2, 8]


def test_a_tokenizer_without_a_fast_twin_is_cut_into_the_same_kind_of_windows() -> None:
    slow = hf.CanineTokenizer()
    cutter = SlowCutter(slow, 8)
    found = batching.windows(cutter, ["abcdefgh", "", "xyz"])

    assert [window.text for window in found] == [0, 0, 1, 2]
    assert [window.ids.tolist()[1:-1] for window in found] == [[*b"abcdef"], [*b"gh"], [], [*b"xyz"]]
    assert max(len(window.ids) for window in found) == 8


def test_a_tokenizer_larger_than_the_network_is_refused(tmp_path: Path, tokenizer: Path) -> None:
    with pytest.raises(ModelError, match="its tokenizer has pieces up to number"):
        load(bare(tmp_path / "small", tokenizer, vocab_size=20))


@given(st.lists(st.sampled_from(["late", "the delivery was late", "xyz " * 15, "ﷺ" * 8, "😀" * 70, "ș" * 61, LONG]))
       | st.lists(st.text(max_size=90)))  # fmt: skip
def test_too_long_is_what_needs_more_than_one_window(tokenizer: Path, texts: list[str]) -> None:
    cutter = Tokenizer.from_file(str(tokenizer))
    cutter.enable_truncation(64)
    prepared = ["query: " + batching.readable(text) for text in texts]
    needed = [bool(encoding.overflowing) for encoding in cutter.encode_batch_fast(prepared)]

    assert encoder.too_long(cutter, texts, prefix="query: ", max_tokens=64).tolist() == needed


# Classifiers


def expected_sentiment(folder: Path, tokenizer: Path, text: str, summed: np.ndarray, longest: int = 66) -> np.ndarray:
    network = hf.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    parts = windows_of(tokenizer, text, longest)
    with torch.inference_mode():
        answers = [network(input_ids=torch.tensor([part])).logits[0].softmax(-1).numpy() for part in parts]
    return np.average(answers, axis=0, weights=[len(part) for part in parts]) @ summed


@pytest.mark.parametrize(
    ("labels", "sums"),
    [
        ({0: "negative", 1: "neutral", 2: "positive"}, [[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
        ({0: "POS", 1: "NEG", 2: "NEU"}, [[0, 0, 1], [1, 0, 0], [0, 1, 0]]),
        ({0: "NEGATIVE", 1: "POSITIVE"}, [[1, 0, 0], [0, 0, 1]]),
        (STARS, [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]]),
    ],
    ids=["three", "reordered", "two", "stars"],
)
def test_obvious_labels_are_summed_into_polarities(
    labels: dict[int, str], sums: list[list[int]], tmp_path: Path, tokenizer: Path
) -> None:
    folder = judge(tmp_path / "judge", tokenizer, labels)
    texts = [*TEXTS, LONG]

    probabilities, n_tokens = encoder.classify_texts(load_judge(folder), texts)

    expected = [expected_sentiment(folder, tokenizer, text, np.array(sums)) for text in texts]
    assert probabilities.dtype == np.float32
    assert n_tokens == sum(len(part) for text in texts for part in windows_of(tokenizer, text, 66))
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert np.ptp(probabilities, axis=0).max() > 0.01  # the texts do differ


def test_a_declared_map_gives_numbers_their_meaning(tmp_path: Path, tokenizer: Path) -> None:
    folder = judge(tmp_path / "judge", tokenizer, {0: "LABEL_0", 1: "LABEL_1"}, "distilbert")
    declared = registry.read_declared("LABEL_0=positive, LABEL_1=negative")

    probabilities, _ = encoder.classify_texts(load_judge(folder, declared), TEXTS)

    for text, found in zip(TEXTS, probabilities, strict=True):
        expected = expected_sentiment(folder, tokenizer, text, np.array([[0, 0, 1], [1, 0, 0]]))
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_labels_without_meaning_are_listed_with_the_option_to_write(tmp_path: Path, tokenizer: Path) -> None:
    folder = judge(tmp_path / "judge", tokenizer, {0: "LABEL_0", 1: "neutral", 2: "LABEL_2"})
    with pytest.raises(ModelError) as caught:
        engines.check(EncodeConfig(sentiment_model=str(folder)))
    assert "LABEL_0, LABEL_2" in caught.value.found
    assert "LABEL_0, neutral, LABEL_2" in caught.value.expected
    assert '--sentiment-labels "LABEL_0=POLARITY,neutral=neutral,LABEL_2=POLARITY"' in caught.value.fix


@pytest.mark.parametrize(
    ("labels", "declared", "problem"),
    [
        (("negative", "neutral"), {}, "both a negative and a positive"),
        (("joy", "anger"), {"joy": "positive"}, "predicts anger"),
        (("negative", "positive"), {"neutral": "neutral"}, "neutral, which judge does not predict"),
        (("positive", "positive"), {}, "both a negative and a positive"),
        (("negative", "positive", "positive"), {}, "both a negative and a positive"),
        ((), {}, "both a negative and a positive"),
    ],
)
def test_a_map_that_does_not_fit_the_labels_is_refused(
    labels: tuple[str, ...], declared: dict[str, str], problem: str
) -> None:
    with pytest.raises(ModelError, match=problem):
        registry.polarity_of(labels, declared, model="judge")


def test_a_declared_meaning_wins_over_the_obvious_one() -> None:
    assert registry.polarity_of(("neg", "pos"), {"neg": "positive", "pos": "negative"}, model="judge") == {
        "neg": "positive",
        "pos": "negative",
    }


@given(
    st.dictionaries(
        st.text(st.characters(blacklist_characters="=,", blacklist_categories=["Cs"]), min_size=1).filter(
            lambda label: label.strip() == label
        ),
        st.sampled_from(POLARITIES),
    )
)
def test_a_map_is_read_as_it_is_written(polarity: dict[str, str]) -> None:
    assert registry.read_declared(", ".join(f"{label}={of}" for label, of in polarity.items())) == polarity


def test_labels_may_hold_commas_and_equals_signs() -> None:
    assert registry.read_declared("good, very=positive,a=b = negative") == {"good, very": "positive", "a=b": "negative"}
    assert registry.read_declared(None) == {}


@pytest.mark.parametrize("text", ["LABEL_0", "LABEL_0=bad", "=negative", "a=negative,a=positive"])
def test_a_map_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="--sentiment-labels"):
        registry.read_declared(text)


# Shards


def test_shards_are_read_as_one(tmp_path: Path, tokenizer: Path) -> None:
    labels = {0: "neg", 1: "neu", 2: "pos"}
    whole = judge(tmp_path / "whole", tokenizer, labels)
    sharded = judge(tmp_path / "sharded", tokenizer, labels, options={"max_shard_size": "20KB"})
    found = find(sharded, "--sentiment-model")

    assert len(found.weights) > 2
    assert not (sharded / "model.safetensors").exists()
    np.testing.assert_array_equal(*(encoder.classify_texts(load_judge(path), TEXTS)[0] for path in (whole, sharded)))


@pytest.mark.parametrize("part", ["../elsewhere.safetensors", "/etc/x.safetensors", "a\\b.safetensors", "x.bin"])
def test_an_index_cannot_point_elsewhere(part: str, tmp_path: Path, tokenizer: Path) -> None:
    folder = bare(tmp_path / "m", tokenizer)
    shutil.copyfile(folder / "model.safetensors", tmp_path / "elsewhere.safetensors")
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": part}}))
    with pytest.raises(ModelError, match="no safetensors file of this folder"):
        find(folder)


@pytest.mark.parametrize("index", ['{"weight_map": {"a": "model-1.safetensors"}}', '{"weight_map": {}}', "{}", "["])
def test_an_index_without_its_shards_is_refused(index: str, tmp_path: Path, tokenizer: Path) -> None:
    folder = bare(tmp_path / "m", tokenizer)
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(index)
    with pytest.raises(ModelError, match=r"model\.safetensors\.index\.json"):
        find(folder)


# What is refused


def only_pickle(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def own_code(folder: Path) -> None:
    edit(folder / "config.json", auto_map={"AutoModel": "modeling_evil.Evil"})


def own_tokenizer(folder: Path) -> None:
    (folder / "tokenizer_config.json").write_text('{"auto_map": {"AutoTokenizer": ["evil.Evil", null]}}')


def quantised(folder: Path) -> None:
    edit(folder / "config.json", quantization_config={"quant_method": "bitsandbytes"})


def no_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def broken_config(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "bert",')


def no_kind(folder: Path) -> None:
    edit(folder / "config.json", model_type=None)


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (only_pickle, "pickled"),
        (no_weights, r"no model\.safetensors"),
        (own_code, "auto_map"),
        (own_tokenizer, "auto_map"),
        (quantised, "quantised"),
        (no_config, r"no config\.json"),
        (broken_config, r"config\.json cannot be read"),
        (no_kind, "model_type"),
    ],
)
@pytest.mark.parametrize("option", ["--encoder", "--sentiment-model"])
def test_what_may_not_be_loaded_is_refused_before_any_work(
    spoil: Any, problem: str, option: str, tmp_path: Path, tokenizer: Path
) -> None:
    folder = judge(tmp_path / "m", tokenizer, {0: "neg", 1: "pos"})
    spoil(folder)
    setting = {option.removeprefix("--").replace("-", "_"): str(folder)}
    with pytest.raises(ModelError, match=problem) as caught:
        engines.check(EncodeConfig(**setting))
    assert option in caught.value.found
    assert "install cxnlp" not in caught.value.fix


def truncated(folder: Path) -> None:
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])


def not_finite(folder: Path) -> None:
    state = load_file(folder / "model.safetensors")
    state["bert.encoder.layer.0.output.dense.weight"][0, 0] = float("nan")
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})


def no_head(folder: Path) -> None:
    state = load_file(folder / "model.safetensors")
    save_file({n: t for n, t in state.items() if not n.startswith("classifier")}, folder / "model.safetensors")


def other_shape(folder: Path) -> None:
    edit(folder / "config.json", hidden_size=48)


def unknown_kind(folder: Path) -> None:
    edit(folder / "config.json", model_type="no-such-network")


def many_answers(folder: Path) -> None:
    edit(folder / "config.json", problem_type="multi_label_classification")


def no_classifier(folder: Path) -> None:
    edit(folder / "config.json", model_type="vit")


def broken_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{")


def no_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (truncated, "safetensors"),
        (not_finite, "not a number"),
        (no_head, r"lack classifier"),
        (other_shape, "m: "),
        (unknown_kind, "no-such-network"),
        (many_answers, "multi_label"),
        (no_classifier, "vit"),
        (broken_tokenizer, "m: "),
        (no_tokenizer, "no vocabulary"),
    ],
)
def test_parts_that_do_not_fit_are_an_error_of_the_model(
    spoil: Any, problem: str, tmp_path: Path, tokenizer: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = judge(tmp_path / "m", tokenizer, {0: "neg", 1: "pos"})
    spoil(folder)
    capfd.readouterr()
    with pytest.raises(ModelError, match=problem) as caught:
        load_judge(folder)
    assert "--sentiment-model" in caught.value.found
    assert capfd.readouterr().err == ""  # transformers' own report stays off the screen


def test_an_encoder_decoder_is_no_encoder(tmp_path: Path, tokenizer: Path) -> None:
    config = hf.BartConfig(
        vocab_size=200, d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16,
    )  # fmt: skip
    folder = save(hf.BartModel(config), tmp_path / "bart", tokenizer)
    with pytest.raises(ModelError, match="bart"):
        load(folder)


def test_a_network_for_pictures_is_no_encoder(tmp_path: Path, tokenizer: Path) -> None:
    folder = bare(tmp_path / "m", tokenizer)
    edit(folder / "config.json", model_type="vit")
    with pytest.raises(ModelError, match="no network of this use for model_type 'vit'"):
        load(folder)


def test_nothing_of_the_folder_is_run(tmp_path: Path, tokenizer: Path) -> None:
    """A pickle and Python files beside good weights stay unread."""
    folder = bare(tmp_path / "m", tokenizer)
    trap = tmp_path / "sprung"
    for name in ("modeling_bert.py", "configuration_bert.py", "__init__.py"):
        (folder / name).write_text(f"open({str(trap)!r}, 'w')\n")
    (folder / "pytorch_model.bin").write_bytes(f"cbuiltins\nopen\n(S{str(trap)!r}\nS'w'\ntR.".encode())

    encoder.encode_texts(load(folder), TEXTS)

    assert not trap.exists()


def test_a_folder_never_touches_the_network(tmp_path: Path, tokenizer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was touched")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    folder = judge(tmp_path / "m", tokenizer, {0: "neg", 1: "pos"})
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b"]) + "\n")

    encoder.classify_texts(load_judge(folder), TEXTS)
    encoder.encode_texts(load(folder), TEXTS)


# Names


@pytest.mark.parametrize(
    "name", ["acme/judge", "acme/judge@main", "acme/judge@v1.0", f"acme/judge@{COMMIT[:-1]}", "judge"]
)
def test_a_hub_name_needs_its_commit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub, "snapshot_download", None)  # the hub is not even asked
    with pytest.raises(ModelError) as caught:
        registry.find_foreign(name, option="--encoder")
    assert "40 hexadecimal digits" in caught.value.expected
    bare_name = name.split("@")[0]
    assert f"--encoder {bare_name}@COMMIT" in caught.value.fix
    assert f"https://huggingface.co/{bare_name}/commits/main" in caught.value.fix


@pytest.mark.parametrize("name", ["./no/such/folder", "/no/such/folder", "a/b/c", "", "@", f"../x@{COMMIT}"])
def test_what_is_neither_folder_nor_hub_name_is_refused(name: str) -> None:
    with pytest.raises(ModelError, match="no such folder"):
        registry.find_foreign(name, option="--encoder")


@pytest.mark.parametrize("failure", [OSError("no route"), ConnectionError(""), RuntimeError("odd\nthing")])
def test_a_hub_that_does_not_answer_is_said(failure: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    def fail(*_: object, **__: object) -> str:
        raise failure

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fail)
    with pytest.raises(ModelError, match="could not be fetched") as caught:
        registry.find_foreign(f"acme/judge@{COMMIT}", option="--sentiment-model")
    assert "--sentiment-model FOLDER" in caught.value.fix


def test_offline_is_one_block_and_an_exit_code(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("comment\nthe delivery was late\n")
    begin = [sys.executable, "-c", "from cxnlp.cli import main; main()"]
    done = subprocess.run(
        [*begin, "analyze", "c.csv", "--encoder", f"acme/judge@{COMMIT}"],
        capture_output=True, text=True, cwd=tmp_path, timeout=120, check=False,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf"),
             "PYTHONPATH": str(Path(cxnlp.__file__).parents[1])},
    )  # fmt: skip
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.count("Found:") == 1
    assert f"acme/judge@{COMMIT}" in done.stderr.replace("\n", "").replace(" ", "")


def test_a_model_of_the_hub_that_was_fetched_earlier_is_read_offline(
    tmp_path: Path, tokenizer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the hub's own cache layout, with the library's own reading of it."""
    from huggingface_hub import constants

    cache = tmp_path / "hub"
    judge(cache / "models--acme--judge" / "snapshots" / COMMIT, tokenizer, {0: "neg", 1: "pos"})
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)

    found = registry.find_foreign(f"acme/judge@{COMMIT}", option="--sentiment-model")

    assert (found.name, found.revision) == ("acme/judge", COMMIT)
    assert registry.labels_of(found) == ("neg", "pos")


def test_only_what_is_needed_is_fetched(tmp_path: Path, tokenizer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fnmatch import fnmatch

    import huggingface_hub

    asked: dict[str, Any] = {}

    def fetch(name: str, **how: Any) -> str:
        asked.update(how, name=name)
        return str(bare(tmp_path / "m", tokenizer))

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    registry.find_foreign(f"acme/enc@{COMMIT}", option="--encoder")

    assert (asked["name"], asked["revision"]) == ("acme/enc", COMMIT)
    for file in ("pytorch_model.bin", "model.pt", "modeling_x.py", "tf_model.h5", "onnx/model.onnx", "data.pkl"):
        assert not any(fnmatch(file, pattern) for pattern in asked["allow_patterns"]), file
    for file in ("config.json", "model-00001-of-00002.safetensors", "tokenizer.json", "1_Pooling/config.json"):
        assert any(fnmatch(file, pattern) for pattern in asked["allow_patterns"]), file


def test_each_layout_is_told_its_option(tiny_model: Path, tmp_path: Path, tokenizer: Path) -> None:
    with pytest.raises(ModelError) as own:
        find(tiny_model)
    assert f"--model {tiny_model}" in own.value.fix
    folder = bare(tmp_path / "plain", tokenizer)
    with pytest.raises(ModelError) as plain:
        registry.find(folder)
    assert f"--encoder {folder}" in plain.value.fix


def test_the_licence_is_that_of_the_card(tmp_path: Path, tokenizer: Path) -> None:
    folder = bare(tmp_path / "m", tokenizer)
    assert find(folder).licence == ""
    (folder / "README.md").write_text("---\nlanguage: en\nlicense: apache-2.0\n---\n# license: none\n")
    assert find(folder).licence == "apache-2.0"
    (folder / "README.md").write_text("# A card\n\nlicense: none\n")
    assert find(folder).licence == ""


# Identity


def test_the_hash_tells_models_of_one_name_apart(tmp_path: Path, tokenizer: Path) -> None:
    one, same, other = (bare(tmp_path / str(n) / "m", tokenizer, seed=n // 2) for n in range(3))
    again = bare(tmp_path / "3" / "m", tokenizer)
    edit(again / "tokenizer.json", version="2.0")

    hashes = [find(folder).sha256 for folder in (one, same, other, again)]

    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


def test_a_model_written_anew_in_the_same_place_is_loaded_anew(tmp_path: Path, tokenizer: Path) -> None:
    config = EncodeConfig(encoder=str(bare(tmp_path / "m", tokenizer)), device="cpu")
    first = engines.encode(statements(TEXTS), config)
    bare(tmp_path / "m", tokenizer, seed=5)
    second = engines.encode(statements(TEXTS), config)

    assert first.model.sha256 != second.model.sha256
    assert np.abs(first.embedding - second.embedding).max() > 0.01


def test_another_map_of_labels_is_another_judgement(tmp_path: Path, tiny_model: Path, tokenizer: Path) -> None:
    folder = judge(tmp_path / "judge", tokenizer, {0: "neg", 1: "pos"})
    config = EncodeConfig(model=str(tiny_model), device="cpu", sentiment_model=str(folder))
    first = engines.encode(statements(TEXTS), config)
    second = engines.encode(statements(TEXTS), replace(config, sentiment_labels="neg=positive,pos=negative"))

    np.testing.assert_array_equal(first.probabilities["sentiment"], second.probabilities["sentiment"][:, ::-1])


# The encode stage


def test_a_foreign_encoder_brings_no_heads_and_it_is_said(tmp_path: Path, tokenizer: Path) -> None:
    folder = bare(tmp_path / "enc", tokenizer, "xlm-roberta")

    encoding = engines.encode(statements([*TEXTS, LONG]), EncodeConfig(encoder=str(folder), device="cpu"))

    assert encoding.probabilities == encoding.thresholds == {}
    assert encoding.embedding.shape == (len(TEXTS) + 1, 32)
    assert encoding.model.heads == ()
    assert [note.message for note in encoding.notes if "does not predict sentiment, touchpoint" in note.message]
    (long,) = [note for note in encoding.notes if "longer than enc reads at once (64 pieces)" in note.message]
    assert long.count == 1


def test_a_foreign_classifier_replaces_the_sentiment_head_alone(
    tmp_path: Path, tiny_model: Path, tokenizer: Path
) -> None:
    folder = judge(tmp_path / "judge", tokenizer, STARS)
    own = EncodeConfig(model=str(tiny_model), device="cpu", precision="float32")
    plain = engines.encode(statements(TEXTS), own)
    seen: list[str] = []

    encoding = engines.encode(
        statements(TEXTS),
        replace(own, sentiment_model=str(folder)),
        progress=lambda what, done, total: seen.append(what),
    )

    np.testing.assert_array_equal(encoding.embedding, plain.embedding)
    np.testing.assert_array_equal(encoding.probabilities["touchpoint"], plain.probabilities["touchpoint"])
    expected, n_tokens = encoder.classify_texts(load_judge(folder), TEXTS)
    np.testing.assert_allclose(encoding.probabilities["sentiment"], expected, atol=1e-6)
    assert encoding.n_tokens == plain.n_tokens + n_tokens
    assert encoding.thresholds["sentiment"].tolist() == [0, 0, 0]
    assert "sentiment" not in encoding.model.heads
    assert encoding.model.sentiment is not None
    assert encoding.model.sentiment.labels["2 stars"] == "negative"
    assert encoding.notes == ()
    assert set(seen) == {"encode", "sentiment"}


def test_no_statements_are_no_trouble(tmp_path: Path, tokenizer: Path) -> None:
    config = EncodeConfig(
        encoder=str(bare(tmp_path / "enc", tokenizer)),
        sentiment_model=str(judge(tmp_path / "judge", tokenizer, {0: "neg", 1: "pos"})),
        device="cpu",
    )
    encoding = engines.encode(statements([]), config)
    assert (encoding.embedding.shape, encoding.probabilities["sentiment"].shape) == ((0, 32), (0, 3))


# Settings and the whole way


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"sentiment_labels": "a=negative"}, "without --sentiment-model"),
        ({"encoder": "x", "model": "y"}, "--model y with --encoder x"),
    ],
)
def test_options_that_do_not_go_together_are_said(settings: dict[str, str], problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        Config().replace(**settings)


def test_the_result_says_which_models_spoke(
    tmp_path: Path, tokenizer: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    enc = bare(tmp_path / "enc", tokenizer, "distilbert")
    stars = judge(tmp_path / "stars", tokenizer, {0: "LABEL_0", 1: "LABEL_1"})
    said = [
        f"the {what} was {how} {n}" for n, what in enumerate(["delivery", "price", "staff"]) for how in ("late", "bad")
    ]
    pd.DataFrame({"comment": said * 4, "nps": range(24)}).to_csv(tmp_path / "c.csv", index=False)
    monkeypatch.chdir(tmp_path)

    options = ("--encoder", str(enc), "--sentiment-model", str(stars), "--text", "comment", "--format", "html")
    labels = ("--sentiment-labels", "LABEL_0=negative,LABEL_1=positive")
    monkeypatch.setattr(sys, "argv", ["cxnlp", "analyze", "c.csv", *options, *labels, "--out", "o"])

    assert failures.guard(app) == 0, capsys.readouterr().err
    result = json.loads((tmp_path / "o/analysis.json").read_text(encoding="utf-8"))
    page = (tmp_path / "o/report.html").read_text(encoding="utf-8")
    for model in (result["model"], result["provenance"]["model"]):
        assert (model["name"], model["sentiment"]["name"]) == ("enc", "stars")
        assert model["weights"] == dict(find(enc).weights)
        assert model["sentiment"]["weights"] == dict(find(stars).weights)
        assert model["sentiment"]["labels"] == {"LABEL_0": "negative", "LABEL_1": "positive"}
    assert result["provenance"]["settings"]["encode"]["sentiment_model"] == str(stars)
    for words in (find(enc).sha256, find(stars).sha256, "LABEL_0 = negative, LABEL_1 = positive"):
        assert words in page
    notes = " ".join(note["message"] for note in result["notes"])
    assert "does not predict touchpoint, churn_intent" in notes


def test_a_missing_model_is_said_before_the_data_are_read() -> None:
    with pytest.raises(ModelError, match="--sentiment-model acme/judge"):
        cxnlp.analyze("no-such-file.csv", sentiment_model="acme/judge")
