"""Plans: what is compared, what is adjusted for and what counts as evidence, fixed before the results are known.

A plan is a TOML file with the settings of [scores] and [drivers] that decide what is tested and how. Later runs follow
it; where one is told something else, that is listed. The report carries the SHA-256 of the file.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cxnlp import __version__
from cxnlp.config import Config, config_from
from cxnlp.errors import InputError, SettingsError

__all__ = ["OUTCOMES", "PLANNED", "Plan", "describe", "follow", "followed", "freeze", "read"]

PLANNED: Mapping[str, Mapping[str, str]] = {
    "scores": {
        "outcome": "outcome columns, with the bad value where they have two: 'COLUMN=BAD VALUE'",
        "bad_when": "the bad value of the only outcome",
        "churn": "column that says whether the customer left",
        "churn_date": "column that says when; later comments are no evidence",
        "retained": "column that says whether the customer was retained",
        "conversions": "whether the customer went on from a stage: 'STAGE=COLUMN'",
        "revenue": "column with the customer's revenue",
        "observed_from": "column with the date from which a customer is observed",
        "observed_until": "column with the date until which, or one date",
        "window_days": "leaving counts within so many days after the first comment",
        "segments": "groups to compare and to adjust for",
        "controls": "further columns to adjust for",
        "cluster": "column that names groups of customers who are alike",
        "strict": "stop at scores outside their scale",
    },
    "drivers": {
        "q": "share of false findings allowed among all associations that are reported",
        "fdr": "how that share is controlled: bh (Benjamini-Hochberg) or by (Benjamini-Yekutieli)",
        "min_mentions": "fewest mentions of what is reported",
        "power": "chance that a test must have to show power_rr",
        "power_rr": "risk ratio that a test must be able to show",
        "practical_rd": "smallest difference that matters: in shares, parts of a score's scale or of a mean amount",
        "polarities": "mentions that are tested",
        "by_stage": "whether each journey stage is tested on its own, beside all together",
        "permutations": "shuffles in the checks",
        "permutation_seed": "their seed",
        "rank_bootstrap": "resamples for the intervals of ranks of importance",
    },
}
"""Settings that a plan holds, by room, and what each means. No paths: the same plan serves other files."""

OUTCOMES: tuple[str, ...] = ("outcome", "churn", "churn_date", "retained", "conversions", "revenue")
"""Settings of which at least one names what topics are tested against."""

_ROOM_OF = {name: room for room, settings in PLANNED.items() for name in settings}
_EXPECTED = "a plan as `cxnlp plan` writes it"
_TYPES: Mapping[str, tuple[tuple[type, ...], str]] = {
    "tuple": ((list,), 'a list of texts, ["one", "two"]'),
    "str": ((str,), 'a text, "in quotes"'),
    "int": ((int,), "a whole number"),
    "float": ((int, float), "a number"),
    "bool": ((bool,), "true or false"),
}
"""How the declared type of a setting begins, what TOML gives for it, and in words."""
_TOGETHER = {"bad_when": "outcome"}
"""A setting that means nothing without another: a run that names the other names both."""


@dataclass(frozen=True, slots=True)
class Plan:
    """``sha256``: of the file's bytes. ``frozen_at``: UTC, ISO 8601. ``settings``: name -> value of every setting of
    `PLANNED`; one that the file leaves out has its default."""

    path: Path
    sha256: str
    frozen_at: str
    version: str
    """Of the cxnlp that wrote it."""
    settings: Mapping[str, Any]


def freeze(config: Config, *, frozen_at: str | None = None) -> str:
    """A plan with the settings of `config`, as the text of a TOML file. ``frozen_at``: UTC; now where None.

    Raises SettingsError where neither an outcome nor a control is named: such a plan would fix nothing of substance.
    """
    if not any(getattr(config.scores, name) for name in (*OUTCOMES, "segments", "controls")):
        raise SettingsError(
            "a plan with neither outcome nor controls",
            expected="what topics are tested against, and what is adjusted for",
            fix="name them, such as --churn COLUMN --control COLUMN",
        )
    lines = [
        "# A plan for cxnlp: what is compared, what is adjusted for and what counts as evidence, fixed before the",
        "# results are known. Follow it with --plan and this file. The report will show the file's SHA-256, and list",
        "# where a run was told something else. Do not change it: write another plan.",
        "",
        "[plan]",
        f"frozen_at = {_toml(frozen_at or time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()))}",
        f"cxnlp = {_toml(__version__)}",
    ]
    for room, meanings in PLANNED.items():
        lines += ["", f"[{room}]"]
        for name, meaning in meanings.items():
            value = getattr(getattr(config, room), name)
            # TOML has no word for nothing: a line that is a comment says that the setting was thought of.
            said = f"# {name}: none" if value is None else f"{name} = {_toml(value)}"
            lines += [f"# {meaning}", said]
    return "\n".join(lines) + "\n"


def read(path: Path) -> Plan:
    """The plan in a file.

    Raises InputError where there is no such file, or it is no TOML or no plan; SettingsError for a setting that plans
    do not hold, or a value that it cannot have.
    """
    content = _bytes(path)
    try:
        tables = tomllib.loads(content.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid TOML: {error}", expected=_EXPECTED, fix="cxnlp plan") from error
    head = tables.pop("plan", None)
    if not isinstance(head, dict) or not isinstance(head.get("frozen_at"), str):
        raise InputError(f"{path} has no [plan] with frozen_at", expected=_EXPECTED, fix="cxnlp plan")
    for room, settings in tables.items():
        if room not in PLANNED or not isinstance(settings, dict):
            raise SettingsError.unknown_value(room, PLANNED, option=f"[table] in {path}:")
        for name, value in settings.items():
            _check(room, name, value, path)
    try:
        config = config_from(tables, str(path))
    except SettingsError as error:
        # A value that no run could use, whichever way it came: its message names no file.
        raise SettingsError(f"{path}: {error.found}", expected=error.expected, fix="cxnlp plan") from error
    settings = {name: getattr(getattr(config, room), name) for name, room in _ROOM_OF.items()}
    sha256 = hashlib.sha256(content).hexdigest()
    return Plan(Path(path), sha256, head["frozen_at"], str(head.get("cxnlp", "unknown")), settings)


def follow(config: Config, plan: Plan) -> tuple[Config, tuple[str, ...]]:
    """The settings of a run that follows `plan`, and where it was told something else.

    A setting that the run leaves at its default takes the plan's value. Another value is the run's own and stays; it is
    a deviation, in words, unless it is what was planned (of several columns, in any order). A run that names an outcome
    names its bad value too. Raises SettingsError where the two together are no valid settings.
    """
    default = Config()
    taken: dict[str, Any] = {}
    deviations = []
    for name, planned in plan.settings.items():
        value = _value(config, name)
        own = value != _value(default, name) or (name in _TOGETHER and _is_own(config, default, _TOGETHER[name]))
        if not own:
            taken[name] = planned
        elif _plain(value) != _plain(planned):
            deviations.append(f"{name}: planned {_words(planned)}; run with {_words(value)}")
    rooms = {
        room: dataclasses.replace(
            getattr(config, room), **{name: value for name, value in taken.items() if _ROOM_OF[name] == room}
        )
        for room in PLANNED
    }
    return dataclasses.replace(config, **rooms), tuple(deviations)


def followed(config: Config) -> tuple[Config, dict[str, Any] | None]:
    """The settings under the plan that they name, and what provenance says of it; as they are, None, without one."""
    if config.drivers.plan is None:
        return config, None
    plan = read(config.drivers.plan)
    config, deviations = follow(config, plan)
    return config, describe(plan, deviations)


def describe(plan: Plan, deviations: tuple[str, ...]) -> dict[str, Any]:
    """The plan as provenance holds it: JSON-ready."""
    settings = {name: list(value) if isinstance(value, tuple) else value for name, value in plan.settings.items()}
    return {
        "name": plan.path.name,
        "sha256": plan.sha256,
        "frozen_at": plan.frozen_at,
        "cxnlp": plan.version,
        "settings": settings,
        "deviations": list(deviations),
    }


def _bytes(path: Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot read {path}: {error.strerror}", expected=_EXPECTED, fix="check the path of --plan, or cxnlp plan"
        ) from error


def _check(room: str, name: str, value: Any, path: Path) -> None:
    """Raise SettingsError where `value` of a plan is no value of the setting."""
    if name not in PLANNED[room]:
        raise SettingsError.unknown_value(name, PLANNED[room], option=f"setting of [{room}] in {path}:")
    declared = {field.name: str(field.type) for field in dataclasses.fields(getattr(Config(), room))}[name]
    accepted, words = next(kind for start, kind in _TYPES.items() if declared.startswith(start))
    fits = isinstance(value, accepted) and (not isinstance(value, bool) or bool in accepted)
    if not fits or (isinstance(value, list) and not all(isinstance(one, str) for one in value)):
        raise SettingsError(f"{name} = {value!r} in {path}", expected=words, fix=f"mend {name}, or cxnlp plan")


def _value(config: Config, name: str) -> Any:
    return getattr(getattr(config, _ROOM_OF[name]), name)


def _is_own(config: Config, default: Config, name: str) -> bool:
    return bool(_value(config, name) != _value(default, name))


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, tuple) else value


def _words(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


def _toml(value: Any) -> str:
    """A value of a setting in TOML: text, a number, yes or no, or a list of text."""
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(one) for one in value)}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON leaves one control mark as it is that TOML does not allow.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)
