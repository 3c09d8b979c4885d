"""The one place that turns errors into text on stderr and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable

from cxnlp.cli import console
from cxnlp.errors import CxnlpError

__all__ = ["DEBUG", "guard"]

DEBUG = "CXNLP_DEBUG"
"""Environment variable: where it is set and not 0, errors come with their traceback."""

_INTERRUPTED = 130
_FAULT = 70
"""EX_SOFTWARE of sysexits.h: the program is at fault, not the input."""


def guard(program: Callable[[], object]) -> int:
    """Run `program`, say in words what went wrong, and return the exit code.

    Codes: 0 done, 1 done by `evaluate` and below the figure asked for, 2 a mistake in the input or the options,
    70 a fault of cxnlp or too little memory, 130 stopped by Ctrl-C.
    """
    try:
        program()
        sys.stdout.flush()
    except SystemExit as stop:
        return _finished(stop)
    except KeyboardInterrupt:
        return _stopped()
    except BrokenPipeError:
        return _reader_gone()
    except CxnlpError as error:
        _trace()
        console.error(error)
        return error.exit_code
    except MemoryError:
        _trace()
        console.error(
            CxnlpError(
                "the memory of this machine ran out",
                expected="room for the whole input and one row of numbers for each statement",
                fix="analyze fewer rows at a time, or close other programs",
            )
        )
        return _FAULT
    except Exception as error:
        _trace()
        console.error(_fault(error))
        return _FAULT
    return 0


def _finished(stop: SystemExit) -> int:
    # typer has by now turned Ctrl-C into its exit code, and printed nothing.
    if stop.code == _INTERRUPTED:
        return _stopped()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return _reader_gone()
    return stop.code if isinstance(stop.code, int) else int(stop.code is not None)


def _stopped() -> int:
    console.say("Stopped. Nothing was left half-written.")
    return _INTERRUPTED


def _reader_gone() -> int:
    # `cxnlp ... | head`: Python flushes stdout once more at exit and would complain about it.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _fault(error: Exception) -> CxnlpError:
    from cxnlp import __version__

    again = "" if _debugging() else f"Run the same command with {DEBUG}=1. "
    return CxnlpError(
        f"an unexpected {type(error).__name__}: {error}",
        expected="no such error: this is a fault of cxnlp, not yours",
        fix=f"{again}Report the traceback, the command and the version ({__version__}); leave out the comments",
    )


def _debugging() -> bool:
    return os.environ.get(DEBUG, "0") not in ("", "0")


def _trace() -> None:
    if _debugging():
        traceback.print_exc()
