"""The model against people, tag by tag: the table `audit`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxnlp import schema
from cxnlp.audit import weighted
from cxnlp.audit.agreement import alpha, alpha_interval
from cxnlp.audit.sheet import NONE, POLARITIES
from cxnlp.audit.weighted import Sample

__all__ = ["ALL", "MODEL", "agreement", "compare"]

MODEL: dict[str, str] = {"topic": "topic_id", "polarity": "sentiment_label", "stage": "stage"}
"""Column of answers -> column of the statements with the model's."""

ALL = "all"
"""Value of the row that takes all values of a kind of tag together: only kappa and alpha are said of it."""

PAIR = "topic and polarity"
TEXT = pd.StringDtype(na_value=np.nan)
_AGREEMENT = ("alpha", "alpha_low", "alpha_high")


@dataclass(frozen=True, slots=True)
class _Tags:
    """One kind of tag. ``people`` and ``model``: values of the labelled statements; `NONE` where there is none.
    ``shares``: value -> share of all statements that the model gives it. ``values``: those worth a row, and names."""

    kind: str
    people: np.ndarray
    model: np.ndarray
    shares: Mapping[str, float]
    values: tuple[tuple[str, str], ...]
    sample: Sample
    whole: bool
    """Whether every statement of the sample was labelled for this kind."""


def compare(labelled: pd.DataFrame, spoken: pd.DataFrame, topics: pd.DataFrame, stages: Sequence[str]) -> pd.DataFrame:
    """The table `audit`, its columns for the agreement of people empty.

    Sensitivity, specificity, precision and kappa speak of statements like these; the corrected prevalence speaks of the
    statements of this analysis. It is missing for a kind of tag that people did not give to every statement.

    Parameters
    ----------
    labelled : one row a statement: unit (int), probability, topic, polarity, stage as people decided (missing where
        they did not), topic_id, sentiment_label and stage_said as the model did.
    spoken : every statement inside the window: topic_id, sentiment_label, stage.
    topics : topic_id and topic_name, in order.
    stages : of the journey, in order.
    """
    rows = [row for tags in _kinds(labelled, spoken, topics, stages) for row in _rows(tags)]
    table = pd.DataFrame(rows, columns=schema.names("audit"))
    counts = ["n", "n_gold", "n_model"]
    words, numbers = ["tag", "value", "name"], [c for c in table.columns if c not in {"tag", "value", "name", *counts}]
    typed = {name: table[name].astype(TEXT) for name in words} | {name: table[name].astype("int64") for name in counts}
    return schema.check(
        table.assign(**typed, **{name: table[name].astype("float64").round(12) for name in numbers}), "audit"
    )


def agreement(table: pd.DataFrame, coders: Sequence[pd.DataFrame], unit: np.ndarray) -> pd.DataFrame:
    """`table` with Krippendorff's alpha of people for each of its rows; as it was where only one answered.

    Parameters
    ----------
    coders : answers of each person, all with the same rows, by `coding.read_coders`.
    unit : int array (rows,): the unit of each row, from 0.
    """
    if len(coders) < 2:
        return table
    given = {name: pd.concat([one[name] for one in coders], axis=1).to_numpy(dtype=object) for name in MODEL}
    topic, polarity = given["topic"], given["polarity"]
    known = np.vectorize(lambda x: isinstance(x, str), otypes=[bool])
    both = known(topic) & (known(polarity) | (topic == NONE))
    given[PAIR] = np.where(both, _joined(topic, polarity), np.full(topic.shape, None))
    found = {}
    for kind, answers in given.items():
        codes, values = pd.factorize(answers.ravel(), sort=True)
        codes = codes.reshape(answers.shape)
        counts = np.stack([(codes == k).sum(axis=1) for k in range(len(values))], axis=1) if len(values) else None
        for value in table.loc[table["tag"] == kind, "value"]:
            found[kind, value] = _alpha_of(counts, values, value, unit)
    keys = zip(table["tag"], table["value"], strict=True)
    columns = np.array([found[key] for key in keys], dtype=float).reshape(-1, 3)
    return table.assign(**dict(zip(_AGREEMENT, columns.T, strict=True)))


def _alpha_of(counts: np.ndarray | None, values: np.ndarray, value: str, unit: np.ndarray) -> tuple[float, ...]:
    if counts is None or (value != ALL and value not in values):
        return (np.nan,) * 3
    if value != ALL:
        own = counts[:, list(values).index(value)]
        counts = np.column_stack([own, counts.sum(axis=1) - own])
    return (alpha(counts), *alpha_interval(counts, unit))


def _joined(topic: np.ndarray, polarity: np.ndarray) -> np.ndarray:
    """The values of the kind `PAIR`; `NONE` where there is no topic."""
    pair = np.char.add(np.char.add(topic.astype(str), " "), polarity.astype(str)).astype(object)
    return np.where(topic == NONE, NONE, pair)


def _kinds(
    labelled: pd.DataFrame, spoken: pd.DataFrame, topics: pd.DataFrame, stages: Sequence[str]
) -> Iterator[_Tags]:
    names = dict(zip(topics["topic_id"], topics["topic_name"], strict=True))
    model = {name: _filled(labelled["stage_said" if name == "stage" else column]) for name, column in MODEL.items()}
    shares = {name: _shares(spoken[column], spoken[column].notna()) for name, column in MODEL.items()}
    listed = {
        "topic": tuple(names.items()),
        "polarity": tuple((one, one) for one in POLARITIES),
        "stage": tuple((one, one) for one in stages),
    }
    pairs = tuple((f"{key} {one}", f"{name}, {one}") for key, name in names.items() for one in POLARITIES)
    for name in MODEL:
        there = labelled[name].notna().to_numpy()
        if there.any():
            said = _filled(labelled[name])
            yield _tags(name, labelled, said, model[name], shares[name], listed[name], there)
    if labelled["polarity"].notna().any():
        people = _joined(_filled(labelled["topic"]), _filled(labelled["polarity"]))
        said = _joined(model["topic"], model["polarity"])
        every, judged = (spoken[MODEL[name]] for name in ("topic", "polarity"))
        all_said = _shares(every.astype(object) + " " + judged.astype(object), every.notna() & judged.notna())
        met = set(people) | set(said)
        worth = tuple(pair for pair in pairs if pair[0] in met)
        yield _tags(PAIR, labelled, people, said, all_said, worth, np.ones(len(labelled), dtype=bool))


def _tags(
    kind: str,
    labelled: pd.DataFrame,
    people: np.ndarray,
    model: np.ndarray,
    shares: Mapping[str, float],
    values: tuple[tuple[str, str], ...],
    there: np.ndarray,
) -> _Tags:
    sample = Sample(labelled["unit"].to_numpy()[there], labelled["probability"].to_numpy(dtype=float)[there])
    return _Tags(kind, people[there], model[there], shares, values, sample, bool(there.all()))


def _shares(values: pd.Series, there: pd.Series) -> dict[str, float]:
    return {str(value): n / len(values) for value, n in values[there].value_counts().items()}


def _rows(tags: _Tags) -> Iterator[dict[str, object]]:
    codes = pd.factorize(np.concatenate([tags.people, tags.model]), sort=True)[0]
    both = np.split(codes, 2)
    n_gold, n_model = (int((one != NONE).sum()) for one in (tags.people, tags.model))
    base = {"tag": tags.kind, "n": len(tags.people)}
    yield (
        base
        | {"value": ALL, "name": f"every {tags.kind}", "n_gold": n_gold, "n_model": n_model}
        | _named("kappa", weighted.kappa(tags.sample, *both))
    )
    for value, name in tags.values:
        people, model = tags.people == value, tags.model == value
        told = base | {"value": value, "name": name, "n_gold": int(people.sum()), "n_model": int(model.sum())}
        yield told | _measures(tags, value, people, model)


def _measures(tags: _Tags, value: str, people: np.ndarray, model: np.ndarray) -> dict[str, float]:
    sample, share_model = tags.sample, tags.shares.get(value, 0.0)
    sensitivity = weighted.share(sample, model, people)
    specificity = weighted.share(sample, ~model, ~people)
    found = {
        **_named("kappa", weighted.kappa(sample, people.astype(np.int64), model.astype(np.int64))),
        **_named("sensitivity", sensitivity),
        **_named("specificity", specificity),
        **_named("precision", weighted.share(sample, people, model)),
        "prevalence_model": share_model,
    }
    if tags.whole:
        found |= _named("prevalence", weighted.difference(sample, people, model, share_model))
        found["prevalence_rg"] = weighted.rogan_gladen(share_model, sensitivity[0], specificity[0])
    return found


def _named(name: str, numbers: tuple[float, float, float]) -> dict[str, float]:
    return dict(zip((name, f"{name}_low", f"{name}_high"), numbers, strict=True))


def _filled(values: pd.Series) -> np.ndarray:
    return values.astype(object).where(values.notna(), NONE).to_numpy(dtype=object)
