"""`parse`: everything about scores, outcomes and customers that can be wrong, found before the slow part starts."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cxnlp.config import ScoresConfig
from cxnlp.results import Comments, Note, Scores
from cxnlp.scores.answers import read_scores
from cxnlp.scores.background import TENURE, read_background
from cxnlp.scores.customers import Read, customer_keys, load_customers
from cxnlp.scores.outcomes import read_outcomes
from cxnlp.scores.sources import Field, Sources

__all__ = ["parse"]

_STAGE = "join"


def parse(comments: Comments, config: ScoresConfig, *, read: Read) -> Scores:
    """Scores, outcomes, segments and controls, one row per input row, and the customers file joined to them.

    Parameters
    ----------
    comments : the data; their roles say which columns are scores.
    config : outcome, dates of leaving, customers file, further controls.
    read : ``connectors.read_table``: path -> (DataFrame, notes); reads the customers file.

    Raises
    ------
    InputError, SettingsError
        For every mistake about a score, an outcome or the customers; see the modules of this room.
    """
    named = [column for column in (config.outcome, config.churn, config.churn_date) if column is not None]
    scores, answers, notes = read_scores(
        comments, strict=config.strict, named_otherwise=(*named, *config.segments, *config.controls)
    )
    described = (*config.segments, *config.controls)
    customers, said = load_customers(comments, config, dict.fromkeys((*named, *described, *TENURE)), read)
    sources = Sources(comments.source, customer_keys(comments.table["customer_id"]), customers, comments.name)
    outcomes = read_outcomes(sources, config, scores, answers)
    measured = (*named, *(score.source for score in scores))
    taken = {field.name for field in (*answers, *outcomes.fields)}
    background = read_background(sources, config, taken, measured)
    fields = (*answers, *outcomes.fields, *background.fields)
    doubled = [*_in_both(sources, named, "the customers file"), *_in_both(sources, described, comments.name)]
    by_comment, contradictions = _believe_the_flag(_frame(sources, fields))
    return Scores(
        by_comment=by_comment,
        by_customer=_by_customer(customers, fields),
        scores=tuple(scores),
        outcomes=outcomes.outcomes,
        segments=background.segments,
        controls=background.controls,
        notes=(*notes, *said, *outcomes.notes, *background.notes, *doubled, *contradictions),
    )


def _frame(sources: Sources, fields: tuple[Field, ...]) -> pd.DataFrame:
    index = pd.RangeIndex(len(sources.source))
    return pd.DataFrame({field.name: sources.by_comment(field) for field in fields}, index=index)


def _by_customer(customers: pd.DataFrame | None, fields: tuple[Field, ...]) -> pd.DataFrame | None:
    if customers is None:
        return None
    columns = {field.name: field.values for field in fields if field.of_customers}
    return pd.DataFrame(columns, index=customers.index)


def _in_both(sources: Sources, columns: Sequence[str], believed: str) -> list[Note]:
    """A note for each column that both files have."""
    return [
        Note(_STAGE, f"{column!r} is in both files: taken from {believed}", level="info")
        for column in dict.fromkeys(columns)
        if sources.customers is not None and column in sources.customers and column in sources.source
    ]


def _believe_the_flag(by_comment: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """A date of leaving of a customer who did not leave (the end of a contract, say) ends no window."""
    if "churned_at" not in by_comment or "churned" not in by_comment:
        return by_comment, ()
    stayed = by_comment["churned_at"].notna() & by_comment["churned"].eq(False).fillna(False).astype(bool)
    if not stayed.any():
        return by_comment, ()
    message = "comments of customers with a date of leaving who are not marked as left; the date was not used"
    dates = by_comment["churned_at"].mask(stayed)
    return by_comment.assign(churned_at=dates), (Note(_STAGE, message, int(stayed.sum())),)
