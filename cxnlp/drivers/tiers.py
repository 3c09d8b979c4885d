"""The tiers: what a test must satisfy to be shown as evidence. README.md explains them in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cxnlp import wording
from cxnlp.config import DriversConfig
from cxnlp.drivers.power import mentions_needed

__all__ = ["TIERS", "MIN_EVENTS", "MIN_STABILITY", "POWER_SD", "Verdict", "tier"]

TIERS: tuple[str, ...] = ("CONFIRMED", "PROBABLE", "WATCH", "INSUFFICIENT", "NOT SUPPORTED")
"""Best first."""

MIN_EVENTS = 10
"""Fewest bad and fewest good outcomes for any estimate."""

MIN_STABILITY = 0.8
"""Share of refits that must find the topic again (Hennig 2007, Computational Statistics & Data Analysis 52:258-271)."""

MIN_PRECISION = 0.5
"""Of the tags that an audit looked at: where fewer are right, the test is of something else than its name says."""

POWER_SD = 0.5
"""Of a score or an amount: a test counts as powered if it could have shown a difference of so many standard
deviations, what Cohen (1988, Statistical Power Analysis for the Behavioral Sciences) calls a medium effect."""

_DATES = "dates of the comments and of leaving (--date, --churn-date)"

_Test = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """``why``: what keeps it from a higher tier; ``raise_by``: what would raise it. Plain sentences, or ''."""

    tier: str
    why: str
    raise_by: str


@dataclass(frozen=True, slots=True)
class _Missing:
    """Something that a higher tier asks for: why it is not there, and what would help ('' where nothing would)."""

    why: str
    help: str = ""


def tier(test: _Test, config: DriversConfig) -> Verdict:
    """The tier of one row of the `drivers` table.

    Beside the declared columns the row has ``powered`` (bool: see `POWER_SD` and `config.power_rr`), ``practical``
    (the smallest difference that matters, in the outcome's unit), ``timing`` (see `measured`), ``attenuation`` (what
    errors of the tags leave of a difference), ``failed`` (refutations that failed, in words, joined by '; '),
    ``gold_needed`` (units that an audit would have to label), ``power_limit`` (`POWER_SD` in the outcome's unit) and
    ``unit_name``.

    In this order: INSUFFICIENT below the power gate, whatever the p-value; NOT SUPPORTED if the interval, made wider
    for errors of the tags, lies within what does not matter; INSUFFICIENT where q is not below `config.q`; WATCH where
    something of `_for_probable` is missing, or more than one of `_one_may_miss`; CONFIRMED where nothing at all is;
    else PROBABLE.
    """
    if short := _too_little(test, config):
        return Verdict("INSUFFICIENT", f"Not enough data: {short.why}.", _sentence(short.help))
    if small := _ruled_out(test):
        return Verdict("NOT SUPPORTED", small, "")
    if not test["q"] < config.q:
        return _not_shown(test)
    needed = _for_probable(test, config)
    grave = [*needed, *_one_may_miss(test)]
    if needed or len(grave) > 1:
        return _verdict("WATCH", "PROBABLE", grave)
    strict = [*grave, *_for_confirmed(test)]
    return _verdict("PROBABLE", "CONFIRMED", strict) if strict else Verdict("CONFIRMED", "", "")


def _verdict(name: str, higher: str, missing: list[_Missing]) -> Verdict:
    help = dict.fromkeys(one.help for one in missing if one.help)
    return Verdict(name, f"Not {higher}: {'; '.join(one.why for one in missing)}.", _sentence("; ".join(help)))


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}." if words else ""


def _too_little(test: _Test, config: DriversConfig) -> _Missing | None:
    n, events, mentions = int(test["n"]), int(test["events"]), int(test["n_mentions"])
    if test["kind"] == "event" and min(events, n - events) < MIN_EVENTS:
        why = (
            f"at least {MIN_EVENTS} bad and {MIN_EVENTS} good outcomes are needed; there are {events} and {n - events}"
        )
        return _Missing(why, "more customers with a known outcome")
    if mentions in (0, n):
        why = "nobody mentions it whose outcome is known" if mentions == 0 else "everyone mentions it"
        return _Missing(f"{why}, so there is nobody to compare")
    if test["kind"] != "event" and not np.isfinite(test["mde"]):
        return _Missing(_said(test), f"more {test['unit_name']}s with a known outcome")
    if mentions >= config.min_mentions and test["powered"]:
        return None
    return _too_few_mentions(test, config)


def _too_few_mentions(test: _Test, config: DriversConfig) -> _Missing:
    mentions = int(test["n_mentions"])
    # An estimate that passes a test without power is too large on average (Gelman and Carlin 2014,
    # Perspectives on Psychological Science 9:641-651).
    seen = f"; a difference shows already (q = {test['q']:.2g}), but so few mentions overstate its size"
    could = (
        f"a risk ratio of {_asked(test, config):g}"
        if test["kind"] == "event"
        else f"a difference of {wording.amount(float(test['power_limit']))}"
    )
    more = max(_enough(test, config), config.min_mentions) - mentions
    help = f"about {more:,} more mentions, at the same share of all comments" if more > 0 else "more clusters"
    few = f"{mentions:,} mention{'s' if mentions != 1 else ''} could not show {could}"
    return _Missing(f"{few}{seen if test['q'] < config.q else ''}", help)


def _asked(test: _Test, config: DriversConfig) -> float:
    """The risk ratio that the test must be able to show: the inverse where mentions go with fewer outcomes."""
    return 1 / config.power_rr if test["rd"] < 0 else config.power_rr


def _enough(test: _Test, config: DriversConfig) -> int:
    """Mentions with which the test would have power."""
    n, mentions = int(test["n"]), int(test["n_mentions"])
    if test["kind"] != "event":
        # The smallest detectable difference falls with the square root of the number of mentions.
        return int(np.ceil(mentions * (float(test["mde"]) / float(test["power_limit"])) ** 2))
    base, mde_rr = int(test["events"]) / n, float(test["mde_rr"])
    enough = mentions_needed(base, mentions, n - mentions, _asked(test, config), config.power)
    if not np.isfinite(mde_rr):
        return enough
    # Mentions in clusters are worth fewer independent ones: as many as can show what these can.
    worth = mentions_needed(base, mentions, n - mentions, mde_rr, config.power)
    return int(np.ceil(enough * max(mentions / worth, 1)))


def _said(test: _Test) -> str:
    """Why there is no estimate, as the estimator's name says it."""
    return str(test["estimator"]).removeprefix("none: ")


def _interval(test: _Test) -> tuple[float, float]:
    """Of the adjusted difference, of the unadjusted one where there is none."""
    name = "rd_adjusted" if np.isfinite(test["rd_adjusted_low"]) else "rd"
    return float(test[f"{name}_low"]), float(test[f"{name}_high"])


def _ruled_out(test: _Test) -> str:
    """That a difference which matters is ruled out, in words; '' where it is not.

    Errors of the tags draw differences towards zero: the limits are divided by what they leave of a difference, those
    that people corrected are taken where there are any.
    """
    limit, (low, high) = float(test["practical"]), _interval(test)
    if np.isfinite(test["rd_corrected_low"]):
        low, high, left = float(test["rd_corrected_low"]), float(test["rd_corrected_high"]), 1.0
    else:
        left = float(test["attenuation"])
    if not (-limit < low / left and high / left < limit):
        return ""
    errors = "taken into account" if test["n_gold"] > 0 else "of the usual size taken into account"
    return f"A difference of {_size(limit, test['kind'])} or more is ruled out, errors of the tags {errors}."


def _not_shown(test: _Test) -> Verdict:
    """No association stands out, and one that matters is not ruled out."""
    low, high = _interval(test)
    if not (np.isfinite(low) and np.isfinite(high)):
        return Verdict("INSUFFICIENT", f"There is no interval: {_said(test)}.", "")
    why = (
        f"It does not stand out from chance{_q(test['q'])}, and is not shown to be small: the difference may be "
        f"anything from {_size(low, test['kind'])} to {_size(high, test['kind'])}."
    )
    return Verdict("INSUFFICIENT", why, "More mentions would narrow the interval.")


def _for_probable(test: _Test, config: DriversConfig) -> list[_Missing]:
    """Adjustment, size, time and refutation: all of it is needed."""
    if test["controls"] == "none":
        return [_Missing("nothing was adjusted for", "name controls such as tenure or plan (--control)")]
    if not np.isfinite(test["rd_adjusted"]):
        return [_Missing(f"there is no adjusted estimate ({test['estimator']})", "more mentions")]
    found = [_Missing(why) for why in _adjustment(test, config) if why]
    if _late(test):
        found.append(_Missing("it does not hold when time before the mention is set apart (Cox model)"))
    if test["timing"] == "unknown":
        why = "customers wrote several comments, and without dates those who stay longer have had time to say more"
        found.append(_Missing(why, _DATES if test["kind"] == "event" else ""))
    if not test["same_sign_halves"]:
        found.append(_Missing("the two random halves of the data do not agree with the whole in direction"))
    if _opposite(test):
        found.append(
            _Missing("corrected for the tagging errors that the audit found, the direction is the opposite one")
        )
    if test["failed"]:
        found.append(_Missing(test["failed"]))
    if test["precision"] < MIN_PRECISION and not _audited(test):
        why = f"people found {wording.share(test['precision'])} of its tags right, and no estimate stands corrected"
        found.append(_Missing(why, "better topics: cxnlp topics edit"))
    return found


def _adjustment(test: _Test, config: DriversConfig) -> tuple[str, ...]:
    low, high = test["rd_adjusted_low"], test["rd_adjusted_high"]
    small = abs(test["rd_adjusted"]) < test["practical"]
    return (
        "" if test["q_adjusted"] < config.q else f"it does not stand out after adjustment{_q(test['q_adjusted'])}",
        "" if low > 0 or high < 0 else "the interval of the adjusted difference contains zero",
        f"the adjusted difference is below {_size(float(test['practical']), test['kind'])}" if small else "",
        "" if _one_direction(test) else "unadjusted, adjusted and model-free estimates do not agree in direction",
    )


def _q(q: float) -> str:
    return f" (q = {q:.2g})" if np.isfinite(q) else ""


def _one_direction(test: _Test) -> bool:
    signs = {np.sign(test["rd"]), np.sign(test["rd_adjusted"])}
    if test["kind"] == "event":
        signs.add(np.sign(test["or_mh"] - 1))
    return len(signs) == 1


def _late(test: _Test) -> bool:
    """Dates are known and the hazard ratio, from the mention on, does not show the same direction."""
    if test["timing"] != "dates" or not np.isfinite(test["hr"]):
        return False
    return not (test["hr_low"] > 1 if test["rd_adjusted"] > 0 else test["hr_high"] < 1)


def _one_may_miss(test: _Test) -> list[_Missing]:
    """The tags are right, and the topic is real."""
    found = []
    if not _audited(test):
        found.append(_audit(test))
    stability = test["topic_stability"]
    if not np.isfinite(stability):
        found.append(_Missing("the stability of the topic is not known"))
    elif stability < MIN_STABILITY:
        why = f"the topic came back in {stability:.0%} of the refits; {MIN_STABILITY:.0%} are needed"
        found.append(_Missing(why, "more comments, or fewer topics"))
    return found


def _opposite(test: _Test) -> bool:
    low, high, sign = test["rd_corrected_low"], test["rd_corrected_high"], np.sign(test["rd_adjusted"])
    return bool((low > 0 or high < 0) and np.sign(test["rd_corrected"]) == -sign)


def _audited(test: _Test) -> bool:
    low, high = test["rd_corrected_low"], test["rd_corrected_high"]
    return bool(np.sign(test["rd_corrected"]) == np.sign(test["rd_adjusted"]) and (low > 0 or high < 0))


def _audit(test: _Test) -> _Missing:
    needed = test["gold_needed"]
    size = f"of about {int(needed):,} {test['unit_name']}s" if np.isfinite(needed) else "of the tags"
    if not test["n_gold"] > 0:
        return _Missing("the tags were not audited", f"an audit {size} (cxnlp audit draw)")
    if not np.isfinite(test["rd_corrected"]):
        why = f"the audit holds too few mentions of it to correct the estimate ({int(test['n_gold']):,} labelled)"
    else:
        why = "corrected for the tagging errors that the audit found, the interval contains zero or the sign differs"
    return _Missing(why, f"an audit {size}, with more that mention it (cxnlp audit draw)")


def _for_confirmed(test: _Test) -> list[_Missing]:
    """The size matters beyond doubt, and the mention came first."""
    found = []
    near = min(abs(test["rd_corrected_low"]), abs(test["rd_corrected_high"]))
    if _audited(test) and near < test["practical"]:
        size = _size(float(test["practical"]), test["kind"])
        found.append(_Missing(f"the corrected difference may be below {size}", "more mentions, or a larger audit"))
    if test["timing"] == "one comment" or (test["timing"] == "dates" and not np.isfinite(test["hr"])):
        why = "it is not known that the comments came before the outcome"
        found.append(_Missing(why, _DATES if test["kind"] == "event" else ""))
    return found


def _size(value: float, kind: str) -> str:
    return f"{round(100 * value, 1):g} points" if kind == "event" else wording.amount(value)
