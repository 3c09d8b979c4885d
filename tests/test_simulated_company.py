"""A company whose truth is known goes through the command line alone: files in, flags out, an audit, the truth.

``python tests/test_simulated_company.py`` does the same and prints the cards before and after the audit.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from simulated_company import CONFOUNDED, DRIVER, NULLS, Company, fill_in, spoken, write

pytestmark = pytest.mark.slow

ANALYZE = (
    *("analyze", "comments.csv", "--text", "comment", "--id", "customer", "--date", "written"),
    *("--customers", "customers.csv", "--churn", "churned", "--churn-date", "left_on", "--revenue", "revenue"),
    *("--observed-from", "observed", "--observed-until", "2025-06-24"),
    *("--control", "tenure_days", "--control", "plan", "--topics", 7, "--out", "found", "--quiet"),
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Company]:
    """The company's two files."""
    folder = tmp_path_factory.mktemp("company")
    return folder, write(folder)


@pytest.fixture(scope="module")
def cxnlp(world: tuple[Path, Company]) -> Callable[..., None]:
    """The program, run in the folder of the files; it must succeed."""
    from cxnlp.cli import app, failures

    def run(*words: object) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(world[0])
            patch.setattr(sys, "argv", ["cxnlp", *map(str, words)])
            assert failures.guard(app) == 0

    return run


@pytest.fixture(scope="module")
def analysis(world: tuple[Path, Company], cxnlp: Callable[..., None]) -> Path:
    """The first run: topics against leaving and revenue, adjusted for tenure and plan."""
    cxnlp(*ANALYZE)
    return world[0] / "found"


@pytest.fixture(scope="module")
def audited(analysis: Path, cxnlp: Callable[..., None]) -> Path:
    """The run after somebody who knows the truth labelled 700 customers."""
    cxnlp("audit", "draw", "found", "--n", 700, "--out", "gold.csv")
    fill_in(analysis.parent / "gold.csv", analysis, analysis.parent / "filled.csv")
    cxnlp("audit", "read", "found", "filled.csv")
    cxnlp("drivers", "found", "--out", "corrected", "--quiet")
    return analysis.parent / "corrected"


def truth_of(said: pd.DataFrame, test: pd.Series) -> str:
    """What most of the statements behind a test are about."""
    of = said[(said["topic_id"] == test["topic_id"]) & (said["sentiment_label"] == test["polarity"])]
    if test["stage"] != "all":
        of = of[of["stage"] == test["stage"]]
    return str(of["kind"].str.split().str[0].mode().iloc[0])


def measured_of(folder: Path, said: pd.DataFrame) -> pd.DataFrame:
    """The tests of leaving that have enough mentions, with what they are truly about, in the order of the table."""
    found = pd.read_csv(folder / "drivers.csv", encoding="utf-8-sig")
    found = found[(found["outcome"] == "churned") & (found["n_mentions"] >= 30)].reset_index(drop=True)
    return found.assign(truth=[truth_of(said, row) for _, row in found.iterrows()])


def flags_of(folder: Path) -> pd.DataFrame:
    """Flags that state an association."""

    flags = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))["flags"]
    named = [flag for flag in flags if flag["kind"] in ("churn_driver", "protective")]
    rows = [{**flag, "polarity": flag["evidence"]["polarity"], "tier": flag["evidence"]["tier"]} for flag in named]
    return pd.DataFrame(rows).assign(stage=lambda frame: frame["stage"].fillna("all"))


def test_the_true_driver_is_flagged_at_its_stage_and_nothing_else_is(analysis: Path) -> None:
    said = spoken(analysis)
    flags = flags_of(analysis)
    assert len(flags)
    assert {truth_of(said, flag) for _, flag in flags.iterrows()} == {DRIVER}
    assert set(flags["stage"]) == {"consideration"}
    assert set(flags["kind"]) == {"churn_driver"}
    assert set(flags["tier"]) == {"PROBABLE"}
    assert flags["why_not_higher"].str.contains("audit").all()


def test_the_confounded_topic_tempts_and_does_not_hold(analysis: Path) -> None:
    found = measured_of(analysis, spoken(analysis))
    confounded = found[(found["truth"] == CONFOUNDED) & (found["polarity"] == "negative")]
    assert (confounded["q"] < 0.1).any()
    assert (confounded["q_adjusted"] >= 0.1).all()
    nulls = found[found["truth"].isin(NULLS)]
    assert len(nulls) and not nulls["tier"].isin(["CONFIRMED", "PROBABLE"]).any()


def test_the_audit_moves_the_estimate_to_the_truth(world: tuple[Path, Company], analysis: Path, audited: Path) -> None:
    truth = world[1].risk_difference
    found = measured_of(audited, spoken(analysis))
    driver = found[(found["truth"] == DRIVER) & (found["polarity"] == "negative") & (found["stage"] == "all")]
    best = driver.sort_values("n_mentions").iloc[-1]
    assert best["precision"] < 0.75
    assert abs(best["rd_corrected"] - truth) < abs(best["rd_adjusted"] - truth) / 2
    assert best["rd_corrected_low"] <= truth <= best["rd_corrected_high"]
    assert not best["rd_adjusted_low"] <= truth <= best["rd_adjusted_high"]
    assert best["tier"] == "CONFIRMED"


def test_only_the_driver_is_confirmed(analysis: Path, audited: Path) -> None:
    found = measured_of(audited, spoken(analysis))
    assert set(found.loc[found["tier"] == "CONFIRMED", "truth"]) == {DRIVER}
    report = (audited / "report.html").read_text(encoding="utf-8")
    assert "How right the tags are" in report and "What would raise it" in report
    assert "associated with" in report


def main() -> None:
    """Print the cards of the company before and after the audit, and the truth."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        made = write(folder)

        def run(*words: object) -> None:
            command = [sys.executable, "-c", "from cxnlp.cli import main; main()", *map(str, words)]
            subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)

        run(*ANALYZE)
        run("audit", "draw", "found", "--n", 700, "--out", "gold.csv")
        fill_in(folder / "gold.csv", folder / "found", folder / "filled.csv")
        run("audit", "read", "found", "filled.csv")
        run("drivers", "found", "--out", "corrected", "--quiet")
        for name in ("found", "corrected"):
            flags = json.loads((folder / name / "analysis.json").read_text(encoding="utf-8"))["flags"]
            for flag in flags:
                print(f"{name}: {flag['title']}. {flag['detail']} {flag['why_not_higher']} {flag['raise_by']}")
                print(*(f"  {label}: {value}" for label, value in flag["evidence"].items()), sep="\n")
        print(f"truth: {100 * made.risk_difference:.1f} points")


if __name__ == "__main__":
    main()
