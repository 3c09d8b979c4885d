"""Make the demo data again: ``python -m cxnlp.demo.build --data FOLDER``; the same bytes every time.

FOLDER holds `womens_clothing.parquet` and `parallel.jsonl`. Neither is needed to use cxnlp.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cxnlp.demo import clothing, invented, survey, survey_truth

__all__ = ["build"]

CLOTHING_ROWS = 2000
CLOTHING_SEED = 20260101


def build(data: Path) -> None:
    """Write every file of the demo from the corpora in the folder `data`."""
    _write(clothing(), _sample_reviews(data / "womens_clothing.parquet"))
    with (data / "parallel.jsonl").open(encoding="utf-8") as stream:
        groups = [json.loads(line) for line in stream]
    made = invented.survey(groups)
    comments, customers = survey()
    _write(comments, made.comments)
    _write(customers, made.customers)
    _write(survey_truth(), made.truth)


def _sample_reviews(path: Path) -> list[dict[str, Any]]:
    """A simple random sample of the reviews, in their first order."""
    import pandas as pd

    reviews = pd.read_parquet(path)
    chosen = sorted(random.Random(CLOTHING_SEED).sample(range(len(reviews)), CLOTHING_ROWS))
    sample = reviews.iloc[chosen]
    columns = {
        "review_id": sample["id"].str.removeprefix("womens_clothing-"),
        "title": sample["title"].fillna(""),
        "review": sample["text"],
        "rating": sample["stars"].astype(int),
        "recommended": sample["recommended"].map({True: "true", False: "false"}),
        "department": sample["department"].fillna(""),
        "age": sample["age"],
        "product_id": sample["product"],
        "positive_feedback_count": sample["positive_feedback_count"],
    }
    return [{str(name): value for name, value in row.items()} for row in pd.DataFrame(columns).to_dict("records")]


def _write(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    rows = list(rows)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with womens_clothing.parquet and parallel.jsonl"
    )
    build(parser.parse_args().data)
