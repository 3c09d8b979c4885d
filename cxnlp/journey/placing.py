"""The touchpoint and the stage of every statement."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from cxnlp import schema
from cxnlp.heads import HEADS, decide
from cxnlp.journey.maps import JourneyMap, fold
from cxnlp.results import Comments, Encoding, Estimate, Note, Placement, Statements

__all__ = ["place"]

TEXT = pd.StringDtype(na_value=np.nan)
_HEAD = "touchpoint"


def place(comments: Comments, statements: Statements, encoding: Encoding, journey_map: JourneyMap) -> Placement:
    """Touchpoint and stage of every statement, in the order of the statements.

    The touchpoint is the most probable code that passes its threshold; OTH is none. The stage is, in this order:
    that of the comment's stage column; of the journey's ``columns``; of its ``channels``; of the touchpoint. The
    first three speak for the whole comment (stage_source ``data``, confidence 1), the last for the statement
    (``model``, the touchpoint's probability). Values of the stage column that the journey does not know become
    stages of their own after the others, the most frequent first (alphabetical among equals), with a Note.
    """
    row = statements.table["row"].to_numpy()
    touchpoint, confidence = _touchpoints(encoding, len(row))
    by_model = touchpoint.map(dict(journey_map.touchpoints)).astype(TEXT)
    by_data, stages, notes = _stages_of_comments(comments, journey_map)
    given = by_data.iloc[row].reset_index(drop=True)
    known = given.notna()
    table = pd.DataFrame(
        {
            "touchpoint": touchpoint,
            "stage": given.where(known, by_model).astype(TEXT),
            "stage_source": _source(known, by_model.notna()),
            "stage_model": by_model,
            "stage_confidence": np.where(known, 1.0, np.where(by_model.notna(), confidence, np.nan)),
        }
    )
    agreement = _agreement(by_data, by_model, confidence, row, journey_map)
    return Placement(
        of_statement=schema.check(table, "placement"),
        stages=stages,
        agreement=agreement,
        notes=(*notes, *_unmapped(touchpoint, journey_map)),
    )


def _source(by_data: pd.Series, by_model: pd.Series) -> pd.Series:
    source = pd.Series(np.nan, index=by_data.index, dtype=TEXT)
    return source.mask(by_model, "model").mask(by_data, "data")


def _touchpoints(encoding: Encoding, n: int) -> tuple[pd.Series, np.ndarray]:
    """Main touchpoint of each statement, missing where none passes, and its probability, NaN likewise."""
    if _HEAD not in encoding.probabilities:
        return pd.Series(np.nan, index=range(n), dtype=TEXT), np.full(n, np.nan)
    head = HEADS[_HEAD]
    given = encoding.thresholds.get(_HEAD)
    thresholds = np.full(len(head.labels), 0.5) if given is None else np.array(given, dtype=float)
    thresholds[head.labels.index("OTH")] = np.inf
    labels, confidence = decide(head, np.asarray(encoding.probabilities[_HEAD], dtype=float), thresholds)
    clear = labels != "none"
    touchpoint = pd.Series(labels, dtype=TEXT).where(clear)
    return touchpoint, np.where(clear, confidence, np.nan)


def _stages_of_comments(
    comments: Comments, journey_map: JourneyMap
) -> tuple[pd.Series, tuple[str, ...], tuple[Note, ...]]:
    """What the data say of each comment's stage (missing where nothing), all stages in order, and notes."""
    given = comments.table["stage_given"]
    own, notes = _own_stages(given, journey_map)
    names = dict(journey_map.aliases) | {fold(name): name for name in own}
    stage = _matched(given, names)
    for column, values in journey_map.columns.items():
        stage = stage.fillna(_matched(comments.source[column], values))
    if journey_map.channels:
        stage = stage.fillna(_matched(comments.table["channel"], journey_map.channels))
    return stage.reset_index(drop=True), (*journey_map.stages, *own), notes


def _matched(values: pd.Series, stages: Mapping[str, str]) -> pd.Series:
    text = values.astype(TEXT)
    found = {value: stages.get(fold(value)) for value in text.dropna().unique()}
    return text.map(found).astype(TEXT)


def _own_stages(given: pd.Series, journey_map: JourneyMap) -> tuple[tuple[str, ...], tuple[Note, ...]]:
    spelled = given.dropna().astype(TEXT).str.strip()
    counts = spelled[spelled != ""].value_counts().rename_axis("name").reset_index(name="n")
    counts["key"] = counts["name"].map(fold)
    unknown = counts[~counts["key"].isin(set(journey_map.aliases))]
    if unknown.empty:
        return (), ()
    stages = unknown.groupby("key").agg(n=("n", "sum"), name=("name", "min"))
    names = stages.sort_values(["n", "name"], ascending=[False, True])["name"].tolist()
    shown = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
    message = f"stages in the data that the journey does not know, kept as stages of their own at its end: {shown}"
    return tuple(names), (Note("journey", message, count=int(unknown["n"].sum())),)


def _agreement(
    by_data: pd.Series, by_model: pd.Series, confidence: np.ndarray, row: np.ndarray, journey_map: JourneyMap
) -> Estimate | None:
    """Share of comments whose stage in the data is the one that the model gives, among those that have both.

    The model's stage of a comment is the one with the largest summed probability over its statements; the first
    of the journey among equals. Stages that no touchpoint leads to are left out: the model could never agree.
    """
    reachable = [stage for stage in journey_map.stages if stage in set(journey_map.touchpoints.values())]
    code = pd.Index(reachable, dtype=object).get_indexer(pd.Index(by_model, dtype=object))
    placed = code >= 0
    if not placed.any():
        return None
    width = len(reachable)
    sums = np.bincount(row[placed] * width + code[placed], confidence[placed], minlength=len(by_data) * width)
    sums = sums.reshape(len(by_data), width)
    data = pd.Index(reachable, dtype=object).get_indexer(pd.Index(by_data, dtype=object))
    both = (data >= 0) & (sums.max(axis=1) > 0)
    n, agree = int(both.sum()), int((sums.argmax(axis=1) == data)[both].sum())
    if n == 0:
        return None
    low, high = proportion_confint(agree, n, method="wilson")
    method = (
        "share of comments with a stage in the data and one by the model where both are the same; "
        "stages without touchpoints left out; 95 % Wilson interval"
    )
    return Estimate(agree / n, float(low), float(high), n, method)


def _unmapped(touchpoint: pd.Series, journey_map: JourneyMap) -> tuple[Note, ...]:
    lost = touchpoint[touchpoint.notna() & ~touchpoint.isin(set(journey_map.touchpoints))]
    if lost.empty:
        return ()
    message = f"statements about touchpoints that belong to no stage of the journey: {', '.join(sorted(lost.unique()))}"
    return (Note("journey", message, count=len(lost), level="info"),)
