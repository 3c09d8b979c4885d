"""Whether the statements of a topic have moved: the distance of two centroids and its permutation test."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

__all__ = ["Drift", "Blocks", "blocks", "drift", "LEAST"]

LEAST = 10
"""Statements that a topic needs in each wave before its centroids are compared."""

_CELLS = 2_000_000
"""Labels that are permuted at once; bounds the memory."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """The statements of one topic, added up by customer (or comment): the blocks that are exchanged whole.

    ``sums`` (u, d): sum of a block's points. ``size`` (u,): its statements. ``after`` (u,): its wave.
    ``stratum`` (u,): its language 0..s-1, ascending. Of languages that only one wave has there are no blocks.
    """

    sums: np.ndarray
    size: np.ndarray
    after: np.ndarray
    stratum: np.ndarray


@dataclass(frozen=True, slots=True)
class Drift:
    """``distance`` of the centroids and its ``p``; over how many ``blocks`` and ``languages``."""

    distance: float
    p: float
    blocks: int
    languages: int


def blocks(points: np.ndarray, after: np.ndarray, unit: np.ndarray, language: np.ndarray, key: np.ndarray) -> Blocks:
    """Add up the statements of a topic by customer, in an order that depends on what they say alone.

    A customer's language is the one most of these statements have, the first among equals.

    Parameters
    ----------
    points : float array (n, d).
    after : boolean array (n,), true for statements of the second wave.
    unit : integer array (n,), customer within the wave.
    language : integer array (n,), number of the language.
    key : uint64 array (n,), hash of text and language.
    """
    order = np.lexsort((key, unit, after))
    after, unit, language, key = after[order], unit[order], language[order], key[order]
    start = np.flatnonzero(np.r_[True, (np.diff(unit) != 0) | (after[1:] != after[:-1])])
    block = np.repeat(np.arange(len(start)), np.diff(np.r_[start, len(unit)]))
    spoken = np.zeros((len(start), int(language.max()) + 1), dtype=np.int64)
    np.add.at(spoken, (block, language), 1)
    main = spoken.argmax(axis=1)
    content = np.add.reduceat(key, start)  # wraps around; the same words give the same number in any order
    shared = np.intersect1d(main[after[start]], main[~after[start]])
    kept = np.lexsort((content, main))
    kept = kept[np.isin(main[kept], shared)]
    return Blocks(
        np.add.reduceat(points[order], start, axis=0)[kept],
        np.bincount(block)[kept],
        after[start][kept],
        np.searchsorted(shared, main[kept]),
    )


def drift(parts: Blocks, permutations: int, seed: int, name: str) -> Drift:
    """Distance between the centroids of the two waves, with its permutation p-value.

    The centroids are compared language by language and their differences averaged with the languages' shares of
    all statements, both waves together, as weights: another mix of languages moves nothing. Under the null the
    waves of the blocks are exchangeable within a language; they are permuted, the numbers of blocks of each wave
    kept, and p = (1 + permutations at least as far apart) / (1 + permutations) (Phipson and Smyth 2010,
    Statistical Applications in Genetics and Molecular Biology 9:39). Swapping the waves gives the same p.

    Parameters
    ----------
    parts : at least one block; see `blocks`.
    permutations : how many are drawn.
    seed, name : of the random numbers; with the name of the topic, other topics do not matter.
    """
    random = np.random.default_rng([seed, *hashlib.blake2b(name.encode("utf-8", "surrogatepass")).digest()])
    first = _smaller_wave(parts)
    weight = np.bincount(parts.stratum, parts.size) / parts.size.sum()
    seen = np.zeros((1, parts.sums.shape[1]))
    drawn = np.zeros((permutations, parts.sums.shape[1]))
    for stratum, share in enumerate(weight):
        own = parts.stratum == stratum
        sums, size = parts.sums[own], parts.size[own].astype(np.float64)
        seen += share * _difference(first[own][None], sums, size)
        labels = np.sort(first[own])
        step = max(1, _CELLS // len(labels))
        for begin in range(0, permutations, step):
            batch = np.tile(labels, (min(step, permutations - begin), 1))
            drawn[begin : begin + step] += share * _difference(random.permuted(batch, axis=1), sums, size)
    square, squares = float((seen**2).sum()), (drawn**2).sum(axis=1)
    # Equal distances may differ in their last bits, which depend on the processor.
    beyond = int((squares >= square * (1 - 1e-9) - 1e-12).sum())
    return Drift(float(np.sqrt(square)), (1 + beyond) / (1 + permutations), len(parts.size), len(weight))


def _smaller_wave(parts: Blocks) -> np.ndarray:
    """Blocks of the wave with fewer of them, boolean (u,): the same whichever wave is called the first."""
    counts = [np.bincount(parts.stratum[chosen], minlength=2).tolist() for chosen in (parts.after, ~parts.after)]
    return parts.after if counts[0] <= counts[1] else ~parts.after


def _difference(chosen: np.ndarray, sums: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Centroid of the chosen blocks minus that of the others, (b, d), for boolean choices (b, u)."""
    share = chosen.astype(np.float64)
    part, count = share @ sums, (share @ size)[:, None]
    return part / count - (sums.sum(axis=0) - part) / (size.sum() - count)
