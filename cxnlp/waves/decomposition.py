"""How much of a change of a score or an outcome goes with the segments, with what is spoken of, and with neither."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from cxnlp.results import Note
from cxnlp.waves.cells import OTHER, Cells, Grid, grid, lay_out, resampled
from cxnlp.waves.factors import complete, in_one_line, rates, split_centred
from cxnlp.waves.measures import Answers, Measure, observe, shared_measures, shared_segments

__all__ = ["DECOMPOSITION", "FACTORS", "SEGMENTS", "TOPICS", "TOTAL", "WITHIN", "decompose"]

TOTAL = "total"
FACTORS = SEGMENTS, TOPICS, WITHIN = "segment mix", "topic mix", "within topics"

DECOMPOSITION: tuple[tuple[str, str, str], ...] = (
    ("measure", "text", "column that was measured"),
    ("unit", "text", "of value, low and high: points (NPS), percentage points (outcomes) or mean score"),
    ("factor", "text", "total, segment mix, topic mix or within topics; the factors add up to the total"),
    ("by", "text", "all; topic or segment: parts of that factor, which add up to it; check: the total by another way"),
    ("group", "text", "topic id, or segment in words"),
    ("name", "text", "readable name; of the total, the measure in words"),
    ("value", "number", "what goes with it, in the unit: after minus before"),
    ("low", "number", "95 % interval; missing where method says why"),
    ("high", "number", "95 % interval"),
    ("before", "number", "the total's measure, the topic's or segment's share (0 to 1) or, within topics, its mean"),
    ("after", "number", "the same in the second wave"),
    ("n_before", "integer", "answers behind it in the first wave: comments for a score, customers for an outcome"),
    ("n_after", "integer", "in the second wave"),
    ("method", "text", "how it was computed"),
)
"""The declarations of the table `decomposition`, in order."""

STAGE = "waves"
LEAST_CUSTOMERS = 30
"""Fewest customers of a wave for any interval: resamples of fewer vary less than waves do."""
LEAST_SPEAKING = 10
"""Fewest customers of a topic or segment for an interval of its own."""

_MUCH = 0.1
_INTERVAL = (0.025, 0.975)
_DIGITS = 9


def decompose(
    before: Answers,
    after: Answers,
    topics: pd.DataFrame,
    *,
    measures: Sequence[str] = (),
    segments: Sequence[str] | None = None,
    resamples: int = 999,
    seed: int = 0,
) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """Split the change of each measure between two waves into segment mix, topic mix and what is left within topics.

    The measure is the sum over segments g and topics k of (share of g) x (share of k in g) x (mean of k in g), an
    answer with m topics counting 1/m in each; see `factors.split` and README.md. It describes: customers who speak of a
    topic differ in more than the topic.

    Parameters
    ----------
    before, after : the waves.
    topics : columns topic_id, topic_name; a mention of any other topic counts as none.
    measures : columns to decompose; none named: all scores and outcomes that both waves have.
    segments : columns of segments, taken together; None: all that both waves have.
    resamples, seed : of the bootstrap of customers that the 95 % percentile intervals come from.

    Returns
    -------
    DataFrame, tuple of Note
        Columns `DECOMPOSITION`, whatever the order of the rows; empty where both waves share no measure.

    Raises
    ------
    InputError
        For a measure or a segment that was named and that a wave does not have.
    """
    before, after = (_of_known(wave, topics["topic_id"]) for wave in (before, after))
    chosen, notes = shared_measures(before, after, measures)
    by, said = shared_segments(before, after, segments) if chosen else ((), [])
    frames = []
    for measure in chosen:
        seen = observe(before, measure, by), observe(after, measure, by)
        if empty := [wave.name for wave, one in zip((before, after), seen, strict=True) if not len(one.value)]:
            said.append(Note(STAGE, f"{measure.label}: nobody in {' and '.join(empty)} has a value; not decomposed"))
            continue
        on = grid(*seen, topics["topic_id"].tolist())
        cells = lay_out(seen[0], on), lay_out(seen[1], on)
        frames.append(_table(measure, on, *cells, topics, resamples, seed))
        said += _notes(measure, by, on, *cells)
    columns = [name for name, _, _ in DECOMPOSITION]
    found = pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)
    return found.astype({name: _DTYPES[kind] for name, kind, _ in DECOMPOSITION}), (*notes, *said)


def _of_known(wave: Answers, topic_ids: pd.Series) -> Answers:
    return replace(wave, mentions=wave.mentions[wave.mentions["topic_id"].isin(topic_ids)])


def _table(
    measure: Measure, on: Grid, before: Cells, after: Cells, topics: pd.DataFrame, resamples: int, seed: int
) -> pd.DataFrame:
    """The rows of one measure."""
    found = rates(before.sums()), rates(after.sums())
    rows = _rows(measure, on, before, after, dict(zip(topics["topic_id"], topics["topic_name"], strict=True)))
    at = rows.index.to_numpy()  # positions in `in_one_line`
    drawn = np.concatenate(
        [
            in_one_line(split_centred(*complete(rates(one, found[0]), rates(other, found[1]))))[:, at]
            for one, other in resampled(before, after, resamples, seed)
        ]
    )
    why = _why_no_interval(rows, before, after, np.ptp(drawn, axis=0))
    shown = why == ""
    low, high = np.where(shown, np.quantile(drawn, _INTERVAL, axis=0), np.nan)
    how = "Das Gupta (1993)" if len(on.segments) > 1 else "Kitagawa (1955)"
    interval = f"percentile interval of {resamples:,} resamples of customers"
    rows = rows.assign(
        value=in_one_line(split_centred(*complete(*found)))[0, at],
        low=low,
        high=high,
        method=[f"{how}; {interval if not reason else f'no interval: {reason}'}" for reason in why],
    )
    rows = pd.concat([rows.head(1), _check(rows.head(1), before, after), rows.iloc[1:]], ignore_index=True)
    numbers = ["value", "low", "high", "before", "after"]
    # Adding zero makes a zero of minus zero, which would be written with its sign.
    rows[numbers] = rows[numbers].astype(float).round(_DIGITS) + 0.0
    return rows.assign(measure=measure.name, unit=measure.unit)


def _rows(measure: Measure, on: Grid, before: Cells, after: Cells, names: dict[str, str]) -> pd.DataFrame:
    """What the columns of `in_one_line` are, with that position as index; without segments their rows are left out."""
    totals = {"n_before": before.n, "n_after": after.n}
    segments, topics = (_groups(axis, before, after) for axis in (0, 1))
    told = [names.get(topic, topic) for topic in on.topics]
    whole = {"before": before.mean, "after": after.mean}
    blocks = [
        pd.DataFrame({"factor": TOTAL, "by": "all", "group": ["all"], "name": measure.label, **whole, **totals}),
        *(pd.DataFrame({"factor": name, "by": "all", "group": ["all"], "name": name, **totals}) for name in FACTORS),
        _block(TOPICS, "topic", on.topics, told, topics, "share"),
        _block(WITHIN, "topic", on.topics, told, topics, "mean"),
        _block(SEGMENTS, "segment", on.segments, on.segments, segments, "share"),
        _block(TOPICS, "segment", on.segments, on.segments, segments, None),
        _block(WITHIN, "segment", on.segments, on.segments, segments, "mean"),
    ]
    rows = pd.concat(blocks, ignore_index=True)
    return rows if len(on.segments) > 1 else rows[rows["by"].ne("segment") & rows["factor"].ne(SEGMENTS)]


def _groups(axis: int, before: Cells, after: Cells) -> dict[str, np.ndarray]:
    """Share, mean, answers and customers of every segment (axis 0) or topic (axis 1) in both waves."""
    found = {}
    for when, wave in (("before", before), ("after", after)):
        shares, values = wave.sums()[:, 0].sum(2 - axis)
        found[f"share_{when}"] = shares / shares.sum()
        found[f"mean_{when}"] = np.divide(values, shares, out=np.full(len(shares), np.nan), where=shares > 0)
        found[f"n_{when}"], found[f"customers_{when}"] = wave.answers[axis], wave.customers[axis]
    return found


def _block(
    factor: str, by: str, groups: Sequence[str], names: Sequence[str], of: dict[str, np.ndarray], told: str | None
) -> pd.DataFrame:
    counts = {name: of[name] for name in ("n_before", "n_after", "customers_before", "customers_after")}
    sides = {when: of[f"{told}_{when}"] for when in ("before", "after")} if told else {}
    return pd.DataFrame({"factor": factor, "by": by, "group": list(groups), "name": list(names), **sides, **counts})


def _why_no_interval(rows: pd.DataFrame, before: Cells, after: Cells, spread: np.ndarray) -> np.ndarray:
    """For each row why it has no interval, '' where it has one."""
    few = min(before.n_customers, after.n_customers) < LEAST_CUSTOMERS
    part = rows["by"] != "all"
    counts = rows[["customers_before", "customers_after"]].fillna(np.inf)
    # A share needs customers in one wave to be told; a mean needs them in both.
    of_mix = (rows["factor"] == SEGMENTS) | ((rows["factor"] == TOPICS) & (rows["by"] == "topic"))
    enough = np.where(of_mix, counts.max(axis=1), counts.min(axis=1)) >= LEAST_SPEAKING
    one_sided = part & ~of_mix & (counts.min(axis=1) == 0)
    reasons = [
        (np.full(len(rows), few), f"fewer than {LEAST_CUSTOMERS} customers in a wave"),
        (one_sided, "in one wave only, so that all of it counts as mix"),
        (part & ~enough, f"fewer than {LEAST_SPEAKING} customers in it"),
        (spread <= 10**-_DIGITS, "it does not vary"),
    ]
    return np.select([rule for rule, _ in reasons], [reason for _, reason in reasons], "").astype(object)


def _check(total: pd.DataFrame, before: Cells, after: Cells) -> pd.DataFrame:
    """The total once more, with the z interval of two means: of NPS the variance of an answer is p + d - (p - d)^2.

    Right where every customer answered once; the bootstrap holds in any case.
    """
    error = np.sqrt(before.variance / before.n + after.variance / after.n)
    known = min(before.n, after.n) >= LEAST_CUSTOMERS and error > 0
    margin = norm.ppf(_INTERVAL[1]) * error if known else np.nan
    change = after.mean - before.mean
    method = "difference of two means; " + (
        "z interval, answers taken as independent"
        if known
        else f"no interval: fewer than {LEAST_CUSTOMERS} answers in a wave, or they do not vary"
    )
    return total.assign(by="check", value=change, low=change - margin, high=change + margin, method=method)


def _notes(measure: Measure, by: Sequence[str], on: Grid, before: Cells, after: Cells) -> Iterator[Note]:
    if on.segments == (OTHER,):
        message = f"{measure.name}: too few customers speak of each topic to compare by {', '.join(by)} as well"
        yield Note(STAGE, message)
    elif on.pooled:
        message = f"{measure.name}: segments with too few customers were taken together as {OTHER}"
        yield Note(STAGE, message, len(on.pooled), "info")
    if min(before.n_customers, after.n_customers) < LEAST_CUSTOMERS:
        few = min(before.n_customers, after.n_customers)
        yield Note(
            STAGE,
            f"{measure.name}: {few} customers in a wave are too few for intervals ({LEAST_CUSTOMERS} are needed): "
            "the split may be chance alone",
        )
    shares = [wave.sums()[0, 0] for wave in (before, after)]
    alone = [own[other == 0].sum() / own.sum() for own, other in (shares, shares[::-1])]
    if max(alone) >= _MUCH:
        message = (
            f"{measure.name}: {max(alone):.0%} of the answers of a wave are of a segment and topic that the other wave "
            "does not have; what they changed counts as mix, because no value can be compared"
        )
        yield Note(STAGE, message)


_DTYPES: dict[str, Any] = {"text": pd.StringDtype(na_value=np.nan), "number": float, "integer": int}
