"""Which half of the customers each comment belongs to: topics found in one half are tested in the other."""

from __future__ import annotations

import numpy as np

from cxnlp.halves import in_first_half
from cxnlp.results import Comments, Statements
from cxnlp.scores.customers import customer_keys

__all__ = ["halves"]


def halves(comments: Comments, statements: Statements) -> np.ndarray:
    """Bool array, one entry per comment: its customer is in the first half; by its words where none is known."""
    keys = customer_keys(comments.table["customer_id"]).reset_index(drop=True).astype(object)
    words = statements.comments["text_clean"].reset_index(drop=True).astype(object)
    return in_first_half(keys.where(keys.notna(), words))
