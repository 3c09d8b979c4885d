"""Whether a topic's effect differs between stages, and estimates of stages drawn towards the topic's mean."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import chi2

from cxnlp.drivers.effects import Z
from cxnlp.drivers.family import ALL

__all__ = ["shrink"]


def shrink(
    tests: pd.DataFrame, estimate: np.ndarray, se: np.ndarray, limits: tuple[np.ndarray, np.ndarray] | None = None
) -> dict[str, np.ndarray]:
    """Cochran's Q over the stages of each topic and polarity, and empirical-Bayes estimates of the stages.

    Model: stage estimates are normal around true effects, which are normal around the mean of their topic and
    polarity with variance tau^2. Q tests tau^2 = 0 (Cochran 1954, Biometrics 10:101-129). tau^2 is the moment
    estimate of DerSimonian and Laird (1986, Controlled Clinical Trials 7:177-188), from all topics together or from
    the topic alone, whichever is larger: few stages say little about their spread, but a topic whose stages do
    differ must not be drawn together because others are uniform. Each estimate moves towards its weighted mean by
    B = (f - 2)/f se^2/(se^2 + tau^2), f the degrees of freedom of tau^2 over all topics. Its variance is
    se^2 (1 - B (1 - h)) + v, h the estimate's own share in the mean, v what is not known of tau^2 (Morris 1983, JASA
    78:47-55, with one mean per topic as the regression). With f <= 2 nothing is known about tau^2 and nothing moves.
    The intervals hold their level on average over stages; a single stage that is unlike the rest of its topic is
    drawn too far, which ``stages_differ_p`` tells.

    Parameters
    ----------
    tests : columns topic_id, stage, polarity, one row per estimate; those of one outcome.
    estimate, se : float (tests,), in one unit; NaN where there is none.
    limits : of the 95 % interval of each estimate, (tests,) both. Where it is wider than that of a normal estimate with
        this se (t of few clusters, Firth's), the interval of what is drawn together is wider in the same proportion: a
        few clusters tell no more of a stage for standing beside other stages. None: all are normal.

    Returns
    -------
    dict
        ``rd_shrunk``, ``rd_shrunk_low``, ``rd_shrunk_high`` (95 %) and ``stages_differ_p``. Stage 'all', and a topic
        with one stage, keep their own estimate and have no p.
    """
    estimate, se = np.asarray(estimate, float), np.asarray(se, float)
    usable = np.isfinite(estimate) & (se > 0) & np.isfinite(se)
    value = np.where(usable, estimate, np.nan)
    wider = np.ones(len(value)) if limits is None else np.fmax((limits[1] - limits[0]) / (2 * Z * se), 1)
    reach = np.where(usable, Z * se * wider, np.nan)
    p = np.full(len(value), np.nan)
    single = usable & tests["stage"].ne(ALL).to_numpy(dtype=bool)
    group = tests.groupby(["topic_id", "polarity"], sort=True).ngroup().to_numpy()
    members = np.bincount(group[single], minlength=group.max(initial=-1) + 1)
    several = np.flatnonzero(single & (members[group] > 1))
    if len(several):
        # Sums run over sorted numbers, so that the order of the rows cannot change their last digits.
        several = several[np.lexsort((se[several], estimate[several], group[several]))]
        number = np.unique(group[several], return_inverse=True)[1].ravel()
        value[several], error, p[several] = _shrunken(number, estimate[several], se[several] ** 2)
        reach[several] = Z * error * wider[several]
    return {
        "rd_shrunk": value,
        "rd_shrunk_low": value - reach,
        "rd_shrunk_high": value + reach,
        "stages_differ_p": p,
    }


def _shrunken(group: np.ndarray, y: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shrunken estimates, their standard errors and the p-value of Q; groups of two or more, numbered from 0."""
    freedom = np.bincount(group) - 1
    weight = 1 / variance
    total, mean = _mean(group, weight, y)
    q = np.bincount(group, weights=weight * (y - mean[group]) ** 2)
    scale = total - np.bincount(group, weights=weight**2) / total
    own, together = (q - freedom) / scale, (q - freedom).sum() / scale.sum()
    tau2 = np.maximum(np.maximum(own, together), 0)[group]
    p = chi2.sf(q, freedom)[group]

    known = freedom.sum()
    if known <= 2:
        return y, np.sqrt(variance), p
    weight = 1 / (variance + tau2)
    total, mean = _mean(group, weight, y)
    pull = (known - 2) / known * variance * weight
    average = np.bincount(group, weights=weight * variance) / total
    chance = 2 / (known - 2) * pull**2 * (average[group] + tau2) * weight * (y - mean[group]) ** 2
    # The mean holds a share of the estimate itself: leverage takes that part of the pull back.
    leverage = weight / total[group]
    spread = variance * (1 - pull * (1 - leverage)) + chance
    return y - pull * (y - mean[group]), np.sqrt(spread), p


def _mean(group: np.ndarray, weight: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    total = np.bincount(group, weights=weight)
    return total, np.bincount(group, weights=weight * y) / total
