"""First section: what we read, what we found, how sure we are."""

from __future__ import annotations

from typing import Any

from cxnlp.report import words
from cxnlp.report.findings import findings
from cxnlp.report.measured import overall
from cxnlp.report.tiers import rank
from cxnlp.results import Evidence
from cxnlp.schema import LANGUAGES

__all__ = ["LANGUAGE_NAMES", "context", "languages"]

LANGUAGE_NAMES: dict[str, str] = {
    "en": "English",
    "ro": "Romanian",
    "pl": "Polish",
    "it": "Italian",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "pt": "Portuguese",
    "nl": "Dutch",
}
_STABLE = 0.8


def languages(evidence: Evidence) -> list[tuple[str, int]]:
    """Languages of the scored comments with their counts, the most frequent first."""
    scored = evidence.comments[evidence.comments["status"] == "ok"]
    counts = scored["language"].dropna().value_counts()
    pairs = sorted(((str(code), int(n)) for code, n in counts.items()), key=lambda pair: (-pair[1], pair[0]))
    return [(LANGUAGE_NAMES.get(code, code), n) for code, n in pairs]


def _sure(evidence: Evidence) -> list[str]:
    said = []
    confidence = evidence.provenance.get("settings", {}).get("metrics", {}).get("confidence", 0.95)
    said.append(
        f"Every number comes with its {words.share(confidence)} interval: had you asked other customers of the same "
        "kind, the number would plausibly lie anywhere in that range."
    )
    if len(evidence.drivers):
        counts = evidence.drivers["tier"].value_counts()
        parts = [f"{words.count(int(counts[name]))} {name}" for name in sorted(counts.index, key=rank)]
        said.append(
            f"{words.plural(len(evidence.drivers), 'association')} tested: {words.join(parts)}. "
            "An association is not a cause."
        )
    stability = evidence.topics["stability"].dropna()
    if len(stability):
        stable = int((stability >= _STABLE).sum())
        said.append(
            f"{words.count(stable)} of {words.plural(len(stability), 'topic')} came back in at least "
            f"{words.share(_STABLE)} of the analyses repeated on resampled comments."
        )
    agreement = evidence.stage_agreement
    if agreement is not None and not words.is_missing(agreement.value):
        said.append(
            f"Where your data name the journey stage, the model names the same one for {words.share(agreement.value)} "
            f"({words.interval(agreement.low, agreement.high, 'share')})."
        )
    return said + _outside(evidence)


def _outside(evidence: Evidence) -> list[str]:
    scored = evidence.comments[evidence.comments["status"] == "ok"]
    outside = int((~scored["language"].isin(LANGUAGES)).sum())
    if not outside:
        return []
    return [f"{words.plural(outside, 'comment')} in a language on which the model was not measured: read with caution."]


def context(evidence: Evidence) -> dict[str, Any]:
    """Counts, findings, score cards and the reasons for trust and doubt."""
    rows = len(evidence.comments)
    scored = int((evidence.comments["status"] == "ok").sum())
    return {
        "rows": rows,
        "scored": scored,
        "statements": len(evidence.statements),
        "languages": languages(evidence),
        "findings": findings(evidence),
        "cards": overall(evidence),
        "sure": _sure(evidence) if scored else [],
        "missing": None if scored else "no_comments",
    }
