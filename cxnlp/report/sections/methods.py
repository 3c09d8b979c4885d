"""Seventh section: how each number was computed, and what it cannot say."""

from __future__ import annotations

from typing import Any

from cxnlp.report.sections.drivers import adjusted_for
from cxnlp.report.sections.topics import FIRM
from cxnlp.report.tiers import TIERS
from cxnlp.results import Evidence

__all__ = ["CONFORMAL", "FDR", "REFERENCES", "context"]

REFERENCES: tuple[tuple[str, str], ...] = (
    (
        "Net Promoter Score and its adjusted Wald interval",
        "Rocks 2016, as compared by Sauro and Lewis, measuringu.com/nps-confidence-intervals",
    ),
    ("Interval of a share", "Wilson 1927, Journal of the American Statistical Association 22"),
    ("Interval of a difference of two shares", "Newcombe 1998, Statistics in Medicine 17 (method 10)"),
    ("Interval of a risk ratio", "log method; Katz et al. 1978, Biometrics 34"),
    ("Test of a two-by-two table", "Fisher's exact test"),
    ("Difference of two means", "Welch 1947, Biometrika 34"),
    (
        "False-discovery rate",
        "Benjamini and Hochberg 1995, Journal of the Royal Statistical Society B 57; under any dependence of the tests "
        "Benjamini and Yekutieli 2001, Annals of Statistics 29",
    ),
    ("Adjusted difference", "logistic regression and g-computation (average marginal effect)"),
    ("Few events or separation", "Firth 1993, Biometrika 80; Heinze and Schemper 2002, Statistics in Medicine 21"),
    ("Check without a model", "Mantel and Haenszel 1959, Journal of the National Cancer Institute 22"),
    ("Odds of a worse score", "proportional odds: McCullagh 1980, Journal of the Royal Statistical Society B 42"),
    (
        "Small samples of stages drawn together",
        "DerSimonian and Laird 1986, Controlled Clinical Trials 7; Morris 1983, JASA 78",
    ),
    (
        "Differences between languages and sources",
        "Cochran 1954, Biometrics 10; Welch 1951, Biometrika 38",
    ),
    (
        "Who mentions what",
        "linear regression; with an audit, on pseudo-mentions (Egami et al. 2023, as below)",
    ),
    (
        "Time to leaving",
        "Cox 1972, JRSS B 34; Kaplan and Meier 1958, JASA 53; Simon and Makuch 1984, Statistics in Medicine 3",
    ),
    ("Check of proportional hazards", "Grambsch and Therneau 1994, Biometrika 81"),
    (
        "Correction for tagging errors",
        "design-based supervised learning: Egami, Hinck, Stewart and Wei 2023, NeurIPS 36",
    ),
    ("Share of bad outcomes behind a topic, an upper bound", "Miettinen 1974, American Journal of Epidemiology 99"),
    ("Importance", "Johnson 2000, Multivariate Behavioral Research 35; Groemping 2007, The American Statistician 61"),
    (
        "Penalty and reward",
        "Brandt 1987; Matzler and Sauerwein 2002, International Journal of Service Industry Management 13",
    ),
    ("Sensitivity to what was not measured", "E-value: VanderWeele and Ding 2017, Annals of Internal Medicine 167"),
    (
        "Topic stability",
        "Jaccard similarity over resampled refits: Hennig 2007, Computational Statistics and Data Analysis 52",
    ),
    ("Natural frequencies", "Gigerenzer and Edwards 2003, BMJ 327"),
)
"""(what, source) for every statistic on the page."""

FDR = {"bh": "Benjamini-Hochberg", "by": "Benjamini-Yekutieli, under any dependence of the tests"}
"""Names of the methods of config.DriversConfig.fdr."""

CONFORMAL = (
    "Yes, no or doubt for a code",
    "label-conditional conformal prediction: Vovk, Gammerman and Shafer 2005, Algorithmic Learning in a Random World; "
    "Sadinle, Lei and Wasserman 2019, Journal of the American Statistical Association 114",
)
"""The same for the codes, where there are any."""


def _methods(evidence: Evidence) -> list[tuple[str, str]]:
    frame = evidence.metrics[["metric", "method"]].dropna().drop_duplicates().astype(str)
    impact = [("impact", str(method)) for method in evidence.impact["method"].dropna().unique()]
    return sorted(frame.itertuples(index=False, name=None)) + sorted(impact)


def context(evidence: Evidence) -> dict[str, Any]:
    """Settings that the rules used, the methods that the tables name, the tiers and the sources."""
    settings = evidence.provenance.get("settings", {})
    return {
        "metrics": settings.get("metrics", {}),
        "drivers": settings.get("drivers", {}),
        "fdr": FDR.get(settings.get("drivers", {}).get("fdr", "bh")),
        "codes": not evidence.codes.empty,
        "firm": [limit for limit, _ in FIRM],
        "topics": settings.get("topics", {}),
        "methods": _methods(evidence),
        "tiers": tuple(TIERS.values()),
        "references": REFERENCES if evidence.codes.empty else (*REFERENCES, CONFORMAL),
        "unit": evidence.unit_name,
        "adjusted": adjusted_for(evidence),
        "scores": evidence.scores,
        "outcomes": evidence.outcomes,
    }
