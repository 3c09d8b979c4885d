"""The rows on which a trained model is measured; what is measured, and how, is the room `evaluation`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cxnlp.training.corpora import ROW_COLUMNS
from cxnlp.training.devsets import DEVSETS, journey_rows, sentiment_rows

__all__ = ["evaluation_rows"]


def evaluation_rows(data: Path) -> pd.DataFrame:
    """Every development row, columns `ROW_COLUMNS`; ``corpus`` is the set's name, journey_dev for the journey set."""
    parts = [journey_rows(data).assign(corpus="journey_dev")]
    parts += [sentiment_rows(data, name).assign(corpus=name) for name in DEVSETS]
    return pd.concat([part.reindex(columns=list(ROW_COLUMNS)) for part in parts], ignore_index=True)
