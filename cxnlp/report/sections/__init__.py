"""The sections of the page, in order: to add one, a module here, a template, a line in `SECTIONS`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cxnlp.report.sections import (
    audit,
    codes,
    drivers,
    flags,
    headline,
    importance,
    journey,
    methods,
    quality,
    segments,
    topics,
)
from cxnlp.results import Evidence

__all__ = ["SECTIONS", "title_of"]

SECTIONS: tuple[tuple[str, str, Callable[[Evidence], dict[str, Any] | None], str], ...] = (
    ("headline", "In short", headline.context, "headline.html.j2"),
    ("flags", "What needs attention", flags.context, "flags.html.j2"),
    ("journey", "The journey", journey.context, "journey.html.j2"),
    ("topics", "Topics", topics.context, "topics.html.j2"),
    ("codes", "Codes", codes.context, "codes.html.j2"),
    ("drivers", "Drivers", drivers.context, "drivers.html.j2"),
    ("importance", "What weighs most", importance.context, "importance.html.j2"),
    ("audit", "How right the tags are", audit.context, "audit.html.j2"),
    ("segments", "Segments and languages", segments.context, "segments.html.j2"),
    ("methods", "Methods", methods.context, "methods.html.j2"),
    ("quality", "Data", quality.context, "quality.html.j2"),
)
"""(id, title, function from the evidence to the template's context, template). Every context may hold
``charts``, a list of charts.Chart, and ``missing``, the reason why the section has nothing to show. Where the
context is None the page has no such section."""


def title_of(evidence: Evidence) -> str:
    """The title that the settings ask for, else one made from the input's name."""
    given = evidence.provenance.get("settings", {}).get("report", {}).get("title")
    name = evidence.provenance.get("input", {}).get("name")
    return str(given or ("What customers say" if name in (None, "", "DataFrame") else f"What customers say in {name}"))
