"""Names of topics: terms, class-based TF-IDF, uniqueness, languages."""

from __future__ import annotations

import numpy as np
import pytest

from cxnlp.topics import describe
from cxnlp.topics.describe import Description, ctfidf, name_groups, naming_languages
from cxnlp.topics.examples import representatives, shorten
from cxnlp.topics.terms import NEGATION, accents, alike, terms
from cxnlp.topics.vocabulary import count_terms


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


@pytest.mark.parametrize(
    ("language", "text", "phrase"),
    [
        ("en", "I rang the customer service desk twice", "customer service desk"),
        ("en", "it fits true to size", "true to size"),
        ("en", "let me speak to a human", "speak to a human"),
        ("ro", "care este termenul de livrare", "termenul de livrare"),
        pytest.param("pl", "czas oczekiwania na wizytę", "czas oczekiwania na wizytę", marks=pytest.mark.slow),
        ("it", "nella sala d'attesa fa freddo", "sala d'attesa"),
        ("it", "pessimo servizio clienti online", "servizio clienti online"),
        ("fr", "le temps d’attente", "temps d'attente"),
    ],
)
def test_phrases_of_three_words_and_their_links(language: str, text: str, phrase: str) -> None:
    assert phrase in surfaces(text, language)


def test_phrases_neither_begin_nor_end_with_a_link_or_negation() -> None:
    for text, language in [("of the price of the order for", "en"), ("la livrare de la curier cu", "ro")]:
        for term in terms(text, language):
            assert term.surface.split()[0] not in {"of", "the", "for", "de", "la", "cu"}
            assert term.surface.split()[-1] not in {"of", "the", "for", "de", "la", "cu"}
    assert all(term.key[-1] != NEGATION for term in terms("the app does not", "en"))


def test_no_phrase_repeats_a_word_or_two_forms_of_one() -> None:
    assert keys("late delivery late", "en") == {"late", "delivery", "late delivery", "delivery late"}
    assert not {"refund refund", "refund the refunds"} & surfaces("refund the refunds", "en")


def test_negations_of_one_word_count_together() -> None:
    one, other = keys("the app doesn't work", "en"), keys("app is not working", "en")
    assert f"{NEGATION} work" in one & other


def test_romanian_without_accents_counts_with_its_accented_form() -> None:
    spelled = accents(["un răspuns greșit", "raspuns gresit", "e o fata"], "ro")
    assert spelled["gresit"] == "greșit" and "fata" not in spelled
    assert surfaces("raspuns gresit", "ro") != {t.surface for t in terms("raspuns gresit", "ro", spelled)}
    assert "greșit" in {term.surface for term in terms("raspuns gresit", "ro", spelled)}


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


def test_a_phrase_that_covers_the_words_names_the_topic() -> None:
    late = ["late delivery", "the delivery was late", "late delivery again", "arrived late", "late delivery by courier"]
    assert named([late, RETURNS, STAFF])[0].split(", ")[0] == "late delivery"


def test_no_name_repeats_a_word_or_two_forms_of_it() -> None:
    topics = [
        [
            "delivery was late",
            "late delivery",
            "delivered late",
            "they deliver late",
            "deliveries late",
            "late deliver",
        ],
        ["return policy", "returned it", "the returns", "return policy unfair", "returning items", "policy of returns"],
        ["billing error", "wrong bill", "bills wrong", "the billing is wrong", "billed twice", "error on the bill"],
    ]
    for name in named(topics):
        words = name.replace(",", "").split()
        assert not [(a, b) for i, a in enumerate(words) for b in words[:i] if alike(a, b)], name


def test_empty_words_are_kept_out_of_names() -> None:
    chatter = ["really got the parcel", "got a really big parcel", "just got parcel", "parcel lol", "day one parcel"]
    name = named([chatter, RETURNS, STAFF])[0]
    assert name.startswith("parcel") and not {"really", "got", "just", "lol"} & set(name.replace(",", "").split())


def test_a_verb_yields_to_what_it_is_about() -> None:
    topic = ["we booked the cottage", "booked a cottage", "cottage booked", "booked cottage again", "booked it"]
    name = named([topic, RETURNS, STAFF])[0]
    assert name != "booked" and "cottage" in name


@pytest.mark.slow
def test_polish_and_romanian_nouns_in_the_form_of_the_dictionary() -> None:
    polish = ["złe faktury", "dostałem fakturę", "faktura", "fakturę znowu", "brak faktury", "fakturę wysłano"]
    romanian = ["coletul pierdut", "coletul rupt", "colet", "coletul lipsa", "unde e coletul"]
    invoice, parcel = described([in_("pl", polish), in_("ro", romanian)])
    assert invoice.name.startswith("faktura") and parcel.name.split(", ")[0].startswith("colet")
    assert "coletul" not in parcel.name.split(", ")


def test_names_are_unique_even_for_equal_groups() -> None:
    names = named([DELIVERY, DELIVERY, [*DELIVERY, "tracking link broken", "tracking broken", "tracking"]])
    assert len(set(names)) == 3


def test_a_group_without_words_is_quoted() -> None:
    assert named([["😀", "!!"], STAFF])[0] == "“a typical one”"


ITALIAN = ["il corriere in ritardo", "corriere in ritardo", "ritardo del corriere", "corriere maleducato", "corriere"]


def described(groups: list[list[tuple[str, str]]]) -> list[Description]:
    """Descriptions of groups of (language, text)."""
    rows = [row for group in groups for row in group]
    labels = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    return describe(
        [text for _, text in rows], [language for language, _ in rows], labels, np.ones(len(rows)), ["x"] * len(groups)
    )


def in_(language: str, texts: list[str]) -> list[tuple[str, str]]:
    return [(language, text) for text in texts]


def test_the_majority_names_in_one_language() -> None:
    topic, _ = described([in_("en", DELIVERY[:2]) + in_("it", ITALIAN), in_("en", STAFF * 3)])
    assert topic.language == "it" and "corriere" in topic.name and "courier" not in topic.name
    assert set(topic.by_language) == {"it"}, "two English statements make no English name"


@pytest.mark.parametrize(
    ("n_en", "n_it", "expected"),
    [
        (5, 6, "en"),  # below 60 % Italian, and five of the main language
        (4, 6, "it"),  # exactly 60 %
        (4, 5, "it"),  # below 60 %, but four of the main language are too few
        (6, 5, "en"),
    ],
)
def test_an_even_mix_is_named_in_the_main_language_of_all(n_en: int, n_it: int, expected: str) -> None:
    groups = [in_("en", (DELIVERY * 2)[:n_en]) + in_("it", (ITALIAN * 2)[:n_it]), in_("en", STAFF * 3)]
    topic = described(groups)[0]
    assert topic.language == expected and " / " not in topic.name
    assert {"en": "courier", "it": "corriere"}[expected] in topic.name
    assert set(topic.by_language) == {"en", "it"} and topic.by_language[expected] == topic.name
    assert "courier" in topic.by_language["en"] and "corriere" in topic.by_language["it"]
    assert not any(alike(word, "corriere") for word in topic.keywords[:1]) or expected == "it"


def test_naming_languages_are_those_of_the_descriptions() -> None:
    rows = [*in_("en", DELIVERY), *in_("it", ITALIAN * 2), *in_("en", STAFF * 3)]
    labels = np.repeat([0, 1], [15, 15])
    words = count_terms([t for _, t in rows], [one for one, _ in rows], labels, np.ones(30), 3)
    assert naming_languages(words, 3) == ["it", "en", ""]
    assert [one.language for one in name_groups(words, ["a", "b", "c"])] == ["it", "en", ""]


def test_names_are_unique_across_languages() -> None:
    groups = [in_(language, ["app", "app", "app app", "app", "app"]) for language in ("en", "it", "ro")]
    names = [one.name for one in described([*groups, in_("en", STAFF)])]
    assert len(set(names)) == 4


def test_a_topic_whose_main_language_has_no_words_is_named_in_the_next() -> None:
    topic, _ = described([in_("en", ["😀", "!!", "ok", "ok ok", "."]) + in_("it", ITALIAN[:4]), in_("en", STAFF * 3)])
    assert topic.language == "it" and "corriere" in topic.name


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


def test_representatives_prefer_different_words() -> None:
    texts = ["it does run a little large", "but it does run a little large", "it does run a little bit large"]
    texts.append("sleeves were far too long for me")
    points = np.array([[1, 0.0], [1, 0.01], [1, 0.02], [1, 0.5]])
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    chosen = representatives(texts, points, np.array([1.0, 0]), number=2)
    assert 3 in chosen


def test_representatives_by_language() -> None:
    random = np.random.default_rng(1)
    points = np.eye(6)[0] + 0.1 * random.normal(size=(20, 6))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    texts = [f"statement {chr(97 + i) * 9} of readable {chr(97 + i) * 5} length" for i in range(20)]

    def shown(languages: list[str], language: str | None = None, number: int = 3) -> list[str]:
        chosen = representatives(texts, points, np.eye(6)[0], number=number, languages=languages, language=language)
        assert len(set(chosen)) == len(chosen) == number
        return [languages[i] for i in chosen]

    assert shown(["en"] * 16 + ["it"] * 4) == ["en", "en", "it"]
    assert shown(["en"] * 17 + ["it"] * 3) == ["en", "en", "en"], "15 % is too little"
    assert shown(["en"] * 12 + ["it"] * 8, "it") == ["it", "it", "en"]
    assert shown(["en"] * 19 + ["it"], "it") == ["it", "en", "en"], "one is all that there is"
    assert shown(["en"] * 12 + ["it"] * 8, "pl") == ["en", "en", "it"]
    assert shown(["en"] * 12 + ["it"] * 8, number=1) == ["en"]


def test_shorten_keeps_one_line() -> None:
    assert shorten("two\n lines") == "two lines"
    assert len(shorten("word " * 100_000)) <= 301 and shorten("word " * 1000).endswith("word…")
