"""The stage: statements and their embeddings in, named topics and the topic of each statement out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cxnlp.config import TopicsConfig
from cxnlp.results import Encoding, Note, Progress, Statements, Topics
from cxnlp.topics.assign import fit, nearest, unassign
from cxnlp.topics.describe import Description, name_groups
from cxnlp.topics.discover import Discovery, discover
from cxnlp.topics.distinct import Distinct, distinct
from cxnlp.topics.examples import representatives, shorten
from cxnlp.topics.space import project
from cxnlp.topics.tables import STAGE, empty_tables, notes, ranks, statement_table, topics_table
from cxnlp.topics.vocabulary import Vocabulary, count_terms, join_groups

__all__ = ["find"]

STEPS = 4


def find(
    statements: Statements, encoding: Encoding, config: TopicsConfig, *, progress: Progress | None = None
) -> Topics:
    """Find what the statements speak of.

    The result depends on the set of statements alone, never on their order: ids, names and numbers come
    out the same for shuffled rows.

    Parameters
    ----------
    statements : result of CLEAN, n statements.
    encoding : embeddings (n, width) in the same order; equal texts have equal embeddings.
    config : number of topics, least size, sample, refits, seed.
    progress : called with ('topics', steps done, steps in all).

    Returns
    -------
    Topics
        Topics by size with their themes, and for each statement its topic or none. Without statements:
        empty tables and a note.
    """
    step = _counter(progress)
    if not len(statements.table):
        return Topics(*empty_tables(), (Note(STAGE, "no statements, so no topics could be found", 0),))
    unique = distinct(statements.table, config.sample)
    embedding = np.asarray(encoding.embedding)[unique.first]
    step()
    found = discover(
        embedding[unique.fitted],
        unique.languages[unique.fitted],
        unique.counts[unique.fitted],
        topics=None if config.topics == "auto" else int(config.topics),
        least=config.min_statements,
        refits=config.refits,
        seed=config.seed,
    )
    step()
    points = project(found.space, embedding, unique.languages)
    nearby = nearest(points, found.centre)
    nearby[unique.fitted] = found.labels
    fitting = fit(points, found.centre, nearby)
    topic = np.where(unassign(nearby, fitting, unique.counts), -1, nearby)
    step()
    result = _describe(statements, unique, found, points, topic, fitting.strength, config)
    step()
    return result


def _describe(
    statements: Statements,
    unique: Distinct,
    found: Discovery,
    points: np.ndarray,
    topic: np.ndarray,
    strength: np.ndarray,
    config: TopicsConfig,
) -> Topics:
    """Name, rank and tabulate; ``topic`` and ``strength`` are by distinct statement."""
    k = len(found.centre)
    fitted = unique.fitted
    shown = [_examples(fitted[topic[fitted] == i], unique, points, found.centre[i]) for i in range(k)]
    size = np.bincount(topic[topic >= 0], unique.counts[topic >= 0], minlength=k)
    typical = [texts[0] if texts else "" for texts in shown]
    words = count_terms(unique.texts[fitted], _known_languages(unique)[fitted], topic[fitted], unique.counts[fitted], k)
    described = name_groups(words, typical)
    rank = ranks(size, described)
    theme_of, theme_names = _themes(words, found.theme, size, described, typical)
    order = np.argsort(rank)
    by_statement = np.append(rank, -1)[topic][unique.of_statement]
    table = topics_table(
        by_statement,
        statements.table["row"].to_numpy(np.int64),
        int((statements.comments["status"] == "ok").sum()),
        [described[i] for i in order],
        theme_of[order],
        theme_names,
        found.stability[order],
        [shown[i] for i in order],
    )
    of_statement = statement_table(by_statement, strength[unique.of_statement], [described[i].name for i in order])
    return Topics(table, of_statement, notes(config, found, unique, int((by_statement < 0).sum())))


def _examples(rows: np.ndarray, unique: Distinct, points: np.ndarray, centre: np.ndarray) -> list[str]:
    texts = unique.texts[rows].tolist()
    return [shorten(texts[i]) for i in representatives(texts, points[rows], centre)]


def _known_languages(unique: Distinct) -> np.ndarray:
    """Languages of the distinct statements; an unknown one is read as the most frequent one."""
    known = unique.languages[unique.languages != ""]
    if not len(known):
        return unique.languages
    codes, times = np.unique(known, return_counts=True)
    return np.where(unique.languages == "", codes[times.argmax()], unique.languages)


def _themes(
    words: dict[str, Vocabulary], theme: np.ndarray, size: np.ndarray, described: list[Description], typical: list[str]
) -> tuple[np.ndarray, list[str]]:
    """Rank of each topic's theme, and the names of the themes by rank; a lone topic names its theme."""
    members = [np.flatnonzero(theme == i) for i in range(int(theme.max()) + 1)]
    largest = [max(own.tolist(), key=lambda topic: (size[topic], described[topic].name)) for own in members]
    named = name_groups(join_groups(words, theme), [typical[topic] for topic in largest])
    named = [described[own[0]] if len(own) == 1 else name for own, name in zip(members, named, strict=True)]
    rank = ranks(np.bincount(theme, size), named)
    return rank[theme], [named[i].name for i in np.argsort(rank)]


def _counter(progress: Progress | None) -> Callable[[], None]:
    done = iter(range(1, STEPS + 1))

    def step() -> None:
        if progress is not None:
            progress(STAGE, next(done), STEPS)

    return step
