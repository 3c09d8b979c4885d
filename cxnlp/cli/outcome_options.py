"""The options that say who left, what else is an outcome, and what to adjust for; commands take them from `options`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
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

_PANEL = "Who left, and what else to adjust for"

Customers = Annotated[
    Path | None,
    typer.Option(
        "--customers", metavar="FILE", help="A table with one row a customer; needs --id.", rich_help_panel=_PANEL
    ),
]
CustomersId = Annotated[
    str | None,
    typer.Option(
        "--customers-id",
        metavar="COLUMN",
        help="Its key column, where it is not named as --id.",
        rich_help_panel=_PANEL,
    ),
]
Churn = Annotated[
    str | None,
    typer.Option(
        "--churn",
        metavar="COLUMN",
        help="Whether the customer left: yes, true, 1, churned or left says so. In the data or in --customers.",
        rich_help_panel=_PANEL,
    ),
]
ChurnDate = Annotated[
    str | None,
    typer.Option(
        "--churn-date",
        metavar="COLUMN",
        help="When; comments written later are no evidence.",
        rich_help_panel=_PANEL,
    ),
]
ObservedFrom = Annotated[
    str | None,
    typer.Option(
        "--observed-from",
        metavar="COLUMN",
        help="The date from which a customer is observed, such as the start of the contract; with --churn-date.",
        rich_help_panel=_PANEL,
    ),
]
ObservedUntil = Annotated[
    str | None,
    typer.Option(
        "--observed-until",
        metavar="COLUMN|DATE",
        help="Until when: a column, or one date for all (YYYY-MM-DD). Else the latest date in the data up to today.",
        rich_help_panel=_PANEL,
    ),
]
WindowDays = Annotated[
    int | None,
    typer.Option(
        "--window",
        metavar="DAYS",
        help="Count leaving only within so many days after the customer's first comment.",
        rich_help_panel=_PANEL,
    ),
]
OutcomeColumn = Annotated[
    list[str] | None,
    typer.Option(
        "--outcome",
        metavar="COLUMN[=BAD VALUE]",
        help="Another outcome, beside or in place of --churn: a column with two values and the bad one of them, or a "
        "score: its bad end and its whole scale; repeatable.",
        rich_help_panel=_PANEL,
    ),
]
BadWhen = Annotated[
    str | None,
    typer.Option(
        "--bad-when",
        metavar="VALUE",
        help="The bad value of --outcome, where there is one --outcome without it.",
        rich_help_panel=_PANEL,
    ),
]
Retained = Annotated[
    str | None,
    typer.Option(
        "--retained",
        metavar="COLUMN",
        help="Whether the customer was kept, at renewal say: no is bad.",
        rich_help_panel=_PANEL,
    ),
]
Conversions = Annotated[
    list[str] | None,
    typer.Option(
        "--conversion",
        metavar="STAGE=COLUMN",
        help="Whether the customer went on from that stage of the journey: no is bad; repeatable.",
        rich_help_panel=_PANEL,
    ),
]
Revenue = Annotated[
    str | None,
    typer.Option(
        "--revenue",
        metavar="COLUMN",
        help="What the customer pays, in one currency: an outcome, and what is at risk.",
        rich_help_panel=_PANEL,
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="COLUMN",
        help="Groups of customers who are alike, such as account or store: intervals allow for it.",
        rich_help_panel=_PANEL,
    ),
]
Controls = Annotated[
    list[str] | None,
    typer.Option(
        "--control",
        metavar="COLUMN",
        help="A further column to adjust for, such as tenure; repeatable.",
        rich_help_panel=_PANEL,
    ),
]
Plan = Annotated[
    Path | None,
    typer.Option(
        "--plan",
        metavar="FILE",
        help="A plan frozen before the run (see: cxnlp plan): what deviates from it is listed.",
        rich_help_panel=_PANEL,
    ),
]
Gold = Annotated[
    Path | None,
    typer.Option(
        "--gold",
        metavar="FOLDER",
        help="Results with audited tags (see: cxnlp audit): they correct the estimates.",
        rich_help_panel=_PANEL,
    ),
]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict", help="Stop at scores outside their scale in place of leaving them out.", rich_help_panel=_PANEL
    ),
]
