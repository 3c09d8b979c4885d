"""What the user is told about their comments: how many were not scored and why, and what was changed."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from cxnlp.results import Note

__all__ = ["notes_of"]

_SHOWN = 4


def notes_of(table: pd.DataFrame, *, foreign: Counter[str], truncated: int, max_characters: int) -> tuple[Note, ...]:
    """Notes on a `comments_clean` table; nothing is said of what did not happen.

    ``foreign`` counts the scripts and languages of the unsupported comments; ``truncated`` the
    comments longer than ``max_characters``.
    """
    status = table["status"].value_counts()
    masked = int((table["pii_masked"] > 0).sum())
    warnings = (
        (status.get("empty", 0), "empty comments were not scored"),
        (status.get("junk", 0), "comments without content, such as 'n/a' or 'nothing', were not scored"),
        (
            status.get("unsupported", 0),
            f"comments in a language the model does not read were not scored: {_listed(foreign)}",
        ),
        (truncated, f"comments longer than {max_characters:,} characters were read to that length only"),
    )
    facts = (
        (int(table["is_duplicate"].sum()), "comments repeat an earlier one word for word; they are kept and counted"),
        (masked, f"comments held personal data; {table['pii_masked'].sum():,} items were masked"),
        (status.get("ok", 0), f"comments were split into statements. Languages: {_languages(table)}"),
    )
    said = [Note("clean", message, int(count)) for count, message in warnings if count]
    return (*said, *(Note("clean", message, int(count), "info") for count, message in facts if count))


def _languages(table: pd.DataFrame) -> str:
    scored = table.loc[table["status"] == "ok", "language"]
    counts = Counter(scored.dropna().tolist())
    counts["not determined"] += int(scored.isna().sum())
    return _listed(+counts, shown=len(counts))


def _listed(counts: Counter[str], shown: int = _SHOWN) -> str:
    """The commonest first, in the order of the alphabet where equal: "en 12, ro 3 and 2 more"."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    more = sum(count for _, count in ranked[shown:])
    return ", ".join(f"{name} {count:,}" for name, count in ranked[:shown]) + (f" and {more:,} more" if more else "")
