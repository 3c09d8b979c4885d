"""Figures of a model on development sets: macro-F1, F1 of the labels that matter, calibration error."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score

from cxnlp.heads import HEADS, decide
from cxnlp.training.corpora import ROW_COLUMNS
from cxnlp.training.devsets import DEVSETS, journey_rows, sentiment_rows
from cxnlp.training.probe import labels_matrix

__all__ = ["FIGURE_COLUMNS", "expected_calibration_error", "figures", "measure_head"]

FIGURE_COLUMNS = ("head", "set", "language", "n", "measure", "value")


def expected_calibration_error(confidence: np.ndarray, correct: np.ndarray, bins: int = 10) -> float:
    """Mean |accuracy - confidence| over `bins` equal-width bins, weighted by size (Naeini et al. 2015), 0 to 1."""
    of_bin = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(correct[of_bin == b].mean() - confidence[of_bin == b].mean()) * (of_bin == b).mean()
        for b in np.unique(of_bin)
    ]
    return float(sum(gaps))


def measure_head(name: str, truth: pd.Series, probabilities: np.ndarray, thresholds: np.ndarray) -> dict[str, float]:
    """Measures of one head on labelled rows.

    ``macro_f1`` over the labels that occur (single heads), ``f1_<label>`` for labels other than the neutral one,
    ``micro_f1`` of the label sets (multi heads), ``main_accuracy`` of the one label shown, ``ece``.
    """
    head = HEADS[name]
    y = labels_matrix(head, truth)
    shown, confidence = decide(head, probabilities, thresholds)
    if head.kind == "multi":
        micro = f1_score(y, (probabilities >= thresholds).astype(int), average="micro", zero_division=0)
        correct = np.array(
            [(label in values) if label != "none" else not values for label, values in zip(shown, truth, strict=True)]
        )
        return {"micro_f1": float(micro), "main_accuracy": float(correct.mean())}
    present = [label for k, label in enumerate(head.labels) if y[:, k].any()]
    if head.neutral is None and len(present) < len(head.labels):
        # a set with two classes asks only between those two
        columns = [head.labels.index(label) for label in present]
        best = probabilities[:, columns].argmax(axis=1)
        shown, confidence = (
            np.asarray(present, dtype=object)[best],
            probabilities[np.arange(len(best)), np.array(columns)[best]],
        )
    correct = shown == truth.to_numpy()
    values = {"macro_f1": float(f1_score(truth, shown, labels=present, average="macro", zero_division=0))}
    if head.neutral is not None:
        wanted = [label for label in present if label != head.neutral]
        scores = f1_score(truth, shown, labels=wanted, average=None, zero_division=0)
        values |= {f"f1_{label}": float(score) for label, score in zip(wanted, scores, strict=True)}
    return values | {"ece": expected_calibration_error(confidence, correct)}


def evaluation_rows(data: Path) -> pd.DataFrame:
    """Every development row, columns `ROW_COLUMNS`; ``corpus`` is the set's name, journey_dev for the journey set."""
    parts = [journey_rows(data).assign(corpus="journey_dev")]
    parts += [sentiment_rows(data, name).assign(corpus=name) for name in DEVSETS]
    return pd.concat([part.reindex(columns=list(ROW_COLUMNS)) for part in parts], ignore_index=True)


def figures(
    rows: pd.DataFrame, probabilities: Mapping[str, np.ndarray], thresholds: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """Tidy table of figures, columns `FIGURE_COLUMNS`: per head, set and language, and over all languages."""
    found = []
    for name in probabilities:
        known = rows[name].notna().to_numpy()
        for corpus, part in rows[known].groupby("corpus", sort=False):
            spoken = sorted(part["language"].unique())
            for language in spoken if len(spoken) == 1 else (*spoken, "all"):
                chosen = part if language == "all" else part[part["language"] == language]
                values = measure_head(
                    name, chosen[name], probabilities[name][chosen.index], np.asarray(thresholds[name])
                )
                found += [(name, corpus, language, len(chosen), measure, value) for measure, value in values.items()]
    return pd.DataFrame(found, columns=list(FIGURE_COLUMNS))
