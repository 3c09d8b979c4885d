"""How many units an audit would have to label for a corrected difference to stand out from zero; roughly."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.stats import norm

from cxnlp.drivers.corrected import MIN_TRUE
from cxnlp.drivers.sample import Sample

__all__ = ["ASSUMED_SENSITIVITY", "ASSUMED_SPECIFICITY", "attenuation", "needed"]

ASSUMED_SENSITIVITY = 0.80
"""Of a unit's tags, before any audit."""
ASSUMED_SPECIFICITY = 0.97


def needed(
    sample: Sample, difference: np.ndarray, corrected: Mapping[str, np.ndarray] | None, power: float
) -> np.ndarray:
    """Units to be labelled in all so that a 95 % interval leaves out zero with `power`: float (k,), two digits.

    ``difference`` (k,): adjusted, uncorrected. ``corrected``: what `corrected.correct` gave, or None before an audit.
    NaN where the tags of all units would not do.

    The variance is a part that no labels change and one that falls as 1 / (units labelled). After an audit both are as
    estimated there, and so is the difference. Before one, and where it gave no estimate, tags are taken to have the
    assumed sensitivity and specificity, in a random sample with equal chances: the prevalence by Rogan and Gladen
    (1978, Am J Epidemiol 107:71-76), the difference over precision minus the share of mentions among the untagged, and
    errors weighted as in a comparison of two means. An audit that draws tagged units more often needs fewer.
    """
    n = len(sample.y)
    reach = norm.isf(0.025) + norm.ppf(power)
    size = _planned(sample, np.asarray(difference, float), reach)
    if corrected is not None:
        again = _repeated(corrected, reach)
        size = np.where(np.isfinite(corrected["rd_corrected"]), again, size)
    size = np.where(size <= n, size, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        digits = 10.0 ** np.maximum(np.floor(np.log10(size)) - 1, 0)
        return np.minimum(np.ceil(np.round(size / digits, 9)) * digits, n)


def attenuation(share: np.ndarray, sensitivity: np.ndarray | None, specificity: np.ndarray | None) -> np.ndarray:
    """By what tagging errors that do not depend on the outcome multiply a difference: float (k,), 0.05 to 1.

    PPV + NPV - 1 (Greenland 1980, Am J Epidemiol 112:564-569, for a misclassified exposure), from the ``share`` of
    units that are tagged and the sensitivity and specificity of the audit; those assumed above where there is none.
    Where the tags could all be errors, at most a twentieth is taken to be left.
    """
    se, sp = (
        np.full(len(share), assumed) if known is None else np.where(np.isfinite(known), known, assumed)
        for known, assumed in ((sensitivity, ASSUMED_SENSITIVITY), (specificity, ASSUMED_SPECIFICITY))
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        true = np.clip((share + sp - 1) / (se + sp - 1), 0, 1)
        factor = se * true / share + sp * (1 - true) / (1 - share) - 1
    return np.clip(np.nan_to_num(factor, nan=0.05), 0.05, 1.0)


def _repeated(corrected: Mapping[str, np.ndarray], reach: float) -> np.ndarray:
    """From the variances of an audit."""
    by_labels = corrected["label_variance"]
    left = (corrected["rd_corrected"] / reach) ** 2 - (corrected["rd_corrected_se"] ** 2 - by_labels)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(left > 0, corrected["n_gold"] * by_labels / left, np.nan)


def _planned(sample: Sample, difference: np.ndarray, reach: float) -> np.ndarray:
    """From assumed sensitivity and specificity."""
    n = len(sample.y)
    tagged = np.asarray(sample.mentions.sum(axis=0), float).ravel() / n
    share = (tagged + ASSUMED_SPECIFICITY - 1) / (ASSUMED_SENSITIVITY + ASSUMED_SPECIFICITY - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = ASSUMED_SENSITIVITY * share / tagged
        missed = (1 - ASSUMED_SENSITIVITY) * share / (1 - tagged)
        true = difference / (precision - missed)
        with_, without = _spreads(sample, share, true)
        by_unit = _spread(tagged, precision, with_, without) + _spread(1 - tagged, missed, with_, without)
        information = share * (1 - share)
        left = (true / reach) ** 2 - np.minimum(with_, without) / (n * information)
        size = np.maximum(by_unit / information**2 / left, MIN_TRUE / share)
        return np.where((share > 0) & (precision <= 1) & (left > 0), size, np.nan)


def _spreads(sample: Sample, share: np.ndarray, difference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean squares about the middle of the two means, of units that mention it and of the others."""
    if sample.outcome.kind != "event":
        both = np.full(len(share), float(np.var(sample.y))) + (difference / 2) ** 2
        return both, both
    without = np.clip(sample.y.mean() - share * difference, 0.001, 0.999)
    with_ = np.clip(without + difference, 0.001, 0.999)
    return with_ * (1 - with_) + (difference / 2) ** 2, without * (1 - without) + (difference / 2) ** 2


def _spread(units: np.ndarray, true: np.ndarray, with_: np.ndarray, without: np.ndarray) -> np.ndarray:
    """What a share of all units adds, of whom the share `true` mentions it."""
    return units * (true * (1 - true) ** 2 * with_ + (1 - true) * true**2 * without)
