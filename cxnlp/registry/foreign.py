"""Models in plain Hugging Face layout: find one by folder or by pinned hub name, and see that it is safe to load.

Such a folder holds ``config.json``, ``model.safetensors`` (or shards and ``model.safetensors.index.json``)
and a tokenizer. Nothing of it is ever run: weights are safetensors, code that the folder brings is refused.
The network is touched for a hub name only, and a hub name needs the commit, so that a run can be repeated.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cxnlp.errors import ModelError
from cxnlp.registry.layout import read_json
from cxnlp.registry.verification import PICKLED, file_record

__all__ = ["Foreign", "find_foreign", "labels_of"]

_CONFIG = "config.json"
_WEIGHTS = "model.safetensors"
_INDEX = "model.safetensors.index.json"
_POOLING = "1_Pooling/config.json"
_STEPS = "modules.json"
_TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "sentencepiece.bpe.model",
    "spiece.model",
    "spm.model",
    "tokenizer.model",
)
_WANTED = (_CONFIG, _WEIGHTS, _INDEX, "model-*.safetensors", _STEPS, _POOLING, "README.md", *_TOKENIZER_FILES)
"""What is fetched from the hub: never a pickle, never code."""

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_LICENCE = re.compile(r"\A---\n(?:.*\n)*?license:[ \t]*[\"']?([\w.+-]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Foreign:
    """A model in Hugging Face layout that may be loaded."""

    name: str
    """Its hub name, or the name of its folder."""
    revision: str
    """The commit on the hub; empty for a folder."""
    folder: Path
    sha256: str
    """Hash over the names and hashes of every file that is read: it tells two models of one name apart."""
    option: str
    """How the user named it: --encoder or --sentiment-model."""
    config: Mapping[str, Any] = field(compare=False)
    weights: Mapping[str, str] = field(compare=False)
    """File of weights -> its SHA-256."""
    licence: str = ""


def find_foreign(name: str, *, option: str) -> Foreign:
    """The model that NAME@COMMIT or a folder means, fetched from the hub where need be, and checked.

    Parameters
    ----------
    name : a folder; or a hub name, ``@`` and the 40 hexadecimal digits of a commit. A folder of that name wins.
    option : the option that named it, for messages.

    Raises
    ------
    ModelError
        Where there is no such folder, the name lacks its commit, the hub cannot be reached, or the folder
        is one that cxnlp refuses: pickled weights only, code of its own, quantised, files missing.
    """
    given = Path(name).expanduser()
    if name and given.is_dir():
        return _checked(given.resolve(), given.resolve().name, "", option)
    repository, _, revision = name.rpartition("@")
    if _HUB_NAME.fullmatch(repository) and _COMMIT.fullmatch(revision):
        return _checked(_fetch(repository, revision, option), repository, revision, option)
    bare = repository or name
    unpinned = _HUB_NAME.fullmatch(bare) is not None
    raise ModelError(
        f"{option} {name}: no such folder" + (", and no commit that pins a model of the hub" if unpinned else ""),
        expected="a folder, or NAME@REVISION with the 40 hexadecimal digits of a commit: a branch may change overnight",
        fix=f"{option} {bare if unpinned else 'NAME'}@COMMIT; commits are listed at "
        f"https://huggingface.co/{bare if unpinned else 'NAME'}/commits/main",
    )


def _fetch(repository: str, revision: str, option: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(repository, revision=revision, allow_patterns=list(_WANTED)))
    # huggingface_hub also lets the errors of its HTTP client through, which share no base with its own.
    except Exception as error:
        why = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(
            f"{option} {repository}@{revision} could not be fetched: {why[0]}",
            expected="a public model of huggingface.co with that commit, and a network; or a model fetched earlier",
            fix=f"check name and commit; without a network, download the model elsewhere and name its folder: "
            f"{option} FOLDER",
        ) from error


def _checked(folder: Path, name: str, revision: str, option: str) -> Foreign:
    if not (folder / _CONFIG).is_file():
        raise _refused(folder, option, f"there is no {_CONFIG}")
    config = _read(folder, _CONFIG, option)
    for file in (_CONFIG, "tokenizer_config.json"):
        if (folder / file).is_file() and "auto_map" in _read(folder, file, option):
            raise _refused(
                folder, option, f"{file} asks for code of the model's own (auto_map), which cxnlp never runs"
            )
    if "quantization_config" in config:
        raise _refused(folder, option, "its weights are quantised (quantization_config), which cxnlp does not undo")
    if not isinstance(config.get("model_type"), str):
        raise _refused(folder, option, f"{_CONFIG} names no model_type")
    shards = _shards(folder, option)
    others = [file for file in (_CONFIG, _STEPS, _POOLING, *_TOKENIZER_FILES) if (folder / file).is_file()]
    hashes = {file: file_record(folder / file)[1] for file in (*shards, *others)}
    listing = "".join(f"{digest}  {file}\n" for file, digest in sorted(hashes.items()))
    return Foreign(
        name=name,
        revision=revision,
        folder=folder,
        sha256=hashlib.sha256(listing.encode()).hexdigest(),
        option=option,
        config=config,
        weights={file: hashes[file] for file in shards},
        licence=_licence(folder),
    )


def _read(folder: Path, file: str, option: str) -> dict[str, Any]:
    try:
        return read_json(folder / file)
    except ModelError as error:
        # what is wrong with a model of cxnlp itself is mended in another way
        raise _refused(
            folder, option, f"{file} cannot be read: {error.found.removeprefix(f'{folder / file}: ')}"
        ) from error


def _shards(folder: Path, option: str) -> list[str]:
    """Names of the files of weights, sorted."""
    if (folder / _WEIGHTS).is_file():
        return [_WEIGHTS]
    if not (folder / _INDEX).is_file():
        pickled = sorted(file.name for file in folder.iterdir() if file.suffix.lower() in PICKLED)
        why = f"its weights are pickled ({', '.join(pickled)}): reading them would run the code inside"
        raise _refused(folder, option, why if pickled else f"there is no {_WEIGHTS}")
    parts = _read(folder, _INDEX, option).get("weight_map")
    names = sorted({str(part) for part in parts.values()}) if isinstance(parts, dict) else []
    outside = [part for part in names if Path(part).name != part or "\\" in part or not part.endswith(".safetensors")]
    missing = [part for part in names if not outside and not (folder / part).is_file()]
    if outside or missing or not names:
        what = f"names {', '.join(outside)}" if outside else f"lists {', '.join(missing) or 'no weights'}"
        raise _refused(folder, option, f"{_INDEX} {what}, which is no safetensors file of this folder")
    return names


def _licence(folder: Path) -> str:
    card = folder / "README.md"
    if not card.is_file():
        return ""
    found = _LICENCE.match(card.read_text(encoding="utf-8", errors="replace").split("\n---", 1)[0])
    return found[1] if found else ""


def labels_of(model: Foreign) -> tuple[str, ...]:
    """The labels of a classifier in the order of its outputs.

    Raises ModelError where they are not numbered from 0 without a gap.
    """
    entries = model.config.get("id2label")
    try:
        if entries is None:
            # transformers leaves out of config.json what its own default is: two labels with numbers for names.
            return tuple(f"LABEL_{number}" for number in range(int(model.config.get("num_labels", 2))))
        numbered = {int(number): str(label) for number, label in entries.items()}
    except (AttributeError, TypeError, ValueError) as error:
        raise _refused(model.folder, model.option, f"id2label in {_CONFIG} is no numbered list of labels") from error
    if sorted(numbered) != list(range(len(numbered))):
        raise _refused(model.folder, model.option, f"id2label in {_CONFIG} is not numbered from 0 without a gap")
    return tuple(numbered[number] for number in range(len(numbered)))


def _refused(folder: Path, option: str, why: str) -> ModelError:
    own = (folder / "manifest.json").is_file()
    return ModelError(
        f"{option} {folder}: {why}",
        expected="a folder in Hugging Face layout: config.json, safetensors weights, a tokenizer, no code of its own",
        fix=f"this is a model of cxnlp itself: --model {folder}"
        if own
        else "name a revision with model.safetensors; or load the model where you trust it and write it anew with "
        "save_pretrained(FOLDER)",
    )
