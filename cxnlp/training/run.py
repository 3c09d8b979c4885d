"""From a base encoder and labelled rows to a model folder with its figures and its card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from cxnlp import encoder as encoders
from cxnlp.registry import HeadWeights, Projection
from cxnlp.results import Progress
from cxnlp.training import checks
from cxnlp.training.baselines import tfidf_sentiment
from cxnlp.training.calibration import calibrate, held_apart
from cxnlp.training.candidates import (
    Backbone,
    Candidate,
    Linear,
    average,
    check_place,
    read_backbone,
    readings,
    write_candidate,
)
from cxnlp.training.card import write_card
from cxnlp.training.corpora import training_rows
from cxnlp.training.evaluation import ROWS, evaluation_rows, extra_figures, model_figures
from cxnlp.training.known_texts import hashes
from cxnlp.training.network import start
from cxnlp.training.probe import fit_heads
from cxnlp.training.targets import anchors, targets
from cxnlp.training.tuning import Recipe, tune

__all__ = ["Material", "measure", "prepare", "train"]

_EVERY = 3
"""Every third journey comment is also measured with typos and the like: 800 give a share to within two points."""


@dataclass(frozen=True, slots=True)
class Material:
    """Rows of one training: ``fitted`` move weights, ``held`` calibrate, ``tests`` measure; ``topics`` have intents."""

    fitted: pd.DataFrame
    held: pd.DataFrame
    tests: pd.DataFrame
    topics: pd.DataFrame


def prepare(data: Path, *, without: frozenset[str], mixture: str = "shipped") -> Material:
    """The rows in `data`; ``without`` are texts that must not train beside those of the development sets."""
    tests = evaluation_rows(data)
    rows = training_rows(data, without=without | frozenset(tests["text"]), mixture=mixture)
    held = held_apart(rows["group"])
    fitted, kept = (rows[part].reset_index(drop=True) for part in (~held, held))
    return Material(fitted, kept, tests, checks.topic_rows(data))


def train(
    encoder: Path,
    data: Path,
    out: Path,
    *,
    mixture: str = "shipped",
    recipe: Recipe = Recipe(),  # noqa: B008 (frozen)
    seeds: tuple[int, ...] = (0, 1, 2),
    without: frozenset[str] = frozenset(),
    checkpoints: Path | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Tune the base `encoder` for every head and write the model folder `out`; returns its figures.

    One network is tuned for each seed from the same fitted heads, and the mean of their weights is stored: it is as
    good as an ensemble of them at the price of one (Wortsman et al. 2022, ICML, "Model soups").

    Parameters
    ----------
    encoder : folder in Hugging Face layout: config.json, model.safetensors, tokenizer.json.
    data : folder with the corpora and the development sets.
    out : the model folder to write, replaced if it exists; its name becomes the model's name.
    mixture : which rows train, one of `corpora.MIXTURES`.
    recipe : settings of the loop; its seed is replaced by each of `seeds`.
    without : texts that must not train, beside those of the development sets (the demo's).
    checkpoints : folder for the state of unfinished runs; a later call with the same settings goes on from it.
    progress : called while texts are encoded and networks tuned.

    Returns
    -------
    Table with the columns `evaluation.COLUMNS`, the figures of the card.
    """
    check_place(out)
    base = read_backbone(encoder)
    rows = prepare(data, without=without, mixture=mixture)
    first = readings(base, rows.fitted["text"].tolist(), progress)
    probe = fit_heads(rows.fitted, first)
    tuned = [
        _tuned(base, rows.fitted, first, probe, replace(recipe, seed=seed), checkpoints, progress) for seed in seeds
    ]
    width = first.shape[1]
    frozen = Candidate(base, probe, (np.eye(width), -first.mean(axis=0)))
    simple = {"sentiment": tfidf_sentiment(rows.fitted, rows.tests["text"])}
    parts = [model_figures("TF-IDF", rows.tests, simple, {"sentiment": np.zeros(3)})]
    _, found = measure("frozen probe", frozen, rows, progress)
    parts.append(found)
    for seed, candidate in zip(seeds, tuned, strict=True) if len(seeds) > 1 else ():
        parts.append(measure(f"seed {seed}", candidate, rows, progress)[1])
    shipped = average(tuned)
    heads, found = measure(out.name, shipped, rows, progress)
    table = pd.concat([*parts, found], ignore_index=True)
    known = hashes([*rows.fitted["text"], *rows.held["text"]])
    write_candidate(out, shipped, heads, card=write_card(out.name, table), figures=table, trained_on=known)
    return table


def _tuned(
    base: Backbone,
    rows: pd.DataFrame,
    reading: np.ndarray,
    heads: Mapping[str, Linear],
    recipe: Recipe,
    checkpoints: Path | None,
    progress: Progress | None,
) -> Candidate:
    mean, step = reading.mean(axis=0), float(reading.std())
    learner = start(base, heads, mean=mean, step=step, width=len(mean))
    folder = checkpoints / f"seed-{recipe.seed}" if checkpoints else None
    wanted = anchors(rows, reading - mean)
    tune(learner, base.tokenizer, rows, targets(rows), wanted, recipe, checkpoint=folder, progress=progress)
    return learner.exported(base)


def measure(
    name: str, candidate: Candidate, rows: Material, progress: Progress | None = None
) -> tuple[dict[str, HeadWeights], pd.DataFrame]:
    """Calibrated heads of a candidate, and its figures as stored: int8 weights, the product's own encoder."""
    journey = np.flatnonzero(rows.tests["corpus"] == "journey_dev")[::_EVERY]
    changed = checks.variants(rows.tests["text"].iloc[journey])
    texts = [rows.held["text"], rows.tests["text"], changed, rows.topics["text"]]
    found = readings(candidate.backbone, pd.concat(texts, ignore_index=True).tolist(), progress)
    held, tests, varied, topics = np.split(found, np.cumsum([len(part) for part in texts])[:-1])
    heads = calibrate(rows.held, held, candidate.heads)
    answers = encoders.apply_heads(heads, tests, rows.tests["language"].tolist())
    table = model_figures(name, rows.tests, answers, {key: head.thresholds for key, head in heads.items()})
    sentiment = {"sentiment": heads["sentiment"]}
    plain = encoders.apply_heads(sentiment, tests[journey])["sentiment"]
    extra: list[tuple[str, str, str, int, str, float]] = [
        ("sentiment", "journey_dev", "all", len(plain), f"label changed by {variant}", value)
        for variant, value in checks.agreement(plain, encoders.apply_heads(sentiment, varied)["sentiment"])
    ]
    told = rows.held[rows.held["corpus"] == "parallel"]
    parallel = told.reset_index(drop=True)
    judged = encoders.apply_heads(sentiment, held[told.index])["sentiment"]
    extra += [
        ("sentiment", "parallel, held apart", language, n, "two_class_accuracy", value)
        for language, n, value in checks.languages_agree(parallel, judged)
    ]
    projection = Projection(*candidate.projection)
    found_again = checks.retrieval(parallel, encoders.apply_projection(projection, held[told.index]))
    extra.append(("embedding", "parallel, held apart", "all", len(parallel), "translation_found", found_again))
    quality = checks.topic_quality(rows.topics["intent"], encoders.apply_projection(projection, topics))
    extra.append(("embedding", "banking77", "en", len(topics), "topic_ami", quality))
    trained = pd.concat([rows.fitted["corpus"], rows.held["corpus"]]).value_counts()
    extra += [("", str(corpus), "all", int(n), ROWS, float(n)) for corpus, n in trained.items()]
    return heads, pd.concat([table, extra_figures(name, extra)], ignore_index=True)
