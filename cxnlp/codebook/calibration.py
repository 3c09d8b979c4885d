"""From scores to probabilities: Platt's sigmoid."""

from __future__ import annotations

import numpy as np
from scipy.special import logit
from sklearn.linear_model import LogisticRegression

__all__ = ["fit_sigmoid"]


def fit_sigmoid(score: np.ndarray, positive: np.ndarray) -> tuple[float, float]:
    """Slope and offset, so that the probability of a score s is 1 / (1 + exp(-(slope s + offset))).

    The maximum of the likelihood with smoothed targets, (n1 + 1) / (n1 + 2) for the n1 positives and 1 / (n0 + 2) for
    the n0 negatives, which keeps it finite where a threshold separates them.
    Source: Platt 1999, "Probabilistic outputs for support vector machines", in Advances in Large Margin Classifiers.
    A slope that is not positive means that the scores say nothing: then it is 0 and the offset that of the share.

    Parameters
    ----------
    score : float array (n,), n >= 1, of texts that the scorer was not fitted to.
    positive : boolean array (n,).
    """
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    target = np.where(positive, (n_positive + 1) / (n_positive + 2), 1 / (n_negative + 2))
    scale = max(float(np.std(score)), 1e-9)
    column = np.concatenate([score, score])[:, None] / scale
    model = LogisticRegression(C=np.inf, tol=1e-8, max_iter=1000)
    model.fit(column, np.repeat([1, 0], len(score)), sample_weight=np.concatenate([target, 1 - target]))
    slope, offset = float(model.coef_[0, 0]) / scale, float(model.intercept_[0])
    if slope <= 0 or np.ptp(score) == 0:
        return 0.0, float(logit(target.mean()))
    return slope, offset
