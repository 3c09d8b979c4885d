"""The fast tier: a shallow network that learns to answer as the model does (Hinton et al. 2015, arXiv:1503.02531)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.decomposition import PCA
from tokenizers import Tokenizer
from torch.nn import functional

from cxnlp import encoder as encoders
from cxnlp import registry
from cxnlp.encoder.bert import plain_bert, shapes
from cxnlp.errors import SettingsError
from cxnlp.registry import HeadWeights
from cxnlp.registry.layout import TOKENIZER
from cxnlp.results import Progress
from cxnlp.schema import LANGUAGES
from cxnlp.training.candidates import Backbone, Candidate, check_place, write_candidate
from cxnlp.training.card import write_card
from cxnlp.training.corpora import MIXTURES
from cxnlp.training.evaluation import read_figures
from cxnlp.training.known_texts import hashes
from cxnlp.training.network import start
from cxnlp.training.run import Material, measure, prepare
from cxnlp.training.splicing import spliced
from cxnlp.training.targets import Target
from cxnlp.training.tuning import Recipe, tune

__all__ = ["SHAPES", "SPLICED", "STUDENT", "distil", "known_to_student", "student_rows"]

SHAPES: dict[str, dict[str, int]] = {
    "shallow student": {
        "hidden_size": 192,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 384,
    },
    "static student": {
        "hidden_size": 256,
        "num_hidden_layers": 0,
        "num_attention_heads": 4,
        "intermediate_size": 256,
    },
}
"""Students that are tried: two narrow layers, a fiftieth of the teacher's arithmetic; and no layer, a sum of words."""

STUDENT = Recipe(epochs=6, tokens=8192, rate=1.5e-3, head_rate=1.5e-3, embedding_cost=0.5, translations=len(LANGUAGES))

SPLICED = 4000
"""Texts for each language that are put together from sentences of others."""


def distil(
    teacher: Path,
    data: Path,
    out: Path,
    *,
    recipe: Recipe = STUDENT,
    candidates: Mapping[str, Mapping[str, int]] = SHAPES,
    more: int = SPLICED,
    without: frozenset[str] = frozenset(),
    checkpoints: Path | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Train students of the model folder `teacher` and write the best as model folder `out`; returns all their figures.

    A student sees the texts of the mixture ``distil``, and `more` texts for each language that are spliced from them,
    and is asked for its teacher's probabilities and embedding; no label of the corpora is used but for calibration.
    The best has the highest mean macro-F1 of sentiment over the development sets. Other parameters are those of
    `training.train`.
    """
    check_place(out)
    if out.resolve() == teacher.resolve():
        raise SettingsError(f"{out} is both teacher and student", expected="two folders", fix="--out models/cxnlp-fast")
    known = read_figures(teacher)
    rows, lessons = student_rows(data, more, recipe.seed, without)
    model = encoders.load(teacher)
    embedding, answers, _ = encoders.encode_texts(
        model, lessons["text"].tolist(), languages=lessons["language"].tolist(), progress=progress
    )
    pieces = _piece_readings(teacher)
    tried: dict[str, Candidate] = {}
    found: dict[str, tuple[dict[str, HeadWeights], pd.DataFrame]] = {}
    for name, shape in candidates.items():
        base = _student(teacher, pieces, shape, recipe.seed)
        folder = checkpoints / name.replace(" ", "-") if checkpoints else None
        tried[name] = _taught(base, lessons, embedding, answers, recipe, folder, progress)
        found[name] = measure(name, tried[name], rows, progress)
    best = max(found, key=lambda name: _standing(found[name][1]))
    others = [figures for name, (_, figures) in found.items() if name != best]
    own = found[best][1].assign(model=out.name)
    table = pd.concat([known[~known["model"].str.startswith("seed ")], *others, own], ignore_index=True)
    card = write_card(out.name, table, tier="fast")
    seen = known_to_student(teacher, rows, lessons)
    write_candidate(out, tried[best], found[best][0], card=card, figures=table, trained_on=seen)
    return table


def _standing(figures: pd.DataFrame) -> float:
    chosen = figures[(figures["head"] == "sentiment") & (figures["measure"] == "macro_f1")]
    return float(chosen["value"].mean())


def _taught(
    base: Backbone,
    rows: pd.DataFrame,
    embedding: np.ndarray,
    answers: Mapping[str, np.ndarray],
    recipe: Recipe,
    checkpoint: Path | None,
    progress: Progress | None,
) -> Candidate:
    width = int(base.config["hidden_size"])
    heads = {name: (np.zeros((p.shape[1], width)), np.zeros(p.shape[1])) for name, p in answers.items()}
    centre, step = np.zeros(width), width**-0.5
    learner = start(base, heads, mean=centre, step=step, width=embedding.shape[1], frozen=(), embedding_moves=True)
    wanted = {name: Target(values, np.ones(len(values), np.float32)) for name, values in answers.items()}
    tune(learner, base.tokenizer, rows, wanted, embedding, recipe, checkpoint=checkpoint, progress=progress)
    return learner.exported(base)


def student_rows(data: Path, more: int, seed: int, without: frozenset[str]) -> tuple[Material, pd.DataFrame]:
    """The rows in `data` for a student, and the lessons made of them: what `distil` trains with."""
    rows = prepare(data, without=without, mixture="distil")
    # Emotions stand in for the labels of the other corpora: good enough to learn a teacher's answers, not to calibrate.
    judged = rows.held["corpus"].isin(MIXTURES["shipped"])
    rows = replace(rows, held=rows.held[judged].reset_index(drop=True))
    return rows, _lessons(rows.fitted, more, seed)


def known_to_student(teacher: Path, rows: Material, lessons: pd.DataFrame) -> np.ndarray:
    """Hashes of the texts that a student of model folder `teacher` knows: its lessons, and what its teacher knows."""
    own = hashes([*lessons["text"], *rows.held["text"]])
    taught = registry.read_trained_on(teacher)
    return own if taught is None else np.union1d(own, taught)


def _lessons(rows: pd.DataFrame, more: int, seed: int) -> pd.DataFrame:
    # parts of what customers say only: lines of films would teach what nobody asks
    new = spliced(rows[rows["corpus"].isin(MIXTURES["shipped"])], more, seed)
    new = new.assign(corpus="spliced", group=new.index.astype(str))
    return pd.concat([rows, new], ignore_index=True)


def _student(teacher: Path, pieces: np.ndarray, shape: Mapping[str, int], seed: int) -> Backbone:
    """A backbone of random layers over word embeddings that are the teacher's readings of each piece alone, `pieces`.

    Readings hold what a piece means to the teacher, which its own word embeddings do not yet; they are reduced to their
    principal components (Tulkens and van Dongen 2024, "Model2Vec", do the same for static embeddings).
    """
    config = registry.read_config(teacher) | dict(shape)
    random = np.random.default_rng(seed)
    width = shape["hidden_size"]
    reduced = PCA(width, svd_solver="covariance_eigh").fit_transform(pieces)
    fresh = {name: _initial(name, dims, random) for name, dims in shapes(config).items()}
    fresh["embeddings.word_embeddings.weight"] = (reduced * (0.05 / reduced.std())).astype(np.float32)
    return Backbone(config, teacher / TOKENIZER, fresh)


def _piece_readings(teacher: Path) -> np.ndarray:
    """The teacher's reading of every piece of its vocabulary, float64 (pieces, width of the teacher)."""
    tokenizer = Tokenizer.from_file(str(teacher / TOKENIZER))
    tokenizer.no_padding()
    begin, end = tokenizer.encode("").ids
    tensors = {name: torch.tensor(value) for name, value in registry.read_backbone(teacher).items()}
    network = plain_bert(registry.read_config(teacher), tensors, torch.device("cpu"), torch.float32)
    pieces = torch.arange(len(tensors["embeddings.word_embeddings.weight"]))
    ids = torch.stack([torch.full_like(pieces, begin), pieces, torch.full_like(pieces, end)], dim=1)
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        found = [network(part).float().mean(dim=1) for part in ids.split(1024)]
    return functional.normalize(torch.cat(found), dim=1).double().numpy()


def _initial(name: str, dims: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    if len(dims) == 2:
        return random.normal(0, 0.02, dims).astype(np.float32)
    return np.full(dims, 1.0 if name.endswith("LayerNorm.weight") else 0.0, dtype=np.float32)
