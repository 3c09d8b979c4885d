"""Which touchpoints, channels and columns make which stage: the default journey, and journey.yaml.

A journey.yaml lists the stages in their order; every key but ``name`` may be left out::

    stages:
      - name: purchase
        touchpoints: [ORD, STO, DEL]      # codes of heads.TOUCHPOINTS
        channels: [checkout survey]       # values of the channel column
        columns: {survey_id: [S12, S13]}  # values of any column of the data
        aliases: [buying, Kauf]           # names of the stage in the data's own stage column
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cxnlp.config import JourneyConfig
from cxnlp.errors import InputError, SettingsError
from cxnlp.heads import TOUCHPOINTS
from cxnlp.results import Comments

__all__ = ["DEFAULT", "JourneyMap", "fold", "load"]


@dataclass(frozen=True, slots=True)
class JourneyMap:
    """A journey: ``stages`` in order, and what leads to them.

    ``touchpoints``: code -> stage. ``channels`` and ``aliases``: folded value -> stage (see `fold`).
    ``columns``: column of the data -> folded value -> stage. What is in none of them belongs to no stage.
    """

    stages: tuple[str, ...]
    touchpoints: Mapping[str, str]
    channels: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)


_DEFAULT_TOUCHPOINTS = {
    "awareness": ("AWR",),
    "consideration": ("INF", "PRC", "WEB"),
    "purchase": ("ORD", "STO", "DEL"),
    "retention": ("ONB", "PRD", "STF", "WAI", "SUP", "RET", "BIL", "LOY", "CAN"),
    "advocacy": ("REC",),
}

DEFAULT = JourneyMap(
    stages=tuple(_DEFAULT_TOUCHPOINTS),
    touchpoints={code: stage for stage, codes in _DEFAULT_TOUCHPOINTS.items() for code in codes},
    aliases={stage: stage for stage in _DEFAULT_TOUCHPOINTS},
)
"""The five classical stages."""

_CODES = tuple(code for code in TOUCHPOINTS if code != "OTH")
_KEYS = ("name", "touchpoints", "channels", "columns", "aliases", "values")
_EXAMPLE = "stages: a list of entries such as {name: purchase, touchpoints: [ORD, DEL]}"


def fold(value: object) -> str:
    """``value`` as names are compared: without case, accents and Excel's '.0'; hyphen and underscore are spaces."""
    text = unicodedata.normalize("NFKD", str(value)).casefold()
    letters = "".join(letter for letter in text if not unicodedata.combining(letter))
    plain = " ".join(letters.replace("_", " ").replace("-", " ").split())
    return plain[:-2] if plain.endswith(".0") and plain[:-2].isdigit() else plain


def load(config: JourneyConfig, comments: Comments) -> JourneyMap:
    """The journey of ``config.journey``, or `DEFAULT`; its ``columns`` are columns of ``comments.source``.

    Raises InputError where the file is missing or is no YAML, or a column is not in the data; SettingsError, naming
    the stage and the key, where it holds something unknown or names one touchpoint, channel, value or stage twice.
    """
    if config.journey is None:
        return DEFAULT
    path = Path(config.journey)
    content = _read(path)
    entries = content.get("stages") if isinstance(content, dict) else None
    if not isinstance(entries, list) or not entries:
        raise SettingsError(f"no stages in {path}", expected=_EXAMPLE, fix="list the stages under 'stages:'")
    for key in content:
        if key != "stages":
            raise SettingsError.unknown_value(key, ("stages",), option=f"key of {path}:")
    journey = _map(entries, path)
    for column in journey.columns:
        if column not in comments.source:
            raise InputError.missing_column(
                column, comments.source.columns, option=f"'columns' of {path}", where=comments.name
            )
    return journey


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice, where YAML would silently keep the last."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key) for key, _ in node.value]
    for position, key in enumerate(keys):
        if key in keys[:position]:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} is there twice", node.value[position][0].start_mark
            )
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _read(path: Path) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_Loader)
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise InputError(
            f"cannot open {path}: {error.strerror}", expected="a journey.yaml", fix="check the path of --journey"
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8: {error}", expected=_EXAMPLE, fix="save the file as UTF-8") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1} of {path}" if mark else str(path)
        problem = getattr(error, "problem", None) or str(error)
        raise InputError(f"{where} is not valid YAML: {problem}", expected=_EXAMPLE, fix="mend that line") from error


def _map(entries: list[Any], path: Path) -> JourneyMap:
    stages: list[str] = []
    touchpoints: dict[str, str] = {}
    channels: dict[str, str] = {}
    aliases: dict[str, str] = {}
    columns: dict[str, dict[str, str]] = {}
    for number, entry in enumerate(entries, start=1):
        stage = _name(entry, f"stage {number} of {path}")
        where = f"stage {stage!r} of {path}"
        stages.append(stage)
        _claim(aliases, [fold(stage)], stage, f"the name of {where}")
        for key in ("aliases", "values"):
            own = [name for name in map(fold, _list(entry, key, where)) if name != fold(stage)]
            _claim(aliases, own, stage, f"{key} of {where}")
        _claim(touchpoints, _codes(entry, where), stage, f"touchpoints of {where}")
        _claim(channels, [fold(channel) for channel in _list(entry, "channels", where)], stage, f"channels of {where}")
        for column, values in _columns(entry, where).items():
            _claim(columns.setdefault(column, {}), [fold(value) for value in values], stage, f"{column} of {where}")
    return JourneyMap(tuple(stages), touchpoints, channels, columns, aliases)


def _name(entry: Any, where: str) -> str:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or not entry["name"].strip():
        raise SettingsError(f"{where} without a name in words: {entry!r}", expected=_EXAMPLE, fix="name: purchase")
    for key in entry:
        if key not in _KEYS:
            raise SettingsError.unknown_value(key, _KEYS, option=f"key of {where}:")
    return entry["name"].strip()


def _list(entry: Mapping[str, Any], key: str, where: str) -> list[Any]:
    values = entry.get(key) or []
    if not isinstance(values, list) or any(isinstance(value, dict | list) for value in values):
        raise SettingsError(
            f"{key} of {where}: {values!r}", expected=f"a list, such as {key}: [one, two]", fix="write it in [ ]"
        )
    return values


def _codes(entry: Mapping[str, Any], where: str) -> list[str]:
    codes = [str(code).strip().upper() for code in _list(entry, "touchpoints", where)]
    for code in codes:
        if code not in _CODES:
            raise SettingsError.unknown_value(code, _CODES, option=f"touchpoints of {where}:")
    return codes


def _columns(entry: Mapping[str, Any], where: str) -> dict[str, list[Any]]:
    columns = entry.get("columns") or {}
    if not isinstance(columns, dict):
        raise SettingsError(
            f"columns of {where}: {columns!r}",
            expected="columns: {survey_id: [S1, S2]}",
            fix="name the column, then the list of its values",
        )
    return {str(column): _list(columns, column, f"columns of {where}") for column in columns}


def _claim(owners: dict[str, str], values: list[str], stage: str, where: str) -> None:
    """Give each of ``values`` to ``stage``; two stages, or one twice, may not claim the same."""
    for value in values:
        if value in owners:
            other = "twice there" if owners[value] == stage else f"already in stage {owners[value]!r}"
            raise SettingsError(
                f"{value!r} in {where}, {other}", expected="each value in one stage, once", fix=f"remove {value!r} once"
            )
        owners[value] = stage
