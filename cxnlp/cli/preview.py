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
    import pandas as pd

    from cxnlp.results import Comments, Encoding, Note, Statements

__all__ = ["Preview", "command", "preview"]

ROWS_READ = 200
"""Rows from which columns and languages are told: enough to guess, few enough to be quick."""

LABELS = ("sentiment", "touchpoint", "churn_intent")
"""Heads that are shown."""

_NOT_SETTINGS = ("source", "file")

_LEAST_SHOWN = 24
"""Characters of a comment shown on the narrowest terminal."""
_OTHER_COLUMNS = 56
"""Characters that the labels beside it take."""


@dataclass(frozen=True, slots=True)
class Preview:
    """The beginning of a file as cxnlp reads it.

    ``languages`` maps each language to its comments among the rows read. ``labelled`` has one row for each
    of the first comments: comment, language, status, then `LABELS`, empty where the comment was not scored
    or the model does not predict it.
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
    encoder: options.Encoder = None,
    sentiment_model: options.SentimentModel = None,
    sentiment_labels: options.SentimentLabels = None,
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
    rows = [
        (_cut(comment, room), code, sentiment or f"({status})", touchpoint, intent)
        for comment, code, status, sentiment, touchpoint, intent in seen.labelled.itertuples(index=False)
    ]
    columns = ("comment", "language", "sentiment", "touchpoint", "churn intent")
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
    shown = statements.comments[["text_clean", "language", "status"]].head(n).reset_index(drop=True)
    shown = shown.set_axis(["comment", "language", "status"], axis=1)
    for name in LABELS:
        said = {}
        if name in encoding.probabilities:
            said = _decided(name, encoding).groupby(first["row"]).agg(_said).to_dict()
        shown[name] = shown.index.map(said)
    return shown.fillna("")


def _decided(name: str, encoding: Encoding) -> pd.Series:
    import pandas as pd

    from cxnlp import heads

    labels, _ = heads.decide(heads.HEADS[name], encoding.probabilities[name], encoding.thresholds.get(name))
    return pd.Series(labels)


def _said(labels: pd.Series) -> str:
    """What the statements of a comment say, each once, in order; what says nothing only where all do."""
    distinct = list(dict.fromkeys(labels))
    if {"negative", "positive"} <= set(distinct):
        return "mixed"
    telling = [label for label in distinct if label not in ("none", "neutral", "OTH")]
    return ", ".join(telling or distinct[:1])
