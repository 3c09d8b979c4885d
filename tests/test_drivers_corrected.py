"""Differences corrected for tagging errors: against the moment equations solved row by row, and in worlds with known
truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import sparse
from scipy.optimize import approx_fprime, root
from scipy.special import expit, logit
from scipy.stats import t

from cxnlp.drivers.audit_size import needed
from cxnlp.drivers.controls import Design
from cxnlp.drivers.corrected import MIN_TRUE, correct
from cxnlp.drivers.sample import Sample
from cxnlp.results import Outcome

TENURES, PLANS = 6, 3
SHARES = np.array([0.5, 0.3, 0.2])


def design(cell: np.ndarray) -> Design:
    """Six bands of tenure by three plans: 18 cells, 8 parameters."""
    cells = np.arange(TENURES * PLANS)
    tenure = (cells[:, None] // PLANS == np.arange(1, TENURES)).astype(float)
    plan = (cells[:, None] % PLANS == np.arange(1, PLANS)).astype(float)
    return Design(cell, np.column_stack([np.ones(len(cells)), tenure, plan]), cells * 0, ("tenure", "plan"))


def sample(
    y: np.ndarray, cell: np.ndarray, tagged: np.ndarray, *, kind: str = "event", cluster: np.ndarray | None = None
) -> Sample:
    tags = sparse.csr_array(tagged.reshape(len(y), -1).astype(np.int64))
    nothing = sparse.csr_array(tags.shape, dtype=np.int64)
    outcome = Outcome("churned", "churned", "churned", kind=kind)
    first = np.zeros(len(y), dtype=bool)
    return Sample(outcome, y, tags, nothing, nothing, first, design(cell), cluster, np.arange(len(y)))


@dataclass
class World:
    """Customers of whom some truly mention a topic, a tagger that errs, and people who labelled a drawn few."""

    y: np.ndarray
    cell: np.ndarray
    true: np.ndarray
    tagged: np.ndarray
    labelled: np.ndarray
    chance: np.ndarray
    effect: float
    kind: str = "event"
    cluster: np.ndarray | None = None

    def correct(self) -> dict[str, np.ndarray]:
        """The corrected estimate of its one test."""
        gold = sparse.csr_array((self.true & self.labelled)[:, None].astype(np.int64))
        one = sample(self.y, self.cell, self.tagged, kind=self.kind, cluster=self.cluster)
        return correct(one, gold, self.labelled, self.chance, np.array([True]))


def world(
    seed: int,
    n: int = 5000,
    prevalence: float = 0.05,
    log_odds: float = 1.35,
    labels: int = 400,
    *,
    differential: bool = False,
    uneven: bool = True,
    kind: str = "event",
    clusters: int = 0,
) -> World:
    """Sensitivity .8 and specificity .97; differential: .9 and .95 among those who left. Uneven: tagged units are drawn
    four times as often, and some others more often. ``effect`` is the truth in the population."""
    rng = np.random.default_rng(seed)
    tenure, plan = rng.integers(0, TENURES, n), rng.choice(PLANS, n, p=SHARES)
    cell = tenure * PLANS + plan
    cluster = rng.integers(0, clusters, n) if clusters else None
    shared = rng.normal(0, 1.0, (2, clusters))[:, cluster] if clusters else np.zeros((2, n))
    base = logit(0.10) - 0.2 * (np.arange(TENURES)[:, None] - 2.5) + np.array([0, 0.3, -0.3])
    true = rng.random(n) < expit(logit(prevalence) - 0.15 * (tenure - 2.5) + 0.2 * (plan == 1) + shared[0])
    if kind == "event":
        y = (rng.random(n) < expit(base.ravel()[cell] + log_odds * true)).astype(float)
        effect = float(((expit(base + log_odds) - expit(base)) * SHARES / TENURES).sum())
    else:
        effect = -1.5
        y = np.round(8 - 0.3 * tenure + rng.normal(0, 2, n) + 2 * shared[1]) + effect * true
    bad = differential & (y > 0.5)
    tagged = np.where(true, rng.random(n) < np.where(bad, 0.9, 0.8), rng.random(n) > np.where(bad, 0.95, 0.97))
    size = np.where(tagged, 4.0, 1.0) + 2 * (rng.random(n) < 0.1) if uneven else np.ones(n)
    chance = np.minimum(labels * size / size.sum(), 1)
    return World(y, cell, true, tagged, rng.random(n) < chance, chance, effect, kind, cluster)


# Against the same equations, solved unit by unit


def moments(parameters: np.ndarray, one: World, mention: np.ndarray) -> np.ndarray:
    """Estimating functions of each unit (n, equations): controls, mention, marginal effect."""
    x = design(one.cell).matrix[one.cell]
    beta, effect, value = parameters[:-2], parameters[-2], parameters[-1]
    curve = expit if one.kind == "event" else (lambda predictor: predictor)
    without, with_ = curve(x @ beta), curve(x @ beta + effect)
    rest = (1 - mention) * (one.y - without) + mention * (one.y - with_)
    return np.column_stack([x * rest[:, None], mention * (one.y - with_), with_ - without - value])


def pseudo_mention(one: World) -> np.ndarray:
    predicted = np.zeros(len(one.y))
    for tag in (True, False):
        seen = one.labelled & (one.tagged == tag)
        predicted[one.tagged == tag] = np.average(one.true[seen], weights=1 / one.chance[seen])
    return predicted + np.where(one.labelled, (one.true - predicted) / one.chance, 0)


@pytest.mark.parametrize("kind", ["event", "score"])
def test_the_estimate_solves_the_moment_equations_of_single_units(kind: str) -> None:
    one = world(1, labels=800, kind=kind)
    mention = pseudo_mention(one)
    start = np.zeros(design(one.cell).matrix.shape[1] + 2)
    solved = root(lambda parameters: moments(parameters, one, mention).mean(axis=0), start, tol=1e-12)
    assert solved.success
    assert one.correct()["rd_corrected"][0] == pytest.approx(solved.x[-1], abs=1e-8)


@pytest.mark.parametrize("kind", ["event", "score"])
@pytest.mark.parametrize("clusters", [0, 200])
def test_the_variance_is_the_sandwich_of_all_equations(kind: str, clusters: int) -> None:
    # With everything labelled no error shares enter, and the sandwich of the single units is all there is.
    one = world(2, kind=kind, clusters=clusters)
    one.labelled[:], one.chance[:] = True, 1.0
    mention = one.true.astype(float)
    found = one.correct()
    start = np.zeros(design(one.cell).matrix.shape[1] + 2)
    solved = root(lambda parameters: moments(parameters, one, mention).mean(axis=0), start, tol=1e-12).x
    bread = np.linalg.inv(
        approx_fprime(solved, lambda parameters: moments(parameters, one, mention).mean(axis=0), 1e-7)
    )
    units = moments(solved, one, mention)
    if one.cluster is not None:
        units = np.array([np.bincount(one.cluster, weights=column) for column in units.T]).T
        held = len(set(one.cluster[one.tagged]))  # every cluster has customers without a tag
        assert MIN_TRUE < held < len(units)
        units *= np.sqrt(held / (held - 1))
        reach = found["rd_corrected_high"][0] - found["rd_corrected"][0]
        assert reach == pytest.approx(t.isf(0.025, held - 1) * found["rd_corrected_se"][0], rel=1e-9)
    variance = (bread @ (units.T @ units) @ bread.T)[-1, -1] / len(one.y) ** 2
    assert found["rd_corrected_se"][0] == pytest.approx(np.sqrt(variance), rel=1e-4)
    assert found["label_variance"][0] == 0


# Closed forms


def test_with_everything_labelled_it_is_the_plain_estimate_on_true_mentions() -> None:
    one = world(3)
    one.labelled[:], one.chance[:] = True, 1.0
    x = design(one.cell).matrix[one.cell]
    fit = sm.Logit(one.y, np.column_stack([x, one.true])).fit(disp=0)
    rates = [fit.predict(np.column_stack([x, np.full(len(x), mention)])) for mention in (1, 0)]
    assert one.correct()["rd_corrected"][0] == pytest.approx(np.mean(rates[0] - rates[1]), abs=1e-7)


def test_with_everything_labelled_a_score_is_compared_by_least_squares() -> None:
    one = world(3, kind="score")
    one.labelled[:], one.chance[:] = True, 1.0
    fit = sm.OLS(one.y, np.column_stack([design(one.cell).matrix[one.cell], one.true])).fit(cov_type="HC0")
    found = one.correct()
    assert found["rd_corrected"][0] == pytest.approx(fit.params[-1])
    assert found["rd_corrected_se"][0] == pytest.approx(fit.bse[-1])


@pytest.mark.parametrize("kind", ["event", "score"])
def test_a_perfect_tagger_leaves_the_estimate_as_it_was(kind: str) -> None:
    one = world(4, kind=kind)
    one.tagged = one.true
    found = one.correct()
    one.labelled[:], one.chance[:] = True, 1.0
    all_labelled = one.correct()
    assert found["rd_corrected"][0] == pytest.approx(all_labelled["rd_corrected"][0], abs=1e-9)
    assert found["sensitivity"][0] == found["specificity"][0] == found["precision"][0] == 1
    # A few hundred labels without an error do not show that there is none.
    assert found["rd_corrected_se"][0] > all_labelled["rd_corrected_se"][0]


def test_a_mean_is_what_prediction_powered_inference_makes_of_it() -> None:
    # One cell and equal chances: the difference of two means, whose pseudo-mentions have the mean m + mean(T - m).
    one = world(5, uneven=False, kind="score")
    one.cell[:] = 0
    mention = pseudo_mention(one)
    share = mention.mean()
    with_, without = (mention * one.y).mean() / share, ((1 - mention) * one.y).mean() / (1 - share)
    flat = sample(one.y, one.cell, one.tagged, kind="score")
    plain = Design(one.cell, np.ones((1, 1)), np.zeros(1, dtype=int), ())
    flat = Sample(**{name: getattr(flat, name) for name in flat.__slots__ if name != "design"}, design=plain)
    gold = sparse.csr_array((one.true & one.labelled)[:, None].astype(np.int64))
    found = correct(flat, gold, one.labelled, one.chance, np.array([True]))
    assert found["rd_corrected"][0] == pytest.approx(with_ - without)


def test_accuracy_is_that_of_all_units() -> None:
    rates = {name: [] for name in ("sensitivity", "specificity", "precision")}
    truth = {name: [] for name in rates}
    for seed in range(100):
        one = world(100 + seed, labels=500)
        found = one.correct()
        for name in rates:
            rates[name].append(found[name][0])
        truth["sensitivity"].append(one.tagged[one.true].mean())
        truth["specificity"].append((~one.tagged[~one.true]).mean())
        truth["precision"].append(one.true[one.tagged].mean())
        assert found["n_gold"][0] == one.labelled.sum()
    for name in rates:
        assert np.mean(rates[name]) == pytest.approx(np.mean(truth[name]), abs=0.03), name


# Worlds with known truth


def covered(runs: int, **settings: object) -> tuple[float, float, float]:
    """Share of intervals that hold the truth; mean error over the spread of estimates; the mean of what the tags alone
    say, minus the truth."""
    inside, errors, naive = [], [], []
    for seed in range(runs):
        one = world(1000 + seed, **settings)
        found = one.correct()
        inside.append(found["rd_corrected_low"][0] <= one.effect <= found["rd_corrected_high"][0])
        errors.append(found["rd_corrected"][0] - one.effect)
        one.true, one.labelled, one.chance = one.tagged, np.ones(len(one.y), bool), np.ones(len(one.y))
        naive.append(one.correct()["rd_corrected"][0])
    return float(np.mean(inside)), float(np.mean(errors) / np.std(errors)), float(np.mean(naive)) - one.effect


def test_a_noisy_tagger_is_corrected_and_the_interval_covers() -> None:
    share, bias, of_tags = covered(200)
    assert share >= 0.93
    assert abs(bias) < 0.2
    assert of_tags < -0.06  # of a difference of 20 points


def test_a_tagger_that_is_better_for_those_who_left_is_corrected() -> None:
    share, bias, of_tags = covered(200, differential=True, log_odds=0.0, prevalence=0.10, labels=300)
    assert share >= 0.93
    assert abs(bias) < 0.2
    assert of_tags > 0.02  # the tags alone find a difference where there is none


def test_the_interval_covers_among_clusters_of_customers() -> None:
    share, bias, _ = covered(200, kind="score", clusters=150, n=3000, prevalence=0.08)
    assert share >= 0.93
    assert abs(bias) < 0.2


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        {"n": 10_000, "labels": 500, "differential": True},
        {"n": 20_000, "labels": 1000, "prevalence": 0.02},
        {"n": 10_000, "labels": 600, "prevalence": 0.02, "differential": True},
        {"n": 10_000, "labels": 500, "uneven": False},
        {"n": 5_000, "labels": 300, "log_odds": 0.8},
        {"n": 20_000, "labels": 1000, "prevalence": 0.10, "log_odds": 0.7, "differential": True},
        {"n": 5_000, "labels": 400, "kind": "score"},
    ],
    ids=str,
)
def test_the_interval_covers(settings: dict[str, object]) -> None:
    share, bias, _ = covered(300, **settings)
    assert share >= 0.93
    assert abs(bias) < 0.25


def test_rare_outcomes_and_empty_levels_of_a_control_give_finite_numbers() -> None:
    one = world(6, prevalence=0.10, labels=1000)
    rare = np.random.default_rng(0).random(len(one.y)) < np.where(one.true, 0.08, 0.01)
    one.y = np.where(one.cell // PLANS == 2, 0.0, rare)  # nobody of one tenure left: separation
    found = one.correct()
    assert found["corrected_why"][0] == ""
    assert -1 <= found["rd_corrected_low"][0] < found["rd_corrected"][0] < found["rd_corrected_high"][0] <= 1


# What cannot be trusted is not given


def few_true(one: World) -> None:
    kept = np.flatnonzero(one.true & one.labelled)[: MIN_TRUE - 1]
    one.labelled &= ~one.true
    one.labelled[kept] = True


def no_tagged(one: World) -> None:
    one.labelled &= ~one.tagged
    one.labelled |= one.true & ~one.tagged


def few_events(one: World) -> None:
    one.y[:] = 0
    one.y[:9] = 1


def one_cluster(one: World) -> None:
    one.cluster = np.zeros(len(one.y), dtype=int)


def tags_of_four_clusters(one: World) -> None:
    one.cluster = np.where(one.tagged, np.arange(len(one.y)) % 4, np.arange(len(one.y)) % 200)


def tiny_chances(one: World) -> None:
    one.chance[one.true] = 1e-6


def control_is_mention(one: World) -> None:
    one.labelled[:], one.chance[:] = True, 1.0
    one.true = one.tagged = one.cell // PLANS == 3


SPOILT = {
    few_true: "labelled units that mention it: 9",
    no_tagged: "no unit with its tag was labelled",
    few_events: "fewer than 10 bad or good outcomes",
    one_cluster: "fewer than 5 clusters",
    tags_of_four_clusters: "fewer than 5 clusters",
    tiny_chances: "",
    control_is_mention: "no solution",
}


@pytest.mark.parametrize(
    ("spoil", "why", "kind"),
    [
        pytest.param(spoil, why, kind, id=f"{spoil.__name__}-{kind}")
        for spoil, why in SPOILT.items()
        for kind in ("event", "score")
        if (spoil, kind) != (few_events, "score")
    ],
)
def test_no_number_where_none_can_be_trusted(spoil, why: str, kind: str) -> None:
    one = world(7, labels=600, kind=kind)
    spoil(one)
    found = one.correct()
    assert found["corrected_why"][0] and why in found["corrected_why"][0]
    numbers = ("rd_corrected", "rd_corrected_low", "rd_corrected_high", "rd_corrected_se", "label_variance")
    assert all(np.isnan(found[name][0]) for name in numbers)


def test_only_chosen_tests_are_corrected() -> None:
    one = world(8, labels=800)
    tags = np.column_stack([one.tagged, one.true, one.tagged])
    gold = sparse.csr_array((np.column_stack([one.true] * 3) & one.labelled[:, None]).astype(np.int64))
    found = correct(sample(one.y, one.cell, tags), gold, one.labelled, one.chance, np.array([False, True, True]))
    assert np.isnan(found["rd_corrected"][0]) and found["corrected_why"][0] == ""
    assert found["rd_corrected"][2] == one.correct()["rd_corrected"][0]
    assert np.isfinite(found["sensitivity"]).all()


@pytest.mark.parametrize(("kind", "clusters"), [("event", 0), ("score", 0), ("score", 100)])
def test_the_order_of_rows_changes_no_bit(kind: str, clusters: int) -> None:
    one = world(9, n=3000, labels=600, kind=kind, clusters=clusters)
    if kind == "score":
        one.y = one.y + np.random.default_rng(1).normal(size=len(one.y))
    found = one.correct()
    order = np.random.default_rng(2).permutation(len(one.y))
    cluster = None if one.cluster is None else (clusters - 1 - one.cluster)[order]
    parts = (one.y, one.cell, one.true, one.tagged, one.labelled, one.chance)
    again = World(*(part[order] for part in parts), one.effect, kind, cluster).correct()
    for name, values in found.items():
        assert np.array_equal(values, again[name]), name


# How large an audit


def test_an_audit_of_the_size_named_succeeds_as_often_as_promised() -> None:
    one = world(10, n=10_000)
    tagged = sm.OLS(one.y, np.column_stack([design(one.cell).matrix[one.cell], one.tagged])).fit().params[-1]
    size = needed(sample(one.y, one.cell, one.tagged), np.array([tagged]), None, 0.8)[0]
    assert 200 <= size <= 1000
    found = [world(2000 + seed, n=10_000, labels=int(size), uneven=False).correct() for seed in range(150)]
    assert 0.65 <= np.mean([one["rd_corrected_low"][0] > 0 for one in found]) <= 0.97


def test_a_larger_audit_is_asked_for_where_the_first_was_too_small() -> None:
    one = world(1, log_odds=0.8, labels=300)
    found = one.correct()
    assert found["rd_corrected_low"][0] < 0
    again = needed(sample(one.y, one.cell, one.tagged), np.array([0.05]), found, 0.8)[0]
    free = found["rd_corrected_se"][0] ** 2 - found["label_variance"][0]
    error = np.sqrt(free + found["label_variance"][0] * found["n_gold"][0] / again)
    assert found["n_gold"][0] < again <= len(one.y)
    assert found["rd_corrected"][0] / error == pytest.approx(1.96 + 0.8416, rel=0.03)


def test_no_size_is_named_where_no_audit_would_do() -> None:
    one = world(12)
    asked = sample(one.y, one.cell, np.column_stack([one.tagged, np.arange(len(one.y)) < 20]))
    assert np.isnan(needed(asked, np.array([0.0001, 0.3]), None, 0.8)).all()
