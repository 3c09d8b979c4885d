"""Waves with known truth: how often the comparison is right about them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest
from test_waves import make_topics, make_wave

from cxnlp.waves import Wave, compare
from cxnlp.waves.counting import both_design_effects, count
from cxnlp.waves.rates import compare_rates

SHARES = [0.05, 0.1, 0.2, 0.02, 0.15, 0.08]


def exposures(value: float, n: int) -> np.ndarray:
    return np.full(n, value)


def test_waves_of_one_world_are_rarely_flagged() -> None:
    random = np.random.default_rng(0)
    flagged, p, drift_p = [], [], []
    for _ in range(100):
        table = compare(make_wave(random, 300, SHARES), make_wave(random, 400, SHARES), make_topics(6)).table
        flagged.append((table["q"] < 0.1).any() or table["drifted"].any())
        p += table["p"].dropna().tolist()
        drift_p += table["drift_p"].dropna().tolist()
    # Every flag is false here, so the false-discovery rate is the share of runs with any: .10 + 1.65 se is .15.
    assert np.mean(flagged) <= 0.15
    assert np.mean(np.array(p) < 0.05) <= 0.05 + 0.02
    assert len(drift_p) > 400
    assert kstest(drift_p, "uniform").pvalue > 0.01
    assert 0.03 <= np.mean(np.array(drift_p) < 0.05) <= 0.08


def test_a_doubled_rate_is_found() -> None:
    random = np.random.default_rng(1)
    statuses = []
    for _ in range(40):
        before = make_wave(random, 1000, SHARES)
        after = make_wave(random, 1000, [0.1, *SHARES[1:]])
        statuses.append(compare(before, after, make_topics(6), permutations=99).table["status"][0])
    assert statuses.count("grown") / 40 >= 0.85
    assert not {"shrunk", "vanished", "new"} & set(statuses)


def test_the_interval_of_the_ratio_covers() -> None:
    random = np.random.default_rng(2)
    n = 5000
    for expected, ratio in ((8, 1.0), (40, 2.0), (25, 0.5)):
        x, y = random.poisson(expected, n), random.poisson(expected * ratio * 0.7, n)
        found = compare_rates(x, y, exposures(1000, n), exposures(700, n))
        covered = (found.low <= ratio) & (ratio <= found.high)
        assert 0.95 <= covered[x + y > 0].mean() <= 0.99


def clustered(random: np.random.Generator, customers: int, comments: float, share: float) -> tuple[Wave, np.ndarray]:
    """Customers who mostly either always or never mention the topic, about three comments each."""
    written = 1 + random.poisson(comments - 1, customers)
    mentioned = random.binomial(written, random.beta(0.3 * share, 0.3 * (1 - share), customers))
    unit = np.repeat(np.arange(customers), written)
    position = np.arange(len(unit)) - np.repeat(np.cumsum(written) - written, written)
    topic = np.where(position < np.repeat(mentioned, written), 0, -1)
    frame = pd.DataFrame({"row": np.arange(len(unit)), "unit": unit})
    return Wave("w", frame, np.zeros((len(unit), 1)), len(unit)), topic


@pytest.mark.parametrize(("customers", "comments", "share"), [(300, 3, 0.05), (300, 3, 0.01), (60, 5, 0.1)])
def test_customers_who_repeat_themselves_hold_the_level(customers: int, comments: float, share: float) -> None:
    random = np.random.default_rng(3)
    p, naive = [], []
    for _ in range(500):
        before, after = (count(*clustered(random, customers, comments, share), 1) for _ in range(2))
        counts = before.n, after.n, before.exposure, after.exposure
        p.append(compare_rates(*counts, *both_design_effects(before, after)).p[0])
        naive.append(compare_rates(*counts).p[0])
    assert np.mean(np.array(naive) < 0.05) > 0.10
    # A wave that cannot be tested is never flagged: NaN compares as false. 1.65 se of .05 are .016.
    assert np.mean(np.array(p) < 0.05) <= 0.066
    assert np.mean(np.array(p) < 0.01) <= 0.02


def test_the_correction_costs_independent_comments_little() -> None:
    random = np.random.default_rng(4)
    found = []
    for _ in range(300):
        written = [1 + random.poisson(1, 400) for _ in range(2)]
        waves = []
        for size, share in zip(written, (0.05, 0.10), strict=True):
            unit = np.repeat(np.arange(400), size)
            frame = pd.DataFrame({"row": np.arange(len(unit)), "unit": unit})
            topic = np.where(random.random(len(unit)) < share, 0, -1)
            waves.append(count(Wave("w", frame, np.zeros((len(unit), 1)), len(unit)), topic, 1))
        counts = waves[0].n, waves[1].n, waves[0].exposure, waves[1].exposure
        found.append([compare_rates(*counts, *both_design_effects(*waves)).p[0], compare_rates(*counts).p[0]])
    corrected, plain = (np.array(found) < 0.05).mean(axis=0)
    assert plain > 0.8
    assert corrected > plain - 0.08


def test_statements_of_repeating_customers_do_not_drift() -> None:
    random = np.random.default_rng(5)
    drift_p, naive = [], []
    for _ in range(80):
        waves = [make_wave(random, 250, [0.5, 0.4], customers=25) for _ in range(2)]
        drift_p += compare(*waves, make_topics(2), permutations=199).table["drift_p"].tolist()
        alone = [Wave(w.name, w.statements.assign(unit=w.statements["row"]), w.points, w.n_comments) for w in waves]
        naive += compare(*alone, make_topics(2), permutations=199).table["drift_p"].tolist()
    assert np.mean(np.array(naive) < 0.05) > 0.5
    assert np.mean(np.array(drift_p) < 0.05) <= 0.09


def test_a_moved_topic_is_found_and_the_others_stay() -> None:
    random = np.random.default_rng(6)
    drifted = []
    for _ in range(25):
        before, after = make_wave(random, 1000, SHARES), make_wave(random, 1000, SHARES, moved={1: 0.35})
        drifted.append(compare(before, after, make_topics(6)).table["drifted"].to_numpy())
    found = np.mean(drifted, axis=0)
    assert found[1] >= 0.8
    assert np.delete(found, 1).max() <= 0.15


def test_another_mix_of_languages_is_no_drift() -> None:
    random = np.random.default_rng(7)
    drift_p, naive = [], []
    for _ in range(120):
        before = make_wave(random, 300, [0.3, 0.2], polish=0.2, language_gap=0.8)
        after = make_wave(random, 300, [0.3, 0.2], polish=0.7, language_gap=0.8)
        drift_p += compare(before, after, make_topics(2), permutations=99).table["drift_p"].tolist()
        blind = [Wave(w.name, w.statements.assign(language="en"), w.points, w.n_comments) for w in (before, after)]
        naive += compare(*blind, make_topics(2), permutations=99).table["drift_p"].tolist()
    assert np.mean(np.array(naive) < 0.05) > 0.8
    assert np.mean(np.array(drift_p) < 0.05) <= 0.08
    assert kstest(drift_p, "uniform").pvalue > 0.01


def test_a_drift_inside_both_languages_is_found_whatever_their_mix() -> None:
    random = np.random.default_rng(8)
    drifted = []
    for _ in range(20):
        before = make_wave(random, 500, [0.3], polish=0.2, language_gap=0.5)
        after = make_wave(random, 500, [0.3], polish=0.7, language_gap=0.5, moved={0: 0.35})
        drifted.append(compare(before, after, make_topics(1)).table["drifted"][0])
    assert np.mean(drifted) >= 0.8


def candidate_wave(random: np.random.Generator, groups: int) -> tuple[Wave, np.ndarray]:
    """2,000 comments of one statement each; every group has the same share of them. The group of each is given."""
    group = random.integers(0, 2 * groups, 2000)
    frame = pd.DataFrame({"row": np.arange(2000), "unit": np.arange(2000), "text": "x", "language": "en"})
    return Wave("w", frame, np.ones((2000, 1)), 2000), np.where(group < groups, group, -1)


def test_the_most_frequent_of_many_groups_does_not_confirm_itself() -> None:
    """100 groups with equal shares in both waves; the one that is most frequent in AFTER becomes the candidate."""
    random = np.random.default_rng(9)
    topics, half = make_topics(1, (0,)), np.arange(2000) < 1000

    def p_of(chosen: int, found_on: np.ndarray) -> float:
        labelled = [
            Wave(w.name, w.statements.assign(topic_id=np.where(g == chosen, "t00", None)), w.points, 2000)
            for w, g in ((before, groups_before), (after, groups_after))
        ]
        return compare(*labelled, topics, found_on=found_on, permutations=19).table["p"][0]

    split, whole = [], []
    for _ in range(60):
        (before, groups_before), (after, groups_after) = candidate_wave(random, 100), candidate_wave(random, 100)
        seen = groups_after >= 0
        split.append(p_of(np.bincount(groups_after[seen & half]).argmax(), half))
        whole.append(p_of(np.bincount(groups_after[seen]).argmax(), np.zeros(2000, dtype=bool)))
    assert np.mean(np.array(whole) < 0.05) > 0.2
    assert np.mean(np.array(split) < 0.05) <= 0.10
