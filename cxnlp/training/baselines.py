"""Simple models fitted on the same rows, so that the card shows what the network adds."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

from cxnlp.heads import POLARITIES

__all__ = ["tfidf_sentiment"]


def tfidf_sentiment(rows: pd.DataFrame, texts: pd.Series, *, seed: int = 0) -> np.ndarray:
    """Sentiment probabilities (texts, 3) by TF-IDF of words and letter sequences and logistic regression.

    ``rows`` are the training rows of the network (columns `corpora.ROW_COLUMNS`); ``texts`` are judged.
    """
    known = rows[rows["sentiment"].isin(POLARITIES)]
    model = make_pipeline(
        make_union(
            TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), min_df=3, max_features=200_000, sublinear_tf=True),
        ),
        LogisticRegression(C=3.0, max_iter=200, class_weight="balanced", random_state=seed),
    )
    model.fit(known["text"], known["sentiment"])
    probabilities: np.ndarray = model.predict_proba(texts)[
        :, [list(model.classes_).index(label) for label in POLARITIES]
    ]
    return probabilities
