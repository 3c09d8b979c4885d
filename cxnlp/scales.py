"""The scales that scores are given on, as data: add a scale by adding a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Scale", "SCALES"]


@dataclass(frozen=True, slots=True)
class Scale:
    """A declared score scale.

    ``low`` and ``high`` bound the valid answers. ``satisfied`` is the set of answers counted as
    the good end, ``dissatisfied`` the bad end; ``better`` says which end of the numbers is good.
    """

    name: str
    metric: Literal["nps", "csat", "ces"]
    low: int
    high: int
    better: Literal["high", "low"]
    satisfied: frozenset[int]
    dissatisfied: frozenset[int]
    meaning: str


def _scale(name, metric, low, high, better, satisfied, dissatisfied, meaning) -> Scale:  # type: ignore[no-untyped-def]
    return Scale(name, metric, low, high, better, frozenset(satisfied), frozenset(dissatisfied), meaning)


SCALES: dict[str, Scale] = {
    scale.name: scale
    for scale in (
        _scale("nps", "nps", 0, 10, "high", (9, 10), range(7), "likelihood to recommend, 0 to 10"),
        _scale("csat5", "csat", 1, 5, "high", (4, 5), (1, 2), "satisfaction, 1 to 5, top two boxes satisfied"),
        _scale("csat7", "csat", 1, 7, "high", (6, 7), (1, 2, 3), "satisfaction, 1 to 7, top two boxes satisfied"),
        _scale("stars", "csat", 1, 5, "high", (4, 5), (1, 2), "review stars, 1 to 5, 4 and 5 satisfied"),
        _scale("ces7", "ces", 1, 7, "high", (5, 6, 7), (1, 2, 3), "ease, 1 to 7, high means easy"),
        _scale("ces5", "ces", 1, 5, "high", (4, 5), (1, 2), "ease, 1 to 5, high means easy"),
        _scale("ces7-effort", "ces", 1, 7, "low", (1, 2, 3), (5, 6, 7), "effort, 1 to 7, high means hard"),
        _scale("ces5-effort", "ces", 1, 5, "low", (1, 2), (4, 5), "effort, 1 to 5, high means hard"),
    )
}
