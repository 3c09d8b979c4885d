"""How comments judge the topics that they mention, as shares and in words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from cxnlp.report import words
from cxnlp.results import Evidence

__all__ = ["POLARITIES", "Judged", "judged"]

POLARITIES: tuple[str, ...] = ("negative", "mixed", "neutral", "positive")
"""From the worst to the best, as a bar shows them."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Comments that mention a topic and judge it: ``n`` of them, ``parts`` (polarity, comments) where there are any."""

    n: int
    parts: tuple[tuple[str, int], ...]

    @property
    def text(self) -> str:
        """Every polarity with its share: ``62 % negative, 38 % positive``."""
        return ", ".join(f"{words.share(count / self.n)} {name}" for name, count in self.parts)

    @property
    def most(self) -> str:
        """The most frequent polarity with its share; of equal ones the worse."""
        name, count = max(self.parts, key=lambda part: part[1])
        return f"{words.share(count / self.n)} {name}"


def judged(evidence: Evidence) -> dict[str, Judged]:
    """Topic id -> how the comments that mention it judge it; only topics that some comment judges."""
    comments = evidence.comments
    pairs = zip(comments["topic_ids"], comments["topic_polarities"], strict=True)
    counts = Counter(
        (str(topic), polarity)
        for topics, polarities in pairs
        for topic, polarity in zip(topics, polarities, strict=True)
        if polarity in POLARITIES
    )
    found = {}
    for topic in {topic for topic, _ in counts}:
        parts = tuple((name, counts[topic, name]) for name in POLARITIES if counts[topic, name])
        found[topic] = Judged(sum(count for _, count in parts), parts)
    return found
