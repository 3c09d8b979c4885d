"""`join`: the wide table at three grains."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cxnlp import schema
from cxnlp.errors import InternalError
from cxnlp.results import Codes, Comments, Encoding, Placement, Scores, Statements, Table, Topics
from cxnlp.scores.customers import customer_keys
from cxnlp.scores.labels import Labels, labels_of, statement_columns
from cxnlp.scores.rollup import roll_up
from cxnlp.scores.units import in_window, number_units, unit_table

__all__ = ["join"]


def join(
    comments: Comments,
    quantities: Scores,
    statements: Statements,
    encoding: Encoding,
    topics: Topics,
    codes: Codes,
    placement: Placement,
) -> Table:
    """One row per comment (input order), per statement (reading order) and per customer, with all that is known.

    See `rollup.roll_up` for how statements make a comment and `units.unit_table` for how comments make a
    customer. Raises InternalError where the stages before do not fit together.
    """
    _same_length(comments, quantities, statements, encoding, topics, codes, placement)
    keys = customer_keys(comments.table["customer_id"]).reset_index(drop=True)
    unit = number_units(keys)
    inside, notes = in_window(comments.table["created_at"], quantities.by_comment.get("churned_at"), unit)
    labels = labels_of(encoding, len(statements.table))
    by_statement = _statements(statements, encoding, labels, topics, codes, placement)
    wide = pd.concat(
        [
            comments.table.reset_index(drop=True),
            statements.comments.drop(columns="comment_id").reset_index(drop=True),
            roll_up(by_statement, encoding, labels, len(comments.table)),
            pd.DataFrame({"unit": unit, "in_window": inside}),
            quantities.by_comment.reset_index(drop=True),
        ],
        axis=1,
    )
    row = by_statement["row"].to_numpy()
    units, contradictions = unit_table(wide, keys, quantities.outcomes, quantities.controls)
    return Table(
        comments=schema.check(wide, "comments"),
        statements=schema.check(by_statement.assign(unit=unit[row], in_window=inside[row]), "statements"),
        units=units,
        scores=quantities.scores,
        outcomes=quantities.outcomes,
        segments=quantities.segments,
        controls=quantities.controls,
        unit_name="customer" if keys.notna().any() else "comment",
        notes=(*notes, *contradictions),
    )


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
