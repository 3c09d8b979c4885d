"""Figures of the model card: every head on development sets, without intervals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cxnlp.evaluation.answers import POLES, answers_of
from cxnlp.evaluation.counting import contributions, means
from cxnlp.evaluation.labels import labels_matrix
from cxnlp.evaluation.measures import OVERALL, measures
from cxnlp.heads import HEADS

__all__ = ["FIGURE_COLUMNS", "figures", "measure_head"]

FIGURE_COLUMNS = ("head", "set", "language", "n", "measure", "value")


def measure_head(
    name: str, truth: pd.Series, probabilities: np.ndarray, thresholds: np.ndarray | None
) -> dict[str, float]:
    """Measures of one head on labelled rows.

    ``macro_f1`` over the labels that occur and ``ece`` (single heads), ``f1_<label>`` of the labels that occur, other
    than the neutral one, where the head has one; ``micro_f1`` of the label sets and ``main_accuracy`` of the one
    label shown (multi heads). A sentiment set that holds only negative and positive asks only between those two.
    """
    head = HEADS[name]
    answers = answers_of(head, probabilities, thresholds)
    matrix = labels_matrix(answers.labels, truth).astype(bool)
    if answers.poles is not None and not matrix[:, [label not in POLES for label in answers.labels]].any():
        answers, matrix = answers.poles, labels_matrix(POLES, truth).astype(bool)
    found = measures(means(contributions(matrix, answers)), answers.labels, many=answers.many)
    chosen = ("micro_f1", "main_accuracy") if answers.many else ("macro_f1", "ece")
    values = {measure: float(found[OVERALL, measure]) for measure in chosen}
    if head.kind == "single" and head.neutral is not None:
        held = [label for label in answers.labels if label in set(truth) - {head.neutral}]
        values |= {f"f1_{label}": float(found[label, "f1"]) for label in held}
    return values


def figures(
    rows: pd.DataFrame, probabilities: Mapping[str, np.ndarray], thresholds: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """Tidy table of figures, columns `FIGURE_COLUMNS`: per head, set and language, and over all languages.

    ``rows``: RangeIndex; columns ``corpus``, ``language`` and one a head, missing where a row has no such label.
    ``probabilities``: head -> array (rows, labels).
    """
    found = []
    for name in probabilities:
        known = rows[name].notna().to_numpy()
        for corpus, part in rows[known].groupby("corpus", sort=False):
            spoken = sorted(part["language"].unique())
            for language in spoken if len(spoken) == 1 else (*spoken, OVERALL):
                chosen = part if language == OVERALL else part[part["language"] == language]
                values = measure_head(
                    name, chosen[name], probabilities[name][chosen.index], np.asarray(thresholds[name])
                )
                found += [(name, corpus, language, len(chosen), measure, value) for measure, value in values.items()]
    return pd.DataFrame(found, columns=list(FIGURE_COLUMNS))
