"""Which texts share a batch.

Every batch holds sequences of one length. So nothing is padded, no attention mask is needed, and what
a text shares its batch with cannot change its result beyond rounding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

__all__ = ["Window", "batches", "windows"]

_TEXTS_PER_CALL = 10_000
"""Texts handed to the tokenizer at once: bounds the memory of its Python objects."""


@dataclass(frozen=True, slots=True)
class Window:
    """A piece sequence that the network reads at once: a whole text, or one stretch of a long one."""

    text: int
    """Position of its text."""
    ids: np.ndarray
    """Piece numbers, int32, special pieces included."""


def windows(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Window]:
    """Cut texts into piece sequences no longer than the tokenizer's truncation length, in text order."""
    found: list[Window] = []
    for start in range(0, len(texts), _TEXTS_PER_CALL):
        encodings = tokenizer.encode_batch_fast(list(texts[start : start + _TEXTS_PER_CALL]))
        for text, encoding in enumerate(encodings, start):
            found.extend(Window(text, np.array(part.ids, dtype=np.int32)) for part in (encoding, *encoding.overflowing))
    return found


def batches(found: Sequence[Window], texts: Sequence[str], *, tokens_per_batch: int) -> Iterator[list[Window]]:
    """Group windows by length, longest first, at most `tokens_per_batch` pieces a batch (at least one window).

    Ties are broken by the text itself, so the same set of texts makes the same batches in any order.
    """
    batch: list[Window] = []
    for window in sorted(found, key=lambda window: (-len(window.ids), texts[window.text])):
        full = (len(batch) + 1) * len(window.ids) > tokens_per_batch
        if batch and (full or len(window.ids) != len(batch[0].ids)):
            yield batch
            batch = []
        batch.append(window)
    if batch:
        yield batch
