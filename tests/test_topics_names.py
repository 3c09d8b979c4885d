"""Names of topics: terms, class-based TF-IDF, uniqueness, languages."""

from __future__ import annotations

import numpy as np
import pytest

from cxnlp.topics import describe
from cxnlp.topics.describe import ctfidf
from cxnlp.topics.examples import representatives, shorten
from cxnlp.topics.terms import alike, terms


def keys(text: str, language: str) -> set[str]:
    return {" ".join(term.key) for term in terms(text, language)}


def surfaces(text: str, language: str) -> set[str]:
    return {term.surface for term in terms(text, language)}


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "the returns were slow", "return is slow"),
        ("ro", "livrarea a întârziat", "livrare intarziat"),
        pytest.param("pl", "dostawy", "dostawa", marks=pytest.mark.slow),  # its lemmas take seconds to load
        ("it", "le consegne", "consegna"),
    ],
)
def test_inflections_and_missing_diacritics_share_a_lemma(language: str, one: str, other: str) -> None:
    assert keys(one, language) & keys(other, language)


def test_masks_links_digits_and_stop_words_are_no_terms() -> None:
    text = "call me at [email] or [phone], see https://a.bc/parcel @shop 24h 3 the b2b of it"
    assert keys(text, "en") == {"call"}


def test_negations_only_in_phrases() -> None:
    assert "not working" in surfaces("the app is not working", "en")
    assert "nu funcționează" in surfaces("aplicația nu funcționează", "ro")
    assert "not" not in surfaces("the app is not working", "en")


def test_phrases_do_not_cross_punctuation_and_keep_linking_words() -> None:
    assert "return policy" in surfaces("their return policy", "en")
    assert "return policy" not in surfaces("a return. Policy unclear", "en")
    assert "tempi di attesa" in surfaces("i tempi di attesa", "it")
    assert "politica de retur" in surfaces("politica de retur", "ro")


def test_elisions_and_domain_words() -> None:
    assert "app" in surfaces("l'app non va", "it") and "app" in surfaces("l’app", "fr")
    assert {"order", "bill", "room"} <= surfaces("order, bill, room", "en")


@pytest.mark.parametrize(("one", "other", "same"), [
    ("deliver", "delivery", True), ("return", "returning", True), ("order", "order", True),
    ("price", "print", False), ("fi", "fit", False), ("staff", "service", False),
])  # fmt: skip
def test_alike(one: str, other: str, same: bool) -> None:
    assert alike(one, other) is alike(other, one) is same


def test_ctfidf_against_the_formula() -> None:
    """Grootendorst 2022 (arXiv 2203.05794), equation 4, worked by hand.

    Classes of 6 and 4 terms, so A = 5. Term 0: 3 of 6 in class 0, f = 4: 3/6 log(1 + 5/4).
    """
    weight = ctfidf(np.array([[3, 2, 1], [1, 0, 3]]))
    expected = [[3 / 6 * np.log(1 + 5 / 4), 2 / 6 * np.log(1 + 5 / 2), 1 / 6 * np.log(1 + 5 / 4)],
                [1 / 4 * np.log(1 + 5 / 4), 0, 3 / 4 * np.log(1 + 5 / 4)]]  # fmt: skip
    assert np.allclose(weight, expected)
    assert np.array_equal(ctfidf(np.zeros((2, 3))), np.zeros((2, 3)))


def named(groups: list[list[str]], languages: list[str] | None = None) -> list[str]:
    texts = [text for group in groups for text in group]
    labels = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    described = describe(
        texts, languages or ["en"] * len(texts), labels, np.ones(len(texts)), ["a typical one"] * len(groups)
    )
    return [one.name for one in described]


DELIVERY = [
    "the courier was late",
    "late delivery by courier",
    "courier lost it",
    "delivered late",
    "late courier again",
]
RETURNS = ["the return policy is unfair", "return policy unclear", "hated their return policy", "returning took ages"]
STAFF = ["friendly staff", "the staff were friendly", "staff were rude", "kind staff", "very friendly people"]


def test_names_say_what_the_group_is_about() -> None:
    delivery, returns, staff = named([DELIVERY, RETURNS, STAFF])
    assert {"courier", "late"} <= set(delivery.split(", "))
    assert returns.split(", ")[0] == "return policy"
    assert "return" not in returns.split(", ") and "policy" not in returns.split(", ")
    assert set(staff.split(", ")) & {"staff", "friendly", "friendly staff"}


def test_names_are_unique_even_for_equal_groups() -> None:
    names = named([DELIVERY, DELIVERY, [*DELIVERY, "tracking link broken", "tracking broken", "tracking"]])
    assert len(set(names)) == 3


def test_a_group_without_words_is_quoted() -> None:
    assert named([["😀", "!!"], STAFF])[0] == "“a typical one”"


def test_majority_language_names_and_an_even_mix_names_twice() -> None:
    italian = ["il corriere in ritardo", "corriere in ritardo", "ritardo del corriere", "corriere maleducato"]
    names = named([DELIVERY + italian[:1], STAFF], ["en"] * 5 + ["it"] + ["en"] * 5)
    assert "corriere" not in names[0]
    both = named([DELIVERY[:4] + italian, STAFF], ["en"] * 4 + ["it"] * 4 + ["en"] * 5)
    assert "courier" in both[0].split(" / ")[0] and "corriere" in both[0].split(" / ")[1]


def test_order_of_texts_does_not_change_names() -> None:
    assert named([DELIVERY, RETURNS]) == named([DELIVERY[::-1], RETURNS[::-1]])


def test_representatives_are_typical_different_and_readable() -> None:
    random = np.random.default_rng(0)
    points = np.eye(8)[0] + 0.2 * random.normal(size=(40, 8))
    points[1] = points[0]
    points[2] = -np.eye(8)[0]
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    texts = [f"a statement of readable length {i}" for i in range(40)]
    texts[5] = "short"
    texts[1] = texts[0].upper() + "!"
    chosen = representatives(texts, points, np.eye(8)[0])
    assert len(chosen) == 3 and not {2, 5} & set(chosen) and len({0, 1} & set(chosen)) < 2
    assert representatives(["only one"], points[:1], np.eye(8)[0]) == [0]
    assert representatives([], points[:0], np.eye(8)[0]) == []


def test_shorten_keeps_one_line() -> None:
    assert shorten("two\n lines") == "two lines"
    assert len(shorten("word " * 100_000)) <= 301 and shorten("word " * 1000).endswith("word…")
