"""Charts as plain Plotly specifications: dictionaries, no Python plotly.

Only `bar` and `scatter` are used, which the vendored basic bundle draws. Colours of text, grid and
whiskers are left to ``assets/report.js``, which takes them from the page so that dark mode and
print fit. Blue, grey and vermilion stay apart for every common colour blindness (Okabe and Ito 2008).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from cxnlp.report.words import is_missing

__all__ = ["Chart", "Curve", "Mark", "intervals", "journey_curve", "shares", "steps", "tone_colour"]

POSITIVE, NEUTRAL, NEGATIVE, ACCENT = "#2f7fb8", "#8a8f98", "#d2691e", "#3b6ea5"


@dataclass(frozen=True, slots=True)
class Chart:
    """A specification and the words that stand in for it where it cannot be seen."""

    id: str
    alt: str
    spec: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Mark:
    """One bar or dot: its label, value, limits (NaN for none), colour, and the words shown on hover."""

    label: str
    value: float
    low: float
    high: float
    colour: str
    hover: str


@dataclass(frozen=True, slots=True)
class Curve:
    """A line that changes in steps: its label, its points and its colour."""

    label: str
    x: list[float]
    y: list[float]
    colour: str


def tone_colour(sentiment: float) -> str:
    """Colour of a mean sentiment, -1 to 1; grey within a tenth of zero or where unknown."""
    if is_missing(sentiment) or abs(sentiment) < 0.1:
        return NEUTRAL
    return POSITIVE if sentiment > 0 else NEGATIVE


def _plain(text: str, width: int = 26) -> str:
    # Plotly reads a few HTML tags in any text; customers' words must stay words. Cut first: wrapping is slow.
    safe = [
        line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        for line in wrap(text[: 4 * width], width)[:3]
    ]
    return "<br>".join(safe) or "(no name)"


def _ticks(labels: Sequence[str], width: int) -> dict[str, Any]:
    # Positions, not names, on the axis: two topics may share a name, and "2024" is no number here.
    return {
        "tickmode": "array",
        "tickvals": list(range(len(labels))),
        "ticktext": [_plain(label, width) for label in labels],
    }


def _whiskers(marks: Sequence[Mark]) -> dict[str, Any]:
    known = [not (is_missing(mark.low) or is_missing(mark.high)) for mark in marks]
    return {
        "type": "data",
        "symmetric": False,
        "array": [max(mark.high - mark.value, 0.0) if ok else 0.0 for mark, ok in zip(marks, known, strict=True)],
        "arrayminus": [max(mark.value - mark.low, 0.0) if ok else 0.0 for mark, ok in zip(marks, known, strict=True)],
        "thickness": 1.5,
        "width": 4,
    }


def _hover(marks: Sequence[Mark]) -> dict[str, Any]:
    return {"hovertext": [_plain(mark.hover, 48) for mark in marks], "hoverinfo": "text"}


def _layout(height: int, **axes: Any) -> dict[str, Any]:
    return {
        "height": height,
        "margin": {"l": 8, "r": 16, "t": 8, "b": 48, "pad": 6},
        "showlegend": False,
        "dragmode": False,
        "bargap": 0.38,
        **axes,
    }


def _rows(marks: Sequence[Mark], title: str, tickformat: str, **value_axis: Any) -> dict[str, Any]:
    lines = sum(max(1, min(3, len(wrap(mark.label[:104], 26)))) for mark in marks)
    return _layout(
        66 + 20 * len(marks) + 13 * lines,
        xaxis={
            "title": {"text": title, "standoff": 10},
            "automargin": True,
            "tickformat": tickformat,
            "fixedrange": True,
            "nticks": 5,
            "tickangle": 0,
            **value_axis,
        },
        yaxis={
            **_ticks([mark.label for mark in marks], 26),
            "range": [len(marks) - 0.5, -0.5],
            "automargin": True,
            "fixedrange": True,
            "zeroline": False,
            "showgrid": False,
        },
    )


def shares(marks: Sequence[Mark], title: str) -> dict[str, Any]:
    """Horizontal bars from zero with intervals, first mark on top; values are shares from 0 to 1."""
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": [mark.value for mark in marks],
        "y": list(range(len(marks))),
        "marker": {"color": [mark.colour for mark in marks], "cornerradius": 3},
        "error_x": _whiskers(marks),
        **_hover(marks),
    }
    return {"data": [bars], "layout": _rows(marks, title, ".0%", rangemode="tozero", zeroline=False)}


def intervals(marks: Sequence[Mark], title: str, *, tickformat: str) -> dict[str, Any]:
    """Dots with intervals around a line at zero (a forest plot), first mark on top."""
    dots = {
        "type": "scatter",
        "mode": "markers",
        "x": [mark.value for mark in marks],
        "y": list(range(len(marks))),
        "marker": {"color": [mark.colour for mark in marks], "size": 10},
        "error_x": _whiskers(marks),
        **_hover(marks),
    }
    return {"data": [dots], "layout": _rows(marks, title, tickformat, zeroline=True)}


def journey_curve(marks: Sequence[Mark], title: str, *, tickformat: str) -> dict[str, Any]:
    """One dot per stage in journey order, joined by a line, with intervals. Stages without a value leave a gap."""
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": list(range(len(marks))),
        "y": [None if is_missing(mark.value) else mark.value for mark in marks],
        "connectgaps": False,
        "line": {"color": ACCENT, "width": 2},
        "marker": {"color": [mark.colour for mark in marks], "size": 11},
        "error_y": _whiskers(marks),
        **_hover(marks),
    }
    return {
        "data": [line],
        "layout": _layout(
            250,
            xaxis={
                **_ticks([mark.label for mark in marks], 14),
                "range": [-0.5, len(marks) - 0.5],
                "autotickangles": [0, -40, -90],
                "ticklabeloverflow": "allow",
                "automargin": True,
                "fixedrange": True,
                "showgrid": False,
                "zeroline": False,
            },
            yaxis={
                "title": {"text": title},
                "tickformat": tickformat,
                "automargin": True,
                "fixedrange": True,
                "nticks": 6,
            },
        ),
    }


def steps(curves: Sequence[Curve], x_title: str, y_title: str) -> dict[str, Any]:
    """Shares over time that fall in steps (Kaplan-Meier), one line a group, named in the legend."""
    lines = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": _plain(curve.label, 40),
            "x": curve.x,
            "y": curve.y,
            "line": {"color": curve.colour, "width": 2, "shape": "hv"},
            "hovertemplate": "%{y:.0%} on day %{x:.0f}",
        }
        for curve in curves
    ]
    axis = {"automargin": True, "fixedrange": True, "nticks": 6}
    layout = _layout(
        280,
        xaxis={**axis, "title": {"text": x_title, "standoff": 10}, "zeroline": False, "rangemode": "tozero"},
        yaxis={**axis, "title": {"text": y_title}, "tickformat": ".0%", "zeroline": False},
    )
    return {"data": lines, "layout": {**layout, "showlegend": True, "legend": {"orientation": "h", "y": 1.12, "x": 0}}}
