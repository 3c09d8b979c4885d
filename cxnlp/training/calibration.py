"""What turns logits into honest probabilities and labels: temperatures and thresholds, from rows held apart."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, softmax

from cxnlp.evaluation import labels_matrix
from cxnlp.heads import HEADS, Head
from cxnlp.registry import HeadWeights

__all__ = ["HELD_SHARE", "LANGUAGE_GROUPS", "USUAL_SHARE", "calibrate", "held_apart"]

HELD_SHARE = 0.1
"""Share of the comments that no weight is fitted on."""

LANGUAGE_GROUPS: tuple[tuple[str, ...], ...] = (("en",), ("ro", "it", "es", "pt", "fr"), ("de", "nl"), ("pl",))
"""Languages that share a temperature: kin, and together enough held-apart rows for a stable one."""

USUAL_SHARE = 0.05
"""Share of comments that carry a label such as ``leave`` or ``recommend`` where comments are not chosen for it.

Training comments were written to carry these labels far more often. Held-apart rows are weighted to this
share, lest thresholds and temperatures expect the label everywhere (Saerens et al. 2002, Neural Computation 14)."""

_GRID = np.round(np.arange(0.05, 0.96, 0.01), 2)


def held_apart(groups: pd.Series, share: float = HELD_SHARE) -> np.ndarray:
    """Boolean mask of the rows kept from fitting: by a hash of the group, so that translations stay together."""
    return (pd.util.hash_pandas_object(groups.astype(str), index=False) % 1000 < share * 1000).to_numpy()


def calibrate(
    rows: pd.DataFrame, reading: np.ndarray, heads: Mapping[str, tuple[np.ndarray, np.ndarray]]
) -> dict[str, HeadWeights]:
    """Heads with temperatures and thresholds, from weights (labels, width) and biases (labels,).

    Parameters
    ----------
    rows : held-apart rows, columns `corpora.ROW_COLUMNS`.
    reading : their readings of length 1, (rows, width).
    heads : head name -> weight and bias.

    Notes
    -----
    A temperature minimises the log loss (Guo et al. 2017, ICML, section 4.2): one over all rows of a head, and one for
    each of `LANGUAGE_GROUPS`. A threshold is the probability of best F1 for its label; heads whose every label says
    something need none.
    """
    return {name: _calibrated(HEADS[name], *heads[name], rows, reading) for name in heads}


def _calibrated(
    head: Head, weight: np.ndarray, bias: np.ndarray, rows: pd.DataFrame, reading: np.ndarray
) -> HeadWeights:
    known = (rows[head.name].notna() & (rows[head.name] != "mixed")).to_numpy()
    y = labels_matrix(head, rows.loc[known, head.name])
    logits = reading[known] @ weight.T + bias
    share = _usual(head, y)
    language = rows.loc[known, "language"].to_numpy()
    temperature = _temperature(head, logits, y, share)
    by_language: dict[str, float] = {}
    for group in LANGUAGE_GROUPS:
        of_group = np.isin(language, group)
        if of_group.any():
            fitted = _temperature(head, logits[of_group], y[of_group], share[of_group])
            by_language |= dict.fromkeys(group, fitted)
    each = np.array([by_language.get(code, temperature) for code in language])
    return HeadWeights(
        name=head.name,
        kind=head.kind,
        labels=head.labels,
        weight=weight.astype(np.float32),
        bias=bias.astype(np.float32),
        temperature=temperature,
        language_temperature=by_language,
        thresholds=_thresholds(head, logits / each[:, None], y, share),
    )


def _usual(head: Head, y: np.ndarray) -> np.ndarray:
    """Weight of each row, (rows,): labels beside ``none`` weigh as if each had `USUAL_SHARE`; elsewhere 1."""
    if head.kind == "multi" or head.neutral is None:
        return np.ones(len(y))
    share = np.full(len(head.labels), USUAL_SHARE)
    share[head.labels.index(head.neutral)] = 1 - USUAL_SHARE * (len(head.labels) - 1)
    weight: np.ndarray = (y * share / np.maximum(y.mean(axis=0), 1 / max(len(y), 1))).sum(axis=1)
    return weight


def _temperature(head: Head, logits: np.ndarray, y: np.ndarray, share: np.ndarray) -> float:
    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        if head.kind == "single":
            each = -(log_softmax(scaled, axis=1) * y).sum(axis=1)
        else:
            each = (np.logaddexp(0, scaled) - scaled * y).mean(axis=1)
        return float(np.average(each, weights=share))

    return round(float(np.exp(minimize_scalar(loss, bounds=(-2, 2), method="bounded").x)), 4)


def _thresholds(head: Head, logits: np.ndarray, y: np.ndarray, share: np.ndarray) -> np.ndarray:
    if head.kind == "single" and head.neutral is None:
        return np.zeros(len(head.labels))
    probabilities = expit(logits) if head.kind == "multi" else softmax(logits, axis=1)
    return np.array(
        [
            0.0 if head.kind == "single" and label == head.neutral else _best(probabilities[:, k], y[:, k], share)
            for k, label in enumerate(head.labels)
        ]
    )


def _best(probability: np.ndarray, truth: np.ndarray, share: np.ndarray) -> float:
    """The threshold of best F1, the middle one where several tie."""
    given = probability[:, None] >= _GRID
    hit = ((given & (truth[:, None] == 1)) * share[:, None]).sum(axis=0)
    scores = 2 * hit / np.maximum((given * share[:, None]).sum(axis=0) + (truth * share).sum(), 1e-12)
    best = np.flatnonzero(scores >= scores.max() - 1e-12)
    return float(_GRID[best[len(best) // 2]])
