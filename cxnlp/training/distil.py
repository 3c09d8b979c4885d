"""The fast tier: a shallow network that learns to answer as the model does (Hinton et al. 2015, arXiv:1503.02531)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from cxnlp import encoder as encoders
from cxnlp import registry
from cxnlp.encoder.bert import shapes
from cxnlp.errors import SettingsError
from cxnlp.registry import HeadWeights
from cxnlp.registry.layout import TOKENIZER
from cxnlp.results import Progress
from cxnlp.training.candidates import Backbone, Candidate, check_place, write_candidate
from cxnlp.training.card import write_card
from cxnlp.training.evaluation import read_figures
from cxnlp.training.network import start
from cxnlp.training.run import measure, prepare
from cxnlp.training.targets import Target
from cxnlp.training.tuning import Recipe, tune

__all__ = ["SHAPES", "STUDENT", "distil"]

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

STUDENT = Recipe(epochs=6, tokens=8192, rate=1e-3, head_rate=1e-3, embedding_cost=1.0)


def distil(
    teacher: Path,
    data: Path,
    out: Path,
    *,
    recipe: Recipe = STUDENT,
    candidates: Mapping[str, Mapping[str, int]] = SHAPES,
    without: frozenset[str] = frozenset(),
    checkpoints: Path | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Train students of the model folder `teacher` and write the best as model folder `out`; returns all their figures.

    A student sees the texts of the mixture ``distil`` and is asked for its teacher's probabilities and embedding; no
    label of the corpora is used but for calibration. The best has the highest mean macro-F1 of sentiment over the
    development sets. Other parameters are those of `training.train`.
    """
    check_place(out)
    if out.resolve() == teacher.resolve():
        raise SettingsError(f"{out} is both teacher and student", expected="two folders", fix="--out models/cxnlp-fast")
    known = read_figures(teacher)
    rows = prepare(data, without=without, mixture="distil")
    model = encoders.load(teacher)
    embedding, answers, _ = encoders.encode_texts(
        model, rows.fitted["text"].tolist(), languages=rows.fitted["language"].tolist(), progress=progress
    )
    tried: dict[str, Candidate] = {}
    found: dict[str, tuple[dict[str, HeadWeights], pd.DataFrame]] = {}
    for name, shape in candidates.items():
        base = _student(teacher, shape, recipe.seed)
        folder = checkpoints / name.replace(" ", "-") if checkpoints else None
        tried[name] = _taught(base, rows.fitted, embedding, answers, recipe, folder, progress)
        found[name] = measure(name, tried[name], rows, progress)
    best = max(found, key=lambda name: _standing(found[name][1]))
    others = [figures for name, (_, figures) in found.items() if name != best]
    own = found[best][1].assign(model=out.name)
    table = pd.concat([known[~known["model"].str.startswith("seed ")], *others, own], ignore_index=True)
    write_candidate(out, tried[best], found[best][0], card=write_card(out.name, table, tier="fast"), figures=table)
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


def _student(teacher: Path, shape: Mapping[str, int], seed: int) -> Backbone:
    """A backbone of random layers over the teacher's word embeddings, reduced to their principal components."""
    state, config = registry.read_backbone(teacher), registry.read_config(teacher) | dict(shape)
    random = np.random.default_rng(seed)
    words = state["embeddings.word_embeddings.weight"]
    width = shape["hidden_size"]
    reduced = PCA(width, svd_solver="covariance_eigh").fit_transform(words.astype(np.float64))
    fresh = {name: _initial(name, dims, random) for name, dims in shapes(config).items()}
    fresh["embeddings.word_embeddings.weight"] = (reduced * (0.05 / reduced.std())).astype(np.float32)
    return Backbone(config, teacher / TOKENIZER, fresh)


def _initial(name: str, dims: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    if len(dims) == 2:
        return random.normal(0, 0.02, dims).astype(np.float32)
    return np.full(dims, 1.0 if name.endswith("LayerNorm.weight") else 0.0, dtype=np.float32)
