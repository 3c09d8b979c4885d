"""Fourth section: the topics, by theme, with what they weigh and how firm they are."""

from __future__ import annotations

from typing import Any

from cxnlp.report import words
from cxnlp.report.charts import Chart, Mark, shares, tone_colour
from cxnlp.report.judged import judged
from cxnlp.report.measured import Cell, Quantity, cell, quantities, rows_of
from cxnlp.report.quotes import quotes
from cxnlp.report.sections.headline import LANGUAGE_NAMES
from cxnlp.results import Evidence

__all__ = ["FIRM", "context"]

_CHARTED = 15
FIRM = ((0.8, "stable"), (0.6, "fairly stable"), (0.0, "unstable"))
"""From which stability on a topic is called what."""


def _measured(evidence: Evidence) -> tuple[list[Quantity], dict[tuple[str, str, str], Any]]:
    frame = evidence.metrics[evidence.metrics["by"] == "topic"]
    held: dict[tuple[str, str, str], Any] = {
        (str(row.group), str(row.metric), str(row.subject)): row for row in frame.itertuples(index=False)
    }
    return quantities(evidence, frame), held


def _impacts(evidence: Evidence) -> tuple[list[dict[str, Any]], dict[str, dict[str, dict[str, Any]]]]:
    """The scores with an impact, each with its noise floor, and topic -> score -> impact."""
    subjects: dict[str, dict[str, Any]] = {}
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows_of(evidence.impact):
        unit = "points" if row["metric"] == "nps" else "mean score"
        low, high = words.difference(row["low"], unit), words.difference(row["high"], unit)
        floor = words.difference(row["noise_floor"], unit).removeprefix("+")
        subjects.setdefault(
            row["subject"], {"subject": row["subject"], "label": row["subject"].upper(), "floor": floor}
        )
        found.setdefault(str(row["topic_id"]), {})[row["subject"]] = {
            "value": words.difference(row["value"], unit),
            "interval": "" if words.is_missing(row["low"]) else f"{low} to {high}",
            "above": bool(row["above_noise"]),
        }
    return list(subjects.values()), found


def _firmness(stability: Any) -> str:
    if words.is_missing(stability):
        return "not assessed"
    return next(name for limit, name in FIRM if stability >= limit)


def _other_names(topic: dict[str, Any]) -> list[tuple[str, str]]:
    """The names in single languages, as (language, name), where they are not the topic's own."""
    pairs = (str(one).partition(": ") for one in topic["names"] or ())
    return [(LANGUAGE_NAMES.get(code, code), name) for code, _, name in pairs if name and name != topic["topic_name"]]


def _rows(evidence: Evidence, impacts: dict[str, Any]) -> tuple[list[Quantity], list[dict[str, Any]]]:
    columns, held = _measured(evidence)
    said, judgements = quotes(evidence), judged(evidence)
    shown = [quantity for quantity in columns if quantity.main and quantity.metric != "volume"]
    rows = []
    for topic in rows_of(evidence.topics):
        id_ = str(topic["topic_id"])
        found = [held.get((id_, quantity.metric, quantity.subject)) for quantity in shown]
        cells: list[Cell | None] = [
            None if row is None else cell(row.value, row.low, row.high, row.n, quantity.unit)
            for row, quantity in zip(found, shown, strict=True)
        ]
        tone = held.get((id_, "sentiment", "sentiment"))
        rows.append(
            topic
            | {
                "cells": cells,
                "sentiment": float("nan") if tone is None else tone.value,
                "volume": held.get((id_, "volume", "volume")),
                "impacts": impacts.get(id_, {}),
                "firmness": _firmness(topic["stability"]),
                "judged": judgements.get(id_),
                "other_names": _other_names(topic),
                "quotes": said[id_],
            }
        )
    return shown, sorted(rows, key=lambda row: (-(row["n_comments"] or 0), str(row["topic_id"])))


def _themes(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    themes: dict[str, dict[str, Any]] = {}
    for row in rows:
        theme = themes.setdefault(
            str(row["theme_id"]), {"name": row["theme_name"] or "Other topics", "topics": [], "n": 0}
        )
        theme["topics"].append(row)
        theme["n"] += int(row["n_statements"] or 0)
    return sorted(themes.values(), key=lambda theme: (-theme["n"], str(theme["name"])))


def _chart(rows: list[dict[str, Any]]) -> list[Chart]:
    marks = []
    for row in rows[:_CHARTED]:
        low, high = (
            (row["volume"].low, row["volume"].high) if row["volume"] is not None else (float("nan"), float("nan"))
        )
        hover = (
            f"{row['topic_name']}: {words.share(row['share'])} of comments, "
            f"sentiment {words.value(row['sentiment'], 'net sentiment')}"
        )
        marks.append(Mark(str(row["topic_name"]), row["share"] or 0.0, low, high, tone_colour(row["sentiment"]), hover))
    alt = (
        f"Share of comments for the {len(marks)} most frequent topics, coloured by sentiment; the tables have them all."
    )
    return [Chart("chart-topics", alt, shares(marks, "share of comments"))] if marks else []


def context(evidence: Evidence) -> dict[str, Any]:
    """Themes with their topics, the chart of shares, and what is in no topic."""
    subjects, impacts = _impacts(evidence)
    columns, rows = _rows(evidence, impacts)
    total = len(evidence.statements)
    any_judged = any(row["judged"] for row in rows)
    unassigned = int(evidence.statements["topic_id"].isna().sum())
    return {
        "missing": None if rows else "no_topics" if total else "no_comments",
        "themes": _themes(rows),
        "columns": columns,
        "impacts": subjects,
        "any_judged": any_judged,
        "width": 3 + any_judged + len(columns) + len(subjects),
        "unstable": sum(row["firmness"] == "unstable" for row in rows),
        "firm_from": FIRM[-2][0],
        "n_topics": len(rows),
        "n_charted": min(len(rows), _CHARTED),
        "charts": _chart(rows),
        "statements": total,
        "unassigned": unassigned,
        "unassigned_share": unassigned / total if total else float("nan"),
    }
