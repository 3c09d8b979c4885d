"""`cxnlp topics edit`: edits of topics from the command line, checked before they are written."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from cxnlp.cli import console, files
from cxnlp.errors import InputError, SettingsError

if TYPE_CHECKING:
    from cxnlp.topics.edits import Edit

__all__ = ["Folder", "InOrder", "edit", "file_of"]

_ORDER = "cxnlp.order"
_PANEL = "Edits, each repeatable, applied in the order written"

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The results of `cxnlp analyze`.")]
Rename = Annotated[
    list[str] | None,
    typer.Option("--rename", metavar="ID=NAME", help='Rename a topic: t01="Late delivery".', rich_help_panel=_PANEL),
]
Merge = Annotated[
    list[str] | None,
    typer.Option(
        "--merge",
        metavar="ID,ID...[=NAME]",
        help="Merge topics into the first: t03,t07 or t03,t07=Returns.",
        rich_help_panel=_PANEL,
    ),
]
Split = Annotated[
    list[str] | None,
    typer.Option(
        "--split",
        metavar="ID=NUMBER",
        help="Split a topic into 2 to 20: t02=3 makes t02.1, t02.2, t02.3.",
        rich_help_panel=_PANEL,
    ),
]
Move = Annotated[
    list[str] | None,
    typer.Option(
        "--move",
        metavar="TEXT=ID",
        help='Move a statement, by its exact text, to a topic: "The courier threw it over the fence"=t05.',
        rich_help_panel=_PANEL,
    ),
]
Delete = Annotated[
    list[str] | None,
    typer.Option(
        "--delete", metavar="ID", help="Delete a topic: its statements belong to none.", rich_help_panel=_PANEL
    ),
]
Pin = Annotated[
    list[str] | None,
    typer.Option(
        "--pin",
        metavar="ID",
        help="List a topic first, and let no later edit merge it away, split or delete it.",
        rich_help_panel=_PANEL,
    ),
]


class InOrder(TyperCommand):
    """A command that also knows the order in which its options were written, across their names."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As every command does; the names of the options in order go to ``ctx.meta``."""
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        ctx.meta[_ORDER] = [param.name for param in order]
        return super().parse_args(ctx, args)


def edit(
    context: typer.Context,
    folder: Folder,
    rename: Rename = None,
    merge: Merge = None,
    split: Split = None,
    move: Move = None,
    delete: Delete = None,
    pin: Pin = None,
) -> None:
    """Add edits to the topics.yaml of an analysis, all or none; `cxnlp topics apply` then makes the results anew."""
    from cxnlp.topics.edits import describe
    from cxnlp.topics.edits_file import append
    from cxnlp.topics.given import read_edits

    written = _written(context)
    if not written:
        raise SettingsError(
            "no edits", expected="one of --rename, --merge, --split, --move, --delete, --pin", fix="--rename t01=NAME"
        )
    path = file_of(folder)
    text = before = read_edits(path)
    edits = [_edit(kind, value) for kind, value in written]
    for one in edits:
        text = append(text, one, source=str(path))
    _check(folder, path, before, edits, written)
    with files.replacing(path, "make the folder writable, or edit a copy and name it with --edits") as aside:
        aside.write_bytes(text.encode("utf-8"))
    console.lines(*(describe(one) for one in edits), f"Written to {path}. Now run: cxnlp topics apply {folder}")


def file_of(folder: Path) -> Path:
    """The topics.yaml of the analysis in `folder`; InputError where there is none."""
    from cxnlp.topics.saved import EDITS, FILE

    path = folder / EDITS
    if path.exists():
        return path
    if (folder / FILE).exists():
        raise InputError(
            f"no {EDITS} in {folder}: it was tagged with the topics of another analysis",
            expected="the analysis that found the topics",
            fix="edit and apply there, then: cxnlp tag FILE --analysis THERE",
        )
    raise InputError(f"no {EDITS} in {folder}", expected="the result folder of `cxnlp analyze`", fix="name that folder")


def _written(context: typer.Context) -> list[tuple[str, str]]:
    """(kind, value) of each edit, in the order of the command line."""
    values = {kind: iter(context.params.get(kind) or ()) for kind in _READ}
    return [(kind, next(values[kind])) for kind in context.meta[_ORDER] if kind in values]


# What the options say


def _edit(kind: str, value: str) -> Edit:
    """The edit that ``--kind value`` asks for; SettingsError where it is wrong by itself."""
    from cxnlp.topics.edits import Edit, check

    written, (shape, example) = f"--{kind} {value}", _EXAMPLE[kind]
    expected, fix = f"--{kind} {shape}", f"such as --{kind} {example}"
    parts = _READ[kind](value)
    if parts is None:
        raise SettingsError(written, expected=expected, fix=fix)
    made = Edit(kind, **parts)
    try:
        check(made, written)
    except InputError as error:
        raise SettingsError(error.found, expected=expected, fix=fix) from error
    return made


_EXAMPLE = {
    "rename": ("ID=NAME", 't01="Late delivery"'),
    "merge": ("ID,ID or ID,ID=NAME", "t03,t07=Returns"),
    "split": ("ID=NUMBER, 2 to 20", "t02=2"),
    "move": ("TEXT=ID", '"The courier threw it over the fence"=t05'),
    "delete": ("ID", "t09"),
    "pin": ("ID", "t01"),
}

Parts = dict[str, Any] | None


def _rename(value: str) -> Parts:
    topic, sign, name = value.partition("=")
    return {"topics": (topic.strip(),), "name": name.strip()} if sign else None


def _merge(value: str) -> Parts:
    topics, sign, name = value.partition("=")
    return {"topics": tuple(one.strip() for one in topics.split(",")), "name": name.strip() if sign else None}


def _split(value: str) -> Parts:
    topic, _, number = value.partition("=")
    if not re.fullmatch(r"[0-9]{1,4}", number.strip()):
        return None
    return {"topics": (topic.strip(),), "into": int(number)}


def _move(value: str) -> Parts:
    # The last one: a statement may hold a sign like that, an id does not.
    text, sign, topic = value.rpartition("=")
    return {"topics": (topic.strip(),), "texts": (text,)} if sign else None


def _topic(value: str) -> Parts:
    return {"topics": (value.strip(),)}


_READ: dict[str, Callable[[str], Parts]] = {
    "rename": _rename, "merge": _merge, "split": _split, "move": _move, "delete": _topic, "pin": _topic
}  # fmt: skip


# Whether they fit


def _check(folder: Path, path: Path, before: str, edits: Sequence[Edit], written: Sequence[tuple[str, str]]) -> None:
    """Raise InputError where the new edits do not fit the topics, the edits before them, or the statements."""
    from cxnlp.topics.edits import Edits, replay
    from cxnlp.topics.edits_file import parse

    known = parse(before, str(path))
    names = _as_found(before, path)
    _check_analysis(folder, path, known.analysis)
    every = Edits(known.analysis, (*known.edits, *edits), str(path))
    options = {i: f"--{kind} {value}" for i, (kind, value) in enumerate(written, len(known.edits) + 1)}
    try:
        replay(every, list(names), names=names)
    except InputError as error:
        found = _named(error.found, options, str(path))
        if found != error.found:
            found = re.sub(r"\bline [0-9]+\b", rf"\g<0> of {path.name}", found)
        raise InputError(
            found,
            expected=_named(error.expected, options, str(path)),
            fix=_named(error.fix, options, str(path)),
        ) from error
    _check_texts(folder, edits)


def _named(message: str, options: dict[int, str], source: str) -> str:
    """`message` with the new edits as the user wrote them, for they stand in no file yet."""
    for number, option in options.items():
        message = message.replace(f"{source} edit {number}:", f"{option}:")
        message = re.sub(rf"\bedit {number}\b(?!:)", lambda _, said=option: said, message)  # type: ignore[misc]
    return message


def _as_found(text: str, path: Path) -> dict[str, str]:
    """Id -> name of the topics as found, from a text that `parse` has read."""
    import yaml

    # Nothing but text: an id or name such as 1e5 or yes is taken as written.
    listed = yaml.load(text, Loader=yaml.BaseLoader).get("topics")
    if not isinstance(listed, dict) or not all(isinstance(one, dict) and one.get("name") for one in listed.values()):
        raise InputError(
            f"{path}: no list of topics under topics:",
            expected="the topics as found, as `cxnlp analyze` wrote them",
            fix="take that part of the file from a backup, or analyze again",
        )
    return {str(topic): str(one["name"]) for topic, one in listed.items()}


def _check_analysis(folder: Path, path: Path, analysis: str) -> None:
    from cxnlp.topics.saved import read

    own = read(folder).analysis
    if analysis != own:
        raise InputError(
            f"{path} edits the topics of analysis {analysis}, and those of {folder} are {own}",
            expected="the topics.yaml that was written with these results",
            fix="put it back, or analyze again",
        )


def _check_texts(folder: Path, edits: Sequence[Edit]) -> None:
    """Raise InputError for a statement to be moved that is not there, if the folder has the statements."""
    wanted = [text for one in edits for text in one.texts]
    path = folder / "statements.parquet"
    if not wanted or not path.exists():
        return
    import pandas as pd

    try:
        texts = pd.read_parquet(path, columns=["text"])["text"].drop_duplicates()
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{path} cannot be read: {error}", expected="the file as cxnlp wrote it", fix="analyze again"
        ) from error
    for text in wanted:
        if not (texts == text).any():
            near = texts[texts.str.contains(text.strip(), case=False, regex=False)].sort_values()
            raise InputError(
                f"no statement '{text}' in {folder}",
                expected="the whole text of a statement, exactly as in the column text of statements.parquet",
                fix=f'--move "{near.iloc[0]}"=ID' if len(near) else "copy the text from there",
            )
