"""WHAT NEEDS A PERSON: the few things in the results that someone should look at, with their evidence.

A flag is made by a rule: a plain function of everything the run found that returns a list of `Flag`. To add one, write
the function and add a line to `FLAGS`.

- ``associations.py``  topics that go with the outcome, for worse and for better
- ``quality.py``       what in the data limits the conclusions
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from cxnlp.config import DriversConfig
from cxnlp.flags import associations, quality
from cxnlp.results import Drivers, Flag, Table, Topics

__all__ = ["FLAGS", "SEVERITIES", "raise_flags"]

Rule = Callable[[Table, Topics, pd.DataFrame, Drivers, DriversConfig], list[Flag]]

FLAGS: dict[str, Rule] = {
    "churn_driver": associations.churn_driver,
    "protective": associations.protective,
    "commenters_differ": quality.commenters_differ,
    "low_power": quality.low_power,
    "many_unscored": quality.many_unscored,
    "many_unassigned": quality.many_unassigned,
    "stages_disagree": quality.stages_disagree,
}
"""Kind of flag -> the rule that raises it, in the order in which equally severe flags are shown."""

SEVERITIES: tuple[str, ...] = ("high", "medium", "low")
"""Most severe first."""


def raise_flags(
    table: Table, topics: Topics, metrics: pd.DataFrame, drivers: Drivers, config: DriversConfig
) -> tuple[Flag, ...]:
    """Every flag of every rule: the most severe first, then in the order of `FLAGS`, then by size within a rule."""
    raised = [flag for rule in FLAGS.values() for flag in rule(table, topics, metrics, drivers, config)]
    return tuple(sorted(raised, key=lambda flag: SEVERITIES.index(flag.severity)))
