"""Encode in this process."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cxnlp import heads, registry
from cxnlp.config import EncodeConfig
from cxnlp.engines.models import classifier_of, encoder_of
from cxnlp.engines.store import Stored, read
from cxnlp.results import Encoding, ModelInfo, Note, Progress, Statements

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cxnlp.encoder import Model

__all__ = ["embed_here", "encode_here"]


def encode_here(statements: Statements, config: EncodeConfig, *, progress: Progress | None = None) -> Encoding:
    """Encode each distinct statement of a language once in this process; see `cxnlp.engines.encode`.

    What an earlier run over the same texts left (`config.reuse`) is taken from there, if the same model made it.
    ``seconds`` of the result is the time in tokenizers and networks, without loading the models.
    """
    code, texts, languages = _distinct(statements.table)
    stored = _stored(config, texts, languages)
    if stored is not None:
        return _again(stored, stored.rows(texts, languages)[code])
    from cxnlp import encoder  # torch and transformers take seconds to import: only once they are needed

    model, classifier = encoder_of(config), classifier_of(config)
    started = time.perf_counter()
    embedding, probabilities, n_tokens = encoder.encode_texts(
        model, texts, languages=languages, tokens_per_batch=config.tokens_per_batch, progress=progress
    )
    thresholds = {name: head.thresholds for name, head in model.heads.items()}
    info = model.info
    if classifier is not None:
        judged, n_judged = encoder.classify_texts(
            classifier, texts, tokens_per_batch=config.tokens_per_batch, progress=_named("sentiment", progress)
        )
        # The most probable polarity counts, however probable: nothing is known of a foreign model's calibration.
        probabilities, thresholds = (
            probabilities | {"sentiment": judged},
            thresholds | {"sentiment": np.zeros(len(heads.POLARITIES))},
        )
        n_tokens += n_judged
        own = tuple(name for name in info.heads if name != "sentiment")
        info = replace(info, heads=own, sentiment=classifier.info)
    seconds = time.perf_counter() - started
    return Encoding(
        embedding=embedding[code],
        probabilities={name: values[code] for name, values in probabilities.items()},
        thresholds=thresholds,
        model=info,
        n_encoded=len(texts),
        n_tokens=n_tokens,
        seconds=seconds,
        notes=(
            *_not_reused(config),
            *_missing_heads(info, probabilities),
            *_long_comments(statements, (model, classifier), code, texts),
        ),
    )


def embed_here(texts: Sequence[str], languages: Sequence[str], config: EncodeConfig) -> np.ndarray:
    """Embed texts in this process; see `cxnlp.engines.embed`."""
    from cxnlp import encoder

    embedding, _, _ = encoder.encode_texts(
        encoder_of(config), list(texts), languages=list(languages), tokens_per_batch=config.tokens_per_batch
    )
    return embedding


def _stored(config: EncodeConfig, texts: list[str], languages: list[str]) -> Stored | None:
    """What an earlier run stored, if this run's model made it and no text is missing."""
    if config.reuse is None or config.encoder is not None or config.sentiment_model is not None:
        return None
    stored = read(config.reuse)
    same = stored.model.sentiment is None and stored.model.sha256 == registry.verify(registry.find(config.model)).sha256
    return stored if same and (stored.rows(texts, languages) >= 0).all() else None


def _not_reused(config: EncodeConfig) -> tuple[Note, ...]:
    if config.reuse is None:
        return ()
    message = f"what {config.reuse} holds was not used: another model, or not the same comments; all was encoded anew"
    return (Note("encode", message, level="info"),)


def _again(stored: Stored, rows: np.ndarray) -> Encoding:
    return Encoding(
        embedding=stored.embedding[rows],
        probabilities={name: values[rows] for name, values in stored.probabilities.items()},
        thresholds=stored.thresholds,
        model=stored.model,
        notes=_missing_heads(stored.model, stored.probabilities),
    )


def _distinct(table: pd.DataFrame) -> tuple[np.ndarray, list[str], list[str]]:
    """Number of each row's (text, language) pair, and the texts and languages of the pairs, in sorted order."""
    # The language ends behind the last NUL, whatever the text holds.
    code, pairs = pd.factorize(table["text"] + "\0" + table["language"].fillna(""), sort=True)
    texts, languages = zip(*(pair.rsplit("\0", 1) for pair in pairs), strict=True) if len(pairs) else ((), ())
    return code, list(texts), list(languages)


def _named(what: str, progress: Progress | None) -> Callable[[str, int, int], None] | None:
    return None if progress is None else lambda _, done, total: progress(what, done, total)


def _missing_heads(info: ModelInfo, predicted: Mapping[str, np.ndarray]) -> tuple[Note, ...]:
    missing = [name for name in heads.HEADS if name not in predicted]
    if not missing:
        return ()
    return (Note("encode", f"model {info.name} does not predict {', '.join(missing)}"),)


def _long_comments(
    statements: Statements, models: tuple[Model | None, ...], code: np.ndarray, texts: list[str]
) -> tuple[Note, ...]:
    from cxnlp import encoder

    notes = []
    for model in models:
        if model is None:
            continue
        longest = model.manifest.max_tokens
        long = encoder.too_long(model.tokenizer, texts, prefix=model.manifest.prefix, max_tokens=longest)
        if long.any():
            message = (
                f"comments have a statement longer than {model.info.name} reads at once ({longest} pieces): "
                "it was read in parts, and their mean counts"
            )
            notes.append(Note("encode", message, int(statements.table.loc[long[code], "comment_id"].nunique()), "info"))
    return tuple(notes)
