"""The page: sections into templates into one self-contained file."""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import os
import uuid
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from cxnlp import __version__
from cxnlp.errors import OutputError
from cxnlp.report import words
from cxnlp.report.sections import SECTIONS, title_of
from cxnlp.results import Evidence

__all__ = ["render", "write_html", "writing_error"]


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("cxnlp.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in ("count", "share", "signed_share", "ratio", "p_value", "value", "interval", "plural"):
        environment.filters[name] = getattr(words, name)
    return environment


@functools.cache
def _asset(name: str) -> str:
    return resources.files("cxnlp.report").joinpath("assets", name).read_text(encoding="utf-8")


def _policy(scripts: tuple[str, ...]) -> str:
    # Only these very scripts may run: even a hole in the escaping would stay without effect.
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def render(evidence: Evidence) -> str:
    """The whole report as one HTML page that asks nothing of the network; equal evidence gives equal text."""
    sections: list[dict[str, Any]] = []
    for id_, title, context, template in SECTIONS:
        found = context(evidence)
        if found is not None:
            sections.append({"id": id_, "title": title, "template": template, "context": found})
    has_charts = any(section["context"].get("charts") for section in sections)
    scripts = (_asset("plotly-basic.min.js"), _asset("report.js")) if has_charts else (_asset("report.js"),)
    page = _environment().get_template("base.html.j2")
    return page.render(
        title=title_of(evidence),
        sections=sections,
        style=Markup(_asset("style.css")),
        scripts=[Markup(script) for script in scripts],
        policy=_policy(scripts),
        version=__version__,
    )


def write_html(evidence: Evidence, path: Path) -> Path:
    """Write the report to `path` in one step: a reader sees the old page or the new one, never half of one.

    Raises OutputError where `path` cannot be written; what was there stays.
    """
    path = Path(path)
    text = render(evidence)
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Half of a surrogate pair, as broken exports hold it, has no bytes in UTF-8.
        beside.write_bytes(text.encode("utf-8", "replace"))
        os.replace(beside, path)
    except OSError as error:
        raise writing_error(error, path) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
    return path


def writing_error(error: OSError, path: Path) -> OutputError:
    """What the operating system refused, with the way out."""
    return OutputError(
        f"could not write {path}: {error.strerror or error}",
        expected="a place that exists or can be made, with room left, where you may write",
        fix="free some space, mend the permissions, or write elsewhere: --out OTHER_FOLDER",
    )
