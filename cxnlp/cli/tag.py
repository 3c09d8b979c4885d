"""`cxnlp tag`: new comments with the topics and codes of a finished analysis."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxnlp.cli import options, saving
from cxnlp.errors import SettingsError

__all__ = ["tag"]

Analysis = Annotated[
    Path,
    typer.Option(
        "--analysis",
        metavar="FOLDER",
        help="The results whose topics and codes are given. Its settings hold here too, but for scores, outcomes and "
        "customers; options given here win.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FOLDER", help="Where to write; else FILE's name with -tagged.", rich_help_panel="Output"
    ),
]

_NOT_SETTINGS = ("source", "analysis", "out", "force", "quiet")


def tag(
    context: typer.Context,
    source: options.Source,
    analysis: Analysis,
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
    strict: options.Strict = False,
    encoding: options.Encoding = None,
    delimiter: options.Delimiter = None,
    sheet: options.Sheet = None,
    journey: options.Journey = None,
    device: options.Device = None,
    precision: options.Precision = None,
    formats: options.Formats = None,
    title: options.Title = None,
    out: Out = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> None:
    """Give new comments the topics and codes of a finished analysis: same ids, same names, nothing sought anew."""
    from cxnlp import again

    folder = out or Path(f"{Path(source).stem}-tagged")
    if folder.resolve() == analysis.resolve():
        raise SettingsError(
            f"--out {folder}, the analysis itself",
            expected="another folder: its topics are needed as they are",
            fix=f"--out {Path(source).stem}-tagged",
        )
    given = options.chosen({name: value for name, value in context.params.items() if name not in _NOT_SETTINGS})
    saving.save(
        lambda progress: again.tag(source, analysis, progress=progress, **given),
        folder,
        formats=options.settings(None, {"formats": formats}).report.formats,
        force=force,
        quiet=quiet,
    )
