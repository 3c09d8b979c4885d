"""Speed and memory of a whole analysis, as ratios to what this machine can do in the same run.

    python tests/benchmarks/analyze_speed.py FILE --text COLUMN [--outcome COLUMN --bad-when VALUE]

Without FILE it measures the packaged demo reviews. Prints texts/s, tokens/s, the share of the machine's
own matrix-product peak that the encoder reaches, seconds per stage and peak memory.
"""

from __future__ import annotations

import argparse
import time

import torch
from machine import flops_per_token, matmul_peak

import cxnlp
from cxnlp import demo, registry
from cxnlp.config import Config


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
    reached = flops_per_token(registry.find(config.encode.model), tokens / statements) * tokens / encoding
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
