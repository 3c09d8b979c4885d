"""From answers to gold: completed units, how right the tags are, and what later runs read of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cxnlp.audit import accuracy
from cxnlp.audit.coding import Read, answered, decide, note_of_ties, read_coders, vocabulary
from cxnlp.audit.finished import STAGE, Finished, trained
from cxnlp.audit.sheet import ANSWERS
from cxnlp.errors import InputError
from cxnlp.results import Note

__all__ = ["DRAWN", "GOLD", "Audited", "drawn_table", "judge", "read_drawn"]

DRAWN = "audit_draw.parquet"
"""File of the result folder that says what was drawn, and with which chances."""

GOLD = "audit_gold.parquet"
"""File of the result folder with what people answered."""

_DRAWN = ["row_id", "unit_name", "probability"]
_MANY = 0.05
"""Share of units without all answers from which the note is a warning."""

_TENTATIVE = 0.667
"""Krippendorff's alpha below which data support not even tentative conclusions (Krippendorff 2018, chapter 12)."""


@dataclass(frozen=True, slots=True)
class Audited:
    """``gold``: one row a statement of a completed unit: row_id, unit_name, probability, topic, polarity, stage, and
    topic_model, what the model said. ``accuracy``: columns `audit`."""

    gold: pd.DataFrame
    accuracy: pd.DataFrame
    notes: tuple[Note, ...] = ()


def drawn_table(rows: pd.DataFrame) -> pd.DataFrame:
    """What is kept of a draw: row_id, unit_name and probability of each statement."""
    return rows[_DRAWN].sort_values("row_id", ignore_index=True)


def read_drawn(folder: Path) -> pd.DataFrame:
    """What was drawn from the analysis in `folder`; InputError where nothing was, or the file is damaged."""
    path = Path(folder) / DRAWN
    try:
        return pd.read_parquet(path)[_DRAWN]
    except FileNotFoundError as error:
        raise InputError(
            f"no sample was drawn from {folder}",
            expected=f"{DRAWN}, which `cxnlp audit draw` writes",
            fix=f"cxnlp audit draw {folder} --out gold.csv",
        ) from error
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{path} cannot be read: {error}", expected="the file as cxnlp wrote it", fix="draw again"
        ) from error


def judge(finished: Finished, drawn: pd.DataFrame, paths: Sequence[Path], read: Read) -> Audited:
    """Take back what people filled in, and compare the model with it.

    A unit counts where each of its statements has its answers; the chances of the others are raised by the share that
    was completed, as if those left out were a random part. Where people disagree the majority decides. A column of
    answers that nobody filled in is not audited.

    Parameters
    ----------
    drawn : columns of `drawn_table`.
    paths : one file a person.
    read : how a file is read as a table: `connectors.read_table`.

    Raises
    ------
    InputError
        As `coding.read_coders`; where the statements of the folder are not those of the draw; and where no unit is
        complete.
    """
    rows = _rows_of(finished, drawn)
    coders, notes = read_coders(paths, read, pd.Index(rows["row_id"]), vocabulary(finished))
    decided, ties = decide(coders)
    rows = rows.assign(**{name: decided[name].to_numpy() for name in ANSWERS})
    rows, seen = _unseen(finished, rows)
    complete, incomplete = _completed(rows)
    unit = pd.factorize(complete["unit_name"])[0]
    table = accuracy.compare(complete.assign(unit=unit), finished.spoken, finished.topics, finished.stages)
    table = accuracy.agreement(table, coders, pd.factorize(_unit_of(drawn)[decided.index])[0])
    gold = complete.rename(columns={"topic_id": "topic_model"})
    kept = [*_DRAWN, *ANSWERS, "topic_model"]
    notes = (*notes, *note_of_ties(ties, Path(paths[0]).name), *seen, *incomplete, *_doubts(table, decided))
    return Audited(gold[kept].sort_values("row_id", ignore_index=True), table, notes)


def _unit_of(drawn: pd.DataFrame) -> pd.Series:
    return pd.Series(drawn["unit_name"].to_numpy(), index=drawn["row_id"].to_numpy())


def _rows_of(finished: Finished, drawn: pd.DataFrame) -> pd.DataFrame:
    """The statements of the drawn units with their chances, by row_id; those of the analysis and of the draw agree."""
    spoken = finished.spoken[finished.spoken["unit_name"].isin(set(drawn["unit_name"]))]
    rows = spoken.rename(columns={"stage": "stage_said"}).merge(drawn[["row_id", "probability"]], on="row_id")
    if len(rows) != len(drawn) or len(spoken) != len(drawn):
        raise InputError(
            f"{finished.folder} no longer holds the statements of its {DRAWN}: "
            f"{len(drawn) - len(rows):,} are gone, {len(spoken) - len(rows):,} are new in the drawn units",
            expected="the analysis that the sample was drawn from",
            fix="analyze the same comments with the same settings of cleaning, or draw again",
        )
    return rows.sort_values("row_id", ignore_index=True)


def _unseen(finished: Finished, rows: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    known, _ = trained(finished)
    unfit = set(finished.spoken.loc[known, "unit_name"])
    seen = rows["unit_name"].isin(unfit)
    if not seen.any():
        return rows, ()
    message = "units with words that trained the model: what people answered about them does not count"
    return rows[~seen], (Note(STAGE, message, int(rows.loc[seen, "unit_name"].nunique())),)


def _completed(rows: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    done = answered(rows).groupby(rows["unit_name"]).transform("all").astype(bool)
    n = rows["unit_name"].nunique()
    left = int(rows.loc[~done, "unit_name"].nunique())
    if left == n:
        raise InputError(
            f"none of {n:,} units has all its answers",
            expected="a topic for each statement ('none' where no topic fits), and a polarity where there is a topic",
            fix="fill in the columns topic and polarity, then read the file again",
        )
    if not left:
        return rows.reset_index(drop=True), ()
    kept = rows[done].reset_index(drop=True)
    share = _weighted_units(kept) / _weighted_units(rows)
    note = Note(
        STAGE,
        f"units without all their answers ({int((~answered(rows)).sum()):,} statements): they are left out, and the "
        "others taken to stand for them",
        left,
        "warning" if left > _MANY * n else "info",
    )
    return kept.assign(probability=np.round(kept["probability"] * share, 12)), (note,)


def _weighted_units(rows: pd.DataFrame) -> float:
    return float((1 / rows.drop_duplicates("unit_name")["probability"].sort_values()).sum())


def _doubts(table: pd.DataFrame, decided: pd.DataFrame) -> list[Note]:
    notes = []
    for name in ("polarity", "stage"):
        if decided[name].isna().all():
            message = f"nobody filled in the column {name!r}: the model's answers are taken as right there"
            notes.append(Note(STAGE, message, len(decided)))
    overall = table[(table["value"] == accuracy.ALL) & (table["alpha"] < _TENTATIVE)]
    for tag, value in zip(overall["tag"], overall["alpha"], strict=True):
        message = (
            f"people agree little on {tag} (Krippendorff's alpha {value:.2f}; {_TENTATIVE:.2f} is the least that is "
            "accepted): sharpen the codebook before you rely on this"
        )
        notes.append(Note(STAGE, message))
    return notes
