"""Texts to embeddings and probabilities, one pass through the network."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import torch
from scipy.special import expit, softmax

from cxnlp.encoder.batching import Window, batches, windows
from cxnlp.encoder.loading import Model
from cxnlp.registry import HeadWeights
from cxnlp.results import Progress

__all__ = ["apply_heads", "encode_texts"]


def encode_texts(
    model: Model,
    texts: Sequence[str],
    *,
    tokens_per_batch: int = 2048,
    progress: Progress | None = None,
) -> tuple[np.ndarray, dict[str, np.ndarray], int]:
    """Encode texts and predict every head of the model.

    The model's prefix and the text, in Unicode normal form C, are cut into pieces. The embedding is the
    mean of the last layer over all pieces, special ones included, scaled to length 1. A text longer than
    the network reads at once is cut into windows; its embedding is the mean over the pieces of all of
    them, that is the mean of the windows' means weighted by their pieces.

    Parameters
    ----------
    model : from `load`.
    texts : any strings, also empty ones.
    tokens_per_batch : pieces that go through the network at once; changes speed, not results.
    progress : called as ``progress("encode", pieces done, pieces in all)`` after each batch.

    Returns
    -------
    embedding : float32 array (len(texts), width), rows of length 1.
    probabilities : head name -> float32 array (len(texts), labels); see `registry.HeadWeights`.
    n_tokens : pieces that went through the network.
    """
    prepared = [model.manifest.prefix + unicodedata.normalize("NFC", text) for text in texts]
    found = windows(model.tokenizer, prepared)
    n_tokens = sum(len(window.ids) for window in found)
    embedding = np.zeros((len(prepared), model.width), dtype=np.float32)
    done = 0
    planned = list(batches(found, prepared, tokens_per_batch=tokens_per_batch))
    for batch, sums in zip(planned, _run(model, planned), strict=True):
        np.add.at(embedding, [window.text for window in batch], sums)
        done += sum(len(window.ids) for window in batch)
        if progress is not None:
            progress("encode", done, n_tokens)
    # Scaling to length 1 makes the division by the number of pieces needless.
    embedding /= np.linalg.norm(embedding, axis=1, keepdims=True)
    return embedding, apply_heads(model.heads, embedding), n_tokens


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
    ids = torch.from_numpy(np.stack([window.ids for window in batch])).to(model.info.device)
    with torch.inference_mode():
        hidden = model.network(ids)
        return hidden.sum(dim=1, dtype=torch.float32).cpu().numpy()


def apply_heads(heads: Mapping[str, HeadWeights], embedding: np.ndarray) -> dict[str, np.ndarray]:
    """Probabilities of every head for embeddings of length 1: head name -> float32 array (n, labels)."""
    probabilities = {}
    for name, head in heads.items():
        logits = (embedding @ head.weight.T + head.bias) / head.temperature
        values = expit(logits) if head.kind == "multi" else softmax(logits, axis=1)
        probabilities[name] = values.astype(np.float32)
    return probabilities
