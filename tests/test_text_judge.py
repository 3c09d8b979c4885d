"""Junk and language: what is not scored, and in which language the rest is."""

from __future__ import annotations

import numpy as np
import pytest

from cxnlp.schema import LANGUAGES
from cxnlp.text.junk import is_junk
from cxnlp.text.language import FOREIGN, NOT_GIVEN, decide, detect, given_codes, usual_language

JUNK = [
    "n/a", "N.A.", "na", "none", "Nothing.", "No comment", "nothing to add", "Nothing really, thanks",
    "nothing at the moment", "-", "...", "??", "?!", "12345", "3", "asdf", "asdasd", "ghjk", "qsdf", "xxxx",
    "qwertz", "dfgdfghj", "asdfgh just testing", "nu", "nimic", "Nimic de adăugat.", "nimic de adaugat",
    "nu e cazul", "fără comentarii", "FARA COMENTARII", "nu am", "nu stiu", "nie", "nic", "brak",
    "brak uwag", "nie dotyczy", "nie wiem", "no", "niente", "nulla", "nessun commento", "non so", "nein",
    "nichts", "keine", "k.A.", "k. A.", "keine Angabe", "weiß nicht", "weiss nicht", "non", "rien", "RAS",
    "néant", "sans commentaire", "nada", "ninguno", "sin comentarios", "nada que añadir", "não",
    "nada a declarar", "sem comentários", "nee", "niets", "geen", "n.v.t.", "geen opmerkingen",
    "see above", "siehe oben", "-" * 300,
]  # fmt: skip
CONTENT = [
    "ok", "OK!", "super", "good", "bun", "gut", "top", "meh", "bof", "👍", "❤️❤️", "😡", ":)",
    ":-(", ";)", "<3", "^^", "10/10", "5/5", "100%", "★★★★★", "A+", "+++", "nothing works",
    "nothing bad", "no complaints", "no, it broke", "none of it worked", "nimic nu merge", "nul",
    "nothing 👍", "nothing :(", "never again", "nie wieder", "mai più", "all good", "totul ok", "wow",
    "mmm", "kkkk", "haha", "pfff", "were", "oui", "weet", "the exit", "price", "pret", "staff",
    "Nothing. Carry on exactly like this.", "sad", "flag",
]  # fmt: skip


@pytest.mark.parametrize("text", JUNK)
def test_answers_without_content_are_junk(text: str) -> None:
    assert is_junk(text)


@pytest.mark.parametrize("text", CONTENT)
def test_judgements_however_short_are_no_junk(text: str) -> None:
    assert not is_junk(text)


SAID = {
    "en": "Parcel promised for Tuesday. It's Friday. Still staring at an empty doormat.",
    "ro": "Coletul trebuia sa vina marti. E vineri si curierul tot nu a dat niciun semn.",
    "pl": "Paczka miala byc we wtorek. Jest piatek, a w paczkomacie dalej pusto.",
    "it": "Il pacco era promesso per martedì. È venerdì e del corriere nemmeno l'ombra.",
    "de": "Paket war für Dienstag angekündigt. Heute ist Freitag und die Fußmatte ist leer.",
    "fr": "Colis annoncé pour mardi. On est vendredi et toujours rien dans la boîte.",
    "es": "El paquete tenía que llegar el martes. Hoy es viernes y aquí sigo, esperando.",
    "pt": "A encomenda era para terça. Já é sexta e nem sinal da transportadora.",
    "nl": "Pakketje zou dinsdag komen. Het is nu vrijdag en ik zit nog steeds te wachten.",
}
FOREIGN_SAID = [
    "Ürün çok güzel ama kargo geç geldi, müşteri hizmetleri hiç ilgilenmedi.",
    "A termék nagyon jó, de a szállítás sokáig tartott és az ügyfélszolgálat nem segített.",
    "Zboží dorazilo pozdě a balík byl poškozený, zákaznická podpora nereagovala.",
    "Leveransen var sen och kundtjänst svarade inte på mina frågor på två veckor.",
    "Toimitus oli myöhässä eikä asiakaspalvelu vastannut viesteihini ollenkaan.",
    "Заказ пришёл поздно, поддержка не отвечает",
    "配送很慢,客服没有回复我的问题",
    "התמיכה לא ענתה להודעות שלי",
]


def language(text: str, given: int = NOT_GIVEN, usual: int = NOT_GIVEN) -> str | None:
    """The language decided on, None where not determined, 'unsupported'."""
    decision = decide(detect([text]), np.array([given]), usual)
    if decision.unsupported[0]:
        return "unsupported"
    assert np.isnan(decision.confidence[0]) == (decision.language[0] == NOT_GIVEN)
    return None if decision.language[0] == NOT_GIVEN else LANGUAGES[decision.language[0]]


@pytest.mark.parametrize("code", LANGUAGES)
def test_our_languages_are_named_with_or_without_a_hint(code: str) -> None:
    wrong = LANGUAGES.index("pt" if code != "pt" else "pl")
    assert language(SAID[code]) == code
    assert language(SAID[code], given=LANGUAGES.index(code)) == code
    assert language(SAID[code], given=wrong) == code
    assert language(SAID[code], given=FOREIGN) == code


@pytest.mark.parametrize("text", FOREIGN_SAID)
def test_other_languages_are_unsupported_whatever_the_data_say(text: str) -> None:
    assert language(text) == "unsupported"
    assert language(text, given=LANGUAGES.index("en")) == "unsupported"
    assert language(text, given=FOREIGN) == "unsupported"


def test_short_comments_follow_the_data_then_the_file() -> None:
    english, romanian = LANGUAGES.index("en"), LANGUAGES.index("ro")
    assert language("ok") is None
    assert language("ok", usual=romanian) == "ro"
    assert language("ok", given=english, usual=romanian) == "en"
    assert language("ok", given=FOREIGN) == "unsupported"
    assert language("👍", usual=romanian) is None
    assert language("👍", given=english) == "en"
    assert language("👍", given=FOREIGN) is None
    assert language(r"¯\_(ツ)_/¯") is None


def test_a_usual_language_is_that_of_three_comments_in_four() -> None:
    romanian = LANGUAGES.index("ro")
    decision = decide(detect([SAID["ro"]] * 3 + [SAID["en"]] * 2 + ["ok"]), np.full(6, NOT_GIVEN))
    assert usual_language(decision, np.array([True, True, True, True, False, True])) == romanian
    assert usual_language(decision, np.array([True, True, False, True, False, True])) == NOT_GIVEN
    assert usual_language(decision, np.full(6, False)) == NOT_GIVEN


def test_languages_as_surveys_write_them() -> None:
    values = ["en", "EN-us", "Polski", "română", "deu", "Français", "hu", "ja-JP", "uk", "other", "", None, 3.0]
    codes = given_codes(values).tolist()
    assert [LANGUAGES[code] for code in codes[:6]] == ["en", "en", "pl", "ro", "de", "fr"]
    assert codes[6:] == [FOREIGN, FOREIGN] + [NOT_GIVEN] * 5
