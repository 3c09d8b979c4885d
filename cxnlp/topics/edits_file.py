"""topics.yaml: read with the line of every edit, written, and added to without touching what a person wrote."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

import yaml

from cxnlp.errors import InputError
from cxnlp.topics.edits import KINDS, Edit, Edits, check, did_you_mean, quoted

__all__ = ["append", "parse", "render"]

LARGEST = 10_000_000
"""A file with more bytes is refused: it is not one that cxnlp wrote."""

_DEEPEST = 12
_TOP = ("analysis", "topics", "edits")
_BESIDE = {"rename": ("to",), "merge": ("to",), "split": ("into",), "move": ("to",), "delete": (), "pin": ()}
_LAYOUT = "analysis:, topics: and a list under edits:, as cxnlp analyze writes them"
_MEND = "mend that line; names and texts with : # [ ] { } & * ! or quotes belong in double quotes"
_BREAK = r"(?:\r\n|[\r\n\x85\u2028\u2029])"
_LINE_END = re.compile(_BREAK)
_COMMENT = rf"(?: *{_BREAK})* {{%d,}}#[^\r\n\x85\u2028\u2029]*{_BREAK}"
# Beyond what YAML cannot hold, marks that turn the direction of the text are written as numbers.
_UNPRINTABLE = re.compile("[^ -~\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_PLAIN = re.compile(r"[^\W_][\w '’/&()+.%-]{0,500}(?<! )")

_HEADER = """\
# Topics of {source}. Write edits under `edits:`; the next `cxnlp topics apply FOLDER` or
# `cxnlp analyze FILE --edits FOLDER/topics.yaml` replays them in order. What is possible:
#   - rename: t01
#     to: Late delivery
#   - merge: [t03, t07]        # the first keeps its id and name
#     to: Returns              # only for a new name
#   - split: t02
#     into: 2                  # becomes t02.1 and t02.2; 2 to 20
#   - move: ["The courier threw it over the fence"]   # statements by their exact text
#     to: t05
#   - delete: t09              # its statements belong to no topic
#   - pin: t01                 # listed first; no later edit may merge it away, split or delete it
# Names and texts with : or # belong in double quotes.
analysis: {analysis}      # which topics these are; do not change
topics:                          # as found, before the edits; for reading only
"""


def parse(text: str, source: str) -> Edits:
    """The edits in a topics.yaml, each with its line.

    Names, ids and texts are taken exactly as written, whatever YAML would make of them: ``to: 2024`` and
    ``to: yes`` are names. A missing last line break makes no difference.

    Parameters
    ----------
    text : the content of the file.
    source : its name, for messages.

    Raises
    ------
    InputError
        Naming the line: what is no YAML, an unknown or repeated key, an edit of no kind or of two, and all that
        `edits.check` finds; a file over 10 MB.
    """
    top = _mapping(_compose(text, source), source, _TOP)
    if "analysis" not in top:
        raise _mistake(f"{source} line 1", "no analysis:", _LAYOUT, "copy the line analysis: from the results folder")
    analysis = _text(top["analysis"], "analysis:", source)
    listed = top.get("edits")
    if listed is None or _is_null(listed):
        return Edits(analysis, (), source)
    if not isinstance(listed, yaml.SequenceNode):
        raise _mistake(_at(listed, source), "edits: is no list", _LAYOUT, "begin each edit with - and a space")
    return Edits(analysis, tuple(_edit(item, source) for item in listed.value), source)


def render(analysis: str, source: str, topics: Sequence[tuple[str, str, str, int]], edits: Sequence[Edit] = ()) -> str:
    """A topics.yaml; `parse` gives back ``analysis`` and ``edits``.

    Parameters
    ----------
    analysis : which topics these are.
    source : name of the data, for the first line.
    topics : (id, name, theme, number of statements) of each topic as found.
    edits : what has been edited so far; InputError where one is wrong by itself.
    """
    for number, edit in enumerate(edits, start=1):
        check(edit, f"edit {number}")
    lines = [
        f"  {_scalar(topic)}: {{name: {_in_quotes(name)}, theme: {_in_quotes(theme)}, statements: {n}}}"
        for topic, name, theme, n in topics
    ]
    lines += ["edits:", *(line for edit in edits for line in _block(edit, 2)), ""]
    return _HEADER.format(source=_UNPRINTABLE.sub(" ", source), analysis=_scalar(analysis)) + "\n".join(lines)


def append(text: str, edit: Edit, *, source: str = "topics.yaml") -> str:
    """The file with one more edit behind the others; every other character stays, but an empty ``edits:`` value.

    Comments that follow the last edit, indented like it, stay in front of the new one. InputError where ``text``
    cannot be parsed, the edit is wrong by itself, or the file is laid out so that nothing can be added.
    """
    check(edit, "the new edit")
    before = parse(text, source)
    after = _extended(text, cast(yaml.MappingNode, _compose(text, source)), edit)
    try:
        if parse(after, source).edits == (*before.edits, edit):
            return after
    except InputError:  # its line would be one of a file that is never written
        pass
    fix = "write edits: on a line of its own, each edit below it"
    raise _mistake(source, "no edit can be added, as it is laid out or for its size", _LAYOUT, fix)


# Reading


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses what would silently drop or repeat words: anchors, aliases and tags."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None or getattr(event, "tag", None) is not None:
            raise yaml.composer.ComposerError(None, None, "a word begins with &, * or !", event.start_mark)
        self.depth += 1
        if self.depth > _DEEPEST:
            raise yaml.composer.ComposerError(None, None, "lists within lists", event.start_mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _compose(text: str, source: str) -> yaml.Node:
    if len(text) > LARGEST or len(text.encode("utf-8", "surrogatepass")) > LARGEST:
        raise _mistake(source, f"more than {LARGEST // 10**6} MB", _LAYOUT, "name the topics.yaml of a results folder")
    root = _nodes(text, source)
    if root is None:
        raise _mistake(f"{source} line 1", "nothing in it", _LAYOUT, "let cxnlp analyze write it again")
    _refuse_repeated_keys(root, source)
    return root


def _nodes(text: str, source: str) -> yaml.Node | None:
    loader: _Loader | None = None
    cause: Exception
    try:
        loader = _Loader(_ended(text))
        return loader.get_single_node()
    except yaml.reader.ReaderError as error:
        line, problem, cause = len(_LINE_END.findall(text, 0, error.position)) + 1, error.reason, error
    except yaml.MarkedYAMLError as error:
        mark, began = error.problem_mark or error.context_mark, error.context_mark
        line, problem, cause = mark.line + 1 if mark else 1, str(error.problem or error.context)[:100], error
        if began and began.line + 1 != line:
            problem += f", {error.context} on line {began.line + 1}"
    except (ValueError, OverflowError) as error:
        # PyYAML turns \U escapes and version numbers into numbers without looking at their size.
        line, problem, cause = loader.get_mark().line + 1 if loader else 1, "a number beyond all bounds", error
    line = min(line, len(_LINE_END.findall(text)) + 1)
    raise _mistake(f"{source} line {line}", f"not valid YAML, {problem}", _LAYOUT, _MEND) from cause


def _mistake(where: str, found: str, expected: str, fix: str) -> InputError:
    return InputError(f"{where}: {found}", expected=expected, fix=fix)


def _at(node: yaml.Node, source: str) -> str:
    return f"{source} line {node.start_mark.line + 1}"


def _refuse_repeated_keys(node: yaml.Node, source: str) -> None:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_repeated_keys(item, source)
    if not isinstance(node, yaml.MappingNode):
        return
    seen: dict[str, int] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _mistake(_at(key, source), "a list where a key should be", _LAYOUT, "write one word before the colon")
        if key.value in seen:
            found = f"the key {quoted(key.value)} again, first on line {seen[key.value]}"
            raise _mistake(_at(key, source), found, "each key once", "remove one; each edit begins with its own -")
        seen[key.value] = key.start_mark.line + 1
        _refuse_repeated_keys(value, source)


def _mapping(node: yaml.Node, source: str, known: Sequence[str]) -> dict[str, yaml.Node]:
    """Values by key; InputError for what is no mapping or holds a key that is not in ``known``."""
    if not isinstance(node, yaml.MappingNode):
        expected = _LAYOUT if known is _TOP else f"an edit such as {KINDS['rename']}"
        raise _mistake(_at(node, source), "no key: value pairs", expected, "put a colon and a space behind each key")
    for key, _ in node.value:
        if key.value not in known:
            found, fix = f"unknown key {quoted(key.value)}", "Correct the key or remove it"
            fix = did_you_mean(key.value, known) + fix
            raise _mistake(_at(key, source), found, f"one of: {', '.join(known)}", fix)
    return {key.value: value for key, value in node.value}


def _is_null(node: yaml.Node) -> bool:
    return node.tag == "tag:yaml.org,2002:null" and isinstance(node, yaml.ScalarNode) and node.style is None


def _text(node: yaml.Node, what: str, source: str) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise _mistake(_at(node, source), f"{what} holds a list", "one value", f"write one value behind {what}")
    if _is_null(node) or not node.value.strip():
        raise _mistake(_at(node, source), f"{what} is empty", "a value", f"write a value behind {what}")
    return str(node.value)


def _texts(node: yaml.Node, what: str, source: str) -> tuple[str, ...]:
    items = node.value if isinstance(node, yaml.SequenceNode) else [node]
    if not items:
        raise _mistake(_at(node, source), f"{what} is empty", "a list", f"write at least one value behind {what}")
    return tuple(_text(item, what, source) for item in items)


def _edit(node: yaml.Node, source: str) -> Edit:
    where, line = _at(node, source), node.start_mark.line + 1
    given = _mapping(node, source, (*KINDS, "to", "into"))
    kinds = [key for key in given if key in KINDS]
    if len(kinds) != 1:
        found = f"{' and '.join(kinds)} in one edit" if kinds else "an edit that does not say what to do"
        raise _mistake(where, found, f"one of: {', '.join(KINDS)}", "begin each edit with - on a line of its own")
    kind = kinds[0]
    for key, value in given.items():
        if key != kind and key not in _BESIDE[kind]:
            raise _mistake(_at(value, source), f"{kind} with {key}:", KINDS[kind], f"remove {key}: from this edit")
    many = kind in ("merge", "move")
    subject = (_texts if many else _text)(given[kind], f"{kind}:", source)
    ids = subject if isinstance(subject, tuple) else (subject,)
    to = _text(given["to"], "to:", source) if "to" in given else None
    into = _whole(given["into"], source) if "into" in given else None
    if kind == "move":
        edit = Edit(kind, () if to is None else (to,), texts=ids, line=line)
    else:
        edit = Edit(kind, ids, to, into, line=line)
    check(edit, where)
    return edit


def _whole(node: yaml.Node, source: str) -> int:
    value = _text(node, "into:", source)
    if cast(yaml.ScalarNode, node).style is not None or not re.fullmatch(r"-?(0|[1-9][0-9]{0,8})", value):
        found = f"into: {quoted(value)} is no whole number"
        raise _mistake(_at(node, source), found, "a whole number from 2 to 20", "write for instance into: 2")
    return int(value)


# Writing


def _in_quotes(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{_UNPRINTABLE.sub(_as_number, escaped)}"'


def _as_number(letter: re.Match[str]) -> str:
    code = ord(letter.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _scalar(text: str) -> str:
    """``text`` as it is where every YAML reader takes it for just that text, else in double quotes."""
    tag = yaml.resolver.Resolver().resolve(yaml.ScalarNode, text, (True, False))
    plain = _PLAIN.fullmatch(text) and not _UNPRINTABLE.search(text) and tag == "tag:yaml.org,2002:str"
    # YAML 1.2 has more numbers than 1.1: 1e5 and 0o17.
    return text if plain and not re.fullmatch(r"[0-9]+([eo][0-9]+)?", text) else _in_quotes(text)


def _pairs(edit: Edit) -> list[tuple[str, str]]:
    topic = _scalar(edit.topics[0])
    texts = ", ".join(map(_in_quotes, edit.texts))
    subject = {"merge": f"[{', '.join(map(_scalar, edit.topics))}]", "move": f"[{texts}]"}.get(edit.kind, topic)
    beside = [("to", topic)] if edit.kind == "move" else [("to", _scalar(edit.name))] if edit.name is not None else []
    return [(edit.kind, subject), *beside, *([("into", str(edit.into))] if edit.into is not None else [])]


def _block(edit: Edit, column: int) -> list[str]:
    return [f"{' ' * column}{' ' if i else '-'} {key}: {value}" for i, (key, value) in enumerate(_pairs(edit))]


def _flow(edit: Edit) -> str:
    return f"{{{', '.join(f'{key}: {value}' for key, value in _pairs(edit))}}}"


# Adding


def _ended(text: str) -> str:
    return text if not text or _LINE_END.match(text, len(text) - 1) else text + "\n"


def _extended(text: str, root: yaml.MappingNode, edit: Edit) -> str:
    listed = next((value for key, value in root.value if key.value == "edits"), None)
    column, inline = root.start_mark.column, bool(root.flow_style)
    if listed is None:
        last = _end(root, text, inside=True)
        if inline:
            return f"{text[:last]}, edits: [{_flow(edit)}]{text[last:]}"
        return _with_lines(text, last, column, ["edits:", *_block(edit, 2)], column)
    start, end = listed.start_mark.index, listed.end_mark.index
    if isinstance(listed, yaml.SequenceNode) and listed.value:
        last = _end(listed, text, inside=True)
        if listed.flow_style:
            return f"{text[:last]}, {_flow(edit)}{text[last:]}"
        return _with_lines(text, last, listed.start_mark.column, _block(edit, 0), listed.start_mark.column)
    if isinstance(listed, yaml.SequenceNode) and (inline or text[start + 1 : end - 1].strip()):
        return f"{text[: start + 1]}{_flow(edit)}{text[start + 1 :]}"
    if inline:
        return f"{text[:start].rstrip(' ')} [{_flow(edit)}]{text[end:]}"
    # An empty value, written [], ~ or null, makes room for the list.
    kept = text[:start].rstrip(" ") if end > start else text[:start]
    return _with_lines(kept + text[end:], len(kept), column + 1, _block(edit, column + 2), 0)


def _end(node: yaml.Node, text: str, *, inside: bool = False) -> int:
    """Where the last word of ``node`` ends: by YAML's count a block ends behind the comments that follow it.

    ``inside`` leaves out the closing bracket and what stands before it.
    """
    bracket = text[node.start_mark.index : node.start_mark.index + 1] in ("[", "{") and not inside
    if isinstance(node, yaml.ScalarNode) or bracket or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(node, yaml.MappingNode) else last, text)


def _with_lines(text: str, position: int, least: int, lines: list[str], column: int) -> str:
    """``lines`` below the line of ``position`` and the comments that follow it, indented by ``least`` or more."""
    text = _ended(text)
    if not _LINE_END.match(text, position - 1):
        ended = _LINE_END.search(text, position)
        position = ended.end() if ended else len(text)
    while following := re.compile(_COMMENT % least).match(text, position):
        position = following.end()
    ending = "\r\n" if "\r\n" in text else "\n"
    return text[:position] + "".join(f"{' ' * column}{line}{ending}" for line in lines) + text[position:]
