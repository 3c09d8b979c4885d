"""Arrays with words beside them in one safetensors file: what cxnlp leaves in a result folder for later runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

__all__ = ["UNREADABLE", "pack", "unpack"]

UNREADABLE = (SafetensorError, KeyError, TypeError, ValueError, IndexError)
"""What `unpack`, and the use of what it returns, may raise for a file that is damaged or of another format."""

_FORMAT = "1"


def pack(arrays: Mapping[str, np.ndarray], words: Mapping[str, Any]) -> bytes:
    """The file: ``arrays`` as tensors, ``words`` as JSON in the header; equal content gives equal bytes."""
    # One entry of metadata, because safetensors writes several in an order that changes from run to run.
    header = {"cxnlp": json.dumps({"format": _FORMAT, **words}, sort_keys=True)}
    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, header)


def unpack(data: bytes) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays and the words of a file that `pack` made; raises one of `UNREADABLE` for another."""
    arrays = load(data)
    length = int.from_bytes(data[:8], "little")
    words: dict[str, Any] = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["cxnlp"])
    if words["format"] != _FORMAT:
        raise ValueError(f"format {words['format']}, and this version reads {_FORMAT}")
    return arrays, words
