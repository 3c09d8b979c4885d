"""From the labels of any sentiment classifier to negative, neutral and positive."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from cxnlp.errors import ModelError, SettingsError
from cxnlp.heads import POLARITIES

__all__ = ["OPTION", "polarity_matrix", "polarity_of", "read_declared"]

OPTION = "--sentiment-labels"

_OBVIOUS: dict[str, str] = {
    spelling: polarity
    for polarity, spellings in {
        "negative": ("negative", "neg", "very negative", "1 star", "2 stars"),
        "neutral": ("neutral", "neu", "3 stars"),
        "positive": ("positive", "pos", "very positive", "4 stars", "5 stars"),
    }.items()
    for spelling in spellings
}
"""Labels that mean the same to everyone, in lower case. Numbers such as LABEL_0 are never guessed."""

_PAIR = re.compile(rf"\s*(?P<label>[^=].*?)\s*=\s*(?P<polarity>{'|'.join(POLARITIES)})\s*(?:,|\Z)", re.S)


def read_declared(text: str | None) -> dict[str, str]:
    """The map in ``"LABEL_0=negative,LABEL_1=positive"``; empty where None.

    A label may hold commas and equals signs: a pair ends with a polarity. Raises SettingsError otherwise.
    """
    declared: dict[str, str] = {}
    place = 0
    while text and place < len(text):
        pair = _PAIR.match(text, place)
        if pair is None or pair["label"] in declared:
            raise SettingsError(
                f"{OPTION} {text!r}",
                expected=f"LABEL=POLARITY, each label once, parted by commas; a polarity is {', '.join(POLARITIES)}",
                fix=f'{OPTION} "LABEL_0=negative,LABEL_1=neutral,LABEL_2=positive"',
            )
        declared[pair["label"]] = pair["polarity"]
        place = pair.end()
    return declared


def polarity_of(labels: Sequence[str], declared: Mapping[str, str], *, model: str) -> dict[str, str]:
    """Label -> polarity for every label of a classifier: as declared, else by its obvious name.

    Raises
    ------
    ModelError
        Where a label has no obvious polarity, a declared label does not exist, or nothing is negative or
        nothing positive; lists the labels and the option to write.
    """
    found = {label: declared.get(label) or _OBVIOUS.get(_plain(label), "") for label in labels}
    unknown = [label for label in declared if label not in found]
    unclear = [label for label, polarity in found.items() if not polarity]
    if len(found) == len(labels) and not unknown and not unclear and {"negative", "positive"} <= set(found.values()):
        return found
    if unknown:
        problem = f"{OPTION} names {', '.join(unknown)}, which {model} does not predict"
    elif unclear:
        problem = f"{model} predicts {', '.join(unclear)}, whose polarity its name does not say"
    else:
        problem = f"{model} does not predict both a negative and a positive label"
    template = ",".join(f"{label}={polarity or 'POLARITY'}" for label, polarity in found.items())
    raise ModelError(
        problem,
        expected=f"negative, neutral or positive for each of its labels: {', '.join(labels) or 'it names none'}",
        fix=f'{OPTION} "{template}"' + (f" with POLARITY one of {', '.join(POLARITIES)}" if unclear else "")
        if labels
        else "name a sequence classifier with at least two labels",
    )


def polarity_matrix(labels: Sequence[str], polarity: Mapping[str, str]) -> np.ndarray:
    """What sums probabilities of labels into those of `heads.POLARITIES`: float32 array (labels, 3) of 0 and 1."""
    return np.array([[polarity[label] == name for name in POLARITIES] for label in labels], dtype=np.float32)


def _plain(label: str) -> str:
    return re.sub(r"[\s_-]+", " ", label).strip().lower()
