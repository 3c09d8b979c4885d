"""Topics of cxnlp beside those of BERTopic: agreement with people and between languages, speed, memory, stability.

    pip install -r tests/benchmarks/requirements-bertopic.txt
    python tests/benchmarks/topics_quality.py --data FOLDER [--cache FOLDER] [--sets NAME ...] [--repeats N]

FOLDER holds the public sets (Parquet) and parallel.jsonl. The comments are encoded once, with cxnlp's embedded
model, and both methods cluster the same embeddings, each with all its defaults. With `--cache` the embeddings are
kept for the next run. Prints one Markdown table; what it measures stands below it. About half an hour on two
cores. Run it on a machine that does nothing else: the seconds are wall clock.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

# Nothing heavy is imported here: a child begins with the memory peak of its parent.

WORKER = Path(__file__).with_name("topic_methods.py")
SETS = ("banking77", "airline", "germeval", "nhs", "absita", "parallel", "mixed")
METHODS = ("cxnlp", "bertopic", "own-encoder")
FETCH_SECONDS = 60
VERSIONS = ("cxnlp", "bertopic", "umap-learn", "hdbscan", "numba", "scikit-learn", "numpy")

HEADER = (
    "set", "rows", "gold topics", "method", "topics found", "unassigned", "AMI", "ARI", "small topics found",
    "languages agree", "seconds", "peak MB", "same when shuffled",
)  # fmt: skip

LEGEND = """\
AMI, ARI: adjusted mutual information and Rand index with the gold topics over all rows; the unassigned are one more
cluster. Small topics found: gold topics of less than 1 % of the rows, and at least 10 rows, with which a found topic
has a Jaccard index of 1/2 or more. Languages agree: share of groups whose tellings in two languages get one topic, mean
over all pairs; in brackets among the groups that did not train the encoder, then by chance. Seconds: one fit, without
imports, without encoding save for an encoder of its own, after a warm-up fit on 500 rows (4,596 of larger sets: there
UMAP runs other code, which numba compiles first). Peak MB: the whole process; in brackets, how much more than after the
warm-up. Same when shuffled: whether every run, and one with the rows in another order, parts them as the first did; if
not, the lowest ARI with the first.
Topics, unassigned, AMI and ARI: mean of the runs (lowest to highest)."""


def worker(
    method: str, names: Sequence[str], given: argparse.Namespace, cache: Path, seconds: float | None = None
) -> str:
    """Run `topic_methods.py` and return what it prints."""
    command = [sys.executable, str(WORKER), method, *names, "--data", str(given.data), "--cache", str(cache)]
    command += ["--repeats", str(given.repeats)]
    complaints = subprocess.DEVNULL if method == "fetch" else None  # without a network, a page of retries
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=complaints, text=True, check=True, timeout=seconds)
    return done.stdout


def why_no_encoder(given: argparse.Namespace, cache: Path) -> str | None:
    """None where BERTopic's own encoder can be had within a minute, else what stood in the way."""
    try:
        worker("fetch", given.sets, given, cache, FETCH_SECONDS)
    except subprocess.TimeoutExpired:
        return f"it did not arrive within {FETCH_SECONDS} s"
    except subprocess.CalledProcessError:
        return "it could not be fetched from the Hugging Face hub"
    return None


def spread(values: Sequence[float], digits: int = 3) -> str:
    """Mean, and the range where the values differ."""
    low, mean, high = (f"{value:,.{digits}f}" for value in (min(values), sum(values) / len(values), max(values)))
    return mean if low == high else f"{mean} ({low} to {high})"


def cells(name: str, sizes: dict[str, int], result: dict[str, Any]) -> list[str]:
    """One line of the table."""
    runs: dict[str, list[float]] = {key: [run[key] for run in result["quality"]] for key in result["quality"][0]}
    mean = {key: sum(values) / len(values) for key, values in runs.items()}
    agree = "–"
    if "agreement" in mean:
        agree = f"{mean['agreement']:.3f} ({mean['agreement_apart']:.3f}; {mean['chance']:.3f})"
    shuffled = result["shuffled"]
    return [
        name,
        f"{sizes['rows']:,}",
        f"{sizes['gold']}" if sizes["gold"] else "–",
        result["variant"],
        spread(runs["topics"], 0),
        spread([100 * value for value in runs["unassigned"]], 1) + " %",
        spread(runs["ami"]) if "ami" in runs else "–",
        spread(runs["ari"]) if "ari" in runs else "–",
        f"{mean['small_found']:.3g} of {mean['small']:.0f}" if mean.get("small") else "–",
        agree,
        f"{sum(result['seconds']) / len(result['seconds']):.1f}",
        f"{result['peak']:,.0f} (+{result['peak'] - result['peak_before']:,.0f})",
        "yes" if shuffled == 1 else f"no ({shuffled:.3f})",
    ]


def lines(given: argparse.Namespace, methods: Sequence[str], cache: Path) -> Iterator[list[str]]:
    """The lines of the table, set by set."""
    for name in given.sets:
        for method in methods:
            print(f"{name}: {method}", file=sys.stderr, flush=True)
            answer = json.loads(worker(method, [name], given, cache))
            for result in answer["results"]:
                yield cells(name, answer["sizes"], result)


def conditions(given: argparse.Namespace) -> str:
    """Machine, versions and repeats, in a sentence."""
    versions = ", ".join(f"{package} {importlib.metadata.version(package)}" for package in VERSIONS)
    threads = os.environ.get("OMP_NUM_THREADS", "not limited")
    return (
        f"{given.repeats} runs of each method on {platform.machine()}, {os.cpu_count()} cores, threads {threads}, "
        f"Python {platform.python_version()}; {versions}."
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, required=True, help="folder of the sets")
    arguments.add_argument("--cache", type=Path, help="folder that keeps the embeddings")
    arguments.add_argument("--sets", nargs="+", choices=SETS, default=SETS, help="default: all")
    arguments.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS, help="default: all")
    arguments.add_argument("--repeats", type=int, default=3, help="fits of each method on each set")
    given = arguments.parse_args()

    with tempfile.TemporaryDirectory() as scratch:
        cache = given.cache or Path(scratch)
        cache.mkdir(parents=True, exist_ok=True)
        worker("encode", given.sets, given, cache)
        methods, notes = list(given.methods), [LEGEND, conditions(given)]
        missing = why_no_encoder(given, cache) if "own-encoder" in methods else None
        if missing:
            methods.remove("own-encoder")
            notes.append(f"BERTopic with its own default encoder: not run: {missing}.")
        print(f"| {' | '.join(HEADER)} |", "|---" * len(HEADER) + "|", sep="\n", flush=True)
        for line in lines(given, methods, cache):
            print(f"| {' | '.join(line)} |", flush=True)
    print("", *notes, sep="\n")


if __name__ == "__main__":
    main()
