"""`cxnlp evaluate FOLDER`: an embedded model on the development sets of its card."""

from __future__ import annotations

from pathlib import Path

from cxnlp.cli import console
from cxnlp.config import EncodeConfig
from cxnlp.errors import SettingsError

__all__ = ["SHOWN", "evaluate"]

SHOWN = ("macro_f1", "micro_f1", "main_accuracy", "ece")


def evaluate(folder: Path, config: EncodeConfig, out: Path | None, *, quiet: bool) -> float:
    """Print the figures of the model of `config` on the development sets in `folder`; returns the mean over the
    sets of sentiment macro-F1.

    ``out`` receives every figure as JSON. Raises CxnlpError where a set is missing or the model cannot be used.
    """
    from cxnlp import registry
    from cxnlp.cli import scorecard
    from cxnlp.training import measure_model

    if config.encoder is not None or config.sentiment_model is not None:
        raise SettingsError(
            "a foreign model on the development sets",
            expected="an embedded model: --model NAME",
            fix="measure the foreign model on a file: cxnlp evaluate FILE --text COLUMN --label COLUMN",
        )
    path = registry.find(config.model)
    registry.verify(path)
    if out is not None:
        scorecard.check_place(out)
    with console.progress(quiet=quiet) as progress:
        figures = measure_model(path, folder, device=config.device, precision=config.precision, progress=progress)
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
        console.lines(*wide.to_string(float_format="%.3f", na_rep="").splitlines())
        console.lines(f"Mean macro-F1 of the sentiment sets: {mean:.3f}")
    return mean
