"""What passes between rooms: frozen dataclasses around tables whose columns schema.py declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from cxnlp.findings import DriverCard, Flag
from cxnlp.quantities import Outcome, ScoreColumn

__all__ = [
    "Note",
    "Estimate",
    "Guess",
    "Comments",
    "Scores",
    "ScoreColumn",
    "Outcome",
    "Statements",
    "ModelInfo",
    "Encoding",
    "Topics",
    "Codes",
    "Placement",
    "Table",
    "Gold",
    "DriverCard",
    "Drivers",
    "Flag",
    "Evidence",
    "Progress",
]

Progress = Callable[[str, int, int], None]
"""Called as progress(what is being done, units done, units in all); must return quickly."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something the user should know about their data or this run; shown on screen and in the report.

    ``level`` is ``info`` or ``warning``; ``count`` the rows concerned, where rows are concerned.
    """

    stage: str
    message: str
    count: int | None = None
    level: str = "warning"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its uncertainty. NaN limits mean that `method` says why there are none."""

    value: float
    low: float
    high: float
    n: int
    method: str


@dataclass(frozen=True, slots=True)
class Guess:
    """Which input column plays a role (`text`, `score`, `date`...) and how that was decided."""

    role: str
    column: str
    reason: str
    chosen: bool = False
    """True where the user named the column; False where cxnlp guessed it."""
    scale: str | None = None
    """Name of the score scale, for scores."""


@dataclass(frozen=True, slots=True)
class Comments:
    """Result of READ.

    ``source`` is the input exactly as it came: every row, every column, in order, RangeIndex.
    ``table`` has the columns `comments_read`, one row per row of ``source``, same order.
    """

    source: pd.DataFrame
    table: pd.DataFrame
    roles: tuple[Guess, ...]
    name: str
    """Name of the input for people: the file's name, or 'DataFrame'."""
    sha256: str
    """Hash of the input's bytes (of its CSV form for a DataFrame)."""
    notes: tuple[Note, ...] = ()

    def columns(self, role: str) -> list[str]:
        """Input columns that play `role`, in order."""
        return [guess.column for guess in self.roles if guess.role == role]


@dataclass(frozen=True, slots=True)
class Scores:
    """The quantitative side, parsed and checked before the slow part starts.

    ``by_comment``: one row per input row: a float column per score (NaN where missing or invalid),
    a nullable boolean per outcome, a text column per segment, `churned_at` where known.
    ``by_customer``: one row per customer of the customers file (index customer_id), or None.
    """

    by_comment: pd.DataFrame
    by_customer: pd.DataFrame | None
    scores: tuple[ScoreColumn, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    segments: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    """Columns to adjust for: the segments, tenure and whatever was named."""
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Statements:
    """Result of CLEAN: ``comments`` (columns `comments_clean`) and ``table`` (`statements_clean`).

    ``usual_language``: what short, doubtful comments were taken for (`config.CleanConfig`).
    """

    comments: pd.DataFrame
    table: pd.DataFrame
    notes: tuple[Note, ...] = ()
    usual_language: str = "none"


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which weights spoke: name, folder, hash, heads present, where and how they ran.

    ``sha256`` is that of the manifest; of a foreign model, that of the list of its files' hashes.
    """

    name: str
    path: str
    sha256: str
    heads: tuple[str, ...]
    device: str = "cpu"
    precision: str = "float32"
    licence: str = ""
    revision: str = ""
    """Commit of a model from the Hugging Face hub."""
    weights: Mapping[str, str] = field(default_factory=dict)
    """Of a foreign model: file of weights -> SHA-256."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Of a foreign classifier: its label -> the polarity that it was taken for."""
    sentiment: ModelInfo | None = None
    """The foreign classifier that judged sentiment in place of the model's own head."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """Result of ENCODE, one row per statement, same order as the statements table.

    ``embedding``: float32 array (n, width), each row of length 1.
    ``probabilities``: head name -> float32 array (n, labels of the head), calibrated.
    ``thresholds``: head name -> float array (labels,), as `heads.decide` takes them.
    """

    embedding: np.ndarray
    probabilities: Mapping[str, np.ndarray]
    thresholds: Mapping[str, np.ndarray]
    model: ModelInfo
    n_encoded: int = 0
    """Distinct statements that went through the network."""
    n_tokens: int = 0
    seconds: float = 0.0
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Topics:
    """Result of TOPICS: ``table`` (columns `topics`) and ``of_statement`` (`topic_of`), statement order.

    ``files``: name -> content of what the result folder holds for later runs; empty without topics.
    """

    table: pd.DataFrame
    of_statement: pd.DataFrame
    notes: tuple[Note, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Codes:
    """Result of CODES: which tags of the user's codebook each statement carries.

    ``table`` (columns `codes`): one row a tag. ``of_statement`` (`code_of`), statement order. ``review`` (`review`):
    what a person should decide, most doubtful first. ``files``: name -> content of the codebook, for later
    runs. Without a codebook all are empty.
    """

    table: pd.DataFrame
    of_statement: pd.DataFrame
    review: pd.DataFrame
    notes: tuple[Note, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where in the journey each statement belongs: ``of_statement`` has the columns `placement`.

    ``stages`` are the journey's stages in order; ``agreement`` compares the data's stage with the
    model's, where the data give one.
    """

    of_statement: pd.DataFrame
    stages: tuple[str, ...]
    agreement: Estimate | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Result of JOIN, the wide table at three grains.

    ``comments``: columns `comments`, then one per score, outcome and segment; input order.
    ``statements``: columns `statements`.
    ``units``: columns `units`, then one per outcome (nullable boolean, or float) and control. Customers of the
    customers file who wrote nothing are units too, with no comments. Where known also: ``observed_from``,
    ``observed_until`` and ``left_at`` (dates), ``revenue`` (float) and ``cluster`` (text).
    """

    comments: pd.DataFrame
    statements: pd.DataFrame
    units: pd.DataFrame
    scores: tuple[ScoreColumn, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    segments: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    unit_name: str = "comment"
    """'customer' where customers are known, else 'comment'."""
    stages: tuple[str, ...] = ()
    """The journey's stages in order."""
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Gold:
    """Tags that people gave to a random sample: what the model's tags are corrected with.

    ``statements``: one row a labelled statement, with statement_id, topic_id (missing: none), stage (missing: none)
    and polarity, as the coders decided. ``units``: one row a sampled unit, with unit and ``probability``, the chance
    that it had to be drawn, above 0 to 1; all its statements are in ``statements``. ``accuracy``: columns `audit`.
    """

    statements: pd.DataFrame
    units: pd.DataFrame
    accuracy: pd.DataFrame
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Drivers:
    """Result of DRIVERS, tables whose columns schema.py declares.

    ``table`` (`drivers`), ``impact`` (`impact`), ``importance`` (`importance`), ``kano`` (`kano`), ``survival``
    (`survival`: curves of what is shown) and ``prevalence`` (`prevalence`: who mentions what). ``cards``: one per row
    of ``table`` of tier WATCH or better, same order.
    """

    table: pd.DataFrame
    impact: pd.DataFrame
    importance: pd.DataFrame
    kano: pd.DataFrame
    survival: pd.DataFrame
    cards: tuple[DriverCard, ...] = ()
    notes: tuple[Note, ...] = ()
    prevalence: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True)
class Evidence:
    """All that one run found, as tables."""

    comments: pd.DataFrame
    """Wide: columns `comments` plus scores, outcomes, segments; one row per input row, in order."""
    source: pd.DataFrame
    statements: pd.DataFrame
    units: pd.DataFrame
    topics: pd.DataFrame
    metrics: pd.DataFrame
    journey: pd.DataFrame
    drivers: pd.DataFrame
    impact: pd.DataFrame
    flags: tuple[Flag, ...]
    notes: tuple[Note, ...]
    stages: tuple[str, ...]
    scores: tuple[ScoreColumn, ...]
    outcomes: tuple[Outcome, ...]
    segments: tuple[str, ...]
    controls: tuple[str, ...]
    unit_name: str
    model: ModelInfo
    stage_agreement: Estimate | None
    provenance: Mapping[str, Any]
    """Input name and hash, versions, model hash, settings, seeds, row counts, timings, warnings."""
    codes: pd.DataFrame = field(default_factory=pd.DataFrame)
    """Columns `codes`; without rows where no codebook was named."""
    review: pd.DataFrame = field(default_factory=pd.DataFrame)
    """Columns `review`: statements and codes that a person should decide."""
    importance: pd.DataFrame = field(default_factory=pd.DataFrame)
    kano: pd.DataFrame = field(default_factory=pd.DataFrame)
    survival: pd.DataFrame = field(default_factory=pd.DataFrame)
    prevalence: pd.DataFrame = field(default_factory=pd.DataFrame)
    audit: pd.DataFrame = field(default_factory=pd.DataFrame)
    """Columns `audit`: how right the tags are; without rows where nothing was audited."""
    cards: tuple[DriverCard, ...] = ()
    """Associations of tier WATCH or better, in words."""
    files: Mapping[str, bytes | Callable[[], bytes]] = field(default_factory=dict)
    """Further files of the result folder by name, for later runs: topics, edits, codebook, encoding. A large one is
    made when it is written."""
