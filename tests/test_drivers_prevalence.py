"""Who mentions what: against statsmodels, and by simulation with and without errors of the tags."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import sparse
from scipy.stats import binom, false_discovery_control, t
from test_drivers_invariance import sample_of
from test_drivers_world import make_table, make_topics

from cxnlp.config import DriversConfig
from cxnlp.drivers import find
from cxnlp.drivers.gold import Labelled
from cxnlp.drivers.prevalence import prevalence
from cxnlp.drivers.pseudo import Labels, as_tagged, corrected
from cxnlp.drivers.sample import Sample


def listed(count: int) -> pd.DataFrame:
    return pd.DataFrame(
        {"topic_id": [f"t{one}" for one in range(count)], "polarity": "negative", "column": range(count)}
    )


def of_topic(found: pd.DataFrame, topic: str) -> pd.DataFrame:
    return found[found["topic_id"] == topic].reset_index(drop=True)


def survey(rng: np.random.Generator, n: int = 1_200, cluster: np.ndarray | None = None) -> Sample:
    plan, tenure = rng.choice(["basic", "plus", "gold"], n, p=[0.5, 0.3, 0.2]), rng.exponential(300, n)
    y = rng.random(n) < 0.15 + 0.1 * (plan == "plus")
    mentions = rng.random((n, 3)) < np.array([0.2, 0.4, 0.02]) + 0.1 * y[:, None] + 0.05 * (plan == "gold")[:, None]
    return sample_of(mentions, y, pd.DataFrame({"plan": plan, "tenure": tenure}), cluster=cluster)


def columns_of(sample: Sample) -> np.ndarray:
    """Intercept, outcome, controls, in the order of the terms."""
    controls = sample.design.matrix[sample.design.cell]
    return np.column_stack([controls[:, :1], sample.y, controls[:, 1:]])


def standard_errors(rows: pd.DataFrame, freedom: np.ndarray | float) -> np.ndarray:
    return ((rows["high"] - rows["low"]) / 2 / t.isf(0.025, freedom)).to_numpy()


def test_one_regression_per_topic_with_hc2_intervals_as_in_statsmodels() -> None:
    sample = survey(np.random.default_rng(1))
    found, x = prevalence(sample, listed(3), None), columns_of(sample)
    freedom = len(x) - x.shape[1]
    for topic in range(2):
        mention = sample.mentions.toarray()[:, topic].astype(float)
        rows = of_topic(found, f"t{topic}")
        fit = sm.OLS(mention, x).fit(cov_type="HC2", use_t=True)
        np.testing.assert_allclose(rows["value"], fit.params[1:], atol=1e-12)
        np.testing.assert_allclose(standard_errors(rows, freedom), fit.bse[1:], rtol=1e-9)
        np.testing.assert_allclose(rows["p"], fit.pvalues[1:], rtol=1e-8)
        assert rows["share"].unique() == pytest.approx([mention.mean()])
    scarce, mention = of_topic(found, "t2"), sample.mentions.toarray()[:, 2].astype(float)
    robust, plain = sm.OLS(mention, x).fit(cov_type="HC2"), sm.OLS(mention, x).fit()
    few = np.array([min(mention @ one, mention @ (1 - one)) < 10 for one in x.T])
    assert (plain.bse[few] > robust.bse[few]).any() and (plain.bse[~few][1:] > robust.bse[~few][1:]).any()
    expected = np.where(few, np.maximum(robust.bse, plain.bse), robust.bse)
    np.testing.assert_allclose(standard_errors(scarce, freedom), expected[1:], rtol=1e-9)


def test_the_terms_are_the_outcome_and_the_levels_of_the_controls() -> None:
    sample = survey(np.random.default_rng(1))
    terms = of_topic(prevalence(sample, listed(1), None), "t0")
    named = list(zip(terms["term"], terms["reference"], strict=True))
    assert named[:3] == [("churned", "the others"), ("plan: plus", "plan: basic"), ("plan: gold", "plan: basic")]
    bands = [term for term, _ in named[3:]]
    assert len(bands) == 9 and all(" to " in band and band.startswith("tenure: ") for band in bands)
    low, high = bands[-1].removeprefix("tenure: ").split(" to ")
    assert float(low.replace(",", "")) < float(high.replace(",", ""))
    assert terms["method"].unique().tolist() == ["linear, HC2; tagging errors are not in the interval"]


def test_clusters_widen_intervals_as_in_statsmodels_and_never_narrow_them() -> None:
    rng = np.random.default_rng(2)
    n, groups = 2_400, 40
    cluster = rng.integers(0, groups, n)
    talk, fate = rng.uniform(-0.2, 0.2, (2, groups))
    y = rng.random(n) < np.clip(0.3 + fate[cluster], 0, 1)
    mentions = rng.random((n, 1)) < np.clip(0.3 + talk[cluster], 0, 1)[:, None]
    plan = pd.DataFrame({"plan": rng.integers(0, 2, n).astype(str)})
    clustered, alone = sample_of(mentions, y, plan, cluster=cluster), sample_of(mentions, y, plan)
    found, x = prevalence(clustered, listed(1), None), columns_of(alone)
    fit = sm.OLS(mentions[:, 0].astype(float), x).fit(cov_type="cluster", cov_kwds={"groups": cluster})
    apart = standard_errors(prevalence(alone, listed(1), None), n - x.shape[1])
    np.testing.assert_allclose(found["value"], fit.params[1:], atol=1e-12)
    np.testing.assert_allclose(standard_errors(found, groups - 1), np.maximum(fit.bse[1:], apart), rtol=1e-9)
    assert fit.bse[1] > apart[0] and found["method"].str.startswith("linear, CR1 by cluster").all()


def labelled(true: np.ndarray, chance: np.ndarray, rng: np.random.Generator) -> Labelled:
    known = rng.random(len(chance)) < chance
    said = sparse.csr_array((true & known[:, None]).astype(np.int64))
    return Labelled(said, known, np.where(known, chance, 1.0))


def test_where_everybody_is_labelled_the_truth_is_what_counts() -> None:
    rng = np.random.default_rng(3)
    sample = survey(rng)
    true = rng.random((len(sample.y), 3)) < 0.3
    found = prevalence(sample, listed(3), labelled(true, np.ones(len(sample.y)), rng))
    expected = prevalence(sample_as(sample, true), listed(3), None)
    np.testing.assert_allclose(found[["value", "low", "high"]], expected[["value", "low", "high"]], atol=1e-12)
    assert found["method"].str.endswith("tagging errors taken out with 1200 labelled units").all()


def sample_as(sample: Sample, mentions: np.ndarray) -> Sample:
    return replace(sample, mentions=sparse.csr_array(mentions.astype(np.int64)))


def test_the_pseudo_mention_is_regressed_as_a_number_would_be() -> None:
    """Against statsmodels on the pseudo-mentions one by one, as arXiv 2306.04746 writes them with m for the tag."""
    rng = np.random.default_rng(4)
    sample = survey(rng)
    tag = sample.mentions.toarray() > 0
    true = np.where(rng.random(tag.shape) < 0.9, tag, ~tag)
    chance = np.where(tag[:, 0], 0.6, 0.3)
    people = labelled(true, chance, rng)
    known = people.known
    found, x = of_topic(prevalence(sample, listed(3), people), "t1"), columns_of(sample)
    weight, m = 1 / chance[known], np.zeros(len(tag))
    for those in (tag[:, 1], ~tag[:, 1]):
        m[those] = np.average(true[known, 1][those[known]], weights=weight[those[known]])
    pseudo = m + known / chance * (true[:, 1] - m)
    fit = sm.OLS(pseudo, x).fit(cov_type="HC2")
    np.testing.assert_allclose(found["value"], fit.params[1:], atol=1e-10)
    assert found["share"][0] == pytest.approx(pseudo.mean())
    se = standard_errors(found, len(x) - x.shape[1])
    pull = (x @ np.linalg.inv(x.T @ x))[known, 1:] ** 2 * ((1 - chance) / chance**2)[known, None]
    smoothed = np.zeros(len(se))
    for tagged in (False, True):
        for left in (0.0, 1.0):
            those = (tag[known, 1] == tagged) & (sample.y[known] == left)
            w = weight[those]
            size = w.sum() ** 2 / (w @ w)
            share = (size * np.average(true[known, 1][those], weights=w) + 0.5) / (size + 1)
            smoothed += pull[those].sum(axis=0) * share * (1 - share)
    added = np.maximum(smoothed - pull.T @ (true[known, 1] - m[known]) ** 2, 0)
    assert (added > 0).any()
    np.testing.assert_allclose(se, np.sqrt(fit.bse[1:] ** 2 + added), rtol=1e-9)


def test_sums_by_pattern_are_those_of_the_units_one_by_one() -> None:
    rng = np.random.default_rng(5)
    n, pattern = 300, rng.integers(0, 6, 300)
    tag, true, known = rng.random((n, 2)) < 0.4, rng.random((n, 2)) < 0.4, rng.random(n) < 0.3
    mentions, chance = sparse.csr_array(tag.astype(np.int64)), np.where(known, rng.choice([0.2, 0.5], n), 1.0)
    labels = Labels(sparse.csr_array((true & known[:, None]).astype(np.int64)), known, chance)
    size, mean = np.bincount(pattern, minlength=6).astype(float), rng.random((6, 2))
    for response in (
        as_tagged(mentions, pattern, size),
        corrected(mentions, pattern, size, labels, np.arange(6) % 2 > 0),
    ):
        each = response.level + response.entries.toarray()
        for number in range(6):
            rows = each[pattern == number]
            np.testing.assert_allclose(response.total[number], rows.sum(axis=0), atol=1e-10)
            np.testing.assert_allclose(response.squares(mean)[number], ((rows - mean[number]) ** 2).sum(axis=0))


def simulated(seed: int, *, labels: int, sensitivity: float, specificity: float) -> pd.DataFrame:
    """Churners mention each of six topics 8 points more, one plan another 6; of churners the tagger misses more."""
    rng = np.random.default_rng([6, seed])
    n, plan = 2_000, rng.integers(0, 2, 2_000)
    y = rng.random(n) < 0.15 + 0.1 * plan
    true = rng.random((n, 6)) < np.repeat([0.08, 0.2], 3) + 0.08 * y[:, None] + 0.06 * plan[:, None]
    finds = np.where(y, sensitivity - 0.15 * (sensitivity < 1), sensitivity)[:, None]
    tag = np.where(true, rng.random((n, 6)) < finds, rng.random((n, 6)) > specificity)
    people = None
    if labels:
        size = np.where(tag[:, 0], 4.0, 1.0)
        people = labelled(true, labels * size / size.sum(), rng)
    found = prevalence(sample_of(tag, y, pd.DataFrame({"plan": plan.astype(str)})), listed(6), people)
    sign = np.where(found["reference"] == "plan: 1", -1, 1)
    truth = np.where(found["term"] == "churned", 0.08, 0.06 * sign)
    return found.assign(covered=(found["low"] <= truth) & (truth <= found["high"]), missed=found["value"] - truth)


def share_covered(found: list[pd.DataFrame], term: str) -> float:
    rows = pd.concat(found)
    return float(rows.loc[rows["term"].str.startswith(term), "covered"].mean())


@pytest.mark.parametrize("labels", [0, 300])
def test_intervals_cover_with_right_tags_and_with_an_audit_of_wrong_ones(labels: int) -> None:
    right = {"sensitivity": 1.0, "specificity": 1.0} if not labels else {"sensitivity": 0.8, "specificity": 0.97}
    found = [simulated(seed, labels=labels, **right) for seed in range(60)]
    for term in ("churned", "plan"):
        assert binom.ppf(0.005, 360, 0.94) / 360 <= share_covered(found, term) <= binom.ppf(0.995, 360, 0.965) / 360
    missed = pd.concat(found)["missed"]
    assert abs(missed.mean()) < 4 * missed.std() / np.sqrt(60)


def test_without_an_audit_wrong_tags_make_intervals_that_miss() -> None:
    found = [simulated(seed, labels=0, sensitivity=0.8, specificity=0.97) for seed in range(20)]
    assert share_covered(found, "churned") < 0.6


def test_the_order_of_units_changes_nothing_with_clusters_and_an_audit() -> None:
    rng = np.random.default_rng(7)
    n = 900
    clustered = survey(rng, n, rng.integers(0, 30, n))
    true = np.where(rng.random((n, 3)) < 0.9, clustered.mentions.toarray() > 0, rng.random((n, 3)) < 0.3)
    people = labelled(true, np.where(rng.random(n) < 0.5, 0.2, 0.7), rng)
    order = rng.permutation(n)
    for sample in (clustered, replace(clustered, cluster=None)):
        design = replace(sample.design, cell=sample.design.cell[order])
        cluster = None if sample.cluster is None else 29 - sample.cluster[order]
        moved = replace(
            sample, y=sample.y[order], mentions=sample.mentions[order], design=design, cluster=cluster, rows=order
        )
        for gold in (None, people):
            here, there = prevalence(sample, listed(3), gold), prevalence(moved, listed(3), gold)
            pd.testing.assert_frame_equal(here, there, check_exact=True)


def test_what_cannot_be_estimated_is_missing_and_says_why() -> None:
    rng = np.random.default_rng(8)
    y, mentions = rng.random(400) < 0.3, np.zeros((400, 2), dtype=bool)
    mentions[:4, 0], mentions[:100, 1] = True, True

    def said(sample: Sample, gold: Labelled | None = None) -> list[str]:
        found = prevalence(sample, listed(2), gold).drop_duplicates("topic_id")
        assert (found["value"].isna() == found["method"].str.startswith("none")).all()
        return found["method"].tolist()

    words = "linear, HC2; tagging errors are not in the interval"
    assert said(sample_of(mentions, y)) == ["none: fewer than 5 mentions or others", words]
    many = pd.DataFrame({f"c{one}": rng.choice(list("abcdefgh"), 400) for one in range(8)})
    assert said(sample_of(mentions, y, many)) == ["none: fewer than 10 units per coefficient"] * 2
    same = pd.DataFrame({"status": y.astype(str)})
    assert said(sample_of(mentions, y, same)) == ["none: the controls determine the outcome"] * 2
    few = sample_of(mentions, y, cluster=np.arange(400) // 100)
    assert "fewer than 5 clusters" in said(few)[1]
    hardly = labelled(mentions, np.full(400, 0.02), rng)
    assert said(sample_of(mentions, y), hardly)[1] == (
        "linear, HC2; too few audited mentions: tagging errors are not in the interval"
    )


def test_find_gives_the_table_with_names_and_one_false_discovery_control() -> None:
    rng = np.random.default_rng(9)
    n = 1_500
    mentions, plan = rng.random((n, 3)) < 0.15, rng.choice(["a", "b"], n)
    mentions[:, 0] |= (plan == "b") & (rng.random(n) < 0.2)
    outcomes = {name: rng.random(n) < 0.2 + 0.2 * mentions[:, 1] for name in ("churned", "complained")}
    table = make_table(mentions, outcomes, controls={"plan": plan}, scores={"nps": rng.integers(0, 11, n)})
    topics = make_topics(["t0", "t1", "t2"])
    found = find(table, topics, DriversConfig(permutations=20, rank_bootstrap=0)).prevalence
    assert set(found["outcome"]) == {"churned", "complained"} and len(found) == 12
    assert found["topic_name"].tolist() == [f"name of {topic}" for topic in found["topic_id"]]
    np.testing.assert_allclose(found["q"], false_discovery_control(found["p"]))
    sure = found[found["q"] < 0.01].groupby(["outcome", "topic_id"])["term"].first().to_dict()
    plans = {found["term"][1]}
    assert sure[("churned", "t1")] == "churned" and {sure[("churned", "t0")], sure[("complained", "t0")]} == plans
    strict = find(table, topics, DriversConfig(permutations=20, rank_bootstrap=0, fdr="by"))
    np.testing.assert_allclose(strict.prevalence["q"], false_discovery_control(found["p"], method="by"))
    np.testing.assert_allclose(strict.table["q"], false_discovery_control(strict.table["p"], method="by"))
    np.testing.assert_allclose(
        strict.table["q_adjusted"], false_discovery_control(strict.table["p_adjusted"], method="by")
    )
