"""`cxnlp train`: fit the heads of the embedded model again, from a base encoder and labelled rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxnlp.cli import console

__all__ = ["train"]


def train(
    encoder: Annotated[Path, typer.Option(metavar="FOLDER", help="Base encoder in Hugging Face layout.")],
    data: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder with the corpora and the development sets.")],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Model folder to write; replaced if it exists.")] = Path(
        "models/cxnlp-small"
    ),
) -> None:
    """Train the embedded model's heads and write its folder and card."""
    import pandas as pd

    from cxnlp import demo
    from cxnlp.training import train as fit

    shown_in_demo = frozenset(pd.read_csv(demo.clothing(), dtype=str)["review"].dropna())
    with console.progress() as progress:
        figures = fit(encoder, data, out, without=shown_in_demo, progress=progress)
    overall = figures[figures["measure"].isin(["macro_f1", "micro_f1", "main_accuracy"])]
    typer.echo(overall.to_string(index=False, float_format="%.3f"))
    typer.echo(f"\nThe model is in {out}; its card is {out / 'README.md'}")
