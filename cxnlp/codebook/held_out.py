"""Scores of texts that their scorer has not seen: cross-validation over the texts of one tag."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxnlp.codebook.references import Members, References
from cxnlp.codebook.scoring import from_examples

__all__ = ["FOLDS", "MAX_OTHERS", "DECIMALS", "HeldOut", "fit_tag", "held_out", "training_negatives"]

FOLDS = 5

MAX_OTHERS = 500
"""Most examples of other tags that one tag is fitted against: those nearest to its own. All of them are scored."""

DECIMALS = 6
"""Scores are rounded so, because the last bits depend on the processor and on how many statements come at once."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Scores of a tag's ``positive`` and ``negative`` texts, each by a fit without its fold, and how many ``fits``."""

    positive: np.ndarray
    negative: np.ndarray
    fits: int

    @property
    def separation(self) -> float:
        """Chance that an example scores above a text that is none (ties count half): the area under the ROC curve."""
        below = np.searchsorted(np.sort(self.negative), self.positive, side="left")
        equal = np.searchsorted(np.sort(self.negative), self.positive, side="right") - below
        return float((below + equal / 2).mean() / len(self.negative))


def training_negatives(role: Members, own: References, against: np.ndarray, nearness: np.ndarray) -> np.ndarray:
    """Which of the rows ``against`` a tag is fitted to, boolean; of other tags' examples the `MAX_OTHERS` nearest.

    Near ones say where the border runs; so 2,000 tags need no more work a tag than 100. ``nearness`` (m,): how
    near each text is to the tag's own.
    """
    other = own.examples.copy()
    other[role.counter] = False
    far = np.flatnonzero(other[against])
    fitted = np.ones(len(against), dtype=bool)
    if len(far) > MAX_OTHERS:
        # Rounded before the choice, because the last bits depend on the processor; equal ones by their text.
        order = np.argsort(-nearness[against[far]].round(9), kind="stable")
        fitted[far[order[MAX_OTHERS:]]] = False
    return fitted


def fit_tag(points: np.ndarray, role: Members, against: np.ndarray) -> tuple[np.ndarray, float]:
    """Hyperplane of a tag: examples and descriptions against the rows ``against``."""
    rows = np.concatenate([role.positive, role.described, against])
    positive = np.arange(len(rows)) < len(role.positive) + len(role.described)
    return from_examples(points[rows], positive)


def held_out(points: np.ndarray, role: Members, against: np.ndarray, fitted: np.ndarray, rank: np.ndarray) -> HeldOut:
    """Score every example and every negative of a tag by a fit without its fold.

    Positives and negatives are dealt to the folds one by one in the order of ``rank`` (m,), so the folds depend on
    the texts alone. Texts of one rank are translations of each other and held out together, or else each would be
    scored by a fit that knows it in another language. Descriptions are always fitted to and never scored: no
    customer writes like one.
    ``against``: rows of all negatives; ``fitted``: which of them are fitted to.
    """
    k = min(FOLDS, len(role.positive))
    fold_positive, fold_negative = _folds(rank[role.positive], k), _folds(rank[against], k)
    positive, negative = np.empty(len(role.positive)), np.empty(len(against))
    for fold in range(k):
        part = Members(role.positive[fold_positive != fold], role.described, role.counter)
        weight, intercept = fit_tag(points, part, against[fitted & (fold_negative != fold)])
        here, there = fold_positive == fold, fold_negative == fold
        positive[here] = points[role.positive[here]] @ weight + intercept
        negative[there] = points[against[there]] @ weight + intercept
    return HeldOut(positive.round(DECIMALS), negative.round(DECIMALS), k)


def _folds(rank: np.ndarray, k: int) -> np.ndarray:
    return np.unique(rank, return_inverse=True)[1] % k
