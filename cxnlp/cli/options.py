"""The options that commands share, once: each is named as the setting of `config` that it fills."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cxnlp.cli.outcome_options import (
    BadWhen,
    Churn,
    ChurnDate,
    Cluster,
    Controls,
    Conversions,
    Customers,
    CustomersId,
    Gold,
    ObservedFrom,
    ObservedUntil,
    OutcomeColumn,
    Plan,
    Retained,
    Revenue,
    Strict,
    WindowDays,
)
from cxnlp.config import FORMATS, Config, load_config
from cxnlp.schema import LANGUAGES, SCALES, STAGES

__all__ = [
    "chosen",
    "settings",
    "Customers",
    "CustomersId",
    "Churn",
    "ChurnDate",
    "ObservedFrom",
    "ObservedUntil",
    "WindowDays",
    "OutcomeColumn",
    "BadWhen",
    "Retained",
    "Conversions",
    "Revenue",
    "Cluster",
    "Controls",
    "Plan",
    "Gold",
    "Strict",
]

_COLUMNS = "Columns of the data"
_FILE = "How to open the file"
_MODEL = "Model and journey"
_TOPICS = "Topics and codes"
_OUTPUT = "Output"

Source = Annotated[
    str, typer.Argument(metavar="FILE", help="The comments: a CSV, TSV, Excel, JSON lines or Parquet file.")
]

Text = Annotated[
    str | None,
    typer.Option("--text", metavar="COLUMN", help="The comments. Guessed where not named.", rich_help_panel=_COLUMNS),
]
Scores = Annotated[
    list[str] | None,
    typer.Option(
        "--score",
        metavar="COLUMN[=SCALE]",
        help=f"A score given with the comment; repeatable. Scales: {', '.join(SCALES)}. Guessed where not named.",
        rich_help_panel=_COLUMNS,
    ),
]
Date = Annotated[
    str | None, typer.Option("--date", metavar="COLUMN", help="When the comment was written.", rich_help_panel=_COLUMNS)
]
Id = Annotated[
    str | None,
    typer.Option("--id", metavar="COLUMN", help="Who wrote it: the customer's key.", rich_help_panel=_COLUMNS),
]
CommentId = Annotated[
    str | None,
    typer.Option(
        "--comment-id",
        metavar="COLUMN",
        help="Unique name of the comment; else the row number.",
        rich_help_panel=_COLUMNS,
    ),
]
Channel = Annotated[
    str | None, typer.Option("--channel", metavar="COLUMN", help="Where it was collected.", rich_help_panel=_COLUMNS)
]
Language = Annotated[
    str | None,
    typer.Option(
        "--language",
        metavar="COLUMN",
        help=f"Language codes, where the data have them; recognised otherwise. Read: {', '.join(LANGUAGES)}.",
        rich_help_panel=_COLUMNS,
    ),
]
Stage = Annotated[
    str | None,
    typer.Option(
        "--stage",
        metavar="COLUMN",
        help=f"Journey stage, where the data have it; it wins over the model's. By default: {', '.join(STAGES)}.",
        rich_help_panel=_COLUMNS,
    ),
]
Segments = Annotated[
    list[str] | None,
    typer.Option(
        "--segment",
        metavar="COLUMN",
        help="A group to compare and to adjust for, such as plan or country; repeatable.",
        rich_help_panel=_COLUMNS,
    ),
]

Encoding = Annotated[
    str | None,
    typer.Option(
        "--encoding",
        metavar="NAME",
        help="Character encoding, such as utf-8, cp1250 or iso-8859-2.",
        rich_help_panel=_FILE,
    ),
]
Delimiter = Annotated[
    str | None,
    typer.Option(
        "--delimiter", metavar="MARK", help="What parts the columns: one character, or tab.", rich_help_panel=_FILE
    ),
]
Sheet = Annotated[
    str | None,
    typer.Option("--sheet", metavar="NAME", help="Sheet of the workbook; else the first.", rich_help_panel=_FILE),
]

Topics = Annotated[
    str | None,
    typer.Option(
        "--topics", metavar="NUMBER", help="How many topics to find, or auto (the default).", rich_help_panel=_TOPICS
    ),
]
Edits = Annotated[
    Path | None,
    typer.Option(
        "--edits",
        metavar="FILE",
        help="A topics.yaml from the results of the same comments: its edits are replayed.",
        rich_help_panel=_TOPICS,
    ),
]
Codebook = Annotated[
    str | None,
    typer.Option(
        "--codebook",
        metavar="FILE|NAME",
        help="Codes of your own to tag the statements with, or some that come with cxnlp (see: cxnlp codes list).",
        rich_help_panel=_TOPICS,
    ),
]
Corrections = Annotated[
    Path | None,
    typer.Option(
        "--corrections",
        metavar="FILE",
        help="A review.csv of an earlier run, filled in: its answers become examples of the codes.",
        rich_help_panel=_TOPICS,
    ),
]
ErrorRate = Annotated[
    float | None,
    typer.Option(
        "--error-rate",
        metavar="SHARE",
        help="Wrong answers allowed for each code, 0.001 to 0.5; 0.1 where not given. What cannot be answered so "
        "well is left to you, in review.csv.",
        rich_help_panel=_TOPICS,
    ),
]
NameWith = Annotated[
    str | None,
    typer.Option(
        "--name-with",
        metavar="URL",
        help="A server with OpenAI's interface that words the names of topics. It is sent the keywords and three "
        "comments of each topic, masked. Nothing is sent anywhere without it.",
        rich_help_panel=_TOPICS,
    ),
]
NameModel = Annotated[
    str | None,
    typer.Option("--name-model", metavar="NAME", help="The model that this server is to use.", rich_help_panel=_TOPICS),
]
Journey = Annotated[
    Path | None,
    typer.Option(
        "--journey",
        metavar="FILE",
        help="A journey.yaml that says which touchpoints make which stage.",
        rich_help_panel=_MODEL,
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME",
        help="The model that reads the comments: a name (see: cxnlp models list) or a folder.",
        rich_help_panel=_MODEL,
    ),
]
Encoder = Annotated[
    str | None,
    typer.Option(
        "--encoder",
        metavar="NAME@COMMIT|FOLDER",
        help="Any Hugging Face encoder in place of --model, pinned to a commit, or a folder. Only topics are made "
        "with it: it predicts no sentiment, touchpoints or intent.",
        rich_help_panel=_MODEL,
    ),
]
SentimentModel = Annotated[
    str | None,
    typer.Option(
        "--sentiment-model",
        metavar="NAME@COMMIT|FOLDER",
        help="Any Hugging Face sequence classifier in place of the model's own judgement of sentiment.",
        rich_help_panel=_MODEL,
    ),
]
SentimentLabels = Annotated[
    str | None,
    typer.Option(
        "--sentiment-labels",
        metavar="LABEL=POLARITY,...",
        help="What the labels of --sentiment-model mean, where their names do not say it: "
        "LABEL_0=negative,LABEL_1=neutral,LABEL_2=positive.",
        rich_help_panel=_MODEL,
    ),
]
Device = Annotated[
    str | None,
    typer.Option("--device", metavar="NAME", help="Where it runs: auto, cpu, cuda or mps.", rich_help_panel=_MODEL),
]
Precision = Annotated[
    str | None,
    typer.Option(
        "--precision", metavar="NAME", help="How it computes: auto, bfloat16 or float32.", rich_help_panel=_MODEL
    ),
]

Formats = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        metavar="NAME",
        help=f"What to write; repeatable: {', '.join(FORMATS)}. The tidy tables are always written.",
        rich_help_panel=_OUTPUT,
    ),
]
Title = Annotated[
    str | None, typer.Option("--title", metavar="WORDS", help="Title of the report.", rich_help_panel=_OUTPUT)
]
Force = Annotated[
    bool, typer.Option("--force", help="Replace an analysis that is already there.", rich_help_panel=_OUTPUT)
]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress, no summary: errors only.", rich_help_panel=_OUTPUT)]
File = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Settings as TOML, one table a room: \\[read], \\[topics]... Options given here win over it.",
        rich_help_panel=_OUTPUT,
    ),
]


def settings(file: Path | None, given: dict[str, Any]) -> Config:
    """The settings in `file`, overridden by the options that were `given` (see `chosen`)."""
    return (load_config(file) if file else Config()).replace(**chosen(given))


def chosen(given: dict[str, Any]) -> dict[str, Any]:
    """Those of `given` that the user wrote: None, False and what is empty was not; a zero was."""
    return {name: value for name, value in given.items() if value or (value == 0 and value is not False)}
