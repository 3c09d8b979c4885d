"""What `cxnlp evaluate` prints and writes: notes, figures, classes, confusion."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cxnlp
from cxnlp.cli import console, files, summary

if TYPE_CHECKING:
    import pandas as pd

    from cxnlp.cli.evaluate import Measured
    from cxnlp.config import Config
    from cxnlp.evaluation import Evaluation

__all__ = ["NAMES", "check_place", "record", "show", "write"]

_CLASSES_SHOWN = 4
"""Heads with more labels than these show them over all languages only; the JSON file has all."""

NAMES = {
    "macro_f1": "macro-F1",
    "micro_f1": "micro-F1",
    "accuracy": "accuracy",
    "main_accuracy": "main label",
    "ece": "ECE",
    "two_class_macro_f1": "macro-F1",
    "two_class_accuracy": "accuracy",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
}


def show(measured: Measured) -> None:
    """Print the figures of `measured`: warnings to stderr, the rest to stdout."""
    found, question = measured.evaluation, measured.question
    summary.notes(measured.notes)
    for reason, rows in measured.left_out.items():
        if rows:
            console.lines(f"Rows {reason}, not measured: {rows:,}")
    console.lines(
        f"{measured.comments.name}: {question.head} of {found.n:,} comments, each read as a {question.grain}, "
        f"by {measured.encoding.model.name}. In brackets: {question.confidence:.0%} interval, where enough is known."
    )
    if found.polar:
        console.lines("The labels are negative and positive alone: the model chose between these two.")
    overall = [name for name in ("micro_f1", "macro_f1", "accuracy", "main_accuracy", "ece") if _has(found, name)]
    _table("Figures", found, overall)
    if not found.polar and _has(found, "two_class_accuracy"):
        _table("Without neutral: negative or positive", found, ["two_class_macro_f1", "two_class_accuracy"])
    _classes(found)
    if not found.many:
        _confusion(found)


def _has(found: Evaluation, measure: str) -> bool:
    return bool((found.figures["measure"] == measure).any())


def _table(title: str, found: Evaluation, measures: list[str]) -> None:
    chosen = found.figures[found.figures["measure"].isin(measures) & (found.figures["label"] == "all")]
    rows = [
        (language, f"{part['n'].iloc[0]:,}", *_cells(part, measures))
        for language, part in chosen.groupby("language", sort=False)
    ]
    names = [NAMES[name] for name in measures]
    console.table(title, ("language", "n", *names), rows, numbers=("n", *names), unbroken=("language", *names))


def _classes(found: Evaluation) -> None:
    chosen = found.figures[found.figures["label"] != "all"]
    many = chosen["label"].nunique() > _CLASSES_SHOWN
    measures = ["precision", "recall", "f1"]
    names = [NAMES[name] for name in measures]
    columns = ("class", "support", *names)
    for language, part in chosen.groupby("language", sort=False):
        if many and language != "all":
            continue
        rows = [
            (label, f"{one['n'].iloc[0]:,}", *_cells(one, measures)) for label, one in part.groupby("label", sort=False)
        ]
        console.table(f"Classes: {language}", columns, rows, numbers=columns[1:], unbroken=names)


def _confusion(found: Evaluation) -> None:
    overall = found.confusion[found.confusion["language"] == "all"]
    wide = overall.pivot_table(index="truth", columns="answer", values="n", sort=False, fill_value=0)
    rows = [(truth, *(f"{int(n):,}" for n in row)) for truth, row in zip(wide.index, wide.to_numpy(), strict=True)]
    console.table("Confusion", ("truth \\ answer", *wide.columns), rows, numbers=tuple(wide.columns))


def _cells(part: pd.DataFrame, measures: list[str]) -> list[str]:
    by_measure = part.set_index("measure")[["value", "low", "high"]]
    return [_cell(*by_measure.loc[name]) if name in by_measure.index else "-" for name in measures]


def _cell(value: float, low: float, high: float) -> str:
    if value != value:  # NaN
        return "-"
    return f"{value:.3f}" if low != low else f"{value:.3f} ({low:.2f}-{high:.2f})"


def record(measured: Measured, config: Config, least: float | None = None) -> dict[str, Any]:
    """The evaluation as JSON-ready data; the same for the same file, model, settings and versions."""
    found, model, comments = measured.evaluation, measured.encoding.model, measured.comments
    value = found.estimate(found.main).value
    return {
        "cxnlp_version": cxnlp.__version__,
        "model": {"name": model.name, "sha256": model.sha256, "device": model.device, "precision": model.precision},
        "input": {"name": comments.name, "sha256": comments.sha256, "rows": len(comments.source)},
        "columns": {role: comments.columns(role) for role in ("text", "language")} | {"label": measured.question.label},
        "settings": dataclasses.asdict(measured.question) | {"clean": dataclasses.asdict(config.clean)},
        "interval": "percentile bootstrap over comments; lower limit of ece from the resampled gaps; none where "
        "nothing varies or fewer than 5 comments are behind a figure",
        "n": found.n,
        "left_out": measured.left_out,
        "notes": [dataclasses.asdict(note) for note in measured.notes],
        "languages": dict(found.languages),
        "labels": list(found.labels),
        "chose_between_negative_and_positive": found.polar,
        "main": {"measure": found.main, "value": value, "least": least, "passed": least is None or value >= least},
        "figures": _records(found.figures),
        "confusion": _records(found.confusion),
    }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    # JSON has no NaN: a figure or a limit that is not defined is null.
    return [
        {str(name): None if cell != cell else cell for name, cell in row.items()} for row in table.to_dict("records")
    ]


def check_place(path: Path) -> None:
    """Whether `path` may be written, so far as can be told before minutes of work; raises OutputError."""
    files.check_place(path, "--json", example="evaluation.json")


def write(content: dict[str, Any], path: Path) -> None:
    """Write `content` as JSON, whole or not at all; raises OutputError."""
    with files.replacing(path, "--json OTHER_FILE") as aside:
        aside.write_text(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
