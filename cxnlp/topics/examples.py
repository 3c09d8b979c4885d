"""Statements that show what a topic is about: typical, different from each other, of readable length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["representatives", "shorten"]

CANDIDATES = 60
READABLE = (20, 160)
UNREADABLE_COST = 0.25
"""Subtracted from the cosine of a statement that is too short or too long to be shown."""

TYPICAL = 0.7
"""Weight of being typical against being different (lambda of maximal marginal relevance)."""

LONGEST = 300


def representatives(texts: Sequence[str], points: np.ndarray, centre: np.ndarray, *, number: int = 3) -> list[int]:
    """Positions of up to `number` statements chosen by maximal marginal relevance.

    Each next one maximises ``.7 * typical - .3 * (largest cosine with those chosen)`` (Carbonell and
    Goldstein 1998). Statements that differ only in case, spaces or punctuation count as one.

    Parameters
    ----------
    texts : n distinct statements of one topic, in an order that does not depend on the input's.
    points : float array (n, d), rows of length 1.
    centre : float array (d,).
    """
    length = np.array([len(text) for text in texts])
    unreadable = (length < READABLE[0]) | (length > READABLE[1])
    direction = centre / max(float(np.linalg.norm(centre)), 1e-12)
    typical = (points @ direction - UNREADABLE_COST * unreadable).round(9)
    pool = _distinct(texts, np.argsort(-typical, kind="stable").tolist())[:CANDIDATES]
    chosen: list[int] = []
    while pool and len(chosen) < number:
        score = typical[pool] * TYPICAL
        if chosen:
            score = score - (1 - TYPICAL) * (points[pool] @ points[chosen].T).max(axis=1)
        chosen.append(pool.pop(int(score.round(9).argmax())))
    return chosen


def _distinct(texts: Sequence[str], order: list[int]) -> list[int]:
    seen: dict[str, int] = {}
    for i in order:
        letters = "".join(letter for letter in texts[i].casefold() if letter.isalnum()) or texts[i]
        seen.setdefault(letters, i)
        if len(seen) == CANDIDATES:
            break
    return list(seen.values())


def shorten(text: str) -> str:
    """The text on one line, cut at a word to 300 characters with an ellipsis."""
    line = " ".join(text[: 4 * LONGEST].split())
    if len(line) <= LONGEST:
        return line
    return line[:LONGEST].rsplit(" ", 1)[0] + "…"
