"""The truth: cells of a labelled column become labels of a head."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import pandas as pd

from cxnlp.errors import InputError, SettingsError
from cxnlp.heads import Head

__all__ = ["MIXED", "NOTHING", "Truth", "labels_matrix", "read_labels"]

MIXED = "mixed"
"""What a whole comment may be beside the labels of the sentiment head."""
NOTHING = "none"
"""In a column of label sets: the reader found that no label applies. An empty cell says that nobody read it."""

_SHOWN = 10
_LONGEST = 40
_PARTS = re.compile(r"[,;]")
_WHOLE = re.compile(r"(-?\d+)\.0+")


@dataclass(frozen=True, slots=True)
class Truth:
    """Labels read from a column.

    ``values``: one per cell, same index: a label (single heads), a tuple of labels in the order of the head
    (multi heads), or None where the row is left out. ``missing`` counts empty cells, ``dropped`` those that the
    map sends to nothing; ``unused`` are the entries of the map that no cell has.
    """

    values: pd.Series
    missing: int
    dropped: int
    unused: tuple[str, ...] = ()


def read_labels(
    cells: pd.Series, head: Head, *, column: str, mapping: Mapping[str, str] | None = None, whole: bool = False
) -> Truth:
    """Read the labels of `head` from `cells`; case and outer white space do not count.

    Parameters
    ----------
    cells : text, numbers, or for multi heads also lists; in text, ``,`` and ``;`` part the labels of a multi head.
    column : the column's name, for messages.
    mapping : the data's label -> a label of the head, or "" to leave such rows out; of a label set, only
        that label is left out, and the row where nothing else remains.
    whole : the labels judge whole comments, so that sentiment may also be mixed.

    Raises
    ------
    SettingsError
        The map leads to something that is no label.
    InputError
        Labels that neither the head nor the map knows: all are counted and the most frequent named.
    """
    many = head.kind == "multi"
    labels = (*head.labels, MIXED) if whole and head.name == "sentiment" else head.labels
    to = _translation(labels, mapping or {}, many)
    items = [_items(cell, many) for cell in cells.astype(object)]
    counts = Counter(item for row in items if row for item in row)
    _refuse_unknown({item: count for item, count in counts.items() if item.casefold() not in to}, labels, head, column)
    values = pd.Series([_value(row, to, labels, many) for row in items], index=cells.index, dtype=object)
    missing = sum(row is None for row in items)
    met = {item.casefold() for item in counts}
    unused = tuple(source for source in mapping or {} if source.strip().casefold() not in met)
    return Truth(values, missing, int(values.isna().sum()) - missing, unused)


def labels_matrix(labels: Head | Sequence[str], values: Iterable[object]) -> np.ndarray:
    """0/1 array of shape (rows, labels) from one label a row (single) or tuples of labels (multi)."""
    names = labels.labels if isinstance(labels, Head) else tuple(labels)
    sets = [value if isinstance(value, tuple) else (value,) for value in values]
    return np.array([[name in one for name in names] for one in sets], dtype=np.int8).reshape(len(sets), len(names))


def _translation(labels: Sequence[str], mapping: Mapping[str, str], many: bool) -> dict[str, str | None]:
    """Folded label of the data -> label, "" for nothing of a set, None to leave out; the map wins over the names."""
    own = {label.casefold(): label for label in labels} | ({NOTHING: ""} if many else {})
    to: dict[str, str | None] = dict(own)
    for source, target in mapping.items():
        if target.strip() and target.strip().casefold() not in own:
            raise SettingsError.unknown_value(
                f"{source}={target}", [f"{source}={label}" for label in own.values() if label], option="--map"
            )
        to[source.strip().casefold()] = own[target.strip().casefold()] if target.strip() else None
    return to


def _items(cell: object, many: bool) -> list[str] | None:
    """The labels in a cell as they stand; None where it is empty. An empty list says that no label applies."""
    if isinstance(cell, list | tuple | set | frozenset | np.ndarray):
        found = [item for part in cell for item in _items(part, False) or ()]
        return found or ([NOTHING] if many and not len(cell) else None)
    if not isinstance(cell, str) and pd.isna(cell):  # type: ignore[call-overload]
        return None
    parts = _PARTS.split(str(cell)) if many else [str(cell)]
    return [_WHOLE.sub(r"\1", part.strip()) for part in parts if part.strip()] or None


def _value(
    items: list[str] | None, to: Mapping[str, str | None], labels: Sequence[str], many: bool
) -> str | tuple[str, ...] | None:
    given = [] if items is None else [label for label in (to[item.casefold()] for item in items) if label is not None]
    if not given:
        return None
    return tuple(label for label in labels if label in given) if many else given[0]


def _refuse_unknown(unknown: Mapping[str, int], labels: Sequence[str], head: Head, column: str) -> None:
    if not unknown:
        return
    ranked = sorted(unknown, key=lambda item: (-unknown[item], item))
    named = ", ".join(f"{_short(item)!r} ({unknown[item]:,})" for item in ranked[:_SHOWN])
    rest = f" and {len(ranked) - _SHOWN} more" if len(ranked) > _SHOWN else ""
    first = ranked[0]
    near = get_close_matches(first.casefold(), [label.casefold() for label in labels], n=1, cutoff=0.5)
    target = next((label for label in labels if near and label.casefold() == near[0]), "LABEL")
    source = _short(first)
    raise InputError(
        f"labels in column {column!r} that {head.name} does not have: {named}{rest}",
        expected=f"one of: {', '.join(labels)}",
        fix=f'--map "{source}={target}", one for each; --map "{source}=" leaves its rows out',
    )


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "…"
