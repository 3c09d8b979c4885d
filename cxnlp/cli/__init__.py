"""The command line: parse, call the library, print. One command a file.

Where a change goes
-------------------
- A command: one module here that holds one function, and one line below.
- An option: an annotated type in `options`; it has the name of the setting of `config` that it fills.
- From a run to its result folder, and what no run replaces there: `saving`; a single file: `files`.
- How something is shown: `console` (tables, progress) and `summary` (what `analyze` prints at the end).
- How an error reads: the wording stays where it is raised; `failures` only prints it.

Nothing that takes long to import may be imported at the top of a module in this folder: `cxnlp --help`
answers at once, and a test holds it to that.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from typing import Annotated

import typer

import cxnlp
from cxnlp.cli import (
    analyze,
    audit,
    codes,
    compare,
    demo,
    drivers,
    evaluate,
    failures,
    models,
    plan,
    preview,
    tag,
    topics,
    train,
)

__all__ = ["app", "main"]

app = typer.Typer(
    name="cxnlp",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command(no_args_is_help=True)(analyze.analyze)
app.command("preview", no_args_is_help=True)(preview.command)
app.command(no_args_is_help=True)(tag.tag)
app.add_typer(topics.app, name="topics")
app.command(no_args_is_help=True)(drivers.drivers)
app.add_typer(audit.app, name="audit")
app.command(no_args_is_help=True)(plan.plan)
app.command(no_args_is_help=True)(compare.compare)
app.add_typer(codes.app, name="codes")
app.command()(demo.demo)
app.command("evaluate", no_args_is_help=True)(evaluate.command)
app.command(no_args_is_help=True)(train.train)
app.add_typer(models.app, name="models")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"cxnlp {cxnlp.__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error; so does CXNLP_DEBUG=1.")
    ] = False,
) -> None:
    """Why customers leave, where in their journey, and how sure we are: from open-ended comments joined with scores."""
    if debug:
        os.environ[failures.DEBUG] = "1"


def main() -> None:
    """Run the program and end the process with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal of another alphabet shows a question mark instead of ending the run.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    # Ended from outside is like Ctrl-C: what was being written is cleaned away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    raise SystemExit(failures.guard(app))
