"""The settings of `cxnlp drivers`: those of the finished analysis, with what is to differ."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from cxnlp import provenance, reassess
from cxnlp.config import Config


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What an analysis with a date of leaving and a start of observation leaves of its settings."""
    ran = Config().replace(
        text="comment", date="written", id="customer", churn="churned", churn_date="left_on",
        observed_from="start", window_days=90, controls=("plan",),
    )  # fmt: skip
    settings = provenance._plain(dataclasses.asdict(ran))
    (tmp_path / "analysis.json").write_text(json.dumps({"provenance": {"settings": settings}}), encoding="utf-8")
    return tmp_path


def test_naming_the_outcome_again_keeps_what_its_dates_mean(folder: Path) -> None:
    found = reassess.settings_for(folder, churn="churned", churn_date="left_on").scores
    assert (found.churn, found.churn_date, found.observed_from, found.window_days) == (
        "churned", "left_on", "start", 90,
    )  # fmt: skip


def test_another_outcome_leaves_no_half_of_the_earlier_one(folder: Path) -> None:
    found = reassess.settings_for(folder, retained="renewed").scores
    assert (found.retained, found.churn, found.churn_date, found.observed_from) == ("renewed", None, None, None)
    assert found.window_days is None
    assert found.controls == ("plan",)


def test_all_else_stays(folder: Path) -> None:
    found = reassess.settings_for(folder, controls=("tenure",))
    assert (found.scores.churn, found.scores.controls, found.read.text) == ("churned", ("tenure",), "comment")
    assert (found.topics.analysis, found.encode.reuse) == (folder, folder)
