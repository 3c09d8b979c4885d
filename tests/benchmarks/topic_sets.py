"""The comments of the topic benchmark: public sets with one gold topic a comment, and comments told in nine languages.

Each set becomes a table with the columns ``text``, ``language``, ``gold`` (None where nobody said) and ``group``
(comments that say the same share it; None in the public sets), and an array of embeddings, made once and kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from cxnlp import registry

PARALLEL = "parallel"
MIXED = "mixed"
"""Texts of all public sets together, for speed and memory: it has no gold topics."""

COLUMNS = ["text", "language", "gold", "group"]


def _public(file: str, data: Path) -> pd.DataFrame:
    table = pd.read_parquet(data / f"{file}.parquet")
    one = table["topic"].map(lambda topics: topics is not None and len(topics) == 1 and bool(topics[0]))
    kept = table[one]
    rows = {"text": kept["text"], "language": kept["lang"], "gold": kept["topic"].str[0], "group": None}
    return pd.DataFrame(rows).reset_index(drop=True)


def _airline(data: Path) -> pd.DataFrame:
    rows = _public("airline_tweets", data)
    # The handle says which airline, a grouping that has nothing to do with the reason asked for.
    rows["text"] = rows["text"].str.replace(r"@\w+", "", regex=True).str.strip()
    return rows


def _parallel(data: Path) -> pd.DataFrame:
    lines = (data / "parallel.jsonl").read_text(encoding="utf-8").splitlines()
    told = [
        (text, language, None, comment["id"])
        for comment in map(json.loads, lines)
        for language, text in comment["text"].items()
    ]
    return pd.DataFrame(told, columns=COLUMNS)


def _mixed(data: Path, *, rows: int) -> pd.DataFrame:
    together = pd.concat([SETS[name](data) for name in PUBLIC], ignore_index=True)
    distinct = together.drop_duplicates("text").assign(gold=None)
    # By a hash of the texts: every set keeps its share, and no row depends on its place in the files.
    by_hash = pd.util.hash_pandas_object(distinct["text"], index=False).argsort()
    return distinct.iloc[by_hash[:rows]].reset_index(drop=True)


PUBLIC = ("banking77", "airline", "germeval", "nhs", "absita")
SETS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "banking77": partial(_public, "banking77"),
    "airline": _airline,
    "germeval": partial(_public, "germeval2017"),
    "nhs": partial(_public, "nhs_fft_v6"),
    "absita": partial(_public, "absita_2018"),
    PARALLEL: _parallel,
    MIXED: partial(_mixed, rows=20_000),
}


def encode(names: list[str], data: Path, cache: Path, *, model: str = "small") -> None:
    """Write ``NAME.npy``, float32 (rows, width), for every set into `cache`, save those that are there already.

    ``NAME.json`` beside it says which model and which texts the embeddings belong to; where either is another
    by now, they are made again.
    """
    from cxnlp import encoder  # here, lest torch count as memory of a method that does without

    folder = registry.find(model)
    digest = registry.verify(folder).sha256
    loaded = None
    for name in names:
        rows = SETS[name](data)
        made_of = {"model": digest, "texts": hashlib.sha256("\0".join(rows["text"]).encode()).hexdigest()}
        note = cache / f"{name}.json"
        if note.exists() and json.loads(note.read_text(encoding="utf-8")) == made_of:
            continue
        loaded = loaded or encoder.load(folder, device="cpu")
        embedding, *_ = encoder.encode_texts(loaded, rows["text"].tolist(), languages=rows["language"].tolist())
        np.save(cache / f"{name}.npy", embedding)
        note.write_text(json.dumps(made_of), encoding="utf-8")


def load(name: str, data: Path, cache: Path) -> tuple[pd.DataFrame, np.ndarray]:
    """The rows of a set and their embeddings, after `encode`."""
    return SETS[name](data), np.load(cache / f"{name}.npy")
