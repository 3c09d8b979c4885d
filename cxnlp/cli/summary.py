"""What `cxnlp analyze` prints at the end: guesses, warnings, scores, findings, and where the report is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cxnlp.cli import console

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from cxnlp.pipeline import Analysis
    from cxnlp.results import Guess, Note

__all__ = ["columns", "notes", "show"]

_TOP = 5
"""Findings printed; the report has all."""


def show(analysis: Analysis, folder: Path) -> None:
    """Print the summary of `analysis`, saved in `folder`: warnings to stderr, the rest to stdout."""
    notes(analysis.notes)
    _columns_of(analysis)
    _joined(analysis)
    _scores(analysis.metrics, f"{analysis.provenance['settings']['metrics']['confidence']:.0%} interval")
    _findings(analysis)
    console.lines(
        "", f"{_read(analysis)} {_unassigned(analysis)}".rstrip(), *_codes(analysis, folder),
        f"Results: {_landing(folder)}",
    )  # fmt: skip


def columns(guesses: Iterable[Guess]) -> None:
    """Print which column plays which role, and why."""
    rows = [
        (guess.role, guess.column, guess.scale or "", "named" if guess.chosen else "guessed", guess.reason)
        for guess in guesses
    ]
    console.table("Columns", ("role", "column", "scale", "how", "reason"), rows)


def notes(found: Iterable[Note]) -> None:
    """Print what the user should know: warnings to stderr, the rest to stdout."""
    for note in found:
        told = note.count is None or f"{note.count:,}" in note.message
        text = note.message if told else f"{note.message} ({note.count:,})"
        if note.level == "warning":
            console.warn(f"{note.stage}: {text}")
        else:
            console.lines(f"{note.stage}: {text}")


def _columns_of(analysis: Analysis) -> None:
    from cxnlp.results import Guess

    columns(Guess(**role) for role in analysis.provenance["roles"])


def _joined(analysis: Analysis) -> None:
    outcomes = [f"{outcome.label} ({outcome.source})" for outcome in analysis.outcomes]
    for label, names in (
        ("Outcome", outcomes),
        ("Segments", analysis.segments),
        ("Adjusted for", analysis.controls),
    ):
        if names:
            console.lines(f"{label}: {', '.join(names)}")
    console.lines("")


def _scores(metrics: pd.DataFrame, interval: str) -> None:
    overall = metrics[(metrics["by"] == "overall") & (metrics["metric"] != "volume")]
    kept = ("metric", "subject", "value", "low", "high", "n", "unit")
    rows = [
        (metric, subject, _number(value, unit), _interval(low, high, unit), f"{n:,}", unit)
        for metric, subject, value, low, high, n, unit in zip(*(overall[name].tolist() for name in kept), strict=True)
    ]
    if rows:
        console.table(
            "Scores",
            ("metric", "of", "value", interval, "n", "unit"),
            rows,
            numbers=("value", interval, "n"),
        )


def _findings(analysis: Analysis) -> None:
    flags = analysis.flags[:_TOP]
    if not flags:
        console.lines("Nothing was found that needs a person.")
        return
    console.table("Findings", ("severity", "finding"), [(flag.severity, flag.title) for flag in flags])
    if len(analysis.flags) > _TOP:
        console.lines(f"{len(analysis.flags) - _TOP} more in the report.")


def _read(analysis: Analysis) -> str:
    comments = analysis.comments
    scored = int((comments["status"] == "ok").sum())
    return (
        f"{analysis.provenance['input']['name']}: {len(comments):,} rows, {scored:,} comments with something to say, "
        f"{len(analysis.statements):,} statements, {len(analysis.topics):,} topics."
    )


def _unassigned(analysis: Analysis) -> str:
    if analysis.statements.empty:
        return ""
    return f"{analysis.statements['topic_id'].isna().mean():.0%} of the statements fit no topic."


def _codes(analysis: Analysis, folder: Path) -> list[str]:
    if analysis.codes.empty:
        return []
    carrying = int((analysis.statements["codes"].str.len() > 0).sum())
    said = [f"{carrying:,} statements carry at least one of {len(analysis.codes):,} codes."]
    doubts = len(analysis.review)
    if doubts:
        said.append(
            f"{doubts:,} doubts are left to you: write yes or no into {folder / 'review.csv'}, "
            "and give it back with --corrections."
        )
    return said


def _landing(folder: Path) -> Path:
    page = folder / "report.html"
    return page if page.exists() else folder


def _number(value: float, unit: str) -> str:
    if value != value:  # NaN
        return "-"
    if unit == "share":
        return f"{value:.1%}"
    return f"{value:.1f}" if unit == "points" else f"{value:.2f}"


def _interval(low: float, high: float, unit: str) -> str:
    return "-" if low != low else f"{_number(low, unit)} to {_number(high, unit)}"
