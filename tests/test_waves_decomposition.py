"""The split of a change of a score or an outcome: its formula, what it counts, its intervals, and what is refused."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.oaxaca import OaxacaBlinder

from cxnlp.errors import InputError
from cxnlp.waves import DECOMPOSITION, Answers, decompose
from cxnlp.waves.cells import OTHER
from cxnlp.waves.factors import Rates, split, split_centred
from cxnlp.waves.measures import Measure, answers_of, columns_of, observe, shared_measures

NAMES = [f"t{i}" for i in range(12)]
TOPICS = pd.DataFrame({"topic_id": NAMES, "topic_name": [f"topic {name}" for name in NAMES]})
FACTORS = ["segment mix", "topic mix", "within topics"]


def wave(
    rows: list[tuple],
    *,
    name: str = "wave",
    scores: dict[str, str] | None = None,
    outcomes: dict[str, str] | None = None,
    segments: tuple[str, ...] = (),
    derived: frozenset[str] = frozenset(),
) -> Answers:
    """A wave of comments (customer, value of nps or event, topics, segment[, date, status, in_window])."""
    scores = {"nps": "nps"} if scores is None and outcomes is None else scores or {}
    padded = [(*row, *("all", None, "ok", True)[len(row) - 3 :]) for row in rows]
    unit, value, topics, segment, date, status, inside = zip(*padded, strict=True)
    column = [*scores, *(outcomes or {})][0]
    kind = "boolean" if outcomes else float
    comments = pd.DataFrame(
        {
            "unit": np.array(unit, dtype=np.int64),
            "status": status,
            "in_window": list(inside),
            "created_at": pd.to_datetime(pd.Series(date, dtype=object)),
            column: pd.array(value, dtype=kind),
            **{one: pd.Series(segment, dtype="str") for one in segments},
        }
    )
    mentions = pd.DataFrame(
        [(row, topic) for row, listed in enumerate(topics) for topic in listed], columns=["row", "topic_id"]
    )
    return Answers(name, comments, mentions, scores, outcomes or {}, segments, derived)


def simulated(
    random: np.random.Generator,
    n: int,
    rates: Rates,
    *,
    each: int = 1,
    loyal: float = 0.0,
    segments: tuple[str, ...] = ("plan",),
) -> Answers:
    """n answers of promoters (10) and detractors (0), ``each`` by one customer; the share ``loyal`` of the customers
    give one answer about one topic again and again."""
    p, q, s = rates.segment[0], rates.topic[0], rates.value[0]
    customers = n // each
    segment = np.repeat(random.choice(len(p), customers, p=p), each)
    topic = (q[segment].cumsum(1) > random.random(len(segment))[:, None]).argmax(1)
    value = random.random(len(segment)) < (s[segment, topic] + 100) / 200
    first = np.repeat(np.arange(customers) * each, each)
    again = np.repeat(random.random(customers) < loyal, each)
    topic, value = np.where(again, topic[first], topic), np.where(again, value[first], value)
    comments = pd.DataFrame(
        {
            "unit": first // each,
            "status": "ok",
            "in_window": True,
            "created_at": pd.NaT,
            "nps": np.where(value, 10.0, 0.0),
            "plan": pd.Series([f"p{i}" for i in segment], dtype="str"),
        }
    )
    mentions = pd.DataFrame({"row": np.arange(len(topic)), "topic_id": [f"t{i}" for i in topic]})
    return Answers("wave", comments, mentions, {"nps": "nps"}, {}, segments)


def world(seed: int, g: int, k: int) -> tuple[Rates, Rates]:
    """Two worlds of g segments and k topics that differ in everything."""
    random = np.random.default_rng(seed)
    made = []
    for shift in (0, -20):
        p, q = random.dirichlet(np.full(g, 8), 1), random.dirichlet(np.full(k, 3), (1, g))
        made.append(Rates(p, q, random.uniform(-60, 60, (1, g, k)) + shift))
    return made[0], made[1]


def values(table: pd.DataFrame, by: str = "all") -> dict[str, float]:
    own = table[table["by"] == by]
    return dict(zip(own["factor"], own["value"], strict=True))


def totals(before: Rates, after: Rates) -> list[float]:
    parts = split(before, after)
    return [float(part.sum()) for part in (parts.segment, parts.topic, parts.within)]


# The formula


def test_three_factors_as_published() -> None:
    """Births per 1000 in Taiwan 1960 and 1970, Das Gupta 1993, section 4: births per married woman, share of married
    women, share of women in seven ages. R 4.4, DasGuptR 2.1.0: dgnpop(eg4.3, pop = "pop", factors = c("bm", "mw",
    "wp"), ratefunction = "sum(bm*mw*wp)") |> dg_table() gives -7.285632, -2.720633, -1.565181; 38.77463, 27.20318."""
    bm = [393, 407, 369, 274, 184, 90, 16], [488, 452, 338, 156, 63, 22, 3]
    mw = [0.122, 0.622, 0.903, 0.930, 0.916, 0.873, 0.800], [0.082, 0.527, 0.866, 0.941, 0.942, 0.923, 0.876]
    wp = [0.043, 0.041, 0.036, 0.032, 0.026, 0.020, 0.018], [0.058, 0.038, 0.032, 0.030, 0.026, 0.023, 0.019]
    years = [
        Rates(np.array(wp[i])[None], np.array(mw[i])[None, :, None], np.array(bm[i])[None, :, None]) for i in (0, 1)
    ]
    assert [float(year.mean[0]) for year in years] == pytest.approx([38.77463, 27.20318], abs=5e-6)
    assert totals(*years) == pytest.approx([-1.565181, -2.720633, -7.285632], abs=5e-7)


def test_it_is_the_average_over_all_orders_of_replacing_the_factors() -> None:
    before, after = world(1, 3, 4)
    fields = ("segment", "topic", "value")
    found = dict.fromkeys(fields, 0.0)
    for order in permutations(fields):
        now = {name: getattr(before, name) for name in fields}
        for name in order:
            was = Rates(**now).mean[0]
            now[name] = getattr(after, name)
            found[name] += (Rates(**now).mean[0] - was) / 6
    assert totals(before, after) == pytest.approx(list(found.values()))
    assert sum(totals(before, after)) == pytest.approx(float(after.mean[0] - before.mean[0]))


def test_centring_moves_no_sum() -> None:
    before, after = world(2, 3, 4)
    plain, centred = split(before, after), split_centred(before, after)
    assert centred.segment.sum() == pytest.approx(plain.segment.sum())
    assert centred.topic.sum(-1) == pytest.approx(plain.topic.sum(-1))
    assert np.array_equal(centred.within, plain.within)


def test_two_factors_done_by_hand() -> None:
    # Before: 6 of 10 speak of t0 with NPS 50 (4, 1, 1), 4 of t1 with -50. After: 2 of t0 with 0, 8 of t1 with -25.
    before = wave([(i, s, ["t0"]) for i, s in enumerate([10, 9, 9, 10, 8, 0])]
                  + [(9 + i, s, ["t1"]) for i, s in enumerate([0, 3, 7, 8])])  # fmt: skip
    after = wave([(i, s, ["t0"]) for i, s in enumerate([10, 2])]
                 + [(9 + i, s, ["t1"]) for i, s in enumerate([0, 6, 1, 10, 7, 7, 7, 7])])  # fmt: skip
    table, _ = decompose(before, after, TOPICS)
    # Kitagawa: (.2 - .6)(50 + 0)/2 + (.8 - .4)(-50 - 25)/2 = -25; (0 - 50)(.6 + .2)/2 + (-25 + 50)(.4 + .8)/2 = -5.
    assert values(table) == pytest.approx({"total": -30, "topic mix": -25, "within topics": -5})
    rows = table[table["by"] == "topic"].set_index(["factor", "group"])
    # A topic's part of the mix is told from the mean of both waves, (10 - 20) / 2.
    assert rows.loc[("topic mix", "t0"), "value"] == pytest.approx(-0.4 * (25 + 5))
    assert rows.loc[("topic mix", "t1"), "value"] == pytest.approx(0.4 * (-37.5 + 5))
    assert rows.loc[("within topics", "t0"), ["value", "before", "after"]].tolist() == pytest.approx([-20, 50, 0])
    assert rows.loc[("topic mix", "t1"), ["before", "after", "n_before", "n_after"]].tolist() == [0.4, 0.8, 4, 8]
    assert table["method"].str.startswith("Kitagawa")[0]


def test_without_segments_it_is_the_split_of_oaxaca_and_blinder() -> None:
    """statsmodels: two_fold with weight .5 on indicators of the topics is Kitagawa's."""
    random = np.random.default_rng(3)
    before, after = (simulated(random, 300, rates, segments=()) for rates in world(3, 1, 4))
    y = np.concatenate([np.where(one.comments["nps"] > 6, 100.0, -100.0) for one in (after, before)])
    topic = np.concatenate([one.mentions["topic_id"] for one in (after, before)])
    later = np.repeat([0, 1], [len(after.comments), len(before.comments)])  # the gap is group 0 minus group 1
    indicators = np.column_stack([later, *(topic == name for name in ("t1", "t2", "t3")), np.ones(len(y))])
    model = OaxacaBlinder(y, indicators.astype(float), 0, hasconst=True, swap=False)
    unexplained, explained, gap = model.two_fold(two_fold_type="self_submitted", submitted_weight=0.5).params[:3]
    found = values(decompose(before, after, TOPICS)[0])
    assert [found["topic mix"], found["within topics"], found["total"]] == pytest.approx([explained, unexplained, gap])


# What is counted


def test_parts_add_up_to_the_change_of_the_score() -> None:
    random = np.random.default_rng(4)
    before, after = (simulated(random, n, rates) for n, rates in zip((500, 400), world(4, 3, 4), strict=True))
    # Comments with several topics and with none: an answer counts once, whatever it speaks of.
    more = pd.DataFrame({"row": [0, 0, 1, 2], "topic_id": ["t1", "t2", "t3", "t9"]})
    before = Answers("b", before.comments, pd.concat([before.mentions.iloc[50:], more]), before.scores, {}, ("plan",))
    table, _ = decompose(before, after, TOPICS)
    assert list(table.columns) == [name for name, _, _ in DECOMPOSITION]
    nps = [(one["nps"] >= 9).mean() - (one["nps"] <= 6).mean() for one in (before.comments, after.comments)]
    found = values(table)
    assert found["total"] == pytest.approx(100 * (nps[1] - nps[0]), abs=1e-6)
    assert sum(found[name] for name in FACTORS) == pytest.approx(found["total"], abs=1e-6)
    for factor, by in (("topic mix", "topic"), ("within topics", "topic"), *((name, "segment") for name in FACTORS)):
        own = table[(table["factor"] == factor) & (table["by"] == by)]
        assert own["value"].sum() == pytest.approx(found[factor], abs=1e-6)
    shares = table[(table["factor"] == "topic mix") & (table["by"] == "topic")]
    assert shares[["before", "after"]].sum().tolist() == pytest.approx([1, 1], abs=1e-6)
    assert "no topic" in set(shares["name"])
    assert table["low"].notna().sum() > 20
    assert (table["low"].isna() | (table["low"] <= table["high"])).all()


def test_what_speaks_of_no_topic_and_what_says_nothing() -> None:
    rows = [(0, 10, ["t0", "t0", "t5"]), (1, 0, []), (2, 5, [], "all", None, "empty"), (3, None, ["t0"])]
    seen = observe(wave(rows), Measure("nps", "nps", "NPS", "points", 6, 9), ())
    assert seen.value.tolist() == [100, -100, -100]
    assert sorted(zip(seen.answer, seen.topic, strict=True)) == [
        (0, "t0"), (0, "t5"), (1, "no topic"), (2, "no comment")
    ]  # fmt: skip
    listed = decompose(wave(rows), wave(rows), TOPICS[TOPICS["topic_id"] != "t5"])[0]
    # A topic that is not listed counts as none.
    assert set(listed.loc[listed["by"] == "topic", "group"]) == {"t0", "no topic", "no comment"}


def test_an_outcome_is_counted_by_customer() -> None:
    days = ["2024-01-01", "2024-02-01", "2024-03-01"]
    rows = [
        (7, False, ["t0"], "basic", days[0]),
        (7, True, ["t1"], "plus", days[1]),  # the latest outcome, the earliest segment, both topics
        (8, None, ["t2"], "basic", days[0]),  # nothing known
        (9, True, ["t3"], "basic", days[0], "ok", False),  # nothing said inside the window
        (4, False, ["t4"], None, days[1]),
        (4, False, ["t5"], "plus", days[2], "ok", False),  # too late to speak of it
        (5, True, [], "basic", None),
    ]
    one = wave(rows, outcomes={"churned": "churned"}, segments=("plan",))
    seen = observe(one, Measure("churned", "event", "churned", "percentage points"), ("plan",))
    found = {
        unit: (value, segment) for unit, value, segment in zip(seen.customer, seen.value, seen.segment, strict=True)
    }
    assert found == {7: (100, "plan: basic"), 4: (0, "plan: plus"), 5: (100, "plan: basic")}
    topics = {(seen.customer[at], topic) for at, topic in zip(seen.answer, seen.topic, strict=True)}
    assert topics == {(7, "t0"), (7, "t1"), (4, "t4"), (5, "no topic")}
    table, _ = decompose(one, one, TOPICS)
    assert table.loc[0, ["before", "n_before", "unit"]].tolist() == [pytest.approx(200 / 3), 3, "percentage points"]


def test_another_mix_of_segments_alone_is_segment_mix() -> None:
    def made(basic: int, plus: int) -> Answers:
        rows = [(i, 10 * (i % 4 == 0), [f"t{i % 2}"], "basic") for i in range(basic)]
        rows += [(1000 + i, 10 * (i % 4 != 0), [f"t{i % 2}"], "plus") for i in range(plus)]
        return wave(rows, segments=("plan",))

    table, notes = decompose(made(80, 40), made(40, 80), TOPICS)
    assert values(table) == pytest.approx(
        {"total": 100 / 3, "segment mix": 100 / 3, "topic mix": 0, "within topics": 0}, abs=1e-6
    )
    # Without segments the same change shows as another value of the same topics.
    found = values(decompose(made(80, 40), made(40, 80), TOPICS, segments=())[0])
    assert found == pytest.approx({"total": 100 / 3, "topic mix": 0, "within topics": 100 / 3}, abs=1e-6)
    # A segment that is new cannot have changed within.
    table, _ = decompose(made(120, 0), made(80, 40), TOPICS)
    assert values(table) == pytest.approx(
        {"total": 100 / 3, "segment mix": 100 / 3, "topic mix": 0, "within topics": 0}, abs=1e-6
    )
    new = table[(table["by"] == "segment") & (table["group"] == "plan: plus")].set_index("factor")
    assert math.isfinite(new.loc["segment mix", "low"])
    assert "in one wave only" in new.loc["within topics", "method"]
    assert not notes


def test_small_segments_are_taken_together_and_said() -> None:
    random = np.random.default_rng(5)
    rows = [(i, random.integers(0, 11), [f"t{i % 3}"], f"s{i // 150 if i < 300 else i % 40 + 2}")
            for i in range(400)]  # fmt: skip
    one = wave(rows, segments=("plan",))
    table, notes = decompose(one, one, TOPICS)
    groups = table.loc[(table["factor"] == "segment mix") & (table["by"] == "segment"), "group"].tolist()
    assert groups[:2] == ["plan: s0", "plan: s1"]
    assert OTHER in groups
    assert any("taken together" in note.message for note in notes)
    # Where so many topics leave too few customers for each segment and topic, segments are not compared at all.
    few = wave(rows[::10], segments=("plan",))
    table, notes = decompose(few, few, TOPICS)
    assert set(table["by"]) == {"all", "check", "topic"}
    assert any("too few customers speak of each topic to compare by plan" in note.message for note in notes)


def test_no_order_of_rows_and_no_number_of_a_customer_matters() -> None:
    random = np.random.default_rng(6)
    before, after = (simulated(random, 240, rates, each=3, loyal=0.5) for rates in world(6, 2, 4))
    more = pd.DataFrame({"row": np.arange(0, 240, 2), "topic_id": "t7"})
    after = Answers("a", after.comments, pd.concat([after.mentions, more]), after.scores, {}, ("plan",))
    expected, _ = decompose(before, after, TOPICS, resamples=200)

    def shuffled(one: Answers) -> Answers:
        order = random.permutation(len(one.comments))
        number = random.permutation(len(one.comments))
        comments = one.comments.iloc[order].reset_index(drop=True)
        comments["unit"] = number[comments["unit"]]
        mentions = one.mentions.assign(row=np.argsort(order)[one.mentions["row"]]).sample(frac=1, random_state=1)
        return Answers(one.name, comments, mentions, one.scores, {}, one.segments)

    found, _ = decompose(shuffled(before), shuffled(after), TOPICS, resamples=200)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_swapped_waves_change_the_sign() -> None:
    random = np.random.default_rng(7)
    before, after = (simulated(random, n, rates) for n, rates in zip((300, 500), world(7, 2, 3), strict=True))
    there, back = (decompose(*pair, TOPICS, resamples=50)[0] for pair in ((before, after), (after, before)))
    keys = ["factor", "by", "group"]
    both = there.merge(back, on=keys)
    assert len(both) == len(there)
    assert both["value_x"].to_numpy() == pytest.approx(-both["value_y"].to_numpy(), abs=1e-6)


# Intervals


@pytest.mark.parametrize(("each", "loyal"), [(1, 0.0), (4, 0.6)])
def test_intervals_hold_the_truth(each: int, loyal: float) -> None:
    random = np.random.default_rng(8)
    rates = world(8, 2, 5)
    truth = dict(zip(FACTORS, totals(*rates), strict=True))
    truth["total"] = sum(truth.values())
    held, z = {name: [] for name in truth}, []
    for _ in range(150):
        waves = [simulated(random, n, one, each=each, loyal=loyal) for n, one in zip((480, 600), rates, strict=True)]
        table, _ = decompose(*waves, TOPICS, resamples=199)
        for row in table[table["by"] == "all"].itertuples():
            held[row.factor].append(row.low <= truth[row.factor] <= row.high)
        check = table[table["by"] == "check"].iloc[0]
        z.append(check["low"] <= truth["total"] <= check["high"])
    # 2.5 standard errors of a coverage of .95 in 150 runs are .044.
    for name, one in held.items():
        assert np.mean(one) >= 0.90, (name, np.mean(one))
    if each > 1:
        assert np.mean(z) < 0.88  # taken as independent, answers of loyal customers claim too much


def test_the_interval_of_the_total_is_that_of_two_groups() -> None:
    """z = (N1 - N2) / sqrt(v1/n1 + v2/n2), v = p + d - (p - d)^2, where every customer answers once."""
    random = np.random.default_rng(9)
    before, after = (wave([(i, s, ["t0"]) for i, s in enumerate(random.integers(0, 11, n))]) for n in (900, 600))
    table, _ = decompose(before, after, TOPICS, resamples=4000)
    scores = [one.comments["nps"].to_numpy() for one in (before, after)]
    p, d = ([np.mean(rule(one)) for one in scores] for rule in (lambda s: s >= 9, lambda s: s <= 6))
    error = 100 * math.sqrt(sum((p[i] + d[i] - (p[i] - d[i]) ** 2) / len(scores[i]) for i in (0, 1)))
    change = 100 * (p[1] - d[1] - p[0] + d[0])
    total, check = table.iloc[0], table.iloc[1]
    assert check[["by", "value"]].tolist() == ["check", pytest.approx(change)]
    assert check[["low", "high"]].tolist() == pytest.approx(
        [change - 1.95996 * error, change + 1.95996 * error], abs=1e-4
    )
    assert total[["low", "high"]].tolist() == pytest.approx(check[["low", "high"]].tolist(), abs=0.06 * 3.92 * error)


def test_a_small_wave_has_values_and_no_intervals() -> None:
    random = np.random.default_rng(10)
    before, after = (
        simulated(random, n, rates, segments=()) for n, rates in zip((300, 29), world(10, 1, 3), strict=True)
    )
    table, notes = decompose(before, after, TOPICS)
    assert table["value"].notna().all()
    assert table[["low", "high"]].isna().all(axis=None)
    assert table["method"].str.contains("fewer than 30").all()
    assert any("29 customers" in note.message for note in notes)


def test_many_answers_of_few_customers_have_no_interval() -> None:
    random = np.random.default_rng(11)
    before, after = (simulated(random, 400, rates, each=20, segments=()) for rates in world(11, 1, 3))
    assert decompose(before, after, TOPICS)[0].query("by == 'all'")["low"].isna().all()


def test_waves_without_a_common_topic_differ_in_topics_only() -> None:
    before = wave([(i, 10 * (i % 3 > 0), [f"t{i % 2}"]) for i in range(90)])
    after = wave([(i, 10 * (i % 3 > 1), [f"t{2 + i % 2}"]) for i in range(90)])
    table, notes = decompose(before, after, TOPICS)
    rows = table[table["by"] == "all"].set_index("factor")
    assert rows.loc["topic mix", "value"] == rows.loc["total", "value"] == pytest.approx(-200 / 3, abs=1e-6)
    assert rows.loc["within topics", "value"] == 0
    assert math.isnan(rows.loc["within topics", "low"])
    assert [note.level for note in notes if "100%" in note.message] == ["warning"]


def test_values_that_do_not_vary_have_no_interval() -> None:
    one = wave([(i, 10, [f"t{i % 3}", "t5"]) for i in range(60)])
    table, _ = decompose(one, one, TOPICS)
    assert table["value"].abs().max() == 0
    assert table["low"].isna().all()


# What both waves measured


def test_measures_of_both_waves_are_taken_and_the_others_said() -> None:
    rows = [(i, 1 + i % 5, ["t0"]) for i in range(40)]
    before = wave(rows, scores={"csat": "stars", "ces": "ces7"}, name="one").comments.assign(ces=3.0)
    one = Answers("one", before, pd.DataFrame({"row": [0], "topic_id": ["t0"]}), {"csat": "stars", "ces": "ces7"}, {})
    two = Answers("two", before, one.mentions, {"csat": "stars", "ces": "ces5"}, {})
    table, notes = decompose(one, two, TOPICS)
    assert table["measure"].unique().tolist() == ["csat"]
    assert table.loc[0, ["before", "unit"]].tolist() == [3, "mean score"]
    assert [note.message for note in notes if "ces" in note.message]
    with pytest.raises(InputError, match="ces7 in one, ces5 in two"):
        decompose(one, two, TOPICS, measures=["ces"])
    with pytest.raises(InputError, match="one has no measure 'nps'"):
        decompose(one, two, TOPICS, measures=["nps"])
    with pytest.raises(InputError, match="one has no segment 'plan'"):
        decompose(one, two, TOPICS, segments=["plan"])


def test_a_segment_of_one_wave_is_left_out_and_said() -> None:
    rows = [(i, i % 11, ["t0"], "basic") for i in range(40)]
    table, notes = decompose(wave(rows, segments=("plan",)), wave(rows), TOPICS)
    assert set(table["by"]) == {"all", "check", "topic"}
    assert [note.message for note in notes] == ["segments of one wave only are not compared: plan"]
    with pytest.raises(InputError, match="when you make second"):
        decompose(wave(rows, segments=("plan",)), wave(rows, name="second"), TOPICS, segments=["plan"])


def test_waves_without_a_common_measure_give_an_empty_table() -> None:
    score, event = wave([(0, 9, ["t0"])]), wave([(0, True, ["t0"])], outcomes={"churned": "churned"})
    table, notes = decompose(score, event, TOPICS)
    assert (len(table), list(table.columns)) == (0, [name for name, _, _ in DECOMPOSITION])
    assert "nps, churned" in notes[0].message
    # An outcome that was made from a score says nothing new; it can be asked for.
    derived = wave([(0, True, ["t0"])], outcomes={"is_detractor": "d"}, derived=frozenset({"is_detractor"}))
    assert len(decompose(derived, derived, TOPICS)[0]) == 0
    assert len(decompose(derived, derived, TOPICS, measures=["is_detractor"])[0]) > 0


def test_a_measure_without_values_is_said() -> None:
    empty, full = (wave([(i, value, ["t0"]) for i in range(40)]) for value in (None, 9))
    table, notes = decompose(empty, full, TOPICS)
    assert len(table) == 0
    assert "nobody in wave has a value" in notes[0].message


def test_what_a_result_folder_says_of_its_measures() -> None:
    manifest = {
        "scores": [{"name": "nps", "source": "q1", "scale": "nps"}],
        "outcomes": [
            {"name": "churned", "label": "left", "source": "c", "derived": False, "kind": "event"},
            {"name": "is_detractor", "label": "is a detractor", "source": "q1", "derived": True},
            {"name": "revenue", "label": "revenue", "source": "r", "kind": "amount"},
            {"name": "nps", "label": "score of nps", "source": "q1", "kind": "score"},
        ],
        "segments": ["plan"],
    }
    assert columns_of(manifest) == [
        "unit", "status", "in_window", "created_at", "nps", "churned", "is_detractor", "plan"
    ]  # fmt: skip
    one = answers_of("folder", manifest, pd.DataFrame(), pd.DataFrame())
    assert one.measures == ["nps", "churned", "is_detractor"]
    labels = [measure.label for measure in shared_measures(one, one, ())[0]]
    assert labels == ["NPS", "the rate of 'left' among those who comment"]
    assert (one.outcomes["churned"], one.derived, one.segments) == ("left", {"is_detractor"}, ("plan",))
