"""Linear heads on frozen readings: where tuning starts from, and what it has to beat."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from cxnlp.evaluation import labels_matrix
from cxnlp.heads import HEADS, Head
from cxnlp.training.candidates import Linear

__all__ = ["PENALTIES", "fit_heads"]

PENALTIES = {
    "sentiment": 0.003,
    "touchpoint": 0.01,
    "churn_intent": 0.03,
    "advocacy": 0.03,
    "effort": 0.03,
    "emotion": 0.003,
}
"""Inverse L2 strength (scikit-learn's ``C``) per head. Chosen once from .001 .003 .01 .03 by macro-F1 on the
development sets. Held-apart rows of the training corpora prefer weaker penalties, which carry over worse to other
domains and languages."""


def fit_heads(rows: pd.DataFrame, reading: np.ndarray, *, seed: int = 0) -> dict[str, Linear]:
    """Fit every head of `heads.HEADS` by logistic regression on the rows that carry its label.

    Parameters
    ----------
    rows : columns `corpora.ROW_COLUMNS`; rows of mixed sentiment say nothing of the sentiment head.
    reading : float array (rows, width), length-1 rows, from the stored backbone.
    seed : of the solver.

    Returns
    -------
    head name -> weight (labels, width) and bias (labels,).
    """
    heads = {}
    with threadpool_limits(limits=1):  # one thread gives the same sums on every machine
        for head in HEADS.values():
            known = (rows[head.name].notna() & (rows[head.name] != "mixed")).to_numpy()
            heads[head.name] = _fit(head, reading[known], labels_matrix(head, rows.loc[known, head.name]), seed)
    return heads


def _fit(head: Head, x: np.ndarray, y: np.ndarray, seed: int) -> Linear:
    # Embeddings share a large common direction; fitted around their mean in unit steps the solver
    # needs a tenth of the iterations, and the result is folded back into weight and bias.
    mean, step = x.mean(axis=0), x.std()
    centred = (x - mean) / step
    model = LogisticRegression(C=PENALTIES[head.name], max_iter=1000, random_state=seed)
    targets = [y.argmax(axis=1)] if head.kind == "single" else list(y.T)
    fitted = [(model.fit(centred, target).coef_.copy(), model.intercept_.copy()) for target in targets]
    weight = np.vstack([coefficients for coefficients, _ in fitted]) / step
    return weight, np.concatenate([intercept for _, intercept in fitted]) - weight @ mean
