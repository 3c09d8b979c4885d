"""The stage: statements and their embeddings in, named topics and the topic of each statement out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from cxnlp.config import TopicsConfig
from cxnlp.results import Encoding, Note, Progress, Statements, Topics
from cxnlp.topics.crossfit import about_crossfit, find_halves, place_across
from cxnlp.topics.discover import Discovery, discover
from cxnlp.topics.distinct import Distinct, distinct
from cxnlp.topics.edits_file import render
from cxnlp.topics.fitted import DELETED
from cxnlp.topics.given import Given
from cxnlp.topics.labelled import Labelled, edit, label, label_again, lone_themes, sizes
from cxnlp.topics.naming import main_language
from cxnlp.topics.polish import Draft, polish
from cxnlp.topics.saved import EDITS, FILE, to_bytes
from cxnlp.topics.space import project
from cxnlp.topics.tables import STAGE, about_fit, about_unassigned, empty_tables, statement_table, topics_table

__all__ = ["find"]

STEPS = 4


def find(
    statements: Statements,
    encoding: Encoding,
    config: TopicsConfig,
    *,
    given: Given | None = None,
    halves: np.ndarray | None = None,
    progress: Progress | None = None,
) -> Topics:
    """Find what the statements speak of, or give them the topics of an earlier analysis.

    The result depends on the set of statements alone, never on their order: ids, names and numbers come
    out the same for shuffled rows. With the topics of an earlier analysis each statement is placed by itself.

    Parameters
    ----------
    statements : result of CLEAN, n statements.
    encoding : embeddings (n, width) in the same order; equal texts have equal embeddings.
    config : number of topics, least size, sample, refits, seed, who words the names.
    given : from `given.load`: topics of an earlier analysis, or edits to replay on what is found.
    halves : bool, one a row of the comments: its customer is in the first half. Topics are sought in each half alone
        too, and `topic_crossfit` places each statement by those of the other half; it is the topic itself where
        halves are not given, or too small, which a note says.
    progress : called with ('topics', steps done, steps in all).

    Returns
    -------
    Topics
        Topics by size with their themes, for each statement its topic or none, and the files that give later
        comments the same topics. Without statements: no topic of a statement, and a note.

    Raises
    ------
    InputError
        For edits of other topics or that conflict, and for topics that another model found.
    """
    given, step = given or Given(), _counter(progress)
    if not len(statements.table) and given.saved is None:
        return Topics(*empty_tables(), (Note(STAGE, "no statements, so no topics could be found", 0),))
    unique = distinct(statements.table, config.sample)
    embedding = np.asarray(encoding.embedding)[unique.first]
    first = None if halves is None else np.asarray(halves, dtype=bool)[statements.table["row"].to_numpy(np.int64)]
    step()
    if given.saved is not None:
        labelled, points = label_again(given.saved, unique, embedding, encoding.model.sha256)
        step()
        return _result(statements, unique, labelled, points, first, (), {FILE: to_bytes(labelled.saved)})
    found = _discover(unique, embedding, config)
    points = project(found.space, embedding, unique.languages)
    step()
    plain = label(found, unique, points, encoding.model.sha256)
    if first is not None:
        alone = find_halves(plain.saved.fitted, unique, points, first, config.seed)
        plain = replace(plain, saved=replace(plain.saved, halves=alone))
    labelled = plain
    notes = about_fit(config, found, unique)
    if given.edits is not None:
        labelled, said = edit(plain, given.edits, found, unique, points)
        notes = (*notes, *said)
    if config.name_with is not None:
        labelled, said = _polish(labelled, unique, config.name_with, config.name_model)
        notes = (*notes, *said)
    step()
    files = {FILE: to_bytes(labelled.saved), EDITS: (given.text or _yaml(plain, unique)).encode("utf-8")}
    result = _result(statements, unique, labelled, points, first, notes, files)
    step()
    return result


def _discover(unique: Distinct, embedding: np.ndarray, config: TopicsConfig) -> Discovery:
    return discover(
        embedding[unique.fitted],
        unique.languages[unique.fitted],
        unique.counts[unique.fitted],
        topics=None if config.topics == "auto" else int(config.topics),
        least=config.min_statements,
        refits=config.refits,
        seed=config.seed,
    )


def _result(
    statements: Statements,
    unique: Distinct,
    labelled: Labelled,
    points: np.ndarray,
    first: np.ndarray | None,
    notes: tuple[Note, ...],
    files: dict[str, bytes],
) -> Topics:
    by_statement, crossfit, saved = labelled.placed.topic[unique.of_statement], None, labelled.saved
    if first is not None and saved.halves is not None:
        crossfit = place_across(saved.fitted, saved.halves, unique, points, first)
    else:
        notes = (*notes, about_crossfit(first is not None))
    table = topics_table(
        by_statement,
        statements.table["row"].to_numpy(np.int64),
        int((statements.comments["status"] == "ok").sum()),
        labelled.saved.table,
        labelled.named.examples,
    )
    strength = labelled.placed.strength[unique.of_statement]
    of_statement = statement_table(by_statement, strength, labelled.saved.table, crossfit)
    if len(by_statement):
        placed = labelled.placed
        deleted = (labelled.saved.fitted.topic[placed.centre] == DELETED) & (placed.topic < 0)
        count = int(deleted[unique.of_statement].sum())
        notes = (*notes, about_unassigned(int((by_statement < 0).sum()), len(by_statement), count))
    return Topics(table, of_statement, notes, files)


def _yaml(plain: Labelled, unique: Distinct) -> str:
    table = plain.saved.table
    size = sizes(plain.placed, unique, len(table))
    listed = zip(table["topic_id"], table["topic_name"], table["theme_name"], size.astype(int).tolist(), strict=True)
    return render(plain.saved.analysis, "this analysis", list(listed))


def _polish(labelled: Labelled, unique: Distinct, url: str, model: str | None) -> tuple[Labelled, tuple[Note, ...]]:
    """Names worded by a language model, for topics that no person named; everything else stays."""
    table, named = labelled.saved.table, labelled.named
    free = [i for i in range(len(table)) if i not in labelled.by_person]
    drafts = [
        Draft(table["topic_name"].iloc[i], tuple(table["keywords"].iloc[i]), tuple(named.examples[i])) for i in free
    ]
    worded = polish(drafts, url, model, language=main_language(unique) or "en", timeout=30 + 10 * len(drafts))
    names = table["topic_name"].tolist()
    taken = {names[i].casefold() for i in labelled.by_person}
    for i, name in zip(free, worded.names, strict=True):
        names[i] = names[i] if name.casefold() in taken else name
    after = table.assign(topic_name=pd.Series(names, dtype=object))
    after["theme_name"] = lone_themes(after)
    return replace(labelled, saved=replace(labelled.saved, table=after)), tuple(worded.notes)


def _counter(progress: Progress | None) -> Callable[[], None]:
    done = iter(range(1, STEPS + 1))

    def step() -> None:
        if progress is not None:
            progress(STAGE, next(done), STEPS)

    return step
