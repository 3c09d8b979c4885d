"""The estimates of a score or an amount: differences of means, and the odds of a worse answer."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cxnlp.config import DriversConfig
from cxnlp.drivers import brant, effects, linear, ordinal
from cxnlp.drivers.cells import Adjusted, tabulate
from cxnlp.drivers.power import minimum_detectable_difference
from cxnlp.drivers.robust import units
from cxnlp.drivers.sample import Sample

__all__ = ["Line", "estimate"]

_IN_UNITS = ("rd", "low", "high", "se", "att", "att_low", "att_high")


@dataclass(frozen=True, slots=True)
class Line:
    """A score or an amount in standard units: ``value`` (n,), and what one of them is, ``spread``."""

    sample: Sample
    value: np.ndarray
    spread: float

    @classmethod
    def of(cls, sample: Sample) -> Line:
        """The outcome less its mean, over its standard deviation."""
        # Offsets and units of millions would cost digits in the squares.
        spread = float(sample.y.std(ddof=1))
        return cls(sample, (sample.y - sample.y.mean()) / spread, spread)

    def adjust(
        self,
        weight: np.ndarray | None = None,
        *,
        controls: bool = True,
        clusters: bool = True,
        floor: np.ndarray | None = None,
    ) -> Adjusted:
        """The linear estimates in the outcome's unit. ``floor``: bool (k,), tests whose variance is never below the
        classical one, as those of amounts never are."""
        sample, plan = self.sample, self.sample.design
        cell = plan.cell if controls else np.zeros_like(plan.cell)
        matrix = plan.matrix if controls else np.ones((1, 1))
        each = np.ones(len(cell)) if weight is None else weight
        tables = [tabulate(cell, each * self.value**power, sample.mentions, len(matrix)) for power in range(3)]
        moments = linear.Moments(matrix, *(all_ for all_, _ in tables), *(said for _, said in tables))
        pairs, pattern = np.unique(np.column_stack([cell, self.value]), axis=0, return_inverse=True)
        behind = units(pattern.ravel(), sample.mentions, sample.cluster if clusters else None, weight)
        held = np.full(sample.mentions.shape[1], sample.outcome.kind == "amount") if floor is None else floor
        patterns = pairs[:, 0].astype(np.intp), pairs[:, 1]
        found = linear.adjust(moments, patterns, behind, floor=held)
        scaled = {name: getattr(found, name) * self.spread for name in _IN_UNITS}
        return replace(found, **scaled)


def estimate(sample: Sample, config: DriversConfig) -> tuple[dict[str, np.ndarray], Adjusted]:
    """The unadjusted columns and the adjusted estimates of every test."""
    line = Line.of(sample)
    plain, found = line.adjust(controls=False), line.adjust()
    worth = np.ones(len(plain.rd))
    if sample.cluster is not None:
        worth = np.fmax((plain.se / line.adjust(controls=False, clusters=False).se) ** 2, 1)
    if sample.outcome.kind == "score":
        found = _with_odds(found, sample)
    mentions = np.asarray(sample.mentions.sum(axis=0), float)
    missing = np.isnan(found.rd)
    difference, se = np.where(missing, plain.rd, found.rd), np.where(missing, plain.se, found.se)
    nearest = np.maximum(np.abs(difference) - effects.Z * se, 0)
    columns = {
        "rd_low": plain.low,
        "rd_high": plain.high,
        "p": plain.p,
        "e_value": effects.e_value(effects.rr_of_mean_difference(np.abs(difference), line.spread)),
        "e_value_low": effects.e_value(effects.rr_of_mean_difference(nearest, line.spread)),
        "mde": minimum_detectable_difference(
            line.spread, mentions / worth, (len(sample.y) - mentions) / worth, config.power
        ),
    }
    return columns, found


def _with_odds(found: Adjusted, sample: Sample) -> Adjusted:
    """Linear estimates of a score with the odds of a worse answer and their p beside them.

    Where the proportional-odds model has no maximum, p stays that of the linear model, and the estimator says so.
    """
    plan, level = sample.design, ordinal.ranks(sample.y, sample.worse)
    counted = ordinal.answers(plan.matrix, plan.cell, level, sample.mentions)
    pattern = plan.cell * counted.n.shape[1] + level
    odds = ordinal.adjust(counted, units(pattern, sample.mentions, sample.cluster, None))
    fitted, linear_only = ~np.isnan(odds.p), ~np.isnan(found.rd) & np.isnan(odds.p)
    words = np.where(fitted & ~np.isnan(found.rd), "linear and proportional odds", found.estimator)
    return replace(
        found,
        odds_ratio=odds.odds_ratio,
        or_low=odds.or_low,
        or_high=odds.or_high,
        p=np.where(fitted, odds.p, found.p),
        po_p=brant.proportional_odds_p(counted) if sample.cluster is None else found.po_p,
        estimator=np.where(linear_only, "linear, odds not estimable", words).astype(object),
    )
