"""What in the data limits the conclusions."""

from __future__ import annotations

import pandas as pd
from statsmodels.stats.proportion import confint_proportions_2indep

from cxnlp import wording
from cxnlp.config import DriversConfig
from cxnlp.results import Drivers, Flag, Outcome, Table, Topics

__all__ = [
    "commenters_differ",
    "commenters_differ_on",
    "low_power",
    "many_unscored",
    "many_unassigned",
    "stages_disagree",
]

MOST_UNASSIGNED = 0.10
"""Share of statements without a topic from which the topics no longer tell the whole story."""

MOST_UNSCORED = 0.20
"""Share of comments that could not be scored from which the input itself needs a look."""

LEAST_STAGE_AGREEMENT = 0.50
"""Share of statements whose given stage the model finds too, below which one of the two needs a look."""

_MIN_STATEMENTS = 30
_STATUS = {"empty": "empty", "junk": "without content", "unsupported": "in another language"}


def many_unassigned(
    table: Table, topics: Topics, metrics: pd.DataFrame, drivers: Drivers, config: DriversConfig
) -> list[Flag]:
    """More than a tenth of the statements belong to no topic."""
    n = len(table.statements)
    without = int(table.statements["topic_id"].isna().sum())
    if not n or without / n <= MOST_UNASSIGNED:
        return []
    return [
        Flag(
            kind="many_unassigned",
            severity="medium" if without / n > 3 * MOST_UNASSIGNED else "low",
            title=f"{wording.share(without / n)} of the statements belong to no topic",
            detail="What they say is counted in no topic and no driver. Read some of them, or ask for more topics.",
            evidence={"statements": n, "without a topic": without},
        )
    ]


def many_unscored(
    table: Table, topics: Topics, metrics: pd.DataFrame, drivers: Drivers, config: DriversConfig
) -> list[Flag]:
    """More than a fifth of the comments were empty, junk or in an unsupported language."""
    n = len(table.comments)
    counts = table.comments["status"].value_counts()
    unscored = n - int(counts.get("ok", 0))
    if not n or unscored / n <= MOST_UNSCORED:
        return []
    return [
        Flag(
            kind="many_unscored",
            severity="medium",
            title=f"{wording.share(unscored / n)} of the comments could not be scored",
            detail="They are kept, but nothing is known about what they say.",
            evidence={"comments": n} | {words: int(counts.get(name, 0)) for name, words in _STATUS.items()},
        )
    ]


def low_power(
    table: Table, topics: Topics, metrics: pd.DataFrame, drivers: Drivers, config: DriversConfig
) -> list[Flag]:
    """Not one test has the mentions that the settings ask for, and of events the power."""
    tests = drivers.table
    if not len(tests):
        return _nothing_tested(table, drivers)
    # INSUFFICIENT is also what could have shown itself, did not, and is not ruled out.
    able = (tests["mde_rr"] <= config.power_rr).where(tests["kind"] == "event", tests["mde"].notna())
    if not (tests["tier"] == "INSUFFICIENT").all() or (able & (tests["n_mentions"] >= config.min_mentions)).any():
        return []
    largest = tests.sort_values(["n_mentions", "topic_id", "stage"], ascending=[False, True, True]).iloc[0]
    return [
        Flag(
            kind="low_power",
            severity="medium",
            title=f"Too few data to link any topic to an outcome: none of {len(tests):,} tests has enough",
            detail="That no driver was found says nothing about whether there are any.",
            evidence={
                "tests": len(tests),
                f"{table.unit_name}s with a known outcome": int(largest["n"]),
                "bad outcomes": int(largest["events"]),
                "most mentions of any test": int(largest["n_mentions"]),
                "mentions asked for, at least": config.min_mentions,
            },
            why_not_higher=largest["why_not_higher"],
            raise_by=largest["raise_by"],
        )
    ]


def _nothing_tested(table: Table, drivers: Drivers) -> list[Flag]:
    if not table.outcomes or table.statements.empty:  # that nothing was said is `many_unscored`'s to tell
        return []
    reasons = "; ".join(note.message for note in drivers.notes if note.level == "warning")
    return [
        Flag(
            kind="low_power",
            severity="medium",
            title="No topic could be tested against an outcome",
            detail=f"That no driver was found says nothing about whether there are any. {reasons}".strip(),
        )
    ]


def commenters_differ(
    table: Table, topics: Topics, metrics: pd.DataFrame, drivers: Drivers, config: DriversConfig
) -> list[Flag]:
    """Those who comment have the outcome more or less often than those who do not."""
    events = [outcome for outcome in table.outcomes if outcome.kind == "event"]
    flags = [commenters_differ_on(table, outcome) for outcome in events]
    return [flag for flag in flags if flag is not None]


def commenters_differ_on(table: Table, outcome: Outcome) -> Flag | None:
    """The flag for one outcome of kind event; None where the two do not differ beyond chance."""
    known = table.units[table.units[outcome.name].notna()]
    # Whoever wrote something speaks, also in another language or too late to be evidence.
    spoke = table.comments.loc[table.comments["status"].isin(["ok", "unsupported"]), "unit"]
    bad, silent = known[outcome.name].astype(bool), ~known["unit"].isin(spoke)
    said, unsaid = int((~silent).sum()), int(silent.sum())
    said_bad, silent_bad = int((bad & ~silent).sum()), int((bad & silent).sum())
    if not said or not unsaid:
        return None
    low, high = confint_proportions_2indep(said_bad, said, silent_bad, unsaid, method="newcomb", compare="diff")
    if low <= 0 <= high:
        return None
    with_, without = wording.out_of(said_bad / said, silent_bad / unsaid)
    unit = f"{table.unit_name}s"
    return Flag(
        kind="commenters_differ",
        severity="medium",
        title=f"Those who comment are not like the rest: {with_} have the outcome “{outcome.label}”, "
        f"against {without} of those who say nothing",
        detail="What is said about topics and this outcome holds for those who comment, perhaps not for the others.",
        evidence={
            "outcome": outcome.name,
            f"{unit} who comment": said,
            f"{unit} who do not": unsaid,
            "difference": wording.interval(said_bad / said - silent_bad / unsaid, float(low), float(high)),
        },
    )


def stages_disagree(
    table: Table, topics: Topics, metrics: pd.DataFrame, drivers: Drivers, config: DriversConfig
) -> list[Flag]:
    """The stage in the data and the stage that the model reads differ for most statements."""
    both = table.statements[(table.statements["stage_source"] == "data") & table.statements["stage_model"].notna()]
    same = int((both["stage"] == both["stage_model"]).sum())
    if len(both) < _MIN_STATEMENTS or same / len(both) >= LEAST_STAGE_AGREEMENT:
        return []
    agreement = wording.share(same / len(both))
    return [
        Flag(
            kind="stages_disagree",
            severity="low",
            title=f"The stage in the data and the stage that is spoken of agree in only {agreement} of statements",
            detail="The stage in the data was used. Customers often write of an earlier one than they are asked about.",
            evidence={"statements with both": len(both), "that agree": same},
        )
    ]
