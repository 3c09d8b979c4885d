"""Attempts to refute an association: what would look as strong though nothing is there, and what should not move it.

Each refutation takes a `Probe` and answers for all tests at once; none fits a model anew. They use least squares
on the main effects of the controls, which for a rare mention is all but the score test of the model that is being
checked, and costs one product of sparse matrices a run. `verdicts.verdicts` says in words what came out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy import sparse
from scipy.stats import norm, t
from threadpoolctl import threadpool_limits

from cxnlp.drivers.partial import Order, Partialled, blocks, canonical_order, partial_out
from cxnlp.drivers.robust import MIN_CLUSTERS, holding
from cxnlp.drivers.sample import Sample

__all__ = ["MIN_NEUTRAL", "REFUTERS", "SUBSET", "Probe", "refute"]

MIN_NEUTRAL = 10
"""Fewest units with neutral mentions only, and fewest others, for the negative control."""

SUBSET = 0.8
"""Share of the units (of the clusters, where there are any) in a random subset."""

_DIGITS = 9  # statistics are rounded before they are compared: their last bits depend on the processor


@dataclass(frozen=True, slots=True)
class Probe:
    """What is to be refuted: ``estimate`` of all tests of a ``sample``, arrays (k,) named as the `drivers` columns.

    ``runs``: random draws of each refutation, at least 1. ``seed``: equal seeds give equal draws. ``order``: that of
    `partial.canonical_order`, computed where it is not given.
    """

    sample: Sample
    estimate: dict[str, np.ndarray]
    runs: int
    seed: int
    order: Order | None = None


def refute(probe: Probe) -> dict[str, np.ndarray]:
    """Columns of all `REFUTERS`, float arrays (k,); NaN where there is no adjusted estimate or too little to tell.

    On one thread, so that sums come out the same on any number of cores.
    """
    found: dict[str, np.ndarray] = {}
    unknown = ~np.isfinite(probe.estimate["rd_adjusted"])
    with threadpool_limits(limits=1):
        probe = replace(probe, order=canonical_order(probe.sample))
        for refuter in REFUTERS.values():
            found |= refuter(probe)
    return {name: np.where(unknown, np.nan, values) for name, values in found.items()}


def permuted_outcome(probe: Probe) -> dict[str, np.ndarray]:
    """``permuted_p``: how often shuffled outcomes look as strong, two-sided, (1 + hits) / (1 + runs).

    The statistic is the score sum_i t_i e_i, t and e the residuals of mention and outcome on the controls. Residuals of
    the outcome are shuffled among units of a stratum (Freedman and Lane 1983, J Bus Econ Stat 1:292-298), and the
    controls are taken out again. Strata are those of the Mantel-Haenszel check: the cells of all controls as long as
    they hold ten units on average, and then the test is exact; coarser ones otherwise, because shuffling inside cells
    of one or two units could show nothing. The margins of a stratum stay as they are, so the null
    variance is the same in each run and the score need not be standardised.

    Whole clusters of unequal size cannot be exchanged. Where units are clustered, the residuals of a cluster change
    sign together at random instead (Hemerik, Goeman and Finos 2020, JRSS B 82:841-864).
    """
    whole, random = _whole(probe), np.random.default_rng([probe.seed, 0])
    centred = whole.residual if whole.cluster is not None else _centred(whole.residual, whole.stratum)
    draws = _signed(whole, probe.runs, random) if whole.cluster is not None else _shuffled(whole, probe.runs, random)
    return {"permuted_p": _share_as_strong(whole, whole.scores(centred[:, None])[:, 0], map(whole.scores, draws))}


def random_topic(probe: Probe) -> dict[str, np.ndarray]:
    """``random_topic_p``: how often a random set of as many units looks as strong, two-sided, (1 + hits) / (1 + runs).

    The statistic is the sum of the outcome's residuals over the set: what is left after the controls. Sets of
    all sizes are the first units of the same random orders. Units are drawn one by one even where they
    are clustered; what clusters do to chance is the matter of `permuted_outcome`.
    """
    whole, random = _whole(probe), np.random.default_rng([probe.seed, 1])
    last = np.maximum(whole.n_mentions, 1) - 1

    def draws() -> Iterator[np.ndarray]:
        for runs in blocks(probe.runs, len(whole.residual)):
            sets = random.permuted(np.tile(whole.residual, (runs.stop - runs.start, 1)), axis=1)
            yield np.cumsum(sets, axis=1)[:, last].T

    return {"random_topic_p": _share_as_strong(whole, whole.by_test @ whole.residual, draws())}


def random_subset(probe: Probe) -> dict[str, np.ndarray]:
    """``subset_share``: share of random subsets of 4/5 of the units whose estimate lies in the 95 % interval of all.

    The estimate d of all units is sum t e / sum t^2, t and e the residuals of mention and outcome on the controls;
    that of a subset is its one-step approximation, d plus the subset's mean of the influence t (e - d t) / mean t^2
    (as in the infinitesimal jackknife, Jaeckel 1972). Being on the linear scale, it is compared with the interval
    around ``rd_adjusted`` by what it differs from d. Subsets vary around all units with half the standard error, so
    the share is near 1 unless few units carry the estimate or the interval is too short. Whole clusters are drawn
    where there are any.
    """
    whole, random = _whole(probe), np.random.default_rng([probe.seed, 2])
    value, low, high = (probe.estimate[name] for name in ("rd_adjusted", "rd_adjusted_low", "rd_adjusted_high"))
    inside = np.zeros(len(value))
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = whole.scores(whole.residual[:, None])[:, 0] / whole.spread
        influence, rest = _influence(whole, centre)
        lower, upper = ((limit - value) / (high - low) for limit in (low, high))
        for chosen in _subsets(whole, probe.runs, random):
            explained = whole.slope @ (whole.matrix.T @ whole.by_cell(chosen * whole.residual[:, None]))
            moved = (influence @ chosen - explained + rest[:, None]) / (SUBSET * whole.spread * (high - low))[:, None]
            moved = moved.round(_DIGITS)
            inside += ((moved >= lower[:, None]) & (moved <= upper[:, None])).sum(axis=1)
    return {"subset_share": np.where(np.isfinite(whole.spread + high - low), inside / probe.runs, np.nan)}


def negative_control(probe: Probe) -> dict[str, np.ndarray]:
    """``neutral_rd`` with ``neutral_low`` and ``neutral_high``: the difference for neutral mentions of the same topic.

    Customers who write about the topic without a judgement are alike in whatever makes people bring it up. Units that
    also mention it with the test's polarity do not count as neutral (they have an indicator of their own in the
    regression on both mentions and the controls). Interval: the larger of the heteroscedasticity- or
    cluster-robust standard error (HC1; CR1 with G - 1 degrees of freedom, G as in `robust.Units.freedom`) and the
    conventional one, as few units make the robust one too small (Angrist and Pischke 2009, Mostly Harmless
    Econometrics, section 8.1). NaN with fewer than 10 neutral units or 10 others, or either in fewer than 5 clusters.
    Lipsitch, Tchetgen Tchetgen and Cohen 2010, Epidemiology 21:383-388.
    """
    sample = probe.sample
    only = sparse.csr_array(sample.neutral - sample.neutral.multiply(sample.mentions))
    only.eliminate_zeros()
    polar, neutral = _whole(probe), _whole(probe, only)
    count = neutral.n_mentions
    enough = (count >= MIN_NEUTRAL) & (len(sample.y) - count - polar.n_mentions >= MIN_NEUTRAL)
    held = None if polar.cluster is None else holding(polar.cluster, sparse.csr_array(neutral.by_test.T))
    if held is not None:
        enough &= held >= MIN_CLUSTERS
    chosen = np.flatnonzero(enough & np.isfinite(polar.spread + neutral.spread))
    value, error = np.full(len(count), np.nan), np.full(len(count), np.nan)
    for some in blocks(len(chosen), 8 * len(sample.y)):  # small enough for the processor's cache
        value[chosen[some]], error[chosen[some]] = _beside(polar, neutral, chosen[some], held)
    reach = error * (norm.isf(0.025) if held is None else t.isf(0.025, np.maximum(held - 1, 1)))
    return {"neutral_rd": value, "neutral_low": value - reach, "neutral_high": value + reach}


REFUTERS: dict[str, Callable[[Probe], dict[str, np.ndarray]]] = {
    "permuted outcome": permuted_outcome,
    "random topic": random_topic,
    "random subset": random_subset,
    "negative control": negative_control,
}
"""Every refutation by name. One more is one more function from `Probe` to columns (k,) of the `drivers` table."""


def _whole(probe: Probe, mentions: sparse.csr_array | None = None) -> Partialled:
    return partial_out(probe.sample, probe.order or canonical_order(probe.sample), mentions)


def _share_as_strong(whole: Partialled, observed: np.ndarray, draws: Iterator[np.ndarray]) -> np.ndarray:
    """(1 + draws that are as large in size as ``observed`` (k,)) / (1 + draws); NaN without any spread of the mention.

    ``draws`` yields arrays (k, runs). Phipson and Smyth 2010, Stat Appl Genet Mol Biol 9:39, for the two ones.
    """
    scale = np.sqrt(np.mean(whole.residual**2) * whole.n_mentions)
    hits, runs = np.zeros(len(observed)), 0
    with np.errstate(invalid="ignore", divide="ignore"):
        size = np.abs(observed / scale).round(_DIGITS)
        for drawn in draws:
            hits += (np.abs(drawn / scale[:, None]).round(_DIGITS) >= size[:, None]).sum(axis=1)
            runs += drawn.shape[1]
    known = np.isfinite(whole.spread) & (scale > 0) & (whole.n_mentions < len(whole.residual))
    return np.where(known, (1 + hits) / (1 + runs), np.nan)


def _centred(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    mean = np.bincount(group, values) / np.maximum(np.bincount(group), 1)
    return np.asarray(values - mean[group])


def _shuffled(whole: Partialled, runs: int, random: np.random.Generator) -> Iterator[np.ndarray]:
    """Residuals (n, runs of a block), centred and shuffled among the units of each stratum."""
    centred = _centred(whole.residual, whole.stratum)
    bounds = np.flatnonzero(np.diff(whole.stratum, prepend=-1, append=whole.stratum.max(initial=0) + 1))
    strata = [slice(first, last) for first, last in pairwise(bounds)]
    for block in blocks(runs, len(centred)):
        drawn = np.tile(centred, (block.stop - block.start, 1))
        for stratum in strata:
            random.permuted(drawn[:, stratum], axis=1, out=drawn[:, stratum])
        yield np.ascontiguousarray(drawn.T)


def _signed(whole: Partialled, runs: int, random: np.random.Generator) -> Iterator[np.ndarray]:
    """Residuals (n, runs of a block), those of each cluster times 1 or -1."""
    assert whole.cluster is not None
    for block in blocks(runs, len(whole.residual)):
        sign = random.integers(2, size=(int(whole.cluster.max()) + 1, block.stop - block.start)) * 2.0 - 1.0
        yield sign[whole.cluster] * whole.residual[:, None]


def _influence(whole: Partialled, centre: np.ndarray) -> tuple[sparse.csr_array, np.ndarray]:
    """Parts of sum t (e - d t) over a subset that the units with the mention add, and what all units add with -d t^2.

    With T the mention and T^ what the controls explain of it, t (e - d t) is -T^ e - d T^^2 for every unit, and
    e - d (1 - 2 T^) more for those with the mention. The sum of T^^2, small, hardly varies between subsets.
    """
    fitted = whole.explained()
    test = np.repeat(np.arange(len(centre)), whole.n_mentions)
    values = whole.residual[fitted.indices] - np.nan_to_num(centre)[test] * (1 - 2 * fitted.data)
    squares = whole.spread - whole.n_mentions + 2 * fitted.sum(axis=1)
    return sparse.csr_array((values, fitted.indices, fitted.indptr), shape=fitted.shape), -SUBSET * centre * squares


def _subsets(whole: Partialled, runs: int, random: np.random.Generator) -> Iterator[np.ndarray]:
    """Ones for the units of each subset and zeros for the rest, float (n, runs of a block)."""
    groups = len(whole.residual) if whole.cluster is None else int(whole.cluster.max()) + 1
    first = (np.arange(groups) < round(SUBSET * groups)).astype(float)
    for block in blocks(runs, len(whole.residual)):
        chosen = random.permuted(np.tile(first, (block.stop - block.start, 1)), axis=1).T
        yield np.ascontiguousarray(chosen if whole.cluster is None else chosen[whole.cluster])


def _beside(
    polar: Partialled, neutral: Partialled, tests: np.ndarray, held: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficient of the neutral mention beside the polar one, and its standard error, of some tests: two (tests,).

    ``held`` (k,): clusters with neutral mentions, or with others, whichever are fewer; None without clusters.
    """
    own, other = _residuals(neutral, tests), _residuals(polar, tests)
    on_other = _products(own, other) / polar.spread[tests]
    alone = own - on_other[:, None] * other
    square = _products(alone, alone)
    value = alone @ polar.residual / square
    left = other @ polar.residual / polar.spread[tests] - value * on_other
    rest = polar.residual - value[:, None] * own - left[:, None] * other
    n, degrees = len(polar.cell), max(len(polar.cell) - polar.matrix.shape[1] - 2, 1)
    conventional = _products(rest, rest) / degrees * square
    influence, factor = alone * rest, np.full(len(tests), n / degrees)
    if polar.cluster is not None and held is not None:
        influence = np.add.reduceat(influence, np.flatnonzero(np.diff(polar.cluster, prepend=-1)), axis=1)
        factor = (n - 1) / degrees * held[tests] / (held[tests] - 1)
    robust = factor * _products(influence, influence)
    return value, np.sqrt(np.maximum(robust, conventional)) / square


def _residuals(whole: Partialled, tests: np.ndarray) -> np.ndarray:
    """Mentions of some tests minus what the controls explain of them, (tests, n)."""
    residuals = np.take(-whole.slope[tests] @ whole.matrix.T, whole.cell, axis=1)
    mentions = whole.by_test[tests]
    residuals[np.repeat(np.arange(len(tests)), np.diff(mentions.indptr)), mentions.indices] += 1
    return np.asarray(residuals)


def _products(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.asarray(np.einsum("kn,kn->k", one, other))
