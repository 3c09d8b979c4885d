"""What the checks of an association came to, in words: the list on its card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cxnlp import wording

__all__ = ["ALPHA", "CHECKS", "MIN_SUBSETS", "Check", "verdicts"]

ALPHA = 0.05
"""A chance finding looks as strong in less than this share of the draws: passed."""

MIN_SUBSETS = 0.9
"""Share of the random subsets that must agree with the whole."""

_NEUTRAL_SHARE = 0.5

Check = tuple[str, str]
"""'passed', 'failed' or 'not done', and what was found."""

_Row = Mapping[str, Any]


def verdicts(row: _Row) -> tuple[tuple[str, str, str], ...]:
    """(check, 'passed', 'failed' or 'not done', what it found) for every entry of `CHECKS`.

    ``row``: a row of the `drivers` table; missing numbers are NaN. A check that the data did not allow was not done.
    """
    return tuple((name, *check(row)) for name, check in CHECKS.items())


def _shuffled(row: _Row) -> Check:
    return _chance(row, "permuted_p", "shuffled outcomes")


def _random_topic(row: _Row) -> Check:
    return _chance(row, "random_topic_p", "random topics of the same size")


def _chance(row: _Row, column: str, what: str) -> Check:
    p = row[column]
    if not np.isfinite(p):
        return "not done", f"there is no adjusted estimate to compare with {what}"
    return _passed(p < ALPHA), f"{wording.share(p)} of {what} look as strong, counting this one"


def _subsets(row: _Row) -> Check:
    share = row["subset_share"]
    if not np.isfinite(share):
        return "not done", "there is no interval to compare random parts of the data with"
    return (
        _passed(share >= MIN_SUBSETS),
        f"{wording.share(share)} of random parts of the data (four fifths each) give an estimate inside the interval",
    )


def _halves(row: _Row) -> Check:
    if not np.isfinite(row["rd"]):
        return "not done", "there is no estimate"
    agree = row["same_sign_halves"] is True or row["same_sign_halves"] == 1
    words = "have the same direction" if agree else "do not have the same direction"
    return _passed(agree), f"the two halves of the data, each with topics found in the other, {words}"


def _neutral(row: _Row) -> Check:
    value, low, high = (row[name] for name in ("neutral_rd", "neutral_low", "neutral_high"))
    if not np.isfinite(value) or not np.isfinite(row["rd_adjusted"]):
        return "not done", "too few mention it without a judgement"
    shown = f"neutral mentions of it: {wording.effect(value, low, high, row['kind'])}"
    same = value * row["rd_adjusted"] > 0 and low * high > 0
    if same and abs(value) >= _NEUTRAL_SHARE * abs(row["rd_adjusted"]):
        return "failed", f"{shown}; so it may be who brings it up, rather than what they say of it"
    return "passed", shown


def _commenters(row: _Row) -> Check:
    value, low, high = (row[name] for name in ("weighted_rd", "weighted_low", "weighted_high"))
    if not np.isfinite(value):
        return "not done", "nothing is known of those who do not comment"
    shown = f"with commenters weighted to be like all: {wording.effect(value, low, high, row['kind'])}"
    if value * row["rd_adjusted"] <= 0:
        return "failed", f"{shown}; the direction changes"
    sure = row["rd_adjusted_low"] * row["rd_adjusted_high"] > 0
    if sure and not low * high > 0:
        return "failed", f"{shown}; the interval now contains zero"
    return "passed", shown


def _timing(row: _Row) -> Check:
    ratio, low, high = (row[name] for name in ("hr", "hr_low", "hr_high"))
    if not np.isfinite(ratio):
        return "not done", "without dates of leaving, what came first cannot be told"
    shown = f"hazard ratio from the first mention on: {wording.ratio(ratio, low, high)}"
    if np.isfinite(row["hr_changes_p"]) and row["hr_changes_p"] < ALPHA:
        shown += "; it changes over time, so it is an average"
    if not (low > 1 or high < 1):
        return "failed", f"{shown}; the interval contains 1"
    if np.log(ratio) * row["rd_adjusted"] < 0:
        return "failed", f"{shown}; the direction is the opposite one"
    return "passed", shown


def _tagging(row: _Row) -> Check:
    value, low, high = (row[name] for name in ("rd_corrected", "rd_corrected_low", "rd_corrected_high"))
    if not np.isfinite(value):
        words = "too few audited mentions to correct it" if row["n_gold"] > 0 else "the tags have not been audited"
        return "not done", words
    shown = f"corrected for tagging errors: {wording.effect(value, low, high, row['kind'])}"
    if value * row["rd_adjusted"] <= 0:
        return "failed", f"{shown}; the direction changes"
    return (_passed(low * high > 0), shown if low * high > 0 else f"{shown}; the interval contains zero")


def _everywhere(row: _Row) -> Check:
    p = {what: row[f"{what}_differ_p"] for what in ("languages", "sources") if np.isfinite(row[f"{what}_differ_p"])}
    if not p:
        return "not done", "no two languages or sources have enough mentions to be compared"
    # Two chances to find a difference: Holm 1979, Scandinavian Journal of Statistics 6:65-70.
    least = min(p, key=lambda what: p[what])
    differs = p[least] * len(p) < ALPHA
    opposite = row["opposite_in"] if isinstance(row["opposite_in"], str) else ""
    sure = row["opposite_sure_in"] if isinstance(row["opposite_sure_in"], str) else ""
    found = [f"the difference is not the same in all {least} (p = {p[least]:.2g})"] if differs else []
    found += [f"the direction is the opposite one in {sure}"] if sure else []
    if found:
        return "failed", "; ".join(found)
    within = f"; the direction is the opposite one, within what chance does, in {opposite}" if opposite else ""
    return "passed", f"no difference between {' or between '.join(p)} is shown{within}"


def _unmeasured(row: _Row) -> Check:
    value, limit = row["e_value"], row["e_value_low"]
    if not np.isfinite(value):
        return "not done", "there is no risk ratio"
    at_limit = f", and {limit:.2f} to make the interval contain none" if np.isfinite(limit) and limit > 1 else ""
    words = (
        f"something not recorded would need a risk ratio of {value:.2f} with both the mention and the outcome to "
        f"explain the association away{at_limit} (E-value)"
    )
    return ("passed" if limit > 1 else "failed" if np.isfinite(limit) else "not done"), words


CHECKS: dict[str, Callable[[_Row], Check]] = {
    "shuffled outcomes": _shuffled,
    "random topics": _random_topic,
    "random subsets": _subsets,
    "both halves": _halves,
    "neutral mentions": _neutral,
    "who comments": _commenters,
    "what came first": _timing,
    "errors of the tags": _tagging,
    "every language and source": _everywhere,
    "something unmeasured": _unmeasured,
}
"""Checks in the order in which they are listed. The last two inform and decide no tier."""


def _passed(well: bool) -> str:
    return "passed" if well else "failed"
