"""analysis.json: what a machine needs to trust, repeat and read a result folder."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cxnlp import schema
from cxnlp.report.writers import tidy_tables
from cxnlp.results import Evidence, Note

__all__ = ["NAME", "files_of", "write_manifest"]

NAME = "analysis.json"
_FORMAT = "cxnlp.analysis/1"


def write_manifest(evidence: Evidence, notes: tuple[Note, ...], folder: Path) -> None:
    """Write analysis.json for the files that `folder` holds now; `notes` come from the writing itself."""
    files = [
        {"name": path.name, "bytes": path.stat().st_size, "sha256": _sha256(path)} for path in sorted(folder.iterdir())
    ]
    content = {
        "format": _FORMAT,
        "schema": {
            "defined_in": "cxnlp.schema.TABLES",
            "tables": {
                table: {column.name: column.meaning for column in schema.TABLES[table]}
                for table in ("comments", "statements", *tidy_tables(evidence))
            },
        },
        "files": files,
        "provenance": evidence.provenance,
        "notes": [*evidence.notes, *notes],
        "flags": evidence.flags,
        "stages": evidence.stages,
        "scores": [{"name": s.name, "source": s.source, "scale": s.scale.name} for s in evidence.scores],
        "outcomes": evidence.outcomes,
        "segments": evidence.segments,
        "controls": evidence.controls,
        "unit": evidence.unit_name,
        "model": evidence.model,
        "stage_agreement": evidence.stage_agreement,
    }
    text = json.dumps(_plain(content), ensure_ascii=False, indent=2, allow_nan=False)
    (folder / NAME).write_bytes(text.encode("utf-8", "replace") + b"\n")


def files_of(folder: Path) -> frozenset[str]:
    """Names of the files that an earlier run wrote into `folder`, by its analysis.json; none without one.

    Only plain names count: a file that was tampered with cannot point outside the folder.
    """
    try:
        files = json.loads((folder / NAME).read_text(encoding="utf-8"))["files"]
        names = {str(file["name"]) for file in files}
    except (OSError, ValueError, LookupError, TypeError):
        return frozenset()
    return frozenset(name for name in names if Path(name).name == name) | {NAME}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plain(value: Any) -> Any:
    """`value` as JSON knows it: dataclasses as objects, NaN and infinities as null, anything else as text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        return [_plain(item) for item in (sorted(value) if isinstance(value, set | frozenset) else value)]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value if isinstance(value, str | int | None) else str(value)
