"""Whether an association is the same in every language and in every source of comments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.stats import f as fisher

from cxnlp.drivers.controls import independent
from cxnlp.drivers.family import Family
from cxnlp.drivers.means import Line
from cxnlp.drivers.outcome import in_order
from cxnlp.drivers.robust import holding
from cxnlp.drivers.sample import Sample
from cxnlp.results import Table

__all__ = ["MIN_MENTIONS", "groups", "invariance"]

MIN_MENTIONS = 10
"""Fewest mentions, and fewest others, in a language or source for a test to be compared there."""

_MIN_OF_EACH = 5
_PER_PARAMETER = 10
_LARGEST = 20  # groups that are compared, by size: a column of sources may hold anything
_DIGITS = 12


def groups(table: Table, family: Family) -> dict[str, np.ndarray]:
    """The language and the source of each unit of the family, object (units,), None where it is not known.

    The source is the channel of most of the unit's comments inside the window, alphabetical among equals.
    """
    comments = table.comments
    channel = comments["channel"] if "channel" in comments else pd.Series(None, comments.index, dtype=object)
    said = pd.DataFrame({"unit": comments["unit"], "source": channel.astype(object)})
    inside = comments["in_window"].fillna(False).astype(bool)
    counts = said[inside].dropna().groupby(["unit", "source"]).size().reset_index(name="n")
    most = counts.sort_values(["unit", "n", "source"], ascending=[True, False, True]).drop_duplicates("unit")
    source = family.units["unit"].map(most.set_index("unit")["source"])
    return {"language": _known(family.units["language"]), "source": _known(source)}


def _known(values: pd.Series) -> np.ndarray:
    text = values.astype(object)
    return text.where(text.notna(), None).to_numpy()


def invariance(sample: Sample, of_unit: Mapping[str, np.ndarray], whole: np.ndarray) -> dict[str, np.ndarray]:
    """The adjusted difference of every test in each language and source by itself, and whether they differ.

    Parameters
    ----------
    sample : n units, k tests.
    of_unit : 'language' and 'source', as `groups` gives them.
    whole : float (k,), the difference over all units: its sign is what the others are compared with.

    Returns
    -------
    dict of arrays (k,)
        ``languages_differ_p``, ``sources_differ_p``: p-values of no difference between the groups; NaN with fewer than
        two. ``opposite_in`` (text): groups whose estimate has the other sign, such as 'language ro, source app'.
        ``opposite_sure_in`` (text): those of them whose 95 % interval leaves out zero.

    In each of the 20 largest groups: a linear model of the outcome on the mention and the controls (of an event its
    coefficient is a difference of risks), `linear.adjust`, with HC2 variances. A test takes part in a group with
    `MIN_MENTIONS` mentions and as many others; a group with 10 units per coefficient of the model. The statistic is
    Cochran's Q (1954, Biometrics 10:101-129) in the form of Welch (1951, Biometrika 38:330-336), which allows for
    variances that few mentions tell: with ten to twenty of them Q itself finds a difference at p < .05 in 9 to 12 % of
    tests without one. Of events, the classical variance takes the place of a smaller one where fewer than 5 mentions
    have either answer. Where rates differ between groups, the difference can be the same in all of them or the risk
    ratio can, not both: this compares the difference.
    """
    sample, _ = in_order(sample)
    count = len(whole)
    direction = _sign(whole)
    found: dict[str, np.ndarray] = {}
    opposite: list[np.ndarray] = []
    sure: list[np.ndarray] = []
    for what, of_each in of_unit.items():
        labels = of_each[sample.rows]
        within = {name: _within(sample, labels == name) for name in _largest(labels)}
        told = {name: one for name, one in within.items() if one is not None}
        compared = np.sum([np.isfinite(one.value) for one in told.values()], axis=0) > 1
        found[f"{what}s_differ_p"] = _differ(list(told.values()), count)
        for name, one in told.items():
            other = compared & (_sign(one.value) * direction < 0)
            beyond = other & (np.abs(one.value) > one.reach)
            opposite.append(np.where(other, f"{what} {name}", ""))
            sure.append(np.where(beyond, f"{what} {name}", ""))
    return found | {"opposite_in": _listed(opposite, count), "opposite_sure_in": _listed(sure, count)}


@dataclass(frozen=True, slots=True)
class _Group:
    """The estimates of all tests in one group, (k,), NaN for tests that are not compared there: the difference, its
    standard error, half its 95 % interval, and the degrees of freedom of its variance."""

    value: np.ndarray
    se: np.ndarray
    reach: np.ndarray
    freedom: np.ndarray


def _sign(difference: np.ndarray) -> np.ndarray:
    # What is nothing but rounding has no sign.
    return np.sign(np.round(np.nan_to_num(difference), _DIGITS))


def _largest(labels: np.ndarray) -> list[str]:
    """The groups that can be compared, in the order of their names."""
    counts = pd.Series(labels).value_counts().rename_axis("name").reset_index(name="n")
    counts = counts[counts["n"] >= 2 * MIN_MENTIONS].sort_values(["n", "name"], ascending=[False, True])
    return sorted(counts["name"].head(_LARGEST))


def _within(sample: Sample, inside: np.ndarray) -> _Group | None:
    """The adjusted differences among some units, NaN for tests with too few mentions or others; None for all."""
    rows = np.flatnonzero(inside)
    present, cell = np.unique(sample.design.cell[rows], return_inverse=True)
    matrix = sample.design.matrix[present]
    matrix = matrix[:, independent(matrix)]
    y = sample.y[rows]
    if len(rows) < _PER_PARAMETER * (matrix.shape[1] + 1) or np.ptp(y) == 0:
        return None
    part = replace(
        sample,
        y=y,
        mentions=sample.mentions[rows],
        design=replace(sample.design, cell=cell.ravel(), matrix=matrix),
        cluster=None if sample.cluster is None else sample.cluster[rows],
        rows=sample.rows[rows],
    )
    mentions = np.asarray(part.mentions.sum(axis=0)).ravel()
    worth = size = np.minimum(mentions, len(rows) - mentions)
    if part.cluster is not None:
        worth = np.minimum(size, holding(np.unique(part.cluster, return_inverse=True)[1].ravel(), part.mentions))
    found = Line.of(part).adjust(floor=_one_sided(part, mentions))
    few = (size < MIN_MENTIONS) | ~np.isfinite(found.rd)
    reach = (found.high - found.low) / 2
    return _Group(*(np.where(few, np.nan, one) for one in (found.rd, found.se, reach, worth - 1)))


def _one_sided(sample: Sample, mentions: np.ndarray) -> np.ndarray:
    """Tests of an event whose mentions have nearly all one answer: their own variance is next to none, by luck."""
    if sample.outcome.kind != "event":
        return np.zeros(len(mentions), dtype=bool)
    bad = np.asarray(sample.mentions.T @ sample.y)
    return np.minimum(bad, mentions - bad) < _MIN_OF_EACH


def _differ(found: list[_Group], count: int) -> np.ndarray:
    """p-values of no difference between the groups, (count,); NaN with fewer than two."""
    if len(found) < 2:
        return np.full(count, np.nan)
    estimate, se, freedom = (np.array([getattr(one, name) for one in found]) for name in ("value", "se", "freedom"))
    known = np.isfinite(estimate) & (se > 0)
    weight = np.where(known, 1 / np.where(known, se, 1.0) ** 2, 0.0)
    value, groups = np.where(known, estimate, 0.0), known.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        total = weight.sum(axis=0)
        q = (weight * (value - (weight * value).sum(axis=0) / total) ** 2).sum(axis=0)
        doubt = np.where(known, (1 - weight / total) ** 2 / freedom, 0.0).sum(axis=0) / (groups**2 - 1)
        ratio = q / (groups - 1) / (1 + 2 * (groups - 2) * doubt)
        return np.where(groups > 1, fisher.sf(ratio, np.maximum(groups - 1, 1), 1 / (3 * doubt)), np.nan)


def _listed(parts: list[np.ndarray], count: int) -> np.ndarray:
    lines = zip(*parts, strict=True) if parts else ((),) * count
    return np.array([", ".join(one for one in line if one) for line in lines], dtype=object)
