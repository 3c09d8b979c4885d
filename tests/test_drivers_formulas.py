"""Every formula of the drivers room against a published value or a reference package."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from firthmodels import FirthLogisticRegression
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.special import expit
from scipy.stats import chi2, false_discovery_control
from statsmodels.stats.contingency_tables import StratifiedTable, Table2x2

from cxnlp.drivers.effects import Counts, e_value, fisher_p, mantel_haenszel, q_values, risk_difference, risk_ratio
from cxnlp.drivers.impact import impact, noise_floor
from cxnlp.drivers.logistic import Adjusted, Cells, adjust
from cxnlp.drivers.power import mentions_needed, minimum_detectable_rr


def counts(a: int, b: int, c: int, d: int) -> Counts:
    return Counts(*(np.array([cell]) for cell in (a, b, c, d)))


@pytest.mark.parametrize(
    ("cells", "low", "high"),
    [
        ((56, 14, 48, 32), 0.0524, 0.3339),  # Newcombe 1998, Stat Med 17:873-890, table II, method 10: 56/70 - 48/80
        ((9, 1, 3, 7), 0.1705, 0.8090),  # 9/10 - 3/10
        ((10, 0, 0, 20), 0.6791, 1.0000),  # 10/10 - 0/20
    ],
)
def test_risk_difference_interval_as_newcombe_printed_it(
    cells: tuple[int, int, int, int], low: float, high: float
) -> None:
    value, found_low, found_high = risk_difference(counts(*cells))
    a, b, c, d = cells
    assert value[0] == pytest.approx(a / (a + b) - c / (c + d))
    assert (found_low[0], found_high[0]) == pytest.approx((low, high), abs=5e-5)


@given(st.lists(st.integers(1, 400), min_size=4, max_size=4))
def test_risk_ratio_is_that_of_statsmodels(cells: list[int]) -> None:
    a, b, c, d = cells
    reference = Table2x2([[a, b], [c, d]])
    value, low, high = risk_ratio(counts(a, b, c, d))
    assert value[0] == pytest.approx(reference.riskratio)
    assert (low[0], high[0]) == pytest.approx(reference.riskratio_confint(0.05))


def test_risk_ratio_with_a_zero_cell_adds_a_half_to_all_four() -> None:
    value, low, high = risk_ratio(counts(0, 20, 10, 90))
    reference = Table2x2(np.array([[0.5, 20.5], [10.5, 90.5]]))
    assert value[0] == pytest.approx(reference.riskratio)
    assert (low[0], high[0]) == pytest.approx(reference.riskratio_confint(0.05))


def test_risk_ratio_and_p_are_missing_where_all_or_nobody_mention() -> None:
    for empty in (counts(0, 0, 5, 5), counts(5, 5, 0, 0)):
        assert np.isnan(risk_ratio(empty)[0][0])
        assert np.isnan(fisher_p(empty)[0])


def test_fisher_p_of_the_lady_tasting_tea() -> None:
    # Fisher 1935, The Design of Experiments: 3 of 4 cups right, one-sided 17/70, two-sided 34/70.
    assert fisher_p(counts(3, 1, 1, 3))[0] == pytest.approx(34 / 70)


def test_q_values_against_the_example_of_benjamini_and_hochberg() -> None:
    # Benjamini and Hochberg 1995, section 3.2: 15 p-values, four rejected at q = .05.
    published = ".0001 .0004 .0019 .0095 .0201 .0278 .0298 .0344 .0459 .3240 .4262 .5719 .6528 .7590 1.0"
    p = np.array(published.split(), dtype=float)
    assert (q_values(p) < 0.05).sum() == 4


def test_q_values_under_any_dependence_are_larger_by_the_harmonic_sum() -> None:
    # Benjamini and Yekutieli 2001, theorem 1.3: q of Benjamini-Hochberg times the sum of 1/i, at most 1.
    p = np.array([0.001, 0.008, np.nan, 0.039, 0.041, 0.9])
    harmonic = sum(1 / i for i in range(1, 6))
    strict, usual = q_values(p, "by"), q_values(p)
    known = np.isfinite(p)
    assert np.isnan(strict[2])
    np.testing.assert_allclose(strict[known], np.minimum(usual[known] * harmonic, 1))
    np.testing.assert_allclose(strict[known], false_discovery_control(p[known], method="by"))
    assert (q_values(p, "by")[known] >= usual[known]).all() and strict[0] == pytest.approx(0.001 * 5 * harmonic)


def test_tests_without_a_p_take_no_part_in_the_family() -> None:
    q = q_values(np.array([0.01, np.nan, 0.04]))
    assert q[[0, 2]] == pytest.approx([0.02, 0.04])
    assert np.isnan(q[1])
    assert np.isnan(q_values(np.array([np.nan]))).all()


@pytest.mark.parametrize("rr", [3.9, 1 / 3.9])
def test_e_value_of_vanderweele_and_ding(rr: float) -> None:
    assert e_value(np.array([rr]))[0] == pytest.approx(7.26, abs=0.005)  # Ann Intern Med 2017, their first example


def test_mantel_haenszel_is_that_of_statsmodels() -> None:
    rng = np.random.default_rng(0)
    cells = rng.integers(1, 40, size=(4, 3, 6))  # cell, test, stratum
    found = mantel_haenszel(Counts(*cells))
    for test in range(3):
        tables = [cells[:, test, stratum].reshape(2, 2) for stratum in range(6)]
        assert found[test] == pytest.approx(StratifiedTable(tables).oddsratio_pooled)


def test_mantel_haenszel_with_one_empty_sum_is_haldane_anscombe() -> None:
    one = Counts(*(np.array([[cell]]) for cell in (9, 0, 5, 20)))
    assert mantel_haenszel(one)[0] == pytest.approx(9.5 * 20.5 / (0.5 * 5.5))
    nobody = Counts(*(np.array([[cell]]) for cell in (0, 0, 5, 20)))
    assert np.isnan(mantel_haenszel(nobody)[0])


@pytest.mark.parametrize(
    ("base", "rr", "mentions"),
    # Mentions needed at alpha .05, power .8 and a large comparison group: the project's power table.
    [
        (0.10, 1.5, 316), (0.10, 2, 85), (0.10, 3, 24),
        (0.05, 1.5, 674), (0.05, 2, 185), (0.05, 3, 53),
        (0.20, 1.5, 137), (0.20, 2, 36), (0.20, 3, 9),
    ],
)  # fmt: skip
def test_power_table(base: float, rr: float, mentions: int) -> None:
    assert mentions_needed(base, 1, 1e9, rr, 0.8) == pytest.approx(mentions, abs=1)
    found = minimum_detectable_rr(base, np.array([mentions]), np.array([1e12]), 0.8)[0]
    assert found == pytest.approx(rr, rel=0.01)


def test_power_agrees_with_statsmodels_and_with_itself() -> None:
    from statsmodels.stats.proportion import power_proportions_2indep

    rr = minimum_detectable_rr(0.12, np.array([150.0]), np.array([900.0]), 0.8)[0]
    power = power_proportions_2indep(0.12 * (rr - 1), 0.12, 150, ratio=6).power
    assert power == pytest.approx(0.8, abs=0.002)
    needed = mentions_needed(0.12, 150, 900, rr, 0.8)
    assert needed == pytest.approx(150, abs=1)


def test_where_even_certainty_would_not_show_there_is_no_detectable_ratio() -> None:
    found = minimum_detectable_rr(0.95, np.array([3, 0, 3]), np.array([100, 100, 0]), 0.8)
    assert np.isnan(found).all()


def make_cells(rng: np.random.Generator, effect: float, n: int = 3000, tests: int = 3) -> tuple[Cells, pd.DataFrame]:
    """Units with two categorical controls; the first test's mention depends on them and works by `effect`."""
    plan, country = rng.integers(0, 3, n), rng.integers(0, 2, n)
    mentions = rng.random((tests, n)) < expit(-1.5 + 0.8 * (plan == 1))
    bad = rng.random(n) < expit(-1.6 + 0.7 * (plan == 1) - 0.4 * country + effect * mentions[0])
    return collapse(plan, country, mentions, bad), pd.DataFrame(
        {"one": 1.0, "p1": plan == 1, "p2": plan == 2, "c": country}
        | {f"m{k}": mentions[k] for k in range(tests)}
        | {"y": bad}
    ).astype(float)


def collapse(plan: np.ndarray, country: np.ndarray, mentions: np.ndarray, bad: np.ndarray) -> Cells:
    cell = plan * 2 + country
    matrix = np.array([[1, p == 1, p == 2, c] for p in range(3) for c in range(2)], dtype=float)
    return Cells(
        matrix,
        np.bincount(cell, minlength=6),
        np.bincount(cell[bad], minlength=6),
        np.stack([np.bincount(cell[one], minlength=6) for one in mentions]),
        np.stack([np.bincount(cell[one & bad], minlength=6) for one in mentions]),
    )


def test_logistic_is_that_of_statsmodels() -> None:
    cells, frame = make_cells(np.random.default_rng(3), effect=0.9)
    found = adjust(cells)
    assert found.estimator.tolist() == ["logistic"] * 3
    for test in range(3):
        names = ["one", "p1", "p2", "c", f"m{test}"]
        full = sm.Logit(frame["y"], frame[names]).fit(disp=0, method="newton", tol=1e-12)
        without = sm.Logit(frame["y"], frame[names[:-1]]).fit(disp=0, method="newton", tol=1e-12)
        effect = full.get_margeff(dummy=True).summary_frame().iloc[-1]
        assert found.odds_ratio[test] == pytest.approx(np.exp(full.params.iloc[-1]), rel=1e-8)
        assert found.rd[test] == pytest.approx(effect.iloc[0], rel=1e-6)
        assert (found.low[test], found.high[test]) == pytest.approx((effect.iloc[4], effect.iloc[5]), rel=1e-5)
        lr = chi2.sf(2 * (full.llf - without.llf), 1)
        assert found.p[test] == pytest.approx(lr, rel=1e-6)


def test_without_controls_the_adjusted_effect_is_the_plain_one() -> None:
    cells = Cells(np.ones((1, 1)), np.array([1000]), np.array([150]), np.array([[200]]), np.array([[60]]))
    found = adjust(cells)
    assert found.rd[0] == pytest.approx(60 / 200 - 90 / 800)
    assert found.rr[0] == pytest.approx((60 / 200) / (90 / 800))
    assert found.odds_ratio[0] == pytest.approx((60 * 710) / (140 * 90))


def test_a_huge_effect_on_a_rare_outcome_still_converges() -> None:
    found = adjust(Cells(np.ones((1, 1)), np.array([20_000]), np.array([390]), np.array([[200]]), np.array([[192]])))
    assert found.estimator[0] == "logistic"
    assert found.odds_ratio[0] == pytest.approx((192 * 19_602) / (8 * 198))


def test_few_events_are_fitted_as_firthmodels_fits_the_single_rows_and_recalibrated() -> None:
    rng = np.random.default_rng(5)
    cells, frame = make_cells(rng, effect=1.0, n=150)
    found = adjust(cells)
    assert found.estimator.tolist() == ["firth"] * 3
    names = ["p1", "p2", "c", "m0"]
    reference = FirthLogisticRegression(backend="numpy", gtol=1e-8, xtol=1e-8).fit(frame[names].to_numpy(), frame["y"])
    reference.lrt([3])
    assert found.odds_ratio[0] == pytest.approx(np.exp(reference.coef_[3]), rel=1e-5)
    assert found.p[0] == pytest.approx(reference.lrt_pvalues_[3], rel=1e-4)
    # FLIC (Puhr et al. 2017): with the slopes held, the intercept makes predictions average to the observed rate.
    slopes = frame[names].to_numpy() @ reference.coef_
    intercept = sm.GLM(frame["y"], frame[["one"]], family=sm.families.Binomial(), offset=slopes).fit().params.iloc[0]
    with_, without = (
        expit(intercept + frame[names[:3]].to_numpy() @ reference.coef_[:3] + reference.coef_[3] * value).mean()
        for value in (1, 0)
    )
    assert found.rd[0] == pytest.approx(with_ - without, rel=1e-5)


def separated() -> Adjusted:
    """All 40 mentions have the bad outcome."""
    rng = np.random.default_rng(2)
    plan, country = rng.integers(0, 3, 2000), rng.integers(0, 2, 2000)
    mentions = (np.arange(2000) < 40)[None]
    return adjust(collapse(plan, country, mentions, mentions[0] | (rng.random(2000) < 0.2)))


def test_separation_gives_finite_firth_estimates() -> None:
    found = separated()
    assert found.estimator.tolist() == ["firth"]
    numbers = np.array([found.rd, found.low, found.high, found.odds_ratio, found.p])
    assert np.isfinite(numbers).all()
    assert found.low[0] > 0.6


def test_a_mention_that_the_controls_determine_has_no_adjusted_effect() -> None:
    rng = np.random.default_rng(2)
    plan, country = rng.integers(0, 3, 600), rng.integers(0, 2, 600)
    found = adjust(collapse(plan, country, np.stack([plan == 1, plan < 9]), rng.random(600) < 0.3))
    assert [why[:5] for why in found.estimator] == ["none:", "none:"]
    assert "determine" in found.estimator[0]
    assert np.isnan([*found.rd, *found.p, *found.odds_ratio]).all()


def test_impact_is_what_leaving_the_comments_out_does() -> None:
    rng = np.random.default_rng(1)
    values, mentions = rng.choice([-100.0, 0.0, 100.0], 500), rng.random((500, 4)) < 0.2
    everything = np.column_stack([mentions, np.ones(500)])
    found, error = impact(everything.sum(axis=0), everything.T @ values, everything.T @ values**2)
    for topic in range(4):
        assert found[topic] == pytest.approx(values.mean() - values[~mentions[:, topic]].mean())
    resampled = []
    for _ in range(2000):
        draw = rng.integers(0, 500, 500)
        resampled.append(values[draw].mean() - values[draw][~mentions[draw, 0]].mean())
    assert error[0] == pytest.approx(np.std(resampled), rel=0.06)


def test_noise_floor_is_that_of_shuffling_one_by_one_and_ignores_the_order_of_rows() -> None:
    rng = np.random.default_rng(4)
    values, mentions = rng.choice([-100.0, 0.0, 100.0], 300), rng.random((300, 8)) < 0.1
    floor = noise_floor(sparse.csr_array(mentions.astype(float)), values, 400, 0)
    largest = []
    for _ in range(400):
        shuffled = rng.permutation(values)
        largest.append(max(abs(shuffled.mean() - shuffled[~topic].mean()) for topic in mentions.T))
    assert floor == pytest.approx(np.mean(largest), rel=0.06)
    order = rng.permutation(300)
    assert noise_floor(sparse.csr_array(mentions[order].astype(float)), values[order], 400, 0) == floor
    assert np.isnan(noise_floor(sparse.csr_array((300, 0)), values, 10, 0))
