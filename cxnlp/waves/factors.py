"""The formula of the decomposition: a change of a mean of means, shared out to the factors that it is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Parts", "Rates", "complete", "in_one_line", "rates", "split", "split_centred"]


@dataclass(frozen=True, slots=True)
class Rates:
    """One wave, or b resamples of it: share of each segment (b, g), of each topic in it (b, g, k), and mean value
    of that topic in it (b, g, k). Their product, summed, is the mean of all answers."""

    segment: np.ndarray
    topic: np.ndarray
    value: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """Mean of all answers, (b,)."""
        mean: np.ndarray = (self.segment * self.of_segments).sum(-1)
        return mean

    @property
    def of_segments(self) -> np.ndarray:
        """Mean of each segment, (b, g)."""
        means: np.ndarray = (self.topic * self.value).sum(-1)
        return means


@dataclass(frozen=True, slots=True)
class Parts:
    """What goes with each segment's share (b, g), each topic's share in a segment (b, g, k), and each value there
    (b, g, k). All together are the change (b,)."""

    segment: np.ndarray
    topic: np.ndarray
    within: np.ndarray


def split(before: Rates, after: Rates) -> Parts:
    """The change of the sum of p_g q_gk s_gk between two waves, shared out to p, q and s without a rest.

    Each part is the change that comes with replacing one of the three by that of the second wave, averaged over the
    six orders of replacing them: a third where both others are of one wave, a sixth where they are not (P. Das Gupta,
    Standardization and Decomposition of Rates: A User's Manual, US Bureau of the Census P23-186, 1993, for vector
    factors; it is the Shapley value of the change: Shorrocks 2013, Journal of Economic Inequality 11:99-126). With
    one segment it is that of Kitagawa (1955, JASA 50:1168-1194): the difference of the shares at the mean of the
    values, and the difference of the values at the mean of the shares.
    """
    p, q, s, p2, q2, s2 = (
        before.segment, before.topic, before.value, after.segment, after.topic, after.value
    )  # fmt: skip
    alike, crossed = before.of_segments + after.of_segments, (q * s2).sum(-1) + (q2 * s).sum(-1)
    beside_first, beside_second = (p / 3 + p2 / 6)[..., None], (p / 6 + p2 / 3)[..., None]
    return Parts(
        segment=(p2 - p) * (alike / 3 + crossed / 6),
        topic=(q2 - q) * (beside_first * s + beside_second * s2),
        within=(s2 - s) * (beside_first * q + beside_second * q2),
    )


def split_centred(before: Rates, after: Rates) -> Parts:
    """`split`, the mixes told as departures: of a segment from the mean of both waves, of a topic from its segment's.

    Shares sum to one, so such constants change no sum. Without them, whatever grows would seem to raise a score that
    is above zero; with them, only what is above the mean does.
    """
    parts = split(before, after)
    centre = ((before.mean + after.mean) / 2)[..., None]
    own = ((before.of_segments + after.of_segments) / 2)[..., None]
    present = ((before.segment + after.segment) / 2)[..., None]
    return Parts(
        segment=parts.segment - (after.segment - before.segment) * centre,
        topic=parts.topic - (after.topic - before.topic) * present * own,
        within=parts.within,
    )


def rates(sums: np.ndarray, found: Rates | None = None) -> Rates:
    """Rates from `Cells.sums` (2, b, g, k); NaN where there is nothing to divide by.

    ``found``: of resamples, the rates of the wave that they were drawn from. What a resample lacks by chance is taken
    from there: it would otherwise look like a wave without that topic.
    """
    shares, values = sums
    in_segment = shares.sum(-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        own = Rates(in_segment / in_segment.sum(-1, keepdims=True), shares / in_segment[..., None], values / shares)
    return own if found is None else _filled(own, found)


def complete(before: Rates, after: Rates) -> tuple[Rates, Rates]:
    """Both waves, what one lacks (NaN) taken from the other: the topics of a segment, the value of a topic in it.

    So a cell that only one wave has cannot have changed within, and all of it counts as mix. A cell that neither
    has weighs nothing, whatever stands there.
    """
    one, other = _filled(before, after), _filled(after, before)
    return _weightless(one), _weightless(other)


def in_one_line(parts: Parts) -> np.ndarray:
    """(b, 4 + 2k + 3g): the total, the three factors; topic mix and within by topic; all three by segment."""
    factors = [part.reshape(len(part), -1).sum(1, keepdims=True) for part in (parts.segment, parts.topic, parts.within)]
    by_topic = [parts.topic.sum(1), parts.within.sum(1)]
    by_segment = [parts.segment, parts.topic.sum(2), parts.within.sum(2)]
    return np.concatenate([sum(factors), *factors, *by_topic, *by_segment], axis=1)


def _filled(own: Rates, instead: Rates) -> Rates:
    topic, value = (
        np.where(np.isnan(one), other, one) for one, other in ((own.topic, instead.topic), (own.value, instead.value))
    )
    return Rates(own.segment, topic, value)


def _weightless(own: Rates) -> Rates:
    return Rates(own.segment, np.nan_to_num(own.topic), np.nan_to_num(own.value))
