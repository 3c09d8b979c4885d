"""Statements: where a reader would cut, and nowhere else."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxnlp.schema import LANGUAGES
from cxnlp.text.normalise import normalise
from cxnlp.text.split import MAX_CHARACTERS, split


def parts(text: str, language: str | None, clauses: bool = True) -> list[str]:
    return [text[start:end] for start, end in split(text, language, clauses=clauses)]


@pytest.mark.parametrize(
    ("language", "marked"),
    [
        ("en", "I bought this dress.|I love it so much"),
        ("en", "Bought this nice dress.|I love it so much"),
        ("en", "The U.S. size e.g. 3.5 is ok.|I'm 5'4\" tall and approx. 50 kg."),
        ("en", "I ordered it from booking.com without any trouble.|Quite happy with it!!!|will order again"),
        ("en", "So glad I kept it. Great!|Would definitely buy it again."),
        ("en", "1. The price is too high|2. The service was slow|3. Nobody answered me"),
        ("en", "The colour is lovely|(but it runs very small)."),
        ("en", "Service was friendly and quick,|however the room was dirty."),
        ("en", "I have nothing but praise for the team."),
        ("en", "Not only is it slow but it is also expensive."),
        ("en", "Last but not least the food was great."),
        ("en", "Butter was cold and the buttons fell off."),
        ("ro", "Am vorbit cu dr. Popescu la nr. 5 ieri.|A fost bine primit."),
        ("ro", "produsul e foarte bun.|livrarea a fost rapida|dar cutia a ajuns rupta rau"),
        ("ro", "Personalul este foarte amabil,|însă prețurile sunt prea mari."),
        ("ro", "Personalul este amabil insa preturile sunt mari."),
        ("ro", "Nu numai că e scump dar nici nu funcționează."),
        ("ro", "ok... dar nu prea"),
        ("ro", "Darul primit a fost foarte frumos ambalat."),
        ("pl", "Obsługa była bardzo miła,|ale ceny są za wysokie."),
        ("pl", "Czekałem ok. 5 min. na mgr. Nowak przy ul. Długiej."),
        ("pl", "Jest nie tylko drogo, ale też bardzo wolno."),
        ("it", "La consegna è stata veloce|ma il prodotto era rotto."),
        ("it", "Il sig. Rossi è stato gentile con noi.|Il prezzo però è alto."),
        ("it", "Il pacco è arrivato subito,|però mancava un pezzo importante."),
        ("de", "Der Versand war sehr schnell,|aber die Verpackung war beschädigt."),
        ("de", "Das ist aber wirklich sehr schön geworden."),
        ("fr", "Mme. Dupont a été très aimable.|Le produit est bon|mais la livraison est lente."),
        ("es", "El hotel es bonito|pero el desayuno es malo."),
        ("pt", "O produto é bom,|porém a entrega foi lenta."),
        ("nl", "De kamer was schoon,|maar het ontbijt was slecht."),
        (None, "The product is good but delivery was slow.|I will not come back"),
        ("en", "Great!"),
        ("en", "👍👍"),
    ],
)
def test_statements_as_a_reader_would_cut(language: str | None, marked: str) -> None:
    assert parts(marked.replace("|", " "), language) == marked.split("|")


def test_sentences_that_touch_are_two() -> None:
    assert parts("It is a nice dress.I love it so much", "en") == ["It is a nice dress.", "I love it so much"]
    assert parts("produsul este foarte bun.recomand cu drag tuturor", "ro") == [
        "produsul este foarte bun.",
        "recomand cu drag tuturor",
    ]


def test_lines_end_statements_and_headings_join_what_follows() -> None:
    text = "Pros: good fabric and colour\nCons:\nway too expensive for this"
    assert parts(text, "en") == ["Pros: good fabric and colour", "Cons:\nway too expensive for this"]


def test_a_sentence_without_end_is_cut_at_its_commas() -> None:
    text = ", ".join(["we waited a very long time"] * 20)
    pieces = parts(text, "en")
    assert len(pieces) == 2
    assert all(piece.rstrip(",").endswith("long time") for piece in pieces)


def test_a_sentence_without_commas_is_cut_before_a_conjunction_or_between_words() -> None:
    pieces = parts("we waited there and they came " * 15, "en")
    assert all(piece.startswith(("we", "and")) for piece in pieces)
    assert set(" ".join(parts("word " * 200, "en")).split()) == {"word"}


def test_no_cut_parts_an_emoji_or_an_accent() -> None:
    family = "👨\u200d👩\u200d👧"
    assert all(set(piece.split(family)) == {""} for piece in parts(family * 200, None))
    letter = "q\u0301"
    assert all(len(piece) % 2 == 0 for piece in parts(letter * 500, None))


@given(st.text(alphabet="ab .,!?()\n'\"1é😀\u200d\u0301", max_size=700), st.sampled_from([*LANGUAGES, None]))
def test_spans_hold_all_but_white_space(raw: str, language: str | None) -> None:
    text = normalise(raw)
    spans = split(text, language)
    assert [text[a:b].strip() for a, b in spans] == [text[a:b] for a, b in spans]
    assert all(a < b <= c for (a, b), (c, _) in pairwise(spans))
    assert all(b - a <= MAX_CHARACTERS for a, b in spans)
    held = "".join(text[a:b] for a, b in spans)
    assert "".join(held.split()) == "".join(text.split())


@pytest.mark.parametrize("piece", ["but ", "a. ", "!?", "😀", "word, ", "1. a ", "not only but ", "...", "(", "abc.!"])
def test_hostile_input_takes_linear_time(piece: str) -> None:
    # A quadratic step would need minutes here; the test would not end.
    text = normalise(piece * (30_000 // len(piece)))
    assert all(b - a <= MAX_CHARACTERS for a, b in split(text, "en"))
