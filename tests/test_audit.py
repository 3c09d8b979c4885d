"""The audit from draw to gold: what is drawn, what people see, what they may write, what a later run gets."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
import openpyxl
import pandas as pd
import pytest

from cxnlp import audit, registry, schema
from cxnlp.audit.finished import trained
from cxnlp.cli import failures
from cxnlp.cli.audit import app
from cxnlp.connectors import read_table
from cxnlp.errors import InputError
from cxnlp.training.corpora import WRITTEN, read_comments

TOPICS = pd.DataFrame({
    "topic_id": ["T01", "T02", "T03", "T04"],
    "topic_name": ["late delivery", "friendly staff", "Refund", "refund"],
    "keywords": ["delivery; late", "staff; kind", "refund; money", "=cmd|' /C calc'!A0"],
})  # fmt: skip
SAID = {
    "T01": "the parcel came late",
    "T02": "the staff were kind",
    "T03": "no refund for the coat",
    "T04": "money back",
}
STAGES = ("awareness", "consideration", "purchase", "retention", "advocacy")
SEEN = read_comments(WRITTEN)[0]["text"]


@dataclass(frozen=True)
class World:
    """Comments, their statements, and what the statements truly say (by comment and start)."""

    comments: pd.DataFrame
    statements: pd.DataFrame
    truth: pd.DataFrame


def world(n: int = 160, seed: int = 0) -> World:
    """Customers with up to three comments of up to three statements, and some comments of nobody known."""
    random = np.random.default_rng(seed)
    rows, spoken = [], []
    for unit in range(n):
        lone = unit % 8 == 0
        for _ in range(1 if lone else random.integers(1, 4)):
            number, text, start = len(rows), "", 0
            for _ in range(random.integers(1, 4)):
                true = [*SAID, None][random.choice(5, p=[0.2, 0.2, 0.1, 0.1, 0.4])]
                found = true if random.random() < 0.85 else random.choice(["T01", "T02"])
                part = f"{SAID.get(true, 'well then')} {random.integers(60)}."
                spoken.append({
                    "comment_id": f"c{number}", "row": number, "start": start, "end": start + len(part), "text": part,
                    "true_topic": true, "topic_id": found, "unit": unit, "in_window": number % 11 != 0,
                    "sentiment_label": "positive" if found == "T02" else "negative", "stage": STAGES[number % 5],
                })  # fmt: skip
                start += len(part) + 1
                text += part + " "
            rows.append({"comment_id": f"c{number}", "customer_id": None if lone else f"{1000 + unit}",
                         "unit": unit, "text_clean": text.strip()})  # fmt: skip
    statements = pd.DataFrame(spoken)
    statements["statement_id"] = np.arange(len(statements))
    statements = statements.reindex(columns=list(dict.fromkeys([*statements.columns, *schema.names("statements")])))
    statements["language"] = "en"
    statements["topic_strength"] = random.random(len(statements))
    truth = statements[["comment_id", "start", "true_topic"]]
    return World(pd.DataFrame(rows), statements.drop(columns="true_topic"), truth)


def write_folder(folder: Path, made: World, *, model: str = "cxnlp-fast", tier: str = "WATCH") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    made.comments.to_parquet(folder / "comments.parquet", index=False)
    made.statements.to_parquet(folder / "statements.parquet", index=False)
    TOPICS.to_csv(folder / "topics.csv", index=False, encoding="utf-8-sig")
    tests = pd.DataFrame({"outcome": "churned", "topic_id": ["T01", "T03"], "stage": "all", "polarity": "negative",
                          "tier": [tier, "INSUFFICIENT"]})  # fmt: skip
    tests.to_csv(folder / "drivers.csv", index=False, encoding="utf-8-sig")
    content = {"files": [{"name": "topics.csv", "bytes": 1, "sha256": "00"}], "stages": STAGES,
               "model": {"name": model, "path": "gone", "weights": {}, "sentiment": None}}  # fmt: skip
    (folder / "analysis.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


def cxnlp_audit(*words: object) -> Ran:
    """`cxnlp audit`, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["cxnlp audit", *map(str, words)]),
        mock.patch.dict("os.environ", {"COLUMNS": "200"}),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = failures.guard(app)
    return Ran(code, out.getvalue(), " ".join(err.getvalue().split()))


def done(*words: object) -> Ran:
    ran = cxnlp_audit(*words)
    assert ran.code == 0, ran.err
    return ran


def refused(*words: object) -> str:
    ran = cxnlp_audit(*words)
    assert (ran.code, ran.out) == (2, ""), ran.err
    assert [ran.err.count(label) for label in ("Found:", "Expected:", "Fix:", "Traceback")] == [1, 1, 1, 0]
    return ran.err


@pytest.fixture(scope="module")
def made() -> World:
    return world()


@pytest.fixture
def folder(tmp_path: Path, made: World) -> Path:
    return write_folder(tmp_path / "results", made)


def right_answers(folder: Path, made: World, sheet: pd.DataFrame) -> pd.DataFrame:
    """The sheet as somebody fills it in who is always right."""
    spoken = audit.read(folder).spoken
    rows = spoken.merge(made.truth, on=["comment_id", "start"]).set_index("row_id").loc[sheet["row"]]
    topic = rows["true_topic"].astype(object)
    return sheet.assign(
        topic=topic.where(topic.notna(), "none").to_numpy(),
        polarity=np.where(topic == "T02", "positive", "negative"),
        stage=rows["stage"].to_numpy(),
    )


def drawn_sheet(folder: Path, *more: object) -> pd.DataFrame:
    done("draw", folder, "--out", folder / "gold.csv", *more)
    return read_table(folder / "gold.csv")[0]


def write_sheet(sheet: pd.DataFrame, path: Path, **options: object) -> Path:
    sheet.to_csv(path, index=False, **{"encoding": "utf-8-sig", **options})
    return path


# The draw


def test_whole_units_are_drawn_with_their_chances_and_what_is_out_of_the_window_is_not(folder, made):
    finished = audit.read(folder)
    drawn = audit.draw(finished, n=40, seed=1).rows
    assert drawn["unit_name"].nunique() == 40
    whole = finished.spoken[finished.spoken["unit_name"].isin(drawn["unit_name"])]
    assert sorted(drawn["row_id"]) == sorted(whole["row_id"])
    assert drawn["in_window"].all() and drawn["row_id"].is_unique
    chance = drawn.groupby("unit_name")["probability"].agg(["min", "max"])
    assert (chance["min"] == chance["max"]).all() and np.ptp(drawn["probability"]) > 0
    equal = audit.draw(finished, n=40, seed=1, equal=True).rows
    n_units = finished.spoken["unit_name"].nunique()
    assert np.allclose(equal["probability"], 40 / n_units)


def test_the_order_of_rows_changes_nothing(tmp_path, made):
    order = np.random.default_rng(3).permutation(len(made.comments))
    # As another run numbers them: rows, units and statements anew; comments without an id of their own are renamed.
    comments = made.comments.iloc[order].reset_index(drop=True)
    unit = pd.Series(pd.factorize(comments["unit"])[0], index=comments["unit"]).groupby(level=0).first()
    row = pd.Series(np.arange(len(order)), index=order)
    statements = made.statements.assign(row=made.statements["row"].map(row), unit=made.statements["unit"].map(unit))
    statements = statements.sort_values(["row", "start"], ignore_index=True)
    statements["statement_id"] = np.arange(len(statements))
    comments["comment_id"] = [f"c{i}" for i in range(len(comments))]
    statements["comment_id"] = [f"c{i}" for i in statements["row"]]
    comments["unit"] = comments["unit"].map(unit)
    folders = [
        write_folder(tmp_path / "one", made),
        write_folder(tmp_path / "other", World(comments, statements, made.truth)),
    ]
    one, other = (audit.draw(audit.read(each), n=30).rows for each in folders)
    told = ["row_id", "unit_name", "text", "comment", "probability"]
    by = ["unit_name", "row_id"]
    pd.testing.assert_frame_equal(
        one[told].sort_values(by, ignore_index=True), other[told].sort_values(by, ignore_index=True)
    )
    assert one["unit_name"].drop_duplicates().tolist() == other["unit_name"].drop_duplicates().tolist()


def test_equal_words_of_two_people_are_two_units(tmp_path, made):
    twins = made.comments.assign(customer_id=None, text_clean="late")
    spoken = made.statements.drop_duplicates("unit").assign(text="late", in_window=True)
    finished = audit.read(write_folder(tmp_path / "twins", World(twins, spoken, made.truth)))
    assert finished.spoken["unit_name"].nunique() == len(spoken)
    assert finished.spoken["row_id"].is_unique


def test_what_trained_the_model_is_never_drawn_and_never_counts(tmp_path, made):
    language, text = next(iter(SEEN.items()))
    assert text and language
    comments, statements = made.comments.copy(), made.statements.copy()
    comments.loc[3, "text_clean"] = f"  {text.upper()} "  # neither case nor blanks make it another text
    statements.loc[statements["unit"] == 9, "text"] = text
    statements["in_window"] = True
    folder = write_folder(tmp_path / "seen", World(comments, statements, made.truth))
    finished = audit.read(folder)
    n = finished.spoken["unit_name"].nunique()
    drawn = audit.draw(finished, n=n)
    assert drawn.rows["unit_name"].nunique() == n - 2
    assert not set(drawn.rows["unit"]) & {comments.loc[3, "unit"], 9}
    assert [note.count for note in drawn.notes if "trained the model" in note.message] == [2]
    # A sheet that holds them all the same, as if drawn before the model said what trained it.
    everything = finished.spoken.assign(probability=1.0)
    rows = pd.DataFrame({"row": everything["row_id"], "topic": "none"})
    judged = audit.judge(finished, audit.drawn_table(everything), [write_sheet(rows, tmp_path / "all.csv")], read_table)
    assert judged.gold["unit_name"].nunique() == n - 2
    assert any(note.count == 2 and "does not count" in note.message for note in judged.notes)


@pytest.mark.parametrize("name", registry.available())
def test_shipped_models_know_what_trained_them(name):
    folder = registry.find(name)
    hashes = registry.read_trained_on(folder)
    assert hashes is not None and len(hashes) > 30_000
    registry.verify(folder)
    texts = [text for comment in read_comments(WRITTEN) for text in comment["text"].values()]
    assert np.isin(registry.text_hashes(texts), hashes).mean() > 0.99
    assert not np.isin(registry.text_hashes([f"{text} 7" for text in texts]), hashes).any()


def test_of_a_foreign_model_nothing_is_known_and_that_is_said(tmp_path, made):
    folder = write_folder(tmp_path / "foreign", made)
    content = json.loads((folder / "analysis.json").read_text())
    content["model"] |= {"name": "maker/encoder", "weights": {"model.safetensors": "00"}}
    content["model"]["sentiment"] = {"name": "maker/classifier"}
    (folder / "analysis.json").write_text(json.dumps(content))
    known, notes = trained(audit.read(folder))
    assert not known.any()
    assert ["maker/encoder" in notes[0].message, "maker/classifier" in notes[1].message] == [True, True]


def test_a_larger_draw_keeps_the_smaller_and_another_is_refused(folder):
    first = drawn_sheet(folder, "--n", 20)
    second = drawn_sheet(folder, "--n", 40, "--force")
    assert set(first["row"]) < set(second["row"])
    said = refused("draw", folder, "--out", folder / "third.csv", "--n", 40, "--seed", 5)
    assert "drawn from it before" in said and not (folder / "third.csv").exists()
    done("draw", folder, "--out", folder / "third.csv", "--n", 40, "--seed", 5, "--force")


# What people see


def test_people_do_not_see_what_the_model_said(folder):
    finished = audit.read(folder)
    drawn = audit.draw(finished, n=60)
    sheet = audit.make(finished, drawn)
    assert list(sheet.rows.columns) == [
        "row", "comment", "statement", "language", "topic", "polarity", "stage", "note"
    ]  # fmt: skip
    assert (sheet.rows[["topic", "polarity", "stage", "note"]] == "").all(axis=None)
    # No example of a topic is among the statements to be judged, and the order tells nothing.
    examples = {one for cell in sheet.codebook["examples"] for one in cell.split(" | ")} - {""}
    assert examples and not examples & set(sheet.rows["statement"])
    position = np.arange(len(drawn.rows))
    tagged = (drawn.rows["topic_id"] == "T01").to_numpy()
    spread = np.std([position[np.random.default_rng(s).permutation(tagged)].mean() for s in range(200)])
    assert abs(position[tagged].mean() - position.mean()) < 4 * spread
    # The statements of a unit stand together, those of a comment in reading order.
    assert (drawn.rows["unit_name"] != drawn.rows["unit_name"].shift()).sum() == 60
    assert drawn.rows.groupby("comment_id")["start"].apply(lambda s: s.is_monotonic_increasing).all()


def test_files_of_a_draw_hold_no_formula_and_the_codebook(folder):
    sheet = drawn_sheet(folder, "--n", 30)
    assert (folder / "gold.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    book = read_table(folder / "gold.codebook.csv")[0]
    assert book["topic"].tolist() == ["late delivery", "friendly staff", "Refund (T03)", "refund (T04)", "none"]
    assert book["keywords"].str.startswith("'=cmd").sum() == 1
    done("draw", folder, "--out", folder / "gold.xlsx", "--n", 30)
    workbook = openpyxl.load_workbook(folder / "gold.xlsx")
    assert workbook.sheetnames == ["comments", "codebook", "instructions", "lists"]
    shown = workbook["comments"]
    assert [cell.value for cell in shown["A"][1:]] == sheet["row"].tolist()
    assert all(cell.data_type != "f" for one in workbook for row in one.iter_rows() for cell in row)
    offered = {next(iter(rule.sqref.ranges)).min_col: rule.formula1 for rule in shown.data_validations.dataValidation}
    assert sorted(offered) == [5, 6, 7]
    lists = workbook["lists"]
    assert [cell.value for cell in lists["A"] if cell.value] == ["topic", *book["topic"]]
    assert [cell.value for cell in lists["B"] if cell.value] == ["polarity", "negative", "neutral", "positive"]
    assert [cell.value for cell in lists["C"] if cell.value] == ["stage", *STAGES, "none"]


def test_the_same_draw_is_the_same_bytes(folder):
    done("draw", folder, "--out", folder / "one.xlsx", "--n", 20)
    done("draw", folder, "--out", folder / "two.xlsx", "--n", 20)
    assert (folder / "one.xlsx").read_bytes() == (folder / "two.xlsx").read_bytes()


# What people write


def judged(folder: Path, *sheets: pd.DataFrame):
    paths = [write_sheet(sheet, folder / f"coder{i}.csv") for i, sheet in enumerate(sheets)]
    return audit.judge(audit.read(folder), audit.read_drawn(folder), paths, read_table)


def test_answers_become_gold_and_the_table_of_the_schema(folder, made):
    sheet = right_answers(folder, made, drawn_sheet(folder, "--n", 80))
    found = judged(folder, sheet)
    assert not found.notes
    assert found.gold["row_id"].tolist() == sorted(sheet["row"])
    assert found.gold["unit_name"].nunique() == 80
    schema.check(found.accuracy, "audit")
    assert list(found.accuracy.columns) == schema.names("audit")
    topics = found.accuracy[found.accuracy["tag"] == "topic"].set_index("value")
    assert list(topics.index) == ["all", "T01", "T02", "T03", "T04"]
    spoken = audit.read(folder).spoken
    by_people = sheet["topic"].value_counts()
    assert topics.loc["T01", "n_gold"] == by_people["T01"]
    assert topics.loc["T01", "prevalence_model"] == pytest.approx((spoken["topic_id"] == "T01").mean())
    truth = spoken.merge(made.truth, on=["comment_id", "start"])
    real = (truth["true_topic"] == "T01").mean()
    assert topics.loc["T01", "prevalence_low"] <= real <= topics.loc["T01", "prevalence_high"]
    stages = found.accuracy[(found.accuracy["tag"] == "stage") & (found.accuracy["n_gold"] > 0)]
    assert stages["kappa"].round(9).eq(1).all()
    assert found.accuracy["alpha"].isna().all()
    limits = found.accuracy.filter(regex="^(sensitivity|specificity|precision|prevalence)").to_numpy()
    assert np.nanmin(limits) >= 0 and np.nanmax(limits) <= 1


def test_everybody_labelled_gives_the_truth(folder, made):
    sheet = right_answers(folder, made, drawn_sheet(folder, "--n", 10_000))
    table = judged(folder, sheet).accuracy.set_index(["tag", "value"])
    truth = audit.read(folder).spoken.merge(made.truth, on=["comment_id", "start"])
    real, said = truth["true_topic"] == "T02", truth["topic_id"] == "T02"
    row = table.loc[("topic", "T02")]
    assert row["sensitivity"] == pytest.approx(said[real].mean())
    assert row["specificity"] == pytest.approx((~said)[~real].mean())
    assert row["precision"] == pytest.approx(real[said].mean())
    assert row[["prevalence", "prevalence_low", "prevalence_high", "prevalence_rg"]].tolist() == pytest.approx(
        [real.mean()] * 4
    )


WORDS = [
    ("topic", "T01", "T01"), ("topic", " t01 ", "T01"), ("topic", "LATE  Delivery", "T01"),
    ("topic", "Refund (T03)", "T03"), ("topic", "none", "none"), ("topic", "Brak", "none"), ("topic", "kein", "none"),
    ("polarity", "Negativ", "negative"), ("polarity", "négatif", "negative"), ("polarity", "-1", "negative"),
    ("polarity", "'-", "negative"), ("polarity", "pozytywny", "positive"), ("polarity", "Neutraal", "neutral"),
    ("stage", "Retention", "retention"), ("stage", "fidélisation", "retention"), ("stage", "acquisto", "purchase"),
    ("stage", "ninguna", "none"),
]  # fmt: skip


@pytest.mark.parametrize(("column", "written", "meant"), WORDS)
def test_words_of_people(folder, made, column, written, meant):
    sheet = right_answers(folder, made, drawn_sheet(folder, "--n", 10))
    first = sheet["row"].min()
    sheet.loc[sheet["row"] == first, column] = written
    assert judged(folder, sheet).gold.set_index("row_id").loc[first, column] == meant


MISTAKES = {
    "unknown topic": (lambda s: s.assign(topic=["late delivry", *s["topic"][1:]]), ["row 2", "late delivery"]),
    "ambiguous name": (lambda s: s.assign(topic=["refund", *s["topic"][1:]]), ["row 2", "refund", "T03"]),
    "unknown polarity": (lambda s: s.assign(polarity=[*s["polarity"][:-1], "meh"]), ["polarity", "meh", "neutral"]),
    "unknown stage": (lambda s: s.assign(stage=["checkout", *s["stage"][1:]]), ["stage", "checkout", "purchase"]),
    "twice": (lambda s: pd.concat([s, s.head(1)]), ["there twice"]),
    "lost row": (lambda s: s.iloc[1:], ["in none of the files"]),
    "foreign row": (lambda s: s.assign(row=["s00", *s["row"][1:]]), ["row 2", "s00", "not drawn from this analysis"]),
    "no name": (lambda s: s.assign(row=["", *s["row"][1:]]), ["row 2", "no name"]),
    "no column": (lambda s: s.drop(columns="topic"), ["no column 'topic'"]),
    "nothing": (lambda s: s.assign(topic=""), ["has all its answers"]),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_named_where_they_stand(folder, made, mistake):
    sheet = right_answers(folder, made, drawn_sheet(folder, "--n", 10))
    change, words = MISTAKES[mistake]
    said = refused("read", folder, write_sheet(change(sheet), folder / "filled.csv"))
    assert not [word for word in words if word not in said], said
    assert not (folder / audit.GOLD).exists()


@pytest.mark.parametrize("form", ["semicolon", "cp1252", "xlsx", "sorted", "spare rows"])
def test_sheets_come_back_as_spreadsheets_leave_them(folder, made, form):
    sheet = right_answers(folder, made, drawn_sheet(folder, "--n", 10))
    expected = judged(folder, sheet).gold
    path = folder / ("back.xlsx" if form == "xlsx" else "back.csv")
    if form == "xlsx":
        done("draw", folder, "--out", path, "--n", 10)
        workbook = openpyxl.load_workbook(path)
        for row, answers in enumerate(sheet[["topic", "polarity", "stage"]].itertuples(index=False), start=2):
            for column, answer in enumerate(answers, start=5):
                workbook["comments"].cell(row, column).value = answer
        workbook.save(path)
    elif form == "sorted":
        write_sheet(sheet.sort_values("statement"), path)
    elif form == "spare rows":
        blank = pd.DataFrame("", index=[0, 1], columns=sheet.columns)
        write_sheet(pd.concat([sheet, blank]), path)
    else:
        options = {"sep": ";"} if form == "semicolon" else {"encoding": "cp1252"}
        write_sheet(sheet.assign(note="müßig, naïve"), path, **options)
    found = audit.judge(audit.read(folder), audit.read_drawn(folder), [path], read_table).gold
    pd.testing.assert_frame_equal(found, expected)


def test_units_without_all_their_answers_are_left_out_and_counted(folder, made):
    sheet = right_answers(folder, made, drawn_sheet(folder, "--n", 40))
    drawn = audit.read_drawn(folder)
    left = drawn["unit_name"].unique()[:4]
    gap = drawn.loc[drawn["unit_name"].isin(left)].drop_duplicates("unit_name")["row_id"]
    found = judged(folder, sheet.assign(topic=sheet["topic"].where(~sheet["row"].isin(gap), "")))
    assert found.gold["unit_name"].nunique() == 36 and not set(left) & set(found.gold["unit_name"])
    assert [(note.count, note.level) for note in found.notes] == [(4, "warning")]
    # Those who are left stand for all: the weights add up to what they were.
    one, other = (frame.drop_duplicates("unit_name")["probability"] for frame in (drawn, found.gold))
    assert (1 / one).sum() == pytest.approx((1 / other).sum())


def test_an_empty_polarity_is_enough_where_there_is_no_topic(folder, made):
    sheet = right_answers(folder, made, drawn_sheet(folder, "--n", 40))
    none = sheet["topic"] == "none"
    found = judged(
        folder, sheet.assign(polarity=sheet["polarity"].where(~none, ""), stage=sheet["stage"].where(~none, ""))
    )
    assert found.gold["unit_name"].nunique() == 40 and not found.notes
    table = found.accuracy.set_index(["tag", "value"])
    assert table.loc[("polarity", "negative"), "n"] == (~none).sum()
    assert np.isnan(table.loc[("polarity", "negative"), "prevalence"])
    assert np.isfinite(table.loc[("topic and polarity", "T01 negative"), "prevalence"])


def test_a_column_that_nobody_used_is_not_audited(folder, made):
    sheet = right_answers(folder, made, drawn_sheet(folder, "--n", 40)).assign(stage="")
    found = judged(folder, sheet)
    assert set(found.accuracy["tag"]) == {"topic", "polarity", "topic and polarity"}
    assert any("'stage'" in note.message for note in found.notes)


def test_several_people_are_brought_to_one_decision(folder, made):
    one = right_answers(folder, made, drawn_sheet(folder, "--n", 60)).sort_values("row", ignore_index=True)
    other, third = one.copy(), one.copy()
    other.loc[:19, "topic"] = "none"
    third.loc[:4, "topic"] = "none"
    two = judged(folder, one, other)
    assert two.gold["topic"].tolist() == one["topic"].tolist()  # among equals the first file counts
    ties = int((one["topic"] != other["topic"]).sum())
    assert [note.count for note in two.notes if "divided" in note.message] == [ties]
    three = judged(folder, one, other, third)
    assert (three.gold["topic"][:5] == "none").all()
    assert three.gold["topic"][5:].tolist() == one["topic"][5:].tolist()
    table = two.accuracy.set_index(["tag", "value"])
    row = table.loc[("topic", "all")]
    assert 0 < row["alpha_low"] < row["alpha"] < row["alpha_high"] < 1
    assert table.loc[("stage", "all"), "alpha"] == 1 and np.isnan(table.loc[("stage", "all"), "alpha_low"])
    assert np.isfinite(table.loc[[("topic", "T01"), ("topic and polarity", "T01 negative")], "alpha"]).all()


def test_a_second_person_may_answer_a_part(folder, made):
    sheet = right_answers(folder, made, drawn_sheet(folder, "--n", 40))
    found = judged(folder, sheet, sheet.head(20))
    assert found.gold["unit_name"].nunique() == 40
    assert found.accuracy.set_index(["tag", "value"]).loc[("topic", "all"), "alpha"] == 1
    halves = judged(folder, sheet.head(30), sheet.iloc[30:])
    pd.testing.assert_frame_equal(halves.gold, found.gold)


def test_little_agreement_is_a_warning(folder, made):
    sheet = right_answers(folder, made, drawn_sheet(folder, "--n", 40))
    other = sheet.assign(topic=np.random.default_rng(0).permutation(sheet["topic"]))
    assert any("agree little on topic" in note.message for note in judged(folder, sheet, other).notes)


def test_another_analysis_in_the_folder_is_noticed(folder, made, tmp_path):
    sheet = right_answers(folder, made, drawn_sheet(folder, "--n", 20))
    path = write_sheet(sheet, tmp_path / "filled.csv")
    write_folder(folder, world(seed=9))
    assert "no longer holds the statements" in refused("read", folder, path)
    assert "no sample was drawn" in refused("read", write_folder(tmp_path / "fresh", made), path)
    assert "no analysis" in refused("read", tmp_path / "nowhere", path)


# What a later run gets


def read_back(folder: Path, made: World, sheet: pd.DataFrame) -> Ran:
    return done("read", folder, write_sheet(sheet, folder / "filled.csv"))


def load(folder: Path, made: World):
    units = made.comments.groupby("unit")["customer_id"].first().rename_axis("unit").reset_index()
    return audit.load(folder, made.statements, units, TOPICS, STAGES)


def test_gold_comes_back_for_the_statements_of_a_run(folder, made):
    assert load(folder, made) is None
    sheet = right_answers(folder, made, drawn_sheet(folder, "--n", 60))
    ran = read_back(folder, made, sheet)
    assert "60 customers or comments count" in ran.out and "late delivery" in ran.out
    gold = load(folder, made)
    assert gold is not None and not gold.notes
    assert list(gold.statements.columns) == ["statement_id", "topic_id", "stage", "polarity"]
    real = made.statements.merge(made.truth, on=["comment_id", "start"]).set_index("statement_id")["true_topic"]
    met = real.loc[gold.statements["statement_id"]]
    assert (gold.statements["topic_id"].fillna("-").to_numpy() == met.fillna("-").to_numpy()).all()
    inside = made.statements[made.statements["in_window"] & made.statements["unit"].isin(gold.units["unit"])]
    assert sorted(gold.statements["statement_id"]) == sorted(inside["statement_id"])
    assert gold.units["unit"].is_unique and len(gold.units) == 60 and gold.units["probability"].between(0, 1).all()
    stored = pd.read_csv(folder / audit.AUDIT, encoding="utf-8-sig", dtype={"value": "str"})
    pd.testing.assert_frame_equal(
        gold.accuracy, stored[gold.accuracy.columns], check_dtype=False, check_exact=False, rtol=1e-9
    )


def test_the_folder_lists_the_table_and_nothing_else_that_people_made(folder, made):
    read_back(folder, made, right_answers(folder, made, drawn_sheet(folder, "--n", 20)))
    listed = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))["files"]
    assert [file["name"] for file in listed] == ["audit.csv", "topics.csv"]
    assert listed[0]["bytes"] == (folder / "audit.csv").stat().st_size


def test_a_run_with_other_words_loses_those_units_only(folder, made):
    read_back(folder, made, right_answers(folder, made, drawn_sheet(folder, "--n", 60)))
    before = load(folder, made)
    changed = made.statements.copy()
    unit = before.units["unit"].iloc[5]
    at = changed.index[(changed["unit"] == unit) & changed["in_window"]][0]
    changed.loc[at, "text"] = "other words"
    after = load(folder, World(made.comments, changed, made.truth))
    assert set(before.units["unit"]) - set(after.units["unit"]) == {unit}
    assert [note.count for note in after.notes] == [1]
    assert (1 / after.units["probability"]).sum() == pytest.approx((1 / before.units["probability"]).sum())


def test_gold_of_other_comments_or_topics_is_refused(folder, made):
    read_back(folder, made, right_answers(folder, made, drawn_sheet(folder, "--n", 30)))
    with pytest.raises(InputError, match="none of the 30 audited units"):
        load(folder, world(seed=4))
    units = made.comments.groupby("unit")["customer_id"].first().rename_axis("unit").reset_index()
    with pytest.raises(InputError, match="topics that are no more: T04"):
        audit.load(folder, made.statements, units, TOPICS.head(3), STAGES)
    turned = made.statements.assign(topic_id=made.statements["topic_id"].map({"T01": "T02", "T02": "T01"}))
    with pytest.raises(InputError, match="other topics than those of now"):
        audit.load(folder, turned, units, TOPICS, STAGES)


def test_what_was_not_checked_is_taken_from_the_model_and_said(folder, made):
    read_back(folder, made, right_answers(folder, made, drawn_sheet(folder, "--n", 30)).assign(stage="", polarity=""))
    gold = load(folder, made)
    assert {"the audit did not check the polarity" in n.message or "stage" in n.message for n in gold.notes} == {True}
    said = made.statements.set_index("statement_id").loc[gold.statements["statement_id"]]
    assert gold.statements["stage"].tolist() == said["stage"].tolist()
    assert gold.statements["polarity"].tolist() == said["sentiment_label"].tolist()
    assert set(gold.accuracy["tag"]) == {"topic"}


def test_a_damaged_file_is_said(folder, made):
    read_back(folder, made, right_answers(folder, made, drawn_sheet(folder, "--n", 20)))
    (folder / audit.GOLD).write_bytes(b"PAR1 nothing")
    with pytest.raises(InputError, match=r"audit_gold\.parquet cannot be read"):
        load(folder, made)
