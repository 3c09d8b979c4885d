"""Cox models, one per test: hazard of leaving ~ this mention so far + controls, all tests at once.

The partial likelihood (Cox 1975, Biometrika 62:269-276) with delayed entry and a covariate that
changes once, at the mention (Andersen and Gill 1982, Ann Stat 10:1100-1120); tied events as Efron
(1977). Coefficients of the controls and of the mention are estimated together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from cxnlp.drivers.times.risk import Grid, Mentions, Units

__all__ = ["Model", "Block", "Fitted", "model", "fit_controls", "blocks", "fit", "evaluate"]

_ITERATIONS = 15
_ITERATIONS_CONTROLS = 60  # a level in which nobody leaves runs away by about 1 a step
_ENOUGH = 1e-9  # twice the gain in log-likelihood still to be had; the coefficient is then within 4e-5 of its error
_LONGEST_STEP = 3.0
_RUNAWAY = 10.0
_SINGULAR = 1e-9
_RIDGE = 1e-8
_VANISHING = 1e-5  # of the smallest risk of any cell with events
_WARM_STEPS = 7
_TINY = 1e-300
_NUMBERS_PER_BLOCK = 1_500_000


@dataclass(frozen=True, slots=True)
class Model:
    """What all tests share. ``kept``: bool (cells,): cells whose levels say anything about the hazard.

    ``controls``: float (kept cells, c), without intercept; ``ones``: the same after a column of ones; ``products``:
    products of every two controls, (kept cells, c * c). ``at_risk`` (r, kept cells), ``events`` (kept cells,),
    ``weight`` (r,): as in `risk`.
    """

    kept: np.ndarray
    controls: np.ndarray
    ones: np.ndarray
    products: np.ndarray
    at_risk: np.ndarray
    events: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True, slots=True)
class Block:
    """Some tests: their ``changes``, CSR (tests * (r + 1), kept cells), and ``events`` with the mention, (tests,)."""

    changes: sparse.csr_array
    events: np.ndarray


@dataclass(frozen=True, slots=True)
class Fitted:
    """Coefficients of a block's tests, controls then mention, and what they imply, p = c + 1 of them.

    ``information`` (tests, p, p); ``score`` (tests, p); ``loglik`` (tests,); ``total`` (tests, r): sum of risks;
    ``mean`` (tests, r, p): covariates averaged over those at risk, weighted by risk; ``mean_with``: the same of each
    covariate times the mention.
    """

    coefficients: np.ndarray
    loglik: np.ndarray
    score: np.ndarray
    information: np.ndarray
    total: np.ndarray
    mean: np.ndarray
    mean_with: np.ndarray


def model(of: Units, steps: Grid, matrix: np.ndarray) -> Model:
    """Counts and covariates; ``matrix``: float (cells, parameters), zeros and ones, intercept first.

    Where nobody of some level leaves, its hazard is zero and the likelihood has no maximum. Its limit is the likelihood
    of the other units, so such cells are left out: those whose fitted risk vanishes and in which nobody leaves.
    """
    kept = np.asarray(of.at_risk.any(axis=0))
    while True:
        shared = _kept(of, steps, matrix, kept)
        vanished = np.zeros(len(kept), dtype=bool)
        vanished[kept] = _vanished(shared)
        if not vanished.any():
            return shared
        kept = kept & ~vanished


def _kept(of: Units, steps: Grid, matrix: np.ndarray, kept: np.ndarray) -> Model:
    controls = _independent(matrix[kept])
    ones = np.column_stack([np.ones(len(controls)), controls])
    products = (controls[:, :, None] * controls[:, None, :]).reshape(len(controls), -1)
    return Model(kept, controls, ones, products, of.at_risk[:, kept], of.events[kept], steps.weight)


def _vanished(of: Model) -> np.ndarray:
    """Cells without events whose risk tends to zero, bool (kept cells,), by a fit that a faint ridge keeps finite."""
    count = of.controls.shape[1]
    if not count:
        return np.zeros(len(of.events), dtype=bool)
    beta = np.zeros((1, count + 1))
    for _ in range(_ITERATIONS_CONTROLS):
        found = evaluate(of, _nobody(of), beta)
        score = found.score[0, :-1] - _RIDGE * beta[0, :-1]
        step = np.linalg.solve(found.information[0, :-1, :-1] + _RIDGE * np.eye(count), score)
        step /= max(float(np.abs(step).max()) / _LONGEST_STEP, 1.0)
        beta[0, :-1] += step
        if step @ score < _ENOUGH:
            break
    predictor = of.controls @ beta[0, :-1]
    return (of.events == 0) & (predictor < predictor[of.events > 0].min() + np.log(_VANISHING))


def _nobody(of: Model) -> Block:
    """A test that nobody mentions."""
    return Block(sparse.csr_array((len(of.weight) + 1, len(of.events))), np.zeros(1))


def _independent(matrix: np.ndarray) -> np.ndarray:
    """Columns that are no sum of earlier ones, the intercept left out."""
    basis, independent = np.zeros((len(matrix), 0)), []
    for number, column in enumerate(matrix.T):
        rest = column - basis @ (basis.T @ column)
        rest -= basis @ (basis.T @ rest)  # a second pass removes what rounding left of the first
        if np.linalg.norm(rest) > 1e-8 * max(float(np.linalg.norm(column)), 1.0):
            basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
            independent.append(number)
    return matrix[:, independent[1:]]


def fit_controls(of: Model) -> Fitted:
    """The model without any mention, as one test whose mention has coefficient 0: where every test starts."""
    nobody, count = _nobody(of), of.controls.shape[1]
    start = np.zeros((1, count + 1))
    if not count:
        return evaluate(of, nobody, start)
    return _newton(of, nobody, start, _ITERATIONS_CONTROLS, slice(0, count))[0]


def blocks(of: Model, who: Mentions, tests: np.ndarray) -> Iterator[tuple[np.ndarray, Block]]:
    """The tests in groups that fit in memory: which, and their counts."""
    rows = len(of.weight) + 1
    size = max(1, _NUMBERS_PER_BLOCK // (rows * of.ones.shape[1]))
    for first in range(0, len(tests), size):
        group = tests[first : first + size]
        row = (group[:, None] * rows + np.arange(rows)).ravel()
        yield group, Block(who.changes[row][:, np.flatnonzero(of.kept)], who.events[group].sum(axis=1))


def fit(of: Model, block: Block, controls: Fitted) -> tuple[Fitted, np.ndarray]:
    """Maximum partial likelihood of every test of `block`, and whether there is one, bool (tests,).

    ``controls``: the model without the mention. The mention starts at the log of its events over those expected of
    the same people at the same times. A few cheap steps, which take the information on the controls
    to be what it is without the mention, come close; Newton's method does the rest.
    """
    beta = np.repeat(controls.coefficients, len(block.events), axis=0)
    curvature = controls.information[0, :-1, :-1]
    for step in range(_WARM_STEPS):
        score, information = _score(of, block, beta, curvature)
        if step == 0:
            expected = block.events - score[:, -1]
            beta[:, -1] = np.log(np.maximum(block.events, 0.5) / np.maximum(expected, 1e-9)).clip(-3, 3)
        else:
            move = _step(score, information, slice(None))
            beta += np.where(np.isfinite(move), move, 0.0)
    return _newton(of, block, beta, _ITERATIONS, slice(None))


def _newton(of: Model, block: Block, start: np.ndarray, iterations: int, free: slice) -> tuple[Fitted, np.ndarray]:
    """Newton's method on the coefficients `free` of many models; steps that lose likelihood are halved."""
    found = evaluate(of, block, start)
    step = _step(found.score, found.information, free)
    moving = np.arange(len(start))
    converged = np.zeros(len(start), dtype=bool)
    for left in reversed(range(iterations)):
        gain = (step * found.score)[moving].sum(axis=1)
        converged[moving] = gain < _ENOUGH
        runaway = ~np.isfinite(gain) | (np.abs(found.coefficients[moving, -1]) > _RUNAWAY)
        moving = moving[~converged[moving] & ~runaway]
        if not len(moving) or not left:
            break
        tried = evaluate(of, _part(of, block, moving), found.coefficients[moving] + step[moving])
        better = tried.loglik > found.loglik[moving] - 1e-9 * np.abs(found.loglik[moving])
        step[moving[~better]] /= 2
        for name in Fitted.__dataclass_fields__:
            getattr(found, name)[moving[better]] = getattr(tried, name)[better]
        step[moving[better]] = _step(tried.score, tried.information, free)[better]
    # The last step is taken without looking again: what it leaves is the square of what it mends.
    found.coefficients[converged] += step[converged]
    return found, converged & (np.abs(found.coefficients[:, -1]) <= _RUNAWAY)


def _part(of: Model, block: Block, tests: np.ndarray) -> Block:
    if len(tests) == len(block.events):
        return block
    rows = len(of.weight) + 1
    return Block(block.changes[(tests[:, None] * rows + np.arange(rows)).ravel()], block.events[tests])


def _step(score: np.ndarray, information: np.ndarray, free: slice) -> np.ndarray:
    """Newton's step, NaN where a mention never varies among those at risk, or follows from the controls."""
    information = information[:, free, free]
    size = information.shape[1]
    length = np.sqrt(np.maximum(np.einsum("bpp->bp", information), 1e-300))
    correlation = information / length[:, :, None] / length[:, None, :]
    sound = np.isfinite(correlation).all(axis=(1, 2))
    smallest = np.linalg.eigvalsh(np.where(sound[:, None, None], correlation, 0.0))[:, 0]
    weak = smallest < _SINGULAR
    safe = np.where(weak[:, None, None], np.eye(size), information)
    step = np.zeros_like(score)
    step[:, free] = np.linalg.solve(safe, score[:, free, None])[..., 0]
    step /= np.maximum(np.abs(step).max(axis=1, keepdims=True) / _LONGEST_STEP, 1)
    step[weak] = np.nan
    return step


def evaluate(of: Model, block: Block, coefficients: np.ndarray) -> Fitted:
    """Log partial likelihood, score and information of every test of `block` at ``coefficients`` (tests, c + 1)."""
    at = _Point.of(of, block, coefficients)
    tests, rows, width = len(coefficients), len(of.weight), of.ones.shape[1]
    with_ = np.cumsum((at.changes @ of.ones).reshape(tests, rows + 1, width), axis=1)[:, :-1]
    sums = of.at_risk @ (at.risk[:, :, None] * of.ones) + (at.ratio - 1)[:, None, None] * with_
    total = np.maximum(sums[:, :, 0], _TINY)
    with_ *= (at.ratio[:, None] / total)[:, :, None]
    mean = np.concatenate([sums[:, :, 1:] / total[:, :, None], with_[:, :, :1]], axis=2)
    mean_with = np.concatenate([with_[:, :, 1:], with_[:, :, :1]], axis=2)

    everyone, mentioned = at.by_cell(of, of.weight / total)
    information = np.empty((tests, width, width))
    information[:, :-1, :-1] = (everyone @ of.products).reshape(tests, width - 1, width - 1)
    information[:, -1, :-1] = information[:, :-1, -1] = mentioned @ of.controls
    information[:, -1, -1] = mentioned.sum(axis=1)
    information -= (mean * of.weight[:, None]).transpose(0, 2, 1) @ mean

    loglik = (of.events * (coefficients[:, :-1] @ of.controls.T)).sum(axis=1)
    loglik += block.events * coefficients[:, -1] - np.log(total) @ of.weight
    score = _observed(of, block) - (of.weight @ mean)
    return Fitted(coefficients.copy(), loglik, score, information, total, mean, mean_with)


def _score(of: Model, block: Block, coefficients: np.ndarray, curvature: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Score, and information but for its part on controls alone, which is ``curvature`` (c, c).

    Without means of the controls step by step, which is what takes time where cells are many.
    """
    at = _Point.of(of, block, coefficients)
    tests, width = len(coefficients), of.ones.shape[1]
    there = np.asarray(at.changes.sum(axis=1)).reshape(tests, -1)
    there = np.cumsum(there, axis=1)[:, :-1]
    total = np.maximum(at.risk @ of.at_risk.T + (at.ratio - 1)[:, None] * there, _TINY)
    mean = at.ratio[:, None] * there / total
    everyone, mentioned = at.by_cell(of, of.weight / total)
    shared, _ = at.by_cell(of, of.weight / total * mean)
    information = np.empty((tests, width, width))
    information[:, :-1, :-1] = curvature
    information[:, -1, :-1] = information[:, :-1, -1] = (mentioned - shared) @ of.controls
    information[:, -1, -1] = (mean * (1 - mean)) @ of.weight
    score = _observed(of, block) - np.column_stack([everyone @ of.controls, mean @ of.weight])
    return score, information


def _observed(of: Model, block: Block) -> np.ndarray:
    return np.column_stack([np.tile(of.events @ of.controls, (len(block.events), 1)), block.events])


@dataclass(frozen=True, slots=True)
class _Point:
    """Coefficients as risks: ``risk`` (tests, cells) of the controls, ``ratio`` (tests,) of the mention; ``changes`` of
    the number that mentions, times risk; ``row``, ``slot``: step and test x cell of each of them."""

    risk: np.ndarray
    ratio: np.ndarray
    changes: sparse.csr_array
    row: np.ndarray
    slot: np.ndarray

    @classmethod
    def of(cls, of: Model, block: Block, coefficients: np.ndarray) -> _Point:
        risk = np.exp(coefficients[:, :-1] @ of.controls.T)
        changes = block.changes
        row = np.repeat(np.arange(changes.shape[0]), np.diff(changes.indptr))
        slot = row // (len(of.weight) + 1) * len(of.events) + changes.indices
        weighted = sparse.csr_array(
            (changes.data * risk.ravel()[slot], changes.indices, changes.indptr), shape=changes.shape
        )
        return cls(risk, np.exp(coefficients[:, -1]), weighted, row, slot)

    def by_cell(self, of: Model, factor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sums over steps of ``factor`` (tests, r) x risk of those there, by cell: all, and those who mention."""
        # A sum over steps of factor x number at risk is one over changes of that number x factor from there on.
        later = np.zeros((len(factor), factor.shape[1] + 1))
        later[:, :-1] = np.cumsum(factor[:, ::-1], axis=1)[:, ::-1]
        changed = self.changes.data * later.ravel()[self.row]
        with_ = np.bincount(self.slot, weights=changed, minlength=self.risk.size).reshape(self.risk.shape)
        everyone = factor @ of.at_risk * self.risk + (self.ratio - 1)[:, None] * with_
        return everyone, self.ratio[:, None] * with_
