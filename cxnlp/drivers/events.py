"""The estimates of an outcome that happens or not: 2 x 2 tables, logistic models, Mantel-Haenszel."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.stats import t

from cxnlp.config import DriversConfig
from cxnlp.drivers import effects, logistic
from cxnlp.drivers.cells import Adjusted, Cells, tabulate
from cxnlp.drivers.controls import Design
from cxnlp.drivers.effects import Counts
from cxnlp.drivers.power import minimum_detectable_rr
from cxnlp.drivers.robust import Units, units
from cxnlp.drivers.sample import Sample

__all__ = ["adjust", "estimate"]


def estimate(sample: Sample, config: DriversConfig) -> tuple[dict[str, np.ndarray], Adjusted]:
    """The unadjusted columns and checks, and the adjusted estimates, of every test."""
    n, events = len(sample.y), int(sample.bad.sum())
    mentions = np.asarray(sample.mentions.sum(axis=0), dtype=np.int64)
    counts = Counts.of(mentions, np.asarray(sample.mentions[sample.bad].sum(axis=0), dtype=np.int64), n, events)
    found, cells = adjust(sample, None)
    plain, worth = _unadjusted(sample, counts)
    mde_rr = minimum_detectable_rr(events / n, mentions / worth, counts.n0 / worth, config.power)
    missing = np.isnan(found.rr)
    rr, low, high = (
        np.where(missing, plain[name], one)
        for name, one in (("rr", found.rr), ("rr_low", found.rr_low), ("rr_high", found.rr_high))
    )
    columns = {
        **plain,
        "or_mh": effects.mantel_haenszel(_strata(sample.design, cells)),
        "e_value": effects.e_value(rr),
        "e_value_low": effects.e_value(_nearer_to_one(low, high)),
        "mde_rr": mde_rr,
        "mde": (mde_rr - 1) * events / n,
    }
    return columns, found


def _unadjusted(sample: Sample, counts: Counts) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Columns of the 2 x 2 tables, and how many clustered units are worth one independent unit, per test.

    With clusters every interval is that of `Counts.effective` counts, with t of `Units.freedom`, and p is Wald's, of
    the log odds ratio.
    """
    behind = units(sample.y.astype(np.intp), sample.mentions, sample.cluster, None)
    inside, worth, few = counts, np.ones(len(counts.a)), np.zeros(len(counts.a), dtype=bool)
    if behind is not None:
        few = behind.few_clusters() != ""
        worth = _design_effect(behind, counts, np.flatnonzero(~few))
        inside = counts.effective(worth * (t.isf(0.025, behind.freedom) / effects.Z) ** 2)
    columns: dict[str, np.ndarray] = {}
    for name, low, high, of in (
        ("rd", "rd_low", "rd_high", effects.risk_difference),
        ("rr", "rr_low", "rr_high", effects.risk_ratio),
        ("odds_ratio", "or_low", "or_high", effects.odds_ratio),
    ):
        limits = of(inside)
        columns |= {name: of(counts)[0], low: np.where(few, np.nan, limits[1]), high: np.where(few, np.nan, limits[2])}
    if behind is None:
        return {**columns, "p": effects.fisher_p(counts)}, worth
    odds, below, above = (np.log(one) for one in effects.odds_ratio(counts.effective(worth)))
    p = 2 * t.sf(np.abs(odds) / ((above - below) / (2 * effects.Z)), behind.freedom)
    return {**columns, "p": np.where(few, np.nan, p)}, worth


def _design_effect(behind: Units, counts: Counts, tests: np.ndarray) -> np.ndarray:
    """Variance of the risk difference with clusters over that without, at least 1: (k,), 1 but for ``tests``."""
    with_, without = counts.rates
    value = np.array([[0.0], [1.0]])

    def influence(block: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return -(value - without[block]) / counts.n0[block], (value - with_[block]) / counts.n1[block]

    effect = np.ones(len(with_))
    with np.errstate(invalid="ignore", divide="ignore"):
        independent = with_ * (1 - with_) / counts.n1 + without * (1 - without) / counts.n0
        effect[tests] = np.fmax(behind.sandwich(influence, tests, 2) / independent[tests], 1)
    return effect


def _nearer_to_one(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The limit of a ratio's interval that is nearer to 1; 1 where the interval holds 1."""
    return np.where(low > 1, low, np.where(high < 1, high, np.where(np.isnan(low), np.nan, 1.0)))


def adjust(sample: Sample, weight: np.ndarray | None) -> tuple[Adjusted, Cells]:
    """Logistic estimates with units weighted by ``weight`` (n,), and the counts that they come from."""
    plan, size = sample.design, len(sample.design.matrix)
    each = np.ones(len(sample.y)) if weight is None else weight
    n, n_mentions = tabulate(plan.cell, each, sample.mentions, size)
    bad, bad_mentions = tabulate(plan.cell, each * sample.y, sample.mentions, size)
    cells = Cells(plan.matrix, n, bad, n_mentions, bad_mentions)
    pattern = 2 * plan.cell + sample.y.astype(np.intp)
    return logistic.adjust(cells, units(pattern, sample.mentions, sample.cluster, weight)), cells


def _strata(plan: Design, cells: Cells) -> Counts:
    belongs = sparse.csr_array((np.ones(len(plan.stratum)), (np.arange(len(plan.stratum)), plan.stratum)))
    mentions, mentions_bad = cells.n_mentions @ belongs, cells.bad_mentions @ belongs
    n, bad = cells.n @ belongs, cells.bad @ belongs
    return Counts(mentions_bad, mentions - mentions_bad, bad - mentions_bad, n - mentions - bad + mentions_bad)
