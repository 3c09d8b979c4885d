"""The order of the steps: family, outcomes, false-discovery control, tiers, impact."""

from __future__ import annotations

import pandas as pd

from cxnlp import schema
from cxnlp.config import DriversConfig
from cxnlp.drivers.effects import q_values
from cxnlp.drivers.family import Family, family, in_first_half
from cxnlp.drivers.impact import leave_one_out
from cxnlp.drivers.outcome import measure
from cxnlp.drivers.tiers import TIERS, tier
from cxnlp.results import Drivers, Note, Progress, Table, Topics

__all__ = ["find"]


def find(table: Table, topics: Topics, config: DriversConfig, *, progress: Progress | None = None) -> Drivers:
    """Which topics, stages and directions go with the bad outcome, and how sure that is.

    Parameters
    ----------
    table : the joined table; units with at least one scored comment and a known outcome enter.
    topics : the topics found, for their names and stability.
    config : what counts as evidence.
    progress : called with (what, done, total) once per outcome.

    Returns
    -------
    Drivers
        ``table``: a row per test, best tier first, then by size of the adjusted difference; ``impact``: a row per
        score and topic. Both empty, with a Note, where there is nothing to test.
    """
    chosen = family(table)
    notes = [*_nothing_to_test(table, chosen), *chosen.notes]
    first_half = in_first_half(table, chosen.units)
    controls = _controls(table, chosen.units)
    measured = []
    for done, outcome in enumerate(table.outcomes):
        if progress:
            progress("drivers", done, len(table.outcomes))
        one = measure(outcome, chosen, first_half, controls, config)
        measured.append(one.table)
        notes.extend(note for note in one.notes if note not in notes)
    if progress and table.outcomes:
        progress("drivers", len(table.outcomes), len(table.outcomes))
    rows = pd.concat(measured, ignore_index=True) if measured and len(chosen.tests) else pd.DataFrame()
    impact, impact_notes = leave_one_out(table, topics, config)
    return Drivers(_judged(rows, topics, config), _declared(impact, "impact"), (*notes, *impact_notes))


def _judged(rows: pd.DataFrame, topics: Topics, config: DriversConfig) -> pd.DataFrame:
    """The tests of all outcomes with q-values over all of them, tiers, and the declared columns in order."""
    rows = rows.reindex(columns=list(dict.fromkeys([*rows.columns, *schema.names("drivers")])))
    known = topics.table.set_index("topic_id")
    rows["topic_name"] = rows["topic_id"].map(known["topic_name"]).fillna(rows["topic_id"])
    rows["topic_stability"] = rows["topic_id"].map(known["stability"])
    rows["q"], rows["q_adjusted"] = (q_values(rows[name].to_numpy(dtype=float)) for name in ("p", "p_adjusted"))
    rows["same_sign_halves"] = rows["same_sign_halves"].eq(True)
    judged = [tier(dict(zip(rows.columns, row, strict=True)), config) for row in rows.itertuples(index=False)]
    rows["tier"] = [name for name, _ in judged]
    rows["why_not_higher"] = [why for _, why in judged]
    rank = rows["tier"].map({name: number for number, name in enumerate(TIERS)})
    ordered = rows.assign(_rank=rank, _size=-rows["rd_adjusted"].astype(float).abs()).sort_values(
        ["_rank", "_size", "outcome", "topic_id", "stage", "polarity"], ignore_index=True
    )
    return _declared(ordered, "drivers")


def _declared(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """The declared columns in order and with their kinds, checked."""
    kinds = {"integer": "int64", "number": "float64", "flag": "bool"}
    typed = {column.name: kinds[column.kind] for column in schema.TABLES[table] if column.kind in kinds}
    return schema.check(frame.reindex(columns=schema.names(table)).astype(typed), table)


def _controls(table: Table, units: pd.DataFrame) -> pd.DataFrame:
    """The named controls, and the language where the units speak several."""
    controls = units[list(table.controls)]
    if "language" in controls.columns or len(units["language"].dropna().unique()) < 2:
        return controls
    return controls.assign(language=units["language"])


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
