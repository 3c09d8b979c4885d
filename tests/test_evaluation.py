"""Figures of the evaluation room against scikit-learn, against known truths, and on awkward input."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from cxnlp.errors import InputError, SettingsError
from cxnlp.evaluation import (
    answers_of,
    comment_answers,
    evaluate,
    expected_calibration_error,
    labels_matrix,
    read_labels,
)
from cxnlp.evaluation.bootstrap import calibration_interval, interval, resample
from cxnlp.evaluation.counting import contributions, means
from cxnlp.evaluation.measures import measures
from cxnlp.heads import HEADS, POLARITIES

SENTIMENT, TOUCHPOINT, EMOTION = HEADS["sentiment"], HEADS["touchpoint"], HEADS["emotion"]


def world(n: int, seed: int, sharpness: float = 1.0) -> tuple[pd.Series, np.ndarray]:
    """Labels drawn from known probabilities, and what a model says that sharpens them: 1 is perfectly calibrated."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 1.5, (n, 3)) + np.array([0.8, -0.5, 0.5])
    drawn = (softmax(logits).cumsum(axis=1) > random.random((n, 1))).argmax(axis=1)
    return pd.Series(np.array(POLARITIES, dtype=object)[drawn]), softmax(logits * sharpness)


def softmax(logits: np.ndarray) -> np.ndarray:
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def label_sets(n: int, seed: int) -> tuple[pd.Series, np.ndarray]:
    random = np.random.default_rng(seed)
    probabilities = random.random((n, len(TOUCHPOINT.labels))) ** 3
    said = random.random(probabilities.shape) < probabilities
    sets = [tuple(label for label, yes in zip(TOUCHPOINT.labels, row, strict=True) if yes) for row in said]
    return pd.Series(sets, dtype=object), probabilities


def languages(n: int) -> pd.Series:
    return pd.Series(["en", "ro", "de"] * n, dtype=object).head(n)


# Values


def test_single_head_agrees_with_scikit_learn() -> None:
    truth, probabilities = world(400, 0)
    said = np.array(POLARITIES)[probabilities.argmax(axis=1)]
    found = evaluate(truth, answers_of(SENTIMENT, probabilities), languages(400), resamples=100)
    for language in ("all", "en", "ro", "de"):
        rows = np.full(400, True) if language == "all" else (languages(400) == language).to_numpy()
        expected = metrics.precision_recall_fscore_support(truth[rows], said[rows], labels=POLARITIES)
        for k, label in enumerate(POLARITIES):
            for measure, values in zip(("precision", "recall", "f1"), expected, strict=False):
                estimate = found.estimate(measure, language=language, label=label)
                assert estimate.value == pytest.approx(values[k])
                assert estimate.n == expected[3][k]
        assert found.estimate("accuracy", language=language).value == pytest.approx(
            metrics.accuracy_score(truth[rows], said[rows])
        )
        assert found.estimate("macro_f1", language=language).value == pytest.approx(
            metrics.f1_score(truth[rows], said[rows], average="macro")
        )
        table = found.confusion[found.confusion["language"] == language]
        matrix = table["n"].to_numpy().reshape(3, 3)
        assert (matrix == metrics.confusion_matrix(truth[rows], said[rows], labels=POLARITIES)).all()


def test_label_sets_agree_with_scikit_learn() -> None:
    truth, probabilities = label_sets(300, 1)
    found = evaluate(truth, answers_of(TOUCHPOINT, probabilities), languages(300), resamples=100)
    y, said = labels_matrix(TOUCHPOINT, truth), probabilities >= 0.5
    for average in ("micro", "macro"):
        expected = metrics.f1_score(y, said, average=average)
        assert found.estimate(f"{average}_f1").value == pytest.approx(expected)
    expected = metrics.precision_recall_fscore_support(y, said)
    for k, label in enumerate(TOUCHPOINT.labels):
        assert found.estimate("precision", label=label).value == pytest.approx(expected[0][k])
        assert found.estimate("recall", label=label).value == pytest.approx(expected[1][k])
    matrices = metrics.multilabel_confusion_matrix(y, said)
    table = found.confusion[found.confusion["language"] == "all"]["n"].to_numpy().reshape(-1, 2, 2)
    assert (table[:, ::-1, ::-1] == matrices).all()


def test_main_label_is_right_where_it_is_one_of_the_true_ones_or_nothing_is() -> None:
    probabilities = np.zeros((4, 11))
    probabilities[:3, 0] = 0.9
    truth = pd.Series([("joy",), ("trust", "joy"), ("anger",), ()], dtype=object)
    found = evaluate(truth, answers_of(EMOTION, probabilities), languages(4), resamples=100)
    assert found.estimate("main_accuracy").value == 0.75


def test_two_classes_leave_neutral_truth_out_and_ask_between_the_poles() -> None:
    truth, probabilities = world(500, 2)
    rows = (truth != "neutral").to_numpy()
    said = np.where(probabilities[:, 2] > probabilities[:, 0], "positive", "negative")
    found = evaluate(truth, answers_of(SENTIMENT, probabilities), languages(500), resamples=100)
    accuracy = found.estimate("two_class_accuracy")
    assert accuracy.value == pytest.approx(metrics.accuracy_score(truth[rows], said[rows]))
    assert accuracy.n == rows.sum()
    assert found.estimate("two_class_macro_f1").value == pytest.approx(
        metrics.f1_score(truth[rows], said[rows], average="macro")
    )
    # labels that know no neutral ask the same question of the same comments
    polar = evaluate(
        truth[rows].reset_index(drop=True), answers_of(SENTIMENT, probabilities[rows]), languages(rows.sum())
    )
    assert polar.polar
    assert polar.estimate("macro_f1").value == pytest.approx(found.estimate("two_class_macro_f1").value)


def test_a_class_that_the_truth_lacks_counts_against_others_but_not_in_the_mean() -> None:
    truth = pd.Series(["positive", "neutral", "positive", "neutral"])
    probabilities = np.array([[0.9, 0, 0.1], [0, 1, 0], [0, 0, 1], [0, 1, 0]])
    found = evaluate(truth, answers_of(SENTIMENT, probabilities), languages(4), resamples=100)
    assert found.labels == ("neutral", "positive")
    assert found.estimate("macro_f1").value == pytest.approx((1 + 2 / 3) / 2)
    assert found.estimate("precision", label="negative").value == 0
    assert np.isnan(found.estimate("recall", label="negative").value)


def test_calibration_error_of_a_known_gap() -> None:
    # 80 % confident and right half of the time: the gap is .3 whatever the number of rows (Naeini et al. 2015)
    assert expected_calibration_error(np.full(10, 0.8), np.array([True, False] * 5)) == pytest.approx(0.3)


def test_calibration_error_over_bins_by_hand() -> None:
    confidence, correct = np.array([0.05, 0.95, 0.95, 1.0, np.nan]), np.array([0, 1, 0, 1, 1])
    gaps = abs(0 - 0.05) + abs(2 - 2.9)
    assert expected_calibration_error(confidence, correct) == pytest.approx(gaps / 5)


def test_calibration_error_of_label_sets_is_over_all_decisions() -> None:
    truth, probabilities = label_sets(200, 3)
    found = evaluate(truth, answers_of(TOUCHPOINT, probabilities), languages(200), resamples=100)
    expected = expected_calibration_error(probabilities.ravel(), labels_matrix(TOUCHPOINT, truth).ravel())
    assert found.estimate("ece").value == pytest.approx(expected)


# Intervals


@pytest.mark.parametrize("sharpness", [1.0, 1.5])
def test_intervals_hold_the_truth_as_often_as_they_say(sharpness: float) -> None:
    """200 samples of 200 comments: binomial error of the coverage is 1.5 points; F1 may be a little short."""

    def blocks(n: int, seed: int) -> dict[str, np.ndarray]:
        truth, probabilities = world(n, seed, sharpness)
        return contributions(labels_matrix(SENTIMENT, truth).astype(bool), answers_of(SENTIMENT, probabilities))

    known = measures(means(blocks(1_000_000, 0)), POLARITIES, many=False)
    keys = [("all", "macro_f1"), ("all", "accuracy"), ("neutral", "f1"), ("negative", "precision"), ("all", "ece")]
    held = dict.fromkeys(keys, 0)
    for seed in range(1, 201):
        sample = blocks(200, seed)
        drawn = resample(sample, 200, 0)
        figures = measures(drawn, POLARITIES, many=False)
        limits = {key: interval(figures[key], 0.95) for key in keys}
        limits["all", "ece"] = calibration_interval(means(sample), drawn, 0.95)
        for key, (low, high) in limits.items():
            held[key] += low <= known[key] <= high
    for key, times in held.items():
        assert times / 200 >= 0.91, key
    for key in keys[:-1]:
        assert held[key] / 200 <= 0.985, key


def test_calibration_interval_of_a_calibrated_model_reaches_zero_where_percentiles_do_not() -> None:
    truth, probabilities = world(2000, 7)
    sample = contributions(labels_matrix(SENTIMENT, truth).astype(bool), answers_of(SENTIMENT, probabilities))
    drawn = resample(sample, 500, 0)
    assert np.quantile(measures(drawn, POLARITIES, many=False)["all", "ece"], 0.025) > 0.01
    assert calibration_interval(means(sample), drawn, 0.95)[0] == 0


def test_resampled_means_scatter_as_theory_says() -> None:
    # the standard error of a mean is sd / sqrt(n); 4,000 resamples know it to 1.1 %
    values = np.random.default_rng(0).normal(size=(150, 1))
    draws = resample({"x": values}, 4000, 0)["x"]
    assert draws.std() == pytest.approx(values.std() / np.sqrt(150), rel=0.05)
    assert draws.mean() == pytest.approx(values.mean(), abs=0.01)


def test_order_of_rows_and_other_languages_change_nothing() -> None:
    truth, probabilities = world(120, 4)
    code = languages(120)
    order = np.random.default_rng(0).permutation(120)
    first = evaluate(truth, answers_of(SENTIMENT, probabilities), code, resamples=100)
    second = evaluate(
        truth.iloc[order].reset_index(drop=True),
        answers_of(SENTIMENT, probabilities[order]),
        code.iloc[order],
        resamples=100,
    )
    pd.testing.assert_frame_equal(first.figures, second.figures)
    english = (code == "en").to_numpy()
    alone = evaluate(
        truth[english].reset_index(drop=True),
        answers_of(SENTIMENT, probabilities[english]),
        code[english],
        resamples=100,
    )
    assert alone.estimate("macro_f1") == first.estimate("macro_f1", language="en")


def test_what_does_not_vary_has_no_interval() -> None:
    truth = pd.Series(["negative", "positive"] * 3)
    sure = np.array([[1.0, 0, 0], [0, 0, 1.0]] * 3)
    estimate = evaluate(truth, answers_of(SENTIMENT, sure), languages(6), resamples=100).estimate("accuracy")
    assert estimate.value == 1
    assert np.isnan(estimate.low)
    assert np.isnan(estimate.high)


def test_what_rests_on_a_handful_of_comments_has_no_interval() -> None:
    """A rare label that most resamples lose would push the upper limit of macro-F1 to that of the other labels."""
    truth = pd.Series(["negative"] * 30 + ["positive"] * 30 + ["neutral"] * 4)
    _, probabilities = world(64, 9)
    found = evaluate(truth, answers_of(SENTIMENT, probabilities), pd.Series(["en"] * 64), resamples=100)
    for measure, label in (("macro_f1", "all"), ("f1", "neutral"), ("recall", "neutral")):
        assert np.isnan(found.estimate(measure, label=label).high)
    for measure, label in (("accuracy", "all"), ("two_class_macro_f1", "all"), ("f1", "positive")):
        assert found.estimate(measure, label=label).low < found.estimate(measure, label=label).high


def test_twenty_thousand_comments_take_seconds() -> None:
    truth, probabilities = world(20_000, 5)
    began = time.process_time()
    evaluate(truth, answers_of(SENTIMENT, probabilities), pd.Series(["en"] * 20_000), resamples=1000)
    assert time.process_time() - began < 20


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(POLARITIES), st.integers(0, 2)), min_size=1, max_size=12))
def test_every_figure_is_a_share_and_lies_with_its_limits_in_range(rows: list[tuple[str, int]]) -> None:
    truth, said = pd.Series([label for label, _ in rows]), np.eye(3)[[answer for _, answer in rows]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found = evaluate(truth, answers_of(SENTIMENT, said), languages(len(rows)), resamples=100)
        except InputError:
            assert len(set(truth)) == 1
            return
    numbers = found.figures[["value", "low", "high"]].to_numpy()
    assert ((numbers >= 0) & (numbers <= 1 + 1e-12) | np.isnan(numbers)).all()
    assert (found.figures["low"].isna() == found.figures["high"].isna()).all()
    assert found.confusion.loc[found.confusion["language"] == "all", "n"].sum() == len(rows)


# Whole comments


def test_answers_for_comments_come_from_the_comments_table() -> None:
    table = pd.DataFrame(
        {
            "sentiment": [-0.5, 0.2, 0.1, np.nan],
            "sentiment_label": ["negative", "mixed", "neutral", np.nan],
            "sentiment_confidence": [0.9, 0.6, 0.5, np.nan],
            "touchpoints": [["DEL", "STF"], [], ["PRC"], []],
            "emotion": ["anger", "none", "joy", np.nan],
        }
    )
    truth = pd.Series(["negative", "mixed", "positive", "positive"])
    found = evaluate(truth, comment_answers("sentiment", table), languages(4), resamples=100)
    assert found.estimate("accuracy").value == 0.5
    assert found.estimate("two_class_accuracy").value == pytest.approx(2 / 3)
    assert found.estimate("ece").value == pytest.approx((0.1 + 0.4 + 0.5) / 3)
    unscored = found.confusion.query("language == 'all' and answer == 'not scored' and truth == 'positive'")
    assert unscored["n"].tolist() == [1]

    codes = pd.Series([("DEL",), (), ("PRC", "OTH"), ("WAI",)], dtype=object)
    touched = evaluate(codes, comment_answers("touchpoint", table), languages(4), resamples=100)
    assert touched.estimate("micro_f1").value == pytest.approx(2 * 2 / (3 + 3))
    feelings = pd.Series([("anger",), (), ("anger", "joy"), ()], dtype=object)
    felt = evaluate(feelings, comment_answers("emotion", table), languages(4), resamples=100)
    assert felt.estimate("main_accuracy").value == 0.75


# Labels


def read(cells: list[object], head: str = "sentiment", **options: object) -> list[object]:
    return read_labels(pd.Series(cells, dtype=object), HEADS[head], column="c", **options).values.tolist()


def test_labels_are_read_whatever_their_case_and_space() -> None:
    assert read([" Negative", "POSITIVE ", "neutral"]) == ["negative", "positive", "neutral"]


def test_the_map_turns_numbers_and_words_into_labels_and_leaves_rows_out() -> None:
    mapping = {"1": "negative", "5": "positive", "n/a": "", "true": "Positive"}
    truth = read_labels(
        pd.Series([1.0, 5, "5.0", "N/A", None, True, " "], dtype=object), SENTIMENT, column="c", mapping=mapping
    )
    assert truth.values.tolist() == ["negative", "positive", "positive", None, None, "positive", None]
    assert (truth.missing, truth.dropped, truth.unused) == (2, 1, ())


def test_a_map_that_meets_no_label_is_told() -> None:
    truth = read_labels(pd.Series(["positive"]), SENTIMENT, column="c", mapping={"pozitiv": "positive"})
    assert truth.unused == ("pozitiv",)


def test_sets_come_from_text_and_from_lists() -> None:
    cells = ["DEL; stf", "PRC,DEL", ["DEL"], np.array(["STF", "PRC"]), [], "none", "", None, "DEL;X", "X"]
    assert read(cells, "touchpoint", mapping={"X": ""}) == [
        ("DEL", "STF"), ("PRC", "DEL"), ("DEL",), ("PRC", "STF"), (), (), None, None, ("DEL",), None,
    ]  # fmt: skip


def test_unknown_labels_are_counted_and_the_map_is_offered() -> None:
    with pytest.raises(InputError) as raised:
        read(["negativ"] * 3 + ["mixed", "positive"])
    error = raised.value
    assert "'negativ' (3), 'mixed' (1)" in error.found
    assert "negative, neutral, positive" in error.expected
    assert '--map "negativ=negative"' in error.fix


def test_only_whole_comments_are_mixed() -> None:
    assert read(["mixed"], whole=True) == ["mixed"]


def test_many_long_unknown_labels_stay_readable() -> None:
    with pytest.raises(InputError) as raised:
        read([f"{k} " + "\U0001f600\u05d0" * 400_000 for k in range(3)] + [f"l{k}" for k in range(30)])
    assert len(str(raised.value)) < 1000
    assert "and 23 more" in raised.value.found


def test_a_map_to_no_label_is_refused() -> None:
    with pytest.raises(SettingsError, match="negativ=negative"):
        read(["negativ"], mapping={"negativ": "negatve"})


@pytest.mark.parametrize("labels", [[], ["positive"], ["positive"] * 1000])
def test_fewer_than_two_classes_are_refused(labels: list[str]) -> None:
    with pytest.raises(InputError, match="two classes"):
        evaluate(
            pd.Series(labels, dtype=object),
            answers_of(SENTIMENT, np.ones((len(labels), 3)) / 3),
            languages(len(labels)),
        )


def test_label_sets_that_are_all_empty_are_refused() -> None:
    with pytest.raises(InputError, match="none with a label"):
        evaluate(pd.Series([(), ()], dtype=object), answers_of(EMOTION, np.zeros((2, 11))), languages(2))
