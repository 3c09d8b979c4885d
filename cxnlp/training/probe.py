"""Linear heads on frozen embeddings: logistic regression, thresholds and temperature on held-apart groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from threadpoolctl import threadpool_limits

from cxnlp.heads import HEADS, Head
from cxnlp.registry import HeadWeights

__all__ = ["HELD_SHARE", "PENALTIES", "fit_heads", "held_apart", "labels_matrix"]

HELD_SHARE = 0.2
PENALTIES = {
    "sentiment": 0.003,
    "touchpoint": 0.01,
    "churn_intent": 0.03,
    "advocacy": 0.03,
    "effort": 0.03,
    "emotion": 0.003,
}
"""Inverse L2 strength (scikit-learn's ``C``) per head. Chosen once from .001 .003 .01 .03 by macro-F1 on the
development sets: the only thing that those sets decided. Held-apart rows of the training corpora prefer weaker
penalties, which carry over worse to other domains and languages."""
_GRID = np.round(np.arange(0.08, 0.9, 0.02), 2)


def held_apart(groups: pd.Series, share: float = HELD_SHARE) -> np.ndarray:
    """Boolean mask of the rows kept from fitting: by a hash of the group, so that translations stay together."""
    return (pd.util.hash_pandas_object(groups.astype(str), index=False) % 1000 < share * 1000).to_numpy()


def labels_matrix(head: Head, values: pd.Series) -> np.ndarray:
    """0/1 array of shape (rows, labels) from one label a row (single) or tuples of labels (multi)."""
    return np.array([[label in _as_tuple(value) for label in head.labels] for value in values], dtype=np.int8)


def _as_tuple(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


def fit_heads(rows: pd.DataFrame, embedding: np.ndarray, *, seed: int = 0) -> dict[str, HeadWeights]:
    """Fit every head of `heads.HEADS` on the rows that carry its label.

    Parameters
    ----------
    rows : columns `corpora.ROW_COLUMNS`.
    embedding : float array (rows, width), length-1 rows, from the stored backbone.
    seed : of the solver.

    Returns
    -------
    head name -> weights, bias, temperature and thresholds. Temperature and thresholds come from
    `held_apart` groups; the weights are then fitted again on all rows.
    """
    heads = {}
    with threadpool_limits(limits=1):  # one thread gives the same sums on every machine
        for head in HEADS.values():
            known = rows[head.name].notna().to_numpy()
            x, y = embedding[known], labels_matrix(head, rows.loc[known, head.name])
            penalty = PENALTIES[head.name]
            held = held_apart(rows.loc[known, "group"])
            logits = _logits(*_fit(head, x[~held], y[~held], penalty, seed), x[held])
            temperature = _temperature(head, logits, y[held])
            thresholds = _thresholds(head, logits / temperature, y[held])
            weight, bias = _fit(head, x, y, penalty, seed)
            heads[head.name] = HeadWeights(
                name=head.name,
                kind=head.kind,
                labels=head.labels,
                weight=weight.astype(np.float32),
                bias=bias.astype(np.float32),
                temperature=temperature,
                thresholds=thresholds,
            )
    return heads


def _logits(weight: np.ndarray, bias: np.ndarray, x: np.ndarray) -> np.ndarray:
    return x @ weight.T + bias


def _fit(head: Head, x: np.ndarray, y: np.ndarray, penalty: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    # Embeddings share a large common direction; fitted around their mean in unit steps the solver
    # needs a tenth of the iterations, and the result is folded back into weight and bias.
    mean, step = x.mean(axis=0), x.std()
    centred = (x - mean) / step
    model = LogisticRegression(C=penalty, max_iter=1000, random_state=seed)
    targets = [y.argmax(axis=1)] if head.kind == "single" else list(y.T)
    fitted = [(model.fit(centred, target).coef_.copy(), model.intercept_.copy()) for target in targets]
    weight = np.vstack([coefficients for coefficients, _ in fitted]) / step
    return weight, np.concatenate([intercept for _, intercept in fitted]) - weight @ mean


def _temperature(head: Head, logits: np.ndarray, y: np.ndarray) -> float:
    """Temperature that minimises the log loss of held-apart rows (Guo et al. 2017, ICML, section 4.2)."""

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        if head.kind == "single":
            return float(-(log_softmax(scaled, axis=1) * y).sum(axis=1).mean())
        return float((np.logaddexp(0, scaled) - scaled * y).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-2, 2), method="bounded").x))


def _thresholds(head: Head, logits: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Per label, the probability threshold of best F1 on held-apart rows; 0 for labels that need none."""
    if head.kind == "multi":
        probabilities = expit(logits)
        return np.array([_best(probabilities[:, k], y[:, k]) for k in range(len(head.labels))])
    if head.neutral is None:
        return np.zeros(len(head.labels))
    probabilities = softmax(logits, axis=1)
    return np.array(
        [0.0 if label == head.neutral else _best(probabilities[:, k], y[:, k]) for k, label in enumerate(head.labels)]
    )


def _best(probability: np.ndarray, truth: np.ndarray) -> float:
    scores = [f1_score(truth, probability >= threshold, zero_division=0) for threshold in _GRID]
    return float(_GRID[int(np.argmax(scores))])
