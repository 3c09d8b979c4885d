"""Numbers in words, as a reader without statistics takes them best."""

from __future__ import annotations

import math
from collections.abc import Callable

__all__ = ["amount", "effect", "interval", "out_of", "points", "ratio", "share"]

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
    return f"{100 * value:.0f} %" if abs(value) >= 0.1 else f"{100 * value:.1f} %"


def amount(value: float) -> str:
    """A score or an amount with as many places as its size needs: '6.13', '1,204'."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}" if abs(value) >= 20 else f"{value:,.2f}"


def interval(value: float, low: float, high: float) -> str:
    """A difference in points with its 95 % interval."""
    if math.isnan(value):
        return points(value)
    return f"{points(value)} ({_limits(low, high, lambda one: f'{100 * one:+.1f}')})"


def effect(value: float, low: float, high: float, kind: str) -> str:
    """A difference in the unit of an outcome of that `kind` (results.Outcome), with its 95 % interval."""
    if kind == "event" or math.isnan(value):
        return interval(value, low, high)
    return f"{_signed(value)} ({_limits(low, high, _signed)})"


def ratio(value: float, low: float, high: float) -> str:
    """A risk, odds or hazard ratio with its 95 % interval."""
    if math.isnan(value):
        return "not estimated"
    return f"{value:.2f} ({_limits(low, high, lambda one: f'{one:.2f}')})"


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else ''}{amount(value)}"


def _limits(low: float, high: float, say: Callable[[float], str]) -> str:
    """The limits as far as there are any: of few events one may not be found, and the other still says something."""
    if math.isfinite(low) and math.isfinite(high):
        return f"95 % interval {say(low)} to {say(high)}"
    if math.isfinite(low):
        return f"95 % interval from {say(low)}"
    return f"95 % interval up to {say(high)}" if math.isfinite(high) else "no interval"
