"""Adjusted differences corrected for tagging errors: the model's tags of all units, people's tags of a random sample.

A tagger that is right for 80-90 % of the mentions still biases what is estimated from its tags. Design-based supervised
learning (Egami, Hinck, Stewart and Wei 2023, arXiv 2306.04746) puts in place of each mention the pseudo-mention

    m + (R / pi) (T - m),

with T the true mention, R whether people labelled the unit, pi the chance that it was drawn, and m what the tag
predicts. Its mean is that of T, whatever m is worth: that rests on the drawing alone, so the tagger may be wrong in any
way, also more often among those who left. It is the augmented inverse-probability estimator of Robins, Rotnitzky and
Zhao (1994, J Am Stat Assoc 89:846-866); with one pi for all and a mean to be estimated it is prediction-powered
inference (Angelopoulos et al. 2023, Science 382:669-674).

m is not the tag itself but the share of true mentions among labelled units with that tag, and among those without. A
rare mention whose tags are often wrong is estimated worse with the tag itself than from the labels alone; the shares
mend that (Chen and Chen 2000, J R Stat Soc B 62:449-460; the power tuning of Angelopoulos, Duchi and Zrnic 2023, arXiv
2311.01453, is for the same).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.stats import norm
from scipy.stats import t as student

from cxnlp.drivers.estimating import Fit, linear, logistic
from cxnlp.drivers.robust import MIN_CLUSTERS, holding
from cxnlp.drivers.sample import Sample
from cxnlp.drivers.tiers import MIN_EVENTS

__all__ = ["MIN_TRUE", "correct"]

MIN_TRUE = 10
"""Fewest labelled units that do mention it, for a corrected estimate."""

_NUMBERS = ("rd_corrected", "rd_corrected_low", "rd_corrected_high", "rd_corrected_se", "label_variance")


def correct(
    sample: Sample, gold: sparse.csr_array, labelled: np.ndarray, probability: np.ndarray, chosen: np.ndarray
) -> dict[str, np.ndarray]:
    """The adjusted difference of each chosen test as it would be with people's tags, and how right the tags are.

    Parameters
    ----------
    sample : n units, k tests; ``mentions`` are the model's tags.
    gold : zeros and ones (n, k): the unit truly mentions it; rows of units that are not labelled are not looked at.
    labelled : bool (n,): people labelled all that the unit said.
    probability : float (n,): chance that a labelled unit had of being drawn, above 0 to 1.
    chosen : bool (k,): tests to be corrected. Each takes a model of its own, about 15 ms at 100,000 units.

    Returns
    -------
    dict of arrays (k,)
        ``n_gold``: labelled units. ``sensitivity``, ``specificity``, ``precision``: of a unit's tag, weighted by 1 /
        probability to all units; NaN where nothing stands below the ratio. ``rd_corrected`` with limits ``_low`` and
        ``_high`` (95 %) and ``_se``: in the outcome's unit. ``label_variance``: the part of its variance that more
        labels would make smaller. ``corrected_why`` (text): why there is no estimate, else ''.

    The estimand is that of `outcome.adjusted`: of an event, the average marginal effect in a logistic model; of a score
    or an amount, the coefficient of a linear one. Intervals: sandwich variance of all equations together; by cluster
    where units have one, then with t of as many degrees of freedom as `robust.Units.freedom` says, by the tags.

    A few hundred labels may by luck hold none of a rare kind of error, and the plain sandwich is then too narrow. What
    the draw adds to the variance is therefore taken no smaller than from error shares p (1 - p) by tag and by outcome
    (above or below what the controls predict), each p with half an observation added to both answers, as by Jeffreys
    (Brown, Cai and DasGupta 2001, Stat Sci 16:101-133).
    """
    count = sample.mentions.shape[1]
    found = {name: np.full(count, np.nan) for name in _NUMBERS} | _accuracy(sample, gold, labelled, probability)
    why = np.full(count, "", dtype=object)
    units = _units(sample, labelled, probability)
    tags, truths = sparse.csc_array(sample.mentions), sparse.csc_array(gold)
    for test in np.flatnonzero(chosen).tolist():
        one = _one(units, _column(tags, test), _column(truths, test) & labelled)
        if isinstance(one, str):
            why[test] = one
            continue
        for name, value in zip(_NUMBERS, one, strict=True):
            found[name][test] = value
    return found | {"corrected_why": why}


def _accuracy(
    sample: Sample, gold: sparse.csr_array, labelled: np.ndarray, probability: np.ndarray
) -> dict[str, np.ndarray]:
    weight = 1 / probability[labelled]
    tags = sparse.csr_array(sample.mentions)[labelled].astype(float)
    truths = sparse.csr_array(gold)[labelled].astype(float)
    # Sums in the order of the weights do not depend on that of the rows.
    order = np.argsort(weight, kind="stable")
    weight, tags, truths = weight[order], tags[order], truths[order]
    both, tagged, true = (matrix.T @ weight for matrix in (tags * truths, tags, truths))
    total = weight.sum()
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "n_gold": np.full(tags.shape[1], float(labelled.sum())),
            "sensitivity": both / true,
            "specificity": (total - tagged - true + both) / (total - true),
            "precision": both / tagged,
        }


@dataclass(frozen=True, slots=True)
class _Units:
    """What all tests share. ``chance`` (n,): of being drawn, of labelled units; else 1. ``above`` (n,): the outcome
    is above what the controls predict. ``group`` (n,): one number for units that only tags tell apart, in an order that
    does not depend on that of the rows. ``cluster`` (n,): numbered from 0 without gaps.
    """

    y: np.ndarray
    cell: np.ndarray
    cluster: np.ndarray | None
    labelled: np.ndarray
    chance: np.ndarray
    above: np.ndarray
    group: np.ndarray
    matrix: np.ndarray
    event: bool

    def take(self, order: np.ndarray) -> _Units:
        """The same units in another order."""
        names = ("y", "cell", "labelled", "chance", "above", "group")
        cluster = None if self.cluster is None else self.cluster[order]
        return replace(self, cluster=cluster, **{name: getattr(self, name)[order] for name in names})


def _units(sample: Sample, labelled: np.ndarray, probability: np.ndarray) -> _Units:
    chance = np.where(labelled, probability, 1.0)
    cell, y, matrix = sample.design.cell, sample.y.astype(float), sample.design.matrix
    order = np.lexsort((chance, labelled, y, cell))
    new = np.any([key[order][1:] != key[order][:-1] for key in (chance, labelled, y, cell)], axis=0)
    group = np.zeros(len(y), dtype=np.int64)
    group[order[1:]] = np.cumsum(new)
    size = np.bincount(cell, minlength=len(matrix)).astype(float)
    total = np.bincount(cell[order], weights=y[order], minlength=len(matrix))
    expected = matrix @ np.linalg.solve((matrix * size[:, None]).T @ matrix, matrix.T @ total)
    # An outcome that is what the controls predict but for the last bits is not above it.
    above = y > (expected + 1e-9 * (np.abs(expected) + 1))[cell]
    cluster = None if sample.cluster is None else np.unique(sample.cluster, return_inverse=True)[1].ravel()
    return _Units(y, cell, cluster, labelled, chance, above, group, matrix, sample.outcome.kind == "event")


def _column(matrix: sparse.csc_array, number: int) -> np.ndarray:
    column = np.zeros(matrix.shape[0], dtype=bool)
    inside = slice(matrix.indptr[number], matrix.indptr[number + 1])
    column[matrix.indices[inside]] = matrix.data[inside] != 0
    return column


def _one(units: _Units, tagged: np.ndarray, true: np.ndarray) -> tuple[float, ...] | str:
    """`_NUMBERS` of one test, or why there are none."""
    # Sums of floats depend on their order: with equal units side by side it is the same for any order of the rows.
    order = np.argsort(units.group * 4 + tagged * 2 + true, kind="stable")
    units, tagged, true = units.take(order), tagged[order], true[order]
    if problem := _too_little(units, tagged, true):
        return problem
    predicted = _predicted(units, tagged, true)
    mention = predicted + np.where(units.labelled, (true - predicted) / units.chance, 0.0)
    fit = (logistic if units.event else linear)(units.y, mention, units.cell, units.matrix)
    if fit is None:
        return "the model with corrected tags has no solution"
    variance, by_labels = _variance(units, fit, tagged, true, predicted)
    error = float(np.sqrt(variance))
    if not error <= units.y.std():
        return "the labels leave it too uncertain: its standard error exceeds the outcome's standard deviation"
    reach = error * float(norm.isf(0.025) if units.cluster is None else student.isf(0.025, _held(units, tagged) - 1))
    limit = 1.0 if units.event else np.inf
    return fit.value, max(fit.value - reach, -limit), min(fit.value + reach, limit), error, by_labels


def _too_little(units: _Units, tagged: np.ndarray, true: np.ndarray) -> str:
    if units.event and min(units.y.sum(), (1 - units.y).sum()) < MIN_EVENTS:
        return f"fewer than {MIN_EVENTS} bad or good outcomes"
    if true.sum() < MIN_TRUE:
        return f"labelled units that mention it: {int(true.sum())}; at least {MIN_TRUE} are needed"
    for words, those in (("with its tag", tagged), ("without its tag", ~tagged)):
        if those.any() and not (those & units.labelled).any():
            return f"no unit {words} was labelled"
    if units.cluster is not None and _held(units, tagged) < MIN_CLUSTERS:
        return f"mentions or others in fewer than {MIN_CLUSTERS} clusters"
    return ""


def _held(units: _Units, tagged: np.ndarray) -> int:
    """Clusters with a tag, or with a unit that has none, whichever are fewer (`robust.holding`)."""
    assert units.cluster is not None
    return int(holding(units.cluster, sparse.csr_array(tagged[:, None].astype(np.int64)))[0])


def _predicted(units: _Units, tagged: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Share of true mentions among labelled units with the same tag, weighted by 1 / chance."""
    predicted = np.zeros(len(tagged))
    for those in (tagged, ~tagged):
        if those.any():
            weight = 1 / units.chance[those & units.labelled]
            predicted[those] = (weight @ true[those & units.labelled]) / weight.sum()
    return predicted


def _variance(
    units: _Units, fit: Fit, tagged: np.ndarray, true: np.ndarray, predicted: np.ndarray
) -> tuple[float, float]:
    """Variance of the estimate, and how much of it the draw adds; the latter no smaller than with smoothed shares."""
    n = len(units.y)
    totals = fit.influence
    if units.cluster is not None:
        held = _held(units, tagged)
        totals = np.bincount(units.cluster, weights=totals) * np.sqrt(held / (held - 1))
    # The draw adds slope^2 (T - m)^2 (1 - pi) / pi for every unit; a labelled one stands for 1 / pi of them.
    drawn, weight = units.labelled, 1 / units.chance
    scale = fit.slope**2 * (1 - units.chance) * weight**2
    seen = float((scale * (true - predicted) ** 2)[drawn].sum())
    smoothed = 0.0
    for kind in range(4):
        those = drawn & (2 * tagged + units.above == kind)
        if those.any():
            smoothed += float(scale[those].sum()) * _spread(weight[those], true[those])
    squares = float(np.sort(totals**2).sum())
    return (squares + max(smoothed - seen, 0.0)) / n**2, max(smoothed, seen) / n**2


def _spread(weight: np.ndarray, true: np.ndarray) -> float:
    """p (1 - p), p being the weighted share with half an observation added to both answers."""
    size = weight.sum() ** 2 / (weight @ weight)
    share = (size * (weight @ true) / weight.sum() + 0.5) / (size + 1)
    return float(share * (1 - share))
