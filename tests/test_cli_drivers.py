"""`cxnlp drivers` from files to files: what is asked anew is answered anew, and bad data get a clear statement."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxnlp.cli import app, failures

N = 400
TEXTS = json.loads((Path(__file__).parent / "data" / "simulated_comments.json").read_text(encoding="utf-8"))
SAID = [told["en"] for kind in ("DEL-", "STF+", "WEB-", "PRD+") for told in TEXTS[kind][:8]]
ESTIMATES = [
    "rd_low",
    "rr_low",
    "p",
    "q",
    "rd_adjusted",
    "p_adjusted",
    "q_adjusted",
    "or_mh",
    "hr",
    "e_value",
    "what_if",
]
BASE = ("--customers", "crm.csv", "--churn", "churned")


def run(folder: Path, *words: object) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["cxnlp", *map(str, words)])
        return failures.guard(app)


def customers(**columns: object) -> pd.DataFrame:
    """The customers as they should be: one row each, a third of them left after they wrote."""
    number = np.arange(N)
    left = pd.Series(pd.Timestamp("2025-03-01") + pd.to_timedelta(number % 90, unit="D")).dt.strftime("%Y-%m-%d")
    churned = number % 3 == 0
    frame = {
        "customer": [f"C{one:03d}" for one in number],
        "churned": np.where(churned, "yes", "no"),
        "left_on": left.where(churned, ""),
        "plan": np.resize(["basic", "plus"], N),
        "size": number * 37 % 50,
    }
    return pd.DataFrame(frame | columns)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the comments, the customers, and an analysis of the comments alone."""
    place = tmp_path_factory.mktemp("drivers")
    number = np.arange(N)
    comments = pd.DataFrame(
        {
            "customer": [f"C{one:03d}" for one in number],
            "written": (pd.Timestamp("2025-01-01") + pd.to_timedelta(number % 50, unit="D")).strftime("%Y-%m-%d"),
            "comment": [SAID[one * 7 % len(SAID)] for one in number],
            "nps": number * 7 % 11,
        }
    )
    comments.to_csv(place / "comments.csv", index=False)
    (place / "settings.toml").write_text(
        '[topics]\nrefits = 0\ntopics = "4"\n[drivers]\npermutations = 20\nrank_bootstrap = 0\n', encoding="utf-8"
    )
    columns = ("--text", "comment", "--id", "customer", "--date", "written", "--score", "nps")
    settings = ("--config", "settings.toml", "--out", "found", "--quiet")
    assert run(place, "analyze", "comments.csv", *columns, *settings) == 0
    return place


def again(place: Path, tmp_path: Path, frame: pd.DataFrame | None, *words: object) -> tuple[pd.DataFrame, dict]:
    """The drivers table and analysis.json of `cxnlp drivers` with these customers."""
    if frame is not None:
        frame.to_csv(place / "crm.csv", index=False)
    assert run(place, "drivers", "found", *words, "--format", "csv", "--out", tmp_path / "out", "--quiet") == 0
    table = pd.read_csv(tmp_path / "out" / "drivers.csv", encoding="utf-8-sig", keep_default_na=False, na_values=[""])
    return table, json.loads((tmp_path / "out" / "analysis.json").read_text(encoding="utf-8"))


def notes(content: dict) -> dict[str, int | None]:
    return {note["message"]: note["count"] for note in content["notes"]}


def counted(content: dict, words: str) -> list[int | None]:
    return [count for message, count in notes(content).items() if words in message]


def nothing_estimated(table: pd.DataFrame) -> bool:
    return bool(len(table)) and set(table["tier"]) == {"INSUFFICIENT"} and table[ESTIMATES].isna().all(axis=None)


def test_outcomes_that_are_named_replace_those_of_the_analysis(place: Path, tmp_path: Path) -> None:
    before = json.loads((place / "found" / "analysis.json").read_text(encoding="utf-8"))
    found, content = again(place, tmp_path, customers(), *BASE, "--control", "plan", "--control", "size")
    assert {outcome["name"] for outcome in before["outcomes"]} & {"detractor", "nps_score"}
    assert set(found["outcome"]) == {"churned"}
    assert set(found["n"]) == {N}
    assert set(found["events"]) == {int((np.arange(N) % 3 == 0).sum())}
    assert set(found["controls"]) == {"plan, size"}
    assert content["provenance"]["statements_encoded"] == 0
    for table in ("topics.csv",):
        assert (tmp_path / "out" / table).read_bytes() == (place / "found" / table).read_bytes()


def test_without_anything_new_the_drivers_are_the_same_to_the_last_byte(place: Path, tmp_path: Path) -> None:
    again(place, tmp_path, None)
    for table in ("drivers.csv", "impact.csv", "importance.csv", "kano.csv", "topics.csv"):
        assert (tmp_path / "out" / table).read_bytes() == (place / "found" / table).read_bytes(), table


def test_a_plan_is_followed_and_what_deviates_is_listed(place: Path, tmp_path: Path) -> None:
    customers().to_csv(place / "crm.csv", index=False)
    planned = ("--churn", "churned", "--control", "plan", "--q", "0.05", "--out", "plan.toml", "--force")
    assert run(place, "plan", *planned) == 0
    found, content = again(place, tmp_path / "one", None, "--customers", "crm.csv", "--plan", "plan.toml")
    assert set(found["outcome"]) == {"churned"}
    assert set(found["controls"]) == {"plan"}
    plan = content["provenance"]["plan"]
    assert plan["sha256"] == hashlib.sha256((place / "plan.toml").read_bytes()).hexdigest()
    shuffles = ["permutations: planned 200; run with 20", "rank_bootstrap: planned 200; run with 0"]
    assert plan["deviations"] == shuffles  # by the settings of the analysis
    _, content = again(
        place, tmp_path / "two", None, "--customers", "crm.csv", "--plan", "plan.toml", "--control", "size"
    )
    assert content["provenance"]["plan"]["deviations"] == ["controls: planned plan; run with size", *shuffles]


@pytest.mark.parametrize(
    ("churned", "words", "count"),
    [
        (["no"] * N, "is false wherever it is known, so nothing can be associated with it", N),
        (["yes"] * N, "is true wherever it is known, so nothing can be associated with it", N),
        (["yes"] * 3 + ["no"] * (N - 3), "3 bad and 397 good outcomes are too few for any estimate", N),
        (["yes"] * 9 + [""] * (N - 9), "units whose outcome is not known do not enter", N - 9),
    ],
)
def test_outcomes_that_can_show_nothing_are_told_and_give_no_number(
    place: Path, tmp_path: Path, churned: list[str], words: str, count: int
) -> None:
    table, content = again(place, tmp_path, customers(churned=churned), *BASE, "--control", "plan")
    assert counted(content, words) == [count]
    assert nothing_estimated(table)


def test_an_outcome_that_is_missing_for_most_is_told(place: Path, tmp_path: Path) -> None:
    churned = np.where(np.arange(N) % 5 == 0, np.resize(["yes", "no"], N), "")
    table, content = again(place, tmp_path, customers(churned=churned), *BASE, "--control", "plan")
    (note,) = [note for note in content["notes"] if "outcome is not known" in note["message"]]
    assert (note["count"], note["level"]) == (N * 4 // 5, "warning")
    assert set(table["n"]) == {N // 5}


def test_an_outcome_of_three_words_is_refused(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    customers(churned=np.resize(["yes", "no", "maybe"], N)).to_csv(place / "crm.csv", index=False)
    assert run(place, "drivers", "found", *BASE, "--out", tmp_path / "out") == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "holds values that are neither yes nor no: maybe (133)" in said
    assert "--outcome 'churned=VALUE'" in said
    assert not (tmp_path / "out").exists()


def test_controls_that_say_nothing_or_too_much_are_told(place: Path, tmp_path: Path) -> None:
    churned = np.arange(N) % 3 == 0
    frame = customers(
        country="RO",
        tariff=np.resize(["B", "P"], N),
        account=np.where(churned, "closed", "open"),
        plan=np.resize(["b", "p"], N),
    )
    named = ("--control", "plan", "--control", "country", "--control", "tariff", "--control", "account")
    table, content = again(place, tmp_path, frame, *BASE, *named)
    assert len(counted(content, "control 'country' was dropped")) == 1
    assert len(counted(content, "controls tariff only repeat plan, account and were dropped")) == 1
    assert len(counted(content, "control 'account' alone tells the outcome almost perfectly (AUC 1.00)")) == 1
    assert set(table["controls"]) == {"plan, account"}
    assert not table["tier"].isin(["CONFIRMED", "PROBABLE", "WATCH"]).any()
    assert set(table["estimator"]) <= {"firth", "none: the model did not converge"}
    assert not np.isinf(table.select_dtypes("number").to_numpy()).any()


@pytest.mark.parametrize(
    ("observed", "words", "count"),
    [
        (("--observed-until", "2025-08-01"), "a date of leaving after the end of observation: not left by then", 1),
        ((), "dates of leaving or of comments after today", 1),
    ],
)
def test_dates_of_leaving_that_cannot_be_are_told(
    place: Path, tmp_path: Path, observed: tuple[str, ...], words: str, count: int | None
) -> None:
    """One customer leaves in a far future, one before the first comment, one on a day that is none."""
    frame = customers()
    frame.loc[0, "left_on"], frame.loc[3, "left_on"], frame.loc[6, "left_on"] = "2093-01-01", "2024-06-01", "soon"
    table, content = again(place, tmp_path, frame, *BASE, "--churn-date", "left_on", *observed, "--control", "plan")
    assert counted(content, words) == [count], notes(content)
    assert counted(content, "values of 'left_on' that are no dates") == [1]
    assert counted(content, "left before their first comment: nothing that they said is evidence") == [1]
    assert counted(content, "comments written after the customer left: not used as evidence") == [1]
    assert counted(content, "who left without a date of leaving: not used for times to leaving") == [1]
    assert set(table["n"]) == {N - 1}
    assert not np.isinf(table.select_dtypes("number").to_numpy()).any()


def test_customers_that_are_there_twice_count_once_or_not_at_all(place: Path, tmp_path: Path) -> None:
    frame = customers()
    other = frame.iloc[:5].assign(churned=["no", "yes", "yes", "no", "yes"])
    rows = pd.concat([frame, frame.iloc[10:20], other])
    table, content = again(place, tmp_path, rows, *BASE, "--control", "plan")
    assert counted(content, "contradict each other: nothing was joined to their comments") == [5]
    assert counted(content, "repeated rows in crm.csv that say the same, read once") == [10]
    assert counted(content, "outcome is not known") == [5]
    assert set(table["n"]) == {N - 5}
