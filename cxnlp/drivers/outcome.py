"""Every test of one outcome: unadjusted, adjusted, stratified, and in both halves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from cxnlp.config import DriversConfig
from cxnlp.drivers import events, means
from cxnlp.drivers.cells import Adjusted
from cxnlp.drivers.robust import FEW_CLUSTERS
from cxnlp.drivers.sample import Sample
from cxnlp.drivers.tiers import MIN_EVENTS
from cxnlp.results import Note

__all__ = ["adjusted", "estimates", "in_order", "notes", "unanswerable"]

_NUMBERS = (
    "rd", "rd_low", "rd_high", "rr", "rr_low", "rr_high", "odds_ratio", "or_low", "or_high", "p",
    "rd_adjusted", "rd_adjusted_low", "rd_adjusted_high", "rd_adjusted_se", "att", "att_low", "att_high",
    "rr_adjusted", "rr_adjusted_low", "rr_adjusted_high", "or_adjusted", "or_adjusted_low", "or_adjusted_high",
    "p_adjusted", "po_p", "or_mh", "e_value", "e_value_low", "mde_rr", "mde",
)  # fmt: skip


def estimates(sample: Sample, config: DriversConfig) -> dict[str, np.ndarray]:
    """The `drivers` columns of one outcome that need no other outcome, arrays (k,) by name.

    Beside the declared columns: ``rd_adjusted_se``, the standard error of rd_adjusted; ``att`` with limits, the
    adjusted difference among those who mention it; ``rr_adjusted_low`` and ``rr_adjusted_high``, 95 % by the delta
    method on the log scale. NaN where there is no number that can be trusted; ``estimator`` says why there is no
    adjusted one. README.md says which method fills which column.
    """
    sample, _ = in_order(sample)
    columns = _described(sample)
    k = sample.mentions.shape[1]
    columns |= {name: np.full(k, np.nan) for name in _NUMBERS}
    if why := unanswerable(sample):
        return columns | {"estimator": np.full(k, f"none: {why}", dtype=object), "worse": np.zeros(k, dtype=bool)}
    estimate = events.estimate if sample.outcome.kind == "event" else means.estimate
    columns["rd"] = columns["rate_with"] - columns["rate_without"]
    unadjusted, found = estimate(sample, config)
    columns |= unadjusted | _named(found, sample)
    difference = np.where(np.isnan(columns["rd_adjusted"]), columns["rd"], columns["rd_adjusted"])
    return columns | {"worse": difference * sample.worse > 0}


def adjusted(sample: Sample, weight: np.ndarray | None = None) -> Adjusted:
    """The adjusted difference of every test, in the outcome's unit, with units weighted by ``weight`` (n,).

    Weights are taken relative to their mean; variances are then those of `robust.Units.sandwich`. The odds ratio is
    given for events only. All is NaN where `unanswerable` says why.
    """
    if why := unanswerable(sample):
        return Adjusted.of(np.full(sample.mentions.shape[1], f"none: {why}", dtype=object))
    sample, weight = in_order(sample, weight)
    return events.adjust(sample, weight)[0] if sample.outcome.kind == "event" else means.Line.of(sample).adjust(weight)


def unanswerable(sample: Sample) -> str:
    """Why nothing beyond counts and rates can be said about this outcome; '' where it can."""
    if sample.outcome.kind == "event":
        events = int(sample.bad.sum())
        return (
            f"fewer than {MIN_EVENTS} bad or good outcomes" if min(events, len(sample.y) - events) < MIN_EVENTS else ""
        )
    if len(sample.y) < 2 * MIN_EVENTS:
        return f"fewer than {2 * MIN_EVENTS} units"
    return "the outcome does not vary" if np.ptp(sample.y) == 0 else ""


def notes(sample: Sample) -> tuple[Note, ...]:
    """What the user should know about the estimates of this outcome."""
    found, label, n = [], sample.outcome.label, len(sample.y)
    if unanswerable(sample) and sample.outcome.kind == "event":
        bad = int(sample.bad.sum())
        message = (
            f"{label}: {bad} bad and {n - bad} good outcomes are too few for any estimate; "
            f"at least {MIN_EVENTS} of each are needed"
        )
        found.append(Note("drivers", message, n))
    elif why := unanswerable(sample):
        found.append(Note("drivers", f"{label}: no estimate, {why}", n))
    clusters = 0 if sample.cluster is None else len(np.unique(sample.cluster))
    if 0 < clusters < FEW_CLUSTERS:
        message = (
            f"{label}: with {clusters} clusters, intervals are somewhat too narrow; {FEW_CLUSTERS} or more are better"
        )
        found.append(Note("drivers", message, clusters))
    return tuple(found)


def in_order(sample: Sample, weight: np.ndarray | None = None) -> tuple[Sample, np.ndarray | None]:
    """The units sorted by what enters sums, so that their last bits do not depend on the order of the input's rows."""
    weights = np.ones(len(sample.y)) if weight is None else np.asarray(weight, float) / np.mean(np.sort(weight))
    cluster = np.zeros(len(sample.y), dtype=int) if sample.cluster is None else sample.cluster
    order = np.lexsort((weights, cluster, sample.design.cell, sample.y))
    moved = replace(
        sample,
        y=np.asarray(sample.y, float)[order],
        mentions=sample.mentions[order],
        neutral=sample.neutral[order],
        crossfit=sample.crossfit[order],
        first_half=sample.first_half[order],
        design=replace(sample.design, cell=sample.design.cell[order]),
        cluster=None if sample.cluster is None else sample.cluster[order],
        rows=sample.rows[order],
    )
    return moved, None if weight is None else weights[order]


def _described(sample: Sample) -> dict[str, np.ndarray]:
    """Counts, rates or means, and the sign in both halves."""
    k, bad = sample.mentions.shape[1], sample.bad
    with_, without = _means(sample.mentions, sample.y)
    halves = []
    for half in (sample.first_half, ~sample.first_half):
        one, other = _means(sample.crossfit[half], sample.y[half])
        # What is nothing but rounding has no sign.
        halves.append(np.sign(np.where(np.abs(one - other) > 1e-12 * np.abs(sample.y).max(initial=0), one - other, 0)))
    return {
        "n": np.full(k, len(bad)),
        "events": np.full(k, int(bad.sum())),
        "n_mentions": np.asarray(sample.mentions.sum(axis=0), dtype=np.int64),
        "events_mentions": np.asarray(sample.mentions[bad].sum(axis=0), dtype=np.int64),
        "rate_with": with_,
        "rate_without": without,
        "same_sign_halves": (halves[0] == halves[1]) & (halves[0] == np.sign(with_ - without)) & (halves[0] != 0),
    }


def _named(found: Adjusted, sample: Sample) -> dict[str, np.ndarray]:
    """The columns of an adjusted estimate; the estimator's words say what was not adjusted for, and clusters."""
    words = "" if sample.design.used else ", no controls"
    if sample.cluster is not None:
        clusters = len(np.unique(sample.cluster))
        words += f", {clusters} clusters" if clusters >= FEW_CLUSTERS else f", only {clusters} clusters"
    named = [f"{one}{'' if str(one).startswith('none') else words}" for one in found.estimator]
    return {
        "rd_adjusted": found.rd,
        "rd_adjusted_low": found.low,
        "rd_adjusted_high": found.high,
        "rd_adjusted_se": found.se,
        "att": found.att,
        "att_low": found.att_low,
        "att_high": found.att_high,
        "rr_adjusted": found.rr,
        "rr_adjusted_low": found.rr_low,
        "rr_adjusted_high": found.rr_high,
        "or_adjusted": found.odds_ratio,
        "or_adjusted_low": found.or_low,
        "or_adjusted_high": found.or_high,
        "p_adjusted": found.p,
        "po_p": found.po_p,
        "estimator": np.array(named, dtype=object),
    }


def _means(mentions: sparse.csr_array, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean outcome with and without the mention; NaN where there is nobody."""
    n1, sums = np.asarray(mentions.sum(axis=0), float), mentions.T @ y
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums / n1, (y.sum() - sums) / (len(y) - n1)
