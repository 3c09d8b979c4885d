"""What the model computed, on disk: a later run over the same comments, or a comparison, need not compute it again."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cxnlp.errors import InputError
from cxnlp.results import Encoding, ModelInfo
from cxnlp.tensors import UNREADABLE, pack, unpack

__all__ = ["FILE", "Stored", "read", "to_bytes"]

FILE = "encoding.safetensors"
_HEAD = "head."


@dataclass(frozen=True, slots=True)
class Stored:
    """Encodings by text.

    ``row``: key of a (text, language) pair -> row of the arrays. ``embedding`` float32 (m, width);
    ``probabilities`` and ``thresholds`` as in `results.Encoding`. ``model``: which weights spoke.
    """

    row: dict[bytes, int]
    embedding: np.ndarray
    probabilities: dict[str, np.ndarray]
    thresholds: dict[str, np.ndarray]
    model: ModelInfo

    def rows(self, texts: list[str], languages: list[str]) -> np.ndarray:
        """Row of each pair (n,), -1 for one that is not stored."""
        found = [self.row.get(key(text, language), -1) for text, language in zip(texts, languages, strict=True)]
        return np.array(found, dtype=np.int64)


def key(text: str, language: str) -> bytes:
    """16 bytes that name a text in a language."""
    return hashlib.blake2b(f"{text}\0{language}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


def to_bytes(encoding: Encoding, texts: list[str], languages: list[str]) -> bytes:
    """The encoding of n statements as a file; equal pairs are stored once, in an order of their own."""
    keys = [key(text, language) for text, language in zip(texts, languages, strict=True)]
    first: dict[bytes, int] = {}
    for row, one in enumerate(keys):
        first.setdefault(one, row)
    chosen = sorted(first)
    rows = np.array([first[one] for one in chosen], dtype=np.int64)
    arrays = {
        "key": np.frombuffer(b"".join(chosen), dtype=np.uint8).reshape(len(chosen), 16),
        "embedding": encoding.embedding[rows],
    }
    arrays |= {f"{_HEAD}{name}": values[rows] for name, values in encoding.probabilities.items()}
    words: dict[str, Any] = {
        "model": dataclasses.asdict(encoding.model),
        "thresholds": {name: np.asarray(values).tolist() for name, values in encoding.thresholds.items()},
    }
    return pack(arrays, words)


def read(folder: Path) -> Stored:
    """What an analysis left in `folder`; InputError where there is none or it cannot be read."""
    path = Path(folder) / FILE
    try:
        data = path.read_bytes()
        arrays, words = unpack(data)
        keys = [one.tobytes() for one in arrays["key"]]
        probabilities = {name.removeprefix(_HEAD): a for name, a in arrays.items() if name.startswith(_HEAD)}
        thresholds = {name: np.array(values) for name, values in words["thresholds"].items()}
        return Stored(
            {one: row for row, one in enumerate(keys)},
            arrays["embedding"],
            probabilities,
            thresholds,
            _model(words["model"]),
        )
    except OSError as error:
        raise InputError(
            f"no {FILE} in {folder}: {error.strerror}",
            expected="the result folder of `cxnlp analyze` or `cxnlp tag`",
            fix="name that folder, or analyze again with this version of cxnlp",
        ) from error
    except UNREADABLE as error:
        raise InputError(
            f"{path} cannot be read: {error}",
            expected="the file as cxnlp wrote it",
            fix="analyze again, or take the file from a backup",
        ) from error


def _model(words: dict[str, Any]) -> ModelInfo:
    inner = words.pop("sentiment")
    words["heads"] = tuple(words["heads"])
    return ModelInfo(**words, sentiment=None if inner is None else _model(inner))
