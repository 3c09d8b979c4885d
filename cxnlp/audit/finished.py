"""What a finished analysis holds for an audit: its statements by unit, its topics, its tests, and its model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cxnlp import registry
from cxnlp.audit.naming import named
from cxnlp.errors import InputError, ModelError
from cxnlp.results import Note

__all__ = ["STAGE", "Finished", "read", "trained"]

STAGE = "audit"
"""Stage of the notes of this room."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A result folder, read.

    ``spoken``: the statements inside the window as `naming.named` returns them, with ``comment``, the whole cleaned
    comment. ``topics``: topic_id, topic_name, keywords (text), in the order of the table. ``drivers``: outcome,
    topic_id, stage, polarity, tier of every test. ``stages``: those of the journey, in order. ``model``: the model as
    analysis.json has it.
    """

    folder: Path
    spoken: pd.DataFrame
    topics: pd.DataFrame
    drivers: pd.DataFrame
    stages: tuple[str, ...]
    model: Mapping[str, Any]


def read(folder: Path) -> Finished:
    """The finished analysis in `folder`.

    Raises InputError where it holds none, was written without Parquet files, has no topics, or is damaged.
    """
    folder = Path(folder)
    try:
        content = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))
        model, stages = dict(content["model"]), tuple(str(stage) for stage in content["stages"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise InputError(
            f"no analysis in {folder}: {error}",
            expected="the result folder of `cxnlp analyze` or `cxnlp tag`",
            fix="name that folder",
        ) from error
    statements, comments = (_parquet(folder, name) for name in ("statements", "comments"))
    customers = comments.groupby("unit")["customer_id"].first()
    spoken = named(statements, customers)
    whole = comments["text_clean"].to_numpy(dtype=object)[spoken["row"].to_numpy()]
    topics, drivers = (
        _csv(folder, "topics", ["topic_id", "topic_name", "keywords"]),
        _csv(folder, "drivers", ["outcome", "topic_id", "stage", "polarity", "tier"]),
    )
    if topics.empty or spoken.empty:
        raise InputError(
            f"{folder} holds {'no topics' if topics.empty else 'no statements'}",
            expected="an analysis with topics: they are what an audit checks",
            fix="analyze more comments",
        )
    return Finished(folder, spoken.assign(comment=whole), topics, drivers, stages, model)


def trained(finished: Finished) -> tuple[np.ndarray, tuple[Note, ...]]:
    """Which statements of ``finished.spoken`` hold words that trained the model, and whether that can be known.

    A statement is marked where its own words, or those of its whole comment, are among the model's training texts;
    boolean array. What a foreign model was trained with is not known; a note says so.
    """
    spoken = finished.spoken
    hashes = _hashes(finished.model)
    notes = []
    if hashes is None:
        notes.append(_unknown(str(finished.model.get("name"))))
        hashes = np.empty(0, dtype=np.uint64)
    foreign = finished.model.get("sentiment")
    if foreign:
        notes.append(_unknown(str(foreign.get("name"))))
    known = np.zeros(len(spoken), dtype=bool)
    for column in ("text", "comment"):
        code, texts = pd.factorize(spoken[column])
        known |= np.isin(registry.text_hashes(texts), hashes)[code]
    return known, tuple(notes)


def _hashes(model: Mapping[str, Any]) -> np.ndarray | None:
    if model.get("weights"):
        return None
    for place in (model.get("path"), model.get("name")):
        try:
            return registry.read_trained_on(registry.find(str(place)))
        except ModelError:
            continue
    return None


def _unknown(name: str) -> Note:
    return Note(
        STAGE,
        f"which texts trained {name} is not known: make sure that none of these comments did, or its errors look rarer "
        "than they are",
    )


def _parquet(folder: Path, name: str) -> pd.DataFrame:
    try:
        return pd.read_parquet(folder / f"{name}.parquet")
    except (OSError, ValueError) as error:
        raise InputError(
            f"the {name} of {folder} cannot be read: {error}",
            expected="comments.parquet and statements.parquet",
            fix="analyze with --format parquet",
        ) from error


def _csv(folder: Path, name: str, columns: list[str]) -> pd.DataFrame:
    try:
        return pd.read_csv(
            folder / f"{name}.csv", usecols=columns, dtype="str", encoding="utf-8-sig", keep_default_na=False
        )[columns]
    except (OSError, ValueError) as error:
        raise InputError(
            f"the {name}.csv of {folder} cannot be read: {error}",
            expected="the file as cxnlp wrote it",
            fix="analyze again",
        ) from error
