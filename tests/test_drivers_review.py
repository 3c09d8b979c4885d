"""What a statistician's review of the drivers found: what is at stake, few clusters, who is silent, words."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import sparse
from scipy.optimize import approx_fprime
from scipy.special import expit, logit
from scipy.stats import norm, t
from test_drivers_world import make_table, make_topics

from cxnlp import wording
from cxnlp.config import DriversConfig
from cxnlp.drivers import commenters, outcome
from cxnlp.drivers.at_risk import revenue_at_risk, what_if
from cxnlp.drivers.controls import design
from cxnlp.drivers.family import until
from cxnlp.drivers.find import find
from cxnlp.drivers.heterogeneity import shrink
from cxnlp.drivers.robust import holding
from cxnlp.drivers.sample import Sample
from cxnlp.results import Outcome

CONFIG = DriversConfig()
NAN = float("nan")


def sample(y: np.ndarray, mention: np.ndarray, control: np.ndarray, cluster: np.ndarray | None = None) -> Sample:
    said = sparse.csr_array(mention.reshape(len(y), -1).astype(np.int64))
    plan = design(pd.DataFrame({"group": control.astype(str)}), y.astype(float), "event")
    first = np.arange(len(y)) % 2 == 0
    about = Outcome("churned", "churned", "churned")
    return Sample(about, y.astype(float), said, said, said, first, plan, cluster, np.arange(len(y)))


def risky(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """One in ten is at risk, and makes most of the complaints; the odds ratio is 2 for everybody. Last, each one's
    difference."""
    group = rng.random(n) < 0.1
    mention = rng.random(n) < np.where(group, 0.6, 0.05)
    base = logit(np.where(group, 0.4, 0.05))
    difference = expit(base + np.log(2)) - expit(base)
    return rng.random(n) < expit(base + np.log(2) * mention), mention, group, difference


# The difference among those who mention it


@pytest.mark.parametrize("clustered", [False, True])
def test_the_difference_among_mentions_has_the_delta_method_s_interval(clustered: bool) -> None:
    rng = np.random.default_rng(1)
    y, mention, group, _ = risky(rng, 3000)
    branch = rng.integers(0, 40, 3000)
    found = outcome.estimates(sample(y, mention, group, branch if clustered else None), CONFIG)
    rows = np.column_stack([np.ones(3000), group, mention]).astype(float)
    model = sm.Logit(y.astype(float), rows)
    plain, robust = (
        model.fit(disp=0, tol=1e-12, **how) for how in ({}, {"cov_type": "cluster", "cov_kwds": {"groups": branch}})
    )

    def among_mentions(beta: np.ndarray) -> float:
        own = rows[mention]
        return float((expit(own @ beta) - expit(own[:, :2] @ beta[:2])).mean())

    slope = approx_fprime(plain.params, among_mentions, 1e-7)
    errors = [np.sqrt(slope @ fit.cov_params() @ slope) for fit in ((plain, robust) if clustered else (plain,))]
    assert found["att"][0] == pytest.approx(among_mentions(plain.params), rel=1e-6)
    reach = (t.isf(0.025, 39) if clustered else norm.isf(0.025)) * max(errors)
    assert found["att_high"][0] - found["att"][0] == pytest.approx(reach, rel=1e-4)
    assert found["att"][0] - found["att_low"][0] == pytest.approx(reach, rel=1e-4)
    assert found["att"][0] > 1.5 * found["rd_adjusted"][0]


def test_what_if_and_revenue_stand_for_those_who_mention_it() -> None:
    """Averaged over everybody the difference would be that of customers who hardly ever mention it."""
    rng, covered, errors, former = np.random.default_rng(2), [], [], []
    group = np.array([True, False])
    base = logit(np.where(group, 0.4, 0.05))
    difference = expit(base + np.log(2)) - expit(base)
    truth = -float((np.array([0.1, 0.9]) * np.array([0.6, 0.05]) * difference).sum())
    for _ in range(150):
        y, mention, group, _ = risky(rng, 3000)
        found = outcome.estimates(sample(y, mention, group), CONFIG)
        effect, whole = (
            tuple(found[f"{name}{end}"] for end in ("", "_low", "_high")) for name in ("att", "rd_adjusted")
        )
        said = found["n_mentions"]
        now = {name: value[0] for name, value in what_if(said, 3000, effect).items()}
        errors.append(now["what_if"] - truth)
        covered.append(now["what_if_low"] <= truth <= now["what_if_high"])
        former.append(what_if(said, 3000, whole)["what_if"][0] - truth)
        if now["what_if"] < 0:
            revenue = revenue_at_risk(100 * said, effect)["revenue_at_risk"][0]
            assert revenue == pytest.approx(-now["what_if"] * 3000 * 100)
    assert abs(np.mean(errors)) < 0.1 * abs(truth) < 0.3 * abs(truth) < abs(np.mean(former))
    assert 0.92 <= np.mean(covered) <= 0.98


def test_few_events_and_linear_models_have_one_too() -> None:
    rng = np.random.default_rng(3)
    n = 400
    group, mention = rng.random(n) < 0.3, rng.random(n) < 0.1
    y = np.zeros(n)
    y[rng.choice(np.flatnonzero(mention), 6, replace=False)] = 1
    y[rng.choice(np.flatnonzero(~mention), 6, replace=False)] = 1
    found = outcome.estimates(sample(y, mention, group), CONFIG)
    assert found["estimator"][0] == "firth"
    assert 0 < found["att_low"][0] < found["att"][0] < found["att_high"][0] < 1
    # With one cell of controls those who mention it are like all.
    alone = outcome.estimates(sample(y, mention, np.zeros(n)), CONFIG)
    for end in ("", "_low", "_high"):
        assert alone[f"att{end}"][0] == pytest.approx(alone[f"rd_adjusted{end}"][0], rel=1e-9)
    amounts = dataclasses.replace(sample(y, mention, group), y=50 * rng.random(n) + 1000 * mention)
    amounts = dataclasses.replace(amounts, outcome=dataclasses.replace(amounts.outcome, kind="amount"))
    found = outcome.estimates(amounts, CONFIG)
    assert found["rd_adjusted"][0] > 900
    for end in ("", "_low", "_high"):
        assert found[f"att{end}"][0] == found[f"rd_adjusted{end}"][0]


def test_the_drivers_table_is_filled_with_them_and_notes_tell_who_is_silent() -> None:
    """Of 2,000 customers the last 50 wrote nothing, and the 30 before them in a language that is not read."""
    rng = np.random.default_rng(6)
    y, mention, group, _ = risky(rng, 2000)
    told = np.arange(2000) < 1920
    mention &= told
    plan = {"plan": np.where(group, "basic", "premium")}
    table = make_table(mention[:, None], {"churned": y.tolist()}, controls=plan)
    comments = table.comments.assign(status=np.repeat(["ok", "unsupported", "empty"], [1920, 30, 50]))
    table = dataclasses.replace(table, comments=comments, units=table.units.assign(n_comments=told.astype(int)))
    found = find(table, make_topics(["t0"]), DriversConfig(permutations=20))
    row = found.table.iloc[0]
    whole, own = sample(y[told], mention[told], group[told]), mention[told].mean()
    expected = outcome.estimates(whole, CONFIG)
    assert row["rd_adjusted"] == pytest.approx(expected["rd_adjusted"][0])
    assert row["what_if"] == pytest.approx(-own * expected["att"][0], rel=1e-6)
    assert abs(row["what_if"]) > 1.3 * own * row["rd_adjusted"] > 0
    counts = {"nor counted as silent": 30, "customers said nothing": 50}
    for words, count in counts.items():
        assert [note.count for note in found.notes if words in note.message] == [count]
    assert any("50 of 1,970 customers said nothing" in note.message for note in found.notes)


# Stages drawn together


def stages(groups: int, of: int) -> pd.DataFrame:
    topic, stage = np.repeat(np.arange(groups), of), np.tile(np.arange(of), groups)
    return pd.DataFrame({"topic_id": topic.astype(str), "stage": stage.astype(str), "polarity": "negative"})


def test_stages_of_few_clusters_are_drawn_together_with_intervals_as_wide_as_theirs() -> None:
    tests, z = stages(3, 4), norm.isf(0.025)
    estimate, se = np.linspace(-0.05, 0.15, 12), np.full(12, 0.03)
    plain = shrink(tests, estimate, se)
    normal = shrink(tests, estimate, se, (estimate - z * se, estimate + z * se))
    wide = shrink(tests, estimate, se, (estimate - 2 * z * se, estimate + 2 * z * se))
    narrow = shrink(tests, estimate, se, (estimate - se, estimate + se))
    for name, values in plain.items():
        np.testing.assert_allclose(normal[name], values)
        np.testing.assert_allclose(narrow[name], values)
    np.testing.assert_allclose(wide["rd_shrunk"], plain["rd_shrunk"])
    for side in ("low", "high"):
        reach = [found[f"rd_shrunk_{side}"] - found["rd_shrunk"] for found in (plain, wide)]
        np.testing.assert_allclose(reach[1], 2 * reach[0])
    whole = tests.assign(stage="all")
    np.testing.assert_allclose(shrink(whole, estimate, se, (estimate - 1, estimate + 1))["rd_shrunk_low"], estimate - 1)


def test_shrunken_intervals_of_few_clusters_cover() -> None:
    """Standard errors with five degrees of freedom: with the normal quantile 88 to 90 % are covered."""
    rng, covered, former = np.random.default_rng(4), [], []
    tests = stages(8, 4)
    for _ in range(150):
        truth = np.repeat(rng.normal(0, 0.03, 8), 4) + rng.normal(0, 0.03, 32)
        estimate = truth + 0.02 * rng.normal(size=32)
        se = 0.02 * np.sqrt(rng.chisquare(5, 32) / 5)
        reach = t.isf(0.025, 5) * se
        for found, into in (
            (shrink(tests, estimate, se, (estimate - reach, estimate + reach)), covered),
            (shrink(tests, estimate, se), former),
        ):
            into.append((found["rd_shrunk_low"] <= truth) & (truth <= found["rd_shrunk_high"]))
    assert np.mean(former) < 0.92 < 0.93 < np.mean(covered) < 0.98


# Clusters


def test_holding_counts_clusters_with_a_mention_or_with_none_whichever_are_fewer() -> None:
    rng = np.random.default_rng(5)
    group, mentions = rng.integers(0, 12, 60), rng.random((60, 5)) < [0.02, 0.1, 0.5, 0.9, 0.0]
    expected = [min(len(set(group[column])), len(set(group[~column]))) if column.any() else 0 for column in mentions.T]
    _, number = np.unique(group, return_inverse=True)
    assert holding(number, sparse.csr_array(mentions.astype(np.int64))).tolist() == expected


# Who is silent


def test_customers_who_spoke_too_late_or_in_another_language_are_not_silent() -> None:
    table = make_table(np.ones((6, 1), dtype=bool), {"churned": [True, False] * 3}, stage="usage")
    comments = table.comments.assign(status=["ok", "ok", "unsupported", "empty", "junk", "ok"])
    inside = np.array([True, False, True, True, True, True])
    units = table.units.assign(n_comments=np.array([1, 0, 0, 0, 0, 1]))
    statements = table.statements.assign(in_window=inside[table.statements["row"].to_numpy()])
    spoken = statements[statements["row"].isin([0, 1, 5])]
    table = dataclasses.replace(
        table, comments=comments.assign(in_window=inside), units=units, statements=spoken, stages=("trial", "usage")
    )
    assert commenters.silent(table).tolist() == [False, False, False, True, True, False]
    # What is said after the stage is no evidence, and whoever says it is not silent.
    earlier = until(table, "trial")
    assert (earlier.units["n_comments"] == 0).all()
    assert commenters.silent(earlier).tolist() == [False, False, False, True, True, False]


# Words


@pytest.mark.parametrize(
    ("limits", "points", "amount", "ratio"),
    [
        ((0.1, 0.3), "95 % interval +10.0 to +30.0", "95 % interval +0.10 to +0.30", "95 % interval 0.10 to 0.30"),
        ((0.1, NAN), "95 % interval from +10.0", "95 % interval from +0.10", "95 % interval from 0.10"),
        ((0.1, np.inf), "95 % interval from +10.0", "95 % interval from +0.10", "95 % interval from 0.10"),
        ((NAN, 0.3), "95 % interval up to +30.0", "95 % interval up to +0.30", "95 % interval up to 0.30"),
        ((NAN, NAN), "no interval", "no interval", "no interval"),
    ],
)
def test_a_limit_that_is_not_known_is_not_printed(
    limits: tuple[float, float], points: str, amount: str, ratio: str
) -> None:
    assert wording.interval(0.2, *limits) == f"+20.0 points ({points})"
    assert wording.effect(0.2, *limits, "event") == f"+20.0 points ({points})"
    assert wording.effect(0.2, *limits, "score") == f"+0.20 ({amount})"
    assert wording.ratio(0.2, *limits) == f"0.20 ({ratio})"
