"""Topics that stay: edits replayed, later comments placed alike, candidates for new topics, the file they live in."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save
from sklearn.metrics import adjusted_rand_score
from test_topics import QUICK, assert_sound, planted, shuffled, world

from cxnlp.errors import InputError
from cxnlp.results import Topics
from cxnlp.topics import Given, Spoken, TopicModel, emerging, find, load, read
from cxnlp.topics.edits_file import parse
from cxnlp.topics.saved import EDITS, FILE, to_bytes

TEXTS, EMBEDDING, TRUTH = planted(600)


def of(found: Topics) -> list[str | None]:
    return found.of_statement["topic_id"].astype(object).where(found.of_statement["topic_id"].notna(), None).tolist()


@pytest.fixture(scope="module")
def found() -> Topics:
    return find(*world(TEXTS, EMBEDDING), QUICK)


@pytest.fixture()
def folder(found: Topics, tmp_path: Path) -> Path:
    for name, content in found.files.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def edited(found: Topics, *edits: str, texts: list[str] = TEXTS, embedding: np.ndarray = EMBEDDING) -> Topics:
    text = found.files[EDITS].decode() + "".join(f"  - {edit}\n" for edit in edits)
    return find(*world(texts, embedding), QUICK, given=Given(edits=parse(text, "topics.yaml"), text=text))


# Later comments


def test_a_later_run_gives_the_rows_of_the_first_their_topics(found: Topics, folder: Path) -> None:
    again = find(*world(TEXTS, EMBEDDING), QUICK, given=load(dataclasses.replace(QUICK, analysis=folder)))
    pd.testing.assert_frame_equal(again.of_statement, found.of_statement, check_exact=True)
    kept = ["topic_id", "topic_name", "theme_id", "theme_name", "names", "stability", "n_statements", "n_comments"]
    pd.testing.assert_frame_equal(again.table[kept], found.table[kept], check_exact=True)


@pytest.mark.parametrize("rows", [[0], [599], [3, 2], list(range(0, 600, 7))])
def test_one_row_or_many_get_the_same_answer(found: Topics, folder: Path, rows: list[int]) -> None:
    some = world([TEXTS[i] for i in rows], EMBEDDING[rows])
    again = find(*some, QUICK, given=Given(read(folder)))
    expected = found.of_statement.iloc[rows].reset_index(drop=True)
    pd.testing.assert_frame_equal(again.of_statement, expected, check_exact=True)


def test_other_comments_keep_the_ids_and_topics_without_statements(found: Topics, folder: Path) -> None:
    texts, embedding, truth = planted(90, seed=0)
    rows = np.flatnonzero(truth < 2)
    again = find(*world([f"{texts[i]} again" for i in rows], embedding[rows]), QUICK, given=Given(read(folder)))
    assert again.table["topic_id"].tolist() == found.table["topic_id"].tolist()
    assert (again.table["n_statements"] > 0).sum() == 2 and again.table["share"].max() <= 1
    assert again.of_statement["topic_id"].nunique() == 2


def test_no_comments_at_all_keep_the_topics(found: Topics, folder: Path) -> None:
    again = find(*world([], np.empty((0, EMBEDDING.shape[1]))), QUICK, given=Given(read(folder)))
    assert again.table["n_statements"].tolist() == [0] * len(found.table) and len(again.of_statement) == 0


def test_another_model_is_refused(folder: Path) -> None:
    statements, encoding = world(TEXTS, EMBEDDING)
    other = dataclasses.replace(encoding, model=dataclasses.replace(encoding.model, sha256="another"))
    with pytest.raises(InputError, match="another model"):
        find(statements, other, QUICK, given=Given(read(folder)))


def test_the_file_comes_back_as_it_was_and_is_the_same_for_shuffled_rows(found: Topics, folder: Path) -> None:
    assert to_bytes(read(folder)) == found.files[FILE]
    order = np.random.default_rng(1).permutation(len(TEXTS))
    assert find(*shuffled(*world(TEXTS, EMBEDDING), order), QUICK).files == found.files


@pytest.mark.parametrize(
    "content",
    [b"", b"not a tensor", save({"mean": np.zeros(3)}), save({"mean": np.zeros(3)}, {"cxnlp": '{"format": "99"}'})],
)
def test_a_damaged_file_is_an_error_in_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(InputError, match="cannot be read as topics"):
        read(tmp_path)


def test_no_file_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no topics\.safetensors"):
        read(tmp_path)


# Edits


def test_without_edits_nothing_changes(found: Topics) -> None:
    again = edited(found)
    pd.testing.assert_frame_equal(again.table, found.table)
    assert of(again) == of(found)


def test_every_kind_of_edit(found: Topics) -> None:
    moved = next(text for text, topic in zip(TEXTS, of(found), strict=True) if topic == "t01")
    after = edited(
        found,
        "rename: t01\n    to: Mine",
        "merge: [t02, t03]\n    to: Both",
        "split: t04\n    into: 2",
        f'move: ["{moved}"]\n    to: t05',
        "delete: t06",
        "pin: t05",
    )
    before, now = of(found), of(after)
    assert after.table["topic_id"].tolist() == ["t05", "t01", "t02", "t04.1", "t04.2"]
    assert after.table.set_index("topic_id")["topic_name"][["t01", "t02"]].tolist() == ["Mine", "Both"]
    assert after.table["topic_name"].is_unique
    for text, old, new in zip(TEXTS, before, now, strict=True):
        if text == moved:
            assert new == "t05"
        elif old == "t04":
            assert new in ("t04.1", "t04.2", None)
        elif old is not None:
            assert new == {"t03": "t02", "t06": None}.get(old, old)
    counted = pd.Series(now).value_counts()
    assert after.table.set_index("topic_id")["n_statements"].to_dict() == counted.to_dict()
    said = after.table.set_index("topic_id")["edited"]
    assert said["t01"] == 'renamed t01 to "Mine"' and said["t02"] == 'merged t03 into t02 as "Both"'
    stable = after.table.set_index("topic_id")["stability"]
    assert stable[["t01", "t02"]].eq(1).all() and stable[["t04.1", "t04.2", "t05"]].isna().all()


def test_a_split_moves_no_statement_of_another_topic() -> None:
    texts, embedding, _ = planted(600, noise=2.0)
    before = find(*world(texts, embedding), QUICK)
    text = before.files[EDITS].decode() + "  - split: t01\n    into: 3\n  - split: t01.1\n    into: 2\n"
    after = find(*world(texts, embedding), QUICK, given=Given(edits=parse(text, "topics.yaml"), text=text))
    for old, new in zip(of(before), of(after), strict=True):
        assert new == old or (old in ("t01", None) and (new is None or new.startswith("t01.")))


def test_replayed_twice_and_on_shuffled_rows_the_same_comes_out(found: Topics) -> None:
    edits = ("split: t01\n    into: 3", "merge: [t02, t01.2]", "delete: t03")
    once = edited(found, *edits)
    order = np.random.default_rng(5).permutation(len(TEXTS))
    again = edited(found, *edits, texts=[TEXTS[i] for i in order], embedding=EMBEDDING[order])
    pd.testing.assert_frame_equal(
        again.table.drop(columns=["n_comments", "share"]), once.table.drop(columns=["n_comments", "share"])
    )
    assert of(again) == [of(once)[i] for i in order]


def test_edited_topics_are_given_to_later_comments(found: Topics, tmp_path: Path) -> None:
    after = edited(found, "merge: [t02, t03]", "split: t04\n    into: 2", f'move: ["{TEXTS[0]}"]\n    to: t05')
    (tmp_path / FILE).write_bytes(after.files[FILE])
    again = find(*world(TEXTS, EMBEDDING), QUICK, given=Given(read(tmp_path)))
    pd.testing.assert_frame_equal(again.of_statement, after.of_statement, check_exact=True)


def test_edits_of_other_topics_are_refused(found: Topics) -> None:
    other_texts, other, _ = planted(300, seed=9)
    with pytest.raises(InputError, match=r"topics.yaml edits the topics of analysis"):
        edited(found, "delete: t01", texts=other_texts, embedding=other)


def test_a_split_into_more_than_there_is_names_the_line(found: Topics) -> None:
    rows = [i for i, topic in enumerate(of(found)) if topic == "t01"][:4] * 20
    rows += [i for i, topic in enumerate(of(found)) if topic == "t02"]
    texts, embedding = [TEXTS[i] for i in rows], EMBEDDING[rows]
    config = dataclasses.replace(QUICK, topics="2", min_statements=1, refits=0)
    text = find(*world(texts, embedding), config).files[EDITS].decode()
    few = "t01" if "statements: 80" in next(line for line in text.splitlines() if line.startswith("  t01:")) else "t02"
    text += f"  - split: {few}\n    into: 6\n"
    line = len(text.splitlines()) - 1
    with pytest.raises(InputError, match=f"topics.yaml line {line}: {few} is to be split into 6, and has [34] "):
        find(*world(texts, embedding), config, given=Given(edits=parse(text, "topics.yaml"), text=text))


def test_what_a_person_moved_is_not_lost_by_a_split_or_a_deletion(found: Topics) -> None:
    text = next(text for text, topic in zip(TEXTS, of(found), strict=True) if topic == "t01")
    move = f'move: ["{text}"]\n    to: t02'
    at = TEXTS.index(text)
    assert of(edited(found, move, "split: t02\n    into: 2"))[at] in ("t02.1", "t02.2")
    assert of(edited(found, move, "delete: t02"))[at] is None


def test_stability_of_what_a_person_took_apart_is_not_known(found: Topics) -> None:
    after = edited(found, "split: t01\n    into: 3", "merge: [t02, t01.2]", "rename: t03\n    to: moved house")
    stable = after.table.set_index("topic_id")["stability"]
    assert stable[["t01.1", "t01.3", "t02"]].isna().all() and stable["t03"] == 1


def test_a_split_of_a_merged_part_moves_no_statement_of_another_topic() -> None:
    texts, embedding, _ = planted(600, noise=2.5)
    first = find(*world(texts, embedding), QUICK)
    steps = ("split: t01\n    into: 2", "merge: [t01.2, t02]")
    one = edited(first, *steps, texts=texts, embedding=embedding)
    two = edited(first, *steps, "split: t01.2\n    into: 2", texts=texts, embedding=embedding)
    for old, new in zip(of(one), of(two), strict=True):
        assert new == old or (old in ("t01.2", None) and (new is None or new.startswith("t01.2.")))


def test_a_theme_of_one_topic_is_named_with_it(found: Topics) -> None:
    sizes = found.table["theme_id"].value_counts()
    alone = found.table[found.table["theme_id"].map(sizes) == 1]
    assert (alone["theme_name"] == alone["topic_name"]).all()
    everything = edited(found, *(f"rename: {one}\n    to: Topic {one}" for one in found.table["topic_id"])).table
    alone = everything[everything["theme_id"].map(sizes) == 1]
    assert (alone["theme_name"] == alone["topic_name"]).all()


def test_a_text_to_be_moved_that_nobody_wrote_is_noted(found: Topics) -> None:
    after = edited(found, 'move: ["nobody wrote this"]\n    to: t01')
    assert any("nobody wrote this" in note.message for note in after.notes)
    assert of(after) == of(found)


def test_deleting_every_topic_leaves_statements_without(found: Topics) -> None:
    after = edited(found, *(f"delete: {one}" for one in found.table["topic_id"]))
    assert len(after.table) == 0 and after.of_statement["topic_id"].isna().all()
    assert any("in topics that a person deleted" in note.message for note in after.notes)


# Candidates for new topics


def test_what_fits_no_topic_and_is_new_becomes_a_candidate() -> None:
    def spoken(n: int, topic: list[str | None], embedding: np.ndarray, texts: list[str]) -> Spoken:
        keys = [f"customer {i}" for i in range(n)]
        table = pd.DataFrame({"text": texts, "language": "en", "topic_id": topic, "unit_key": keys})
        return Spoken(table, embedding)

    texts, embedding, truth = planted(600)
    known = spoken(300, ["t01"] * 300, embedding[:300], texts[:300])
    second = spoken(300, ["t01" if one < 5 else None for one in truth[300:]], embedding[300:], texts[300:])
    found, half = emerging(known, second, seed=0)
    assert 0.3 < half.mean() < 0.7 and found.before.isna().all()
    assert set(found.table["topic_id"]) == set(found.after.dropna())
    new = found.after.notna().to_numpy()
    assert (truth[300:][new] == 5).all() and new[truth[300:] == 5].mean() >= 0.9
    nothing, _ = emerging(known, spoken(300, ["t01"] * 300, embedding[300:], texts[300:]), seed=0)
    assert len(nothing.table) == 0 and nothing.after.isna().all()


# The face for scikit-learn


def test_topic_model_finds_planted_topics_and_places_rows_alike() -> None:
    model = TopicModel(refits=3).fit(TEXTS, embeddings=EMBEDDING)
    inside = model.topics_ >= 0
    assert adjusted_rand_score(TRUTH[inside], model.topics_[inside]) == 1 and inside.mean() >= 0.95
    assert model.n_topics_ == 6 == len(set(model.names_)) and (model.stability_ == 1).all()
    assert np.array_equal(model.predict(TEXTS, embeddings=EMBEDDING), model.topics_)
    assert np.array_equal(model.predict(TEXTS[7:8], embeddings=EMBEDDING[7:8]), model.topics_[7:8])
    strength = model.transform(TEXTS, embeddings=EMBEDDING)
    assert strength.shape == (600, 6)
    assert np.allclose(strength[inside, model.topics_[inside]], model.strengths_[inside])


def test_topic_model_is_blind_to_order_even_of_equal_texts_in_two_languages() -> None:
    texts, embedding, _ = planted(400, noise=1.5)
    texts, embedding = [*texts, *texts[:60]], np.concatenate([embedding, embedding[:60]])
    languages = ["en"] * 400 + ["it"] * 60
    model = TopicModel(refits=2).fit(texts, embeddings=embedding, languages=languages)
    order = np.random.default_rng(0).permutation(len(texts))
    again = TopicModel(refits=2).fit(
        [texts[i] for i in order], embeddings=embedding[order], languages=[languages[i] for i in order]
    )
    assert np.array_equal(again.topics_, model.topics_[order]) and again.names_ == model.names_


def test_topic_model_names_do_not_depend_on_which_rows_come_first() -> None:
    order = np.random.default_rng(0).permutation(len(TEXTS))
    one, other = (
        TopicModel(refits=0, sample=200).fit([TEXTS[i] for i in rows], embeddings=EMBEDDING[rows])
        for rows in (np.arange(len(TEXTS)), order)
    )
    assert one.names_ == other.names_
    assert not hasattr(one.fit(EMBEDDING), "names_")
    languages = [None if i % 2 else "en" for i in range(len(TEXTS))]
    assert TopicModel(refits=0).fit(TEXTS, embeddings=EMBEDDING, languages=languages).n_topics_ == 6


@pytest.mark.parametrize("wrong", [0, -1, 2.5, "many"])
def test_topic_model_refuses_a_number_of_topics_that_is_none(wrong: object) -> None:
    with pytest.raises(ValueError, match="n_topics"):
        TopicModel(wrong).fit(EMBEDDING)  # type: ignore[arg-type]


def test_topic_model_refuses_texts_that_do_not_fit_their_embeddings() -> None:
    with pytest.raises(ValueError, match="one each"):
        TopicModel().fit(TEXTS[:5], embeddings=EMBEDDING)


def test_topic_model_keeps_the_conventions_of_scikit_learn() -> None:
    from sklearn.utils.estimator_checks import check_estimator

    checks = check_estimator(TopicModel(min_statements=1, refits=2), on_fail=None, on_skip=None)
    assert [check["check_name"] for check in checks if check["status"] == "failed"] == []
    assert sum(check["status"] == "passed" for check in checks) > 40


def test_a_sample_keeps_small_topics() -> None:
    """A topic of 1 % of the statements is found again where only a sixth of them is clustered."""
    texts, embedding, truth = planted(6_000)
    rare = np.flatnonzero(truth == 5)[60:]
    kept = np.setdiff1d(np.arange(6_000), rare)
    found = find(
        *world([texts[i] for i in kept], embedding[kept]), dataclasses.replace(QUICK, sample=1_000, min_statements=5)
    )
    assert_sound(found, len(kept))
    topic = np.array([one or "" for one in of(found)])
    small = truth[kept] == 5
    own = pd.Series(topic[small]).value_counts()
    assert own.iloc[0] >= 0.9 * small.sum() and (topic == own.index[0]).sum() <= 1.1 * small.sum()
