"""A `Tagger` and embeddings in, an answer per statement and tag out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from cxnlp.codebook.fitting import Tagger
from cxnlp.codebook.held_out import DECIMALS
from cxnlp.codebook.scoring import centred

__all__ = ["DOUBT", "NO", "YES", "Verdicts", "tag"]

YES, NO, DOUBT = 1, 0, -1

EVEN = 0.5
_CHUNK = 16_384


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Answers for n statements and k tags.

    ``probability`` float32 (n, k), 0 to 1: calibrated where the basis is examples. ``answer`` int8 (n, k): `YES`, `NO`
    or `DOUBT`, which is left to a person.
    """

    probability: np.ndarray
    answer: np.ndarray


def tag(tagger: Tagger, embedding: np.ndarray, texts: Sequence[str] | None = None) -> Verdicts:
    """Answer for each statement and tag. One statement alone gets the answer that it gets among a million.

    Parameters
    ----------
    tagger : from `fit`.
    embedding : float array (n, width), rows of length 1, of the encoder that encoded the book's texts.
    texts : the statements (n,). Where given, an example of a tag is a yes and a counter-example a no, whatever the
        model says, so that nobody is asked again what they have answered; the probability stays the model's.
    """
    shape = len(embedding), len(tagger.tags)
    probability, answer = np.empty(shape, np.float32), np.empty(shape, np.int8)
    for start in range(0, len(embedding), _CHUNK):
        part = slice(start, start + _CHUNK)
        score = (centred(embedding[part], tagger.centre) @ tagger.weight + tagger.intercept).round(DECIMALS)
        likely = expit(tagger.slope * score + tagger.offset)
        probability[part] = likely
        yes, no = score >= tagger.yes_from, score <= tagger.no_to
        # A rare tag would get most of its yes from the few others that its bound allows: even odds are asked for too.
        decided = np.where(no, NO, np.where(likely >= EVEN, YES, DOUBT))
        answer[part] = np.where(yes == no, DOUBT, decided)
    if texts is not None:
        for row, text in enumerate(texts):
            for number, carries in tagger.known.get(text, {}).items():
                answer[row, number] = YES if carries else NO
    return Verdicts(probability, answer)
