"""`cxnlp evaluate FOLDER`: an embedded model on the development sets of its card."""

from __future__ import annotations

from pathlib import Path

from cxnlp.cli import console

__all__ = ["SHOWN", "evaluate"]

SHOWN = ("macro_f1", "micro_f1", "main_accuracy", "ece")


def evaluate(folder: Path, model: str, out: Path | None, *, quiet: bool) -> float:
    """Print the figures of `model` on the development sets in `folder`; returns the sets' mean sentiment macro-F1.

    ``out`` receives every figure as JSON. Raises CxnlpError where a set is missing or the model cannot be used.
    """
    from cxnlp import registry
    from cxnlp.cli import scorecard
    from cxnlp.training import measure_model

    path = registry.find(model)
    registry.verify(path)
    if out is not None:
        scorecard.check_place(out)
    with console.progress(quiet=quiet) as progress:
        figures = measure_model(path, folder, progress)
    sentiment = figures[(figures["head"] == "sentiment") & (figures["measure"] == "macro_f1")]
    mean = float(sentiment[~sentiment["set"].eq("journey_dev")]["value"].mean())
    if out is not None:
        scorecard.write(
            {"model": figures["model"].iloc[0], "mean_sentiment_macro_f1": mean, "figures": figures.to_dict("records")},
            out,
        )
    if not quiet:
        shown = figures[figures["measure"].isin(SHOWN)]
        wide = shown.pivot_table(
            index=["head", "set", "language", "n"], columns="measure", values="value", sort=False
        ).reindex(columns=list(SHOWN))
        console.lines(wide.to_string(float_format="%.3f", na_rep=""))
        console.lines(f"Mean macro-F1 of the sentiment sets: {mean:.3f}")
    return mean
