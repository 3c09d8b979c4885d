"""When to say yes, when no, and when to leave it to a person: label-conditional conformal prediction.

With s the score of a statement, and calibration scores of n1 texts that carry the tag and n0 that do not::

    p_yes = (1 + number of positive calibration scores <= s) / (n1 + 1)
    p_no  = (1 + number of negative calibration scores >= s) / (n0 + 1)

An answer is excluded where its p-value is at most the error rate. Both possible, or neither: doubt.

What holds: for a statement exchangeable with the examples that carry the tag, the chance that "no" is answered
is at most the error rate, and likewise "yes" for one exchangeable with the texts that do not; each class for
itself, on average over books drawn like this one. What does not hold: nothing is promised for statements unlike
the examples, for one book once it is given, or for the share of wrong answers among the answers of one kind.
The scores here are those of cross-validation, while statements are scored by the fit to all texts; the theorem
needs one scorer for both, so the bound is approximate (Vovk 2015 on cross-conformal predictors; the tests measure it).

Sources: Vovk, Gammerman and Shafer 2005, Algorithmic Learning in a Random World, ch. 4; Sadinle, Lei and
Wasserman 2019, "Least ambiguous set-valued classifiers with bounded error levels", JASA 114.
"""

from __future__ import annotations

import math

import numpy as np

__all__ = ["Limits", "examples_needed", "limits", "p_values"]

Limits = tuple[float, float]
"""(yes_from, no_to): 'yes' is possible from the score yes_from on, 'no' up to the score no_to."""

_SLACK = 1e-9


def examples_needed(error_rate: float) -> int:
    """Fewest examples with which an answer can be excluded at all: n + 1 >= 1 / error_rate."""
    return math.ceil(1 / error_rate - _SLACK) - 1


def limits(positive: np.ndarray, negative: np.ndarray, error_rate: float) -> Limits:
    """The scores at which the p-values cross ``error_rate``; a class that can never be excluded has none (infinite).

    p_yes > e says that at least floor(e (n1 + 1)) positive scores are <= s: s reaches that order statistic.
    """
    least_yes, least_no = (math.floor(error_rate * (len(own) + 1) + _SLACK) for own in (positive, negative))
    yes_from = float(np.sort(positive)[least_yes - 1]) if least_yes else -math.inf
    no_to = float(np.sort(negative)[-least_no]) if least_no else math.inf
    return yes_from, no_to


def p_values(score: np.ndarray, positive: np.ndarray, negative: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """p_yes and p_no (n,) of scores (n,), as the module defines them."""
    below = np.searchsorted(np.sort(positive), score, side="right")
    above = len(negative) - np.searchsorted(np.sort(negative), score, side="left")
    return (1 + below) / (len(positive) + 1), (1 + above) / (len(negative) + 1)
