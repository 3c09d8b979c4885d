"""Answers summed by segment and topic, customer by customer, so that customers can be drawn again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from cxnlp.waves.measures import NO_COMMENT, NO_TOPIC, Observed

__all__ = ["OTHER", "Cells", "Grid", "grid", "lay_out", "resampled"]

OTHER = "(other)"
"""Segments with too few answers, together."""

LEAST_ANSWERS = 30
MOST_SEGMENTS = 50
LEAST_IN_CELL = 10
"""Customers of the smaller wave in a cell, on average: of fewer, resamples vary less than waves do (README.md)."""

_UNIT = 2**32
"""Shares and values are counted in whole numbers of 1/2^32: such sums are exact, so no order of rows shows in them."""

_NUMBERS_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True)
class Grid:
    """The g segments and k topics that both waves are laid out on. ``pooled``: segments that went into OTHER."""

    segments: tuple[str, ...]
    topics: tuple[str, ...]
    pooled: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """(g, k)"""
        return len(self.segments), len(self.topics)


@dataclass(frozen=True, slots=True)
class Cells:
    """One wave on a grid of c = g k cells.

    Customers who gave the same answers about the same are one of t kinds, ``count`` (t,) customers each. ``shares``
    and ``values``: CSR matrices (t, c): the sum over a customer's answers of 1/m in each of the m topics that an
    answer speaks of, and of value/m. ``answers``: how many there are in each segment (g,) and with each topic (k,);
    ``customers``: the same of those who gave them. ``mean`` and ``variance``: of all values.
    """

    count: np.ndarray
    shares: sparse.csr_array
    values: sparse.csr_array
    answers: tuple[np.ndarray, np.ndarray]
    customers: tuple[np.ndarray, np.ndarray]
    mean: float
    variance: float

    @property
    def n(self) -> int:
        """Answers."""
        return int(self.answers[0].sum())

    @property
    def n_customers(self) -> int:
        """Customers who gave them."""
        return int(self.count.sum())

    def sums(self, times: np.ndarray | None = None) -> np.ndarray:
        """Shares and values (2, b, g, k) of b waves with ``times`` (b, t) customers of each kind; None: as it is."""
        counts = self.count[None, :].astype(float) if times is None else times
        shape = len(counts), len(self.answers[0]), len(self.answers[1])
        return np.stack([(counts @ one).reshape(shape) for one in (self.shares, self.values)])


def grid(before: Observed, after: Observed, topic_ids: list[str]) -> Grid:
    """The segments by falling size, then by name, and the topics in the order of `topic_ids`, that either wave has.

    The smallest segments are pooled: those of fewer than 30 answers in both waves together, and as many as it
    takes for a segment and topic to have 10 customers on average in the smaller wave. Topics count for that by their
    effective number, one over the sum of their squared shares (Hill 1973, Ecology 54:427-432). A segment that is new
    or gone stays where it is large enough.
    """
    sizes = pd.Series(np.concatenate([before.segment, after.segment]), dtype=object).value_counts()
    ordered = sorted(sizes.index, key=lambda name: (-sizes[name], name))
    shares = pd.Series(np.concatenate([before.topic, after.topic]), dtype=object).value_counts(normalize=True)
    customers = min(len(np.unique(wave.customer)) for wave in (before, after))
    most = min(MOST_SEGMENTS, int(customers * (shares.sort_index() ** 2).sum() / LEAST_IN_CELL))
    kept = [name for name in ordered if sizes[name] >= LEAST_ANSWERS][:MOST_SEGMENTS]
    if len(kept) < len(ordered) or len(kept) > most:
        kept = kept[: max(most - 1, 0)]  # the pooled ones are a segment too
    pooled = tuple(name for name in ordered if name not in set(kept))
    topics = [name for name in (*topic_ids, NO_TOPIC, NO_COMMENT) if name in shares.index]
    return Grid((*kept, *([OTHER] if pooled else [])), tuple(topics), pooled)


def lay_out(wave: Observed, on: Grid) -> Cells:
    """The answers of `wave` on the grid."""
    g, k = on.shape
    segment = pd.Index(on.segments).get_indexer(pd.Index(wave.segment, dtype=object))
    segment = np.where(segment < 0, g - 1, segment)  # the pooled ones are last
    topic = pd.Index(on.topics).get_indexer(pd.Index(wave.topic, dtype=object))
    cell = segment[wave.answer] * k + topic
    part = np.rint(_UNIT / np.bincount(wave.answer, minlength=len(wave.value))[wave.answer])
    customer = pd.factorize(wave.customer)[0]
    at, shape = (customer[wave.answer], cell), (int(customer.max()) + 1, g * k)
    shares, values = (
        sparse.coo_array((np.rint(one).astype(np.int64), at), shape=shape).tocsr()
        for one in (part, part * wave.value[wave.answer])
    )
    first, count = _kinds(shares, values)
    ordered = np.sort(wave.value)  # so that the last bit of a sum tells nothing of the order of the rows
    return Cells(
        count,
        shares[first].astype(float) / _UNIT,
        values[first].astype(float) / _UNIT,
        (np.bincount(segment, minlength=g), np.bincount(topic, minlength=k)),
        (_distinct(segment, customer, g), _distinct(topic, customer[wave.answer], k)),
        float(ordered.mean()),
        float(ordered.var()),
    )


def resampled(before: Cells, after: Cells, resamples: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """`Cells.sums` of both waves with their customers drawn again with replacement, b resamples at a time.

    The waves are drawn independently. What is drawn depends on the answers alone, not on their order.
    """
    streams = [np.random.default_rng([seed, late]) for late in range(2)]
    largest = max(before.n_customers, after.n_customers, 16 * before.shares.shape[1])
    at_once = max(1, _NUMBERS_AT_ONCE // largest)
    for start in range(0, resamples, at_once):
        b = min(at_once, resamples - start)
        yield before.sums(_draw(before, b, streams[0])), after.sums(_draw(after, b, streams[1]))


def _draw(wave: Cells, b: int, stream: np.random.Generator) -> np.ndarray:
    """How many customers of each kind b resamples hold, (b, t)."""
    kinds = len(wave.count)
    owner = np.repeat(np.arange(kinds), wave.count)
    chosen = owner[stream.integers(0, len(owner), (b, len(owner)))]
    chosen += np.arange(b)[:, None] * kinds
    return np.bincount(chosen.ravel(), minlength=b * kinds).reshape(b, kinds).astype(float)


def _kinds(shares: sparse.csr_array, values: sparse.csr_array) -> tuple[np.ndarray, np.ndarray]:
    """One customer of each kind, and how many there are, in an order that depends on their answers alone."""
    random = np.random.default_rng(0)
    marks = random.integers(1, 2**63, (2, shares.shape[1]), dtype=np.uint64)
    # Whole numbers modulo 2^64: equal customers have equal marks whatever the order of the sum.
    mark = shares.astype(np.uint64) @ marks[0] + values.astype(np.uint64) @ marks[1]
    _, first, count = np.unique(mark, return_index=True, return_counts=True)
    return first, count


def _distinct(group: np.ndarray, customer: np.ndarray, k: int) -> np.ndarray:
    """Customers in each of k groups."""
    pairs = np.unique(customer.astype(np.int64) * max(k, 1) + group)
    return np.bincount(pairs % max(k, 1), minlength=k)
