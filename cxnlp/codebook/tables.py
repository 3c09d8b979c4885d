"""Answers as tables: per tag, per statement, and the list that a person goes through."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxnlp.codebook.book import label_of
from cxnlp.codebook.conformal import examples_needed
from cxnlp.codebook.fitting import Tagger
from cxnlp.codebook.references import text_hash
from cxnlp.codebook.tagging import DOUBT, YES, Verdicts

__all__ = ["CODES", "REVIEW", "STATEMENT_CODES", "codes_table", "review_table", "statement_codes"]

CODES = {
    "tag": "name of the tag",
    "label": "its label in the language of the report",
    "basis": "examples, few examples or description: what the answers rest on",
    "n_examples": "distinct examples",
    "n_counter_examples": "distinct counter-examples",
    "examples_needed": "further examples without which wrong answers cannot be bounded",
    "separation": "chance that a held-out example scores above a text that is none (area under the ROC curve), 0 to 1",
    "error_rate": "most wrong answers of either kind; missing where nothing is promised",
    "n": "statements",
    "n_yes": "statements that carry the tag",
    "n_doubt": "statements left to a person",
    "share": "n_yes over n, 0 to 1",
    "share_if_all_doubt": "n_yes and n_doubt over n: the share if every doubt were a yes",
}
"""Columns of `codes_table`."""

STATEMENT_CODES = {
    "codes": "tags that the statement carries, in the book's order",
    "codes_probability": "their probabilities, same order, 0 to 1",
    "codes_doubt": "tags left to a person, in the book's order",
}
"""Columns of `statement_codes`."""

REVIEW = {
    "statement_id": "the first statement with this text",
    "comment_id": "the comment that it belongs to",
    "text": "the statement",
    "language": "its language",
    "tag": "name of the tag in doubt",
    "label": "its label",
    "probability": "probability that the statement carries the tag, 0 to 1",
    "doubt": "1 - |2 probability - 1|: 1 at even odds, 0 where the model is sure",
    "count": "statements with this text",
    "answer": "empty: for yes or no, in words of the user's language",
}
"""Columns of `review_table`."""


def codes_table(tagger: Tagger, verdicts: Verdicts, *, language: str = "en") -> pd.DataFrame:
    """One row per tag, in the book's order, with the columns `CODES`."""
    n = len(verdicts.answer)
    yes = (verdicts.answer == YES).sum(axis=0)
    doubt = (verdicts.answer == DOUBT).sum(axis=0)
    bounded = np.array([basis == "examples" for basis in tagger.basis])
    columns = {
        "tag": pd.Series([tag.name for tag in tagger.tags], dtype="str"),
        "label": pd.Series([label_of(tag, language) for tag in tagger.tags], dtype="str"),
        "basis": pd.Series(list(tagger.basis), dtype="str"),
        "n_examples": tagger.n_examples,
        "n_counter_examples": tagger.n_counter_examples,
        "examples_needed": np.maximum(examples_needed(tagger.error_rate) - tagger.n_examples, 0),
        "separation": tagger.separation,
        "error_rate": np.where(bounded, tagger.error_rate, np.nan),
        "n": np.full(len(tagger.tags), n),
        "n_yes": yes,
        "n_doubt": doubt,
        "share": yes / n if n else np.full(len(yes), np.nan),
        "share_if_all_doubt": (yes + doubt) / n if n else np.full(len(yes), np.nan),
    }
    return pd.DataFrame(columns, columns=list(CODES))


def statement_codes(tagger: Tagger, verdicts: Verdicts) -> pd.DataFrame:
    """One row per statement, same order, with the columns `STATEMENT_CODES`: lists, empty where there is nothing."""
    names = np.array([tag.name for tag in tagger.tags], dtype=object)
    return pd.DataFrame(
        {
            "codes": _lists(verdicts.answer == YES, names),
            "codes_probability": _lists(verdicts.answer == YES, verdicts.probability.astype(np.float64).round(6)),
            "codes_doubt": _lists(verdicts.answer == DOUBT, names),
        },
        columns=list(STATEMENT_CODES),
    )


def _lists(chosen: np.ndarray, values: np.ndarray) -> list[list[object]]:
    rows, columns = np.nonzero(chosen)
    picked = values[columns] if values.ndim == 1 else values[rows, columns]
    return [part.tolist() for part in np.split(picked, np.cumsum(chosen.sum(axis=1))[:-1])] if len(chosen) else []


def review_table(tagger: Tagger, verdicts: Verdicts, statements: pd.DataFrame, *, language: str = "en") -> pd.DataFrame:
    """One row per text and tag in doubt, the most doubtful first, with the columns `REVIEW`.

    Equal texts are asked about once. Ties are ordered by a hash of the text, so that the order of the rows does not
    matter. A person fills in ``answer``; `add_corrections` takes the list back.

    Parameters
    ----------
    statements : n rows as the verdicts, with statement_id, comment_id, text and, where known, language.
    language : of the labels.
    """
    rows, columns = np.nonzero(verdicts.answer == DOUBT)
    count = statements["text"].map(statements["text"].value_counts()).to_numpy()
    doubtful = statements.iloc[rows].reset_index(drop=True)
    probability = verdicts.probability[rows, columns].astype(np.float64).round(6)
    table = pd.DataFrame(
        {
            "statement_id": doubtful["statement_id"],
            "comment_id": doubtful["comment_id"],
            "text": doubtful["text"].astype("str"),
            "language": doubtful["language"] if "language" in doubtful else pd.Series([None] * len(rows), dtype="str"),
            "tag": pd.Series([tagger.tags[number].name for number in columns], dtype="str"),
            "label": pd.Series([label_of(tagger.tags[number], language) for number in columns], dtype="str"),
            "probability": probability,
            "doubt": (1 - np.abs(2 * probability - 1)).round(6),
            "count": count[rows].astype(np.int64),
            "answer": pd.Series([""] * len(rows), dtype="str"),
        },
        columns=list(REVIEW),
    )
    table = table.sort_values("statement_id", kind="stable").drop_duplicates(["text", "tag"])
    ties = table["text"].map({text: text_hash(text) for text in table["text"].unique()})
    ordered = table.assign(_ties=ties).sort_values(["doubt", "_ties", "tag"], ascending=[False, True, True])
    return ordered.drop(columns="_ties").reset_index(drop=True)
