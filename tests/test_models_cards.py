"""The models that we ship: whole, small enough, and described by the figures that were measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxnlp import registry
from cxnlp.heads import HEADS
from cxnlp.training.card import write_card
from cxnlp.training.corpora import CORPORA, MIXTURES
from cxnlp.training.evaluation import COLUMNS, read_figures

MODELS = registry.available()


@pytest.fixture(params=MODELS)
def folder(request: pytest.FixtureRequest) -> Path:
    return registry.find(request.param)


def test_both_tiers_are_there() -> None:
    assert {"cxnlp-small", "cxnlp-fast"} <= set(MODELS)
    assert registry.find("fast") == registry.find("cxnlp-fast")


def test_the_card_is_what_the_figures_say(folder: Path) -> None:
    figures = read_figures(folder)
    assert tuple(figures.columns) == COLUMNS
    tier = "fast" if folder.name == "cxnlp-fast" else "small"
    assert write_card(folder.name, figures, tier=tier) == (folder / "README.md").read_text(encoding="utf-8")


def test_a_tier_holds_at_most_60_mb_and_every_head(folder: Path) -> None:
    registry.verify(folder)
    assert sum(file.stat().st_size for file in folder.rglob("*")) <= 60_000_000
    assert set(registry.read_heads(folder)) == set(HEADS)


def test_only_corpora_with_a_licence_that_allows_it_trained_it(folder: Path) -> None:
    figures = read_figures(folder)
    trained = figures[(figures["model"] == folder.name) & (figures["measure"] == "rows")]["set"]
    assert set(trained) == set(MIXTURES["distil" if folder.name == "cxnlp-fast" else "shipped"])
    assert all(CORPORA[name].licence in ("MIT", "CC0 1.0", "CC0 1.0, MIT", "CC BY 4.0") for name in trained)


def test_the_tiers_are_better_than_what_is_simpler() -> None:
    figures = read_figures(registry.find("fast"))
    sentiment = figures[(figures["head"] == "sentiment") & (figures["measure"] == "macro_f1")]
    mean = sentiment[sentiment["set"] != "journey_dev"].groupby("model")["value"].mean()
    assert mean["cxnlp-small"] > mean["frozen probe"] > mean["TF-IDF"]
    assert mean["cxnlp-fast"] > max(mean["TF-IDF"], mean["static student"])
    # README: about nine tenths
    assert 0.85 < mean["cxnlp-fast"] / mean["cxnlp-small"] < 0.95
