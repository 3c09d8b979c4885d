"""CLEAN as a whole: one row in, one row out, and statements that are pieces of the cleaned text."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxnlp.config import CleanConfig
from cxnlp.results import Comments, Statements
from cxnlp.schema import check, names
from cxnlp.text import clean

CONFIG = CleanConfig()


def comments(texts: list[object], languages: list[str | None] | None = None) -> Comments:
    n = len(texts)
    missing = pd.Series([None] * n, dtype=object)
    table = pd.DataFrame(
        {
            "comment_id": pd.Series([f"c{i}" for i in range(n)], dtype=object),
            "text": pd.Series(texts, dtype=object),
            "created_at": pd.Series(pd.NaT, index=range(n)),
            "customer_id": missing,
            "channel": missing,
            "language_given": missing if languages is None else pd.Series(languages, dtype=object),
            "stage_given": missing,
        }
    )
    return Comments(source=table, table=table, roles=(), name="test", sha256="")


def run(texts: list[object], languages: list[str | None] | None = None, **changes: object) -> Statements:
    return clean(comments(texts, languages), CleanConfig(**changes))  # type: ignore[arg-type]


def assert_whole(result: Statements) -> None:
    """Statements are trimmed, ordered, disjoint spans that hold every character of the scored comments."""
    held = result.comments["text_clean"].tolist()
    seen = {row: 0 for row in np.flatnonzero(result.comments["status"] == "ok")}
    for statement in result.table.itertuples():
        text = held[statement.row]
        assert statement.text == text[statement.start : statement.end]
        assert statement.text == statement.text.strip() != ""
        assert statement.start >= seen[statement.row]
        assert not text[seen[statement.row] : statement.start].strip()
        seen[statement.row] = statement.end
    for row, end in seen.items():
        assert not held[row][end:].strip()
    assert result.table["row"].is_monotonic_increasing
    assert result.table["statement_id"].tolist() == list(range(len(result.table)))
    counted = result.table["row"].value_counts().reindex(range(len(held)), fill_value=0).tolist()
    assert counted == result.comments["n_statements"].tolist()
    assert ((result.comments["n_statements"] > 0) == (result.comments["status"] == "ok")).all()


def test_every_row_stays_with_its_status_and_reason() -> None:
    result = run(
        ["The delivery was late but the staff were kind.", None, "  \n ", "n/a", "Заказ пришёл поздно", "👍", ":("]
    )
    assert result.comments["status"].tolist() == ["ok", "empty", "empty", "junk", "unsupported", "ok", "ok"]
    assert result.comments["is_junk"].tolist() == [False] * 3 + [True] + [False] * 3
    assert result.comments["text_clean"].tolist()[1:3] == ["", ""]
    assert result.table["text"].tolist() == ["The delivery was late", "but the staff were kind.", "👍", ":("]
    counts = {note.message.split()[0]: note.count for note in result.notes if note.level == "warning"}
    assert counts == {"empty": 2, "comments": 1}
    said = " ".join(note.message for note in result.notes)
    assert "without content" in said and "CYRILLIC script 1" in said


@pytest.mark.parametrize("texts", [[], [None], [None, None], [""], ["-"], ["مرحبا شكرا"], ["ok"]])
def test_small_and_hopeless_tables_keep_their_columns(texts: list[object]) -> None:
    result = run(texts)
    assert len(result.comments) == len(texts)
    assert list(result.table.columns) == names("statements_clean")
    check(result.comments, "comments_clean")
    assert_whole(result)


def test_identical_comments_are_duplicates_of_the_first_only() -> None:
    result = run(["Great service, thank you!"] * 1000 + ["Great  service,\u200b thank you!", "n/a", "n/a", None, None])
    assert result.comments["is_duplicate"].tolist() == [False] + [True] * 1000 + [False, True, False, False]
    assert set(result.table["text"]) == {"Great service, thank you!"}
    assert_whole(result)


def test_order_of_rows_changes_nothing_but_order() -> None:
    texts: list[object] = [
        "Livrarea a fost rapida dar produsul nu functioneaza deloc.",
        "The parcel came late and nobody answered my calls.",
        "Recomand cu incredere tuturor prietenilor mei!",
        "super",
        "ok",
        "Personalul a fost amabil si foarte atent cu noi.",
        None,
        "nimic",
    ]
    forward, backward = run(texts), run(texts[::-1])
    kept = [name for name in names("comments_clean") if name not in ("comment_id", "is_duplicate")]
    pd.testing.assert_frame_equal(forward.comments[kept], backward.comments[kept][::-1].reset_index(drop=True))
    assert sorted(forward.table["text"]) == sorted(backward.table["text"])


def test_the_index_of_the_input_is_kept_and_row_is_the_position() -> None:
    given = comments(["First comment is here.", "Second comment is here."])
    given.table.index = pd.Index([7, 3])
    result = clean(given, CONFIG)
    assert result.comments.index.tolist() == [7, 3]
    assert result.table["row"].tolist() == [0, 1]
    assert result.table["comment_id"].tolist() == ["c0", "c1"]


def test_personal_data_are_masked_unless_told_otherwise() -> None:
    text = "Call me on +40 722 123 456 or write to ana.pop@example.ro, order 4021234567."
    masked = run([text])
    assert masked.comments["text_clean"][0] == "Call me on [phone] or write to [email], order 4021234567."
    assert masked.comments["pii_masked"].tolist() == [2]
    assert any("2 items were masked" in note.message for note in masked.notes)
    kept = run([text], mask_personal_data=False)
    assert kept.comments["text_clean"][0] == text
    assert kept.comments["pii_masked"].tolist() == [0]


def test_a_long_comment_is_cut_at_a_word_and_said() -> None:
    result = run(["word " * 50], max_characters=98)
    assert result.comments["text_clean"][0] == ("word " * 19).strip()
    assert [note.count for note in result.notes if "98 characters" in note.message] == [1]
    assert run(["word " * 50], max_characters=249).comments["text_clean"][0] == ("word " * 50).strip()


def test_a_megabyte_without_a_space_is_read_in_pieces_that_fit_the_encoder() -> None:
    result = run(["x1y" * 350_000], max_characters=2_000_000)
    assert result.table["text"].str.len().max() <= 400
    assert "".join(result.table["text"]) == "x1y" * 350_000


def test_clauses_only_if_wanted() -> None:
    text = "The delivery was fast but returning it was a nightmare."
    assert len(run([text]).table) == 2
    assert run([text], split_clauses=False).table["text"].tolist() == [text]


def test_progress_goes_forward_to_the_end() -> None:
    told: list[tuple[str, int, int]] = []
    clean(comments(["A good product.", None, "Bad service here."]), CONFIG, progress=lambda *call: told.append(call))
    assert {(what, total) for what, _, total in told} == {("clean", 3)}
    done = [done for _, done, _ in told]
    assert done == sorted(done) and done[-1] == 3


_PIECES = st.sampled_from(
    [
        *(
            "Good. ",
            "but ",
            "dar ",
            "aber ",
            ", ",
            "\n",
            "...",
            "!!!",
            "1. ",
            "e.g. ",
            "<br>",
            "&amp;",
            "[",
            "(",
            '"',
            ":",
            " ",
        ),
        *("👨\u200d👩\u200d👧", "❤️ ", "\u0301", "\u200b", "\u3000", "n/a", "a@b.ro ", "0722123456 "),
        *("delivery was very slow ", "produsul este bun "),
    ]
)
_COMMENT = st.one_of(st.text(max_size=60), st.lists(_PIECES, max_size=25).map("".join), st.none())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(_COMMENT, st.sampled_from([None, "en", "ro", "de", "ru", "?"])), max_size=6))
def test_whatever_customers_write_nothing_is_lost(rows: list[tuple[str | None, str | None]]) -> None:
    result = run([text for text, _ in rows], [language for _, language in rows])
    assert len(result.comments) == len(rows)
    assert_whole(result)
    if len(result.table):
        assert result.table["text"].str.len().max() <= 400
