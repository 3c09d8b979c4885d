"""`join`: the wide table at three grains."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cxnlp import schema
from cxnlp.errors import InternalError
from cxnlp.results import Codes, Comments, Encoding, Note, Placement, Scores, Statements, Table, Topics
from cxnlp.scores.customers import customer_keys
from cxnlp.scores.follow_up import follow_up, in_window, left_in_time
from cxnlp.scores.labels import Labels, labels_of, statement_columns
from cxnlp.scores.rollup import roll_up
from cxnlp.scores.units import (
    dates_of_units,
    known_of_units,
    majority,
    mostly_unknown,
    number_units,
    silent_customers,
)
from cxnlp.scores.words import TEXT

__all__ = ["join"]

_OF_UNITS = ("observed_from", "observed_until", "cluster")
"""What is said of customers only: no column of the comments."""


def join(
    comments: Comments,
    quantities: Scores,
    statements: Statements,
    encoding: Encoding,
    topics: Topics,
    codes: Codes,
    placement: Placement,
    *,
    window_days: int | None = None,
) -> Table:
    """One row per comment (input order), per statement (reading order) and per customer, with all that is known.

    Customers of the customers file who wrote nothing follow the others, by their id, with no comments. ``window_days``:
    as in the settings. See `rollup.roll_up` for how statements make a comment, `units.known_of_units` for how comments
    make a customer, `follow_up` for dates. Raises InternalError where the stages before do not fit together.
    """
    _same_length(comments, quantities, statements, encoding, topics, codes, placement)
    keys = customer_keys(comments.table["customer_id"]).reset_index(drop=True)
    unit = number_units(keys)
    units, inside, notes = _units(comments, quantities, statements, keys, unit, window_days)
    labels = labels_of(encoding, len(statements.table))
    by_statement = _statements(statements, encoding, labels, topics, codes, placement)
    wide = pd.concat(
        [
            comments.table.reset_index(drop=True),
            statements.comments.drop(columns="comment_id").reset_index(drop=True),
            roll_up(by_statement, encoding, labels, len(comments.table)),
            pd.DataFrame({"unit": unit, "in_window": inside}),
            quantities.by_comment.drop(columns=[*_OF_UNITS], errors="ignore").reset_index(drop=True),
        ],
        axis=1,
    )
    row = by_statement["row"].to_numpy()
    unit_name = "customer" if keys.notna().any() else "comment"
    return Table(
        comments=schema.check(wide, "comments"),
        statements=schema.check(by_statement.assign(unit=unit[row], in_window=inside[row]), "statements"),
        units=units,
        scores=quantities.scores,
        outcomes=quantities.outcomes,
        segments=quantities.segments,
        controls=quantities.controls,
        unit_name=unit_name,
        stages=placement.stages,
        notes=(*notes, *mostly_unknown(units, quantities.outcomes, unit_name)),
    )


def _units(
    comments: Comments,
    quantities: Scores,
    statements: Statements,
    keys: pd.Series,
    unit: np.ndarray,
    window_days: int | None,
) -> tuple[pd.DataFrame, np.ndarray, list[Note]]:
    """The units table, which comments are evidence, and notes."""
    silent = silent_customers(quantities, keys)
    written, scored = comments.table["created_at"], statements.comments["status"].eq("ok").to_numpy()
    inside = np.ones(len(unit), dtype=bool)
    notes: list[Note] = []
    dated = "churned_at" in quantities.by_comment
    if dated:
        dates = dates_of_units(quantities, written, unit, silent)
        seen = follow_up(dates["churned"], dates["churned_at"], dates["observed_from"], dates["observed_until"])
        until = seen.observed_until
        inside, said = in_window(written, scored, unit, seen, window_days)
        if window_days is not None:
            seen = left_in_time(seen, written, scored & inside, unit, window_days)
        notes += [*seen.notes, *said]
    known, contradictions = known_of_units(quantities, written, unit, silent, inside)
    if dated:
        known = known.assign(observed_from=seen.observed_from, observed_until=until, left_at=seen.left_at)
        if "churned" in known:
            known["churned"] = seen.churned
    units = pd.DataFrame(
        {
            "unit": np.arange(len(known)),
            "customer_id": _customer_ids(keys, unit, silent),
            "n_comments": np.bincount(unit[scored & inside], minlength=len(known)),
        }
    )
    languages = pd.DataFrame({"unit": unit, "language": statements.comments["language"].to_numpy()})[scored]
    units = pd.concat([units, known], axis=1).assign(language=majority(languages, len(known)))
    return schema.check(units, "units"), inside, [*notes, *contradictions]


def _customer_ids(keys: pd.Series, unit: np.ndarray, silent: pd.Index) -> pd.Series:
    n = int(unit.max()) + 1 if len(unit) else 0
    wrote = keys.groupby(unit).first().reindex(range(n)).astype(TEXT)
    return pd.concat([wrote, pd.Series(silent, dtype=TEXT)], ignore_index=True)


def _statements(
    statements: Statements,
    encoding: Encoding,
    labels: Mapping[str, Labels],
    topics: Topics,
    codes: Codes,
    placement: Placement,
) -> pd.DataFrame:
    read = statements.table.reset_index(drop=True)
    heads = pd.DataFrame(statement_columns(encoding, labels, len(read)), index=read.index)
    later = [
        frame.reset_index(drop=True) for frame in (topics.of_statement, codes.of_statement, placement.of_statement)
    ]
    return pd.concat([read, heads, *later], axis=1)


def _same_length(
    comments: Comments,
    quantities: Scores,
    statements: Statements,
    encoding: Encoding,
    topics: Topics,
    codes: Codes,
    placement: Placement,
) -> None:
    n_comments = {len(comments.table), len(quantities.by_comment), len(statements.comments)}
    arrays = [len(array) for array in encoding.probabilities.values()]
    later = (topics.of_statement, codes.of_statement, placement.of_statement)
    n_statements = {len(statements.table), *map(len, later), *arrays}
    rows = statements.table["row"]
    outside = len(rows) and not rows.between(0, len(comments.table) - 1).all()
    if len(n_comments) > 1 or len(n_statements) > 1 or outside:
        raise InternalError(
            f"stages disagree on the number of comments {sorted(n_comments)} or statements {sorted(n_statements)}",
            expected="one row per comment, and one per statement, from each stage",
            fix="please report this as a bug of cxnlp with the command that you ran",
        )
