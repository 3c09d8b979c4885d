"""Every association that was tested, strongest evidence first; and for the strongest how long customers stay."""

from __future__ import annotations

from typing import Any

from cxnlp.report import words
from cxnlp.report.charts import ACCENT, NEGATIVE, NEUTRAL, POSITIVE, Chart, Curve, Mark, intervals, steps
from cxnlp.report.measured import label_of, rows_of
from cxnlp.report.tiers import TIERS, tier
from cxnlp.results import Evidence

__all__ = ["adjusted_for", "context"]

_SHOWN = 200
_CHARTED = 15
_FIRM = ("CONFIRMED", "PROBABLE", "WATCH")
_UNITS = {"event": "net share", "score": "mean score", "amount": "mean score"}
"""Kind of outcome -> how a difference of it reads (words.difference)."""


def _difference(row: dict[str, Any], name: str) -> dict[str, str]:
    """``text`` and ``limits`` of a difference in the outcome's unit; empty words where there is none."""
    unit = _UNITS[row["kind"]]
    limits = [words.difference(row[f"{name}_{end}"], unit) for end in ("low", "high")]
    known = row[f"{name}_low"] is not None
    return {"text": words.difference(row[name], unit), "limits": " to ".join(limits) if known else ""}


def _rate(row: dict[str, Any], name: str) -> str:
    return words.share(row[name]) if row["kind"] == "event" else words.value(row[name], "mean score")


def _ratio(row: dict[str, Any], name: str) -> dict[str, str]:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    limits = "" if low is None else f"{words.ratio(low)} to {words.ratio(high)}"
    return {"text": words.ratio(row[name]), "limits": limits}


def _view(evidence: Evidence, row: dict[str, Any]) -> dict[str, Any]:
    stage = "" if row["stage"] in (None, "all") else str(row["stage"])
    return row | {
        "badge": tier(row["tier"]),
        "label": label_of(evidence, row["outcome"]),
        "stage": stage or "all",
        "name": f"{row['topic_name']}{f', {stage}' if stage else ''} ({row['polarity']})",
        "with": _rate(row, "rate_with"),
        "without": _rate(row, "rate_without"),
        "difference": _difference(row, "rd"),
        "adjusted": _difference(row, "rd_adjusted"),
        "corrected": _difference(row, "rd_corrected"),
        "hazard": _ratio(row, "hr"),
        "ratio": _ratio(row, "rr"),
    }


def _best(row: dict[str, Any]) -> tuple[float, float, float]:
    kind = "rd" if words.is_missing(row["rd_adjusted"]) else "rd_adjusted"
    low, high = (
        float("nan") if row[f"{kind}_{end}"] is None else float(row[f"{kind}_{end}"]) for end in ("low", "high")
    )
    return float(row[kind]), low, high


def _chart(rows: list[dict[str, Any]]) -> list[Chart]:
    """The forest plot of what happened or not; scores and amounts have units of their own and are in the table."""
    chosen = [row for row in rows if row["kind"] == "event" and row["rd"] is not None]
    firm = [row for row in chosen if row["tier"] in _FIRM]
    marks = []
    for row in (firm or [row for row in chosen if row["n_mentions"] and row["rd_low"] is not None])[:_CHARTED]:
        value, low, high = _best(row)
        colour = (NEGATIVE if value > 0 else POSITIVE) if row["tier"] in _FIRM else NEUTRAL
        limits = f"{words.signed_share(low)} to {words.signed_share(high)}"
        hover = f"{row['name']}: {words.signed_share(value)} points ({limits})"
        marks.append(Mark(row["name"], value, low, high, colour, hover))
    if not marks:
        return []
    alt = (
        f"Difference in the share with the outcome between those who mention a topic and the rest, with intervals, for "
        f"the {len(marks)} associations with the strongest evidence; the table below has the numbers."
    )
    return [Chart("chart-drivers", alt, intervals(marks, "difference in share", tickformat="+.0%"))]


def _curves(evidence: Evidence) -> list[dict[str, Any]]:
    """A chart per survival curve pair, with its caption."""
    if evidence.survival.empty:
        return []
    found = []
    names = evidence.topics.set_index("topic_id")["topic_name"]
    keys = ["outcome", "topic_id", "stage", "polarity"]
    for number, (key, rows) in enumerate(evidence.survival.groupby(keys, sort=False)):
        topic = str(names.get(key[1], key[1]))
        lines = []
        for group, colour in (("mentioned", NEGATIVE), ("others", ACCENT)):
            line = rows[rows["group"] == group]
            said = "mention it" if group == "mentioned" else "do not (yet)"
            lines.append(Curve(said, line["day"].tolist(), line["share"].tolist(), colour))
        last = [f"{line.label}: {words.share(line.y[-1])} at day {words.count(line.x[-1])}" for line in lines if line.x]
        verb = "complain about" if key[3] == "negative" else "praise"
        caption = f"Share still there: those who {verb} “{topic}”, from then on, and the others"
        alt = f"{caption}. {'; '.join(last)}."
        found.append(
            {"chart": Chart(f"chart-survival-{number}", alt, steps(lines, "days", "still there")), "caption": caption}
        )
    return found


def adjusted_for(evidence: Evidence) -> list[str]:
    """What the tests were adjusted for, as the drivers table says; the same for every test in most runs."""
    return sorted(set(evidence.drivers["controls"].dropna()) - {"none"})


def _missing(evidence: Evidence) -> str | None:
    if len(evidence.drivers):
        return None
    if not evidence.outcomes:
        return "no_outcome"
    return "no_topics" if evidence.topics.empty else "no_tests"


def context(evidence: Evidence) -> dict[str, Any]:
    """The table's first rows, in the order of the drivers room, how many more there are, and the tiers in words."""
    rows = [_view(evidence, row) for row in rows_of(evidence.drivers.head(_SHOWN))]
    present = {str(name) for name in evidence.drivers["tier"]}
    return {
        "missing": _missing(evidence),
        "rows": rows,
        "total": len(evidence.drivers),
        "tiers": [known for name, known in TIERS.items() if name in present or name != "CONFIRMED"],
        "outcomes": evidence.outcomes,
        "adjusted": adjusted_for(evidence),
        "several": len(evidence.outcomes) > 1,
        "timed": any(row["hr"] is not None for row in rows),
        "audited": any(row["rd_corrected"] is not None for row in rows),
        "charts": _chart(rows),
        "curves": _curves(evidence),
        "plan": evidence.provenance.get("plan"),
    }
