"""Topics of each half of the customers alone: named and edited as those of all, and the same in a later run."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score
from test_topics import QUICK, planted, shuffled, world

from cxnlp import schema
from cxnlp.errors import InputError
from cxnlp.results import Topics
from cxnlp.tensors import pack, unpack
from cxnlp.topics import Given, find, read
from cxnlp.topics.edits_file import parse
from cxnlp.topics.saved import EDITS, FILE, to_bytes

TEXTS, EMBEDDING, TRUTH = planted(720, noise=1.0)
COMMENTS = 361  # two statements to a comment, and one that is empty
HALVES = np.random.default_rng(3).random(COMMENTS) < 0.5
FIRST = HALVES[np.arange(720) // 2]


def labels(found: Topics, column: str = "topic_crossfit") -> np.ndarray:
    return found.of_statement[column].astype(object).fillna("none").to_numpy()


@pytest.fixture(scope="module")
def found() -> Topics:
    return find(*world(TEXTS, EMBEDDING), QUICK, halves=HALVES)


def given(found: Topics, tmp_path: Path) -> Given:
    (tmp_path / FILE).write_bytes(found.files[FILE])
    return Given(read(tmp_path))


def edited(found: Topics, *edits: str) -> Topics:
    text = found.files[EDITS].decode() + "".join(f"  - {edit}\n" for edit in edits)
    edits_given = Given(edits=parse(text, "topics.yaml"), text=text)
    return find(*world(TEXTS, EMBEDDING), QUICK, given=edits_given, halves=HALVES)


def agreement(found: Topics) -> float:
    """Share of the statements with both labels whose labels agree."""
    both = found.of_statement.dropna(subset=["topic_id", "topic_crossfit"])
    return float((both["topic_id"] == both["topic_crossfit"]).mean())


def test_halves_change_nothing_about_the_topics_themselves(found: Topics) -> None:
    without = find(*world(TEXTS, EMBEDDING), QUICK)
    pd.testing.assert_frame_equal(found.table, without.table, check_exact=True)
    own = ["topic_id", "topic_name", "topic_strength"]
    pd.testing.assert_frame_equal(found.of_statement[own], without.of_statement[own], check_exact=True)


def test_planted_topics_are_found_in_each_half_and_noise_is_not(found: Topics) -> None:
    schema.check(found.of_statement, "topic_of")
    assert len(found.table) == 6
    assert set(found.of_statement["topic_crossfit"].dropna()) == set(found.table["topic_id"])
    assert agreement(found) > 0.97
    assert adjusted_rand_score(TRUTH, labels(found)) > 0.85
    noise = np.random.default_rng(0).normal(size=(720, 48))
    asked = dataclasses.replace(QUICK, topics="6")
    of_noise = find(*world(TEXTS, noise / np.linalg.norm(noise, axis=1, keepdims=True)), asked, halves=HALVES)
    assert agreement(of_noise) < 0.6


def test_few_statements_fit_no_topic_of_the_other_half(found: Topics) -> None:
    share = found.of_statement["topic_crossfit"].isna().mean()
    assert 0 < share < 0.10


def test_a_statement_is_placed_without_its_own_half() -> None:
    """A subject that one half alone speaks of is no topic of the other half, so its statements are placed elsewhere."""
    both = (TRUTH != 0) | FIRST  # the second half never speaks of subject 0
    rows = np.flatnonzero(both)
    halves = FIRST[rows]
    statements, encoding = world([TEXTS[i] for i in rows], EMBEDDING[rows])
    table = statements.table.assign(row=np.arange(len(rows)), comment_id=[str(i) for i in range(len(rows))])
    comments = pd.DataFrame({"status": ["ok"] * len(rows)})
    one = find(dataclasses.replace(statements, table=table, comments=comments), encoding, QUICK, halves=halves)
    lone = one.of_statement[TRUTH[rows] == 0]
    own = lone["topic_id"].mode()[0]
    assert (lone["topic_id"] == own).mean() > 0.9
    assert (lone["topic_crossfit"] == own).mean() < 0.1
    assert agreement(dataclasses.replace(one, of_statement=one.of_statement[TRUTH[rows] != 0])) > 0.95


def test_a_text_of_both_halves_has_a_label_from_each() -> None:
    """Half of the texts are said once in each half; in noise the two halves see different topics in them."""
    noise = np.random.default_rng(5).normal(size=(600, 48))
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    number = np.concatenate([np.arange(0, 400), np.arange(200, 600)])  # those from 200 to 399 are said in both
    texts = [f"the same words {i}" for i in number]
    halves = np.append(np.arange(400) < 200, False)  # comment i holds statements 2i and 2i + 1
    one = find(*world(texts, noise[number]), dataclasses.replace(QUICK, topics="5"), halves=halves)
    here, there = slice(200, 400), slice(400, 600)
    assert (labels(one, "topic_id")[here] == labels(one, "topic_id")[there]).all()
    assert 0.2 < (labels(one)[here] != labels(one)[there]).mean() < 0.95


@pytest.mark.parametrize("sample", [20_000, 300])
def test_order_of_rows_changes_nothing(sample: int) -> None:
    config = dataclasses.replace(QUICK, sample=sample)
    here = find(*world(TEXTS, EMBEDDING), config, halves=HALVES)
    order = np.random.default_rng(1).permutation(720)
    there = find(*shuffled(*world(TEXTS, EMBEDDING), order), config, halves=HALVES)
    moved = here.of_statement.iloc[order].reset_index(drop=True)
    pd.testing.assert_frame_equal(moved, there.of_statement, check_exact=True)
    assert here.files[FILE] == there.files[FILE]


# Later runs


def test_a_later_run_places_the_same_statements_alike(found: Topics, tmp_path: Path) -> None:
    earlier = given(found, tmp_path)
    again = find(*world(TEXTS, EMBEDDING), QUICK, given=earlier, halves=HALVES)
    pd.testing.assert_frame_equal(again.of_statement, found.of_statement, check_exact=True)
    assert again.files[FILE] == found.files[FILE]
    rows = np.arange(0, 720, 7)
    some, encoding = world([TEXTS[i] for i in rows], EMBEDDING[rows])
    table = some.table.assign(row=np.arange(len(rows)))
    few = dataclasses.replace(some, table=table, comments=pd.DataFrame({"status": ["ok"] * len(rows)}))
    alone = find(few, encoding, QUICK, given=earlier, halves=FIRST[rows])
    expected = found.of_statement.iloc[rows].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone.of_statement, expected, check_exact=True)


def test_an_analysis_of_before_has_no_halves_and_says_so(tmp_path: Path) -> None:
    before = find(*world(TEXTS, EMBEDDING), QUICK)
    again = find(*world(TEXTS, EMBEDDING), QUICK, given=given(before, tmp_path), halves=HALVES)
    assert (labels(again) == labels(again, "topic_id")).all()
    assert any("not found again in each half" in note.message and note.level == "info" for note in again.notes)


@pytest.mark.parametrize("name", ["half_0_stands_for", "half_1_centre", "half_1_limit"])
def test_a_damaged_half_is_refused(found: Topics, tmp_path: Path, name: str) -> None:
    arrays, words = unpack(found.files[FILE])
    arrays[name] = arrays[name][:-1] if name != "half_0_stands_for" else arrays[name] + 99
    (tmp_path / FILE).write_bytes(pack(arrays, words))
    with pytest.raises(InputError, match="cannot be read as topics"):
        read(tmp_path)


# Without enough in a half, and without halves


@pytest.mark.parametrize("halves", [None, np.ones(COMMENTS, dtype=bool), np.arange(COMMENTS) < 5])
def test_without_two_halves_the_topic_stands_for_itself(halves: np.ndarray | None) -> None:
    one = find(*world(TEXTS, EMBEDDING), QUICK, halves=halves)
    assert (labels(one) == labels(one, "topic_id")).all()
    words = "were not given" if halves is None else "too few different statements"
    assert [note.level for note in one.notes if words in note.message] == ["info"]


def test_no_statements() -> None:
    assert len(find(*world([], np.empty((0, 48))), QUICK, halves=np.ones(1, dtype=bool)).of_statement) == 0


# Edits


def test_merged_topics_are_one_across_halves(found: Topics) -> None:
    merged = edited(found, "merge: [t01, t02]")
    was = labels(found)
    assert (labels(merged)[np.isin(was, ["t01", "t02"])] == "t01").all()
    untouched = ~np.isin(was, ["t01", "t02", "none"])
    assert (labels(merged)[untouched] == was[untouched]).all()
    assert "t02" not in labels(merged)


def test_deleted_topics_are_none_across_halves(found: Topics) -> None:
    deleted = edited(found, "delete: t03")
    was = labels(found)
    assert (labels(deleted)[was == "t03"] == "none").all()
    assert (labels(deleted)[was != "t03"] == was[was != "t03"]).all()


def test_parts_of_a_split_topic_are_told_apart_across_halves(found: Topics) -> None:
    split = edited(found, "split: t01\n    into: 2")
    parts = sorted(set(split.table["topic_id"]) - set(found.table["topic_id"]))
    was = labels(found)
    now = labels(split)
    assert set(now[was == "t01"]) >= set(parts) and (now[was == "t01"] != "t01").all()
    of_parts = split.of_statement[split.of_statement["topic_id"].isin(parts)].dropna()
    assert (of_parts["topic_id"] == of_parts["topic_crossfit"]).mean() > 0.9


def test_a_statement_that_a_person_moved_stays_there_across_halves(found: Topics) -> None:
    row = int(np.flatnonzero(labels(found, "topic_id") == "t01")[0])
    moved = edited(found, f"move: ['{TEXTS[row]}']\n    to: t02")
    assert moved.of_statement["topic_crossfit"][row] == "t02"


def test_edited_halves_survive_the_file(found: Topics, tmp_path: Path) -> None:
    split = edited(found, "merge: [t02, t03]", "split: t01\n    into: 2")
    again = find(*world(TEXTS, EMBEDDING), QUICK, given=given(split, tmp_path), halves=HALVES)
    assert (labels(again) == labels(split)).all()
    assert to_bytes(read(tmp_path)) == split.files[FILE]
