"""The vocabulary of cxnlp as data: every column that a stage adds, every stage, every language.

Tables pass between rooms as pandas DataFrames; `check` stands at each door and compares them
with what is declared here. Add a column by adding a line; never rename one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxnlp.columns import EVIDENCE, Column, Kind
from cxnlp.errors import InternalError
from cxnlp.scales import SCALES, Scale

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Column", "Scale", "TABLES", "SCALES", "STAGES", "LANGUAGES", "check", "names"]

STAGES: tuple[str, ...] = ("awareness", "consideration", "purchase", "retention", "advocacy")
"""The five stages of the default journey, in order."""

LANGUAGES: tuple[str, ...] = ("en", "ro", "pl", "it", "de", "fr", "es", "pt", "nl")
"""Languages (ISO 639-1) that the embedded model was trained and measured on."""


_READ = (
    Column("comment_id", "text", "connectors", "unique name of the comment: the id column, else the input row number"),
    Column("text", "text", "connectors", "the comment as it came; missing where the cell was empty"),
    Column("created_at", "date", "connectors", "when the comment was written; missing where absent or unreadable"),
    Column("customer_id", "text", "connectors", "who wrote it; missing where unknown"),
    Column("channel", "text", "connectors", "where it was collected, as given"),
    Column("language_given", "text", "connectors", "language code in the data, as given"),
    Column("stage_given", "text", "connectors", "journey stage in the data, as given"),
)
_CLEAN = (
    Column(
        "text_clean",
        "text",
        "text",
        "cleaned comment (NFC, markup, whitespace; line breaks kept), never missing; offsets refer to it",
    ),
    Column("language", "text", "text", "ISO 639-1 code of the language; missing where not determined"),
    Column("language_confidence", "number", "text", "probability of that language among the supported ones, 0 to 1"),
    Column("status", "text", "text", "ok, empty, junk or unsupported: whether the comment was scored, and if not why"),
    Column("is_junk", "flag", "text", "an answer without content, such as 'n/a' or 'nothing'"),
    Column("is_duplicate", "flag", "text", "an earlier row holds exactly the same cleaned text"),
    Column("pii_masked", "integer", "text", "how many e-mail addresses, phone, card and account numbers were masked"),
    Column("n_statements", "integer", "text", "how many statements the comment was split into"),
)
_HEADS = (
    Column("sentiment", "number", "encoder", "P(positive) - P(negative), -1 to 1; of a comment: mean over statements"),
    Column("sentiment_label", "text", "encoder", "negative, neutral, positive; for comments also mixed"),
    Column("sentiment_confidence", "number", "encoder", "probability of the label, 0 to 1"),
    Column("emotion", "text", "encoder", "main emotion, or none"),
    Column("effort", "text", "encoder", "high, low or none: how hard the customer says it was"),
    Column("churn_intent", "text", "encoder", "leave, stay or none: what the customer says they will do"),
    Column("advocacy", "text", "encoder", "recommend, warn or none"),
)
_TOPIC_OF = (
    Column("topic_id", "text", "topics", "topic of the statement; missing means unassigned"),
    Column("topic_name", "text", "topics", "readable name of the topic"),
    Column("topic_strength", "number", "topics", "how well the statement fits its topic, 0 to 1"),
    Column(
        "topic_crossfit",
        "text",
        "topics",
        "its topic by topics that were found without this half of the customers; missing means unassigned",
    ),
)
_CODE_OF = (
    Column("codes", "list", "codebook", "tags of the codebook that it carries, in the book's order"),
    Column("codes_probability", "list", "codebook", "their probabilities, same order, 0 to 1"),
    Column("codes_doubt", "list", "codebook", "tags that a person should decide, in the book's order"),
)
_PLACE = (
    Column("touchpoint", "text", "journey", "main touchpoint code of the statement; missing where none is clear"),
    Column("stage", "text", "journey", "journey stage; the data's own wins over the model's; missing where unknown"),
    Column("stage_source", "text", "journey", "data, model, or missing"),
    Column("stage_model", "text", "journey", "the stage by the model alone, kept for comparison"),
    Column("stage_confidence", "number", "journey", "probability of the touchpoint that decided, 0 to 1; 1 for data"),
)
_POSITION = (
    Column("row", "integer", "text", "position of the comment in the input, from 0"),
    Column("start", "integer", "text", "first character of the statement in text_clean"),
    Column("end", "integer", "text", "one past its last character in text_clean"),
)
_ESTIMATE = (
    Column("value", "number", "metrics", "the estimate"),
    Column("low", "number", "metrics", "lower limit of the interval"),
    Column("high", "number", "metrics", "upper limit of the interval"),
    Column("n", "integer", "metrics", "comments, statements or customers behind it"),
    Column("method", "text", "metrics", "how value and interval were computed"),
)


TABLES: dict[str, tuple[Column, ...]] = {
    "comments_read": _READ,
    "comments_clean": (_READ[0], *_CLEAN),
    "statements_clean": (
        Column("statement_id", "integer", "text", "number of the statement, from 0, in reading order"),
        Column("comment_id", "text", "text", "the comment it belongs to"),
        *_POSITION,
        Column("text", "text", "text", "text_clean[start:end]"),
        Column("language", "text", "text", "language of its comment"),
    ),
    "topics": (
        Column("topic_id", "text", "topics", "stable name of the topic within the analysis"),
        Column("topic_name", "text", "topics", "readable name from its most typical words"),
        Column("theme_id", "text", "topics", "the theme (upper level) it belongs to"),
        Column("theme_name", "text", "topics", "readable name of the theme"),
        Column("keywords", "list", "topics", "its most typical words, best first"),
        Column("names", "list", "topics", "its name in each language of its statements: 'en: late delivery'"),
        Column("n_statements", "integer", "topics", "statements in the topic"),
        Column("n_comments", "integer", "topics", "comments with at least one such statement"),
        Column("share", "number", "topics", "n_comments over scored comments, 0 to 1"),
        Column(
            "stability",
            "number",
            "topics",
            "share of resampled refits that find the topic again (Jaccard >= .5), 0 to 1",
        ),
        Column("edited", "text", "topics", "what a person changed of it (topics.yaml); empty where nothing"),
        Column("examples", "list", "topics", "three typical statements"),
    ),
    "topic_of": _TOPIC_OF,
    "codes": (
        Column("tag", "text", "codebook", "name of the tag"),
        Column("label", "text", "codebook", "its label in the language of most comments"),
        Column("basis", "text", "codebook", "what the answers rest on: examples, few examples or description"),
        Column("n_examples", "integer", "codebook", "distinct examples"),
        Column("n_counter_examples", "integer", "codebook", "distinct counter-examples"),
        Column(
            "examples_needed", "integer", "codebook", "further examples without which wrong answers cannot be bounded"
        ),
        Column(
            "separation",
            "number",
            "codebook",
            "chance that a held-out example scores above a text that is none (area under the ROC curve), 0 to 1",
        ),
        Column(
            "error_rate", "number", "codebook", "most wrong answers of either kind; missing where nothing is promised"
        ),
        Column("n_statements", "integer", "codebook", "statements that carry the tag"),
        Column("n_doubt", "integer", "codebook", "statements left to a person"),
        Column("n_comments", "integer", "codebook", "comments with at least one statement that carries it"),
        Column("share", "number", "codebook", "n_comments over scored comments, 0 to 1"),
        Column("share_if_all_doubt", "number", "codebook", "the share if every doubt were a yes"),
    ),
    "code_of": _CODE_OF,
    "review": (
        Column("statement_id", "integer", "codebook", "the first statement with this text"),
        Column("comment_id", "text", "codebook", "the comment that it belongs to"),
        Column("text", "text", "codebook", "the statement"),
        Column("language", "text", "codebook", "its language"),
        Column("tag", "text", "codebook", "name of the tag in doubt"),
        Column("label", "text", "codebook", "its label"),
        Column("probability", "number", "codebook", "probability that the statement carries the tag, 0 to 1"),
        Column("doubt", "number", "codebook", "1 - |2 probability - 1|: 1 at even odds, 0 where the model is sure"),
        Column("count", "integer", "codebook", "statements with this text"),
        Column("answer", "text", "codebook", "empty: for yes or no, in words of the user's language"),
    ),
    "placement": _PLACE,
    "comments": (
        *_READ,
        *_CLEAN,
        *_HEADS,
        Column("topic_ids", "list", "topics", "topics mentioned, in order of first mention"),
        Column("topic_names", "list", "topics", "their names, same order"),
        Column(
            "topic_polarities",
            "list",
            "topics",
            "how the comment judges each, same order: negative, neutral, positive or mixed, over its statements",
        ),
        Column(
            "codes", "list", "codebook", "tags of the codebook that its statements carry, in order of first mention"
        ),
        Column("touchpoints", "list", "journey", "touchpoint codes mentioned, in order of first mention"),
        *_PLACE[1:],
        Column("unit", "integer", "scores", "row of the customer (or comment) in the units table"),
        Column("in_window", "flag", "scores", "false for a comment written after the customer left: not evidence"),
    ),
    "statements": (
        Column("statement_id", "integer", "text", "number of the statement, from 0, in reading order"),
        Column("comment_id", "text", "text", "the comment it belongs to"),
        *_POSITION,
        Column("text", "text", "text", "text_clean[start:end]"),
        Column("language", "text", "text", "language of its comment"),
        *_HEADS,
        *_TOPIC_OF,
        *_CODE_OF,
        *_PLACE,
        Column("unit", "integer", "scores", "row of the customer (or comment) in the units table"),
        Column("in_window", "flag", "scores", "false for a statement written after the customer left"),
    ),
    "units": (
        Column("unit", "integer", "scores", "number of the customer (or comment where no customer is known), from 0"),
        Column("customer_id", "text", "scores", "customer; missing where the unit is a lone comment"),
        Column("n_comments", "integer", "scores", "scored comments of the unit inside the window"),
        Column("language", "text", "scores", "language of most of its scored comments; missing where none is"),
    ),
    "metrics": (
        Column("metric", "text", "metrics", "nps, csat, ces, outcome rate, sentiment, volume"),
        Column(
            "subject", "text", "metrics", "the score or outcome column it measures; the metric's own name otherwise"
        ),
        Column("by", "text", "metrics", "overall, stage, touchpoint, topic, theme, language or a segment column"),
        Column("group", "text", "metrics", "which stage, topic, segment value; 'all' overall"),
        *_ESTIMATE,
        Column("unit", "text", "metrics", "points, share, mean score or net sentiment"),
    ),
    "journey": (
        Column("position", "integer", "journey", "order of the stage, from 0"),
        Column("stage", "text", "journey", "the stage"),
        Column("metric", "text", "journey", "which metric"),
        Column("subject", "text", "journey", "the column it measures"),
        *_ESTIMATE,
        Column("unit", "text", "journey", "points, share, mean score or net sentiment"),
    ),
    **EVIDENCE,
}


def names(table: str) -> list[str]:
    """Names of the declared columns of `table`, in order."""
    return [column.name for column in TABLES[table]]


def check(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """Return `frame` unchanged if it has every declared column of `table` with the declared kind.

    Further columns are allowed. Raises InternalError otherwise: the stage that made the frame is at fault.
    """
    missing = [name for name in names(table) if name not in frame.columns]
    wrong = [
        f"{column.name} ({frame[column.name].dtype}, declared {column.kind})"
        for column in TABLES[table]
        if column.name in frame.columns and len(frame) and not _is_kind(frame[column.name], column.kind)
    ]
    if missing or wrong:
        raise InternalError(
            f"table {table!r} without {missing or 'nothing'}, with wrong kinds {wrong or 'none'}",
            expected="the columns that schema.py declares",
            fix="please report this as a bug of cxnlp with the command that you ran",
        )
    return frame


def _is_kind(values: pd.Series, kind: Kind) -> bool:
    from pandas.api import types

    if kind == "text":
        return types.is_string_dtype(values) or bool(values.isna().all())
    if kind == "integer":
        return types.is_integer_dtype(values)
    if kind == "number":
        return types.is_float_dtype(values) or bool(values.isna().all())
    if kind == "flag":
        return types.is_bool_dtype(values)
    if kind == "date":
        return types.is_datetime64_any_dtype(values)
    if kind == "list":
        return all(isinstance(value, list | tuple) for value in values.head(5))
    return True
