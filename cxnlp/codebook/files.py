"""Where a codebook comes from and goes to: shipped ones by name, files by suffix."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from cxnlp.codebook.book import Codebook, check
from cxnlp.codebook.csv_format import read_csv, write_csv
from cxnlp.codebook.qda_format import read_qda, write_qdc
from cxnlp.codebook.yaml_format import read_yaml, write_yaml
from cxnlp.errors import InputError, OutputError, SettingsError

__all__ = ["SHIPPED", "READERS", "WRITERS", "load", "write", "shipped"]

SHIPPED = ("three-cs", "digital-experience")
"""Books that come with cxnlp."""

READERS: dict[str, Callable[[Path], Codebook]] = {
    ".yaml": read_yaml,
    ".yml": read_yaml,
    ".csv": read_csv,
    ".qdc": read_qda,
    ".qdpx": read_qda,
}

WRITERS: dict[str, Callable[[Codebook, Path], None]] = {
    ".yaml": write_yaml,
    ".yml": write_yaml,
    ".csv": write_csv,
    ".qdc": write_qdc,
}


def shipped(name: str) -> Path:
    """File of a book, or of the background texts, that comes with cxnlp."""
    return Path(__file__).with_name("shipped") / f"{name}.yaml"


def load(name: str | Path) -> Codebook:
    """A shipped codebook by its name, or one from a file (.yaml, .yml, .csv, .qdc, .qdpx).

    Raises InputError, naming file and line, for a file that cannot be read or used (see `book.check`);
    SettingsError for an unknown shipped name or an unknown key.
    """
    if str(name) in SHIPPED:
        path = shipped(str(name))
    elif Path(name).suffix.lower() in READERS:
        path = Path(name)
    elif Path(name).suffix or Path(name).exists():
        raise InputError(
            f"codebook {name}", expected=f"a file that ends in {', '.join(READERS)}", fix="rename or export it"
        )
    else:
        raise SettingsError.unknown_value(name, SHIPPED, option="--codebook")
    return check(READERS[path.suffix.lower()](path), str(path))


def write(book: Codebook, path: Path) -> None:
    """Write a codebook by the suffix of ``path``: .yaml, .yml, .csv or .qdc.

    It is written aside and then renamed, so that ``path`` holds either the old book or the whole new one.
    Raises SettingsError for another suffix, OutputError where it cannot be written.
    """
    path = Path(path)
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise SettingsError.unknown_value(path.suffix or path.name, WRITERS, option="suffix of the codebook:")
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        writer(book, aside)
        os.replace(aside, path)
    except OSError as error:
        raise OutputError(
            f"cannot write {path}: {error.strerror}",
            expected="a folder that may be written to",
            fix="name another path",
        ) from error
    finally:
        aside.unlink(missing_ok=True)
