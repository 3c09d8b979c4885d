"""Refutations: what looks as strong by chance, what must not move an estimate, and who comments at all."""

from __future__ import annotations

import dataclasses
from itertools import product

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import sparse
from scipy.stats import hypergeom, kstest, norm, t

from cxnlp.drivers import commenters
from cxnlp.drivers.controls import Design
from cxnlp.drivers.partial import canonical_order, partial_out
from cxnlp.drivers.refute import (
    REFUTERS,
    Probe,
    negative_control,
    permuted_outcome,
    random_subset,
    random_topic,
    refute,
)
from cxnlp.drivers.sample import Sample
from cxnlp.drivers.verdicts import CHECKS, verdicts
from cxnlp.results import Outcome
from cxnlp.schema import SCALES, names

EVENT = Outcome("churned", "churned", "churned")
SCORE = Outcome("nps_score", "score of nps", "nps", kind="score", scale=SCALES["nps"])


def design(plan: np.ndarray, region: np.ndarray | None = None) -> Design:
    """Main effects of one or two controls numbered from 0; strata are the cells."""
    both = np.column_stack([plan, np.zeros_like(plan) if region is None else region])
    cells = np.array(list(product(*(range(int(column.max()) + 1) for column in both.T))))
    levels = [(cells[:, [j]] == np.arange(1, cells[:, j].max() + 1)).astype(float) for j in range(2)]
    cell = (cells[None] == both[:, None]).all(axis=2).argmax(axis=1)
    return Design(cell, np.column_stack([np.ones(len(cells)), *levels]), np.arange(len(cells)), ("plan", "region"))


def sample(
    y: np.ndarray,
    mentions: np.ndarray,
    controls: Design,
    *,
    neutral: np.ndarray | None = None,
    cluster: np.ndarray | None = None,
    outcome: Outcome = EVENT,
) -> Sample:
    matrix = sparse.csr_array(mentions.astype(np.int64))
    other = sparse.csr_array(np.zeros(mentions.shape, np.int64) if neutral is None else neutral.astype(np.int64))
    first = np.arange(len(y)) % 2 == 0
    return Sample(outcome, y.astype(float), matrix, other, matrix, first, controls, cluster, np.arange(len(y)))


def least_squares(one: Sample) -> dict[str, np.ndarray]:
    """Adjusted differences by the reference package, one regression a test, robust or by cluster."""
    dense, rows = one.mentions.toarray(), []
    for mention in dense.T:
        model = sm.OLS(one.y, np.column_stack([mention, one.design.matrix[one.design.cell]]))
        clustered = {"cov_type": "cluster", "cov_kwds": {"groups": one.cluster}}
        fitted = model.fit(**({"cov_type": "HC1"} if one.cluster is None else clustered))
        rows.append((fitted.params[0], *fitted.conf_int()[0]))
    return dict(zip(("rd_adjusted", "rd_adjusted_low", "rd_adjusted_high"), np.array(rows).T, strict=True))


def probe(one: Sample, *, runs: int = 99, seed: int = 0) -> Probe:
    return Probe(one, least_squares(one), runs, seed)


def confounded(rng: np.random.Generator, n: int = 600, k: int = 8, effect: float = 0.0) -> Sample:
    """Plan and region drive both mentions and churn; the first mention has an effect of its own."""
    plan, region = rng.integers(0, 4, n), rng.integers(0, 3, n)
    mentions = rng.random((n, k)) < (0.05 + 0.08 * plan + 0.03 * region)[:, None]
    y = rng.random(n) < 0.05 + 0.1 * plan + 0.05 * region + effect * mentions[:, 0]
    neutral = rng.random((n, k)) < 0.1
    return sample(y, mentions, design(plan, region), neutral=neutral)


def shuffled(one: Sample, order: np.ndarray) -> Sample:
    moved = {name: getattr(one, name)[order] for name in ("y", "mentions", "neutral", "crossfit", "first_half", "rows")}
    cluster = None if one.cluster is None else one.cluster.max() - one.cluster[order]
    return dataclasses.replace(
        one, **moved, cluster=cluster, design=dataclasses.replace(one.design, cell=one.design.cell[order])
    )


# Every refutation


@pytest.mark.parametrize("name", REFUTERS)
@pytest.mark.parametrize("kind", ["event", "clusters", "score"])
def test_every_refutation_keeps_its_promises(name: str, kind: str) -> None:
    rng = np.random.default_rng(1)
    one = confounded(rng, 400)
    if kind == "clusters":
        one = dataclasses.replace(one, cluster=rng.integers(0, 60, 400))
    if kind == "score":
        one = dataclasses.replace(one, y=rng.integers(0, 11, 400).astype(float), outcome=SCORE)
    asked = probe(one)
    found = REFUTERS[name](asked)
    again = REFUTERS[name](dataclasses.replace(asked, sample=shuffled(one, rng.permutation(400))))
    assert found and set(found) <= set(names("drivers"))
    for column, values in found.items():
        assert values.shape == (8,) and values.dtype == float and np.isfinite(values).all()
        np.testing.assert_array_equal(values, again[column])


@pytest.mark.parametrize("name", REFUTERS)
def test_nothing_is_said_of_tests_that_cannot_be_told_apart(name: str) -> None:
    rng = np.random.default_rng(2)
    plan = rng.integers(0, 3, 200)
    mentions = np.column_stack([plan == 1, np.ones(200), np.zeros(200), rng.random(200) < 0.3])
    one = sample(rng.random(200) < 0.3, mentions, design(plan))
    estimate = {name: np.array([0.1, 0.1, 0.1, np.nan]) for name in ("rd_adjusted", "rd_adjusted_low")}
    found = refute(Probe(one, estimate | {"rd_adjusted_high": np.array([0.2, 0.2, 0.2, np.nan])}, 20, 0))
    assert set(REFUTERS[name](Probe(one, estimate | {"rd_adjusted_high": np.full(4, 0.2)}, 20, 0))) <= set(found)
    assert all(np.isnan(values).all() for values in found.values())


def test_the_residuals_are_those_of_the_reference_package() -> None:
    one = confounded(np.random.default_rng(3))
    order, controls = canonical_order(one), one.design.matrix[one.design.cell]
    whole, units = partial_out(one, order), order.units
    expected = sm.OLS(one.y, controls).fit().resid[units]
    np.testing.assert_allclose(whole.residual, expected, atol=1e-12)
    own = sm.OLS(one.mentions.toarray()[:, 2], controls).fit().resid
    assert whole.spread[2] == pytest.approx((own**2).sum())
    estimate = whole.scores(whole.residual[:, None])[:, 0] / whole.spread
    np.testing.assert_allclose(estimate, least_squares(one)["rd_adjusted"], atol=1e-12)
    fitted = one.mentions.toarray()[:, 2][units] - own[units]
    np.testing.assert_allclose(whole.explained()[[2]].sum(), fitted @ one.mentions.toarray()[:, 2][units])


# Shuffled outcomes and random topics


@pytest.mark.parametrize("clusters", [False, True])
def test_shuffled_outcomes_give_a_uniform_p_though_the_controls_confound(clusters: bool) -> None:
    rng, p = np.random.default_rng(4), []
    for seed in range(80):
        one = confounded(rng)
        if clusters:  # whole accounts leave or stay, and whole accounts mention
            account = np.arange(600) // 4
            one = dataclasses.replace(one, cluster=account, y=one.y[4 * account], mentions=one.mentions[4 * account])
            own = dataclasses.replace(one.design, cell=one.design.cell[4 * account])
            one = dataclasses.replace(one, design=own)
        # Events tie, which makes their p a little too large; with a bit of noise the ties are broken at random.
        broken = dataclasses.replace(one, y=one.y + rng.normal(0, 0.1, 600))
        p.append([permuted_outcome(Probe(each, {}, 99, seed))["permuted_p"] for each in (one, broken)])
    tied, smooth = np.concatenate(p, axis=1)
    assert kstest(smooth, "uniform").pvalue > 0.01
    assert 0.03 <= np.mean(tied <= 0.05) <= 0.07


def test_shuffling_inside_cells_is_the_exact_test_of_one_table() -> None:
    """Without controls the score test of a 2 x 2 table under shuffling is Fisher's exact test by the size of a."""
    y, mention = np.repeat([1, 0], [12, 48]), np.zeros((60, 1))
    mention[:7, 0] = mention[50:58, 0] = 1  # 7 of 15 against 5 of 45
    one = sample(y, mention, design(np.zeros(60, dtype=int)))
    found = permuted_outcome(Probe(one, {}, 20_000, 0))["permuted_p"][0]
    chances = hypergeom(60, 12, 15).pmf(np.arange(16))
    exact = chances[np.abs(np.arange(16) - 3) >= 4].sum()  # 3 is expected, 7 were seen
    assert found == pytest.approx(exact, abs=4 * np.sqrt(exact / 20_000))


def test_coarser_strata_still_give_a_uniform_p() -> None:
    rng, p = np.random.default_rng(5), []
    for seed in range(60):
        one = confounded(rng, 300)
        coarse = dataclasses.replace(one.design, stratum=np.zeros(len(one.design.matrix), dtype=int))
        p.append(permuted_outcome(Probe(dataclasses.replace(one, design=coarse), {}, 99, seed))["permuted_p"])
    assert 0.03 <= np.mean(np.concatenate(p) <= 0.05) <= 0.07


def test_a_confounded_topic_fails_and_a_true_one_passes() -> None:
    rng = np.random.default_rng(6)
    found = [refute(probe(confounded(rng, 1500, effect=0.15), seed=seed)) for seed in range(15)]
    for column in ("permuted_p", "random_topic_p"):
        p = np.array([one[column] for one in found])
        assert np.mean(p[:, 0] < 0.05) >= 0.9
        assert np.mean(p[:, 1:] < 0.05) <= 0.1


def test_a_random_topic_is_compared_with_sets_of_its_own_size() -> None:
    rng = np.random.default_rng(7)
    y = (rng.random(500) < 0.2).astype(float)
    mentions = rng.random((500, 200)) < rng.uniform(0.05, 0.5, 200)
    p = random_topic(Probe(sample(y, mentions, design(np.zeros(500, dtype=int))), {}, 199, 0))["random_topic_p"]
    size, hits = mentions.sum(axis=0), mentions[y == 1].sum(axis=0)
    for k in range(0, 200, 20):
        chances, expected = hypergeom(500, int(y.sum()), size[k]).pmf(np.arange(size[k] + 1)), size[k] * y.mean()
        exact = chances[np.abs(np.arange(size[k] + 1) - expected) >= abs(hits[k] - expected) - 1e-9].sum()
        assert p[k] == pytest.approx(exact, abs=4 * np.sqrt(max(exact, 0.01) / 199))


# Random subsets


def test_subsets_agree_with_a_sound_interval() -> None:
    found = [random_subset(probe(confounded(np.random.default_rng(seed), 1000)))["subset_share"] for seed in range(5)]
    assert np.min(found) >= 0.95 and np.mean(found) > 0.99


def test_subsets_spread_half_a_standard_error_around_the_whole() -> None:
    """Without replacement, 4/5 of n vary around all n with variance (1 / .8 - 1) of that of all: half the error."""
    asked = probe(confounded(np.random.default_rng(8), 2000, k=30), runs=400)
    value, low, high = (asked.estimate[name] for name in ("rd_adjusted", "rd_adjusted_low", "rd_adjusted_high"))
    half = {"rd_adjusted_low": value - (value - low) / 2, "rd_adjusted_high": value + (high - value) / 2}
    share = random_subset(dataclasses.replace(asked, estimate=asked.estimate | half))["subset_share"]
    assert share.mean() == pytest.approx(0.95, abs=0.015)


def test_subsets_disagree_where_few_units_carry_the_estimate() -> None:
    rng = np.random.default_rng(9)
    y, mentions = rng.normal(0, 1, 400), np.zeros((400, 1))
    mentions[:20, 0], y[0] = 1, 400.0
    one = sample(y, mentions, design(np.zeros(400, dtype=int)), outcome=dataclasses.replace(EVENT, kind="amount"))
    sure = {"rd_adjusted": 20.0, "rd_adjusted_low": 18.0, "rd_adjusted_high": 22.0}
    estimate = {name: np.array([value]) for name, value in sure.items()}
    assert random_subset(Probe(one, estimate, 200, 0))["subset_share"][0] < 0.1


def test_subsets_of_accounts_disagree_with_an_interval_that_forgets_them() -> None:
    rng = np.random.default_rng(10)
    account = np.repeat(np.arange(60), 30)
    mentions = (rng.random(60) < 0.3)[account][:, None]
    y = rng.random(1800) < rng.beta(0.3, 0.7, 60)[account]
    alone = sample(y, mentions, design(np.zeros(1800, dtype=int)))
    together = dataclasses.replace(alone, cluster=account)
    forgetful = Probe(together, least_squares(alone), 200, 0)
    assert random_subset(forgetful)["subset_share"][0] < 0.9 <= random_subset(probe(together))["subset_share"][0]


# The negative control


@pytest.mark.parametrize("clusters", [False, True])
def test_neutral_mentions_are_compared_as_by_the_reference_package(clusters: bool) -> None:
    rng = np.random.default_rng(11)
    one = confounded(rng, 800, k=3)
    if clusters:
        one = dataclasses.replace(one, cluster=rng.integers(0, 100, 800))
    found = negative_control(Probe(one, {}, 1, 0))
    for k in range(3):
        polar, neutral = one.mentions.toarray()[:, k], one.neutral.toarray()[:, k]
        columns = [neutral * (1 - polar), polar, one.design.matrix[one.design.cell]]
        model = sm.OLS(one.y, np.column_stack(columns))
        plain, robust = model.fit(), {"cov_type": "cluster", "cov_kwds": {"groups": one.cluster}}
        fitted = model.fit(**robust) if clusters else model.fit(cov_type="HC1")
        assert found["neutral_rd"][k] == pytest.approx(fitted.params[0])
        # As many degrees of freedom as clusters hold a neutral mention, less one; CR1 with their number too.
        held = len(set(one.cluster[columns[0] > 0])) if clusters else 0
        assert not clusters or 5 <= held < 60
        robust_error = fitted.bse[0] * (np.sqrt(held / (held - 1) * 99 / 100) if clusters else 1)
        reach = max(robust_error, plain.bse[0]) * (t.isf(0.025, held - 1) if clusters else norm.isf(0.025))
        assert found["neutral_high"][k] - found["neutral_rd"][k] == pytest.approx(reach, rel=1e-6)


def test_the_negative_control_tells_who_brings_it_up_from_what_they_say() -> None:
    rng = np.random.default_rng(12)
    n, plan = 6000, rng.integers(0, 3, 6000)
    brought_up = rng.random((n, 2)) < 0.2
    neutral = brought_up & (rng.random((n, 2)) < 0.5)
    polar = brought_up & ~neutral
    y = rng.random(n) < 0.1 + 0.03 * plan + 0.15 * brought_up[:, 0] + 0.15 * polar[:, 1]
    one = sample(y, polar, design(plan), neutral=neutral)
    row = least_squares(one) | negative_control(Probe(one, {}, 1, 0))
    filled = dict.fromkeys(names("drivers"), np.nan) | {"kind": "event"}
    states = [
        dict((check, state) for check, state, _ in verdicts(filled | {name: values[k] for name, values in row.items()}))
        for k in range(2)
    ]
    assert [state["neutral mentions"] for state in states] == ["failed", "passed"]


@pytest.mark.parametrize(("share", "most"), [(0.02, 1.0), (0.15, 0.985)])
def test_the_interval_of_the_negative_control_covers_with_few_neutral_mentions(share: float, most: float) -> None:
    """With 16 neutral units it is on the safe side, with 120 it is nominal."""
    rng, covered = np.random.default_rng(13), []
    for _ in range(40):
        n, plan = 800, rng.integers(0, 3, 800)
        neutral = rng.random((n, 10)) < share
        one = sample(rng.random(n) < 0.08 + 0.04 * plan, rng.random((n, 10)) < 0.1, design(plan), neutral=neutral)
        found = negative_control(Probe(one, {}, 1, 0))
        known = np.isfinite(found["neutral_rd"])
        covered += ((found["neutral_low"] <= 0) & (found["neutral_high"] >= 0))[known].tolist()
    assert 0.93 <= np.mean(covered) <= most


def test_too_few_neutral_mentions_give_no_number() -> None:
    rng = np.random.default_rng(14)
    neutral = np.zeros((300, 2))
    neutral[:9, 0] = neutral[:12, 1] = 1
    mentions = np.zeros((300, 2))
    mentions[100:150] = 1
    mentions[9:12, 1] = 1  # of twelve neutral units three also complain
    one = sample(rng.random(300) < 0.2, mentions, design(np.zeros(300, dtype=int)), neutral=neutral)
    assert np.isnan(negative_control(Probe(one, {}, 1, 0))["neutral_rd"]).all()


# Who comments


def company(rng: np.random.Generator, n: int = 4000) -> pd.DataFrame:
    """Premium customers comment more and leave less; basic ones the other way round."""
    plan = rng.choice(["basic", "premium"], n, p=[0.7, 0.3])
    speaks = rng.random(n) < np.where(plan == "basic", 0.15, 0.6)
    left = rng.random(n) < np.where(plan == "basic", 0.3, 0.1)
    score = np.where(plan == "basic", 5.0, 8.0) + rng.normal(0, 1, n)
    columns = {"n_comments": speaks.astype(int), "plan": plan, "churned": pd.array(left, dtype="boolean")}
    return pd.DataFrame(columns).assign(score=score)


def quiet(units: pd.DataFrame) -> np.ndarray:
    return (units["n_comments"] == 0).to_numpy()


def test_weights_recover_the_rate_of_all_customers() -> None:
    rng, plain, weighted, truth = np.random.default_rng(15), [], [], []
    for _ in range(25):
        units = company(rng)
        weight, notes = commenters.weights(units, units[["plan"]], quiet(units))
        left = units["churned"].astype(float).to_numpy()
        spoke = units["n_comments"].to_numpy() > 0
        assert weight is not None and weight.mean() == pytest.approx(1)
        plain.append(left[spoke].mean())
        weighted.append(np.average(left[spoke], weights=weight))
        truth.append(left.mean())
        effective = weight.sum() ** 2 / (weight**2).sum()
        assert notes[0].count == (~spoke).sum() and f"{effective:,.0f}" in notes[0].message
    assert np.mean(plain) < 0.19 and np.mean(truth) == pytest.approx(0.24, abs=0.01)
    assert np.mean(weighted) == pytest.approx(np.mean(truth), abs=0.01)


def test_weights_are_the_inverse_shares_of_a_plain_table_whatever_the_order() -> None:
    units = company(np.random.default_rng(16))
    weight, _ = commenters.weights(units, units[["plan"]], quiet(units))
    spoke = units[units["n_comments"] > 0]
    share = units.assign(spoke=units["n_comments"] > 0).groupby("plan")["spoke"].mean()
    expected = (1 / spoke["plan"].map(share)).to_numpy()
    np.testing.assert_allclose(weight, expected / expected.mean(), rtol=0.01)
    order = np.random.default_rng(17).permutation(len(units))
    moved = units.iloc[order]
    again, _ = commenters.weights(moved, moved[["plan"]], quiet(moved))
    there = pd.Series(again, index=moved.index[moved["n_comments"] > 0])
    np.testing.assert_array_equal(there.reindex(spoke.index).to_numpy(), weight)


def test_weights_need_silent_customers_and_a_control() -> None:
    units = company(np.random.default_rng(18))
    spoke = units[units["n_comments"] > 0]
    assert commenters.weights(spoke, spoke[["plan"]], quiet(spoke)) == (None, ())
    weight, notes = commenters.weights(units, units[[]], quiet(units))
    assert weight is None and "no control" in notes[0].message


def test_weights_stay_finite_where_a_level_never_comments() -> None:
    units = company(np.random.default_rng(19), 500)
    units.loc[units["plan"] == "basic", "n_comments"] = 0
    weight, _ = commenters.weights(units, units[["plan"]], quiet(units))
    assert weight is not None and np.isfinite(weight).all() and np.ptp(weight) == 0


def test_who_spoke_where_it_is_no_evidence_is_neither_silent_nor_a_commenter() -> None:
    units = company(np.random.default_rng(20))
    silent = quiet(units)
    late = silent & (np.arange(len(units)) % 3 == 0) & (units["plan"] == "premium").to_numpy()
    weight, notes = commenters.weights(units, units[["plan"]], silent & ~late)
    alone, said = commenters.weights(units[~late], units.loc[~late, ["plan"]], quiet(units[~late]))
    np.testing.assert_array_equal(weight, alone)
    assert notes[1:] == said and said[0].count == (silent & ~late).sum()
    assert notes[0].count == late.sum() > 100 and "nor counted as silent" in notes[0].message
    everybody, _ = commenters.weights(units, units[["plan"]], silent)
    assert not np.allclose(weight, everybody)
    few, notes = commenters.weights(units, units[["plan"]], np.zeros(len(units), dtype=bool))
    assert few is None and [note.count for note in notes] == [silent.sum()]


# Words


def test_every_check_has_a_verdict_and_plain_words() -> None:
    nothing = dict.fromkeys(names("drivers"), np.nan) | {"kind": "event", "same_sign_halves": False, "n_gold": 0}
    assert [(check, state) for check, state, _ in verdicts(nothing)] == [(name, "not done") for name in CHECKS]
    good = {"rd": 0.1, "rd_adjusted": 0.1, "rd_adjusted_low": 0.05, "rd_adjusted_high": 0.15, "same_sign_halves": True}
    good |= {"permuted_p": 0.005, "random_topic_p": 0.005, "subset_share": 1.0, "n_gold": 300}
    good |= {"neutral_rd": 0.01, "neutral_low": -0.02, "neutral_high": 0.04, "e_value": 2.6, "e_value_low": 1.7}
    good |= {"weighted_rd": 0.09, "weighted_low": 0.04, "weighted_high": 0.14, "hr": 1.8, "hr_low": 1.3, "hr_high": 2.5}
    good |= {"rd_corrected": 0.13, "rd_corrected_low": 0.05, "rd_corrected_high": 0.2}
    good |= {"languages_differ_p": 0.6, "opposite_in": "language ro", "opposite_sure_in": ""}
    assert {state for _, state, _ in verdicts(nothing | good)} == {"passed"}
    bad = good | {"permuted_p": 0.2, "random_topic_p": 0.06, "subset_share": 0.8, "same_sign_halves": False}
    bad |= {"neutral_rd": 0.06, "neutral_low": 0.01, "neutral_high": 0.11, "weighted_low": -0.01, "e_value_low": 1.0}
    bad |= {"opposite_sure_in": "language ro"}
    bad |= {"hr": 0.6, "hr_low": 0.4, "hr_high": 0.9, "rd_corrected_low": -0.01}
    assert {state for _, state, _ in verdicts(nothing | bad)} == {"failed"}
    for _, _, words in verdicts(nothing | bad):
        assert words and "cause" not in words and "nan" not in words
