"""Topics on disk: one safetensors file that gives later comments the same topics, and the edits beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cxnlp.errors import InputError
from cxnlp.tensors import UNREADABLE, pack, unpack
from cxnlp.topics.crossfit import Half
from cxnlp.topics.fitted import FittedTopics
from cxnlp.topics.space import Space, project

__all__ = ["FILE", "EDITS", "KEPT", "SavedTopics", "to_bytes", "points", "read"]

FILE = "topics.safetensors"
EDITS = "topics.yaml"

KEPT: tuple[str, ...] = (
    "topic_id", "topic_name", "theme_id", "theme_name", "keywords", "names", "stability", "edited"
)  # fmt: skip
"""Columns of the topics table that do not depend on which statements are counted."""

_HALF = ("centre", "limit", "stands_for")


@dataclass(frozen=True, slots=True)
class SavedTopics:
    """The topics of a finished analysis.

    ``fitted``: the rule. ``table``: the columns `KEPT`, one row a topic, in the order of the topic numbers.
    ``analysis``: fingerprint of the topics as found, before edits. ``model``: SHA-256 of the encoder. ``halves``: the
    topics of each half of the customers alone; None where they were not sought, or by an earlier version.
    """

    fitted: FittedTopics
    table: pd.DataFrame
    analysis: str
    model: str
    halves: tuple[Half, Half] | None = None


def to_bytes(saved: SavedTopics) -> bytes:
    """The file: arrays as tensors, everything else as JSON in the header; equal topics give equal bytes."""
    fitted = saved.fitted
    languages = sorted(fitted.space.shift)
    width = len(fitted.space.mean)
    shift = np.array([fitted.space.shift[one] for one in languages]).reshape(-1, width)
    arrays = {
        "mean": fitted.space.mean,
        "shift": shift,
        "axes": fitted.space.axes,
        "centre": fitted.centre,
        "topic": fitted.topic.astype(np.int64),
        "limit": fitted.limit,
        **{
            f"half_{number}_{name}": getattr(half, name)
            for number, half in enumerate(saved.halves or ())
            for name in _HALF
        },
    }
    words = {
        "languages": languages,
        "moved": dict(sorted(fitted.moved.items())),
        "splits": fitted.splits,
        "table": json.loads(saved.table[list(KEPT)].to_json(orient="records")),
        "analysis": saved.analysis,
        "model": saved.model,
    }
    return pack(arrays, words)


def points(saved: SavedTopics, embedding: np.ndarray, languages: pd.Series) -> np.ndarray:
    """Where statements lie in the space of the topics: (n, d), rows of length 1."""
    return project(saved.fitted.space, embedding, languages.astype(object).where(languages.notna(), "").to_numpy())


def read(folder: Path) -> SavedTopics:
    """The topics that an analysis left in `folder`.

    Raises InputError where there is no analysis, or its file is damaged or of another format.
    """
    path = Path(folder) / FILE
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"no {FILE} in {folder}: {error.strerror}",
            expected="the result folder of `cxnlp analyze`",
            fix="name that folder, or analyze again with this version of cxnlp",
        ) from error
    try:
        return _unpack(data)
    except UNREADABLE as error:
        raise InputError(
            f"{path} cannot be read as topics: {error}",
            expected="the file as `cxnlp analyze` wrote it",
            fix="analyze again, or take the file from a backup",
        ) from error


def _unpack(data: bytes) -> SavedTopics:
    arrays, words = unpack(data)
    shift = dict(zip(words["languages"], arrays["shift"], strict=True))
    space = Space(arrays["mean"], shift, arrays["axes"])
    table = pd.DataFrame(words["table"], columns=list(KEPT))
    table["stability"] = table["stability"].astype(np.float64)
    topic, centre = arrays["topic"], arrays["centre"]
    sound = len(topic) == len(centre) == len(arrays["limit"]) and centre.shape[1:] == arrays["axes"].shape[1:]
    if not sound or topic.max(initial=-1) >= len(table):
        raise ValueError("its parts do not fit together")
    splits = tuple((tuple(source), tuple(into)) for source, into in words["splits"])
    if any(not 0 <= one < len(centre) for pair in splits for part in pair for one in part):
        raise ValueError("its splits name centroids that it does not have")
    fitted = FittedTopics(space, centre, topic, arrays["limit"], words["moved"], splits)
    return SavedTopics(fitted, table, words["analysis"], words["model"], _halves(arrays, fitted))


def _halves(arrays: dict[str, np.ndarray], fitted: FittedTopics) -> tuple[Half, Half] | None:
    if "half_0_centre" not in arrays:
        return None
    one, other = (Half(*(arrays[f"half_{number}_{name}"] for name in _HALF)) for number in (0, 1))
    for half in (one, other):
        fits = len(half.centre) == len(half.limit) == len(half.stands_for) and len(half.centre) > 0
        if not fits or half.centre.shape[1:] != fitted.centre.shape[1:]:
            raise ValueError("the topics of a half do not fit together")
        if half.stands_for.min() < 0 or half.stands_for.max() >= len(fitted.centre):
            raise ValueError("the topics of a half name centroids that it does not have")
    return one, other
