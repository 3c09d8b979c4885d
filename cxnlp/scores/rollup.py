"""From statements to comments: one sentiment, one emotion, one stage for each comment, and what it mentions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from cxnlp.heads import HEADS, TOUCHPOINTS, decide
from cxnlp.results import Encoding
from cxnlp.scores.labels import LABELLED, Labels
from cxnlp.scores.words import TEXT

__all__ = ["roll_up"]

_CLEAR = 0.5
"""From this probability of its label on, a statement is clearly positive or clearly negative."""
_MIXED = 0.25
"""Least share of a comment's characters that each side of a mixed comment needs."""


def roll_up(statements: pd.DataFrame, encoding: Encoding, labels: Mapping[str, Labels], n: int) -> pd.DataFrame:
    """One row for each of ``n`` comments: the columns of `comments` that speak of its statements.

    Parameters
    ----------
    statements : columns `statements`, except unit and in_window, in reading order.
    encoding, labels : of the same statements, in the same order.
    n : number of comments; ``statements["row"]`` lies between 0 and n - 1.

    Notes
    -----
    A comment without statements gets missing values and empty lists. Otherwise:

    - sentiment: mean over the statements' scores, each weighted by its length in characters.
    - sentiment_label: ``mixed`` where clearly positive and clearly negative statements each hold at least a
      quarter of the characters; else decided from the weighted mean of the probabilities. Its confidence is that
      mean for the label; for ``mixed``, the weighted mean probability of the clear statements' own labels.
    - emotion: of the emotions given to statements, the one with the largest summed probability; else ``none``.
    - effort, churn_intent, advocacy: of the labels other than ``none``, the most probable; else ``none``.
    - stage and stage_model: the largest summed probability; its confidence is the largest of a single statement.
    - topic_polarities: the rule of sentiment_label, over the comment's statements of each topic.
    - Equal sums go to what is mentioned first, and lists are in that order.
    """
    row = statements["row"].to_numpy(dtype=np.int64)
    scored = np.bincount(row, minlength=n) > 0
    columns = _sentiment(statements, encoding, labels["sentiment"], row, scored)
    for name in LABELLED:
        given = labels[name]
        said = given.label.where(given.label != "none")
        best = _strongest(row, said, given.probability, total=name == "emotion")["label"].reindex(range(n))
        columns[name] = best.mask(scored & best.isna(), "none") if name in encoding.probabilities else best
    mentioned = _mentions(statements, encoding, labels["sentiment"], row, n)
    return pd.DataFrame({**columns, **mentioned, **_stages(statements, encoding, row, n)})


def _sentiment(
    statements: pd.DataFrame, encoding: Encoding, given: Labels, row: np.ndarray, scored: np.ndarray
) -> dict[str, object]:
    n = len(scored)
    score, confidence, label = np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.nan, dtype=object)
    if "sentiment" in encoding.probabilities:
        characters = np.maximum(statements["end"].to_numpy() - statements["start"].to_numpy(), 1).astype(float)
        weight = characters / np.bincount(row, characters, minlength=n)[row]

        def mean(values: np.ndarray) -> np.ndarray:
            return np.bincount(row, weight * values, minlength=n)

        means = np.column_stack([mean(column) for column in encoding.probabilities["sentiment"].astype(float).T])
        score[scored] = mean(statements["sentiment"].to_numpy(dtype=float))[scored]
        decided = decide(HEADS["sentiment"], means[scored], encoding.thresholds.get("sentiment"))
        label[scored], confidence[scored] = decided
        negative, positive = (given.probability * (given.label == side).to_numpy() for side in ("negative", "positive"))
        share_negative, share_positive = mean(negative >= _CLEAR), mean(positive >= _CLEAR)
        mixed = (share_negative >= _MIXED) & (share_positive >= _MIXED)
        polar = np.maximum(negative, positive)
        clear = mean(np.where(polar >= _CLEAR, polar, 0.0))
        label[mixed] = "mixed"
        confidence[mixed] = clear[mixed] / (share_negative + share_positive)[mixed]
    return {"sentiment": score, "sentiment_label": pd.Series(label, dtype=TEXT), "sentiment_confidence": confidence}


def _strongest(row: np.ndarray, label: pd.Series, probability: np.ndarray, *, total: bool) -> pd.DataFrame:
    """For each row that has a label: the one with the largest summed (``total``) or largest single probability.

    Returns columns ``label``, ``largest`` (its largest single probability) and ``first`` (position of its first
    statement); the index is the row.
    """
    said = label.notna().to_numpy()
    frame = pd.DataFrame(
        {"row": row[said], "label": label[said].to_numpy(), "p": probability[said], "at": np.flatnonzero(said)}
    )
    sums = frame.groupby(["row", "label"], sort=False).agg(
        total=("p", "sum"), largest=("p", "max"), first=("at", "min")
    )
    by = "total" if total else "largest"
    best = sums.reset_index().sort_values(["row", by, "first"], ascending=[True, False, True]).drop_duplicates("row")
    return best.set_index("row").astype({"label": TEXT})


def _mentions(
    statements: pd.DataFrame, encoding: Encoding, given: Labels, row: np.ndarray, n: int
) -> dict[str, pd.Series]:
    topic, touchpoint = _first_mentions(statements["topic_id"], row), _first_mentions(statements["touchpoint"], row)
    polarity = _topic_polarity(statements, encoding, given, row)
    return {
        "topic_ids": _lists(statements["topic_id"], topic, row, n),
        "topic_names": _lists(statements["topic_name"], topic, row, n),
        "topic_polarities": _lists(polarity, topic, row, n),
        "codes": _codes(statements["codes"], row, n),
        "touchpoints": _lists(statements["touchpoint"], touchpoint, row, n),
    }


def _topic_polarity(statements: pd.DataFrame, encoding: Encoding, given: Labels, row: np.ndarray) -> pd.Series:
    """For each statement, how its comment judges its topic: the rule of the comment's own label, over the statements
    of the comment that share the topic; missing where there is no topic or no sentiment."""
    polarity = np.full(len(statements), np.nan, dtype=object)
    at = np.flatnonzero(statements["topic_id"].notna().to_numpy())
    if "sentiment" not in encoding.probabilities or not len(at):
        return pd.Series(polarity, dtype=TEXT)
    pair = (
        pd.DataFrame({"row": row[at], "topic": statements["topic_id"].to_numpy()[at]})
        .groupby(["row", "topic"])
        .ngroup()
    )
    number = pair.to_numpy()
    own = replace(encoding, probabilities={"sentiment": encoding.probabilities["sentiment"][at]})
    said = Labels(given.label.iloc[at], given.probability[at])
    judged = _sentiment(statements.iloc[at], own, said, number, np.ones(int(number.max()) + 1, dtype=bool))
    polarity[at] = np.asarray(judged["sentiment_label"], dtype=object)[number]
    return pd.Series(polarity, dtype=TEXT)


def _codes(codes: pd.Series, row: np.ndarray, n: int) -> pd.Series:
    mentioned: list[dict[str, None]] = [{} for _ in range(n)]
    for one, listed in zip(row.tolist(), codes, strict=True):
        mentioned[one].update(dict.fromkeys(listed))
    return pd.Series([list(one) for one in mentioned], index=pd.RangeIndex(n), dtype=object)


def _first_mentions(values: pd.Series, row: np.ndarray) -> np.ndarray:
    """Positions of the statements that mention a value first in their comment, by comment, in reading order."""
    repeated = pd.DataFrame({"row": row, "value": values.to_numpy()}).duplicated().to_numpy()
    at = np.flatnonzero(values.notna().to_numpy() & ~repeated)
    return at[np.argsort(row[at], kind="stable")]


def _lists(values: pd.Series, at: np.ndarray, row: np.ndarray, n: int) -> pd.Series:
    taken = values.iloc[at].tolist()
    ends = np.cumsum(np.bincount(row[at], minlength=n)).tolist()
    lists = [taken[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    return pd.Series(lists, index=pd.RangeIndex(n), dtype=object)


def _stages(statements: pd.DataFrame, encoding: Encoding, row: np.ndarray, n: int) -> dict[str, pd.Series]:
    best = _strongest(row, statements["stage"], statements["stage_confidence"].to_numpy(dtype=float), total=True)
    source = statements["stage_source"].iloc[best["first"]].set_axis(best.index)
    by_model = _strongest(row, statements["stage_model"], _touchpoint_probability(statements, encoding), total=True)
    return {
        "stage": best["label"].reindex(range(n)),
        "stage_source": source.reindex(range(n)),
        "stage_model": by_model["label"].reindex(range(n)),
        "stage_confidence": best["largest"].reindex(range(n)),
    }


def _touchpoint_probability(statements: pd.DataFrame, encoding: Encoding) -> np.ndarray:
    """Probability of each statement's touchpoint: where the data give the stage, the model's own is needed too."""
    if "touchpoint" not in encoding.probabilities:
        return np.full(len(statements), np.nan)
    code = pd.Index(list(TOUCHPOINTS), dtype=object).get_indexer(pd.Index(statements["touchpoint"], dtype=object))
    probabilities = encoding.probabilities["touchpoint"].astype(float)
    return np.where(code >= 0, probabilities[np.arange(len(code)), code], np.nan)
