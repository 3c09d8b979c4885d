"""The rows on which a trained model is measured, and its figures; how it is measured is the room `evaluation`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from cxnlp import encoder as encoders
from cxnlp.errors import ModelError
from cxnlp.evaluation import FIGURE_COLUMNS, figures
from cxnlp.registry.layout import FIGURES
from cxnlp.results import Progress
from cxnlp.training.corpora import ROW_COLUMNS
from cxnlp.training.devsets import DEVSETS, journey_rows, sentiment_rows

__all__ = ["COLUMNS", "ROWS", "evaluation_rows", "extra_figures", "measure_model", "model_figures", "read_figures"]

ROWS = "rows"
"""Measure of the figures that count the rows of a corpus (their ``set``) that trained or calibrated."""

COLUMNS = ("model", *FIGURE_COLUMNS)
"""Columns of the table that is stored beside the card, one row a figure."""


def evaluation_rows(data: Path) -> pd.DataFrame:
    """Every development row, columns `ROW_COLUMNS`; ``corpus`` is the set's name, journey_dev for the journey set."""
    parts = [journey_rows(data).assign(corpus="journey_dev")]
    parts += [sentiment_rows(data, name).assign(corpus=name) for name in DEVSETS]
    return pd.concat([part.reindex(columns=list(ROW_COLUMNS)) for part in parts], ignore_index=True)


def model_figures(
    model: str, rows: pd.DataFrame, probabilities: Mapping[str, np.ndarray], thresholds: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """`cxnlp.evaluation.figures` of one model, columns `COLUMNS`."""
    return _named(model, figures(rows, probabilities, thresholds))


def extra_figures(model: str, found: list[tuple[str, str, str, int, str, float]]) -> pd.DataFrame:
    """Other figures, each ``(head, set, language, n, measure, value)``, columns `COLUMNS`."""
    return _named(model, pd.DataFrame(found, columns=list(FIGURE_COLUMNS)))


def _named(model: str, table: pd.DataFrame) -> pd.DataFrame:
    # what is stored has six digits, and the card must be the same from what is stored
    return table.assign(model=model, value=table["value"].round(6))[list(COLUMNS)]


def read_figures(folder: Path) -> pd.DataFrame:
    """The figures that are stored in a model folder, columns `COLUMNS`."""
    if not (folder / FIGURES).exists():
        raise ModelError(
            f"{folder} without {FIGURES}",
            expected="a model that cxnlp train wrote, with its figures",
            fix="cxnlp train --encoder FOLDER --data FOLDER",
        )
    return pd.read_csv(folder / FIGURES, keep_default_na=False, na_values={"value": [""]})


def measure_model(
    folder: Path,
    data: Path,
    *,
    device: str = "auto",
    precision: str = "auto",
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Figures of the model folder `folder` on the development sets in `data`, columns `COLUMNS`.

    ``device`` and ``precision`` are as `encoder.load` takes them.
    """
    model = encoders.load(folder, device=device, precision=precision)
    rows = evaluation_rows(data)
    texts, languages = rows["text"].tolist(), rows["language"].tolist()
    _, answers, _ = encoders.encode_texts(model, texts, languages=languages, progress=progress)
    thresholds = {name: head.thresholds for name, head in model.heads.items()}
    return model_figures(model.info.name, rows, answers, thresholds)
