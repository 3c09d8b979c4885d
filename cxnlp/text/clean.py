"""The order of cleaning, and the two tables. Everything costly happens once a distinct text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from cxnlp.config import CleanConfig
from cxnlp.results import Comments, Progress, Statements
from cxnlp.schema import LANGUAGES, check, names
from cxnlp.text.junk import is_junk
from cxnlp.text.language import (
    NO_USUAL,
    NOT_GIVEN,
    Decision,
    decide,
    detect,
    foreign_names,
    given_codes,
    position_of,
    usual_language,
)  # fmt: skip
from cxnlp.text.normalise import normalise, shorten
from cxnlp.text.notes import notes_of
from cxnlp.text.privacy import mask
from cxnlp.text.split import Span, split

__all__ = ["clean"]

_TEXT = pd.StringDtype(na_value=np.nan)
_LANGUAGE_OF = np.array([*LANGUAGES, None], dtype=object)
"""Indexed by position in LANGUAGES; NOT_GIVEN, which is -1, finds None."""
_TOLD_EVERY = 500

Step = Callable[[Sequence[str], int], Iterator[str]]
"""Goes through texts and tells how far it is; the number is that of the phase, from 0."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A comment's cleaned text, how many personal data it held, and whether it was cut."""

    text: str
    masked: int = 0
    truncated: bool = False


def clean(comments: Comments, config: CleanConfig, *, progress: Progress | None = None) -> Statements:
    """Clean every comment and split those that can be scored into statements.

    Parameters
    ----------
    comments : what READ found; its table has the columns `comments_read`.
    config : whether personal data are masked and clauses split, and how long a comment may be.
    progress : called as progress('clean', comments done, comments in all).

    Returns
    -------
    Statements
        ``comments`` (columns `comments_clean`): one row a comment, same order and index; ``table``
        (`statements_clean`): the statements of comments whose status is ok, in reading order;
        ``notes``: what was not scored and what was changed. The cleaned text of an empty comment is "".
        What a row becomes depends on its text, its given language and, where it is short and
        doubtful, on the usual language of the file; never on the order of the rows.
    """
    read = comments.table
    step = partial(_told, progress, len(read))

    of_raw, raw = pd.factorize(read["text"])
    prepared = [_Prepared(""), *(_prepare(text, config) for text in step(raw.tolist(), 0))]
    # A missing text has the code -1: one further on is the empty comment.
    of_row = of_raw + 1
    texts = np.array([item.text for item in prepared], dtype=object)

    of_text, distinct = pd.factorize(texts)
    of_text = of_text[of_row]
    status, decision, foreign, usual = _judge(
        distinct.tolist(), of_text, read["language_given"], step, config.usual_language
    )
    table = pd.DataFrame(
        {
            "comment_id": read["comment_id"].astype(_TEXT),
            "text_clean": pd.array(texts[of_row], dtype=_TEXT),
            "language": pd.array(_LANGUAGE_OF[decision.language], dtype=_TEXT),
            "language_confidence": decision.confidence,
            "status": pd.array(status, dtype=_TEXT),
            "is_junk": status == "junk",
            "is_duplicate": pd.Series(of_text).duplicated().to_numpy() & (status != "empty"),
            "pii_masked": np.array([item.masked for item in prepared], dtype=np.int64)[of_row],
        },
        index=read.index,
    )
    statements, counts = _statements(table, config.split_clauses, step)
    table["n_statements"] = counts
    truncated = np.array([item.truncated for item in prepared], dtype=bool)[of_row]
    notes = notes_of(table, foreign=foreign, truncated=int(truncated.sum()), max_characters=config.max_characters)
    return Statements(check(table, "comments_clean"), check(statements, "statements_clean"), notes, usual)


def _prepare(raw: str, config: CleanConfig) -> _Prepared:
    text, masked = normalise(raw), 0
    if config.mask_personal_data:
        # Before the cut: half a card number at its edge would no longer look like one.
        text, masked = mask(text)
    short = shorten(text, config.max_characters)
    return _Prepared(short, masked, len(short) < len(text))


def _judge(
    distinct: list[str], of_text: np.ndarray, given: pd.Series, step: Step, usual: str | None
) -> tuple[np.ndarray, Decision, Counter[str], str]:
    """Status and language of every row, the scripts and languages of the unsupported ones, and the usual language.

    ``distinct``: the different cleaned texts; ``of_text``: array (rows,), which of them each row holds.
    """
    detected = detect(step(distinct, 1))
    blank = np.array([not text for text in distinct], dtype=bool)[of_text]
    junk = np.array([bool(text) and is_junk(text) for text in distinct], dtype=bool)[of_text]
    of_value, values = pd.factorize(given)
    # A missing value has the code -1, which finds the last.
    codes = np.where(blank, NOT_GIVEN, np.append(given_codes(values.tolist()), NOT_GIVEN)[of_value])

    rows = detected.of(of_text)
    position = usual_language(decide(rows, codes), ~(blank | junk)) if usual is None else position_of(usual)
    decision = decide(rows, codes, position)
    unsupported = decision.unsupported & ~(blank | junk)
    status = np.select([blank, junk, unsupported], ["empty", "junk", "unsupported"], "ok").astype(object)
    return status, decision, foreign_names(rows, unsupported), LANGUAGES[position] if position >= 0 else NO_USUAL


def _statements(table: pd.DataFrame, clauses: bool, step: Step) -> tuple[pd.DataFrame, np.ndarray]:
    """The `statements_clean` table, and how many statements each row of `table` has."""
    scored = np.flatnonzero((table["status"] == "ok").to_numpy())
    texts = table["text_clean"].to_numpy(dtype=object)[scored].tolist()
    languages = [
        None if language is np.nan else language for language in table["language"].to_numpy(dtype=object)[scored]
    ]
    cache: dict[tuple[str, str | None], list[Span]] = {}
    spans: list[list[Span]] = []
    for text, language in zip(step(texts, 2), languages, strict=True):
        if (text, language) not in cache:
            cache[text, language] = split(text, language, clauses=clauses)
        spans.append(cache[text, language])

    sizes = np.array([len(parts) for parts in spans], dtype=np.int64)
    rows = np.repeat(scored, sizes)
    flat = np.array([span for parts in spans for span in parts], dtype=np.int64).reshape(-1, 2)
    counts = np.zeros(len(table), dtype=np.int64)
    counts[scored] = sizes
    frame = pd.DataFrame(
        {
            "statement_id": np.arange(len(rows), dtype=np.int64),
            "comment_id": table["comment_id"].array[rows],
            "row": rows.astype(np.int64),
            "start": flat[:, 0],
            "end": flat[:, 1],
            "text": pd.array(
                [text[a:b] for text, parts in zip(texts, spans, strict=True) for a, b in parts], dtype=_TEXT
            ),
            "language": table["language"].array[rows],
        }
    )
    return frame[names("statements_clean")], counts


def _told(progress: Progress | None, total: int, items: Sequence[str], phase: int) -> Iterator[str]:
    """`items` one by one, telling `progress` now and then; each of the three phases is a third of the way."""
    for number, item in enumerate(items):
        if progress and number % _TOLD_EVERY == 0:
            progress("clean", total * (phase * len(items) + number) // (3 * len(items)), total)
        yield item
    if progress and total:
        progress("clean", total * (phase + 1) // 3, total)
