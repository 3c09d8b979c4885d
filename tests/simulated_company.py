"""A company with known truth: why its customers leave is decided here, and cxnlp has to find it out from files.

Customers have a tenure, a plan and a revenue. Some complain about the website (the true driver: leaving becomes 2.5
times as likely from then on). Others tell of the website of another shop, which goes with nothing: people see that,
the model does not. New customers complain about delivery and leave more often anyway (a confounded topic). Praise of
the staff or of the product goes with nothing. The rest speak of other things, and a fifth writes nothing. What they
write are real comments in four languages from the corpus that was written for this project
(``data/simulated_comments.json``, MIT).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

__all__ = ["CONFOUNDED", "DRIVER", "ELSEWHERE", "NULLS", "Company", "company", "fill_in", "kind_of", "spoken", "write"]

DRIVER, CONFOUNDED, NULLS = "WEB-", "DEL-", ("STF+", "PRD+")
ELSEWHERE = "WEB- elsewhere"
HAZARD_RATIO = 2.5

_TEXTS = json.loads((Path(__file__).parent / "data" / "simulated_comments.json").read_text(encoding="utf-8"))
_KINDS = {text: kind for kind, pool in _TEXTS.items() for told in pool for text in told.values()}
_OTHER_SHOP = {"en": "Another shop", "ro": "Alt magazin", "pl": "Inny sklep", "it": "Altro negozio"}
_POLARITY = {"-": "negative", "+": "positive", "0": "neutral"}
_STAGE = {DRIVER: "consideration", CONFOUNDED: "purchase"}
_FIRST_DAY, _DAYS = pd.Timestamp("2024-01-01"), 540


@dataclass(frozen=True, slots=True)
class Company:
    """``comments`` and ``customers``: the files. ``risk_difference``: by how much leaving within the window is more
    likely with the driver than without it, averaged over those who comment."""

    comments: pd.DataFrame
    customers: pd.DataFrame
    risk_difference: float


def company(n: int = 4_000, seed: int = 0) -> Company:
    """``n`` customers; equal seeds give equal companies."""
    rng = np.random.default_rng(seed)
    tenure, plan = rng.exponential(500, n), rng.choice(["basic", "plus"], n)
    new = expit(2 - tenure / 150)
    chances = {DRIVER: 0.12, ELSEWHERE: 0.08, CONFOUNDED: 0.02 + 0.5 * new, "STF+": 0.25, "PRD+": 0.3}
    speaks = {kind: rng.random(n) < chance for kind, chance in chances.items()}
    # Without them, who praises the staff would complain less about the website merely by having said something else.
    speaks["PRD0"] = ~np.any(list(speaks.values()), axis=0)
    silent = rng.random(n) < 0.2
    wrote = rng.integers(1, 60, n)
    rate = np.exp(-8.1 + 2 * new + 0.3 * (plan == "basic"))
    left = wrote + 1 + np.floor(rng.exponential(1 / (rate * np.where(speaks[DRIVER] & ~silent, HAZARD_RATIO, 1))))
    stays = _DAYS - wrote - 1
    gains = np.exp(-rate * stays) - np.exp(-rate * HAZARD_RATIO * stays)
    churned = left <= _DAYS
    ids = [f"C{number:05d}" for number in range(n)]
    rows = [
        {"customer": ids[one], "written": _date(wrote[one]), "comment": _words(rng, speaks, one)}
        for one in np.flatnonzero(~silent)
    ]
    customers = pd.DataFrame(
        {
            "customer": ids,
            "churned": np.where(churned, "yes", "no"),
            "left_on": [_date(day) if gone else "" for day, gone in zip(left, churned, strict=True)],
            "observed": _date(0),
            "tenure_days": tenure.round(1),
            "plan": plan,
            "revenue": rng.gamma(4, 25, n).round(2),
        }
    )
    return Company(pd.DataFrame(rows), customers, float(gains[~silent].mean()))


def kind_of(comment: str, statement: str) -> str:
    """What a statement of a comment is truly about, as a person who reads the whole comment sees it."""
    start = statement.split("\n")[0]
    line = next(line for line in comment.split("\n") if start in line)
    head, text = line.split(": ", 1)
    return ELSEWHERE if any(other in head for other in _OTHER_SHOP.values()) else _KINDS[text]


def spoken(folder: Path) -> pd.DataFrame:
    """The statements of an analysis with ``kind``, what they are truly about."""
    said = pd.read_parquet(folder / "statements.parquet")
    comments = pd.read_parquet(folder / "comments.parquet", columns=["text_clean"])["text_clean"]
    kinds = [kind_of(comments.iloc[row], text) for row, text in zip(said["row"], said["text"], strict=True)]
    return said.assign(kind=kinds)


def fill_in(sheet: Path, analysis: Path, filled: Path) -> None:
    """The sheet of `cxnlp audit draw` as somebody who knows the truth fills it in.

    Of the topics that were found, the one that holds most of a kind is the right one for it.
    """
    gold = pd.read_csv(sheet, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    truth = [kind_of(comment, said) for comment, said in zip(gold["comment"], gold["statement"], strict=True)]
    said = spoken(analysis)
    topic = pd.crosstab(said["kind"], said["topic_id"]).idxmax(axis=1).to_dict() | {ELSEWHERE: "none"}
    gold["topic"] = [topic[kind] for kind in truth]
    gold["polarity"] = [_POLARITY[kind.split()[0][-1]] for kind in truth]
    gold["stage"] = [_STAGE.get(kind.split()[0], "retention") for kind in truth]
    gold.to_csv(filled, index=False)


def write(folder: Path) -> Company:
    """The company's two files, comments.csv and customers.csv."""
    made = company()
    made.comments.to_csv(folder / "comments.csv", index=False)
    made.customers.to_csv(folder / "customers.csv", index=False)
    return made


def _date(day: float) -> str:
    return (_FIRST_DAY + pd.Timedelta(days=int(day))).strftime("%Y-%m-%d")


def _words(rng: np.random.Generator, speaks: dict[str, np.ndarray], one: int) -> str:
    """What a customer writes: in one language, a text for each thing to say, a line each, with the number of an order.

    The corpus also trained the shipped model, and texts that did can be no gold: the number makes them others.
    """
    language = list(_OTHER_SHOP)[rng.integers(4)]
    lines = []
    for kind in (kind for kind in speaks if speaks[kind][one]):
        pool = _TEXTS[kind.split()[0]]
        where = f" {_OTHER_SHOP[language]}" if kind == ELSEWHERE else ""
        lines.append(f"#{rng.integers(10_000, 99_999)}{where}: {pool[rng.integers(len(pool))][language]}")
    return "\n".join(lines)
