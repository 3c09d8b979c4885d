"""The model card, generated from the figures that were measured; never written by hand."""

from __future__ import annotations

import pandas as pd

from cxnlp.training.corpora import CORPORA
from cxnlp.training.devsets import DEVSETS, JOURNEY_FILE

__all__ = ["write_card"]

_CARD = """# {name}

The embedded model of cxnlp: one multilingual encoder and linear heads for sentiment, touchpoints, churn intent,
advocacy, effort and emotion. It reads statements (sentences or clauses) of customer comments in English, Romanian,
Polish, Italian, German, French, Spanish, Portuguese and Dutch, offline.

## Build

- Backbone: `intfloat/multilingual-e5-small` (MIT), 12 layers, 384 wide, vocabulary trimmed to 70,000 pieces, frozen;
  mean pooling, length 1, no prefix. Weights int8 per row, widened to bfloat16 or float32 when loaded.
- Heads: logistic regression on the embedding; temperature and thresholds from groups held apart from fitting, the
  strength of the penalty by the development sets below.
- Command: `cxnlp train --encoder ENCODER --data DATA --out models/{name}`

## Data that trained the heads

| corpus | rows | licence | what |
|---|---|---|---|
{corpora}

Rows that also stand in an evaluation set or in the demo data were left out.

## Figures

Measured through the product's own encoder with the stored int8 weights, on development sets that trained nothing
(licence verdicts: {verdicts}). `n` is the number of comments. Comments are encoded whole here; the
pipeline encodes their statements. `macro_f1` averages the classes that the set has; `ece` is the expected
calibration error over ten bins.

### Sentiment

{sentiment}

### Journey development set ({journey}: 2,400 comments, labelled by reading)

{journey_heads}

{languages}

## Limits

- Linear heads on a frozen encoder: touchpoints and sentiment are useful on average over many comments; single
  statements are often wrong. Churn intent, advocacy and effort are rare and weak here: read their counts as leads.
- Sarcasm, mixed judgements inside one clause, and very short answers are read badly.
- Greek, Cyrillic and other scripts are not covered; cxnlp marks such comments instead of scoring them.
- Thresholds were chosen on text written for training; on real comments rare labels are given too often.

## Licence

MIT. The corpora's licences are in the table above.
"""


def write_card(name: str, rows: pd.DataFrame, figures: pd.DataFrame) -> str:
    """The card in Markdown from the training rows (columns of `corpora`) and the figures (columns of `evaluation`)."""
    counts = rows["corpus"].value_counts()
    corpora = "\n".join(f"| {key} | {counts[key]:,} | {c.licence} | {c.what} |" for key, c in CORPORA.items())
    sentiment = figures[(figures["head"] == "sentiment") & (figures["set"] != "journey_dev")]
    journey = figures[figures["set"] == "journey_dev"]
    overall = journey[journey["language"] == "all"]
    main = (
        ("sentiment", "macro_f1"),
        ("touchpoint", "micro_f1"),
        ("touchpoint", "main_accuracy"),
        ("emotion", "main_accuracy"),
    )
    return _CARD.format(
        name=name,
        corpora=corpora,
        verdicts=", ".join(f"{key} {devset.verdict}" for key, devset in DEVSETS.items()),
        sentiment=_table(sentiment, ["set", "language", "n"]),
        journey=JOURNEY_FILE,
        journey_heads=_table(overall, ["head"]),
        languages=_by_language(journey, main),
    )


def _table(figures: pd.DataFrame, keys: list[str]) -> str:
    wide = figures.pivot_table(index=keys, columns="measure", values="value", sort=False).reset_index()
    return _markdown(wide)


def _by_language(journey: pd.DataFrame, main: tuple[tuple[str, str], ...]) -> str:
    chosen = [journey[(journey["head"] == head) & (journey["measure"] == measure)] for head, measure in main]
    wide = pd.concat(chosen).pivot_table(index=["head", "measure"], columns="language", values="value", sort=False)
    return _markdown(wide.reset_index())


def _markdown(table: pd.DataFrame) -> str:
    def cell(value: object) -> str:
        if isinstance(value, float):
            return "" if pd.isna(value) else f"{value:.3f}"
        return str(value)

    lines = ["| " + " | ".join(map(str, table.columns)) + " |", "|" + "---|" * len(table.columns)]
    lines += ["| " + " | ".join(cell(value) for value in row) + " |" for row in table.itertuples(index=False)]
    return "\n".join(lines)
