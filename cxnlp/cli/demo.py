"""`cxnlp demo`: the whole way on data that come with cxnlp."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxnlp import demo as data
from cxnlp.cli import analyze, options
from cxnlp.config import Config

__all__ = ["demo"]

Survey = Annotated[
    bool,
    typer.Option(
        "--survey", help="The synthetic survey in four languages with NPS and churn, not the clothing reviews."
    ),
]
Out = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where to write.", rich_help_panel="Output")]


def demo(
    survey: Survey = False,
    out: Out = Path("demo-results"),
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> None:
    """Analyze the data that come with cxnlp: real clothing reviews, or a synthetic survey."""
    if survey:
        source, customers = data.survey()
        config = Config().replace(**data.SURVEY_COLUMNS, customers=customers)
    else:
        source = data.clothing()
        config = Config().replace(**data.CLOTHING_COLUMNS)
    analyze.run(source, config, out, force=force, quiet=quiet)
