"""The fast tier: a shallow network that learns to answer as the model does (Hinton et al. 2015, arXiv:1503.02531)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.decomposition import PCA
from tokenizers import Tokenizer

from cxnlp import encoder as encoders
from cxnlp import registry
from cxnlp.encoder.bert import shapes
from cxnlp.registry.layout import TOKENIZER
from cxnlp.results import Progress
from cxnlp.training.candidates import Backbone, write_candidate
from cxnlp.training.card import write_card
from cxnlp.training.evaluation import read_figures
from cxnlp.training.network import start
from cxnlp.training.run import measure, prepare
from cxnlp.training.targets import Target
from cxnlp.training.tuning import Recipe, tune

__all__ = ["SHALLOW", "STUDENT", "distil"]

SHALLOW = {"hidden_size": 192, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 384}
"""The student's shape: with int8 storage 15 MB, and a fiftieth of its teacher's arithmetic."""

STUDENT = Recipe(epochs=8, tokens=8192, rate=1e-3, head_rate=1e-3, embedding_cost=1.0)


def distil(
    teacher: Path,
    data: Path,
    out: Path,
    *,
    recipe: Recipe = STUDENT,
    shape: Mapping[str, int] = SHALLOW,
    without: frozenset[str] = frozenset(),
    checkpoints: Path | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Train a student of the model folder `teacher` and write the model folder `out`; returns its figures.

    The student sees the texts of the mixture ``distil`` and is asked for its teacher's probabilities and embedding; no
    label of the corpora is used but for calibration. Other parameters are those of `training.train`.
    """
    rows = prepare(data, without=without, mixture="distil")
    model = encoders.load(teacher)
    embedding, answers, _ = encoders.encode_texts(
        model, rows.fitted["text"].tolist(), languages=rows.fitted["language"].tolist(), progress=progress
    )
    wanted = {name: Target(values, np.ones(len(values), np.float32)) for name, values in answers.items()}
    base = _student(teacher, shape, recipe.seed)
    width = shape["hidden_size"]
    heads = {name: (np.zeros((values.shape[1], width)), np.zeros(values.shape[1])) for name, values in answers.items()}
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    centre, step = np.zeros(width), width**-0.5
    learner = start(
        base, heads, mean=centre, step=step, width=embedding.shape[1], device=device, frozen=(), embedding_moves=True
    )
    tokenizer = Tokenizer.from_file(str(base.tokenizer))
    folder = checkpoints / "student" if checkpoints else None
    tune(learner, tokenizer, rows.fitted, wanted, embedding, recipe, checkpoint=folder, progress=progress)
    candidate = learner.exported(base)
    calibrated, found = measure(out.name, candidate, rows, progress)
    known = read_figures(teacher)
    table = pd.concat([known[~known["model"].str.startswith("seed ")], found], ignore_index=True)
    card = write_card(out.name, table, tier="fast")
    write_candidate(out, candidate, calibrated, card=card, figures=table)
    return table


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
