"""A codebook as YAML, the form that people write by hand; every complaint names the line.

::

    name: three Cs
    description: what the book is for
    tags:
      - name: convenience            # unique
        label: {en: Convenience, pl: Wygoda}
        description: How much time and effort it takes.     # or by language, as the label
        examples: ["Open till ten."]                        # or by language: {en: [...], pl: [...]}
        counter_examples: ["A comfortable sofa."]
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from cxnlp.codebook.book import LANGUAGE, Codebook, Tag, line, nearest, paragraph
from cxnlp.errors import InputError, SettingsError

__all__ = ["read_yaml", "write_yaml"]

_BOOK_KEYS = ["name", "description", "tags"]
_TAG_KEYS = ["name", "label", "description", "examples", "counter_examples"]
_EXAMPLE = "tags: a list of entries such as {name: delivery, description: ..., examples: [...]}"
_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_DEPTH = 20
_NULL = "tag:yaml.org,2002:null"


def read_yaml(path: Path) -> Codebook:
    """Read a book; see the module for the layout.

    A scalar is taken as it is written, so that ``- No`` and ``- 12`` are texts. Raises InputError, naming file
    and line, where the file cannot be opened, is no YAML or has another shape; SettingsError for an unknown key.
    """
    where = str(path)
    root = _compose(path)
    if root is None:
        raise InputError(f"{where} is empty", expected=_EXAMPLE, fix="list the codes under 'tags:'")
    keys = _keys(root, _BOOK_KEYS, where)
    tags = keys.get("tags")
    if tags is None or _is_null(tags):
        raise InputError(f"no tags in {where}", expected=_EXAMPLE, fix="list the codes under 'tags:'")
    if not isinstance(tags, yaml.SequenceNode):
        raise _wrong(tags, "'tags' is no list", _EXAMPLE, where)
    name = line(_text(keys["name"], where)) if "name" in keys else path.stem
    description = paragraph(_text(keys["description"], where)) if "description" in keys else ""
    return Codebook(name, description, tuple(_tag(node, where) for node in tags.value))


def write_yaml(book: Codebook, path: Path) -> None:
    """Write a book so that `read_yaml` reads the same book."""
    content: dict[str, Any] = {"name": book.name}
    if book.description:
        content["description"] = book.description
    content["tags"] = [_entry(tag) for tag in book.tags]
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=10**6)
    path.write_text(text, encoding="utf-8", newline="\n")


def _entry(tag: Tag) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": tag.name}
    for key in _TAG_KEYS[1:]:
        values = {
            language: value if isinstance(value, str) else list(value)
            for language, value in getattr(tag, key).items()
            if value
        }
        if values:
            entry[key] = values[""] if list(values) == [""] else values
    return entry


def _compose(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8-sig")
        _check_depth(text, path)
        return yaml.compose(text, Loader=_LOADER)
    except OSError as error:
        raise InputError(
            f"cannot open {path}: {error.strerror}", expected="a codebook", fix="check the path of --codebook"
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8: {error}", expected=_EXAMPLE, fix="save the file as UTF-8") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1} of {path}" if mark else str(path)
        problem = getattr(error, "problem", None) or "not text"
        raise InputError(f"{where} is not valid YAML: {problem}", expected=_EXAMPLE, fix="mend that line") from error


def _check_depth(text: str, path: Path) -> None:
    """Refuse deep nesting before a tree is made of it: the C composer of PyYAML would overrun its stack."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH and event.start_mark is not None:
            raise InputError(
                f"line {event.start_mark.line + 1} of {path} is nested too deeply",
                expected=_EXAMPLE,
                fix="mend that line",
            )


def _tag(node: Any, where: str) -> Tag:
    if isinstance(node, yaml.ScalarNode):
        raise _wrong(node, f"the tag {node.value!r} is no entry", "name, description, examples", where)
    keys = _keys(node, _TAG_KEYS, where)
    name = line(_text(keys["name"], where)) if "name" in keys else ""
    if not name:
        raise _wrong(node, "a tag without a name", "name: a unique name", where)
    return Tag(
        name,
        {language: line(_text(value, where)) for language, value in _by_language(keys, "label", where)},
        {language: paragraph(_text(value, where)) for language, value in _by_language(keys, "description", where)},
        {language: _list(value, where) for language, value in _by_language(keys, "examples", where)},
        {language: _list(value, where) for language, value in _by_language(keys, "counter_examples", where)},
        line=node.start_mark.line + 1,
    )


def _keys(node: Any, allowed: list[str] | None, where: str) -> dict[str, Any]:
    """Key -> node of a mapping; None in ``allowed`` means language codes."""
    if not isinstance(node, yaml.MappingNode):
        raise _wrong(node, "no 'key: value' here", f"the keys {', '.join(allowed or ['en', 'pl'])}", where)
    found: dict[str, Any] = {}
    for key_node, value in node.value:
        key = _text(key_node, where).strip()
        if key in found:
            raise _wrong(key_node, f"the key {key!r} is there twice", "each key once", where)
        if allowed is not None and key not in allowed:
            raise SettingsError(
                f"line {key_node.start_mark.line + 1} of {where}: unknown key {key!r}",
                expected=f"one of: {', '.join(allowed)}",
                fix=f"{nearest(key, allowed)}:",
            )
        if allowed is None and not LANGUAGE.fullmatch(key):
            raise _wrong(key_node, f"{key!r} is no language code", "codes such as en, ro, pl, it", where)
        found[key] = value
    return found


def _by_language(keys: dict[str, Any], key: str, where: str) -> list[tuple[str, Any]]:
    node = keys.get(key)
    if node is None or _is_null(node):
        return []
    if not isinstance(node, yaml.MappingNode):
        return [("", node)]
    return [(code.lower(), value) for code, value in _keys(node, None, where).items() if not _is_null(value)]


def _list(node: Any, where: str) -> tuple[str, ...]:
    if not isinstance(node, yaml.SequenceNode):
        raise _wrong(node, "one text where a list belongs", "a list: each text on a line of its own after '- '", where)
    texts = tuple(line(_text(value, where)) for value in node.value)
    for value, text in zip(node.value, texts, strict=True):
        if not text or _is_null(value):
            raise _wrong(value, "an empty text", "words that a customer might write", where)
    return texts


def _text(node: Any, where: str) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise _wrong(node, "a list or mapping where a text belongs", "one text; in quotes if it holds ': '", where)
    return "" if _is_null(node) else str(node.value)


def _is_null(node: Any) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == _NULL


def _wrong(node: Any, what: str, expected: str, where: str) -> InputError:
    return InputError(f"line {node.start_mark.line + 1} of {where}: {what}", expected=expected, fix="mend that line")
