"""The synthetic survey: who writes what, what they score, and who leaves, by a model whose truth is known.

The truth, which an analysis should find or rightly not find:

- **Delivery.** A customer who complains about delivery is 20 points likelier to leave (`EFFECTS`).
- **Support.** One who complains about support, 12 points likelier.
- **Announced leaving.** One who says so, 15 points likelier.
- **Website and app: confounded.** Complaints about them change nothing. The basic plan is served by the
  app alone: its customers make them far oftener (`APP_ODDS`) *and* leave 25 points more often, so that
  unadjusted the app looks guilty. Such complaints that also name delivery or support are not used.
- **Everything else** changes nothing.

The score follows the comment's sentiment (`NPS_MEAN`) and is a point higher on the premium plan.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

__all__ = ["EFFECTS", "Survey", "chance_of_leaving", "survey"]

SEED = 20260102
CUSTOMERS = 1300
SILENT = 200
"""Customers of the customers file who never commented."""

LANGUAGES = {"en": 0.37, "ro": 0.27, "pl": 0.20, "it": 0.16}
COUNTRIES = {"en": ("GB", "IE"), "ro": ("RO", "MD"), "pl": ("PL",), "it": ("IT",)}
PLANS = {"basic": 0.5, "plus": 0.3, "premium": 0.2}
CHANNELS = ("app", "email", "phone", "web")
DOMAINS = frozenset(
    (
        "e-commerce", "marketplace", "retail", "electronics", "appliances", "phones", "laptops", "tvs", "headphones",
        "vacuum cleaners", "kitchen machines", "tools", "smart home", "telecom", "internet", "streaming", "app",
        "mobile app", "software", "parcel", "subscription box", "furniture", "toys", "books", "survey",
    )
)  # fmt: skip
"""Together one invented company: a shop for electronics and the home that also sells phone and TV contracts."""

BASE = 0.04
EFFECTS: Mapping[str, float] = {"DEL-": 0.20, "SUP-": 0.12, "leave": 0.15, "basic": 0.25, "new": 0.05}
"""What adds to the chance of leaving, in probability. 'new' is a customer of less than a year."""
APP_ODDS = {"basic": 4.0, "plus": 0.7, "premium": 0.3}
DELIVERY_ODDS = 2.5
"""Complaints about delivery are drawn this much oftener, so that there are enough to find."""

NPS_MEAN = {"positive": 9.2, "neutral": 7.2, "mixed": 6.2, "negative": 3.2}
NPS_SD = 1.7

FIRST_DAY = date(2025, 1, 1)
LAST_DAY = date(2025, 12, 31)


@dataclass(frozen=True, slots=True)
class Survey:
    """Rows of the three files."""

    comments: list[dict[str, Any]]
    customers: list[dict[str, Any]]
    truth: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Said:
    """One comment, and what it was made from; ``group`` is missing where nothing was said."""

    text: str
    group: Mapping[str, Any] | None

    def labels(self) -> dict[str, str]:
        if self.group is None:
            return {"group": "", "touchpoints": "OTH0", "sentiment": "neutral", "churn_intent": "none"}
        return {
            "group": self.group["id"],
            "touchpoints": " ".join(self.group["touchpoints"]),
            "sentiment": self.group["sentiment"],
            "churn_intent": self.group["churn"],
        }


class _Stock:
    """The texts of one language, each given out once."""

    def __init__(self, groups: Sequence[Mapping[str, Any]], language: str, dice: random.Random) -> None:
        self._groups = [group for group in groups if group["touchpoints"] != ["OTH0"]]
        self._junk = sorted({group["text"][language] for group in groups if _is_empty_talk(group)})
        self._language, self._dice = language, dice

    def comment(self, plan: str) -> _Said:
        weights = [_weight(group, plan) for group in self._groups]
        group = self._dice.choices(self._groups, weights)[0]
        self._groups.remove(group)
        return _Said(group["text"][self._language], group)

    def junk(self) -> _Said:
        return _Said(self._dice.choice(self._junk), None)


def _blurs(group: Mapping[str, Any]) -> bool:
    says = set(group["touchpoints"])
    return "WEB-" in says and bool(says & EFFECTS.keys())


def _is_empty_talk(group: Mapping[str, Any]) -> bool:
    return group["touchpoints"] == ["OTH0"] and len(group["text"]["en"]) <= 16


def _weight(group: Mapping[str, Any], plan: str) -> float:
    weight = 1.0
    if "WEB-" in group["touchpoints"]:
        weight *= APP_ODDS[plan]
    if "DEL-" in group["touchpoints"]:
        weight *= DELIVERY_ODDS
    return weight


def chance_of_leaving(labels: Iterable[Mapping[str, str]], plan: str, tenure_days: int) -> float:
    """The true probability that a customer leaves: `BASE` plus each effect that applies, at most once each.

    Parameters
    ----------
    labels : of each comment of the customer: ``touchpoints`` parted by spaces, and ``churn_intent``.
    plan : basic, plus or premium.
    tenure_days : days since the customer joined.
    """
    traits = {plan, "new" if tenure_days < 365 else ""}
    for label in labels:
        traits.update(label["touchpoints"].split())
        traits.add(label["churn_intent"])
    return BASE + sum(effect for trait, effect in EFFECTS.items() if trait in traits)


def survey(groups: Sequence[Mapping[str, Any]]) -> Survey:
    """Make the survey from groups of comments that say the same in several languages, with their labels."""
    dice = random.Random(SEED)
    ours = [group for group in groups if group["domain"] in DOMAINS and not _blurs(group)]
    stocks = {language: _Stock(ours, language, dice) for language in LANGUAGES}
    customers: list[dict[str, Any]] = []
    answers: list[tuple[dict[str, Any], _Said]] = []
    for number in range(CUSTOMERS + SILENT):
        language = _pick(LANGUAGES, dice)
        customer = _customer(number, language, dice)
        said = [_say(stocks[language], customer["plan"], dice) for _ in range(_how_many(number, dice))]
        rows = [_answer(customer, each, dice) for each in said]
        customers.append(_fate(customer, said, rows, dice))
        answers.extend(zip(rows, said, strict=True))
    answers = _spoil(answers, dice)
    answers.sort(key=lambda answer: (answer[0]["date"], answer[0]["customer_id"]))
    comments = [{"response_id": f"R{number:04}", **row} for number, (row, _) in enumerate(answers, 1)]
    truth = [
        {"response_id": comment["response_id"], **said.labels()}
        for comment, (_, said) in zip(comments, answers, strict=True)
    ]
    return Survey(comments, customers, truth)


def _pick(shares: Mapping[str, float], dice: random.Random) -> str:
    return dice.choices(list(shares), list(shares.values()))[0]


def _customer(number: int, language: str, dice: random.Random) -> dict[str, Any]:
    return {
        "customer_id": f"C{number + 1:05}",
        "plan": _pick(PLANS, dice),
        "country": dice.choice(COUNTRIES[language]),
        "tenure_days": 30 + int(dice.expovariate(1 / 600)),
    }


def _how_many(number: int, dice: random.Random) -> int:
    return 0 if number >= CUSTOMERS else 1 + (dice.random() < 0.22)


def _say(stock: _Stock, plan: str, dice: random.Random) -> _Said:
    kind = dice.random()
    if kind < 0.04:
        return _Said("", None)
    return stock.junk() if kind < 0.08 else stock.comment(plan)


def _answer(customer: Mapping[str, Any], said: _Said, dice: random.Random) -> dict[str, Any]:
    day = FIRST_DAY + timedelta(days=dice.randrange((LAST_DAY - FIRST_DAY).days + 1))
    mean = NPS_MEAN[said.labels()["sentiment"]] + (customer["plan"] == "premium")
    score: int | str = min(10, max(0, round(dice.gauss(mean, NPS_SD))))
    return {
        "customer_id": customer["customer_id"],
        "date": day.isoformat(),
        "nps": "" if dice.random() < 0.03 else score,
        "channel": dice.choice(CHANNELS),
        "comment": said.text,
    }


def _fate(
    customer: dict[str, Any], said: Sequence[_Said], rows: Sequence[Mapping[str, Any]], dice: random.Random
) -> dict[str, Any]:
    """Whether and when the customer leaves: after the last comment, save for a few who write once more."""
    labels = [each.labels() for each in said]
    left = dice.random() < chance_of_leaving(labels, customer["plan"], customer["tenure_days"])
    last = max((date.fromisoformat(row["date"]) for row in rows), default=FIRST_DAY)
    wait = -dice.randint(1, 30) if dice.random() < 0.03 else dice.randint(3, 120)
    return customer | {
        "churned": "yes" if left else "no",
        "left_on": (last + timedelta(days=wait)).isoformat() if left else "",
    }


def _spoil(answers: list[tuple[dict[str, Any], _Said]], dice: random.Random) -> list[tuple[dict[str, Any], _Said]]:
    """What real exports hold: answers sent twice, unknown customers, scores that are none."""
    twice = [(dict(row), said) for row, said in dice.sample([each for each in answers if each[1].text], 12)]
    for row, _ in dice.sample(answers, 10):
        row["customer_id"] = ""
    for number, (row, _) in enumerate(dice.sample(answers, 6)):
        row["customer_id"] = f"X{number + 1:05}"
    for row, _ in dice.sample(answers, 4):
        row["nps"] = 99
    return answers + twice
