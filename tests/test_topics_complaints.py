"""What users of topic tools complain about most, one test a complaint, on a survey in four languages.

The survey is the synthetic one that comes with cxnlp, read by the embedded model.
"""

from __future__ import annotations

import itertools
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_topics import planted

import cxnlp
from cxnlp import demo
from cxnlp.topics import TopicModel
from cxnlp.topics.terms import alike, plain, words

JUNK = {"en": "no comment", "ro": "nimic", "pl": "brak", "it": "niente da dire"}
SETTINGS = {"text": "comment", "comment_id": "response_id", "language": "language"}


@pytest.fixture(scope="module")
def survey() -> pd.DataFrame:
    """Some 600 answers of the survey, and 60 that say nothing."""
    rows = pd.read_csv(demo.survey()[0], dtype=str, keep_default_na=False).head(600)
    rows = rows.assign(response_id=[f"r{i:04d}" for i in range(len(rows))], language="")
    empty = [{"response_id": f"x{i}", "comment": text} for i, text in enumerate(list(JUNK.values()) * 15)]
    return pd.concat([rows, pd.DataFrame(empty)], ignore_index=True).fillna("")


@pytest.fixture(scope="module")
def analysis(survey: pd.DataFrame) -> cxnlp.Analysis:
    return cxnlp.analyze(survey.drop(columns="language"), text="comment", comment_id="response_id")


@pytest.fixture(scope="module")
def folder(analysis: cxnlp.Analysis, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return analysis.save(tmp_path_factory.mktemp("complaints") / "results", formats=("parquet",))


def test_half_of_the_comments_land_in_other(analysis: cxnlp.Analysis, folder: Path) -> None:
    """Neither of those that the topics were found on, nor of later ones."""
    later = pd.read_csv(demo.survey()[0], dtype=str, keep_default_na=False).iloc[600:1000]
    for found in (analysis, cxnlp.tag(later, folder, text="comment", comment_id=None)):
        assert found.statements["topic_id"].isna().mean() <= 0.10
        assert any("fit no topic" in note.message for note in found.notes)


def test_a_row_shuffle_gives_a_different_answer(analysis: cxnlp.Analysis, survey: pd.DataFrame) -> None:
    shuffled = cxnlp.analyze(
        survey.drop(columns="language").sample(frac=1, random_state=3), text="comment", comment_id="response_id"
    )
    pd.testing.assert_frame_equal(shuffled.topics, analysis.topics)
    one, other = (table.comments.set_index("comment_id")["topic_ids"].sort_index() for table in (analysis, shuffled))
    pd.testing.assert_series_equal(one, other)


def test_every_run_gives_a_different_answer() -> None:
    texts, embedding, _ = planted(500, noise=2.5)
    one, other = (TopicModel(refits=4).fit(texts, embeddings=embedding) for _ in range(2))
    assert np.array_equal(one.topics_, other.topics_) and np.array_equal(one.strengths_, other.strengths_)


def test_new_data_get_different_topics_from_the_saved_model(
    analysis: cxnlp.Analysis, survey: pd.DataFrame, folder: Path
) -> None:
    part = survey.drop(columns="language").iloc[100:140]
    for rows in (part, part.head(1)):
        again = cxnlp.tag(rows, folder, comment_id="response_id")
        assert again.topics["topic_id"].tolist() == analysis.topics["topic_id"].tolist()
        expected = analysis.comments.set_index("comment_id").loc[again.comments["comment_id"]]
        for column in ("language", "topic_ids"):
            assert again.comments[column].fillna("").tolist() == expected[column].fillna("").tolist()


@pytest.mark.parametrize("planted_topics", [3, 6])
def test_too_many_or_too_few_topics(planted_topics: int) -> None:
    texts, embedding, truth = planted(900)
    rows = np.flatnonzero(truth < planted_topics)
    model = TopicModel(refits=5).fit([texts[i] for i in rows], embeddings=embedding[rows])
    assert model.n_topics_ == planted_topics


def test_one_topic_per_comment(analysis: cxnlp.Analysis) -> None:
    comments = analysis.comments[analysis.comments["topic_ids"].str.len() > 1]
    assert len(comments) > 0.2 * len(analysis.comments)
    judged = comments[["topic_ids", "topic_polarities"]]
    assert (judged["topic_ids"].str.len() == judged["topic_polarities"].str.len()).all()
    both = [set(one) >= {"negative", "positive"} for one in judged["topic_polarities"]]
    assert any(both), "praise of one thing and blame of another, in one comment"
    clean = analysis.comments["text_clean"]
    for row, start, end, text in analysis.statements[["row", "start", "end", "text"]].itertuples(index=False):
        assert clean.iloc[row][start:end] == text


def test_the_same_topic_once_per_language(analysis: cxnlp.Analysis) -> None:
    spoken = analysis.statements.dropna(subset=["topic_id", "language"])
    shares = pd.crosstab(spoken["topic_id"], spoken["language"], normalize="index")
    large = shares[spoken["topic_id"].value_counts().reindex(shares.index) >= 20]
    assert len(large) >= 5
    assert (large.max(axis=1) < 0.9).mean() >= 0.8, "nearly all topics hold several languages"
    for name in analysis.topics["topic_name"]:
        said = [plain(word) for word in words(name, "en")]
        assert not any(alike(one, other) for one, other in itertools.combinations(said, 2)), name


def test_no_comment_becomes_a_topic(analysis: cxnlp.Analysis) -> None:
    nothing = analysis.comments[analysis.comments["comment_id"].str.startswith("x")]
    assert (nothing["status"] == "junk").all() and (nothing["topic_ids"].str.len() == 0).all()
    assert not set(JUNK.values()) & set(analysis.statements["text"].str.lower())


def test_memory() -> None:
    """Beside what it is given, a fit needs a small multiple of it, however many rows there are."""
    texts, embedding, _ = planted(12_000, width=128)
    model = TopicModel(refits=2, sample=6_000)
    tracemalloc.start()
    model.fit(texts, embeddings=embedding)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * embedding.nbytes
