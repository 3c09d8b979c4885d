"""Third section: how customers feel and score along the journey."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cxnlp.heads import TOUCHPOINTS
from cxnlp.report import words
from cxnlp.report.charts import ACCENT, Chart, Mark, journey_curve, tone_colour
from cxnlp.report.measured import TICKS, Quantity, grid, quantities, tone_class
from cxnlp.results import Evidence

__all__ = ["context"]

_CHARTS = 4
_HEAT_TOPICS = 15
_FEW = 5


def _marks(frame: pd.DataFrame, quantity: Quantity, stages: tuple[str, ...]) -> list[Mark]:
    mine = frame[(frame["metric"] == quantity.metric) & (frame["subject"] == quantity.subject)]
    rows: dict[str, Any] = {str(row.stage): row for row in mine.itertuples(index=False)}
    marks = []
    for stage in stages:
        row = rows.get(stage)
        if row is None or words.is_missing(row.value):
            marks.append(Mark(stage, float("nan"), float("nan"), float("nan"), ACCENT, f"{stage}: not measured"))
            continue
        limits = words.interval(row.low, row.high, quantity.unit)
        estimate = f"{words.value(row.value, quantity.unit)}{f' ({limits})' if limits else ''}"
        hover = f"{stage}: {estimate}, n = {words.count(row.n)}"
        value, low, high = (float(number) for number in (row.value, row.low, row.high))
        colour = tone_colour(value) if quantity.unit == "net sentiment" else ACCENT
        marks.append(Mark(stage, value, low, high, colour, hover))
    return marks


def _charts(evidence: Evidence, columns: list[Quantity], stages: tuple[str, ...]) -> list[tuple[str, Chart]]:
    shown = [quantity for quantity in columns if quantity.main and quantity.metric != "volume"]
    first = sorted(shown, key=lambda quantity: quantity.metric != "sentiment")[:_CHARTS]
    pairs = []
    for position, quantity in enumerate(first):
        spec = journey_curve(
            _marks(evidence.journey, quantity, stages), "", tickformat=TICKS.get(quantity.unit, ",.0f")
        )
        alt = (
            f"{quantity.label} at each stage of the journey, with intervals; the table of this section has the numbers."
        )
        pairs.append((quantity.label, Chart(f"chart-journey-{position}", alt, spec)))
    return pairs


def _heat(evidence: Evidence, stages: tuple[str, ...]) -> list[dict[str, Any]]:
    said = evidence.statements.dropna(subset=["topic_id", "stage"])
    if said.empty:
        return []
    table = said.groupby(["topic_id", "stage"])["sentiment"].agg(["size", "mean"])
    sizes = table["size"].groupby(level=0).sum()
    topics = sorted(sizes.index, key=lambda topic: (-sizes[topic], str(topic)))[:_HEAT_TOPICS]
    names = said.drop_duplicates("topic_id").set_index("topic_id")["topic_name"]
    found = {key: (int(size), mean) for key, size, mean in table.itertuples()}
    return [
        {"name": names[topic], "cells": [_heat_cell(*found.get((topic, stage), (0, float("nan")))) for stage in stages]}
        for topic in topics
    ]


def _heat_cell(n: int, mean: float) -> dict[str, Any]:
    few = n < _FEW
    return {
        "n": n,
        "tone": "" if few else tone_class(mean),
        "words": "nothing said"
        if not n
        else "too few to judge"
        if few
        else f"sentiment {words.value(mean, 'net sentiment')}",
    }


def _touchpoints(evidence: Evidence) -> dict[str, Any]:
    frame = evidence.metrics[evidence.metrics["by"] == "touchpoint"]
    columns = quantities(evidence, frame)
    present = set(frame["group"].astype(str))
    order = [code for code in TOUCHPOINTS if code in present] + sorted(present - set(TOUCHPOINTS))
    rows = grid(frame, columns, "group", order)
    return {"columns": columns, "rows": [(TOUCHPOINTS.get(row.name, row.name), row) for row in rows]}


def context(evidence: Evidence) -> dict[str, Any]:
    """The stages' table and curves, the topics by stage, and how data and model agree on the stage."""
    frame = evidence.journey
    stages = evidence.stages
    columns = quantities(evidence, frame)
    pairs = _charts(evidence, columns, stages)
    placed = bool(frame["value"].notna().any())
    return {
        "missing": None if placed else "no_stages",
        "stages": stages,
        "columns": columns,
        "table": [(row.name, row) for row in grid(frame, columns, "stage", stages)],
        "figures": pairs,
        "charts": [chart for _, chart in pairs] if placed else [],
        "heat": _heat(evidence, stages),
        "touchpoints": _touchpoints(evidence),
        "agreement": evidence.stage_agreement,
        "sources": evidence.statements["stage_source"].dropna().value_counts().sort_index().to_dict(),
        "unplaced": int(evidence.statements["stage"].isna().sum()),
        "statements": len(evidence.statements),
    }
