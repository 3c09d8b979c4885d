"""Outcomes that are scores: the bad end of the scale, and the whole scale."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cxnlp.results import Outcome, ScoreColumn
from cxnlp.scores.answers import at_bad_end
from cxnlp.scores.sources import Field

__all__ = ["first_answered", "of_score"]

_BAD_END = {
    "nps": ("is_detractor", "is a detractor"),
    "csat": ("is_dissatisfied", "is dissatisfied"),
    "ces": ("is_high_effort", "reports high effort"),
}


def first_answered(scores: Sequence[ScoreColumn], answers: dict[str, pd.Series]) -> ScoreColumn | None:
    """The score that stands for an outcome where none is named: NPS before CSAT before CES, and it has answers."""
    answered = [score for score in scores if answers[score.name].notna().any()]
    return min(answered, key=lambda score: list(_BAD_END).index(score.scale.metric), default=None)


def of_score(score: ScoreColumn, answers: pd.Series, *, derived: bool = False) -> list[tuple[Outcome, Field]]:
    """Both outcomes of a score: whether the answer is at the bad end, and the answer itself."""
    name, label = _BAD_END[score.scale.metric]
    bad = at_bad_end(answers, score.scale).astype("boolean").mask(answers.isna())
    event = Outcome(name, label, score.source, derived)
    whole = Outcome(
        f"{score.name}_score",
        f"score of {score.source}",
        score.source,
        derived,
        kind="score",
        better=score.scale.better,
        scale=score.scale,
    )
    return [(event, Field(name, bad)), (whole, Field(whole.name, answers.astype(float)))]
