"""What a model folder holds, and how its parts are read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from cxnlp import heads as known
from cxnlp.errors import ModelError
from cxnlp.registry.quantization import widen

__all__ = [
    "FORMAT",
    "HeadWeights",
    "Manifest",
    "Projection",
    "check_head",
    "damaged",
    "read_backbone",
    "read_config",
    "read_heads",
    "read_json",
    "read_manifest",
    "read_projection",
    "read_tensors",
]

FORMAT = 1
"""Version of the folder's layout; a reader refuses any other."""

MANIFEST = "manifest.json"
CARD = "README.md"
FIGURES = "figures.csv"
CONFIG = "backbone/config.json"
WEIGHTS = "backbone/model.safetensors"
TOKENIZER = "backbone/tokenizer.json"
PROJECTION = "projection.safetensors"
TRAINED_ON = "trained_on.safetensors"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a model folder says of itself.

    ``files`` maps each file's path in the folder to (bytes, SHA-256); ``sha256`` is the hash of
    manifest.json and, since that lists every other hash, names the whole folder.
    """

    name: str
    backbone: str
    """Kind of network, as transformers names it: bert, xlm-roberta..."""
    pooling: str
    normalise: bool
    prefix: str
    """Put before every text."""
    max_tokens: int
    """Longest piece sequence that the network reads at once, special pieces included."""
    heads: tuple[str, ...]
    languages: tuple[str, ...]
    licence: str
    cxnlp_version: str
    """Version of cxnlp that wrote the folder."""
    files: Mapping[str, tuple[int, str]]
    sha256: str
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class HeadWeights:
    """One trained head: a linear layer on a text's reading of length 1, and what turns it into labels.

    ``weight`` is float32 (labels, width), ``bias`` and ``thresholds`` are (labels,). The probabilities
    are softmax (``single``) or sigmoid (``multi``) of ``(reading @ weight.T + bias) / temperature``;
    ``thresholds`` are as `heads.decide` takes them. ``language_temperature`` maps the codes of languages that
    have a temperature of their own to it.
    """

    name: str
    kind: Literal["single", "multi"]
    labels: tuple[str, ...]
    weight: np.ndarray
    bias: np.ndarray
    thresholds: np.ndarray
    temperature: float = 1.0
    language_temperature: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Projection:
    """From a reading to the embedding for topics, ``reading @ weight.T + bias``: (numbers, width) and (numbers,)."""

    weight: np.ndarray
    bias: np.ndarray


def read_manifest(path: Path) -> Manifest:
    """Read manifest.json of the model folder `path`.

    Raises ModelError where it is missing, is no JSON, lacks an entry, names files outside the folder or
    is of another format version.
    """
    file = Path(path) / MANIFEST
    entries = read_json(file)
    if entries.get("format") != FORMAT:
        raise ModelError(
            f"{file} with format {entries.get('format')!r}",
            expected=f"format {FORMAT}, the one that this version of cxnlp reads",
            fix="pip install --upgrade cxnlp, or name another model: --model cxnlp-small",
        )
    try:
        files = {str(name): (int(size), str(digest)) for name, (size, digest) in entries["files"].items()}
        manifest = Manifest(
            name=str(entries["name"]),
            backbone=str(entries["backbone"]),
            pooling=str(entries["pooling"]),
            normalise=bool(entries["normalise"]),
            prefix=str(entries["prefix"]),
            max_tokens=int(entries["max_tokens"]),
            heads=tuple(entries["heads"]),
            languages=tuple(entries["languages"]),
            licence=str(entries["licence"]),
            cxnlp_version=str(entries["cxnlp_version"]),
            files=files,
            sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise damaged(file, f"an entry is missing or wrong: {error}") from error
    _check_manifest(file, manifest)
    return manifest


def _check_manifest(file: Path, manifest: Manifest) -> None:
    # Mean pooling and unit length are what the heads and every user of the embedding rely on.
    if manifest.pooling != "mean" or not manifest.normalise:
        raise damaged(file, f"pooling {manifest.pooling!r}, normalise {manifest.normalise}; only mean, true is known")
    outside = [
        n
        for n in manifest.files
        if {"\\", ":"} & set(n) or PurePosixPath(n).is_absolute() or ".." in PurePosixPath(n).parts
    ]
    if outside:
        raise damaged(file, f"it names files outside the folder: {', '.join(outside)}")
    required = [CONFIG, WEIGHTS, TOKENIZER, *(name for head in manifest.heads for name in head_files(head))]
    unlisted = [name for name in required if name not in manifest.files]
    if unlisted:
        raise damaged(file, f"it lists no hash for {', '.join(unlisted)}")


def head_files(head: str) -> tuple[str, str]:
    """Paths of a head's description and weights in the folder."""
    return f"heads/{head}/head.json", f"heads/{head}/head.safetensors"


def read_config(path: Path) -> dict[str, Any]:
    """The network's settings in the Hugging Face layout. Raises ModelError where the file is damaged."""
    return read_json(Path(path) / CONFIG)


def read_backbone(path: Path) -> dict[str, np.ndarray]:
    """The network's weights, float32, by tensor name. Raises ModelError where the file is damaged."""
    return widen(read_tensors(Path(path) / WEIGHTS))


def read_heads(path: Path) -> dict[str, HeadWeights]:
    """The heads of the model folder `path`, in the manifest's order.

    Raises ModelError where a head is damaged or not one of `cxnlp.heads.HEADS` with the same labels.
    """
    width = read_config(path).get("hidden_size")
    return {name: _read_head(Path(path), name, width) for name in read_manifest(path).heads}


def _read_head(path: Path, name: str, width: int | None) -> HeadWeights:
    description, weights = (path / file for file in head_files(name))
    entries, tensors = read_json(description), read_tensors(weights)
    try:
        head = HeadWeights(
            name=str(entries["name"]),
            kind=entries["kind"],
            labels=tuple(entries["labels"]),
            weight=tensors["weight"].astype(np.float32),
            bias=tensors["bias"].astype(np.float32),
            thresholds=np.asarray(entries["thresholds"], dtype=np.float64),
            temperature=float(entries["temperature"]),
            language_temperature={str(k): float(v) for k, v in entries.get("language_temperature", {}).items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise damaged(description, f"an entry is missing or wrong: {error}") from error
    if head.name != name:
        raise damaged(description, f"it describes the head {head.name!r}")
    check_head(head, width=width)
    return head


def check_head(head: HeadWeights, *, width: int | None) -> None:
    """Raise ModelError unless `head` is one that cxnlp knows, with its labels, for embeddings of `width` numbers."""
    declared = known.HEADS.get(head.name)
    if declared is None or (declared.kind, declared.labels) != (head.kind, head.labels):
        raise ModelError(
            f"head {head.name!r} of kind {head.kind!r} with labels {', '.join(head.labels)}",
            expected=f"{declared.kind!r} with labels {', '.join(declared.labels)}"
            if declared
            else f"one of: {', '.join(known.HEADS)}",
            fix="use a model and a cxnlp of matching versions, or train the head again",
        )
    n_labels = len(head.labels)
    shapes = (head.weight.shape, head.bias.shape, head.thresholds.shape)
    finite = all(np.isfinite(values).all() for values in (head.weight, head.bias, head.thresholds))
    if shapes != ((n_labels, width), (n_labels,), (n_labels,)) or not finite or not _all_positive(head):
        raise ModelError(
            f"head {head.name!r} with weight, bias, thresholds of shapes {shapes}, temperature {head.temperature}",
            expected=f"({n_labels}, {width}), ({n_labels},), ({n_labels},), all finite, and a temperature above 0",
            fix="train the head again on this backbone",
        )


def _all_positive(head: HeadWeights) -> bool:
    return all(0 < value < np.inf for value in (head.temperature, *head.language_temperature.values()))


def read_projection(path: Path) -> Projection | None:
    """The projection of the model folder `path`, None where it has none.

    Raises ModelError where it is damaged or does not fit the backbone.
    """
    if PROJECTION not in read_manifest(path).files:
        return None
    tensors = read_tensors(Path(path) / PROJECTION)
    try:
        projection = Projection(tensors["weight"].astype(np.float32), tensors["bias"].astype(np.float32))
    except KeyError as error:
        raise damaged(Path(path) / PROJECTION, f"it lacks the tensor {error}") from error
    check_projection(projection, width=read_config(path).get("hidden_size"))
    return projection


def check_projection(projection: Projection, *, width: int | None) -> None:
    """Raise ModelError unless `projection` reads `width` numbers and is finite."""
    weight, bias = projection.weight, projection.bias
    fits = weight.ndim == 2 and weight.shape[1] == width and bias.shape == weight.shape[:1]
    if not fits or not np.isfinite(weight).all() or not np.isfinite(bias).all():
        raise ModelError(
            f"a projection with weight and bias of shapes {weight.shape}, {bias.shape}",
            expected=f"(numbers, {width}) and (numbers,), all finite",
            fix="train the model again on this backbone",
        )


def read_json(file: Path) -> dict[str, Any]:
    """The object in a JSON file of a model folder; ModelError where there is none."""
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise damaged(file, "there is no such file") from error
    except (OSError, ValueError, RecursionError) as error:
        raise damaged(file, str(error)) from error
    if not isinstance(entries, dict):
        raise damaged(file, "it holds no JSON object")
    return entries


def read_tensors(file: Path) -> dict[str, np.ndarray]:
    """The tensors of a safetensors file of a model folder; ModelError where it is damaged."""
    try:
        return load_file(file)
    except (OSError, SafetensorError, TypeError) as error:  # TypeError: a number format that numpy lacks
        raise damaged(file, str(error)) from error


def damaged(file: Path, why: str) -> ModelError:
    """The error for a file of a model folder that is not as cxnlp writes it."""
    return ModelError(
        f"{file}: {why}",
        expected="a model folder as cxnlp writes it",
        fix="install cxnlp again, or name another model: --model cxnlp-small",
    )
