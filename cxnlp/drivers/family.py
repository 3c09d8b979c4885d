"""What is tested: the family of topic x stage x polarity tests, and who mentioned what."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from cxnlp.results import Note, Table

__all__ = ["Family", "family", "in_first_half", "MIN_STAGE_MENTIONS", "ALL"]

MIN_STAGE_MENTIONS = 5
"""A stage of a topic is tested on its own from so many units; fewer could never pass the power gate."""

ALL = "all"
"""Name of the test that takes the topic's mentions from every stage, and from none."""

_KEY = ["topic_id", "stage", "polarity"]


@dataclass(frozen=True, slots=True)
class Family:
    """Every test of a run, chosen before any outcome is looked at.

    ``tests``: columns topic_id, stage, polarity, sorted. ``mentions``: boolean CSR matrix of shape
    (units, tests): the unit has such a statement inside the window. ``units``: rows of
    Table.units that enter (at least one scored comment), in the order of the matrix.
    """

    tests: pd.DataFrame
    mentions: sparse.csr_array
    units: pd.DataFrame
    notes: tuple[Note, ...] = ()


def family(table: Table) -> Family:
    """The tests worth making.

    Each topic x polarity that at least one unit mentions is tested over all stages, and in each
    stage with at least `MIN_STAGE_MENTIONS` units. Where one stage holds every unit of the
    topic, the stage and 'all' are the same test: only the stage, which says more, is kept, so
    that no test counts twice in the false-discovery control.
    """
    units = table.units[table.units["n_comments"] >= 1].reset_index(drop=True)
    mentions = _mentions(table.statements, units)
    counts = mentions.groupby(_KEY, sort=True).size().rename("n").reset_index()
    large = counts[(counts["stage"] == ALL) | (counts["n"] >= MIN_STAGE_MENTIONS)]
    tests = _without_twins(large).reset_index(drop=True)
    column = mentions[_KEY].merge(tests[_KEY].assign(column=tests.index), on=_KEY, how="left")["column"]
    kept = column.notna().to_numpy()
    entries = (
        np.ones(int(kept.sum()), dtype=bool),
        (mentions["position"].to_numpy()[kept], column.to_numpy()[kept].astype(np.intp)),
    )
    matrix = sparse.csr_array(sparse.coo_array(entries, shape=(len(units), len(tests))))
    return Family(tests[_KEY], matrix, units, _notes(counts, large))


def in_first_half(table: Table, units: pd.DataFrame) -> np.ndarray:
    """Split units into two random halves that stay the same in any row order: bool array (units,).

    The parity of a hash of the customer's name decides; of what was said, where no customer is
    known, so that lone comments with equal words share a half.
    """
    lone = units.loc[units["customer_id"].isna(), "unit"]
    said = table.statements.loc[table.statements["unit"].isin(lone), ["unit", "text"]]
    words = said.sort_values(["unit", "text"]).groupby("unit")["text"].agg("\x1f".join)
    keys = units["customer_id"].astype(object).where(units["customer_id"].notna(), units["unit"].map(words))
    return np.fromiter((_parity("" if pd.isna(key) else str(key)) for key in keys), dtype=bool, count=len(units))


def _mentions(statements: pd.DataFrame, units: pd.DataFrame) -> pd.DataFrame:
    said = statements[
        statements["in_window"].fillna(False).astype(bool)
        & statements["topic_id"].notna()
        & statements["sentiment_label"].isin(["negative", "positive"])
        & statements["unit"].isin(units["unit"])
    ]
    position = pd.Series(np.arange(len(units)), index=units["unit"].to_numpy())
    frame = pd.DataFrame(
        {
            "topic_id": said["topic_id"].astype(object),
            "stage": said["stage"].astype(object),
            "polarity": said["sentiment_label"].astype(object),
            "position": said["unit"].map(position).to_numpy(dtype=np.intp),
        }
    )
    return pd.concat([frame.dropna(subset="stage"), frame.assign(stage=ALL)]).drop_duplicates(ignore_index=True)


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


def _parity(key: str) -> bool:
    return bool(hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=1).digest()[0] & 1)
