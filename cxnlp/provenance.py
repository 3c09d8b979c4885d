"""What a reader needs to repeat a run: input hash, versions, settings, timings, peak memory."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cxnlp import __version__
from cxnlp.config import Config
from cxnlp.results import Comments, Encoding

__all__ = ["Clock", "describe"]

_PACKAGES = ("cxnlp", "torch", "transformers", "tokenizers", "scikit-learn", "pandas", "numpy", "scipy", "statsmodels")


class Clock:
    """Measures stages: ``with clock("read"): ...``; ``seconds`` maps stage to wall-clock seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time the body of a with statement and add it to `stage`."""
        started = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - started


def describe(
    comments: Comments,
    config: Config,
    encoding: Encoding,
    clock: Clock,
    *,
    usual_language: str,
    path: Path | None = None,
    plan: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Provenance as JSON-ready data; only `seconds`, `peak_memory_mb` and `finished_at` differ between equal runs.

    ``path``: where the input lies, for a later run over it; None for a DataFrame. ``usual_language``: from CLEAN.
    ``plan``: from `plans.followed`; None where no plan was followed.
    """
    return {
        "input": {
            "name": comments.name,
            "path": None if path is None else str(path.resolve()),
            "sha256": comments.sha256,
            "rows": len(comments.source),
            "columns": [str(column) for column in comments.source.columns],
        },
        "roles": [dataclasses.asdict(role) for role in comments.roles],
        "rows_out": len(comments.table),
        "usual_language": usual_language,
        "statements_encoded": encoding.n_encoded,
        "tokens": encoding.n_tokens,
        "model": dataclasses.asdict(encoding.model),
        "plan": plan,
        "settings": _plain(dataclasses.asdict(config)),
        "versions": {name: _version(name) for name in _PACKAGES} | {"python": platform.python_version()},
        "machine": platform.machine(),
        "finished_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "seconds": {stage: round(value, 3) for stage, value in clock.seconds.items()},
        "peak_memory_mb": _peak_memory_mb(),
    }


def _version(package: str) -> str:
    if package == "cxnlp":
        return __version__
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return str(value.resolve())  # a later run may start in another folder
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _peak_memory_mb() -> int | None:
    try:
        import resource
    except ImportError:  # Windows has no such counter in the standard library
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    bytes_per_count = 1 if sys.platform == "darwin" else 1024
    return int(peak * bytes_per_count / 2**20)
