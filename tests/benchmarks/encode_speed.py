"""Speed of the encoder, beside the machine's own limit and beside transformers used plainly, in one run.

    python tests/benchmarks/encode_speed.py [--model NAME]... [--texts N] [--repeat N] [--json]

Texts are the packaged reviews: whole comments, and the statements that they are cut into. "of limit" is the
share of the machine's measured matrix-product rate that the products of the encoder reach, tokenisation and
heads included; "slower" says how many times longer than cxnlp a way takes. On processors only. Run it on a
machine that does nothing else: the limit and the encoder do not suffer alike from a neighbour.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from machine import flops_per_token, matmul_peak
from tokenizers import Tokenizer

from cxnlp import demo, encoder, registry
from cxnlp.text.split import split

COMPARED_TEXTS = 100
"""Texts that are also encoded alone, to see whether what shares a batch matters."""


@dataclass(frozen=True)
class Row:
    """What one way of encoding took for one kind of texts; rates are per second of wall clock."""

    model: str
    kind: str
    way: str
    texts_per_second: float
    tokens_per_second: float
    share_of_limit: float | None = None
    difference: float | None = None
    """Largest difference in a probability between texts in batches of 2048 pieces, of 256, and alone."""
    slower: float = 1.0
    """Times as long as cxnlp takes with this model."""
    faster_than_first: float = 1.0
    """Texts per second beside those of the same way with the first model."""


def real_texts(n: int) -> dict[str, list[str]]:
    """About `n` whole comments and `n` statements, evenly spaced over the packaged reviews."""
    reviews = pd.read_csv(demo.clothing())["review"].dropna().astype(str)
    comments = list(dict.fromkeys(reviews))
    statements = list(dict.fromkeys(text[start:end] for text in comments for start, end in split(text, "en")))
    return {
        kind: [texts[k] for k in np.linspace(0, len(texts) - 1, min(n, len(texts))).astype(int)]
        for kind, texts in (("comments", comments), ("statements", statements))
    }


def best_seconds(encode: Callable[[], object], repeat: int) -> float:
    """Shortest of `repeat` runs: what else a machine does only ever adds."""
    seconds = []
    for _ in range(repeat):
        began = time.perf_counter()
        encode()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def largest_difference(model: encoder.Model, texts: Sequence[str]) -> float:
    """See `Row.difference`."""
    reference, *others = (encoder.encode_texts(model, texts, tokens_per_batch=size)[1] for size in (2048, 256, 1))
    return max(
        (float(np.abs(other[head] - reference[head]).max()) for other in others for head in reference), default=0.0
    )


def plainly(folder: Path, dtype: torch.dtype, batch_size: int) -> Callable[[list[str]], object]:
    """The same weights as a user of transformers would run them: its pipeline, texts padded in the order given."""
    from transformers import AutoConfig, AutoModel, PreTrainedTokenizerFast, pipeline

    config = AutoConfig.for_model(**registry.read_config(folder))
    network = AutoModel.from_config(config, dtype=dtype)
    if getattr(network, "pooler", None) is not None:
        network.pooler = None
    network.load_state_dict({name: torch.from_numpy(weight) for name, weight in registry.read_backbone(folder).items()})
    cutter = Tokenizer.from_file(str(folder / "backbone" / "tokenizer.json"))
    manifest = registry.read_manifest(folder)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=cutter,
        pad_token=cutter.id_to_token(config.pad_token_id or 0),
        model_max_length=manifest.max_tokens,
        model_input_names=["input_ids", "attention_mask"],
    )
    run = pipeline("feature-extraction", model=network.eval(), tokenizer=tokenizer, device="cpu")

    def encode(texts: list[str]) -> object:
        prefixed = [manifest.prefix + text for text in texts]
        # Tensors: as lists, which are the default, a single batch would take seconds.
        outputs = run(prefixed, batch_size=batch_size, truncation=True, return_tensors=True)
        return [output[0].mean(dim=0) for output in outputs]

    return encode


def measure(name: str, kind: str, texts: list[str], repeat: int) -> Iterator[Row]:
    """cxnlp first, then transformers in each way, all on the same texts."""
    folder = registry.find(name)
    model = encoder.load(folder, device="cpu")
    label = model.manifest.name
    dtype = torch.bfloat16 if model.info.precision == "bfloat16" else torch.float32
    *_, n_tokens = encoder.encode_texts(model, texts)
    peaks = [matmul_peak(dtype, seconds=1.0)]
    seconds = best_seconds(lambda: encoder.encode_texts(model, texts), repeat)
    peaks.append(matmul_peak(dtype, seconds=1.0))
    share = None
    if registry.read_config(folder).get("model_type") == "bert":
        share = flops_per_token(folder, n_tokens / len(texts)) * n_tokens / seconds / max(peaks)
    ours = Row(label, kind, f"cxnlp, {model.info.precision}", len(texts) / seconds, n_tokens / seconds, share)
    yield replace(ours, difference=largest_difference(model, texts[:: max(1, len(texts) // COMPARED_TEXTS)]))
    for plain_dtype in (torch.float32, torch.bfloat16):
        for batch_size in (1, 32):
            encode = plainly(folder, plain_dtype, batch_size)
            encode(texts[:batch_size])
            took = best_seconds(lambda encode=encode: encode(texts), repeat)
            way = f"transformers, {str(plain_dtype).removeprefix('torch.')}, batch {batch_size}"
            yield Row(label, kind, way, len(texts) / took, n_tokens / took, slower=took / seconds)


def beside_first(rows: Sequence[Row]) -> list[Row]:
    """Fill in `Row.faster_than_first`."""
    first: dict[tuple[str, str], float] = {}
    for row in rows:
        first.setdefault((row.kind, row.way), row.texts_per_second)
    return [replace(row, faster_than_first=row.texts_per_second / first[row.kind, row.way]) for row in rows]


def table(rows: Sequence[Row]) -> str:
    """The rows for people to read."""
    lines = [
        f"{'model':12} {'texts':11} {'way':35} {'texts/s':>9} {'tokens/s':>10} {'of limit':>9} {'slower':>7}"
        f" {'beside first':>12} {'difference':>10}"
    ]
    for row in rows:
        share = "" if row.share_of_limit is None else f"{row.share_of_limit:.0%}"
        difference = "" if row.difference is None else f"{row.difference:.0e}"
        lines.append(
            f"{row.model:12} {row.kind:11} {row.way:35} {row.texts_per_second:9,.1f} {row.tokens_per_second:10,.0f}"
            f" {share:>9} {row.slower:6.1f}x {row.faster_than_first:11.1f}x {difference:>10}"
        )
    return "\n".join(lines)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--model", action="append", help="name or folder; default: every model that is there")
    arguments.add_argument("--texts", type=int, default=400, help="comments, and as many statements")
    arguments.add_argument("--repeat", type=int, default=2, help="runs of each way, of which the best counts")
    arguments.add_argument("--json", action="store_true", help="figures for a program to read")
    given = arguments.parse_args()

    names = given.model or sorted(registry.available(), reverse=True)  # small before fast
    rows = beside_first(
        [
            row
            for kind, texts in real_texts(given.texts).items()
            for name in names
            for row in measure(name, kind, texts, given.repeat)
        ]
    )
    print(json.dumps([asdict(row) for row in rows], indent=2) if given.json else table(rows))


if __name__ == "__main__":
    main()
