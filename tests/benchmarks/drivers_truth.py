"""How often the drivers are right where the truth is known: simulated customers, everything through `drivers.find`.

    OMP_NUM_THREADS=1 python tests/benchmarks/drivers_truth.py [--runs 400] [--only null gate ...]

Prints a Markdown table. The worlds are in tests/simulated_worlds.py, what is measured in tests/simulated_trials.py; the
tests run the same with fewer seeds. 400 runs take about 20 minutes on one core.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd
from scipy.stats import binomtest

sys.path.insert(0, str(Path(__file__).parents[1]))

from simulated_trials import TRIALS

SITUATIONS = {
    "null": "nothing goes with anything: 1,500 customers, 96 tests on churn and NPS, 2 controls",
    "gate": "risk doubled, as many mentions as the power gate asks for, 2 tests",
    "gate of twenty": "the same among 20 tests",
    "confounded": "tenure ties the topic to churn and NPS; 2,500 customers",
    "tagger": "tags with sensitivity .80 and specificity .97; risk tripled for 8 % of 5,000 customers; 500 audited",
    "scarce": "25 of 1,200 customers leave; risk tripled for 60",
    "separated": "25 of 1,200 customers leave, mostly none of the 60 who mention it",
    "accounts": "60 accounts share what they say and their fate",
    "immortal": "who stays long has time to praise; the praise goes with nothing",
    "any order": "1,500 customers with dates, clusters, a score and an audit, rows shuffled",
}
ROWS = (
    ("null", "any false association, WATCH or better", "shown", "at most .10"),
    ("null", "any false association, PROBABLE or better", "firm", "at most .10"),
    ("null", "any false flag", "flagged", "at most .10"),
    ("gate", "p below .05", "p below .05", "at least .75"),
    ("gate", "q below .10", "found", "at least .75"),
    ("gate", "q below .10 after adjustment", "found, adjusted", "at least .75"),
    ("gate", "WATCH or better: through the gate as well", "shown", ""),
    ("gate", "interval of the adjusted difference holds the truth", "covered", ".93 to .97"),
    ("gate of twenty", "q below .10", "found", ""),
    ("gate of twenty", "WATCH or better", "shown", ""),
    ("confounded", "unadjusted q below .10 for both outcomes: it tempts", "tempting", "near 1"),
    ("confounded", "PROBABLE or better for either outcome", "firm", "at most .05"),
    ("confounded", "flagged for either outcome", "flagged", "at most .05"),
    ("confounded", "interval of the adjusted difference holds zero", "covered", ".93 to .97"),
    ("tagger", "corrected interval holds the truth", "covered", "at least .93"),
    ("tagger", "uncorrected interval holds the truth", "covered, uncorrected", "clearly less"),
    ("tagger", "mean error, corrected (points)", "bias", "near 0"),
    ("tagger", "mean error, uncorrected (points)", "bias, uncorrected", ""),
    ("tagger", "CONFIRMED", "confirmed", "most"),
    ("scarce", "every number finite", "finite", "1"),
    ("scarce", "interval of the adjusted difference holds the truth", "covered", ".93 to .97"),
    ("scarce", "WATCH or better", "shown", "0: too few to say"),
    ("separated", "nobody of them leaves: separation", "separated", ""),
    ("separated", "every number finite", "finite", "1"),
    ("separated", "interval of the adjusted difference holds the truth", "covered", ".93 to .97"),
    ("accounts", "interval holds the truth", "covered", ".93 to .97"),
    ("accounts", "the same, clusters not given", "covered, clusters unknown", "clearly less"),
    ("immortal", "who ever praised it leaves less: a naive table, p below .001", "naive protection", "near 1"),
    ("immortal", "WATCH or better", "shown", "0"),
    ("immortal", "interval of the hazard ratio holds 1", "hazard ratio covered", ".93 to .97"),
    ("any order", "every table equal to the last bit", "same", "1"),
)


def measure(name: str, runs: int) -> pd.DataFrame:
    """A row a run; the order trial needs no more than ten."""
    found = pd.DataFrame([TRIALS[name](seed) for seed in range(min(runs, 10) if name == "any order" else runs)])
    return found.assign(same=found.all(axis=1)).astype(float)


def shown(values: pd.Series, words: str) -> str:
    """A share with its 95 % interval (Wilson), or a mean with its standard error."""
    if "points" in words:
        return f"{100 * values.mean():+.1f} ± {100 * values.sem():.1f}"
    interval = binomtest(int(values.sum()), len(values)).proportion_ci(method="wilson")
    return f"{values.mean():.3f} ({interval.low:.3f} to {interval.high:.3f})"


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--only", nargs="*", choices=SITUATIONS, default=list(SITUATIONS))
    asked = parser.parse_args()
    print("| situation | what is measured | result (95 % interval) | wanted |\n|---|---|---|---|")
    for name in asked.only:
        runs = measure(name, asked.runs)
        for number, (_, words, column, wanted) in enumerate(row for row in ROWS if row[0] == name):
            first = f"{SITUATIONS[name]} ({len(runs)} runs)" if number == 0 else ""
            print(f"| {first} | {words} | {shown(runs[column], words)} | {wanted} |", flush=True)


if __name__ == "__main__":
    main()
