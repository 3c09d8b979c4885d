"""How well a codebook with eight examples a code tags comments that people coded.

    python tests/benchmarks/tagging_quality.py --data FOLDER [--seeds N]

FOLDER holds the public sets (Parquet). For each set a codebook is made of the names of its classes and eight
comments of each, drawn at random; it is fitted as `cxnlp analyze --codebook` fits it, and answers for all other
comments (banking77: for its test split). Every comment there has one class, so the most probable code counts. Beside
it: TF-IDF with logistic regression on the same examples. Prints one Markdown table.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.pipeline import make_pipeline

import cxnlp
from cxnlp import codebook

EXAMPLES = 8
LEGEND = """\
Mean over the draws (lowest to highest). Accuracy and macro-F1 of the most probable code: nothing is left in doubt.
Left to a person: codes in doubt over all questions asked, at an error rate of 10 %. Answers wrong: among the others.
We know of no figures that SetFit's authors (arXiv 2209.11055) published for eight examples a class of these two sets.
Classes with fewer than 16 comments are left out."""


def banking(data: Path) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Comments with their class, which may be drawn, and which are asked about: the official test split."""
    rows = pd.read_parquet(data / "banking77.parquet")
    table = pd.DataFrame({"text": rows["text"], "language": "en", "gold": rows["topic"].str[0]})
    test = (rows["split"] == "test").to_numpy()
    return table, ~test, test


def airline(data: Path) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Complaints with one reason each; every one may be drawn, and the others are asked about."""
    rows = pd.read_parquet(data / "airline_tweets.parquet")
    rows = rows[rows["topic"].map(lambda topics: topics is not None and len(topics) == 1)]
    text = rows["text"].str.replace(r"@\w+", "", regex=True).str.strip()
    table = pd.DataFrame({"text": text, "language": "en", "gold": rows["topic"].str[0]})
    table = table.drop_duplicates("text")
    table = table[table.groupby("gold")["text"].transform("size") >= 2 * EXAMPLES].reset_index(drop=True)
    every = np.ones(len(table), dtype=bool)
    return table, every, every


SETS = {"banking77": banking, "airline": airline}


def measure(
    table: pd.DataFrame, embedding: np.ndarray, drawable: np.ndarray, asked: np.ndarray, seed: int
) -> dict[str, float]:
    """Figures of one draw."""
    random = np.random.default_rng(seed)
    names = sorted(table["gold"].unique())
    gold = table["gold"].map({name: i for i, name in enumerate(names)}).to_numpy()
    drawn = [random.choice(np.flatnonzero(drawable & (gold == i)), EXAMPLES, replace=False) for i in range(len(names))]
    tags = [
        codebook.Tag(name, description={"en": name.replace("_", " ")}, examples={"en": tuple(table["text"].iloc[own])})
        for name, own in zip(names, drawn, strict=True)
    ]
    book = codebook.Codebook("gold", "", tuple(tags))
    tagger = codebook.fit(book, cxnlp.embed(*codebook.texts(book)))
    test = np.setdiff1d(np.flatnonzero(asked), np.concatenate(drawn))
    said = codebook.tag(tagger, embedding[test])
    best, truth = said.probability.argmax(axis=1), gold[test]
    right = (np.arange(len(names)) == truth[:, None]).astype(int)
    sure = said.answer != codebook.DOUBT
    rows = np.concatenate(drawn)
    words = make_pipeline(TfidfVectorizer(sublinear_tf=True), LogisticRegression(C=10, max_iter=1000))
    by_words = words.fit(table["text"].iloc[rows], gold[rows]).predict(table["text"].iloc[test])
    return {
        "accuracy": accuracy_score(truth, best),
        "macro-F1": f1_score(truth, best, average="macro"),
        "accuracy, TF-IDF": accuracy_score(truth, by_words),
        "macro-F1, TF-IDF": f1_score(truth, by_words, average="macro"),
        "left to a person": float((~sure).mean()),
        "answers wrong": float((said.answer != right)[sure].mean()),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the sets")
    parser.add_argument("--seeds", type=int, default=3, help="how many draws of examples")
    given = parser.parse_args()
    header: list[str] = []
    for name, load in SETS.items():
        table, drawable, asked = load(given.data)
        embedding = cxnlp.embed(table["text"].tolist(), table["language"].tolist())
        figures = pd.DataFrame([measure(table, embedding, drawable, asked, seed) for seed in range(given.seeds)])
        if not header:
            header = ["set", "codes", "asked about", *figures.columns]
            print(f"| {' | '.join(header)} |\n|{'---|' * len(header)}")
        cells = [f"{one.mean():.3f} ({one.min():.3f} to {one.max():.3f})" for _, one in figures.items()]
        print(f"| {name} | {table['gold'].nunique()} | {asked.sum():,} | {' | '.join(cells)} |", flush=True)
    print(f"\n{LEGEND}")


if __name__ == "__main__":
    main()
