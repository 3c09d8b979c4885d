"""The heads' probabilities as labels of statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxnlp.heads import HEADS, decide, sentiment_score
from cxnlp.results import Encoding
from cxnlp.scores.words import TEXT

__all__ = ["LABELLED", "Labels", "labels_of", "statement_columns"]

LABELLED = ("emotion", "effort", "churn_intent", "advocacy")
"""Heads whose label becomes a column of its own name."""


@dataclass(frozen=True, slots=True)
class Labels:
    """One label per statement and its probability; missing and NaN where the model does not have the head."""

    label: pd.Series
    probability: np.ndarray


def labels_of(encoding: Encoding, n: int) -> dict[str, Labels]:
    """Labels of all ``n`` statements by head, as `heads.decide` gives them with the encoding's thresholds."""
    return {name: _decided(encoding, name, n) for name in ("sentiment", *LABELLED)}


def statement_columns(encoding: Encoding, labels: Mapping[str, Labels], n: int) -> dict[str, pd.Series | np.ndarray]:
    """The columns of the statements table that come from the heads."""
    known = "sentiment" in encoding.probabilities
    score = sentiment_score(encoding.probabilities["sentiment"].astype(float)) if known else np.full(n, np.nan)
    return {
        "sentiment": score,
        "sentiment_label": labels["sentiment"].label,
        "sentiment_confidence": labels["sentiment"].probability,
        **{name: labels[name].label for name in LABELLED},
    }


def _decided(encoding: Encoding, name: str, n: int) -> Labels:
    if name not in encoding.probabilities:
        return Labels(pd.Series(np.nan, index=range(n), dtype=TEXT), np.full(n, np.nan))
    probabilities = encoding.probabilities[name].astype(float)
    label, probability = decide(HEADS[name], probabilities, encoding.thresholds.get(name))
    return Labels(pd.Series(label, dtype=TEXT), probability)
