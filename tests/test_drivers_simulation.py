"""Worlds with known truth: how often the drivers are right about them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from test_drivers_world import make_table, make_topics

from cxnlp.config import DriversConfig
from cxnlp.drivers import find
from cxnlp.drivers.effects import Counts, fisher_p, q_values, risk_difference
from cxnlp.drivers.logistic import Cells, adjust

CONFIG = DriversConfig(permutations=5)
FOUND = ["PROBABLE", "WATCH"]


def compare(mentions: np.ndarray, bad: np.ndarray) -> Counts:
    """Counts of (units, tests) mentions against one outcome."""
    return Counts.of(mentions.sum(axis=0), mentions[bad].sum(axis=0), len(bad), int(bad.sum()))


def test_null_outcomes_rarely_flag_anything() -> None:
    rng = np.random.default_rng(0)
    mentions = rng.random((400, 10)) < rng.uniform(0.06, 0.3, 10)
    runs = [q_values(fisher_p(compare(mentions, rng.random(400) < 0.2))) for _ in range(200)]
    assert np.mean([(q < CONFIG.q).any() for q in runs]) <= 0.15


@pytest.mark.slow
def test_null_outcomes_rarely_flag_anything_from_end_to_end() -> None:
    rng = np.random.default_rng(1)
    mentions, plan, tenure = rng.random((500, 10)) < 0.15, rng.choice(list("abc"), 500), rng.exponential(1, 500)
    topics = make_topics([f"t{topic}" for topic in range(10)])
    bad = rng.random(500) < expit(-1.5 - 0.4 * tenure + 0.5 * (plan == "a"))
    flagged = []
    for _ in range(200):
        who = rng.permutation(500)
        table = make_table(mentions, {"churned": bad[who]}, controls={"plan": plan[who], "tenure": tenure[who]})
        flagged.append(set(find(table, topics, CONFIG).table["tier"]))
    assert np.mean([bool(tiers & set(FOUND)) for tiers in flagged]) <= 0.15
    assert np.mean(["PROBABLE" in tiers for tiers in flagged]) <= 0.10


def test_a_doubled_risk_at_the_size_of_the_gate_is_found() -> None:
    rng = np.random.default_rng(2)
    n, mentions = 6000, (np.arange(6000) < 86)[:, None]
    rate = np.where(mentions[:, 0], 0.2, 0.1)
    p = np.concatenate([fisher_p(compare(mentions, rng.random(n) < rate)) for _ in range(600)])
    assert np.mean(p < 0.05) >= 0.75


@pytest.mark.parametrize(("mentions", "with_", "without"), [(60, 0.3, 0.12), (300, 0.12, 0.10), (40, 0.05, 0.05)])
def test_the_interval_of_the_risk_difference_covers(mentions: int, with_: float, without: float) -> None:
    rng = np.random.default_rng(3)
    a, c = rng.binomial(mentions, with_, 4000), rng.binomial(1500, without, 4000)
    _, low, high = risk_difference(Counts(a, mentions - a, c, 1500 - c))
    assert 0.93 <= np.mean((low <= with_ - without) & (with_ - without <= high)) <= 0.97


@pytest.mark.parametrize(("n", "estimator"), [(3000, "logistic"), (250, "firth")])
def test_the_interval_of_the_adjusted_difference_covers(n: int, estimator: str) -> None:
    rng = np.random.default_rng(4)
    matrix = np.column_stack([np.ones(6), np.eye(6)[:, 1:]])
    size = rng.multinomial(n, np.full(6, 1 / 6))
    mentions = rng.binomial(size, np.linspace(0.1, 0.4, 6))
    risk, effect = np.linspace(-2.4, -1.2, 6), 0.7
    truth = (size * (expit(risk + effect) - expit(risk))).sum() / n
    covered, estimators = [], []
    for _ in range(250):
        bad_mentions = rng.binomial(mentions, expit(risk + effect))
        bad = bad_mentions + rng.binomial(size - mentions, expit(risk))
        found = adjust(Cells(matrix, size, bad, mentions[None], bad_mentions[None]))
        estimators.append(found.estimator[0])
        covered.append(found.low[0] <= truth <= found.high[0])
    assert estimators.count(estimator) > 225
    assert 0.92 <= np.mean(covered) <= 0.98


def confounded(rng: np.random.Generator) -> np.ndarray:
    """New customers mention the first topic and churn, both for being new: whether each topic is PROBABLE."""
    n = 2500
    tenure = rng.exponential(24, n)
    new = expit(2 - tenure / 8)
    mentions = np.column_stack([rng.random(n) < 0.03 + 0.4 * new, rng.random((n, 3)) < 0.1])
    bad = rng.random(n) < 0.05 + 0.45 * new
    found = find(make_table(mentions, {"churned": bad}, controls={"tenure_days": tenure}), TOPICS, CONFIG).table
    row = found[found["topic_id"] == "t0"].iloc[0]
    return np.array([row["q"] < 0.1, row["tier"] == "PROBABLE"])


TOPICS = make_topics(["t0", "t1", "t2", "t3"])


def test_a_topic_that_only_tenure_ties_to_churn_is_not_probable() -> None:
    rng = np.random.default_rng(5)
    tempting, probable = np.mean([confounded(rng) for _ in range(20)], axis=0)
    assert tempting == 1.0  # unadjusted, it fools every run
    assert probable <= 0.05


def test_a_true_driver_is_probable_after_adjustment() -> None:
    rng = np.random.default_rng(6)
    tiers = []
    for _ in range(10):
        plan = rng.choice(["basic", "plus"], 3000)
        mentions = rng.random((3000, 4)) < 0.08
        bad = rng.random(3000) < 0.08 + 0.05 * (plan == "basic") + 0.12 * mentions[:, 0]
        found = find(make_table(mentions, {"churned": bad}, controls={"plan": plan}), TOPICS, CONFIG).table
        tiers.append(found.loc[found["topic_id"] == "t0", "tier"].iloc[0])
    assert tiers.count("PROBABLE") >= 9
