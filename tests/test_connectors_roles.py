"""READ: which column plays which role, on which scale, and what the canonical table says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxnlp import schema
from cxnlp.config import ReadConfig
from cxnlp.connectors import languages, read
from cxnlp.connectors.names import plain
from cxnlp.errors import InputError, SettingsError
from cxnlp.results import Comments

COMMENTS = [
    "The delivery was far too slow",
    "Lovely staff, quick answer",
    "It broke after two days of use",
    "Never again",
]


def frame(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"comment": COMMENTS, **columns})


def roles(comments: Comments) -> dict[str, str]:
    return {guess.role: guess.column for guess in comments.roles}


def scales(source: pd.DataFrame, **config: object) -> dict[str, str | None]:
    found = read(source, ReadConfig(**config)).roles  # type: ignore[arg-type]
    return {guess.column: guess.scale for guess in found if guess.role == "score"}


# Text


@pytest.mark.parametrize(
    "name",
    [
        "comment", "Customer Comments", "feedback", "Verbatim", "reviewText", "review_body", "Open-ended response",
        "Comentariu", "Părerea clientului", "Mesaj", "Komentarz", "treść opinii", "Uwagi", "Commento", "Recensione",
        "Kommentar", "Freitext", "Begründung", "Commentaire", "Votre avis", "Comentario", "Reseña", "Comentário",
        "Opinião", "Opmerking", "Toelichting", "What is the main reason for your score?",
    ],
)  # fmt: skip
def test_the_text_column_is_known_by_its_name_in_nine_languages(name):
    source = pd.DataFrame({"branch": ["North", "South"], name: ["ok", "bad"], "product": ["A b c d e", "F g h i j"]})
    comments = read(source, ReadConfig())
    assert roles(comments)["text"] == name
    assert not comments.roles[0].chosen
    assert "usual name" in comments.roles[0].reason


def test_the_text_column_is_known_by_its_cells():
    source = pd.DataFrame({"v1": ["AX-1", "AX-2", "AX-3", "AX-4"], "v2": COMMENTS, "v3": [1, 2, 3, 4]})
    comments = read(source, ReadConfig())
    assert roles(comments)["text"] == "v2"
    assert "characters on average" in comments.roles[0].reason


@pytest.mark.parametrize("title", ["title", "Review Title", "Titlu recenzie", "Titel"])
def test_of_title_and_text_the_long_one_is_the_text(title):
    source = pd.DataFrame({title: ["Much too slow for me", "Good and cheap"], "review": [COMMENTS[0] * 3, COMMENTS[1]]})
    assert roles(read(source, ReadConfig()))["text"] == "review"


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("url", ["https://example.org/a-b-c", "https://example.org/d"]),
        ("contact", ["a@example.org", "b@example.org"]),
        ("payload", ['{"a": 1, "b": 2}', '{"a": 3, "b": 4}']),
        ("Developer Reply Text", ["Thank you so very much", "We are sorry to hear that"]),
        ("Customer name", ["Ana Maria Popescu", "Jan Maria Rokita"]),
        ("when", ["3 May 2024 at 10:00", "4 May 2024 at 11:00"]),
    ],
)
def test_other_columns_of_words_are_no_comments(name, cells):
    source = pd.DataFrame({name: cells, "answer_text": ["meh", "fine"]})
    assert roles(read(source, ReadConfig()))["text"] == "answer_text"


def test_a_category_does_not_beat_comments_without_a_telling_name():
    source = pd.DataFrame(
        {"q8": ["Very satisfied with our service overall"] * 40, "q9": ["too slow for me", "ok"] * 20}
    )
    source["q9"] = source["q9"] + source.index.astype(str)
    assert roles(read(source, ReadConfig()))["text"] == "q9"


def test_other_columns_of_comments_are_named_in_a_note():
    comments = read(frame(improve=[f"{text}, please improve" for text in COMMENTS]), ReadConfig())
    assert [note.message for note in comments.notes] == [
        "also looks like comments: improve; --text COLUMN to read another"
    ]


def test_a_thousand_identical_answers_are_read():
    comments = read(pd.DataFrame({"q": ["no comment from me"] * 1000, "n": range(1000)}), ReadConfig())
    assert comments.table["text"].eq("no comment from me").all()
    assert comments.table["comment_id"].is_unique


@pytest.mark.parametrize("cells", [["ok"], ["👍👍"], ["שירות מצוין"], ["bun", "rău", "bun"]])
def test_a_lone_column_of_short_words_is_the_text(cells):
    assert read(pd.DataFrame({"comment": cells}), ReadConfig()).table["text"].tolist() == cells


def test_without_a_text_column_the_columns_are_listed():
    with pytest.raises(InputError) as caught:
        read(pd.DataFrame({"a": [1, 2], "b": ["2024-01-01", "2024-01-02"]}), ReadConfig())
    assert caught.value.expected == "one of: a, b"
    assert "--text COLUMN" in caught.value.fix


@pytest.mark.parametrize("config", [ReadConfig(), ReadConfig(text="comment")])
def test_an_empty_text_column_is_refused(config):
    with pytest.raises(InputError, match="'comment' of DataFrame is empty in all 2 rows"):
        read(pd.DataFrame({"comment": ["", " "], "nps": [1, 2]}), config)


# Named columns


@pytest.mark.parametrize(
    ("setting", "option"),
    [
        ("text", "--text"), ("date", "--date"), ("id", "--id"), ("comment_id", "--comment-id"),
        ("channel", "--channel"), ("language", "--language"), ("stage", "--stage"),
    ],
)  # fmt: skip
def test_a_named_column_wins_and_a_missing_one_is_an_error(setting, option):
    source = frame(other=["1", "2", "3", "4"])
    guess = next(guess for guess in read(source, ReadConfig(**{setting: "other"})).roles if guess.role == setting)
    assert (guess.column, guess.chosen, guess.reason) == ("other", True, f"named by {option}")
    with pytest.raises(InputError) as caught:
        read(source, ReadConfig(**{setting: "othr"}))
    assert f"asked for by {option}" in caught.value.found
    assert "Did you mean other?" in caught.value.fix


def test_a_missing_score_is_an_error():
    with pytest.raises(InputError, match="no column 'x' in DataFrame, asked for by --score"):
        read(frame(), ReadConfig(scores=("x",)))


def test_naming_the_text_leaves_the_other_guesses():
    source = frame(note=COMMENTS[::-1], nps=[1, 9, 3, 10], created_at=["2024-01-01"] * 4, lang=["en"] * 4)
    found = roles(read(source, ReadConfig(text="note")))
    assert found == {"text": "note", "score": "nps", "date": "created_at", "language": "lang"}


def test_a_guess_never_takes_a_named_column():
    source = frame(nps=[1, 9, 3, 10])
    assert roles(read(source, ReadConfig(id="nps"))) == {"text": "comment", "id": "nps"}


def test_segments_and_outcomes_are_never_guessed():
    source = frame(segment=list("abab"), plan=list("abab"), churned=[True, False, True, False], country=["RO"] * 4)
    assert roles(read(source, ReadConfig())) == {"text": "comment"}


def test_guesses_do_not_depend_on_the_order_of_rows():
    source = frame(nps=[1, 9, 3, 10], date=["01/02/2024", "13/02/2024", "02/03/2024", "05/05/2024"], q=COMMENTS[::-1])
    source = pd.concat([source] * 1500, ignore_index=True)
    source["comment"] += source.index.astype(str)
    shuffled = source.sample(frac=1, random_state=1)
    one, other = read(source, ReadConfig()), read(shuffled, ReadConfig())
    assert one.roles == other.roles
    assert one.table["created_at"].iloc[shuffled.index].tolist() == other.table["created_at"].tolist()


# Scores


@pytest.mark.parametrize(
    ("name", "answers", "scale"),
    [
        ("nps", [0, 3, 9, 10], "nps"),
        ("NPS", [1, 2, 3, 4], "nps"),
        ("How likely are you to recommend us?", [2, 6, 9, 10], "nps"),
        ("Recomandați?", [2, 6, 9, 10], "nps"),
        ("Czy poleciłbyś nas", [2, 6, 9, 10], "nps"),
        ("Weiterempfehlung", [2, 6, 9, 10], "nps"),
        ("csat", [1, 5, 4, 2], "csat5"),
        ("csat", [1, 7, 4, 2], "csat7"),
        ("Zufriedenheit", [1, 5, 4, 2], "csat5"),
        ("Zadowolenie", ["1", "5", "4", ""], "csat5"),
        ("Satisfacción", ["5,0", "4", "3", "2"], "csat5"),
        ("Overall satisfaction", ["5 - very", "4", "1 - not at all", "2"], "csat5"),
        ("Star Rating", [1, 5, 4, 2], "stars"),
        ("Ocena", [1, 5, 4, 2], "stars"),
        ("étoiles", [1.0, 5.0, np.nan, 2.0], "stars"),
        ("ces", [1, 7, 4, 2], "ces7"),
        ("Customer effort score", [1, 5, 4, 2], "ces5"),
        ("ease_of_use", [1, 5, 4, 2], "ces5"),
        ("effort", [1, 7, 4, 2], "ces7-effort"),
        ("Aufwand", [1, 5, 4, 2], "ces5-effort"),
    ],
)  # fmt: skip
def test_scales_follow_from_name_and_range(name, answers, scale):
    assert scales(frame(**{name: answers})) == {name: scale}


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("recommended", [0, 1, 1, 0]),  # yes or no, not how likely
        ("recommended", [True, False, True, True]),
        ("rating", [1, 9, 10, 4]),  # ten points are no scale of ours
        ("rating", [4.5, 3.5, 2.0, 1.0]),
        ("nps", [-100, 50, 20, 100]),
        ("nps_group", ["Promoter", "Passive", "Detractor", "Promoter"]),
        ("csat_count", [1, 2, 3, 4]),
        ("age", [1, 2, 3, 4]),
        ("score", [1, 2, 9, 10]),
        ("rating", ["", "", "", ""]),
    ],
)
def test_without_name_and_range_no_score_is_guessed(name, answers):
    assert scales(frame(**{name: answers})) == {}


def test_a_few_invalid_answers_do_not_hide_a_scale_but_ten_points_do():
    source = pd.DataFrame({"comment": [f"comment number {row}" for row in range(100)], "stars": [1, 2, 3, 4, 5] * 20})
    assert scales(source.assign(stars=source["stars"].where(source.index > 2, 99))) == {"stars": "stars"}
    assert scales(source.assign(stars=source["stars"].where(source.index > 2, 9))) == {}


def test_the_direction_of_a_guessed_effort_score_is_said():
    comments = read(frame(ces=[1, 7, 4, 2]), ReadConfig())
    assert [note.message for note in comments.notes] == [
        "ces: high answers were taken to mean easy; if not: --score 'ces=ces7-effort'"
    ]
    assert not read(frame(ces=[1, 7, 4, 2]), ReadConfig(scores=("ces=ces7",))).notes


def test_named_scores_replace_guessed_ones():
    source = frame(nps=[1, 9, 3, 10], csat=[1, 5, 3, 2])
    assert scales(source, scores=("csat",)) == {"csat": "csat5"}
    assert scales(source, scores=("csat=csat7", "nps")) == {"csat": "csat7", "nps": "nps"}


def test_a_column_name_may_hold_an_equals_sign():
    source = frame(**{"a=nps": [1, 2, 3, 4]})
    assert scales(source, scores=("a=nps=csat5",)) == {"a=nps": "csat5"}
    # The column of that very name wins over the column `a` on the scale `nps`, and its scale does not show.
    both = frame(a=[1, 2, 3, 4], **{"a=nps": list("wxyz")})
    with pytest.raises(InputError, match="--score a=nps: its scale"):
        read(both, ReadConfig(scores=("a=nps",)))


def test_an_unknown_scale_suggests_the_nearest():
    with pytest.raises(SettingsError) as caught:
        read(frame(q=[1, 2, 3, 4]), ReadConfig(scores=("q=csat",)))
    assert all(scale in caught.value.expected for scale in schema.SCALES)
    assert caught.value.fix.startswith("--score q=csat")


@pytest.mark.parametrize(
    ("answers", "held"), [([1, 2, 3, 9], "numbers from 1 to 9"), (list("abcd"), "no numbers"), ([None] * 4, "nothing")]
)
def test_a_named_score_without_a_scale_that_shows_must_declare_it(answers, held):
    with pytest.raises(InputError) as caught:
        read(frame(q=answers), ReadConfig(scores=("q",)))
    assert held in caught.value.found
    assert "--score 'q=csat5'" in caught.value.fix


# Dates, language, ids, channel, stage


@pytest.mark.parametrize(
    "name", ["date", "created_at", "Data completării", "Data utworzenia", "Datum", "Fecha", "Horodatage", "Dată", "zzz"]
)
def test_dates_are_known_by_name_and_cells(name):
    source = frame(**{name: ["2024-01-01", "2024-01-02 10:00", "2024-01-03T00:00:00Z", ""]})
    assert roles(read(source, ReadConfig()))["date"] == name


@pytest.mark.parametrize(
    "name", ["birth_date", "left_on", "churn_date", "Data nașterii", "contract_expiry", "updated_at"]
)
def test_dates_of_something_else_are_not_guessed(name):
    assert "date" not in roles(read(frame(**{name: ["2024-01-01"] * 4}), ReadConfig()))


def test_among_dates_that_of_the_answer_is_taken():
    source = frame(StartDate=["2024-01-01"] * 4, signup_date=["2020-01-01"] * 4, RecordedDate=["2024-01-02"] * 4)
    assert roles(read(source, ReadConfig()))["date"] == "RecordedDate"


def test_a_date_name_over_other_cells_is_no_date():
    assert "date" not in roles(read(frame(date=["soon", "late", "x", "y"], data=[1, 2, 3, 4]), ReadConfig()))


@pytest.mark.parametrize("name", ["lang", "UserLanguage", "Limba", "język", "Sprache", "langue", "idioma", "taal"])
def test_language_is_guessed_from_name_and_codes(name):
    assert roles(read(frame(**{name: ["en-US", "ro", "Polski", None]}), ReadConfig()))["language"] == name
    assert "language" not in roles(read(frame(**{name: ["strong", "coarse", "rude", "mild"]}), ReadConfig()))


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("en-US", "en"), ("pt_BR", "pt"), ("English", "en"), ("română", "ro"), ("ROMANIAN", "ro"), ("deu", "de"),
        ("Français", "fr"), (" NL ", "nl"), ("English (UK)", "en"), ("zh-Hant", "zh"), ("klingon", None), ("xx", None),
    ],
)  # fmt: skip
def test_language_codes(given, code):
    assert languages.code(given) == code


def test_a_language_that_is_none_is_kept_as_given():
    table = read(frame(lang=["en-GB", "Klingon", "română", None]), ReadConfig(language="lang")).table
    assert table["language_given"].tolist()[:3] == ["en", "Klingon", "ro"]
    assert table["language_given"].isna().tolist() == [False, False, False, True]


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("customer_id", "id"), ("CustomerID", "id"), ("Kundennummer", "id"), ("id_klienta", "id"), ("cod client", "id"),
        ("response_id", "comment_id"), ("ResponseId", "comment_id"), ("review id", "comment_id"),
        ("channel", "channel"), ("canal", "channel"), ("stage", "stage"), ("Journey stage", "stage"), ("etap", "stage"),
    ],
)  # fmt: skip
def test_unmistakable_names_are_guessed(name, role):
    comments = read(frame(**{name: ["a1", "a2", "a3", "a4"]}), ReadConfig())
    column = {"id": "customer_id", "comment_id": "comment_id", "channel": "channel", "stage": "stage_given"}[role]
    assert roles(comments)[role] == name
    assert comments.table[column].tolist() == ["a1", "a2", "a3", "a4"]


@pytest.mark.parametrize("name", ["id", "account", "email", "Stage Date", "channel_cost", "source", "product_id"])
def test_doubtful_names_are_not_guessed(name):
    assert roles(read(frame(**{name: ["a1", "a2", "a3", "a4"]}), ReadConfig())) == {"text": "comment"}


def test_comments_are_named_by_row_where_the_id_repeats():
    assert "comment_id" not in roles(read(frame(response_id=["a", "a", "b", "c"]), ReadConfig()))
    comments = read(frame(key=["a", "a", None, "c"]), ReadConfig(comment_id="key"))
    assert comments.table["comment_id"].tolist() == ["1", "2", "3", "4"]
    assert [(note.count, "1 repeated, 1 missing" in note.message) for note in comments.notes] == [(2, True)]


@pytest.mark.parametrize(
    ("ids", "texts"),
    [
        ([123.0, 7.0, np.nan, 5.0], ["123", "7", None, "5"]),
        (["123.0", " 7 ", "", "007"], ["123", "7", None, "007"]),
        ([1, 2, 3, 4], ["1", "2", "3", "4"]),
        ([1e17, 2.0, 3.0, 4.0], ["100000000000000000", "2", "3", "4"]),
    ],
)
def test_customer_ids_are_text_without_the_point_of_spreadsheets(ids, texts):
    table = read(frame(customer=ids), ReadConfig(id="customer")).table
    assert table["customer_id"].astype(object).where(table["customer_id"].notna(), None).tolist() == texts


# The canonical table


def test_the_canonical_table_has_the_declared_columns_and_every_row():
    table = read(frame(), ReadConfig()).table
    assert list(table.columns) == schema.names("comments_read")
    assert table["created_at"].dtype == "datetime64[us]"
    assert table.drop(columns=["comment_id", "text"]).isna().all(axis=None)


texts = st.one_of(
    st.text(max_size=30), st.none(), st.integers(), st.floats(), st.booleans(), st.lists(st.text(max_size=3))
)


@settings(deadline=None, max_examples=40)
@given(cells=st.lists(texts, min_size=1, max_size=12), others=st.lists(texts, min_size=12, max_size=12))
def test_no_cell_can_break_reading(cells, others):
    source = pd.DataFrame({"comment": pd.Series(["a first comment", *cells], dtype=object)})
    for name in ("date", "nps", "lang", "customer_id", "stage"):
        source[name] = pd.Series((["x", *others])[: len(source)], dtype=object)
    comments = read(source, ReadConfig(text="comment", date="date", id="customer_id", language="lang", stage="stage"))
    assert len(comments.table) == len(comments.source) == len(source)
    blank = [
        cell is None or cell != cell or cell == [] or (isinstance(cell, str) and not cell.strip()) for cell in cells
    ]
    kept = comments.table["text"].iloc[1:].notna().tolist()
    assert all(not known for known, empty in zip(kept, blank, strict=True) if empty)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("ResponseId", "response id"), ("NPSScore", "nps score"), ("Părerea_ta?", "parerea ta"), ("treść", "tresc"),
     ("Größe", "grosse"), ("Łódź 2", "lodz 2"), ("  ", "")],
)  # fmt: skip
def test_plain_names(name, expected):
    assert plain(name) == expected
