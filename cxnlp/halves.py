"""Two random halves of the customers that stay the same in any order, on any machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

__all__ = ["in_first_half"]


def in_first_half(keys: Iterable[str]) -> np.ndarray:
    """Bool array, one entry a key: the parity of a hash of the key decides."""
    return np.fromiter((_parity(key) for key in keys), dtype=bool)


def _parity(key: str) -> bool:
    return bool(hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=1).digest()[0] & 1)
