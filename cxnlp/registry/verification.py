"""Is a model folder the one that was written, and is it safe to load?"""

from __future__ import annotations

import hashlib
from pathlib import Path

from cxnlp.errors import ModelError
from cxnlp.registry.layout import Manifest, read_manifest

__all__ = ["PICKLED", "file_record", "verify"]

PICKLED: tuple[str, ...] = (".bin", ".ckpt", ".joblib", ".pickle", ".pkl", ".pt", ".pth")
"""Endings of formats that run code when they are read; a model folder never needs one."""


def verify(path: Path) -> Manifest:
    """Compare every file of the model folder `path` with its manifest; about 0.1 s for 60 MB.

    Returns the manifest. Raises ModelError where a file is missing or altered, or where the folder
    holds a pickled file, listed or not.
    """
    folder = Path(path)
    manifest = read_manifest(folder)
    pickled = sorted(file.name for file in folder.rglob("*") if file.suffix.lower() in PICKLED)
    if pickled:
        raise ModelError(
            f"pickled files in {folder}: {', '.join(pickled)}",
            expected="weights as safetensors only, because reading a pickle runs the code inside it",
            fix="delete these files",
        )
    missing = [name for name in manifest.files if not (folder / name).is_file()]
    altered = [
        name for name in manifest.files if name not in missing and not _unchanged(folder / name, *manifest.files[name])
    ]
    wrong = {"missing": missing, "altered": altered}
    if missing or altered:
        raise ModelError(
            f"{folder}: " + "; ".join(f"{what} {', '.join(names)}" for what, names in wrong.items() if names),
            expected="every file as manifest.json lists it (size and SHA-256)",
            fix="install cxnlp again, or copy the model folder again",
        )
    return manifest


def _unchanged(file: Path, size: int, digest: str) -> bool:
    return file.stat().st_size == size and file_record(file)[1] == digest


def file_record(file: Path) -> tuple[int, str]:
    """Size in bytes and SHA-256 of a file."""
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return file.stat().st_size, digest
