"""Variances that look at units one by one, or cluster by cluster: for clustered and for weighted units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from cxnlp.drivers.cells import blocks

__all__ = ["FEW_CLUSTERS", "Influence", "MIN_CLUSTERS", "Units", "exact_sum", "holding", "units"]

FEW_CLUSTERS = 20
"""Below so many clusters robust intervals are somewhat too narrow, and the estimator says so."""

MIN_CLUSTERS = 5
"""Fewest clusters that hold mentions, and fewest that hold others, for any estimate."""

Influence = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""From test numbers (b,) to the influence that a unit of each pattern has on the estimates: without the mention and
with it, two arrays (patterns, b)."""


@dataclass(frozen=True, slots=True)
class Units:
    """The units behind the cells.

    ``pattern``: int (n,), units with equal controls and equal outcome share one. ``mentions``: CSR (n, tests).
    ``group``: int (n,), from 0: the cluster, or the unit itself. ``weight``: float (n,). ``clustered``: whether groups
    are clusters. ``holding``: int (tests,), groups with a mention or groups without one, whichever are fewer.
    """

    pattern: np.ndarray
    mentions: sparse.csr_array
    group: np.ndarray
    weight: np.ndarray
    clustered: bool
    holding: np.ndarray

    @property
    def groups(self) -> int:
        """Number of groups."""
        return int(self.group.max(initial=-1)) + 1

    @property
    def freedom(self) -> np.ndarray:
        """Degrees of freedom of t, (tests,): `holding` less one.

        The number of all clusters less one, the usual choice, is too large where a mention is a matter of few clusters
        (Imbens and Kolesar 2016, Review of Economics and Statistics 98:701-712); with mentions in 10 of 100 clusters it
        gave intervals that covered 89 % in our simulation.
        """
        return np.maximum(self.holding - 1.0, 1.0)

    def sandwich(self, influence: Influence, tests: np.ndarray, parameters: int) -> np.ndarray:
        """Variances of estimates (len(tests),): sums over groups of squared sums of weighted influences.

        Liang and Zeger 1986, Biometrika 73:13-22, for clusters, White 1980, Econometrica 48:817-838, for single units;
        times G/(G-1) (n-1)/(n-parameters), the correction CR1 (Cameron and Miller 2015, Journal of Human Resources
        50:317-372, equation 12), where G is the test's `holding`.
        """
        n, groups = len(self.group), self.groups
        patterns = int(self.pattern.max(initial=-1)) + 1
        everyone = sparse.csr_array((self.weight, (self.group, self.pattern)), shape=(groups, patterns))
        by_test = self.mentions.tocsc()
        variance = np.zeros(len(tests))
        for block in blocks(np.arange(len(tests)), groups + patterns):
            without, with_ = influence(tests[block])
            unit, test = by_test[:, tests[block]].tocoo().coords
            pattern = self.pattern[unit]
            added = self.weight[unit] * (with_[pattern, test] - without[pattern, test])
            place = self.group[unit] * len(block) + test
            # Patterns after the last one that occurs have an influence, but no units.
            sums = everyone @ without[:patterns]
            sums += np.bincount(place, weights=added, minlength=groups * len(block)).reshape(groups, len(block))
            variance[block] = exact_sum(sums**2)
        held = np.maximum(self.holding[tests], 2)
        return variance * held / (held - 1) * (n - 1) / max(n - parameters, 1)

    def few_clusters(self) -> np.ndarray:
        """Why clusters forbid an estimate, object array (tests,); '' where they do not."""
        why = np.full(self.mentions.shape[1], "", dtype=object)
        if self.clustered:
            why[self.holding < MIN_CLUSTERS] = f"none: mentions or others in fewer than {MIN_CLUSTERS} clusters"
        return why


def units(
    pattern: np.ndarray, mentions: sparse.csr_array, cluster: np.ndarray | None, weight: np.ndarray | None
) -> Units | None:
    """The units for `Units.sandwich`; None where they are independent and of equal weight, and cells say it all."""
    if cluster is None and weight is None:
        return None
    n = len(pattern)
    group = np.arange(n) if cluster is None else np.unique(cluster, return_inverse=True)[1].ravel()
    each = np.ones(n) if weight is None else weight
    return Units(pattern, mentions, group, each, cluster is not None, holding(group, mentions))


def holding(group: np.ndarray, mentions: sparse.csr_array) -> np.ndarray:
    """Groups with a mention, or groups with a unit that has none, whichever are fewer: int (tests,)."""
    size, tests = np.bincount(group), mentions.shape[1]
    belongs = sparse.csr_array((np.ones(len(group), dtype=np.int64), (group, np.arange(len(group)))))
    said = sparse.csr_array(belongs @ mentions)
    entire = said.data == np.repeat(size, np.diff(said.indptr))
    with_ = np.bincount(said.indices, minlength=tests)
    without = len(size) - np.bincount(said.indices, weights=entire, minlength=tests).astype(np.int64)
    return np.minimum(with_, without)


def exact_sum(squares: np.ndarray) -> np.ndarray:
    """Sums over rows in whole steps of 2^-61 of the largest possible sum: any order, and so any numbering of the
    groups, gives the same bits."""
    largest = squares.max(axis=0, initial=0) * len(squares)
    step = np.where(largest > 0, largest, 1.0) * 2.0**-61
    return np.rint(squares / step).astype(np.int64).sum(axis=0) * step
