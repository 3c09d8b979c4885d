"""Which units people are asked about: a random sample with known chances, larger where it matters most."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxnlp.audit.finished import STAGE, Finished, trained
from cxnlp.errors import InputError, SettingsError
from cxnlp.results import Note

__all__ = ["LARGEST", "WORTH", "Drawn", "chances", "draw", "order_sample", "size_of"]

WORTH = ("CONFIRMED", "PROBABLE", "WATCH")
"""Tiers of tests whose mentions are drawn more often: an audit may decide about them."""

LARGEST = 5.0
"""A unit is at most so many times as likely to be drawn as another: no weight grows beyond that."""

_WANTED = 0.10
"""A test's mentions get such a size that, of a sample of 300, about 30 mention it."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sample: ``rows`` are the statements of the drawn units, as `finished.Finished.spoken`, with ``probability``,
    the chance that the unit had to be drawn; in an order that says nothing."""

    rows: pd.DataFrame
    notes: tuple[Note, ...] = ()


def draw(finished: Finished, *, n: int, seed: int = 0, equal: bool = False) -> Drawn:
    """Draw `n` units (customers, else comments); all that they said inside the window comes with them.

    The same `seed` and a larger `n` give a sample that holds the smaller one. Units whose words trained the model are
    never drawn. Raises SettingsError for an `n` below 2 and InputError where no unit can be drawn.

    Parameters
    ----------
    equal : a simple random sample, in place of one with more of the units that tests near a flag rest on.
    """
    if n < 2:
        raise SettingsError(f"--n {n}", expected="at least 2 units: one has no spread", fix="--n 300")
    known, notes = trained(finished)
    spoken = finished.spoken
    unfit = spoken.loc[known, "unit_name"].unique()
    spoken = spoken[~spoken["unit_name"].isin(unfit)]
    if spoken.empty:
        raise InputError(
            f"every unit of {finished.folder} holds words that trained the model",
            expected="comments that the model has not seen",
            fix="audit another analysis",
        )
    size = size_of(spoken, finished.drivers)
    if equal:
        size = pd.Series(1.0, index=size.index)
    chosen, probability = order_sample(size, n, seed)
    taken = spoken[spoken["unit_name"].isin(size.index[chosen])]
    chance = pd.Series(probability, index=size.index)
    rows = taken.assign(
        probability=taken["unit_name"].map(chance), _order=[_random(u, "o") for u in taken["unit_name"]]
    )
    rows = rows.sort_values(["_order", "unit_name", "statement_id"], ignore_index=True).drop(columns="_order")
    if len(unfit):
        message = "units with words that trained the model: they are not in the sample, which speaks of the others"
        notes = (*notes, Note(STAGE, message, len(unfit), "info"))
    if n > len(size):
        notes = (*notes, Note(STAGE, f"fewer than {n:,} units: all of them are in the sample", len(size), "info"))
    return Drawn(rows, notes)


def size_of(spoken: pd.DataFrame, drivers: pd.DataFrame) -> pd.Series:
    """How much more often than others each unit is to be drawn, 1 to `LARGEST`; index unit_name, sorted.

    A unit that mentions what a test of a tier in `WORTH` tests gets ``_WANTED`` times the number of units over the
    number that mention it, at least 2: rare topics get more. Of several such tests the rarest counts.
    """
    names = pd.Index(sorted(spoken["unit_name"].unique()), name="unit_name")
    size = pd.Series(1.0, index=names)
    tests = drivers.loc[drivers["tier"].isin(WORTH), ["topic_id", "stage", "polarity"]].drop_duplicates()
    for topic, stage, polarity in tests.itertuples(index=False):
        mention = (spoken["topic_id"] == topic) & (spoken["sentiment_label"] == polarity)
        if stage != "all":
            mention &= spoken["stage"] == stage
        units = pd.Index(spoken.loc[mention, "unit_name"].unique())
        if len(units):
            size[units] = np.maximum(size[units], np.clip(_WANTED * len(names) / len(units), 2.0, LARGEST))
    return size


def order_sample(size: pd.Series, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Sequential Poisson sampling with permanent random numbers: which units (bool), and each one's chance (float).

    Unit i gets the number u_i, uniform on 0 to 1, from a hash of its name and `seed`; the `n` units with the smallest
    u_i / size_i are drawn, so that `n` + 1 units hold these `n` (Ohlsson 1998, Journal of Official Statistics
    14:149-162). The chance is min(1, t size_i), with t such that the chances sum to `n`; it holds up to terms of
    order 1/`n`.
    """
    names = size.index
    if n >= len(names):
        return np.ones(len(names), dtype=bool), np.ones(len(names))
    rank = np.array([_random(name, f"d{seed}") for name in names]) / size.to_numpy()
    chosen = np.zeros(len(names), dtype=bool)
    chosen[np.lexsort((names.to_numpy(dtype=str), rank))[:n]] = True
    return chosen, chances(size.to_numpy(), n)


def chances(size: np.ndarray, n: int) -> np.ndarray:
    """min(1, t `size`) with t such that they sum to `n`, which is below the number of units."""
    return np.round(np.minimum(1.0, size * _scale(size, n)), 12)


def _scale(size: np.ndarray, n: int) -> float:
    ordered = np.sort(size)[::-1]
    rest = np.cumsum(ordered[::-1])[::-1]  # sum of this and all smaller ones
    for certain in range(n):
        t = (n - certain) / rest[certain]
        if t * ordered[certain] <= 1:
            return float(t)
    return float("inf")


def _random(name: str, salt: str) -> float:
    content = f"{salt}\x1f{name}".encode("utf-8", "surrogatepass")
    digest = hashlib.blake2b(content, digest_size=8, person=b"cxnlp audit").digest()
    # Half a step above zero: no unit has the number 0, which would be drawn whatever its size.
    return (int.from_bytes(digest) >> 11) / 2**53 + 2**-54
