"""READ: every file that can be opened gives every row and cell back; every other one says what is wrong."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import re
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxnlp.config import ReadConfig
from cxnlp.connectors import READERS, read, read_table
from cxnlp.connectors.delimited import sniff
from cxnlp.connectors.encodings import guess
from cxnlp.errors import InputError, SettingsError
from cxnlp.results import Comments

SENTENCES = {
    "en": "The café was naïve about delivery; “never again”, I said – it cost 5 € more.",
    "ro": "Coletul trebuia să vină marţi. E vineri şi curierul încă n-a dat niciun semn de viaţă.",
    "pl": "Paczka miała być we wtorek. Jest piątek, a w paczkomacie dalej pusto. Żenująca obsługa.",
    "it": "Il pacco era promesso per martedì. È venerdì e del corriere nemmeno l'ombra: perché?",
    "de": "Das Paket war für Dienstag angekündigt. Heute ist Freitag und die Fußmatte ist größtenteils leer.",
    "fr": "Colis annoncé pour mardi, très déçu: ça n'a pas été livré, le cœur brisé, où est-il?",
    "es": "El paquete tenía que llegar el miércoles. ¿Qué pasó, señor? Aquí sigo, esperando al niño.",
    "pt": "A encomenda não chegou; já é sexta-feira e a situação é péssima. Atenção às informações.",
    "nl": "Het pakketje zou dinsdag komen. Eén coöperatieve medewerker, maar geen ideeën over België.",
}
LEGACY = {"ro": ("cp1250", "iso-8859-2"), "pl": ("cp1250", "iso-8859-2")}
CASES = [(code, encoding) for code in SENTENCES for encoding in LEGACY.get(code, ("cp1252",))]


@pytest.fixture
def write(tmp_path: Path):
    def put(name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return put


def said(comments: Comments) -> str:
    return " | ".join(note.message for note in comments.notes)


def lines(*rows: str) -> str:
    return "\n".join(rows) + "\n"


# Every format


TABLE = pd.DataFrame({"comment": ["too slow, sadly", "so « good »"], "nps": [2, 10], "zip": ["00123", "04567"]})


def write_table(path: Path) -> None:
    if path.suffix in (".xlsx", ".xlsm"):
        TABLE.to_excel(path, index=False, engine="openpyxl")
    elif path.suffix == ".parquet":
        TABLE.to_parquet(path)
    elif path.suffix in (".jsonl", ".ndjson"):
        TABLE.to_json(path, orient="records", lines=True)
    elif path.suffix == ".json":
        TABLE.to_json(path, orient="records")
    else:
        TABLE.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",")


# No library here writes the old binary .xls; calamine reads it through the same call as .xlsx.
@pytest.mark.parametrize("suffix", [suffix for suffix in READERS if suffix != ".xls"])
def test_every_format_gives_the_same_comments(tmp_path, suffix):
    path = tmp_path / f"survey{suffix}"
    write_table(path)
    comments = read(path, ReadConfig())
    assert comments.source.astype(str).to_dict("list") == TABLE.astype(str).to_dict("list")
    assert comments.table["text"].tolist() == TABLE["comment"].tolist()
    assert comments.columns("score") == ["nps"]
    assert comments.name == f"survey{suffix}"
    assert comments.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert isinstance(comments.source.index, pd.RangeIndex)


@pytest.mark.parametrize("suffix", [suffix for suffix in READERS if suffix != ".xls"])
def test_a_preview_reads_the_first_rows_only(tmp_path, suffix):
    path = tmp_path / f"survey{suffix}"
    write_table(path)
    comments = read(path, ReadConfig(), rows=1)
    assert comments.table["text"].tolist() == ["too slow, sadly"]
    assert comments.sha256 == ""


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".json"])
def test_compressed_text_is_read(tmp_path, suffix):
    plain = tmp_path / f"survey{suffix}"
    write_table(plain)
    packed = tmp_path / f"survey{suffix}.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read(packed, ReadConfig()).source.equals(read(plain, ReadConfig()).source)


def test_read_table_reads_without_roles(write):
    frame, notes = read_table(write("crm.csv", lines("id;id;left", "007;x;1")))
    assert frame.to_dict("list") == {"id": ["007"], "id_2": ["x"], "left": ["1"]}
    assert [note.message for note in notes] == ["columns without a name of their own were named: id -> id_2"]


# CSV: nothing is lost


cells = st.text(
    st.characters(codec="utf-8") | st.sampled_from(["\x00", "\r", "\n", '"', ",", ";", "\t", "|", "😀", "ـ", " "]),
    max_size=12,
)


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=8),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_csv_writes_comes_back(tmp_path, rows, delimiter, newline, encoding):
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=newline, quoting=csv.QUOTE_ALL)
    writer.writerows([("id", "comment", "when"), *rows])
    path = tmp_path / "any.csv"
    path.write_bytes(out.getvalue().encode(encoding))
    frame, _ = read_table(path)
    assert list(frame.itertuples(index=False, name=None)) == rows


def test_cells_stay_text(write):
    frame, _ = read_table(write("a.csv", lines("id,comment,x", "007,NA,1.0", "008,null, nan ")))
    assert frame.to_dict("list") == {"id": ["007", "008"], "comment": ["NA", "null"], "x": ["1.0", " nan "]}


def test_mixed_newlines_end_rows_and_survive_in_quotes(write):
    frame, _ = read_table(write("a.csv", b'id,comment\r\n1,"a\r\nb\nc\rd"\n2,x\r3,y'))
    assert frame["comment"].tolist() == ["a\r\nb\nc\rd", "x", "y"]


def test_a_comment_of_a_megabyte_is_read(write):
    long = "so slow, " * 120_000
    assert read(write("a.csv", f'comment,nps\n"{long}",3\nok then,9\n'), ReadConfig()).table["text"][0] == long


def test_short_and_long_rows_are_kept_and_counted(write):
    comments = read(
        write("a.csv", lines("id,comment,nps", "1,fine by me,9", "2,slow, rude, late,1", "3")), ReadConfig()
    )
    assert comments.source.to_dict("list") == {
        "id": ["1", "2", "3"],
        "comment": ["fine by me", "slow", ""],
        "nps": ["9", " rude", ""],
        "_extra_cells": ["", "late,1", ""],
    }
    counted = {note.message.split(" the ")[0]: note.count for note in comments.notes}
    assert counted["rows with fewer than"] == 1
    assert counted["rows with more than"] == 1


def test_a_delimiter_at_every_line_end_is_no_extra_cell(write):
    frame, notes = read_table(write("a.csv", lines("id,comment", "1,a,", "2,b,")))
    assert list(frame.columns) == ["id", "comment"]
    assert notes == ()


def test_names_missing_or_repeated_are_mended_visibly(write):
    frame, notes = read_table(write("a.csv", lines("comment,comment,,comment_2", "a,b,c,d")))
    assert list(frame.columns) == ["comment", "comment_3", "column_3", "comment_2"]
    assert "comment -> comment_3" in notes[0].message
    assert "empty -> column_3" in notes[0].message


def test_title_rows_above_the_header_are_skipped_visibly(write):
    comments = read(
        write("a.csv", lines("Report for May,,", ",,", "id,comment,nps", "1,far too slow,2", "2,good,9")), ReadConfig()
    )
    assert list(comments.source.columns) == ["id", "comment", "nps"]
    assert len(comments.source) == 2
    assert "Report for May" in said(comments)


def test_the_separator_line_of_excel_is_no_header(write):
    frame, _ = read_table(write("a.csv", "sep=|\r\nid|comment\r\n1|a;b,c\r\n"))
    assert frame.to_dict("list") == {"id": ["1"], "comment": ["a;b,c"]}


# Delimiters


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_among_the_others_inside_comments(delimiter):
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(["id", "comment", "nps"])
    for row in range(300):
        writer.writerow([row, "slow; rude, late | cold\tfood" if row % 3 else "it was 3,5 hours; really", row % 11])
    assert sniff(out.getvalue()) == delimiter


@pytest.mark.parametrize(
    "text",
    [
        lines("comment", "Hello, world; this is, fine", "ok", "a, b, c"),
        lines("comment", "yes, indeed", "no, never", "well, maybe"),
        lines("comment", '"quoted, too"'),
        "comment\n",
    ],
)
def test_a_single_column_has_no_delimiter(text):
    assert sniff(text) is None


def test_a_single_column_keeps_commas_and_empty_answers(write):
    comments = read(write("a.txt", lines("comment", "Hello, world", "", '"a; ""b"""', "", "")), ReadConfig())
    assert comments.source["comment"].tolist() == ["Hello, world", "", 'a; "b"']


@pytest.mark.parametrize("named", ["tab", "\\t", "\t"])
def test_tab_may_be_named_in_words(write, named):
    frame, _ = read_table(write("a.csv", lines("id\tcomment", "1\ta, b")), delimiter=named)
    assert frame["comment"].tolist() == ["a, b"]


def test_a_wrong_delimiter_suggests_the_right_one(write):
    with pytest.raises(InputError, match=r"--delimiter ';'"):
        read(write("a.csv", lines("id;comment;nps", "1;slow, rude, late;3")), ReadConfig(delimiter=","))


@pytest.mark.parametrize("delimiter", ["::", '"', "\n"])
def test_an_impossible_delimiter_is_refused(write, delimiter):
    with pytest.raises(SettingsError, match="one character"):
        read(write("a.csv", lines("id;comment", "1;a")), ReadConfig(delimiter=delimiter))


def test_a_quote_never_closed_is_refused_with_its_line(write):
    path = write("a.csv", lines("id,comment", "1,fine", '2,"never closed', "3,ok", "4,ok"))
    with pytest.raises(InputError, match="line 3 is never closed"):
        read(path, ReadConfig())


# Encodings


@pytest.mark.parametrize(("language", "encoding"), CASES)
def test_legacy_encodings_are_guessed_with_a_warning(write, language, encoding):
    sentence = SENTENCES[language]
    if encoding == "iso-8859-2":
        sentence = sentence.replace("–", "-")
    comments = read(write("a.csv", lines("comment|nps", f"{sentence}|3"), encoding), ReadConfig())
    assert comments.table["text"].tolist() == [sentence]
    assert re.search(r"guessed as \S+; --encoding NAME", said(comments))
    assert comments.notes[0].level == "warning"


@pytest.mark.parametrize(("language", "encoding"), CASES)
def test_each_word_of_the_right_encoding_is_explained(language, encoding):
    sentence = SENTENCES[language].replace("–", "-")
    found, share = guess(sentence.encode(encoding, "replace"))
    assert share == 1.0
    assert sentence.encode(encoding).decode(found) == sentence


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_is_recognised_without_a_warning(write, encoding):
    comments = read(write("a.csv", lines("comment,nps", "żółć și 😀 שלום,3") * 3, encoding), ReadConfig())
    assert comments.table["text"][0] == "żółć și 😀 שלום"
    assert not comments.notes


def test_a_named_encoding_is_used(write):
    comments = read(write("a.csv", lines("comment,nps", "очень плохо,3"), "cp1251"), ReadConfig(encoding="cp1251"))
    assert comments.table["text"][0] == "очень плохо"
    assert not comments.notes


def test_a_named_encoding_that_does_not_fit_says_where(write):
    path = write("a.csv", lines("comment,nps", "café,3"), "cp1252")
    with pytest.raises(InputError) as caught:
        read(path, ReadConfig(encoding="utf-8"))
    assert "at byte 15" in caught.value.found
    assert "--encoding cp1252" in caught.value.fix


def test_valid_utf8_is_not_garbled_by_a_wrong_name(write):
    comments = read(write("a.csv", lines("comment,nps", "Größe,3")), ReadConfig(encoding="cp1252"))
    assert comments.table["text"][0] == "Größe"
    assert "--encoding cp1252 was not used" in said(comments)


def test_a_seven_bit_encoding_is_used_when_named(write):
    comments = read(
        write("a.csv", lines("comment,nps", "こんにちは,3"), "iso-2022-jp"), ReadConfig(encoding="iso-2022-jp")
    )
    assert comments.table["text"][0] == "こんにちは"


def test_a_broken_byte_does_not_turn_utf8_into_something_else(write):
    content = lines("comment,nps", *["żółw é și,3"] * 50).encode() + b"caf\xe9,2\n"
    comments = read(write("a.csv", content), ReadConfig())
    assert comments.table["text"].tolist() == ["żółw é și"] * 50 + ["caf\ufffd"]
    assert comments.notes[0].count == 1


def test_what_no_encoding_explains_is_refused(write):
    with pytest.raises(InputError, match="--encoding NAME"):
        read(write("a.csv", lines("comment,nps", "очень плохо никому не советую,3"), "cp1251"), ReadConfig())


# Survey layouts


QUALTRICS = (
    "EndDate,ResponseId,UserLanguage,Q1,Q2\n"
    'End Date,Response ID,User Language,"How likely are you to recommend us?","Why\nthis score?"\n'
    + ",".join(
        f'"{{""ImportId"":""{name}""}}"' for name in ("endDate", "_recordId", "userLanguage", "QID1", "QID2_TEXT")
    )
    + "\n2024-05-02 10:00:00,R_1,EN,9,Fast and friendly staff\n2024-05-03 11:30:00,R_2,RO,2,Foarte lent\n"
)


def test_qualtrics_question_texts_are_used_and_are_no_answers(write):
    comments = read(write("q.csv", QUALTRICS), ReadConfig())
    assert comments.table["text"].tolist() == ["Fast and friendly staff", "Foarte lent"]
    assert comments.table["comment_id"].tolist() == ["R_1", "R_2"]
    assert comments.columns("score") == ["Q1"]
    reasons = {guess.role: guess.reason for guess in comments.roles}
    assert "How likely are you to recommend us?" in reasons["score"]
    assert "Why this score?" in reasons["text"]
    assert "Qualtrics export" in said(comments)


def test_surveymonkey_options_join_their_question(write):
    text = (
        'Respondent ID,Collector ID,Start Date,End Date,"How satisfied\nare you?",What went wrong?,Which ones?,\n'
        ",,,,Response,Open-Ended Response,Card,Loan\n"
        "11,7,05/01/2024 09:00:00 AM,05/13/2024 09:05:00 AM,4,The queue was endless,Card,\n"
        "12,7,05/02/2024 09:00:00 PM,05/14/2024 09:05:00 PM,2,Nobody ever answered,,Loan\n"
    )
    comments = read(write("sm.csv", text), ReadConfig())
    assert list(comments.source.columns)[4:] == [
        "How satisfied are you?",
        "What went wrong?",
        "Which ones? - Card",
        "Which ones? - Loan",
    ]
    assert comments.table["text"].tolist() == ["The queue was endless", "Nobody ever answered"]
    assert comments.table["created_at"].tolist() == [datetime(2024, 5, 13, 9, 5), datetime(2024, 5, 14, 21, 5)]
    assert "SurveyMonkey export" in said(comments)


def test_surveymonkey_with_one_header_row_loses_no_answer(write):
    text = lines("Respondent ID,Collector ID,What went wrong?", "11,7,The queue was endless", "12,7,Nothing at all")
    assert len(read(write("sm.csv", text), ReadConfig()).source) == 2


def test_google_play_reviews(write):
    header = "Package Name,Reviewer Language,Review Submit Date and Time,Review Submit Millis Since Epoch,Star Rating,"
    header += "Review Title,Review Text,Developer Reply Date and Time,Developer Reply Text,Review Link"
    rows = (
        "a.b,pl,2024-01-05T10:00:00Z,1704448800000,5,Super,Bardzo dobra aplikacja,,,http://x",
        "a.b,ro,2024-01-06T10:00:00Z,1704535200000,1,,,2024-01-07T10:00:00Z,Vă mulțumim foarte mult pentru tot,",
    )
    content = b"\xff\xfe" + lines(header, *rows).encode("utf-16-le")
    comments = read(write("reviews_a.b_202401.csv", content), ReadConfig())
    assert {guess.role: guess.column for guess in comments.roles} == {
        "text": "Review Text",
        "date": "Review Submit Date and Time",
        "score": "Star Rating",
        "language": "Reviewer Language",
    }
    assert comments.table["text"].isna().tolist() == [False, True]


# Excel


def test_excel_keeps_types_and_leading_zeros(tmp_path):
    path = tmp_path / "a.xlsx"
    frame = pd.DataFrame(
        {
            "comment": ["far too slow", None],
            "phone": ["0040", "0048"],
            "nps": [3, None],
            "date": [datetime(2024, 5, 1, 10), datetime(2024, 5, 2)],
        }
    )
    with pd.ExcelWriter(path, engine="openpyxl") as book:
        frame.to_excel(book, sheet_name="Answers", index=False)
        frame.head(1).to_excel(book, sheet_name="Other", index=False)
    comments = read(path, ReadConfig())
    assert comments.source["phone"].tolist() == ["0040", "0048"]
    assert comments.source["nps"].dtype == "Int64"
    assert comments.table["created_at"].tolist() == frame["date"].tolist()
    assert comments.table["text"].isna().tolist() == [False, True]
    assert "--sheet for another: Other" in said(comments)
    assert len(read(path, ReadConfig(sheet="Other")).source) == 1


def test_a_missing_sheet_lists_the_sheets(tmp_path):
    path = tmp_path / "a.xlsx"
    TABLE.to_excel(path, index=False, sheet_name="Answers", engine="openpyxl")
    with pytest.raises(InputError) as caught:
        read(path, ReadConfig(sheet="Antworten"))
    assert caught.value.expected == "one of: Answers"


# JSON and Parquet


def test_nested_json_becomes_dotted_columns_and_long_ids_stay_exact(write):
    records = [
        {"text": "never again", "stars": 1, "consumer": {"id": 9007199254740993, "name": "A"}, "tags": ["x", "y"]},
        {"text": "lovely people", "stars": 5, "consumer": {"name": "B"}},
    ]
    comments = read(write("a.json", json.dumps({"total": 2, "reviews": records})), ReadConfig(id="consumer.id"))
    assert comments.source["tags"].tolist()[0] == ["x", "y"]
    assert comments.table["customer_id"].tolist()[0] == "9007199254740993"
    assert "'reviews'" in said(comments)


def test_half_a_surrogate_pair_survives_as_a_visible_mark(write):
    comments = read(
        write("a.jsonl", '{"comment": "so \\ud83d bad"}\n{"comment": "so \\ud83d\\ude00 good"}\n'), ReadConfig()
    )
    assert comments.table["text"].tolist() == ["so \ufffd bad", "so 😀 good"]
    assert [note.count for note in comments.notes] == [1]


def test_a_broken_json_line_is_named(write):
    with pytest.raises(InputError, match=r"line 3 of a\.jsonl is not valid JSON"):
        read(write("a.jsonl", '{"comment": "a"}\n\n{"comment": }\n'), ReadConfig())


@pytest.mark.parametrize("line", ["5", '"text"', "[1]"])
def test_a_json_line_without_an_object_is_named(write, line):
    with pytest.raises(InputError, match=r"line 2 of a\.jsonl holds no object"):
        read(write("a.jsonl", f'{{"comment": "a"}}\n{line}\n'), ReadConfig())


def test_json_lines_named_json_are_read(write):
    assert len(read(write("a.json", '{"comment": "a b c"}\n{"comment": "d e f"}\n'), ReadConfig()).source) == 2


def test_parquet_keeps_long_ids_and_a_stored_index(tmp_path):
    path = tmp_path / "a.parquet"
    frame = pd.DataFrame({"comment": ["a b c", "d e f"], "n": pd.array([9007199254740993, None], dtype="Int64")})
    frame.index = pd.Index(["k1", "k2"], name="key")
    frame.to_parquet(path)
    source = read(path, ReadConfig()).source
    assert source["n"].tolist()[0] == 9007199254740993
    assert source["key"].tolist() == ["k1", "k2"]


# A preview of a file too large for its first piece


def test_a_preview_of_rows_longer_than_the_first_piece(write):
    row = '"' + "long, " * 60_000 + '"'
    path = write("a.csv", lines("comment,nps", *[f"{row},{score}" for score in (1, 2, 3, 4)]))
    comments = read(path, ReadConfig(), rows=3)
    assert comments.source["nps"].tolist() == ["1", "2", "3"]
    assert comments.table["text"].equals(read(path, ReadConfig()).table["text"].head(3))


def test_a_preview_never_shows_a_row_cut_off(write):
    path = write("a.csv", lines("comment,nps", *['"ăâîșț\nsecond line",9'] * 60_000))
    comments = read(path, ReadConfig(), rows=40_000)
    assert set(comments.source["comment"]) == {"ăâîșț\nsecond line"}
    assert len(comments.source) == 40_000


# What cannot be read


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"comment,nps\n", "no rows below it"),
        ("a.csv", b"\n\n\n", "holds no rows"),
        ("a.csv", b"PK\x03\x04zip", "ZIP archive"),
        ("a.xlsx", b"not excel", "no readable Excel workbook"),
        ("a.xls", b"not excel", "no readable Excel workbook"),
        ("a.parquet", b"not parquet", "no intact Parquet file"),
        ("a.json", b'[{"comment": }]', "is not valid JSON"),
        ("a.json", b"[1, 2]", "no array of records"),
        ("a.json", b"[]", "holds no rows"),
        ("a.jsonl", b"\n \n", "holds no rows"),
        ("a.csv.gz", b"not gzip", "no intact gzip file"),
        ("a.csv.gz", gzip.compress(b"comment\nsome words\n" * 99, mtime=0)[:40], "no intact gzip file"),
        ("a.docx", b"x", "no reader for .docx"),
        ("a", b"x", "no reader for files without a suffix"),
        ("a.parquet.gz", b"x", "no reader for .parquet.gz"),
    ],
)
def test_unreadable_files_say_what_is_wrong(write, name, content, found):
    with pytest.raises(InputError) as caught:
        read(write(name, content), ReadConfig())
    assert found in caught.value.found
    assert name in caught.value.found
    assert caught.value.expected
    assert caught.value.fix


@pytest.mark.parametrize("cut", [0.3, 0.9])
def test_truncated_workbooks_and_parquet_files_are_refused(tmp_path, cut):
    for suffix in (".xlsx", ".parquet"):
        path = tmp_path / f"a{suffix}"
        write_table(path)
        whole = path.read_bytes()
        path.write_bytes(whole[: int(len(whole) * cut)])
        with pytest.raises(InputError):
            read(path, ReadConfig())


def test_a_workbook_without_rows_is_refused(tmp_path):
    pd.DataFrame().to_excel(tmp_path / "a.xlsx", engine="openpyxl")
    with pytest.raises(InputError, match="holds no rows"):
        read(tmp_path / "a.xlsx", ReadConfig())


def test_a_missing_file_suggests_its_neighbour(tmp_path, write):
    write("Survey.csv", lines("comment", "a b c"))
    with pytest.raises(InputError, match=r"did you mean .*Survey\.csv"):
        read(tmp_path / "survey.xlsx", ReadConfig())


def test_a_folder_names_a_file_inside(tmp_path, write):
    write("survey.csv", lines("comment", "a b c"))
    with pytest.raises(InputError, match=r"is a folder") as caught:
        read(tmp_path, ReadConfig())
    assert "survey.csv" in caught.value.fix


def test_a_path_that_the_system_refuses_is_an_input_error(tmp_path):
    with pytest.raises(InputError):
        read(tmp_path / ("x" * 5000 + ".csv"), ReadConfig())


def test_another_kind_of_source_is_refused():
    with pytest.raises(InputError, match="a list as the source"):
        read(["a comment"], ReadConfig())  # type: ignore[arg-type]


# DataFrames


def test_a_dataframe_keeps_rows_order_and_types_whatever_its_index():
    frame = pd.DataFrame(
        {"comment": ["c", "a", "b"], "n": pd.array([1, None, 3], dtype="Int64"), "c": pd.Categorical(["x", "y", "x"])},
        index=[7, 7, 3],
    )
    before = frame.copy()
    comments = read(frame, ReadConfig(text="comment"))
    assert comments.table["text"].tolist() == ["c", "a", "b"]
    assert comments.source.dtypes.to_dict() == frame.dtypes.to_dict()
    assert isinstance(comments.source.index, pd.RangeIndex)
    assert comments.name == "DataFrame"
    pd.testing.assert_frame_equal(frame, before)


def test_cells_that_are_no_strings_become_text_or_missing():
    given = [
        "fine",
        5,
        2.0,
        2.5,
        None,
        float("nan"),
        pd.NA,
        pd.NaT,
        ["a", None, 3],
        {"x": "ż"},
        b"xy",
        "",
        " \u00a0",
        True,
        {"z", "y"},
    ]
    frame = pd.DataFrame({"comment": pd.Series(given, dtype=object)})
    text = read(frame, ReadConfig(text="comment")).table["text"]
    assert text.dropna().to_dict() == {
        0: "fine", 1: "5", 2: "2", 3: "2.5", 8: "a; 3", 9: '{"x": "ż"}', 10: "xy", 13: "True", 14: "y; z",
    }  # fmt: skip


def test_column_names_of_any_kind_become_distinct_strings():
    frame = pd.DataFrame([["some words here", 1, 2, 3]], columns=pd.MultiIndex.from_tuples(
        [("q", "comment"), ("q", "comment"), ("n", 1), ("n", "")]))  # fmt: skip
    assert list(read(frame, ReadConfig()).source.columns) == ["q_comment", "q_comment_2", "n_1", "n"]
    assert list(read(pd.DataFrame([["some words here", 1]]), ReadConfig()).source.columns) == ["0", "1"]


def test_lone_surrogates_in_a_dataframe_are_mended_and_counted():
    frame = pd.DataFrame({"comment": pd.Series(["a \ud83d b", "fine", 3], dtype=object)})
    comments = read(frame, ReadConfig(text="comment"))
    assert comments.table["text"].tolist() == ["a \ufffd b", "fine", "3"]
    assert [note.count for note in comments.notes] == [1]


@pytest.mark.parametrize("frame", [pd.DataFrame(), pd.DataFrame({"comment": []}), pd.DataFrame(index=[0, 1])])
def test_a_dataframe_without_data_is_refused(frame):
    with pytest.raises(InputError, match="a DataFrame with"):
        read(frame, ReadConfig())


def test_the_hash_of_a_dataframe_is_that_of_its_rows_in_order():
    frame = pd.DataFrame({"comment": ["a", "b"], "tags": [["x"], np.nan]})
    hashes = [read(each, ReadConfig(text="comment")).sha256 for each in (frame, frame.set_index([[5, 6]]), frame[::-1])]
    assert hashes[0] == hashes[1] != hashes[2]
    assert hashes[0] == hashlib.sha256(frame.to_csv(index=False, lineterminator="\n").encode()).hexdigest()
