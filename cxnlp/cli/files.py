"""A single file that a command writes: whether it may be, and whole or not at all."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer

from cxnlp.errors import OutputError

__all__ = ["Force", "check_place", "replacing"]

Force = Annotated[bool, typer.Option("--force", help="Replace a file that is already there.")]


def check_place(path: Path, option: str, *, force: bool = True, example: str) -> None:
    """Whether `path`, named by `option`, may be written, so far as can be told before the work.

    Raises OutputError for a folder, for a place in a folder that does not exist, and, without `force`, for a file
    that is there already. ``example``: the name of a file, for the message.
    """
    if path.is_dir() or not path.parent.is_dir():
        raise OutputError(
            f"{option} {path}".strip() + f", {'a folder' if path.is_dir() else 'in a folder that does not exist'}",
            expected="a file in a folder that exists",
            fix=f"such as {option} {example}".replace("  ", " "),
        )
    if path.exists() and not force:
        raise OutputError(
            f"{path} is there already", expected="a new file", fix="--force to replace it, or name another file"
        )


@contextmanager
def replacing(path: Path, fix: str) -> Iterator[Path]:
    """A file aside that takes the place of `path` once the body has written it; nothing is left where it fails.

    Raises OutputError, with `fix`, where it cannot be written.
    """
    aside = path.parent / f".cxnlp-{uuid.uuid4().hex}"
    try:
        yield aside
        os.replace(aside, path)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}", expected="a place to write to", fix=fix) from error
    finally:
        with suppress(OSError):  # a place that cannot be written to holds nothing to remove
            aside.unlink(missing_ok=True)
