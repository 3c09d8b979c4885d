"""The comparison of two waves: counts, tests, one false-discovery control, status, notes."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass, field

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from cxnlp.errors import InternalError
from cxnlp.results import Note
from cxnlp.waves.columns import CHANGES
from cxnlp.waves.counting import Mentions, both_design_effects, count
from cxnlp.waves.drift import LEAST, Drift, blocks, drift
from cxnlp.waves.line import Line, line_up
from cxnlp.waves.rates import Change, compare_rates
from cxnlp.waves.wave import Wave, check_waves
from cxnlp.waves.words import Splitter, lexicon, word_shift

__all__ = ["compare", "Comparison", "STATUSES"]

NEW, VANISHED, GROWN, SHRUNK = "new", "vanished", "grown", "shrunk"
NO_CHANGE, TOO_FEW = "no change shown", "too few to tell"
STATUSES: tuple[str, ...] = (NEW, VANISHED, GROWN, SHRUNK, NO_CHANGE, TOO_FEW)

STAGE = "waves"
TEXT = pd.StringDtype(na_value=np.nan)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed: ``table`` (columns `CHANGES`), one row a topic, in the order of the topics; and notes.

    ``decomposition`` (columns `DECOMPOSITION`): what the change of each score and outcome is made of; without rows
    where nothing was decomposed.
    """

    table: pd.DataFrame
    notes: tuple[Note, ...] = ()
    decomposition: pd.DataFrame = field(default_factory=pd.DataFrame)


def compare(
    before: Wave,
    after: Wave,
    topics: pd.DataFrame,
    *,
    q: float = 0.10,
    permutations: int = 999,
    seed: int = 0,
    found_on: np.ndarray | None = None,
    keywords: Splitter | None = None,
) -> Comparison:
    """Say of each topic whether it is mentioned more or less often, and whether what is said in it has moved.

    The tests and their limits are explained in README.md. The table depends on the statements alone, not on
    their order; swapping the waves inverts the ratios.

    Parameters
    ----------
    before, after : the waves; the second was tagged with the topics of the first.
    topics : columns topic_id, topic_name and optionally the flag ``candidate``: a topic that was found among
        those statements of the second wave that fit none, and that the statements of both waves were then
        labelled with.
    q : false-discovery rate over all tests of the table.
    permutations : at least so many behind each drift_p. More are drawn where there are so many topics that the
        least possible p could not pass the false-discovery control.
    seed : of the permutations.
    found_on : boolean array over the statements of `after`, true for the part of the wave that the candidates
        were found on. Needed where there are candidates; pass whole customers, also their statements that
        fitted a topic. No statement of a customer in that part is used to test a candidate, and the exposure
        is scaled to the comments of the others: what was grouped because it is frequent there would otherwise
        be confirmed by its own frequency.
    keywords : what the words of a statement are, called with text and language; default lower-cased words
        without stop words.

    Raises
    ------
    InputError
        A wave without scored comments, or with topics that `topics` does not have.
    """
    check_waves(before, after, topics)
    candidate = _candidates(topics, found_on)
    line = line_up(before, after, topics["topic_id"], found_on)
    rates = _rates(before, after, line, candidate)
    drawn = max(permutations, math.ceil(4 * len(topics) / q))
    parts = [line.of_topic(i, held_out=bool(candidate[i])) for i in range(len(topics))]
    moved = [_drift(line, part, drawn, seed, name) for part, name in zip(parts, topics["topic_id"], strict=True)]
    table = _table(topics, candidate, rates, moved, _words(line, parts, keywords), q, drawn)
    return Comparison(table, _notes(table, line))


def _candidates(topics: pd.DataFrame, found_on: np.ndarray | None) -> np.ndarray:
    """Which topics are candidates, boolean (k,)."""
    if "candidate" not in topics or not topics["candidate"].any():
        return np.zeros(len(topics), dtype=bool)
    if found_on is None:
        raise InternalError(
            "candidate topics without the statements that they were found on",
            expected="found_on, because those statements may not test them",
            fix="please report this as a bug of cxnlp with the command that you ran",
        )
    return topics["candidate"].to_numpy(dtype=bool)


@dataclass(frozen=True, slots=True)
class _Rates:
    """Counts, exposures and design effects (k,) of both waves, and what follows from them."""

    n: tuple[np.ndarray, np.ndarray]
    exposure: tuple[np.ndarray, np.ndarray]
    effect: tuple[np.ndarray, np.ndarray]
    change: Change


def _rates(before: Wave, after: Wave, line: Line, candidate: np.ndarray) -> _Rates:
    k, split = len(candidate), len(before.statements)
    first = count(before, line.topic[:split], k)
    second = count(after, line.topic[split:], k)
    if candidate.any():
        rest = count(after, line.topic[split:], k, line.usable[split:])
        second = Mentions(*(np.where(candidate, *pair) for pair in zip(astuple(rest), astuple(second), strict=True)))
    effect = both_design_effects(first, second)
    change = compare_rates(first.n, second.n, first.exposure, second.exposure, *effect)
    return _Rates((first.n, second.n), (first.exposure, second.exposure), effect, change)


def _drift(line: Line, part: np.ndarray, permutations: int, seed: int, name: str) -> Drift | None:
    """Drift of the statements at the positions `part`; None where too few of them can be compared."""
    if not len(part):
        return None
    own = blocks(line.points[part], line.after[part], line.unit[part], line.language_code[part], line.key[part])
    if min(own.size[own.after].sum(), own.size[~own.after].sum()) < LEAST:
        return None
    return drift(own, permutations, seed, name)


def _words(line: Line, parts: list[np.ndarray], split: Splitter | None) -> list[tuple[list[str], list[str]]]:
    if not len(line.texts):
        return [([], []) for _ in parts]
    known = lexicon(line.texts, line.language, line.unit, split)
    found = []
    for part in parts:
        enough = min(int(line.after[part].sum()), int((~line.after[part]).sum())) >= LEAST
        found.append(word_shift(known, part, line.after, line.unit) if enough else ([], []))
    return found


def _table(
    topics: pd.DataFrame,
    candidate: np.ndarray,
    rates: _Rates,
    moved: list[Drift | None],
    words: list[tuple[list[str], list[str]]],
    q: float,
    permutations: int,
) -> pd.DataFrame:
    change = rates.change
    drift_p = np.array([one.p if one else np.nan for one in moved], dtype=np.float64)
    both_q = _q_values(np.concatenate([change.p, drift_p]))
    growth_q, drift_q = both_q[: len(topics)], both_q[len(topics) :]
    with np.errstate(invalid="ignore"):
        shares = [n / t for n, t in zip(rates.n, rates.exposure, strict=True)]
    columns = {
        "topic_id": topics["topic_id"].astype(TEXT).array,
        "topic_name": topics["topic_name"].astype(TEXT).array,
        "status": pd.array(_status(rates.n, change, growth_q < q, candidate), dtype=TEXT),
        "n_before": rates.n[0].astype(np.int64),
        "n_after": rates.n[1].astype(np.int64),
        "share_before": shares[0],
        "share_after": shares[1],
        "ratio": change.ratio,
        "ratio_low": change.low,
        "ratio_high": np.where(np.isinf(change.high), np.nan, change.high),
        "p": change.p,
        "q": growth_q,
        "drift": np.array([one.distance if one else np.nan for one in moved], dtype=np.float64),
        "drift_p": drift_p,
        "drift_q": drift_q,
        "drifted": drift_q < q,
        "words_gained": pd.Series([gained for gained, _ in words], dtype=object).array,
        "words_lost": pd.Series([lost for _, lost in words], dtype=object).array,
        "method": pd.array(_methods(candidate, rates, moved, permutations), dtype=TEXT),
    }
    return pd.DataFrame({name: columns[name] for name, _, _ in CHANGES})


def _q_values(p: np.ndarray) -> np.ndarray:
    """Benjamini-Hochberg q-values (1995, JRSS B 57:289-300) over all tests that have a p; NaN where p is NaN."""
    q = np.full(len(p), np.nan)
    tested = np.isfinite(p)
    if tested.any():
        q[tested] = false_discovery_control(p[tested], method="bh")
    return q


def _status(
    n: tuple[np.ndarray, np.ndarray], change: Change, significant: np.ndarray, candidate: np.ndarray
) -> np.ndarray:
    up = np.isnan(change.ratio) | (change.ratio > 1)
    rules = [
        (~change.testable, TOO_FEW),
        (~significant, NO_CHANGE),
        (up & ((n[0] == 0) | candidate), NEW),
        (n[1] == 0, VANISHED),
        (up, GROWN),
    ]
    return np.select([rule for rule, _ in rules], [name for _, name in rules], SHRUNK).astype(object)


def _methods(candidate: np.ndarray, rates: _Rates, moved: list[Drift | None], permutations: int) -> list[str]:
    return [
        "; ".join(
            filter(None, (_rate_method(rates, i), _held_out(candidate[i], rates, i), _drift_method(one, permutations)))
        )
        for i, one in enumerate(moved)
    ]


def _rate_method(rates: _Rates, i: int) -> str:
    before, after = (round(float(effect[i]), 2) for effect in rates.effect)
    said = "conditional exact test of two rates, Clopper-Pearson interval"
    if before == after == 1:
        return said
    return f"{said}, counts divided by design effects {before:.2f} and {after:.2f} for customers who wrote again"


def _held_out(is_candidate: bool, rates: _Rates, i: int) -> str:
    return f"counted in the {rates.exposure[1][i]:,.0f} comments not used to find it" if is_candidate else ""


def _drift_method(one: Drift | None, permutations: int) -> str:
    if one is None:
        return "drift not tested"
    within = "one language" if one.languages == 1 else f"each of {one.languages} languages"
    return f"drift: {permutations:,} permutations of {one.blocks:,} customers or comments within {within}"


def _notes(table: pd.DataFrame, line: Line) -> tuple[Note, ...]:
    few = int((table["status"] == TOO_FEW).sum())
    still = int(table["drift_p"].isna().sum())
    notes = []
    if len(table) and not ((table["n_before"] > 0) & (table["n_after"] > 0)).any():
        notes.append(Note(STAGE, "no topic occurs in both waves: were both tagged by the same analysis?"))
    for late, name in ((False, "first"), (True, "second")):
        own = line.topic[line.after == late]
        if not (own >= 0).any():
            notes.append(Note(STAGE, f"no statement of the {name} wave belongs to a topic", len(own)))
    if few:
        notes.append(Note(STAGE, "topics are mentioned too rarely for any change to show", few, "info"))
    if still:
        message = f"topics have fewer than {LEAST} statements in a wave and language that both share: drift not tested"
        notes.append(Note(STAGE, message, still, "info"))
    return tuple(notes)
