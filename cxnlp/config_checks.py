"""Checks of settings that need no data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxnlp.errors import SettingsError

if TYPE_CHECKING:
    from cxnlp.config import Config, ScoresConfig

__all__ = ["FORMATS", "check_companions", "check_values"]

FORMATS: tuple[str, ...] = ("html", "parquet", "csv", "xlsx")
"""What `--format` accepts. The tidy CSV tables and analysis.json are always written."""


def check_values(config: Config) -> None:
    """Raise SettingsError for a value that no run could use."""
    _one_of(config.encode.device, ("auto", "cpu", "cuda", "mps"), "--device")
    _one_of(config.encode.precision, ("auto", "bfloat16", "float32"), "--precision")
    for name in config.report.formats:
        _one_of(name, FORMATS, "--format")
    topics, delimiter = config.topics.topics, config.read.delimiter
    if topics != "auto" and not (topics.isdecimal() and int(topics) >= 1):
        raise SettingsError(f"--topics {topics}", expected="auto, or a whole number from 1", fix="--topics auto")
    if delimiter is not None and len(delimiter) != 1 and delimiter not in ("tab", "\\t"):
        raise SettingsError(f"--delimiter {delimiter!r}", expected="one character, or 'tab'", fix="--delimiter ';'")
    if config.read.encoding is not None:
        _check_encoding(config.read.encoding)
    for polarity in config.drivers.polarities:
        _one_of(polarity, ("negative", "positive"), "--polarity")
    _one_of(config.drivers.fdr, ("bh", "by"), "--fdr")
    _check_outcomes(config.scores)


def check_companions(config: Config) -> None:
    """Options that mean nothing without another."""
    _check_bad_when(config.scores)
    _check_observation(config.scores)
    if config.scores.customers is not None and config.read.id is None:
        raise SettingsError(
            f"--customers {config.scores.customers} without --id",
            expected="the column that names the customer in both files",
            fix="--id customer_id",
        )
    topics = config.topics
    if topics.analysis is not None and (topics.edits is not None or topics.name_with is not None):
        what = f"edits {topics.edits}" if topics.edits is not None else f"name_with {topics.name_with}"
        raise SettingsError(
            f"{what} with the topics of {topics.analysis}",
            expected="one of them: the topics of a finished analysis are used as they are",
            fix=f"cxnlp topics apply {topics.analysis}, and then tag with it",
        )
    if config.topics.name_model is not None and config.topics.name_with is None:
        raise SettingsError(
            f"--name-model {config.topics.name_model} without --name-with",
            expected="the server that has the model",
            fix=f"--name-with http://localhost:11434/v1 --name-model {config.topics.name_model}",
        )
    encode = config.encode
    if encode.sentiment_labels is not None and encode.sentiment_model is None:
        raise SettingsError(
            f"--sentiment-labels {encode.sentiment_labels} without --sentiment-model",
            expected="the classifier whose labels these are",
            fix=f'--sentiment-model FOLDER --sentiment-labels "{encode.sentiment_labels}"',
        )
    if encode.encoder is not None and encode.model != "cxnlp-small":
        raise SettingsError(
            f"--model {encode.model} with --encoder {encode.encoder}",
            expected="one of them: either makes the embedding",
            fix=f"--encoder {encode.encoder}",
        )


def _check_outcomes(scores: ScoresConfig) -> None:
    days = scores.window_days
    if days is not None and (not isinstance(days, int) or isinstance(days, bool) or days < 1):
        raise SettingsError(f"--window {days}", expected="a whole number of days from 1", fix="--window 90")
    stages = []
    for text in scores.conversions:
        stage, _, column = (part.strip() for part in text.partition("="))
        if not stage or not column:
            raise SettingsError(
                f"--conversion {text}",
                expected="a stage and the column that says whether the customer went on from it",
                fix="--conversion purchase=COLUMN",
            )
        stages.append(stage.casefold())
    twice = next((stage for stage in stages if stages.count(stage) > 1), None)
    if twice is not None:
        raise SettingsError(
            f"--conversion {twice} twice", expected="one column for each stage", fix="leave out one of them"
        )


def _check_bad_when(scores: ScoresConfig) -> None:
    if scores.bad_when is None:
        return
    if not scores.outcome:
        raise SettingsError(
            f"--bad-when {scores.bad_when} without --outcome",
            expected="the outcome column whose value is the bad one",
            fix=f"--outcome COLUMN --bad-when {scores.bad_when}",
        )
    if len(scores.outcome) > 1:
        raise SettingsError(
            f"--bad-when {scores.bad_when} with {len(scores.outcome)} outcomes",
            expected="the bad value of each with its column",
            fix=" ".join(f"--outcome '{text if '=' in text else f'{text}=VALUE'}'" for text in scores.outcome),
        )


def _check_observation(scores: ScoresConfig) -> None:
    named = {
        "--observed-from": scores.observed_from,
        "--observed-until": scores.observed_until,
        "--window": scores.window_days,
    }
    for option, value in named.items():
        if value is not None and scores.churn_date is None:
            raise SettingsError(
                f"{option} {value} without --churn-date",
                expected="the column with the date on which a customer left",
                fix=f"{option} {value} --churn-date COLUMN",
            )


def _one_of(value: str, allowed: tuple[str, ...], option: str) -> None:
    if value not in allowed:
        raise SettingsError.unknown_value(value, allowed, option=option)


def _check_encoding(name: str) -> None:
    import codecs

    try:
        codecs.lookup(name)
    except LookupError as error:
        raise SettingsError.unknown_value(
            name, ("utf-8", "utf-16", "cp1250", "cp1252", "iso-8859-2", "iso-8859-1"), option="--encoding"
        ) from error
