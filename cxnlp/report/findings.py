"""The few sentences that a manager reads first, each drawn from the tables by a rule of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from cxnlp.report import words
from cxnlp.report.measured import label_of
from cxnlp.results import Evidence, Flag

__all__ = ["FINDINGS", "Finding", "findings", "lead"]

_MOST = 5
_LEADS = {"negative": "Complaints about “{topic}” go with", "positive": "Praise of “{topic}” goes with"}
_EVENT = {"churn_driver": "“{label}” more often", "protective": "“{label}” less often"}
_GRADED = {"churn_driver": "a worse “{label}”", "protective": "a better “{label}”"}
"""Kinds of flag that state an association, and with what: of what happens or not, and of a score or an amount."""


@dataclass(frozen=True, slots=True)
class Finding:
    """``lead`` is the message in a few words, ``text`` what it rests on, ``section`` where to read on."""

    lead: str
    text: str
    section: str
    tone: str = "even"


def lead(evidence: Evidence, flag: Flag) -> str:
    """The message of `flag` in a few words; its title where there are no fewer."""
    names = evidence.topics.loc[evidence.topics["topic_id"] == flag.topic_id, "topic_name"]
    start = _LEADS.get(str(flag.evidence.get("polarity")))
    if flag.kind not in _EVENT or names.empty or start is None:
        return flag.title
    outcome = flag.evidence.get("outcome")
    graded = any(known.name == outcome and known.kind != "event" for known in evidence.outcomes)
    end = (_GRADED if graded else _EVENT)[flag.kind].replace("{label}", label_of(evidence, outcome))
    return f"{start.replace('{topic}', str(names.iloc[0]))} {end}"


def _n_scored(evidence: Evidence) -> int:
    return int((evidence.comments["status"] == "ok").sum())


def drivers_found(evidence: Evidence) -> list[Finding]:
    """The two strongest associations with a worse outcome."""
    found = [flag for flag in evidence.flags if flag.kind == "churn_driver"][:2]
    return [Finding(lead(evidence, flag), f"{flag.title}.", "flags", "bad") for flag in found]


def protectors_found(evidence: Evidence) -> list[Finding]:
    """The strongest association with a better outcome."""
    found = [flag for flag in evidence.flags if flag.kind == "protective"][:1]
    return [Finding(lead(evidence, flag), f"{flag.title}.", "flags", "good") for flag in found]


def no_driver(evidence: Evidence) -> list[Finding]:
    """That nothing was shown, and whether that is for want of data."""
    if evidence.drivers.empty or drivers_found(evidence) or protectors_found(evidence):
        return []
    tested = words.plural(len(evidence.drivers), "link")
    small = int((evidence.drivers["tier"] == "INSUFFICIENT").sum())
    if small:
        too_few = "all of them" if small == len(evidence.drivers) else f"{words.count(small)} of them"
        text = (
            f"We tested {tested} between topics and outcomes; for {too_few} there are too few comments to tell. "
            "This is no proof that nothing matters."
        )
    else:
        text = f"We tested {tested} between topics and outcomes, with enough comments for each."
    return [Finding("No topic was shown to go with the outcome", text, "drivers")]


def _most_mentioned(evidence: Evidence, label: str, lead: str, tone: str) -> list[Finding]:
    said = evidence.statements[evidence.statements["sentiment_label"] == label].dropna(subset=["topic_id"])
    if said.empty:
        return []
    counts = said.groupby("topic_id")["comment_id"].nunique()
    best = min(counts.index, key=lambda topic: (-counts[topic], str(topic)))
    name = said.loc[said["topic_id"] == best, "topic_name"].iloc[0]
    n, scored = int(counts[best]), _n_scored(evidence)
    verb = "complain" if tone == "bad" else "speak well"
    text = f"{words.count(n)} of {words.count(scored)} comments ({words.share(n / scored)}) {verb} of it."
    return [Finding(f"{lead}: “{name}”", text, "topics", tone)]


def complaint(evidence: Evidence) -> list[Finding]:
    """The topic that most comments complain about."""
    return _most_mentioned(evidence, "negative", "The most frequent complaint", "bad")


def praise(evidence: Evidence) -> list[Finding]:
    """The topic that most comments praise."""
    return _most_mentioned(evidence, "positive", "What customers like most", "good")


def balance(evidence: Evidence) -> list[Finding]:
    """How the comments divide into good and bad."""
    labels = evidence.comments.loc[evidence.comments["status"] == "ok", "sentiment_label"].value_counts(normalize=True)
    if labels.empty:
        return []
    good, bad = (float(labels.get(name, 0.0)) for name in ("positive", "negative"))
    text = f"{words.share(good)} of the comments are positive, {words.share(bad)} negative"
    return [Finding(text, f"The remaining {words.share(1 - good - bad)} are neutral or mixed.", "topics")]


def low_point(evidence: Evidence) -> list[Finding]:
    """The stage with the worst sentiment, if its interval lies below the best stage's."""
    curve = evidence.journey[(evidence.journey["metric"] == "sentiment") & evidence.journey["value"].notna()]
    if len(curve) < 2:
        return []
    ordered = curve.sort_values(["value", "position"])
    low, high = ordered.iloc[0], ordered.iloc[-1]
    if not low["high"] < high["low"]:
        text = "The intervals of the best and the worst stage overlap."
        return [Finding("No stage of the journey stands out", text, "journey")]
    text = f"Sentiment is {_tone(low)} there, against {_tone(high)} at “{high['stage']}”."
    return [Finding(f"The low point of the journey: {low['stage']}", text, "journey", "bad")]


def _tone(row: pd.Series) -> str:
    return f"{words.value(row['value'], 'net sentiment')} ({words.interval(row['low'], row['high'], 'net sentiment')})"


FINDINGS: tuple[Callable[[Evidence], list[Finding]], ...] = (
    drivers_found,
    no_driver,
    complaint,
    low_point,
    protectors_found,
    praise,
    balance,
)
"""In the order in which they are told."""


def findings(evidence: Evidence) -> list[Finding]:
    """At most five findings, the most important first; none where nothing was scored."""
    if evidence.statements.empty:
        return []
    return [finding for rule in FINDINGS for finding in rule(evidence)][:_MOST]
