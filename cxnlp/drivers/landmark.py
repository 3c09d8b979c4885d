"""What a customer had said at the start: who stays longer has more time to say anything."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from cxnlp.drivers.days import days
from cxnlp.results import Note, Outcome, Table

__all__ = ["at_first_comment"]


def at_first_comment(table: Table, outcome: Outcome) -> tuple[Table, tuple[Note, ...]]:
    """The table with the statements of each unit's first day of comments alone, where the outcome is a dated leaving.

    Whoever mentions a topic later must have stayed until then. Compared with those who never mention it, they would
    seem to stay because of it (immortal time; Suissa 2008, Am J Epidemiol 167:492-499). So mentions are fixed at a
    landmark, the first day on which the unit wrote, and leaving is counted from there (Anderson, Cain and Gelber 1983,
    J Clin Oncol 1:710-719). Later mentions count in the Cox model, from the day after they were made. Undated
    comments count as later where the unit has dated ones, and as said at the start where it has none.

    The table itself where the outcome is another, or nobody wrote on a second day. The Note counts what is left out.
    """
    dated = "left_at" in table.units and table.units["left_at"].notna().any()
    if outcome.name != "churned" or not dated:
        return table, ()
    day = pd.Series(np.floor(days(table.comments["created_at"])), index=table.comments.index)
    heard = table.comments["status"].eq("ok") & table.comments["in_window"].astype(bool)
    first = day.where(heard).groupby(table.comments["unit"].to_numpy()).transform("min")
    later = (heard & first.notna() & (day != first)).to_numpy()
    out = later[table.statements["row"].to_numpy()]
    if not out.any():
        return table, ()
    message = (
        f"{outcome.label}: statements of later days than the customer's first are compared in time only (hazard "
        "ratios): who stays longer has more time to say anything"
    )
    return replace(table, statements=table.statements[~out]), (Note("drivers", message, int(out.sum()), "info"),)
