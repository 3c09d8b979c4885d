"""Last section: how the columns were read, what was odd, and what a repeat of the run needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cxnlp.report import words
from cxnlp.report.sections.headline import languages
from cxnlp.results import Evidence, ModelInfo

__all__ = ["context"]

_STATUSES = {
    "ok": "read and scored",
    "empty": "no text",
    "junk": "no content, such as “n/a” or “nothing”",
    "unsupported": "in a language that the model does not read",
}
_OWN_TABLES = ("roles", "versions", "seconds", "settings", "model")


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Nested settings as (dotted name, words) pairs."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(item, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list | tuple):
        yield name, ", ".join(str(item) for item in value) or words.MISSING
    else:
        yield name, words.MISSING if value is None else str(value)


def _statuses(evidence: Evidence) -> list[tuple[str, str, int]]:
    counts = evidence.comments["status"].value_counts()
    known = [name for name in _STATUSES if name in counts]
    other = sorted(str(name) for name in counts.index if name not in _STATUSES)
    return [(name, _STATUSES.get(name, ""), int(counts[name])) for name in [*known, *other]]


def _model_lines(model: ModelInfo) -> list[tuple[str, str]]:
    """Which weights spoke, as (name, words) pairs: first what made the embedding, then who judged sentiment."""
    lines = [
        ("Name", model.name),
        ("Revision", model.revision),
        ("Licence", model.licence or "not stated"),
        ("Predicts", ", ".join(model.heads) or "nothing: it made the topics only"),
        ("Ran on", f"{model.device}, {model.precision}"),
        ("Labels", ", ".join(f"{label} = {polarity}" for label, polarity in model.labels.items())),
        *((f"SHA-256 of {file}", digest) for file, digest in model.weights.items()),
        ("SHA-256 of the list of its files" if model.weights else "Hash of the manifest (SHA-256)", model.sha256),
    ]
    judge = _model_lines(model.sentiment) if model.sentiment else []
    return [(name, said) for name, said in lines if said] + [(f"Sentiment: {name}", said) for name, said in judge]


def context(evidence: Evidence) -> dict[str, Any]:
    """Everything about the input and the run that is not a finding."""
    provenance = evidence.provenance
    comments = evidence.comments
    notes = sorted(evidence.notes, key=lambda note: note.level != "warning")  # stable: stages stay in order
    return {
        "rows": len(comments),
        "roles": provenance.get("roles", ()),
        "statuses": _statuses(evidence),
        "languages": languages(evidence),
        "duplicates": int(comments["is_duplicate"].sum()),
        "masked": int(comments["pii_masked"].sum()),
        "outside_window": int((~comments["in_window"].astype(bool)).sum()),
        "notes": notes,
        "model": _model_lines(evidence.model),
        "versions": tuple(_flat(provenance.get("versions", {}))),
        "seconds": tuple(provenance.get("seconds", {}).items()),
        "settings": tuple(_flat(provenance.get("settings", {}))),
        "run": tuple(_flat({key: value for key, value in provenance.items() if key not in _OWN_TABLES})),
    }
