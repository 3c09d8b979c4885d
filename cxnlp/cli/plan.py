"""`cxnlp plan`: what is compared and what counts as evidence, fixed before the results are known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cxnlp.cli import console, files, options

if TYPE_CHECKING:
    from cxnlp.config import Config

__all__ = ["plan"]

_EVIDENCE = "What counts as evidence"
_FAMILY = "What is tested"

Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="The plan.")]
Q = Annotated[
    float | None,
    typer.Option(
        "--q",
        metavar="SHARE",
        help="Share of false findings allowed among all that is reported; 0.1 where not given.",
        rich_help_panel=_EVIDENCE,
    ),
]
FDR = Annotated[
    str | None,
    typer.Option(
        "--fdr",
        metavar="METHOD",
        help="How that share is controlled: bh (Benjamini-Hochberg), or by (Benjamini-Yekutieli), which is stricter "
        "and holds however the tests depend on each other; bh where not given.",
        rich_help_panel=_EVIDENCE,
    ),
]
MinMentions = Annotated[
    int | None,
    typer.Option(
        "--min-mentions",
        metavar="NUMBER",
        help="Fewest customers who must mention what is reported; 30 where not given.",
        rich_help_panel=_EVIDENCE,
    ),
]
PowerRR = Annotated[
    float | None,
    typer.Option(
        "--power-rr",
        metavar="RATIO",
        help="Risk ratio that the mentions must be able to show; 2 where not given.",
        rich_help_panel=_EVIDENCE,
    ),
]
Practical = Annotated[
    float | None,
    typer.Option(
        "--practical",
        metavar="SHARE",
        help="Smallest difference that matters: of customers who leave in shares, of a score in parts of its scale, "
        "of revenue in parts of its mean; 0.02 where not given.",
        rich_help_panel=_EVIDENCE,
    ),
]
Polarities = Annotated[
    list[str] | None,
    typer.Option(
        "--polarity",
        metavar="NAME",
        help="Mentions that are tested; repeatable: negative, positive. Both where not given.",
        rich_help_panel=_FAMILY,
    ),
]
AllStagesOnly = Annotated[
    bool,
    typer.Option("--all-stages-only", help="Test no journey stage on its own.", rich_help_panel=_FAMILY),
]

_NOT_SETTINGS = ("out", "force", "file", "all_stages_only")


def plan(
    context: typer.Context,
    out: Out = Path("plan.toml"),
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
    segments: options.Segments = None,
    controls: options.Controls = None,
    cluster: options.Cluster = None,
    strict: options.Strict = False,
    q: Q = None,
    fdr: FDR = None,
    min_mentions: MinMentions = None,
    power_rr: PowerRR = None,
    practical_rd: Practical = None,
    polarities: Polarities = None,
    all_stages_only: AllStagesOnly = False,
    file: options.File = None,
    force: files.Force = False,
) -> None:
    """Fix outcomes, controls, thresholds and the tests to be made in a file, before the results are known."""
    from cxnlp import plans

    files.check_place(out, "--out", force=force, example="plan.toml")
    given = {name: value for name, value in context.params.items() if name not in _NOT_SETTINGS}
    config = options.settings(file, given)
    if all_stages_only:
        config = config.replace(by_stage=False)
    text = plans.freeze(config)
    with files.replacing(out, "--out OTHER_FILE.toml") as aside:
        aside.write_text(text, encoding="utf-8", newline="\n")
    for words in _missing(config):
        console.warn(words)
    frozen = plans.read(out)
    console.lines(f"Plan: {out}", f"SHA-256: {frozen.sha256}", f"Follow it: cxnlp analyze FILE --plan {out}")


def _missing(config: Config) -> list[str]:
    """What a plan had better say."""
    from cxnlp.plans import OUTCOMES

    scores, words = config.scores, []
    if not any(getattr(scores, name) for name in OUTCOMES):
        words.append("the plan names no outcome: a run would test against the first score; name one, such as --churn")
    if not (scores.segments or scores.controls):
        words.append(
            "the plan names no controls, and without them nothing is more than WATCH; name some with --control"
        )
    return words
