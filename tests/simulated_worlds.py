"""Worlds with known truth, as the JOIN stage would hand them over: who says what, when, and who leaves.

Each world is a function of a random generator. Controls have few levels, so that nothing is left of them after
adjustment, but in `confounded`, where tenure is a number as in real data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import expit
from test_drivers_world import make_topics

from cxnlp import schema
from cxnlp.audit.drawing import order_sample
from cxnlp.results import Gold, Outcome, ScoreColumn, Table, Topics

__all__ = ["CHURN", "NPS", "World", "accounts", "confounded", "driver", "every_check", "immortal", "null", "scarce"]

CHURN = Outcome("churned", "churned", "churned")
NPS = Outcome("nps_score", "score of nps", "nps", kind="score", scale=schema.SCALES["nps"])

_DAY = np.datetime64("2024-01-01")
_TOPIC = "t0"


@dataclass(frozen=True, slots=True)
class World:
    """``said``: a row a statement: person (position in ``people``), day, topic_id (the model's; missing: none), truth
    (people's), stage, polarity. ``people``: a row a customer: churned, the controls, and where the world has them
    nps_score, cluster, revenue, start, end, left (days). ``effect``: by how much churning is more likely with a true
    mention of 't0', averaged over ``people``."""

    said: pd.DataFrame
    people: pd.DataFrame
    controls: tuple[str, ...]
    effect: float
    outcomes: tuple[Outcome, ...] = (CHURN,)

    def topics(self) -> Topics:
        """The topics that the model found, all of them stable."""
        return make_topics(sorted(self.said["topic_id"].dropna().unique()))

    def table(self, order: np.ndarray | None = None) -> Table:
        """The joined table; ``order``: the same people in another order, as a shuffled file would give them."""
        people = np.arange(len(self.people)) if order is None else order
        place = np.empty(len(people), dtype=np.int64)
        place[people] = np.arange(len(people))
        said = self.said.assign(unit=place[self.said["person"]]).sort_values(["unit", "day"], kind="stable")
        said = said.assign(row=said.groupby(["unit", "day"], sort=True).ngroup())
        comments = said.drop_duplicates("row")
        written = [f"c{person}-{day}" for person, day in zip(comments["person"], comments["day"], strict=True)]
        units = self._units(people, said)
        topics: list[list[str]] = [[] for _ in written]
        for row, topic in said.loc[said["topic_id"].notna(), ["row", "topic_id"]].itertuples(index=False):
            topics[row].append(topic)
        wide = pd.DataFrame(
            {
                "comment_id": written,
                "status": "ok",
                "created_at": _date(comments["day"].to_numpy()),
                "text_clean": [f"said in {name}" for name in written],
                "topic_ids": [list(dict.fromkeys(names)) for names in topics],
                "unit": comments["unit"].to_numpy(),
                "in_window": True,
            }
        )
        if "nps_score" in units:
            wide["nps"] = units["nps_score"].to_numpy()[wide["unit"]]
        scores = (ScoreColumn("nps", "nps", schema.SCALES["nps"]),) if "nps_score" in units else ()
        statements = pd.DataFrame(
            {
                "statement_id": np.arange(len(said)),
                "comment_id": np.asarray(written, dtype=object)[said["row"]],
                "row": said["row"].to_numpy(),
                "unit": said["unit"].to_numpy(),
                "text": [f"statement number {number}" for number in said.index],
                "language": "en",
                "sentiment_label": said["polarity"].to_numpy(),
                "topic_id": said["topic_id"].to_numpy(),
                "topic_crossfit": said["topic_id"].to_numpy(),
                "topic_strength": 0.5 + 0.4 * (said.index.to_numpy() * 7919 % 101) / 101,
                "stage": said["stage"].to_numpy(),
                "in_window": True,
            }
        ).reindex(columns=schema.names("statements"))
        return Table(
            comments=wide,
            statements=statements,
            units=units,
            scores=scores,
            outcomes=self.outcomes,
            controls=self.controls,
            unit_name="customer",
            stages=schema.STAGES,
        )

    def gold(self, table: Table, labels: int, seed: int) -> Gold:
        """Tags that people gave, without error, to ``labels`` customers of one of this world's tables; those tagged
        with 't0' are drawn four times as often, as `cxnlp audit draw` does with rare mentions that matter."""
        tagged = table.statements.loc[table.statements["topic_id"] == _TOPIC, "unit"].unique()
        size = pd.Series(1.0, index=table.units["customer_id"])
        size.iloc[tagged] = 4.0
        size = size.sort_index()
        chosen, chance = order_sample(size, labels, seed)
        drawn = pd.Series(chance[chosen], index=size.index[chosen])
        units = table.units.loc[table.units["customer_id"].isin(drawn.index), ["unit", "customer_id"]]
        units = units.assign(probability=units["customer_id"].map(drawn))
        known = table.statements[table.statements["unit"].isin(units["unit"])]
        number = known["text"].str.removeprefix("statement number ").astype(int)
        truth = self.said["truth"].loc[number].to_numpy()
        labelled = known[["statement_id", "stage"]].assign(topic_id=truth, polarity=known["sentiment_label"])
        return Gold(labelled, units[["unit", "probability"]], pd.DataFrame(columns=schema.names("audit")))

    def _units(self, people: np.ndarray, said: pd.DataFrame) -> pd.DataFrame:
        of = self.people.iloc[people].reset_index(drop=True)
        written = said.drop_duplicates("row")["unit"].value_counts()
        units = pd.DataFrame({"unit": np.arange(len(people)), "customer_id": [f"k{person}" for person in people]})
        units["n_comments"] = units["unit"].map(written).fillna(0).astype(np.int64)
        units["language"] = "en"
        units["churned"] = pd.array(of["churned"].to_numpy(dtype=bool), dtype="boolean")
        for name in (*self.controls, *({"nps_score", "cluster", "revenue"} & set(of))):
            units[name] = of[name].to_numpy()
        if "left" in of:
            units["observed_from"], units["observed_until"] = _date(of["start"]), _date(of["end"])
            units["left_at"] = _date(of["left"])
        return units


def null(rng: np.random.Generator, n: int = 1_500) -> World:
    """Six topics in three stages and both polarities that go with nothing: customers with their outcomes and controls,
    which do go together, are dealt at random to those who said something."""
    speaks = rng.random((n, 6)) < rng.uniform(0.1, 0.3, 6)
    said = _one_comment(speaks, rng)
    polarity = np.array(["negative", "positive"], dtype=object)
    stages = np.array(schema.STAGES[1:4], dtype=object)
    said = said.assign(polarity=polarity[rng.integers(0, 2, len(said))], stage=stages[rng.integers(0, 3, len(said))])
    tenure, plan = rng.exponential(500, n), rng.choice(list("abc"), n)
    churned = rng.random(n) < expit(-1 - 0.001 * tenure + 0.5 * (plan == "a"))
    nps = np.clip(np.round(8 - 3 * churned + rng.normal(0, 2, n)), 0, 10)
    people = pd.DataFrame({"churned": churned, "nps_score": nps, "tenure_days": tenure, "plan": plan})
    return World(said, people, ("tenure_days", "plan"), 0.0, (CHURN, NPS))


def driver(
    rng: np.random.Generator,
    n: int = 6_000,
    mentions: int = 86,
    *,
    ratio: float = 2.0,
    rate: float = 0.10,
    topics: int = 2,
    tagger: tuple[float, float] = (1.0, 1.0),
) -> World:
    """Exactly ``mentions`` customers mention 't0', more often on the basic plan, and churn ``ratio`` times as often as
    others of their plan and country, ``rate`` on average; the other topics go with nothing.

    ``tagger``: sensitivity and specificity of the model's tags of 't0'. Everyone comments once in the first 60 days
    and is observed for a year; who churns does so on any day after the comment.
    """
    plan, country = rng.integers(0, 2, n), rng.integers(0, 3, n)
    base = rate * np.array([0.75, 1.25])[plan] * np.array([0.8, 1.0, 1.2])[country]
    order = np.lexsort((rng.exponential(1 / np.array([0.7, 1.3])[plan]),))
    true = np.zeros(n, dtype=bool)
    true[order[:mentions]] = True
    churned = rng.random(n) < base * np.where(true, ratio, 1)
    wrote = rng.integers(0, 60, n)
    left = np.where(churned, wrote + 1 + np.floor(rng.random(n) * (365 - wrote - 1)), np.nan)
    others = rng.random((n, topics - 1)) < 0.1
    said = _one_comment(np.column_stack([np.ones(n, dtype=bool), others]), rng, wrote)
    first = said["topic_id"] == _TOPIC
    tagged = np.where(true, rng.random(n) < tagger[0], rng.random(n) > tagger[1])[said["person"]]
    said["truth"] = said["topic_id"].where(~first | true[said["person"]])
    said["topic_id"] = said["topic_id"].where(~first | tagged)
    people = pd.DataFrame({"churned": churned, "plan": plan, "country": country, "start": 0, "end": 365, "left": left})
    return World(said, people.astype({"plan": str, "country": str}), ("plan", "country"), (ratio - 1) * base.mean())


def confounded(rng: np.random.Generator, n: int = 2_500) -> World:
    """New customers mention 't0', churn more and score lower, all for being new."""
    tenure = rng.exponential(700, n)
    new = expit(2 - tenure / 240)
    speaks = np.column_stack([rng.random(n) < 0.03 + 0.4 * new, rng.random((n, 3)) < 0.1])
    churned = rng.random(n) < 0.05 + 0.45 * new
    nps = np.clip(np.round(8 - 4 * new + rng.normal(0, 2, n)), 0, 10)
    people = pd.DataFrame({"churned": churned, "nps_score": nps, "tenure_days": tenure})
    return World(_one_comment(speaks, rng), people, ("tenure_days",), 0.0, (CHURN, NPS))


def scarce(rng: np.random.Generator, *, n: int = 1_200, rate: float = 0.02, ratio: float = 3.0) -> World:
    """Some 25 customers leave in all; 60 mention 't0', of whom four leave on average, hardly anyone at a low ratio."""
    one = driver(rng, n, 60, ratio=ratio, rate=rate)
    return replace(one, people=one.people.drop(columns=["start", "end", "left"]))


def accounts(rng: np.random.Generator, n: int = 1_500, groups: int = 60) -> World:
    """Customers of one account share what they say and how they fare; the mention itself goes with nothing."""
    account = rng.integers(0, groups, n)
    fate, talk = rng.normal(0, 1, (2, groups))
    plan = rng.integers(0, 3, n)
    speaks = rng.random((n, 1)) < expit(-1.4 + 1.5 * talk[account])[:, None]
    churned = rng.random(n) < expit(-1.2 + fate[account] + 0.4 * (plan == 0))
    people = pd.DataFrame({"churned": churned, "plan": plan.astype(str), "cluster": [f"g{one}" for one in account]})
    return World(_one_comment(speaks, rng), people, ("plan",), 0.0)


def immortal(rng: np.random.Generator, n: int = 2_500) -> World:
    """Everyone comments in the first days; 't0' is praised after 150 days on average, by those who are still there.
    It goes with nothing, but who praises it has stayed long."""
    plan = rng.integers(0, 2, n)
    wrote = rng.integers(1, 10, n)
    left = wrote + 1 + np.floor(rng.exponential(300 / np.array([1.0, 1.6])[plan]))
    praise = wrote + np.floor(rng.exponential(150, n))
    says = (rng.random(n) < 0.7) & (praise < np.minimum(left, 365))
    everyone = _one_comment(np.ones((n, 1), dtype=bool), rng, wrote).assign(topic_id="t1", truth="t1")
    later = pd.DataFrame({"person": np.flatnonzero(says), "day": praise[says].astype(np.int64)})
    later = later.assign(topic_id=_TOPIC, truth=_TOPIC, polarity="positive", stage="retention")
    churned = left <= 365
    people = pd.DataFrame({"churned": churned, "plan": plan.astype(str), "start": 0, "end": 365})
    people["left"] = np.where(churned, left, np.nan)
    return World(pd.concat([everyone, later], ignore_index=True), people, ("plan",), 0.0)


def every_check(rng: np.random.Generator, n: int = 1_500) -> World:
    """A driver, dates, accounts, revenue, a score, neutral mentions, several stages, and customers who say nothing."""
    one = driver(rng, n, n // 8, ratio=2.5, rate=0.15, topics=4, tagger=(0.9, 0.97))
    silent = rng.random(n) < 0.2
    said = one.said[~silent[one.said["person"]]].reset_index(drop=True)
    neutral = (said["topic_id"] != _TOPIC) & (rng.random(len(said)) < 0.3)
    stage = said["stage"].mask(rng.random(len(said)) < 0.3, "retention")
    said = said.assign(polarity=said["polarity"].mask(neutral, "neutral"), stage=stage)
    nps = np.clip(np.round(8 - 3 * one.people["churned"] + rng.normal(0, 2, n)), 0, 10)
    people = one.people.assign(
        nps_score=nps, revenue=np.round(rng.gamma(2, 50, n), 2), cluster=[f"g{a}" for a in rng.integers(0, 90, n)]
    )
    return replace(one, said=said, people=people, outcomes=(CHURN, NPS))


def _one_comment(speaks: np.ndarray, rng: np.random.Generator, wrote: np.ndarray | None = None) -> pd.DataFrame:
    """A complaint in the purchase stage for every True of ``speaks`` (people, topics), all of a person in one comment;
    who mentions no topic says something else."""
    person, topic = np.nonzero(speaks)
    silent = np.flatnonzero(~speaks.any(axis=1))
    names: Sequence[str | None] = [f"t{number}" for number in topic] + [None] * len(silent)
    person = np.concatenate([person, silent])
    day = rng.integers(0, 60, len(speaks)) if wrote is None else wrote
    said = pd.DataFrame({"person": person, "day": day[person].astype(np.int64)})
    said["topic_id"] = said["truth"] = np.array(names, dtype=object)
    return said.assign(polarity="negative", stage="purchase")


def _date(days: np.ndarray | pd.Series) -> pd.Series:
    return pd.Series(pd.to_datetime(_DAY) + pd.to_timedelta(np.asarray(days, dtype=float), unit="D"))
