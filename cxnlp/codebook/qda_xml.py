"""Codes out of REFI-QDA files: a codebook (.qdc) or a project (.qdpx, a zip that holds project.qde).

The standard: REFI-QDA 1.5 (2019), qdasoftware.org. The file is not trusted: no document type, no entities, a bound
on size and depth. expat itself is used, because it says the line and lets a document type be refused.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from xml.parsers import expat

from cxnlp.errors import InputError

__all__ = ["Code", "MAX_BYTES", "MAX_DEPTH", "read_codes"]

MAX_BYTES = 256 * 2**20
"""Most bytes of XML that are read, unpacked."""

MAX_DEPTH = 64
"""Most levels of nested elements."""

_EXPECTED = "a REFI-QDA codebook (.qdc) or project (.qdpx)"
_NAMESPACE = "urn:QDA-XML:"


@dataclass(slots=True)
class Code:
    """A code as it stands in the file; ``path`` are the names from the uppermost code down to it."""

    path: tuple[str, ...]
    guid: str
    color: str
    codable: bool
    line: int
    description: str = ""
    children: int = 0


def read_codes(path: Path) -> tuple[str, list[Code]]:
    """Program that wrote the file, and its codes in the file's order.

    Raises InputError, naming file and line, where it cannot be opened, is no REFI-QDA, holds a document type,
    is too large or too deep, or has a code without a name.
    """
    try:
        if path.suffix.lower() == ".qdpx":
            with zipfile.ZipFile(path) as archive, archive.open(_member(archive, path)) as stream:
                return _parse(stream, f"project.qde in {path}")
        with path.open("rb") as stream:
            return _parse(stream, str(path))
    except OSError as error:
        raise InputError(f"cannot open {path}: {error.strerror}", expected=_EXPECTED, fix="check the path") from error
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise InputError(f"{path} is no readable zip: {error}", expected=_EXPECTED, fix="export it again") from error


def _member(archive: zipfile.ZipFile, path: Path) -> zipfile.ZipInfo:
    for info in archive.infolist():
        if info.filename.lower() == "project.qde":
            return info
    raise InputError(f"no project.qde in {path}", expected=_EXPECTED, fix="export the project again as REFI-QDA")


@dataclass(slots=True)
class _State:
    """What the parser has seen so far."""

    parser: Any
    where: str
    origin: str = ""
    codes: list[Code] = field(default_factory=list)
    elements: list[str] = field(default_factory=list)
    open_codes: list[Code] = field(default_factory=list)

    def wrong(self, what: str, fix: str = "export it again") -> InputError:
        return InputError(f"line {self.parser.CurrentLineNumber} of {self.where}: {what}", expected=_EXPECTED, fix=fix)


def _parse(stream: IO[bytes], where: str) -> tuple[str, list[Code]]:
    parser = expat.ParserCreate(namespace_separator=" ")
    state = _State(parser, where)
    parser.buffer_text = True

    def refuse(*_: object) -> Any:
        raise state.wrong("a document type or entity, which is not read", "remove the <!DOCTYPE> part")

    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = parser.ExternalEntityRefHandler = refuse
    parser.StartElementHandler = lambda name, attributes: _start(state, name, attributes)
    parser.EndElementHandler = lambda _: _end(state)
    parser.CharacterDataHandler = lambda text: _characters(state, text)
    try:
        for chunk in _chunks(stream, where):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        problem = expat.ErrorString(error.code)
        raise InputError(
            f"line {error.lineno} of {where} is not valid XML: {problem}", expected=_EXPECTED, fix="export it again"
        ) from error
    return state.origin, state.codes


def _chunks(stream: IO[bytes], where: str) -> Iterator[bytes]:
    size = 0
    while chunk := stream.read(2**16):
        size += len(chunk)
        if size > MAX_BYTES:
            raise InputError(
                f"{where} holds more than {MAX_BYTES // 2**20} MB", expected=_EXPECTED, fix="export the codebook alone"
            )
        yield chunk


def _start(state: _State, name: str, attributes: dict[str, str]) -> None:
    namespace, _, element = name.rpartition(" ")
    if not state.elements:
        if element not in ("CodeBook", "Project") or not namespace.startswith(_NAMESPACE):
            raise state.wrong(f"the root is {element!r}, not a REFI-QDA codebook or project")
        state.origin = attributes.get("origin", "")
    state.elements.append(element)
    if len(state.elements) > MAX_DEPTH:
        raise state.wrong(f"more than {MAX_DEPTH} nested levels", "flatten the codes")
    if element == "Code":
        _start_code(state, attributes)


def _start_code(state: _State, attributes: dict[str, str]) -> None:
    # ' / ' separates levels in our names, so it may not stand within one.
    name = " ".join(attributes.get("name", "").split()).replace(" / ", "/")
    if not name:
        raise state.wrong("a code without a name", "name it in the program that wrote the file")
    above = state.open_codes[-1].path if state.open_codes else ()
    if state.open_codes:
        state.open_codes[-1].children += 1
    code = Code(
        (*above, name),
        attributes.get("guid", ""),
        attributes.get("color", ""),
        attributes.get("isCodable", "true").strip().lower() not in ("false", "0"),
        state.parser.CurrentLineNumber,
    )
    state.codes.append(code)
    state.open_codes.append(code)


def _end(state: _State) -> None:
    if state.elements.pop() == "Code":
        state.open_codes.pop()


def _characters(state: _State, text: str) -> None:
    if state.elements[-2:] == ["Code", "Description"]:
        state.open_codes[-1].description += text
