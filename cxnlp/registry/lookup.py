"""Which folder a model's name means."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from cxnlp.errors import ModelError
from cxnlp.registry.layout import MANIFEST

__all__ = ["available", "find", "shelves"]


def shelves() -> tuple[Path, ...]:
    """Folders that hold named models, first come first served: the installed package's, the checkout's."""
    package = Path(__file__).resolve().parents[1]
    return package / "_models", package.parent / "models"


def available() -> list[str]:
    """Names of the models that come with cxnlp, sorted."""
    return sorted({file.parent.name for shelf in shelves() for file in shelf.glob(f"*/{MANIFEST}")})


def find(name_or_folder: str | Path) -> Path:
    """The folder of a model.

    Parameters
    ----------
    name_or_folder : a folder in the model layout, or the name of a model that comes with cxnlp, with or
        without its ``cxnlp-``. A folder of that name wins.

    Raises
    ------
    ModelError
        Where there is neither; lists the models that exist.
    """
    given = Path(name_or_folder).expanduser()
    names = (str(name_or_folder), f"cxnlp-{name_or_folder}")
    candidates = [given, *(shelf / name for name in names for shelf in shelves())]
    for folder in candidates:
        if (folder / MANIFEST).is_file():
            return folder.resolve()
    known = available()
    near = get_close_matches(str(name_or_folder), known, n=1)
    if (given / "config.json").is_file():
        raise ModelError(
            f"folder {given} without a {MANIFEST}",
            expected="a model folder as cxnlp writes it",
            fix=f"it is in Hugging Face layout: --encoder {given} or --sentiment-model {given}",
        )
    problem = f"folder {given} without a {MANIFEST}" if given.is_dir() else f"no model {str(name_or_folder)!r}"
    raise ModelError(
        problem,
        expected=f"a model folder, or one of: {', '.join(known) or 'no model is installed'}",
        fix=f"--model {(near or known)[0]}" if known else "pip install --force-reinstall cxnlp",
    )
