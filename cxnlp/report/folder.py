"""The result folder: checked before the slow work, written whole or not at all."""

from __future__ import annotations

import os
import shutil
import uuid
from pathlib import Path

from cxnlp.errors import OutputError, SettingsError
from cxnlp.report import manifest
from cxnlp.report.page import writing_error
from cxnlp.report.wide import statements_table, wide_comments
from cxnlp.report.writers import (
    ALWAYS,
    FILES,
    OTHERS,
    WHERE_FILLED,
    WITH_CODES,
    WRITERS,
    Tables,
    tidy_tables,
    write_csv,
)
from cxnlp.results import Evidence, Note

__all__ = ["check_folder", "save"]

_OURS = frozenset(
    (
        *(name for names in FILES.values() for name in names),
        *(f"{name}.csv" for name in (*ALWAYS, *WHERE_FILLED, *WITH_CODES)),
        *OTHERS,
        manifest.NAME,
    )
)


def check_folder(folder: Path, force: bool) -> None:
    """Whether results may be written into `folder`, which need not exist yet; call it before the slow work.

    Raises OutputError where `folder` is a file or cannot be written to; where it holds an earlier
    analysis, or other files, and `force` is not given; and, even with `force`, where a file that no
    analysis wrote has the name of one of ours: `force` replaces what cxnlp wrote, and nothing else.
    """
    folder = Path(folder)
    try:
        if folder.exists() and not folder.is_dir():
            raise OutputError(f"{folder} is a file", expected="a folder for the results", fix="--out OTHER_FOLDER")
        _check_writable(folder)
        held = (
            {entry.name for entry in folder.iterdir() if not entry.name.startswith(".")} if folder.is_dir() else set()
        )
    except OSError as error:
        raise writing_error(error, folder) from error
    _check_content(folder, held, force)


def _check_content(folder: Path, held: set[str], force: bool) -> None:
    foreign = held - manifest.files_of(folder)
    in_the_way = sorted(foreign & _OURS)
    if manifest.NAME in held and not force:
        raise OutputError(
            f"{folder} already holds an analysis",
            expected="a new or empty folder",
            fix="--force to replace it, or --out OTHER_FOLDER",
        )
    if in_the_way:
        raise OutputError(
            f"{folder} holds {', '.join(in_the_way)}, which cxnlp did not write",
            expected="no other files under the names of the results",
            fix="move these files away, or --out OTHER_FOLDER",
        )
    if foreign and not force:
        shown = ", ".join(sorted(foreign)[:3]) + (" and more" if len(foreign) > 3 else "")
        raise OutputError(
            f"{folder} is not empty: it holds {shown}",
            expected="a new or empty folder",
            fix="--out OTHER_FOLDER, or --force to write beside these files, which stay as they are",
        )


def _check_writable(folder: Path) -> None:
    # Asking the file system by doing: permission bits say nothing on network drives or for root.
    place = folder
    while not place.exists():
        place = place.parent
    probe = place / f".cxnlp-{uuid.uuid4().hex}"
    probe.mkdir()
    probe.rmdir()


def save(evidence: Evidence, folder: Path, *, formats: tuple[str, ...], force: bool) -> Path:
    """Write the whole result folder and return its path.

    Always writes topics.csv, metrics.csv, drivers.csv, impact.csv, journey.csv, analysis.json and
    `Evidence.files`; where they have rows also importance.csv, kano.csv, survival.csv, prevalence.csv and
    audit.csv; where a codebook was used codes.csv and review.csv; by `formats`
    (config.FORMATS) also report.html (html), comments.parquet and statements.parquet (parquet),
    comments.csv (csv), workbook.xlsx (xlsx).

    Everything is written aside first and moved in at the end. Raises SettingsError for an unknown
    format and OutputError where the folder may not be written; then it is as it was.
    """
    folder = Path(folder)
    for name in formats:
        if name not in WRITERS:
            raise SettingsError.unknown_value(name, WRITERS, option="--format")
    check_folder(folder, force)
    # Inside a folder that exists, because a mounted one shares no file system with its parent.
    aside = (folder if folder.is_dir() else folder.parent) / f".cxnlp-{uuid.uuid4().hex}"
    try:
        fresh = aside / "new"
        fresh.mkdir(parents=True)
        _write_all(evidence, fresh, formats)
        if folder.is_dir():
            _exchange(fresh, folder, aside / "old")
        else:
            os.replace(fresh, folder)
    except OSError as error:
        raise writing_error(error, folder) from error
    except OutputError as error:
        # Said of the folder that the user named, not of the one aside.
        raise (writing_error(error.__cause__, folder) if isinstance(error.__cause__, OSError) else error) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return folder


def _write_all(evidence: Evidence, folder: Path, formats: tuple[str, ...]) -> None:
    comments, notes = wide_comments(evidence)
    tables = Tables(comments, statements_table(evidence), tidy_tables(evidence))
    for name, frame in tables.tidy.items():
        write_csv(frame, folder / f"{name}.csv")
    written: tuple[Note, ...] = notes
    for name in WRITERS:
        if name in formats:
            written += WRITERS[name](evidence, tables, folder)
    for name, content in evidence.files.items():
        (folder / name).write_bytes(content() if callable(content) else content)
    manifest.write_manifest(evidence, written, folder)


def _exchange(fresh: Path, folder: Path, old: Path) -> None:
    """Move the files of `fresh` into `folder` and those of the earlier run out; undo all where one fails."""
    old.mkdir()
    moves: list[tuple[Path, Path]] = []
    leaving = [(folder / name, old / name) for name in sorted(manifest.files_of(folder)) if (folder / name).is_file()]
    coming = [(path, folder / path.name) for path in sorted(fresh.iterdir())]
    try:
        for here, there in (*leaving, *coming):
            os.replace(here, there)
            moves.append((here, there))
    except BaseException:
        for here, there in reversed(moves):
            os.replace(there, here)
        raise
