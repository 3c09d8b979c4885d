"""`parse`: everything about scores, outcomes and customers that can be wrong, found before the slow part starts."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cxnlp.config import ScoresConfig
from cxnlp.errors import SettingsError
from cxnlp.results import Comments, Note, Scores
from cxnlp.scores.answers import read_scores
from cxnlp.scores.background import TENURE, read_background, read_cluster
from cxnlp.scores.customers import Read, customer_keys, load_customers
from cxnlp.scores.observation import believe_the_flag, observed, until_when
from cxnlp.scores.outcomes import read_outcomes
from cxnlp.scores.sources import Field, Sources
from cxnlp.scores.wanted import outcome_columns, possible_columns, wanted_outcomes

__all__ = ["parse"]

_STAGE = "join"


def parse(comments: Comments, config: ScoresConfig, *, read: Read, stages: Sequence[str] | None = None) -> Scores:
    """Scores, outcomes, segments and controls, one row per input row, and the customers file joined to them.

    Parameters
    ----------
    comments : the data; their roles say which columns are scores.
    config : outcomes, dates of leaving and of observation, customers file, clusters, further controls.
    read : ``connectors.read_table``: path -> (DataFrame, notes); reads the customers file.
    stages : of the journey, which conversions must name; None: any name will do.

    Returns
    -------
    Scores
        ``by_comment`` and ``by_customer`` also hold ``churned_at``, ``observed_from``, ``observed_until`` (where a
        date of leaving was named) and ``cluster``, as far as they are known.

    Raises
    ------
    InputError, SettingsError
        For every mistake about a score, an outcome or the customers; see the modules of this room.
    """
    for text in config.conversions:
        stage = text.partition("=")[0].strip()
        if stages is not None and stage not in stages:
            raise SettingsError.unknown_value(stage, stages, option="stage of --conversion")
    described = (*config.segments, *config.controls, *([config.cluster] if config.cluster else []))
    dated = [column for column in (config.observed_from, config.observed_until) if column is not None]
    used = dict.fromkeys((*possible_columns(config), *dated, *described, *TENURE))
    customers, said = load_customers(comments, config, used, read)
    sources = Sources(comments.source, customer_keys(comments.table["customer_id"]), customers, comments.name)
    wanted = wanted_outcomes(config, sources, comments.roles)
    named = outcome_columns(config, wanted)
    scores, answers, notes = read_scores(comments, strict=config.strict, named_otherwise=(*named, *dated, *described))
    outcomes = read_outcomes(sources, config, wanted, scores, answers)
    dates, doubts = observed(sources, config, comments)
    measured = (*named, *(score.source for score in scores))
    cluster, clustered = read_cluster(sources, config.cluster, measured)
    own = (*answers, *outcomes.fields, *dates, *cluster)
    background = read_background(sources, config, {field.name for field in own}, measured)
    fields = (*own, *background.fields)
    doubled = [*_in_both(sources, (*named, *dated), "the customers file"), *_in_both(sources, described, comments.name)]
    by_comment, by_customer, ended = _with_dates(
        _frame(sources, fields), _by_customer(customers, fields), sources, config, comments
    )
    return Scores(
        by_comment=by_comment,
        by_customer=by_customer,
        scores=tuple(scores),
        outcomes=outcomes.outcomes,
        segments=background.segments,
        controls=background.controls,
        notes=(*notes, *said, *outcomes.notes, *doubts, *clustered, *background.notes, *doubled, *ended),
    )


def _frame(sources: Sources, fields: tuple[Field, ...]) -> pd.DataFrame:
    index = pd.RangeIndex(len(sources.source))
    return pd.DataFrame({field.name: sources.by_comment(field) for field in fields}, index=index)


def _by_customer(customers: pd.DataFrame | None, fields: tuple[Field, ...]) -> pd.DataFrame | None:
    if customers is None:
        return None
    columns = {
        field.name: field.values if field.of_customers else field.customers
        for field in fields
        if field.of_customers or field.customers is not None
    }
    return pd.DataFrame(columns, index=customers.index)


def _in_both(sources: Sources, columns: Sequence[str], believed: str) -> list[Note]:
    """A note for each column that both files have."""
    return [
        Note(_STAGE, f"{column!r} is in both files: taken from {believed}", level="info")
        for column in dict.fromkeys(columns)
        if sources.customers is not None and column in sources.customers and column in sources.source
    ]


def _with_dates(
    by_comment: pd.DataFrame,
    by_customer: pd.DataFrame | None,
    sources: Sources,
    config: ScoresConfig,
    comments: Comments,
) -> tuple[pd.DataFrame, pd.DataFrame | None, list[Note]]:
    """Both frames without the dates of those who stayed, and with the end of observation."""
    by_comment, stayed = believe_the_flag(by_comment)
    if by_customer is not None:
        by_customer, _ = believe_the_flag(by_customer)
    end, notes = until_when(by_comment, by_customer, sources, config, comments.table["created_at"])
    if end is not None:
        by_comment = by_comment.assign(observed_until=pd.Series(end, index=by_comment.index, dtype="datetime64[us]"))
        if by_customer is not None:
            until = pd.Series(end, index=by_customer.index, dtype="datetime64[us]")
            by_customer = by_customer.assign(observed_until=until)
    if stayed:
        message = "comments of customers with a date of leaving who are not marked as left; the date was not used"
        notes.append(Note(_STAGE, message, stayed))
    return by_comment, by_customer, notes
