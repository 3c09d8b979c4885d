"""The rules of the tiers, one case a line: what is changed in a test that passes everything, and what comes of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cxnlp.config import DriversConfig
from cxnlp.drivers import TIERS, tier
from cxnlp.drivers.power import mentions_needed, minimum_detectable_difference, minimum_detectable_rr

CONFIG = DriversConfig()
NAN = float("nan")
CONFIRMED: dict[str, Any] = {
    "kind": "event",
    "n": 2000,
    "events": 200,
    "n_mentions": 100,
    "mde_rr": 1.95,
    "mde": 0.095,
    "powered": True,
    "practical": 0.02,
    "power_limit": NAN,
    "rd": 0.12,
    "rd_low": 0.05,
    "rd_high": 0.2,
    "q": 0.001,
    "q_adjusted": 0.002,
    "rd_adjusted": 0.1,
    "rd_adjusted_low": 0.04,
    "rd_adjusted_high": 0.16,
    "or_mh": 2.4,
    "hr": 2.1,
    "hr_low": 1.4,
    "hr_high": 3.1,
    "timing": "dates",
    "failed": "",
    "n_gold": 400,
    "gold_needed": 300.0,
    "precision": 0.9,
    "rd_corrected": 0.13,
    "rd_corrected_low": 0.05,
    "rd_corrected_high": 0.21,
    "same_sign_halves": True,
    "topic_stability": 0.9,
    "controls": "tenure",
    "estimator": "logistic",
    "unit_name": "customer",
    "attenuation": 0.6,
}
"""An association with everything that there is to ask for."""
UNAUDITED = {"n_gold": 0, "precision": NAN, "rd_corrected": NAN, "rd_corrected_low": NAN, "rd_corrected_high": NAN}
PROTECTIVE = {
    "rd": -0.12,
    "rd_low": -0.2,
    "rd_high": -0.05,
    "rd_adjusted": -0.1,
    "rd_adjusted_low": -0.16,
    "rd_adjusted_high": -0.04,
    "or_mh": 0.4,
    "hr": 0.5,
    "hr_low": 0.3,
    "hr_high": 0.8,
    "rd_corrected": -0.13,
    "rd_corrected_low": -0.21,
    "rd_corrected_high": -0.05,
}
SCORE: dict[str, Any] = {
    "kind": "score",
    "events": 700,
    "mde_rr": NAN,
    "mde": 0.8,
    "practical": 0.2,
    "power_limit": 1.4,
    "rd": -1.5,
    "rd_low": -2.0,
    "rd_high": -1.0,
    "rd_adjusted": -1.4,
    "rd_adjusted_low": -1.9,
    "rd_adjusted_high": -0.9,
    "or_mh": NAN,
    "hr": NAN,
    "hr_low": NAN,
    "hr_high": NAN,
    "timing": "same time",
    "rd_corrected": -1.6,
    "rd_corrected_low": -2.4,
    "rd_corrected_high": -0.8,
    "estimator": "linear and proportional odds",
}
AMOUNT = SCORE | {"kind": "amount", "events": 0, "timing": "one comment", "estimator": "linear"}


@pytest.mark.parametrize(
    ("change", "expected", "why", "raise_by"),
    [
        ({}, "CONFIRMED", "", ""),
        (PROTECTIVE, "CONFIRMED", "", ""),
        (SCORE, "CONFIRMED", "", ""),
        # one of audit and stability may miss
        (UNAUDITED, "PROBABLE", "Not CONFIRMED: the tags were not audited.", "An audit of about 300 customers (cxnlp"),
        (UNAUDITED | {"gold_needed": NAN}, "PROBABLE", "not audited", "An audit of the tags (cxnlp audit draw)."),
        (UNAUDITED | {"unit_name": "comment"}, "PROBABLE", "not audited", "about 300 comments"),
        (UNAUDITED | PROTECTIVE | UNAUDITED, "PROBABLE", "not audited", "audit"),
        (SCORE | UNAUDITED, "PROBABLE", "not audited", "audit"),
        (UNAUDITED | {"n_gold": 400}, "PROBABLE", "too few mentions of it", "with more that mention it"),
        ({"rd_corrected_low": -0.01}, "PROBABLE", "contains zero or the sign differs", "with more that mention it"),
        (
            {"rd_corrected": -0.13, "rd_corrected_low": -0.2, "rd_corrected_high": -0.05},
            "WATCH",
            "the direction is the opposite one",
            "audit",
        ),
        ({"rd_corrected": -0.03, "rd_corrected_low": -0.1}, "PROBABLE", "contains zero or the sign differs", "audit"),
        ({"topic_stability": 0.65}, "PROBABLE", "65% of the refits; 80% are needed", "More comments, or fewer topics."),
        ({"topic_stability": NAN}, "PROBABLE", "stability of the topic is not known", ""),
        ({"topic_stability": 0.8}, "CONFIRMED", "", ""),
        # what only CONFIRMED asks for
        ({"rd_corrected_low": 0.019}, "PROBABLE", "corrected difference may be below 2 points", "a larger audit"),
        (PROTECTIVE | {"rd_corrected_high": -0.019}, "PROBABLE", "may be below 2 points", "a larger audit"),
        (SCORE | {"rd_corrected_high": -0.19}, "PROBABLE", "may be below 0.20", "a larger audit"),
        ({"timing": "one comment"}, "PROBABLE", "not known that the comments came before", "(--date, --churn-date)"),
        ({"hr": NAN, "hr_low": NAN}, "PROBABLE", "not known that the comments came before", "--churn-date"),
        (AMOUNT, "PROBABLE", "Not CONFIRMED: it is not known that the comments came before the outcome.", ""),
        # both that may miss
        (UNAUDITED | {"topic_stability": 0.5}, "WATCH", "not audited; the topic came back in 50%", "fewer topics"),
        ({"rd_corrected_low": -0.01, "topic_stability": NAN}, "WATCH", "the sign differs; the stability", ""),
        # what PROBABLE asks for
        ({"same_sign_halves": False}, "WATCH", "two random halves", ""),
        ({"timing": "unknown"}, "WATCH", "those who stay longer have had time to say more", "(--date, --churn-date)"),
        (AMOUNT | {"timing": "unknown"}, "WATCH", "those who stay longer", ""),
        ({"controls": "none"}, "WATCH", "Not PROBABLE: nothing was adjusted for.", "(--control)"),
        ({"rd_adjusted": NAN, "estimator": "none: few"}, "WATCH", "no adjusted estimate (none: few)", "More mentions"),
        ({"q_adjusted": 0.31}, "WATCH", "(q = 0.31)", ""),
        ({"q_adjusted": 0.1}, "WATCH", "(q = 0.1)", ""),
        ({"q_adjusted": NAN}, "WATCH", "does not stand out after adjustment", ""),
        ({"rd_adjusted_low": -0.01}, "WATCH", "contains zero", ""),
        ({"rd_adjusted": 0.01, "rd_adjusted_low": 0.001}, "WATCH", "below 2 points", ""),
        (SCORE | {"rd_adjusted": -0.1, "rd_adjusted_high": -0.05}, "WATCH", "difference is below 0.20", ""),
        ({"or_mh": 0.8}, "WATCH", "do not agree in direction", ""),
        ({"or_mh": NAN}, "WATCH", "do not agree in direction", ""),
        ({"rd": -0.12}, "WATCH", "do not agree in direction", ""),
        (SCORE | {"rd": 1.5}, "WATCH", "do not agree in direction", ""),
        ({"hr_low": 0.9}, "WATCH", "time before the mention is set apart", ""),
        ({"hr": 0.5, "hr_low": 0.3, "hr_high": 0.8}, "WATCH", "time before the mention is set apart", ""),
        (PROTECTIVE | {"hr_high": 1.1}, "WATCH", "time before the mention is set apart", ""),
        ({"failed": "12 % of shuffled outcomes look as strong"}, "WATCH", "12 % of shuffled outcomes", ""),
        ({"precision": 0.4}, "CONFIRMED", "", ""),
        (
            {"precision": 0.4, "rd_corrected_low": -0.01},
            "WATCH",
            "people found 40 % of its tags right, and no estimate stands corrected",
            "Better topics: cxnlp topics edit",
        ),
        ({"precision": 0.5, "rd_corrected_low": -0.01}, "PROBABLE", "contains zero or the sign differs", "audit"),
        # too little to tell
        ({"events": 9}, "INSUFFICIENT", "there are 9 and 1991", "More customers with a known outcome."),
        ({"events": 1995}, "INSUFFICIENT", "there are 1995 and 5", "known outcome"),
        ({"events": 0, "q": NAN}, "INSUFFICIENT", "there are 0 and 2000", "known outcome"),
        ({"n_mentions": 0, "mde_rr": NAN, "q": NAN}, "INSUFFICIENT", "nobody mentions it", ""),
        ({"n_mentions": 2000, "mde_rr": NAN, "q": NAN}, "INSUFFICIENT", "so there is nobody to compare", ""),
        (
            {"n_mentions": 29, "events": 1000, "mde_rr": 1.5},
            "INSUFFICIENT",
            "29 mentions could not show",
            "About 1 more mentions",
        ),
        ({"n_mentions": 40, "powered": False, "mde_rr": 2.6, "q": 0.4}, "INSUFFICIENT", "risk ratio of 2.", "About"),
        ({"n_mentions": 40, "powered": False, "mde_rr": NAN, "q": 0.5}, "INSUFFICIENT", "risk ratio of 2.", "About"),
        (
            {"n_mentions": 40, "powered": False, "mde_rr": 2.6, "q": 0.01},
            "INSUFFICIENT",
            "(q = 0.01), but so few mentions overstate",
            "About",
        ),
        (SCORE | {"powered": False, "mde": 2.8}, "INSUFFICIENT", "a difference of 1.40", "About 300 more mentions"),
        (
            SCORE | {"n": 15, "n_mentions": 6, "mde": NAN, "powered": False, "estimator": "none: fewer than 20 units"},
            "INSUFFICIENT",
            "Not enough data: fewer than 20 units.",
            "More customers",
        ),
        (
            AMOUNT | {"mde": NAN, "powered": False, "q": NAN, "estimator": "none: the outcome does not vary"},
            "INSUFFICIENT",
            "the outcome does not vary",
            "",
        ),
        # nothing shown: ruled out, or not known
        (
            {"q": 0.1},
            "INSUFFICIENT",
            "from chance (q = 0.1), and is not shown to be small: the difference may be anything from 4 points to",
            "More mentions would narrow",
        ),
        ({"q": NAN}, "INSUFFICIENT", "It does not stand out from chance, and", "More mentions"),
        (
            {"q": 0.6, "rd_corrected_low": -0.019, "rd_corrected_high": 0.019},
            "NOT SUPPORTED",
            "A difference of 2 points or more is ruled out, errors of the tags taken into account.",
            "",
        ),
        (
            UNAUDITED | {"q": 0.6, "rd_adjusted_low": -0.011, "rd_adjusted_high": 0.011},
            "NOT SUPPORTED",
            "is ruled out, errors of the tags of the usual size taken into account.",
            "",
        ),
        # as tagged it would be ruled out, but tags err
        (UNAUDITED | {"q": 0.6, "rd_adjusted_low": -0.013, "rd_adjusted_high": 0.011}, "INSUFFICIENT", "small", ""),
        (
            {"q": 0.6, "rd_corrected_low": -0.021, "rd_corrected_high": 0.019},
            "INSUFFICIENT",
            "not shown to be small",
            "",
        ),
        (
            {"q": 0.6, "rd_corrected_low": -0.019, "rd_corrected_high": 0.02},
            "INSUFFICIENT",
            "not shown to be small",
            "",
        ),
        # clearly there, and clearly too small to matter
        ({"rd_corrected_low": 0.002, "rd_corrected_high": 0.012}, "NOT SUPPORTED", "2 points or more is ruled out", ""),
        (
            UNAUDITED | {"q": 0.6, "rd_adjusted_low": NAN, "rd_low": -0.01, "rd_high": 0.01},
            "NOT SUPPORTED",
            "2 points or more is ruled out",
            "",
        ),
        ({"q": 0.6, "rd_adjusted_low": NAN, "rd_low": -0.03}, "INSUFFICIENT", "from -3 points to 20 points", ""),
        (
            SCORE | {"q": 0.6, "rd_corrected_low": -0.19, "rd_corrected_high": 0.1},
            "NOT SUPPORTED",
            "A difference of 0.20 or more is ruled out",
            "",
        ),
        (SCORE | {"q": 0.6, "rd_adjusted_low": -0.3}, "INSUFFICIENT", "from -0.30 to -0.90", ""),
        (
            {"q": NAN, "rd_adjusted_low": NAN, "rd_low": NAN, "estimator": "none: mentions in fewer than 5 clusters"},
            "INSUFFICIENT",
            "There is no interval: mentions in fewer than 5 clusters.",
            "",
        ),
    ],
)
def test_tier(change: dict[str, Any], expected: str, why: str, raise_by: str) -> None:
    verdict = tier(CONFIRMED | change, CONFIG)
    assert verdict.tier == expected
    assert why in verdict.why
    assert raise_by in verdict.raise_by
    assert bool(verdict.why) == (expected != "CONFIRMED")
    assert "churn-date" not in verdict.raise_by or (CONFIRMED | change)["kind"] == "event"
    assert "nan" not in verdict.why + verdict.raise_by


def test_the_reason_lists_everything_that_is_missing_and_each_help_once() -> None:
    change = {"topic_stability": 0.5, "same_sign_halves": False, "q_adjusted": 0.4, "failed": "a check failed"}
    verdict = tier(CONFIRMED | UNAUDITED | change, CONFIG)
    assert all(part in verdict.why for part in ("refits", "halves", "after adjustment", "a check failed", "audited"))
    assert verdict.raise_by == ("An audit of about 300 customers (cxnlp audit draw); more comments, or fewer topics.")


@pytest.mark.parametrize("n_mentions", [35, 40, 70])
def test_the_mentions_asked_for_are_enough(n_mentions: int) -> None:
    others = 2000 - n_mentions
    mde = minimum_detectable_rr(0.1, np.array([n_mentions]), np.array([others]), CONFIG.power)[0]
    verdict = tier(CONFIRMED | {"n_mentions": n_mentions, "mde_rr": mde, "powered": False}, CONFIG)
    more = int(verdict.raise_by.removeprefix("About ").split(" ")[0])
    assert more == mentions_needed(0.1, n_mentions, others, CONFIG.power_rr, CONFIG.power) - n_mentions
    for extra, enough in ((more, True), (more - 2, False)):
        grown = (n_mentions + extra) / n_mentions
        found = minimum_detectable_rr(0.1, np.array([n_mentions * grown]), np.array([others * grown]), CONFIG.power)
        assert (found[0] <= CONFIG.power_rr) == enough


def test_the_mentions_asked_for_of_a_score_are_enough() -> None:
    spread, limit = 2.8, 1.4
    mde = float(minimum_detectable_difference(spread, np.array([20.0]), np.array([380.0]), CONFIG.power)[0])
    change = {"n": 400, "n_mentions": 20, "mde": mde, "power_limit": limit, "powered": mde <= limit}
    verdict = tier(CONFIRMED | SCORE | change, DriversConfig(min_mentions=1))
    more = int(verdict.raise_by.removeprefix("About ").split(" ")[0])
    grown = (20 + more) / 20
    found = minimum_detectable_difference(spread, np.array([20 * grown]), np.array([380 * grown]), CONFIG.power)
    assert more > 0
    assert found[0] <= limit


def test_clustered_mentions_ask_for_as_many_more_as_they_are_worth_less() -> None:
    """With a design effect of 4, 200 mentions show what 50 independent ones do."""
    mde = minimum_detectable_rr(0.1, np.array([50.0]), np.array([450.0]), CONFIG.power)[0]
    verdict = tier(CONFIRMED | {"n_mentions": 200, "mde_rr": mde, "powered": False}, CONFIG)
    more = int(verdict.raise_by.removeprefix("About ").split(" ")[0])
    alone = mentions_needed(0.1, 200, 1800, CONFIG.power_rr, CONFIG.power)
    assert 200 + more == pytest.approx(4 * alone, rel=0.03)
    blind = tier(CONFIRMED | {"n_mentions": 200, "mde_rr": NAN, "powered": False}, CONFIG)
    assert blind.raise_by == "More clusters."


def test_the_settings_move_the_limits() -> None:
    assert tier(CONFIRMED | {"q": 0.04}, DriversConfig(q=0.03)).tier == "INSUFFICIENT"
    assert tier(CONFIRMED, DriversConfig(min_mentions=101)).tier == "INSUFFICIENT"
    assert tier(CONFIRMED | {"practical": 0.2}, CONFIG).tier == "WATCH"


def test_tiers_are_named_best_first() -> None:
    assert TIERS == ("CONFIRMED", "PROBABLE", "WATCH", "INSUFFICIENT", "NOT SUPPORTED")
