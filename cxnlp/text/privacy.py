"""Personal data that identifies a customer, found by shape and checksum, replaced by its kind.

Phone numbers are the hard part: an order number must survive. A run of digits counts as a phone
number only with a phone's shape, and never right after a word such as "order".
"""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["MASKS", "mask"]

MASKS: tuple[str, ...] = ("[email]", "[phone]", "[card]", "[iban]", "[link]")
"""What stands in the cleaned text for what was taken out. Links are no personal data and not counted."""

_MAYBE_LINK = re.compile(r"://|www\.", re.I)
_LONG_NUMBER = re.compile(r"[0-9](?:[ .()/-]{0,3}[0-9]){7}")
"""What every phone, card and account number contains; most comments do not, and are done."""

_LINK = re.compile(r"(?<![\w@])(?:https?://|www\.)[^\s<>\"”»]*[^\s<>\"”».,;:!?'’)\]]", re.I)
_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@(?:[^\W_][\w-]{0,62}\.){1,5}[^\W\d_]{2,24}(?!\w)")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]){11,42}", re.I)
_CARD = re.compile(r"(?<![0-9A-Za-z.,/-])[0-9](?:[ -]?[0-9]){13,18}(?![0-9A-Za-z]|[.,/-][0-9])")
# Issuer prefixes and lengths, ISO/IEC 7812: American Express, Diners, Visa, Mastercard, Maestro, Discover, UnionPay.
_ISSUER = re.compile(
    r"3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|4[0-9]{15}(?:[0-9]{3})?|5[0-9]{15}|2[2-7][0-9]{14}|6[0-9]{15}(?:[0-9]{3})?"
)

_PHONE = re.compile(
    r"""(?<![0-9A-Za-z+#.,/-])(?<![0-9][ ])(?:
        (?:\+|00)[1-9](?:[ .()/-]{0,2}[0-9]){8,14}           # international
      | \(0[0-9]{1,4}\)[ ]?[0-9](?:[ ./-]?[0-9]){5,8}        # area code in brackets
      | 0[1-9](?:[ ./-]?[0-9]){7,9}                          # national, with the leading zero
      | \(?[2-9][0-9]{2}\)?[ .-][0-9]{3}[ .-][0-9]{4}   # North America
      | [5-9][0-9]{2}([ -])[0-9]{3}\1[0-9]{3}                # Poland, Spain, Portugal: 3-3-3
      | 3[0-9]{2}[ .-][0-9]{3}[ .-]?[0-9]{3,4}               # Italian mobile
    )(?![0-9A-Za-z%€$£]|[.,/-][0-9])""",
    re.X,
)
_AFTER_PHONE_WORD = re.compile(
    r"\b(?:tel|telefon\w*|telef|téléphone|phone|mobile?|mobil|móvil|movil|cell|cellulare|handy|gsm|whats?app|komórka|"
    r"portable|telemóvel|celular)\b[\s.:#-]{0,3}([0-9](?:[ ./-]?[0-9]){8,12})(?![0-9])",
    re.I,
)
_DATE = re.compile(r"(?:0?[1-9]|[12][0-9]|3[01])([ ./-])(?:0?[1-9]|1[0-2])\1(?:19|20)[0-9]{2}(?![0-9])")
_NUMBERED_THING = re.compile(
    r"\b(?:order|comand|comenz|zam[oó]wie|ordin|bestell|command|pedido|encomenda|invoice|factur|faktur|fattur|fatura|"
    r"rechnung|rezerv|reserv|buchung|booking|prenota|ticket|bilet|bigliett|ref|awb|track|colet|parcel|paczk|pacco|"
    r"paket|colis|paquete|client|customer|klient|kund|cod|code|serial|serie|article|artikel|art|imei|vin|policy|contract)"
    r"\w{0,12}[\s.:#]{0,3}(?:nr|no|number|num|numer|numero|número|numéro|numărul|id|is|n°|#)?[\s.:#]{0,3}$",
    re.I,
)


def mask(text: str) -> tuple[str, int]:
    """`text` with personal data and links replaced by `MASKS`, and how many personal data were replaced.

    E-mail addresses, IBANs (ISO 13616, checksum mod 97), payment cards (ISO/IEC 7812, Luhn) and
    phone numbers. Doubtful numbers stay: what a number belongs to is more often an order.
    """
    if _MAYBE_LINK.search(text):
        text = _LINK.sub("[link]", text)
    found = 0
    if "@" in text:
        text, found = _EMAIL.subn("[email]", text)
    if _LONG_NUMBER.search(text):
        before = len(_NUMBER_MASK.findall(text))
        for pattern, replace in _NUMBERS:
            text = pattern.sub(replace, text)
        found += len(_NUMBER_MASK.findall(text)) - before
    return text, found


_NUMBER_MASK = re.compile(r"\[(?:phone|card|iban)\]")


def _mask_iban(match: re.Match[str]) -> str:
    """Mask the longest start of the match that is a valid IBAN: the words after it stay."""
    found, following = match[0], match.string[match.end() : match.end() + 1]
    for end in range(len(found), 14, -1):
        if (found[end : end + 1] or following).isalnum() or not found[end - 1].isalnum():
            continue
        if _is_iban(re.sub(r"[ -]", "", found[:end])):
            return "[iban]" + found[end:]
    return found


def _is_iban(code: str) -> bool:
    if not 15 <= len(code) <= 34 or sum(map(str.isdigit, code)) < 10:
        return False
    return int("".join(str(int(letter, 36)) for letter in code[4:] + code[:4])) % 97 == 1


def _mask_card(match: re.Match[str]) -> str:
    digits = re.sub(r"[ -]", "", match[0])
    return "[card]" if _ISSUER.fullmatch(digits) and _luhn(digits) else match[0]


def _luhn(digits: str) -> bool:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _mask_phone(match: re.Match[str]) -> str:
    number = match[0]
    if number.startswith("+"):
        return "[phone]"
    before = match.string[max(0, match.start() - 40) : match.start()]
    return number if _DATE.match(number) or _NUMBERED_THING.search(before) else "[phone]"


def _mask_after_word(match: re.Match[str]) -> str:
    return match[0][: match.start(1) - match.start()] + "[phone]"


_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (_IBAN, _mask_iban),
    (_CARD, _mask_card),
    (_PHONE, _mask_phone),
    (_AFTER_PHONE_WORD, _mask_after_word),
)
