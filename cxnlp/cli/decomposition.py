"""What `cxnlp compare` prints of scores and outcomes: what a change is made of, as a table and in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cxnlp.cli import console

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["show"]

_MOST_TOPICS = 3
"""Topics that are named for each factor; the file has all."""

_WITH = {
    "segment mix": "another mix of customers",
    "topic mix": "what customers speak of",
    "within topics": "other values of those who speak of the same",
}
_UNITS = {"points": "points", "percentage points": "percentage points", "mean score": "on its scale"}


def show(table: pd.DataFrame) -> None:
    """Print the table `waves.DECOMPOSITION`: each measure with its factors, then the same in sentences."""
    whole = table[table["by"] == "all"]
    factors = [
        name for name in ("total", "segment mix", "topic mix", "within topics") if (whole["factor"] == name).any()
    ]
    rows, sentences = [], []
    for measure, own in table.groupby("measure", sort=False):
        rows_of = [dict(zip(own.columns, row, strict=True)) for row in own.itertuples(index=False, name=None)]
        by_factor = {row["factor"]: row for row in rows_of if row["by"] == "all"}
        cells = [_with_interval(by_factor[name]) if name in by_factor else "-" for name in factors]
        rows.append((measure, *cells))
        sentences.append(_in_words(by_factor, [row for row in rows_of if row["by"] == "topic"]))
    console.table(
        "What changes of scores and outcomes are made of (95% intervals)",
        ("measure", "change", *factors[1:]),
        rows,
        numbers=("change", *factors[1:]),
        unbroken=("measure",),
    )
    console.lines(
        *sentences,
        "This splits up a sum. It says what a change goes with, not what brought it about.",
    )


def _in_words(factors: dict[str, dict[str, Any]], topics: list[dict[str, Any]]) -> str:
    """One measure in plain sentences: the change, what of it is certain enough, and the topics that it goes with."""
    total = factors["total"]
    label, unit = total["name"][0].upper() + total["name"][1:], total["unit"]
    number = f"{{:.{_digits(unit)}f}}".format
    change = f"from {number(total['before'])} to {number(total['after'])}"
    interval = f" ({number(total['low'])} to {number(total['high'])})" if total["low"] == total["low"] else ""
    if not _shows(total):
        why = "no interval, so nothing can be said of chance" if not interval else "no change shown"
        return f"{label}: {why}; {_signed(total['value'], unit)}{interval} {_UNITS[unit]}, {change}."
    verb = "rose" if total["value"] > 0 else "fell"
    size = sorted(abs(total[name]) for name in ("low", "high"))
    by = f"{number(abs(total['value']))} {_UNITS[unit]} ({number(size[0])} to {number(size[1])})"
    said = [f"{label} {verb} by {by}, {change}."]
    said += [
        f"{_signed(row['value'], unit)} of it goes with {_WITH[name]}{_leading(name, topics)}."
        for name, row in factors.items()
        if name in _WITH and _shows(row)
    ]
    if len(said) == 1:
        said.append("None of its parts can be told from chance.")
    return " ".join(said)


def _leading(factor: str, topics: list[dict[str, Any]]) -> str:
    """The topics with the largest part of `factor`, of those that can be told from chance."""
    own = sorted(
        (row for row in topics if row["factor"] == factor and _shows(row)),
        key=lambda row: (-abs(row["value"]), row["group"]),
    )
    told = [_topic(row) for row in own[:_MOST_TOPICS]]
    return f", most with {'; '.join(told)}" if told else ""


def _topic(row: dict[str, Any]) -> str:
    if row["factor"] == "topic mix":
        sides = f"{row['before']:.0%} to {row['after']:.0%} of what is said"
    else:
        sides = " to ".join(f"{row[side]:.{_digits(row['unit'])}f}" for side in ("before", "after"))
    return f'"{row["name"]}" ({_signed(row["value"], row["unit"])}: {sides})'


def _shows(row: dict[str, Any]) -> bool:
    return bool(row["low"] > 0 or row["high"] < 0)


def _with_interval(row: dict[str, Any]) -> str:
    value = _signed(row["value"], row["unit"])
    if row["low"] != row["low"]:
        return value
    return f"{value} ({_signed(row['low'], row['unit'])} to {_signed(row['high'], row['unit'])})"


def _signed(value: float, unit: str) -> str:
    return f"{value:+.{_digits(unit)}f}"


def _digits(unit: str) -> int:
    return 2 if unit == "mean score" else 1
