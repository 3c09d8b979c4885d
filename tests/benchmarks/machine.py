"""What this machine can do, and what a model asks of it: shared by the benchmarks of this folder."""

from __future__ import annotations

import time
from pathlib import Path

import torch

from cxnlp import registry


def matmul_peak(dtype: torch.dtype, *, size: int = 1024, seconds: float = 2.0) -> float:
    """Best matrix-product rate of this machine in FLOP/s: square matrices, random data, after a warm-up."""
    a, b = (torch.randn(size, size).to(dtype) for _ in range(2))
    for _ in range(5):
        a @ b
    best, started = 0.0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        began = time.perf_counter()
        for _ in range(10):
            a @ b
        best = max(best, 10 * 2 * size**3 / (time.perf_counter() - began))
    return best


def flops_per_token(model: Path, tokens_per_text: float) -> float:
    """Multiplications and additions of one encoder pass for one token, from the model's own config.json.

    Only the products count, so a text of the mean length stands for all: too few, where lengths differ.
    """
    config = registry.read_config(model)
    width, inner, layers = config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
    linear = 2 * (4 * width**2 + 2 * width * inner)
    attention = 4 * tokens_per_text * width
    return layers * (linear + attention)
