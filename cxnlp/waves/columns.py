"""The columns of the table of changes: name, kind of value, meaning."""

from __future__ import annotations

__all__ = ["CHANGES"]

CHANGES: tuple[tuple[str, str, str], ...] = (
    ("topic_id", "text", "topic compared"),
    ("topic_name", "text", "its name"),
    ("status", "text", "new, vanished, grown, shrunk, no change shown or too few to tell"),
    ("n_before", "integer", "comments of the first wave that mention it"),
    ("n_after", "integer", "comments of the second wave that mention it; of a candidate: those not used to find it"),
    ("share_before", "number", "n_before over the scored comments of the first wave, 0 to 1"),
    ("share_after", "number", "n_after over the scored comments that it was counted in, 0 to 1"),
    ("ratio", "number", "share_after over share_before; missing where share_before is 0"),
    ("ratio_low", "number", "95 % interval; missing where no comment mentions it"),
    ("ratio_high", "number", "95 % interval; missing where there is no upper limit, because share_before is 0"),
    ("p", "number", "two-sided p-value of equal shares; missing where there are too few to tell"),
    ("q", "number", "Benjamini-Hochberg q-value of p over every p and drift_p of the table"),
    (
        "drift",
        "number",
        "distance of the centroids of the two waves, 0 to 2, language by language; missing: not tested",
    ),
    ("drift_p", "number", "permutation p-value of the drift; missing where it was not tested"),
    ("drift_q", "number", "Benjamini-Hochberg q-value of drift_p, in the same family as q"),
    ("drifted", "flag", "drift_q is below the limit: the topic holds other statements than before"),
    ("words_gained", "list", "words that the topic's statements use more than before, clearest first; not a test"),
    ("words_lost", "list", "words that they use less"),
    ("method", "text", "how the rates and the centroids were compared"),
)
"""The declarations of the table `changes`, in order, one row a topic."""
