"""Topics as tables: ids and names from content, sizes, examples, and the notes that go with them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxnlp import schema
from cxnlp.config import TopicsConfig
from cxnlp.results import Note
from cxnlp.topics.describe import Description
from cxnlp.topics.discover import Discovery
from cxnlp.topics.distinct import Distinct

__all__ = ["topics_table", "statement_table", "empty_tables", "ranks", "notes"]

STAGE = "topics"
TEXT = pd.StringDtype(na_value=np.nan)


def ranks(sizes: np.ndarray, described: list[Description]) -> np.ndarray:
    """Rank from 0 of each group by size, largest first, ties by name."""
    order = sorted(range(len(sizes)), key=lambda group: (-sizes[group], described[group].name))
    rank = np.empty(len(sizes), dtype=np.int64)
    rank[order] = np.arange(len(sizes))
    return rank


def statement_table(topic: np.ndarray, strength: np.ndarray, names: list[str]) -> pd.DataFrame:
    """The `topic_of` table of n statements.

    ``topic`` (n,) is the rank of the topic, -1 for none; ``strength`` (n,) 0 to 1; ``names`` by rank.
    """
    ids = np.array([*_ids("t", len(names)), np.nan], dtype=object)
    named = np.array([*names, np.nan], dtype=object)
    frame = pd.DataFrame(
        {
            "topic_id": pd.Series(ids[topic], dtype=TEXT),
            "topic_name": pd.Series(named[topic], dtype=TEXT),
            "topic_strength": np.where(topic >= 0, strength, np.nan).astype(np.float64),
        }
    )
    return schema.check(frame, "topic_of")


def topics_table(
    topic: np.ndarray,
    rows: np.ndarray,
    n_scored: int,
    described: list[Description],
    theme: np.ndarray,
    theme_names: list[str],
    stable: np.ndarray,
    examples: list[list[str]],
) -> pd.DataFrame:
    """The `topics` table of k topics; everything by topic is in order of rank.

    ``topic`` (n,) and ``rows`` (n,): topic (-1 for none) and comment of each statement. ``n_scored``:
    comments with status ok. ``theme`` (k,): rank of each topic's theme. ``stable`` (k,).
    """
    said = pd.DataFrame({"topic": topic, "row": rows})
    said = said[said["topic"] >= 0]
    k = len(described)
    n_comments = said.drop_duplicates()["topic"].value_counts().reindex(range(k), fill_value=0).to_numpy(np.int64)
    theme_ids = np.array([f"T{number + 1}" for number in range(len(theme_names))], dtype=object)
    frame = pd.DataFrame(
        {
            "topic_id": pd.Series(_ids("t", k), dtype=TEXT),
            "topic_name": pd.Series([one.name for one in described], dtype=TEXT),
            "theme_id": pd.Series(theme_ids[theme], dtype=TEXT),
            "theme_name": pd.Series(np.array(theme_names, dtype=object)[theme], dtype=TEXT),
            "keywords": pd.Series([list(one.keywords) for one in described], dtype=object),
            "n_statements": np.bincount(said["topic"], minlength=k).astype(np.int64),
            "n_comments": n_comments,
            "share": n_comments / max(n_scored, 1),
            "stability": stable.astype(np.float64),
            "examples": pd.Series(examples, dtype=object),
        }
    )
    return schema.check(frame, "topics")


def empty_tables(n_statements: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables without any topic."""
    nothing = np.full(n_statements, -1)
    table = topics_table(nothing, nothing, 0, [], np.empty(0, np.int64), [], np.empty(0), [])
    return table, statement_table(nothing, np.zeros(n_statements), [])


def _ids(letter: str, k: int) -> list[str]:
    width = max(2, len(str(k)))
    return [f"{letter}{number + 1:0{width}d}" for number in range(k)]


def notes(config: TopicsConfig, found: Discovery, distinct: Distinct, n_unassigned: int) -> tuple[Note, ...]:
    """What the user should know: how the number of topics came about and what could not be computed."""
    n, k = len(distinct.of_statement), len(found.centre)
    said: list[Note] = []
    if config.topics == "auto":
        said.append(
            Note(
                STAGE,
                f"{k} topics in {int(found.theme.max()) + 1} themes, chosen by the data: as many as the Bayesian "
                "information criterion and bootstrap refits support",
                level="info",
            )
        )
    elif k < int(config.topics):
        said.append(Note(STAGE, f"{config.topics} topics were asked for, {k} found: {_why_fewer(config, found)}"))
    if k == 1:
        said.append(
            Note(
                STAGE,
                f"all {n} statements form one topic ({len(distinct.texts)} distinct, at least "
                f"{config.min_statements} to a topic); its stability could not be computed",
                n,
            )
        )
    elif not np.isfinite(found.stability).any():
        said.append(Note(STAGE, "the stability of the topics was not computed: refits = 0"))
    if len(distinct.fitted) < len(distinct.texts):
        said.append(
            Note(
                STAGE,
                f"topics were found on {len(distinct.fitted)} of {len(distinct.texts)} distinct statements; "
                "the rest were given the nearest topic",
                len(distinct.texts) - len(distinct.fitted),
                level="info",
            )
        )
    said.append(
        Note(
            STAGE,
            f"{n_unassigned} of {n} statements ({n_unassigned / n:.1%}) fit no topic: among the weakest 5 % of "
            "their nearest topic and not clearly closer to it than to the next",
            n_unassigned,
            level="info",
        )
    )
    return tuple(said)


def _why_fewer(config: TopicsConfig, found: Discovery) -> str:
    if found.before_merging < int(config.topics):
        return (
            f"only {found.before_merging} can be told apart, and those smaller than {config.min_statements} statements "
            "went to their nearest neighbour"
        )
    return f"smaller ones than {config.min_statements} statements went to their nearest neighbour"
