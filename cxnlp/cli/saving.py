"""From a run to its result folder: checked before the slow work, what a person wrote is never replaced."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxnlp.cli import console, summary
from cxnlp.errors import InputError, OutputError

if TYPE_CHECKING:
    from cxnlp.config import Config
    from cxnlp.pipeline import Analysis
    from cxnlp.results import Progress

__all__ = ["PERSONAL", "changed", "save", "taken_in"]

PERSONAL = {"topics.yaml": "--edits", "codebook.yaml": "--codebook", "review.csv": "--corrections"}
"""Files of a result folder that a person may write in, and the option of `analyze` that takes each in."""


def save(
    work: Callable[[Progress], Analysis],
    folder: Path,
    *,
    formats: tuple[str, ...],
    taken: Collection[Path] = (),
    done: Iterable[str] = (),
    force: bool,
    quiet: bool,
) -> None:
    """Do the `work`, save its result in `folder` and print what was `done` and found.

    ``taken``: files whose content the results will hold again. Raises OutputError, before
    the work, where `folder` may not be written or holds another file that a person has changed.
    """
    from cxnlp import report

    report.check_folder(folder, force)
    _check_personal(folder, taken)
    with console.progress(quiet=quiet) as progress:
        analysis = work(progress)
    written = analysis.save(folder, formats=formats, force=force)
    if not quiet:
        console.lines(*done)
        summary.show(analysis, written)


def taken_in(config: Config) -> tuple[Path, ...]:
    """Files that a run with `config` takes in and writes again; not the answers, whose list is written anew."""
    named = (config.topics.edits, config.codebook.codebook)
    return tuple(Path(one) for one in named if one is not None)


def changed(folder: Path, name: str) -> bool:
    """Whether file `name` of the analysis in `folder` is no longer as it was written; False where it is not there."""
    written = _hashes(folder).get(name)
    try:
        content = (folder / name).read_bytes()
    except OSError:
        return False
    return written is not None and hashlib.sha256(content).hexdigest() != written


def _check_personal(folder: Path, taken: Collection[Path]) -> None:
    known = {path.resolve() for path in taken}
    for name, option in PERSONAL.items():
        path = folder / name
        if path.resolve() not in known and (changed(folder, name) or _holds_edits(folder, name)):
            raise OutputError(
                f"{path} holds what a person wrote",
                expected="that what a person wrote is not replaced",
                fix=f"--out OTHER_FOLDER, or move it away; cxnlp analyze {option} {path} makes use of it",
            )


def _holds_edits(folder: Path, name: str) -> bool:
    """Whether file `name` is a topics.yaml with edits, applied or not; one that cannot be read counts as changed."""
    from cxnlp.topics.edits_file import parse

    try:
        return name == "topics.yaml" and bool(parse((folder / name).read_text(encoding="utf-8-sig"), name).edits)
    except (OSError, ValueError, InputError):
        return False


def _hashes(folder: Path) -> dict[str, Any]:
    try:
        files = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))["files"]
        return {str(file["name"]): file["sha256"] for file in files}
    except (OSError, ValueError, LookupError, TypeError):
        return {}
