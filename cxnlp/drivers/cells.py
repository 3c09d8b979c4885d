"""Units collapsed to cells with counts: what every model of this room is fitted to, and what it gives back.

Units with equal controls need not be told apart. Every model has the same rows, the cells of the controls once without
and once with the mention; only the counts in them differ from test to test, so that one step of all models is a few
matrix products.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from scipy import sparse

__all__ = ["Cells", "Adjusted", "MIN_GROUP", "blocks", "doubled", "inestimable", "information", "products", "tabulate"]

MIN_GROUP = 5
"""Fewest mentions, and fewest others, for an adjusted estimate."""

_NUMBERS_PER_BLOCK = 1_000_000


@dataclass(frozen=True, slots=True)
class Cells:
    """Counts by cell of the controls.

    ``matrix``: zeros and ones, float (cells, parameters), intercept first. ``n``, ``bad``: units and bad outcomes,
    (cells,). ``n_mentions``, ``bad_mentions``: the same among units that mention, (tests, cells). With weights, sums of
    weights take the place of counts.
    """

    matrix: np.ndarray
    n: np.ndarray
    bad: np.ndarray
    n_mentions: np.ndarray
    bad_mentions: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """The model's rows, shared by all tests: (2 * cells, parameters + 1), the mention last."""
        return doubled(self.matrix)

    def counts(self, tests: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Units and bad outcomes in `rows` for some tests: two arrays (len(tests), 2 * cells)."""
        n1, bad1 = self.n_mentions[tests], self.bad_mentions[tests]
        return np.hstack([self.n - n1, n1]), np.hstack([self.bad - bad1, bad1])


@dataclass(frozen=True, slots=True)
class Adjusted:
    """Arrays (tests,); NaN where there is no number that can be trusted, and ``estimator`` says why.

    ``rd`` with its 95 % interval and standard error ``se``; ``att``, the same among those who mention it; ``rr``
    (events only) and the odds ratio with theirs; ``p`` of no difference; ``po_p`` of proportional odds (scores only).
    """

    rd: np.ndarray
    low: np.ndarray
    high: np.ndarray
    se: np.ndarray
    att: np.ndarray
    att_low: np.ndarray
    att_high: np.ndarray
    rr: np.ndarray
    rr_low: np.ndarray
    rr_high: np.ndarray
    odds_ratio: np.ndarray
    or_low: np.ndarray
    or_high: np.ndarray
    p: np.ndarray
    po_p: np.ndarray
    estimator: np.ndarray

    @classmethod
    def of(cls, estimator: np.ndarray, **found: np.ndarray) -> Adjusted:
        """The arrays that a model has found, NaN for the others; none where ``estimator`` begins with 'none'."""
        lost = np.array([str(words).startswith("none") for words in estimator], dtype=bool)
        names = [field.name for field in fields(cls) if field.name != "estimator"]
        missing = np.full(len(estimator), np.nan)
        return cls(**{name: np.where(lost, np.nan, found.get(name, missing)) for name in names}, estimator=estimator)


def tabulate(cell: np.ndarray, value: np.ndarray, mentions: sparse.csr_array, cells: int) -> tuple[np.ndarray, ...]:
    """Sums of ``value`` (n,) by cell, (cells,), and by cell among those who mention, (tests, cells)."""
    membership = sparse.csr_array((value.astype(float), (np.arange(len(cell)), cell)), shape=(len(cell), cells))
    return np.bincount(cell, weights=value, minlength=cells), (mentions.T @ membership).toarray()


def doubled(matrix: np.ndarray) -> np.ndarray:
    """Rows of a model from the cells' matrix: every cell without and then with the mention, which comes last."""
    without = np.column_stack([matrix, np.zeros(len(matrix))])
    with_ = np.column_stack([matrix, np.ones(len(matrix))])
    return np.vstack([without, with_])


def blocks(tests: np.ndarray, width: int) -> list[np.ndarray]:
    """`tests` in parts of about a million numbers, ``width`` of them a test: bounds the memory."""
    size = max(1, _NUMBERS_PER_BLOCK // max(width, 1))
    return [tests[first : first + size] for first in range(0, len(tests), size)]


def products(rows: np.ndarray) -> sparse.csr_array:
    """Products of every two columns of rows of zeros and ones: (parameters^2, m), nearly all of them zero."""
    row, column = np.nonzero(rows)
    in_row = np.bincount(row, minlength=len(rows))
    partners = in_row[row]  # every entry meets each entry of its own row once
    first = np.repeat(np.cumsum(in_row)[row] - in_row[row], partners)
    nth = np.arange(partners.sum()) - np.repeat(np.cumsum(partners) - partners, partners)
    index = np.repeat(column, partners) * rows.shape[1] + column[first + nth]
    shape = (rows.shape[1] ** 2, len(rows))
    return sparse.csr_array(sparse.coo_array((np.ones(len(index)), (index, np.repeat(row, partners))), shape=shape))


def information(crossed: sparse.csr_array, weight: np.ndarray) -> np.ndarray:
    """Sum of weight x x' over the rows of each model: (models, parameters, parameters).

    ``crossed``: `products` of the rows. ``weight``: (models, rows); of a logistic model n mean (1 - mean), which gives
    its Fisher information.
    """
    parameters = int(np.sqrt(crossed.shape[0]))
    return (crossed @ weight.T).T.reshape(len(weight), parameters, parameters)


def inestimable(matrix: np.ndarray, n: np.ndarray, n_mentions: np.ndarray) -> np.ndarray:
    """Why there can be no adjusted estimate, object array (tests,); '' where there can."""
    n1 = n_mentions.sum(axis=1)
    why = np.full(len(n1), "", dtype=object)
    # What the controls leave unexplained of the mention; with nothing left its coefficient is not identified.
    by_column = n_mentions @ matrix
    gram = (matrix * n[:, None]).T @ matrix
    explained = np.einsum("kp,kp->k", by_column, np.linalg.solve(gram, by_column.T).T)
    why[n1 - explained < 1e-6 * np.maximum(n1, 1)] = "none: the controls determine who mentions it"
    few = np.minimum(n1, n.sum() - n1) < MIN_GROUP
    why[few] = f"none: fewer than {MIN_GROUP} mentions or others"
    return why
