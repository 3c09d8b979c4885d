"""The units of one outcome, as arrays: what every estimator and every check of this room takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from cxnlp.drivers.controls import Design
from cxnlp.results import Outcome

__all__ = ["Sample"]


@dataclass(frozen=True, slots=True)
class Sample:
    """Units whose outcome is known, n of them, and k tests.

    ``y`` (n,): of an event 1.0 where the bad thing happened, else the score or the amount as given. ``mentions``,
    ``neutral`` and ``crossfit``: integer CSR matrices (n, k) of zeros and ones: the unit mentions it with the test's
    polarity; the same with neutral polarity; the same by topics that were found in the other half of the units.
    ``first_half``: bool (n,). ``design``: cells of the controls. ``cluster``: int (n,), or None where units are
    independent. ``rows`` (n,): positions in ``Family.units``.
    """

    outcome: Outcome
    y: np.ndarray
    mentions: sparse.csr_array
    neutral: sparse.csr_array
    crossfit: sparse.csr_array
    first_half: np.ndarray
    design: Design
    cluster: np.ndarray | None
    rows: np.ndarray

    @property
    def bad(self) -> np.ndarray:
        """Bool (n,): the bad outcome; of a score its bad end; of an amount nowhere."""
        if self.outcome.kind == "event":
            return self.y > 0.5
        if self.outcome.scale is None:
            return np.zeros(len(self.y), dtype=bool)
        worst = self.outcome.scale.dissatisfied
        return self.y <= max(worst) if self.outcome.better == "high" else self.y >= min(worst)

    @property
    def worse(self) -> int:
        """Sign of a difference that is for the worse: 1 for events, -1 where a high score or amount is good."""
        return 1 if self.outcome.kind == "event" or self.outcome.better == "low" else -1
