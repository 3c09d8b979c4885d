"""The word lists that lie beside this module as TOML, read once."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["junk_data", "split_data"]


@cache
def junk_data() -> dict[str, Any]:
    """Answers without content (``junk.toml``)."""
    return _read("junk.toml")


@cache
def split_data() -> dict[str, Any]:
    """Abbreviations and conjunctions (``split.toml``)."""
    return _read("split.toml")


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files("cxnlp.text").joinpath(name).read_text(encoding="utf-8"))
