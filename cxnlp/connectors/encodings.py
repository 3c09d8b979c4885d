"""Bytes to text: certain where the bytes say so, a guess with a warning where they do not."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from itertools import islice

from cxnlp.errors import InputError
from cxnlp.results import Note

__all__ = ["decode", "guess", "mend_surrogates"]

_BOMS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GUESSES = ("utf-8", "cp1252", "cp1250", "iso-8859-2")
"""In order of preference where several read the words equally well."""

_ALPHABETS = tuple(
    frozenset(letters)
    for letters in (
        "éïöèêëç",  # en, loan words
        "ăâîșțşţ",  # ro
        "ąćęłńóśźż",  # pl
        "àèéìòùî",  # it
        "äöüß",  # de
        "àâçéèêëîïôùûüœ",  # fr
        "áéíóúüñ",  # es
        "ãõáâàéêíóôúüç",  # pt
        "éèëïöüáóíê",  # nl
    )
)
"""Letters beyond ASCII of each supported language, lower case."""

_ALL_LANGUAGES = frozenset(range(len(_ALPHABETS)))

_PUNCTUATION = str.maketrans(dict.fromkeys("“”„‟‘’‚‹›«»–—…•·€£§©®™°¿¡´¨\xa0\xad", " "))
_WORDS = re.compile(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*")
_SURROGATES = re.compile("[\ud800-\udfff]")
_WORDS_LOOKED_AT = 20_000


def decode(data: bytes, *, encoding: str | None, name: str, whole: bool = True) -> tuple[str, tuple[Note, ...]]:
    """Text of `data` without byte order mark, and notes on whatever was not certain.

    A byte order mark decides; then UTF-16 without one where every other byte is NUL; then valid
    UTF-8; then `encoding`; then a guess, with a warning.

    Parameters
    ----------
    encoding : what the user named, or None. Valid UTF-8 that holds more than ASCII is read as such
        all the same, because no other encoding produces it by accident; a note says so.
    name : name of the input, for messages.
    whole : False where `data` is only the beginning of the input and may end inside a character.

    Raises
    ------
    InputError
        `encoding` does not fit, or nothing does.
    """
    certain = _by_mark(data) or (encoding is None and _by_nul_pattern(data)) or None
    if certain is None and (encoding is None or not data.isascii()) and _fits(data, "utf-8", whole):
        certain = "utf-8"
    if certain is not None:
        return _strict(data, certain, name, whole), _overruled(encoding, certain, data, name)
    if encoding is not None:
        return _strict(data, encoding, name, whole), ()
    return _guessed(data, name)


def guess(data: bytes) -> tuple[str, float]:
    """Most plausible encoding of `data` in the supported languages, and the share of words it explains.

    Each word with a byte beyond ASCII counts as explained if, decoded, all its letters belong to the
    alphabet of one language and its capitals stand where capitals stand. Of equals, the one wins in
    which a single language explains most words, then the first of `_GUESSES`; without any such word
    the share is 1.
    """
    words = [match.group() for match in islice(_WORDS.finditer(data), _WORDS_LOOKED_AT)]
    shares = {candidate: _explained(words, candidate) for candidate in _GUESSES}
    best = max(shares, key=lambda candidate: shares[candidate])
    return best, shares[best][0]


def mend_surrogates(text: str) -> str:
    """`text` with escaped surrogate pairs joined and lone surrogates replaced by U+FFFD: no file could hold them."""
    if not _SURROGATES.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _by_mark(data: bytes) -> str | None:
    return next((encoding for mark, encoding in _BOMS if data.startswith(mark)), None)


def _by_nul_pattern(data: bytes) -> str | None:
    head = data[:4096]
    if len(head) < 8:
        return None
    even, odd = head[::2].count(0) / len(head[::2]), head[1::2].count(0) / len(head[1::2])
    if odd > 0.5 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.5 and odd < 0.05 else None


def _fits(data: bytes, encoding: str, whole: bool) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(data, final=whole)
    except UnicodeDecodeError:
        return False
    return True


def _strict(data: bytes, encoding: str, name: str, whole: bool) -> str:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data, final=whole)
    except (UnicodeError, LookupError) as error:
        where = f" at byte {error.start}" if isinstance(error, UnicodeDecodeError) else ""
        likely = guess(data)[0]
        raise InputError(
            f"{name} is not {encoding}: {getattr(error, 'reason', error)}{where}",
            expected=f"text in {encoding}",
            fix=f"name the right encoding, perhaps --encoding {likely}, or save the file as UTF-8",
        ) from error


def _overruled(encoding: str | None, certain: str, data: bytes, name: str) -> tuple[Note, ...]:
    if encoding is None or data.isascii():
        return ()
    family = certain.removesuffix("-sig")
    if codecs.lookup(encoding).name.startswith(family):
        return ()
    return (
        Note("read", f"{name} is {family}, as its bytes prove, and was read so; --encoding {encoding} was not used"),
    )


def _guessed(data: bytes, name: str) -> tuple[str, tuple[Note, ...]]:
    encoding, share = guess(data)
    if share < 0.5:
        raise InputError(
            f"{name} is not UTF-8 and reads like none of {', '.join(_GUESSES[1:])}",
            expected="text in UTF-8, or its encoding named",
            fix="--encoding NAME, such as --encoding cp1251, or save the file as UTF-8",
        )
    text = data.decode(encoding, "replace")
    broken = text.count("\ufffd")
    if encoding == "utf-8":
        message = f"{name} is UTF-8 with {broken} broken characters, shown as \ufffd; --encoding NAME if it is not"
        return text, (Note("read", message, broken),)
    message = f"{name} is not UTF-8: its encoding was guessed as {encoding}; --encoding NAME if letters look wrong"
    return text, (Note("read", message),)


def _explained(words: list[bytes], encoding: str) -> tuple[float, float]:
    """Share of words that some language explains, and share that the best single language explains."""
    if not words:
        return 1.0, 1.0
    by_word = [_languages_of(word.decode(encoding, "replace")) for word in words]
    alone = Counter(language for languages in by_word for language in languages)
    return sum(map(bool, by_word)) / len(words), max(alone.values(), default=0) / len(words)


def _languages_of(word: str) -> frozenset[int]:
    """Positions in `_ALPHABETS` of the languages that write all parts of `word` so."""
    parts = word.translate(_PUNCTUATION).split()
    return _ALL_LANGUAGES.intersection(*(_languages_of_part(part) for part in parts))


def _languages_of_part(part: str) -> frozenset[int]:
    if not (part.isascii() or part.islower() or part.isupper() or part[1:].islower()):
        return frozenset()
    # Ordinals end a word: inside one, they are another letter misread.
    letters = {letter for letter in part.lower().rstrip("ºª") if not letter.isascii()}
    return frozenset(position for position, alphabet in enumerate(_ALPHABETS) if letters <= alphabet)
