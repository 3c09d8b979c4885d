"""What each comment adds to the sums that every figure is made of."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cxnlp.evaluation.answers import Answers
from cxnlp.evaluation.calibration import calibration_gaps
from cxnlp.evaluation.labels import NOTHING

__all__ = ["Blocks", "contributions", "means"]

Blocks = Mapping[str, np.ndarray]
"""Name -> float array (n, m) of contributions, or (..., m) of their means over comments."""


def contributions(truth: np.ndarray, answers: Answers) -> dict[str, np.ndarray]:
    """Blocks for `measures.measures`, one row a comment.

    Parameters
    ----------
    truth : bool array (n, labels of the answers).
    answers : of the same comments.

    Returns
    -------
    ``truth``, ``given`` and their conjunction ``hit``, each (n, labels); with probabilities ``gap`` (n, bins) and
    ``decisions`` (n, 1); with a label shown ``shown`` (n, 1), whether it is among the true ones.
    """
    blocks = {"truth": truth, "given": answers.given, "hit": truth & answers.given}
    if answers.probability is not None:
        decided = answers.probability
        correct = truth if answers.many else blocks["hit"].any(axis=1)
        blocks["gap"] = calibration_gaps(decided, correct.astype(float))
        blocks["decisions"] = np.isfinite(decided).reshape(len(truth), -1).sum(axis=1, keepdims=True)
    if answers.shown is not None:
        right = truth & (answers.shown[:, None] == np.asarray(answers.labels, dtype=object))
        nothing = (answers.shown == NOTHING) & ~truth.any(axis=1)
        blocks["shown"] = (right.any(axis=1) | nothing)[:, None]
    return {name: block.astype(float) for name, block in blocks.items()}


def means(blocks: Blocks) -> dict[str, np.ndarray]:
    """Mean over comments of each block: name -> array (m,)."""
    return {name: block.mean(axis=0) for name, block in blocks.items()}
