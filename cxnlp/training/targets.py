"""What each head should answer for each row, and what an error costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from torch import Tensor
from torch.nn import functional

from cxnlp.evaluation import labels_matrix
from cxnlp.heads import HEADS
from cxnlp.training.corpora import CORPORA

__all__ = ["HEAD_COST", "SMOOTHING", "Target", "anchors", "loss", "targets"]

SMOOTHING = 0.05
"""Share of every sentiment target that is spread over all labels, which have noise (Szegedy et al. 2016, section 7)."""

MIXED = (0.35, 0.3, 0.35)
"""What the sentiment head should say of praise and criticism in one text: a graded score of 0, by no clear label."""

HEAD_COST = {
    "sentiment": 1.5,
    "touchpoint": 0.4,
    "churn_intent": 0.5,
    "advocacy": 0.5,
    "effort": 0.3,
    "emotion": 0.15,
}
"""Weight of each head's loss; losses of multi heads are summed over their labels."""


@dataclass(frozen=True, slots=True)
class Target:
    """Wanted probabilities, float32 (rows, labels), and each row's weight, float32 (rows,): 0 without a label."""

    wanted: np.ndarray
    weight: np.ndarray


def targets(rows: pd.DataFrame) -> dict[str, Target]:
    """Targets of every head for rows (columns `corpora.ROW_COLUMNS`); a row weighs what its corpus is trusted.

    Negative, neutral and positive weigh the same in sum. Rare labels of heads whose usual answer is ``none`` weigh
    more, by the root of how rare they are.
    """
    trust = rows["corpus"].map({name: corpus.trust for name, corpus in CORPORA.items()}).to_numpy(dtype=float)
    found = {}
    for head in HEADS.values():
        known = rows[head.name].notna().to_numpy()
        wanted = np.zeros((len(rows), len(head.labels)), dtype=np.float32)
        wanted[known] = labels_matrix(head, rows.loc[known, head.name])
        weight = np.where(known, trust, 0.0)
        if head.name == "sentiment":
            mixed = (rows["sentiment"] == "mixed").to_numpy()
            wanted[mixed] = MIXED
            counts = wanted[known].sum(axis=0)
            weight *= (wanted * (counts.mean() / np.maximum(counts, 1))).sum(axis=1)
            wanted = wanted * (1 - SMOOTHING) + SMOOTHING / len(head.labels)
        elif head.kind == "single":
            counts = wanted[known].sum(axis=0)
            weight *= (wanted * np.sqrt(counts.max() / np.maximum(counts, 1))).sum(axis=1)
        found[head.name] = Target(wanted.astype(np.float32), weight.astype(np.float32))
    return found


def anchors(rows: pd.DataFrame, centred: np.ndarray) -> np.ndarray:
    """What the embedding of each row should point to, float32 (rows, width), length 1.

    It is what the base encoder says of the comment, the mean over its translations; ``centred`` are the base's readings
    minus their mean. Learning it keeps the embedding fit for topics and pulls translations together (Reimers and
    Gurevych 2020, EMNLP, "Making monolingual sentence embeddings multilingual").
    """
    comment = rows["corpus"].astype(str) + "/" + rows["group"].astype(str)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    mean = pd.DataFrame(unit).groupby(comment.to_numpy()).transform("mean").to_numpy(dtype=np.float32)
    scaled: np.ndarray = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    return scaled


def loss(
    logits: Mapping[str, Tensor],
    embedding: Tensor,
    wanted: Mapping[str, Tensor],
    weight: Mapping[str, Tensor],
    anchor: Tensor,
    embedding_cost: float,
) -> Tensor:
    """Summed cost of one batch.

    Parameters
    ----------
    logits : head name -> (n, labels).
    embedding : (n, width), of any length.
    wanted, weight : of the same rows, as `Target` holds them.
    anchor : (n, width); see `anchors`.
    embedding_cost : weight of one minus the cosine of embedding and anchor.
    """
    total = embedding_cost * (1 - functional.cosine_similarity(embedding, anchor)).sum()
    for name, values in logits.items():
        if HEADS[name].kind == "single":
            each = -(functional.log_softmax(values, dim=1) * wanted[name]).sum(dim=1)
        else:
            each = functional.binary_cross_entropy_with_logits(values, wanted[name], reduction="none").sum(dim=1)
        total = total + HEAD_COST[name] * (each * weight[name]).sum()
    return total
