"""`cxnlp audit`: how right the tags are: a random sample drawn for people, and what they answered taken back."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cxnlp.cli import console, files, summary
from cxnlp.errors import InputError, OutputError

if TYPE_CHECKING:
    import pandas as pd

    from cxnlp.audit.sheet import Sheet

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Draw comments for people to label, and take back what they answered.")

Folder = Annotated[Path, typer.Argument(metavar="RESULTS", help="The results of `cxnlp analyze` or `cxnlp tag`.")]
Out = Annotated[
    Path, typer.Option("--out", metavar="FILE", help="The file for people: .xlsx, or .csv with a codebook beside it.")
]
Number = Annotated[int, typer.Option("--n", metavar="NUMBER", min=2, help="Customers (else comments) to draw.")]
Seed = Annotated[int, typer.Option("--seed", metavar="NUMBER", min=0, help="Another seed draws another sample.")]
Equal = Annotated[
    bool,
    typer.Option("--equal", help="The same chance for all; else more for those on whom near findings rest."),
]
Answers = Annotated[
    list[Path], typer.Argument(metavar="FILE...", help="What people filled in: one file a person, in any format.")
]

_HELD = "a sample was drawn from it before, and answers to that could no longer be read"


@app.command(no_args_is_help=True)
def draw(
    folder: Folder, out: Out, n: Number = 300, seed: Seed = 0, equal: Equal = False, force: files.Force = False
) -> None:
    """Draw a random sample with known chances, and write it without the model's answers for people to label."""
    from cxnlp import audit

    suffix = out.suffix.lower()
    if suffix not in (".csv", ".xlsx"):
        raise OutputError(f"--out {out}", expected="a file that ends in .csv or .xlsx", fix="--out gold.xlsx")
    places = [out] if suffix == ".xlsx" else [out, out.with_suffix(".codebook.csv")]
    for place in places:
        files.check_place(place, "--out", force=force, example="gold.xlsx")
    finished = audit.read(folder)
    drawn = audit.draw(finished, n=n, seed=seed, equal=equal)
    _check_earlier(folder, set(drawn.rows["row_id"]), force)
    sheet = audit.make(finished, drawn)
    _write(sheet, places)
    # The record last: without the file for people it would only stand in the way of the earlier one.
    with files.replacing(folder / audit.DRAWN, "check the rights of the folder") as aside:
        audit.drawn_table(drawn.rows).to_parquet(aside, index=False)
    summary.notes(drawn.notes)
    units = drawn.rows["unit_name"].nunique()
    console.lines(
        f"{len(drawn.rows):,} statements of {units:,} customers or comments are in {out}"
        + (f", the codebook in {places[1]}" if len(places) > 1 else ""),
        f"Let at least one person fill in topic, polarity and stage, then: cxnlp audit read {folder} {out}",
    )


@app.command(no_args_is_help=True)
def read(folder: Folder, answers: Answers) -> None:
    """Take back what people filled in: how far they agree, how right the model is, and gold for later runs."""
    from cxnlp import audit, connectors
    from cxnlp.report.writers import write_csv

    finished = audit.read(folder)
    found = audit.judge(finished, audit.read_drawn(folder), answers, connectors.read_table)
    with files.replacing(folder / audit.GOLD, "check the rights of the folder") as aside:
        found.gold.to_parquet(aside, index=False)
    with files.replacing(folder / audit.AUDIT, "check the rights of the folder") as aside:
        write_csv(found.accuracy, aside)
    _list(folder, audit.AUDIT)
    summary.notes(found.notes)
    _show(found.accuracy)
    units = found.gold["unit_name"].nunique()
    console.lines(
        f"{len(found.gold):,} statements of {units:,} customers or comments count.",
        f"Every figure: {folder / audit.AUDIT}",
        f"The next `cxnlp drivers {folder}` corrects its estimates with them.",
    )


def _write(sheet: Sheet, places: list[Path]) -> None:
    from cxnlp import audit
    from cxnlp.report.writers import write_csv

    tables = (sheet.rows, sheet.codebook)
    for place, table in zip(places, tables, strict=False):
        with files.replacing(place, "--out OTHER_FILE") as aside:
            if place.suffix.lower() == ".xlsx":
                audit.write_workbook(sheet, aside)
            else:
                write_csv(table, aside)


def _check_earlier(folder: Path, rows: set[str], force: bool) -> None:
    """A larger sample that holds the earlier one is welcome; another would leave people's answers without a home."""
    from cxnlp import audit

    if force or not (folder / audit.DRAWN).exists():
        return
    if not set(audit.read_drawn(folder)["row_id"]) <= rows:
        raise OutputError(
            f"{folder}: {_HELD}",
            expected="the same --seed and a larger --n, which keeps the earlier sample",
            fix="--force to forget that sample",
        )


def _list(folder: Path, name: str) -> None:
    """Have analysis.json list file `name`, so that a later run replaces it as one of ours."""
    path = folder / "analysis.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        data = (folder / name).read_bytes()
        entry = {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        others = [file for file in content["files"] if file["name"] != name]
        content["files"] = sorted([*others, entry], key=lambda file: str(file["name"]))
        text = json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise InputError(
            f"{path} is damaged: {error}", expected="the file as cxnlp wrote it", fix="analyze again"
        ) from error
    with files.replacing(path, "check the rights of the folder") as aside:
        aside.write_bytes(text.encode("utf-8", "replace") + b"\n")


def _show(table: pd.DataFrame) -> None:
    shown = table[table["tag"].isin(["topic", "polarity", "stage"])]
    met = shown[(shown["n_gold"] > 0) | (shown["n_model"] > 0)]
    listed = [dict(zip(met.columns, row, strict=True)) for row in met.itertuples(index=False, name=None)]
    columns = ("tag", "name", "by people", "finds", "is right", "kappa", "share", "corrected")
    console.table(
        "The model against people (95% intervals): how much of each tag it finds, and how often it is right",
        (*columns, "agreement"),
        [_row(one) for one in listed],
        numbers=(*columns[2:], "agreement"),
        unbroken=("tag", *columns[2:], "agreement"),
    )


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    return (
        one["tag"],
        one["name"],
        f"{one['n_gold']:,}",
        _interval(one, "sensitivity"),
        _interval(one, "precision"),
        _number(one["kappa"], ".2f"),
        _number(one["prevalence_model"], ".1%"),
        _interval(one, "prevalence"),
        _number(one["alpha"], ".2f"),
    )


def _interval(one: dict[str, Any], name: str) -> str:
    value, low, high = (one[name + end] for end in ("", "_low", "_high"))
    if value != value:  # NaN, as below
        return "-"
    return f"{value:.0%}" + (f" ({low:.0%}-{high:.0%})" if low == low else "")


def _number(value: float, form: str) -> str:
    return "-" if value != value else f"{value:{form}}"
