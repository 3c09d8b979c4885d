"""Which language a comment is written in, and whether the model reads it.

The detector is py3langid (Naive Bayes over byte n-grams, 139 languages), asked once a distinct
text. Its probabilities are used twice: renormalised over our languages they name the language;
summed over our languages they say whether it is one of ours at all.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from cxnlp.schema import LANGUAGES

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

__all__ = [
    "NOT_GIVEN",
    "FOREIGN",
    "Detected",
    "Decision",
    "detect",
    "decide",
    "usual_language",
    "position_of",
    "NO_USUAL",
    "given_codes",
    "foreign_names",
]

NOT_GIVEN, FOREIGN = -1, -2
"""Codes beside positions in LANGUAGES: no language is given, or one that the model does not read."""

SURE = 0.60
"""Least probability at which the detector names a language by itself."""
VERY_SURE = 0.90
"""Least probability at which it overrules the language given in the data."""
SHORT = 20
"""Below so many letters a doubtful comment is taken to be in the language of the file."""
LONG = 40
"""From so many letters on, Latin text can be told to be in none of our languages..."""
NONE_OF_OURS = 0.01
"""...if our languages together get less than this probability."""

NO_USUAL = "none"
"""In place of a language code: the file has no usual language."""

USUAL = 0.75
"""A file has a usual language if at least this share of its comments is in it: a bare majority misleads."""

_READ_CHARACTERS = 200
_NO_WORDS = re.compile(r"\[(?:email|phone|card|iban|link)\]|@\w+")
_LATIN = re.compile(
    r"[A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af\u1d00-\u1dbf\u1e00-\u1eff\uff21-\uff3a\uff41-\uff5a]"
)

_NAMES = {
    "en": "eng english engleza angielski inglese englisch anglais ingles engels",
    "ro": "ron rum romanian romana rumunski rumeno rumanisch roumain rumano romeno roemeens",
    "pl": "pol polish poloneza polski polacco polnisch polonais polaco pools",
    "it": "ita italian italiana wloski italiano italienisch italien italiaans",
    "de": "deu ger german germana niemiecki tedesco deutsch allemand aleman alemao duits",
    "fr": "fra fre french franceza francuski francese franzosisch francais frances frans",
    "es": "spa spanish spaniola hiszpanski spagnolo spanisch espagnol espanol espanhol castellano spaans",
    "pt": "por portuguese portugheza portugalski portoghese portugiesisch portugais portugues portugees",
    "nl": "nld dut dutch olandeza holenderski niderlandzki olandese niederlandisch neerlandais neerlandes nederlands",
}
_CODE_OF = {name: LANGUAGES.index(code) for code, names in _NAMES.items() for name in (code, *names.split())}
_AMBIGUOUS = frozenset({"uk", "br", "na", "no", "se", "si", "id", "ca", "zxx"})
"""Codes of other languages that survey tools also use for a country, or for yes and no: taken as not given."""


@dataclass(frozen=True, slots=True)
class Detected:
    """What the texts say by themselves, one row a text.

    ``probability``: array (n, number of LANGUAGES), rows sum to 1; ``ours``: array (n,), the
    probability that the language is one of LANGUAGES; ``letters``: array (n,), Latin letters;
    ``script``: the foreign script of most letters, or "" where most are Latin.
    """

    probability: np.ndarray
    ours: np.ndarray
    letters: np.ndarray
    script: np.ndarray
    other: np.ndarray
    """The most probable language outside LANGUAGES."""

    def of(self, rows: np.ndarray) -> Detected:
        """The same for a table whose row i holds text number ``rows[i]``."""
        return Detected(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Decision:
    """One row a text. ``language``: position in LANGUAGES or NOT_GIVEN; ``confidence``: NaN where not given."""

    language: np.ndarray
    confidence: np.ndarray
    unsupported: np.ndarray


def detect(texts: Iterable[str]) -> Detected:
    """Ask the detector about each text (its first 200 characters; deterministic, no network)."""
    rows = [_detect(text) for text in texts]
    probability = np.array([row[0] for row in rows], dtype=float).reshape(len(rows), len(LANGUAGES))
    ours = probability.sum(axis=1)
    return Detected(
        # Far from all of ours the sum underflows; equal shares then say that nothing is known.
        probability=np.where(ours[:, None] > 0, probability / np.maximum(ours, 1e-300)[:, None], 1 / len(LANGUAGES)),
        ours=ours,
        letters=np.array([row[1] for row in rows], dtype=int),
        script=np.array([row[2] for row in rows], dtype=object),
        other=np.array([row[3] for row in rows], dtype=object),
    )


def decide(detected: Detected, given: np.ndarray, usual: int = NOT_GIVEN) -> Decision:
    """The language of each text from the detector, the language given in the data and that of the file.

    Parameters
    ----------
    detected : what `detect` found.
    given : array of shape (n,), position in LANGUAGES, NOT_GIVEN or FOREIGN (see `given_codes`).
    usual : position of the language of most comments of the file (see `usual_language`).
    """
    best, top = detected.probability.argmax(axis=1), detected.probability.max(axis=1)
    has_letters = detected.letters > 0
    very_sure = (top >= VERY_SURE) & (detected.ours >= 0.5) & has_letters
    alien = (detected.script != "") | ((detected.letters >= LONG) & (detected.ours < NONE_OF_OURS))
    unsupported = alien | ((given == FOREIGN) & has_letters & ~very_sure)

    # Against the language of the file, a few letters must speak clearly.
    needed = np.where((usual != NOT_GIVEN) & (detected.letters < SHORT), VERY_SURE, SURE)
    sure = (top >= needed) & has_letters
    # A doubtful detector that leans to the language of the file is believed whatever the length.
    fallback = np.where((detected.letters < SHORT) | (best == usual), usual, NOT_GIVEN)
    language = np.where(sure, best, np.where(has_letters, fallback, NOT_GIVEN))
    believed = (given >= 0) & ~(very_sure & (detected.letters >= SHORT))
    language = np.where(believed, given, language)
    language = np.where(unsupported, NOT_GIVEN, language)
    known = language >= 0
    confidence = np.where(known, detected.probability[np.arange(len(best)), np.maximum(language, 0)], np.nan)
    return Decision(language, confidence, unsupported)


def usual_language(decision: Decision, counted: np.ndarray) -> int:
    """The language of nearly all (USUAL) of the comments `counted` (flags) whose language is known, else NOT_GIVEN."""
    counts = np.bincount(decision.language[counted & (decision.language >= 0)], minlength=len(LANGUAGES))
    return int(counts.argmax()) if counts.any() and counts.max() >= USUAL * counts.sum() else NOT_GIVEN


def position_of(usual: str) -> int:
    """Position in LANGUAGES of a language code, NOT_GIVEN for `NO_USUAL` or another code."""
    return LANGUAGES.index(usual) if usual in LANGUAGES else NOT_GIVEN


def given_codes(values: Sequence[object]) -> np.ndarray:
    """Languages as surveys write them ("en-GB", "ENG", "Polski"): positions in LANGUAGES, NOT_GIVEN or FOREIGN."""
    return np.array([_given_code(value) for value in values], dtype=int).reshape(len(values))


def foreign_names(detected: Detected, which: np.ndarray) -> Counter[str]:
    """For people: the scripts and languages of the rows `which`, counted."""
    return Counter(
        f"{script} script" if script else f"probably {other!r}"
        for script, other in zip(detected.script[which], detected.other[which], strict=True)
    )


def _given_code(value: object) -> int:
    if not isinstance(value, str):
        return NOT_GIVEN
    plain = unicodedata.normalize("NFD", value.casefold().replace("ł", "l"))
    name = re.split(r"[^a-z]+", "".join(letter for letter in plain if not unicodedata.combining(letter)).strip())[0]
    if name in _CODE_OF:
        return _CODE_OF[name]
    return FOREIGN if name in _detector().labels and name not in _AMBIGUOUS else NOT_GIVEN


def _detect(text: str) -> tuple[list[float], int, str, str]:
    """Probability of each of LANGUAGES, number of Latin letters, foreign script or "", best other language."""
    words = _NO_WORDS.sub(" ", text[:_READ_CHARACTERS]) if "[" in text or "@" in text else text[:_READ_CHARACTERS]
    all_letters = [character for character in words if character.isalpha()]
    letters = len(all_letters) if words.isascii() else len(_LATIN.findall(words))
    if len(all_letters) - letters > max(letters, 1):
        return [0.0] * len(LANGUAGES), letters, _script(all_letters), ""
    ranked = _detector().rank(words)
    probability = dict(ranked)
    other = next(language for language, _ in ranked if language not in LANGUAGES)
    return [probability[language] for language in LANGUAGES], letters, "", other


def _script(letters: list[str]) -> str:
    scripts = Counter(unicodedata.name(letter, "UNKNOWN").split()[0] for letter in letters if not _LATIN.match(letter))
    return min(scripts, key=lambda name: (-scripts[name], name))


@cache
def _detector() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
