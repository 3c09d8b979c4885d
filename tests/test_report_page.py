"""The page: each section says what the evidence says, or why it has nothing to say; and no input can break it."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import evidence_builder as build
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxnlp.errors import OutputError
from cxnlp.report import render, words, write_html
from cxnlp.report.page import _environment
from cxnlp.report.quotes import LONGEST, excerpt
from cxnlp.report.sections import SECTIONS
from cxnlp.results import Evidence, Flag, Note

WHERE_FILLED = {
    "codes": ("coded",),
    "importance": ("survey", "coded", "clothing"),
    "audit": ("survey", "coded"),
}
"""Sections that are there only where they have something to show, and the kinds of evidence where they have."""
WITHOUT_INTERVALS = ("chart-importance", "chart-survival")
"""Charts of which the intervals stand beside them: ranks in the table, curves in survival.csv."""
VOID = {"meta", "link", "br", "img", "input", "hr"}
KINDS = {
    "survey": build.survey,
    "coded": build.coded,
    "clothing": build.clothing,
    "bare": build.bare,
    "nothing": build.nothing_scored,
}


class Page(HTMLParser):
    """A page as sections of text, its elements, and whether every tag was closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.section = ""
        self.text: dict[str, str] = {}
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.quotes: list[tuple[str, str]] = []  # (whole text, what of it is marked) of the topics' quotes
        self.feed(html)
        self.close()
        assert self.open == [], f"unclosed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "section":
            self.section = str(dict(attrs)["id"])
        if tag == "script":
            self.scripts.append((dict(attrs), ""))
        if tag == "blockquote" and self.section == "topics":
            self.quotes.append(("", ""))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag == "section":
            self.section = ""

    def handle_data(self, data: str) -> None:
        if "blockquote" in self.open and self.section == "topics":
            whole, marked = self.quotes[-1]
            self.quotes[-1] = whole + data, marked + data * (self.open[-1] == "mark")
        if self.open and self.open[-1] == "script":
            attrs, before = self.scripts[-1]
            self.scripts[-1] = (attrs, before + data)
        elif self.open and self.open[-1] != "style":
            self.text[self.section] = self.text.get(self.section, "") + " " + data

    def said(self, section: str) -> str:
        return " ".join(self.text.get(section, "").split())

    def having(self, tag: str, **attrs: str) -> list[dict[str, str | None]]:
        return [found for name, found in self.elements if name == tag and attrs.items() <= found.items()]

    def charts(self) -> dict[str, dict]:
        return {str(attrs["data-chart"]): json.loads(text) for attrs, text in self.scripts if "data-chart" in attrs}


@pytest.fixture(scope="module")
def pages() -> dict[str, Page]:
    return {name: Page(render(make())) for name, make in KINDS.items()}


@pytest.fixture(scope="module")
def survey() -> Evidence:
    return build.survey()


@pytest.mark.parametrize("kind", KINDS)
def test_every_page_is_whole_and_accessible(pages: dict[str, Page], kind: str) -> None:
    page = pages[kind]
    assert page.having("html", lang="en") and page.having("main") and page.having("meta", charset="utf-8")
    assert len(page.having("h1")) == 1
    shown = [section[0] for section in SECTIONS if kind in WHERE_FILLED.get(section[0], KINDS)]
    assert [attrs["id"] for attrs in page.having("section")] == shown
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = [str(attrs["href"]) for attrs in page.having("a")]
    assert all(link.startswith("#") and link[1:] in ids for link in links)
    assert all(page.said(section) for section in shown)
    assert all(len(page.having(tag)) == len(page.having("caption")) for tag in ["table"])


@pytest.mark.parametrize("kind", KINDS)
def test_every_chart_is_valid_for_plotly_and_has_words_and_a_table(pages: dict[str, Page], kind: str) -> None:
    page = pages[kind]
    for id_, spec in page.charts().items():
        go.Figure(spec)  # raises ValueError for a property that Plotly does not know
        (box,) = page.having("div", id=id_)
        assert box["role"] == "img" and len(str(box["aria-label"])) > 30
        assert {trace["type"] for trace in spec["data"]} <= {"bar", "scatter"}
        if not id_.startswith(WITHOUT_INTERVALS):
            assert all("error_x" in trace or "error_y" in trace for trace in spec["data"])


def test_the_page_asks_nothing_of_the_network_and_runs_only_its_own_scripts(survey: Evidence) -> None:
    page = Page(render(survey))
    assert not any(name in attrs for tag, attrs in page.elements for name in ("src", "srcset", "action"))
    assert not page.having("link") and not page.having("iframe")
    (policy,) = page.having("meta", **{"http-equiv": "Content-Security-Policy"})
    content = str(policy["content"])
    assert "default-src 'none'" in content and "http" not in content
    allowed = set(re.findall(r"'sha256-([^']+)'", content))
    running = [text for attrs, text in page.scripts if attrs.get("type") != "application/json"]
    hashes = {base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in running}
    assert len(running) == 2 and hashes == allowed
    assert "unsafe-inline" not in content.split("script-src")[1].split(";")[0]


def test_autoescape_is_on_for_every_template() -> None:
    environment = _environment()
    assert environment.autoescape is True
    assert len(environment.list_templates()) == len(SECTIONS) + 2
    sources = [Path(str(environment.get_template(name).filename)).read_text() for name in environment.list_templates()]
    assert not [source for source in sources if "safe" in re.findall(r"\|\s*(\w+)", source)]


ATTACKS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</style></title></textarea><img src=x onerror=alert(1)>",
    "\"'><svg onload=alert(1)>",
    "{{7*7}}{% raw %}${7*7}",
    "<!--<script>",
    "a\u2028b\u2029c\x00d",
    "javascript:alert(1)//<a href='http://evil.example'>x</a>",
]


@pytest.mark.parametrize("text", ATTACKS)
def test_words_of_others_stay_words_wherever_they_appear(text: str) -> None:
    survey = build.coded()
    clean, page = Page(render(survey)), Page(render(build.with_cells(survey, text)))
    fresh = {tag for tag, _ in page.elements} - {tag for tag, _ in clean.elements}
    assert not fresh
    assert len(page.scripts) == len(clean.scripts)
    assert not any(name.startswith("on") for _, attrs in page.elements for name in attrs)
    assert all(str(attrs["href"]).startswith("#") for attrs in page.having("a"))
    for section in ("headline", "flags", "topics", "codes", "drivers", "importance", "audit", "segments", "quality"):
        assert " ".join(text.replace("\x00", "\ufffd").split()) in page.said(section).replace("\x00", "\ufffd"), section
    assert (f"{text} {text} {text}", text) in page.quotes
    assert page.said("topics").count(f"comment {' '.join(text.split())}") == 2  # one for each example
    labels = json.dumps([spec["layout"] for spec in page.charts().values()])
    assert not re.search(r"<(?!br>)", labels)  # Plotly reads tags in labels


def test_headline_says_what_was_read_found_and_how_surely(pages: dict[str, Page]) -> None:
    said = pages["survey"].said("headline")
    assert "We read 900 comments and scored 864 of them" in said
    assert "Romanian" in said and "Dutch" not in said
    assert re.search(r"NPS −?\d+ −?\d+ to −?\d+", said)
    assert "Complaints about “invoice, surprise charge” go with “churned” more often" in said
    assert re.search(r"\d+ of 100, against \d+ of 100 of the others", said)
    assert "An association is not a cause." in said
    assert 3 <= len([1 for tag, attrs in pages["survey"].elements if tag == "strong"]) <= 5


def test_a_flag_shows_tier_evidence_quotes_and_why_it_is_not_rated_higher(survey: Evidence) -> None:
    flag = next(flag for flag in survey.flags if flag.why_not_higher)
    assert flag.raise_by and flag.evidence["tier"] == "PROBABLE"
    page = Page(render(dataclasses.replace(survey, flags=(flag,))))
    said = page.said("flags")
    assert flag.evidence["tier"] in said and f"{flag.severity} severity" in said
    assert all(quote in said for quote in flag.quotes) and flag.quotes
    assert f"Why this is not rated higher: {flag.why_not_higher} What would raise it: {flag.raise_by}" in said
    assert all(str(name) in said for name in flag.evidence if name != "tier")


def test_a_flag_of_the_highest_tier_says_nothing_of_limits(survey: Evidence) -> None:
    flag = survey.flags[0]
    said = Page(render(dataclasses.replace(survey, flags=(flag,)))).said("flags")
    assert flag.evidence["tier"] == "CONFIRMED" and "CONFIRMED high severity" in said
    assert "Why this is not rated higher" not in said and "What would raise it" not in said


def test_a_flag_lists_every_check_and_counts_those_that_were_done(survey: Evidence) -> None:
    checks = (
        ("shuffled outcomes", "passed", "0.5 %"),
        ("who comments", "failed", "turns"),
        ("halves", "not done", "-"),
    )
    flag = dataclasses.replace(survey.flags[0], checks=checks)
    page = Page(render(dataclasses.replace(survey, flags=(flag,))))
    said = page.said("flags")
    assert "How we tried to refute it: 1 of 2 checks passed" in said
    assert "shuffled outcomes: passed. 0.5 % who comments: failed. turns halves: not done. -" in said
    states = [attrs.get("class") for tag, attrs in page.elements if tag == "li"]
    assert [state for state in states if state in ("passed", "failed", "not-done")] == ["passed", "failed", "not-done"]
    bare = Page(render(dataclasses.replace(survey, flags=(dataclasses.replace(flag, checks=()),))))
    assert "How we tried to refute it" not in bare.said("flags")
    real = Page(render(survey)).said("flags")
    assert all(said in real for flag in survey.flags[:6] for _, _, said in flag.checks)


def test_a_score_goes_with_worse_and_not_with_more_often(survey: Evidence, pages: dict[str, Page]) -> None:
    said = pages["survey"].said("flags")
    assert "Complaints about “support, waiting on the line” go with a worse “score of nps”" in said
    assert "Praise of “friendly staff” goes with a better “score of nps”" in said
    assert "“score of nps” more often" not in said and "“score of nps” less often" not in said


def test_flags_come_in_order_of_severity_and_unknown_kinds_are_shown_by_title(survey: Evidence) -> None:
    flags = tuple(Flag("new_kind", severity, f"title {severity}", "") for severity in ("low", "high", "medium"))
    said = Page(render(dataclasses.replace(survey, flags=flags))).said("flags")
    assert said.index("title high") < said.index("title medium") < said.index("title low")


def test_many_flags_are_folded_and_none_is_lost(survey: Evidence) -> None:
    flags = tuple(Flag("new_kind", "low", f"flag number {n};", "") for n in range(9))
    said = Page(render(dataclasses.replace(survey, flags=flags))).said("flags")
    assert "3 more flags" in said and all(flag.title in said for flag in flags)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"outcomes": ()}, "name no outcome"),
        ({}, "PROBABLE"),
        ({"topics": build.survey(60).topics.iloc[:0]}, "No topics were found"),
    ],
)
def test_without_flags_the_section_says_why(survey: Evidence, change: dict, reason: str) -> None:
    said = Page(render(dataclasses.replace(survey, flags=(), **change))).said("flags")
    assert "No flag was raised" in said and reason in said


def test_journey_shows_every_stage_in_order_with_topics_and_agreement(pages: dict[str, Page]) -> None:
    said = pages["survey"].said("journey")
    positions = [said.index(stage) for stage in ("awareness", "consideration", "purchase", "retention", "advocacy")]
    assert positions == sorted(positions)
    assert "same stage as your data for 78" in said
    assert "Statements by topic and stage" in said
    assert "Your data give no stage to compare" in pages["clothing"].said("journey")


def test_topics_are_grouped_by_theme_with_impact_and_noise(pages: dict[str, Page], survey: Evidence) -> None:
    said = pages["survey"].said("topics")
    for topic in survey.topics.itertuples():
        assert topic.topic_name in said and topic.theme_name in said and topic.examples[0] in said
    assert "Impact on NPS noise ±" in said and "within noise" in said
    assert "fit none of them and stay unassigned" in said


def first_comment(evidence: Evidence, topic: str, text: str) -> str:
    """The whole comment with the smallest id in which a statement of `topic` says `text`."""
    said = evidence.statements[(evidence.statements["topic_id"] == topic) & (evidence.statements["text"] == text)]
    return str(evidence.comments["text_clean"][said.sort_values("comment_id")["row"].iloc[0]])


def test_every_topic_opens_without_script_to_its_examples_marked_inside_their_comments(pages: dict[str, Page]) -> None:
    page, evidence = pages["coded"], build.coded()
    expected = {
        (first_comment(evidence, topic.topic_id, example), example)
        for topic in evidence.topics.itertuples()
        for example in topic.examples
    }
    assert set(page.quotes) == expected and len(page.quotes) == 2 * len(evidence.topics)
    assert any(len(whole) > len(marked) for whole, marked in page.quotes)
    assert all(attrs.get("dir") == "auto" for attrs in page.having("blockquote"))
    assert page.said("topics").count("words and examples") == len(evidence.topics)  # what each summary is about


def changed_statement(evidence: Evidence, text: str, before: str, after: str, example: str) -> tuple[Evidence, str]:
    """`evidence` whose first topic has one example, a statement that stands in one comment; and the comment."""
    statements, comments, topics = evidence.statements.copy(), evidence.comments.copy(), evidence.topics.copy()
    at = statements.index[statements["topic_id"] == topics["topic_id"].iloc[0]][0]
    whole = before + text + after
    comments.loc[statements.loc[at, "row"], "text_clean"] = whole
    statements.loc[at, ["text", "start", "end"]] = [text, len(before), len(before) + len(text)]
    topics["examples"] = [[example], *topics["examples"].iloc[1:]]
    return dataclasses.replace(evidence, statements=statements, comments=comments, topics=topics), whole


def test_a_shortened_example_is_found_and_a_long_comment_is_cut_around_it(survey: Evidence) -> None:
    text = "the parcel " * 33 + "never\n came"
    example = " ".join(text.split())[:300].rsplit(" ", 1)[0] + "…"
    evidence, _ = changed_statement(survey, text, "before " * 90, " after" * 90, example)
    whole, marked = next(quote for quote in Page(render(evidence)).quotes if "parcel" in quote[0])
    assert marked == text
    assert re.fullmatch(r"… (before )+the parcel .* came( after)+ …", whole, re.DOTALL)
    assert len(whole) <= LONGEST + len("… " + " …")


def test_an_example_that_no_comment_holds_is_shown_alone(survey: Evidence) -> None:
    evidence, _ = changed_statement(survey, "It is new.", "Well. ", " So.", "It is old.")
    assert ("It is old.", "") in Page(render(evidence)).quotes
    moved = evidence.statements.assign(start=evidence.statements["start"] + 1)
    topics = evidence.topics.assign(examples=[["It is new."]] * len(evidence.topics))
    page = Page(render(dataclasses.replace(evidence, statements=moved, topics=topics)))
    assert {marked for _, marked in page.quotes} == {""}  # offsets that do not fit mark nothing wrong


@given(
    st.text(st.sampled_from("ab \n🙂שﷺ"), max_size=90),
    st.integers(0, 90),
    st.integers(0, 90),
    st.integers(1, 60),
)
def test_an_excerpt_is_the_text_around_the_mark_and_no_longer_than_asked(text: str, a: int, b: int, most: int) -> None:
    start, end = sorted((min(a, len(text)), min(b, len(text))))
    before, marked, after = excerpt(text, start, end, most)
    assert text[:start].endswith(before.removeprefix("… "))
    assert text[end:].startswith(after.removesuffix(" …"))
    assert text[start:end].startswith(marked.removesuffix(" …"))
    shown = before.removeprefix("… ") + marked.removesuffix(" …") + after.removesuffix(" …")
    assert len(shown) <= most
    if len(text) <= most:
        assert before + marked + after == text


def test_judgements_are_the_comments_shares_in_words_and_as_a_bar(pages: dict[str, Page]) -> None:
    evidence = build.coded()
    pairs = evidence.comments[["topic_ids", "topic_polarities"]].explode(["topic_ids", "topic_polarities"]).dropna()
    shares = pairs.groupby("topic_ids")["topic_polarities"].value_counts(normalize=True)
    bars = pages["coded"].having("span", role="img")
    for topic in evidence.topics["topic_id"]:
        own = {name: words.share(share) for name, share in shares[topic].items()}
        said = ", ".join(f"{own[name]} {name}" for name in ("negative", "mixed", "neutral", "positive") if name in own)
        assert " ".join(said.split()) in pages["coded"].said("topics")
        assert [bar for bar in bars if bar["aria-label"] == said]
    assert "mixed" in pages["coded"].said("topics")


def test_without_sentiment_nothing_is_judged_and_there_is_no_such_column(survey: Evidence) -> None:
    some = [[np.nan] * len(ids) for ids in survey.comments["topic_ids"]]
    page = Page(render(dataclasses.replace(survey, comments=survey.comments.assign(topic_polarities=some))))
    assert "Judged" not in page.said("topics")
    widths = {attrs["colspan"] for tag, attrs in page.elements if "colspan" in attrs}
    full = Page(render(survey))
    assert {int(str(attrs["colspan"])) - 1 for _, attrs in full.elements if "colspan" in attrs} == {*map(int, widths)}  # type: ignore[arg-type]


def test_stability_is_said_in_words_and_what_is_unstable_or_edited_is_marked(pages: dict[str, Page]) -> None:
    said = pages["coded"].said("topics")
    assert all(word in said for word in ("stable 100", "fairly stable 75", "unstable 55", "not assessed"))
    assert "recommending to friends unstable" in said and "price, value edited" in said
    assert len(pages["coded"].having("span", **{"class": "badge watch"})) >= 1
    assert "1 topic is unstable: fewer than 60 % of the analyses" in said
    assert "Changed by a person moved 3 statements to t01" in said
    steady = dataclasses.replace(build.coded(), topics=build.coded().topics.assign(stability=1.0, edited=""))
    page = Page(render(steady))
    assert "unstable" not in page.said("topics") and "edited" not in page.said("topics")
    assert "Changed by a person" not in page.said("topics")


def test_names_in_other_languages_are_shown_where_they_differ(pages: dict[str, Page]) -> None:
    said = pages["coded"].said("topics")
    assert "In Romanian factură greșită" in said and "In English" not in said


def test_codes_are_told_with_what_they_rest_on_and_what_is_promised(pages: dict[str, Page]) -> None:
    said = pages["coded"].said("codes")
    price = build.coded().codes.set_index("tag").loc["price"]
    row = (words.share(price.share), words.share(price.share_if_all_doubt), price.n_statements, price.n_doubt)
    assert " ".join(f"Price and value price {' '.join(map(str, row))}".split()) in said
    assert "learned from 12 examples at most 10" in said
    assert "learned from 3 examples: too few to promise anything, 6 more would do none" in said
    assert "Freundlichkeit kindness" in said and "by description only: nothing can be promised none" in said
    assert "Waiting waiting" not in said  # a label that is the tag says nothing more
    assert said.index("Price and value") < said.index("Waiting") < said.index("Freundlichkeit")
    doubts, questions = int(build.coded().codes["n_doubt"].sum()), len(build.coded().review)
    assert (
        f"{doubts} doubts are left to a person: review.csv in the result folder lists the {questions} questions" in said
    )
    assert "conformal" in pages["coded"].said("methods") and "conformal" not in pages["survey"].said("methods")


def test_codes_without_promise_or_doubt_say_neither_and_very_many_are_cut() -> None:
    evidence = build.coded()
    codes = pd.concat([evidence.codes.iloc[1:]] * 150, ignore_index=True).assign(n_doubt=0)
    page = Page(render(dataclasses.replace(evidence, codes=codes, review=evidence.review.iloc[:0])))
    said = page.said("codes")
    assert "What is promised" not in said and "No statement is in doubt." in said and "review.csv" not in said
    assert "The 200 most frequent of 300 codes; the rest is in codes.csv" in said and said.count("Waiting") == 150


def plain(text: str) -> str:
    """Words as `Page.said` gives them: with ordinary spaces."""
    return " ".join(text.split())


def row_of(page: Page, section: str, start: str) -> str:
    """What a section says from ``start`` on: the cells of a row of its table."""
    said = page.said(section)
    return said[said.index(start) :]


def test_the_drivers_table_has_a_column_for_what_there_is(pages: dict[str, Page], survey: Evidence) -> None:
    headings = ("Outcome", "Corrected", "Hazard", "Why not rated higher", "What would raise it")
    said = pages["survey"].said("drivers")
    assert all(f" {heading} " in said for heading in headings)
    first = survey.drivers.iloc[0]
    cells = row_of(pages["survey"], "drivers", f"{first['topic_name']} CONFIRMED churned retention negative")
    assert re.match(
        r".* negative 252 33.% 14.% \+19 \+[\d.]+ to \+[\d.]+ \+[\d.]+ \+[\d.]+ to \+[\d.]+ "
        r"\+[\d.]+ \+[\d.]+ to \+[\d.]+ 2\.\d+ [\d.]+ to [\d.]+ 2\.\d+ [\d.]+ to [\d.]+ ",
        cells,
    )
    second = survey.drivers[survey.drivers["kind"] == "score"].iloc[0]
    cells = row_of(pages["survey"], "drivers", f"{second['topic_name']} CONFIRMED score of nps")
    assert re.match(r".* positive 126 6\.60 4\.83 \+1\.77 ", cells)
    plain = pages["clothing"].said("drivers")
    assert " Outcome " not in plain and " Corrected " not in plain and " Hazard " not in plain
    assert "A chart" not in plain and "Share still there" not in plain
    for why in survey.drivers["why_not_higher"].head(20):
        assert " ".join(why.split()) in said


def test_curves_of_staying_are_charts_with_their_numbers_in_words(pages: dict[str, Page], survey: Evidence) -> None:
    charts = {name: spec for name, spec in pages["survey"].charts().items() if name.startswith("chart-survival")}
    assert len(charts) == 1
    said = "Share still there: those who complain about “invoice, surprise charge”, from then on, and the others"
    assert said in pages["survey"].said("drivers")
    lines = charts["chart-survival-0"]["data"]
    curves = survey.survival.groupby("group")
    for line, group in zip(lines, ("mentioned", "others"), strict=True):
        np.testing.assert_allclose(line["y"], curves.get_group(group)["share"])
        np.testing.assert_allclose(line["x"], curves.get_group(group)["day"])
    (box,) = pages["survey"].having("div", id="chart-survival-0")
    assert re.search(r"mention it: \d+.% at day \d+; do not \(yet\): \d+.% at day \d+\.", str(box["aria-label"]))


@pytest.mark.parametrize(
    ("deviations", "words"),
    [
        ((), "It does not deviate from it."),
        (("controls: planned tenure; run with plan",), "It deviates from the plan: controls: planned tenure; run with"),
    ],
)
def test_a_plan_is_named_with_its_hash_and_deviations(
    survey: Evidence, deviations: tuple[str, ...], words: str
) -> None:
    plan = {"name": "plan.toml", "sha256": "0123456789abcdef" * 4, "frozen_at": "2026-01-02", "deviations": deviations}
    provenance = dict(survey.provenance) | {"plan": plan}
    said = Page(render(dataclasses.replace(survey, provenance=provenance))).said("drivers")
    assert "follows a plan that was frozen at 2026-01-02 (plan.toml, SHA-256 0123456789abcdef…)" in said
    assert words in said
    assert "plan that was frozen" not in Page(render(survey)).said("drivers")


def test_importance_ranks_topics_within_each_outcome(pages: dict[str, Page], survey: Evidence) -> None:
    said = pages["survey"].said("importance")
    assert said.index("churned") < said.index("score of nps")
    assert "Johnson's relative weights; together the topics explain" in said
    churned = survey.importance[survey.importance["outcome"] == "churned"]
    best = churned.sort_values("rank").iloc[0]
    assert best["topic_name"] == "invoice, surprise charge"
    cells = row_of(pages["survey"], "importance", "invoice, surprise charge (negative) ")
    assert re.match(rf".*\(negative\) 1( \(1 to \d+\))? {plain(words.share(best['share']))} ", cells)
    bars = pages["survey"].charts()["chart-importance-0"]["data"][0]
    shown = churned[churned["weight"] > 0].head(15)
    assert sorted(bars["x"]) == pytest.approx(sorted(shown["share"]))
    assert "average over all orders (LMG)" in pages["clothing"].said("importance")


def test_importance_is_left_out_where_nothing_weighs_and_kano_classes_are_explained(survey: Evidence) -> None:
    assert set(survey.kano["kano_class"]) == {"unclear"}
    nothing = dataclasses.replace(survey, importance=survey.importance.iloc[:0])
    assert not Page(render(nothing)).having("section", id="importance")
    known = survey.kano.head(3).assign(
        kano_class=["basic", "excitement", "unclear"], penalty=-1.5, penalty_low=-2.0, penalty_high=-1.0, q=0.01
    )
    known = known.assign(reward=[0.1, np.nan, 0.1], reward_low=-0.2, reward_high=0.4)
    said = Page(render(dataclasses.replace(nothing, kano=known))).said("importance")
    names = list(known["topic_name"])
    assert re.search(rf"{names[0]} score of nps basic −1\.50 −2\.00 to −1\.00 \+0\.10 −0\.20 to \+0\.40", said)
    assert f"{names[1]} score of nps excitement" in said and names[2] not in said
    assert "expected: the score is lower with complaints and no higher with praise" in said
    assert "1 topic with too few mentions or too small a difference is in kano.csv" in said


def test_segments_say_who_mentions_what_the_surest_first(pages: dict[str, Page], survey: Evidence) -> None:
    said = pages["survey"].said("segments")
    churned = survey.prevalence[survey.prevalence["outcome"] == "churned"]
    sure = churned[churned["q"] < 0.1]
    assert "Who mentions what" in said and 0 < len(sure) < len(churned)
    first = sure.assign(least=sure[["low", "high"]].abs().min(axis=1)).sort_values("least").iloc[-1]
    shown = plain(words.signed_share(first["value"]))
    assert f"q {first['topic_name']} ({first['polarity']}) {first['term']} {first['reference']} " in said
    assert f"{shown} {plain(words.signed_share(first['low']))} to" in said
    none = dataclasses.replace(survey, prevalence=survey.prevalence.assign(q=1.0))
    assert "No kind of customer is shown" in Page(render(none)).said("segments")
    gone = dataclasses.replace(survey, prevalence=survey.prevalence.iloc[:0])
    assert "Who mentions what" not in Page(render(gone)).said("segments")


def test_the_method_of_the_false_discovery_control_is_named(pages: dict[str, Page], survey: Evidence) -> None:
    assert "over everything tested (Benjamini-Hochberg)" in pages["survey"].said("methods")
    settings = survey.provenance["settings"]
    strict = {**survey.provenance, "settings": {**settings, "drivers": {**settings["drivers"], "fdr": "by"}}}
    said = Page(render(dataclasses.replace(survey, provenance=strict))).said("methods")
    assert "over everything tested (Benjamini-Yekutieli, under any dependence of the tests)" in said


def test_the_audit_shows_how_right_each_tag_is(pages: dict[str, Page], survey: Evidence) -> None:
    said = pages["survey"].said("audit")
    read = survey.audit["n"].max()
    assert f"People read a random sample of {words.count(int(read))} statements without seeing" in said
    assert "Krippendorff's alpha; 1 is perfect, 0 is chance): topic: every topic 0.81," in said
    row = survey.audit.query("tag == 'topic' and value == 't00'").iloc[0]
    limits = [plain(words.share(row[name])) for name in ("sensitivity", "sensitivity_low", "sensitivity_high")]
    start = f"invoice, surprise charge topic {row['n_gold']} {row['n_model']} {words.ratio(row['kappa'])} "
    assert f"{start}{limits[0]} {limits[1]} to {limits[2]} " in said
    topics = survey.audit[survey.audit["tag"] == "topic"].sort_values("prevalence_model")
    part = render(dataclasses.replace(survey, audit=topics)).split('id="audit"')[1].split("</section>")[0]
    whole, *tagged = re.findall(r'data-sort="([^"]*)"', part)[5::7]
    assert whole == "None" and len(tagged) == 10
    assert [float(share) for share in tagged] == sorted(topics["prevalence_model"].dropna(), reverse=True)
    alone = dataclasses.replace(survey, audit=survey.audit.assign(alpha=np.nan))
    assert "Krippendorff" not in Page(render(alone)).said("audit")
    many = dataclasses.replace(survey, audit=pd.concat([survey.audit] * 3, ignore_index=True))
    assert f"60 of {3 * len(survey.audit)} tags; the rest is in audit.csv" in Page(render(many)).said("audit")


def test_drivers_table_is_cut_and_says_so(survey: Evidence) -> None:
    many = pd.concat([survey.drivers] * 40, ignore_index=True)
    page = Page(render(dataclasses.replace(survey, drivers=many)))
    assert f"The 200 associations with the strongest evidence of {len(many):,} tested" in page.said("drivers")
    assert len([1 for attrs in page.having("th", scope="row") if attrs]) < len(many) + 100


def test_the_page_claims_no_cause(pages: dict[str, Page]) -> None:
    for page in pages.values():
        for sentence in re.split(r"[.:;]", " ".join(page.text.values())):
            if re.search(r"\b(causes?|caused|because of|leads? to|due to|drives?)\b", sentence):
                assert re.search(r"\b(not|never|nor|no|shows a cause|unmeasured cause)\b", sentence), sentence


@pytest.mark.parametrize(
    ("kind", "section", "reason"),
    [
        ("nothing", "headline", "No comment could be scored"),
        ("nothing", "topics", "because no comment could be scored"),
        ("nothing", "journey", "No statement could be placed"),
        ("nothing", "drivers", "no topics were found"),
        ("nothing", "segments", "name no segments"),
        ("bare", "drivers", "name no outcome"),
        ("bare", "topics", "No topics were found"),
        ("bare", "segments", "No segment column"),
    ],
)
def test_what_is_missing_is_explained(pages: dict[str, Page], kind: str, section: str, reason: str) -> None:
    assert reason in pages[kind].said(section)
    assert not pages[kind].charts()


def test_an_empty_input_has_a_page_too() -> None:
    assert "We read 0 comments" in Page(render(build.nothing_scored(0))).said("headline")


def test_quality_lists_roles_notes_statuses_and_provenance(pages: dict[str, Page], survey: Evidence) -> None:
    said = pages["survey"].said("quality")
    assert "its cells are long and distinct" in said and "you said so" in said
    assert "empty: no text 18" in said
    assert all(note.message in said for note in survey.notes)
    assert survey.model.sha256 in said and survey.provenance["input"]["sha256"] in said and "MIT" in said


def test_equal_evidence_gives_equal_text_and_row_order_of_statements_does_not_matter(survey: Evidence) -> None:
    shuffled = survey.statements.sample(frac=1, random_state=3)
    assert render(survey) == render(build.survey.__wrapped__())
    assert render(survey) == render(dataclasses.replace(survey, statements=shuffled))


def test_the_title_of_the_settings_wins(survey: Evidence) -> None:
    settings = dict(survey.provenance["settings"]) | {"report": {"title": "Spring <survey>"}}
    html = render(dataclasses.replace(survey, provenance=dict(survey.provenance) | {"settings": settings}))
    assert "<title>Spring &lt;survey&gt;</title>" in html


def test_a_dataframe_has_no_name_worth_a_title(survey: Evidence) -> None:
    provenance = dict(survey.provenance) | {"input": {"name": "DataFrame"}}
    assert "<title>What customers say</title>" in render(dataclasses.replace(survey, provenance=provenance))


def test_very_long_words_and_bare_estimates_do_not_break_the_page(survey: Evidence) -> None:
    metrics = survey.metrics.assign(low=np.nan, high=np.nan)
    journey = survey.journey.assign(low=np.nan, high=np.nan)
    changed = dataclasses.replace(build.with_cells(survey, "ﷺ🙂" * 5_000), metrics=metrics, journey=journey)
    page = Page(render(changed))
    assert "no interval" in page.said("headline")
    assert max(len(json.dumps(spec)) for spec in page.charts().values()) < 100_000


def test_writing_is_whole_or_not_at_all(survey: Evidence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "deep" / "report.html"
    assert write_html(survey, path) == path
    before = path.read_bytes()
    assert before.decode("utf-8") == render(survey)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OutputError, match="No space left on device"):
        write_html(survey, path)
    assert path.read_bytes() == before and [entry.name for entry in path.parent.iterdir()] == ["report.html"]


def test_half_a_surrogate_pair_can_be_written(survey: Evidence, tmp_path: Path) -> None:
    broken = dataclasses.replace(survey, notes=(Note("read", "half a \ud83d pair"),))
    assert "half a ? pair" in write_html(broken, tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_place_that_cannot_be_written_is_said(survey: Evidence, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="could not write"):
        write_html(survey, tmp_path / "file" / "report.html")
