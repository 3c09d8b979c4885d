"""Every metric as a line of `METRICS`, and the table that holds all of them for all groups."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cxnlp import schema
from cxnlp.config import MetricsConfig
from cxnlp.metrics import estimates, groups
from cxnlp.results import Estimate, Table, Topics
from cxnlp.schema import Scale

__all__ = ["METRICS", "Metric", "measure"]

TEXT = pd.StringDtype(na_value=np.nan)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    ``measures`` says what it is computed from: scores of that `Scale.metric` (nps, csat, ces), ``outcome``,
    ``sentiment`` or ``volume``. ``estimate`` takes the values (float array, none missing), their scale (None
    where they are no scores) and the confidence. ``unit`` is the unit of the estimate.
    """

    measures: str
    unit: str
    estimate: Callable[[np.ndarray, Scale | None, float], Estimate]


def _net_promoters(scores: np.ndarray, scale: Scale | None, confidence: float) -> Estimate:
    assert scale is not None
    promoters, detractors = int(_satisfied(scores, scale).sum()), int(_dissatisfied(scores, scale).sum())
    return estimates.nps(promoters, len(scores) - promoters - detractors, detractors, confidence)


def _share_satisfied(scores: np.ndarray, scale: Scale | None, confidence: float) -> Estimate:
    assert scale is not None
    return estimates.share(int(_satisfied(scores, scale).sum()), len(scores), confidence)


def _mean_score(scores: np.ndarray, scale: Scale | None, confidence: float) -> Estimate:
    assert scale is not None
    return estimates.mean(scores, confidence, bounds=(scale.low, scale.high))


def _mean_sentiment(values: np.ndarray, scale: Scale | None, confidence: float) -> Estimate:
    return estimates.mean(values, confidence, bounds=(-1, 1))


def _share_true(values: np.ndarray, scale: Scale | None, confidence: float) -> Estimate:
    return estimates.share(int(values.sum()), len(values), confidence)


METRICS: dict[str, Metric] = {
    "nps": Metric("nps", "points", _net_promoters),
    "csat": Metric("csat", "share", _share_satisfied),
    "csat mean": Metric("csat", "mean score", _mean_score),
    "ces": Metric("ces", "mean score", _mean_score),
    "ces easy": Metric("ces", "share", _share_satisfied),
    "outcome rate": Metric("outcome", "share", _share_true),
    "sentiment": Metric("sentiment", "net sentiment", _mean_sentiment),
    "volume": Metric("volume", "share", _share_true),
}
"""Metrics by name: NPS; CSAT as top-box share and as mean; CES as mean and as share easy; share of customers with
the bad outcome; mean sentiment of comments, -1 to 1; share of scored comments that belong to the group."""


def measure(table: Table, topics: Topics, config: MetricsConfig) -> pd.DataFrame:
    """Every metric overall and by stage, touchpoint, theme, topic, language and segment, each with its interval.

    Parameters
    ----------
    table : the wide table. Scores are taken from all comments that hold one, with or without text.
    topics : the topics, which name the groups ``topic`` (by topic_id) and ``theme`` (by theme_id).
    config : confidence of the intervals; groups with fewer than ``min_n`` values get a value and no interval.

    Returns
    -------
    DataFrame with the columns `metrics`. Groups without a single value are left out; ``overall`` is always there.
    """
    rows = [*_of_comments(table, topics, config), *_of_units(table, topics, config)]
    frame = pd.DataFrame(rows, columns=schema.names("metrics"))
    kinds = {column.name: _DTYPES[column.kind] for column in schema.TABLES["metrics"]}
    return schema.check(frame.astype(kinds), "metrics")


_DTYPES: dict[str, Any] = {"text": TEXT, "number": float, "integer": int}


def _of_comments(table: Table, topics: Topics, config: MetricsConfig) -> Iterator[dict[str, Any]]:
    scored = table.comments["status"].eq("ok").to_numpy()
    for grouping in groups.of_comments(table, topics):
        for column in table.scores:
            values = table.comments[column.name].to_numpy(dtype=float)[grouping.member]
            for name in _measuring(column.scale.metric):
                yield from _rows(name, column.name, grouping, grouping.split(values), config, column.scale)
        yield from _rows("sentiment", "sentiment", grouping, grouping.split(grouping.sentiment), config)
        if grouping.by != "overall":
            yield from _rows("volume", "volume", grouping, _membership(grouping, scored), config)


def _of_units(table: Table, topics: Topics, config: MetricsConfig) -> Iterator[dict[str, Any]]:
    events = [outcome.name for outcome in table.outcomes if outcome.kind == "event"]
    if not events:
        return
    # Silent customers belong to no topic and no stage, but to everybody and to their segments.
    silent = table.units["n_comments"].eq(0).to_numpy()
    for grouping in groups.of_units(table, topics):
        of_all = bool(silent[grouping.member].any())
        for name in events:
            values = table.units[name].to_numpy(dtype=float, na_value=np.nan)[grouping.member]
            for row in _rows("outcome rate", name, grouping, grouping.split(values), config):
                yield {**row, "method": _of_silent_too(row["method"], table.unit_name)} if of_all else row


def _of_silent_too(method: str, unit_name: str) -> str:
    return method.replace("share", f"share of all {unit_name}s, with or without a scored comment", 1)


def _membership(grouping: groups.Grouping, scored: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """For each group, which of all scored comments belong to it, in any order."""
    for group, inside in grouping.split(np.where(scored[grouping.member], 1.0, np.nan)):
        if len(inside):
            yield group, np.arange(scored.sum()) < len(inside)


def _measuring(what: str) -> list[str]:
    return [name for name, metric in METRICS.items() if metric.measures == what]


def _rows(
    name: str,
    subject: str,
    grouping: groups.Grouping,
    values: Iterable[tuple[str, np.ndarray]],
    config: MetricsConfig,
    scale: Scale | None = None,
) -> Iterator[dict[str, Any]]:
    metric = METRICS[name]
    for group, members in values:
        if len(members) or grouping.by == "overall":
            estimate = metric.estimate(members, scale, config.confidence)
            yield {
                "metric": name,
                "subject": subject,
                "by": grouping.by,
                "group": group,
                **dataclasses.asdict(_without_small_intervals(estimate, config.min_n)),
                "unit": metric.unit,
            }


def _without_small_intervals(estimate: Estimate, min_n: int) -> Estimate:
    if not 0 < estimate.n < min_n:
        return estimate
    method = f"{estimate.method.split(';')[0]}; no interval: fewer than {min_n} values"
    return dataclasses.replace(estimate, low=math.nan, high=math.nan, method=method)


def _satisfied(scores: np.ndarray, scale: Scale) -> np.ndarray:
    # Scores that are averages may lie between two answers, so that ends are compared, not matched.
    return scores >= min(scale.satisfied) if scale.better == "high" else scores <= max(scale.satisfied)


def _dissatisfied(scores: np.ndarray, scale: Scale) -> np.ndarray:
    return scores <= max(scale.dissatisfied) if scale.better == "high" else scores >= min(scale.dissatisfied)
