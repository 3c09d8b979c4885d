"""Who mentions what: comments by topic, the exposure, and how alike the comments of one customer are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxnlp.waves.wave import Wave

__all__ = ["Mentions", "count", "both_design_effects"]


@dataclass(frozen=True, slots=True)
class Mentions:
    """Mentions of k topics in one wave.

    ``n`` (k,): comments that mention the topic. ``exposure`` (k,): scored comments that could have. ``effect``
    (k,): design effect, by which customers who wrote several comments inflate the variance of ``n``; NaN where
    nobody mentions the topic. ``written`` (k,): of the average comment, how many its customer wrote.
    """

    n: np.ndarray
    exposure: np.ndarray
    effect: np.ndarray
    written: np.ndarray


def count(wave: Wave, topic: np.ndarray, k: int, kept: np.ndarray | None = None) -> Mentions:
    """Count the comments that mention each of `k` topics.

    Parameters
    ----------
    wave : n statements.
    topic : integer array (n,), topic 0..k-1 of each statement, -1 for none.
    kept : boolean array (n,); only these statements are counted, and the exposure is scaled by the share of
        comments that they come from.
    """
    kept = np.ones(len(topic), dtype=bool) if kept is None else kept
    rows = wave.statements["row"].to_numpy()
    exposure = wave.n_comments * _distinct(rows[kept]) / max(_distinct(rows), 1) if len(rows) else wave.n_comments
    comment, units, topic = *_comments(wave.statements[kept]), topic[kept]
    pairs = np.unique(comment[topic >= 0] * k + topic[topic >= 0]) if k else np.empty(0, np.int64)
    written = np.bincount(units).astype(np.int64)
    n = np.bincount(pairs % max(k, 1), minlength=k)
    effect = _design_effect(n, pairs % max(k, 1), units[pairs // max(k, 1)], written)
    average = (written**2).sum() / max(written.sum(), 1)
    return Mentions(n, np.full(k, float(exposure)), effect, np.full(k, average))


def both_design_effects(before: Mentions, after: Mentions) -> tuple[np.ndarray, np.ndarray]:
    """Design effects (k,) of both waves. A wave that never mentions a topic takes over that of the other,
    but no more than its own customers' comments allow."""
    taken = [
        np.where(np.isnan(own.effect), np.minimum(other.effect, np.maximum(own.written, 1)), own.effect)
        for own, other in ((before, after), (after, before))
    ]
    return np.nan_to_num(taken[0], nan=1.0), np.nan_to_num(taken[1], nan=1.0)


def _distinct(values: np.ndarray) -> int:
    return len(np.unique(values))


def _comments(statements: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Comment 0..c-1 of each statement, and customer 0..u-1 of each comment."""
    comment, _ = pd.factorize(statements["row"])
    unit, _ = pd.factorize(statements["unit"])
    units = np.zeros(int(comment.max()) + 1 if len(comment) else 0, dtype=np.int64)
    units[comment] = unit
    return comment.astype(np.int64), units


def _design_effect(n: np.ndarray, topic: np.ndarray, unit: np.ndarray, written: np.ndarray) -> np.ndarray:
    """Variance of the number of mentions (k,) over that of independent comments, at least 1.

    With m_u mentions in the c_u comments of customer u and r = sum(m) / sum(c), the sum of (m_u - r c_u)^2
    estimates the variance of a total over clusters by linearisation (Cochran 1977, Sampling Techniques, ch. 9).
    It is divided by the Poisson variance n and, as only the customers with mentions tell how they cluster,
    multiplied by u / (u - 1) for u of them. It cannot exceed the most comments that one of them wrote: 1 where
    nobody who mentions the topic wrote twice.
    """
    k = len(n)
    pairs, m = np.unique(topic * max(len(written), 1) + unit, return_counts=True)
    of, c = pairs // max(len(written), 1), written[pairs % max(len(written), 1)]
    # Sums of whole numbers are exact, so the order of the rows cannot show in the last bit.
    squares, products = np.bincount(of, m**2, minlength=k), np.bincount(of, m * c, minlength=k)
    mentioning, most = np.bincount(of, minlength=k), np.ones(k, dtype=np.int64)
    np.maximum.at(most, of, c)
    rate = n / max(written.sum(), 1)
    variance = squares - 2 * rate * products + rate**2 * (written**2).sum()
    with np.errstate(invalid="ignore", divide="ignore"):
        effect = np.maximum(variance / n, 1) * np.where(mentioning > 1, mentioning / (mentioning - 1), np.inf)
        return np.where(n > 0, np.clip(effect, 1, most), np.nan)
