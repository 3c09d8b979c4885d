"""Importance, Kano classes and shrinkage over stages: published values, reference packages, known truth, odd inputs."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import sparse
from scipy.linalg import sqrtm
from statsmodels.stats.meta_analysis import combine_effects

from cxnlp import schema
from cxnlp.drivers.controls import Design
from cxnlp.drivers.heterogeneity import shrink
from cxnlp.drivers.importance import COLUMNS, importance, johnson, lmg
from cxnlp.drivers.kano import COLUMNS as KANO
from cxnlp.drivers.kano import kano
from cxnlp.drivers.sample import Sample
from cxnlp.results import Outcome

CHURN = Outcome("churned", "churned", "churned")
NPS = Outcome("nps", "score of nps", "nps", kind="score", scale=schema.SCALES["nps"])
EFFORT = Outcome("ces", "score of ces", "ces", kind="score", better="low", scale=schema.SCALES["ces7-effort"])

SWISS = """
80.2 17.0 15 12 9.96 22.2; 83.1 45.1 6 9 84.84 22.2; 92.5 39.7 5 5 93.40 20.2; 85.8 36.5 12 7 33.77 20.3
76.9 43.5 17 15 5.16 20.6; 76.1 35.3 9 7 90.57 26.6; 83.8 70.2 16 7 92.85 23.6; 92.4 67.8 14 8 97.16 24.9
82.4 53.3 12 7 97.67 21.0; 82.9 45.2 16 13 91.38 24.4; 87.1 64.5 14 6 98.61 24.5; 64.1 62.0 21 12 8.52 16.5
66.9 67.5 14 7 2.27 19.1; 68.9 60.7 19 12 4.43 22.7; 61.7 69.3 22 5 2.82 18.7; 68.3 72.6 18 2 24.20 21.2
71.7 34.0 17 8 3.30 20.0; 55.7 19.4 26 28 12.11 20.2; 54.3 15.2 31 20 2.15 10.8; 65.1 73.0 19 9 2.84 20.0
65.5 59.8 22 10 5.23 18.0; 65.0 55.1 14 3 4.52 22.4; 56.6 50.9 22 12 15.14 16.7; 57.4 54.1 20 6 4.20 15.3
72.5 71.2 12 1 2.40 21.0; 74.2 58.1 14 8 5.23 23.8; 72.0 63.5 6 3 2.56 18.0; 60.5 60.8 16 10 7.72 16.3
58.3 26.8 25 19 18.46 20.9; 65.4 49.5 15 8 6.10 22.5; 75.5 85.9 3 2 99.71 15.1; 69.3 84.9 7 6 99.68 19.8
77.3 89.7 5 2 100.00 18.3; 70.5 78.2 12 6 98.96 19.4; 79.4 64.9 7 3 98.22 20.2; 65.0 75.9 9 9 99.06 17.8
92.2 84.6 3 3 99.46 16.3; 79.3 63.1 13 13 96.83 18.1; 70.4 38.4 26 12 5.62 20.3; 65.7 7.7 29 11 13.79 20.5
72.7 16.7 22 13 11.22 18.9; 64.4 17.6 35 32 16.92 23.0; 77.6 37.6 15 7 4.97 20.0; 67.6 18.7 25 7 8.65 19.5
35.0 1.2 37 53 42.34 18.0; 44.7 46.6 16 29 50.43 18.2; 42.8 27.7 22 29 58.33 19.3
"""
"""R's `swiss` (Mosteller and Tukey 1977): Fertility Agriculture Examination Education Catholic Infant.Mortality."""


def make_sample(
    y: np.ndarray,
    mentions: np.ndarray,
    *,
    control: np.ndarray | None = None,
    cluster: np.ndarray | None = None,
    outcome: Outcome = CHURN,
) -> Sample:
    """Units with one control of the levels 0, 1..."""
    cell = np.zeros(len(y), dtype=np.intp) if control is None else control
    levels = int(cell.max()) + 1
    matrix = np.column_stack([np.ones(levels), np.eye(levels)[:, 1:]])
    design = Design(cell, matrix, np.zeros(levels, dtype=np.intp), () if control is None else ("plan",))
    matrix_of_mentions = sparse.csr_array(np.asarray(mentions).astype(np.int64))
    half = np.arange(len(y)) % 2 == 0
    return Sample(outcome, np.asarray(y, float), *[matrix_of_mentions] * 3, half, design, cluster, np.arange(len(y)))


def topics(count: int) -> pd.DataFrame:
    return pd.DataFrame(
        {"topic_id": [f"t{number:02}" for number in range(count)], "polarity": "negative", "column": range(count)}
    )


def pairs(count: int) -> pd.DataFrame:
    """Topic k has complaints in column 2 k and praises in column 2 k + 1."""
    return pd.DataFrame(
        {
            "topic_id": [f"t{k}" for k in range(count)],
            "negative": range(0, 2 * count, 2),
            "positive": range(1, 2 * count, 2),
        }
    )


def in_other_order(sample: Sample, order: np.ndarray, numbers: np.ndarray | None = None) -> Sample:
    """The same units in another order; clusters, where there are any, numbered in another way."""
    design = sample.design
    moved = Design(design.cell[order], design.matrix, design.stratum, design.used)
    cluster = None if sample.cluster is None or numbers is None else numbers[sample.cluster[order]]
    mentions = sample.mentions[order]
    half = sample.first_half[order]
    return Sample(sample.outcome, sample.y[order], mentions, mentions, mentions, half, moved, cluster, sample.rows)


def r_squared(y: np.ndarray, *columns: np.ndarray) -> float:
    return float(sm.OLS(y, sm.add_constant(np.column_stack(columns))).fit().rsquared)


def by_orderings(y: np.ndarray, predictors: np.ndarray, controls: np.ndarray) -> np.ndarray:
    """LMG from its definition: least squares of statsmodels in every ordering."""
    k = predictors.shape[1]
    gains = np.zeros(k)
    orderings = list(itertools.permutations(range(k)))
    for ordering in orderings:
        before = r_squared(y, controls)
        for place in range(k):
            after = r_squared(y, controls, predictors[:, ordering[: place + 1]])
            gains[ordering[place]] += (after - before) / len(orderings)
            before = after
    return gains


# importance


def test_lmg_of_the_swiss_data_is_what_relaimpo_prints() -> None:
    swiss = np.array([line.split() for line in SWISS.strip().replace("\n", ";").split(";")], float)
    correlation = np.corrcoef(np.column_stack([swiss[:, 1:], swiss[:, 0]]).T)
    # Groemping 2006, Journal of Statistical Software 17(1): calc.relimp(swiss, type = "lmg").
    assert lmg(correlation) == pytest.approx([0.05709122, 0.17117303, 0.26013468, 0.10557015, 0.11276592], abs=5e-9)
    assert lmg(correlation).sum() == pytest.approx(0.7067350, abs=5e-8)  # R: summary(lm(Fertility ~ ., swiss))
    assert johnson(correlation).sum() == pytest.approx(0.7067350, abs=5e-8)


def test_johnson_is_its_definition_and_close_to_lmg() -> None:
    rng = np.random.default_rng(0)
    common = rng.normal(size=(500, 1))
    data = rng.normal(size=(500, 7)) + common * rng.uniform(0, 1, 7)
    correlation = np.corrcoef(data.T)
    # Johnson's orthogonal variables are the closest to the predictors: Z = X R^-1/2.
    root = np.real(sqrtm(correlation[:-1, :-1]))
    slopes = np.linalg.solve(root, correlation[:-1, -1])
    assert johnson(correlation) == pytest.approx(root**2 @ slopes**2, rel=1e-9)
    assert np.corrcoef(johnson(correlation), lmg(correlation))[0, 1] > 0.99
    assert johnson(np.stack([correlation] * 2))[1] == pytest.approx(johnson(correlation), rel=1e-12)


def test_weights_are_what_mentions_add_to_the_controls_over_all_orderings() -> None:
    rng = np.random.default_rng(1)
    plan = rng.integers(0, 3, 400)
    mentions = rng.random((400, 4)) < 0.1 + 0.2 * (plan[:, None] == 1)
    y = rng.random(400) < 0.1 + 0.2 * (plan == 1) + 0.3 * mentions[:, 0] + 0.15 * mentions[:, 1]
    found = importance(make_sample(y, mentions, control=plan), topics(4), resamples=0, seed=0)
    controls = np.column_stack([plan == 1, plan == 2]).astype(float)
    expected = by_orderings(y.astype(float), mentions.astype(float), controls)
    assert found.sort_values("topic_id")["weight"].to_numpy() == pytest.approx(expected, rel=1e-9)
    beyond = r_squared(y, controls, mentions.astype(float)) - r_squared(y, controls)
    assert found["r2"].to_numpy() == pytest.approx(beyond, rel=1e-9)
    assert found["share"].sum() == pytest.approx(1)
    assert (list(found.columns), found["rank"].tolist()) == (list(COLUMNS), [1, 2, 3, 4])
    assert (set(found["method"]), found["rank_low"].isna().all()) == ({"lmg"}, True)


def test_many_predictors_get_relative_weights_that_sum_to_what_they_add() -> None:
    rng = np.random.default_rng(2)
    plan = rng.integers(0, 2, 2000)
    mentions = rng.random((2000, 12)) < 0.15
    y = 8 - 2 * mentions[:, 3] - 1 * mentions[:, 7] - plan + rng.normal(0, 1, 2000)
    found = importance(make_sample(y, mentions, control=plan, outcome=NPS), topics(12), resamples=0, seed=0)
    assert found["topic_id"].head(2).tolist() == ["t03", "t07"]
    assert set(found["method"]) == {"johnson"}
    beyond = r_squared(y, plan, mentions.astype(float)) - r_squared(y, plan)
    assert found["weight"].sum() == pytest.approx(beyond, rel=1e-9)


@pytest.mark.parametrize("count", [4, 10])
def test_twins_share_and_what_the_controls_determine_has_nothing(count: int) -> None:
    rng = np.random.default_rng(3)
    plan = rng.integers(0, 2, 600)
    mentions = rng.random((600, count)) < 0.2
    mentions[:, 1], mentions[:, 2] = mentions[:, 0], plan == 1
    y = rng.random(600) < 0.1 + 0.4 * mentions[:, 0] + 0.2 * plan
    found = importance(make_sample(y, mentions, control=plan), topics(count), resamples=50, seed=0)
    found = found.set_index("topic_id")
    assert found.loc["t00", "weight"] == pytest.approx(found.loc["t01", "weight"])
    assert found.loc[["t00", "t01"], "rank"].tolist() == [1, 1]
    assert found.loc["t02", "weight"] == pytest.approx(0, abs=1e-12)
    assert found.loc["t02", "rank_low"] == count


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("count", [5, 11])
def test_the_order_of_units_changes_nothing(count: int, clustered: bool) -> None:
    rng = np.random.default_rng(4)
    n = 700
    cluster = rng.integers(0, 90, n) if clustered else None
    mentions = rng.random((n, count)) < 0.15
    y = 6.1 - 1.3 * mentions[:, 0] + rng.normal(0, 1, n)
    here = make_sample(y, mentions, control=rng.integers(0, 4, n), cluster=cluster, outcome=NPS)
    there = in_other_order(here, rng.permutation(n), rng.permutation(90))
    found = importance(here, topics(count), resamples=40, seed=7)
    again = importance(there, topics(count), resamples=40, seed=7)
    pd.testing.assert_frame_equal(found, again, check_exact=True)
    half = count // 2
    pd.testing.assert_frame_equal(
        kano(here, pairs(half), practical=0.2), kano(there, pairs(half), practical=0.2), check_exact=True
    )


def test_intervals_of_ranks_hold_the_true_rank() -> None:
    rng = np.random.default_rng(5)
    slopes = np.array([0.30, 0.22, 0.16, 0.10, 0.04])
    held, width = [], []
    for _ in range(60):
        mentions = rng.random((1500, 5)) < 0.2
        y = rng.random(1500) < 0.1 + mentions @ slopes * 0.8
        found = importance(make_sample(y, mentions), topics(5), resamples=100, seed=0).sort_values("topic_id")
        true = np.arange(1, 6)
        held.append((found["rank_low"] <= true) & (true <= found["rank_high"]))
        width.append(found["rank_high"] - found["rank_low"])
    assert np.mean(held) >= 0.93
    assert np.mean(width) < 2  # of four: the intervals say something


def test_clusters_widen_the_intervals_of_ranks() -> None:
    rng = np.random.default_rng(6)
    cluster = np.repeat(np.arange(60), 20)
    said = rng.random((60, 6)) < 0.4
    mentions = said[cluster] & (rng.random((1200, 6)) < 0.8)
    y = rng.normal(0, 1, 60)[cluster] + rng.normal(0, 1, 1200) - 0.8 * mentions[:, 0]
    plain = importance(make_sample(y, mentions, outcome=NPS), topics(6), resamples=200, seed=0)
    aware = importance(make_sample(y, mentions, cluster=cluster, outcome=NPS), topics(6), resamples=200, seed=0)
    assert plain["weight"].tolist() == aware["weight"].tolist()
    assert (aware["rank_high"] - aware["rank_low"]).sum() > (plain["rank_high"] - plain["rank_low"]).sum() + 2


def test_rare_mentions_few_units_and_constant_outcomes_have_no_importance() -> None:
    rng = np.random.default_rng(7)
    mentions = rng.random((300, 3)) < 0.3
    mentions[:, 1] = np.arange(300) < 4
    y = rng.random(300) < 0.2
    assert importance(make_sample(y, mentions), topics(3), resamples=5, seed=0)["topic_id"].nunique() == 2
    assert importance(make_sample(np.ones(300), mentions), topics(3), resamples=5, seed=0).empty
    assert importance(make_sample(y, mentions[:, :0]), topics(0), resamples=5, seed=0).empty
    few = rng.random((60, 20)) < 0.3
    found = importance(make_sample(y[:60], few), topics(20), resamples=5, seed=0)
    assert len(found) == 5  # ten units for each of five slopes and the intercept
    assert found["n_mentions"].min() >= np.sort(few.sum(axis=0))[-6]


# kano


def kano_world(
    n: int, seed: int, penalties: list[float], rewards: list[float], **options: object
) -> tuple[Sample, np.ndarray]:
    rng = np.random.default_rng(seed)
    k = len(penalties)
    plan = rng.integers(0, 3, n)
    mentions = np.zeros((n, 2 * k), dtype=bool)
    mentions[:, 0::2] = rng.random((n, k)) < 0.15 + 0.1 * (plan[:, None] == 2)
    mentions[:, 1::2] = rng.random((n, k)) < 0.15
    slopes = np.ravel(np.column_stack([penalties, rewards]))
    spread = 0.5 + mentions[:, 0] + 0.5 * (plan == 1)
    y = 6 + mentions @ slopes - (plan == 2) + spread * rng.normal(size=n)
    return make_sample(y, mentions, control=plan, outcome=NPS, **options), mentions  # type: ignore[arg-type]


@pytest.mark.parametrize("clustered", [False, True])
def test_kano_is_the_robust_regression_of_statsmodels(clustered: bool) -> None:
    cluster = np.random.default_rng(1).integers(0, 80, 500) if clustered else None
    sample, mentions = kano_world(500, 0, [-1.5, -0.3], [0.1, 0.4], cluster=cluster)
    plan = sample.design.cell
    rows = sm.add_constant(np.column_stack([mentions, plan == 1, plan == 2]).astype(float))
    model = sm.OLS(sample.y, rows)
    if clustered:
        fit = model.fit(cov_type="cluster", cov_kwds={"groups": cluster, "df_correction": True}, use_t=True)
    else:
        fit = model.fit(cov_type="HC3", use_t=True)
    found = kano(sample, pairs(2), practical=0.2)
    limits = fit.conf_int()
    for topic, row in enumerate(found.itertuples()):
        complaint, praise = 1 + 2 * topic, 2 + 2 * topic
        assert (row.penalty, row.penalty_low, row.penalty_high) == pytest.approx(
            (fit.params[complaint], *limits[complaint]), rel=1e-6
        )
        assert (row.reward, row.reward_low, row.reward_high) == pytest.approx(
            (fit.params[praise], *limits[praise]), rel=1e-6
        )
        form = np.zeros(rows.shape[1])
        form[[complaint, praise]] = -1
        tested = fit.t_test(form)
        assert row.asymmetry == pytest.approx(tested.effect[0], rel=1e-6)
        assert (row.asymmetry_low, row.asymmetry_high) == pytest.approx(tested.conf_int()[0], rel=1e-6)
        assert row.p == pytest.approx(float(tested.pvalue), rel=1e-5)
    assert list(found.columns) == list(KANO)


def test_each_class_is_found_and_asymmetry_is_covered() -> None:
    penalties, rewards = [-1.5, 0.0, -1.0, 0.0], [0.0, 1.5, 1.0, 0.0]
    names = ["basic", "excitement", "performance", "indifferent"]
    classes, covered = [], []
    for seed in range(60):
        sample, _ = kano_world(2500, seed, penalties, rewards)
        found = kano(sample, pairs(4), practical=0.3)
        classes.append(found["kano_class"] == names)
        truth = -np.array(penalties) - np.array(rewards)
        covered.append((found["asymmetry_low"] <= truth) & (truth <= found["asymmetry_high"]))
    assert np.mean(classes, axis=0).min() >= 0.85
    assert 0.92 <= np.mean(covered) <= 0.98


def test_where_low_is_good_a_penalty_is_still_negative() -> None:
    rng = np.random.default_rng(2)
    mentions = rng.random((800, 2)) < 0.2
    effort = 3 + 2 * mentions[:, 0] - 0.7 * mentions[:, 1] + rng.normal(0, 0.5, 800)
    row = kano(make_sample(effort, mentions, outcome=EFFORT), pairs(1), practical=0.1).iloc[0]
    assert (row["penalty"], row["reward"]) == (pytest.approx(-2, abs=0.15), pytest.approx(0.7, abs=0.15))
    assert row["kano_class"] == "performance"


def test_too_few_complaints_praises_units_or_clusters_are_unclear_and_say_so() -> None:
    rng = np.random.default_rng(3)
    n = 400
    mentions = rng.random((n, 6)) < 0.2
    mentions[:, 0] = np.arange(n) < 9
    mentions[:, 3] = mentions[:, 2]  # the same people complain and praise: the two cannot be told apart
    y = rng.integers(0, 11, n).astype(float)
    wanted = pairs(3)
    wanted.loc[2, "positive"] = -1
    found = kano(make_sample(y, mentions, outcome=NPS), wanted, practical=0.2)
    assert found["kano_class"].eq("unclear").all()
    assert np.isnan(found.loc[0, "penalty"])
    assert np.isfinite(found.loc[0, "reward"])
    assert "fewer than 10 complaints" in found.loc[0, "method"]
    assert np.isnan([found.loc[1, "penalty"], found.loc[1, "reward"], found.loc[1, "p"]]).all()
    assert "other topics" in found.loc[1, "method"]
    assert found.loc[2, "n_positive"] == 0
    assert "fewer than 10 praises" in found.loc[2, "method"]
    for sample, words in [
        (make_sample(y[:30], np.tile(np.arange(30) % 2 == 0, (6, 1)).T, outcome=NPS), "too few for"),
        (make_sample(np.full(n, 7.0), mentions, outcome=NPS), "constant"),
        (make_sample(y, mentions, cluster=np.arange(n) % 12, outcome=NPS), "12 clusters"),
    ]:
        odd = kano(sample, pairs(3), practical=0.2)
        assert odd[["penalty", "reward", "asymmetry", "p"]].isna().all(axis=None)
        assert odd["method"].str.contains(words).all()
    assert kano(make_sample(y > 5, mentions), pairs(3), practical=0.2).empty


# shrinkage over stages


def stages(groups: int, of: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "topic_id": np.repeat([f"t{number:02}" for number in range(groups)], of),
            "stage": np.tile([f"s{number}" for number in range(of)], groups),
            "polarity": "negative",
        }
    )


def test_eight_schools_do_not_differ() -> None:
    # Rubin 1981, Journal of Educational Statistics 6:377-401; Gelman et al. 2004, Bayesian Data Analysis, 2nd edition,
    # section 5.5: the pooled estimate is 7.9 with standard error 4.2, Q is 4.6; so the moment estimate of tau^2 is 0.
    effect = np.array([28.39, 7.94, -2.75, 6.82, -0.64, 0.63, 18.01, 12.16])
    error = np.array([14.9, 10.2, 16.3, 11.0, 9.4, 11.4, 10.4, 17.6])
    found = shrink(stages(1, 8), effect, error)
    pooled = combine_effects(effect, error**2, method_re="chi2")
    assert (round(pooled.mean_effect_fe, 1), round(pooled.sd_eff_w_fe, 1), round(pooled.q, 1)) == (7.9, 4.2, 4.6)
    assert found["stages_differ_p"] == pytest.approx(np.full(8, pooled.test_homogeneity().pvalue))
    # B = (8 - 3)/(8 - 1) at tau^2 = 0 (Morris 1983).
    assert found["rd_shrunk"] == pytest.approx(effect - 5 / 7 * (effect - pooled.mean_effect_fe))


def test_one_topic_has_the_moment_estimate_of_statsmodels() -> None:
    effect, error = np.array([0.02, 0.11, 0.05, 0.19, 0.08]), np.array([0.02, 0.03, 0.025, 0.04, 0.02])
    found = shrink(stages(1, 5), effect, error)
    reference = combine_effects(effect, error**2, method_re="chi2")
    assert reference.tau2 > 0
    pull = (5 - 3) / (5 - 1) * error**2 / (error**2 + reference.tau2)
    assert found["rd_shrunk"] == pytest.approx(effect - pull * (effect - reference.mean_effect_re))
    inside = (found["rd_shrunk"] - effect) * (reference.mean_effect_re - effect)
    assert (inside > 0).all()


def test_all_and_single_stages_keep_their_estimate_and_missing_ones_stay_missing() -> None:
    tests = pd.DataFrame(
        {
            "topic_id": ["a", "a", "a", "a", "b", "c", "c"],
            "stage": ["all", "s0", "s1", "s2", "s0", "s0", "s1"],
            "polarity": "negative",
        }
    )
    effect = np.array([0.1, 0.05, 0.2, 0.1, 0.3, 0.1, np.nan])
    error = np.array([0.01, 0.02, 0.03, 0.02, 0.1, 0.05, np.nan])
    found = shrink(tests, effect, error)
    own = [0, 4, 5]
    assert found["rd_shrunk"][own] == pytest.approx(effect[own])
    assert found["rd_shrunk_high"][own] == pytest.approx(effect[own] + 1.959964 * error[own], rel=1e-6)
    assert np.isnan(found["stages_differ_p"][[0, 4, 5, 6]]).all()
    assert np.isfinite(found["stages_differ_p"][1:4]).all()
    assert np.isnan(found["rd_shrunk"][6])
    order = np.array([3, 6, 1, 0, 5, 2, 4])
    moved = shrink(tests.iloc[order].reset_index(drop=True), effect[order], error[order])
    assert all(np.array_equal(found[name][order], moved[name], equal_nan=True) for name in found)
    assert all(len(values) == 0 for values in shrink(tests[:0], effect[:0], error[:0]).values())


@pytest.mark.parametrize(("groups", "of", "tau", "reps"), [(1, 5, 0.03, 400), (3, 3, 0.01, 200), (30, 4, 0.02, 30)])
def test_shrunken_intervals_cover_and_are_closer_to_the_truth(groups: int, of: int, tau: float, reps: int) -> None:
    rng = np.random.default_rng(11)
    tests = stages(groups, of)
    covered, closer = [], []
    for _ in range(reps):
        truth = np.repeat(rng.normal(0, 0.02, groups), of) + rng.normal(0, tau, groups * of)
        error = rng.uniform(0.01, 0.04, groups * of)
        effect = truth + error * rng.normal(size=groups * of)
        found = shrink(tests, effect, error)
        covered.append((found["rd_shrunk_low"] <= truth) & (truth <= found["rd_shrunk_high"]))
        closer.append(((found["rd_shrunk"] - truth) ** 2).mean() - ((effect - truth) ** 2).mean())
    assert 0.93 <= np.mean(covered) <= 0.98
    assert np.mean(closer) < 0


def test_equal_stages_rarely_differ_and_one_strong_stage_is_seen() -> None:
    rng = np.random.default_rng(12)
    tests, error = stages(200, 4), np.full(800, 0.02)
    p = shrink(tests, 0.03 + error * rng.normal(size=800), error)["stages_differ_p"]
    assert 0.02 <= np.mean(p[::4] < 0.05) <= 0.08
    effect = error * rng.normal(size=800)
    effect[0] = 0.2
    found = shrink(tests, effect, error)
    assert found["stages_differ_p"][0] < 1e-6
    assert found["rd_shrunk"][0] > 0.17  # its topic alone says how much its stages differ
