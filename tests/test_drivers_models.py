"""The estimates of one outcome: every model against a reference package, and worlds with known truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from firthmodels import FirthLogisticRegression
from scipy import sparse
from scipy.special import expit
from scipy.stats import chi2, fisher_exact, t, ttest_ind
from statsmodels.miscmodels.ordinal_model import OrderedModel
from statsmodels.stats.contingency_tables import Table2x2
from statsmodels.stats.power import NormalIndPower

from cxnlp.config import DriversConfig
from cxnlp.drivers import effects, outcome
from cxnlp.drivers.controls import design
from cxnlp.drivers.effects import Counts
from cxnlp.drivers.power import minimum_detectable_difference
from cxnlp.drivers.sample import Sample
from cxnlp.results import Outcome
from cxnlp.schema import SCALES

CONFIG = DriversConfig()
NUMBERS = ("rd_adjusted", "rd_adjusted_low", "rd_adjusted_high", "rd_adjusted_se", "p_adjusted")


def make_sample(
    y: np.ndarray,
    mentions: np.ndarray,
    controls: pd.DataFrame | None = None,
    *,
    kind: str = "event",
    cluster: np.ndarray | None = None,
    crossfit: np.ndarray | None = None,
) -> Sample:
    """A sample whose first half are the units with an even number."""
    frame = pd.DataFrame(index=range(len(y))) if controls is None else controls
    scale = SCALES["nps"] if kind == "score" else None
    said = sparse.csr_array(np.asarray(mentions, dtype=int))
    found = said if crossfit is None else sparse.csr_array(np.asarray(crossfit, dtype=int))
    return Sample(
        outcome=Outcome("y", "outcome", "y", kind=kind, scale=scale),  # type: ignore[arg-type]
        y=np.asarray(y, float),
        mentions=said,
        neutral=said,
        crossfit=found,
        first_half=np.arange(len(y)) % 2 == 0,
        design=design(frame, np.asarray(y, float), kind),  # type: ignore[arg-type]
        cluster=cluster,
        rows=np.arange(len(y)),
    )


class World:
    """Customers with a plan, a country, a branch, three topics (the first works) and an outcome of each kind."""

    def __init__(self, n: int = 1200, seed: int = 0, branches: int = 20) -> None:
        rng = np.random.default_rng(seed)
        self.controls = pd.DataFrame({"plan": rng.choice(list("abc"), n), "country": rng.choice(list("xy"), n)})
        basic = (self.controls["plan"] == "a").to_numpy()
        self.branch = rng.integers(0, branches, n)
        mood = rng.normal(size=branches)[self.branch]
        self.mentions = rng.random((n, 3)) < expit(-1.6 + 0.7 * basic)[:, None]
        self.event = (rng.random(n) < expit(-1.3 + 0.6 * basic + 0.8 * self.mentions[:, 0] + 0.7 * mood)).astype(float)
        self.score = np.clip(np.round(7.5 - basic - 1.2 * self.mentions[:, 0] + mood + 2 * rng.normal(size=n)), 0, 10)
        self.amount = 40 + 10 * basic - 8 * self.mentions[:, 0] + 4 * mood + (6 + 6 * basic) * rng.normal(size=n)

    def rows(self, test: int) -> pd.DataFrame:
        """What a reference package takes: a row per unit, the mention last."""
        dummies = pd.get_dummies(self.controls, drop_first=True).astype(float)
        return sm.add_constant(dummies).assign(mention=self.mentions[:, test].astype(float))

    def sample(self, kind: str, **further: np.ndarray) -> Sample:
        """Its units as the models take them."""
        return make_sample(getattr(self, kind), self.mentions, self.controls, kind=kind, **further)  # type: ignore[arg-type]


WORLD = World()


# Tables


def test_fisher_p_is_that_of_scipy_small_and_large() -> None:
    rng = np.random.default_rng(1)
    small, large = rng.integers(0, 30, (4, 60)), rng.integers(1, 20_000, (4, 8))
    tables = np.hstack([small, large, [[50, 50, 0, 7], [50, 50, 40, 0], [50, 50, 9, 3], [50, 50, 0, 5]]])
    found = effects.fisher_p(Counts(*tables))
    expected = [fisher_exact([[a, b], [c, d]]).pvalue if a + b and c + d else np.nan for a, b, c, d in tables.T]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-10)


def test_fisher_p_does_not_depend_on_which_tests_it_is_computed_with(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = np.random.default_rng(2).integers(0, 60, (4, 30))
    together = effects.fisher_p(Counts(*tables))
    monkeypatch.setattr(effects, "_TABLES_PER_BLOCK", 40)
    np.testing.assert_array_equal(effects.fisher_p(Counts(*tables)), together)


def test_odds_ratio_is_that_of_statsmodels() -> None:
    for a, b, c, d in ((12, 40, 30, 300), (0, 20, 10, 90)):
        half = 0.5 if 0 in (a, b, c, d) else 0
        reference = Table2x2(np.array([[a, b], [c, d]]) + half)
        value, low, high = (found[0] for found in effects.odds_ratio(Counts(*(np.array([x]) for x in (a, b, c, d)))))
        assert value == pytest.approx(reference.oddsratio)
        assert (low, high) == pytest.approx(reference.oddsratio_confint(0.05))


def test_the_detectable_difference_has_the_power_asked_for() -> None:
    found = minimum_detectable_difference(12.0, np.array([80.0, 0.0]), np.array([900.0, 980.0]), 0.8)
    assert NormalIndPower().power(found[0] / 12, 80, 0.05, ratio=900 / 80) == pytest.approx(0.8, abs=1e-4)
    assert np.isnan(found[1])


# Models against reference packages


def test_odds_ratio_interval_is_that_of_statsmodels_logit() -> None:
    found = outcome.estimates(WORLD.sample("event"), CONFIG)
    for test in range(3):
        fit = sm.Logit(WORLD.event, WORLD.rows(test)).fit(disp=0, tol=1e-12)
        low, high = np.exp(fit.conf_int().loc["mention"])
        assert (found["or_adjusted_low"][test], found["or_adjusted_high"][test]) == pytest.approx((low, high), rel=1e-6)


def test_the_interval_of_the_adjusted_risk_ratio_is_the_delta_method_s() -> None:
    found = outcome.adjusted(WORLD.sample("event"))
    rows = WORLD.rows(0)
    fit = sm.Logit(WORLD.event, rows).fit(disp=0, tol=1e-12)

    def log_rr(beta: np.ndarray) -> float:
        with_, without = (expit(rows.assign(mention=value).to_numpy() @ beta).mean() for value in (1.0, 0.0))
        return float(np.log(with_ / without))

    step = 1e-6 * np.eye(rows.shape[1])
    gradient = np.array([(log_rr(fit.params + one) - log_rr(fit.params - one)) / 2e-6 for one in step])
    error = np.sqrt(gradient @ fit.cov_params() @ gradient)
    expected = np.exp(log_rr(fit.params.to_numpy()) + np.array([-1, 0, 1]) * 1.959964 * error)
    assert (found.rr_low[0], found.rr[0], found.rr_high[0]) == pytest.approx(tuple(expected), rel=1e-6)


def test_firth_is_that_of_firthmodels_with_its_profile_interval() -> None:
    world = World(n=130, seed=3)
    found = outcome.estimates(world.sample("event"), CONFIG)
    assert found["estimator"].tolist() == ["firth"] * 3
    for test in range(3):
        rows = world.rows(test).drop(columns="const")
        fit = FirthLogisticRegression(backend="numpy", gtol=1e-8, xtol=1e-8).fit(rows.to_numpy(), world.event)
        fit.lrt([rows.shape[1] - 1])
        interval = np.exp(fit.conf_int(method="pl")[rows.shape[1] - 1])
        assert found["or_adjusted"][test] == pytest.approx(np.exp(fit.coef_[-1]), rel=1e-5)
        assert found["p_adjusted"][test] == pytest.approx(fit.lrt_pvalues_[rows.shape[1] - 1], rel=1e-4)
        assert (found["or_adjusted_low"][test], found["or_adjusted_high"][test]) == pytest.approx(
            tuple(interval), rel=1e-3
        )


def test_clustered_logistic_is_that_of_statsmodels() -> None:
    found = outcome.estimates(WORLD.sample("event", cluster=WORLD.branch), CONFIG)
    assert found["estimator"].tolist() == ["logistic, 20 clusters"] * 3
    larger = 0
    for test in range(3):
        model = sm.Logit(WORLD.event, WORLD.rows(test))
        fit = model.fit(disp=0, tol=1e-12, cov_type="cluster", cov_kwds={"groups": WORLD.branch})
        plain = model.fit(disp=0, tol=1e-12)
        # The larger of the two variances is taken; every branch has mentions, so that t has 19 degrees of freedom.
        error = max(fit.bse["mention"], plain.bse["mention"])
        larger += fit.bse["mention"] > plain.bse["mention"]
        reach = t.isf(0.025, 19) * error
        assert np.log(found["or_adjusted_high"][test]) == pytest.approx(fit.params["mention"] + reach, rel=1e-5)
        assert found["p_adjusted"][test] == pytest.approx(2 * t.sf(abs(fit.params["mention"]) / error, 19), rel=1e-5)
        margins = [one.get_margeff(dummy=True).margeff_se[-1] for one in (fit, plain)]
        assert found["rd_adjusted_se"][test] == pytest.approx(max(margins), rel=1e-5)
    assert larger


def test_weighted_logistic_is_the_weighted_fit_with_its_sandwich() -> None:
    weight = np.random.default_rng(4).uniform(0.3, 3, len(WORLD.event))
    found = outcome.adjusted(WORLD.sample("event"), weight)
    rows, w = WORLD.rows(0).to_numpy(), weight / weight.mean()
    beta = sm.GLM(WORLD.event, rows, family=sm.families.Binomial(), freq_weights=w).fit(tol=1e-13).params
    mean = expit(rows @ beta)
    bread = np.linalg.inv((rows * (w * mean * (1 - mean))[:, None]).T @ rows)
    scores = rows * (w * (WORLD.event - mean))[:, None]
    n1 = WORLD.mentions[:, 0].sum()
    correction = n1 / (n1 - 1) * (len(rows) - 1) / (len(rows) - rows.shape[1])
    error = np.sqrt(correction * (bread @ scores.T @ scores @ bread)[-1, -1])
    assert found.odds_ratio[0] == pytest.approx(np.exp(beta[-1]), rel=1e-7)
    assert np.log(found.or_high[0] / found.odds_ratio[0]) == pytest.approx(t.isf(0.025, n1 - 1) * error, rel=1e-6)
    with_, without = (np.average(expit(rows @ beta + beta[-1] * (value - rows[:, -1])), weights=w) for value in (1, 0))
    assert found.rd[0] == pytest.approx(with_ - without, rel=1e-7)


@pytest.mark.parametrize("kind", ["score", "amount"])
def test_without_controls_a_difference_of_means_is_welch_s(kind: str) -> None:
    found = outcome.estimates(make_sample(getattr(WORLD, kind), WORLD.mentions, kind=kind), CONFIG)
    y = getattr(WORLD, kind)
    for test in range(3):
        said = WORLD.mentions[:, test]
        reference = ttest_ind(y[said], y[~said], equal_var=False)
        classical = ttest_ind(y[said], y[~said])
        if kind == "amount" and classical.pvalue > reference.pvalue:
            reference = classical  # of amounts the larger variance is taken
        interval = reference.confidence_interval(0.95)
        assert found["p"][test] == pytest.approx(reference.pvalue, rel=1e-9)
        assert (found["rd_low"][test], found["rd_high"][test]) == pytest.approx((interval.low, interval.high), rel=1e-9)
        assert found["rd_adjusted"][test] == pytest.approx(found["rd"][test], rel=1e-9)
    assert found["estimator"][0].endswith("no controls")


def test_linear_is_that_of_statsmodels_ols_with_hc2() -> None:
    found = outcome.estimates(WORLD.sample("score"), CONFIG)
    for test in range(3):
        fit = sm.OLS(WORLD.score, WORLD.rows(test)).fit(cov_type="HC2")
        assert found["rd_adjusted"][test] == pytest.approx(fit.params["mention"], rel=1e-9)
        assert found["rd_adjusted_se"][test] == pytest.approx(fit.bse["mention"], rel=1e-9)


def test_clustered_linear_is_that_of_statsmodels() -> None:
    found = outcome.estimates(WORLD.sample("amount", cluster=WORLD.branch), CONFIG)
    larger = 0
    for test in range(3):
        fit, classical, hc2 = (
            sm.OLS(WORLD.amount, WORLD.rows(test)).fit(cov_type=kind, **further)
            for kind, further in (
                ("cluster", {"cov_kwds": {"groups": WORLD.branch}}), ("nonrobust", {}), ("HC2", {})
            )
        )  # fmt: skip
        errors = [one.bse["mention"] for one in (fit, classical, hc2)]
        larger += errors[0] == max(errors)
        assert found["rd_adjusted_se"][test] == pytest.approx(max(errors), rel=1e-9)
        assert found["rd_adjusted_high"][test] - found["rd_adjusted"][test] == pytest.approx(
            t.isf(0.025, 19) * max(errors), rel=1e-9
        )
    assert larger


def test_weighted_linear_is_weighted_least_squares() -> None:
    weight = np.random.default_rng(4).uniform(0.1, 3, len(WORLD.event))
    found = outcome.adjusted(WORLD.sample("score"), weight)
    fit = sm.WLS(WORLD.score, WORLD.rows(1), weights=weight).fit(cov_type="HC1")
    n1 = WORLD.mentions[:, 1].sum()
    error = fit.bse["mention"] * np.sqrt(n1 / (n1 - 1) * (len(weight) - 1) / len(weight))
    assert found.rd[1] == pytest.approx(fit.params["mention"], rel=1e-9)
    assert found.se[1] == pytest.approx(error, rel=1e-9)
    assert np.isnan(found.odds_ratio).all()


def test_equal_weights_leave_the_estimate_as_it_is() -> None:
    for kind in ("event", "score", "amount"):
        sample = WORLD.sample(kind)
        weighted, plain = outcome.adjusted(sample, np.full(1200, 3.0)), outcome.adjusted(sample)
        np.testing.assert_allclose(weighted.rd, plain.rd, rtol=1e-9)
        np.testing.assert_allclose(weighted.se, plain.se, rtol=0.05)


def test_proportional_odds_is_that_of_statsmodels() -> None:
    score = np.array([0.0, 5.0, 8.0, 10.0])[np.searchsorted([5, 7, 9], WORLD.score)]
    found = outcome.estimates(make_sample(score, WORLD.mentions, WORLD.controls, kind="score"), CONFIG)
    assert found["estimator"].tolist() == ["linear and proportional odds"] * 3
    for test in (0, 2):
        rows = WORLD.rows(test).drop(columns="const")
        full, null = (
            OrderedModel(10 - score, part, distr="logit").fit(method="bfgs", disp=0, gtol=1e-7)
            for part in (rows, rows.drop(columns="mention"))
        )
        assert found["or_adjusted"][test] == pytest.approx(np.exp(full.params["mention"]), rel=1e-5)
        reach = np.log(found["or_adjusted_high"][test] / found["or_adjusted"][test]) / 1.959964
        assert reach == pytest.approx(full.bse["mention"], rel=0.02)  # theirs is the observed information
        assert found["p_adjusted"][test] == pytest.approx(chi2.sf(2 * (full.llf - null.llf), 1), rel=1e-4)


def test_without_controls_one_threshold_is_the_odds_ratio() -> None:
    y, said = WORLD.score > 6, WORLD.mentions
    found = outcome.estimates(make_sample(np.where(y, 10, 0), said, kind="score"), CONFIG)
    a, b = (~y[said[:, 0]]).sum(), y[said[:, 0]].sum()
    c, d = (~y[~said[:, 0]]).sum(), y[~said[:, 0]].sum()
    assert found["or_adjusted"][0] == pytest.approx(a * d / (b * c), rel=1e-7)
    assert np.isnan(found["po_p"]).all()


def test_brant_is_the_wald_test_of_separate_logits_on_single_rows() -> None:
    rng = np.random.default_rng(5)
    score = rng.choice([0.0, 4.0, 8.0, 10.0], 1200)
    found = outcome.estimates(make_sample(score, WORLD.mentions, WORLD.controls, kind="score"), CONFIG)
    rows = WORLD.rows(1)
    fits = [sm.Logit((score < cut).astype(float), rows).fit(disp=0, tol=1e-12) for cut in (10, 8, 4)]
    means = [fit.predict() for fit in fits]
    pulls = [rows.to_numpy() @ fit.cov_params().to_numpy()[-1] for fit in fits]
    covariance = np.array(
        [
            [(np.minimum(means[i], means[j]) * (1 - np.maximum(means[i], means[j])) * pulls[i] * pulls[j]).sum()
             for i in range(3)] for j in range(3)
        ]
    )  # fmt: skip
    contrast = np.array([[-1.0, 1, 0], [-1, 0, 1]])
    distance = contrast @ [fit.params["mention"] for fit in fits]
    statistic = distance @ np.linalg.solve(contrast @ covariance @ contrast.T, distance)
    assert found["po_p"][1] == pytest.approx(chi2.sf(statistic, 2), rel=1e-6)


def test_e_value_of_a_difference_of_means() -> None:
    found = outcome.estimates(WORLD.sample("score"), CONFIG)
    rr = np.exp(0.91 * abs(found["rd_adjusted"][0]) / WORLD.score.std(ddof=1))
    assert found["e_value"][0] == pytest.approx(rr + np.sqrt(rr * (rr - 1)))
    assert 1 < found["e_value_low"][0] < found["e_value"][0]
    assert found["e_value_low"][1] == 1


# What the estimates promise


@pytest.mark.parametrize("kind", ["event", "score", "amount"])
@pytest.mark.parametrize("clustered", [False, True])
def test_the_order_of_rows_and_the_numbers_of_clusters_change_nothing(kind: str, clustered: bool) -> None:
    order = np.random.default_rng(6).permutation(1200)
    crossfit = np.roll(WORLD.mentions, 1, axis=1)
    y, cluster = getattr(WORLD, kind), WORLD.branch if clustered else None
    one = make_sample(y, WORLD.mentions, WORLD.controls, kind=kind, cluster=cluster, crossfit=crossfit)
    other = make_sample(
        y[order],
        WORLD.mentions[order],
        WORLD.controls.iloc[order].reset_index(drop=True),
        kind=kind,
        cluster=None if cluster is None else 19 - cluster[order],
        crossfit=crossfit[order],
    )
    other = Sample(**{name: getattr(other, name) for name in other.__slots__} | {"first_half": one.first_half[order]})
    found, shuffled = outcome.estimates(one, CONFIG), outcome.estimates(other, CONFIG)
    for name in found:
        np.testing.assert_array_equal(found[name], shuffled[name], err_msg=name)


def test_too_few_events_give_counts_and_rates_only() -> None:
    y = np.zeros(500)
    y[:3] = 1
    sample = make_sample(y, WORLD.mentions[:500], WORLD.controls[:500])
    found = outcome.estimates(sample, CONFIG)
    assert found["events"].tolist() == [3] * 3
    assert found["estimator"].tolist() == ["none: fewer than 10 bad or good outcomes"] * 3
    for name in ("rd", "rr", "p", "rd_adjusted", "or_mh", "mde_rr", "e_value"):
        assert np.isnan(found[name]).all(), name
    assert "3 bad and 497 good" in outcome.notes(sample)[0].message
    assert np.isnan(outcome.adjusted(sample).rd).all()


def test_a_score_that_does_not_vary_gives_nothing() -> None:
    sample = make_sample(np.full(300, 9.0), WORLD.mentions[:300], kind="score")
    found = outcome.estimates(sample, CONFIG)
    assert set(found["estimator"]) == {"none: the outcome does not vary"}
    assert np.isnan(found["rd"]).all() and not found["worse"].any()
    assert "does not vary" in outcome.notes(sample)[0].message


def test_few_mentions_and_determined_mentions_have_no_estimate() -> None:
    rare = np.arange(1200) < 4
    mentions = np.column_stack([rare, (WORLD.controls["plan"] == "a").to_numpy(), WORLD.mentions[:, 0]])
    for kind in ("event", "score", "amount"):
        found = outcome.estimates(make_sample(getattr(WORLD, kind), mentions, WORLD.controls, kind=kind), CONFIG)
        assert [str(words)[:18] for words in found["estimator"][:2]] == ["none: fewer than 5", "none: the controls"]
        for name in NUMBERS:
            assert np.isnan(found[name][:2]).all() and np.isfinite(found[name][2]), name


def test_all_mentions_with_one_amount_do_not_look_certain() -> None:
    # Nine in ten buy nothing: six who bought nothing are no news, though their amounts do not vary at all.
    rng = np.random.default_rng(7)
    amount = np.where(rng.random(1000) < 0.9, 0, rng.exponential(50, 1000))
    mentions = np.zeros((1000, 1), dtype=bool)
    mentions[np.flatnonzero(amount == 0)[:6]] = True
    found = outcome.estimates(make_sample(amount, mentions, kind="amount"), CONFIG)
    assert found["p"][0] > 0.2


def test_scores_of_many_values_are_banded_and_an_impossible_odds_ratio_is_said() -> None:
    rng = np.random.default_rng(8)
    score = np.round(rng.uniform(0, 10, 900), 3)
    mentions = np.column_stack([rng.random(900) < 0.2, score < 2])
    found = outcome.estimates(make_sample(score, mentions, kind="score"), CONFIG)
    assert 0.5 < found["or_adjusted"][0] < 2
    assert found["estimator"][1].startswith("linear, odds not estimable")
    assert np.isnan(found["or_adjusted"][1]) and found["rd_adjusted"][1] < -4 and found["worse"][1]


def test_halves_use_the_topics_that_the_other_half_found() -> None:
    rng = np.random.default_rng(9)
    said = rng.random((2000, 1)) < 0.3
    y = (rng.random(2000) < 0.1 + 0.3 * said[:, 0]).astype(float)
    assert outcome.estimates(make_sample(y, said), CONFIG)["same_sign_halves"][0]
    turned = said.copy()
    turned[::2] = ~said[::2]
    assert not outcome.estimates(make_sample(y, said, crossfit=turned), CONFIG)["same_sign_halves"][0]
    assert not outcome.estimates(make_sample(y, said, crossfit=np.zeros_like(said)), CONFIG)["same_sign_halves"][0]


def test_worse_is_a_higher_rate_but_a_lower_score() -> None:
    event, score = (outcome.estimates(WORLD.sample(kind), CONFIG) for kind in ("event", "score"))
    assert event["rd_adjusted"][0] > 0 > score["rd_adjusted"][0]
    assert event["worse"][0] and score["worse"][0]
    assert score["or_adjusted"][0] > 1
    assert score["events_mentions"][0] == ((WORLD.score <= 6) & WORLD.mentions[:, 0]).sum()


@pytest.mark.parametrize("kind", ["score", "amount"])
def test_a_control_that_tells_a_score_is_reported(kind: str) -> None:
    y = np.repeat([2.0, 9.0], 100)
    frame = pd.DataFrame({"status": np.repeat(["gone", "here"], 100), "plan": np.tile(["a", "b"], 100)})
    warned = [note.message for note in design(frame, y, kind).notes if note.level == "warning"]  # type: ignore[arg-type]
    assert len(warned) == 1 and "'status'" in warned[0] and "R2 1.00" in warned[0]


def test_few_clusters_are_said_and_a_mention_of_few_clusters_has_no_estimate() -> None:
    branch = np.arange(1200) % 12
    mentions = np.column_stack([WORLD.mentions[:, 0], branch < 3])
    for kind in ("event", "score"):
        sample = make_sample(getattr(WORLD, kind), mentions, WORLD.controls, kind=kind, cluster=branch)
        found = outcome.estimates(sample, CONFIG)
        assert found["estimator"][0].endswith("only 12 clusters")
        assert found["estimator"][1] == "none: mentions or others in fewer than 5 clusters"
        for name in ("p", "rd_low", "rd_adjusted", "p_adjusted", "or_adjusted"):
            assert np.isnan(found[name][1]) and np.isfinite(found[name][0]), name
        assert "12 clusters" in outcome.notes(sample)[0].message


# Worlds with known truth


def covers(found: dict[str, np.ndarray], name: str, truth: float | np.ndarray) -> np.ndarray:
    return (found[f"{name}_low"] <= truth) & (truth <= found[f"{name}_high"])


def test_intervals_of_scores_and_amounts_cover() -> None:
    rng = np.random.default_rng(10)
    plan = np.resize(list("abcaa"), 500)
    frame, basic = pd.DataFrame({"plan": plan}), plan == "a"
    effect, odds, differences, rejected = np.array([1.0, 0, 0, 0]), [], [], []
    for _ in range(130):
        said = rng.random((500, 4)) < (0.1 + 0.2 * basic)[:, None]
        first = said[:, 0]
        worse = -1.0 * basic + 0.8 * first + rng.logistic(size=500)
        score = 10.0 - 2 * np.searchsorted([-1.5, -0.5, 0.5, 1.5], worse)
        amount = 50 + 10 * basic - 5 * first + np.where(first, 15, 8) * rng.normal(size=500)
        one, two = (
            outcome.estimates(make_sample(y, said, frame, kind=kind), CONFIG)
            for y, kind in ((score, "score"), (amount, "amount"))
        )
        odds.append(covers(one, "or_adjusted", np.exp(0.8 * effect)))
        differences.append(covers(two, "rd_adjusted", -5 * effect))
        rejected.append(one["po_p"] < 0.05)
    assert 0.93 <= np.mean(odds) <= 0.97
    assert 0.93 <= np.mean(differences) <= 0.97
    assert 0.02 <= np.mean(rejected) <= 0.08


def test_non_proportional_odds_are_detected() -> None:
    rng = np.random.default_rng(11)
    p = []
    for _ in range(20):
        said = np.arange(1500) < 300
        score = np.where(said, rng.choice([0, 5, 10], 1500, p=[0.45, 0.1, 0.45]), rng.choice([0, 5, 10], 1500))
        p.append(outcome.estimates(make_sample(score, said[:, None], kind="score"), CONFIG)["po_p"][0])
    assert np.mean(np.array(p) < 0.05) >= 0.95


@pytest.mark.parametrize(("kind", "level"), [("event", "unit"), ("event", "branch"), ("score", "branch")])
def test_clustered_customers_are_covered_at_the_nominal_rate(kind: str, level: str) -> None:
    rng = np.random.default_rng(12)
    branch = np.repeat(np.arange(60), 12)
    found = []
    for _ in range(60):
        mood = rng.normal(size=60)[branch]
        said = rng.random((720, 10)) < 0.2 if level == "unit" else (rng.random((60, 10)) < 0.3)[branch]
        event = rng.random(720) < expit(-1 + 0.9 * mood)
        y = event if kind == "event" else np.clip(np.round(6 + 1.5 * mood + 2 * rng.normal(size=720)), 0, 10)
        found.append(outcome.estimates(make_sample(y, said, kind=kind, cluster=branch), CONFIG))
    for name, truth in (("rd", 0.0), ("rd_adjusted", 0.0), ("or_adjusted", 1.0)):
        assert 0.93 <= np.mean([covers(one, name, truth) for one in found]) <= 0.985, name
    assert np.mean([one["p_adjusted"] < 0.05 for one in found]) <= 0.07
    if level == "branch":  # without regard to branches, far too many null topics stand out
        naive = outcome.estimates(make_sample(y, said, kind=kind), CONFIG)["p_adjusted"]
        assert (naive < 0.05).sum() > 1


def test_rare_events_and_separation_are_finite_and_covered() -> None:
    rng = np.random.default_rng(13)
    found, truth = [], []
    for _ in range(60):
        plan = rng.choice(list("abcd"), 1000)
        risk = -4.0 + 0.4 * (plan == "a")
        said = np.zeros((1000, 5), dtype=bool)
        for topic in range(5):
            said[rng.choice(1000, 40, replace=False), topic] = True
        y = (rng.random(1000) < expit(risk + 1.5 * said[:, 0])).astype(float)
        found.append(outcome.estimates(make_sample(y, said, pd.DataFrame({"plan": plan})), CONFIG))
        truth.append([(expit(risk + 1.5) - expit(risk)).mean(), 0, 0, 0, 0])
    assert {words for one in found for words in one["estimator"]} == {"firth"}
    separated = sum(int((one["events_mentions"] == 0).sum()) for one in found)
    assert separated > 50
    for name in (*NUMBERS, "or_adjusted", "or_adjusted_low", "or_adjusted_high", "rr_adjusted"):
        assert np.isfinite([one[name] for one in found]).all(), name
    odds = np.mean([covers(one, "or_adjusted", 1.0)[1:] for one in found])
    rates = np.mean(
        [(one["rd_adjusted_low"] <= t0) & (t0 <= one["rd_adjusted_high"]) for one, t0 in zip(found, truth, strict=True)]
    )
    assert 0.93 <= odds <= 0.99
    assert 0.92 <= rates <= 0.98
