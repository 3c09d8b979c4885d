"""Topics with names and with the statements of one run: found, edited, or those of an earlier analysis."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cxnlp.errors import InputError
from cxnlp.results import Note
from cxnlp.topics.applying import Edited, apply_edits
from cxnlp.topics.describe import Description
from cxnlp.topics.discover import Discovery
from cxnlp.topics.distinct import Distinct
from cxnlp.topics.edits import Edits
from cxnlp.topics.fitted import Placed, fingerprint, from_centres, place_points
from cxnlp.topics.naming import Named, name_themes, name_topics
from cxnlp.topics.saved import SavedTopics
from cxnlp.topics.space import project
from cxnlp.topics.stability import merged_stability
from cxnlp.topics.tables import STAGE, ids, kept_table, named_by_language, ranks
from cxnlp.topics.vocabulary import Vocabulary

__all__ = ["Labelled", "label", "edit", "label_again"]


@dataclass(frozen=True, slots=True)
class Labelled:
    """``saved``: the topics as rule and table. ``placed``: the topic of each distinct statement. ``named``: what the
    statements of this run say of each topic. ``by_person``: numbers of the topics that a person named."""

    saved: SavedTopics
    placed: Placed
    named: Named
    by_person: frozenset[int] = frozenset()


def label(found: Discovery, unique: Distinct, points: np.ndarray, model: str) -> Labelled:
    """Number the topics found by size, and name them and their themes.

    ``points`` (m, d): the distinct statements, those outside the sample too. ``model``: SHA-256 of the encoder.
    """
    k = len(found.centre)
    within = np.isin(np.arange(len(points)), unique.fitted)
    fitted = from_centres(found.space, found.centre, points, unique.counts, within)
    placed = place_points(fitted, unique.texts.tolist(), points)
    named = name_topics(unique, placed.topic, points, k)
    size = sizes(placed, unique, k)
    rank = ranks(size, named.described)
    order = np.argsort(rank)
    named = Named([named.described[i] for i in order], [named.examples[i] for i in order], _reordered(named, order))
    theme, size = found.theme[order], size[order]
    themes = name_themes(named, theme, size)
    theme_rank = ranks(np.bincount(theme, size), themes)
    theme_names = [themes[i].name for i in np.argsort(theme_rank)]
    table = kept_table(ids("t", k), named.described, theme_rank[theme], theme_names, found.stability[order])
    fitted = replace(fitted, topic=rank)
    analysis = fingerprint(unique.texts[unique.fitted].tolist(), rank[found.labels])
    placed = replace(placed, topic=np.append(rank, -1)[placed.topic])
    return Labelled(SavedTopics(fitted, table, analysis, model), placed, named)


def edit(
    plain: Labelled, edits: Edits, found: Discovery, unique: Distinct, points: np.ndarray
) -> tuple[Labelled, tuple[Note, ...]]:
    """The topics after a person's edits, and what was done.

    Raises InputError for edits that were written for other topics, and as `applying.apply_edits` does.
    """
    saved = plain.saved
    if edits.analysis != saved.analysis:
        raise InputError(
            f"{edits.source} edits the topics of analysis {edits.analysis}, and these are {saved.analysis}",
            expected="edits of the topics that the same comments, settings and model give",
            fix="analyze anew and copy the edits, if cxnlp, its settings or the comments have changed since; for new "
            "comments: cxnlp tag NEW.csv --analysis FOLDER",
        )
    table = saved.table
    names = table["topic_name"].tolist()
    done = apply_edits(
        saved.fitted, table["topic_id"].tolist(), names, edits, unique.texts.tolist(), points, unique.counts
    )
    placed = place_points(done.fitted, unique.texts.tolist(), points)
    named = name_topics(unique, placed.topic, points, len(done.ids))
    after = _edited_table(table, done, named)
    after["stability"] = _stability(after, saved, done, found)
    notes = [Note(STAGE, f"{len(edits.edits)} edits of {edits.source} replayed", len(edits.edits), level="info")]
    if done.not_found:
        shown = ", ".join(f"“{text[:60]}”" for text in done.not_found[:3])
        notes.append(
            Note(STAGE, f"statements that were to be moved and are not in the data: {shown}", len(done.not_found))
        )
    by_person = frozenset(i for i, one in enumerate(done.ids) if one in done.names)
    return Labelled(replace(saved, fitted=done.fitted, table=after), placed, named, by_person), tuple(notes)


def label_again(saved: SavedTopics, unique: Distinct, embedding: np.ndarray, model: str) -> tuple[Labelled, np.ndarray]:
    """The topics of an earlier analysis, with the statements of this run, and where these lie: points (m, d).

    ``embedding`` (m, width) of the distinct statements, by the encoder with SHA-256 ``model``; InputError where the
    topics were found with another.
    """
    if model != saved.model:
        raise InputError(
            f"the topics were found with another model ({saved.model[:12]}…, now {model[:12]}…)",
            expected="the model of the earlier analysis: its topics lie in its space",
            fix="name the same --model, or analyze the earlier comments again with this one",
        )
    points = project(saved.fitted.space, embedding, unique.languages)
    placed = place_points(saved.fitted, unique.texts.tolist(), points)
    named = name_topics(unique, placed.topic, points, len(saved.table))
    return Labelled(saved, placed, named), points


def sizes(placed: Placed, unique: Distinct, k: int) -> np.ndarray:
    """Statements of each topic 0..k-1, repeated ones too."""
    inside = placed.topic >= 0
    return np.bincount(placed.topic[inside], unique.counts[inside], minlength=k)


def _reordered(named: Named, order: np.ndarray) -> dict[str, Vocabulary]:
    return {
        language: replace(words, counts=words.counts[order], statements=words.statements[order])
        for language, words in named.words.items()
    }


def _edited_table(table: pd.DataFrame, done: Edited, named: Named) -> pd.DataFrame:
    """The kept columns after the edits: a name that a person gave, else the old one, else a new one for new topics."""
    parent = [done.parent[one] for one in done.ids]
    after = table.iloc[parent].reset_index(drop=True)
    new = [one not in set(table["topic_id"]) for one in done.ids]
    changed = [is_new or one in done.edited for one, is_new in zip(done.ids, new, strict=True)]
    described: list[Description] = named.described
    taken = set(done.names.values()) | {
        name for name, is_new in zip(after["topic_name"], new, strict=True) if not is_new
    }
    fresh = [f"{one.name} ({i})" if one.name in taken else one.name for i, one in zip(done.ids, described, strict=True)]
    old = [name if is_new else kept for name, kept, is_new in zip(fresh, after["topic_name"], new, strict=True)]
    after["topic_name"] = [done.names.get(one, name) for one, name in zip(done.ids, old, strict=True)]
    after["theme_name"] = lone_themes(after)
    after["topic_id"] = list(done.ids)
    after["edited"] = [done.edited.get(one, "") for one in done.ids]
    keywords, names = after["keywords"].tolist(), after["names"].tolist()
    for i, is_changed in enumerate(changed):
        if is_changed:
            keywords[i], names[i] = list(described[i].keywords), named_by_language(described[i])
    return after.assign(keywords=pd.Series(keywords, dtype=object), names=pd.Series(names, dtype=object))


def lone_themes(table: pd.DataFrame) -> pd.Series:
    """Names of the themes, where a theme of one topic has the name of that topic."""
    alone = table["theme_id"].map(table["theme_id"].value_counts()) == 1
    return table["theme_name"].where(~alone, table["topic_name"])


def _stability(after: pd.DataFrame, plain: SavedTopics, done: Edited, found: Discovery) -> np.ndarray:
    """Stability after the edits: as found where only the name changed; of merged topics, how often the same merge of
    a refit's topics is found again; missing where a person split a topic or moved statements, which no refit does."""
    stable = after["stability"].to_numpy(dtype=float).copy()
    base = plain.fitted.topic[found.labels]
    for i, one in enumerate(done.ids):
        if one in done.unlike:
            stable[i] = np.nan
        elif one in done.merged:
            stable[i] = merged_stability(found.points, base, done.merged[one], found.refits)
    return stable
