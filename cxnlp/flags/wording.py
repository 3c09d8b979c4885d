"""Numbers in words, as a reader without statistics takes them best."""

from __future__ import annotations

import math

__all__ = ["out_of", "points", "share", "interval", "ratio"]

_SCALES = (100, 1_000, 10_000)


def out_of(first: float, second: float) -> tuple[str, str]:
    """Two rates as natural frequencies over the smallest of 100, 1,000 or 10,000 that shows them: '34 of 100'."""
    for scale in _SCALES:
        counts = round(first * scale), round(second * scale)
        if counts[0] != counts[1] and all(
            count or not rate for count, rate in zip(counts, (first, second), strict=True)
        ):
            break
    return f"{counts[0]:,} of {scale:,}", f"{counts[1]:,} of {scale:,}"


def points(difference: float) -> str:
    """A difference of two shares in percentage points, signed: '+10.9 points'."""
    return "not estimated" if math.isnan(difference) else f"{100 * difference:+.1f} points"


def share(value: float) -> str:
    """A share in per cent: '12 %', with one decimal below 10."""
    return f"{100 * value:.0f} %" if value >= 0.1 else f"{100 * value:.1f} %"


def interval(value: float, low: float, high: float) -> str:
    """A difference in points with its 95 % interval."""
    if math.isnan(value):
        return points(value)
    return f"{points(value)} (95 % interval {100 * low:+.1f} to {100 * high:+.1f})"


def ratio(value: float, low: float, high: float) -> str:
    """A risk ratio with its 95 % interval."""
    return f"{value:.2f} (95 % interval {low:.2f} to {high:.2f})"
