"""Words as they are compared: without case and accents; and what yes, no, gone and stayed are called."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import numpy as np
import pandas as pd

__all__ = ["GONE", "NO", "STAYED", "TEXT", "YES", "fold", "folded", "sample", "slug", "text_of"]

TEXT = pd.StringDtype(na_value=np.nan)
"""The text dtype of pandas 3, named so that pandas 2.3 gives the same."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


YES = _words("true t 1 yes y da tak si s ja j oui sim wahr vrai vero prawda adevarat waar")
NO = _words("false f 0 no n nu nie nein non nao nee falsch faux falso falsz fals onwaar")
GONE = YES | _words(
    """churned churn left leaving gone lost cancelled canceled inactive closed terminated lapsed departed quit
    gekundigt gekuendigt abgewandert verloren inaktiv  odszedl odeszla odeszlo zrezygnowal nieaktywny utracony
    plecat anulat reziliat inactiv pierdut  resilie parti perdu inactif  disdetto abbandonato perso inattivo
    cancelado perdido inactivo baja  saiu inativo  opgezegd vertrokken inactief"""
)
STAYED = NO | _words(
    """active stayed retained kept current existing open renewed joined  aktiv bestehend geblieben  aktywny obecny
    activ ramas  actif reste  attivo rimasto  activo alta  ativo  actief gebleven"""
)

_SAID_NOTHING = frozenset(("", "n/a", "#n/a", "na", "nan", "null", "-", "--", "?"))
# Letters that Unicode does not take apart into a base letter and an accent.
_LETTERS = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D"})


@lru_cache(maxsize=65_536)
def fold(text: str) -> str | None:
    """``text`` without case, accents and outer space, '1.0' as '1'; None where it says nothing ('', 'n/a')."""
    letters = unicodedata.normalize("NFKD", text.translate(_LETTERS)).casefold()
    plain = " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())
    return None if plain in _SAID_NOTHING else re.sub(r"^([+-]?\d+)\.0+$", r"\1", plain)


def text_of(values: pd.Series) -> pd.Series:
    """``values`` as text of the same index; missing stays missing."""
    return values.astype(TEXT)


def folded(values: pd.Series) -> pd.Series:
    """`fold` of every value; missing where it says nothing."""
    text = text_of(values)
    return text.map({value: fold(value) for value in text.dropna().unique()}).astype(TEXT)


def slug(text: str) -> str:
    """``text`` as part of a column name: lower-case letters, digits and underscores; may be empty."""
    return re.sub(r"[^a-z0-9]+", "_", fold(text) or "").strip("_")


def sample(values: pd.Series, most: int = 3) -> str:
    """Up to ``most`` distinct ``values`` for a message: the most frequent first, alphabetical among equals."""
    counts = text_of(values).value_counts().rename_axis("value").reset_index(name="n")
    counts = counts.sort_values(["n", "value"], ascending=[False, True])
    shown = [value if len(value) <= 40 else value[:39] + "…" for value in counts["value"].head(most)]
    return ", ".join(shown) + (", ..." if len(counts) > most else "")
