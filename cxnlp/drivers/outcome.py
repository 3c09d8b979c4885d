"""Every test of one outcome: unadjusted, adjusted, stratified, and in both halves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from cxnlp.config import DriversConfig
from cxnlp.drivers import effects
from cxnlp.drivers.controls import Design, design
from cxnlp.drivers.effects import Counts
from cxnlp.drivers.family import Family
from cxnlp.drivers.logistic import Cells, adjust
from cxnlp.drivers.power import minimum_detectable_rr
from cxnlp.drivers.tiers import MIN_EVENTS
from cxnlp.results import Note, Outcome

__all__ = ["Measured", "measure"]


@dataclass(frozen=True, slots=True)
class Measured:
    """One row per test of the family, in its order: the `drivers` columns that need no other outcome."""

    table: pd.DataFrame
    notes: tuple[Note, ...]


def measure(
    outcome: Outcome, family: Family, first_half: np.ndarray, controls: pd.DataFrame, config: DriversConfig
) -> Measured:
    """Test the whole `family` against one outcome.

    ``first_half`` (bool array) and ``controls`` (a column each) have a row per unit of the family.
    With fewer than 10 bad or 10 good outcomes only counts and rates are given, and a Note says so.
    """
    column = family.units[outcome.name]
    known = column.notna().to_numpy()
    bad = column[column.notna()].astype(bool).to_numpy()
    mentions = family.mentions[known].astype(np.int64)
    n, events = len(bad), int(bad.sum())
    counts = Counts.of(mentions.sum(axis=0), mentions[bad].sum(axis=0), n, events)
    with_, without = counts.rates
    table = family.tests.assign(
        outcome=outcome.name,
        n=n,
        events=events,
        n_mentions=counts.n1,
        events_mentions=counts.a,
        rate_with=with_,
        rate_without=without,
        controls="none",
    )
    notes = (
        [Note("drivers", f"{outcome.label}: units whose outcome is not known do not enter", n_unknown, "info")]
        if (n_unknown := int((~known).sum()))
        else []
    )
    if min(events, n - events) < MIN_EVENTS:
        message = (
            f"{outcome.label}: {events} bad and {n - events} good outcomes are too few for any estimate; "
            f"at least {MIN_EVENTS} of each are needed"
        )
        estimator = f"none: fewer than {MIN_EVENTS} bad or good outcomes"
        return Measured(table.assign(estimator=estimator), (*notes, Note("drivers", message, n)))
    plan = design(controls[known], bad)
    table = table.assign(
        **_unadjusted(counts),
        **_adjusted(plan, mentions, bad),
        mde_rr=minimum_detectable_rr(events / n, counts.n1, counts.n0, config.power),
        same_sign_halves=_same_sign(mentions, bad, first_half[known]),
        controls=", ".join(plan.used) or "none",
    )
    # The adjusted risk ratio, where there is one, is what something unmeasured would still have to explain.
    table["e_value"] = effects.e_value(table["rr_adjusted"].fillna(table["rr"]).to_numpy())
    table["e_value_low"] = effects.e_value(_nearer_to_one(table["rr_low"].to_numpy(), table["rr_high"].to_numpy()))
    return Measured(table, (*notes, *plan.notes))


def _nearer_to_one(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The limit of a ratio's interval that is nearer to 1; 1 where the interval holds 1."""
    return np.where(low > 1, low, np.where(high < 1, high, np.where(np.isnan(low), np.nan, 1.0)))


def _unadjusted(counts: Counts) -> dict[str, np.ndarray]:
    rd, rd_low, rd_high = effects.risk_difference(counts)
    rr, rr_low, rr_high = effects.risk_ratio(counts)
    return {
        "rd": rd,
        "rd_low": rd_low,
        "rd_high": rd_high,
        "rr": rr,
        "rr_low": rr_low,
        "rr_high": rr_high,
        "p": effects.fisher_p(counts),
    }


def _adjusted(plan: Design, mentions: sparse.csr_array, bad: np.ndarray) -> dict[str, np.ndarray]:
    cells = len(plan.matrix)
    membership = sparse.csr_array(
        (np.ones(len(bad), dtype=np.int64), (np.arange(len(bad)), plan.cell)), shape=(len(bad), cells)
    )
    counted = Cells(
        matrix=plan.matrix,
        n=np.bincount(plan.cell, minlength=cells),
        bad=np.bincount(plan.cell[bad], minlength=cells),
        n_mentions=(mentions.T @ membership).toarray(),
        bad_mentions=(mentions[bad].T @ membership[bad]).toarray(),
    )
    found = adjust(counted)
    named = np.where(found.estimator == "logistic", "logistic, no controls", found.estimator)
    return {
        "rd_adjusted": found.rd,
        "rd_adjusted_low": found.low,
        "rd_adjusted_high": found.high,
        "rr_adjusted": found.rr,
        "or_adjusted": found.odds_ratio,
        "p_adjusted": found.p,
        "estimator": found.estimator if plan.used else named,
        "or_mh": effects.mantel_haenszel(_strata(plan, counted)),
    }


def _strata(plan: Design, cells: Cells) -> Counts:
    belongs = sparse.csr_array(
        (np.ones(len(plan.stratum), dtype=np.int64), (np.arange(len(plan.stratum)), plan.stratum))
    )
    mentions, mentions_bad = cells.n_mentions @ belongs, cells.bad_mentions @ belongs
    n, bad = cells.n @ belongs, cells.bad @ belongs
    return Counts(mentions_bad, mentions - mentions_bad, bad - mentions_bad, n - mentions - bad + mentions_bad)


def _same_sign(mentions: sparse.csr_array, bad: np.ndarray, first: np.ndarray) -> np.ndarray:
    signs = []
    for half in (first, ~first):
        inside = bad & half
        counts = Counts.of(mentions[half].sum(axis=0), mentions[inside].sum(axis=0), int(half.sum()), int(inside.sum()))
        with_, without = counts.rates
        signs.append(np.sign(with_ - without))
    return (signs[0] == signs[1]) & (signs[0] != 0)
