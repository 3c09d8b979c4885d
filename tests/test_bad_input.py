"""Comments that no model was trained on, from the table to the result folder: no crash, and each is accounted for."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cxnlp
from cxnlp import pipeline

ODD = {
    "empty": "",
    "blank": " \t\n",
    "NUL": "the price\0 was bad and late",
    "lone surrogate": "the delivery \ud83d was late",
    "emoji": "😀😀",
    "Greek": "η παράδοση άργησε πολύ και δεν μου άρεσε καθόλου",
    "Cyrillic": "доставка была очень плохая и опоздала на неделю",
    "Arabic": "التوصيل متأخر جدا والموظف سيئ",
    "Hebrew": "המשלוח איחר מאוד והשירות היה גרוע",
    "marked right to left": "\u202ethe staff was friendly\u202c",
    "a megabyte": "the delivery was late again. " * 35_000,
    "a megabyte without a space": "x" * 1_000_000,
    "plain": "the delivery was late",
}


@pytest.fixture(scope="module")
def analysis(tiny_model: Path) -> pipeline.Analysis:
    comments = pd.DataFrame({"comment": pd.Series(list(ODD.values()), dtype=object), "nps": np.arange(len(ODD)) % 11})
    return cxnlp.analyze(comments, text="comment", scores=("nps",), model=str(tiny_model), device="cpu", refits=2)


def test_every_comment_has_the_status_that_it_deserves(analysis: pipeline.Analysis) -> None:
    status = dict(zip(ODD, analysis.comments["status"], strict=True))

    assert {name for name, said in status.items() if said == "empty"} == {"empty", "blank"}
    assert {name for name, said in status.items() if said == "unsupported"} == {"Greek", "Cyrillic", "Arabic", "Hebrew"}
    scored = analysis.comments["sentiment"].notna()
    assert scored.tolist() == [said == "ok" for said in status.values()]
    assert analysis.comments.loc[scored, "sentiment"].between(-1, 1).all()


def test_what_was_not_read_is_said_and_counted(analysis: pipeline.Analysis) -> None:
    counts = {note.message: note.count for note in analysis.notes}
    for words, count in (
        ("empty comments were not scored", 2),
        ("longer than 20,000 characters were read to that length only", 2),
        ("language the model does not read were not scored", 4),
        ("half a surrogate pair", 1),
    ):
        assert [number for message, number in counts.items() if words in message] == [count], words


def test_a_statement_longer_than_the_model_reads_at_once_is_said(analysis: pipeline.Analysis) -> None:
    """The tiny model reads 64 pieces, one a letter of a word that it does not know: here the word of a megabyte."""
    (note,) = [note for note in analysis.notes if "longer than tiny reads at once (64 pieces)" in note.message]
    assert note.count == 1
    assert note.level == "info"


def test_the_texts_of_the_statements_are_what_stands_in_the_comments(analysis: pipeline.Analysis) -> None:
    clean = analysis.comments["text_clean"]
    for row, start, end, text in analysis.statements[["row", "start", "end", "text"]].itertuples(index=False):
        assert clean[row][start:end] == text
    assert not any(re.search("[\0\u202e\ud800-\udfff]", text) for text in clean)


def test_everything_can_be_written(analysis: pipeline.Analysis, tmp_path: Path) -> None:
    folder = analysis.save(tmp_path / "out", formats=("html", "parquet", "csv", "xlsx"))

    back = pd.read_parquet(folder / "comments.parquet")
    assert len(back) == len(ODD)
    np.testing.assert_allclose(back["sentiment"], analysis.comments["sentiment"])
    assert json.loads((folder / "analysis.json").read_text(encoding="utf-8"))["provenance"]["rows_out"] == len(ODD)
