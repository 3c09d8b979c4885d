"""One spelling for what looks the same: markup, entities, invisible characters, white space."""

from __future__ import annotations

import html
import re
import unicodedata
from itertools import pairwise

__all__ = ["normalise", "shorten"]

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_EXCEL_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")

_HIDDEN_BLOCKS = tuple(
    (re.compile(opener + ".*?" + closer, re.S | re.I), re.compile(closer, re.I))
    for opener, closer in (("<!--", "-->"), (r"<script\b", r"</script\s*>"), (r"<style\b", r"</style\s*>"))
)
_BLOCK_TAGS = (
    "address|article|aside|blockquote|body|br|center|dd|div|dl|dt|fieldset|figure|footer|form|h[1-6]|head|header|hr|"
    "html|li|main|nav|ol|option|p|pre|section|select|table|tbody|td|textarea|tfoot|th|thead|title|tr|ul"
)
_INLINE_TAGS = (
    "a|abbr|b|base|big|button|cite|code|col|colgroup|del|em|embed|font|i|iframe|img|input|ins|kbd|label|link|mark|"
    "meta|o:p|object|q|s|samp|script|small|span|strike|strong|style|sub|sup|svg|tt|u|var|video|wbr"
)
# Only names that HTML knows: "<3", "5 < 6" and "<my city>" are what the customer wrote.
_BLOCK_TAG = re.compile(rf"</?(?:{_BLOCK_TAGS})(?:[\s/][^<>]*)?>", re.I)
_INLINE_TAG = re.compile(rf"</?(?:{_INLINE_TAGS})(?:[\s/][^<>]*)?>", re.I)

# Windows-1252 read as Latin-1 leaves its quotes and dashes as C1 controls (WHATWG Encoding Standard).
# U+0085 stays: to Unicode it is a line break.
_WINDOWS = {code: bytes([code]).decode("cp1252", "ignore") or None for code in range(0x80, 0xA0) if code != 0x85}
_WINDOWS_CONTROL = re.compile("[\x80-\x84\x86-\x9f]")

# Controls, soft hyphens, zero-width and bidirectional marks, noncharacters (illegal in XML, hence in Excel), tags.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f\u00ad\u034f\u061c\u180b-\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufdd0-\ufdef\ufeff\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e00ff"
    + "".join(chr(plane << 16 | last) for plane in range(1, 17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
# A zero-width joiner means something between two pictures only (family, profession, flag).
_STRAY_JOINER = re.compile(
    "(?<![\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d|\u200d(?![\u2190-\u2bff\U0001f000-\U0001faff])"
)
_BLANK_LETTER = re.compile("[\u115f\u1160\u2800\u3164\uffa0]")

_CEDILLA = str.maketrans("ŞşŢţ", "ȘșȚț")
_TURKIC = re.compile("[ıİğĞəƏ]")

_WRAP_WIDTH = 60
_SENTENCE_END = (".", "!", "?", "…", ":", ";")


def normalise(text: str) -> str:
    """The comment without markup and invisible characters, NFC, with one kind of white space.

    The result holds no white space but single spaces and single line breaks, none at either end.
    A line break of the input stays a line break, which ends a statement, unless it only wraps a
    line at a margin. Quotation marks, emoji and case stay as they are.
    """
    if "&" in text:
        # Twice: exports often escape what was escaped already ("&amp;lt;br&amp;gt;").
        text = _unescape(_unescape(text))
    if "_x" in text:
        text = _EXCEL_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    if "<" in text:
        text = _without_markup(text)
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    if not text.isascii():
        text = _plain_unicode(text)
    text = _INVISIBLE.sub("", text)
    text = unicodedata.normalize("NFC", text)
    return _one_space(_romanian(text))


def shorten(text: str, limit: int) -> str:
    """`text` cut to at most `limit` characters, at white space where there is some in its second half."""
    if len(text) <= limit:
        return text
    space = max(text.rfind(mark, limit // 2, limit + 1) for mark in (" ", "\n"))
    return text[: space if space > 0 else limit].rstrip()


def _unescape(text: str) -> str:
    # html.unescape alone would also read "me&not you" as "me¬ you": without a semicolon it is no entity.
    return _ENTITY.sub(lambda match: html.unescape(match[0]), text)


def _without_markup(text: str) -> str:
    for block, closer in _HIDDEN_BLOCKS:
        ends = [match.end() for match in closer.finditer(text)]
        # Nothing can match past the last closer; seeking one there for every opener would take quadratic time.
        if ends:
            text = block.sub(" ", text[: ends[-1]]) + text[ends[-1] :]
    return _INLINE_TAG.sub("", _BLOCK_TAG.sub("\n", text))


def _plain_unicode(text: str) -> str:
    # Through UTF-16 two halves of a character find each other, and a lone half becomes U+FFFD.
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if _WINDOWS_CONTROL.search(text):
        text = text.translate(_WINDOWS)
    return _STRAY_JOINER.sub("", _BLANK_LETTER.sub(" ", text))


def _romanian(text: str) -> str:
    # The same ş is right in Turkish and Azeri; those texts nearly always have a letter that Romanian lacks.
    return text if text.isascii() or _TURKIC.search(text) else text.translate(_CEDILLA)


def _one_space(text: str) -> str:
    lines = [line for line in (" ".join(line.split()) for line in text.splitlines()) if line]
    if len(lines) < 2:
        return lines[0] if lines else ""
    joined = [lines[0]]
    for before, line in pairwise(lines):
        wrapped = len(before) >= _WRAP_WIDTH and line[0].islower() and not before.endswith(_SENTENCE_END)
        joined += (" " if wrapped else "\n", line)
    return "".join(joined)
