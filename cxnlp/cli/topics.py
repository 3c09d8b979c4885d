"""`cxnlp topics`: the topics of a finished analysis, looked at, edited and made anew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cxnlp.cli import console, options, saving, topic_edits
from cxnlp.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Show the topics of an analysis, edit them, and apply the edits.")
app.command("edit", cls=topic_edits.InOrder, no_args_is_help=True)(topic_edits.edit)

STABLE = ((0.8, "stable"), (0.6, "fairly stable"), (0.0, "unstable"))
"""Least share of refits that find a topic again, and the word for it; the report says the same."""

Names = Annotated[bool, typer.Option("--names", help="Also the name in each language of the comments.")]
Source = Annotated[
    Path | None, typer.Option("--source", metavar="FILE", help="The comments, where they were moved since.")
]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FOLDER", help="Another folder for the results; else the same one.")
]


@app.command(no_args_is_help=True)
def show(folder: topic_edits.Folder, names: Names = False) -> None:
    """List the topics of an analysis: id, name, theme, size, stability, and what a person changed."""
    from cxnlp.topics.saved import EDITS, read

    known, sizes = read(folder).table, _sizes(folder)
    if not known["topic_id"].isin(sizes.index).all():
        raise InputError(
            f"{folder / 'topics.csv'} does not list the topics of {folder}",
            expected="files of one run",
            fix=f"cxnlp topics apply {folder}",
        )
    listed = [dict(zip(known.columns, row, strict=True)) for row in known.itertuples(index=False)]
    columns = ("id", "name", "theme", "statements", "comments", "stability")
    rows = [_row(topic, sizes.loc[topic["topic_id"]]) for topic in listed]
    console.table(f"Topics of {folder}", columns, rows, numbers=columns[3:5], unbroken=("id", *columns[3:]))
    if names:
        console.lines("Names", *(f"{topic['topic_id']}  {'; '.join(topic['names'])}" for topic in listed), "")
    edited = [f"{topic['topic_id']}  {topic['edited']}" for topic in listed if topic["edited"]]
    if edited:
        console.lines("Edited", *edited, "")
    if saving.changed(folder, EDITS):
        console.lines(f"{folder / EDITS} has been changed since: cxnlp topics apply {folder}")


@app.command(no_args_is_help=True)
def apply(
    folder: topic_edits.Folder,
    source: Source = None,
    out: Out = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> None:
    """Make an analysis again with the edits in its topics.yaml; what the model read of its comments is taken over."""
    from cxnlp import again
    from cxnlp.topics.edits import describe
    from cxnlp.topics.edits_file import parse
    from cxnlp.topics.given import read_edits

    config, path = again.settings_of(folder), topic_edits.file_of(folder)
    edits = parse(read_edits(path), str(path)).edits
    saving.save(
        lambda progress: again.replay(folder, source, progress=progress)[0],
        out or folder,
        formats=config.report.formats,
        taken=(path,),
        done=[f"topics: {describe(edit)}" for edit in edits],
        force=force or out is None,
        quiet=quiet,
    )


def _row(topic: dict[str, Any], size: pd.Series) -> tuple[str, ...]:
    return (
        topic["topic_id"],
        topic["topic_name"],
        topic["theme_name"],
        f"{size['n_statements']:,.0f}",
        f"{size['n_comments']:,.0f} ({size['share']:.1%})",
        in_words(topic["stability"]),
    )


def in_words(stability: float) -> str:
    """How firm a topic is: 'stable', 'fairly stable', 'unstable', 'not assessed'."""
    return next((word for least, word in STABLE if stability >= least), "not assessed")


def _sizes(folder: Path) -> pd.DataFrame:
    import pandas as pd

    columns = ["topic_id", "n_statements", "n_comments", "share"]
    try:
        table = pd.read_csv(folder / "topics.csv", usecols=columns, dtype={"topic_id": str}, encoding="utf-8-sig")
        return table.set_index("topic_id").astype(float)
    except (OSError, ValueError) as error:
        raise InputError(
            f"the topics.csv of {folder} cannot be read: {error}",
            expected="the file as cxnlp wrote it",
            fix=f"cxnlp topics apply {folder}, or analyze again",
        ) from error
