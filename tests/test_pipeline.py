"""The whole way with the embedded model on real reviews: `cxnlp.analyze` as a user calls it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import cxnlp
from cxnlp import demo, schema

ROWS = 160
SETTINGS = {**demo.CLOTHING_COLUMNS, "refits": 5}


@pytest.fixture(scope="module")
def reviews() -> pd.DataFrame:
    return pd.read_csv(demo.clothing(), dtype=str, keep_default_na=False).head(ROWS)


@pytest.fixture(scope="module")
def analysis(reviews: pd.DataFrame) -> cxnlp.Analysis:
    return cxnlp.analyze(reviews, **SETTINGS)


def test_every_row_comes_back_in_order_with_its_columns(reviews: pd.DataFrame, analysis: cxnlp.Analysis) -> None:
    assert analysis.comments["comment_id"].tolist() == reviews["review_id"].tolist()
    pd.testing.assert_frame_equal(analysis.source, reviews)


def test_the_tables_have_the_declared_columns(analysis: cxnlp.Analysis) -> None:
    for name in ("comments", "statements", "units", "topics", "metrics", "journey", "drivers", "impact"):
        schema.check(getattr(analysis, name), name)


def test_statements_are_where_they_say(analysis: cxnlp.Analysis) -> None:
    clean = analysis.comments["text_clean"]
    for row, start, end, text in analysis.statements[["row", "start", "end", "text"]].itertuples(index=False):
        assert clean.iloc[row][start:end] == text


def test_the_model_tells_praise_from_complaint(analysis: cxnlp.Analysis) -> None:
    stars = analysis.comments["csat"]
    sentiment = analysis.comments["sentiment"]
    assert sentiment[stars == 5].mean() > sentiment[stars <= 2].mean() + 0.1


@pytest.mark.slow
def test_shuffled_rows_give_the_same_topics_and_numbers(reviews: pd.DataFrame, analysis: cxnlp.Analysis) -> None:
    shuffled = cxnlp.analyze(reviews.sample(frac=1, random_state=1), **SETTINGS)
    for name in ("topics", "metrics", "journey", "drivers", "impact"):
        pd.testing.assert_frame_equal(getattr(shuffled, name), getattr(analysis, name), check_exact=False, rtol=1e-9)
    assert shuffled.flags == analysis.flags
    one, other = (table.set_index("comment_id").sort_index() for table in (analysis.comments, shuffled.comments))
    pd.testing.assert_frame_equal(one.drop(columns="unit"), other.drop(columns="unit"))


@pytest.mark.slow
def test_the_survey_is_read_in_its_languages_and_joined_with_its_customers(tmp_path: Path) -> None:
    comments, customers = demo.survey()
    survey = pd.read_csv(comments, dtype=str, keep_default_na=False).head(ROWS)
    found = cxnlp.analyze(survey, **demo.SURVEY_COLUMNS, customers=customers, refits=0)
    assert {"en", "ro", "pl", "it"} <= set(found.comments["language"].dropna())
    assert found.unit_name == "customer"
    assert {"churned", "plan", "country", "tenure_days"} <= set(found.units.columns)
    nps = found.metrics.query("metric == 'nps' and by == 'overall'").iloc[0]
    assert nps["low"] < nps["value"] < nps["high"]
    page = found.to_html(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "http" not in page.split("<script", 1)[0].replace("http-equiv", "").replace("http://www.w3.org", "")
