"""What a user may do wrong, said so that they can mend it.

Every error of cxnlp has three parts: what was found, what was expected, how to fix it.
The command line prints them as one block and exits with ``exit_code``; no traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["CxnlpError", "InputError", "SettingsError", "ModelError", "OutputError", "InternalError"]


class CxnlpError(Exception):
    """Base of every error that cxnlp raises on purpose.

    Parameters
    ----------
    found : what cxnlp met, with the name and the value.
    expected : what it needed instead.
    fix : what the user can type or change; one sentence.
    """

    exit_code = 2

    def __init__(self, found: str, *, expected: str, fix: str) -> None:
        self.found, self.expected, self.fix = found, expected, fix
        super().__init__(f"Found:    {found}\nExpected: {expected}\nFix:      {fix}")


class InputError(CxnlpError):
    """The data could not be read or do not hold what was asked for."""

    @classmethod
    def missing_column(cls, name: str, available: Iterable[str], *, option: str, where: str) -> InputError:
        """A column named by `option` that `where` does not have; suggests the nearest names."""
        columns = [str(column) for column in available]
        near = get_close_matches(name, columns, n=3, cutoff=0.6)
        shown = ", ".join(columns[:20]) + (f" and {len(columns) - 20} more" if len(columns) > 20 else "")
        hint = f"Did you mean {' or '.join(near)}? " if near else ""
        return cls(
            f"no column {name!r} in {where}, asked for by {option}",
            expected=f"one of: {shown or 'no columns at all'}",
            fix=f"{hint}Name an existing column in {option}",
        )


class SettingsError(CxnlpError):
    """An option or a configuration file holds a value that cxnlp does not know."""

    @classmethod
    def unknown_value(cls, value: object, allowed: Iterable[str], *, option: str) -> SettingsError:
        """`value` given for `option` is none of `allowed`; suggests the nearest."""
        choices = [str(choice) for choice in allowed]
        near = get_close_matches(str(value), choices, n=1, cutoff=0.5)
        return cls(
            f"{option} {value}",
            expected=f"one of: {', '.join(choices)}",
            fix=f"{option} {near[0] if near else choices[0]}",
        )


class ModelError(CxnlpError):
    """A model folder is missing, incomplete, altered, or in a format that cxnlp refuses to load."""


class OutputError(CxnlpError):
    """The results could not be written; nothing was left half-written."""


class InternalError(CxnlpError):
    """A stage did not keep its promise to the next one: a fault of cxnlp, not of the user."""

    exit_code = 70
