"""Which texts trained a model, as hashes: what trained it must never be taken to judge it."""

from __future__ import annotations

import hashlib
import os
import unicodedata
import uuid
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from cxnlp.errors import OutputError
from cxnlp.registry.layout import MANIFEST, TRAINED_ON, damaged, read_json, read_manifest, read_tensors
from cxnlp.registry.verification import file_record
from cxnlp.registry.writing import write_json

__all__ = ["add_trained_on", "read_trained_on", "text_hashes", "trained_on_file"]

_TENSOR = "hashes"
_BYTES = 8


def text_hashes(texts: Iterable[str]) -> np.ndarray:
    """One number a text, uint64, in the order given; case, runs of blanks and the composition of accents do not count.

    The first 8 bytes of BLAKE2b: a million texts beside 50,000 that trained meet one of them by chance once in 4 x 10^8
    times.
    """
    return np.fromiter((_hash(text) for text in texts), dtype=np.uint64)


def trained_on_file(hashes: np.ndarray) -> bytes:
    """The file of a model folder that holds `hashes`, sorted and once each; equal texts give equal bytes."""
    return save({_TENSOR: np.unique(hashes.astype(np.uint64))})


def read_trained_on(path: Path) -> np.ndarray | None:
    """Sorted hashes, uint64, of the texts that trained the model in folder `path`; None where it does not say.

    Raises ModelError where the file is damaged.
    """
    if TRAINED_ON not in read_manifest(path).files:
        return None
    file = Path(path) / TRAINED_ON
    hashes = read_tensors(file).get(_TENSOR)
    if hashes is None or hashes.dtype != np.uint64 or hashes.ndim != 1:
        raise damaged(file, f"it lacks the tensor {_TENSOR!r} of hashes")
    return np.sort(hashes)


def add_trained_on(folder: Path, hashes: np.ndarray) -> None:
    """Write down in the model `folder`, which is there already, which texts trained it; its manifest lists the file.

    Raises ModelError for a folder that holds no model and OutputError where it cannot be written to.
    """
    folder = Path(folder)
    read_manifest(folder)
    manifest = read_json(folder / MANIFEST)
    try:
        _replace(folder / TRAINED_ON, trained_on_file(hashes))
        listed = manifest["files"] | {TRAINED_ON: list(file_record(folder / TRAINED_ON))}
        manifest["files"] = dict(sorted(listed.items()))
        aside = folder / f".{uuid.uuid4().hex}"
        write_json(aside, manifest)
        os.replace(aside, folder / MANIFEST)
    except OSError as error:
        raise OutputError(
            f"cannot write to {folder}: {error.strerror}",
            expected="a model folder that can be written to",
            fix="check the rights and the free space",
        ) from error


def _replace(path: Path, content: bytes) -> None:
    aside = path.parent / f".{uuid.uuid4().hex}"
    aside.write_bytes(content)
    os.replace(aside, path)


def _hash(text: str) -> int:
    plain = " ".join(unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold()).split())
    return int.from_bytes(hashlib.blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=_BYTES).digest())
