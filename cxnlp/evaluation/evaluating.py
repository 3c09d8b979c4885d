"""The evaluation of one head on one set of labelled comments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxnlp.errors import InputError
from cxnlp.evaluation.answers import POLES, Answers
from cxnlp.evaluation.bootstrap import calibration_interval, interval, resample
from cxnlp.evaluation.counting import contributions, means
from cxnlp.evaluation.labels import labels_matrix
from cxnlp.evaluation.measures import OVERALL, Figures, measures
from cxnlp.results import Estimate

__all__ = ["LEAST", "UNANSWERED", "UNKNOWN", "Evaluation", "evaluate"]

UNKNOWN = "unknown"
"""Group of the comments whose language is not known."""
UNANSWERED = "not scored"
"""Answer of a comment that the model did not score."""

LEAST = 5
"""Figures that rest on fewer comments have no interval: so few cannot show how much they vary."""

_TWO = "two_class_"
_FIGURES = ("language", "label", "measure", "value", "low", "high", "n")
_CONFUSION = ("language", "truth", "answer", "n")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of one head.

    ``labels``: those that the truth holds, in the order of the head. ``languages``: language -> comments.
    ``polar``: the truth holds negative and positive alone, so the model was asked to choose between these.
    ``figures``: language, label, measure, value, low, high, n; ``all`` stands for all languages, or labels; n is the
    comments behind it, of a label its support. A figure that is not defined is NaN, as are the limits of one that
    does not vary or rests on fewer than `LEAST` comments. ``confusion``: language, truth, answer, n; of label sets one
    table a label, DEL against not DEL.
    """

    labels: tuple[str, ...]
    many: bool
    n: int
    languages: Mapping[str, int]
    polar: bool
    figures: pd.DataFrame
    confusion: pd.DataFrame

    @property
    def main(self) -> str:
        """The measure that stands for the whole: micro-F1 for label sets, else macro-F1."""
        return "micro_f1" if self.many else "macro_f1"

    def estimate(self, measure: str, *, language: str = OVERALL, label: str = OVERALL) -> Estimate:
        """One figure with its limits; raises KeyError where there is none of that name."""
        table = self.figures
        found = table[(table["language"] == language) & (table["label"] == label) & (table["measure"] == measure)]
        if found.empty:
            raise KeyError((language, label, measure))
        value, low, high, n = found[["value", "low", "high", "n"]].iloc[0]
        return Estimate(float(value), float(low), float(high), int(n), "percentile bootstrap over comments")


def evaluate(
    truth: pd.Series,
    answers: Answers,
    language: pd.Series,
    *,
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Evaluation:
    """Compare answers with the truth, over all comments and for each language where there are several.

    Parameters
    ----------
    truth : a label each (single heads) or a tuple of labels (multi heads), none missing; see `read_labels`.
    answers : of the same comments, in the same order.
    language : code each; missing ones make a group of their own.
    resamples, confidence, seed : of the percentile bootstrap over comments; each group is resampled by itself.

    Returns
    -------
    Evaluation
        Per label precision, recall and F1; over all labels macro-F1, accuracy or micro-F1, calibration error (see
        `measures.measures`). For sentiment also accuracy and macro-F1 on two classes: comments that are truly negative
        or positive, where the model chooses between these.

    Raises
    ------
    InputError
        There is no comment, or the truth does not hold two labels (one, for label sets) to tell apart.
    """
    matrix = labels_matrix(answers.labels, truth).astype(bool)
    held = tuple(label for k, label in enumerate(answers.labels) if matrix[:, k].any())
    _refuse_too_few(held, len(truth), answers.many)
    polar = answers.poles is not None and held == POLES
    if answers.poles is not None and polar:
        answers = Answers(POLES, False, answers.poles.given, answers.poles.probability, poles=answers.poles)
        matrix = labels_matrix(POLES, truth).astype(bool)
    groups = dict(_groups(language))
    figures, confusion = [], []
    for name, rows in groups.items():
        part = _part(answers, rows)
        found = _figures(matrix[rows], part, resamples, confidence, seed)
        figures += [(name, *row) for row in found]
        confusion += [(name, *row) for row in _confusion(matrix[rows], part)]
    return Evaluation(
        labels=held,
        many=answers.many,
        n=len(truth),
        languages={str(code): int(n) for code, n in _codes(language).value_counts().sort_index().items()},
        polar=polar,
        figures=pd.DataFrame(figures, columns=list(_FIGURES)),
        confusion=pd.DataFrame(confusion, columns=list(_CONFUSION)),
    )


def _refuse_too_few(held: tuple[str, ...], n: int, many: bool) -> None:
    if len(held) >= (1 if many else 2):
        return
    raise InputError(
        f"{n:,} labelled comments, {f'all {held[0]}' if held else 'none with a label'}",
        expected="comments with a label" if many else "labelled comments of at least two classes",
        fix="name the column of the labels with --label, and check --map",
    )


def _codes(language: pd.Series) -> pd.Series:
    return language.astype(object).where(language.notna(), UNKNOWN).reset_index(drop=True)


def _groups(language: pd.Series) -> Iterator[tuple[str, np.ndarray]]:
    """All rows, then those of each language where there are several: name, positions."""
    yield OVERALL, np.arange(len(language))
    codes = _codes(language)
    names = sorted(codes.unique())
    if len(names) > 1:
        for code in names:
            yield str(code), np.flatnonzero((codes == code).to_numpy())


def _part(answers: Answers, rows: np.ndarray) -> Answers:
    def taken(values: np.ndarray | None) -> np.ndarray | None:
        return None if values is None else values[rows]

    return Answers(
        labels=answers.labels,
        many=answers.many,
        given=answers.given[rows],
        probability=taken(answers.probability),
        shown=taken(answers.shown),
        poles=_part(answers.poles, rows) if answers.poles is not None else None,
    )


def _figures(
    truth: np.ndarray, answers: Answers, resamples: int, confidence: float, seed: int
) -> Iterator[tuple[str, str, float, float, float, int]]:
    """Label, measure, value, low, high, n of one group."""
    support = {OVERALL: len(truth)} | {label: int(truth[:, k].sum()) for k, label in enumerate(answers.labels)}
    answered = {label for k, label in enumerate(answers.labels) if answers.given[:, k].any()}
    for label, measure, value, low, high in _with_intervals(truth, answers, resamples, confidence, seed):
        if support[label] or label in answered:
            yield label, measure, value, low, high, support[label]
    if answers.poles is None:
        return
    two = truth[:, [answers.labels.index(label) for label in POLES]]
    rows = np.flatnonzero(two.any(axis=1))
    if not two.any(axis=0).all():
        return
    chosen = _with_intervals(two[rows], _part(answers.poles, rows), resamples, confidence, seed)
    for label, measure, value, low, high in chosen:
        if label == OVERALL and measure in ("accuracy", "macro_f1"):
            yield label, _TWO + measure, value, low, high, len(rows)


def _with_intervals(
    truth: np.ndarray, answers: Answers, resamples: int, confidence: float, seed: int
) -> Iterator[tuple[str, str, float, float, float]]:
    blocks = contributions(truth, answers)

    def measured(sums: Mapping[str, np.ndarray]) -> Figures:
        return measures(sums, answers.labels, many=answers.many)

    point, resampled = means(blocks), resample(blocks, resamples, seed)
    draws = measured(resampled)
    # The mean is over the labels that the truth holds: a draw that lost one of them would be of something else.
    lost = (resampled["truth"][:, truth.any(axis=0)] == 0).any(axis=1)
    draws[OVERALL, "macro_f1"] = np.where(lost, np.nan, draws[OVERALL, "macro_f1"])
    behind = _behind(truth, answers)
    for (label, measure), value in measured(point).items():
        if not np.isfinite(value) or behind[label, measure] < LEAST:
            limits = (np.nan, np.nan)
        elif measure == "ece":
            limits = calibration_interval(point, resampled, confidence)
        else:
            limits = interval(draws[label, measure], confidence)
        yield label, measure, float(value), *limits


def _behind(truth: np.ndarray, answers: Answers) -> dict[tuple[str, str], int]:
    """Comments that each figure rests on: for macro-F1 those of the rarest label that the truth holds."""
    support, answered = truth.sum(axis=0), answers.given.sum(axis=0)
    behind = dict.fromkeys(((OVERALL, name) for name in ("accuracy", "micro_f1", "main_accuracy", "ece")), len(truth))
    behind[OVERALL, "macro_f1"] = int(support[support > 0].min(initial=len(truth)))
    for k, label in enumerate(answers.labels):
        behind |= {(label, name): int(support[k]) for name in ("recall", "f1")}
        behind[label, "precision"] = int(answered[k])
    return behind


def _confusion(truth: np.ndarray, answers: Answers) -> Iterator[tuple[str, str, int]]:
    """Truth, answer, comments: labels that the truth holds by answers that were given."""
    if answers.many:
        for k, label in enumerate(answers.labels):
            yield from _two_by_two(label, truth[:, k], answers.given[:, k])
        return
    unanswered = ~answers.given.any(axis=1, keepdims=True)
    columns = dict(zip((*answers.labels, UNANSWERED), np.hstack([answers.given, unanswered]).T, strict=True))
    for k, label in enumerate(answers.labels):
        if truth[:, k].any():
            yield from (
                (label, answer, int((truth[:, k] & said).sum())) for answer, said in columns.items() if said.any()
            )


def _two_by_two(label: str, truth: np.ndarray, given: np.ndarray) -> Iterator[tuple[str, str, int]]:
    if truth.any() or given.any():
        names = {True: label, False: f"not {label}"}
        for is_so in names:
            for said in names:
                yield names[is_so], names[said], int(((truth == is_so) & (given == said)).sum())
