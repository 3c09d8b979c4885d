"""`cxnlp analyze`: from a file of comments to a folder of evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxnlp.cli import options, saving
from cxnlp.config import Config

__all__ = ["analyze", "run"]

Out = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FOLDER", help="Where to write; else FILE's name with -results.", rich_help_panel="Output"
    ),
]

_NOT_SETTINGS = ("source", "out", "force", "quiet", "file")


def analyze(
    context: typer.Context,
    source: options.Source,
    text: options.Text = None,
    scores: options.Scores = None,
    date: options.Date = None,
    id: options.Id = None,
    comment_id: options.CommentId = None,
    channel: options.Channel = None,
    language: options.Language = None,
    stage: options.Stage = None,
    segments: options.Segments = None,
    customers: options.Customers = None,
    customers_id: options.CustomersId = None,
    churn: options.Churn = None,
    churn_date: options.ChurnDate = None,
    observed_from: options.ObservedFrom = None,
    observed_until: options.ObservedUntil = None,
    window_days: options.WindowDays = None,
    outcome: options.OutcomeColumn = None,
    bad_when: options.BadWhen = None,
    retained: options.Retained = None,
    conversions: options.Conversions = None,
    revenue: options.Revenue = None,
    cluster: options.Cluster = None,
    controls: options.Controls = None,
    plan: options.Plan = None,
    gold: options.Gold = None,
    strict: options.Strict = False,
    encoding: options.Encoding = None,
    delimiter: options.Delimiter = None,
    sheet: options.Sheet = None,
    topics: options.Topics = None,
    edits: options.Edits = None,
    codebook: options.Codebook = None,
    corrections: options.Corrections = None,
    error_rate: options.ErrorRate = None,
    name_with: options.NameWith = None,
    name_model: options.NameModel = None,
    journey: options.Journey = None,
    model: options.Model = None,
    encoder: options.Encoder = None,
    sentiment_model: options.SentimentModel = None,
    sentiment_labels: options.SentimentLabels = None,
    device: options.Device = None,
    precision: options.Precision = None,
    formats: options.Formats = None,
    title: options.Title = None,
    out: Out = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
    file: options.File = None,
) -> None:
    """Find what customers speak of, and which of it goes with leaving; write the report and the tables."""
    # The parameters bear the names of the settings, so that none has to be copied by hand.
    given = {name: value for name, value in context.params.items() if name not in _NOT_SETTINGS}
    run(source, options.settings(file, given), out or default_folder(source), force=force, quiet=quiet)


def default_folder(source: str) -> Path:
    """Where the results of `source` go: a folder of its name in the working directory."""
    return Path(f"{Path(source).stem}-results")


def run(source: str | Path, config: Config, folder: Path, *, force: bool, quiet: bool) -> None:
    """Analyze `source`, save the result in `folder` and print what was found."""
    from cxnlp import pipeline

    saving.save(
        lambda progress: pipeline.analyze(source, config, progress=progress),
        folder,
        formats=config.report.formats,
        taken=saving.taken_in(config),
        force=force,
        quiet=quiet,
    )
