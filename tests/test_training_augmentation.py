"""Variations of a text: what changes, what must not, and that a run can be repeated."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxnlp.training.augmentation import CHANGES, Context, accents, augment, bare

ROMANIAN = "Așa ceva n-am mai văzut, livrarea a întârziat două săptămâni!"


@pytest.mark.parametrize("name", CHANGES)
@given(text=st.text(max_size=80), seed=st.integers(0, 50))
def test_every_change_takes_any_text(name: str, text: str, seed: int) -> None:
    changed = CHANGES[name](text, np.random.default_rng(seed), Context("positive", {"asa": "așa"}))
    assert isinstance(changed, str)
    assert changed == CHANGES[name](text, np.random.default_rng(seed), Context("positive", {"asa": "așa"}))


@given(text=st.text(min_size=1, max_size=80), seed=st.integers(0, 50))
def test_nothing_is_left_empty(text: str, seed: int) -> None:
    assert augment(text, np.random.default_rng(seed), Context(), share=1.0)


def test_without_a_share_nothing_changes() -> None:
    assert augment(ROMANIAN, np.random.default_rng(0), Context(), share=0.0) == ROMANIAN


def test_bare_takes_the_diacritics_of_every_language() -> None:
    assert bare("așa ță ąćęłńóśźż àèìòù äöüß ñ ç ã ø đ") == "asa ta acelnoszz aeiou aous n c a o d"


def test_accents_restores_what_is_nearly_always_accented() -> None:
    words = accents(["așa este", "așa da", "casa e asa", *["așa"] * 20, "fata", "fată", "fata"])
    assert words == {"asa": "așa"}
    restored = CHANGES["accent"]("Asa e fata", np.random.default_rng(0), Context("", words))
    assert restored == "Așa e fata"


def test_a_text_with_diacritics_is_not_accented_again() -> None:
    context = Context("", {"asa": "așa"})
    assert CHANGES["accent"]("asa și", np.random.default_rng(0), context) == "asa și"


def test_cedillas_are_the_old_code_points() -> None:
    assert CHANGES["cedilla"]("și țară", np.random.default_rng(0), Context()) == "şi ţară"


@pytest.mark.parametrize(
    ("sentiment", "changes"), [("negative", True), ("positive", True), ("neutral", False), ("", False)]
)
def test_emoji_only_where_they_agree_with_the_label(sentiment: str, changes: bool) -> None:
    text = CHANGES["emoji"]("the parcel", np.random.default_rng(1), Context(sentiment))
    assert (text != "the parcel") is changes
    assert text.startswith("the parcel")


def test_a_typo_touches_long_words_only_and_keeps_their_first_letter() -> None:
    for seed in range(40):
        before, after = (
            ["no", "one", "delivered", "it"],
            CHANGES["typo"]("no one delivered it", np.random.default_rng(seed), Context()).split(),
        )
        assert (after[0], after[1], after[3]) == (before[0], before[1], before[3])
        assert after[2][0] == "d"


def test_the_end_is_cut_by_two_words_at_most() -> None:
    text = " ".join(f"w{k}" for k in range(12))
    for seed in range(10):
        assert CHANGES["cut"](text, np.random.default_rng(seed), Context()).split() in (
            text.split()[:-1],
            text.split()[:-2],
        )
    assert CHANGES["cut"]("short text", np.random.default_rng(0), Context()) == "short text"
