"""Every formula of the waves room against a published value, a reference package or a sum done by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, permutation_test
from statsmodels.stats.contingency_tables import Table2x2
from statsmodels.stats.rates import test_poisson_2indep as poisson_2indep

from cxnlp.waves import Wave
from cxnlp.waves.counting import Mentions, both_design_effects, count
from cxnlp.waves.drift import Blocks, blocks, drift
from cxnlp.waves.rates import Change, compare_rates
from cxnlp.waves.tokens import tokens
from cxnlp.waves.words import lexicon, log_odds_z, word_shift

COUNTS = st.tuples(st.integers(0, 60), st.integers(0, 60))
EXPOSURES = st.tuples(st.integers(80, 4000), st.integers(80, 4000))


def rates(n: tuple[float, float], t: tuple[float, float], effect: tuple[float, float] = (1.0, 1.0)) -> Change:
    return compare_rates(*(np.array([float(value)]) for value in (*n, *t, *effect)))


# Two rates


def test_two_rates_as_fay_printed_them() -> None:
    # Fay, vignette of the R package rateratio.test: 2 events in 17877 against 9 in 16660.
    found = rates((9, 2), (16660, 17877))
    assert found.p[0] == pytest.approx(0.05011, abs=5e-6)
    assert found.ratio[0] == pytest.approx(0.2070941557)
    assert (found.low[0], found.high[0]) == pytest.approx((0.02177406, 1.00054910), abs=5e-9)


@settings(max_examples=150, deadline=None)
@given(COUNTS, EXPOSURES)
def test_p_and_interval_are_those_of_the_binomial(n: tuple[int, int], t: tuple[int, int]) -> None:
    found, total = rates(n, t), sum(n)
    if not total:
        assert np.isnan([found.ratio[0], found.low[0], found.high[0], found.p[0]]).all()
        return
    tails = [binomtest(n[1], total, t[1] / sum(t), side) for side in ("less", "greater")]
    limits = binomtest(n[1], total).proportion_ci(0.95, "exact")
    odds = [np.inf if share == 1 else share / (1 - share) for share in limits]
    assert (found.low[0], found.high[0]) == pytest.approx([one * t[0] / t[1] for one in odds])
    if found.testable[0]:
        assert found.p[0] == pytest.approx(min(1, 2 * min(tail.pvalue for tail in tails)))


@pytest.mark.parametrize(("n", "t"), [((30, 60), (54308.7, 51477.5)), ((3, 14), (900, 1100)), ((12, 5), (500, 500))])
def test_p_is_twice_the_exact_tail_of_statsmodels(n: tuple[int, int], t: tuple[float, float]) -> None:
    # The first: coronary heart disease with and without hormones (Gu et al. 2008, Biometrical Journal 50:283-298).
    sides = [poisson_2indep(n[1], t[1], n[0], t[0], method="exact-cond", alternative=side) for side in SIDES]
    assert rates(n, t).p[0] == pytest.approx(min(1, 2 * min(side.pvalue for side in sides)))


SIDES = ("larger", "smaller")


def test_p_of_equal_exposures_is_the_two_sided_test_of_scipy() -> None:
    assert rates((7, 18), (400, 400)).p[0] == pytest.approx(binomtest(18, 25).pvalue)


@given(COUNTS, EXPOSURES, st.tuples(st.floats(1, 4), st.floats(1, 4)))
def test_p_is_below_5_percent_exactly_where_the_interval_excludes_1(
    n: tuple[int, int], t: tuple[int, int], effect: tuple[float, float]
) -> None:
    found = rates(n, t, effect)
    if found.testable[0] and abs(found.p[0] - 0.05) > 1e-9:
        assert (found.p[0] < 0.05) == (found.low[0] > 1 or found.high[0] < 1)


@given(st.tuples(st.integers(0, 12), st.integers(0, 12)), st.tuples(st.integers(12, 90), st.integers(12, 90)))
def test_too_few_means_that_no_split_reaches_5_percent(n: tuple[int, int], t: tuple[int, int]) -> None:
    total = sum(n)
    splits = [y for y in range(total + 1) if y <= t[1] and total - y <= t[0]]
    sides = ("less", "greater")
    least = min(
        min(1, 2 * min(binomtest(y, total, t[1] / sum(t), side).pvalue for side in sides)) if total else 1
        for y in splits
    )
    assert rates(n, t).testable[0] == (least <= 0.05)


def test_one_comment_of_a_wave_cannot_hold_fifty_mentions() -> None:
    assert not rates((50, 0), (1000, 1)).testable[0]
    assert rates((50, 0), (1000, 100)).testable[0]


def test_a_design_effect_of_two_halves_the_evidence_and_keeps_the_ratio() -> None:
    full, half = rates((20, 40), (800, 800), (2, 2)), rates((10, 20), (400, 400))
    assert (full.p[0], full.low[0], full.high[0]) == pytest.approx((half.p[0], half.low[0], half.high[0]))
    assert full.ratio[0] == rates((20, 40), (800, 800)).ratio[0] == 2


# Design effect


def wave_of(mentions: list[tuple[int, int]]) -> tuple[Wave, np.ndarray]:
    """A wave of customers with (comments that mention the topic, comments in all)."""
    unit = np.repeat(np.arange(len(mentions)), [written for _, written in mentions])
    topic = np.concatenate([np.arange(written) >= written - mentioned for mentioned, written in mentions]) - 1
    frame = pd.DataFrame({"row": np.arange(len(unit)), "unit": unit})
    return Wave("w", frame, np.zeros((len(unit), 1)), len(unit)), topic.astype(np.int64)


def counted(mentions: list[tuple[int, int]]) -> Mentions:
    wave, topic = wave_of(mentions)
    return count(wave, topic, 1)


def test_single_comments_have_a_design_effect_of_exactly_one() -> None:
    assert counted([(1, 1)] * 30 + [(0, 1)] * 70).effect[0] == 1


def test_comments_of_heavy_writers_who_never_mention_it_do_not_matter() -> None:
    assert counted([(1, 1)] * 2 + [(0, 1)] * 50 + [(0, 40)]).effect[0] == 1


def test_one_customer_is_worth_one_comment() -> None:
    assert counted([(8, 8)] + [(0, 1)] * 500).effect[0] == 8


def test_the_variance_is_that_of_a_poisson_regression_with_clusters() -> None:
    random = np.random.default_rng(0)
    written = random.integers(1, 7, 80)
    mentioned = random.binomial(written, random.beta(0.2, 0.8, 80))
    found = counted(list(zip(mentioned.tolist(), written.tolist(), strict=True)))
    wave, topic = wave_of(list(zip(mentioned.tolist(), written.tolist(), strict=True)))
    fit = sm.GLM((topic == 0).astype(float), np.ones((len(topic), 1)), family=sm.families.Poisson()).fit(
        cov_type="cluster", cov_kwds={"groups": wave.statements["unit"].to_numpy(), "use_correction": False}
    )
    # Robust variance of the log rate over the Poisson variance 1 / n, and the correction for few customers.
    few = (mentioned > 0).sum()
    assert found.effect[0] == pytest.approx(fit.cov_params()[0, 0] * found.n[0] * few / (few - 1))
    assert found.effect[0] > 2


def test_a_wave_without_mentions_takes_over_what_its_customers_allow() -> None:
    clustered = counted([(4, 4)] * 5 + [(0, 4)] * 20)
    singles, heavy = counted([(0, 1)] * 100), counted([(0, 4)] * 25)
    assert [effect[0] for effect in both_design_effects(clustered, singles)] == [4, 1]
    assert [effect[0] for effect in both_design_effects(heavy, clustered)] == [4, 4]
    assert [effect[0] for effect in both_design_effects(singles, heavy)] == [1, 1]


# Drift


def small_blocks() -> Blocks:
    random = np.random.default_rng(1)
    after = np.array([True] * 4 + [False] * 5)
    size = random.integers(1, 4, 9)
    return Blocks(random.normal(0.6 * after[:, None], 1, (9, 3)) * size[:, None], size, after, np.zeros(9, dtype=int))


def test_the_permutation_p_value_is_the_exact_one_of_scipy() -> None:
    parts = small_blocks()

    def distance(one: np.ndarray, other: np.ndarray) -> float:
        one, other = one.astype(int), other.astype(int)
        centres = [parts.sums[own].sum(axis=0) / parts.size[own].sum() for own in (one, other)]
        return float(((centres[0] - centres[1]) ** 2).sum())

    groups = np.flatnonzero(parts.after), np.flatnonzero(~parts.after)
    exact = permutation_test(groups, distance, n_resamples=np.inf, alternative="greater", vectorized=False)
    found = drift(parts, 20_000, 0, "t")
    assert found.distance**2 == pytest.approx(exact.statistic)
    assert 0.02 < exact.pvalue < 0.9
    assert found.p == pytest.approx(exact.pvalue, abs=4 * np.sqrt(0.25 / 20_000))


def test_the_distance_weighs_languages_by_both_waves() -> None:
    # en: 3 statements at 0 against 1 at 1; pl: 1 at 0 against 3 at 2. Both have half of all: (1 + 2) / 2.
    parts = Blocks(
        np.array([[0.0], [1.0], [0.0], [6.0]]),
        np.array([3, 1, 1, 3]),
        np.array([False, True, False, True]),
        np.array([0, 0, 1, 1]),
    )
    assert drift(parts, 9, 0, "t").distance == pytest.approx(1.5)


def test_blocks_are_whole_customers_in_the_languages_of_both_waves() -> None:
    points = np.arange(7.0)[:, None]
    after = np.array([0, 0, 0, 1, 1, 0, 1], dtype=bool)
    unit, language = np.array([5, 5, 5, 5, 5, 2, 7]), np.array([0, 1, 1, 1, 1, 0, 2])
    parts = blocks(points, after, unit, language, np.arange(7, dtype=np.uint64))
    # Customer 5 of either wave speaks mostly language 1; nobody else's language is in both waves.
    assert sorted(zip(parts.sums[:, 0], parts.size, parts.after, parts.stratum, strict=True)) == [
        (3, 3, False, 0),
        (7, 2, True, 0),
    ]


def test_waves_that_say_the_same_have_not_moved() -> None:
    parts = Blocks(np.ones((20, 2)), np.ones(20, int), np.arange(20) < 8, np.zeros(20, int))
    found = drift(parts, 99, 0, "t")
    assert (found.distance, found.p) == (0, 1)


# Words


def test_log_odds_done_by_hand() -> None:
    # Prior 1 and 1. After: 3 and 1 words; before: 1 and 3. The odds of the first word are 4/2 and 2/4.
    z = log_odds_z(np.array([3, 1]), np.array([1, 3]), np.array([1.0, 1.0]))
    assert z[0] == pytest.approx(np.log(4) / np.sqrt(1 / 4 + 1 / 2))
    assert z[1] == pytest.approx(-z[0])


def test_without_a_prior_it_is_the_log_odds_ratio() -> None:
    y, other = np.array([30, 70]), np.array([45, 160])
    z = log_odds_z(y, other, np.full(2, 1e-9))
    table = Table2x2([[30, 70], [45, 160]])
    assert z[0] * np.sqrt(1 / 30 + 1 / 45) == pytest.approx(table.log_oddsratio)


def test_a_strong_prior_pulls_rare_words_more_than_frequent_ones() -> None:
    y, other = np.array([4, 400, 596]), np.array([1, 300, 699])
    weak, strong = (log_odds_z(y, other, size * np.array([0.002, 0.35, 0.648])) for size in (1, 5000))
    assert weak[0] > 1 > strong[0] > 0
    assert strong[1] > 2
    assert log_odds_z(np.array([3]), np.array([9]), np.array([1.0])).tolist() == [0]


def shift(texts: list[str], language: list[str], after: list[int], unit: list[int]) -> tuple[list[str], list[str]]:
    late, who = np.array(after, dtype=bool), np.array(unit)
    own = lexicon(np.array(texts, dtype=object), np.array(language, dtype=object), who)
    return word_shift(own, np.arange(len(texts)), late, who)


def test_words_are_counted_once_a_customer() -> None:
    texts = ["parcel broken"] * 40 + ["parcel intact"] * 40
    many = shift(texts, ["en"] * 80, [0] * 40 + [1] * 40, list(range(80)))
    assert many == (["intact"], ["broken"])
    assert shift(texts, ["en"] * 80, [0] * 40 + [1] * 40, [0] * 40 + [1] * 40) == ([], [])


def test_another_mix_of_languages_gains_no_words() -> None:
    english, polish = "parcel late broken driver", "paczka spóźniona uszkodzona kierowca"
    texts = [english] * 90 + [polish] * 10 + [english] * 10 + [polish] * 90
    language = ["en"] * 90 + ["pl"] * 10 + ["en"] * 10 + ["pl"] * 90
    after = [0] * 100 + [1] * 100
    assert shift(texts, language, after, list(range(200))) == ([], [])
    # Taken for one language, the growing one would give all its words as gained.
    assert len(shift(texts, ["xx"] * 200, after, list(range(200)))[0]) == 4


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("The courier didn't call; it's LATE, 3 days late!", "en", ["courier", "late", "days", "late"]),
        ("L'assistenza dell’albergo è lenta", "it", ["assistenza", "albergo", "lenta"]),
        ("Write to [email] or https://x.example/a?b", "en", ["write"]),
        ("Paczka nie dotarła na czas", "pl", ["paczka", "dotarła", "czas"]),
        ("the parcel", "", ["the", "parcel"]),
        ("wi-fi 5G 10%", "en", ["wi-fi"]),
        ("", "en", []),
    ],
)
def test_words_of_a_text(text: str, language: str, words: list[str]) -> None:
    assert tokens(text, language) == words
