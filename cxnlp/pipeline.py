"""The order of the stages, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxnlp.config import Config
from cxnlp.results import Evidence, Progress

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Analysis", "analyze"]


class Analysis(Evidence):
    """The evidence of one run, and the ways to write it down."""

    def to_html(self, path: str | Path) -> Path:
        """Write the report as one self-contained page that works offline; returns its path."""
        from cxnlp.report import write_html

        return write_html(self, Path(path))

    def save(
        self, folder: str | Path, *, formats: tuple[str, ...] = ("html", "parquet", "csv"), force: bool = False
    ) -> Path:
        """Write the whole result folder; refuses a folder that already holds an analysis unless `force`."""
        from cxnlp.report import save

        return save(self, Path(folder), formats=formats, force=force)


def analyze(
    source: str | Path | pd.DataFrame,
    config: Config | None = None,
    *,
    progress: Progress | None = None,
    **settings: Any,
) -> Analysis:
    """Read comments, find what they speak of, and say which topics go with customers leaving.

    Parameters
    ----------
    source : path of a CSV, TSV, Excel, JSON lines or Parquet file, or a DataFrame.
    config : all settings; default settings where None.
    progress : called with (what, done, total) while the slow stages run.
    settings : single settings by name over `config`, such as ``text="comment"`` or
        ``scores=("nps",)``; see `cxnlp.config`.

    Returns
    -------
    Analysis
        Tables with one row per comment, statement, topic, metric and driver, and the flags.

    Raises
    ------
    CxnlpError
        With what was found, what was expected and how to fix it, for every mistake in the input.
    """
    from cxnlp import (
        audit,
        codebook,
        connectors,
        drivers,
        engines,
        flags,
        journey,
        metrics,
        plans,
        provenance,
        scores,
        text,
        topics,
    )

    config = (config or Config()).replace(**settings)
    config, plan = plans.followed(config)
    clock = provenance.Clock()

    # What is missing or unfit is said now, not after minutes of cleaning.
    engines.check(config.encode)
    if config.drivers.gold is not None:
        audit.check(config.drivers.gold)
    earlier, book = topics.load(config.topics), codebook.wording(config.codebook)
    with clock("read"):
        comments = connectors.read(source, config.read)
        stages = journey.load(config.journey, comments)
        quantities = scores.parse(comments, config.scores, read=connectors.read_table, stages=stages.stages)
    with clock("clean"):
        statements = text.clean(comments, config.clean, progress=progress)
    with clock("encode"):
        encoding = engines.encode(statements, config.encode, progress=progress)
        wording = None if book is None else engines.embed(book.texts, book.languages, config.encode)
    with clock("topics"):
        halves = scores.halves(comments, statements)
        found = topics.find(statements, encoding, config.topics, given=earlier, halves=halves, progress=progress)
        codes = codebook.apply(book, wording, statements, encoding, config.codebook)
    with clock("join"):
        placement = journey.place(comments, statements, encoding, stages)
        within = config.scores.window_days
        table = scores.join(comments, quantities, statements, encoding, found, codes, placement, window_days=within)
    with clock("metrics"):
        measured = metrics.measure(table, found, config.metrics)
        curve = journey.curve(measured, placement)
    with clock("drivers"):
        labelled = config.drivers.gold
        gold = None
        if labelled is not None:
            gold = audit.load(labelled, table.statements, table.units, found.table, placement.stages)
        why = drivers.find(table, found, config.drivers, gold=gold, progress=progress)
    with clock("flags"):
        raised = flags.raise_flags(table, found, measured, why, config.drivers)
    path = Path(source) if isinstance(source, str | Path) else None
    parts = (comments, quantities, statements, encoding, found, codes, placement, table, why)
    return Analysis(
        comments=table.comments,
        source=comments.source,
        statements=table.statements,
        units=table.units,
        topics=found.table,
        metrics=measured,
        journey=curve,
        drivers=why.table,
        impact=why.impact,
        flags=raised,
        notes=tuple(note for part in parts for note in part.notes),
        stages=placement.stages,
        scores=table.scores,
        outcomes=table.outcomes,
        segments=table.segments,
        controls=table.controls,
        unit_name=table.unit_name,
        model=encoding.model,
        stage_agreement=placement.agreement,
        provenance=provenance.describe(
            comments, config, encoding, clock, usual_language=statements.usual_language, path=path, plan=plan
        ),
        codes=codes.table,
        review=codes.review,
        importance=why.importance,
        kano=why.kano,
        survival=why.survival,
        prevalence=why.prevalence,
        cards=why.cards,
        **({} if gold is None else {"audit": gold.accuracy}),
        files={**found.files, **codes.files, **engines.stored(statements, encoding)},
    )
