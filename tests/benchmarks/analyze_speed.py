"""Speed and memory of a whole analysis, as ratios to what this machine can do in the same run.

    python tests/benchmarks/analyze_speed.py FILE --text COLUMN [--outcome COLUMN --bad-when VALUE]

Without FILE it measures the packaged demo reviews. Prints texts/s, tokens/s, the share of the machine's
own matrix-product peak that the encoder reaches, seconds per stage and peak memory.
"""

from __future__ import annotations

import argparse
import json
import time

import torch

import cxnlp
from cxnlp import demo, registry
from cxnlp.config import Config


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


def flops_per_token(model: str, tokens_per_text: float) -> float:
    """Multiplications and additions of one encoder pass for one token, from the model's own config.json."""
    config = json.loads((registry.find(model) / "backbone" / "config.json").read_text(encoding="utf-8"))
    width, inner, layers = config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
    linear = 2 * (4 * width**2 + 2 * width * inner)
    attention = 4 * tokens_per_text * width
    return layers * (linear + attention)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("file", nargs="?", default=None)
    for name in ("text", "outcome", "bad-when", "model"):
        arguments.add_argument(f"--{name}")
    given = {name: value for name, value in vars(arguments.parse_args()).items() if value is not None}
    source = given.pop("file", None)
    config = Config().replace(**(given if source else demo.CLOTHING_COLUMNS | given))

    started = time.perf_counter()
    analysis = cxnlp.analyze(source or demo.clothing(), config)
    seconds = time.perf_counter() - started

    facts = analysis.provenance
    encoding = facts["seconds"]["encode"]
    statements, tokens = facts["statements_encoded"], facts["tokens"]
    dtype = torch.bfloat16 if analysis.model.precision == "bfloat16" else torch.float32
    peak = matmul_peak(dtype)
    reached = flops_per_token(config.encode.model, tokens / statements) * tokens / encoding
    print(f"comments            {len(analysis.comments):,}")
    print(f"statements          {len(analysis.statements):,}, {statements:,} distinct")
    print(f"tokens              {tokens:,}, {tokens / statements:.1f} a statement")
    print(f"whole analysis      {seconds:.1f} s, {len(analysis.comments) / seconds:.0f} comments/s")
    rates = f"{statements / encoding:.0f} statements/s, {tokens / encoding:,.0f} tokens/s"
    print(f"encode              {encoding:.1f} s, {rates}")
    print(f"matrix peak         {peak / 1e9:.0f} GFLOP/s measured in {analysis.model.precision}")
    print(
        f"encoder reaches     {reached / 1e9:.0f} GFLOP/s, {reached / peak:.0%} of it, loading and tokenising included"
    )
    print(f"peak memory         {facts['peak_memory_mb']:,} MB")
    print("seconds by stage    " + ", ".join(f"{stage} {value:.1f}" for stage, value in facts["seconds"].items()))


if __name__ == "__main__":
    main()
