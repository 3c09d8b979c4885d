"""Getting at the bytes of a file, with a plain sentence for everything that can be in the way."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cxnlp.errors import InputError

__all__ = ["Request", "contents", "beginning", "fingerprint", "reading"]


@dataclass(frozen=True, slots=True)
class Request:
    """A file to read, and how. None means: find out; ``rows`` None means all."""

    path: Path
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    rows: int | None = None

    @property
    def name(self) -> str:
        """Name of the file, for messages."""
        return self.path.name

    @property
    def suffix(self) -> str:
        """Lower-case suffix that says the format, without a trailing ``.gz``."""
        path = self.path.with_suffix("") if self.is_compressed else self.path
        return path.suffix.lower()

    @property
    def is_compressed(self) -> bool:
        """Whether the file is gzip-compressed, by its suffix."""
        return self.path.suffix.lower() == ".gz"


@contextmanager
def reading(path: Path) -> Iterator[IO[bytes]]:
    """Open `path` for reading bytes; what the system refuses becomes an InputError with a fix."""
    try:
        with path.open("rb") as file:
            if not file.peek(1):
                raise InputError(f"{path} is empty (0 bytes)", expected="a file with data", fix="export the data again")
            yield file
    except FileNotFoundError as error:
        raise InputError(f"no file {path}", expected="a file with comments", fix=_near(path)) from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder", expected="a file with comments", fix=_inside(path)) from error
    except PermissionError as error:
        fix = _inside(path) if path.is_dir() else "give yourself the right to read it, or copy it elsewhere"
        raise InputError(f"{path} may not be read", expected="a file that you may read", fix=fix) from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(
            f"{path} is no intact gzip file: {error}", expected="a complete .gz file", fix="copy or download it again"
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"{path} cannot be read: {reason}", expected="a readable file", fix="copy it elsewhere"
        ) from error


def contents(request: Request) -> bytes:
    """All bytes of the file, decompressed."""
    with reading(request.path) as file:
        return gzip.GzipFile(fileobj=file).read() if request.is_compressed else file.read()


def beginning(request: Request, size: int) -> tuple[bytes, bool]:
    """The first `size` bytes, decompressed, and whether that is all."""
    with reading(request.path) as file:
        stream = gzip.GzipFile(fileobj=file) if request.is_compressed else file
        data = stream.read(size + 1)
    return data[:size], len(data) <= size


def fingerprint(path: Path) -> str:
    """SHA-256 of the bytes on disk, in hexadecimal."""
    with reading(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def _near(path: Path) -> str:
    if not path.parent.is_dir():
        return f"check the path: there is no folder {path.parent}"
    alike = sorted(other.name for other in path.parent.glob("*") if other.stem.casefold() == path.stem.casefold())
    return f"did you mean {path.parent / alike[0]}?" if alike else "check the path and the spelling"


def _inside(path: Path) -> str:
    files = sorted(other for other in path.glob("*.*") if other.is_file() and not other.name.startswith("."))
    return f"name one file, such as {files[0]}" if files else "name a file"
