"""`cxnlp evaluate`: what a model answers on a labelled file, beside the labels."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cxnlp.cli import console, development, options, questions, scorecard
from cxnlp.config import Config
from cxnlp.errors import InputError, SettingsError

if TYPE_CHECKING:
    import pandas as pd

    from cxnlp.evaluation import Answers, Evaluation, Truth
    from cxnlp.results import Comments, Encoding, Note, Progress, Statements

__all__ = ["Measured", "Question", "command", "evaluate"]

GRAINS = ("text", "comment")
"""What is encoded as one: the text as it stands, or the statements of a comment, put together as `analyze` does."""

SHORT = 1
"""Exit code where the figure is below --min-macro-f1."""

_OURS = ("source", "label", "head", "maps", "grain", "least", "out", "resamples", "limit", "quiet", "file")


@dataclass(frozen=True, slots=True)
class Question:
    """What is measured: ``label`` names the column of the truth, ``maps`` its labels -> ours."""

    label: str
    head: str = "sentiment"
    maps: tuple[tuple[str, str], ...] = ()
    grain: str = "text"
    resamples: int = 1000
    confidence: float = 0.95
    seed: int = 0
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """One evaluation, and what it rests on. ``left_out``: reason -> rows that were not measured."""

    question: Question
    comments: Comments
    evaluation: Evaluation
    encoding: Encoding
    left_out: dict[str, int]
    notes: tuple[Note, ...]


def command(
    context: typer.Context,
    source: questions.Source,
    label: questions.Label = None,
    text: options.Text = None,
    head: questions.HeadName = "sentiment",
    language: options.Language = None,
    maps: questions.Maps = None,
    grain: questions.Grain = "text",
    least: questions.Least = None,
    resamples: questions.Resamples = 1000,
    limit: questions.Limit = None,
    encoding: options.Encoding = None,
    delimiter: options.Delimiter = None,
    sheet: options.Sheet = None,
    model: options.Model = None,
    device: options.Device = None,
    precision: options.Precision = None,
    out: questions.Out = None,
    quiet: options.Quiet = False,
    file: options.File = None,
) -> None:
    """Measure a model on labelled comments: F1, calibration and confusion, with intervals.

    Any file that analyze reads will do. Labels of one comment are parted by commas or semicolons. With the folder of
    the development sets in place of a file, every head is measured on them, as the model card shows.

    Exit codes: 0 measured; 1 measured, and below --min-macro-f1; 2 a mistake in the input or the options.
    """
    given = {name: value for name, value in context.params.items() if name not in _OURS}
    config = options.settings(file, given)
    if Path(source).is_dir():
        if label is not None or text is not None:
            raise SettingsError(
                f"{source} is a folder, with --text or --label",
                expected="a file with labelled comments, or the folder of the development sets alone",
                fix=f"cxnlp evaluate {source}",
            )
        _least(development.evaluate(Path(source), config.encode, out, quiet=quiet), "Mean macro-F1", least)
        return
    if label is None:
        raise SettingsError(
            "no --label",
            expected="the column with the true labels",
            fix="cxnlp evaluate FILE --text COLUMN --label COLUMN",
        )
    question = Question(label=label, head=head, maps=_pairs(maps or []), grain=grain, resamples=resamples, limit=limit)
    if out is not None:
        scorecard.check_place(out)
    with console.progress(quiet=quiet) as progress:
        measured = evaluate(source, question, config, progress=progress)
    if not quiet:
        scorecard.show(measured)
    if out is not None:
        scorecard.write(scorecard.record(measured, config, least), out)
    found = measured.evaluation
    _least(found.estimate(found.main).value, scorecard.NAMES[found.main], least)


def evaluate(
    source: str | Path | pd.DataFrame, question: Question, config: Config, *, progress: Progress | None = None
) -> Measured:
    """Read `source`, let the model answer, and compare with the labels. Raises CxnlpError for every mistake."""
    from cxnlp import connectors, evaluation
    from cxnlp.results import Note

    _check(question)
    comments = connectors.read(source, config.read)
    truth = _truth(comments, question)
    asked, labels, left_out = _measurable(comments, truth, question)
    cleaned = _cleaned(asked, question, config, progress)
    encoding, answers = _answers(asked, cleaned, question, config, progress)
    found = evaluation.evaluate(
        labels,
        answers,
        _languages(asked, cleaned),
        resamples=question.resamples,
        confidence=question.confidence,
        seed=question.seed,
    )
    notes = (
        *comments.notes,
        *(cleaned.notes if cleaned is not None and question.grain == "comment" else ()),
        *encoding.notes,
        *(Note("evaluate", f"--map {name}=... meets no label of {question.label!r}") for name in truth.unused),
    )
    return Measured(question, comments, found, encoding, left_out, notes)


def _truth(comments: Comments, question: Question) -> Truth:
    from cxnlp import evaluation
    from cxnlp.heads import HEADS

    if question.label not in comments.source.columns:
        raise InputError.missing_column(question.label, comments.source.columns, option="--label", where=comments.name)
    return evaluation.read_labels(
        comments.source[question.label],
        HEADS[question.head],
        column=question.label,
        mapping=dict(question.maps),
        whole=question.grain == "comment",
    )


def _measurable(comments: Comments, truth: Truth, question: Question) -> tuple[Comments, pd.Series, dict[str, int]]:
    """The rows with a text and a label, their labels, and how many others there are and why."""
    texts = comments.table["text"]
    labelled, written = truth.values.notna(), texts.notna()
    kept = _sample(texts[labelled & written], question.limit)
    left_out = {
        "without a label": truth.missing,
        "with a label that --map leaves out": truth.dropped,
        "without a text": int((labelled & ~written).sum()),
        "outside the sample of --limit": int((labelled & written).sum()) - len(kept),
    }
    if kept.empty:
        raise InputError(
            f"{comments.name}: no row with both a text and a label in column {question.label!r}",
            expected="labelled comments",
            fix="check --text, --label and --map",
        )
    asked = dataclasses.replace(
        comments,
        source=comments.source.loc[kept].reset_index(drop=True),
        table=comments.table.loc[kept].reset_index(drop=True),
    )
    return asked, truth.values.loc[kept].reset_index(drop=True), left_out


def _check(question: Question) -> None:
    from cxnlp.heads import HEADS

    if question.head not in HEADS:
        raise SettingsError.unknown_value(question.head, HEADS, option="--head")
    if question.grain not in GRAINS:
        raise SettingsError.unknown_value(question.grain, GRAINS, option="--as")


def _pairs(maps: list[str]) -> tuple[tuple[str, str], ...]:
    for entry in maps:
        if "=" not in entry:
            raise SettingsError(
                f"--map {entry}",
                expected="a label of the data, =, and a label of the head",
                fix=f'--map "{entry}=negative", or --map "{entry}=" to leave such rows out',
            )
    return tuple((theirs, ours) for theirs, _, ours in (entry.rpartition("=") for entry in maps))


def _sample(texts: pd.Series, limit: int | None) -> pd.Index:
    """Rows of at most `limit` texts, chosen by nothing but the texts, in the order of the input."""
    import pandas as pd

    if limit is None or len(texts) <= limit:
        return texts.index
    return pd.util.hash_pandas_object(texts, index=False).sort_values(kind="stable").index[:limit].sort_values()


def _cleaned(comments: Comments, question: Question, config: Config, progress: Progress | None) -> Statements | None:
    """The statements, where they are encoded or the languages must be recognised."""
    from cxnlp import text

    if question.grain == "text" and comments.columns("language"):
        return None
    return text.clean(comments, config.clean, progress=progress)


def _languages(comments: Comments, cleaned: Statements | None) -> pd.Series:
    if cleaned is None or comments.columns("language"):
        return comments.table["language_given"]
    return cleaned.comments["language"]


def _answers(
    comments: Comments, cleaned: Statements | None, question: Question, config: Config, progress: Progress | None
) -> tuple[Encoding, Answers]:
    from cxnlp import engines, evaluation
    from cxnlp.heads import HEADS

    whole = question.grain == "comment" and cleaned is not None
    statements = (
        cleaned if whole and cleaned is not None else _one_statement_each(comments, _languages(comments, cleaned))
    )
    encoding = engines.encode(statements, config.encode, progress=progress)
    if question.head not in encoding.probabilities:
        raise SettingsError.unknown_value(question.head, encoding.probabilities, option="--head")
    if whole:
        return encoding, evaluation.comment_answers(question.head, _rolled_up(comments, statements, encoding, config))
    return encoding, evaluation.answers_of(
        HEADS[question.head], encoding.probabilities[question.head], encoding.thresholds.get(question.head)
    )


def _one_statement_each(comments: Comments, language: pd.Series) -> Statements:
    import pandas as pd

    from cxnlp.results import Statements

    read = comments.table
    table = pd.DataFrame(
        {
            "statement_id": range(len(read)),
            "comment_id": read["comment_id"],
            "row": range(len(read)),
            "start": 0,
            "end": read["text"].str.len().astype("int64"),
            "text": read["text"],
            "language": language,
        }
    )
    return Statements(comments=read, table=table)


def _rolled_up(comments: Comments, statements: Statements, encoding: Encoding, config: Config) -> pd.DataFrame:
    """The comments table of `analyze`: no answer of a head rests on topics or scores, so there are none here."""
    import numpy as np
    import pandas as pd

    from cxnlp import codebook, journey, scores
    from cxnlp.results import Scores, Topics
    from cxnlp.schema import names

    of_statement = pd.DataFrame(np.nan, index=range(len(statements.table)), columns=names("topic_of"))
    topics = Topics(table=pd.DataFrame(columns=names("topics")), of_statement=of_statement)
    placement = journey.place(comments, statements, encoding, journey.load(config.journey, comments))
    quantities = Scores(by_comment=pd.DataFrame(index=range(len(comments.table))), by_customer=None)
    codes = codebook.none(len(statements.table))
    return scores.join(comments, quantities, statements, encoding, topics, codes, placement).comments


def _least(value: float, name: str, least: float | None) -> None:
    if least is None:
        return
    if value < least:
        console.say(f"{name} {value:.4f} is below {least:g}, which --min-macro-f1 asks for.")
        raise typer.Exit(SHORT)
    console.lines(f"{name} {value:.4f} reaches {least:g}, which --min-macro-f1 asks for.")
