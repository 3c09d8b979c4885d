"""Printing: results to stdout, everything else to stderr; what comes from the data is never markup."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from cxnlp.errors import CxnlpError

if TYPE_CHECKING:
    from rich.console import Console

    from cxnlp.results import Progress

__all__ = ["error", "lines", "plain", "progress", "say", "table", "warn", "width"]

_SLOW = 2.0
"""Seconds before a stage shows a progress bar: what is quicker needs none."""

_JOINERS = "\u200c\u200d"
"""Zero-width joiners: without them some scripts and emoji come out wrong."""


def plain(value: object) -> str:
    """One line of text that cannot steer the terminal: every control and direction mark becomes a space."""
    return "".join(mark if mark.isprintable() or mark in _JOINERS else " " for mark in str(value))


def lines(*texts: str) -> None:
    """Print lines of the result."""
    out = _console()
    for text in texts:
        out.print(plain(text), markup=False, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """Tell the user something that is not the result."""
    _console(stderr=True).print(plain(text), markup=False, highlight=False, soft_wrap=True)


def warn(text: str) -> None:
    """Print a warning."""
    from rich.text import Text

    _console(stderr=True).print(Text.assemble(("Warning: ", "yellow"), plain(text)), soft_wrap=True)


def error(problem: CxnlpError) -> None:
    """Print an error as one block: what was found, what was expected, how to fix it."""
    from rich.text import Text

    block = Text()
    for label, style, words in (
        ("Found:    ", "bold red", problem.found),
        ("Expected: ", "bold", problem.expected),
        ("Fix:      ", "bold green", problem.fix),
    ):
        block.append(label, style)
        block.append(plain(words) + "\n")
    _console(stderr=True).print(block, end="", soft_wrap=True)


def table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    numbers: Sequence[str] = (),
    unbroken: Sequence[str] = (),
) -> None:
    """Print a table of the result; columns in `numbers` are set to the right, those in `unbroken` on one line."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    grid = Table(title=Text(plain(title), style="bold"), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        justify: Literal["left", "right"] = "right" if column in numbers else "left"
        grid.add_column(column, justify=justify, overflow="fold", no_wrap=column in unbroken)
    for row in rows:
        grid.add_row(*(Text(plain(cell)) for cell in row))
    _console().print(grid)


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Progress]:
    """A progress callable for the slow stages, as `results.Progress` wants it.

    On a terminal: a bar with the time left for each stage that lasts longer than two seconds.
    Elsewhere: one line for each finished stage. Nothing at all where `quiet`.
    """
    if quiet:
        yield _ignore
    elif sys.stderr.isatty():
        with _bars() as show:
            yield show
    else:
        yield _one_line_a_stage()


def _ignore(what: str, done: int, total: int) -> None:
    """No progress is shown."""


def _one_line_a_stage() -> Callable[[str, int, int], None]:
    began: dict[str, float] = {}
    ended: set[str] = set()

    def show(what: str, done: int, total: int) -> None:
        started = began.setdefault(what, time.monotonic())
        if done >= total and what not in ended:
            ended.add(what)
            say(f"{what}: done in {time.monotonic() - started:.0f} s")

    return show


@contextmanager
def _bars() -> Iterator[Callable[[str, int, int], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=_console(stderr=True), transient=True) as bars:
        tasks = {}
        began: dict[str, float] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                began[what] = time.monotonic()
                tasks[what] = bars.add_task(plain(what), total=total, visible=False)
            slow = time.monotonic() - began[what] > _SLOW
            bars.update(tasks[what], completed=done, total=total, visible=slow and done < total)

        yield show


def width() -> int:
    """Characters in a line of the result."""
    return _console().width


def _console(*, stderr: bool = False) -> Console:
    # Made anew each time, so that it writes to the stream in force now and not at import.
    from rich.console import Console

    return Console(stderr=stderr)
