"""The statements of both waves in one line, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxnlp.errors import InternalError
from cxnlp.waves.wave import Wave

__all__ = ["Line", "line_up"]


@dataclass(frozen=True, slots=True)
class Line:
    """n statements, the first wave's before the second's.

    ``points`` (n, d). ``texts`` and ``language`` (n,), '' where unknown; ``language_code`` (n,): rank of the
    language. ``topic`` (n,): 0..k-1, -1 for none. ``unit`` (n,): a number for each customer of each wave.
    ``after`` (n,): true in the second wave. ``usable`` (n,): false for all statements of customers that the
    candidates were found on. ``key`` (n,): uint64, the same for the same text in the same language.
    """

    points: np.ndarray
    texts: np.ndarray
    language: np.ndarray
    language_code: np.ndarray
    topic: np.ndarray
    unit: np.ndarray
    after: np.ndarray
    usable: np.ndarray
    key: np.ndarray

    def of_topic(self, topic: int, *, held_out: bool) -> np.ndarray:
        """Positions of the topic's statements; `held_out`: only of the usable ones."""
        own = self.topic == topic
        return np.flatnonzero(own & self.usable if held_out else own)


def line_up(before: Wave, after: Wave, topic_ids: pd.Series, found_on: np.ndarray | None) -> Line:
    """Both waves as arrays; `found_on` as in `compare`."""
    both = pd.concat([before.statements, after.statements], ignore_index=True)
    late = np.arange(len(both)) >= len(before.statements)
    texts, language = (
        both[name].astype(object).where(both[name].notna(), "").to_numpy(dtype=object) for name in ("text", "language")
    )
    code, languages = pd.factorize(language, sort=True)
    text_rank = pd.factorize(texts, sort=True)[0]
    unit = pd.factorize(both["unit"])[0].astype(np.int64) * 2 + late
    used = np.zeros(len(both), dtype=bool)
    if found_on is not None:
        used[late] = _flags(found_on, len(after.statements))
    return Line(
        np.concatenate([before.points, after.points]).astype(np.float64, copy=False),
        texts,
        language,
        code,
        pd.Index(topic_ids.astype(object)).get_indexer(pd.Index(both["topic_id"].astype(object))),
        unit,
        late,
        ~np.isin(unit, unit[used]),
        _scatter(text_rank * max(len(languages), 1) + code),
    )


def _flags(found_on: np.ndarray, n: int) -> np.ndarray:
    if np.shape(found_on) != (n,):
        raise InternalError(
            f"found_on of shape {np.shape(found_on)} for {n} statements",
            expected="one flag a statement of the second wave",
            fix="please report this as a bug of cxnlp with the command that you ran",
        )
    return np.asarray(found_on, dtype=bool)


def _scatter(rank: np.ndarray) -> np.ndarray:
    """Numbers to well spread uint64, so that sums of different ones differ (SplitMix64, Steele et al. 2014)."""
    z = (rank.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: np.ndarray = z ^ (z >> np.uint64(31))
    return mixed
