"""Which texts share a batch.

A batch is sorted by length, and attention runs over texts of one length at a time. So no text is padded,
and what it shares its batch with cannot change its result beyond rounding.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

__all__ = ["PieceCutter", "Window", "batches", "readable", "too_long", "windows"]

_SPECIAL_PIECES = 8
"""At least as many as any tokenizer puts around a text."""
_TEXTS_PER_CALL = 10_000
"""Texts handed to the tokenizer at once: bounds the memory of its Python objects."""


@dataclass(frozen=True, slots=True)
class Window:
    """A piece sequence that the network reads at once: a whole text, or one stretch of a long one."""

    text: int
    """Position of its text."""
    ids: np.ndarray
    """Piece numbers, int32, special pieces included."""


class PieceCutter(Protocol):
    """What cuts texts into pieces: a `tokenizers.Tokenizer`, or what stands in for one."""

    def encode_batch_fast(self, input: list[str]) -> Sequence[Any]:
        """For each text ``ids``, its pieces or the first window of them, and ``overflowing``, the other windows."""


def readable(text: str) -> str:
    """`text` as a tokenizer takes it: Unicode normal form C, surrogate pairs joined, half a pair as U+FFFD."""
    if not text.isascii():
        # Through UTF-16 two halves of a character find each other.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return unicodedata.normalize("NFC", text)


def too_long(tokenizer: PieceCutter, texts: Sequence[str], *, prefix: str, max_tokens: int) -> np.ndarray:
    """Which texts do not fit into one window of `max_tokens` pieces: flags (n,)."""
    prepared = [prefix + readable(text) for text in texts]
    # No piece is shorter than a byte of what a tokenizer makes of the text: only long ones need be cut to be sure.
    near = [
        number
        for number, text in enumerate(prepared)
        if len(unicodedata.normalize("NFKC", text).encode()) + _SPECIAL_PIECES > max_tokens
    ]
    n_windows = np.zeros(len(texts), dtype=np.int64)
    np.add.at(n_windows, [near[window.text] for window in windows(tokenizer, [prepared[n] for n in near])], 1)
    return n_windows > 1


def windows(tokenizer: PieceCutter, texts: Sequence[str]) -> list[Window]:
    """Cut texts into piece sequences no longer than the tokenizer's truncation length, in text order."""
    found: list[Window] = []
    for start in range(0, len(texts), _TEXTS_PER_CALL):
        encodings = tokenizer.encode_batch_fast(list(texts[start : start + _TEXTS_PER_CALL]))
        for text, encoding in enumerate(encodings, start):
            found.extend(Window(text, np.array(part.ids, dtype=np.int32)) for part in (encoding, *encoding.overflowing))
    return found


def batches(found: Sequence[Window], texts: Sequence[str], *, tokens_per_batch: int) -> Iterator[list[Window]]:
    """Cut the windows, longest first, into batches of at most `tokens_per_batch` pieces (at least one window).

    Ties are broken by the text itself, so the same set of texts makes the same batches in any order.
    """
    batch: list[Window] = []
    size = 0
    for window in sorted(found, key=lambda window: (-len(window.ids), texts[window.text])):
        if batch and size + len(window.ids) > tokens_per_batch:
            yield batch
            batch, size = [], 0
        batch.append(window)
        size += len(window.ids)
    if batch:
        yield batch
