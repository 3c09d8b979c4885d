"""WHERE the encoder runs: one signature, one answer, whichever engine does the work.

An engine is a function ``(statements, config, *, progress) -> Encoding``. To add one, write it in a
module of its own and add a line to `ENGINES`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cxnlp import schema
from cxnlp.config import EncodeConfig
from cxnlp.engines import store
from cxnlp.engines.local import embed_here, encode_here
from cxnlp.engines.models import check_models
from cxnlp.errors import SettingsError
from cxnlp.results import Encoding, Progress, Statements

__all__ = ["ENGINES", "check", "embed", "encode", "store", "stored"]

ENGINES: dict[str, Callable[..., Encoding]] = {"local": encode_here}


def check(config: EncodeConfig) -> None:
    """Raise what `encode` would raise for an engine or a model that cannot be used, before any work is done."""
    _check_engine(config)
    check_models(config)


def encode(statements: Statements, config: EncodeConfig, *, progress: Progress | None = None) -> Encoding:
    """Encode every statement and predict every head of the model, on the engine that `config` names.

    Parameters
    ----------
    statements : result of CLEAN; its table may be empty.
    config : which model, engine, device and precision.
    progress : called as ``progress("encode", pieces done, pieces in all)``.

    Returns
    -------
    Encoding
        One row per statement, in their order. A head that the model lacks is absent, with a note.

    Raises
    ------
    SettingsError
        For an engine or a device that does not exist, or a map of labels that cannot be read.
    ModelError
        Where a model cannot be found or fetched, is not the one that was written, or is refused.
    """
    _check_engine(config)
    schema.check(statements.table, "statements_clean")
    return ENGINES[config.engine](statements, config, progress=progress)


def stored(statements: Statements, encoding: Encoding) -> dict[str, Callable[[], bytes]]:
    """What makes the file, by its name, from which a later run takes the encoding (`config.reuse`); none without
    statements."""
    table = statements.table
    if not len(table):
        return {}
    return {store.FILE: lambda: store.to_bytes(encoding, table["text"].tolist(), table["language"].fillna("").tolist())}


def embed(texts: Sequence[str], languages: Sequence[str], config: EncodeConfig) -> np.ndarray:
    """Embeddings (n, width) float32, rows of length 1, of texts that are no statements, such as those of a codebook.

    ``languages``: code of each text, '' where unknown. They lie in the space of `encode` with the same ``config``.
    Raises what `encode` raises.
    """
    _check_engine(config)
    return embed_here(texts, languages, config)


def _check_engine(config: EncodeConfig) -> None:
    if config.engine not in ENGINES:
        raise SettingsError.unknown_value(config.engine, ENGINES, option="--engine")
