"""Impact of comments that belong together, and what is at stake: published formulas, known truth, odd inputs."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from test_drivers_world import make_table, make_topics

from cxnlp.config import DriversConfig
from cxnlp.drivers.at_risk import attributable_share, revenue_at_risk, revenue_of_mentions, what_if
from cxnlp.drivers.effects import Counts, risk_difference, risk_ratio
from cxnlp.drivers.impact import impact, impact_error, leave_one_out, noise_floor
from cxnlp.results import Table

CONFIG = DriversConfig(permutations=50)


def impacts(mentions: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    everything = np.column_stack([mentions, np.ones(len(values))])
    return impact(everything.sum(axis=0), everything.T @ values, everything.T @ values**2)


def as_matrix(mentions: np.ndarray) -> sparse.csr_array:
    return sparse.csr_array(mentions.astype(float))


def customers(seed: int, count: int = 150) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Comments of customers who are of one mood and keep to their subjects: owner, mentions (n, 8), scores."""
    rng = np.random.default_rng(seed)
    owner = np.repeat(np.arange(count), rng.integers(1, 7, count))
    mood, subjects = rng.normal(0, 2, count), rng.random((count, 8)) < 0.3
    mentions = rng.random((len(owner), 8)) < np.where(subjects[owner], 0.6, 0.02)
    return owner, mentions, np.round(np.clip(5 + mood[owner] + rng.normal(0, 1, len(owner)), 0, 10))


def survey(seed: int = 0, order: np.ndarray | None = None) -> Table:
    """As `customers`, as a table of comments with several comments a unit."""
    owner, mentions, scores = customers(seed)
    table = make_table(mentions, scores={"csat7": np.clip(scores, 1, 7)}, order=order)
    people = np.arange(len(owner)) if order is None else order
    numbers = np.unique(owner[people], return_index=True)[1]
    rank = np.argsort(np.argsort(numbers))  # units are numbered in the order of their first comment
    units = pd.DataFrame({"unit": np.arange(len(numbers)), "n_comments": 1})
    comments = table.comments.assign(unit=rank[owner[people]])
    return dataclasses.replace(table, comments=comments, units=units)


def test_the_error_of_grouped_comments_is_that_of_one_by_one_where_groups_hold_one() -> None:
    rng = np.random.default_rng(0)
    values, mentions = rng.choice([-100.0, 0.0, 100.0], 600), rng.random((600, 5)) < [0.02, 0.1, 0.3, 0.6, 0.95]
    _, error = impacts(mentions, values)
    grouped = impact_error(as_matrix(mentions), values, rng.permutation(600))
    assert grouped == pytest.approx(error * np.sqrt(600 / 599))


def test_the_error_of_grouped_comments_is_that_of_resampling_customers() -> None:
    owner, mentions, values = customers(1, 200)
    error = impact_error(as_matrix(mentions), values, owner)
    rng = np.random.default_rng(2)
    size, total, said = (
        np.bincount(owner),
        np.bincount(owner, values),
        [np.bincount(owner, weights) for weights in (mentions[:, 0], mentions[:, 0] * values)],
    )
    draws = rng.multinomial(200, np.full(200, 1 / 200), 4000)
    n, sums, n_with, with_ = (draws @ part for part in (size, total, *said))
    assert error[0] == pytest.approx(np.std(sums / n - (sums - with_) / (n - n_with)), rel=0.06)


def test_intervals_and_floor_of_customers_with_several_comments_hold() -> None:
    inside, plain, largest, floors, naive = [], [], [], [], []
    for seed in range(150):
        owner, mentions, values = customers(seed)
        value, error = impacts(mentions, values)
        inside.append(np.abs(value) < 1.959964 * impact_error(as_matrix(mentions), values, owner))
        plain.append(np.abs(value) < 1.959964 * error)
        largest.append(np.abs(value).max())
        if seed < 15:
            floors.append(noise_floor(as_matrix(mentions), values, 60, 0, owner))
            naive.append(noise_floor(as_matrix(mentions), values, 60, 0))
    assert 0.92 <= np.mean(inside) <= 0.97
    assert np.mean(plain) < 0.85
    assert np.mean(floors) == pytest.approx(np.mean(largest), rel=0.1)
    assert np.mean(naive) < 0.8 * np.mean(largest)


def test_the_order_of_comments_and_the_numbers_of_customers_change_nothing() -> None:
    here = survey()
    topics = make_topics([f"t{number}" for number in range(8)])
    there = survey(order=np.random.default_rng(3).permutation(len(here.comments)))
    found, notes = leave_one_out(here, topics, CONFIG)
    again, _ = leave_one_out(there, topics, CONFIG)
    pd.testing.assert_frame_equal(found.reset_index(drop=True), again.reset_index(drop=True), check_exact=True)
    assert not notes
    assert found["method"].str.contains("robust to comments of one customer").all()


def test_customers_of_one_cluster_count_as_one() -> None:
    table = survey()
    topics = make_topics([f"t{number}" for number in range(8)])
    alone, _ = leave_one_out(table, topics, CONFIG)
    account = pd.Series(table.units["unit"] // 15, dtype=object).map("account {}".format)
    together, _ = leave_one_out(dataclasses.replace(table, units=table.units.assign(cluster=account)), topics, CONFIG)
    unknown = table.units.assign(cluster=pd.Series(pd.NA, table.units.index, dtype=object))
    as_alone, _ = leave_one_out(dataclasses.replace(table, units=unknown), topics, CONFIG)
    pd.testing.assert_frame_equal(alone, as_alone, check_exact=True)
    assert together.sort_index()["value"].equals(alone.sort_index()["value"])
    assert not np.allclose(together.sort_index()["low"], alone.sort_index()["low"])
    three = table.units.assign(cluster=(table.units["unit"] % 3).map("region {}".format))
    few, _ = leave_one_out(dataclasses.replace(table, units=three), topics, CONFIG)
    assert few["low"].isna().all()
    assert few["method"].str.contains("no interval below 5 customers or clusters").all()


def test_a_large_survey_takes_seconds() -> None:
    rng = np.random.default_rng(4)
    n = 100_000
    mentions, values = as_matrix(rng.random((n, 60)) < 0.04), rng.choice([-100.0, 0.0, 100.0], n)
    owner = rng.integers(0, 60_000, n)
    start = time.perf_counter()
    noise_floor(mentions, values, 50, 0, owner)
    impact_error(mentions, values, owner)
    assert time.perf_counter() - start < 10  # about one second when nothing else runs


# what is at stake


def share(a: int, b: int, c: int, d: int) -> dict[str, np.ndarray]:
    """Attributable share of one 2 x 2 table with its own risk ratio."""
    cells = [np.array([cell]) for cell in (a, b, c, d)]
    return attributable_share(a + c, a + b + c + d, cells[0], cells[0] + cells[1], risk_ratio(Counts(*cells)))


@pytest.mark.parametrize("cells", [(30, 70, 60, 840), (12, 8, 40, 200), (200, 300, 100, 400)])
def test_without_controls_the_attributable_share_has_walters_interval(cells: tuple[int, int, int, int]) -> None:
    # Walter 1976, Biometrics 32:829-849; Fleiss, Levin and Paik 2003, Statistical Methods for Rates and Proportions,
    # section 7.3: paf = 1 - rate without / rate of all, Var(log(1 - paf)) = (b + paf (a + d))/(n c).
    a, b, c, d = cells
    n = a + b + c + d
    found = share(*cells)
    paf = 1 - c / (c + d) * n / (a + c)
    reach = 1.959964 * np.sqrt((b + paf * (a + d)) / (n * c))
    assert found["paf"][0] == pytest.approx(paf)
    assert found["paf_low"][0] == pytest.approx(1 - (1 - paf) * np.exp(reach), rel=1e-6)
    assert found["paf_high"][0] == pytest.approx(1 - (1 - paf) * np.exp(-reach), rel=1e-6)


@pytest.mark.parametrize(
    ("n", "said", "base", "rr"), [(1000, 0.1, 0.1, 2.0), (2000, 0.3, 0.2, 1.5), (5000, 0.03, 0.05, 2.0)]
)
def test_the_attributable_share_is_covered(n: int, said: float, base: float, rr: float) -> None:
    rng = np.random.default_rng(5)
    truth = 1 - base / (said * base * rr + (1 - said) * base)
    covered = []
    for _ in range(1500):
        n1 = int(rng.binomial(n, said))
        a, c = int(rng.binomial(n1, base * rr)), int(rng.binomial(n - n1, base))
        found = share(a, n1 - a, c, n - n1 - c)
        if np.isfinite(found["paf"][0]):
            covered.append(found["paf_low"][0] <= truth <= found["paf_high"][0])
    assert len(covered) > 1400
    assert 0.93 <= np.mean(covered) <= 0.97


def test_a_less_certain_risk_ratio_widens_the_attributable_share() -> None:
    cells = (np.array([30]), np.array([100]))
    rr = np.array([3.0])
    sharp = attributable_share(90, 1000, *cells, (rr, rr / 1.3, rr * 1.3))
    vague = attributable_share(90, 1000, *cells, (rr, rr / 2.5, rr * 2.5))
    assert sharp["paf"] == vague["paf"] == pytest.approx(30 / 90 * 2 / 3)
    assert sharp["paf_high"] - sharp["paf_low"] < vague["paf_high"] - vague["paf_low"]
    assert vague["paf_low"] < 0 < vague["paf_high"] < 1


def test_no_attributable_share_of_what_is_not_worse_or_not_known() -> None:
    rr = np.array([0.8, np.nan, 2.0, 2.0, 1.0])
    found = attributable_share(
        50, 500, np.array([5, 5, 0, 50, 5]), np.array([60, 60, 60, 60, 60]), (rr, rr / 1.5, rr * 1.5)
    )
    assert np.isnan(found["paf"]).all()
    assert np.isnan(found["paf_high"]).all()


def test_what_if_is_the_rate_without_them_and_is_covered() -> None:
    rng = np.random.default_rng(6)
    n, said, base, rise = 1500, 0.2, 0.1, 0.15
    n1 = rng.binomial(n, said, 3000)
    a, c = rng.binomial(n1, base + rise), rng.binomial(n - n1, base)
    rates = (c / (n - n1), (a + c) / n)
    rd, low, high = risk_difference(Counts(a, n1 - a, c, n - n1 - c))
    found = what_if(n1, n, (rd, low, high))
    assert found["what_if"] == pytest.approx(rates[0] - rates[1])
    truth = -said * rise
    assert 0.93 <= np.mean((found["what_if_low"] <= truth) & (truth <= found["what_if_high"])) <= 0.97
    assert np.isnan(what_if(np.array([3]), 10, (np.array([np.nan]),) * 3)["what_if"]).all()


def test_revenue_at_risk_counts_those_who_mention_it_and_only_what_is_worse() -> None:
    revenue = np.array([100.0, 200.0, np.nan, 50.0])
    mentions = sparse.csr_array(np.array([[1, 0, 1], [1, 0, 0], [1, 1, 0], [0, 0, 1]]))
    of_mentions = revenue_of_mentions(mentions, revenue)
    assert of_mentions.tolist() == [300, 0, 150]
    order = [2, 0, 3, 1]
    assert revenue_of_mentions(mentions[order], revenue[order]).tolist() == of_mentions.tolist()
    effect = (np.array([0.2, 0.2, -0.1]), np.array([-0.05, 0.1, -0.2]), np.array([0.45, 0.3, 0.0]))
    found = revenue_at_risk(of_mentions, effect)
    assert found["revenue_at_risk"][0] == pytest.approx(60)
    assert (found["revenue_at_risk_low"][0], found["revenue_at_risk_high"][0]) == (0, pytest.approx(135))
    assert np.isnan(found["revenue_at_risk"][1:]).all()
