"""Texts to embeddings and probabilities, compared with transformers used plainly."""

from __future__ import annotations

import json
import shutil
import unicodedata
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from cxnlp import encoder, heads, registry
from cxnlp.errors import ModelError, SettingsError

TEXTS = [
    "the delivery was late",
    "staff friendly, price good!",
    "bad",
    "",
    "the price was good and the staff was bad; delivery late, late, late",
    "livrarea a întârziat",
    "obsługa była miła",
    "😀😀",
    "مرحبا بالعالم",
]


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> encoder.Model:
    return encoder.load(tiny_model, device="cpu", precision="float32")


@pytest.fixture(scope="module")
def bfloat16(tiny_model: Path) -> encoder.Model:
    return encoder.load(tiny_model, device="cpu", precision="bfloat16")


def hidden_states(folder: Path, pieces: list[list[int]]) -> list[np.ndarray]:
    """Last layer of each piece sequence by transformers alone: one padded batch with a mask, float32."""
    network = BertModel(BertConfig(**registry.read_config(folder)), add_pooling_layer=False).eval()
    network.load_state_dict({name: torch.from_numpy(w) for name, w in registry.read_backbone(folder).items()})
    longest = max(map(len, pieces))
    ids = torch.tensor([row + [1] * (longest - len(row)) for row in pieces])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in pieces])
    with torch.inference_mode():
        hidden = network(input_ids=ids, attention_mask=mask).last_hidden_state.numpy()
    return [states[: len(row)] for states, row in zip(hidden, pieces, strict=True)]


def tokenize(folder: Path, texts: list[str]) -> list[list[int]]:
    tokenizer = Tokenizer.from_file(str(folder / "backbone" / "tokenizer.json"))
    return [tokenizer.encode(text).ids for text in texts]


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def test_embeddings_are_unit_means_of_the_last_layer(tiny_model: Path, model: encoder.Model) -> None:
    pieces = tokenize(tiny_model, ["query: " + text for text in TEXTS])
    expected = unit(np.stack([states.mean(axis=0) for states in hidden_states(tiny_model, pieces)]))

    embedding, _, n_tokens = encoder.encode_texts(model, TEXTS)

    assert embedding.dtype == np.float32
    assert n_tokens == sum(map(len, pieces))
    np.testing.assert_allclose(embedding, expected, atol=1e-5)
    assert np.abs(expected @ expected.T)[np.triu_indices(len(TEXTS), 1)].min() < 0.99  # the texts do differ


def test_heads_are_calibrated_linear_layers_on_the_embedding(tiny_model: Path, model: encoder.Model) -> None:
    embedding, probabilities, _ = encoder.encode_texts(model, TEXTS)

    assert list(probabilities) == list(heads.HEADS)
    for name, head in registry.read_heads(tiny_model).items():
        logits = torch.from_numpy((embedding @ head.weight.T + head.bias) / head.temperature)
        expected = torch.softmax(logits, dim=1) if head.kind == "single" else torch.sigmoid(logits)
        assert probabilities[name].dtype == np.float32
        np.testing.assert_allclose(probabilities[name], expected.numpy(), atol=1e-6)


@pytest.mark.parametrize("precision", ["model", "bfloat16"])
def test_what_shares_a_batch_does_not_matter(precision: str, request: pytest.FixtureRequest) -> None:
    model = request.getfixturevalue(precision)
    texts = [f"{text} {number}" for text in TEXTS for number in range(20)]
    _, together, _ = encoder.encode_texts(model, texts, tokens_per_batch=4096)
    _, alone, _ = encoder.encode_texts(model, texts, tokens_per_batch=1)

    for name in together:
        np.testing.assert_allclose(together[name], alone[name], atol=1e-3)


@given(st.permutations(TEXTS))
@settings(deadline=None, max_examples=20)
def test_order_does_not_change_a_bit(model: encoder.Model, texts: list[str]) -> None:
    expected, _, _ = encoder.encode_texts(model, TEXTS, tokens_per_batch=64)
    embedding, _, _ = encoder.encode_texts(model, texts, tokens_per_batch=64)

    np.testing.assert_array_equal(embedding, expected[[TEXTS.index(text) for text in texts]])


def test_a_long_text_is_the_mean_of_its_windows_weighted_by_pieces(tiny_model: Path, model: encoder.Model) -> None:
    text = "the staff was friendly and the delivery was late. " * 20
    (pieces,) = tokenize(tiny_model, ["query: " + text])
    inner = pieces[1:-1]
    windows = [[0, *inner[start : start + 62], 2] for start in range(0, len(inner), 62)]
    states = hidden_states(tiny_model, windows)
    lengths = np.array([len(window) for window in windows])
    expected = unit(np.average([state.mean(axis=0) for state in states], axis=0, weights=lengths))

    embedding, _, n_tokens = encoder.encode_texts(model, [text])

    assert len(windows) > 2
    assert n_tokens == lengths.sum()
    np.testing.assert_allclose(embedding[0], expected, atol=1e-5)


def test_composed_and_decomposed_letters_are_the_same_text(model: encoder.Model) -> None:
    text = "știință și învățământ"
    decomposed = unicodedata.normalize("NFD", text)
    assert decomposed != text

    embedding, _, _ = encoder.encode_texts(model, [text, decomposed])

    np.testing.assert_allclose(embedding[0], embedding[1], atol=1e-6)


def test_the_prefix_is_put_before_every_text(model: encoder.Model) -> None:
    bare = replace(model, manifest=replace(model.manifest, prefix=""))

    ours, _, _ = encoder.encode_texts(model, ["bad delivery"])
    by_hand, _, _ = encoder.encode_texts(bare, ["query: bad delivery"])
    without, _, _ = encoder.encode_texts(bare, ["bad delivery"])

    np.testing.assert_array_equal(ours, by_hand)
    assert np.abs(ours - without).max() > 1e-3


ANY_CHARACTER = st.characters() | st.characters(categories=["Cs", "Cc"])


def test_half_a_surrogate_pair_reads_as_the_replacement_character(model: encoder.Model) -> None:
    found, _, _ = encoder.encode_texts(model, ["bad \ud83d price", "bad \ud83d\ude00 price"])
    expected, _, _ = encoder.encode_texts(model, ["bad \ufffd price", "bad 😀 price"])

    np.testing.assert_array_equal(found, expected)


def quantised_agreement(config: BertConfig, ids: torch.Tensor) -> tuple[float, float]:
    """Least cosine of a row of weights, and of a text's embedding, with what they are after being stored as int8."""
    torch.manual_seed(0)
    network = BertModel(config, add_pooling_layer=False).eval()
    state = {name: tensor.numpy().copy() for name, tensor in network.state_dict().items()}
    back = registry.widen(registry.quantize(state))
    rows = min((unit(state[n]) * unit(back[n])).sum(axis=1).min() for n in state if state[n].ndim == 2)
    with torch.inference_mode():
        before = network(input_ids=ids).last_hidden_state.mean(dim=1).numpy()
        network.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in back.items()})
        after = network(input_ids=ids).last_hidden_state.mean(dim=1).numpy()
    return float(rows), float((unit(before) * unit(after)).sum(axis=1).min())


def test_int8_weights_give_nearly_the_same_embeddings(tiny_model: Path) -> None:
    config = BertConfig(**registry.read_config(tiny_model) | {"pad_token_id": None})
    ids = torch.randint(4, config.vocab_size, (64, 20), generator=torch.Generator().manual_seed(0))

    assert min(quantised_agreement(config, ids)) >= 0.9995


@pytest.mark.slow
def test_int8_weights_give_nearly_the_same_embeddings_in_the_embedded_models_shape() -> None:
    config = BertConfig(**registry.read_config(registry.find("cxnlp-small")) | {"pad_token_id": None})
    ids = torch.randint(4, config.vocab_size, (32, 24), generator=torch.Generator().manual_seed(0))

    assert min(quantised_agreement(config, ids)) >= 0.9995


@given(st.lists(st.text(ANY_CHARACTER, max_size=40), max_size=6))
@settings(deadline=None, max_examples=50)
def test_any_text_gets_a_unit_embedding_and_probabilities(model: encoder.Model, texts: list[str]) -> None:
    embedding, probabilities, _ = encoder.encode_texts(model, texts)

    assert embedding.shape == (len(texts), model.width)
    np.testing.assert_allclose(np.linalg.norm(embedding, axis=1), 1, atol=1e-5)
    for name, values in probabilities.items():
        assert values.shape == (len(texts), len(heads.HEADS[name].labels))
        assert ((values >= 0) & (values <= 1)).all()


def test_a_text_of_a_megabyte_is_read_to_its_end(model: encoder.Model) -> None:
    text = "delivery " * 111_111
    embedding, _, n_tokens = encoder.encode_texts(model, [text], tokens_per_batch=16_384)

    assert n_tokens > 111_111
    assert np.linalg.norm(embedding[0]) == pytest.approx(1, abs=1e-5)


def test_progress_rises_to_the_number_of_pieces(model: encoder.Model) -> None:
    seen: list[tuple[str, int, int]] = []
    _, _, n_tokens = encoder.encode_texts(model, TEXTS, tokens_per_batch=32, progress=lambda *call: seen.append(call))

    done = [call[1] for call in seen]
    assert {(call[0], call[2]) for call in seen} == {("encode", n_tokens)}
    assert done == sorted(set(done))
    assert done[-1] == n_tokens


def test_bfloat16_agrees_with_float32(model: encoder.Model, bfloat16: encoder.Model) -> None:
    exact, _, _ = encoder.encode_texts(model, TEXTS)
    rough, _, _ = encoder.encode_texts(bfloat16, TEXTS)

    assert (bfloat16.info.precision, model.info.precision) == ("bfloat16", "float32")
    assert (exact * rough).sum(axis=1).min() > 0.999


def test_auto_precision_is_bfloat16_only_where_the_processor_has_it(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for capabilities, expected in (
        ({"avx512_bf16": True}, "bfloat16"),
        ({"amx_bf16": True}, "bfloat16"),
        ({"bf16": True}, "bfloat16"),
        ({"avx2": True, "avx512_f": True}, "float32"),
    ):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda found=capabilities: found)
        assert encoder.load(tiny_model, device="cpu").info.precision == expected


def test_the_precision_asked_for_wins_over_the_one_in_the_config(tiny_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    shutil.copytree(tiny_model, folder)
    config = registry.read_config(tiny_model) | {"dtype": "float16"}
    (folder / "backbone" / "config.json").write_text(json.dumps(config), encoding="utf-8")

    found, expected = (
        encoder.encode_texts(encoder.load(path, device="cpu", precision="float32"), ["late", "good staff"])[0]
        for path in (folder, tiny_model)
    )
    np.testing.assert_array_equal(found, expected)


def test_the_model_says_what_it_is(tiny_model: Path, model: encoder.Model) -> None:
    assert model.info.name == "tiny"
    assert model.info.path == str(tiny_model)
    assert model.info.sha256 == registry.read_manifest(tiny_model).sha256
    assert model.info.heads == tuple(heads.HEADS)
    assert (model.info.device, model.info.licence, model.width) == ("cpu", "MIT", 32)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has the device")
def test_a_device_that_is_not_there_is_said(tiny_model: Path) -> None:
    with pytest.raises(SettingsError, match="--device cuda"):
        encoder.load(tiny_model, device="cuda")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("config.json", '{"model_type": "no-such-network"}'),
        ("config.json", '{"hidden_size": 32}'),
        ("config.json", '{"model_type": "bert", "hidden_size": 48, "num_attention_heads": 2}'),
        ("tokenizer.json", "{}"),
        ("config.json", '{"model_type": "bert", "vocab_size": 5, "hidden_size": 32, "num_attention_heads": 2}'),
        ("model.safetensors", "damaged"),
    ],
)
def test_parts_that_do_not_fit_are_an_error_of_the_model(
    tiny_model: Path, tmp_path: Path, file: str, text: str
) -> None:
    folder = tmp_path / "tiny"
    shutil.copytree(tiny_model, folder)
    (folder / "backbone" / file).write_text(text, encoding="utf-8")

    with pytest.raises(ModelError, match="backbone"):
        encoder.load(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"num_attention_heads": 5},
        {"num_hidden_layers": 10**9},
        {"layer_norm_eps": "small"},
        {"model_type": ["bert"]},
        {"max_position_embeddings": None},
    ],
)
def test_settings_that_cannot_be_right_are_an_error_when_loading(
    tiny_model: Path, tmp_path: Path, changes: dict[str, object]
) -> None:
    folder = tmp_path / "tiny"
    shutil.copytree(tiny_model, folder)
    config = registry.read_config(tiny_model) | changes
    (folder / "backbone" / "config.json").write_text(json.dumps(config), encoding="utf-8")

    with pytest.raises(ModelError, match="backbone"):
        encoder.load(folder)


@pytest.mark.parametrize("max_tokens", [-1, 0, 2, 65, 10**9])
def test_windows_that_the_network_cannot_read_are_refused(tiny_model: Path, tmp_path: Path, max_tokens: int) -> None:
    folder = tmp_path / "tiny"
    shutil.copytree(tiny_model, folder)
    file = folder / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"max_tokens": max_tokens}), encoding="utf-8")

    with pytest.raises(ModelError, match="64 positions"):
        encoder.load(folder)


def test_a_tokenizer_of_another_network_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    shutil.copytree(tiny_model, folder)
    file = folder / "backbone" / "tokenizer.json"
    entries = json.loads(file.read_text(encoding="utf-8"))
    entries["model"]["vocab"].append(["▁unheard", -3.0])
    file.write_text(json.dumps(entries), encoding="utf-8")

    with pytest.raises(ModelError, match="more pieces"):
        encoder.load(folder)


def test_a_backbone_of_another_kind_is_read(tiny_model: Path, tmp_path: Path) -> None:
    from transformers import DistilBertConfig, DistilBertModel

    pieces = registry.read_config(tiny_model)["vocab_size"]
    config = DistilBertConfig(
        vocab_size=pieces, dim=32, n_layers=1, n_heads=2, hidden_dim=64, max_position_embeddings=64
    )
    network = DistilBertModel(config)
    folder = registry.write_model(
        tmp_path / "distil",
        name="distil",
        backbone_state={name: tensor.numpy() for name, tensor in network.state_dict().items()},
        config={**config.to_dict(), "hidden_size": 32},
        tokenizer=tiny_model / "backbone" / "tokenizer.json",
        heads={},
        card="# distil\n",
        prefix="",
        languages=("en",),
        licence="MIT",
    )

    embedding, probabilities, _ = encoder.encode_texts(encoder.load(folder), TEXTS)

    assert embedding.shape == (len(TEXTS), 32)
    assert probabilities == {}


def test_the_embedding_is_the_projected_reading_and_the_heads_read_the_reading(tiny_model: Path) -> None:
    model = encoder.load(tiny_model)
    random = np.random.default_rng(0)
    width = model.width
    projection = registry.Projection(
        random.normal(size=(5, width)).astype(np.float32), random.normal(size=5).astype(np.float32)
    )
    texts = ["the delivery was late", "good"]

    reading, plain, _ = encoder.encode_texts(model, texts)
    embedding, answers, _ = encoder.encode_texts(replace(model, projection=projection), texts)

    wanted = reading @ projection.weight.T + projection.bias
    np.testing.assert_allclose(embedding, wanted / np.linalg.norm(wanted, axis=1, keepdims=True), atol=1e-5)
    for name, values in plain.items():
        np.testing.assert_array_equal(answers[name], values)
