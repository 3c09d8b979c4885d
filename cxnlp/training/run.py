"""From a base encoder and labelled rows to a model folder with its card."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from safetensors.numpy import load_file

from cxnlp import encoder as encoders
from cxnlp.errors import InputError
from cxnlp.registry import write_model
from cxnlp.results import Progress
from cxnlp.schema import LANGUAGES
from cxnlp.training.card import write_card
from cxnlp.training.corpora import training_rows
from cxnlp.training.evaluation import evaluation_rows, figures
from cxnlp.training.probe import fit_heads

__all__ = ["train"]

_LICENCE = "MIT"


def train(
    encoder: Path, data: Path, out: Path, *, without: frozenset[str] = frozenset(), progress: Progress | None = None
) -> pd.DataFrame:
    """Fit the heads on the frozen `encoder` and write the model folder `out`; returns its figures.

    Parameters
    ----------
    encoder : folder in Hugging Face layout: config.json, model.safetensors, tokenizer.json.
    data : folder with the corpora and the development sets.
    out : the model folder to write, replaced if it exists; its name becomes the model's name.
    without : texts that must not train, beside those of the development sets (the demo's).
    progress : called while texts are encoded.

    Returns
    -------
    Table with the columns `evaluation.FIGURE_COLUMNS`, the figures of the card.
    """
    parts = _backbone(encoder)
    tests = evaluation_rows(data)
    rows = training_rows(data, without=without | frozenset(tests["text"]))
    with tempfile.TemporaryDirectory() as scratch:
        # The heads are fitted on what the stored, quantised weights give, not on the original's embeddings.
        bare = write_model(Path(scratch) / out.name, **parts, name=out.name, heads={}, card="")
        model = encoders.load(bare)
        texts = pd.concat([rows["text"], tests["text"]], ignore_index=True)
        embedding, _, _ = encoders.encode_texts(model, texts.tolist(), progress=progress)
        heads = fit_heads(rows, embedding[: len(rows)])
        found = figures(
            tests,
            encoders.apply_heads(heads, embedding[len(rows) :]),
            {name: head.thresholds for name, head in heads.items()},
        )
        write_model(out, **parts, name=out.name, heads=heads, card=write_card(out.name, rows, found), overwrite=True)
    return found


def _backbone(folder: Path) -> dict[str, Any]:
    files = {name: folder / name for name in ("config.json", "model.safetensors", "tokenizer.json")}
    for path in files.values():
        if not path.exists():
            raise InputError(
                f"no file {path}", expected="a base encoder in Hugging Face layout", fix="--encoder FOLDER"
            )
    return {
        "backbone_state": load_file(files["model.safetensors"]),
        "config": json.loads(files["config.json"].read_text(encoding="utf-8")),
        "tokenizer": files["tokenizer.json"],
        "prefix": "",
        "languages": LANGUAGES,
        "licence": _LICENCE,
    }
