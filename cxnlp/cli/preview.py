"""`cxnlp preview`: what cxnlp makes of the beginning of a file, within seconds; writes nothing."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cxnlp.cli import console, options, summary
from cxnlp.config import Config

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from cxnlp.results import Comments, Encoding, Note, Statements

__all__ = ["Preview", "command", "preview"]

ROWS_READ = 200
"""Rows from which columns and languages are told: enough to guess, few enough to be quick."""

_NOT_SETTINGS = ("source", "file")

_LEAST_SHOWN = 24
"""Characters of a comment shown on the narrowest terminal."""
_OTHER_COLUMNS = 56
"""Characters that the labels beside it take."""


@dataclass(frozen=True, slots=True)
class Preview:
    """The beginning of a file as cxnlp reads it.

    ``languages`` maps each language to its comments among the rows read. ``labelled`` has one row for each
    of the first comments: comment, language, status, sentiment, touchpoints, churn_intent.
    """

    comments: Comments
    languages: dict[str, int]
    labelled: pd.DataFrame
    notes: tuple[Note, ...]


def command(
    context: typer.Context,
    source: options.Source,
    text: options.Text = None,
    scores: options.Scores = None,
    date: options.Date = None,
    id: options.Id = None,
    language: options.Language = None,
    segments: options.Segments = None,
    encoding: options.Encoding = None,
    delimiter: options.Delimiter = None,
    sheet: options.Sheet = None,
    model: options.Model = None,
    device: options.Device = None,
    file: options.File = None,
) -> None:
    """Show in seconds which columns cxnlp sees and how it reads the first 20 comments; write nothing."""
    given = {name: value for name, value in context.params.items() if name not in _NOT_SETTINGS}
    seen = preview(source, options.settings(file, given))
    summary.notes(seen.notes)
    summary.columns(seen.comments.roles)
    shown = ", ".join(f"{code} {count:,}" for code, count in seen.languages.items())
    console.lines(
        f"{seen.comments.name}: {len(seen.comments.table):,} rows read. Languages: {shown or 'none recognised'}."
    )
    room = max(_LEAST_SHOWN, console.width() - _OTHER_COLUMNS)
    rows = [(_cut(comment, room), *labels) for comment, *labels in seen.labelled.itertuples(index=False)]
    columns = [str(name).replace("_", " ") for name in seen.labelled]
    console.table("First comments", columns, rows, unbroken=columns[:1])


def _cut(comment: str, room: int) -> str:
    return comment if len(comment) <= room else comment[: room - 1] + "…"


def preview(source: str | Path | pd.DataFrame, config: Config, n: int = 20) -> Preview:
    """Read the first rows of `source` and label the first `n` comments. Raises what `analyze` raises."""
    from cxnlp import connectors, engines, text

    comments = connectors.read(source, config.read, rows=ROWS_READ)
    statements = text.clean(comments, config.clean)
    first = statements.table[statements.table["row"] < n].reset_index(drop=True)
    encoding = engines.encode(dataclasses.replace(statements, table=first), config.encode)
    return Preview(
        comments=comments,
        languages={str(code): count for code, count in statements.comments["language"].value_counts().items()},
        labelled=_labelled(statements, first, encoding, n),
        notes=(*comments.notes, *statements.notes, *encoding.notes),
    )


def _labelled(statements: Statements, first: pd.DataFrame, encoding: Encoding, n: int) -> pd.DataFrame:
    labels = first[["row"]].assign(**{name: _decided(name, encoding) for name in encoding.probabilities})
    shown = statements.comments.head(n)[["text_clean", "language", "status"]].rename(columns={"text_clean": "comment"})
    shown = shown.reset_index(drop=True)
    for name in ("sentiment", "touchpoint", "churn_intent"):
        if name in labels:
            shown[name] = labels.groupby("row")[name].agg(_said).reindex(range(len(shown)))
    return shown.fillna("")


def _decided(name: str, encoding: Encoding) -> np.ndarray:
    from cxnlp import heads

    return heads.decide(heads.HEADS[name], encoding.probabilities[name], encoding.thresholds.get(name))[0]


def _said(labels: pd.Series) -> str:
    """What the statements of a comment say, each once, in order; what says nothing only where all do."""
    distinct = list(dict.fromkeys(labels))
    telling = [label for label in distinct if label not in ("none", "neutral", "OTH")]
    return ", ".join(telling or distinct[:1])
