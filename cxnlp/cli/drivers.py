"""`cxnlp drivers`: a finished analysis tested again, without encoding."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxnlp.cli import options, saving
from cxnlp.errors import SettingsError

__all__ = ["drivers"]

Analysis = Annotated[
    Path, typer.Argument(metavar="RESULTS", help="The results of `cxnlp analyze`, whose comments stay as they are.")
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FOLDER", help="Where to write; else RESULTS' name with -drivers.", rich_help_panel="Output"
    ),
]
Where = Annotated[
    Path | None,
    typer.Option("--source", metavar="FILE", help="Where the comments lie now, if they were moved."),
]

_NOT_SETTINGS = ("analysis", "source", "out", "force", "quiet")


def drivers(
    context: typer.Context,
    analysis: Analysis,
    source: Where = None,
    churn: options.Churn = None,
    churn_date: options.ChurnDate = None,
    outcome: options.OutcomeColumn = None,
    bad_when: options.BadWhen = None,
    retained: options.Retained = None,
    conversions: options.Conversions = None,
    revenue: options.Revenue = None,
    observed_from: options.ObservedFrom = None,
    observed_until: options.ObservedUntil = None,
    window_days: options.WindowDays = None,
    cluster: options.Cluster = None,
    customers: options.Customers = None,
    customers_id: options.CustomersId = None,
    segments: options.Segments = None,
    controls: options.Controls = None,
    plan: options.Plan = None,
    formats: options.Formats = None,
    title: options.Title = None,
    out: Out = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> None:
    """Test the topics again, with other outcomes or controls, a plan or an audit: nothing is encoded anew."""
    from cxnlp import reassess

    folder = out or Path(f"{analysis.name}-drivers")
    if folder.resolve() == analysis.resolve():
        raise SettingsError(
            f"--out {folder}, the analysis itself",
            expected="another folder: its topics are needed as they are",
            fix=f"--out {analysis.name}-drivers",
        )
    given = options.chosen({name: value for name, value in context.params.items() if name not in _NOT_SETTINGS})
    saving.save(
        lambda progress: reassess.drivers(analysis, source, progress=progress, **given),
        folder,
        formats=options.settings(None, {"formats": formats}).report.formats,
        force=force,
        quiet=quiet,
    )
