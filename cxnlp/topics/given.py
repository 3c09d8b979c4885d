"""What a run is given beside its comments: the topics of an earlier analysis, or edits of topics."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cxnlp.config import TopicsConfig
from cxnlp.errors import InputError
from cxnlp.topics.edits import Edits
from cxnlp.topics.edits_file import LARGEST, parse
from cxnlp.topics.polish import check_server
from cxnlp.topics.saved import SavedTopics, read

__all__ = ["Given", "load", "read_edits"]


@dataclass(frozen=True, slots=True)
class Given:
    """``saved``: topics to use as they are. ``edits``: to replay on those found, from the file ``text``."""

    saved: SavedTopics | None = None
    edits: Edits | None = None
    text: str = ""


def load(config: TopicsConfig) -> Given:
    """Read what `config` names, before any slow work; nothing where it names nothing.

    Raises InputError for a folder without topics, and for edits that cannot be read, naming the line.
    """
    if config.name_with is not None:
        check_server(config.name_with)
    saved = None if config.analysis is None else read(config.analysis)
    if config.edits is None:
        return Given(saved)
    text = read_edits(config.edits)
    return Given(saved, parse(text, str(config.edits)), text)


def read_edits(path: Path) -> str:
    """The text of a topics.yaml; InputError where there is none, or it is no text, or too large to be one."""
    expected, fix = "a topics.yaml, as `cxnlp analyze` writes it", "check the path"
    try:
        if Path(path).stat().st_size > LARGEST:
            raise InputError(f"{path} has more than {LARGEST:,} bytes", expected=expected, fix=fix)
        # Byte for byte: the file is written back as the person left it, with its line breaks.
        return Path(path).read_bytes().decode("utf-8")
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}", expected=expected, fix=fix) from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not UTF-8 (byte {error.start})", expected=expected, fix="save it as UTF-8"
        ) from error
