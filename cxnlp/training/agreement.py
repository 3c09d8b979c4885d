"""How far two readings of one comment agree: what the labels that train the models are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import cohen_kappa_score

from cxnlp.training.corpora import READ, WRITTEN, read_comments

__all__ = ["label_agreement"]

_SECOND = Path(__file__).with_name("second_reading.jsonl")
"""Labels of comments of the sets below by a second reader, who saw the comment and the guide only."""

_SETS = {"written": WRITTEN, "read": READ}
_SINGLE = {"sentiment": "sentiment", "churn intent": "churn", "advocacy": "advocacy", "effort": "effort"}


def label_agreement() -> pd.DataFrame:
    """Agreement of two readers, a row for each set and label.

    Columns ``set``, ``label``, ``comments``, ``measure`` and ``value``. The measure is Cohen's kappa (Cohen 1960,
    Educational and Psychological Measurement 20: 1 for the same labels, 0 for those of chance); for touchpoints, of
    which a comment has several, the mean Jaccard index of the two sets of codes.
    """
    second = {entry["id"]: entry for entry in read_comments(_SECOND)}
    rows: list[tuple[str, str, int, str, float]] = []
    for name, path in _SETS.items():
        pairs = [(entry, second[entry["id"]]) for entry in read_comments(path) if entry["id"] in second]
        for label, key in _SINGLE.items():
            rows.append((name, label, len(pairs), "kappa", _kappa([(a[key], b[key]) for a, b in pairs])))
        emotions = [(a["emotions"][0], b["emotions"][0]) for a, b in pairs]
        rows.append((name, "main emotion", len(pairs), "kappa", _kappa(emotions)))
        codes = [(_codes(a), _codes(b)) for a, b in pairs]
        rows.append((name, "touchpoints", len(pairs), "Jaccard", _jaccard(codes)))
    return pd.DataFrame(rows, columns=["set", "label", "comments", "measure", "value"])


def _codes(entry: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(code[:3] for code in entry["touchpoints"])


def _kappa(pairs: Sequence[tuple[str, str]]) -> float:
    first, second = zip(*pairs, strict=True)
    return float(cohen_kappa_score(first, second))


def _jaccard(pairs: Sequence[tuple[frozenset[str], frozenset[str]]]) -> float:
    return float(np.mean([len(a & b) / len(a | b) for a, b in pairs]))
