"""The tiers: what a test must satisfy to be shown as evidence. README.md explains them in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cxnlp.config import DriversConfig
from cxnlp.drivers.power import mentions_needed

__all__ = ["TIERS", "MIN_EVENTS", "MIN_STABILITY", "tier"]

TIERS: tuple[str, ...] = ("PROBABLE", "WATCH", "INSUFFICIENT", "NOT SUPPORTED")
"""Best first. CONFIRMED stands above them and needs an audit of the tags."""

MIN_EVENTS = 10
"""Fewest bad and fewest good outcomes for any estimate."""

MIN_STABILITY = 0.8
"""Share of refits that must find the topic again (Hennig 2007, Computational Statistics & Data Analysis 52:258-271)."""

_AUDIT = "an audit of the tags (cxnlp audit, to come)"


def tier(test: Mapping[str, Any], config: DriversConfig) -> tuple[str, str]:
    """The tier of one row of the `drivers` table, and one plain sentence on why it is not higher.

    In this order: INSUFFICIENT below the power gate, whatever the p-value; NOT SUPPORTED where q is
    not below `config.q`; PROBABLE where nothing of `_missing` is missing; else WATCH.
    """
    if short := _too_little(test, config):
        return "INSUFFICIENT", f"Needs {short}."
    if not test["q"] < config.q:
        return "NOT SUPPORTED", _not_supported(test, config)
    if missing := _missing(test, config):
        return "WATCH", f"Not PROBABLE: {'; '.join(missing)}."
    return "PROBABLE", f"Needs {_AUDIT} to be CONFIRMED."


def _too_little(test: Mapping[str, Any], config: DriversConfig) -> str:
    n, events, mentions = int(test["n"]), int(test["events"]), int(test["n_mentions"])
    if min(events, n - events) < MIN_EVENTS:
        return f"at least {MIN_EVENTS} bad and {MIN_EVENTS} good outcomes; there are {events} and {n - events}"
    if mentions == n:
        return "some who do not mention it; everyone does, so there is nobody to compare with"
    if mentions == 0:
        return "mentions by those whose outcome is known; there are none"
    if mentions >= config.min_mentions and test["mde_rr"] <= config.power_rr:
        return ""
    needed = mentions_needed(events / n, mentions, n - mentions, config.power_rr, config.power)
    more = max(needed, config.min_mentions) - mentions
    # An estimate that passes a test without power is too large on average (Gelman and Carlin 2014,
    # Perspectives on Psychological Science 9:641-651).
    seen = f"; a difference shows already (q = {test['q']:.2g}), but so few mentions overstate its size"
    return (
        f"about {more:,} more mentions, at the same share of all comments, "
        f"to be able to show a risk ratio of {config.power_rr:g}{seen if test['q'] < config.q else ''}"
    )


def _not_supported(test: Mapping[str, Any], config: DriversConfig) -> str:
    low, high = float(test["rd_low"]), float(test["rd_high"])
    if -config.practical_rd < low and high < config.practical_rd:
        return f"A difference of {_points(config.practical_rd)} points or more is ruled out."
    return (
        f"Not distinguishable from zero: the difference may be anything from {_points(low)} to {_points(high)} points; "
        "more mentions would narrow it."
    )


def _missing(test: Mapping[str, Any], config: DriversConfig) -> list[str]:
    """What keeps a test with q below the limit from PROBABLE, each in words."""
    return [words for words in (*_missing_adjusted(test, config), *_missing_checks(test)) if words]


def _missing_adjusted(test: Mapping[str, Any], config: DriversConfig) -> tuple[str, ...]:
    if test["controls"] == "none":
        return ("nothing was adjusted for; name controls such as tenure or plan",)
    if not np.isfinite(test["rd_adjusted"]):
        return (f"there is no adjusted estimate ({test['estimator']})",)
    low, high = test["rd_adjusted_low"], test["rd_adjusted_high"]
    signs = {np.sign(test["rd"]), np.sign(test["rd_adjusted"]), np.sign(test["or_mh"] - 1)}
    small = abs(test["rd_adjusted"]) < config.practical_rd
    return (
        ""
        if test["q_adjusted"] < config.q
        else f"it does not stand out after adjustment (q = {test['q_adjusted']:.2g})",
        "" if low > 0 or high < 0 else "the interval of the adjusted difference contains zero",
        f"the adjusted difference is below {_points(config.practical_rd)} points" if small else "",
        "" if len(signs) == 1 else "unadjusted, adjusted and Mantel-Haenszel estimates do not agree in direction",
    )


def _missing_checks(test: Mapping[str, Any]) -> tuple[str, ...]:
    stability = test["topic_stability"]
    halves = "" if test["same_sign_halves"] else "the two random halves of the data do not agree in direction"
    if not np.isfinite(stability):
        return halves, "the stability of the topic is not known"
    return (
        halves,
        ""
        if stability >= MIN_STABILITY
        else f"the topic came back in {stability:.0%} of the refits; {MIN_STABILITY:.0%} are needed",
    )


def _points(share: float) -> str:
    return f"{round(100 * share, 1):g}"
