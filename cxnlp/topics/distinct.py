"""Distinct statements in an order of their own: everything after this is blind to the order of the input."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = ["Distinct", "distinct"]


@dataclass(frozen=True, slots=True)
class Distinct:
    """Distinct statements, text and language, sorted by both.

    ``texts``, ``languages`` and ``counts`` (m,): the text, its language ('' where unknown), and how many statements
    say it. ``first`` (m,): a statement with that text. ``of_statement`` (n,): the distinct statement of each
    statement. ``fitted``: sorted positions of those that are clustered.
    """

    texts: np.ndarray
    languages: np.ndarray
    counts: np.ndarray
    first: np.ndarray
    of_statement: np.ndarray
    fitted: np.ndarray


def distinct(table: pd.DataFrame, sample: int) -> Distinct:
    """Distinct statements of a statements table, and the at most `sample` of them with the smallest hash.

    The sample is drawn by a hash of the text, so that it depends neither on the order of the rows nor on
    a random state, and adding rows changes it little.
    """
    texts = table["text"].astype(object).where(table["text"].notna(), "").to_numpy(dtype=object)
    languages = table["language"].astype(object).where(table["language"].notna(), "").to_numpy(dtype=object)
    # The language ends behind the last NUL, whatever the text holds.
    pairs, first, of_statement, counts = np.unique(
        texts + "\0" + languages, return_index=True, return_inverse=True, return_counts=True
    )
    unique = texts[first]
    fitted = np.arange(len(unique))
    if len(unique) > sample:
        fitted = np.sort(np.array(sorted(range(len(unique)), key=[_hash(pair) for pair in pairs].__getitem__)[:sample]))
    return Distinct(unique, languages[first], counts.astype(np.float64), first, of_statement, fitted)


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
