"""A sample in an order of its own, with the controls taken out of its outcome: what the refutations compute on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from cxnlp.drivers.canonical import by_content, kinds, patterns
from cxnlp.drivers.sample import Sample

__all__ = ["Order", "Partialled", "blocks", "canonical_order", "partial_out"]

_NUMBERS_PER_BLOCK = 4_000_000


@dataclass(frozen=True, slots=True)
class Order:
    """``units`` (n,): positions in the sample, in an order that does not depend on the input's. ``cluster`` (n,): the
    cluster of each of them, numbered from 0 as they come; None where units are independent."""

    units: np.ndarray
    cluster: np.ndarray | None


@dataclass(frozen=True, slots=True)
class Partialled:
    """Outcome and mentions beside what the controls explain of them (Frisch and Waugh 1933, Lovell 1963).

    Units are sorted by what is known of them, clusters and strata together, so that random draws fall alike for any
    order of the input. ``by_test``: mentions as float CSR (k, n). ``residual`` (n,): outcome minus its least-squares
    fit on ``matrix[cell]``, float (cells, parameters) by int (n,). ``slope`` (k, parameters): coefficients of the
    mentions on the same. ``spread`` (k,): sum of squares of each mention's own residuals; NaN where the controls
    determine it. ``stratum`` and ``cluster``: int (n,), sorted and numbered from 0, the latter None where units are
    independent.
    """

    by_test: sparse.csr_array
    residual: np.ndarray
    matrix: np.ndarray
    cell: np.ndarray
    slope: np.ndarray
    spread: np.ndarray
    stratum: np.ndarray
    cluster: np.ndarray | None

    @property
    def n_mentions(self) -> np.ndarray:
        """Units that mention it, int (k,)."""
        return np.diff(self.by_test.indptr)

    def by_cell(self, values: np.ndarray) -> np.ndarray:
        """Sums of values (n, runs) over the units of each cell: (cells, runs)."""
        n = len(self.cell)
        member = sparse.csr_array((np.ones(n), (self.cell, np.arange(n))), shape=(len(self.matrix), n))
        return np.asarray(member @ values)

    def scores(self, values: np.ndarray) -> np.ndarray:
        """Products of each mention's residuals with values (n, runs): (k, runs)."""
        explained = self.slope @ (self.matrix.T @ self.by_cell(values))
        return np.asarray(self.by_test @ values) - explained

    def explained(self) -> sparse.csr_array:
        """`by_test` with what the controls explain of each mention, instead of ones."""
        values = np.empty(len(self.by_test.data))
        bounds = self.by_test.indptr
        for tests in blocks(len(self.slope), len(self.matrix)):
            inside = slice(bounds[tests.start], bounds[tests.stop])
            test = np.repeat(np.arange(tests.stop - tests.start), np.diff(bounds[tests.start : tests.stop + 1]))
            fitted = self.slope[tests] @ self.matrix.T
            values[inside] = fitted[test, self.cell[self.by_test.indices[inside]]]
        return sparse.csr_array((values, self.by_test.indices, bounds), shape=self.by_test.shape)


def canonical_order(sample: Sample) -> Order:
    """An order of the units that follows from what is known of them; units that agree in everything are alike."""
    cell = sample.design.cell
    said = patterns(sample.mentions), patterns(sample.neutral)
    kind = kinds(*said, sample.y, cell, sample.design.stratum[cell])
    if sample.cluster is None:
        return Order(np.argsort(kind, kind="stable"), None)
    group = by_content(kind, sample.cluster)
    units = np.lexsort((kind, group))
    return Order(units, group[units])


def partial_out(sample: Sample, order: Order, mentions: sparse.csr_array | None = None) -> Partialled:
    """Put the units of `sample` in order and take the controls out; of other `mentions` (n, k) than its own, if given.

    The controls enter with their main effects, as in the models.
    """
    cell, matrix = sample.design.cell[order.units], sample.design.matrix
    by_test = sparse.csr_array((sample.mentions if mentions is None else mentions)[order.units].T.astype(float))
    by_test.sort_indices()
    y, size = sample.y[order.units], np.bincount(cell, minlength=len(matrix))
    inverse = np.linalg.pinv(matrix.T @ (matrix * size[:, None]), hermitian=True)
    beta = inverse @ (matrix.T @ np.bincount(cell, y, minlength=len(matrix)))
    levels = by_test @ matrix[cell]
    slope = levels @ inverse
    n_mentions = np.diff(by_test.indptr)
    spread = n_mentions - (slope * levels).sum(axis=1)
    spread[spread < 1e-6 * np.maximum(n_mentions, 1)] = np.nan
    residual = y - (matrix @ beta)[cell]
    return Partialled(by_test, residual, matrix, cell, slope, spread, sample.design.stratum[cell], order.cluster)


def blocks(count: int, size: int) -> list[slice]:
    """Slices of range(count), each of as many as keep arrays of `size` numbers apiece small."""
    step = max(1, _NUMBERS_PER_BLOCK // max(size, 1))
    return [slice(first, min(first + step, count)) for first in range(0, count, step)]
