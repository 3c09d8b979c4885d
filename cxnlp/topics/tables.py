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

__all__ = [
    "topics_table", "statement_table", "kept_table", "named_by_language", "empty_tables", "ids", "ranks", "about_fit",
    "about_unassigned",
]  # fmt: skip

STAGE = "topics"
TEXT = pd.StringDtype(na_value=np.nan)


def ranks(sizes: np.ndarray, described: list[Description]) -> np.ndarray:
    """Rank from 0 of each group by size, largest first, ties by name."""
    order = sorted(range(len(sizes)), key=lambda group: (-sizes[group], described[group].name))
    rank = np.empty(len(sizes), dtype=np.int64)
    rank[order] = np.arange(len(sizes))
    return rank


def ids(letter: str, k: int) -> list[str]:
    """t01, t02 and so on: as wide as the last."""
    width = max(2, len(str(k)))
    return [f"{letter}{number + 1:0{width}d}" for number in range(k)]


def named_by_language(one: Description) -> list[str]:
    """'en: late delivery' for each language that names the topic."""
    return [f"{language}: {name}" for language, name in one.by_language.items()]


def kept_table(
    topic_ids: list[str], described: list[Description], theme: np.ndarray, theme_names: list[str], stable: np.ndarray
) -> pd.DataFrame:
    """What of k topics does not depend on which statements are counted: the columns `saved.KEPT`.

    ``theme`` (k,): rank of each topic's theme. ``stable`` (k,).
    """
    return pd.DataFrame(
        {
            "topic_id": pd.Series(topic_ids, dtype=object),
            "topic_name": pd.Series([one.name for one in described], dtype=object),
            "theme_id": pd.Series([f"T{number + 1}" for number in theme], dtype=object),
            "theme_name": pd.Series([theme_names[number] for number in theme], dtype=object),
            "keywords": pd.Series([list(one.keywords) for one in described], dtype=object),
            "names": pd.Series([named_by_language(one) for one in described], dtype=object),
            "stability": np.asarray(stable, dtype=np.float64),
            "edited": pd.Series([""] * len(described), dtype=object),
        }
    )


def statement_table(
    topic: np.ndarray, strength: np.ndarray, kept: pd.DataFrame, crossfit: np.ndarray | None = None
) -> pd.DataFrame:
    """The `topic_of` table of n statements.

    ``topic`` (n,) is the number of the topic in ``kept``, -1 for none; ``strength`` (n,) 0 to 1; ``crossfit`` (n,) the
    topic by the other half of the customers, None where it is not known: ``topic`` then.
    """
    topic_ids = np.array([*kept["topic_id"], np.nan], dtype=object)
    named = np.array([*kept["topic_name"], np.nan], dtype=object)
    frame = pd.DataFrame(
        {
            "topic_id": pd.Series(topic_ids[topic], dtype=TEXT),
            "topic_name": pd.Series(named[topic], dtype=TEXT),
            "topic_strength": np.where(topic >= 0, strength, np.nan).astype(np.float64),
            "topic_crossfit": pd.Series(topic_ids[topic if crossfit is None else crossfit], dtype=TEXT),
        }
    )
    return schema.check(frame, "topic_of")


def topics_table(
    topic: np.ndarray, rows: np.ndarray, n_scored: int, kept: pd.DataFrame, examples: list[list[str]]
) -> pd.DataFrame:
    """The `topics` table of k topics: the columns of ``kept``, with the statements of this run counted.

    ``topic`` (n,) and ``rows`` (n,): topic (-1 for none) and comment of each statement. ``n_scored``:
    comments with status ok.
    """
    said = pd.DataFrame({"topic": topic, "row": rows})
    said = said[said["topic"] >= 0]
    k = len(kept)
    n_comments = said.drop_duplicates()["topic"].value_counts().reindex(range(k), fill_value=0).to_numpy(np.int64)
    frame = kept.astype(dict.fromkeys(("topic_id", "topic_name", "theme_id", "theme_name", "edited"), TEXT)).assign(
        n_statements=np.bincount(said["topic"], minlength=k).astype(np.int64),
        n_comments=n_comments,
        share=n_comments / max(n_scored, 1),
        examples=pd.Series(examples, dtype=object),
    )
    return schema.check(frame[schema.names("topics")], "topics")


def empty_tables(n_statements: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables without any topic."""
    nothing, kept = np.full(n_statements, -1), kept_table([], [], np.empty(0, np.int64), [], np.empty(0))
    return topics_table(nothing, nothing, 0, kept, []), statement_table(nothing, np.zeros(n_statements), kept)


def about_fit(config: TopicsConfig, found: Discovery, distinct: Distinct) -> tuple[Note, ...]:
    """What the user should know: how the number of topics came about and what could not be computed."""
    n, k = len(distinct.of_statement), len(found.centre)
    said: list[Note] = []
    if config.topics == "auto":
        said.append(
            Note(
                STAGE,
                f"{k} topics in {int(found.theme.max()) + 1} themes, chosen by the data: as many as an "
                "information criterion pays for without losing stability in bootstrap refits",
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
    return tuple(said)


def about_unassigned(n_unassigned: int, n: int, n_deleted: int = 0) -> Note:
    """How many of n statements have no topic, and by which rule; ``n_deleted`` of them because theirs was deleted."""
    deleted = f"; {n_deleted} of them were in topics that a person deleted" if n_deleted else ""
    return Note(
        STAGE,
        f"{n_unassigned} of {n} statements ({n_unassigned / n:.1%}) fit no topic: weaker than 95 % of the statements "
        f"that their nearest topic was found on, and not clearly closer to it than to the next{deleted}",
        n_unassigned,
        level="info",
    )


def _why_fewer(config: TopicsConfig, found: Discovery) -> str:
    if found.before_merging < int(config.topics):
        return (
            f"only {found.before_merging} can be told apart, and those smaller than {config.min_statements} statements "
            "went to their nearest neighbour"
        )
    return f"smaller ones than {config.min_statements} statements went to their nearest neighbour"
