"""What people answered once, brought to the statements of the present run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from cxnlp.audit import accuracy
from cxnlp.audit.finished import STAGE
from cxnlp.audit.gold import GOLD
from cxnlp.audit.naming import named
from cxnlp.audit.sheet import ANSWERS, NONE
from cxnlp.errors import InputError
from cxnlp.results import Gold, Note

__all__ = ["AUDIT", "check", "load"]

AUDIT = "audit.csv"
"""File of the result folder with the table `audit`."""

_STORED = ["row_id", "unit_name", "probability", *ANSWERS, "topic_model"]
_MOVED = 0.5
"""Share of statements with another topic than when they were audited from which the topics are others."""


def check(folder: Path) -> None:
    """Raise InputError where the analysis in `folder` holds no audit that people filled in."""
    if not (Path(folder) / GOLD).exists():
        raise InputError(
            f"no audit in {folder}",
            expected=f"the results that `cxnlp audit read` was given, with {GOLD}",
            fix=f"cxnlp audit draw {folder} --out gold.xlsx, have it filled in, cxnlp audit read {folder} gold.xlsx",
        )


def load(
    folder: Path, statements: pd.DataFrame, units: pd.DataFrame, topics: pd.DataFrame, stages: Sequence[str]
) -> Gold | None:
    """The gold of the analysis in `folder`, for a run over the same comments; None where none was read there.

    A unit counts where it has the very statements that people saw. The table of accuracy is made anew from the
    answers and the present tags; only the agreement of people is taken from the folder.

    Parameters
    ----------
    statements : columns `statements`, of the present run.
    units : unit and customer_id.
    topics : topic_id and topic_name, of the present run.
    stages : of the journey, in order.

    Raises
    ------
    InputError
        For a damaged file, for gold of other comments, and for gold that speaks of topics that are no more.
    """
    folder = Path(folder)
    stored = _stored(folder / GOLD)
    if stored is None:
        return None
    present = named(statements, units.set_index("unit")["customer_id"], only=set(stored["unit_name"]))
    rows, notes = _matched(stored, present, folder)
    notes += _topics_agree(rows, topics, folder)
    rows, unchecked = _with_unchecked(rows)
    spoken = statements[statements["in_window"].fillna(False).astype(bool)]
    table = accuracy.compare(rows, spoken, topics, stages)
    keep = table["tag"].map(lambda tag: not set(tag.split(" and ")) & set(unchecked))
    chance = rows.drop_duplicates("unit")[["unit", "probability"]].sort_values("unit", ignore_index=True)
    return Gold(
        statements=pd.DataFrame(
            {
                "statement_id": rows["statement_id"],
                "topic_id": _label(rows["topic"]),
                "stage": _label(rows["stage"]),
                "polarity": _label(rows["polarity"]),
            }
        ),
        units=chance,
        accuracy=_with_agreement(table[keep].reset_index(drop=True), folder / AUDIT),
        notes=(*notes, *(_not_checked(name) for name in unchecked)),
    )


def _stored(path: Path) -> pd.DataFrame | None:
    try:
        return pd.read_parquet(path)[_STORED]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{path} cannot be read: {error}", expected="the file as cxnlp wrote it", fix="cxnlp audit read again"
        ) from error


def _matched(stored: pd.DataFrame, present: pd.DataFrame, folder: Path) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """The stored answers with the columns of the present statements, units that have changed left out."""
    present = present.rename(columns={"stage": "stage_said"})
    rows = stored.drop(columns="unit_name").merge(present, on="row_id", how="inner")
    size = pd.DataFrame(
        {name: one.groupby("unit_name").size() for name, one in (("gold", stored), ("now", present), ("met", rows))}
    )
    same = size.index[(size["gold"] == size["now"]) & (size["gold"] == size["met"])]
    if not len(same):
        raise InputError(
            f"none of the {len(size):,} audited units of {folder} is among these comments",
            expected="the comments that were audited",
            fix="leave out --gold, or draw a sample from this analysis",
        )
    kept = rows[rows["unit_name"].isin(same)].sort_values(["unit", "statement_id"], ignore_index=True)
    if len(same) == len(size):
        return kept, ()
    weights = (1 / stored.drop_duplicates("unit_name").set_index("unit_name")["probability"]).sort_index()
    share = float(weights[same].sum() / weights.sum())
    note = Note(STAGE, "audited units whose statements are others now: they are left out", len(size) - len(same))
    return kept.assign(probability=np.round(kept["probability"] * share, 12)), (note,)


def _topics_agree(rows: pd.DataFrame, topics: pd.DataFrame, folder: Path) -> tuple[Note, ...]:
    gone = sorted(set(rows["topic"].dropna()) - {NONE, *topics["topic_id"]})
    moved = int((rows["topic_model"].fillna(NONE) != rows["topic_id"].fillna(NONE)).sum())
    if gone or moved > _MOVED * len(rows):
        what = f"topics that are no more: {', '.join(gone[:5])}" if gone else "other topics than those of now"
        raise InputError(
            f"the audit of {folder} speaks of {what}",
            expected="the topics that were audited: their ids are what people answered with",
            fix="draw a sample from this analysis, or leave out --gold",
        )
    message = "audited statements that have another topic now: people's answers stand"
    return (Note(STAGE, message, moved, "info"),) if moved else ()


def _with_unchecked(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The answers with the model's where a column was filled in by nobody; and the names of such columns."""
    model = {"polarity": "sentiment_label", "stage": "stage_said"}
    unchecked = [name for name in model if rows[name].isna().all()]
    return rows.assign(**{name: rows[model[name]] for name in unchecked}), unchecked


def _not_checked(name: str) -> Note:
    return Note(STAGE, f"the audit did not check the {name}: the model's answers are taken as right there")


def _with_agreement(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    columns = ["alpha", "alpha_low", "alpha_high"]
    try:
        known = pd.read_csv(path, encoding="utf-8-sig", dtype={"tag": "str", "value": "str"})
        known = known.set_index(["tag", "value"])[columns].astype(float)
    except FileNotFoundError:
        return table
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{path} cannot be read: {error}", expected="the file as cxnlp wrote it", fix="cxnlp audit read again"
        ) from error
    keys = pd.MultiIndex.from_frame(table[["tag", "value"]])
    return table.assign(**{name: known[name].reindex(keys).to_numpy(dtype=float) for name in columns})


def _label(values: pd.Series) -> pd.Series:
    text = pd.StringDtype(na_value=np.nan)
    return values.where(values.notna() & (values != NONE)).astype(text)
