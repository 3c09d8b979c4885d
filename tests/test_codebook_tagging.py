"""Fitting and tagging: what teaches which tag, and that nothing depends on order, batch or threads."""

from __future__ import annotations

import dataclasses
import hashlib
import random as stdlib_random
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxnlp import codebook
from cxnlp.codebook import DOUBT, NO, YES, Codebook, Tag
from cxnlp.codebook import held_out as held_out_module
from cxnlp.codebook.fitting import MAX_POOLED
from cxnlp.codebook.held_out import MAX_OTHERS, training_negatives
from cxnlp.codebook.references import background, members, negatives, references
from cxnlp.errors import InternalError, SettingsError

WIDTH = 24
TOPICS = ("parcel", "price", "queue", "parking")


def embed(texts: Iterable[str]) -> np.ndarray:
    """A point per text: its own by its hash, drawn to the topics that it names, in a narrow cone."""
    rows = []
    for text in texts:
        seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
        row = np.random.default_rng(seed).normal(0, 1, WIDTH)
        row[0] += 8
        for axis, topic in enumerate(TOPICS, start=1):
            row[axis] += 4 * (topic in text)
        rows.append(row / np.linalg.norm(row))
    return np.array(rows, dtype=np.float32)


def some_tag(name: str, n: int, **more: object) -> Tag:
    return Tag(
        name, {"en": name.title()}, {"en": f"about the {name}"}, {"en": tuple(f"{name} {i}" for i in range(n))}, **more
    )  # type: ignore[arg-type]


BOOK = Codebook(
    "b",
    "",
    (
        some_tag("parcel", 30, counter_examples={"pl": ("a price is no matter",)}),
        some_tag("price", 12),
        some_tag("queue", 4),
        Tag("parking", {"en": "Parking", "pl": "Parking pl"}, {"": "parking and more parking"}),
    ),
)
STATEMENTS = [f"{topic} story {i}" for i in range(40) for topic in (*TOPICS, "weather", "parcel and price")]


def fitted(book: Codebook = BOOK, **settings: float) -> codebook.Tagger:
    return codebook.fit(book, embed(codebook.texts(book)[0]), **settings)  # type: ignore[arg-type]


# What teaches what


def test_every_text_is_asked_for_once_with_its_language() -> None:
    twice = dataclasses.replace(
        BOOK, tags=(*BOOK.tags, Tag("x", {}, {"ro": "x"}, {"": ("parcel 1",), "de": ("b", "b")}))
    )
    wording, languages = codebook.texts(twice)
    assert wording == sorted(set(wording))
    own = dict(zip(wording, languages, strict=True))
    assert own["parcel 1"] == "en"
    assert (own["b"], own["a price is no matter"], own["parking and more parking"]) == ("de", "pl", "")
    assert all(own[text] == language for language, text in background())
    assert len(wording) == 30 + 12 + 4 + 1 + 4 + 2 + len(background())


def test_positives_and_negatives_of_a_tag() -> None:
    shared = Tag("other", {}, {}, {"": ("parcel 1", "price 1", background()[0][1])}, {"": ("parcel 2",)})
    book = dataclasses.replace(BOOK, tags=(*BOOK.tags, shared))
    own = references(book)
    role = members(shared, own)
    against = {own.texts[row] for row in negatives(role, own)}
    assert {own.texts[row] for row in role.positive} == {"parcel 1", "price 1", background()[0][1]}
    assert not against & {"parcel 1", "price 1", background()[0][1], "about the parcel", "a price is no matter"}
    assert {"parcel 0", "parcel 2", "queue 3", background()[1][1]} <= against
    assert len(against) == 30 + 12 + 4 - 2 + len(background()) - 1


def test_held_out_scores_come_from_fits_that_have_not_seen_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    own = references(BOOK)
    points, role = embed(own.texts).astype(np.float64), members(BOOK.tags[0], own)
    against = negatives(role, own)
    seen: list[set[int]] = []
    real = held_out_module.fit_tag

    def spy(points, role, rows):  # type: ignore[no-untyped-def]
        seen.append({*role.positive.tolist(), *rows.tolist()})
        return real(points, role, rows)

    monkeypatch.setattr(held_out_module, "fit_tag", spy)
    rank = codebook.references.hash_order(own, 0)
    held_out_module.held_out(points, role, against, np.ones(len(against), dtype=bool), rank)
    everything = {*role.positive.tolist(), *against.tolist()}
    left_out = [everything - fold for fold in seen]
    assert set().union(*left_out) == everything
    assert sum(map(len, left_out)) == len(everything)
    assert {len(fold & set(role.positive.tolist())) for fold in left_out} == {6}


# Answers


def test_topics_are_told_apart_and_the_rest_is_left_alone() -> None:
    answer = codebook.tag(fitted(), embed(STATEMENTS)).answer
    for column, topic in enumerate(TOPICS[:2]):
        truth = np.array([topic in text for text in STATEMENTS])
        assert (answer[truth, column] == YES).mean() > 0.4  # yes needs even odds; the rest is left to a person
        assert (answer[truth, column] == NO).mean() < 0.2
        assert (answer[~truth, column] == YES).mean() < 0.2
    both = np.array(["parcel and price" in text for text in STATEMENTS])
    assert (answer[both, :2] == YES).all(axis=1).any()


def test_a_described_tag_ranks_its_statements_first_and_promises_nothing() -> None:
    tagger = fitted()
    truth = np.array(["parking" in text for text in STATEMENTS])
    p = codebook.tag(tagger, embed(STATEMENTS)).probability[:, 3]
    assert np.median(p[truth]) > 3 * np.median(p[~truth])
    assert tagger.basis == ("examples", "examples", "few examples", "description")
    notes = {note.message.split(":")[0] for note in tagger.notes}
    assert len(notes) == 2
    assert any("nothing is promised" in note.message and "parking" in note.message for note in tagger.notes)
    assert any("queue (5 more)" in note.message and "parcel" not in note.message for note in tagger.notes)


def test_a_lone_described_tag_works() -> None:
    tagger = fitted(dataclasses.replace(BOOK, tags=BOOK.tags[3:]))
    p = codebook.tag(tagger, embed(["parking again", "weather"])).probability[:, 0]
    assert p[0] > p[1]


def test_the_books_own_texts_are_not_asked_about_again() -> None:
    tagger, texts = fitted(), ["parcel 3", "a price is no matter", "price 3", "weather"]
    assert codebook.tag(tagger, embed(texts), texts).answer[:3, 0].tolist()[:2] == [YES, NO]
    assert codebook.tag(tagger, embed(texts), texts).answer[2, 1] == YES
    plain = codebook.tag(tagger, embed(texts))
    np.testing.assert_array_equal(plain.answer[3], codebook.tag(tagger, embed(texts), texts).answer[3])


def test_a_smaller_error_rate_leaves_more_to_a_person() -> None:
    """Nested sets: what is excluded at a small error rate is excluded at a larger one."""
    rows = embed(STATEMENTS)
    strict, loose = fitted(error_rate=0.05), fitted(error_rate=0.1)
    assert strict.yes_from[0] <= loose.yes_from[0]
    assert strict.no_to[0] >= loose.no_to[0]
    wrong = [
        ((codebook.tag(one, rows).answer[:, 0] == NO) & ["parcel" in t for t in STATEMENTS]).sum()
        for one in (strict, loose)
    ]
    assert wrong[0] <= wrong[1]
    assert strict.basis[1] == "few examples"


@pytest.mark.parametrize("error_rate", [0, 0.5, -1, 2, float("nan")])
def test_an_error_rate_has_bounds(error_rate: float) -> None:
    with pytest.raises(SettingsError):
        fitted(error_rate=error_rate)


def test_embeddings_of_another_book_are_refused() -> None:
    rows = embed(codebook.texts(BOOK)[0])
    with pytest.raises(InternalError):
        codebook.fit(BOOK, rows[1:])
    with pytest.raises(InternalError):
        codebook.fit(BOOK, np.where(np.arange(len(rows))[:, None] == 3, np.nan, rows))


def test_an_encoder_that_sees_no_difference_gives_doubt_or_no_and_a_warning() -> None:
    rows = np.zeros((len(codebook.texts(BOOK)[0]), WIDTH), dtype=np.float32)
    rows[:, 0] = 1
    tagger = codebook.fit(BOOK, rows)
    verdicts = codebook.tag(tagger, rows[:3])
    assert np.isfinite(verdicts.probability).all()
    assert not (verdicts.answer == YES).any()
    assert any("score no higher" in note.message for note in tagger.notes)


# Nothing depends on order, batch or threads


def shuffled(book: Codebook) -> Codebook:
    draw = stdlib_random.Random(3)
    tags = []
    for one in book.tags:
        texts = {language: tuple(draw.sample(own, len(own))) for language, own in one.examples.items()}
        tags.append(dataclasses.replace(one, examples=texts))
    return dataclasses.replace(book, tags=tuple(draw.sample(tags, len(tags))))


def test_the_order_of_tags_and_examples_does_not_matter() -> None:
    other = shuffled(BOOK)
    assert [tag.name for tag in other.tags] != [tag.name for tag in BOOK.tags]
    one, two = fitted(), fitted(other)
    order = [[tag.name for tag in other.tags].index(tag.name) for tag in BOOK.tags]
    rows = embed(STATEMENTS)
    first, second = codebook.tag(one, rows), codebook.tag(two, rows)
    np.testing.assert_array_equal(first.answer, second.answer[:, order])
    np.testing.assert_array_equal(first.probability, second.probability[:, order])


def test_one_statement_alone_gets_the_answer_that_it_gets_among_many() -> None:
    tagger, rows = fitted(), embed(STATEMENTS)
    together = codebook.tag(tagger, rows)
    for row in range(0, len(rows), 7):
        alone = codebook.tag(tagger, rows[row : row + 1])
        np.testing.assert_array_equal(alone.answer[0], together.answer[row])
        np.testing.assert_array_equal(alone.probability[0], together.probability[row])


def test_the_order_and_number_of_statements_do_not_matter() -> None:
    tagger, rows = fitted(), np.tile(embed(STATEMENTS), (80, 1))
    assert len(rows) > 16_384
    order = np.random.default_rng(0).permutation(len(rows))
    np.testing.assert_array_equal(codebook.tag(tagger, rows).answer[order], codebook.tag(tagger, rows[order]).answer)


def test_no_statements_give_empty_answers() -> None:
    verdicts = codebook.tag(fitted(), np.empty((0, WIDTH), dtype=np.float32))
    assert verdicts.answer.shape == verdicts.probability.shape == (0, 4)
    table = codebook.codes_table(fitted(), verdicts)
    assert table["share"].isna().all()
    assert codebook.statement_codes(fitted(), verdicts).empty
    empty = pd.DataFrame({"statement_id": [], "comment_id": [], "text": pd.Series([], dtype="str")})
    assert list(codebook.review_table(fitted(), verdicts, empty).columns) == list(codebook.REVIEW)


def test_the_work_grows_with_the_tags_and_not_faster() -> None:
    n = MAX_POOLED + 20
    book = Codebook("many", "", tuple(some_tag(f"t{i:04}", 3) for i in range(n)))
    tagger = fitted(book)
    assert tagger.n_fits == n + 3 * MAX_POOLED
    assert tagger.n_fits == int(np.isnan(tagger.separation).sum()) + 4 * MAX_POOLED


def test_a_tag_is_fitted_to_a_bounded_number_of_the_others_and_to_the_nearest() -> None:
    book = Codebook("many", "", (some_tag("parcel", 3, counter_examples={"": ("far 1",)}), some_tag("far", 700)))
    own = references(book)
    role = members(book.tags[0], own)
    against = negatives(role, own)
    nearness = np.random.default_rng(0).normal(size=len(own.texts))
    fitted_to = training_negatives(role, own, against, nearness)
    assert fitted_to.sum() == MAX_OTHERS + len(background()) + 1
    assert fitted_to[against == own.row["far 1"]].all()
    others = own.examples[against] & (against != own.row["far 1"])
    assert nearness[against[others & fitted_to]].min() >= nearness[against[others & ~fitted_to]].max()


@pytest.mark.slow
def test_two_thousand_tags_take_two_thousand_six_hundred_small_fits() -> None:
    book = Codebook("many", "", tuple(some_tag(f"t{i:04}", 3) for i in range(2000)))
    wording, _ = codebook.texts(book)
    rows = np.random.default_rng(0).normal(size=(len(wording), 384)).astype(np.float32)
    tagger = codebook.fit(book, rows / np.linalg.norm(rows, axis=1, keepdims=True))
    assert tagger.n_fits == 2000 + 3 * MAX_POOLED
    assert tagger.weight.shape == (384, 2000)


# Tables


def statements(texts: list[str]) -> pd.DataFrame:
    n = len(texts)
    return pd.DataFrame(
        {
            "statement_id": range(n),
            "comment_id": [f"c{i // 2}" for i in range(n)],
            "text": pd.Series(texts, dtype="str"),
            "language": "en",
        }
    )


def test_tables_say_what_was_answered() -> None:
    tagger, texts = fitted(), [*STATEMENTS, *STATEMENTS[:60]]
    verdicts = codebook.tag(tagger, embed(texts))
    codes = codebook.codes_table(tagger, verdicts, language="pl")
    assert list(codes.columns) == list(codebook.CODES)
    assert codes["label"].tolist() == ["Parcel", "Price", "Queue", "Parking pl"]
    assert codes["examples_needed"].tolist() == [0, 0, 5, 9]
    assert codes["error_rate"].notna().tolist() == [True, True, False, False]
    assert codes["n_yes"].tolist() == (verdicts.answer == YES).sum(axis=0).tolist()
    assert (codes["share_if_all_doubt"] == (codes["n_yes"] + codes["n_doubt"]) / len(texts)).all()
    per = codebook.statement_codes(tagger, verdicts)
    names = [tag.name for tag in BOOK.tags]
    for row in range(0, len(texts), 11):
        assert per["codes"][row] == [
            name for name, said in zip(names, verdicts.answer[row], strict=True) if said == YES
        ]
        assert per["codes_doubt"][row] == [
            n for n, said in zip(names, verdicts.answer[row], strict=True) if said == DOUBT
        ]
        assert per["codes_probability"][row] == pytest.approx(
            verdicts.probability[row][verdicts.answer[row] == YES], abs=1e-6
        )


def test_the_review_list_asks_once_and_the_hardest_first() -> None:
    tagger, texts = fitted(), [*STATEMENTS, *STATEMENTS[:60]]
    verdicts = codebook.tag(tagger, embed(texts))
    review = codebook.review_table(tagger, verdicts, statements(texts))
    assert list(review.columns) == list(codebook.REVIEW)
    assert review["doubt"].is_monotonic_decreasing
    assert not review.duplicated(["text", "tag"]).any()
    assert review["count"].tolist() == [texts.count(text) for text in review["text"]]
    assert review["statement_id"].tolist() == [texts.index(text) for text in review["text"]]
    asked = {
        (text, BOOK.tags[k].name)
        for text, row in zip(texts, verdicts.answer, strict=True)
        for k in np.flatnonzero(row == DOUBT)
    }
    assert set(zip(review["text"], review["tag"], strict=True)) == asked
    assert asked
    order = np.random.default_rng(1).permutation(len(texts))
    mixed = codebook.tag(tagger, embed([texts[i] for i in order]))
    again = codebook.review_table(tagger, mixed, statements(texts).iloc[order].reset_index(drop=True))
    pd.testing.assert_frame_equal(again, review)


def test_answers_to_the_review_list_teach_and_are_not_asked_again(tmp_path: Path) -> None:
    tagger, texts = fitted(), [f"queue story {i}" for i in range(60)] + [f"weather {i}" for i in range(30)]
    verdicts = codebook.tag(tagger, embed(texts), texts)
    review = codebook.review_table(tagger, verdicts, statements(texts))
    review["answer"] = np.where([row.tag in row.text for row in review.itertuples()], "tak", "nie")
    review.to_csv(tmp_path / "review.csv", index=False, encoding="utf-8-sig", sep=";")
    taught = codebook.add_corrections(BOOK, tmp_path / "review.csv")
    again = fitted(taught)
    assert again.basis[2] == "examples"
    answered = codebook.tag(again, embed(texts), texts)
    left = codebook.review_table(again, answered, statements(texts))
    assert not set(zip(left["text"], left["tag"], strict=True)) & set(zip(review["text"], review["tag"], strict=True))
    queue = np.arange(len(texts)) < 60
    assert (answered.answer[queue, 2] == YES).sum() > (verdicts.answer[queue, 2] == YES).sum()
