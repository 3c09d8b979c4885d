"""Find, verify, read and write model folders."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cxnlp import heads, registry
from cxnlp.errors import ModelError, OutputError
from cxnlp.registry import HeadWeights, lookup

SENTIMENT = HeadWeights(
    name="sentiment",
    kind="single",
    labels=heads.HEADS["sentiment"].labels,
    weight=np.arange(24, dtype=np.float32).reshape(8, 3).T,
    bias=np.array([0.1, 0.2, 0.3], np.float32),
    thresholds=np.array([0.0, 0.5, 0.25]),
    temperature=1.25,
)
STATE = {"embeddings.weight": np.eye(8, dtype=np.float16), "norm.bias": np.linspace(-1, 1, 8, dtype=np.float32)}


@pytest.fixture
def tokenizer(tmp_path: Path) -> Path:
    file = tmp_path / "tokenizer.json"
    file.write_text("{}", encoding="utf-8")
    return file


def write(folder: Path, tokenizer: Path, **changes: Any) -> Path:
    settings: dict[str, Any] = {
        "name": "small",
        "backbone_state": STATE,
        "config": {"model_type": "bert", "hidden_size": 8, "max_position_embeddings": 512},
        "tokenizer": tokenizer,
        "heads": {"sentiment": SENTIMENT},
        "card": "# small\n",
        "prefix": "query: ",
        "languages": ("en", "ro"),
        "licence": "MIT",
    }
    return registry.write_model(folder, **(settings | changes))


def contents(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def edit_manifest(folder: Path, **changes: Any) -> None:
    file = folder / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes), encoding="utf-8")


def test_what_is_written_is_read_back(tmp_path: Path, tokenizer: Path) -> None:
    folder = write(tmp_path / "small", tokenizer)

    manifest = registry.verify(folder)
    head = registry.read_heads(folder)["sentiment"]
    state = registry.read_backbone(folder)

    assert (manifest.name, manifest.backbone, manifest.prefix) == ("small", "bert", "query: ")
    assert (manifest.heads, manifest.languages, manifest.licence) == (("sentiment",), ("en", "ro"), "MIT")
    assert registry.read_config(folder)["hidden_size"] == 8
    np.testing.assert_array_equal(head.weight, SENTIMENT.weight)
    np.testing.assert_array_equal(head.bias, SENTIMENT.bias)
    np.testing.assert_array_equal(head.thresholds, SENTIMENT.thresholds)
    assert (head.kind, head.labels, head.temperature) == ("single", SENTIMENT.labels, 1.25)
    np.testing.assert_array_equal(state["norm.bias"], STATE["norm.bias"])
    np.testing.assert_allclose(state["embeddings.weight"], STATE["embeddings.weight"], atol=1e-6)


def test_the_folder_holds_nothing_that_the_manifest_does_not_list(tmp_path: Path, tokenizer: Path) -> None:
    folder = write(tmp_path / "small", tokenizer)

    files = registry.read_manifest(folder).files

    assert set(contents(folder)) == {"manifest.json", *files}
    assert {"README.md", "backbone/model.safetensors", "heads/sentiment/head.json"} < set(files)


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path, tokenizer: Path) -> None:
    assert contents(write(tmp_path / "a", tokenizer)) == contents(write(tmp_path / "b", tokenizer))


def test_any_altered_file_is_found(tmp_path: Path, tokenizer: Path) -> None:
    pristine = write(tmp_path / "small", tokenizer)
    for name in registry.read_manifest(pristine).files:
        folder = tmp_path / "altered"
        shutil.copytree(pristine, folder)
        damaged = bytearray((folder / name).read_bytes())
        damaged[len(damaged) // 2] ^= 1
        (folder / name).write_bytes(damaged)

        with pytest.raises(ModelError, match=f"altered {name}"):
            registry.verify(folder)
        shutil.rmtree(folder)


def test_a_missing_file_is_found(tmp_path: Path, tokenizer: Path) -> None:
    folder = write(tmp_path / "small", tokenizer)
    (folder / "heads/sentiment/head.safetensors").unlink()

    with pytest.raises(ModelError, match=r"missing heads/sentiment/head\.safetensors"):
        registry.verify(folder)


@pytest.mark.parametrize("name", ["backbone/pytorch_model.bin", "head.PKL", "heads/sentiment/x.pt", "a/b/c.joblib"])
def test_pickled_files_are_refused_wherever_they_are(tmp_path: Path, tokenizer: Path, name: str) -> None:
    folder = write(tmp_path / "small", tokenizer)
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"")

    with pytest.raises(ModelError, match="pickled"):
        registry.verify(folder)


def test_files_of_the_desktop_do_not_matter(tmp_path: Path, tokenizer: Path) -> None:
    folder = write(tmp_path / "small", tokenizer)
    (folder / ".DS_Store").write_bytes(b"x")

    assert registry.verify(folder).name == "small"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"format": 99}, "format 99"),
        ({"pooling": "cls"}, "pooling 'cls'"),
        ({"normalise": False}, "normalise False"),
        ({"files": {"../../etc/passwd": [1, "00"]}}, "outside the folder"),
        ({"files": {"/etc/passwd": [1, "00"]}}, "outside the folder"),
        ({"files": {"C:/windows/win.ini": [1, "00"]}}, "outside the folder"),
        ({"files": {"a\\..\\b": [1, "00"]}}, "outside the folder"),
        ({"heads": ["../../elsewhere"]}, "lists no hash"),
        ({"files": {}}, "lists no hash"),
        ({"files": [1]}, "an entry is missing or wrong"),
        ({"max_tokens": "many"}, "an entry is missing or wrong"),
        ({"heads": None}, "an entry is missing or wrong"),
    ],
)
def test_a_wrong_manifest_is_refused(tmp_path: Path, tokenizer: Path, changes: dict[str, Any], problem: str) -> None:
    folder = write(tmp_path / "small", tokenizer)
    edit_manifest(folder, **changes)

    with pytest.raises(ModelError, match=problem):
        registry.verify(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "\udcff", "[" * 100_000])
def test_a_manifest_that_is_no_json_object_is_refused(tmp_path: Path, tokenizer: Path, text: str) -> None:
    folder = write(tmp_path / "small", tokenizer)
    (folder / "manifest.json").write_bytes(text.encode("utf-8", "surrogateescape"))

    with pytest.raises(ModelError, match=r"manifest\.json"):
        registry.read_manifest(folder)


def test_damaged_weights_are_an_error_of_the_model(tmp_path: Path, tokenizer: Path) -> None:
    folder = write(tmp_path / "small", tokenizer)
    (folder / "backbone/model.safetensors").write_bytes(b"not safetensors")

    with pytest.raises(ModelError, match=r"model\.safetensors"):
        registry.read_backbone(folder)


def test_a_head_in_the_folder_of_another_is_refused(tmp_path: Path, tokenizer: Path) -> None:
    folder = write(tmp_path / "small", tokenizer)
    description = folder / "heads/sentiment/head.json"
    description.write_text(description.read_text().replace('"sentiment"', '"effort"', 1), encoding="utf-8")

    with pytest.raises(ModelError, match="describes the head 'effort'"):
        registry.read_heads(folder)


def test_weights_in_a_format_that_numpy_lacks_are_an_error_of_the_model(tmp_path: Path, tokenizer: Path) -> None:
    import torch
    from safetensors.torch import save_file

    folder = write(tmp_path / "small", tokenizer)
    save_file({"w": torch.ones(2, 2, dtype=torch.bfloat16)}, folder / "backbone/model.safetensors")

    with pytest.raises(ModelError, match="bfloat16"):
        registry.read_backbone(folder)


def test_half_a_file_of_weights_is_an_error_of_the_model(tmp_path: Path, tokenizer: Path) -> None:
    file = write(tmp_path / "small", tokenizer) / "backbone/model.safetensors"
    file.write_bytes(file.read_bytes()[:-4])

    with pytest.raises(ModelError, match=r"model\.safetensors"):
        registry.read_backbone(tmp_path / "small")


def test_a_head_of_another_backbone_is_refused(tmp_path: Path, tokenizer: Path) -> None:
    folder = write(tmp_path / "small", tokenizer)
    (folder / "backbone/config.json").write_text('{"hidden_size": 16}', encoding="utf-8")

    with pytest.raises(ModelError, match=r"\(3, 16\)"):
        registry.read_heads(folder)


def test_the_manifest_hash_names_the_weights(tmp_path: Path, tokenizer: Path) -> None:
    one = write(tmp_path / "one", tokenizer)
    other = write(tmp_path / "other", tokenizer, heads={"sentiment": replace(SENTIMENT, temperature=2.0)})

    assert registry.read_manifest(one).sha256 != registry.read_manifest(other).sha256


def test_an_existing_folder_is_kept_unless_overwriting(tmp_path: Path, tokenizer: Path) -> None:
    folder = write(tmp_path / "small", tokenizer)
    before = contents(folder)

    with pytest.raises(OutputError, match="exists"):
        write(folder, tokenizer, card="# other\n")
    assert contents(folder) == before

    write(folder, tokenizer, card="# other\n", overwrite=True)
    assert registry.verify(folder)
    assert (folder / "README.md").read_text() == "# other\n"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"backbone_state": {"w": np.full((2, 2), np.nan)}}, ModelError),
        ({"tokenizer": Path("no/such/tokenizer.json")}, OutputError),
    ],
)
def test_a_failed_write_leaves_the_old_folder_and_no_debris(
    tmp_path: Path, tokenizer: Path, changes: dict[str, Any], error: type[Exception]
) -> None:
    folder = write(tmp_path / "models" / "small", tokenizer)
    before = contents(folder)

    with pytest.raises(error):
        write(folder, **({"tokenizer": tokenizer} | changes), overwrite=True)

    assert contents(folder) == before
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.parametrize(
    "head",
    [
        replace(SENTIMENT, labels=("positive", "neutral", "negative")),
        replace(SENTIMENT, kind="multi"),
        replace(SENTIMENT, name="mood"),
        replace(SENTIMENT, weight=np.zeros((3, 9), np.float32)),
        replace(SENTIMENT, bias=np.zeros(2, np.float32)),
        replace(SENTIMENT, thresholds=np.zeros(4)),
        replace(SENTIMENT, temperature=0.0),
        replace(SENTIMENT, bias=np.array([0, 0, np.nan], np.float32)),
    ],
)
def test_a_head_that_does_not_fit_is_refused(tmp_path: Path, tokenizer: Path, head: HeadWeights) -> None:
    with pytest.raises(ModelError, match=f"head '{head.name}'"):
        write(tmp_path / "small", tokenizer, heads={head.name: head})
    assert not (tmp_path / "small").exists()


def test_a_head_under_another_name_is_refused(tmp_path: Path, tokenizer: Path) -> None:
    with pytest.raises(ModelError, match="sentiment"):
        write(tmp_path / "small", tokenizer, heads={"emotion": SENTIMENT})


def test_a_model_without_heads_is_valid(tmp_path: Path, tokenizer: Path) -> None:
    folder = write(tmp_path / "small", tokenizer, heads={})

    assert registry.verify(folder).heads == ()
    assert registry.read_heads(folder) == {}


@pytest.fixture
def shelf(tmp_path: Path, tokenizer: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    installed, checkout = tmp_path / "installed", tmp_path / "checkout"
    monkeypatch.setattr(lookup, "shelves", lambda: (installed, checkout))
    write(checkout / "small", tokenizer)
    write(checkout / "large", tokenizer)
    return installed


def test_a_folder_wins_over_a_name_and_the_installed_over_the_checkout(
    shelf: Path, tmp_path: Path, tokenizer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert registry.available() == ["large", "small"]
    assert registry.find("small") == (tmp_path / "checkout/small").resolve()

    write(shelf / "small", tokenizer)
    assert registry.find("small") == (shelf / "small").resolve()
    assert registry.available() == ["large", "small"]

    write(tmp_path / "small", tokenizer)
    assert registry.find("small") == (tmp_path / "small").resolve()
    assert registry.find(tmp_path / "checkout/large") == (tmp_path / "checkout/large").resolve()


def test_an_unknown_name_lists_what_exists(shelf: Path) -> None:
    with pytest.raises(ModelError, match="one of: large, small") as caught:
        registry.find("smal")
    assert caught.value.fix == "--model small"


def test_a_folder_that_is_no_model_says_so(shelf: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"without a manifest\.json"):
        registry.find(tmp_path)


def test_models_lie_in_the_package_or_beside_it() -> None:
    installed, checkout = lookup.shelves()

    assert (installed.parent.name, installed.name) == ("cxnlp", "_models")
    assert checkout == installed.parent.parent / "models"


def test_the_registry_does_not_load_torch() -> None:
    code = "import sys, cxnlp.registry; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_projection_and_language_temperatures_are_read_back(tmp_path: Path, tokenizer: Path) -> None:
    projection = registry.Projection(np.arange(16, dtype=np.float32).reshape(8, 2).T, np.array([1, 2], np.float32))
    head = replace(SENTIMENT, language_temperature={"ro": 0.5})
    folder = write(tmp_path / "small", tokenizer, heads={"sentiment": head}, projection=projection)

    registry.verify(folder)
    found = registry.read_projection(folder)

    assert found is not None
    np.testing.assert_array_equal(found.weight, projection.weight)
    np.testing.assert_array_equal(found.bias, projection.bias)
    assert registry.read_heads(folder)["sentiment"].language_temperature == {"ro": 0.5}
    assert registry.read_projection(write(tmp_path / "plain", tokenizer)) is None


@pytest.mark.parametrize(
    "projection",
    [
        registry.Projection(np.zeros((2, 7), np.float32), np.zeros(2, np.float32)),
        registry.Projection(np.zeros((2, 8), np.float32), np.zeros(3, np.float32)),
        registry.Projection(np.full((2, 8), np.nan, np.float32), np.zeros(2, np.float32)),
    ],
)
def test_a_projection_that_does_not_fit_is_refused(
    tmp_path: Path, tokenizer: Path, projection: registry.Projection
) -> None:
    with pytest.raises(ModelError, match="projection"):
        write(tmp_path / "small", tokenizer, projection=projection)
    assert not (tmp_path / "small").exists()


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_a_language_temperature_must_be_positive(tmp_path: Path, tokenizer: Path, temperature: float) -> None:
    with pytest.raises(ModelError, match="temperature"):
        write(
            tmp_path / "small",
            tokenizer,
            heads={"sentiment": replace(SENTIMENT, language_temperature={"ro": temperature})},
        )


def test_a_tier_may_be_named_without_its_prefix() -> None:
    assert registry.find("small") == registry.find("cxnlp-small")
