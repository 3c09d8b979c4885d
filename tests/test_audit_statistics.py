"""The statistics of the audit: published values, reference packages, and simulations with a known truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint

from cxnlp.audit.agreement import alpha, alpha_interval
from cxnlp.audit.drawing import LARGEST, chances, order_sample, size_of
from cxnlp.audit.weighted import Sample, difference, kappa, rogan_gladen, share

NA = 0
# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section C: 4 observers, 12 units.
OBSERVERS = np.array([
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NA, NA, NA],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NA, 3],
    [NA, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NA],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NA],
])  # fmt: skip


def counts(answers: np.ndarray, values: int) -> np.ndarray:
    return np.stack([(answers == value).sum(axis=0) for value in range(1, values + 1)], axis=1)


def test_alpha_is_that_of_krippendorff():
    assert alpha(counts(OBSERVERS, 5)) == pytest.approx(0.743, abs=0.0005)


def test_alpha_of_two_who_always_agree_is_one_and_of_chance_is_zero():
    random = np.random.default_rng(1)
    one, other = random.integers(1, 4, (2, 20_000))
    assert alpha(counts(np.stack([one, one]), 3)) == 1
    assert alpha(counts(np.stack([one, other]), 3)) == pytest.approx(0, abs=0.02)


def test_nothing_is_said_of_agreement_that_could_not_fail():
    always = counts(np.ones((2, 30), dtype=int), 2)
    assert np.isnan(alpha(always))
    full = counts(np.tile([1, 2], (2, 15)), 2)
    assert np.isnan(alpha_interval(full, np.arange(30))).all()
    assert np.isnan(alpha(counts(np.array([[1, 2, 1]]), 2)))


def test_the_interval_of_alpha_holds_the_truth():
    random = np.random.default_rng(2)
    # Both see the truth with chance .8, else guess among 2: P(agree) = .82, chance .5, alpha of the population .64.
    hits = 0
    for run in range(150):
        true = random.integers(1, 3, 200)
        seen = [np.where(random.random(200) < 0.8, true, random.integers(1, 3, 200)) for _ in range(2)]
        low, high = alpha_interval(counts(np.stack(seen), 2), np.arange(200) // 2, seed=run)
        hits += low <= 0.64 <= high
    assert hits / 150 >= 0.90


def world(random: np.random.Generator, units: int, prevalence=0.1, sensitivity=0.8, specificity=0.97):
    """Statements of units that are alike within: unit, true tag, the model's tag."""
    size = random.integers(1, 4, units)
    unit = np.repeat(np.arange(units), size)
    rate = random.beta(2 * prevalence, 2 * (1 - prevalence), units)
    true = random.random(len(unit)) < rate[unit]
    model = np.where(true, random.random(len(unit)) < sensitivity, random.random(len(unit)) >= specificity)
    return unit, true, model.astype(bool)


def drawn(random: np.random.Generator, unit: np.ndarray, model: np.ndarray, n: int, equal: bool = False):
    """A sample of `n` units, units that the model tags four times as likely; as `order_sample`, without its hashes."""
    tagged = np.bincount(unit, model) > 0
    size = np.where(tagged & (not equal), 4.0, 1.0)
    chosen = np.zeros(len(size), dtype=bool)
    chosen[np.argsort(random.random(len(size)) / size)[:n]] = True
    taken = chosen[unit]
    return taken, Sample(unit[taken], chances(size, n)[unit[taken]])


def test_sensitivity_covers_where_missed_mentions_are_rarely_drawn():
    """300 of 20,000 units and a rare tag: few samples hold more than two missed mentions, of four times the weight."""
    random = np.random.default_rng(12)
    hits = 0
    for _ in range(300):
        unit, true, model = world(random, 20_000, prevalence=0.03)
        taken, sample = drawn(random, unit, model, 300)
        _, low, high = share(sample, model[taken], true[taken])
        hits += low <= model[true].mean() <= high
    assert 0.92 <= hits / 300 <= 0.99


@pytest.mark.parametrize("equal", [False, True], ids=["uneven", "equal"])
def test_intervals_cover_the_truth(equal):
    random = np.random.default_rng(3)
    runs, hits = 600, np.zeros(5)
    for _ in range(runs):
        unit, true, model = world(random, 1500)
        taken, sample = drawn(random, unit, model, 250, equal)
        t, m = true[taken], model[taken]
        found = [share(sample, m, t), share(sample, ~m, ~t), share(sample, t, m)]
        found += [difference(sample, t, m, model.mean()), kappa(sample, t.astype(int), m.astype(int))]
        truths = [model[true].mean(), (~model)[~true].mean(), true[model].mean(), true.mean()]
        truths.append(kappa(Sample(unit, np.ones(len(unit))), true.astype(int), model.astype(int))[0])
        hits += [low <= truth <= high for (_, low, high), truth in zip(found, truths, strict=True)]
        assert all(-1 <= low <= value <= high <= 1 for value, low, high in found)
        assert all(low >= 0 and high <= 1 for _, low, high in found[:4])
    assert (hits / runs >= 0.93).all(), hits / runs
    if equal:  # uneven chances that follow the tag know more of specificity than so many statements would: no credit
        assert (hits / runs <= 0.99).all(), hits / runs


def test_the_corrected_share_is_unbiased_and_the_models_is_not():
    random = np.random.default_rng(4)
    raw, corrected = [], []
    for _ in range(200):
        unit, true, model = world(random, 1500, prevalence=0.05)
        taken, sample = drawn(random, unit, model, 200)
        raw.append(model.mean() - true.mean())
        corrected.append(difference(sample, true[taken], model[taken], model.mean())[0] - true.mean())
    spread = np.std(corrected) / np.sqrt(200)
    assert abs(np.mean(corrected)) < 3 * spread
    assert np.mean(raw) > 0.01


def test_few_errors_are_no_proof_of_none():
    """A rare tag: most samples show no error or one; the interval covers all the same."""
    random = np.random.default_rng(5)
    hits = 0
    for _ in range(200):
        unit, true, model = world(random, 2000, prevalence=0.01, sensitivity=0.8, specificity=0.998)
        taken, sample = drawn(random, unit, model, 200)
        _, low, high = difference(sample, true[taken], model[taken], model.mean())
        hits += low <= true.mean() <= high
    assert hits / 200 >= 0.93


def test_a_share_of_equal_independent_statements_is_wilsons():
    sample = Sample(np.arange(40), np.full(40, 0.1))
    success = np.arange(40) < 31
    assert share(sample, success, np.ones(40, dtype=bool)) == pytest.approx(
        (31 / 40, *proportion_confint(31, 40, method="wilson"))
    )


@pytest.mark.parametrize("n", [5, 60])
def test_a_share_of_all_or_none_has_limits_inside(n):
    sample = Sample(np.arange(n) // 2, np.linspace(0.1, 0.9, n // 2 + 1)[np.arange(n) // 2])
    every = np.ones(n, dtype=bool)
    value, low, high = share(sample, every, every)
    assert (value, high) == (1, 1) and 0 < low < 1
    value, low, high = share(sample, ~every, every)
    assert (value, low) == (0, 0) and 0 < high < 1


def test_of_nothing_or_one_unit_no_interval_is_made_up():
    sample = Sample(np.zeros(4, dtype=int), np.full(4, 0.5))
    hit = np.array([True, True, False, True])
    assert np.isnan(share(sample, hit, np.zeros(4, dtype=bool))).all()
    value, low, high = share(sample, hit, np.ones(4, dtype=bool))
    assert value == 0.75 and np.isnan([low, high]).all()


def test_kappa_is_that_of_scikit_learn_with_weights():
    random = np.random.default_rng(6)
    people, noise = random.integers(0, 4, (2, 400))
    model = np.where(random.random(400) < 0.7, people, noise)
    sample = Sample(np.arange(400), random.uniform(0.05, 1, 400))
    value, low, high = kappa(sample, people, model)
    assert value == pytest.approx(cohen_kappa_score(people, model, sample_weight=sample.weight))
    assert low < value < high


def test_the_interval_of_kappa_is_near_that_of_statsmodels_for_equal_weights():
    random = np.random.default_rng(7)
    people = (random.random(2000) < 0.3).astype(int)
    model = np.where(random.random(2000) < 0.85, people, 1 - people)
    reference = cohens_kappa(pd.crosstab(people, model).to_numpy())
    value, low, high = kappa(Sample(np.arange(2000), np.full(2000, 0.5)), people, model)
    assert value == pytest.approx(reference.kappa)
    assert (low, high) == pytest.approx((reference.kappa_low, reference.kappa_upp), abs=0.003)


def test_a_perfect_sample_is_no_perfect_model():
    people = (np.arange(50) < 5).astype(int)
    sample = Sample(np.arange(50), np.full(50, 0.1))
    value, low, high = kappa(sample, people, people)
    assert value == 1 and 0.4 < low < 0.95 and high == 1
    _, low, high = difference(sample, people == 1, people == 1, 0.1)
    assert low < 0.08 and high > 0.12
    assert np.isnan(kappa(sample, np.zeros(50, int), np.zeros(50, int))).all()


def test_a_census_knows_the_share():
    random = np.random.default_rng(8)
    true, model = random.random((2, 300)) < 0.2
    found = difference(Sample(np.arange(300) // 2, np.ones(300)), true, model, model.mean())
    assert found == pytest.approx((true.mean(),) * 3)


def test_rogan_and_gladen():
    # By hand: (.25 + .9 - 1) / (.8 + .9 - 1) = .15 / .7.
    assert rogan_gladen(0.25, 0.8, 0.9) == pytest.approx(0.15 / 0.7)
    assert rogan_gladen(0.01, 0.8, 0.9) == 0
    assert np.isnan(rogan_gladen(0.3, 0.4, 0.6))


# The draw


def test_chances_sum_to_n_and_are_those_of_the_draws():
    random = np.random.default_rng(9)
    size = pd.Series(random.choice([1.0, 2.0, 5.0], 150), index=[f"u{i:03}" for i in range(150)])
    seen = np.zeros(150)
    for seed in range(2000):
        chosen, probability = order_sample(size, 30, seed)
        assert chosen.sum() == 30
        seen += chosen
    assert probability.sum() == pytest.approx(30)
    by_size = pd.Series(seen / 2000).groupby(size.to_numpy()).mean()
    expected = pd.Series(probability).groupby(size.to_numpy()).mean()
    assert by_size.to_numpy() == pytest.approx(expected.to_numpy(), rel=0.03)


def test_large_sizes_are_certain_and_the_rest_shares_what_is_left():
    size = pd.Series([5.0] * 10 + [1.0] * 10, index=[f"u{i:02}" for i in range(20)])
    chosen, probability = order_sample(size, 14, 0)
    assert probability[:10] == pytest.approx(1) and probability[10:] == pytest.approx(0.4)
    assert chosen.sum() == 14
    everyone, certain = order_sample(size, 20, 0)
    assert everyone.all() and (certain == 1).all()


def test_a_larger_sample_holds_the_smaller_and_another_seed_another():
    size = pd.Series(np.random.default_rng(10).choice([1.0, 3.0], 500), index=[f"u{i}" for i in range(500)])
    small, large = order_sample(size, 50, 0)[0], order_sample(size, 120, 0)[0]
    assert (large >= small).all()
    assert (order_sample(size, 50, 1)[0] != small).any()
    shuffled = size.sample(frac=1, random_state=1)
    again, chance = order_sample(shuffled, 50, 0)
    assert set(shuffled.index[again]) == set(size.index[small])
    assert np.array_equal(np.sort(chance), np.sort(order_sample(size, 50, 0)[1]))


def test_rare_mentions_of_near_flags_are_drawn_more_often_within_bounds():
    topic = np.repeat(["T1", "T2", "T3", None], [4, 100, 300, 596])
    spoken = pd.DataFrame({
        "unit_name": [f"u{i:04}" for i in range(1000)],
        "topic_id": topic,
        "sentiment_label": "negative",
        "stage": "purchase",
    })  # fmt: skip
    drivers = pd.DataFrame({
        "outcome": "churned",
        "topic_id": ["T1", "T2", "T3", "T2"],
        "stage": ["all", "purchase", "all", "retention"],
        "polarity": "negative",
        "tier": ["WATCH", "PROBABLE", "NOT SUPPORTED", "WATCH"],
    })  # fmt: skip
    size = size_of(spoken, drivers)
    by_topic = dict(zip(spoken["topic_id"].fillna("-"), size, strict=True))
    assert by_topic == {"T1": LARGEST, "T2": 2.0, "T3": 1.0, "-": 1.0}
    _, probability = order_sample(size, 100, 0)
    assert probability.min() >= 0.2 * 100 / 1000
