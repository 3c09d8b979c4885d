"""Texts to embeddings and probabilities, one pass through the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import groupby

import numpy as np
import torch
from scipy.special import expit, softmax

from cxnlp.encoder.batching import Window, batches, readable, windows
from cxnlp.encoder.bert import Bert
from cxnlp.encoder.loading import Model
from cxnlp.registry import HeadWeights, Projection
from cxnlp.results import Progress

__all__ = ["apply_heads", "apply_projection", "encode_texts", "sum_pieces"]


def encode_texts(
    model: Model,
    texts: Sequence[str],
    *,
    languages: Sequence[str] | None = None,
    tokens_per_batch: int = 2048,
    progress: Progress | None = None,
) -> tuple[np.ndarray, dict[str, np.ndarray], int]:
    """Encode texts and predict every head of the model.

    The model's prefix and the text, in Unicode normal form C, are cut into pieces. The reading of a text is
    the mean of the last layer over all pieces, special ones included, scaled to length 1; the heads answer
    from it. The embedding is its projection, scaled to length 1, or itself where the model has none. A text
    longer than the network reads at once is cut into windows; its reading is the mean over the pieces of all
    of them, that is the mean of the windows' means weighted by their pieces.

    Parameters
    ----------
    model : from `load`.
    texts : any strings, also empty ones; half a surrogate pair is read as U+FFFD.
    languages : ISO 639-1 code of each text, for temperatures by language; None or unknown codes take the common one.
    tokens_per_batch : pieces that go through the network at once; changes speed, not results.
    progress : called as ``progress("encode", pieces done, pieces in all)`` after each batch.

    Returns
    -------
    embedding : float32 array (len(texts), width), rows of length 1.
    probabilities : head name -> float32 array (len(texts), labels); see `registry.HeadWeights`.
    n_tokens : pieces that went through the network.
    """
    sums, n_tokens = sum_pieces(model, texts, tokens_per_batch=tokens_per_batch, progress=progress)
    # Scaling to length 1 makes the division by the number of pieces needless.
    reading = _unit(sums)
    embedding = reading if model.projection is None else apply_projection(model.projection, reading)
    return embedding, apply_heads(model.heads, reading, languages), n_tokens


def apply_projection(projection: Projection, reading: np.ndarray) -> np.ndarray:
    """Embeddings of length 1, (n, numbers), from readings of length 1, (n, width)."""
    return _unit(reading @ projection.weight.T + projection.bias)


def _unit(rows: np.ndarray) -> np.ndarray:
    scaled: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return scaled


def sum_pieces(
    model: Model,
    texts: Sequence[str],
    *,
    tokens_per_batch: int,
    progress: Progress | None = None,
) -> tuple[np.ndarray, int]:
    """The sum of the last layer over all pieces of each text, float32 (n, width), and the number of all pieces.

    Parameters are those of `encode_texts`.
    """
    prepared = [model.manifest.prefix + readable(text) for text in texts]
    found = windows(model.tokenizer, prepared)
    n_tokens = sum(len(window.ids) for window in found)
    sums = np.zeros((len(prepared), model.width), dtype=np.float32)
    done = 0
    planned = list(batches(found, prepared, tokens_per_batch=tokens_per_batch))
    for batch, part in zip(planned, _run(model, planned), strict=True):
        np.add.at(sums, [window.text for window in batch], part)
        done += sum(len(window.ids) for window in batch)
        if progress is not None:
            progress("encode", done, n_tokens)
    return sums, n_tokens


def _run(model: Model, planned: Sequence[Sequence[Window]]) -> Iterator[np.ndarray]:
    """Sums of pieces of every batch, in order.

    On a processor each core computes whole batches of its own: the cores need not wait for each other in
    every layer, a batch stays in one core's cache, and its sums do not depend on how many cores there are.
    """
    if model.info.device != "cpu":
        yield from (_sum_pieces(model, batch) for batch in planned)
        return
    cores = torch.get_num_threads()
    # Set here and in each worker: some of the libraries below keep the number per thread, some per process.
    torch.set_num_threads(1)
    workers = ThreadPoolExecutor(cores, initializer=torch.set_num_threads, initargs=(1,))
    try:
        yield from workers.map(partial(_sum_pieces, model), planned)
    finally:
        workers.shutdown(cancel_futures=True)
        torch.set_num_threads(cores)


def _sum_pieces(model: Model, batch: Sequence[Window]) -> np.ndarray:
    ids = [
        torch.from_numpy(np.stack([window.ids for window in group])).to(model.info.device)
        for _, group in groupby(batch, key=lambda window: len(window.ids))
    ]
    with torch.inference_mode():
        # Networks of transformers read texts of several lengths only with padding.
        network = model.network
        states = network.packed(ids) if isinstance(network, Bert) else [network(group) for group in ids]
        return torch.cat([hidden.sum(dim=1, dtype=torch.float32) for hidden in states]).cpu().numpy()


def apply_heads(
    heads: Mapping[str, HeadWeights], reading: np.ndarray, languages: Sequence[str] | None = None
) -> dict[str, np.ndarray]:
    """Probabilities of every head for readings of length 1: head name -> float32 array (n, labels).

    ``languages`` are as `encode_texts` takes them.
    """
    probabilities = {}
    for name, head in heads.items():
        logits = (reading @ head.weight.T + head.bias) / _temperatures(head, languages, len(reading))
        values = expit(logits) if head.kind == "multi" else softmax(logits, axis=1)
        probabilities[name] = values.astype(np.float32)
    return probabilities


def _temperatures(head: HeadWeights, languages: Sequence[str] | None, n: int) -> np.ndarray:
    if languages is None or not head.language_temperature:
        return np.full((n, 1), head.temperature)
    known = head.language_temperature
    return np.array([known.get(language, head.temperature) for language in languages]).reshape(n, 1)
