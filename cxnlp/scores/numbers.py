"""Numbers as people and exports write them: 9, '9.0', '4,5', '8/10', '5 stars', '★★★★', '10 - Extremely likely'."""

from __future__ import annotations

import math
import re
import unicodedata

import numpy as np
import pandas as pd

from cxnlp.scores.words import fold, text_of

__all__ = ["read_numbers"]

# A number, perhaps 'of' another one, perhaps words after it; a second number would make it a range or a sentence.
_NUMBER = re.compile(r"([+-]?\d+(?:[.,]\d+)?)\s*(?:(?:/|of|out of|von|z|din|su|sur|de|van)\s*(\d+))?(?!\d)[^\d]*")
_STARS = re.compile(r"([★⭐🌟]+)\s*☆*")


def read_numbers(values: pd.Series) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each cell as a number, the highest possible number where the cell says one ('8/10'), and which cells speak.

    Returns
    -------
    numbers : float array, NaN where the cell is no finite number.
    out_of : float array, NaN where the cell names no highest number.
    speaks : boolean array, False where the cell is empty or says 'n/a'.
    """
    text = text_of(values)
    read = {cell: _read(cell) for cell in text.dropna().unique()}
    numbers, out_of, speaks = (text.map({cell: found[part] for cell, found in read.items()}) for part in range(3))
    return numbers.to_numpy(dtype=float), out_of.to_numpy(dtype=float), speaks.eq(True).to_numpy(dtype=bool)


def _read(cell: str) -> tuple[float, float, bool]:
    text = unicodedata.normalize("NFKC", cell).replace("\ufe0f", "").strip()
    if stars := _STARS.fullmatch(text):
        return float(len(stars[1])), math.nan, True
    if number := _NUMBER.fullmatch(text.casefold()):
        return float(number[1].replace(",", ".")), float(number[2] or math.nan), True
    return math.nan, math.nan, fold(cell) is not None
