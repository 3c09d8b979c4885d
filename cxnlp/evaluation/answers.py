"""The answers: what a model says of each text, in the form in which it is compared with the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxnlp.evaluation.labels import MIXED, labels_matrix
from cxnlp.heads import HEADS, POLARITIES, Head, decide

__all__ = ["COMMENT_COLUMNS", "POLES", "Answers", "answers_of", "comment_answers", "comment_labels"]

POLES = ("negative", "positive")

COMMENT_COLUMNS = {
    "sentiment": "sentiment_label",
    "touchpoint": "touchpoints",
    "churn_intent": "churn_intent",
    "advocacy": "advocacy",
    "effort": "effort",
    "emotion": "emotion",
}
"""Head -> the column of the comments table that holds its answer."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model answered, one row a comment.

    ``given``: bool array (n, labels), the answers; a row of a single head has one, or none where the comment
    was not scored. ``probability``: of the label given, array (n,) (single heads), or of each label, array
    (n, labels) (multi heads); None where it is not known. ``shown``: multi heads: the one label that is shown,
    ``none`` where no label is; None where no single one is shown. ``poles``: sentiment: the answers if
    only negative and positive may be chosen.
    """

    labels: tuple[str, ...]
    many: bool
    given: np.ndarray
    probability: np.ndarray | None = None
    shown: np.ndarray | None = None
    poles: Answers | None = None


def answers_of(head: Head, probabilities: np.ndarray, thresholds: np.ndarray | None = None) -> Answers:
    """Answers from a head's probabilities, array (n, labels), decided as `heads.decide` does."""
    probabilities = np.asarray(probabilities, dtype=float)
    shown, confidence = decide(head, probabilities, thresholds)
    if head.kind == "multi":
        least = np.full(len(head.labels), 0.5) if thresholds is None else np.asarray(thresholds)
        return Answers(head.labels, True, probabilities >= least, probabilities, shown)
    poles = _poles(probabilities) if head.labels == POLARITIES else None
    return Answers(head.labels, False, labels_matrix(head.labels, shown).astype(bool), confidence, poles=poles)


def _poles(probabilities: np.ndarray) -> Answers:
    # That the truth is not neutral is known here, so the probability is the one under that condition.
    two = probabilities[:, [POLARITIES.index(label) for label in POLES]]
    share = two / np.maximum(two.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    return Answers(POLES, False, _sides(two[:, 1] - two[:, 0]), share.max(axis=1))


def _sides(score: np.ndarray) -> np.ndarray:
    """Bool array (n, 2) for `POLES`: positive above 0; neither where the score is NaN."""
    return np.column_stack([score <= 0, score > 0])


def comment_labels(head: Head) -> tuple[str, ...]:
    """The labels that a whole comment may get: sentiment may be mixed, and OTH is no touchpoint."""
    if head.name == "sentiment":
        return (*head.labels, MIXED)
    return tuple(label for label in head.labels if head.kind == "single" or label != head.neutral)


def comment_answers(name: str, comments: pd.DataFrame) -> Answers:
    """Answers of head `name` for whole comments, from a table with the columns `comments` (see schema.TABLES).

    A comment that was not scored has no answer. Only sentiment carries a probability at this grain.
    """
    head = HEADS[name]
    labels = comment_labels(head)
    cells: Sequence[object] = comments[COMMENT_COLUMNS[name]].tolist()
    if head.kind == "multi":
        sets = [tuple(cell) if isinstance(cell, list | tuple) else (cell,) for cell in cells]
        shown = np.asarray(cells, dtype=object) if name == "emotion" else None
        return Answers(labels, True, labels_matrix(labels, sets).astype(bool), shown=shown)
    given = labels_matrix(labels, cells).astype(bool)
    if name != "sentiment":
        return Answers(labels, False, given)
    poles = Answers(POLES, False, _sides(comments["sentiment"].to_numpy(dtype=float)))
    return Answers(labels, False, given, comments["sentiment_confidence"].to_numpy(dtype=float), poles=poles)
