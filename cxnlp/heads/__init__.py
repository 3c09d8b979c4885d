"""WHAT we predict: the heads, their labels, and how probabilities become labels. No torch here.

A head is data. To add one, add a line to `HEADS` and train its weights; a model without some head
stays valid and the report says what was not predicted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

__all__ = ["Head", "HEADS", "TOUCHPOINTS", "POLARITIES", "decide", "sentiment_score"]


@dataclass(frozen=True, slots=True)
class Head:
    """One prediction made from a statement's embedding.

    ``kind`` is ``single`` (exactly one label, softmax) or ``multi`` (any number of labels, one
    sigmoid each). ``neutral`` is the label that means "nothing of this was said"; None where
    every label says something.
    """

    name: str
    kind: Literal["single", "multi"]
    labels: tuple[str, ...]
    meaning: str
    neutral: str | None = None


TOUCHPOINTS: dict[str, str] = {
    "AWR": "advertising and reputation",
    "INF": "product information",
    "PRC": "price and value",
    "WEB": "website or app",
    "ORD": "ordering and payment",
    "STO": "premises and location",
    "DEL": "delivery",
    "ONB": "set-up and first use",
    "PRD": "product or core service",
    "STF": "staff",
    "WAI": "waiting and punctuality",
    "SUP": "customer support",
    "RET": "returns and complaints",
    "BIL": "billing and contract",
    "LOY": "loyalty and renewal",
    "CAN": "cancelling and leaving",
    "REC": "recommending or warning others",
    "OTH": "something else",
}
"""Touchpoint codes and their readable names, in journey order; OTH is no touchpoint."""

POLARITIES: tuple[str, ...] = ("negative", "neutral", "positive")

HEADS: dict[str, Head] = {
    head.name: head
    for head in (
        Head("sentiment", "single", POLARITIES, "how the statement judges what it speaks of"),
        Head("touchpoint", "multi", tuple(TOUCHPOINTS), "where in the journey it happened", neutral="OTH"),
        Head(
            "churn_intent", "single", ("none", "leave", "stay"), "what the customer says they will do", neutral="none"
        ),
        Head("advocacy", "single", ("none", "recommend", "warn"), "whether others are advised", neutral="none"),
        Head("effort", "single", ("none", "high", "low"), "how hard the customer says it was", neutral="none"),
        Head(
            "emotion",
            "multi",
            (
                "joy",
                "satisfaction",
                "gratitude",
                "trust",
                "surprise",
                "disappointment",
                "frustration",
                "anger",
                "anxiety",
                "confusion",
                "sadness",
            ),
            "the emotions expressed",
        ),
    )
}


def decide(
    head: Head, probabilities: np.ndarray, thresholds: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The one label that stands for each row, and its probability.

    Parameters
    ----------
    head : the head that was predicted.
    probabilities : array of shape (n, number of labels), each 0 to 1.
    thresholds : array of shape (number of labels,), the least probability at which a label is
        given. A single head falls back to ``neutral`` below its threshold where it has one (to
        the most probable label otherwise); a multi head to ``none``.

    Returns
    -------
    labels : object array of shape (n,).
    confidence : float array of shape (n,), the probability of the label; for ``none`` of a multi
        head, one minus the largest probability.
    """
    if not len(probabilities):
        return np.empty(0, dtype=object), np.empty(0)
    if thresholds is None:
        thresholds = np.full(len(head.labels), 0.5 if head.kind == "multi" else 0.0)
    names = np.asarray(head.labels, dtype=object)
    if head.kind == "multi":
        margin = np.where(probabilities >= thresholds, probabilities, -1.0)
        best = margin.argmax(axis=1)
        passed = margin.max(axis=1) >= 0
        top = probabilities[np.arange(len(best)), best]
        return np.where(passed, names[best], "none"), np.where(passed, top, 1 - probabilities.max(axis=1))
    allowed = probabilities >= thresholds
    if head.neutral is not None:
        allowed[:, head.labels.index(head.neutral)] = True
    best = np.where(
        allowed.any(axis=1), np.where(allowed, probabilities, -1.0).argmax(axis=1), probabilities.argmax(axis=1)
    )
    return names[best], probabilities[np.arange(len(best)), best]


def sentiment_score(probabilities: np.ndarray) -> np.ndarray:
    """Graded sentiment P(positive) - P(negative), -1 to 1, from the sentiment head's probabilities."""
    return probabilities[:, POLARITIES.index("positive")] - probabilities[:, POLARITIES.index("negative")]
