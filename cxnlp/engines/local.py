"""Encode in this process."""

from __future__ import annotations

import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from cxnlp import heads, registry
from cxnlp.config import EncodeConfig
from cxnlp.results import Encoding, Note, Progress, Statements

if TYPE_CHECKING:
    from cxnlp.encoder import Model

__all__ = ["encode_here"]


def encode_here(statements: Statements, config: EncodeConfig, *, progress: Progress | None = None) -> Encoding:
    """Encode each distinct statement once in this process; see `cxnlp.engines.encode`.

    ``seconds`` of the result is the time in the tokenizer and the network, without loading the model.
    """
    from cxnlp import encoder  # torch and transformers take seconds to import: only once they are needed

    path = registry.find(config.model)
    manifest = registry.verify(path)
    model = _load(path, manifest.sha256, config.device, config.precision)
    code, distinct = pd.factorize(statements.table["text"], sort=True, use_na_sentinel=False)
    started = time.perf_counter()
    embedding, probabilities, n_tokens = encoder.encode_texts(
        model, list(distinct), tokens_per_batch=config.tokens_per_batch, progress=progress
    )
    return Encoding(
        embedding=embedding[code],
        probabilities={name: values[code] for name, values in probabilities.items()},
        thresholds={name: head.thresholds for name, head in model.heads.items()},
        model=model.info,
        n_encoded=len(distinct),
        n_tokens=n_tokens,
        seconds=time.perf_counter() - started,
        notes=_missing_heads(model),
    )


@lru_cache(maxsize=2)
def _load(path: Path, sha256: str, device: str, precision: str) -> Model:
    # The hash is part of the key: a folder written anew in the same place is another model.
    from cxnlp import encoder

    return encoder.load(path, device=device, precision=precision)


def _missing_heads(model: Model) -> tuple[Note, ...]:
    missing = [name for name in heads.HEADS if name not in model.heads]
    if not missing:
        return ()
    return (Note("encode", f"model {model.info.name} does not predict {', '.join(missing)}"),)
