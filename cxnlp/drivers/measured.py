"""Every column of one outcome: estimates, time, refutation, correction for tagging errors, what is at stake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cxnlp import schema
from cxnlp.config import DriversConfig
from cxnlp.drivers import at_risk, audit_size, commenters, corrected, heterogeneity, invariance
from cxnlp.drivers.controls import design
from cxnlp.drivers.family import Family
from cxnlp.drivers.gold import Labelled
from cxnlp.drivers.importance import importance
from cxnlp.drivers.kano import kano
from cxnlp.drivers.outcome import adjusted, estimates, unanswerable
from cxnlp.drivers.outcome import notes as about_sample
from cxnlp.drivers.power import mentions_needed
from cxnlp.drivers.prevalence import prevalence
from cxnlp.drivers.refute import Probe, refute
from cxnlp.drivers.sample import Sample
from cxnlp.drivers.tiers import POWER_SD
from cxnlp.drivers.timing import Times, times
from cxnlp.drivers.verdicts import verdicts
from cxnlp.results import Note, Outcome, Table

__all__ = ["Measured", "measure"]

_CURVES = 3
"""Associations of an outcome whose survival curves are given: the strongest."""

_FEW_WROTE_TWICE = 0.05
"""Share of units with several comments up to which time to write plays no part."""

_FOR_TIERS = ("powered", "practical", "power_limit", "timing", "gold_needed", "attenuation")

_WORTH = 0.10
"""Associations with a smaller unadjusted p are corrected for tagging errors: no other can reach WATCH."""

REFUTED = ("shuffled outcomes", "random topics", "random subsets", "who comments")
"""Checks of `verdicts.CHECKS` that keep an association from PROBABLE; the tiers judge halves, time and audit.
Neutral mentions decide nothing: a complaint that the model reads as neutral goes with leaving as any other does."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one outcome gives: ``table`` has a row per test, with the `drivers` columns that need no other outcome and
    those that `tiers.tier` asks for beside them; ``importance``, ``kano`` and ``prevalence`` lack names and q."""

    outcome: str
    table: pd.DataFrame
    importance: pd.DataFrame
    kano: pd.DataFrame
    prevalence: pd.DataFrame
    times: Times | None
    notes: tuple[Note, ...]

    def curves(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The `survival` table: curves of the strongest tests of this outcome among ``rows``, which have tiers."""
        if self.times is None:
            return pd.DataFrame()
        shown = rows[(rows["outcome"] == self.outcome) & rows["tier"].isin(("CONFIRMED", "PROBABLE", "WATCH"))]
        found = [
            self.times.curves(row["column"]).assign(**{name: row[name] for name in ("topic_id", "stage", "polarity")})
            for row in shown.head(_CURVES).to_dict("records")
        ]
        return pd.concat(found, ignore_index=True).assign(outcome=self.outcome) if found else pd.DataFrame()


def measure(
    outcome: Outcome,
    family: Family,
    controls: pd.DataFrame,
    table: Table,
    config: DriversConfig,
    gold: Labelled | None,
) -> Measured:
    """Everything that can be said of one outcome; ``table`` and ``family`` hold only what came before it.

    ``controls``: a column each, a row per unit of ``table.units``, which is its index. With too few bad or good
    outcomes, or one answer only, counts and rates are given and nothing else, and a Note says so.
    """
    sample, notes = _sample(outcome, family, controls)
    tests = family.tests
    frame = tests.assign(outcome=outcome.name, kind=outcome.kind, column=np.arange(len(tests)))
    columns = estimates(sample, config)
    frame = frame.assign(**columns, controls=", ".join(sample.design.used) or "none")
    frame = frame.assign(**_gates(sample, columns, config))
    notes = (*notes, *about_sample(sample))
    if unanswerable(sample):
        none = pd.DataFrame()
        return Measured(outcome.name, _finished(frame), none, none, none, None, notes)
    when, said = times(sample, family, table) if outcome.name == "churned" else (None, ())
    if when is not None:
        frame = frame.assign(**when.hazards(sample))
    frame["timing"] = _timing(outcome, family, table)
    weights, about = _weighted(sample, controls, table)
    frame = frame.assign(**refute(Probe(sample, columns, config.permutations, config.permutation_seed)), **weights)
    frame = frame.assign(**_corrected(sample, gold, columns, config), **_at_stake(sample, columns, family))
    right = {name: frame[name].to_numpy(float) for name in ("sensitivity", "specificity") if name in frame}
    share = columns["n_mentions"] / len(sample.y)
    frame["attenuation"] = audit_size.attenuation(share, right.get("sensitivity"), right.get("specificity"))
    limits = columns["rd_adjusted_low"], columns["rd_adjusted_high"]
    frame = frame.assign(**_everywhere(sample, columns, family, table))
    frame = frame.assign(**heterogeneity.shrink(tests, columns["rd_adjusted"], columns["rd_adjusted_se"], limits))
    return Measured(
        outcome.name,
        _finished(frame),
        _importance(sample, tests, config),
        _kano(sample, tests, config),
        _prevalence(sample, tests, gold),
        when,
        (*notes, *said, *about),
    )


def _timing(outcome: Outcome, family: Family, table: Table) -> str:
    """What is known of the order of comment and outcome.

    'dates'; 'same time', where the outcome is an answer given with the comment; 'one comment', where there are no
    dates, but hardly anybody wrote twice, so that nobody had more time to say more; or 'unknown'.
    """
    if outcome.kind == "score" or outcome.source in {score.source for score in table.scores}:
        return "same time"
    if outcome.name == "churned" and "left_at" in family.units and family.units["left_at"].notna().any():
        return "dates"
    return "one comment" if (family.units["n_comments"] > 1).mean() <= _FEW_WROTE_TWICE else "unknown"


def _sample(outcome: Outcome, family: Family, controls: pd.DataFrame) -> tuple[Sample, tuple[Note, ...]]:
    column = family.units[outcome.name]
    rows = np.flatnonzero(column.notna().to_numpy())
    y = column.iloc[rows].to_numpy(dtype=float)
    plan = design(controls.loc[family.units["unit"].iloc[rows]].reset_index(drop=True), y, outcome.kind)
    cluster = _clusters(family.units["cluster"].iloc[rows]) if "cluster" in family.units else None
    notes = list(plan.notes)
    if unknown := len(column) - len(rows):
        level = "warning" if unknown > len(rows) else "info"
        message = f"{outcome.label}: units whose outcome is not known do not enter"
        notes.insert(0, Note("drivers", message, unknown, level))
    mentions, neutral, crossfit = (matrix[rows] for matrix in (family.mentions, family.neutral, family.crossfit))
    sample = Sample(outcome, y, mentions, neutral, crossfit, family.first_half[rows], plan, cluster, rows)
    return sample, tuple(notes)


def _clusters(names: pd.Series) -> np.ndarray:
    """Numbers of clusters; a unit without one is a cluster of its own."""
    code = pd.factorize(names, sort=True)[0]
    alone = code < 0
    code[alone] = code.max(initial=-1) + 1 + np.arange(alone.sum())
    return code


def _gates(sample: Sample, columns: dict[str, np.ndarray], config: DriversConfig) -> dict[str, Any]:
    """What the tiers ask for: the smallest difference that matters, and whether the test could have shown one."""
    kind, scale = sample.outcome.kind, sample.outcome.scale
    if kind == "event":
        return {"practical": config.practical_rd, "power_limit": np.nan, "powered": _powered(sample, columns, config)}
    width = scale.high - scale.low if scale is not None else abs(sample.y.mean()) if len(sample.y) else np.nan
    limit = POWER_SD * sample.y.std() if len(sample.y) else np.nan
    with np.errstate(invalid="ignore"):
        powered = np.asarray(columns["mde"], float) <= limit
    return {"practical": config.practical_rd * width, "power_limit": limit, "powered": powered}


def _powered(sample: Sample, columns: dict[str, np.ndarray], config: DriversConfig) -> np.ndarray:
    """Whether the test could have shown `power_rr`, or, where mentions go with fewer outcomes, its inverse."""
    with np.errstate(invalid="ignore"):
        upward = np.asarray(columns["mde_rr"], float) <= config.power_rr
        fewer = np.flatnonzero(upward & (columns["rd"] < 0))
    n, mentions = len(sample.y), np.asarray(columns["n_mentions"])
    for test in fewer.tolist():
        one = int(mentions[test])
        upward[test] = one >= mentions_needed(sample.y.mean(), one, n - one, 1 / config.power_rr, config.power)
    return upward


def _weighted(sample: Sample, controls: pd.DataFrame, table: Table) -> tuple[dict[str, np.ndarray], tuple[Note, ...]]:
    """The adjusted difference with commenters weighted to be like all customers, where some are silent."""
    # What is known from comments only would tell the silent ones by being missing.
    silent = commenters.silent(table)
    known = controls.loc[:, controls[silent].notna().any()] if silent.any() else controls
    weight, notes = commenters.weights(table.units, known.drop(columns="language", errors="ignore"), silent)
    if weight is None:
        return {}, notes
    found = adjusted(sample, weight[sample.rows])
    return {"weighted_rd": found.rd, "weighted_low": found.low, "weighted_high": found.high}, notes


def _corrected(
    sample: Sample,
    gold: Labelled | None,
    columns: dict[str, np.ndarray],
    config: DriversConfig,
) -> dict[str, np.ndarray]:
    """Estimates with the tagging errors of the audit taken out, and how large an audit would have to be."""
    found = None
    if gold is not None:
        true, known = gold.mentions[sample.rows], gold.known[sample.rows]
        # Each takes a model of its own: only where there is an association to be corrected.
        worth = (columns["n_mentions"] >= config.min_mentions) & (columns["p"] < _WORTH)
        found = corrected.correct(sample, true, known, gold.probability[sample.rows], worth)
    size = audit_size.needed(sample, columns["rd_adjusted"], found, config.power)
    declared = set(schema.names("drivers"))
    return {name: values for name, values in (found or {}).items() if name in declared} | {"gold_needed": size}


def _at_stake(sample: Sample, columns: dict[str, np.ndarray], family: Family) -> dict[str, np.ndarray]:
    effect = tuple(columns[f"att{end}"] for end in ("", "_low", "_high"))
    found = at_risk.what_if(columns["n_mentions"], len(sample.y), effect)
    if sample.outcome.kind != "event":
        return found
    ratio = tuple(columns[f"rr_adjusted{end}"] for end in ("", "_low", "_high"))
    counts = (columns["events_mentions"], columns["n_mentions"])
    found |= at_risk.attributable_share(int(sample.y.sum()), len(sample.y), *counts, ratio)
    if "revenue" in family.units:
        revenue = family.units["revenue"].to_numpy(dtype=float, na_value=np.nan)[sample.rows]
        found |= at_risk.revenue_at_risk(at_risk.revenue_of_mentions(sample.mentions, revenue), effect)
    return found


def _whole(sample: Sample, tests: pd.DataFrame) -> pd.DataFrame:
    """One test per topic and polarity, the one over all stages: it has the most mentions of them."""
    size = np.asarray(sample.mentions.sum(axis=0)).ravel()
    listed = tests.assign(column=np.arange(len(tests)), size=size)
    listed = listed.sort_values(["topic_id", "polarity", "size", "stage"], ascending=[True, True, False, True])
    return listed.drop_duplicates(["topic_id", "polarity"])[["topic_id", "polarity", "column"]]


def _importance(sample: Sample, tests: pd.DataFrame, config: DriversConfig) -> pd.DataFrame:
    whole = _whole(sample, tests)
    found = importance(sample, whole, resamples=config.rank_bootstrap, seed=config.permutation_seed)
    return found.assign(outcome=sample.outcome.name)


def _kano(sample: Sample, tests: pd.DataFrame, config: DriversConfig) -> pd.DataFrame:
    if sample.outcome.kind != "score" or sample.outcome.scale is None:
        return pd.DataFrame()
    wide = _whole(sample, tests).pivot_table(index="topic_id", columns="polarity", values="column", aggfunc="first")
    pairs = wide.reindex(columns=["negative", "positive"]).fillna(-1).astype(np.int64).reset_index()
    width = sample.outcome.scale.high - sample.outcome.scale.low
    return kano(sample, pairs, practical=config.practical_rd * width).assign(outcome=sample.outcome.name)


def _everywhere(sample: Sample, columns: dict[str, np.ndarray], family: Family, table: Table) -> dict[str, np.ndarray]:
    """Whether the difference is the same in every language and source."""
    whole = np.where(np.isnan(columns["rd_adjusted"]), columns["rd"], columns["rd_adjusted"])
    return invariance.invariance(sample, invariance.groups(table, family), whole)


def _prevalence(sample: Sample, tests: pd.DataFrame, gold: Labelled | None) -> pd.DataFrame:
    if sample.outcome.kind != "event":
        return pd.DataFrame()
    return prevalence(sample, _whole(sample, tests), gold).assign(outcome=sample.outcome.name)


def _finished(frame: pd.DataFrame) -> pd.DataFrame:
    """All columns that tiers and cards look at; and which refutations failed, in words."""
    given = set(frame.columns)
    wanted = [*schema.names("drivers"), *_FOR_TIERS, "column"]
    numbers = {one.name for one in schema.TABLES["drivers"] if one.kind == "number"} | {"gold_needed", "attenuation"}
    missing = {name: np.nan for name in wanted if name not in given and name in numbers}
    frame = frame.assign(**missing).reindex(columns=wanted)
    if "timing" not in given:
        frame["timing"] = "unknown"
    for name in ("opposite_in", "opposite_sure_in"):
        frame[name] = frame[name].astype(object).fillna("")
    frame["n_gold"] = frame["n_gold"].fillna(0).astype(np.int64)
    rows: list[dict[str, Any]] = [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
    failed = [[said for check, state, said in verdicts(row) if state == "failed" and check in REFUTED] for row in rows]
    return frame.assign(failed=pd.Series(["; ".join(said) for said in failed], dtype=object))
