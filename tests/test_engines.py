"""The encode stage: dispatch, each distinct statement once, the answer in statement order."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxnlp import engines, heads, registry, schema
from cxnlp.config import EncodeConfig
from cxnlp.errors import InputError, InternalError, ModelError, SettingsError
from cxnlp.results import Statements

TEXTS = ["the delivery was late", "staff friendly", "the delivery was late", "", "bad price", "staff friendly"]


def statements(texts: list[str]) -> Statements:
    table = pd.DataFrame(
        {
            "statement_id": range(len(texts)),
            "comment_id": [str(number) for number in range(len(texts))],
            "row": range(len(texts)),
            "start": 0,
            "end": [len(text) for text in texts],
            "text": pd.Series(texts, dtype="str"),
            "language": "en",
        },
        columns=schema.names("statements_clean"),
    )
    return Statements(comments=pd.DataFrame(), table=table)


@pytest.fixture
def config(tiny_model: Path) -> EncodeConfig:
    return EncodeConfig(model=str(tiny_model), device="cpu", precision="float32")


def rewrite(source: Path, folder: Path, *, keep: set[str], **changes: object) -> Path:
    """The model `source` written anew with the heads in `keep`, each with `changes`."""
    manifest = registry.read_manifest(source)
    return registry.write_model(
        folder,
        name="changed",
        backbone_state=registry.read_backbone(source),
        config=registry.read_config(source),
        tokenizer=source / "backbone" / "tokenizer.json",
        heads={name: replace(head, **changes) for name, head in registry.read_heads(source).items() if name in keep},
        card="# changed\n",
        prefix=manifest.prefix,
        languages=manifest.languages,
        licence=manifest.licence,
        overwrite=True,
    )


def test_each_distinct_statement_is_encoded_once_and_answered_everywhere(config: EncodeConfig) -> None:
    encoding = engines.encode(statements(TEXTS), config)

    assert encoding.n_encoded == 4
    assert encoding.embedding.shape == (6, 32)
    for values in (encoding.embedding, *encoding.probabilities.values()):
        np.testing.assert_array_equal(values[0], values[2])
        np.testing.assert_array_equal(values[1], values[5])
    assert np.abs(encoding.embedding[0] - encoding.embedding[1]).max() > 1e-3
    assert encoding.n_tokens > 0
    assert encoding.seconds > 0
    assert encoding.model.name == "tiny"
    assert encoding.notes == ()


def test_probabilities_and_thresholds_are_what_decide_takes(config: EncodeConfig) -> None:
    encoding = engines.encode(statements(TEXTS), config)

    assert set(encoding.probabilities) == set(encoding.thresholds) == set(heads.HEADS)
    for name, head in heads.HEADS.items():
        labels, confidence = heads.decide(head, encoding.probabilities[name], encoding.thresholds[name])
        assert len(labels) == len(confidence) == len(TEXTS)
        assert set(labels) <= {*head.labels, "none"}
    assert encoding.thresholds["sentiment"].tolist() == [0.4, 0.4, 0.4]


@pytest.mark.parametrize("seed", range(3))
def test_row_order_and_repetition_do_not_change_a_bit(config: EncodeConfig, seed: int) -> None:
    plain = engines.encode(statements(TEXTS), config)
    order = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(TEXTS)), 3))

    shuffled = engines.encode(statements([TEXTS[row] for row in order]), config)

    np.testing.assert_array_equal(shuffled.embedding, plain.embedding[order])
    for name, values in plain.probabilities.items():
        np.testing.assert_array_equal(shuffled.probabilities[name], values[order])


def test_no_statements_give_empty_arrays_of_the_right_width(config: EncodeConfig) -> None:
    encoding = engines.encode(statements([]), config)

    assert encoding.embedding.shape == (0, 32)
    assert encoding.embedding.dtype == np.float32
    assert {name: values.shape for name, values in encoding.probabilities.items()} == {
        name: (0, len(head.labels)) for name, head in heads.HEADS.items()
    }
    assert (encoding.n_encoded, encoding.n_tokens) == (0, 0)


def test_a_thousand_identical_statements_cost_one(config: EncodeConfig) -> None:
    encoding = engines.encode(statements(["bad"] * 1000), config)

    assert encoding.n_encoded == 1
    assert (encoding.embedding == encoding.embedding[0]).all()


def test_a_missing_head_is_absent_and_said(tiny_model: Path, tmp_path: Path, config: EncodeConfig) -> None:
    folder = rewrite(tiny_model, tmp_path / "partial", keep={"sentiment", "touchpoint"})

    encoding = engines.encode(statements(TEXTS), replace(config, model=str(folder)))

    assert set(encoding.probabilities) == set(encoding.thresholds) == {"sentiment", "touchpoint"}
    (note,) = encoding.notes
    assert "churn_intent" in note.message
    assert "sentiment" not in note.message


def test_a_model_written_anew_in_the_same_place_is_loaded_anew(
    tiny_model: Path, tmp_path: Path, config: EncodeConfig
) -> None:
    folder = rewrite(tiny_model, tmp_path / "model", keep={"sentiment"}, temperature=1.0)
    sharp = engines.encode(statements(TEXTS), replace(config, model=str(folder)))
    rewrite(tiny_model, folder, keep={"sentiment"}, temperature=1000.0)
    flat = engines.encode(statements(TEXTS), replace(config, model=str(folder)))

    np.testing.assert_allclose(flat.probabilities["sentiment"], 1 / 3, atol=0.01)
    assert np.abs(sharp.probabilities["sentiment"] - 1 / 3).max() > 0.1
    assert sharp.model.sha256 != flat.model.sha256


def test_an_altered_model_does_not_run(tiny_model: Path, tmp_path: Path, config: EncodeConfig) -> None:
    folder = tmp_path / "tiny"
    shutil.copytree(tiny_model, folder)
    with (folder / "backbone" / "model.safetensors").open("ab") as stream:
        stream.write(b"\0")

    with pytest.raises(ModelError, match=r"altered backbone/model\.safetensors"):
        engines.encode(statements(TEXTS), replace(config, model=str(folder)))


def test_an_unknown_engine_or_model_is_said(config: EncodeConfig) -> None:
    with pytest.raises(SettingsError, match="--engine loca"):
        engines.encode(statements(TEXTS), replace(config, engine="loca"))
    with pytest.raises(ModelError, match="no-such-model"):
        engines.encode(statements(TEXTS), replace(config, model="no-such-model"))


def test_a_table_that_is_no_statements_table_is_refused(config: EncodeConfig) -> None:
    broken = Statements(comments=pd.DataFrame(), table=pd.DataFrame({"text": ["a"]}))

    with pytest.raises(InternalError):
        engines.encode(broken, config)


def test_progress_is_passed_on(config: EncodeConfig) -> None:
    seen: list[tuple[str, int, int]] = []
    encoding = engines.encode(statements(TEXTS), config, progress=lambda *call: seen.append(call))

    assert seen[-1] == ("encode", encoding.n_tokens, encoding.n_tokens)


def test_choosing_an_engine_does_not_load_torch() -> None:
    code = "import sys, cxnlp.engines; sys.exit('torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_language_takes_its_own_temperature(tiny_model: Path, tmp_path: Path, config: EncodeConfig) -> None:
    folder = rewrite(
        tiny_model, tmp_path / "model", keep={"sentiment"}, temperature=1.0, language_temperature={"ro": 1e6}
    )
    given = statements(["the delivery was late", "the delivery was late", "good"])
    table = given.table.assign(language=pd.Series(["en", "ro", "ro"], dtype=given.table["language"].dtype))

    encoding = engines.encode(replace(given, table=table), replace(config, model=str(folder)))

    sentiment = encoding.probabilities["sentiment"]
    np.testing.assert_allclose(sentiment[1:], 1 / 3, atol=1e-3)
    assert np.abs(sentiment[0] - 1 / 3).max() > 0.05
    np.testing.assert_array_equal(encoding.embedding[0], encoding.embedding[1])


def stored(config: EncodeConfig, folder: Path, texts: list[str]) -> EncodeConfig:
    """Settings that take from `folder` what encoding `texts` left there."""
    folder.mkdir(exist_ok=True)
    for name, content in engines.stored(statements(texts), engines.encode(statements(texts), config)).items():
        (folder / name).write_bytes(content())
    return replace(config, reuse=folder)


def test_what_was_stored_is_used_and_is_the_same(config: EncodeConfig, tmp_path: Path) -> None:
    fresh = engines.encode(statements(TEXTS), config)
    again = engines.encode(statements(TEXTS[::-1]), stored(config, tmp_path, TEXTS))
    assert again.n_encoded == 0 and fresh.n_encoded > 0
    assert np.array_equal(again.embedding[::-1], fresh.embedding) and again.embedding.dtype == np.float32
    assert again.model == fresh.model and set(again.probabilities) == set(fresh.probabilities)
    for name, values in fresh.probabilities.items():
        assert np.array_equal(again.probabilities[name][::-1], values)
        assert np.allclose(again.thresholds[name], fresh.thresholds[name])


def test_texts_that_are_not_stored_are_encoded(config: EncodeConfig, tmp_path: Path) -> None:
    reuse = stored(config, tmp_path, TEXTS)
    assert engines.encode(statements([*TEXTS, "something new"]), reuse).n_encoded > 0


def test_what_another_model_stored_is_not_used(tiny_model: Path, config: EncodeConfig, tmp_path: Path) -> None:
    reuse = stored(config, tmp_path / "earlier", TEXTS)
    other = rewrite(tiny_model, tmp_path / "other", keep={"sentiment"})
    assert engines.encode(statements(TEXTS), replace(reuse, model=str(other))).n_encoded > 0


def test_the_same_statements_in_any_order_are_stored_as_the_same_bytes(config: EncodeConfig) -> None:
    one, other = (
        engines.stored(statements(texts), engines.encode(statements(texts), config)) for texts in (TEXTS, TEXTS[::-1])
    )
    assert list(one) == [engines.store.FILE]
    assert one[engines.store.FILE]() == other[engines.store.FILE]()
    assert engines.stored(statements([]), engines.encode(statements([]), config)) == {}


@pytest.mark.parametrize("content", [None, b"", b"no tensors", b"\x02\0\0\0\0\0\0\0{}"])
def test_a_store_that_cannot_be_read_is_an_error_in_words(
    config: EncodeConfig, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / engines.store.FILE).write_bytes(content)
    with pytest.raises(InputError, match=r"encoding\.safetensors"):
        engines.encode(statements(TEXTS), replace(config, reuse=tmp_path))


def test_embedding_texts_gives_what_encoding_statements_gives(config: EncodeConfig) -> None:
    embedding = engines.embed(TEXTS, ["en"] * len(TEXTS), config)
    assert np.allclose(embedding, engines.encode(statements(TEXTS), config).embedding, atol=1e-5)
    assert engines.embed([], [], config).shape == (0, embedding.shape[1])
