"""Risk sets as counts: who was there on each day on which somebody left.

A partial likelihood needs of the units only how many are at risk on each such day, by cell of the
controls and by mention. Those who mention are a small part of all, so only the days on which
their numbers change are kept, and the numbers themselves are running sums.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.linalg import eigh_tridiagonal

from cxnlp.drivers.times.timeline import Timeline

__all__ = ["Grid", "Units", "Mentions", "grid", "units", "mentions"]

_NODES = ((0.005, 1), (0.05, 2), (np.inf, 5))
"""Where at most this share of those at risk leaves on one day, so many steps stand for all of that day's."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Days with events, d of them, and the steps of Efron's approximation within them, r in all.

    ``days`` (d,): sorted. ``first_row`` (d + 1,): first step of each day, then r. ``fraction`` (r,): the share of the
    day's leavers that is no longer at risk. ``weight`` (r,): events that the step stands for; ``n_events`` (d,).

    With tied events Efron (1977, JASA 72:557-565) takes the j-th of m from a risk set without j/m of all m, j = 0 to
    m - 1. A sum of a smooth function over so many j is that over a few Gauss nodes for the uniform distribution on
    0..m-1 (discrete Chebyshev polynomials; Golub and Welsch 1969, Math Comp 23:221-230): all of them for small m.
    """

    days: np.ndarray
    first_row: np.ndarray
    fraction: np.ndarray
    weight: np.ndarray
    n_events: np.ndarray

    @property
    def day(self) -> np.ndarray:
        """Day of each step, int (r,)."""
        return np.repeat(np.arange(len(self.days)), np.diff(self.first_row))


@dataclass(frozen=True, slots=True)
class Units:
    """Units by number of day: at risk on days ``first`` to ``last`` - 1 of the grid; ``event``: left on the last.

    ``cell`` (n,). ``at_risk``: float (r, cells), fewer by the fraction of those who leave. ``events`` (cells,).
    """

    first: np.ndarray
    last: np.ndarray
    event: np.ndarray
    cell: np.ndarray
    at_risk: np.ndarray
    events: np.ndarray


@dataclass(frozen=True, slots=True)
class Mentions:
    """Those who mention, from the day after, for k tests.

    ``changes``: CSR (k * (r + 1), cells), whose running sums over the r + 1 rows of a test are the numbers at risk.
    ``at_risk``, ``events``: (k, d), over all cells, without Efron's fractions. ``unit``, ``start``: each mention that
    is at risk on some day of the grid: whose it is and its first such day; those of test j lie in ``of_test[j]`` to
    ``of_test[j + 1]``.
    """

    changes: sparse.csr_array
    at_risk: np.ndarray
    events: np.ndarray
    unit: np.ndarray
    start: np.ndarray
    of_test: np.ndarray


def grid(time: Timeline) -> Grid:
    """Days on which somebody leaves, and the steps within them."""
    days, n_events = np.unique(time.exit[time.event], return_counts=True)
    at_risk = np.searchsorted(np.sort(time.entry), days, "left") - np.searchsorted(np.sort(time.exit), days, "left")
    fractions, weights = [], []
    for events, there in zip(n_events.tolist(), at_risk.tolist(), strict=True):
        fraction, weight = _steps(events, there)
        fractions.append(fraction)
        weights.append(weight)
    first_row = np.concatenate([[0], np.cumsum([len(one) for one in weights])]).astype(np.intp)
    return Grid(days, first_row, np.concatenate(fractions), np.concatenate(weights), n_events.astype(float))


def units(time: Timeline, cell: np.ndarray, cells: int, steps: Grid) -> Units:
    """Units of `time` on the grid; ``cell``: int (n,), below ``cells``."""
    first, last = np.searchsorted(steps.days, time.entry, "right"), np.searchsorted(steps.days, time.exit, "right")
    row, value, owner = _changes(first, last, time.event, steps)
    changes = np.bincount(row * cells + cell[owner], weights=value, minlength=(len(steps.weight) + 1) * cells)
    at_risk = np.cumsum(changes.reshape(-1, cells), axis=0)[:-1]
    return Units(first, last, time.event, cell, at_risk, np.bincount(cell[time.event], minlength=cells).astype(float))


def mentions(time: Timeline, mentioned_at: sparse.csr_array, of: Units, steps: Grid) -> Mentions:
    """Those who mention, on the grid; ``mentioned_at``: day of the first mention + 1, CSR (n, k).

    A mention counts from the day after it: what is said on the day of leaving is not known to have come first.
    """
    by_test = sparse.csc_array(mentioned_at)
    by_test.sort_indices()
    unit, count = by_test.indices, by_test.shape[1]
    test = np.repeat(np.arange(count), np.diff(by_test.indptr))
    start = np.searchsorted(steps.days, np.maximum(by_test.data - 1, time.entry[unit]), "right")
    seen = start < of.last[unit]
    unit, test, start = unit[seen], test[seen], start[seen]
    last, event = of.last[unit], of.event[unit]
    row, value, owner = _changes(start, last, event, steps)
    rows, cells = len(steps.weight) + 1, len(of.events)
    changes = sparse.csr_array(
        sparse.coo_array((value, (test[owner] * rows + row, of.cell[unit[owner]])), shape=(count * rows, cells))
    )
    size = len(steps.days) + 1
    steps_up = np.bincount(test * size + start, minlength=count * size)
    steps_down = np.bincount(test * size + last, minlength=count * size)
    at_risk = np.cumsum((steps_up - steps_down).reshape(count, size), axis=1)[:, :-1]
    events = np.bincount((test * size + last - 1)[event], minlength=count * size).reshape(count, size)[:, :-1]
    of_test = np.concatenate([[0], np.cumsum(np.bincount(test, minlength=count))])
    return Mentions(changes, at_risk, events, unit, start, of_test)


def _steps(events: int, at_risk: int) -> tuple[np.ndarray, np.ndarray]:
    """Fractions and weights of one day: those of Efron where the day has few events, Gauss nodes for them else."""
    size = next(nodes for share, nodes in _NODES if events <= share * at_risk)
    if size >= events:
        return np.arange(events) / events, np.ones(events)
    degree = np.arange(1.0, size)
    beside = degree * np.sqrt((events**2 - degree**2) / (4 * (4 * degree**2 - 1)))
    node, vector = eigh_tridiagonal(np.full(size, (events - 1) / 2), beside)
    return node / events, events * vector[0] ** 2


def _changes(
    first: np.ndarray, last: np.ndarray, event: np.ndarray, steps: Grid
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Changes of the number at risk: row of the steps, by how much, and which member it is."""
    member = np.arange(len(first))
    row = [steps.first_row[first], steps.first_row[last]]
    value, owner = [np.ones(len(first)), -np.ones(len(first))], [member, member]
    # On its last day a leaver is at risk at 1 - fraction, which falls from step to step.
    begins = np.zeros(len(steps.weight), dtype=bool)
    begins[steps.first_row[:-1]] = True
    fall = steps.fraction - np.where(begins, 0.0, np.concatenate([[0.0], steps.fraction[:-1]]))
    gone = member[event]
    day = last[gone] - 1
    size = np.diff(steps.first_row)[day]
    within = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    fallen = np.repeat(steps.first_row[day], size) + within
    row += [fallen, steps.first_row[day + 1]]
    value += [-fall[fallen], steps.fraction[steps.first_row[day + 1] - 1]]
    owner += [np.repeat(gone, size), gone]
    return np.concatenate(row), np.concatenate(value), np.concatenate(owner)
