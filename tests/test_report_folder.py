"""The result folder: what is in it, that text stays text, and that it is written whole or not at all."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import json
import os
import shutil
from pathlib import Path

import evidence_builder as build
import numpy as np
import openpyxl
import pandas as pd
import pytest

from cxnlp import schema
from cxnlp.config import FORMATS
from cxnlp.errors import InternalError, OutputError, SettingsError
from cxnlp.report import check_folder, save
from cxnlp.report.wide import wide_comments
from cxnlp.report.workbook import MOST_CHARACTERS, MOST_ROWS, write_workbook
from cxnlp.report.writers import ALWAYS, FILES, OTHERS, WHERE_FILLED, WITH_CODES, WRITERS, disarm, write_csv
from cxnlp.results import Evidence

FILLED = ("kano", "audit")
"""Tables of `WHERE_FILLED` that have rows in the survey of 60 comments."""
TIDY = {f"{name}.csv" for name in (*ALWAYS, *FILLED)}
ARMED = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3+cmd",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1",
    "＝1+1",
    '=HYPERLINK("http://x","y")',
]
PLAIN = ["-5", "+40123", "-3.14", "-1,5", "a=b", "'quoted", "−3", "-5 %", "", "https://example.org", "e-mail: a@b"]


@pytest.fixture(scope="module")
def survey() -> Evidence:
    return build.survey(60)


@pytest.fixture(scope="module")
def saved(survey: Evidence, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(survey, tmp_path_factory.mktemp("saved") / "out", formats=("csv", "parquet"), force=False)


def with_source(evidence: Evidence, **columns: object) -> Evidence:
    return dataclasses.replace(evidence, source=evidence.source.assign(**columns))


def names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


def test_every_format_of_the_settings_has_a_writer_and_its_files() -> None:
    assert tuple(WRITERS) == FORMATS == tuple(FILES)


@pytest.mark.parametrize("format_", FORMATS)
def test_each_format_writes_its_files_and_the_tidy_tables_always(
    survey: Evidence, tmp_path: Path, format_: str
) -> None:
    folder = save(survey, tmp_path / "out" / "deep", formats=(format_,), force=False)
    assert names(folder) == TIDY | {"analysis.json", *FILES[format_]}
    assert names(folder.parent) == {"deep"}
    content = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))
    assert {file["name"] for file in content["files"]} == names(folder) - {"analysis.json"}
    for file in content["files"]:
        data = (folder / file["name"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file["bytes"], file["sha256"])


@pytest.mark.parametrize(
    "evidence", [build.survey(60), build.coded(60), build.clothing(60), build.bare(30), build.nothing_scored(0)]
)
def test_every_kind_of_evidence_can_be_saved_in_every_format(evidence: Evidence, tmp_path: Path) -> None:
    folder = save(evidence, tmp_path / "out", formats=FORMATS, force=False)
    wide = pd.read_parquet(folder / "comments.parquet")
    assert len(wide) == len(evidence.source) == len(pd.read_csv(folder / "comments.csv"))
    assert list(pd.read_csv(folder / "metrics.csv").columns) == list(evidence.metrics.columns)


def test_the_same_evidence_gives_the_same_bytes(survey: Evidence, tmp_path: Path) -> None:
    folders = [save(survey, tmp_path / name, formats=FORMATS, force=False) for name in ("a", "b")]
    for name in names(folders[0]):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes(), name


def test_every_input_row_and_column_comes_back_first_in_order_and_untouched(survey: Evidence, tmp_path: Path) -> None:
    odd = with_source(survey, **{"Ünïcode 🙂": [f"ș\n{i}\r\n\"q\"; 'x', y\t" for i in range(60)], "rtl": "שלום"})
    folder = save(odd, tmp_path / "out", formats=("parquet", "csv"), force=False)
    for wide in (
        pd.read_parquet(folder / "comments.parquet"),
        pd.read_csv(folder / "comments.csv", encoding="utf-8-sig", keep_default_na=False, na_values=[""]),
    ):
        for given, written in zip(odd.source.columns, wide.columns, strict=False):
            assert written in (given, f"input_{given}")
            missing = odd.source[given].isna()
            assert wide[written].isna().tolist() == missing.tolist()
            assert wide[written][~missing].astype(str).tolist() == odd.source[given][~missing].astype(str).tolist(), (
                given
            )
    assert (folder / "comments.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_columns_that_differ_under_one_name_are_renamed_and_said(survey: Evidence, tmp_path: Path) -> None:
    folder = save(survey, tmp_path / "out", formats=("parquet",), force=False)
    wide = pd.read_parquet(folder / "comments.parquet")
    assert wide["input_status"].unique().tolist() == ["complete"] and set(wide["status"]) == {"ok", "empty", "junk"}
    assert wide.columns.is_unique
    notes = json.loads((folder / "analysis.json").read_text())["notes"]
    assert [note for note in notes if "'input_status'" in note["message"] and note["level"] == "info"]
    assert list(wide.columns).count("plan") == 1 and "input_plan" not in wide  # equal: written once
    assert "text" not in wide and "text_clean" in wide and "comment" in wide


def test_the_text_is_kept_where_no_input_column_holds_it(survey: Evidence) -> None:
    other = with_source(survey, comment="something else")
    assert wide_comments(other)[0]["text"].equals(survey.comments["text"])


def test_names_that_are_numbers_twice_there_or_taken_are_made_distinct(survey: Evidence) -> None:
    source = pd.concat([survey.source, survey.source[["id"]], survey.source[["status"]]], axis=1)
    source = source.rename(columns={"plan": 7}).assign(input_status="taken")
    wide, notes = wide_comments(dataclasses.replace(survey, source=source))
    assert wide.columns.is_unique and {"7", "id", "id_", "status", "status_", "input_status", "input_status_"} <= set(
        wide
    )
    assert wide["input_status"].eq("taken").all() and wide["input_status_"].eq("complete").all()
    assert len(notes) == 2


def test_columns_of_mixed_kinds_and_broken_text_can_be_written(survey: Evidence, tmp_path: Path) -> None:
    mixed = [1, "two", 3.5, None, pd.Timestamp("2025-01-01"), b"x", "half \ud83d", True, float("nan"), {"a": 1}]
    source = pd.Series((mixed * 6)[:60], dtype=object)
    dates = pd.date_range("1850-01-01", periods=60, tz="Europe/Bucharest")
    odd = with_source(survey, mixed=source, dates=dates, big=2**60 + np.arange(60), infinite=np.inf)
    folder = save(odd, tmp_path / "out", formats=FORMATS, force=False)
    wide = pd.read_parquet(folder / "comments.parquet")
    assert wide["mixed"][:3].tolist() == ["1", "two", "3.5"] and wide["mixed"].isna().sum() == 12
    assert wide["mixed"][6] == "half ?"
    sheet = openpyxl.load_workbook(folder / "workbook.xlsx")["comments"]
    heading = [cell.value for cell in sheet[1]]
    assert sheet.cell(2, heading.index("big") + 1).value == str(2**60)
    assert sheet.cell(2, heading.index("infinite") + 1).value is None


def test_lists_stay_lists_in_parquet_and_are_joined_elsewhere(survey: Evidence, tmp_path: Path) -> None:
    folder = save(survey, tmp_path / "out", formats=FORMATS, force=False)
    kept = pd.read_parquet(folder / "comments.parquet")["topic_names"]
    assert [list(names_) for names_ in kept] == survey.comments["topic_names"].tolist()
    joined = pd.read_csv(folder / "comments.csv", keep_default_na=False)["topic_names"]
    assert joined.tolist() == ["; ".join(names_) for names_ in survey.comments["topic_names"]]
    assert pd.read_csv(folder / "topics.csv")["keywords"].tolist() == ["; ".join(k) for k in survey.topics["keywords"]]


def test_rows_lost_on_the_way_are_an_error(survey: Evidence) -> None:
    with pytest.raises(InternalError, match="59 comments for 60 input rows"):
        wide_comments(dataclasses.replace(survey, comments=survey.comments.iloc[1:]))


@pytest.mark.parametrize("dtype", [object, "str"])
def test_only_text_that_a_spreadsheet_would_run_is_disarmed(dtype: object) -> None:
    assert disarm(pd.Series(ARMED, dtype=dtype)).tolist() == [f"'{text}" for text in ARMED]
    assert disarm(pd.Series(PLAIN, dtype=dtype)).tolist() == PLAIN
    missing = pd.Series([None, "=1", np.nan], dtype=dtype)
    assert disarm(missing).isna().tolist() == [True, False, True]
    numbers = pd.Series([-1.5, 2.0])
    assert disarm(numbers) is numbers


def test_formulas_are_text_in_csv_and_workbook(survey: Evidence, tmp_path: Path) -> None:
    cells = (ARMED * 20)[:60]
    bad = with_source(survey, note=cells, **{"=evil()": "x"})
    bad = dataclasses.replace(
        bad, topics=bad.topics.assign(topic_name="=topic()", keywords=[["=k", "@x"]] * len(bad.topics))
    )
    folder = save(bad, tmp_path / "out", formats=FORMATS, force=False)
    with (folder / "comments.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["note"] for row in rows] == [f"'{cell}" for cell in cells] and "'=evil()" in rows[0]
    tidy = pd.read_csv(folder / "topics.csv")
    assert set(tidy["topic_name"]) == {"'=topic()"} and set(tidy["keywords"]) == {"'=k; @x"}
    book = openpyxl.load_workbook(folder / "workbook.xlsx")
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.hyperlink]
    sheet = book["comments"]
    column = [cell.value for cell in sheet[1]].index("note")
    found = [str(row[column].value) for row in sheet.iter_rows(min_row=2)]
    assert [text.replace("_x000D_", "\r") for text in found] == cells


def test_the_workbook_explains_itself_and_keeps_kinds(survey: Evidence, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(save(survey, tmp_path / "out", formats=("xlsx",), force=False) / "workbook.xlsx")
    assert book.sheetnames == ["read me", "comments", *ALWAYS, *FILLED]
    words = " ".join(str(cell) for row in book["read me"].values for cell in row if cell)
    assert "What customers say in survey.csv" in words and "NPS" in words and "never mean" in words
    rows = list(book["comments"].values)
    first = dict(zip(rows[0], rows[2], strict=True))
    assert isinstance(first["sentiment"], float) and first["is_junk"] is False and first["created_at"].year == 2025
    assert len(rows) == 61


def test_limits_of_excel_are_kept_and_said(survey: Evidence, tmp_path: Path) -> None:
    cells = ["x" * (MOST_CHARACTERS + 5), "🙂" * 20_000, "x" * MOST_CHARACTERS, "🙂" * (MOST_CHARACTERS // 2), "short"]
    other = pd.Series(["short", None, 3, "y" * 40_000, None], dtype=object)
    long = pd.DataFrame({"text": pd.Series(cells, dtype="str"), "other": other})
    notes = write_workbook(survey, {"comments": long}, tmp_path / "book.xlsx")
    assert [(note.count, "characters" in note.message) for note in notes] == [(3, True)]
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    texts = [row[0] for row in book["comments"].values][1:]
    assert all(len(text.encode("utf-16-le")) // 2 <= MOST_CHARACTERS for text in texts)
    assert [text.endswith("…") for text in texts] == [True, True, False, False, False] and texts[2:] == cells[2:]
    assert "Cut off" in [row[0] for row in book["read me"].values]


@pytest.mark.slow
def test_more_rows_than_a_sheet_holds_are_cut_and_said(survey: Evidence, tmp_path: Path) -> None:
    notes = write_workbook(survey, {"comments": pd.DataFrame({"n": np.arange(MOST_ROWS + 9)})}, tmp_path / "book.xlsx")
    assert [(note.count, "rows" in note.message) for note in notes] == [(10, True)]


def test_a_folder_with_an_analysis_is_refused_without_force_and_replaced_with_it(
    survey: Evidence, tmp_path: Path
) -> None:
    folder = save(survey, tmp_path / "out", formats=FORMATS, force=False)
    (folder / "my notes.txt").write_text("mine")
    (folder / "old").mkdir()
    with pytest.raises(OutputError, match="already holds an analysis"):
        save(survey, folder, formats=("csv",), force=False)
    assert (folder / "workbook.xlsx").exists()
    save(survey, folder, formats=("csv",), force=True)
    assert names(folder) == TIDY | {"analysis.json", "comments.csv", "my notes.txt", "old"}
    assert (folder / "my notes.txt").read_text() == "mine"


CODED = {"codes.csv", "review.csv", "codebook.yaml", "topics.yaml", "topics.safetensors", "encoding.safetensors"}


def test_with_a_codebook_its_tables_and_files_are_written_and_described(tmp_path: Path) -> None:
    evidence = build.coded(60)
    folder = save(evidence, tmp_path / "out", formats=FORMATS, force=False)
    assert names(folder) == TIDY | CODED | {"analysis.json", *(name for files in FILES.values() for name in files)}
    content = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))
    assert {file["name"] for file in content["files"]} == names(folder) - {"analysis.json"}
    for name in WITH_CODES:
        kept = pd.read_csv(folder / f"{name}.csv", keep_default_na=False)
        assert list(kept.columns) == list(content["schema"]["tables"][name])
        assert len(kept) == len(getattr(evidence, name)) > 0
    assert (folder / "codebook.yaml").read_bytes() == evidence.files["codebook.yaml"]
    sheets = ["read me", "comments", *ALWAYS, *FILLED, *WITH_CODES]
    assert openpyxl.load_workbook(folder / "workbook.xlsx").sheetnames == sheets


def test_importance_kano_survival_and_audit_are_written_where_they_have_rows(tmp_path: Path) -> None:
    evidence = build.survey()
    folder = save(evidence, tmp_path / "out", formats=("xlsx",), force=False)
    content = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))
    filled = [name for name in WHERE_FILLED if len(getattr(evidence, name))]
    assert {"importance", "kano", "survival", "audit"} <= set(filled)
    for name in filled:
        table = getattr(evidence, name)
        kept = pd.read_csv(folder / f"{name}.csv")
        assert list(kept.columns) == list(content["schema"]["tables"][name]) == schema.names(name)
        assert len(kept) == len(table) > 0
        numbers = [column.name for column in schema.TABLES[name] if column.kind == "number"]
        np.testing.assert_allclose(kept[numbers], table[numbers].astype(float), rtol=1e-12)
    assert openpyxl.load_workbook(folder / "workbook.xlsx").sheetnames[-len(filled) :] == filled
    checks = {check for flag in content["flags"] for check, _, _ in flag["checks"]}
    assert {"shuffled outcomes", "errors of the tags"} <= checks
    assert any(flag["raise_by"] for flag in content["flags"])


def test_tables_that_are_no_longer_filled_are_removed(survey: Evidence, tmp_path: Path) -> None:
    folder = save(build.survey(), tmp_path / "out", formats=("csv",), force=False)
    save(build.bare(30), folder, formats=("csv",), force=True)
    assert names(folder) == {f"{name}.csv" for name in ALWAYS} | {"analysis.json", "comments.csv"}
    tables = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))["schema"]["tables"]
    assert not set(WHERE_FILLED) & set(tables)
    (folder / "kano.csv").write_text("mine")
    with pytest.raises(OutputError, match=r"kano\.csv, which cxnlp did not write"):
        save(survey, folder, formats=("csv",), force=True)
    assert (folder / "kano.csv").read_text() == "mine"


def test_formulas_in_the_names_of_drivers_are_text(tmp_path: Path) -> None:
    evidence = build.survey()
    bad = {name: getattr(evidence, name).assign(topic_name="=evil()") for name in ("drivers", "importance", "kano")} | {
        "audit": evidence.audit.assign(name="@evil()")
    }
    folder = save(dataclasses.replace(evidence, **bad), tmp_path / "out", formats=("csv", "xlsx"), force=False)
    for name in ("drivers", "importance", "kano"):
        assert set(pd.read_csv(folder / f"{name}.csv")["topic_name"]) == {"'=evil()"}
    assert set(pd.read_csv(folder / "audit.csv")["name"]) == {"'@evil()"}
    book = openpyxl.load_workbook(folder / "workbook.xlsx")
    assert "f" not in {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}


def test_lists_of_judgements_and_codes_are_joined_as_those_of_topics(tmp_path: Path) -> None:
    evidence = build.coded(60)
    folder = save(evidence, tmp_path / "out", formats=FORMATS, force=False)
    joined = pd.read_csv(folder / "comments.csv", keep_default_na=False)
    kept = pd.read_parquet(folder / "comments.parquet")
    for name in ("topic_polarities", "codes"):
        assert any(evidence.comments[name].map(len))
        assert joined[name].tolist() == ["; ".join(said) for said in evidence.comments[name]]
        assert [list(said) for said in kept[name]] == evidence.comments[name].tolist()
    statements = pd.read_parquet(folder / "statements.parquet")
    assert [list(said) for said in statements["codes_probability"]] == evidence.statements["codes_probability"].tolist()


def test_a_run_without_codes_writes_none_and_removes_those_of_an_earlier_run(survey: Evidence, tmp_path: Path) -> None:
    folder = save(build.coded(60), tmp_path / "out", formats=("csv",), force=False)
    (folder / "codebook-mine.yaml").write_text("mine")
    save(survey, folder, formats=("csv",), force=True)
    assert names(folder) == TIDY | {"analysis.json", "comments.csv", "codebook-mine.yaml"}
    tables = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))["schema"]["tables"]
    assert not set(WITH_CODES) & set(tables)


@pytest.mark.parametrize("name", sorted(CODED))
def test_nobody_elses_codebook_topics_or_review_is_replaced(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(OutputError, match=f"{name.replace('.', '[.]')}, which cxnlp did not write"):
        save(build.coded(60), tmp_path, formats=("csv",), force=True)
    assert (tmp_path / name).read_text() == "mine" and names(tmp_path) == {name}


def test_every_file_that_a_room_leaves_for_later_runs_is_known_as_ours() -> None:
    from cxnlp.codebook import stage
    from cxnlp.engines import store
    from cxnlp.topics import saved

    assert {stage.FILE, store.FILE, saved.FILE, saved.EDITS} == set(OTHERS)


def test_formulas_in_codes_and_review_are_text(tmp_path: Path) -> None:
    evidence = build.coded(60)
    review = evidence.review.assign(text=(ARMED * 20)[: len(evidence.review)])
    bad = dataclasses.replace(evidence, codes=evidence.codes.assign(label="=label()"), review=review)
    folder = save(bad, tmp_path / "out", formats=("csv", "xlsx"), force=False)
    with (folder / "review.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["text"] for row in rows] == [f"'{text}" for text in review["text"]]
    assert {row["answer"] for row in rows} == {""}
    assert set(pd.read_csv(folder / "codes.csv")["label"]) == {"'=label()"}
    book = openpyxl.load_workbook(folder / "workbook.xlsx")
    assert "f" not in {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}


def test_force_never_replaces_a_file_that_cxnlp_did_not_write(survey: Evidence, tmp_path: Path) -> None:
    (tmp_path / "topics.csv").write_text("mine")
    with pytest.raises(OutputError, match=r"topics\.csv, which cxnlp did not write"):
        save(survey, tmp_path, formats=("csv",), force=True)
    assert (tmp_path / "topics.csv").read_text() == "mine" and names(tmp_path) == {"topics.csv"}


def test_a_manifest_that_points_outside_deletes_nothing(survey: Evidence, tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    folder = save(survey, tmp_path / "out", formats=("csv",), force=False)
    files = [{"name": name} for name in ("../precious.txt", str(tmp_path / "precious.txt"), "..", "comments.csv")]
    (folder / "analysis.json").write_text(json.dumps({"files": files}))
    with pytest.raises(OutputError):
        save(survey, folder, formats=("csv",), force=True)  # the tidy tables are no longer known as ours
    assert (tmp_path / "precious.txt").read_text() == "mine"


def test_check_folder_speaks_before_the_slow_work(tmp_path: Path) -> None:
    check_folder(tmp_path / "new" / "deeper", False)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".DS_Store").write_text("")
    check_folder(tmp_path / "empty", False)
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "thesis.docx").write_text("mine")
    check_folder(tmp_path / "foreign", True)
    with pytest.raises(OutputError, match=r"not empty: it holds thesis\.docx"):
        check_folder(tmp_path / "foreign", False)
    with pytest.raises(OutputError, match="is a file"):
        check_folder(tmp_path / "foreign" / "thesis.docx", True)
    with pytest.raises(OutputError, match="could not write"):
        check_folder(tmp_path / "foreign" / "thesis.docx" / "out", True)
    assert names(tmp_path) == {"empty", "foreign"}


def test_a_folder_in_which_nothing_can_be_made_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(self: Path, *args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", denied)
    with pytest.raises(OutputError, match="Permission denied") as error:
        check_folder(tmp_path / "out", False)
    assert "--out" in error.value.fix


def test_an_unknown_format_is_refused_with_the_known_ones(survey: Evidence, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="xlsx"):
        save(survey, tmp_path / "out", formats=("xls",), force=False)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("writer", WRITERS)
def test_a_full_disk_while_writing_leaves_everything_as_it_was(
    survey: Evidence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writer: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    folder = save(survey, tmp_path / "out", formats=FORMATS, force=False)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setitem(WRITERS, writer, full)
    for target in (folder, tmp_path / "fresh"):
        with pytest.raises(OutputError, match="No space left on device"):
            save(survey, target, formats=FORMATS, force=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert names(tmp_path) == {"out"}


@pytest.mark.parametrize("failing", range(0, 18, 3))
@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), KeyboardInterrupt()])
def test_a_failure_while_moving_in_is_undone(
    survey: Evidence,
    saved: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failing: int,
    error: BaseException,
) -> None:
    folder = tmp_path / "out"
    shutil.copytree(saved, folder)
    (folder / "mine.txt").write_text("mine")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    real, calls = os.replace, iter(range(1000))

    def replace(here: Path, there: Path) -> None:
        if next(calls) == failing:
            raise error
        real(here, there)

    monkeypatch.setattr("cxnlp.report.folder.os.replace", replace)
    with pytest.raises(OutputError if isinstance(error, OSError) else KeyboardInterrupt):
        save(survey, folder, formats=("csv", "parquet"), force=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_the_folder_has_the_permissions_of_any_new_folder(survey: Evidence, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    folder = save(survey, tmp_path / "out", formats=("csv",), force=False)
    assert folder.stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_analysis_json_is_strict_json_and_describes_the_columns(survey: Evidence, tmp_path: Path) -> None:
    provenance = dict(survey.provenance) | {
        "odd": {"nan": float("nan"), "numpy": np.int64(3), "path": Path("a"), "set": {2, 1}}
    }
    folder = save(dataclasses.replace(survey, provenance=provenance), tmp_path / "out", formats=("csv",), force=False)

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    content = json.loads((folder / "analysis.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert content["provenance"]["odd"] == {"nan": None, "numpy": 3, "path": "a", "set": [1, 2]}
    described = content["schema"]["tables"]
    for name in ALWAYS:
        assert set(pd.read_csv(folder / f"{name}.csv").columns) <= set(described[name])
    assert len(content["flags"]) == len(survey.flags) and content["provenance"]["input"]["sha256"]
    assert [score["scale"] for score in content["scores"]] == ["nps", "csat5"]


def test_a_semicolon_in_a_cell_never_opens_another_one(tmp_path: Path) -> None:
    write_csv(pd.DataFrame({"comment": ["Good;=1+1"], "n": [1]}), tmp_path / "one.csv")
    assert (tmp_path / "one.csv").read_bytes().splitlines()[1] == b'"Good;=1+1",1'


def test_csv_of_an_empty_table_has_its_heading(tmp_path: Path) -> None:
    write_csv(pd.DataFrame({"a": [], "b": []}), tmp_path / "empty.csv")
    assert (tmp_path / "empty.csv").read_bytes() == b'\xef\xbb\xbf"a","b"\r\n'
