"""Write down, for a model that is there already, which texts trained it: without training it again."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cxnlp import registry
from cxnlp.errors import InputError
from cxnlp.training.distil import SPLICED, STUDENT, known_to_student, student_rows
from cxnlp.training.evaluation import ROWS, read_figures
from cxnlp.training.known_texts import hashes
from cxnlp.training.run import prepare

__all__ = ["record"]


def record(model: Path, data: Path, *, teacher: Path | None = None, without: frozenset[str] = frozenset()) -> int:
    """Add the hashes of its training texts to the folder `model`; returns how many.

    Parameters
    ----------
    model : a folder that `train` wrote from the mixture ``shipped``, or with a `teacher` one that `distil` wrote.
    data : the folder with the corpora that it was trained from.
    without : texts that were kept from training, as then.

    Raises
    ------
    InputError
        Where the corpora hold other rows than the card of the model counts: it was trained from other ones.
    """
    if teacher is None:
        rows = prepare(data, without=without)
        known = hashes([*rows.fitted["text"], *rows.held["text"]])
    else:
        rows, lessons = student_rows(data, SPLICED, STUDENT.seed, without)
        known = known_to_student(teacher, rows, lessons)
    _check(model, pd.concat([rows.fitted["corpus"], rows.held["corpus"]]))
    registry.add_trained_on(model, known)
    return len(known)


def _check(model: Path, corpus: pd.Series) -> None:
    figures = read_figures(model)
    told = figures[(figures["measure"] == ROWS) & (figures["model"] == Path(model).name)]
    expected = {str(name): int(n) for name, n in zip(told["set"], told["n"], strict=True)}
    found = {str(name): int(n) for name, n in corpus.value_counts().items()}
    if found != expected:
        raise InputError(
            f"rows by corpus {found}",
            expected=f"those that trained {model}: {expected}",
            fix="name the folder with the corpora as they were then",
        )
