"""Spelling and privacy: what is taken out, and what must stay."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxnlp.text.normalise import normalise, shorten
from cxnlp.text.privacy import mask


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("I <3 it, and 5 < 6 &lt;3", "I <3 it, and 5 < 6 <3"),
        ("<p>Hello</p><p>there</p> <b>bol</b>d", "Hello\nthere\nbold"),
        ("one<br>two<BR/>three", "one\ntwo\nthree"),
        ("to <my city> or <unknown>", "to <my city> or <unknown>"),
        ("a<script>alert('x')</script> b<!-- hidden --> c", "a b c"),
        ("<script>never closed", "never closed"),
        ("<img src=x onerror=alert(1)>hi<svg/onload=alert(1)>", "hi"),
        ("Tom &amp;amp; Jerry, AT&T, me&not you &#8217;", "Tom & Jerry, AT&T, me&not you ’"),
        ("nul\x00l bell\x07 soft\u00adhyphen \u202eturned", "null bell softhyphen turned"),
        ("zero\u200bwidth joi\u200dner \ufeff", "zerowidth joiner"),
        ("👨\u200d👩\u200d👧 and ❤️\u200d🔥", "👨\u200d👩\u200d👧 and ❤️\u200d🔥"),
        ("half \ud83d and \ud83d\ude00", "half \ufffd and 😀"),
        ("What\x92s new \x96 nothing", "What’s new – nothing"),
        ("tab\tnbsp\u00a0ideographic\u3000end ", "tab nbsp ideographic end"),
        ("one\r\n\r\n  two\u2028three", "one\ntwo\nthree"),
        ("line_x000D_\nnext", "line\nnext"),
        ("şi ţara Ş", "și țara Ș"),
        ("s\u0327i e\u0301", "și é"),
        ("Ürün çok ağır, değişim şart", "Ürün çok ağır, değişim şart"),
        ("“smart” ‘quotes’ – kept", "“smart” ‘quotes’ – kept"),
        ("\u200b \u3164 \n", ""),
    ],
)
def test_normalise(raw: str, clean: str) -> None:
    assert normalise(raw) == clean


def test_a_line_wrapped_at_a_margin_is_one_line_but_a_list_is_not() -> None:
    wrapped = "I ordered this in March and after three weeks of waiting they told\nme that it was out of stock."
    assert "\n" not in normalise(wrapped)
    assert normalise("fast delivery\ngood price") == "fast delivery\ngood price"


@given(st.text())
def test_normalised_text_has_one_kind_of_space_and_nothing_invisible(raw: str) -> None:
    text = normalise(raw)
    assert unicodedata.is_normalized("NFC", text)
    assert text == text.strip() and "  " not in text
    assert not any(character.isspace() and character not in " \n" for character in text)
    assert not any(unicodedata.category(character) in ("Cc", "Cs") and character != "\n" for character in text)
    text.encode("utf-8")


def test_shorten_cuts_at_a_space_or_else_anywhere() -> None:
    assert shorten("one two three", 13) == "one two three"
    assert shorten("one two three", 12) == "one two"
    assert shorten("one two three", 7) == "one two"
    assert shorten("x" * 50, 20) == "x" * 20


@pytest.mark.parametrize(
    ("text", "masked", "count"),
    [
        ("write to ion.popescu+shop@mail.co.uk.", "write to [email].", 1),
        ("0722 123 456, 0171/1234567, (020) 79460958", "[phone], [phone], [phone]", 3),
        ("+49 (0)30 1234567 or 06 12 34 56 78", "[phone] or [phone]", 2),
        ("(555) 123-4567; 600 123 456; 333 1234567", "[phone]; [phone]; [phone]", 3),
        ("tel. 600123456", "tel. [phone]", 1),
        # Test numbers that payment companies publish; the IBANs are the examples of the SWIFT IBAN registry.
        ("4111 1111 1111 1111, 378282246310005", "[card], [card]", 2),
        ("RO49 AAAA 1B31 0075 9384 0000 thanks", "[iban] thanks", 1),
        ("GB82WEST12345698765432", "[iban]", 1),
        ("see https://shop.example/a?b=1, or www.example.com.", "see [link], or [link].", 0),
        ("one@two.ro and three@four.pl", "[email] and [email]", 2),
    ],
)
def test_personal_data_are_masked(text: str, masked: str, count: int) -> None:
    assert mask(text) == (masked, count)


@pytest.mark.parametrize(
    "text",
    [
        "order 0722123456",
        "comanda nr. 0722123456",
        "Bestellnummer: 0301234567",
        "order 402-1234567-1234567",
        "4111 1111 1111 1112 fails Luhn",
        "RO49 AAAA 1B31 0075 9384 0001 fails mod 97",
        "paid 1 234 567 890 lei",
        "on 01.02.2023 10:30 and 2023-01-02",
        "AWB 1234567890123",
        "EAN 4006381333931",
        "1234567890",
        "@handle and user@home",
        "a literal [email] stays uncounted",
        "rated 10/10, 5'4\", 3.5, 99.99",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert mask(text) == (text, 0)


@pytest.mark.parametrize(
    "piece", ["<script>", "<p", "<!--", "AB12" + "x" * 40 + " ", "0", "1 ", "a@", "www.", "&", "a.", "+1 "]
)
def test_hostile_input_takes_linear_time(piece: str) -> None:
    # A quadratic pattern would need half an hour here; the test would not end.
    text, _ = mask(normalise(piece * (100_000 // len(piece))))
    assert isinstance(text, str)
