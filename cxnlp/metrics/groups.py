"""Which comments, and which customers, belong to which stage, touchpoint, topic, theme, language or segment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxnlp.heads import TOUCHPOINTS
from cxnlp.results import Table, Topics

__all__ = ["Grouping", "of_comments", "of_units"]


@dataclass(frozen=True, slots=True)
class Grouping:
    """One way to group: pair i says that ``member[i]`` belongs to ``groups[code[i]]``.

    A member (row of the comments or of the units table) may belong to many groups, to each at most once.
    ``sentiment[i]`` is the mean sentiment of what that member says inside that group; NaN where unknown.
    """

    by: str
    groups: tuple[str, ...]
    member: np.ndarray
    code: np.ndarray
    sentiment: np.ndarray

    def split(self, values: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        """Each group with its pairs' ``values`` (shape (number of pairs,)), NaN left out."""
        if not self.groups:
            return iter(())
        known = ~np.isnan(values)
        code, values = self.code[known], values[known]
        order = np.argsort(code, kind="stable")
        ends = np.cumsum(np.bincount(code, minlength=len(self.groups)))
        return zip(self.groups, np.split(values[order], ends[:-1]), strict=True)


def of_comments(table: Table, topics: Topics) -> Iterator[Grouping]:
    """Groupings of the comments. By what is said, a comment belongs wherever one of its statements does."""
    sentiment = table.comments["sentiment"].to_numpy(dtype=float)
    yield _everyone(sentiment)
    yield from _by_statement(table.statements, topics, member="row")
    for by in ("language", *table.segments):
        yield _by_column(table.comments[by], by, sentiment)


def of_units(table: Table, topics: Topics) -> Iterator[Grouping]:
    """Groupings of the customers (or lone comments). What was said after the customer left does not count."""
    unknown = np.full(len(table.units), np.nan)
    yield _everyone(unknown)
    evidence = table.statements[table.statements["in_window"].astype(bool)]
    yield from _by_statement(evidence, topics, member="unit")
    for by in ("language", *table.segments):
        if by in table.units:
            yield _by_column(table.units[by], by, unknown)


def _everyone(sentiment: np.ndarray) -> Grouping:
    n = len(sentiment)
    return Grouping("overall", ("all",), np.arange(n), np.zeros(n, dtype=int), sentiment)


def _by_column(values: pd.Series, by: str, sentiment: np.ndarray) -> Grouping:
    code, groups = pd.factorize(values, sort=True)
    member = np.flatnonzero(code >= 0)
    return Grouping(by, tuple(map(str, groups)), member, code[member], sentiment[member])


def _by_statement(statements: pd.DataFrame, topics: Topics, member: str) -> Iterator[Grouping]:
    theme_of = topics.table.set_index("topic_id")["theme_id"]
    themes = statements["topic_id"].map(theme_of)
    yield _pairs(statements, statements["stage"], "stage", sorted(statements["stage"].dropna().unique()), member)
    yield _pairs(statements, statements["touchpoint"], "touchpoint", list(TOUCHPOINTS), member)
    yield _pairs(statements, themes, "theme", list(topics.table["theme_id"].drop_duplicates()), member)
    yield _pairs(statements, statements["topic_id"], "topic", list(topics.table["topic_id"]), member)


def _pairs(statements: pd.DataFrame, labels: pd.Series, by: str, groups: list[str], member: str) -> Grouping:
    """Members and groups that meet in at least one statement; sentiment weighted by characters as in comments."""
    code = pd.Index(groups, dtype=object).get_indexer(pd.Index(labels, dtype=object))
    known = code >= 0
    chosen = statements[known]
    pair = chosen[member].to_numpy(dtype=np.int64) * len(groups) + code[known]
    pairs, position = np.unique(pair, return_inverse=True)
    weight = np.maximum(chosen["end"].to_numpy() - chosen["start"].to_numpy(), 1).astype(float)
    weighted = np.bincount(position, weight * chosen["sentiment"].to_numpy(dtype=float), minlength=len(pairs))
    total = np.bincount(position, weight, minlength=len(pairs))
    sentiment = weighted / total
    return Grouping(by, tuple(groups), pairs // max(len(groups), 1), pairs % max(len(groups), 1), sentiment)
