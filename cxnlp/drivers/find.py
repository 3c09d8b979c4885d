"""The order of the steps: family, outcomes, false-discovery control, tiers, cards, and what is shown beside them."""

from __future__ import annotations

import pandas as pd

from cxnlp import schema
from cxnlp.config import DriversConfig
from cxnlp.drivers.cards import cards
from cxnlp.drivers.effects import q_values
from cxnlp.drivers.family import Family, family, until
from cxnlp.drivers.gold import labelled
from cxnlp.drivers.impact import leave_one_out
from cxnlp.drivers.landmark import at_first_comment
from cxnlp.drivers.measured import Measured, measure
from cxnlp.drivers.tiers import TIERS, tier
from cxnlp.results import Drivers, Gold, Note, Outcome, Progress, Table, Topics

__all__ = ["find"]


def find(
    table: Table,
    topics: Topics,
    config: DriversConfig,
    *,
    gold: Gold | None = None,
    progress: Progress | None = None,
) -> Drivers:
    """Which topics, stages and directions go with the bad outcome, and how sure that is.

    Parameters
    ----------
    table : the joined table; units with at least one scored comment and a known outcome enter.
    topics : the topics found, for their names and stability.
    config : what counts as evidence.
    gold : tags that people gave to a random sample; estimates are then corrected for the model's errors.
    progress : called with (what, done, total) once per outcome.

    Returns
    -------
    Drivers
        ``table``: a row per test, best tier first, then by the size that is sure (`_at_least`); ``impact``: a row per
        score and topic. Both empty, with a Note, where there is nothing to test.
    """
    chosen = family(table, config)
    notes = [*_nothing_to_test(table, chosen), *chosen.notes, *(gold.notes if gold else ())]
    controls = _controls(table)
    measured: list[Measured] = []
    people = labelled(gold, table, chosen) if gold is not None else None
    for done, outcome in enumerate(table.outcomes if len(chosen.tests) else ()):
        if progress:
            progress("drivers", done, len(table.outcomes))
        earlier, said = _before(table, outcome)
        notes.extend(said)
        if earlier is table:
            measured.append(measure(outcome, chosen, controls, table, config, people))
        else:
            own = family(earlier, config, later=table)
            true = labelled(gold, earlier, own) if gold is not None else None
            measured.append(measure(outcome, own, controls, earlier, config, true))
        notes.extend(note for note in measured[-1].notes if note not in notes)
    if progress and table.outcomes:
        progress("drivers", len(table.outcomes), len(table.outcomes))
    impact, said = leave_one_out(table, topics, config)
    rows = _judged(_together([one.table for one in measured]), topics, table, config)
    kano = _with_q(_together([one.kano for one in measured]), config)
    prevalence = _with_q(_together([one.prevalence for one in measured]), config)
    return Drivers(
        _declared(rows, "drivers"),
        _declared(impact, "impact"),
        _declared(_named(_together([one.importance for one in measured]), topics), "importance"),
        _declared(_named(kano, topics), "kano"),
        _declared(_together([one.curves(rows) for one in measured]), "survival"),
        cards(rows, table.outcomes, table.unit_name, config.q),
        (*notes, *said),
        _declared(_named(prevalence, topics), "prevalence"),
    )


def _before(table: Table, outcome: Outcome) -> tuple[Table, tuple[Note, ...]]:
    """The table with what had been said before the outcome was decided; the table itself where nothing is left out."""
    if outcome.stage is not None and outcome.stage in table.stages:
        return until(table, outcome.stage), ()
    return at_first_comment(table, outcome)


def _together(frames: list[pd.DataFrame]) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def _with_q(rows: pd.DataFrame, config: DriversConfig) -> pd.DataFrame:
    """q-values over the rows of one table."""
    return rows.assign(q=q_values(rows["p"].to_numpy(dtype=float), config.fdr)) if len(rows) else rows


def _judged(rows: pd.DataFrame, topics: Topics, table: Table, config: DriversConfig) -> pd.DataFrame:
    """The tests of all outcomes with q-values over all of them, tiers, and the order in which they are read."""
    rows = rows.reindex(columns=list(dict.fromkeys([*rows.columns, *schema.names("drivers")])))
    rows = _named(rows, topics)
    rows["topic_stability"] = rows["topic_id"].map(topics.table.set_index("topic_id")["stability"])
    rows["q"], rows["q_adjusted"] = (
        q_values(rows[name].to_numpy(dtype=float), config.fdr) for name in ("p", "p_adjusted")
    )
    for name in ("same_sign_halves", "worse"):
        rows[name] = rows[name].eq(True)
    rows["unit_name"] = table.unit_name
    judged = [tier(dict(zip(rows.columns, row, strict=True)), config) for row in rows.itertuples(index=False)]
    for name, field in (("tier", "tier"), ("why_not_higher", "why"), ("raise_by", "raise_by")):
        rows[name] = pd.Series([getattr(verdict, field) for verdict in judged], dtype=object)
    # Differences of events, scores and amounts have units of their own: sizes are compared within a kind.
    rank = rows["tier"].map({name: number for number, name in enumerate(TIERS)})
    kind = rows["kind"].map({name: number for number, name in enumerate(("event", "score", "amount"))})
    ordered = rows.assign(_rank=rank, _kind=kind, _size=-_at_least(rows))
    return ordered.sort_values(
        ["_rank", "_kind", "_size", "outcome", "topic_id", "stage", "polarity"], ignore_index=True
    )


def _at_least(rows: pd.DataFrame) -> pd.Series:
    """The size that is sure: the limit nearer to zero of the adjusted difference, drawn towards the other stages.

    By the estimate itself the smallest groups would lead, because chance throws them furthest. 0 where the interval
    holds zero; NaN, and last, without one.
    """
    low, high = rows["rd_shrunk_low"].astype(float), rows["rd_shrunk_high"].astype(float)
    return pd.concat([low, -high], axis=1).max(axis=1, skipna=False).clip(lower=0).round(12)


def _named(rows: pd.DataFrame, topics: Topics) -> pd.DataFrame:
    if not len(rows):
        return rows.assign(topic_name=pd.Series(dtype=object))
    names = topics.table.set_index("topic_id")["topic_name"]
    return rows.assign(topic_name=rows["topic_id"].map(names).fillna(rows["topic_id"]))


def _declared(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """The declared columns in order and with their kinds, checked."""
    kinds = {"integer": "int64", "number": "float64", "flag": "bool"}
    typed = {column.name: kinds[column.kind] for column in schema.TABLES[table] if column.kind in kinds}
    return schema.check(frame.reindex(columns=schema.names(table)).astype(typed), table)


def _controls(table: Table) -> pd.DataFrame:
    """The named controls by unit, and the language where those who comment speak several."""
    controls = table.units.set_index("unit")[list(table.controls)]
    spoken = table.units.set_index("unit").loc[lambda units: units["n_comments"] >= 1, "language"].dropna()
    if "language" in controls.columns or spoken.nunique() < 2:
        return controls
    return controls.assign(language=table.units["language"].to_numpy())


def _nothing_to_test(table: Table, chosen: Family) -> list[Note]:
    notes = []
    if not table.outcomes:
        notes.append(
            "no outcome column, so nothing can be said about why customers leave: name one with --churn or --outcome"
        )
    if not len(chosen.units):
        notes.append("no scored comment that was written before its customer left, so there are no drivers to test")
    elif not len(chosen.tests):
        notes.append("no topic is mentioned in a negative or positive statement, so there are no drivers to test")
    return [Note("drivers", message) for message in notes]
