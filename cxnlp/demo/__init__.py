"""Data to try cxnlp on: real clothing reviews, and a synthetic survey whose truth is known.

`data/README.md` says where they come from and how they were made; `build` makes them again.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["CLOTHING_COLUMNS", "SURVEY_COLUMNS", "clothing", "survey", "survey_truth"]

_DATA = Path(__file__).parent / "data"

CLOTHING_COLUMNS = {
    "title": "Women's clothing reviews",
    "text": "review",
    "comment_id": "review_id",
    "scores": ("rating=stars",),
    "outcome": "recommended",
    "bad_when": "false",
    "segments": ("department", "age"),
}
"""Settings that fit `clothing`, as `analyze` takes them."""

SURVEY_COLUMNS = {
    "title": "Synthetic survey of an invented shop",
    "text": "comment",
    "comment_id": "response_id",
    "id": "customer_id",
    "date": "date",
    "channel": "channel",
    "scores": ("nps",),
    "churn": "churned",
    "churn_date": "left_on",
    "segments": ("plan", "country"),
    "controls": ("tenure_days",),
}
"""Settings that fit `survey`; add ``customers=`` the second path."""


def clothing() -> Path:
    """Real reviews of women's clothing, in English, with stars and whether the product is recommended (CC0 1.0)."""
    return _DATA / "clothing_reviews.csv"


def survey() -> tuple[Path, Path]:
    """SYNTHETIC survey comments in English, Romanian, Polish and Italian, and the customers who wrote them.

    Nobody wrote these comments as a customer: texts, scores, customers and who left are all made up.
    """
    return _DATA / "survey_synthetic.csv", _DATA / "customers_synthetic.csv"


def survey_truth() -> Path:
    """What each comment of `survey` truly says (touchpoints, sentiment, churn intent): the labels it was made from."""
    return _DATA / "survey_truth_synthetic.csv"
