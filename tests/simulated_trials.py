"""One run of each world through `find`, and what came of it: shared by the tests and by benchmarks/drivers_truth.py.

Every trial takes a seed and gives a dictionary of True and False (1 and 0), so that means over seeds are shares.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import simulated_worlds as worlds
from scipy.stats import fisher_exact

from cxnlp import schema
from cxnlp.config import DriversConfig
from cxnlp.drivers import find
from cxnlp.drivers.power import mentions_needed
from cxnlp.flags import raise_flags
from cxnlp.results import Drivers

__all__ = ["TRIALS", "accounts", "confounded", "gate", "immortal", "null", "same_in_any_order", "scarce", "tagger"]

CONFIG = DriversConfig(permutations=100, rank_bootstrap=0)
FIRM, SHOWN = ("CONFIRMED", "PROBABLE"), ("CONFIRMED", "PROBABLE", "WATCH")
LABELS = 500

_METRICS = pd.DataFrame(columns=schema.names("metrics"))
_Found = dict[str, float]


def null(seed: int, n: int = 1_500) -> _Found:
    """Nothing goes with anything: whether any test is shown, is firm, or raises a flag of an association."""
    world = worlds.null(np.random.default_rng(seed), n)
    found = _found(world)
    return {
        "shown": found.table["tier"].isin(SHOWN).any(),
        "firm": found.table["tier"].isin(FIRM).any(),
        "flagged": bool(_flagged(world, found)),
        "q below .10": (found.table["q"] < CONFIG.q).any(),
        "tests": len(found.table),
    }


def gate(seed: int, n: int = 6_000, topics: int = 2) -> _Found:
    """A doubled risk with as many mentions as the power gate asks for: whether it is found, and covered."""
    mentions = mentions_needed(0.10, 86, n - 86, 2.0, CONFIG.power)
    world = worlds.driver(np.random.default_rng(seed), n, mentions, topics=topics)
    row = _first(_found(world))
    return {
        "found": row["q"] < CONFIG.q,
        "found, adjusted": row["q_adjusted"] < CONFIG.q,
        "p below .05": row["p"] < 0.05,
        "through the gate": row["mde_rr"] <= CONFIG.power_rr,
        "shown": row["tier"] in SHOWN,
        "covered": _within(row, "rd_adjusted", world.effect),
        "covered, unadjusted": _within(row, "rd", world.effect),
        "hazard ratio above 1": row["hr_low"] > 1,
    }


def confounded(seed: int, n: int = 2_500) -> _Found:
    """Tenure alone ties 't0' to churn and to the score: whether that is seen through."""
    world = worlds.confounded(np.random.default_rng(seed), n)
    found = _found(world)
    rows = found.table[found.table["topic_id"] == "t0"]
    return {
        "tempting": (rows["q"] < CONFIG.q).all(),
        "firm": rows["tier"].isin(FIRM).any(),
        "flagged": "t0" in _flagged(world, found),
        "covered": _within(rows[rows["outcome"] == "churned"].iloc[0].to_dict(), "rd_adjusted", 0.0),
    }


def tagger(seed: int, n: int = 5_000, labels: int = LABELS) -> _Found:
    """A strong driver, three times the risk in 8 % of the customers, whose tags have sensitivity .80 and specificity
    .97, with an audit and with dates."""
    rng = np.random.default_rng(seed)
    world = worlds.driver(rng, n, round(0.08 * n), ratio=3.0, topics=3, tagger=(0.80, 0.97))
    row = _first(_found(world, labels=labels, seed=seed))
    return {
        "covered": _within(row, "rd_corrected", world.effect),
        "covered, uncorrected": _within(row, "rd_adjusted", world.effect),
        "confirmed": row["tier"] == "CONFIRMED",
        "shown": row["tier"] in SHOWN,
        "bias": row["rd_corrected"] - world.effect,
        "bias, uncorrected": row["rd_adjusted"] - world.effect,
    }


def scarce(seed: int, *, ratio: float = 3.0) -> _Found:
    """About 25 customers leave of 1,200; 60 mention 't0'. At a ``ratio`` of .3 mostly none of them leaves: separation.

    A ratio of 0 is no test: a rate of exactly zero lies at the edge of what can be, and outside every interval of a
    log odds."""
    world = worlds.scarce(np.random.default_rng(seed), ratio=ratio)
    row = _first(_found(world))
    names = [f"{name}{end}" for name in ("rd_adjusted", "or_adjusted") for end in ("", "_low", "_high")]
    return {
        "finite": bool(np.isfinite([row[name] for name in (*names, "rr_adjusted", "p_adjusted", "or_mh")]).all()),
        "covered": _within(row, "rd_adjusted", world.effect),
        "separated": row["events_mentions"] == 0,
        "shown": row["tier"] in SHOWN,
    }


def accounts(seed: int) -> _Found:
    """Accounts share what they say and their fate: the interval with clusters, and without them."""
    world = worlds.accounts(np.random.default_rng(seed))
    known = _first(_found(world))
    forgotten = _first(_found(replace(world, people=world.people.drop(columns="cluster"))))
    return {
        "covered": _within(known, "rd_adjusted", 0.0),
        "covered, clusters unknown": _within(forgotten, "rd_adjusted", 0.0),
        "shown": known["tier"] in SHOWN,
        "shown, clusters unknown": forgotten["tier"] in SHOWN,
    }


def immortal(seed: int) -> _Found:
    """Who stays long has time to praise: whether the praise is taken for a protection.

    "naive protection": so it looks where whoever ever praised it is compared with the others.
    """
    world = worlds.immortal(np.random.default_rng(seed))
    praised = np.isin(np.arange(len(world.people)), world.said.loc[world.said["topic_id"] == "t0", "person"])
    table = pd.crosstab(praised, world.people["churned"]).to_numpy()
    row = _first(_found(world))
    return {
        "naive protection": fisher_exact(table).pvalue < 0.001
        and table[1, 1] * table[0].sum() < table[0, 1] * table[1].sum(),
        "shown": row["tier"] in SHOWN,
        "firm": row["tier"] in FIRM,
        "hazard ratio covered": row["hr_low"] <= 1 <= row["hr_high"],
    }


def same_in_any_order(seed: int) -> _Found:
    """A world in which everything is computed, and the same with shuffled rows: whether any bit differs."""
    rng = np.random.default_rng(seed)
    world = worlds.every_check(rng)
    order = rng.permutation(len(world.people))
    config = replace(CONFIG, rank_bootstrap=20)
    here, there = (
        find(table, world.topics(), config, gold=world.gold(table, 400, seed))
        for table in (world.table(), world.table(order))
    )
    tables = ("table", "impact", "importance", "kano", "survival")
    same = {name: getattr(here, name).equals(getattr(there, name)) for name in tables}
    computed = all(len(getattr(here, name)) for name in tables) and bool(here.cards)
    return same | {"cards": here.cards == there.cards, "notes": here.notes == there.notes, "computed": computed}


TRIALS: dict[str, Callable[[int], _Found]] = {
    "null": null,
    "gate": gate,
    "gate of twenty": lambda seed: gate(seed, topics=20),
    "confounded": confounded,
    "tagger": tagger,
    "scarce": scarce,
    "separated": lambda seed: scarce(seed, ratio=0.3),
    "accounts": accounts,
    "immortal": immortal,
    "any order": same_in_any_order,
}


def _found(world: worlds.World, *, labels: int = 0, seed: int = 0) -> Drivers:
    table = world.table()
    gold = world.gold(table, labels, seed) if labels else None
    return find(table, world.topics(), CONFIG, gold=gold)


def _first(found: Drivers) -> dict[str, Any]:
    """The row of 't0'."""
    return found.table[found.table["topic_id"] == "t0"].iloc[0].to_dict()


def _flagged(world: worlds.World, found: Drivers) -> set[str | None]:
    """Topics that raise a flag as going with the outcome, for worse or for better."""
    flags = raise_flags(world.table(), world.topics(), _METRICS, found, CONFIG)
    return {flag.topic_id for flag in flags if flag.kind in ("churn_driver", "protective")}


def _within(row: dict[str, Any], name: str, truth: float) -> bool:
    return bool(row[f"{name}_low"] <= truth <= row[f"{name}_high"])
