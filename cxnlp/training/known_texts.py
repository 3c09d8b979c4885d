"""Texts that a model was trained or calibrated with, as the hashes that its folder keeps."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cxnlp import registry
from cxnlp.text.normalise import normalise
from cxnlp.text.privacy import mask

__all__ = ["hashes"]


def hashes(texts: Iterable[str]) -> np.ndarray:
    """Sorted hashes, uint64, of `texts` as they are, and as cleaning leaves them in the tables of an analysis."""
    raw = sorted(set(texts))
    return np.unique(registry.text_hashes([*raw, *(mask(normalise(text))[0] for text in raw)]))
