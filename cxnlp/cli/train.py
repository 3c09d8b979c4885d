"""`cxnlp train`: the embedded models, from a base encoder or from a teacher, and labelled rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from cxnlp.cli import console
from cxnlp.errors import SettingsError

__all__ = ["train"]

_SEEDS = 3


def train(
    data: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder with the corpora and the development sets.")],
    encoder: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Base encoder in Hugging Face layout, to tune.")
    ] = None,
    teacher: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Model whose answers a fast one learns, in place of --encoder."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Model folder to write or replace: models/cxnlp-small, or cxnlp-fast."),
    ] = None,
    mixture: Annotated[
        str, typer.Option(metavar="NAME", help="Which rows train: shipped, or an experiment.")
    ] = "shipped",
    seeds: Annotated[int, typer.Option(metavar="NUMBER", min=1, help="Networks tuned and averaged.")] = _SEEDS,
    epochs: Annotated[int | None, typer.Option(metavar="NUMBER", min=1, help="Times every row is read.")] = None,
    rate: Annotated[
        float | None, typer.Option(metavar="NUMBER", min=1e-9, help="Peak learning rate of the backbone.")
    ] = None,
    embedding_cost: Annotated[
        float | None, typer.Option(metavar="NUMBER", min=0, help="Weight of the embedding beside the heads.")
    ] = None,
    checkpoints: Annotated[
        Path, typer.Option(metavar="FOLDER", help="State of unfinished runs; the same command goes on from it.")
    ] = Path(".training"),
) -> None:
    """Train the embedded models: the small one with --encoder, the fast one with --teacher."""
    import pandas as pd

    from cxnlp import demo, registry, training
    from cxnlp.training.distil import STUDENT

    if teacher is not None and (mixture != "shipped" or seeds != _SEEDS):
        raise SettingsError(
            "--mixture or --seeds with --teacher",
            expected="them with --encoder: a student has texts of its own and one seed",
            fix="leave them out",
        )
    out = out or Path("models/cxnlp-small" if teacher is None else "models/cxnlp-fast")

    recipe = training.Recipe() if teacher is None else STUDENT
    recipe = replace(
        recipe,
        epochs=recipe.epochs if epochs is None else epochs,
        rate=recipe.rate if rate is None else rate,
        embedding_cost=recipe.embedding_cost if embedding_cost is None else embedding_cost,
    )
    shown_in_demo = frozenset(pd.read_csv(demo.clothing(), dtype=str)["review"].dropna())
    with console.progress() as progress:
        if encoder is not None and teacher is None:
            figures = training.train(
                encoder, data, out, mixture=mixture, recipe=recipe, seeds=tuple(range(seeds)),
                without=shown_in_demo, checkpoints=checkpoints, progress=progress,
            )  # fmt: skip
        elif teacher is not None and encoder is None:
            path = registry.find(teacher)
            registry.verify(path)
            figures = training.distil(
                path, data, out, recipe=recipe, without=shown_in_demo, checkpoints=checkpoints, progress=progress
            )
        else:
            raise SettingsError(
                "neither --encoder nor --teacher" if encoder is None else "both --encoder and --teacher",
                expected="one of them: a base encoder to tune, or a model to learn from",
                fix="cxnlp train --encoder FOLDER --data FOLDER",
            )
    shown = figures[figures["measure"].isin(["macro_f1", "micro_f1", "main_accuracy"])]
    wide = shown.pivot_table(index=["head", "set", "language", "measure"], columns="model", values="value", sort=False)
    typer.echo(wide.to_string(float_format="%.3f"))
    typer.echo(f"\nThe model is in {out}; its card is {out / 'README.md'}")
