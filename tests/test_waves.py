"""The comparison of two waves: what the table says, what changes nothing in it, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxnlp.errors import InputError, InternalError
from cxnlp.waves import CHANGES, STATUSES, Comparison, Wave, compare, grown_among_strays
from cxnlp.waves import drift as drift_room

DIMENSIONS = 8
WORDS = {
    "en": ["courier", "parcel", "driver", "van", "address", "doorstep", "depot", "parcel", "tracking", "label"],
    "pl": [
        "kurier",
        "paczka",
        "kierowca",
        "furgonetka",
        "adres",
        "wycieraczka",
        "magazyn",
        "przesyłka",
        "śledzenie",
        "etykieta",
    ],
}


def make_topics(k: int, candidates: tuple[int, ...] = ()) -> pd.DataFrame:
    names = [f"t{i:02}" for i in range(k)]
    return pd.DataFrame(
        {
            "topic_id": names,
            "topic_name": [f"topic {i}" for i in range(k)],
            "candidate": [i in candidates for i in range(k)],
        }
    )


def make_wave(
    random: np.random.Generator,
    n: int,
    shares: list[float],
    *,
    name: str = "before.csv",
    customers: int | None = None,
    moved: dict[int, float] | None = None,
    polish: float = 0.0,
    language_gap: float = 0.0,
    extra: dict[int, str] | None = None,
) -> Wave:
    """`n` comments; each mentions topic i with probability shares[i], in a statement near the topic's axis.

    ``customers``: that many wrote them all, and each customer's comments mention the same topics.
    ``moved``: topic -> how far its statements are pushed along an axis of its own. ``polish``: share of Polish
    comments, pushed by ``language_gap``. ``extra``: topic -> a word in each of its statements.
    """
    unit = random.integers(0, customers, n) if customers else np.arange(n)
    likes = random.random((int(unit.max()) + 1, len(shares))) < shares
    language = np.where(random.random(int(unit.max()) + 1) < polish, "pl", "en")[unit]
    taste = random.normal(0, 0.3, (int(unit.max()) + 1, DIMENSIONS))
    row, topic = np.nonzero(likes[unit])
    centres = np.eye(DIMENSIONS)[topic % (DIMENSIONS - 1)]
    points = centres + random.normal(0, 0.3, centres.shape) + taste[unit[row]]
    for i, distance in (moved or {}).items():
        points[topic == i, DIMENSIONS - 1] += distance
    points[language[row] == "pl", DIMENSIONS - 1] += language_gap
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    texts = [
        " ".join([*random.choice(WORDS[language[r]], 3), *([extra[t]] if extra and t in extra else []), f"{i}"])
        for i, (r, t) in enumerate(zip(row, topic, strict=True))
    ]
    statements = pd.DataFrame(
        {
            "comment_id": [f"c{r}" for r in row],
            "row": row,
            "text": pd.Series(texts, dtype=object),
            "language": pd.Series(language[row], dtype=object),
            "topic_id": pd.Series([f"t{t:02}" for t in topic], dtype=object),
            "unit": unit[row],
        }
    )
    return Wave(name, statements, points, n)


@pytest.fixture(scope="module")
def waves() -> tuple[Wave, Wave, pd.DataFrame]:
    """t00 grows, t01 shrinks, t02 vanishes, t03 is new, t04 moves, t05 is rare, t06 stays."""
    random = np.random.default_rng(0)
    before = make_wave(random, 1500, [0.04, 0.2, 0.05, 0, 0.1, 0.001, 0.1], customers=900)
    after = make_wave(
        random,
        1200,
        [0.15, 0.08, 0, 0.05, 0.1, 0.001, 0.1],
        name="after.csv",
        customers=800,
        moved={4: 0.8},
        extra={4: "strike"},
    )
    return before, after, make_topics(7)


@pytest.fixture(scope="module")
def found(waves: tuple[Wave, Wave, pd.DataFrame]) -> Comparison:
    return compare(*waves)


def test_every_planted_change_gets_its_status(found: Comparison) -> None:
    expected = ["grown", "shrunk", "vanished", "new", "no change shown", "too few to tell", "no change shown"]
    assert found.table["status"].tolist() == expected
    assert found.table["drifted"].tolist() == [i == 4 for i in range(7)]
    assert set(expected) == set(STATUSES)


def test_the_table_has_the_declared_columns_and_kinds(found: Comparison) -> None:
    kinds = {"text": "string", "integer": "int64", "number": "float64", "flag": "bool", "list": "object"}
    assert list(found.table.columns) == [name for name, _, _ in CHANGES]
    for name, kind, meaning in CHANGES:
        assert str(found.table[name].dtype).startswith(kinds[kind].removesuffix("ing")), name
        assert meaning


def test_counts_and_shares_are_of_comments(waves: tuple[Wave, Wave, pd.DataFrame], found: Comparison) -> None:
    before, _, _ = waves
    row = found.table.iloc[1]
    mentioned = before.statements[before.statements["topic_id"] == "t01"]["row"].nunique()
    assert row["n_before"] == mentioned
    assert row["share_before"] == pytest.approx(mentioned / 1500)
    assert row["ratio"] == pytest.approx(row["share_after"] / row["share_before"])


def test_two_statements_of_a_comment_are_one_mention() -> None:
    wave = make_wave(np.random.default_rng(1), 50, [0.5])
    twice = Wave("twice", pd.concat([wave.statements] * 2), np.concatenate([wave.points] * 2), 50)
    once, doubled = compare(wave, wave, make_topics(1)).table, compare(twice, twice, make_topics(1)).table
    assert once["n_before"].tolist() == doubled["n_before"].tolist()
    assert once["p"].tolist() == doubled["p"].tolist()


def test_what_cannot_be_estimated_is_missing(found: Comparison) -> None:
    vanished, new = found.table.iloc[2], found.table.iloc[3]
    assert vanished["ratio"] == 0 and vanished["ratio_low"] == 0 and vanished["ratio_high"] < 1
    assert np.isnan(new["ratio"]) and np.isnan(new["ratio_high"]) and new["ratio_low"] > 1
    rare = found.table.iloc[5]
    assert np.isnan([rare["p"], rare["q"], rare["drift"], rare["drift_p"], rare["drift_q"]]).all()
    assert not np.isinf(found.table.select_dtypes("number").to_numpy()).any()


def test_the_words_of_a_moved_topic_are_those_it_gained(found: Comparison) -> None:
    assert found.table["words_gained"].iloc[4][0] == "strike"
    assert "strike" not in found.table["words_lost"].iloc[4]
    # A topic that is missing from a wave has gained and lost nothing that could be compared.
    assert found.table.iloc[[2, 3, 5]][["words_gained", "words_lost"]].map(len).to_numpy().sum() == 0


def test_one_family_holds_every_test(found: Comparison) -> None:
    from scipy.stats import false_discovery_control

    p = np.concatenate([found.table["p"], found.table["drift_p"]])
    q = np.concatenate([found.table["q"], found.table["drift_q"]])
    assert q[np.isfinite(p)] == pytest.approx(false_discovery_control(p[np.isfinite(p)]))


def test_notes_and_methods_say_what_was_not_done(found: Comparison) -> None:
    messages = {note.message: note.count for note in found.notes}
    assert messages["topics are mentioned too rarely for any change to show"] == 1
    assert [count for message, count in messages.items() if "drift not tested" in message] == [3]
    methods = found.table["method"]
    assert "design effects" in methods[0]
    assert "drift not tested" in methods[5]
    assert "999 permutations" in methods[0]


# What changes nothing


def shuffled(wave: Wave, seed: int) -> Wave:
    """Rows in another order, customers and comments numbered anew."""
    random = np.random.default_rng(seed)
    order = random.permutation(len(wave.statements))
    statements = wave.statements.iloc[order].reset_index(drop=True)
    for name in ("row", "unit"):
        anew = random.permutation(int(statements[name].max()) + 1)
        statements[name] = anew[statements[name]]
    return Wave(wave.name, statements, wave.points[order], wave.n_comments)


def test_shuffling_rows_changes_nothing(waves: tuple[Wave, Wave, pd.DataFrame], found: Comparison) -> None:
    before, after, topics = waves
    again = compare(shuffled(before, 1), shuffled(after, 2), topics)
    pd.testing.assert_frame_equal(again.table, found.table, check_exact=True)
    assert again.notes == found.notes


def test_swapping_the_waves_inverts_the_ratios(waves: tuple[Wave, Wave, pd.DataFrame], found: Comparison) -> None:
    before, after, topics = waves
    swapped, table = compare(after, before, topics).table, found.table
    both = table["ratio"] > 0
    assert swapped["ratio"][both].to_numpy() == pytest.approx(1 / table["ratio"][both].to_numpy())
    assert swapped["ratio_low"].to_numpy() == pytest.approx(1 / table["ratio_high"].fillna(np.inf).to_numpy())
    for name in ("p", "q", "drift", "drift_p", "drift_q"):
        assert swapped[name].to_numpy() == pytest.approx(table[name].to_numpy(), nan_ok=True), name
    assert swapped["words_gained"].tolist() == table["words_lost"].tolist()
    opposite = {"grown": "shrunk", "shrunk": "grown", "new": "vanished", "vanished": "new"}
    assert swapped["status"].tolist() == [opposite.get(status, status) for status in table["status"]]


def test_the_order_of_the_topics_changes_only_the_order_of_the_rows(
    waves: tuple[Wave, Wave, pd.DataFrame], found: Comparison
) -> None:
    before, after, topics = waves
    again = compare(before, after, topics.iloc[::-1].reset_index(drop=True)).table
    pd.testing.assert_frame_equal(again.iloc[::-1].reset_index(drop=True), found.table, check_exact=True)


def test_the_batches_of_permutations_change_nothing(
    waves: tuple[Wave, Wave, pd.DataFrame], found: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drift_room, "_CELLS", 1000)
    pd.testing.assert_frame_equal(compare(*waves).table, found.table)


def test_another_seed_draws_other_permutations_only(waves: tuple[Wave, Wave, pd.DataFrame], found: Comparison) -> None:
    again = compare(*waves, seed=1).table
    assert again["drift_p"].tolist() != found.table["drift_p"].tolist()
    drawn = ["drift_p", "drift_q", "q"]
    pd.testing.assert_frame_equal(again.drop(columns=drawn), found.table.drop(columns=drawn))


def test_many_topics_get_more_permutations() -> None:
    random = np.random.default_rng(3)
    waves = [make_wave(random, 60, [0.3] * 40) for _ in range(2)]
    assert "1,600 permutations" in compare(*waves, make_topics(40)).table["method"][0]


def test_words_can_be_told_by_the_caller(waves: tuple[Wave, Wave, pd.DataFrame]) -> None:
    table = compare(*waves, keywords=lambda text, language: [f"{language}:{len(text.split())}", "x"]).table
    assert table["words_gained"][4] == ["en:5"]
    assert table["words_lost"][4] == ["en:4"]


# Candidates: topics that were found among what fitted none


def test_the_part_that_found_a_candidate_does_not_test_it() -> None:
    random = np.random.default_rng(4)
    before, after = make_wave(random, 400, [0.3, 0.1]), make_wave(random, 400, [0.3, 0.1])
    used = after.statements["unit"].to_numpy() < 200
    table = compare(before, after, make_topics(2, candidates=(1,)), found_on=used).table
    other = after.statements[~used]
    assert table["n_after"][1] == other[other["topic_id"] == "t01"]["row"].nunique()
    written, left = after.statements["row"].nunique(), other["row"].nunique()
    assert table["share_after"][1] == pytest.approx(table["n_after"][1] / (400 * left / written))
    assert "comments not used to find it" in table["method"][1]
    whole = compare(before, after, make_topics(2)).table
    assert table["n_after"][0] == whole["n_after"][0]
    assert table["p"][0] == whole["p"][0]


def test_a_customer_who_helped_to_find_a_candidate_does_not_test_it() -> None:
    random = np.random.default_rng(5)
    before, after = make_wave(random, 300, [0.4]), make_wave(random, 300, [0.4], customers=60)
    one = np.zeros(len(after.statements), dtype=bool)
    one[0] = True
    table = compare(before, after, make_topics(1, candidates=(0,)), found_on=one).table
    others = after.statements[after.statements["unit"] != after.statements["unit"][0]]
    assert table["n_after"][0] == others["row"].nunique()


def test_a_candidate_that_grew_is_new() -> None:
    random = np.random.default_rng(6)
    before, after = make_wave(random, 800, [0.02]), make_wave(random, 800, [0.15])
    used = np.zeros(len(after.statements), dtype=bool)
    assert compare(before, after, make_topics(1, (0,)), found_on=used).table["status"][0] == "new"
    assert compare(before, after, make_topics(1)).table["status"][0] == "grown"


def test_a_candidate_found_on_the_whole_wave_cannot_be_tested() -> None:
    wave = make_wave(np.random.default_rng(7), 100, [0.4])
    table = compare(wave, wave, make_topics(1, (0,)), found_on=np.ones(len(wave.statements), dtype=bool)).table
    assert table["status"][0] == "too few to tell"
    assert table["n_after"][0] == 0
    assert table[["share_after", "ratio", "ratio_high", "p", "q", "drift"]].isna().all(axis=None)


def test_candidates_without_their_split_are_refused() -> None:
    wave = make_wave(np.random.default_rng(7), 100, [0.4])
    with pytest.raises(InternalError, match="candidate"):
        compare(wave, wave, make_topics(1, (0,)))
    with pytest.raises(InternalError, match="found_on of shape"):
        compare(wave, wave, make_topics(1, (0,)), found_on=np.ones(3, dtype=bool))


# Bad input


def empty(n_comments: int) -> Wave:
    wave = make_wave(np.random.default_rng(8), 5, [0.9])
    return Wave("empty.csv", wave.statements.iloc[:0], wave.points[:0], n_comments)


@pytest.fixture
def normal() -> Wave:
    return make_wave(np.random.default_rng(9), 200, [0.3, 0.1])


def test_a_wave_without_comments_is_refused(normal: Wave) -> None:
    for pair in ((empty(0), normal), (normal, empty(0))):
        with pytest.raises(InputError, match=r"no scored comments in empty\.csv"):
            compare(*pair, make_topics(2))


def test_comments_without_statements_still_count_as_exposure(normal: Wave) -> None:
    found = compare(normal, empty(200), make_topics(2))
    assert found.table["status"].tolist() == ["vanished", "vanished"]
    assert "no statement of the second wave belongs to a topic" in [note.message for note in found.notes]
    assert any("no topic occurs in both waves" in note.message for note in found.notes)


def test_two_waves_that_say_nothing_give_a_table_without_numbers() -> None:
    table = compare(empty(3), empty(4), make_topics(2)).table
    assert table["status"].tolist() == ["too few to tell"] * 2
    assert table[["ratio", "ratio_low", "ratio_high", "p", "q", "drift", "drift_p", "drift_q"]].isna().all(axis=None)
    assert table["share_before"].tolist() == [0, 0]


def test_a_wave_of_one_comment_is_too_small_to_tell(normal: Wave) -> None:
    one = Wave("one.csv", normal.statements.iloc[:1], normal.points[:1], 1)
    for pair in ((normal, one), (one, normal), (one, one)):
        assert compare(*pair, make_topics(2)).table["status"].tolist() == ["too few to tell"] * 2


def test_unassigned_statements_belong_to_no_topic(normal: Wave) -> None:
    nowhere = Wave(
        normal.name, normal.statements.assign(topic_id=pd.Series(dtype=object)), normal.points, normal.n_comments
    )
    found = compare(nowhere, nowhere, make_topics(2))
    assert found.table["status"].tolist() == ["too few to tell"] * 2
    assert len([note for note in found.notes if "belongs to a topic" in note.message]) == 2


def test_topics_of_another_analysis_are_refused(normal: Wave) -> None:
    other = Wave("other.csv", normal.statements.assign(topic_id="t99"), normal.points, normal.n_comments)
    with pytest.raises(InputError, match=r"topics in other\.csv .*: t99"):
        compare(normal, other, make_topics(2))


def test_no_topics_give_an_empty_table() -> None:
    wave = make_wave(np.random.default_rng(10), 20, [0.5])
    nowhere = Wave(wave.name, wave.statements.assign(topic_id=None), wave.points, 20)
    found = compare(nowhere, nowhere, make_topics(0))
    assert not len(found.table)
    assert list(found.table.columns) == [name for name, _, _ in CHANGES]


def test_tables_that_contradict_each_other_are_refused(normal: Wave) -> None:
    topics = make_topics(2)
    broken = [
        Wave("w", normal.statements.drop(columns="unit"), normal.points, 200),
        Wave("w", normal.statements, normal.points[1:], 200),
        Wave("w", normal.statements, np.full_like(normal.points, np.nan), 200),
        Wave("w", normal.statements, normal.points, 3),
        Wave("w", normal.statements, normal.points[:, 1:], 200),
    ]
    for wave in broken:
        with pytest.raises(InternalError):
            compare(normal, wave, topics)
    with pytest.raises(InternalError, match="listed twice"):
        compare(normal, normal, pd.concat([topics, topics]))


def test_odd_texts_and_unknown_languages_are_taken(normal: Wave) -> None:
    texts = ["", "\ud800", "👍👍", "¿?", "1 2 3", "[email]"]
    odd = normal.statements.assign(
        text=pd.Series(texts * len(normal.statements), dtype=object)[: len(normal.statements)],
        language=pd.Series([np.nan, "xx", "en"] * len(normal.statements), dtype="str")[: len(normal.statements)],
    )
    wave = Wave("odd.csv", odd, normal.points.astype(np.float32), 200)
    table = compare(wave, wave, make_topics(2)).table
    assert table["status"].tolist() == ["no change shown"] * 2
    assert table["drift"].to_numpy() == pytest.approx(0, abs=1e-9)
    assert table["drift_p"].tolist() == [1, 1]


def test_strays_that_every_later_wave_has_more_of_are_no_news() -> None:
    """Twice as many strays, but the candidate's part of them is the same; and one whose part grew."""

    def wave(name: str, n: int, shares: dict[str, float]) -> Wave:
        topics = [topic for topic, share in shares.items() for _ in range(round(share * n))]
        topics += [None] * (n - len(topics))
        table = pd.DataFrame({"row": range(n), "text": "x", "language": "en", "topic_id": topics, "unit": range(n)})
        return Wave(name, table, np.zeros((n, 2)), n)

    ids = pd.Series(["n01", "n02"])
    before = wave("before", 400, {"t01": 0.9, "n01": 0.05, "n02": 0.01})
    after = wave("after", 400, {"t01": 0.8, "n01": 0.10, "n02": 0.06})
    grown = grown_among_strays(before, after, ids, pd.Series(["t01", "n01", "n02"]), np.zeros(400, dtype=bool))
    assert grown.tolist() == [False, False, True]
