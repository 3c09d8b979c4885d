"""Kano classes by penalty-reward regression: what complaints take from a score, and what praise adds to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.stats import t as student

from cxnlp.drivers.canonical import by_content, kinds, patterns
from cxnlp.drivers.robust import holding
from cxnlp.drivers.sample import Sample

__all__ = ["kano", "COLUMNS", "MIN_MENTIONS"]

COLUMNS: tuple[str, ...] = (
    "topic_id",
    "n",
    "n_negative",
    "n_positive",
    "penalty",
    "penalty_low",
    "penalty_high",
    "reward",
    "reward_low",
    "reward_high",
    "asymmetry",
    "asymmetry_low",
    "asymmetry_high",
    "p",
    "kano_class",
    "method",
)
"""What `kano` returns: the declared columns of `kano` without outcome, topic_name and q."""

MIN_MENTIONS = 10
"""Fewest complaints, and fewest praises, for a class; a coefficient needs as many who do not."""

UNITS_PER_COEFFICIENT = 5
"""With fewer units the regression is not fitted: residuals say too little about the spread."""

MIN_CLUSTERS = 20
"""Fewest clusters for any interval: with fewer, robust covariances are too small."""

_TOLERANCE = 1e-9
_NUMBERS_PER_BLOCK = 4_000_000


@dataclass(frozen=True, slots=True)
class _Fit:
    """Least squares: coefficients and their covariance, NaN where the data do not tell one from the others.

    ``freedom``: degrees of freedom of the t distribution. ``why``: why nothing was fitted; empty where it was.
    """

    slope: np.ndarray
    covariance: np.ndarray
    freedom: float
    method: str
    why: str = ""


def kano(sample: Sample, pairs: pd.DataFrame, *, practical: float) -> pd.DataFrame:
    """Penalty, reward and Kano class of every topic for a score.

    One regression of all topics, score = b0 + sum b-_k complains_k + sum b+_k praises_k + controls (Brandt 1987;
    Matzler and Sauerwein 2002, Int J Service Industry Management 13:314-332; Mikulic and Prebezac 2011, Managing
    Service Quality 21:46-66). Penalty and reward are b- and b+ turned so that plus is better, in points of the scale.
    ``asymmetry`` is -penalty - reward: by how much complaints lower the score more than praise raises it. Where a
    coefficient has the sign that nobody expects, this linear form still has an honest interval, which the difference
    of absolute values would not have.

    Parameters
    ----------
    sample : the units of one score.
    pairs : columns topic_id, ``negative`` and ``positive``: the tests over all stages in ``sample.mentions``, -1: none.
    practical : smallest difference that matters, in points of the scale.

    Returns
    -------
    DataFrame
        `COLUMNS`, in the order of `pairs`; without rows where the outcome is no score. Intervals are 95 % t intervals
        that allow for unequal spread (HC3) or for clusters (CR1). The class is, in this order: indifferent (both
        intervals inside +-practical), performance (complaints lower the score and praise raises it), basic (complaints
        lower it, praise shows nothing, asymmetry above zero), excitement (the mirror image), else unclear; "shows"
        means that the interval leaves out zero. With fewer than `MIN_MENTIONS` complaints or praises (clusters that
        hold them, where there are any) it is unclear, and ``method`` says so.
    """
    if sample.outcome.kind != "score":
        return pd.DataFrame(columns=list(COLUMNS))
    negative, positive = (pairs[name].to_numpy(dtype=np.intp) for name in ("negative", "positive"))
    counts = np.append(np.asarray(sample.mentions.sum(axis=0)), 0)  # the last one is that of -1
    usable = np.intersect1d(np.concatenate([negative, positive]), np.flatnonzero(_supported(sample, counts)))
    fit = _regression(sample, usable)
    place = np.full(len(counts), -1)
    place[usable] = np.arange(len(usable))
    frame = pd.DataFrame(
        {
            "topic_id": pairs["topic_id"].to_numpy(),
            "n": len(sample.y),
            "n_negative": counts[negative].astype(np.int64),
            "n_positive": counts[positive].astype(np.int64),
            **_estimates(fit, place[negative], place[positive], -sample.worse),
        }
    )
    frame["kano_class"] = _classes(frame, practical)
    frame["method"] = _methods(frame, fit)
    return frame[list(COLUMNS)]


def _supported(sample: Sample, counts: np.ndarray) -> np.ndarray:
    """Which mentions may have a coefficient: enough units with and without it, and enough clusters of either."""
    enough = np.minimum(counts, len(sample.y) - counts) >= MIN_MENTIONS
    if sample.cluster is not None:
        number = np.unique(sample.cluster, return_inverse=True)[1].ravel()
        enough &= np.append(holding(number, sample.mentions), 0) >= MIN_MENTIONS
    return enough


def _regression(sample: Sample, columns: np.ndarray) -> _Fit:
    """Slopes of the mentions `columns`, beyond the controls."""
    k, n = len(columns), len(sample.y)
    kind = kinds(patterns(sample.mentions[:, columns]), sample.design.cell, sample.y)
    order = np.argsort(kind, kind="stable")
    y, controls = sample.y[order], sparse.csr_array(sample.design.matrix)[sample.design.cell[order]]
    rows = sparse.csr_array(sparse.hstack([sample.mentions[order][:, columns].astype(float), controls]))
    parameters = rows.shape[1]
    clusters = None if sample.cluster is None else by_content(kind, sample.cluster)[order]
    kept, nothing = np.full(k, np.nan), np.full((k, k), np.nan)
    units = n if clusters is None else int(clusters.max()) + 1
    if n < UNITS_PER_COEFFICIENT * parameters:
        return _Fit(kept, nothing, np.nan, "", f"{n} units are too few for {parameters} coefficients")
    if units < min(MIN_CLUSTERS, n):
        return _Fit(kept, nothing, np.nan, "", f"{units} clusters are too few for intervals")
    if np.ptp(y) == 0:
        return _Fit(kept, nothing, np.nan, "", "the score is constant")
    inverse, known = _inverse((rows.T @ rows).toarray())
    centred = y - y.mean()
    slope = inverse @ (rows.T @ centred)
    residual = centred - rows @ slope
    if clusters is None:
        residual = residual / np.maximum(1 - _leverage(rows, inverse), _TOLERANCE)
        scores = sparse.csr_array(rows * residual[:, None])
        factor, freedom, method = 1.0, float(n - parameters), "HC3 covariance"
    else:
        belongs = sparse.csr_array((np.ones(n), (clusters, np.arange(n))), shape=(units, n))
        scores = sparse.csr_array(belongs @ (rows * residual[:, None]))
        factor, freedom = units / (units - 1) * (n - 1) / (n - parameters), float(units - 1)
        method = f"CR1 covariance of {units} clusters"
    covariance = factor * inverse @ (scores.T @ scores).toarray() @ inverse
    slope[~known], covariance[~known], covariance[:, ~known] = np.nan, np.nan, np.nan
    return _Fit(slope[:k], covariance[:k, :k], freedom, method)


def _inverse(gram: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Generalised inverse, and which coefficients the data tell from the others: those that no null vector moves."""
    scale = np.sqrt(np.maximum(np.diagonal(gram), 1))
    values, vectors = np.linalg.eigh(gram / scale[:, None] / scale)
    kept = values > _TOLERANCE * values[-1]
    inverse = (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
    known = (np.abs(vectors[:, ~kept]) < 1e-6).all(axis=1)
    return inverse / scale[:, None] / scale, known


def _leverage(rows: sparse.csr_array, inverse: np.ndarray) -> np.ndarray:
    """Diagonal of the hat matrix, for the HC3 residuals e / (1 - h).

    MacKinnon and White 1985, Journal of Econometrics 29:305-325.
    """
    size = max(1, _NUMBERS_PER_BLOCK // rows.shape[1])
    blocks = (rows[first : first + size] for first in range(0, rows.shape[0], size))
    return np.concatenate([np.asarray((block * (block @ inverse)).sum(axis=1)).ravel() for block in blocks])


def _estimates(fit: _Fit, negative: np.ndarray, positive: np.ndarray, direction: int) -> dict[str, np.ndarray]:
    """Penalty, reward and asymmetry with intervals and p from places in the fit, -1 where there is no coefficient."""
    slope = direction * np.append(fit.slope, np.nan)
    covariance = np.pad(fit.covariance, ((0, 1), (0, 1)), constant_values=np.nan)
    variance = np.diagonal(covariance)
    reach = student.isf(0.025, fit.freedom)
    result: dict[str, np.ndarray] = {}
    asymmetry = -slope[negative] - slope[positive]
    between = variance[negative] + variance[positive] + 2 * covariance[negative, positive]
    for name, value, square in (
        ("penalty", slope[negative], variance[negative]),
        ("reward", slope[positive], variance[positive]),
        ("asymmetry", asymmetry, between),
    ):
        error = np.sqrt(np.where(square > 0, square, np.nan))
        value = np.where(np.isfinite(error), value, np.nan)
        result |= {name: value, f"{name}_low": value - reach * error, f"{name}_high": value + reach * error}
        if name == "asymmetry":
            result["p"] = 2 * student.sf(np.abs(value / error), fit.freedom)
    return result


def _classes(frame: pd.DataFrame, practical: float) -> np.ndarray:
    hurts, pleases = frame["penalty_high"] < 0, frame["reward_low"] > 0
    plain = [  # intervals that hold zero: nothing shows, in either direction
        (frame[f"{name}_low"] <= 0) & (frame[f"{name}_high"] >= 0) for name in ("penalty", "reward")
    ]
    small = [
        (frame[f"{name}_low"] > -practical) & (frame[f"{name}_high"] < practical) for name in ("penalty", "reward")
    ]
    return np.select(
        [
            small[0] & small[1],
            hurts & pleases,
            hurts & plain[1] & (frame["asymmetry_low"] > 0),
            pleases & plain[0] & (frame["asymmetry_high"] < 0),
        ],
        ["indifferent", "performance", "basic", "excitement"],
        "unclear",
    )


def _methods(frame: pd.DataFrame, fit: _Fit) -> np.ndarray:
    few = [frame[f"n_{name}"] < MIN_MENTIONS for name in ("negative", "positive")]
    lost = frame["asymmetry"].isna()
    fitted = f"penalty-reward regression, {fit.method}"
    return np.select(
        [np.full(len(frame), bool(fit.why)), few[0] & few[1], few[0], few[1], lost],
        [
            f"none: {fit.why}",
            f"none: fewer than {MIN_MENTIONS} complaints and fewer than {MIN_MENTIONS} praises",
            f"{fitted}; no class: fewer than {MIN_MENTIONS} complaints",
            f"{fitted}; no class: fewer than {MIN_MENTIONS} praises",
            f"{fitted}; no class: too few clusters hold it, nearly all mention it, or other topics or controls tell it",
        ],
        fitted,
    )
