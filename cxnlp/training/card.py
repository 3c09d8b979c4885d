"""The model card, generated from the figures that were measured; never written by hand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cxnlp.heads import HEADS
from cxnlp.training.agreement import label_agreement
from cxnlp.training.corpora import CORPORA
from cxnlp.training.devsets import DEVSETS
from cxnlp.training.evaluation import ROWS

__all__ = ["BUILDS", "write_card"]

_EXPERIMENTS = Path(__file__).with_name("experiments.csv")
"""One row for each run that chose the mixture and the recipe: how it was run, and its figures."""

BUILDS = {
    "small": """- Backbone: `intfloat/multilingual-e5-small` (MIT), 12 layers, 384 wide, vocabulary trimmed to 70,000
  pieces; its layers tuned for all heads at once, its word embeddings kept; mean pooling. Weights int8 per row.
- Start: heads fitted by logistic regression on the untuned encoder. Rows without a label for a head do not move
  it; labels that stars stand in for weigh less. Texts are varied with typos, without diacritics, in other cases,
  with emoji. The embedding for topics is a projection, trained to stay what the base encoder said.
- The weights are the mean of {seeds} networks tuned with different seeds.
- Command: `cxnlp train --encoder ENCODER --data DATA --out models/{name}`; hours on two cores, minutes on a GPU.""",
    "fast": """- A student of cxnlp-small, trained to answer what its teacher answers and to embed as it embeds, on the
  texts below and on texts put together from their sentences. Its word embeddings start from its teacher's reading
  of each piece. Weights int8 per row.
- Two shapes were tried: two layers 192 wide, and no layer at all (a sum of 256 numbers a word). The better is this
  one, the other stands beside it.
- Command: `cxnlp train --teacher models/cxnlp-small --data DATA --out models/{name}`.""",
}

_CARD = """# {name}

{what}
It reads statements (sentences or clauses) and comments of customers in English, Romanian, Polish, Italian, German,
French, Spanish, Portuguese and Dutch, offline.

## Build

{build}
- Temperatures (one a head and language group) and thresholds come from comments held apart from training, not from the
  sets below.

## Data that trained it

| corpus | rows | licence | what |
|---|---|---|---|
{corpora}

Rows that also stand in an evaluation set or in the demo data were left out. Corpora that ask for attribution (CC BY
4.0): GoEmotions (Demszky et al. 2020) and XED (Öhman et al. 2020), where they are listed.

Of the comments that were written or read for this project some were labelled again by a second reader, who saw
the comment and the guide only:

{agreement}
{experiments}
## Figures

Measured with the stored int8 weights through the product's own encoder, on real comments of development sets that
trained nothing (licence verdicts: {verdicts}).
Comments are encoded whole. `cxnlp train` prints them; figures.csv holds every one. Macro-F1 averages the classes that a
set has. TF-IDF and the frozen probe are trained on the same rows. Mixture and recipe were chosen by looking at these
sets, so that their figures flatter a little.

### Sentiment: macro-F1, and expected calibration error (ECE, ten bins)

{sentiment}

### Journey development set: 2,400 comments labelled by reading

{journey}

{languages}

### Beyond labels

{beyond}

`label changed by`: share of comments whose sentiment label differs when the same text is written that way.
`translation_found`: share of held-apart English comments whose nearest neighbour in a language is their translation.
`topic_ami`: adjusted mutual information of k-means clusters of the embedding with the 77 intents of banking77.

## Limits

- Intent to leave or stay, advice to others and effort are rare in real comments and found less surely than sentiment:
  see their F1 above before you count them.
- Sarcasm, mixed judgements inside one clause, and very short answers are read badly.
- Greek, Cyrillic and other scripts are not covered; cxnlp marks such comments instead of scoring them.
- The comments written for this project, their labels, and the labels by reading come from one source, a language model,
  which followed the annotation guide of the journey set; so did the second reading. They share its habits.
- Stars are no judgement: a comment with three stars mostly complains, so that figures on sets labelled by stars
  (laroseda, meia2025, app_reviews, olist) understate or overstate what a reader would say. Posts of germeval2017 count
  as negative where the news is bad for the railway, whoever tells it; this model says neutral.

## Licence

MIT. The corpora's licences are in the table above.
"""

_EXPERIMENTS_TEXT = """## How the mixture was chosen

Single runs of seed 0, in the order in which they were made, each judged on 70 or 80 texts a class of each development
set: `mean` is the mean macro-F1 of the sentiment sets, `touchpoint` micro-F1; leave, recommend and high are F1 at the
best threshold. Differences below about .015 of the mean say little. The written comments grew between runs (`rows`:
rows that an epoch reads). `embedding cost`: weight of the embedding's loss on the network; since it did harm it moves
the projection only. What helped: comments written for this project, then more of them and real comments with labels by
reading. Smaller steps over fewer tellings of the parallel comments left the mean as it was and found intent better.
Runs with one epoch are `cxnlp train ... --mixture tried --epochs 1 --seeds 1 --rate RATE`."""

_WHAT = {
    "small": "The embedded model of cxnlp: one multilingual encoder with heads for {heads}.",
    "fast": "The fast tier of cxnlp: a shallow network with heads for {heads}, for very many comments.",
}


def write_card(name: str, figures: pd.DataFrame, *, tier: str = "small") -> str:
    """The card in Markdown.

    Parameters
    ----------
    name : of the model; the rows of `figures` that bear it are its own, the others stand beside them.
    figures : columns `evaluation.COLUMNS`; the model's rows of measure ``rows`` say what trained it.
    tier : key of `BUILDS`.
    """
    models = list(figures["model"].unique())
    seeds = [model for model in models if model.startswith("seed ")]
    compared = [model for model in models if model not in seeds]
    heads = list(HEADS)
    return _CARD.format(
        name=name,
        what=_WHAT[tier].format(heads=", ".join(heads[:-1]).replace("_", " ") + " and " + heads[-1]),
        build=BUILDS[tier].format(name=name, seeds=len(seeds) or 1),
        corpora=_corpora(figures, name),
        agreement=_markdown(label_agreement()),
        experiments=_experiments() if tier == "small" else "",
        verdicts=", ".join(f"{key} {devset.verdict}" for key, devset in DEVSETS.items()),
        sentiment=_sentiment(figures, compared, seeds, name),
        journey=_journey(figures, compared, seeds),
        languages=_by_language(figures, name),
        beyond=_beyond(figures, compared),
    )


def _corpora(figures: pd.DataFrame, name: str) -> str:
    own = figures[(figures["model"] == name) & (figures["measure"] == ROWS)].set_index("set")["n"]
    return "\n".join(
        f"| {key} | {own[key]:,} | {corpus.licence} | {corpus.what} |" for key, corpus in CORPORA.items() if key in own
    )


def _experiments() -> str:
    if not _EXPERIMENTS.exists():
        return ""
    table = pd.read_csv(_EXPERIMENTS, dtype=str, keep_default_na=False)
    return f"\n{_EXPERIMENTS_TEXT}\n\n{_markdown(table)}\n"


def _sentiment(figures: pd.DataFrame, compared: list[str], seeds: list[str], name: str) -> str:
    own = figures[(figures["head"] == "sentiment") & figures["set"].isin([*DEVSETS, "journey_dev"])]
    keys = ["set", "language", "n"]
    f1 = own[own["measure"] == "macro_f1"].pivot_table(index=keys, columns="model", values="value", sort=False)
    table = f1[compared].copy()
    if seeds:
        table["seeds: mean"] = f1[seeds].mean(axis=1)
        table["seeds: sd"] = f1[seeds].std(axis=1)
    ece = own[(own["measure"] == "ece") & (own["model"] == name)].set_index(keys)["value"]
    table["ECE"] = ece.reindex(table.index)
    return _markdown(table.reset_index())


def _journey(figures: pd.DataFrame, compared: list[str], seeds: list[str]) -> str:
    chosen = figures[(figures["set"] == "journey_dev") & (figures["language"] == "all")]
    chosen = chosen[~chosen["measure"].str.startswith("label changed")]
    wide = chosen.pivot_table(index=["head", "measure"], columns="model", values="value", sort=False)
    table = wide.reindex(columns=[model for model in compared if model in wide]).copy()
    if seeds:
        table["seeds: sd"] = wide[seeds].std(axis=1)
    return _markdown(table.reset_index())


def _by_language(figures: pd.DataFrame, name: str) -> str:
    main = {("sentiment", "macro_f1"), ("touchpoint", "micro_f1"), ("touchpoint", "main_accuracy")}
    main |= {("emotion", "main_accuracy")}
    own = figures[(figures["set"] == "journey_dev") & (figures["model"] == name)]
    own = own[[pair in main for pair in zip(own["head"], own["measure"], strict=True)]]
    wide = own.pivot_table(index=["head", "measure"], columns="language", values="value", sort=False)
    return _markdown(wide.reset_index())


def _beyond(figures: pd.DataFrame, compared: list[str]) -> str:
    changed = figures["measure"].str.startswith("label changed")
    other = figures[changed | figures["measure"].isin(["translation_found", "topic_ami", "two_class_accuracy"])]
    wide = other.pivot_table(index=["set", "language", "measure"], columns="model", values="value", sort=False)
    return _markdown(wide.reindex(columns=[model for model in compared if model in wide]).reset_index())


def _markdown(table: pd.DataFrame) -> str:
    def cell(value: object) -> str:
        if isinstance(value, float):
            return "" if pd.isna(value) else f"{value:.3f}"
        return str(value)

    lines = ["| " + " | ".join(map(str, table.columns)) + " |", "|" + "---|" * len(table.columns)]
    lines += ["| " + " | ".join(cell(value) for value in row) + " |" for row in table.itertuples(index=False)]
    return "\n".join(lines)
