"""Write a model folder: all of it or nothing."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from cxnlp import __version__
from cxnlp.errors import ModelError, OutputError
from cxnlp.registry.layout import (
    CARD,
    CONFIG,
    FIGURES,
    FORMAT,
    MANIFEST,
    PROJECTION,
    TOKENIZER,
    TRAINED_ON,
    WEIGHTS,
    HeadWeights,
    Projection,
    check_head,
    check_projection,
    head_files,
)
from cxnlp.registry.quantization import quantize
from cxnlp.registry.verification import file_record

__all__ = ["write_json", "write_model"]


def write_model(
    folder: Path,
    *,
    name: str,
    backbone_state: Mapping[str, np.ndarray],
    config: Mapping[str, Any],
    tokenizer: Path,
    heads: Mapping[str, HeadWeights],
    card: str,
    prefix: str,
    languages: Sequence[str],
    licence: str,
    projection: Projection | None = None,
    figures: str | None = None,
    trained_on: bytes | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a model folder; a reader sees the whole of it or nothing.

    Parameters
    ----------
    folder : where; its parent is made if need be.
    name : name of the model.
    backbone_state : tensor name -> floating array, named as transformers names the bare network's
        (``embeddings.word_embeddings.weight``...). Matrices are stored as int8 per row.
    config : the network's settings in the Hugging Face layout, with ``model_type``, ``hidden_size`` and
        ``max_position_embeddings``.
    tokenizer : a tokenizer.json, copied as it is.
    heads : head name -> weights on the reading of length 1; may be empty.
    card : README.md, in Markdown.
    prefix : put before every text when encoding.
    languages : ISO 639-1 codes that the model was measured on.
    licence : of the weights, as an SPDX identifier.
    projection : from the reading to the embedding; None where they are the same.
    figures : the measured figures that the card shows, as CSV, stored beside it.
    trained_on : the file of hashes of the texts that trained it, by `trained_on.trained_on_file`.
    overwrite : replace a folder that is already there.

    Returns
    -------
    Path
        `folder`. The same arguments give the same bytes.

    Raises
    ------
    ModelError
        Where a tensor is not finite, or a head does not fit the backbone or `cxnlp.heads.HEADS`.
    OutputError
        Where `folder` exists and `overwrite` is false, or the disk refuses.
    """
    folder = Path(folder)
    for key, head in heads.items():
        if key != head.name:
            raise ModelError(
                f"head {head.name!r} under the name {key!r}",
                expected="each head under its own name",
                fix=f"name it {head.name!r}",
            )
        check_head(head, width=int(config["hidden_size"]))
    if projection is not None:
        check_projection(projection, width=int(config["hidden_size"]))
    if folder.exists() and not overwrite:
        raise OutputError(
            f"{folder} exists",
            expected="a folder that does not exist yet",
            fix="choose another folder or pass overwrite=True",
        )
    manifest = {
        "format": FORMAT,
        "name": name,
        "backbone": config["model_type"],
        "pooling": "mean",
        "normalise": True,
        "prefix": prefix,
        "max_tokens": min(512, int(config["max_position_embeddings"])),
        "heads": list(heads),
        "languages": list(languages),
        "licence": licence,
        "cxnlp_version": __version__,
    }
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
            fresh = Path(scratch) / "fresh"
            _write_parts(fresh, backbone_state, config, Path(tokenizer), heads, card)
            if projection is not None:
                tensors = {"weight": _float32(projection.weight), "bias": _float32(projection.bias)}
                save_file(tensors, fresh / PROJECTION)
            if figures is not None:
                (fresh / FIGURES).write_text(figures, encoding="utf-8")
            if trained_on is not None:
                (fresh / TRAINED_ON).write_bytes(trained_on)
            _write_manifest(fresh, manifest)
            _swap(fresh, folder, Path(scratch) / "old")
    except OSError as error:
        raise OutputError(
            f"cannot write {folder}: {error}",
            expected="a folder that can be written",
            fix="check the path, the rights and the free space",
        ) from error
    return folder


def _write_parts(
    folder: Path,
    backbone_state: Mapping[str, np.ndarray],
    config: Mapping[str, Any],
    tokenizer: Path,
    heads: Mapping[str, HeadWeights],
    card: str,
) -> None:
    (folder / WEIGHTS).parent.mkdir(parents=True)
    save_file(quantize(backbone_state), folder / WEIGHTS)
    write_json(folder / CONFIG, config)
    shutil.copyfile(tokenizer, folder / TOKENIZER)
    (folder / CARD).write_text(card, encoding="utf-8")
    for head in heads.values():
        description, weights = (folder / file for file in head_files(head.name))
        weights.parent.mkdir(parents=True)
        save_file({"weight": _float32(head.weight), "bias": _float32(head.bias)}, weights)
        entries = {
            "name": head.name,
            "kind": head.kind,
            "labels": head.labels,
            "thresholds": head.thresholds.tolist(),
            "temperature": head.temperature,
            "language_temperature": dict(head.language_temperature),
        }
        write_json(description, entries)


def _float32(values: np.ndarray) -> np.ndarray:
    # safetensors writes the buffer as it lies in memory: a transposed view would be stored wrongly.
    return np.ascontiguousarray(values, dtype=np.float32)


def _write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    names = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    write_json(folder / MANIFEST, manifest | {"files": {file: file_record(folder / file) for file in names}})


def write_json(file: Path, entries: Mapping[str, Any]) -> None:
    """Write a JSON object as every file of a model folder has it."""
    file.write_text(json.dumps(entries, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _swap(fresh: Path, folder: Path, old: Path) -> None:
    if not folder.exists():
        fresh.rename(folder)
        return
    folder.rename(old)
    try:
        fresh.rename(folder)
    except OSError:
        old.rename(folder)
        raise
