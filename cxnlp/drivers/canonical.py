"""An order of units that does not depend on the order of the input, for sums and for random draws.

Units without a name are told apart by what they hold; units that hold the same are interchangeable.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

__all__ = ["kinds", "patterns", "content", "by_content"]


def kinds(*keys: np.ndarray) -> np.ndarray:
    """Number of each unit's combination of keys, from 0 in sorted order, the last key first: int (n,)."""
    order = np.lexsort(keys)
    new = np.zeros(len(order), dtype=bool)
    for key in keys:
        new[1:] |= key[order[1:]] != key[order[:-1]]
    result = np.empty(len(order), dtype=np.intp)
    result[order] = np.cumsum(new)
    return result


def patterns(mentions: sparse.csr_array) -> np.ndarray:
    """Kinds of rows of a matrix of zeros and ones (n, k): int (n,)."""
    bits = np.packbits(mentions.astype(bool).toarray(), axis=1)
    words = np.pad(bits, ((0, 0), (0, -bits.shape[1] % 8))).view(np.uint64)
    return kinds(*words.T) if words.shape[1] else np.zeros(mentions.shape[0], dtype=np.intp)


def content(kind: np.ndarray, group: np.ndarray) -> np.ndarray:
    """A number per group, 0 to ``group.max()``, that depends on nothing but the kinds of its units: uint64.

    The sum of random numbers of the kinds, modulo 2^64, whatever the order of summation.
    """
    drawn = np.random.default_rng(0).integers(0, 2**64, kind.max(initial=0) + 1, dtype=np.uint64)
    result = np.zeros(group.max(initial=-1) + 1, dtype=np.uint64)
    np.add.at(result, group, drawn[kind])
    return result


def by_content(kind: np.ndarray, group: np.ndarray) -> np.ndarray:
    """The groups renumbered from 0 in the order of their `content`: int (n,)."""
    number = np.unique(group, return_inverse=True)[1].ravel()
    held = content(kind, number)
    place = np.empty(len(held), dtype=np.intp)
    place[np.argsort(held, kind="stable")] = np.arange(len(held))
    return place[number]
