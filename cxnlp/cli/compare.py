"""`cxnlp compare`: what changed between two waves of comments that carry the same topics."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cxnlp.cli import console, decomposition, files, summary

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["compare"]

Before = Annotated[Path, typer.Argument(metavar="BEFORE", help="The results of the first wave.")]
After = Annotated[
    Path, typer.Argument(metavar="AFTER", help="Those of the second: of `cxnlp tag` with the topics of the first.")
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FILE.csv",
        help="Write every figure of every topic to this file, and what changes of scores and outcomes are made of to "
        "FILE-decomposition.csv beside it.",
    ),
]
Measures = Annotated[
    list[str] | None,
    typer.Option(
        "--measure",
        metavar="NAME",
        help="A score or an outcome (nps, csat, churned...) whose change is split up; repeatable. All that both waves "
        "have where not named.",
    ),
]
Segments = Annotated[
    list[str] | None,
    typer.Option(
        "--segment",
        metavar="COLUMN",
        help="A segment whose mix is told apart from that of the topics; repeatable. All that both waves have where "
        "not named.",
    ),
]
Q = Annotated[
    float,
    typer.Option(
        "--q",
        metavar="SHARE",
        min=0.001,
        max=0.5,
        help="Share of false findings allowed among what is said to have changed.",
    ),
]

SAID = ("new", "vanished", "grown", "shrunk")
"""What can be said of how often a topic is mentioned, in the order in which it is shown."""


def compare(
    before: Before,
    after: After,
    out: Out = None,
    measure: Measures = None,
    segment: Segments = None,
    q: Q = 0.10,
    force: files.Force = False,
) -> None:
    """Say which topics are new, gone, more or less frequent, or hold other statements than in an earlier wave.

    Where both waves hold a score or an outcome, its change is split into what goes with another mix of segments, with
    another mix of topics, and with other values of those who speak of the same.
    """
    from cxnlp import again
    from cxnlp.report.writers import write_csv

    places = () if out is None else (out, _beside(out))
    for place in places:
        files.check_place(place, "--out", force=force, example="changes.csv")
    found = again.compare(before, after, q=q, measures=measure or (), segments=segment or None)
    for place, table in zip(places, (found.table, found.decomposition), strict=False):
        with files.replacing(place, "--out OTHER_FILE.csv") as aside:
            write_csv(table, aside)
    summary.notes(found.notes)
    _show(found.table, q)
    if len(found.decomposition):
        decomposition.show(found.decomposition)
    if out is not None:
        console.lines(f"Every topic: {out}", f"Scores and outcomes: {_beside(out)}")


def _beside(out: Path) -> Path:
    return out.with_name(f"{out.stem}-decomposition{out.suffix}")


def _show(table: pd.DataFrame, q: float) -> None:
    said = table["status"].isin(SAID)
    moved = table[said | table["drifted"]]
    rank = moved["status"].map({name: i for i, name in enumerate(SAID)})
    # Those that hold other statements come last, the most certain first.
    ordered = moved.assign(_rank=rank.fillna(len(SAID)), _q=moved[["q", "drift_q"]].min(axis=1))
    ordered = ordered.sort_values(["_rank", "_q", "topic_id"])
    listed = [dict(zip(ordered.columns, row, strict=True)) for row in ordered.itertuples(index=False, name=None)]
    numbers = ("before", "after", "ratio (95%)", "q")
    if listed:
        console.table(
            f"Changed (false-discovery rate {q:g}; ratio of the shares, 95% interval)",
            ("id", "topic", "change", *numbers),
            [_row(topic) for topic in listed],
            numbers=numbers,
            unbroken=("id", *numbers),
        )
    console.lines(*(_words(topic) for topic in listed if topic["drifted"]))
    still = int((~said & ~table["drifted"] & (table["status"] != "too few to tell")).sum())
    few = int(((table["status"] == "too few to tell") & ~table["drifted"]).sum())
    console.lines(f"No change shown: {still:,} of {len(table):,} topics. Too few to tell: {few:,}.")


def _row(topic: dict[str, Any]) -> tuple[str, ...]:
    changes = [topic["status"]] if topic["status"] in SAID else []
    return (
        topic["topic_id"],
        topic["topic_name"],
        ", ".join([*changes, *(["drifted"] if topic["drifted"] else [])]),
        f"{topic['share_before']:.1%}",
        f"{topic['share_after']:.1%}",
        _ratio(topic["ratio"], topic["ratio_low"], topic["ratio_high"]),
        _q(topic["q"]),
    )


def _ratio(ratio: float, low: float, high: float) -> str:
    if low != low:  # NaN, as below
        return "-"
    interval = f"from {low:.2f}" if high != high else f"{low:.2f}-{high:.2f}"
    return f"({interval})" if ratio != ratio else f"{ratio:.2f} ({interval})"


def _q(value: float) -> str:
    if value != value:
        return "-"
    return "<.001" if value < 0.001 else f"{value:.3f}"


def _words(topic: dict[str, Any]) -> str:
    sides = [("more", topic["words_gained"]), ("less", topic["words_lost"])]
    told = "; ".join(f"{side}: {', '.join(words)}" for side, words in sides if len(words))
    q = _q(topic["drift_q"])
    return f"{topic['topic_id']} drifted (q {q if q[0] == '<' else f'= {q}'}), {told or 'in no single word'}"
