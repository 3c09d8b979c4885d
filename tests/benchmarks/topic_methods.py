"""One method on one set in a process of its own, so that its time and its peak memory are its own.

    python tests/benchmarks/topic_methods.py METHOD SET --data FOLDER --cache FOLDER [--repeats N]

Prints JSON: the size of the set, and the figures of each of the method's variants. People run `topics_quality.py`.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import topic_sets
from topic_measures import quality, same_partition

WARM_UP_ROWS = 500
UMAP_EXACT_ROWS = 4_096
"""From here on UMAP finds neighbours with other code, which numba compiles when it first runs."""

Step = tuple[str, np.ndarray]
"""Name of a variant, and its topics; the method goes on from there to the next variant."""
Method = Callable[[pd.DataFrame, np.ndarray], Iterator[Step]]


@dataclass(slots=True)
class Result:
    """Figures of one variant on one set, an entry for each repeat; seconds of one fit, memory in MB."""

    variant: str
    seconds: list[float] = field(default_factory=list)
    quality: list[dict[str, float]] = field(default_factory=list)
    peak: float = 0.0
    """Of the whole process until the end of the first fit."""
    peak_before: float = 0.0
    """Of the whole process after the warm-up: imports, data and compiled code."""
    shuffled: float = 1.0
    """Adjusted Rand index of the first fit with a fit of the same rows in another order, or with a repeat: the lowest.

    A method that differs from run to run may meet the same result in another order by luck."""


def topic_model(rows: pd.DataFrame, embedding: np.ndarray) -> Iterator[Step]:
    """Topics of this package, everything default."""
    from cxnlp.topics import TopicModel

    model = TopicModel(random_state=0)
    model.fit(rows["text"].tolist(), embeddings=embedding, languages=rows["language"].tolist())
    yield "cxnlp", np.asarray(model.topics_)


def bertopic(rows: pd.DataFrame, embedding: np.ndarray) -> Iterator[Step]:
    """BERTopic with all defaults (Grootendorst 2022, arXiv:2203.05794), on the same embeddings as cxnlp.

    The second variant goes on from the first and gives each outlier to the nearest topic.
    """
    from bertopic import BERTopic

    texts = rows["text"].tolist()
    model = BERTopic()
    topics, _ = model.fit_transform(texts, embeddings=embedding)
    yield "BERTopic", np.asarray(topics)
    if -1 in topics:  # it refuses to reduce none
        topics = model.reduce_outliers(texts, topics, strategy="embeddings", embeddings=embedding)
    yield "BERTopic, outliers reduced", np.asarray(topics)


def own_encoder(rows: pd.DataFrame, embedding: np.ndarray) -> Iterator[Step]:
    """BERTopic with the encoder that it takes by default for the language of the rows; its time is in the fit."""
    from bertopic import BERTopic

    topics, _ = BERTopic(language=language_of(rows)).fit_transform(rows["text"].tolist())
    yield "BERTopic, own encoder", np.asarray(topics)


METHODS: dict[str, Method] = {"cxnlp": topic_model, "bertopic": bertopic, "own-encoder": own_encoder}

ENCODERS = {
    "english": "sentence-transformers/all-MiniLM-L6-v2",
    "multilingual": "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2",
}
"""What BERTopic loads for its setting ``language``."""


def language_of(rows: pd.DataFrame) -> str:
    """BERTopic's setting ``language`` for the rows."""
    return "english" if set(rows["language"]) == {"en"} else "multilingual"


def peak_mb() -> float:
    """Highest resident memory of this process so far, MB (10^6 bytes)."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def timed(method: Method, rows: pd.DataFrame, embedding: np.ndarray) -> Iterator[tuple[str, np.ndarray, float, float]]:
    """Variant, topics, seconds from the beginning of the fit, peak memory."""
    began = time.perf_counter()
    for variant, topics in method(rows, embedding):
        yield variant, topics, time.perf_counter() - began, peak_mb()


def measure(method: Method, rows: pd.DataFrame, embedding: np.ndarray, repeats: int) -> list[Result]:
    """Warm up, fit `repeats` times, and once more with the rows in another order."""
    warm = WARM_UP_ROWS if len(rows) < UMAP_EXACT_ROWS else UMAP_EXACT_ROWS + WARM_UP_ROWS
    for _ in method(rows.head(warm), embedding[:warm]):
        pass
    before = peak_mb()
    results: dict[str, Result] = {}
    fitted: dict[str, np.ndarray] = {}
    for _ in range(repeats):
        # All variants first: scoring them in between would count as time of the later ones.
        for variant, topics, seconds, peak in list(timed(method, rows, embedding)):
            result = results.setdefault(variant, Result(variant, peak=peak, peak_before=before))
            result.seconds.append(seconds)
            result.quality.append(quality(rows, topics))
            first = fitted.setdefault(variant, topics)
            result.shuffled = min(result.shuffled, same_partition(first, topics))
    order = np.random.default_rng(0).permutation(len(rows))
    for variant, topics in method(rows.iloc[order].reset_index(drop=True), embedding[order]):
        again = same_partition(fitted[variant][order], topics)
        results[variant].shuffled = min(results[variant].shuffled, again)
    return list(results.values())


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("method", choices=[*METHODS, "encode", "fetch"])
    arguments.add_argument("set", nargs="+", choices=topic_sets.SETS)
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--cache", type=Path, required=True)
    arguments.add_argument("--repeats", type=int, default=3)
    given = arguments.parse_args()

    if given.method == "encode":
        topic_sets.encode(given.set, given.data, given.cache)
        return
    if given.method == "fetch":
        fetch(given.set, given.data)
        return
    rows, embedding = topic_sets.load(given.set[0], given.data, given.cache)
    results = measure(METHODS[given.method], rows, embedding, given.repeats)
    sizes = {"rows": len(rows), "gold": int(rows["gold"].nunique())}
    print(json.dumps({"sizes": sizes, "results": [asdict(result) for result in results]}))


def fetch(names: list[str], data: Path) -> None:
    """Load BERTopic's own encoders for these sets, from the network where they are not here yet."""
    from sentence_transformers import SentenceTransformer

    for language in sorted({language_of(topic_sets.SETS[name](data)) for name in names}):
        SentenceTransformer(ENCODERS[language])


if __name__ == "__main__":
    main()
