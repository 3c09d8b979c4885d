"""Printing: progress for the slow stages, tables, and notes."""

from __future__ import annotations

import io
import sys

import pytest

from cxnlp.cli import console, summary
from cxnlp.results import Guess, Note


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_no_terminal_one_line_a_stage(capsys):
    with console.progress() as progress:
        for done in range(0, 1001, 100):
            progress("encode", done, 1000)
        progress("topics", 5, 5)
        progress("topics", 5, 5)
    seen = capsys.readouterr()
    assert seen.out == ""
    assert [line.split(" in ")[0] for line in seen.err.splitlines()] == ["encode: done", "topics: done"]


def test_quiet_says_nothing(capsys):
    with console.progress(quiet=True) as progress:
        progress("encode", 10, 10)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("seconds", "shown"), [(0.1, False), (30.0, True)])
def test_a_terminal_sees_a_bar_only_for_what_lasts(seconds, shown, monkeypatch):
    terminal = Terminal()
    now = [100.0]
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(console.time, "monotonic", lambda: now[0])
    monkeypatch.setenv("TERM", "xterm")
    with console.progress() as progress:
        progress("encode", 0, 100)
        now[0] += seconds
        progress("encode", 50, 100)
    assert ("encode" in terminal.getvalue()) is shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("a\nb\tc", "a b c"),
        ("\x1b[31mred", " [31mred"),
        ("left\u202eright", "left right"),
        ("Ștefan, żółć", "Ștefan, żółć"),
        ("👩\u200d👧", "👩\u200d👧"),
        (3, "3"),
    ],
)
def test_plain(given, shown):
    assert console.plain(given) == shown


def test_a_table_shows_markup_as_text(capsys):
    console.table("T [b]", ("a", "b"), [("[red]x", 1)], numbers=("b",))
    seen = capsys.readouterr().out
    assert "[red]x" in seen
    assert "T [b]" in seen


def test_warnings_go_to_stderr_and_the_rest_to_stdout(capsys):
    summary.notes([Note("read", "3 dates are unreadable"), Note("clean", "addresses masked", 1200, level="info")])
    seen = capsys.readouterr()
    assert seen.err == "Warning: read: 3 dates are unreadable\n"
    assert seen.out == "clean: addresses masked (1,200)\n"


def test_guesses_are_printed_with_their_reason(capsys):
    summary.columns(
        [Guess("score", "Q1", "whole numbers from 0 to 10", scale="nps"), Guess("text", "Q2", "--text", True)]
    )
    seen = capsys.readouterr().out
    assert "whole numbers from 0 to 10" in seen
    assert "guessed" in seen
    assert "named" in seen
