"""Settings: one frozen dataclass per room, and every check of a setting that needs no data."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cxnlp.config_checks import FORMATS, check_companions, check_values
from cxnlp.errors import InputError, SettingsError

__all__ = [
    "Config",
    "ReadConfig",
    "ScoresConfig",
    "CleanConfig",
    "EncodeConfig",
    "TopicsConfig",
    "CodebookConfig",
    "JourneyConfig",
    "MetricsConfig",
    "DriversConfig",
    "ReportConfig",
    "FORMATS",
    "config_from",
    "load_config",
]


@dataclass(frozen=True, slots=True)
class ReadConfig:
    """Which columns play which role, and how to open the file. None means: guess, and say so."""

    text: str | None = None
    date: str | None = None
    id: str | None = None
    """Column that names the customer."""
    comment_id: str | None = None
    channel: str | None = None
    language: str | None = None
    stage: str | None = None
    scores: tuple[str, ...] = ()
    """Score columns, each 'COLUMN' (scale guessed) or 'COLUMN=SCALE' (schema.SCALES)."""
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class ScoresConfig:
    """How scores, outcomes and customers are joined."""

    outcome: tuple[str, ...] = ()
    """Outcome columns, in the data or in the customers file: 'COLUMN=BAD VALUE', a binary 'COLUMN' with `bad_when`, or
    a score column: its bad end and its whole scale."""
    bad_when: str | None = None
    """The value of the only `outcome` that is the bad one."""
    churn: str | None = None
    """Churn flag column: yes/true/1/churned/left is bad."""
    churn_date: str | None = None
    observed_from: str | None = None
    """Column with the date from which a customer is observed, such as the start of the contract."""
    observed_until: str | None = None
    """Column with the date until which, or one date (YYYY-MM-DD) for all; None: the latest date in the data."""
    window_days: int | None = None
    """Leaving counts within so many days after the customer's first comment; None: until the end of observation."""
    retained: str | None = None
    """Column that says whether the customer was retained: no is bad."""
    conversions: tuple[str, ...] = ()
    """'STAGE=COLUMN': whether the customer went on from that stage; no is bad."""
    revenue: str | None = None
    """Column with the customer's revenue, a number: an outcome, and what is at risk."""
    cluster: str | None = None
    """Column that names groups of customers who are alike, such as account or store: intervals allow for it."""
    customers: Path | None = None
    customers_id: str | None = None
    """Key column of the customers file; default: the same name as the id column."""
    segments: tuple[str, ...] = ()
    """Columns that customers are compared by, in the data or in the customers file."""
    controls: tuple[str, ...] = ()
    """Further columns to adjust for, beside the segments."""
    strict: bool = False
    """Stop at scores outside their scale instead of setting them missing."""


@dataclass(frozen=True, slots=True)
class CleanConfig:
    """How comments become statements."""

    split_clauses: bool = True
    mask_personal_data: bool = True
    max_characters: int = 20_000
    """Longer comments are read to this length; the rest is kept in `text` and said in a note."""
    usual_language: str | None = None
    """Language that short, doubtful comments are taken for; 'none': nothing is; None: found from the comments."""


@dataclass(frozen=True, slots=True)
class EncodeConfig:
    """Which model reads the statements, and where."""

    model: str = "cxnlp-small"
    """Name of an embedded model, or a folder in the same layout."""
    encoder: str | None = None
    """An encoder in Hugging Face layout in place of `model`, NAME@COMMIT or a folder; it has no heads."""
    sentiment_model: str | None = None
    """A sequence classifier in Hugging Face layout in place of the sentiment head, NAME@COMMIT or a folder."""
    sentiment_labels: str | None = None
    """What its labels mean where their names do not say it: 'LABEL_0=negative,LABEL_1=positive'."""
    engine: str = "local"
    device: str = "auto"
    """auto, cpu, cuda or mps."""
    precision: str = "auto"
    """auto (bfloat16 where the processor computes in it, else float32), bfloat16 or float32."""
    tokens_per_batch: int = 2048
    reuse: Path | None = None
    """Result folder of an earlier run over the same comments: what the model computed then is taken from there."""


@dataclass(frozen=True, slots=True)
class TopicsConfig:
    """How statements are grouped."""

    topics: str = "auto"
    """'auto' or the number of topics wanted."""
    min_statements: int = 10
    sample: int = 20_000
    """Most statements that are clustered; the rest are assigned to the topics found."""
    refits: int = 20
    seed: int = 0
    edits: Path | None = None
    """A topics.yaml whose edits are replayed on the topics found."""
    analysis: Path | None = None
    """Result folder of an earlier analysis: its topics are given to the statements, and none are sought."""
    name_with: str | None = None
    """URL of an OpenAI-compatible server that words the names of topics; nothing is sent anywhere without it."""
    name_model: str | None = None
    """The model that the server of `name_with` is to use; None means its own default."""


@dataclass(frozen=True, slots=True)
class CodebookConfig:
    """Which codes the statements are tagged with."""

    codebook: str | None = None
    """A codebook file, or the name of one that comes with cxnlp; None means no codes."""
    corrections: Path | None = None
    """A review list that a person filled in: its answers become examples."""
    error_rate: float = 0.10
    """Share of wrong answers allowed for each code, for statements with it and for those without."""


@dataclass(frozen=True, slots=True)
class JourneyConfig:
    """Which touchpoints, channels or survey ids make which stage."""

    journey: Path | None = None
    """A journey.yaml; None means the default journey of five stages."""


@dataclass(frozen=True, slots=True)
class MetricsConfig:
    """Intervals of the metrics."""

    confidence: float = 0.95
    min_n: int = 5
    """Groups smaller than this are reported without an interval."""


@dataclass(frozen=True, slots=True)
class DriversConfig:
    """What counts as evidence (see drivers/README.md)."""

    q: float = 0.10
    """False-discovery rate over everything tested."""
    fdr: str = "bh"
    """How it is controlled: bh (Benjamini-Hochberg) or by (Benjamini-Yekutieli: under any dependence, stricter)."""
    min_mentions: int = 30
    power: float = 0.80
    power_rr: float = 2.0
    """A test counts as powered if it could have shown this risk ratio."""
    practical_rd: float = 0.02
    """Smallest difference that matters in practice: of an event in shares, of a score in parts of its scale, of an
    amount in parts of its mean."""
    permutations: int = 200
    permutation_seed: int = 0
    rank_bootstrap: int = 200
    """Resamples for the intervals of ranks of importance; 0: none."""
    polarities: tuple[str, ...] = ("negative", "positive")
    """Mentions that are tested."""
    by_stage: bool = True
    """Whether each stage is tested on its own, beside all stages together."""
    gold: Path | None = None
    """Result folder whose audited tags correct the estimates (`cxnlp audit read`)."""
    plan: Path | None = None
    """A frozen plan (`cxnlp plan`) that this run follows."""


@dataclass(frozen=True, slots=True)
class ReportConfig:
    """What is written."""

    formats: tuple[str, ...] = ("html", "parquet", "csv")
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of one run."""

    read: ReadConfig = field(default_factory=ReadConfig)
    scores: ScoresConfig = field(default_factory=ScoresConfig)
    clean: CleanConfig = field(default_factory=CleanConfig)
    encode: EncodeConfig = field(default_factory=EncodeConfig)
    topics: TopicsConfig = field(default_factory=TopicsConfig)
    codebook: CodebookConfig = field(default_factory=CodebookConfig)
    journey: JourneyConfig = field(default_factory=JourneyConfig)
    metrics: MetricsConfig = field(default_factory=MetricsConfig)
    drivers: DriversConfig = field(default_factory=DriversConfig)
    report: ReportConfig = field(default_factory=ReportConfig)

    def __post_init__(self) -> None:
        check_values(self)
        check_companions(self)
        for name, (low, high) in _BOUNDS.items():
            number = getattr(getattr(self, _ROOM_OF[name]), name)
            if not low <= number <= high:
                limits = f"a number from {low} to {high}" if high < _MANY else f"a whole number from {low}"
                raise SettingsError(f"{name} = {number}", expected=limits, fix=f"leave out {name}")

    def replace(self, **changes: Any) -> Config:
        """A copy with changed settings, named by field wherever it lives: ``replace(text='comment', topics='12')``.

        Raises SettingsError for a name that is no setting.
        """
        rooms: dict[str, dict[str, Any]] = {}
        for name, value in changes.items():
            room = _ROOM_OF.get(name)
            if room is None:
                raise SettingsError.unknown_value(name, _ROOM_OF, option="setting")
            rooms.setdefault(room, {})[name] = _coerce(value, name)
        return dataclasses.replace(
            self, **{room: dataclasses.replace(getattr(self, room), **values) for room, values in rooms.items()}
        )


_ROOMS: dict[str, type[Any]] = {
    "read": ReadConfig,
    "scores": ScoresConfig,
    "clean": CleanConfig,
    "encode": EncodeConfig,
    "topics": TopicsConfig,
    "codebook": CodebookConfig,
    "journey": JourneyConfig,
    "metrics": MetricsConfig,
    "drivers": DriversConfig,
    "report": ReportConfig,
}
_MANY = 10**12
_BOUNDS: dict[str, tuple[float, float]] = {
    "max_characters": (1, _MANY),
    "min_statements": (1, _MANY),
    "sample": (1, _MANY),
    "refits": (0, _MANY),
    "tokens_per_batch": (1, _MANY),
    "min_n": (2, _MANY),
    "min_mentions": (1, _MANY),
    "permutations": (20, _MANY),
    "rank_bootstrap": (0, _MANY),
    "confidence": (0.5, 0.999),
    "error_rate": (0.001, 0.49),
    "q": (0.001, 0.5),
    "power": (0.5, 0.99),
    "power_rr": (1.01, 100),
    "practical_rd": (0, 1),
}
_SIMPLE: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "bool": (bool,)}
_ROOM_OF = {setting.name: room for room, kind in _ROOMS.items() for setting in dataclasses.fields(kind)}
_TYPE_OF = {setting.name: str(setting.type) for kind in _ROOMS.values() for setting in dataclasses.fields(kind)}


def load_config(path: Path) -> Config:
    """Read settings from a TOML file whose tables are the rooms: ``[read]``, ``[topics]``...

    Raises InputError where the file is missing or is no TOML, SettingsError for an unknown name or value.
    """
    try:
        tables = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"cannot read {path}: {error.strerror}",
            expected="a TOML file with settings",
            fix="check the path of --config",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} is not valid TOML: {error}", expected="[room] tables with name = value", fix="mend that line"
        ) from error
    return config_from(tables, str(path))


def config_from(tables: Mapping[str, Any], where: str) -> Config:
    """Settings from tables by room, as a TOML file or the analysis.json of a finished run holds them.

    Raises SettingsError, naming `where`, for an unknown name or value.
    """
    config: dict[str, Any] = {}
    for room, values in tables.items():
        if room not in _ROOMS or not isinstance(values, dict):
            raise SettingsError.unknown_value(room, _ROOMS, option=f"[table] in {where}:")
        kind = _ROOMS[room]
        known = [setting.name for setting in dataclasses.fields(kind)]
        for name in values:
            if name not in known:
                raise SettingsError.unknown_value(name, known, option=f"setting of [{room}] in {where}:")
        config[room] = kind(**{name: _coerce(value, name) for name, value in values.items()})
    return Config(**config)


def _coerce(value: Any, name: str) -> Any:
    """`value` in the type that setting `name` declares: text becomes a path or a tuple where that is wanted."""
    declared = _TYPE_OF[name]
    if value is None:
        return None
    for kind, accepted in _SIMPLE.items():
        if declared == kind and (not isinstance(value, accepted) or (isinstance(value, bool) and kind != "bool")):
            raise SettingsError(f"{name} = {value!r}", expected=f"a value of type {kind}", fix=f"write {name} = VALUE")
    if declared.startswith("tuple"):
        return (value,) if isinstance(value, str) else tuple(value)
    if declared.startswith("Path"):
        return Path(value)
    if declared.startswith("str"):
        return str(value)
    return value
