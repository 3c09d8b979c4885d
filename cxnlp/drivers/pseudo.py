"""What stands in a regression for the mention of a topic: the model's tag, or a pseudo-mention made from an audit.

The pseudo-mention m + (R / pi) (T - m) is that of `corrected`: T the true mention, R whether people labelled the unit,
pi the chance that it was drawn, m the share of true mentions among labelled units with the same tag. As the outcome of
a regression it makes the coefficients right whatever the tagger is worth (design-based supervised learning, Egami et
al. 2023, arXiv 2306.04746). Units are alike but for their pattern, tag and label, so all sums are sums of counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from cxnlp.drivers.corrected import MIN_TRUE

__all__ = ["Labels", "Piece", "Response", "as_tagged", "corrected", "correctable"]


@dataclass(frozen=True, slots=True)
class Labels:
    """People's tags: ``mentions`` CSR (n, k), ``known`` bool (n,), ``chance`` float (n,) of being drawn."""

    mentions: sparse.csr_array
    known: np.ndarray
    chance: np.ndarray

    def take(self, units: np.ndarray | slice, tests: np.ndarray | slice) -> Labels:
        """Some units and tests of them."""
        return Labels(self.mentions[units][:, tests], self.known[units], self.chance[units])


@dataclass(frozen=True, slots=True)
class Piece:
    """Units with one value of the response: ``pattern`` int (r,), ``count`` (r, k), ``value`` (k,) or (r, k)."""

    pattern: np.ndarray
    count: np.ndarray
    value: np.ndarray


@dataclass(frozen=True, slots=True)
class Response:
    """The response of n units, k tests, by P patterns of units.

    ``pieces``: the units of all patterns, by value. ``level`` (k,) and ``entries`` CSR (n, k): their sum is the
    response of each unit. ``draws``: what the drawing of the labels adds, where there are any.
    """

    patterns: int
    pieces: tuple[Piece, ...]
    level: np.ndarray
    entries: sparse.csr_array
    draws: tuple[_Draw, ...] = field(default=())

    @property
    def total(self) -> np.ndarray:
        """Sums of the response by pattern, (P, k)."""
        return sum((self._by_pattern(one, one.count * one.value) for one in self.pieces), start=self._nothing())

    def squares(self, mean: np.ndarray) -> np.ndarray:
        """Sums of squared distances from ``mean`` (P, k), by pattern."""
        parts = (self._by_pattern(one, one.count * (one.value - mean[one.pattern]) ** 2) for one in self.pieces)
        return sum(parts, start=self._nothing())

    def unseen(self, squared: np.ndarray) -> np.ndarray:
        """What to add to variances of coefficients, (parameters, k), lest by luck no label shows some kind of error.

        ``squared`` (P, parameters): squares of what a unit's response adds to each coefficient. What the draw adds to a
        variance is taken no smaller than from smoothed shares of errors, as in `corrected.correct`.
        """
        seen, smoothed = np.zeros((squared.shape[1], len(self.level))), np.zeros((squared.shape[1], len(self.level)))
        for draw in self.draws:
            scale = squared[draw.pattern] * ((1 - draw.chance) / draw.chance**2)[:, None]
            seen += scale.T @ draw.errors
            smoothed += scale.T @ draw.count * draw.spread
        return np.maximum(smoothed - seen, 0)

    def _nothing(self) -> np.ndarray:
        return np.zeros((self.patterns, len(self.level)))

    def _by_pattern(self, piece: Piece, values: np.ndarray) -> np.ndarray:
        if len(piece.pattern) == self.patterns:
            return values
        return _sums(piece.pattern, self.patterns) @ values


@dataclass(frozen=True, slots=True)
class _Draw:
    """Groups of labelled units with one tag and one outcome: ``pattern`` and ``chance`` (g,), ``count`` (g, k), their
    sums of squares of T - m, ``errors`` (g, k); and ``spread`` (k,), p (1 - p) of a smoothed share of true mentions."""

    pattern: np.ndarray
    chance: np.ndarray
    count: np.ndarray
    errors: np.ndarray
    spread: np.ndarray


def as_tagged(mentions: sparse.csr_array, pattern: np.ndarray, size: np.ndarray) -> Response:
    """The model's tags as they are. ``pattern`` int (n,); ``size`` (P,): units of each pattern."""
    count = (_sums(pattern, len(size)) @ mentions).toarray()
    every = np.arange(len(size))
    k = mentions.shape[1]
    pieces = (Piece(every, count, np.ones(k)), Piece(every, size[:, None] - count, np.zeros(k)))
    return Response(len(size), pieces, np.zeros(k), mentions.astype(float))


def correctable(mentions: sparse.csr_array, labels: Labels) -> np.ndarray:
    """Bool (k,): at least `MIN_TRUE` labelled units do mention it, and units with and without its tag were labelled."""
    tags = mentions[labels.known]
    tagged, labelled = np.asarray(tags.sum(axis=0)), tags.shape[0]
    true = np.asarray(labels.mentions[labels.known].sum(axis=0))
    everywhere = np.asarray(mentions.sum(axis=0))
    with_, without = (tagged > 0) | (everywhere == 0), (tagged < labelled) | (everywhere == mentions.shape[0])
    return (true >= MIN_TRUE) & with_ & without


def corrected(
    mentions: sparse.csr_array, pattern: np.ndarray, size: np.ndarray, labels: Labels, bad: np.ndarray
) -> Response:
    """Pseudo-mentions of tests that are `correctable`; ``bad`` bool (P,): patterns with the bad outcome.

    Labelled units with one pattern and one chance are a group: with their four combinations of tag and truth counted,
    no sum depends on the order of the units.
    """
    known, every = labels.known, np.arange(len(size))
    groups, member = np.unique(np.column_stack([pattern[known], labels.chance[known]]), axis=0, return_inverse=True)
    of, chance = groups[:, 0].astype(np.intp), groups[:, 1]
    counted = _sums(member.ravel(), len(groups))
    tags, truths = mentions[known], labels.mentions[known]
    both, tagged, true = ((counted @ one).toarray() for one in (tags * truths, tags, truths))
    labelled = np.bincount(member.ravel(), minlength=len(groups))[:, None]
    # By tag: how many, and how many of them are true.
    sides = ((tagged, both), (labelled - tagged, true - both))
    share = [_share(1 / chance, count, right) for count, right in sides]
    rest = sparse.csr_array(_sums(pattern[~known], len(size)))
    unlabelled = (rest @ mentions[~known]).toarray()
    left = np.bincount(pattern[~known], minlength=len(size))[:, None]
    pieces = [Piece(every, unlabelled, share[0]), Piece(every, left - unlabelled, share[1])]
    draws = []
    for (count, right), m in zip(sides, share, strict=True):
        pieces += [
            Piece(of, right, m + (1 - m) / chance[:, None]),
            Piece(of, count - right, m - m / chance[:, None]),
        ]
        errors = right * (1 - m) ** 2 + (count - right) * m**2
        for worst in (False, True):
            there = bad[of] == worst
            spread = _spread(1 / chance[there], count[there], right[there])
            draws.append(_Draw(of[there], chance[there], count[there], errors[there], spread))
    entries = _entries(mentions, labels, share)
    return Response(len(size), tuple(pieces), share[1], entries, tuple(draws))


def _entries(mentions: sparse.csr_array, labels: Labels, share: list[np.ndarray]) -> sparse.csr_array:
    """Pseudo-mentions less the share of true mentions without the tag, unit by unit."""
    known = np.flatnonzero(labels.known)
    rest = sparse.coo_array(mentions)
    keep = ~labels.known[rest.coords[0]]
    units, tests = rest.coords[0][keep], rest.coords[1][keep]
    tags, truths = mentions[known].toarray(), labels.mentions[known].toarray()
    m = np.where(tags > 0, share[0], share[1])
    value = m + (truths - m) / labels.chance[known][:, None] - share[1]
    k = mentions.shape[1]
    data = np.concatenate([(share[0] - share[1])[tests], value.ravel()])
    at = (np.concatenate([units, np.repeat(known, k)]), np.concatenate([tests, np.tile(np.arange(k), len(known))]))
    return sparse.csr_array(sparse.coo_array((data, at), shape=mentions.shape))


def _share(weight: np.ndarray, count: np.ndarray, right: np.ndarray) -> np.ndarray:
    total = weight @ count
    return np.where(total > 0, weight @ right / np.where(total > 0, total, 1), 0.0)


def _spread(weight: np.ndarray, count: np.ndarray, right: np.ndarray) -> np.ndarray:
    """p (1 - p), p being the weighted share with half an observation added to both answers (as by Jeffreys)."""
    total, squares = weight @ count, weight**2 @ count
    size = np.where(squares > 0, total**2 / np.where(squares > 0, squares, 1), 0.0)
    share = (size * _share(weight, count, right) + 0.5) / (size + 1)
    return share * (1 - share)


def _sums(group: np.ndarray, groups: int) -> sparse.csr_array:
    """The matrix (groups, n) that sums over the units of each group."""
    entries = (np.ones(len(group)), (group, np.arange(len(group))))
    return sparse.csr_array(sparse.coo_array(entries, shape=(groups, len(group))))
