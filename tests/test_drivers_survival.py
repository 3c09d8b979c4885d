"""Time to churn: against published values, statsmodels, plain loops, and simulations whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.stats import chi2, norm
from scipy.stats import t as student
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from cxnlp.drivers.times import Timeline, cox, curves, hazards, mentioned_at, timeline

NEVER = 1e7
ONE_CELL = np.ones((1, 1))

# Freireich et al. 1963, Blood 21:699-716: weeks of remission with 6-MP (negative: censored) and with placebo.
SIX_MP = [6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def one(time: Timeline, mention: np.ndarray, cell=None, matrix=ONE_CELL, cluster=None) -> dict[str, float]:
    """The only test's numbers; ``mention``: day of it, NEVER where there is none."""
    column = sparse.csr_array(np.where(mention < NEVER, mention + 1, 0.0)[:, None])
    cell = np.zeros(len(mention), dtype=int) if cell is None else cell
    return {name: float(value[0]) for name, value in hazards(time, column, cell, matrix, cluster).items()}


def log_interval(found: dict[str, float]) -> list[float]:
    return [np.log(found[name]) for name in ("hr", "hr_low", "hr_high")]


@pytest.fixture
def remission() -> tuple[Timeline, np.ndarray]:
    weeks = np.array(SIX_MP + PLACEBO, dtype=float)
    mention = np.repeat([NEVER, 0.0], 21)
    zero = np.zeros(42)
    return Timeline(zero, np.abs(weeks), weeks > 0, zero), mention


def population(
    rng: np.random.Generator,
    n: int = 300,
    *,
    hazard_ratio: float = 1.0,
    rate: float = 0.004,
    round_to: int = 1,
    frailty: np.ndarray | None = None,
    later_ratio: float | None = None,
    wait: float = 150,
):
    """Times, mentions and cells of a company with two controls, one of which goes with both leaving and mentioning.

    Mentions come ``wait`` days after entry on average, three in ten at once; the hazard changes by ``hazard_ratio`` at
    the mention, and again, to ``later_ratio``, 100 days after it.
    """
    levels = np.column_stack([rng.integers(0, 3, n), rng.integers(0, 2, n)])
    cell = levels[:, 0] * 2 + levels[:, 1]
    matrix = np.array([[1, a == 1, a == 2, b == 1] for a in range(3) for b in range(2)], dtype=float)
    entry = rng.integers(0, 60, n).astype(float)
    mention = np.floor(entry + np.where(rng.random(n) < 0.3, 0, rng.exponential(wait, n)))
    mention[rng.random(n) > 0.3 + 0.15 * levels[:, 0]] = NEVER
    hazard = rate * np.exp(0.4 * levels[:, 0] - 0.3 * levels[:, 1]) * (1.0 if frailty is None else frailty)
    to_come = rng.exponential(1, n)
    knots = [entry, mention, mention + 100]
    ratios = [1.0, hazard_ratio, hazard_ratio if later_ratio is None else later_ratio]
    leaves = np.full(n, np.inf)
    for begin, end, ratio in zip(knots, [*knots[1:], np.full(n, np.inf)], ratios, strict=True):
        here = np.isinf(leaves) & (to_come < hazard * ratio * (end - begin))
        leaves[here] = (begin + to_come / (hazard * ratio))[here]
        to_come = to_come - np.where(np.isinf(end), 0, hazard * ratio * (np.minimum(end, 1e9) - begin))
    leaves = np.floor(leaves / round_to) * round_to + round_to
    ends = np.floor((entry + rng.integers(30, 400, n)) / round_to) * round_to + round_to
    time = Timeline(entry, np.minimum(leaves, ends), leaves <= ends, np.zeros(n))
    return time, mention, cell, matrix


def pieces(time: Timeline, mention: np.ndarray, covariates: np.ndarray, cuts: tuple[float, ...] = ()):
    """Rows (unit, start, stop, event, mention and covariates) in which nothing changes; also cut at ``cuts``."""
    rows = []
    for unit in range(len(mention)):
        begin, end = time.entry[unit], time.exit[unit]
        inner = [cut for cut in {mention[unit], *cuts} if begin < cut < end]
        edges = sorted([begin, *inner, end])
        for start, stop in pairwise(edges):
            rows.append((unit, start, stop, time.event[unit] and stop == end, start >= mention[unit]))
    unit, start, stop, event, with_ = (np.array(one) for one in zip(*rows, strict=True))
    return unit, start, stop, event, np.column_stack([covariates[unit], with_]).astype(float)


def reference(start, stop, event, covariates, ties="efron") -> PHReg:
    # Statsmodels has a unit at risk on the very day of its entry, we from the day after.
    return PHReg(stop, covariates, status=event.astype(int), entry=start + 0.5, ties=ties)


# Against what is published


def test_log_rank_of_freireich(remission):
    assert chi2.isf(one(*remission)["logrank_p"], 1) == pytest.approx(16.79, abs=0.005)


def test_cox_of_freireich_with_efrons_ties(remission):
    # R 4: coxph(Surv(time, cens) ~ treat, MASS::gehan) prints 1.5721 with standard error 0.4124.
    value, low, high = log_interval(one(*remission))
    assert value == pytest.approx(1.5721, abs=5e-5)
    assert (high - low) / 2 / norm.isf(0.025) == pytest.approx(0.4124, abs=5e-5)


def test_kaplan_meier_of_freireich(remission):
    # Shares with 6-MP as in Kalbfleisch and Prentice 2002, as long as ten are at risk.
    time, mention = remission
    drawn = curves(time, np.where(mention < NEVER, mention + 1, 0.0))
    others = drawn[drawn["group"] == "others"].set_index("day")
    for day, share in [(6, 0.857), (7, 0.807), (10, 0.753), (13, 0.690), (16, 0.627)]:
        assert others["share"][day] == pytest.approx(share, abs=5e-4)
    assert others.index.max() < 22  # 7 at risk
    assert drawn.loc[drawn["group"] == "mentioned", "day"].max() == 8  # 8 at risk in week 11


# Against statsmodels and plain loops


@pytest.mark.parametrize(("hazard_ratio", "round_to"), [(1.0, 1), (2.0, 1), (0.5, 1), (2.0, 30)])
def test_hazard_ratio_is_that_of_statsmodels(hazard_ratio, round_to):
    time, mention, cell, matrix = population(
        np.random.default_rng(5), 500, hazard_ratio=hazard_ratio, round_to=round_to
    )
    _, start, stop, event, covariates = pieces(time, mention, matrix[cell][:, 1:])
    fitted = reference(start, stop, event, covariates).fit(disp=0)
    found = one(time, mention, cell, matrix)
    reach = norm.isf(0.025) * fitted.bse[-1]
    expected = [fitted.params[-1], fitted.params[-1] - reach, fitted.params[-1] + reach]
    # Rounded to months a twentieth leaves on one day, where a few Gauss nodes stand for Efron's sum over all.
    assert log_interval(found) == pytest.approx(expected, abs=1e-5)
    assert found["hr_p"] == pytest.approx(fitted.pvalues[-1], rel=1e-3)


def test_days_on_which_most_leave_are_efrons_too():
    rng = np.random.default_rng(8)
    n = 1200
    mention = np.where(rng.random(n) < 0.4, 0.0, NEVER)
    leaves = np.ceil(rng.exponential(np.where(mention < NEVER, 0.6, 1.2)))
    time = Timeline(np.zeros(n), np.minimum(leaves, 4), leaves <= 4, np.zeros(n))
    expected = PHReg(time.exit, (mention < NEVER) * 1.0, status=time.event.astype(int), ties="efron").fit(disp=0)
    value, low, high = log_interval(one(time, mention))
    assert value == pytest.approx(expected.params[0], abs=expected.bse[0] / 1000)
    assert (high - low) / 2 / norm.isf(0.025) == pytest.approx(expected.bse[0], rel=1e-3)


def test_change_of_the_hazard_ratio_is_the_score_test_of_a_coefficient_by_rank_of_time():
    time, mention, cell, matrix = population(np.random.default_rng(3), 150, hazard_ratio=2.0, later_ratio=1.0)
    days, count = np.unique(time.exit[time.event], return_counts=True)
    rank = np.cumsum(count) - count / 2
    _, start, stop, event, covariates = pieces(time, mention, matrix[cell][:, 1:], tuple(days))
    # Between two event days the row belongs to the risk set of the later one.
    g = rank[np.minimum(np.searchsorted(days, stop), len(days) - 1)] / count.sum()
    null = reference(start, stop, event, covariates).fit(disp=0)
    wider = reference(start, stop, event, np.column_stack([covariates, covariates[:, -1] * g]))
    at = np.append(null.params, 0.0)
    score, information = wider.score(at), -wider.hessian(at)
    expected = chi2.sf(score @ np.linalg.solve(information, score), 1)
    assert one(time, mention, cell, matrix)["hr_changes_p"] == pytest.approx(expected, rel=1e-3)


def test_log_rank_of_fixed_groups_is_that_of_statsmodels():
    time, mention, _, _ = population(np.random.default_rng(2), 200)
    mention = np.where(mention < NEVER, 0.0, NEVER)
    statistic, p = survdiff(time.exit, time.event.astype(int), mention < NEVER, entry=time.entry + 0.5)
    assert statistic > 0
    assert one(time, mention)["logrank_p"] == pytest.approx(p, rel=1e-8)


def test_log_rank_moves_units_between_groups_at_their_mention():
    time, mention, _, _ = population(np.random.default_rng(4), 120)
    excess = variance = 0.0
    for day in np.unique(time.exit[time.event]):
        there = (time.entry < day) & (day <= time.exit)
        with_ = there & (mention < day)
        left = there & time.event & (time.exit == day)
        n, m, d = there.sum(), with_.sum(), left.sum()
        excess += (left & with_).sum() - d * m / n
        variance += d * m / n * (1 - m / n) * (n - d) / max(n - 1, 1)
    assert one(time, mention)["logrank_p"] == pytest.approx(chi2.sf(excess**2 / variance, 1), rel=1e-8)


def test_curves_are_those_of_statsmodels():
    time, mention, _, _ = population(np.random.default_rng(6), 500)
    drawn = curves(time, np.where(mention < NEVER, mention + 1, 0.0))
    _, start, stop, event, with_ = pieces(time, mention, np.zeros((500, 0)))
    assert set(drawn["group"]) == {"mentioned", "others"}
    for group, rows in drawn.groupby("group"):
        assert 10 < len(rows) <= 60
        first = rows["day"].min()
        assert rows["share"].iloc[0] == 1 and np.isnan(rows["low"].iloc[0])
        kept = (with_[:, 0] == (group == "mentioned")) & (stop > first)
        survival = SurvfuncRight(stop[kept], event[kept].astype(int), entry=np.maximum(start[kept], first) + 0.5)
        at = np.searchsorted(survival.surv_times, rows["day"].to_numpy()[1:], "right") - 1
        at = at[at >= 0]  # a day on which only the other group lost somebody may come first
        assert len(at) > 50
        rows = rows.iloc[len(rows) - len(at) - 1 :]
        share, error = survival.surv_prob[at], survival.surv_prob_se[at]
        assert rows["share"].to_numpy()[1:] == pytest.approx(share)
        reach = norm.isf(0.025) * error / (share * np.log(share))
        told = rows["low"].notna().to_numpy()[1:]
        assert told.sum() > 10
        assert rows["low"].to_numpy()[1:][told] == pytest.approx((share ** np.exp(-reach))[told])
        assert rows["high"].to_numpy()[1:][told] == pytest.approx((share ** np.exp(reach))[told])
        assert (rows["n_at_risk"] >= 10).all()


def lin_wei(time: Timeline, mention, covariates, beta, cluster, g=None) -> tuple[np.ndarray, np.ndarray]:
    """Sums of score residuals by cluster, and information, by loops over days, ties and units (no outside package)."""
    days = np.unique(time.exit[time.event])
    width = len(beta) + (g is not None)
    residual, information = np.zeros((len(mention), width)), np.zeros((width, width))
    beta = np.append(beta, 0.0) if g is not None else beta
    for number, day in enumerate(days):
        there = (time.entry < day) & (day <= time.exit)
        z = np.column_stack([covariates, mention < day]).astype(float)
        if g is not None:
            z = np.column_stack([z, z[:, -1] * g[number]])
        risk = there * np.exp(z @ beta)
        left = there & time.event & (time.exit == day)
        for tie in range(left.sum()):
            weight = risk * (1 - tie / left.sum() * left)
            mean = weight @ z / weight.sum()
            away = z - mean
            residual += left[:, None] * away / left.sum() - (weight / weight.sum())[:, None] * away
            information += (away * (weight / weight.sum())[:, None]).T @ away
    return np.array([residual[cluster == one].sum(axis=0) for one in np.unique(cluster)]), information


def test_clustered_errors_are_those_of_lin_and_wei():
    rng = np.random.default_rng(9)
    time, mention, cell, matrix = population(rng, 120, hazard_ratio=2.0, rate=0.006, round_to=7)
    cluster = rng.integers(0, 30, 120)
    covariates = matrix[cell][:, 1:]
    _, start, stop, event, z = pieces(time, mention, covariates)
    beta = reference(start, stop, event, z).fit(disp=0).params
    found = one(time, mention, cell, matrix, cluster)
    exposed = (mention < time.exit) & (mention < time.exit[time.event].max())
    clusters = np.unique(cluster)
    holding = min(
        sum(exposed[cluster == one].any() for one in clusters),
        sum(not exposed[cluster == one].all() for one in clusters),
    )
    sums, information = lin_wei(time, mention, covariates, beta, cluster)
    robust = np.linalg.solve(information, sums.T)[-1]
    error = np.sqrt(robust @ robust * holding / (holding - 1))
    _, low, high = log_interval(found)
    assert (high - low) / 2 == pytest.approx(student.isf(0.025, holding - 1) * error, rel=1e-4)

    count = np.unique(time.exit[time.event], return_counts=True)[1]
    g = (np.cumsum(count) - count / 2) / count.sum()
    sums, information = lin_wei(time, mention, covariates, beta, cluster, g - g.mean())
    shift = np.linalg.solve(information[:-1, :-1], information[:-1, -1])
    each = sums[:, -1] - sums[:, :-1] @ shift
    statistic = abs(each.sum()) / np.sqrt(each @ each * holding / (holding - 1))
    assert found["hr_changes_p"] == pytest.approx(2 * student.sf(statistic, holding - 1), rel=1e-3)


def test_copies_of_a_unit_in_its_cluster_tell_nothing_new():
    time, mention, cell, matrix = population(np.random.default_rng(10), 400, hazard_ratio=2.0)
    again = np.repeat(np.arange(400), 4)
    many = Timeline(time.entry[again], time.exit[again], time.event[again], time.origin[again])
    single = one(time, mention, cell, matrix, np.arange(400))
    naive = one(many, mention[again], cell[again], matrix)
    clustered = one(many, mention[again], cell[again], matrix, again)

    def width(found: dict[str, float]) -> float:
        return np.log(found["hr_high"] / found["hr_low"])

    assert width(clustered) == pytest.approx(width(single), rel=0.03)
    assert width(naive) < 0.6 * width(clustered)
    assert clustered["logrank_p"] == pytest.approx(single["logrank_p"], rel=0.2)


# Simulations with known truth


def shares(runs: int, seed: int, true_ratio: float, n: int = 400, **settings) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    found = [one(*population(rng, n, hazard_ratio=true_ratio, **settings)) for _ in range(runs)]
    table = pd.DataFrame(found).dropna()
    assert len(table) == runs
    return {
        "covered": float(table["hr_low"].le(true_ratio).mul(table["hr_high"].ge(true_ratio)).mean()),
        "changes": float((table["hr_changes_p"] < 0.05).mean()),
        "bias": float(np.log(table["hr"]).mean() - np.log(true_ratio)),
    }


@pytest.mark.parametrize("true_ratio", [1.0, 2.0])
def test_intervals_hold_the_truth_and_proportional_hazards_are_left_in_peace(true_ratio):
    found = shares(400, 11, true_ratio)
    assert 0.93 <= found["covered"] <= 0.97
    assert found["changes"] <= 0.075  # .05 and twice its simulation error
    assert abs(found["bias"]) < 0.04


def test_a_hazard_ratio_that_wears_off_is_detected():
    assert shares(60, 12, 4.0, n=700, later_ratio=0.7, wait=10)["changes"] > 0.8


def test_time_needed_to_mention_anything_does_not_count_for_the_mention():
    rng = np.random.default_rng(13)
    naive, covered = [], []
    for _ in range(150):
        time, mention, cell, matrix = population(rng)
        mention = np.where(mention < time.exit, mention, NEVER)  # who has left says nothing more
        ever = one(time, np.where(mention < NEVER, 0.0, NEVER), cell, matrix)
        naive.append(ever["hr_high"] < 1)
        found = one(time, mention, cell, matrix)
        covered.append(found["hr_low"] <= 1 <= found["hr_high"])
    assert np.mean(naive) > 0.5  # mentioning it looks protective
    assert 0.92 <= np.mean(covered) <= 0.98


def test_clusters_that_share_a_fate_and_a_topic_are_covered():
    rng = np.random.default_rng(14)
    covered, naive = [], []
    for _ in range(200):
        cluster = np.repeat(np.arange(60), 8)
        fate = rng.gamma(2, 0.5, 60)[cluster]
        time, _, cell, matrix = population(rng, len(cluster), frailty=fate)
        mention = np.where(rng.random(60) < 0.4, 0.0, NEVER)[cluster]
        with_, without = (one(time, mention, cell, matrix, by) for by in (cluster, None))
        covered.append(with_["hr_low"] <= 1 <= with_["hr_high"])
        naive.append(without["hr_low"] <= 1 <= without["hr_high"])
    assert 0.92 <= np.mean(covered) <= 0.98
    assert np.mean(naive) < np.mean(covered) - 0.05


def test_few_events_per_parameter_leave_the_mention_covered():
    rng = np.random.default_rng(15)
    levels = rng.integers(0, 20, (200, 400))
    matrix = np.column_stack([np.ones(20), np.eye(20)[:, 1:]])
    covered, events = [], []
    for cell in levels:
        time, mention, _, _ = population(rng, rate=0.0008, n=400)
        found = one(time, mention, cell, matrix)
        events.append(time.event.sum())
        if np.isfinite(found["hr"]):
            covered.append(found["hr_low"] <= 1 <= found["hr_high"])
    assert np.mean(events) < 4 * 20
    assert len(covered) > 150
    assert np.mean(covered) >= 0.92


# What must not matter


def many(seed: int, tests: int = 12, n: int = 400):
    rng = np.random.default_rng(seed)
    time, _, cell, matrix = population(rng, n, rate=0.005)
    made = sparse.random_array((n, tests), density=0.3, format="csr", random_state=rng)
    made.data = np.floor(made.data * 300) + 1
    return time, made, cell, matrix, rng.integers(0, 80, n)


@pytest.mark.parametrize("clustered", [False, True])
def test_rows_and_blocks_do_not_matter(clustered, monkeypatch):
    time, made, cell, matrix, cluster = many(16)
    cluster = cluster if clustered else None
    found = hazards(time, made, cell, matrix, cluster)
    assert np.isfinite(found["hr"]).all()
    order = np.random.default_rng(0).permutation(len(cell))
    shuffled = Timeline(time.entry[order], time.exit[order], time.event[order], time.origin[order])
    again = hazards(shuffled, made[order], cell[order], matrix, None if cluster is None else cluster[order])
    monkeypatch.setattr(cox, "_NUMBERS_PER_BLOCK", 1)
    alone = hazards(time, made, cell, matrix, cluster)
    for name, values in found.items():
        assert again[name].tolist() == values.tolist()
        assert alone[name] == pytest.approx(values, rel=1e-6)


def test_tests_do_not_touch_each_other():
    time, made, cell, matrix, _ = many(17)
    found = hazards(time, made, cell, matrix)
    for test in range(3):
        single = hazards(time, sparse.csr_array(made[:, [test]]), cell, matrix)
        for name, value in single.items():
            assert value[0] == pytest.approx(found[name][test], rel=1e-6)


# What cannot be estimated


def test_fewer_than_five_events_on_a_side_give_no_number():
    time, mention, cell, matrix = population(np.random.default_rng(18), 300)
    few = np.where(np.cumsum(time.event & (mention < time.exit)) <= 4, mention, NEVER)
    for absent in (few, np.full(300, NEVER), np.zeros(300)):
        assert np.isnan(list(one(time, absent, cell, matrix).values())).all()


def test_a_mention_that_a_control_determines_gives_no_hazard_ratio():
    time, _, cell, matrix = population(np.random.default_rng(19), 300)
    found = one(time, np.where(matrix[cell, 1] > 0, 0.0, NEVER), cell, matrix)
    assert np.isnan(found["hr"]) and np.isnan(found["hr_p"]) and np.isnan(found["hr_changes_p"])
    assert np.isfinite(found["logrank_p"])


@pytest.mark.parametrize("empty", [0, 2])
def test_a_level_in_which_nobody_leaves_does_no_harm(empty):
    # 0 is the reference level, which has no column that could be left out.
    time, mention, cell, matrix = population(np.random.default_rng(20), 500, hazard_ratio=2.0)
    stays = cell // 2 == empty
    time = replace(time, event=time.event & ~stays)
    found = one(time, mention, cell, matrix)
    rest = Timeline(time.entry[~stays], time.exit[~stays], time.event[~stays], time.origin[~stays])
    alone = one(rest, mention[~stays], cell[~stays], matrix)
    for name in ("hr", "hr_low", "hr_high", "hr_p", "hr_changes_p"):
        assert found[name] == pytest.approx(alone[name], rel=1e-4)


def test_all_events_on_one_day():
    rng = np.random.default_rng(21)
    mention = np.where(rng.random(200) < 0.5, 0.0, NEVER)
    time = Timeline(np.zeros(200), np.full(200, 30.0), rng.random(200) < 0.2, np.zeros(200))
    found = one(time, mention)
    assert np.isfinite(found["hr"]) and np.isfinite(found["logrank_p"])
    assert np.isnan(found["hr_changes_p"])  # one point in time shows no change


def test_too_few_clusters_give_no_number():
    time, mention, cell, matrix = population(np.random.default_rng(22), 400)
    assert np.isnan(one(time, mention, cell, matrix, np.arange(400) % 4)["hr"])


def test_curves_without_ten_at_risk_are_not_drawn():
    time, _, _, _ = population(np.random.default_rng(23), 300)
    column = np.zeros(300)
    column[:5] = 1
    drawn = curves(time, column)
    assert drawn.empty
    assert list(drawn.columns) == ["group", "day", "share", "low", "high", "n_at_risk"]


def test_curves_of_immortal_time_lie_on_each_other():
    time, mention, _, _ = population(np.random.default_rng(24), 20_000, rate=0.002)
    time = replace(time, entry=np.zeros(20_000))
    flat = curves(time, np.where(np.random.default_rng(1).permutation(mention) < NEVER, 1.0, 0.0))
    at = {group: rows.set_index("day")["share"] for group, rows in flat.groupby("group")}
    shared = at["mentioned"].index.intersection(at["others"].index)
    assert (at["mentioned"][shared] - at["others"][shared]).abs().max() < 0.03


# From dates to days


def dates(*given: str | None) -> pd.Series:
    return pd.to_datetime(pd.Series(given, dtype=object), format="mixed")


def padded(first: list, start: list, end: list, left: list) -> list[pd.Series]:
    """The rows given, and twelve units that leave as they should."""
    plain = [["2024-02-01"] * 12, ["2024-01-01"] * 12, ["2024-12-31"] * 12, ["2024-06-01"] * 12]
    return [dates(*some, *rest) for some, rest in zip((first, start, end, left), plain, strict=True)]


def test_days_count_from_the_start_of_observation_and_risk_from_the_first_comment():
    time, known, notes = timeline(
        *padded(
            ["2024-01-11 23:00", "2024-01-11"],
            ["2024-01-01", "2024-01-01"],
            ["2024-03-01"] * 2,
            ["2024-02-01 08:00", None],
        )
    )
    assert known.all() and not notes
    assert time.entry[:2].tolist() == [10, 10]
    assert time.exit[:2].tolist() == [31, 60]
    assert time.event[:2].tolist() == [True, False]
    assert time.origin[0] == (pd.Timestamp("2024-01-01") - pd.Timestamp("1970-01-01")).days


def test_without_a_start_days_count_from_the_first_comment():
    first, _, end, left = padded([], [], [], [])
    time, _, _ = timeline(first, pd.Series(pd.NaT, index=first.index), end, left)
    assert (time.entry == 0).all()
    assert (time.exit == 121).all()


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ((None, "2024-01-01", "2024-12-31", None), "without a dated comment"),
        (("2024-02-01", None, "2024-12-31", None), "no start"),
        (("2024-02-01", "2024-01-01", None, None), "no end"),
        (("2024-02-01", "2024-01-01", "2024-12-31", "2024-02-01"), "left on or before"),
        (("2024-02-01", "2024-01-01", "2024-12-31", "2023-12-01"), "left on or before"),
        (("2024-02-01", "2024-01-01", "2024-01-15", None), "not observed after"),
    ],
)
def test_what_has_no_place_in_time_is_left_out_and_counted(row, words):
    time, known, notes = timeline(*padded(*[[value] for value in row]))
    assert known.tolist() == [False] + [True] * 12
    assert len(time.entry) == 12
    assert [note.count for note in notes if words in note.message] == [1]


def test_leaving_after_observation_and_comments_before_it():
    time, known, notes = timeline(
        *padded(["2024-02-01", "2023-11-01"], ["2024-01-01"] * 2, ["2024-03-01"] * 2, ["2024-05-01", "2024-02-01"])
    )
    assert known.all()
    assert time.event[:2].tolist() == [False, True]
    assert time.exit[0] == 60
    assert time.entry[1] == 0
    assert [note.count for note in notes] == [1, 1]
    day = sparse.csr_array((time.origin[:2] + np.array([40.7, -61.0]), ([0, 1], [0, 0])), shape=(14, 1))
    assert mentioned_at(time, day)[:2].toarray().ravel().tolist() == [41, 1]


def test_fewer_than_ten_who_leave_are_too_few():
    first, start, end, left = padded([], [], [], [])
    left[:3] = pd.NaT
    time, known, notes = timeline(first, start, end, left)
    assert time is None and known.all()
    assert "9 units are seen to leave" in notes[0].message
