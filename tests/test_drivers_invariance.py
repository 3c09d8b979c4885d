"""Whether an association is the same in every language and source: differences planted, and none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import sparse
from scipy.stats import f
from statsmodels.stats.oneway import anova_oneway
from test_drivers_world import make_table, make_topics

from cxnlp import schema
from cxnlp.config import DriversConfig
from cxnlp.drivers import find
from cxnlp.drivers.controls import design
from cxnlp.drivers.family import family
from cxnlp.drivers.invariance import MIN_MENTIONS, groups, invariance
from cxnlp.drivers.measured import REFUTED
from cxnlp.drivers.sample import Sample
from cxnlp.drivers.verdicts import CHECKS
from cxnlp.results import Outcome, Table

EVENT = Outcome("churned", "churned", "churned")
SCORE = Outcome("nps_score", "score of nps", "nps", kind="score", scale=schema.SCALES["nps"])


def sample_of(
    mentions: np.ndarray,
    y: np.ndarray,
    controls: pd.DataFrame | None = None,
    outcome: Outcome = EVENT,
    cluster: np.ndarray | None = None,
) -> Sample:
    said, n = sparse.csr_array(mentions.astype(np.int64)), len(y)
    plan = design(pd.DataFrame(index=range(n)) if controls is None else controls, y, outcome.kind)
    return Sample(outcome, y.astype(float), said, said, said, np.zeros(n, dtype=bool), plan, cluster, np.arange(n))


def spoken(rng: np.random.Generator, n: int, names: str = "enplro") -> dict[str, np.ndarray]:
    pairs = [names[first : first + 2] for first in range(0, len(names), 2)]
    return {"language": rng.choice(np.array(pairs, dtype=object), n)}


def world(rng: np.random.Generator, n: int = 4_000, in_ro: float = 0.2) -> tuple[Sample, dict[str, np.ndarray]]:
    """Mentions of the first topic go with 20 points more churn, in Romanian with ``in_ro``; plan sets the level."""
    said, plan = spoken(rng, n), rng.integers(0, 3, n)
    mentions = rng.random((n, 2)) < 0.15
    effect = np.where(said["language"] == "ro", in_ro, 0.2)
    y = rng.random(n) < 0.25 + 0.05 * plan + effect * mentions[:, 0]
    return sample_of(mentions, y, pd.DataFrame({"plan": plan.astype(str)})), said


def test_an_opposite_language_is_named_and_the_difference_is_shown() -> None:
    sample, said = world(np.random.default_rng(1), in_ro=-0.2)
    sources = {"source": np.array(["app", "mail"], dtype=object)[np.arange(len(sample.y)) % 2]}
    found = invariance(sample, said | sources, np.array([0.1, 0.1]))
    assert found["languages_differ_p"][0] < 1e-6 and found["languages_differ_p"][1] > 0.01
    assert found["sources_differ_p"][0] > 0.01
    assert (found["opposite_in"][0], found["opposite_sure_in"][0]) == ("language ro", "language ro")
    turned = invariance(sample, said, np.array([-0.1, 0.1]))
    assert turned["opposite_sure_in"][0] == "language en, language pl"


def test_the_estimate_of_a_group_is_the_linear_model_of_its_units() -> None:
    """The sign, the interval and Q, from statsmodels' regressions of each language."""
    sample, said = world(np.random.default_rng(2), 1_500, in_ro=-0.1)
    value, se, freedom = [], [], []
    for language in ("en", "pl", "ro"):
        rows = said["language"] == language
        mention = sample.mentions[rows].toarray()[:, 0]
        x = np.column_stack([sample.design.matrix[sample.design.cell[rows]], mention])
        fit = sm.OLS(sample.y[rows], x).fit(cov_type="HC2")
        value.append(fit.params[-1])
        se.append(fit.bse[-1])
        freedom.append(mention.sum() - 1)
    weight, k = 1 / np.square(se), len(se)
    mean = weight @ value / weight.sum()
    q = weight @ np.square(value - mean) / (k - 1)
    doubt = ((1 - weight / weight.sum()) ** 2 / freedom).sum() / (k**2 - 1)
    expected = f.sf(q / (1 + 2 * (k - 2) * doubt), k - 1, 1 / (3 * doubt))
    found = invariance(sample, said, np.array([0.1, 0.1]))
    assert found["languages_differ_p"][0] == pytest.approx(expected, rel=1e-9)
    assert (found["opposite_sure_in"][0] == "language ro") == (value[2] + 2 * se[2] < 0)


def test_q_is_welchs_test_where_only_the_mentions_vary() -> None:
    """Where the others all answer alike, the groups' differences are means, and the test is Welch's anova of them."""
    rng = np.random.default_rng(3)
    n = 600
    said, mentions = spoken(rng, n), rng.random(n) < 0.3
    shift = np.where(said["language"] == "pl", 0.8, 0.0)
    y = np.where(mentions, rng.normal(5 + shift, 1 + shift), 5.0)
    found = invariance(sample_of(mentions[:, None], y, outcome=SCORE), said, np.ones(1))
    parts = [y[mentions & (said["language"] == one)] for one in ("en", "pl", "ro")]
    assert found["languages_differ_p"][0] == pytest.approx(anova_oneway(parts, use_var="unequal").pvalue, rel=1e-6)


@pytest.mark.parametrize("kind", ["event", "score"])
def test_where_languages_are_alike_p_is_uniform_or_larger(kind: str) -> None:
    """Rates differ between languages, the association does not; some tests have few mentions."""
    p = []
    for seed in range(25):
        rng = np.random.default_rng([4, seed])
        n, said = 1_500, spoken(np.random.default_rng([5, seed]), 1_500)
        mentions = rng.random((n, 40)) < np.repeat([0.04, 0.2], 20)
        level = pd.Series(said["language"]).map({"en": 0.1, "pl": 0.2, "ro": 0.3}).to_numpy()
        if kind == "event":
            sample = sample_of(mentions, rng.random(n) < level)
        else:
            sample = sample_of(mentions, np.clip(np.round(9 - 10 * level + rng.normal(0, 2, n)), 0, 10), outcome=SCORE)
        p.append(invariance(sample, said, np.ones(40))["languages_differ_p"])
    few, many = (np.concatenate([one[half] for one in p]) for half in (slice(20), slice(20, 40)))
    few = few[np.isfinite(few)]
    assert 0.01 < np.mean(many < 0.05) < 0.075 and 0.35 < np.mean(many < 0.5) < 0.56
    assert len(few) > 300 and np.mean(few < 0.05) < 0.085


def test_small_groups_and_a_single_one_are_left_out() -> None:
    rng = np.random.default_rng(6)
    mentions, y = rng.random((400, 1)) < 0.3, rng.random(400) < 0.3
    language = np.array(["en"] * 385 + ["ro"] * 15, dtype=object)
    found = invariance(sample_of(mentions, y), {"language": language}, np.ones(1))
    assert np.isnan(found["languages_differ_p"]).all() and found["opposite_in"][0] == ""
    mentions[200:] = False
    mentions[200 : 200 + MIN_MENTIONS - 1] = True
    half = np.array(["en"] * 200 + ["ro"] * 200, dtype=object)
    assert np.isnan(invariance(sample_of(mentions, y), {"language": half}, np.ones(1))["languages_differ_p"]).all()
    mentions[200 : 200 + MIN_MENTIONS] = True
    assert np.isfinite(invariance(sample_of(mentions, y), {"language": half}, np.ones(1))["languages_differ_p"]).all()


def test_clusters_make_differences_less_sure_and_the_order_of_units_changes_nothing() -> None:
    rng = np.random.default_rng(7)
    n = 2_000
    cluster = rng.integers(0, 40, n)
    said = {"language": np.where(cluster < 20, "en", "ro").astype(object)}
    mentions = rng.random((n, 1)) < 0.3
    # Accounts where those who mention it fare differently, each in its own way: no language does as a whole.
    y = rng.random(n) < 0.4 + mentions[:, 0] * rng.normal(0, 0.25, 40)[cluster]
    alone = invariance(sample_of(mentions, y), said, np.ones(1))
    together = sample_of(mentions, y, cluster=cluster)
    found = invariance(together, said, np.ones(1))
    assert found["languages_differ_p"][0] > alone["languages_differ_p"][0]
    order = rng.permutation(n)
    moved = replace(
        together,
        y=together.y[order],
        mentions=together.mentions[order],
        neutral=together.neutral[order],
        crossfit=together.crossfit[order],
        design=replace(together.design, cell=together.design.cell[order]),
        cluster=cluster[order],
        rows=order,
    )
    again = invariance(moved, said, np.ones(1))
    for name, values in found.items():
        np.testing.assert_array_equal(values, again[name])


def surveyed(sources: np.ndarray, languages: np.ndarray, churned: np.ndarray, mentions: np.ndarray) -> Table:
    table = make_table(mentions, {"churned": churned}, controls={"plan": np.arange(len(churned)) % 3})
    units = table.units.assign(language=languages)
    return replace(table, units=units, comments=table.comments.assign(channel=sources))


def test_the_source_is_that_of_most_comments_inside_the_window() -> None:
    table = make_table(np.ones((3, 1), dtype=bool), {"churned": [True, False, True]})
    comments = table.comments.loc[[0, 0, 0, 1, 1, 2]].reset_index(drop=True)
    comments["channel"] = ["mail", "app", "app", "shop", "app", None]
    said = groups(replace(table, comments=comments), family(table, DriversConfig()))
    assert said["source"].tolist() == ["app", "app", None]
    comments["in_window"] = [True, True, False, True, True, True]
    comments.loc[1, "in_window"] = False
    said = groups(replace(table, comments=comments), family(table, DriversConfig()))
    assert said["source"].tolist() == ["mail", "app", None] and said["language"].tolist() == ["en"] * 3


def test_the_card_says_where_the_direction_is_the_opposite_one() -> None:
    rng = np.random.default_rng(8)
    n = 3_000
    sources = rng.choice(np.array(["app", "mail"], dtype=object), n, p=[0.3, 0.7])
    mentions = rng.random((n, 2)) < 0.2
    churned = rng.random(n) < 0.3 + np.where(sources == "app", -0.2, 0.25) * mentions[:, 0]
    table = surveyed(sources, np.full(n, "en"), churned, mentions)
    found = find(table, make_topics(["t0", "t1"]), DriversConfig(permutations=20, rank_bootstrap=0))
    row = found.table.set_index("topic_id").loc["t0"]
    assert np.isnan(row["languages_differ_p"]) and row["sources_differ_p"] < 1e-6
    assert row["opposite_sure_in"] == "source app"
    assert found.table.set_index("topic_id").loc["t1", "opposite_sure_in"] == ""
    check = next(one for one in found.cards[0].checks if one[0] == "every language and source")
    assert check[1] == "failed" and "source app" in check[2] and "sources" in check[2]


def test_the_check_corrects_for_two_chances_and_decides_no_tier() -> None:
    check = CHECKS["every language and source"]
    row = {"languages_differ_p": 0.03, "sources_differ_p": np.nan, "opposite_in": "", "opposite_sure_in": ""}
    assert check(row)[0] == "failed"
    assert check(row | {"sources_differ_p": 0.5})[0] == "passed"
    assert check(row | {"sources_differ_p": 0.02})[0] == "failed"
    state, said = check(row | {"languages_differ_p": 0.5, "opposite_in": "language ro"})
    assert state == "passed" and "language ro" in said
    assert "every language and source" not in REFUTED
