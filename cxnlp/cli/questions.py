"""Options of `cxnlp evaluate` alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["Grain", "HeadName", "Label", "Least", "Limit", "Maps", "Out", "Resamples", "Source"]

_PANEL = "Evaluation"

Source = Annotated[
    str,
    typer.Argument(metavar="FILE", help="Labelled comments; or the folder of the development sets of the model card."),
]
Label = Annotated[
    str | None, typer.Option("--label", metavar="COLUMN", help="The true labels.", rich_help_panel=_PANEL)
]
HeadName = Annotated[
    str,
    typer.Option(
        "--head",
        metavar="NAME",
        help="What they say: sentiment, touchpoint, churn_intent, advocacy, effort or emotion.",
        rich_help_panel=_PANEL,
    ),
]
Maps = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="THEIRS=OURS",
        help="A label of the data and ours, such as negativ=negative; repeatable. THEIRS= leaves such rows out.",
        rich_help_panel=_PANEL,
    ),
]
Grain = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="GRAIN",
        help="text: each cell is read as one text, as it stands. comment: cleaned, split into statements and put "
        "together, as analyze does.",
        rich_help_panel=_PANEL,
    ),
]
Least = Annotated[
    float | None,
    typer.Option(
        "--min-macro-f1",
        metavar="NUMBER",
        min=0.0,
        max=1.0,
        help="End with exit code 1 where macro-F1 (touchpoint, emotion: micro-F1) is below this.",
        rich_help_panel=_PANEL,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", help="Write every figure to this file.", rich_help_panel="Output"),
]
Resamples = Annotated[
    int,
    typer.Option(
        "--resamples",
        metavar="NUMBER",
        min=100,
        max=100_000,
        help="Bootstrap resamples behind each interval.",
        rich_help_panel=_PANEL,
    ),
]
Limit = Annotated[
    int | None,
    typer.Option(
        "--limit",
        metavar="NUMBER",
        min=1,
        help="Measure a sample of so many labelled rows, drawn by a hash of the text.",
        rich_help_panel=_PANEL,
    ),
]
