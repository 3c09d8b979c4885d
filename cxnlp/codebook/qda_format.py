"""A codebook as REFI-QDA, the form that programs for qualitative analysis exchange (.qdc; .qdpx is only read).

That format knows a name and a description of a code. Label, examples and other languages stand in the description,
under headings that people can read and write too::

    Delivery and pick-up of orders.

    Examples (en):
    - The parcel came late.

    Counter-examples (en):
    - Late check-out.

Nested codes become 'parent / child'. A code without a description is described by its own name.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from cxnlp.codebook.book import STAGE, Codebook, Tag, line, paragraph
from cxnlp.codebook.qda_xml import Code, read_codes
from cxnlp.results import Note

__all__ = ["SEPARATOR", "read_qda", "write_qdc"]

SEPARATOR = " / "
NAMESPACE = "urn:QDA-XML:codebook:1.0"

_FIELDS = {
    "Label": "label",
    "Description": "description",
    "Examples": "examples",
    "Counter-examples": "counter_examples",
}
_WORDS = "|".join(_FIELDS)
_HEADING = re.compile(rf"({_WORDS})(?: \(([A-Za-z]{{2,3}}(?:[-_][A-Za-z0-9]{{2,8}})*)\))?:", re.I)
_LIKE_HEADING = re.compile(rf"\\*(?:{_WORDS})(?: \([A-Za-z0-9_-]+\))?:", re.I)


def read_qda(path: Path) -> Codebook:
    """Read a .qdc or .qdpx file. Codes that nothing may be coded with are levels, not tags; a note counts them.

    Raises InputError, naming file and line; see `qda_xml.read_codes`.
    """
    origin, codes = read_codes(path)
    tags = tuple(_tag(code) for code in codes if code.codable)
    left = [code for code in codes if not code.codable and (code.description.strip() or not code.children)]
    notes: tuple[Note, ...] = ()
    if left:
        shown = ", ".join(SEPARATOR.join(code.path) for code in left[:5])
        message = f"codes of {path.name} that are marked as not codable give no tag; their descriptions are not kept"
        notes = (Note(STAGE, f"{message}: {shown}", len(left), "info"),)
    return Codebook(path.stem, f"codes from {origin}" if origin and origin != "cxnlp" else "", tags, notes)


def write_qdc(book: Codebook, path: Path) -> None:
    """Write a book so that `read_qda` reads the same tags. The book's own description has no place in the format.

    A code keeps the identifier that it came with; otherwise it is a UUID of version 5 (RFC 9562) of its name.
    """
    root = ElementTree.Element("CodeBook", {"xmlns": NAMESPACE, "origin": "cxnlp"})
    above = ElementTree.SubElement(root, "Codes")
    by_name = {tag.name: tag for tag in book.tags}
    placed: dict[str, ElementTree.Element] = {"": above}
    for tag in book.tags:
        _place(tag.name, by_name, placed)
    ElementTree.indent(root)
    content = ElementTree.tostring(root, encoding="unicode")
    path.write_text('<?xml version="1.0" encoding="utf-8"?>\n' + content + "\n", encoding="utf-8", newline="\n")


def _place(name: str, by_name: dict[str, Tag], placed: dict[str, ElementTree.Element]) -> None:
    """Put the code ``name`` under its parents, which are made where no tag is named so."""
    parts = name.split(SEPARATOR)
    for depth in range(1, len(parts) + 1):
        own, parent = SEPARATOR.join(parts[:depth]), SEPARATOR.join(parts[: depth - 1])
        if own not in placed:
            placed[own] = _element(placed[parent], own, parts[depth - 1], by_name.get(own))


def _element(parent: ElementTree.Element, name: str, leaf: str, tag: Tag | None) -> ElementTree.Element:
    guid = (tag.guid if tag else "") or str(uuid.uuid5(uuid.NAMESPACE_URL, NAMESPACE + "/" + name))
    attributes = {"guid": guid, "name": leaf, "isCodable": "true" if tag else "false"}
    if tag and tag.color:
        attributes["color"] = tag.color
    element = ElementTree.SubElement(parent, "Code", attributes)
    said = _describe(tag) if tag else ""
    if said and said != leaf:
        ElementTree.SubElement(element, "Description").text = said
    return element


def _tag(code: Code) -> Tag:
    fields: dict[str, dict[str, list[str]]] = {field: {} for field in _FIELDS.values()}
    field, language = "description", ""
    for raw in paragraph(code.description).split("\n"):
        heading = _HEADING.fullmatch(raw)
        if heading:
            field, language = _FIELDS[heading[1].capitalize()], (heading[2] or "").lower()
        else:
            fields[field].setdefault(language, []).append(_unescape(raw))
    label = {own: line(" ".join(lines)) for own, lines in fields["label"].items()}
    description = {own: paragraph("\n".join(lines)) for own, lines in fields["description"].items()}
    described = {own: text for own, text in description.items() if text}
    examples = {own: _items(lines) for own, lines in fields["examples"].items()}
    if not described and not any(examples.values()):
        described = {"": code.path[-1]}
    counters = {own: _items(lines) for own, lines in fields["counter_examples"].items()}
    name = SEPARATOR.join(code.path)
    return Tag(name, label, described, examples, counters, line=code.line, guid=code.guid, color=code.color)


def _items(lines: list[str]) -> tuple[str, ...]:
    """Texts of a list whose items begin with '- '; a line without that goes on with the item before."""
    items: list[str] = []
    for raw in lines:
        text = raw.removeprefix("-").strip() if raw.startswith("- ") else raw.strip()
        if raw.startswith("- ") or (text and not items):
            items.append(text)
        elif text:
            items[-1] += " " + text
    return tuple(item for item in items if item)


def _describe(tag: Tag) -> str:
    return "\n\n".join(_blocks(tag))


def _blocks(tag: Tag) -> Iterator[str]:
    ordered = sorted(tag.description.items(), key=lambda item: item[0] != "")
    for language, text in ordered:
        lines = _escape(text)
        yield "\n".join(lines if language == "" else [f"Description ({language}):", *lines])
    for language, text in tag.label.items():
        yield "\n".join([f"Label{_in(language)}:", *_escape(text)])
    for title, field in (("Examples", "examples"), ("Counter-examples", "counter_examples")):
        for language, texts in getattr(tag, field).items():
            if texts:
                yield "\n".join([f"{title}{_in(language)}:", *(f"- {text}" for text in texts)])


def _escape(text: str) -> list[str]:
    """Lines of ``text``; one that looks like a heading gets a backslash, so that it is read as text."""
    return ["\\" + raw if _LIKE_HEADING.fullmatch(raw) else raw for raw in text.split("\n")]


def _unescape(raw: str) -> str:
    return raw[1:] if raw.startswith("\\") and _LIKE_HEADING.fullmatch(raw) else raw


def _in(language: str) -> str:
    return f" ({language})" if language else ""
