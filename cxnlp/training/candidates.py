"""Networks before they are models: read from a base encoder, averaged, encoded with, written."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from safetensors.numpy import load_file

from cxnlp import encoder as encoders
from cxnlp.errors import InputError, OutputError
from cxnlp.registry import HeadWeights, Projection, trained_on_file, write_model
from cxnlp.registry.layout import MANIFEST
from cxnlp.results import Progress
from cxnlp.schema import LANGUAGES

__all__ = [
    "Backbone",
    "Candidate",
    "Linear",
    "average",
    "check_place",
    "read_backbone",
    "readings",
    "write_candidate",
]

Linear = tuple[np.ndarray, np.ndarray]
"""Weight (outputs, width) and bias (outputs,) on a reading of length 1."""


@dataclass(frozen=True, slots=True)
class Backbone:
    """A network as stored: its settings in Hugging Face layout, its tokenizer.json, its weights by name."""

    config: Mapping[str, Any]
    tokenizer: Path
    state: Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A tuned network: backbone, heads by name, and the projection from the reading to the embedding."""

    backbone: Backbone
    heads: Mapping[str, Linear]
    projection: Linear


def read_backbone(folder: Path) -> Backbone:
    """The base encoder in `folder`; InputError names the file that is missing."""
    files = {name: Path(folder) / name for name in ("config.json", "model.safetensors", "tokenizer.json")}
    for path in files.values():
        if not path.exists():
            raise InputError(
                f"no file {path}", expected="a base encoder in Hugging Face layout", fix="--encoder FOLDER"
            )
    config = json.loads(files["config.json"].read_text(encoding="utf-8"))
    state = {name: np.asarray(w, dtype=np.float32) for name, w in load_file(files["model.safetensors"]).items()}
    return Backbone(config, files["tokenizer.json"], state)


def average(candidates: Sequence[Candidate]) -> Candidate:
    """The mean of all weights of networks that were tuned from the same start."""
    first = candidates[0]
    state = {name: _average([each.backbone.state[name] for each in candidates]) for name in first.backbone.state}
    return Candidate(
        Backbone(first.backbone.config, first.backbone.tokenizer, state),
        {name: _mean([each.heads[name] for each in candidates]) for name in first.heads},
        _mean([each.projection for each in candidates]),
    )


def _mean(layers: Sequence[Linear]) -> Linear:
    return _average([weight for weight, _ in layers]), _average([bias for _, bias in layers])


def _average(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return np.asarray(np.mean(arrays, axis=0, dtype=np.float64), dtype=np.float32)


def readings(backbone: Backbone, texts: Sequence[str], progress: Progress | None = None) -> np.ndarray:
    """Readings of length 1, float32 (texts, width), by the product's own encoder from the stored, int8 weights."""
    with tempfile.TemporaryDirectory() as scratch:
        bare = _write(Path(scratch) / "bare", backbone, name="bare", heads={}, card="")
        return encoders.encode_texts(encoders.load(bare), list(texts), progress=progress)[0]


def check_place(folder: Path) -> None:
    """Raise OutputError where `folder` holds something that is no model: writing one replaces what is there."""
    if folder.exists() and not (folder / MANIFEST).exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(
            f"{folder} holds something that is no model",
            expected="a new folder, an empty one, or a model folder to replace",
            fix="--out models/my-model",
        )


def write_candidate(
    folder: Path,
    candidate: Candidate,
    heads: Mapping[str, HeadWeights],
    *,
    card: str,
    figures: pd.DataFrame,
    trained_on: np.ndarray,
) -> Path:
    """Write the model folder `folder`, replaced if it exists; its name becomes the model's name.

    ``trained_on``: hashes of the texts that trained it, by `known_texts.hashes`.
    """
    projection = Projection(*(np.asarray(part, dtype=np.float32) for part in candidate.projection))
    table = figures.to_csv(index=False, float_format="%.6f", lineterminator="\n")
    return _write(
        folder,
        candidate.backbone,
        name=folder.name,
        heads=heads,
        card=card,
        projection=projection,
        figures=table,
        trained_on=trained_on_file(trained_on),
    )


def _write(folder: Path, backbone: Backbone, **parts: Any) -> Path:
    return write_model(
        folder,
        backbone_state=backbone.state,
        config=backbone.config,
        tokenizer=backbone.tokenizer,
        prefix="",
        languages=LANGUAGES,
        licence="MIT",
        overwrite=True,
        **parts,
    )
