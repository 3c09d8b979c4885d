"""`cxnlp codes`: codebooks that come with cxnlp, and of your own: listed, shown, turned into another format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cxnlp.cli import console, files, summary

if TYPE_CHECKING:
    from cxnlp.codebook import Tag

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="List and show codebooks, and convert them between formats.")

Name = Annotated[
    str, typer.Argument(metavar="FILE|NAME", help="A codebook (.yaml, .csv, .qdc, .qdpx), or one of: cxnlp codes list.")
]
Out = Annotated[Path, typer.Argument(metavar="OUT", help="The file to write: .yaml, .csv or .qdc.")]


@app.command("list")
def list_books() -> None:
    """List the codebooks that come with cxnlp."""
    from cxnlp import codebook

    rows = []
    for name in codebook.SHIPPED:
        book = codebook.load(name)
        languages = sorted({code for tag in book.tags for code, _ in tag.texts("examples")} - {""})
        rows.append((name, ", ".join(tag.name for tag in book.tags), ", ".join(languages)))
    console.table("Codebooks", ("name", "codes", "languages"), rows, unbroken=("name",))


@app.command(no_args_is_help=True)
def show(name: Name) -> None:
    """Show the codes of a codebook: what belongs to each, and how many examples it has."""
    from cxnlp import codebook

    book = codebook.load(name)
    summary.notes(book.notes)
    console.lines(*(text for text in (book.name, book.description) if text))
    rows = []
    for tag in book.tags:
        described = dict(tag.texts("description"))
        said = described.get("en") or described.get("") or next(iter(described.values()), "")
        counts = (f"{sum(1 for _ in tag.texts(kind)):,}" for kind in ("examples", "counter_examples"))
        rows.append((_named(tag), said, *counts))
    columns = ("code", "what belongs there", "examples", "counter")
    console.table(
        "Codes, with how many examples and counter-examples", columns, rows, numbers=columns[2:], unbroken=columns[2:]
    )


def _named(tag: Tag) -> str:
    from cxnlp import codebook

    label = codebook.label_of(tag)
    return tag.name if label.casefold() == tag.name.casefold() else f"{tag.name} ({label})"


@app.command(no_args_is_help=True)
def convert(source: Name, out: Out, force: files.Force = False) -> None:
    """Write a codebook in another format: YAML, CSV, or QDC for programs of qualitative analysis."""
    from cxnlp import codebook

    files.check_place(out, "", force=force, example="codes.yaml")
    book = codebook.load(source)
    codebook.write(book, out)
    summary.notes(book.notes)
    if out.suffix.lower() == ".qdc" and book.description:
        console.lines("The book's own name and description have no place in that format.")
    console.lines(f"{len(book.tags):,} codes written to {out}")
