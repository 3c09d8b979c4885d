"""More texts for a student than anybody wrote: sentences of different comments, put together anew."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxnlp.text.split import split

__all__ = ["spliced"]

_PARTS = (0.3, 0.45, 0.25)
"""Share of texts of one, two and three parts: a statement alone, and comments that say several things."""


def spliced(rows: pd.DataFrame, n: int, seed: int) -> pd.DataFrame:
    """`n` new texts for each language of `rows` (columns ``text``, ``language``); the same columns, no text twice.

    The parts of a text are sentences or clauses of comments in its language. Nobody labelled such a text: it is for a
    teacher to judge (Tang et al. 2019, arXiv:1903.12136, section 3.2, make texts for a student in a like way).
    """
    random = np.random.default_rng(seed)
    found = []
    for language, part in rows.sort_values(["language", "text"]).groupby("language"):
        pieces = sorted({text[a:b] for text in part["text"] for a, b in split(text, str(language))})
        lengths = random.choice(len(_PARTS), size=n, p=_PARTS) + 1
        texts = [" ".join(pieces[k] for k in random.integers(len(pieces), size=length)) for length in lengths]
        found.append(pd.DataFrame({"text": texts, "language": language}))
    known = set(rows["text"])
    every = pd.concat(found, ignore_index=True).drop_duplicates(["text", "language"])
    return every[~every["text"].isin(known)].reset_index(drop=True)
