"""Shares, kappa and corrected prevalence from a sample with known chances, units drawn whole.

Every estimate weighs a statement by one over the chance of its unit (Hajek 1971). Variances are those of the linearised
estimate between units (Saerndal, Swensson and Wretman 1992, "Model Assisted Survey Sampling", sections 5.5-5.7).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, t
from statsmodels.stats.proportion import proportion_confint

__all__ = ["Sample", "difference", "kappa", "rogan_gladen", "share"]

_Z = float(norm.isf(0.025))
_MISSING = (np.nan, np.nan, np.nan)


@dataclass(frozen=True, slots=True)
class Sample:
    """Labelled statements, n of them: ``unit`` int (n,) from 0, and ``probability`` float (n,), its unit's chance."""

    unit: np.ndarray
    probability: np.ndarray

    @property
    def weight(self) -> np.ndarray:
        """One over the chance, (n,)."""
        return 1 / self.probability


def share(sample: Sample, success: np.ndarray, among: np.ndarray) -> tuple[float, float, float]:
    """Weighted share of `success` `among` statements (both bool (n,)): value, low, high; limits lie between 0 and 1.

    The interval is Wilson's, with the effective number of statements p (1 - p) / V in place of their number (Korn and
    Graubard 1998, Survey Methodology 24:193-201; Dean and Pagano 2015, Journal of Survey Statistics and Methodology
    3:484-503): never more than there are, less for the few units that they come from, and at most that of Kish 1965
    where all or none succeed. To V a success and a failure are added, the failure with the mean weight of the whole
    sample: a mention that the model missed was rarely drawn, so a sample may hold none of them. For equal weights and
    one statement a unit the interval is Wilson's own. NaN where nothing is `among` them;
    limits are NaN where all is of one unit.
    """
    weight, hit, unit = sample.weight[among], success[among].astype(float), sample.unit[among]
    if not len(weight):
        return _MISSING
    # By the hits themselves: last bits of the sums depend on the order of the rows.
    certain = float(hit[0]) if np.ptp(hit) == 0 else None
    value = float(weight @ hit / weight.sum()) if certain is None else certain
    n = len(weight)
    totals = _by_unit(weight, unit)
    units = len(totals)
    if units == n and np.ptp(weight) <= 1e-9 * weight.max():
        effective = float(n)
    elif units < 2:
        return value, np.nan, np.nan
    else:
        effective = min(float(n), _effective(weight, hit, unit, float(sample.weight.mean())))
        if certain is not None:
            effective = min(effective, float(totals.sum() ** 2 / (totals**2).sum()))
        effective *= float((_Z / t.isf(0.025, units - 1)) ** 2)
    low, high = proportion_confint(value * effective, effective, method="wilson")
    return value, float(low), float(high)


def _effective(weight: np.ndarray, hit: np.ndarray, unit: np.ndarray, usual: float) -> float:
    """Statements drawn one by one with equal chances that would tell as much of a share as these do."""
    weight, hit = np.append(weight, [weight.mean(), usual]), np.append(hit, [1.0, 0.0])
    unit = np.append(unit, unit.max() + np.array([1, 2]))
    share = float(weight @ hit / weight.sum())
    return share * (1 - share) * float(weight.sum()) ** 2 / _variance(weight * (hit - share), unit)


def kappa(sample: Sample, people: np.ndarray, model: np.ndarray) -> tuple[float, float, float]:
    """Cohen's kappa (1960, Educational and Psychological Measurement 20:37-46) of two labellings, codes from 0, (n,).

    Value, low, high; weighted. The variance is that of Fleiss, Cohen and Everitt 1969, Psychological Bulletin
    72:323-327, between units; the interval is formed for atanh(kappa). For the interval, and only for it, half a
    statement is added to each of the four cells of the two most frequent labels, so that a small sample without a
    mistake does not look like a perfect model. NaN where everything has one label.
    """
    n_labels = int(max(people.max(initial=0), model.max(initial=0))) + 1
    weight = sample.weight
    value, _ = _kappa(people, model, weight, n_labels)
    if np.isnan(value):
        return _MISSING
    frequent = np.argsort(-np.bincount(np.concatenate([people, model]), minlength=n_labels), kind="stable")[:2]
    unit = np.concatenate([sample.unit, sample.unit.max() + 1 + np.arange(4)])
    people = np.concatenate([people, frequent[[0, 0, 1, 1]]])
    model = np.concatenate([model, frequent[[0, 1, 0, 1]]])
    weight = np.concatenate([weight, np.full(4, weight.mean() / 2)])
    middle, influence = _kappa(people, model, weight, n_labels)
    reach = _reach(weight * influence, unit) / weight.sum() / (1 - middle**2)
    low, high = np.tanh(np.arctanh(middle) + np.array([-reach, reach]))
    return value, min(float(low), value), max(float(high), value)


def _kappa(people: np.ndarray, model: np.ndarray, weight: np.ndarray, n_labels: int) -> tuple[float, np.ndarray]:
    """Kappa and the influence of each statement on it."""
    by_people, by_model = (np.bincount(x, weight, minlength=n_labels) / weight.sum() for x in (people, model))
    chance = float(by_people @ by_model)
    if 1 - chance < 1e-12:
        return np.nan, np.full(len(weight), np.nan)
    agree = (people == model).astype(float)
    agreed = float(weight @ agree / weight.sum())
    shift = by_model[people] + by_people[model] - 2 * chance
    influence = (agree - agreed) / (1 - chance) - (1 - agreed) / (1 - chance) ** 2 * shift
    return (agreed - chance) / (1 - chance), influence


def difference(sample: Sample, people: np.ndarray, model: np.ndarray, share_model: float) -> tuple[float, float, float]:
    """Share of all statements that carry a tag, corrected for the errors of the model: value, low, high, 0 to 1.

    The share by the model over all statements plus the weighted mean of (people - model) over the labelled ones: the
    difference estimator (Saerndal et al. 1992, section 6.3), which is prediction-powered inference (Angelopoulos et al.
    2023, Science 382:669-674) and design-based supervised learning (Egami et al. 2023, arXiv 2306.04746) for a mean.
    The interval is that of these statements, so it has no width where all are labelled. For the interval one error in
    either direction is added to the sample (none where all are labelled), as Bonett and Price 2012, Journal of
    Educational and Behavioral Statistics 37:479-488, do for paired shares.

    Parameters
    ----------
    people, model : bool (n,), of the labelled statements.
    share_model : share by the model over all statements.
    """
    weight, error = sample.weight, people.astype(float) - model.astype(float)
    value = float(np.clip(share_model + weight @ error / weight.sum(), 0, 1))
    missed = 1 - sample.probability
    weight = np.concatenate([weight, np.full(2, weight.mean() * missed.mean())])
    error = np.concatenate([error, [1.0, -1.0]])
    unit = np.concatenate([sample.unit, sample.unit.max() + 1 + np.arange(2)])
    left = np.append(missed, np.full(2, missed.mean()))
    mean = float(weight @ error / weight.sum())
    # The chance is that of the unit, so its root may be taken into the statements of it.
    reach = _reach(np.sqrt(left) * weight * (error - mean), unit) / weight.sum()
    low, high = (float(np.clip(share_model + mean + way, 0, 1)) for way in (-reach, reach))
    return value, min(low, value), max(high, value)


def rogan_gladen(share_model: float, sensitivity: float, specificity: float) -> float:
    """True share from the share by an imperfect test, 0 to 1: (q + Sp - 1) / (Se + Sp - 1).

    Rogan and Gladen 1978, American Journal of Epidemiology 107:71-76. NaN where Se + Sp is not above 1: it tells
    nothing then.
    """
    power = sensitivity + specificity - 1
    return float(np.clip((share_model + specificity - 1) / power, 0, 1)) if power > 1e-9 else np.nan


def _by_unit(values: np.ndarray, unit: np.ndarray) -> np.ndarray:
    return np.bincount(np.unique(unit, return_inverse=True)[1], values)


def _variance(residual: np.ndarray, unit: np.ndarray) -> float:
    """Variance between units of a sum of residuals that add up to zero."""
    totals = _by_unit(residual, unit)
    return float((totals**2).sum() * len(totals) / max(len(totals) - 1, 1))


def _reach(residual: np.ndarray, unit: np.ndarray) -> float:
    """Half the 95 % interval of a sum of residuals, by Student's t.

    Its degrees of freedom are 2 V^2 / Var(V) (Satterthwaite 1946, Biometrics Bulletin 2:110-114), with the variance of
    the units' squares for Var(V): they are few where few heavy errors make up V, however many units there are.
    """
    squares = _by_unit(residual, unit) ** 2
    if not squares.any():
        return 0.0
    spread = len(squares) * float(np.var(squares))
    freedom = min(2 * float(squares.sum()) ** 2 / spread if spread else np.inf, float(len(squares) - 1))
    return float(t.isf(0.025, max(freedom, 1.0)) * np.sqrt(_variance(residual, unit)))
