"""The rules of the tiers, one case a line: what is changed in a test that passes everything, and what comes of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cxnlp.config import DriversConfig
from cxnlp.drivers import TIERS, tier

CONFIG = DriversConfig()
GOOD: dict[str, Any] = {
    "n": 2000,
    "events": 200,
    "n_mentions": 100,
    "mde_rr": 1.95,
    "rd": 0.12,
    "rd_low": 0.05,
    "rd_high": 0.2,
    "q": 0.001,
    "q_adjusted": 0.002,
    "rd_adjusted": 0.1,
    "rd_adjusted_low": 0.04,
    "rd_adjusted_high": 0.16,
    "or_mh": 2.4,
    "same_sign_halves": True,
    "topic_stability": 0.9,
    "controls": "tenure",
    "estimator": "logistic",
}
PROTECTIVE = {
    "rd": -0.12,
    "rd_low": -0.2,
    "rd_high": -0.05,
    "rd_adjusted": -0.1,
    "rd_adjusted_low": -0.16,
    "rd_adjusted_high": -0.04,
    "or_mh": 0.4,
}
NAN = float("nan")


@pytest.mark.parametrize(
    ("change", "expected", "why"),
    [
        ({}, "PROBABLE", "an audit of the tags"),
        (PROTECTIVE, "PROBABLE", "an audit of the tags"),
        ({"events": 9}, "INSUFFICIENT", "there are 9 and 1991"),
        ({"events": 1995}, "INSUFFICIENT", "there are 1995 and 5"),
        ({"events": 0, "q": NAN}, "INSUFFICIENT", "there are 0 and 2000"),
        ({"n_mentions": 0, "mde_rr": NAN, "q": NAN}, "INSUFFICIENT", "there are none"),
        ({"n_mentions": 2000, "mde_rr": NAN, "q": NAN}, "INSUFFICIENT", "nobody to compare with"),
        ({"n_mentions": 29, "events": 1000, "mde_rr": 1.5}, "INSUFFICIENT", "about 1 more mentions"),
        ({"n_mentions": 40, "mde_rr": 2.6}, "INSUFFICIENT", "risk ratio of 2"),
        ({"n_mentions": 40, "mde_rr": NAN, "q": 0.5}, "INSUFFICIENT", "risk ratio of 2."),
        (
            {"n_mentions": 40, "mde_rr": 2.6, "q": 0.01},
            "INSUFFICIENT",
            "(q = 0.01), but so few mentions overstate",
        ),
        ({"q": 0.1}, "NOT SUPPORTED", "from 5 to 20 points"),
        ({"q": NAN}, "NOT SUPPORTED", "Not distinguishable from zero"),
        ({"q": 0.6, "rd_low": -0.019, "rd_high": 0.019}, "NOT SUPPORTED", "2 points or more is ruled out"),
        ({"q": 0.6, "rd_low": -0.021, "rd_high": 0.019}, "NOT SUPPORTED", "Not distinguishable from zero"),
        ({"controls": "none"}, "WATCH", "nothing was adjusted for"),
        ({"rd_adjusted": NAN, "estimator": "none: few"}, "WATCH", "no adjusted estimate (none: few)"),
        ({"q_adjusted": 0.31}, "WATCH", "(q = 0.31)"),
        ({"q_adjusted": NAN}, "WATCH", "does not stand out after adjustment"),
        ({"rd_adjusted_low": -0.01}, "WATCH", "contains zero"),
        ({"rd_adjusted": 0.01, "rd_adjusted_low": 0.001}, "WATCH", "below 2 points"),
        ({"or_mh": 0.8}, "WATCH", "do not agree in direction"),
        ({"or_mh": NAN}, "WATCH", "do not agree in direction"),
        ({"rd": -0.12}, "WATCH", "do not agree in direction"),
        ({"same_sign_halves": False}, "WATCH", "two random halves"),
        ({"topic_stability": 0.65}, "WATCH", "65% of the refits"),
        ({"topic_stability": NAN}, "WATCH", "stability of the topic is not known"),
        ({"topic_stability": 0.8}, "PROBABLE", "audit"),
    ],
)
def test_tier(change: dict[str, Any], expected: str, why: str) -> None:
    name, reason = tier(GOOD | change, CONFIG)
    assert name == expected
    assert why in reason


def test_the_reason_lists_everything_that_is_missing() -> None:
    _, reason = tier(GOOD | {"topic_stability": 0.5, "same_sign_halves": False, "q_adjusted": 0.4}, CONFIG)
    assert all(part in reason for part in ("refits", "halves", "after adjustment"))


def test_the_mentions_asked_for_are_enough() -> None:
    from cxnlp.drivers.power import mentions_needed, minimum_detectable_rr

    needed = mentions_needed(0.1, 40, 1960, CONFIG.power_rr, CONFIG.power)
    grown = needed / 40
    found = minimum_detectable_rr(0.1, np.array([40 * grown]), np.array([1960 * grown]), CONFIG.power)
    assert found[0] <= CONFIG.power_rr
    assert f"about {needed - 40} more mentions" in tier(GOOD | {"n_mentions": 40, "mde_rr": 2.9}, CONFIG)[1]


def test_tiers_are_named_best_first() -> None:
    assert TIERS == ("PROBABLE", "WATCH", "INSUFFICIENT", "NOT SUPPORTED")
