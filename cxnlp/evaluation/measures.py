"""Figures from sums: precision, recall, F1, their means, accuracy and calibration error, for many resamples at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cxnlp.evaluation.counting import Blocks

__all__ = ["OVERALL", "Figures", "measures"]

OVERALL = "all"
"""Stands for all labels, and for all languages."""

Figures = dict[tuple[str, str], np.ndarray]
"""(label or `OVERALL`, measure) -> array of the shape of the resamples; NaN where the measure is not defined."""


def measures(sums: Blocks, labels: Sequence[str], *, many: bool) -> Figures:
    """Every figure that the blocks allow (see `counting.contributions`).

    Parameters
    ----------
    sums : means over comments, arrays (..., m); the figures have the shape of the dots.
    labels : names of the columns of ``truth``, ``given`` and ``hit``.
    many : a comment may have several labels.

    Notes
    -----
    With TP hits, precision = TP / answers, recall = TP / truths, F1 = 2 TP / (truths + answers); recall and F1 are
    not defined for a label that the truth does not hold, precision for one that was never answered. ``macro_f1``
    is the plain mean over the labels that the truth holds, ``micro_f1`` F1 of the summed counts (for one label a
    comment it equals ``accuracy``, which is given instead). ``main_accuracy`` is the share of comments whose one
    label shown is true. ``ece`` is over all decisions: one a comment, or one a label of each comment (many).
    """
    hit, truth, given = sums["hit"], sums["truth"], sums["given"]
    f1 = np.where(truth > 0, _ratio(2 * hit, truth + given), np.nan)
    figures: Figures = {(OVERALL, "macro_f1"): _ratio(np.nansum(f1, axis=-1), np.isfinite(f1).sum(axis=-1))}
    if many:
        figures[OVERALL, "micro_f1"] = _ratio(2 * hit.sum(axis=-1), (truth + given).sum(axis=-1))
    else:
        figures[OVERALL, "accuracy"] = hit.sum(axis=-1)
    if "shown" in sums:
        figures[OVERALL, "main_accuracy"] = sums["shown"][..., 0]
    if "gap" in sums:
        figures[OVERALL, "ece"] = _ratio(np.abs(sums["gap"]).sum(axis=-1), sums["decisions"][..., 0])
    precision, recall = _ratio(hit, given), _ratio(hit, truth)
    for k, label in enumerate(labels):
        figures[label, "precision"] = precision[..., k]
        figures[label, "recall"] = recall[..., k]
        figures[label, "f1"] = f1[..., k]
    return figures


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Quotient, NaN where the denominator is 0."""
    return np.divide(numerator, denominator, out=np.full(np.shape(numerator), np.nan), where=denominator > 0)
