"""How a statement is scored against a tag: a hyperplane, from examples (`from_examples`) or from words alone.

To score otherwise, replace `from_examples`: anything that gives a hyperplane in the space of `unit_rows`.
"""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression

__all__ = ["C", "CONTRAST", "WORD_SLOPE", "WORD_OFFSET", "centred", "from_examples", "from_words"]

C = 10.0
"""Inverse strength of the ridge penalty. Mean average precision of held-out examples (5 folds), two shipped books
as first written: .761 and .600 with .3, .808 and .635 with 1, .850 and .653 with 10, .853 and .633 with 100."""

CONTRAST = 0.7
"""How much of the other tags' mean description is taken away from a description. Area under the ROC curve of the nine
shipped tags from their descriptions alone, against the other tags' examples and against the background:
.60 and .97 with 0, .66 and .95 with .5, .70 and .91 with .7, .74 and .68 with 1."""

WORD_SLOPE, WORD_OFFSET = 0.84, -3.34
"""From standard deviations above the background to log odds, for tags without examples: a logistic regression over
the examples of the shipped books and the background, each tag described in English alone and in four languages.
Borrowed from these books; nothing says that it fits another."""

_TOLERANCE = 1e-12


def centred(embedding: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Rows (n, width) minus ``centre``, of length 1 (0 for a row at the centre), float64.

    The cosines of contrastively trained encoders are compressed around .8; without their mean they spread.
    """
    rows = np.asarray(embedding, dtype=np.float64) - centre
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, length, out=np.zeros_like(rows), where=length > _TOLERANCE)


def from_examples(points: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, float]:
    """Weight (width,) and intercept of the tag whose positive texts are given.

    Logistic regression with a ridge penalty, both classes weighted alike however many texts they have.

    Parameters
    ----------
    points : float64 array (n, width), rows of length 1, in an order that does not depend on the input's.
    positive : boolean array (n,), with both values.
    """
    model = LogisticRegression(C=C, class_weight="balanced", max_iter=1000).fit(points, positive)
    return model.coef_[0], float(model.intercept_[0])


def from_words(described: np.ndarray, others: np.ndarray, background: np.ndarray) -> tuple[np.ndarray, float]:
    """Weight (width,) and intercept of a tag that is only described.

    The score is the cosine with the mean description, less a part of the other tags' mean, in standard
    deviations above the mean of the background texts.

    Parameters
    ----------
    described : points (d, width) of the tag's descriptions and of its example, if it has one.
    others : mean (width,) of the other tags' points, zero where there is none.
    background : points (b, width) of the background texts.
    """
    direction = described.mean(axis=0) - CONTRAST * others
    length = np.linalg.norm(direction)
    if length > _TOLERANCE:
        direction = direction / length
    usual = background @ direction
    spread = max(float(usual.std()), _TOLERANCE**0.5)
    return direction / spread, -float(usual.mean()) / spread
