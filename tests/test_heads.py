"""Heads: how probabilities become one label."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cxnlp import heads
from cxnlp.heads import HEADS, Head, decide

SINGLE = Head("mood", "single", ("none", "good", "bad"), "how it is", neutral="none")
FORCED = Head("mood", "single", ("good", "bad"), "how it is")
MULTI = Head("things", "multi", ("a", "b", "c"), "what it speaks of")


def test_the_most_probable_label_wins_without_thresholds():
    labels, confidence = decide(SINGLE, np.array([[0.1, 0.7, 0.2], [0.5, 0.2, 0.3]]))
    assert labels.tolist() == ["good", "none"]
    assert confidence.tolist() == [0.7, 0.5]


def test_below_its_threshold_a_label_gives_way_to_neutral():
    labels, confidence = decide(SINGLE, np.array([[0.3, 0.6, 0.1]]), np.array([0.0, 0.65, 0.5]))
    assert labels.tolist() == ["none"]
    assert confidence.tolist() == [0.3]


def test_the_next_label_wins_where_it_reaches_its_own_threshold():
    labels, _ = decide(SINGLE, np.array([[0.05, 0.5, 0.45]]), np.array([0.0, 0.65, 0.4]))
    assert labels.tolist() == ["bad"]


def test_without_a_neutral_label_the_most_probable_stands():
    labels, _ = decide(FORCED, np.array([[0.6, 0.4]]), np.array([0.9, 0.9]))
    assert labels.tolist() == ["good"]


def test_several_labels_may_pass_and_the_most_probable_stands_for_them():
    labels, confidence = decide(MULTI, np.array([[0.6, 0.9, 0.1], [0.2, 0.4, 0.1]]))
    assert labels.tolist() == ["b", "none"]
    assert confidence.tolist() == pytest.approx([0.9, 0.6])


def test_a_label_reaches_its_threshold_when_it_equals_it():
    assert decide(MULTI, np.array([[0.5, 0.1, 0.1]]))[0].tolist() == ["a"]


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_nothing_in_nothing_out(head):
    labels, confidence = decide(head, np.empty((0, len(head.labels))))
    assert (len(labels), len(confidence)) == (0, 0)


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
@given(data=st.data())
def test_every_label_is_one_of_the_heads_and_every_confidence_a_probability(head, data):
    rows, width = data.draw(st.integers(1, 5)), len(head.labels)
    unit = st.floats(0, 1, width=32)
    probabilities = data.draw(arrays.arrays(np.float32, (rows, width), elements=unit))
    thresholds = data.draw(arrays.arrays(np.float32, (width,), elements=unit))
    labels, confidence = decide(head, probabilities, thresholds)
    assert set(labels) <= {*head.labels, "none"}
    assert ((confidence >= 0) & (confidence <= 1)).all()
    shuffled = np.random.default_rng(0).permutation(rows)
    assert decide(head, probabilities[shuffled], thresholds)[0].tolist() == labels[shuffled].tolist()


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_heads_are_well_formed(head):
    assert head.meaning
    assert len(set(head.labels)) == len(head.labels)
    assert head.neutral is None or head.neutral in head.labels


def test_sentiment_runs_from_minus_one_to_one():
    probabilities = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.2, 0.3, 0.5]])
    assert heads.sentiment_score(probabilities).tolist() == pytest.approx([-1, 0, 1, 0.3])
