"""What people do to their own words: no diacritics, old code points, capitals, typos, emoji, loooong vowels, cut ends.

Every change keeps the label, so that the model learns not to listen to it. All of them are functions
``(text, random, context) -> text``; to add one, write it and add a line to `CHANGES`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

__all__ = ["CHANGES", "Context", "augment", "accents", "bare", "mistype"]

_WORD = re.compile(r"[^\W\d_]+")
_CEDILLA = str.maketrans("șțȘȚ", "şţŞŢ")
_UNDECOMPOSED = str.maketrans("łŁøØđĐß", "lLoOdDs")
_EMOJI = {
    "negative": ("😡", "😠", "👎", "😤", "😞", "🙄", "💔"),
    "positive": ("😊", "👍", "❤️", "😍", "🙏", "👏", "⭐"),
}


@dataclass(frozen=True, slots=True)
class Context:
    """What a change may know of the text: its sentiment label ('' where unknown) and its language's accented words."""

    sentiment: str = ""
    accented: Mapping[str, str] = field(default_factory=dict)


def bare(text: str) -> str:
    """The text without diacritics: ``așa`` becomes ``asa``, ``żółty`` becomes ``zolty``."""
    split = unicodedata.normalize("NFD", text.translate(_UNDECOMPOSED))
    return "".join(letter for letter in split if not unicodedata.combining(letter))


def accents(texts: Iterable[str]) -> dict[str, str]:
    """Bare word -> the accented word that it nearly always stands for in `texts`: twice or more, and 9 times of 10."""
    forms: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for text in texts:
        for word in _WORD.findall(text.lower()):
            forms[bare(word)][word] += 1
    found = {}
    for word, counts in forms.items():
        form, count = max(counts.items(), key=lambda item: (item[1], item[0]))
        if form != word and count >= 2 and count >= 0.9 * counts.total():
            found[word] = form
    return found


def augment(text: str, random: np.random.Generator, context: Context, *, share: float) -> str:
    """The text with one change, with probability `share`, and after it a second one with probability `share` / 2.

    A change that does not apply returns the text as it is; the result is never empty.
    """
    names = list(CHANGES)
    for probability in (share, share / 2):
        if random.random() >= probability:
            break
        text = CHANGES[names[random.integers(len(names))]](text, random, context) or text
    return text


def _bare(text: str, random: np.random.Generator, context: Context) -> str:
    return bare(text)


def _bare_lower(text: str, random: np.random.Generator, context: Context) -> str:
    return bare(text).lower()


def _accent(text: str, random: np.random.Generator, context: Context) -> str:
    def restored(match: re.Match[str]) -> str:
        word = match.group()
        form = context.accented.get(word.lower(), word.lower())
        return form.capitalize() if word[0].isupper() else form

    return _WORD.sub(restored, text) if context.accented and text == bare(text) else text


def _cedilla(text: str, random: np.random.Generator, context: Context) -> str:
    return text.translate(_CEDILLA)


def _lower(text: str, random: np.random.Generator, context: Context) -> str:
    return text.lower()


def _upper(text: str, random: np.random.Generator, context: Context) -> str:
    return text.upper()


def _no_punctuation(text: str, random: np.random.Generator, context: Context) -> str:
    return re.sub(r"[.,;:!?\"„”«»]+", "", text)


def mistype(text: str, random: np.random.Generator, most: int) -> str:
    """The text with a letter left out, doubled or swapped with the next in each of up to `most` of its longer words."""
    words = [match for match in _WORD.finditer(text) if len(match.group()) > 3]
    chosen = {int(random.integers(len(words))) for _ in range(most)} if words else set()
    for match in (words[k] for k in sorted(chosen, reverse=True)):
        at = match.start() + int(random.integers(1, len(match.group()) - 1))
        kind = random.integers(3)
        middle = ("", text[at] * 2, text[at + 1] + text[at])[kind]
        text = text[:at] + middle + text[at + (2 if kind == 2 else 1) :]
    return text


def _typo(text: str, random: np.random.Generator, context: Context) -> str:
    return mistype(text, random, 2)


def _emoji(text: str, random: np.random.Generator, context: Context) -> str:
    known = _EMOJI.get(context.sentiment)
    return f"{text} {known[random.integers(len(known))] * int(random.integers(1, 4))}" if known else text


def _elongate(text: str, random: np.random.Generator, context: Context) -> str:
    words = [match for match in _WORD.finditer(text) if len(match.group()) > 2]
    if not words:
        return text
    match = words[random.integers(len(words))]
    vowels = [k for k in range(match.start(), match.end()) if bare(text[k]).lower() in "aeiou"]
    if not vowels:
        return text
    at = vowels[-1]
    return text[:at] + text[at] * int(random.integers(3, 6)) + text[at + 1 :]


def _cut(text: str, random: np.random.Generator, context: Context) -> str:
    words = text.split(" ")
    return " ".join(words[: -int(random.integers(1, 3))]) if len(words) > 9 else text


CHANGES: dict[str, Callable[[str, np.random.Generator, Context], str]] = {
    "bare": _bare,
    "bare_lower": _bare_lower,
    "accent": _accent,
    "cedilla": _cedilla,
    "lower": _lower,
    "upper": _upper,
    "no_punctuation": _no_punctuation,
    "typo": _typo,
    "emoji": _emoji,
    "elongate": _elongate,
    "cut": _cut,
}
"""Name -> change. The end is cut by a word or two only: a whole sentence may be the one that carries the label."""
