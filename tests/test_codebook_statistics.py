"""Probabilities and abstention: against the definition, a reference package, and worlds whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from sklearn.calibration import _SigmoidCalibration

from cxnlp import codebook
from cxnlp.codebook import DOUBT, NO, YES, Codebook, Tag, Tagger
from cxnlp.codebook.calibration import fit_sigmoid
from cxnlp.codebook.conformal import examples_needed, limits, p_values
from cxnlp.codebook.held_out import HeldOut

WIDTH = 12


# Platt's sigmoid


@pytest.mark.parametrize("shift", [0.5, 2.0, 30.0])
def test_the_sigmoid_is_that_of_scikit_learn(shift: float) -> None:
    random = np.random.default_rng(1)
    positive = np.arange(400) < 60
    score = random.normal(0, 1, 400) + shift * positive
    reference = _SigmoidCalibration().fit(score, positive.astype(float))
    slope, offset = fit_sigmoid(score, positive)
    np.testing.assert_allclose(expit(slope * score + offset), reference.predict(score), atol=2e-4)
    assert slope == pytest.approx(-reference.a_, rel=5e-3)


def test_the_smoothed_targets_are_met_on_the_mean() -> None:
    """At the maximum the mean probability is the mean target, (n1 (n1 + 1) / (n1 + 2) + n0 / (n0 + 2)) / n."""
    score, positive = np.array([-2.0, -1.0, 0.5, 0.0, 1.0, 3.0]), np.array([0, 0, 0, 1, 1, 1], dtype=bool)
    slope, offset = fit_sigmoid(score, positive)
    assert expit(slope * score + offset).mean() == pytest.approx((3 * 4 / 5 + 3 / 5) / 6, abs=1e-5)


def test_the_sigmoid_finds_the_truth() -> None:
    random = np.random.default_rng(2)
    score = random.normal(0, 1.5, 40_000)
    positive = random.random(40_000) < expit(1.7 * score - 1)
    slope, offset = fit_sigmoid(score, positive)
    assert slope == pytest.approx(1.7, abs=0.05)
    assert offset == pytest.approx(-1, abs=0.05)


def test_scores_that_say_nothing_give_the_share() -> None:
    positive = np.arange(50) < 10
    assert fit_sigmoid(np.where(positive, -1.0, 1.0), positive)[0] == 0
    slope, offset = fit_sigmoid(np.zeros(50), positive)
    assert slope == 0
    assert expit(offset) == pytest.approx((10 * 11 / 12 + 40 / 42) / 50)


# Conformal limits


@pytest.mark.parametrize("error_rate", [0.01, 0.05, 0.1, 0.2, 0.25, 1 / 3])
@pytest.mark.parametrize(("n_positive", "n_negative"), [(1, 5), (3, 3), (9, 19), (19, 40), (48, 300)])
def test_limits_answer_as_the_p_values_do(error_rate: float, n_positive: int, n_negative: int) -> None:
    random = np.random.default_rng(n_positive)
    positive = random.normal(1, 1, n_positive).round(1)  # rounded, so that there are ties
    negative = random.normal(-1, 1, n_negative).round(1)
    score = np.arange(-5, 5, 0.05).round(2)
    p_yes, p_no = p_values(score, positive, negative)
    yes_from, no_to = limits(positive, negative, error_rate)
    np.testing.assert_array_equal(score >= yes_from, p_yes > error_rate + 1e-12)
    np.testing.assert_array_equal(score <= no_to, p_no > error_rate + 1e-12)


def test_p_values_count_as_defined() -> None:
    p_yes, p_no = p_values(np.array([2.0]), np.array([1.0, 2.0, 3.0]), np.array([0.0, 2.0, 2.0, 5.0]))
    assert p_yes[0] == (1 + 2) / 4
    assert p_no[0] == (1 + 3) / 5


@pytest.mark.parametrize(("error_rate", "needed"), [(0.1, 9), (0.05, 19), (0.2, 4), (0.01, 99), (0.3, 3)])
def test_so_many_examples_are_needed_to_exclude_an_answer(error_rate: float, needed: int) -> None:
    assert examples_needed(error_rate) == needed
    negative = np.zeros(1000)
    assert np.isfinite(limits(np.zeros(needed), negative, error_rate)[0])
    assert np.isinf(limits(np.zeros(needed - 1), negative, error_rate)[0])


def test_each_class_is_wrong_as_often_as_allowed_and_no_more() -> None:
    """With one scorer, n1 = 29 and e = .1 the chance of a wrong no is floor(e (n1 + 1)) / (n1 + 1) = .1 exactly."""
    random = np.random.default_rng(3)
    wrong_no, wrong_yes, worlds = 0, 0, 20_000
    for _ in range(worlds):
        positive, negative = random.normal(1, 1, 30), random.normal(-0.5, 2, 60)
        yes_from, no_to = limits(positive[1:], negative[1:], 0.1)
        wrong_no += positive[0] < yes_from
        wrong_yes += negative[0] > no_to
    error = 3 * np.sqrt(0.1 * 0.9 / worlds)
    assert wrong_no / worlds == pytest.approx(0.1, abs=error)
    assert wrong_yes / worlds == pytest.approx(6 / 60, abs=error)


def test_separation_is_the_area_under_the_curve() -> None:
    from sklearn.metrics import roc_auc_score

    random = np.random.default_rng(4)
    positive, negative = random.normal(1, 1, 20).round(1), random.normal(0, 1, 90).round(1)
    truth = np.arange(110) < 20
    assert HeldOut(positive, negative, 5).separation == pytest.approx(
        roc_auc_score(truth, np.concatenate([positive, negative]))
    )


# The whole way, in a world whose truth is known: texts of tag t lie around a point of their own


def _points(random: np.random.Generator, n: int, direction: np.ndarray | None) -> np.ndarray:
    rows = random.normal(0, 1, (n, WIDTH)) + (0 if direction is None else direction)
    rows[:, 0] += 6  # as in a real encoder, all cosines are high
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _world(
    random: np.random.Generator, n_examples: int, distance: float, error_rate: float
) -> tuple[Tagger, np.ndarray]:
    """One tag around a point, and negatives that are the background."""
    direction = random.normal(0, 1, WIDTH)
    direction[0] = 0
    direction *= distance / np.linalg.norm(direction)
    book = Codebook("w", "", (Tag("t", examples={"": tuple(f"t{i}" for i in range(n_examples))}),))
    wording, _ = codebook.texts(book)
    own = {f"t{i}" for i in range(n_examples)}
    inside, outside = _points(random, len(wording), direction), _points(random, len(wording), None)
    embedding = np.where(np.array([[text in own] for text in wording]), inside, outside)
    return codebook.fit(book, embedding.astype(np.float32), error_rate=error_rate), direction


def test_wrong_answers_stay_below_the_error_rate_for_either_class() -> None:
    random = np.random.default_rng(5)
    wrong_no, wrong_yes, doubts = [], [], []
    for _ in range(40):
        tagger, direction = _world(random, 30, 2.5, 0.1)
        carries = codebook.tag(tagger, _points(random, 300, direction)).answer
        lacks = codebook.tag(tagger, _points(random, 300, None)).answer
        wrong_no.append((carries == NO).mean())
        wrong_yes.append((lacks == YES).mean())
        doubts.append((carries == DOUBT).mean())
        assert tagger.basis == ("examples",)
    for wrong in (wrong_no, wrong_yes):
        assert np.mean(wrong) <= 0.1 + 2 * np.std(wrong) / np.sqrt(len(wrong))
        assert np.mean(wrong) > 0.01  # it abstains no more than it must
    assert 0 < np.mean(doubts) < 0.6


def test_probabilities_are_calibrated_on_texts_never_seen() -> None:
    """Expected calibration error over ten bins, in worlds mixed as the reference texts: 60 examples, 225 others."""
    random = np.random.default_rng(6)
    probability, truth = [], []
    for _ in range(40):
        tagger, direction = _world(random, 60, 2.0, 0.1)
        for n, towards in ((60, direction), (225, None)):
            probability.append(codebook.tag(tagger, _points(random, n, towards)).probability[:, 0])
            truth.append(np.full(n, towards is not None))
    said, true = np.concatenate(probability), np.concatenate(truth)
    bins = np.minimum((said * 10).astype(int), 9)
    gaps = [abs(said[bins == b].mean() - true[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins)]
    raw = abs(true.mean() - 0.5)
    assert sum(gaps) < 0.03 < raw
    assert np.ptp(said) > 0.8


def test_tags_with_few_examples_share_a_sigmoid_and_answer_by_probability() -> None:
    tagger, direction = _world(np.random.default_rng(7), 5, 3.0, 0.1)
    verdicts = codebook.tag(tagger, _points(np.random.default_rng(8), 500, direction))
    p = verdicts.probability[:, 0]
    assert tagger.basis == ("few examples",)
    np.testing.assert_array_equal(verdicts.answer[:, 0], np.where(p >= 0.7, YES, np.where(p <= 0.3, NO, DOUBT)))
    assert {YES, DOUBT} <= set(verdicts.answer[:, 0])
    assert "t (4 more)" in tagger.notes[0].message
