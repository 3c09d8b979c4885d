"""How numbers read: the one place where an estimate becomes words."""

from __future__ import annotations

import math
from typing import Any

__all__ = [
    "MISSING",
    "count",
    "difference",
    "interval",
    "is_missing",
    "join",
    "p_value",
    "plural",
    "ratio",
    "share",
    "signed_share",
    "value",
]

MISSING = "–"
_MINUS = "\N{MINUS SIGN}"
_SPACE = "\N{NARROW NO-BREAK SPACE}"


def is_missing(number: Any) -> bool:
    """True for None, NaN and infinities: nothing that a reader could use."""
    try:
        return number is None or not math.isfinite(number)
    except TypeError:
        return True


def _decimal(number: float, places: int, *, sign: bool = False) -> str:
    text = f"{number:{'+' if sign else ''},.{places}f}"
    if not float(text.replace(",", "")):  # "-0.00" and "+0" say a direction that is not there
        text = f"{0:.{places}f}"
    return text.replace("-", _MINUS)


def count(number: Any) -> str:
    """A whole number with thousands separators: ``12,345``."""
    return MISSING if is_missing(number) else _decimal(number, 0)


def share(number: Any) -> str:
    """A share from 0 to 1 in per cent; decimals only where rounding would claim none or all."""
    if is_missing(number):
        return MISSING
    percent = 100 * float(number)
    if 0 < abs(percent) < 0.05:
        return f"< 0.1{_SPACE}%"
    if 99.95 <= abs(percent) < 100:
        return f"> 99.9{_SPACE}%"
    places = 1 if 0 < abs(percent) < 1 or 99 < abs(percent) < 100 else 0
    return f"{_decimal(percent, places)}{_SPACE}%"


def signed_share(number: Any) -> str:
    """A difference of two shares in percentage points, always signed: ``+22``."""
    if is_missing(number):
        return MISSING
    points = 100 * float(number)
    return _decimal(points, 1 if 0 < abs(points) < 1 else 0, sign=True)


def ratio(number: Any) -> str:
    """A risk or odds ratio: two significant places below 10, none above."""
    if is_missing(number):
        return MISSING
    return _decimal(number, 2 if abs(number) < 1 else 1 if abs(number) < 10 else 0)


def p_value(number: Any) -> str:
    """A p- or q-value in the APA manner: no leading zero, ``< .001`` below what anyone should read."""
    if is_missing(number):
        return MISSING
    if number < 0.001:
        return "< .001"
    if number > 0.99:
        return "> .99"
    return f"{number:.3f}"[1:] if number < 0.1 else f"{number:.2f}"[1:]


_PLACES = {"points": 0, "mean score": 2, "net sentiment": 2}


def value(number: Any, unit: str) -> str:
    """An estimate in its own unit, as the metrics table names units; sentiment, -1 to 1, signed."""
    if is_missing(number):
        return MISSING
    if unit == "share":
        return share(number)
    if unit == "net share":
        return signed_share(number)
    if unit not in _PLACES:
        return count(number)
    return _decimal(float(number), _PLACES[unit], sign=unit == "net sentiment")


def difference(number: Any, unit: str) -> str:
    """A difference of two estimates of one unit, signed; shares in percentage points."""
    if is_missing(number):
        return MISSING
    if unit in ("share", "net share"):
        return signed_share(number)
    return _decimal(float(number), 1 if unit == "points" else 2, sign=True)


def interval(low: Any, high: Any, unit: str) -> str:
    """Both limits in one unit, ``4 to 20``; empty where there is no interval."""
    if is_missing(low) or is_missing(high):
        return ""
    first, last = value(low, unit), value(high, unit)
    suffix = f"{_SPACE}%"
    if unit == "share" and first.endswith(suffix) and first[0] not in "<>":
        first = first.removesuffix(suffix)
    return f"{first} to {last}"


def plural(number: int, noun: str) -> str:
    """``1 comment``, ``1,200 comments``."""
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def join(parts: list[str] | tuple[str, ...]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    parts = list(parts)
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""
