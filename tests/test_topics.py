"""TOPICS as a stage: planted topics come back, in any order, and bad input gives a note instead of a crash."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxnlp import schema
from cxnlp.config import TopicsConfig
from cxnlp.results import Encoding, ModelInfo, Statements, Topics
from cxnlp.topics import find

SUBJECTS = {
    "delivery": ("parcel", "courier", "late", "doorstep"),
    "returns": ("refund", "policy", "label", "warehouse"),
    "staff": ("cashier", "friendly", "smile", "manager"),
    "app": ("login", "crash", "update", "password"),
    "price": ("expensive", "discount", "coupon", "bill"),
    "sizes": ("sleeve", "waist", "tight", "shoulder"),
}
QUICK = TopicsConfig(refits=4)


def world(texts: list[str], embedding: np.ndarray, language: str = "en") -> tuple[Statements, Encoding]:
    """Statements, two to a comment, and their encoding."""
    n = len(texts)
    table = pd.DataFrame(
        {
            "statement_id": range(n),
            "comment_id": [str(i // 2) for i in range(n)],
            "row": np.arange(n) // 2,
            "start": 0,
            "end": [len(text) for text in texts],
            "text": pd.Series(texts, dtype="str"),
            "language": pd.Series([language] * n, dtype="str"),
        }
    )
    comments = pd.DataFrame({"status": ["ok"] * ((n + 1) // 2) + ["empty"]})
    model = ModelInfo("test", "", "", ())
    return Statements(comments, table), Encoding(embedding.astype(np.float32), {}, {}, model)


def planted(
    n: int = 480, *, width: int = 48, noise: float = 0.5, seed: int = 0
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Texts, unit embeddings and the true subject: directions far apart, compressed as e5 does."""
    random = np.random.default_rng(seed)
    centre = np.linalg.qr(random.normal(size=(width, width)))[0][: len(SUBJECTS)]
    truth = np.arange(n) % len(SUBJECTS)
    words = list(SUBJECTS.values())
    texts = [f"the {' '.join(random.choice(words[subject], 2, replace=False))} {i}" for i, subject in enumerate(truth)]
    points = (
        centre[truth] + noise * random.normal(size=(n, width)) / np.sqrt(width) + 2 * np.ones(width) / np.sqrt(width)
    )
    return texts, points / np.linalg.norm(points, axis=1, keepdims=True), truth


def shuffled(statements: Statements, encoding: Encoding, order: np.ndarray) -> tuple[Statements, Encoding]:
    table = statements.table.iloc[order].reset_index(drop=True)
    return dataclasses.replace(statements, table=table), dataclasses.replace(
        encoding, embedding=encoding.embedding[order]
    )


def assert_sound(found: Topics, n: int) -> None:
    schema.check(found.table, "topics")
    schema.check(found.of_statement, "topic_of")
    assert len(found.of_statement) == n
    assigned = found.of_statement["topic_id"].notna()
    assert found.table["n_statements"].sum() == assigned.sum()
    assert set(found.of_statement["topic_id"].dropna()) == set(found.table["topic_id"])
    assert found.of_statement["topic_strength"].notna().equals(assigned)
    assert found.of_statement["topic_strength"].dropna().between(0, 1).all()
    assert found.table["topic_name"].is_unique
    assert found.table["topic_name"].str.len().gt(0).all()
    assert found.table["n_statements"].is_monotonic_decreasing and found.table["n_statements"].gt(0).all()


def test_planted_topics_come_back_named_and_stable() -> None:
    texts, embedding, truth = planted()
    found = find(*world(texts, embedding), TopicsConfig())
    assert_sound(found, len(texts))
    assert list(found.table["topic_id"]) == ["t01", "t02", "t03", "t04", "t05", "t06"]
    assert found.table["stability"].min() == 1
    assert 2 <= found.table["theme_id"].nunique() < 6
    for subject, words in enumerate(SUBJECTS.values()):
        ids = found.of_statement["topic_id"][truth == subject].dropna().unique()
        assert len(ids) == 1
        name = found.table.set_index("topic_id")["topic_name"][ids[0]]
        assert set(name.replace(",", "").split()) <= set(words)


def test_shares_count_comments_with_status_ok() -> None:
    texts, embedding, _ = planted(120)
    found = find(*world(texts, embedding), QUICK)
    statements = world(texts, embedding)[0].table.assign(topic=found.of_statement["topic_id"])
    expected = statements.dropna(subset="topic").groupby("topic")["row"].nunique()
    assert found.table.set_index("topic_id")["n_comments"].to_dict() == expected.to_dict()
    assert np.allclose(found.table["share"], found.table["n_comments"] / 60)


@pytest.mark.parametrize("sample", [20_000, 300])
def test_order_of_rows_changes_nothing(sample: int) -> None:
    texts, embedding, _ = planted(400, noise=1.5)
    texts, embedding = [*texts, *texts[:90], *texts[:20]], np.concatenate([embedding, embedding[:90], embedding[:20]])
    statements, encoding = world(texts, embedding)
    statements.table.loc[::7, "language"] = "it"
    config = TopicsConfig(refits=4, sample=sample)
    found = find(statements, encoding, config)
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(texts))
        again = find(*shuffled(statements, encoding, order), config)
        pd.testing.assert_frame_equal(again.table, found.table, check_exact=True)
        expected = found.of_statement.iloc[order].reset_index(drop=True)
        pd.testing.assert_frame_equal(again.of_statement, expected, check_exact=True)
        assert again.notes == found.notes


def test_number_of_topics_asked_for() -> None:
    texts, embedding, _ = planted()
    for wanted in (1, 2, 4, 9):
        assert len(find(*world(texts, embedding), dataclasses.replace(QUICK, topics=str(wanted))).table) == wanted


def test_more_topics_than_the_data_hold_are_noted() -> None:
    texts, embedding, _ = planted(60)
    found = find(*world(texts, embedding), dataclasses.replace(QUICK, topics="500"))
    assert_sound(found, 60)
    assert found.table["n_statements"].sum() + found.of_statement["topic_id"].isna().sum() == 60
    assert any("500 topics were asked for" in note.message and note.level == "warning" for note in found.notes)


def test_unassigned_statements_are_few_stray_and_counted() -> None:
    random = np.random.default_rng(1)
    texts, embedding, _ = planted(400)
    stray = random.normal(size=(12, embedding.shape[1]))
    embedding = np.concatenate([embedding, stray / np.linalg.norm(stray, axis=1, keepdims=True)])
    found = find(
        *world([*texts, *(f"stray {i}" for i in range(12))], embedding), dataclasses.replace(QUICK, topics="6")
    )
    missing = found.of_statement["topic_id"].isna().to_numpy()
    assert missing.mean() <= 0.05
    assert missing[400:].mean() > 5 * missing[:400].mean()
    note = next(note for note in found.notes if "fit no topic" in note.message)
    assert note.count == missing.sum() and note.level == "info"


def test_examples_are_distinct_statements_of_their_topic() -> None:
    texts, embedding, _ = planted(240)
    texts, embedding = [*texts, *(text.upper() + "!" for text in texts)], np.concatenate([embedding, embedding])
    found = find(*world(texts, embedding), QUICK)
    for topic_id, examples in zip(found.table["topic_id"], found.table["examples"], strict=True):
        own = {texts[i] for i in np.flatnonzero(found.of_statement["topic_id"] == topic_id)}
        assert len(examples) == 3 and set(examples) <= own
        assert len({"".join(filter(str.isalnum, text.lower())) for text in examples}) == 3


def test_no_statements() -> None:
    found = find(*world([], np.empty((0, 8))), TopicsConfig())
    assert list(found.table.columns) == schema.names("topics") and not len(found.table)
    assert list(found.of_statement.columns) == schema.names("topic_of") and not len(found.of_statement)
    assert [note.count for note in found.notes] == [0]


ODD = {
    "one": ["the parcel was late"],
    "two": ["the parcel was late", "great staff"],
    "identical": ["great service"] * 1_000,
    "emoji": ["😀", "😡😡", "👍🏽", "🙂"] * 10,
    "right to left": ["الخدمة ممتازة", "השירות היה מצוין", "التوصيل متأخر"] * 9,
    "one megabyte": ["late parcel " * 90_000, "late parcel", "kind staff"] * 6,
    "no content": ["...", "!!", "the", "of the", "a"] * 8,
}


@pytest.mark.parametrize("topics", ["auto", "3"])
@pytest.mark.parametrize("name", ODD)
def test_odd_input_gives_a_sound_result_without_warnings(name: str, topics: str) -> None:
    texts = ODD[name]
    vector = {text: np.random.default_rng(len(text) + ord(text[0])).normal(size=16) for text in set(texts)}
    embedding = np.stack([vector[text] / np.linalg.norm(vector[text]) for text in texts])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = find(*world(texts, embedding), dataclasses.replace(QUICK, topics=topics))
    assert_sound(found, len(texts))
    assert all(len(text) <= 301 for examples in found.table["examples"] for text in examples)


def test_one_topic_has_no_stability_and_says_so() -> None:
    found = find(*world(["great service"] * 30, np.tile(np.eye(8)[:1], (30, 1))), TopicsConfig())
    assert len(found.table) == 1 and found.table["stability"].isna().all()
    assert found.table["topic_name"][0] and found.of_statement["topic_strength"].eq(1).all()
    assert any("one topic" in note.message for note in found.notes)


def test_statements_with_equal_embeddings_are_one_topic() -> None:
    texts = [f"{'x' * i} parcel" for i in range(40)]
    found = find(*world(texts, np.tile(np.eye(8)[:1], (40, 1))), dataclasses.replace(QUICK, topics="5"))
    assert len(found.table) == 1
    assert any("only 1 can be told apart" in note.message for note in found.notes)


@pytest.mark.parametrize("language", [None, "xx", "el", ""])
def test_unknown_language(language: str | None) -> None:
    texts, embedding, _ = planted(120)
    statements, encoding = world(texts, embedding)
    statements.table["language"] = pd.Series([language] * len(texts), dtype=pd.StringDtype(na_value=np.nan))
    assert_sound(find(statements, encoding, QUICK), len(texts))


def test_languages_do_not_form_topics() -> None:
    texts, embedding, truth = planted(600)
    italian = np.arange(len(texts)) // len(SUBJECTS) % 2 == 0
    offset = np.random.default_rng(5).normal(size=embedding.shape[1])
    moved = embedding + np.outer(italian, 1.5 * offset / np.linalg.norm(offset))
    statements, encoding = world(texts, moved / np.linalg.norm(moved, axis=1, keepdims=True))
    statements.table["language"] = np.where(italian, "it", "en")
    found = find(statements, encoding, QUICK)
    known = found.of_statement["topic_id"].notna()
    mixed = pd.crosstab(found.of_statement["topic_id"][known], pd.Series(italian)[known], normalize="index")
    assert mixed.min(axis=None) > 0.35
    assert pd.Series(truth)[known].groupby(found.of_statement["topic_id"][known]).nunique().eq(1).all()


def test_rows_beyond_the_sample_get_the_nearest_topic() -> None:
    texts, embedding, truth = planted(900)
    found = find(*world(texts, embedding), TopicsConfig(sample=300, refits=4))
    known = found.of_statement["topic_id"].notna()
    assert known.mean() > 0.9
    assert pd.Series(truth)[known].groupby(found.of_statement["topic_id"][known]).nunique().eq(1).all()
    assert any("300 of 900 distinct" in note.message and note.count == 600 for note in found.notes)


def test_progress_reaches_its_end() -> None:
    texts, embedding, _ = planted(60)
    calls: list[tuple[str, int, int]] = []
    find(*world(texts, embedding), QUICK, progress=lambda *call: calls.append(call))
    assert [done for _, done, _ in calls] == list(range(1, calls[-1][2] + 1))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.sampled_from(["late parcel", "kind staff", "Straße", "żółw", "😀", "no", " "]) | st.text(max_size=12),
        max_size=40,
    ),
    st.sampled_from(["auto", "1", "4"]),
    st.integers(1, 12),
)
def test_any_statements_give_a_sound_result(texts: list[str], topics: str, least: int) -> None:
    index = {text: i for i, text in enumerate(sorted(set(texts)))}
    vectors = np.random.default_rng(3).normal(size=(len(index) + 1, 6))
    embedding = vectors[[index[text] for text in texts]] if texts else np.empty((0, 6))
    embedding = embedding / np.maximum(np.linalg.norm(embedding, axis=1, keepdims=True), 1e-9)
    config = TopicsConfig(topics=topics, min_statements=least, refits=2)
    assert_sound(find(*world(texts, embedding), config), len(texts))
