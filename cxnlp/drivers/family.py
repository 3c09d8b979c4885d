"""What is tested: the family of topic x stage x polarity tests, and who mentioned what, when."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import sparse

from cxnlp.config import DriversConfig
from cxnlp.drivers.days import days
from cxnlp.halves import in_first_half
from cxnlp.results import Note, Table

__all__ = ["Family", "family", "until", "MIN_STAGE_MENTIONS", "ALL"]

MIN_STAGE_MENTIONS = 5
"""A stage of a topic is tested on its own from so many units; fewer could never pass the power gate."""

ALL = "all"
"""Name of the test that takes the topic's mentions from every stage, and from none."""

_KEY = ["topic_id", "stage", "polarity"]
_POLAR = ("negative", "positive")


@dataclass(frozen=True, slots=True)
class Family:
    """Every test of a run, chosen before any outcome is looked at.

    ``tests``: columns topic_id, stage, polarity, sorted. ``units``: rows of Table.units that enter (at least one scored
    comment), in the order of the matrices, which are CSR of shape (units, tests): ``mentions``, ``neutral`` and
    ``crossfit`` of integers 0 and 1, as in `sample.Sample`; ``day``: days from 1970-01-01 to the unit's first such
    statement, where that is dated. ``first_half``: bool (units,).
    """

    tests: pd.DataFrame
    units: pd.DataFrame
    mentions: sparse.csr_array
    neutral: sparse.csr_array
    crossfit: sparse.csr_array
    day: sparse.csr_array
    first_half: np.ndarray
    notes: tuple[Note, ...] = ()


def family(table: Table, config: DriversConfig, *, later: Table | None = None) -> Family:
    """The tests worth making; ``later``: a table that also holds what was said afterwards, for the days of mentions.

    Each topic x polarity that at least one unit mentions is tested over all stages, and in each
    stage with at least `MIN_STAGE_MENTIONS` units. Where one stage holds every unit of the
    topic, the stage and 'all' are the same test: only the stage, which says more, is kept, so
    that no test counts twice in the false-discovery control.
    """
    units = table.units[table.units["n_comments"] >= 1].reset_index(drop=True)
    said = _said(table, units)
    mentions = _polar(said, config)
    counts = mentions.groupby(_KEY, sort=True).size().rename("n").reset_index()
    large = counts[(counts["stage"] == ALL) | (counts["n"] >= MIN_STAGE_MENTIONS)]
    tests = _without_twins(large).reset_index(drop=True)[_KEY]
    again = _polar(said, config, topic="other_half")
    neutral = said[said["polarity"] == "neutral"].rename(columns={"own": "topic_id"})
    flat = _by_stage(neutral, by_stage=config.by_stage).drop(columns="polarity")
    of_both = pd.concat([flat.assign(polarity=polarity) for polarity in _POLAR])
    shape = (len(units), len(tests))
    return Family(
        tests,
        units,
        _matrix(mentions, tests, shape),
        _matrix(of_both, tests, shape),
        _matrix(again, tests, shape),
        _matrix(mentions if later is None else _polar(_said(later, units), config), tests, shape, value="day"),
        _halves(table, units),
        _notes(counts, large),
    )


def until(table: Table, stage: str) -> Table:
    """The table as it was when customers were to pass ``stage``: without what is said in later stages.

    Only who went on can say it, so it would look as if it kept them. Units that say nothing else do not enter, but are
    not silent either.
    """
    late = table.statements["stage"].isin(table.stages[table.stages.index(stage) + 1 :])
    evidence = table.statements["in_window"].fillna(False).astype(bool)
    earlier, later = (table.statements.loc[evidence & when, "unit"] for when in (~late, late))
    spoke = ~table.units["unit"].isin(later) | table.units["unit"].isin(earlier)
    units = table.units.assign(n_comments=table.units["n_comments"] * spoke)
    return replace(table, statements=table.statements[~late], units=units)


def _said(table: Table, units: pd.DataFrame) -> pd.DataFrame:
    """Statements that are evidence: own and other_half (topics), stage, polarity, position of the unit, day."""
    statements = table.statements
    kept = statements[
        statements["in_window"].fillna(False).astype(bool)
        & statements["sentiment_label"].isin([*_POLAR, "neutral"])
        & statements["unit"].isin(units["unit"])
    ]
    position = pd.Series(np.arange(len(units)), index=units["unit"].to_numpy())
    written = days(table.comments["created_at"])[kept["row"].to_numpy(dtype=np.int64)]
    return pd.DataFrame(
        {
            "own": kept["topic_id"].astype(object).to_numpy(),
            "other_half": kept["topic_crossfit"].astype(object).to_numpy(),
            "stage": kept["stage"].astype(object).to_numpy(),
            "polarity": kept["sentiment_label"].astype(object).to_numpy(),
            "position": kept["unit"].map(position).to_numpy(dtype=np.intp),
            "day": written,
        }
    )


def _polar(said: pd.DataFrame, config: DriversConfig, topic: str = "own") -> pd.DataFrame:
    """Negative and positive mentions of the polarities asked for, by `_by_stage`, from those of `_said`."""
    polar = said[said["polarity"].isin([one for one in _POLAR if one in config.polarities])]
    return _by_stage(polar.rename(columns={topic: "topic_id"}), by_stage=config.by_stage)


def _by_stage(said: pd.DataFrame, *, by_stage: bool) -> pd.DataFrame:
    """One row per unit, topic, polarity and stage, and one over all stages; ``day`` is the first."""
    said = said.dropna(subset="topic_id")
    whole = said.assign(stage=ALL)
    every = pd.concat([said.dropna(subset="stage"), whole]) if by_stage else whole
    return every.groupby([*_KEY, "position"], sort=False)[["day"]].min().reset_index()


def _matrix(
    rows: pd.DataFrame, tests: pd.DataFrame, shape: tuple[int, int], value: str | None = None
) -> sparse.csr_array:
    found = rows.merge(tests.assign(column=np.arange(len(tests))), on=_KEY, how="inner")
    data = np.ones(len(found), dtype=np.int64) if value is None else found[value].to_numpy(dtype=float)
    kept = np.isfinite(data)
    at = (found["position"].to_numpy(dtype=np.intp)[kept], found["column"].to_numpy(dtype=np.intp)[kept])
    return sparse.csr_array(sparse.coo_array((data[kept], at), shape=shape))


def _halves(table: Table, units: pd.DataFrame) -> np.ndarray:
    """By the customer's key; by the words of the comment where no customer is known."""
    words = table.comments.drop_duplicates("unit").set_index("unit")["text_clean"].astype(object)
    keys = units["customer_id"].astype(object).where(units["customer_id"].notna(), units["unit"].map(words))
    return in_first_half("" if pd.isna(key) else str(key) for key in keys)


def _without_twins(counts: pd.DataFrame) -> pd.DataFrame:
    # A stage's units are a subset of the topic's units, so equal counts mean equal units.
    topic = [counts["topic_id"], counts["polarity"]]
    whole = (counts["n"] == counts["n"].where(counts["stage"] == ALL).groupby(topic).transform("max")) & (
        counts["stage"] != ALL
    )
    repeated = whole & (whole.astype(int).groupby(topic).cumsum() > 1)
    return counts[~repeated & ~((counts["stage"] == ALL) & whole.groupby(topic).transform("any"))]


def _notes(counts: pd.DataFrame, large: pd.DataFrame) -> tuple[Note, ...]:
    small = len(counts) - len(large)
    if not small:
        return ()
    message = (
        f"topic and stage combinations were not tested on their own: fewer than {MIN_STAGE_MENTIONS} "
        "mentions each (they count under 'all' stages)"
    )
    return (Note("drivers", message, small, "info"),)
