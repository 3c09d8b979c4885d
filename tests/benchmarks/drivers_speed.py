"""How long the drivers take: 100,000 customers, 60 topics, 5 stages, 3 controls, every check but bootstrapped ranks.

    python tests/benchmarks/drivers_speed.py [--customers 100000] [--topics 60] [--audit] [--score]

Prints seconds, peak memory and the number of tests; and the same work as one statsmodels Logit per test, from a few
of them, as the yardstick of the same run.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
import pandas as pd
import statsmodels.api as sm

from cxnlp import schema
from cxnlp.config import DriversConfig
from cxnlp.drivers import find
from cxnlp.results import Gold, Outcome, ScoreColumn, Table, Topics

STAGES = np.array(schema.STAGES, dtype=object)
DAY = np.datetime64("2024-01-01")


def company(n: int, k: int, seed: int, *, scored: bool) -> Table:
    """Customers with tenure, plan and country who leave in time; each wrote one to four statements in one comment."""
    rng = np.random.default_rng(seed)
    tenure, plan, country = rng.gamma(2, 400, n), rng.choice(list("abcd"), n), rng.choice(list("uvwxy"), n)
    said = np.minimum(rng.poisson(6, n) + 1, 15)
    unit = np.repeat(np.arange(n), said)
    share = 1 / np.arange(2, k + 2)
    topic = rng.choice(k, len(unit), p=share / share.sum())
    polarity = rng.choice(np.array(["negative", "positive", "neutral"], dtype=object), len(unit), p=[0.45, 0.45, 0.1])
    stage = STAGES[(topic + rng.choice(5, len(unit), p=[0.6, 0.1, 0.1, 0.1, 0.1])) % 5]
    complains = np.bincount(unit[(topic == 3) & (polarity == "negative")], minlength=n) > 0
    hazard = np.exp(-8.2 - 0.0006 * tenure + 0.3 * (plan == "a") + 0.7 * complains)
    start = rng.integers(0, 200, n)
    wrote = start + rng.integers(1, 60, n)
    lasts = rng.exponential(1 / hazard)
    left = wrote + np.ceil(lasts).astype(np.int64) + 1
    churned = left <= 700
    ids = np.array([f"t{number:02d}" for number in range(k)], dtype=object)[topic]
    statements = pd.DataFrame({"unit": unit, "row": unit, "topic_id": ids, "topic_crossfit": ids, "stage": stage})
    statements = statements.assign(
        statement_id=np.arange(len(unit)), sentiment_label=polarity, in_window=True, language="en",
        comment_id=unit.astype(str), text="said", topic_strength=0.9,
    ).reindex(columns=schema.names("statements"))  # fmt: skip
    units = pd.DataFrame(
        {
            "unit": np.arange(n), "customer_id": [f"k{i}" for i in range(n)], "n_comments": 1, "language": "en",
            "churned": pd.array(churned, dtype="boolean"), "tenure_days": tenure, "plan": plan, "country": country,
            "observed_from": DAY + start.astype("timedelta64[D]"), "observed_until": DAY + np.timedelta64(700, "D"),
            "left_at": np.where(churned, DAY + left.astype("timedelta64[D]"), np.datetime64("NaT")),
        }
    )  # fmt: skip
    comments = pd.DataFrame(
        {
            "comment_id": np.arange(n).astype(str), "status": "ok", "unit": np.arange(n), "in_window": True,
            "text_clean": "said", "created_at": pd.to_datetime(DAY + wrote.astype("timedelta64[D]")),
            "topic_ids": pd.Series(ids).groupby(unit).agg(lambda of: list(dict.fromkeys(of))).tolist(),
        }
    )  # fmt: skip
    outcomes, scores = [Outcome("churned", "churned", "churned")], ()
    if scored:
        nps = np.clip(np.round(8 - 2 * complains + rng.normal(0, 2, n)), 0, 10)
        comments["nps"] = units["nps_score"] = nps
        scores = (ScoreColumn("nps", "nps", schema.SCALES["nps"]),)
        outcomes.append(Outcome("nps_score", "score of nps", "nps", kind="score", scale=schema.SCALES["nps"]))
    controls = ("tenure_days", "plan", "country")
    return Table(comments, statements, units, scores, tuple(outcomes), controls=controls, unit_name="customer")


def topics_of(k: int) -> Topics:
    """Names and stability of k topics."""
    table = pd.DataFrame({"topic_id": [f"t{number:02d}" for number in range(k)]})
    table = table.assign(topic_name="name of " + table["topic_id"], stability=0.95)
    return Topics(table, pd.DataFrame(columns=schema.names("topic_of")))


def audit(table: Table, n: int, seed: int) -> Gold:
    """A random sample of units whose tags people found right, but for one in ten."""
    rng = np.random.default_rng(seed)
    drawn = np.sort(rng.choice(len(table.units), n, replace=False))
    of = table.statements[table.statements["unit"].isin(drawn)]
    wrong = rng.random(len(of)) < 0.1
    labelled = of[["statement_id", "topic_id", "stage"]].assign(
        topic_id=of["topic_id"].mask(wrong), polarity=of["sentiment_label"]
    )
    units = pd.DataFrame({"unit": drawn, "probability": n / len(table.units)})
    return Gold(labelled, units, pd.DataFrame(columns=schema.names("audit")))


def yardstick(table: Table, tests: int) -> float:
    """Seconds of one statsmodels Logit over all customers and the three controls, the mean of a few."""
    units = table.units
    bands = pd.get_dummies(pd.qcut(units["tenure_days"], 10, labels=False), drop_first=True, prefix="b")
    dummies = pd.get_dummies(units[["plan", "country"]], drop_first=True)
    fixed = sm.add_constant(pd.concat([bands, dummies], axis=1).astype(float)).to_numpy()
    started = time.perf_counter()
    for number in range(tests):
        says = table.statements["topic_id"].eq(f"t{number:02d}").groupby(table.statements["unit"]).any()
        sm.Logit(units["churned"].astype(float), np.column_stack([fixed, says.astype(float)])).fit(disp=0)
    return (time.perf_counter() - started) / tests


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--topics", type=int, default=60)
    parser.add_argument("--audit", action="store_true", help="correct for tagging errors with 1,000 labelled customers")
    parser.add_argument("--score", action="store_true", help="an NPS beside churn: two outcomes")
    asked = parser.parse_args()
    table = company(asked.customers, asked.topics, 0, scored=asked.score)
    gold = audit(table, 1_000, 1) if asked.audit else None
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started = time.perf_counter()
    found = find(table, topics_of(asked.topics), DriversConfig(rank_bootstrap=0), gold=gold)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    tests = len(found.table)
    print(f"{asked.customers:,} customers, {len(table.statements):,} statements, {tests:,} tests")
    print(f"drivers: {seconds:.1f} s; peak memory {peak:,.0f} MB ({before:,.0f} MB of it before the drivers)")
    print(found.table["tier"].value_counts().to_string())
    single = yardstick(table, 3)
    whole = single * tests
    print(f"statsmodels Logit alone: {single:.2f} s a test, {whole:,.0f} s in all, {whole / seconds:.0f} times as long")


if __name__ == "__main__":
    main()
