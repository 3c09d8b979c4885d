"""Realistic `Evidence` without a model: generated comments; metrics, drivers, audit and flags by the real rooms.

For tests of everything after the join; the frames are shared between tests, so copy before you change one.
`survey()` is a telecom survey in five languages with NPS, CSAT, customers, when they left, their revenue and an audit
of the tags; `clothing()` is a set
of English reviews with stars only; `coded()` is the survey with a codebook and a person's edits; `bare()` has
comments and nothing else; `nothing_scored()` has rows of which none could be read.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cxnlp import drivers, schema
from cxnlp.audit import accuracy
from cxnlp.config import Config, DriversConfig, MetricsConfig
from cxnlp.flags import raise_flags
from cxnlp.journey import curve
from cxnlp.metrics import measure
from cxnlp.results import (
    Estimate,
    Evidence,
    Flag,
    Gold,
    ModelInfo,
    Note,
    Outcome,
    Placement,
    ScoreColumn,
    Table,
    Topics,
)

TEXT = pd.StringDtype(na_value=np.nan)
MODEL = ModelInfo("cxnlp-small", "models/cxnlp-small", "5e" * 32, ("sentiment", "touchpoint"), licence="MIT")
CHURNED = Outcome("churned", "churned", "churned")
NPS = Outcome("nps_score", "score of nps", "nps", kind="score", scale=schema.SCALES["nps"])

Subject = tuple[str, str, str, float, tuple[str, ...]]
"""Topic name, theme, touchpoint, mean sentiment, statements."""

SURVEY: tuple[Subject, ...] = (
    (
        "invoice, surprise charge",
        "Money",
        "BIL",
        -0.7,
        ("The invoice was higher than agreed.", "Factura a fost greșită din nou."),
    ),
    ("price, value", "Money", "PRC", -0.3, ("Too expensive for what it is.", "Zu teuer für die Leistung.")),
    (
        "support, waiting on the line",
        "Service",
        "SUP",
        -0.5,
        ("I waited forty minutes on the phone.", "Czekałem godzinę na linii."),
    ),
    ("friendly staff", "Service", "STF", 0.8, ("The lady in the shop was so kind.", "Personale molto gentile.")),
    ("connection, drops", "Product", "PRD", -0.6, ("The connection drops every evening.", "Internetul cade zilnic.")),
    ("fast internet", "Product", "PRD", 0.8, ("Fast and stable, no complaints.", "Bardzo szybki internet.")),
    ("app, login", "Product", "WEB", -0.1, ("The app logs me out all the time.", "L'app non si apre.")),
    ("installation", "Start", "ONB", 0.3, ("The technician came on time.", "Techniker war pünktlich.")),
    ("contract, cancelling", "Leaving", "CAN", -0.6, ("Cancelling took three letters.", "Nu pot renunța la contract.")),
    ("recommending to friends", "Leaving", "REC", 0.7, ("I tell all my friends.", "Polecam znajomym.")),
)
CLOTHING: tuple[Subject, ...] = (
    ("size, runs large", "Fit", "PRD", -0.4, ("Runs very large, order a size down.", "It swallowed me.")),
    ("flattering fit", "Fit", "PRD", 0.8, ("So flattering on.", "It fits like a glove.")),
    ("fabric, thin", "Material", "PRD", -0.6, ("The fabric is thin and see-through.", "Cheap feeling cloth.")),
    ("soft, comfortable", "Material", "PRD", 0.8, ("Soft and cosy.", "I could live in it.")),
    ("price, sale", "Price", "PRC", 0.1, ("Glad I got it on sale.", "Not worth the full price.")),
    ("return, sent back", "Returns", "RET", -0.7, ("Back it goes.", "I had to return it.")),
    ("colour, photo", "Looks", "INF", -0.2, ("The colour is not as in the photo.", "Prettier than online.")),
)
STAGE_OF = {"BIL": "retention", "PRC": "consideration", "SUP": "retention", "STF": "retention", "PRD": "retention"}
STAGE_OF |= {
    "WEB": "consideration",
    "ONB": "retention",
    "CAN": "retention",
    "REC": "advocacy",
    "RET": "retention",
    "INF": "consideration",
}


@functools.cache
def survey(n: int = 900, seed: int = 0) -> Evidence:
    """Everything present: NPS, CSAT, churn per customer with dates, segments, five languages, an audit, flags."""
    return _build(
        "survey.csv",
        SURVEY,
        n,
        seed,
        scores=("nps", "csat5"),
        outcome=CHURNED,
        languages=("en", "ro", "pl", "it", "de"),
        full=True,
    )


@functools.cache
def clothing(n: int = 600, seed: int = 1) -> Evidence:
    """English reviews with stars, from which the outcome is derived; each comment stands for itself."""
    outcome = Outcome("dissatisfied", "is dissatisfied", "stars", derived=True)
    evidence = _build(
        "clothing.csv", CLOTHING, n, seed, scores=("stars",), outcome=outcome, languages=("en",), per_customer=1
    )
    return dataclasses.replace(evidence, stage_agreement=None)


CODES: tuple[tuple[str, str, str, int, int, str, str], ...] = (
    ("price", "Price and value", "examples", 12, 0, "t01", "t00"),
    ("waiting", "Waiting", "few examples", 3, 6, "t02", "t07"),
    ("kindness", "Freundlichkeit", "description", 1, 8, "", "t03"),
)
"""Tag, label, basis, examples, examples needed; the topic whose statements carry it, the topic where it is in doubt."""


@functools.cache
def coded(n: int = 900, seed: int = 0) -> Evidence:
    """The survey, tagged with a codebook of three codes; some topics renamed, merged and not assessed by a person."""
    evidence = survey(n, seed)
    statements, comments, topics = evidence.statements.copy(), evidence.comments.copy(), evidence.topics.copy()
    yes = [[code[0] for code in CODES if code[5] == topic] for topic in statements["topic_id"]]
    doubt = [[code[0] for code in CODES if code[6] == topic] for topic in statements["topic_id"]]
    statements["codes"], statements["codes_doubt"] = yes, doubt
    statements["codes_probability"] = [[0.9] * len(said) for said in yes]
    said = dict(statements.explode("codes").dropna(subset=["codes"]).groupby("row")["codes"].unique())
    comments["codes"] = [list(said.get(row, ())) for row in range(n)]
    comments["topic_polarities"] = [
        ["mixed", *judged[1:]] if judged and row % 9 == 0 else judged
        for row, judged in enumerate(comments["topic_polarities"])
    ]
    topics.loc[0, "edited"] = 'renamed t00 to "invoice, surprise charge"; pinned t00'
    topics.loc[1, ["edited", "stability"]] = ["moved 3 statements to t01", np.nan]
    topics["names"] = [["en: invoice, surprise charge", "ro: factură greșită"], *topics["names"].iloc[1:]]
    return dataclasses.replace(
        evidence,
        statements=schema.check(statements, "statements"),
        comments=schema.check(comments, "comments"),
        topics=schema.check(topics, "topics"),
        codes=schema.check(_codes(statements, int((comments["status"] == "ok").sum())), "codes"),
        review=schema.check(_review(statements), "review"),
        files={
            "topics.safetensors": b"topics",
            "topics.yaml": b"edits:\n",
            "encoding.safetensors": b"encoding",
            "codebook.yaml": b"tags:\n",
        },
    )


def _codes(statements: pd.DataFrame, scored: int) -> pd.DataFrame:
    records = []
    for tag, label, basis, n_examples, needed, *_ in CODES:
        yes, doubt = ([tag in said for said in statements[name]] for name in ("codes", "codes_doubt"))
        n_comments = statements.loc[yes, "row"].nunique()
        most = statements.loc[np.logical_or(yes, doubt), "row"].nunique()
        records.append(
            {
                "tag": tag,
                "label": label,
                "basis": basis,
                "n_examples": n_examples,
                "n_counter_examples": 0,
                "examples_needed": needed,
                "separation": np.nan if basis == "description" else 0.9,
                "error_rate": 0.1 if basis == "examples" else np.nan,
                "n_statements": sum(yes),
                "n_doubt": sum(doubt),
                "n_comments": n_comments,
                "share": n_comments / max(scored, 1),
                "share_if_all_doubt": most / max(scored, 1),
            }
        )
    return _typed(pd.DataFrame(records, columns=schema.names("codes")), "codes")


def _review(statements: pd.DataFrame) -> pd.DataFrame:
    open_ = statements.explode("codes_doubt").dropna(subset=["codes_doubt"])
    times = open_["text"].map(open_["text"].value_counts())
    labels = {tag: label for tag, label, *_ in CODES}
    frame = open_.assign(
        tag=open_["codes_doubt"],
        label=open_["codes_doubt"].map(labels),
        probability=0.5,
        doubt=1.0,
        count=times,
        answer="",
    ).drop_duplicates(["text", "tag"])
    return _typed(frame[schema.names("review")].reset_index(drop=True), "review")


@functools.cache
def bare(n: int = 120, seed: int = 2) -> Evidence:
    """Comments alone: no score, no outcome, no segment, no topic, no stage."""
    return _build("comments.txt", (), n, seed, scores=(), languages=("en",))


@functools.cache
def nothing_scored(n: int = 4) -> Evidence:
    """Rows without a single comment that could be read; ``n`` may be 0."""
    return _build("empty.csv", (), n, 0, scores=("nps",), outcome=CHURNED, languages=("en",), scored=False)


def with_cells(evidence: Evidence, text: str) -> Evidence:
    """`evidence` with `text` wherever the user's data can put words: comment, names, segment, column, file, note."""
    comments, statements, topics = evidence.comments.copy(), evidence.statements.copy(), evidence.topics.copy()
    comments.loc[0, ["text", "text_clean"]] = text
    first = topics["topic_id"].iloc[0]
    # One statement of the first topic stands in a comment that is all `text`, so that it is shown there.
    where = statements["topic_id"] == first
    row = statements.loc[where, "row"].min()
    comments.loc[row, ["text_clean", "comment_id"]] = [f"{text} {text} {text}", text]
    statements.loc[where & (statements["row"] == row), ["start", "end"]] = [len(text) + 1, 2 * len(text) + 1]
    statements.loc[statements["row"] == row, "comment_id"] = text
    topics.loc[0, ["topic_name", "theme_name"]] = text
    topics["examples"] = [[text, text], *topics["examples"].iloc[1:]]
    topics["keywords"] = [[text], *topics["keywords"].iloc[1:]]
    topics["names"] = [[f"ro: not {text}", text], *topics["names"].iloc[1:]]
    topics.loc[0, "edited"] = text
    statements.loc[statements["topic_id"] == first, ["topic_name", "text"]] = text
    named = {"topic_name": text}
    rename = {evidence.segments[0]: text} if evidence.segments else {}
    segment = evidence.metrics["by"].isin(evidence.segments)
    metrics = evidence.metrics.assign(by=evidence.metrics["by"].replace(rename))
    metrics.loc[segment, "group"] = text + metrics.loc[segment, "group"].astype(str)
    touched = Flag(
        "churn_driver",
        "high",
        text,
        text,
        first,
        evidence={text: text},
        quotes=(text,),
        why_not_higher=text,
        raise_by=text,
        checks=((text, "passed", text),),
    )
    return dataclasses.replace(
        evidence,
        comments=comments.rename(columns=rename),
        source=evidence.source.rename(columns={"comment": text}).assign(**{text: text}),
        statements=statements,
        topics=topics,
        metrics=metrics,
        drivers=evidence.drivers.assign(
            **{name: evidence.drivers[name].where(evidence.drivers["topic_id"] != first, text) for name in named},
            why_not_higher=text,
            raise_by=text,
            controls=text,
        ),
        importance=evidence.importance.assign(topic_name=text),
        kano=evidence.kano.assign(topic_name=text),
        prevalence=evidence.prevalence.assign(topic_name=text, term=text, reference=text, q=0.01),
        audit=evidence.audit.assign(name=text),
        segments=(text, *evidence.segments[1:]),
        controls=(text,),
        outcomes=tuple(dataclasses.replace(outcome, label=text, source=text) for outcome in evidence.outcomes),
        codes=evidence.codes.assign(tag=f"tag {text}", label=text) if len(evidence.codes) else evidence.codes,
        review=evidence.review.assign(text=text, label=text) if len(evidence.review) else evidence.review,
        flags=(touched, *evidence.flags),
        notes=(*evidence.notes, Note("read", text, 1)),
        model=dataclasses.replace(evidence.model, licence=text, name=text),
        provenance=dict(evidence.provenance)
        | {
            "input": {"name": text, "rows": 1, "sha256": text},
            "roles": [{"role": text, "column": text, "reason": text, "chosen": False, "scale": None}],
            "plan": {"name": text, "sha256": text, "frozen_at": text, "deviations": [text]},
        },
    )


def _build(
    name: str,
    subjects: Sequence[Subject],
    n: int,
    seed: int,
    *,
    scores: Sequence[str],
    outcome: Outcome | None = None,
    languages: Sequence[str],
    scored: bool = True,
    per_customer: int = 2,
    full: bool = False,
) -> Evidence:
    random = np.random.default_rng(seed)
    rows = _rows(random, subjects, n, languages, scored)
    statements = _statements(rows, subjects)
    columns = tuple(ScoreColumn(_score_name(scale), scale, schema.SCALES[scale]) for scale in scores)
    outcomes = () if outcome is None else (outcome, NPS) if full else (outcome,)
    segments = ("plan", "country") if subjects else ()
    comments = _comments(random, rows, statements, columns, outcome, segments, per_customer)
    statements["unit"] = statements["row"] // per_customer
    units = _units(comments, outcome, segments)
    if full:
        units = _followed(random, units, comments)
    topics = Topics(_topics(subjects, statements, int((comments["status"] == "ok").sum())), statements)
    unit_name = "customer" if per_customer > 1 else "comment"
    table = Table(comments, statements, units, columns, outcomes, segments, segments, unit_name)
    metrics = measure(table, topics, MetricsConfig())
    config = DriversConfig(permutations=40, rank_bootstrap=20)
    gold = _audited(random, statements, topics) if full else None
    why = drivers.find(table, topics, config, gold=gold)
    agreement = Estimate(0.78, 0.74, 0.82, 412, "share; 95 % Wilson interval") if subjects else None
    return Evidence(
        comments=schema.check(comments, "comments"),
        source=_source(comments, columns, outcome, segments),
        statements=schema.check(statements, "statements"),
        units=units,
        topics=schema.check(topics.table, "topics"),
        metrics=metrics,
        journey=curve(metrics, Placement(statements, schema.STAGES)),
        drivers=why.table,
        impact=why.impact,
        flags=raise_flags(table, topics, metrics, why, config),
        notes=(*_notes(comments), *why.notes),
        stages=schema.STAGES,
        scores=columns,
        outcomes=outcomes,
        segments=segments,
        controls=segments,
        unit_name=unit_name,
        model=MODEL,
        stage_agreement=agreement,
        provenance=_provenance(name, n, columns),
        importance=why.importance,
        kano=why.kano,
        survival=why.survival,
        prevalence=why.prevalence,
        cards=why.cards,
        **({} if gold is None else {"audit": gold.accuracy}),
    )


def _followed(random: np.random.Generator, units: pd.DataFrame, comments: pd.DataFrame) -> pd.DataFrame:
    """Units with the mean of their NPS, their revenue, and when they were observed and left."""
    grouped = comments.groupby("unit")
    last, end = grouped["created_at"].max().dt.normalize(), pd.Timestamp("2026-01-01")
    days = pd.to_timedelta(np.ceil(random.random(len(units)) * (end - last).dt.days), unit="D")
    return units.assign(
        nps_score=grouped["nps"].mean().round(),
        revenue=random.gamma(4, 25, len(units)).round(2),
        observed_from=pd.Timestamp("2025-01-01"),
        observed_until=end,
        left_at=(last + days).where(units["churned"].fillna(False).astype(bool)),
    )


def _audited(random: np.random.Generator, statements: pd.DataFrame, topics: Topics) -> Gold:
    """People read what every second customer said; they find another topic, or another tone, in one of twelve."""
    read = statements[(statements["unit"] % 2 == 0) & statements["in_window"]]
    n, ids = len(read), list(topics.table["topic_id"])
    topic = read["topic_id"].astype(object).where(random.random(n) >= 0.08, random.choice(ids, n))
    tone = read["sentiment_label"].where(random.random(n) >= 0.08, "neutral")
    said = {"topic_id": topic.fillna("none"), "stage": read["stage"].fillna("none"), "polarity": tone}
    labelled = read[["unit", "topic_id", "sentiment_label"]].assign(
        probability=0.5, topic=said["topic_id"], polarity=tone, stage=said["stage"], stage_said=read["stage"]
    )
    spoken = statements[statements["in_window"]]
    table = accuracy.compare(labelled.reset_index(drop=True), spoken, topics.table, schema.STAGES)
    whole = table["value"].eq(accuracy.ALL)
    agreement = {"alpha": 0.81, "alpha_low": 0.75, "alpha_high": 0.86}
    gold = pd.DataFrame({name: values.replace("none", None) for name, values in said.items()})
    units = pd.DataFrame({"unit": read["unit"].unique(), "probability": 0.5})
    return Gold(
        gold.assign(statement_id=read["statement_id"]).reset_index(drop=True),
        units,
        table.assign(**{name: np.where(whole, value, np.nan) for name, value in agreement.items()}),
    )


def _score_name(scale: str) -> str:
    return {"nps": "nps", "csat5": "csat", "stars": "csat"}[scale]


def _rows(
    random: np.random.Generator, subjects: Sequence[Subject], n: int, languages: Sequence[str], scored: bool
) -> list[dict[str, Any]]:
    weights = np.array([1 / (rank + 2) for rank in range(max(len(subjects), 1))])
    rows = []
    for row in range(n):
        status = ("ok" if scored else "empty") if row % 25 else ("empty" if row % 50 else "junk")
        said = (
            random.choice(len(weights), size=random.integers(1, 4), p=weights / weights.sum()) if status == "ok" else []
        )
        rows.append(
            {
                "status": status,
                "said": list(said),
                "language": str(random.choice(languages)),
                "leaning": random.normal(0, 0.25),
            }
        )
    return rows


def _statements(rows: Sequence[Mapping[str, Any]], subjects: Sequence[Subject]) -> pd.DataFrame:
    records = []
    for row, comment in enumerate(rows):
        start = 0
        for said in comment["said"]:
            name, _, touchpoint, tone, texts = (
                subjects[said] if subjects else ("", "", "", 0.1, ("It is all right.", "Fine."))
            )
            text = texts[(row + int(said)) % len(texts)]
            sentiment = float(np.clip(tone + comment["leaning"], -1, 1))
            known = bool(subjects) and (row + int(said)) % 11 != 0
            label = "negative" if sentiment < -0.2 else "positive" if sentiment > 0.2 else "neutral"
            stage = STAGE_OF.get(touchpoint) if known else None
            records.append(
                {
                    "statement_id": len(records),
                    "comment_id": str(row),
                    "row": row,
                    "start": start,
                    "end": start + len(text),
                    "text": text,
                    "language": comment["language"],
                    "sentiment": sentiment,
                    "sentiment_label": label,
                    "sentiment_confidence": 0.5 + abs(sentiment) / 2,
                    "emotion": "none",
                    "effort": "none",
                    "churn_intent": "none",
                    "advocacy": "none",
                    "topic_id": f"t{said:02d}" if known else None,
                    "topic_name": name if known else None,
                    "topic_strength": 0.7 if known else np.nan,
                    "topic_crossfit": f"t{said:02d}" if known else None,
                    "codes": [],
                    "codes_probability": [],
                    "codes_doubt": [],
                    "touchpoint": touchpoint if known else None,
                    "stage": stage,
                    "stage_source": "model" if stage else None,
                    "stage_model": stage,
                    "stage_confidence": 0.8 if stage else np.nan,
                    "unit": row // 2,
                    "in_window": row % 40 != 7,
                }
            )
            start += len(text) + 1
    return _typed(pd.DataFrame(records, columns=schema.names("statements")), "statements")


def _comments(
    random: np.random.Generator,
    rows: Sequence[Mapping[str, Any]],
    statements: pd.DataFrame,
    scores: Sequence[ScoreColumn],
    outcome: Outcome | None,
    segments: Sequence[str],
    per_customer: int,
) -> pd.DataFrame:
    n = len(rows)
    grouped = statements.groupby("row")
    texts = grouped["text"].agg(" ".join).reindex(range(n))
    tone = grouped["sentiment"].mean().reindex(range(n))
    frame = pd.DataFrame(
        {"comment_id": [str(row) for row in range(n)], "text": texts.to_numpy(), "text_clean": texts.to_numpy()}
    )
    frame["created_at"] = pd.date_range("2025-01-01", periods=n, freq="3h")
    frame["customer_id"] = [f"C{row // per_customer:05d}" for row in range(n)]
    frame["language"] = [row["language"] if row["status"] == "ok" else None for row in rows]
    frame["language_confidence"] = 0.97
    frame["status"] = [row["status"] for row in rows]
    frame["is_junk"] = frame["status"] == "junk"
    frame["is_duplicate"] = texts.duplicated().to_numpy() & texts.notna().to_numpy()
    frame["pii_masked"] = 0
    frame["n_statements"] = grouped.size().reindex(range(n), fill_value=0).to_numpy()
    frame["sentiment"] = tone.to_numpy()
    frame["sentiment_label"] = np.where(
        tone.isna(), None, np.where(tone < -0.2, "negative", np.where(tone > 0.2, "positive", "neutral"))
    )
    frame["sentiment_confidence"] = 0.8
    for head in ("emotion", "effort", "churn_intent", "advocacy"):
        frame[head] = "none"
    for name, column in (("topic_ids", "topic_id"), ("topic_names", "topic_name"), ("touchpoints", "touchpoint")):
        listed = grouped[column].agg(lambda values: list(dict.fromkeys(values.dropna())))
        frame[name] = [listed.get(row, []) for row in range(n)]
    frame["topic_polarities"] = _polarities(statements, n)
    frame["codes"] = [[] for _ in range(n)]
    stage = grouped["stage"].first().reindex(range(n))
    frame["stage"] = frame["stage_model"] = stage.to_numpy()
    frame["stage_source"] = np.where(stage.isna(), None, "model")
    frame["stage_confidence"] = np.where(stage.isna(), np.nan, 0.8)
    frame["unit"] = np.arange(n) // per_customer
    frame["in_window"] = np.arange(n) % 40 != 7
    frame = _typed(frame.reindex(columns=schema.names("comments")), "comments")
    for column in scores:
        middle, half = (column.scale.low + column.scale.high) / 2, (column.scale.high - column.scale.low) / 2
        raw = middle + half * (0.25 + tone.fillna(0).to_numpy() + random.normal(0, 0.5, n))
        frame[column.name] = np.where(
            random.random(n) < 0.05, np.nan, np.clip(np.round(raw), column.scale.low, column.scale.high)
        )
    if outcome is not None and outcome.derived:
        frame[outcome.name] = (frame[scores[0].name] <= 2).astype("boolean").mask(frame[scores[0].name].isna())
    elif outcome is not None:
        complaining = statements.loc[statements["touchpoint"].isin(["BIL", "RET"]), "row"]
        leaving = frame["unit"].isin(frame.loc[complaining.unique(), "unit"]).to_numpy()
        chance = random.random(n)[frame["unit"]]
        frame[outcome.name] = pd.array(chance < np.where(leaving, 0.34, 0.12), dtype="boolean")
    for segment, values in (("plan", ("basic", "plus", "family")), ("country", ("RO", "PL", "IT"))):
        if segment in segments:
            frame[segment] = pd.Series(random.choice(values, n), dtype=TEXT)
    return frame


def _polarities(statements: pd.DataFrame, n: int) -> list[list[str]]:
    """For each comment its judgement of each topic, in order of first mention: mixed where it says both."""
    found: list[dict[str, set[str]]] = [{} for _ in range(n)]
    for row, topic, label in zip(statements["row"], statements["topic_id"], statements["sentiment_label"], strict=True):
        if isinstance(topic, str):
            found[row].setdefault(topic, set()).add(label)
    return [
        ["mixed" if {"negative", "positive"} <= said else min(said) for said in topics.values()] for topics in found
    ]


def _units(comments: pd.DataFrame, outcome: Outcome | None, segments: Sequence[str]) -> pd.DataFrame:
    grouped = comments.groupby("unit")
    frame = pd.DataFrame(
        {
            "customer_id": grouped["customer_id"].first(),
            "n_comments": grouped["n_statements"].agg(lambda n: int((n > 0).sum())).astype("int64"),
            "language": grouped["language"].first(),
        }
    )
    for name in (*segments, *(() if outcome is None else (outcome.name,))):
        frame[name] = grouped[name].first()
    return frame.reset_index()


def _topics(subjects: Sequence[Subject], statements: pd.DataFrame, n_scored: int) -> pd.DataFrame:
    records = []
    themes = list(dict.fromkeys(subject[1] for subject in subjects))
    for position, (name, theme, _, _, texts) in enumerate(subjects):
        mine = statements[statements["topic_id"] == f"t{position:02d}"]
        n = mine["comment_id"].nunique()
        records.append(
            {
                "topic_id": f"t{position:02d}",
                "topic_name": name,
                "theme_id": f"h{themes.index(theme)}",
                "theme_name": theme,
                "keywords": [word.strip() for word in name.split(",")],
                "names": [f"en: {name}"],
                "n_statements": len(mine),
                "n_comments": n,
                "share": n / n_scored if n_scored else 0.0,
                "stability": 1 - position / 20,
                "edited": "",
                "examples": list(texts),
            }
        )
    return _typed(pd.DataFrame(records, columns=schema.names("topics")), "topics")


def _notes(comments: pd.DataFrame) -> tuple[Note, ...]:
    empty = int((comments["status"] == "empty").sum())
    return (
        (
            Note("read", "the column comment was taken for the text", level="info"),
            Note("clean", "comments without text", empty),
        )
        if empty
        else ()
    )


def _source(
    comments: pd.DataFrame, scores: Sequence[ScoreColumn], outcome: Outcome | None, segments: Sequence[str]
) -> pd.DataFrame:
    frame = pd.DataFrame({"id": comments["customer_id"], "comment": comments["text"]})
    for column in scores:
        frame[column.source] = comments[column.name]
    if outcome is not None and not outcome.derived:
        frame["churned"] = comments["churned"].map({True: "yes", False: "no"}).astype(TEXT)
    for segment in segments:
        frame[segment] = comments[segment]
    return frame.assign(status="complete")


def _provenance(name: str, n: int, scores: Sequence[ScoreColumn]) -> dict[str, Any]:
    roles = [
        {
            "role": "text",
            "column": "comment",
            "reason": "its cells are long and distinct",
            "chosen": False,
            "scale": None,
        }
    ]
    roles += [
        {"role": "score", "column": s.source, "reason": "", "chosen": True, "scale": s.scale.name} for s in scores
    ]
    return {
        "input": {"name": name, "sha256": "ab" * 32, "rows": n, "columns": ["id", "comment"]},
        "roles": roles,
        "rows_out": n,
        "model": dataclasses.asdict(MODEL),
        "settings": {
            key: value
            for key, value in dataclasses.asdict(Config()).items()
            if key in ("metrics", "drivers", "topics", "report")
        },
        "versions": {"cxnlp": "0.1.0", "python": "3.11"},
        "finished_at": "2026-01-01T00:00:00Z",
        "seconds": {"read": 0.1, "encode": 12.3},
        "peak_memory_mb": 812,
    }


def _typed(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    kinds: dict[str, Any] = {"text": TEXT, "number": float, "integer": "int64", "flag": bool, "date": "datetime64[us]"}
    known = {column.name: kinds[column.kind] for column in schema.TABLES[table] if column.kind in kinds}
    return frame.astype({name: kind for name, kind in known.items() if name in frame})
