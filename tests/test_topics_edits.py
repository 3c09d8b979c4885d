"""Edits of topics: topics.yaml read, written and added to, and the edits checked against the topics there are."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cxnlp.errors import InputError
from cxnlp.topics import edits_file
from cxnlp.topics.edits import KINDS, Edit, Edits, describe, replay, resulting_ids
from cxnlp.topics.edits_file import LARGEST, append, parse, render

IDS = ("t01", "t02", "t03", "t04", "t05", "t06", "t07", "t08", "t09")
NAMES = dict(zip(IDS, ("late", "rude", "price", "app", "bill", "refund", "size", "stock", "queue"), strict=True))
FILE = """\
# Topics of survey.csv.
analysis: 3f9a1c0b22d4e1aa      # do not change
topics:
  t01: {name: "late, delivery", theme: "delivery", statements: 123}
  t02: {name: "rude", theme: "staff", statements: 45}
edits:
  - rename: t01
    to: Late delivery
  - merge: [t03, t07]            # the first keeps its id and name
    to: Returns
  - split: t02
    into: 2
  - move: ["The courier threw it over the fence"]
    to: t05
  - delete: t09
  - pin: t01
"""
EDITS = (
    Edit("rename", ("t01",), "Late delivery"),
    Edit("merge", ("t03", "t07"), "Returns"),
    Edit("split", ("t02",), into=2),
    Edit("move", ("t05",), texts=("The courier threw it over the fence",)),
    Edit("delete", ("t09",)),
    Edit("pin", ("t01",)),
)


def written(edits: str) -> str:
    return f"analysis: a1\nedits:\n{edits}"


def read(text: str) -> Edits:
    return parse(text, "topics.yaml")


def played(edits: str, **options) -> tuple[Edit, ...]:
    return replay(read(written(edits)), IDS, **options)


def mistake(call, *arguments, **options) -> InputError:
    with pytest.raises(InputError) as caught:
        call(*arguments, **options)
    assert "\n" not in caught.value.found and len(caught.value.found) < 400
    return caught.value


# Reading


def test_the_layout_of_the_file():
    edits = read(FILE)
    assert edits == Edits("3f9a1c0b22d4e1aa", EDITS, "topics.yaml")
    assert [edit.line for edit in edits.edits] == [7, 9, 11, 13, 15, 16]
    assert replay(edits, IDS, names=NAMES) == EDITS


@pytest.mark.parametrize(
    "nothing", ["", "edits:\n", "edits: null\n", "edits: ~\n", "edits: []\n", "edits:\n  # none\n"]
)
def test_no_edits(nothing):
    assert read("analysis: a1\ntopics: {}\n" + nothing).edits == ()


@pytest.mark.parametrize("word", ["2024", "yes", "1.50", "0x1F", "2024-01-01", "1_000", "'null'", "1e5", "<<", "="])
def test_names_are_taken_as_written(word):
    edit = read(written(f"  - rename: t01\n    to: {word}\n")).edits[0]
    assert edit.name == word.strip("'")


def test_one_text_needs_no_brackets():
    assert read(written("  - move: no\n    to: t05\n")).edits == (Edit("move", ("t05",), texts=("no",)),)


@pytest.mark.parametrize(("text", "line", "says"), [
    ("", 1, "nothing in it"),
    ("# only a comment\n", 1, "nothing in it"),
    ("- a\n- b\n", 1, "no key: value pairs"),
    ("just words\n", 1, "no key: value pairs"),
    ("topics: {}\nedits: []\n", 1, "no analysis"),
    ("topics: {}\nanalysis:\n", 2, "analysis: is empty"),
    ("analysis: [a]\n", 1, "analysis: holds a list"),
    ("analysis: a\nedit: []\n", 2, "unknown key edit"),
    ("analysis: a\nedits: none\n", 2, "edits: is no list"),
    ("analysis: a\nedits: ''\n", 2, "edits: is no list"),
    ("analysis: a\nedits:\n  delete: t01\n", 3, "edits: is no list"),
    ("analysis: a\nanalysis: b\n", 2, "the key analysis again, first on line 1"),
    ("analysis: a\ntopics:\n  t01: {name: x,\n    name: y}\n", 4, "the key name again"),
    ("analysis: a\n? [b]\n: c\n", 2, "a list where a key should be"),
    ("analysis: a\nedits:\n  - pin: t01\n bad: [\n", 4, "not valid YAML"),
    ("analysis: a\nedits:\n\t- pin: t01\n", 3, "not valid YAML"),
    ("analysis: a\nedits:\n- rename: t01\n  to: Late: delivery\n", 4, "not valid YAML"),
    ('analysis: a\nedits:\n- rename: t01\n  to: "Late\n\n', 6, "scanning a quoted scalar on line 4"),
    ("analysis: a\n---\nanalysis: b\n", 2, "another document"),
    ("analysis: a\nedits:\n- pin: \x07\n", 3, "not valid YAML"),
    ("analysis: a\nedits:\n- pin: \ud800\n", 3, "not valid YAML"),
    ('analysis: "\\UFFFFFFFF"\n', 1, "beyond all bounds"),
    ('analysis: a\nedits:\n- pin: "\\U00110000"\n', 3, "beyond all bounds"),
    ("%YAML 1." + "1" * 5000 + "\n---\nanalysis: a\n", 1, "beyond all bounds"),
    ("analysis: a\nedits: " + "[" * 5000 + "]" * 5000, 2, "lists within lists"),
    ("analysis: a\ntopics:\n" + "".join(" " * i + "a:\n" for i in range(1, 40)), 13, "lists within lists"),
    ("analysis: &a b\nedits: *a\n", 1, "begins with &"),
    ("analysis: a\nedits:\n- pin: *b\n", 3, "begins with &"),
    ("analysis: a\nedits:\n- rename: t01\n  to: !important thing\n", 4, "begins with &"),
    ("analysis: a\nedits:\n- pin: !!python/object/apply:os.system [ls]\n", 3, "begins with &"),
])  # fmt: skip
def test_mistakes_in_the_file_name_the_line(text, line, says):
    found = mistake(read, text).found
    assert found.startswith(f"topics.yaml line {line}: ") and says in found


@pytest.mark.parametrize(("edits", "line", "says", "fix"), [
    ("  - rename t01\n", 3, "no key: value pairs", "colon"),
    ("  -\n", 3, "no key: value pairs", "colon"),
    ("  - renam: t01\n    to: X\n", 3, "unknown key renam", "Did you mean rename?"),
    ("  - Rename: t01\n    to: X\n", 3, "unknown key Rename", "Did you mean rename?"),
    ("  - rename: t01\n    two: X\n", 4, "unknown key two", "Did you mean to?"),
    ("  - rename: t01\n    zzzzzz: X\n", 4, "unknown key zzzzzz", "Correct the key"),
    ("  - t01: Late\n", 3, "unknown key t01", "Correct the key"),
    ("  - to: t01\n", 3, "does not say what to do", "begin each edit"),
    ("  - {}\n", 3, "does not say what to do", "begin each edit"),
    ("  - pin: t02\n    delete: t01\n", 3, "pin and delete in one edit", "begin each edit"),
    ("  - delete: t01\n    delete: t02\n", 4, "the key delete again", "remove one"),
    ("  - delete: t01\n    into: 2\n", 4, "delete with into:", "remove into:"),
    ("  - split: t01\n    to: A\n", 4, "split with to:", "remove to:"),
    ("  - rename: t01\n", 3, "rename without a new name", "correct"),
    ("  - rename: t01\n    to:\n", 4, "to: is empty", "write a value"),
    ("  - rename: t01\n    to: '  '\n", 4, "to: is empty", "write a value"),
    ("  - rename: t01\n    to: ~\n", 4, "to: is empty", "write a value"),
    ("  - rename: t01\n    to: [A]\n", 4, "to: holds a list", "one value"),
    ("  - rename: [t01]\n    to: A\n", 3, "rename: holds a list", "one value"),
    ("  - merge: t01\n", 3, "merge of a single topic, t01", "correct"),
    ("  - merge: t01, t02\n", 3, "merge of a single topic, 't01, t02'", "correct"),
    ("  - merge: [t01]\n", 3, "merge of a single topic", "correct"),
    ("  - merge: []\n", 3, "merge: is empty", "write at least one"),
    ("  - merge: [t01, t01]\n", 3, "merge of t01 with itself", "correct"),
    ("  - merge: [t02, t01, t03, t01]\n", 3, "merge of t01 with itself", "correct"),
    ("  - merge: [t02, [t01]]\n", 3, "merge: holds a list", "one value"),
    ("  - merge: [t02, t01]\n    to: ''\n", 4, "to: is empty", "write a value"),
    ("  - split: t01\n", 3, "split without a number of topics", "correct"),
    ("  - split: t01\n    into: 1\n", 3, "into: 1, not a whole number from 2 to 20", "correct"),
    ("  - split: t01\n    into: 21\n", 3, "into: 21", "correct"),
    ("  - split: t01\n    into: -3\n", 3, "into: -3", "correct"),
    ("  - split: t01\n    into: 2.0\n", 4, "into: 2.0 is no whole number", "into: 2"),
    ("  - split: t01\n    into: two\n", 4, "no whole number", "into: 2"),
    ("  - split: t01\n    into: '2'\n", 4, "no whole number", "into: 2"),
    ("  - split: t01\n    into: true\n", 4, "no whole number", "into: 2"),
    ("  - split: t01\n    into: 010\n", 4, "no whole number", "into: 2"),
    ("  - split: t01\n    into: 99999999999999999999\n", 4, "no whole number", "into: 2"),
    ("  - split: t01\n    into: [2]\n", 4, "into: holds a list", "one value"),
    ("  - move: [a]\n", 3, "move without the id of a topic", "correct"),
    ("  - move: []\n    to: t01\n", 3, "move: is empty", "write at least one"),
    ("  - move: [a, '']\n    to: t01\n", 3, "move: is empty", "write a value"),
    ("  - move:\n    to: t01\n", 3, "move: is empty", "write a value"),
    ("  - move: {a: b}\n    to: t01\n", 3, "move: holds a list", "one value"),
    ("  - delete:\n", 3, "delete: is empty", "write a value"),
    (f"  - {'x' * 5000}: t01\n", 3, "not valid YAML", "mend"),
    (f"  - ? {'x' * 5000}\n    : t01\n", 3, "unknown key 'xxx", "Correct"),
])  # fmt: skip
def test_mistakes_in_an_edit_name_its_line_and_say_what_to_write(edits, line, says, fix):
    error = mistake(read, written(edits))
    assert error.found.startswith(f"topics.yaml line {line}: ") and says in error.found
    assert fix in error.fix and error.expected


def test_a_file_that_is_too_large_is_refused():
    assert "more than 10 MB" in mistake(read, "#" * (LARGEST + 1)).found
    assert "more than 10 MB" in mistake(read, "#" + "ż" * (LARGEST // 2)).found


# The edits against the topics there are


@pytest.mark.parametrize(("edits", "line", "says", "fix"), [
    ("- delete: t3\n", 3, "no topic t3", "Did you mean t03?"),
    ("- delete: T03\n", 3, "no topic T03", "Did you mean t03?"),
    ("- delete: refund\n", 3, "no topic refund", "Write the id"),
    ("- merge: [t03, t77]\n", 3, "no topic t77", "Did you mean t07?"),
    ("- move: a\n  to: t99\n", 3, "no topic t99", "Did you mean t09?"),
    ("- merge: [t03, t07]\n- pin: t07\n", 4, "t07 no longer exists: line 3 merged it into t03",
     "write t03, or put this edit above line 3"),
    ("- merge: [t03, t07]\n- delete: t03\n- pin: t07\n", 5, "line 3 merged it into t03", "remove one of the two"),
    ("- merge: [t03, t07]\n- merge: [t03, t07]\n", 4, "line 3 merged it", "write t03"),
    ("- delete: t09\n\n- rename: t09\n  to: A\n", 5, "line 3 deleted it", "put this edit above line 3"),
    ("- split: t02\n  into: 2\n- pin: t02\n", 5, "line 3 split it into 2", "write t02.1 or t02.2, or"),
    ("- split: t02\n  into: 2\n- split: t02\n  into: 3\n", 5, "line 3 split it into 2", "write t02.1"),
    ("- split: t02\n  into: 2\n- pin: t02.3\n", 5, "no topic t02.3", "Did you mean t02."),
    ("- pin: t02.1\n- split: t02\n  into: 2\n", 3, "t02.1 does not exist yet: line 4 makes it", "below line 4"),
    ("- pin: t02.1.2\n- split: t02\n  into: 2\n- split: t02.1\n  into: 2\n", 3, "line 6 makes it", "below line 6"),
    ("- pin: t01\n- delete: t01\n", 4, "t01 would be deleted, but line 3 pins it", "remove this edit"),
    ("- pin: t01\n- split: t01\n  into: 2\n", 4, "would be split, but line 3 pins it", "remove this edit"),
    ("- pin: t01\n- merge: [t02, t01]\n", 4, "would be merged away, but line 3 pins it", "put t01 first in the list"),
    ("- move: [a, b]\n  to: t01\n- move: [c, b]\n  to: t02\n", 5, "b goes to t02, but line 3 moves it to t01",
     "line 3"),
    ("- move: b\n  to: t01\n- merge: [t03, t01]\n- move: b\n  to: t02\n", 6, "line 3 moves it to t03", "line 3"),
    ("- rename: t01\n  to: Returns\n- rename: t02\n  to: returns\n", 5, "'returns', which t01 has (line 3)",
     "merge: [t01, t02]"),
    ("- rename: t02\n  to: Returns\n- merge: [t03, t07]\n  to: ' Returns'\n", 5, "which t02 has (line 3)", "another"),
    ("- rename: t02\n  to: Late\n", 3, "t02 gets the name 'Late', which t01 has (as found)", "another"),
    ("- rename: t01\n  to: Caf\u00e9\n- rename: t02\n  to: Cafe\u0301\n", 5, "which t01 has", "another"),
])  # fmt: skip
def test_conflicts_name_the_line_and_the_way_out(edits, line, says, fix):
    error = mistake(played, edits, names=NAMES)
    assert error.found.startswith(f"topics.yaml line {line}: ") and says in error.found
    assert fix in error.fix


@pytest.mark.parametrize("edits", [
    "- rename: t01\n  to: rude\n- rename: t02\n  to: late\n",  # exchanged
    "- delete: t01\n- rename: t02\n  to: late\n",  # the name is free
    "- rename: t02\n  to: late\n- merge: [t02, t01]\n",
    "- rename: t01\n  to: late\n",  # its own
    "- pin: t01\n- pin: t01\n- rename: t01\n  to: A\n- merge: [t01, t02]\n- move: a\n  to: t01\n",
    "- delete: t02\n- pin: t01\n",
    "- move: [a, a]\n  to: t01\n- move: a\n  to: t01\n",
    "- move: a\n  to: t01\n- merge: [t03, t01]\n- move: a\n  to: t03\n",  # still the same topic
    "- move: a\n  to: t01\n- split: t01\n  into: 2\n- move: a\n  to: t01.2\n",
    "- move: a\n  to: t01\n- delete: t01\n- move: a\n  to: t02\n",
    "- split: t02\n  into: 20\n- merge: [t02.20, t02.1, t03]\n- split: t02.2\n  into: 2\n",
    "- merge: [t01, t02, t03, t04, t05, t06, t07, t08, t09]\n- delete: t01\n",
])  # fmt: skip
def test_what_is_no_conflict(edits):
    assert played(edits, names=NAMES) == read(written(edits)).edits


def test_equal_names_as_found_are_not_the_fault_of_the_edits():
    assert played("- pin: t01\n", names={"t01": "late", "t02": "Late"})


@pytest.mark.parametrize("gone", ["- pin: t01\n", "- merge: [t01, t02.1]\n", "- delete: t02.1\n"])
def test_an_id_is_never_made_again(gone):
    edits = read(written(f"{gone}- split: t02\n  into: 2\n"))
    found = mistake(replay, edits, ["t01", "t02", "t02.1"]).found
    assert found == "topics.yaml line 4: splitting t02 would make t02.1, an id already in use"


def test_edits_that_come_from_no_file_are_counted():
    edits = Edits("a", (Edit("pin", ("t01",)), Edit("delete", ("t01",))), "topics.yaml")
    found = mistake(replay, edits, IDS).found
    assert found == "topics.yaml edit 2: t01 would be deleted, but edit 1 pins it"


@pytest.mark.parametrize("edit", [
    Edit("swap", ("t01", "t02")), Edit("rename", ("t01",)), Edit("rename", ("t01", "t02"), "A"),
    Edit("rename", (), "A"), Edit("rename", ("t01",), " "), Edit("pin", ("t01",), "A"),
    Edit("delete", ("t01",), into=2),
    Edit("split", ("t01",), into=1), Edit("move", ("t01",), texts=("",)), Edit("move", ("t01",)),
    Edit("merge", ("t01",)), Edit("merge", ("t01", "t02"), texts=("a",)),
])  # fmt: skip
def test_edits_made_by_a_program_are_checked_everywhere(edit):
    mistake(replay, Edits("a", (edit,), "topics.yaml"), IDS)
    mistake(render, "a", "survey.csv", [], [edit])
    mistake(append, FILE, edit)


def test_order_of_the_resulting_ids():
    edits = read(written(
        "- split: t02\n  into: 3\n- pin: t08\n- merge: [t05, t01, t02.2]\n- delete: t03\n- pin: t04\n- pin: t08\n"
    ))  # fmt: skip
    assert resulting_ids(edits, IDS) == (("t08", "t04", "t02.1", "t02.3", "t05", "t06", "t07", "t09"), ("t08", "t04"))
    assert resulting_ids(read("analysis: a"), IDS) == (IDS, ())


@pytest.mark.parametrize(("edit", "line"), [
    (EDITS[0], 'renamed t01 to "Late delivery"'),
    (EDITS[1], 'merged t07 into t03 as "Returns"'),
    (Edit("merge", ("t03", "t07", "t08")), "merged t07 and t08 into t03"),
    (EDITS[2], "split t02 into t02.1 and t02.2"),
    (Edit("split", ("t02",), into=5), "split t02 into t02.1 to t02.5"),
    (EDITS[3], 'moved "The courier threw it over the fence" to t05'),
    (Edit("move", ("t05",), texts=("a", "b")), "moved 2 statements to t05"),
    (EDITS[4], "deleted t09"),
    (EDITS[5], "pinned t01"),
    (Edit("rename", ("t01",), "two\nlines\u2028\x00 " + "x" * 500), f'renamed t01 to "two lines {"x" * 69}…"'),
])  # fmt: skip
def test_edits_in_words(edit, line):
    assert describe(edit) == line


# Writing


def test_what_is_written_is_readable():
    text = render("3f9a1c0b22d4e1aa", "survey.csv", [("t01", "late, delivery", "delivery", 123)], EDITS)
    lines = text.splitlines()
    assert lines[0].startswith("# Topics of survey.csv. Write edits under `edits:`")
    assert '  t01: {name: "late, delivery", theme: "delivery", statements: 123}' in lines
    assert text[text.index("edits:\n") :] == re.sub(" +#.*", "", FILE[FILE.index("edits:\n") :])
    assert max(map(len, lines)) <= 120
    examples = "".join(line[3:] + "\n" for line in lines if line.startswith("#  "))
    edits = parse("analysis: a\nedits:\n" + re.sub("(?m)^", " ", examples).rstrip(" "), "the header").edits
    assert [edit.kind for edit in edits] == list(KINDS)


@pytest.mark.parametrize("name", ["Îmi place", "📦 colete 👨‍👩‍👧", "Późna dostawa", "prix élevé"])
def test_words_are_not_written_as_numbers(name):
    text = render("a", name, [("t01", name, name, 1)], [Edit("rename", ("t01",), name)])
    assert text.count(name) == 4 or "\u200d" in name


ODD = [
    "a: b", "a #b", "#", "- a", "-", "'", '"', "\\", "\\n", "a\nb", "\r", "a ", " a", "yes", "null", "~", "1", "1e5",
    "0o17", "1:30", "2024-01-01", "0x1F", ".5", ".inf", "[", "{a}", "a,b", "&a", "*a", "!a", "%a", "@a", "`", "|", ">",
    "?", "? a", ":", "=", "<<", "\x00", "\x85", "\u2028", "\u202e", "\ufeff", "\ufffe", "\ud800", "\U0010ffff",
    "---", "...", "a\tb", "📦", "é" * 600, "y", "NaN", "a" * 2000, "edits:", "\x7f",
]  # fmt: skip
anything = st.one_of(
    st.sampled_from(ODD),
    st.text(st.characters(), min_size=1, max_size=30),
    st.text(st.sampled_from("ab:#-'\"\\ \n\r\t,[]{}&*!|>%@`?é📦\u2028\x85\x00~.0"), min_size=1, max_size=12),
).filter(lambda text: text.strip())
some_id = st.one_of(st.sampled_from(IDS), st.from_regex(r"t[0-9]{2}(\.[0-9]{1,2}){0,2}", fullmatch=True))
any_edit = st.one_of(
    st.builds(lambda topic, name: Edit("rename", (topic,), name), some_id, anything),
    st.builds(
        lambda topics, name: Edit("merge", tuple(topics), name),
        st.lists(some_id, min_size=2, max_size=4, unique=True),
        st.none() | anything,
    ),
    st.builds(lambda topic, into: Edit("split", (topic,), into=into), some_id, st.integers(2, 20)),
    st.builds(
        lambda topic, texts: Edit("move", (topic,), texts=tuple(texts)),
        some_id,
        st.lists(anything, min_size=1, max_size=3),
    ),
    st.builds(lambda kind, topic: Edit(kind, (topic,)), st.sampled_from(["delete", "pin"]), some_id),
)
any_topics = st.lists(
    st.tuples(some_id, anything, anything, st.integers(0, 9999)), max_size=3, unique_by=lambda t: t[0]
)


@pytest.mark.parametrize("odd", [odd for odd in ODD if odd.strip()], ids=ascii)
def test_odd_names_survive(odd):
    edits = (Edit("rename", ("t01",), odd), Edit("move", ("t01",), texts=(odd, "b")))
    text = render(odd, odd, [("t01", odd, odd, 1)], edits)
    assert read(text) == Edits(odd, edits, "topics.yaml")
    loaded = yaml.safe_load(text)
    assert loaded["analysis"] == loaded["topics"]["t01"]["name"] == loaded["edits"][0]["to"] == odd


@given(anything, st.text(), any_topics, st.lists(any_edit, max_size=5))
def test_what_is_written_is_read_back(analysis, source, topics, edits):
    text = render(analysis, source, topics, edits)
    assert read(text) == Edits(analysis, tuple(edits), "topics.yaml")
    loaded = yaml.safe_load(text)
    assert loaded["analysis"] == analysis
    shown = {topic: {"name": name, "theme": theme, "statements": n} for topic, name, theme, n in topics}
    assert (loaded["topics"] or {}) == shown
    assert all(describe(edit) and "\n" not in describe(edit) for edit in edits)


# Adding

LAYOUTS = {
    "as written": render("a", "survey.csv", [("t01", "late", "delivery", 3)]),
    "with edits": FILE,
    "no line break at the end": FILE.rstrip("\n"),
    "Windows": FILE.replace("\n", "\r\n"),
    "byte-order mark": "\ufeff" + FILE.split("\n", 1)[1],
    "comments behind": FILE + "  # - delete: t01\n\n  # not sure\n\n\n# end",
    "comment in the last line": FILE.rstrip("\n") + "   # keep: this",
    "edits before topics": "analysis: a\nedits:\n  - pin: t01 # first\n  # why\n\n# The topics\ntopics: {}\n",
    "empty edits before topics": "analysis: a\nedits:   # here\n  # - pin: t02\n\n# The topics\ntopics: {}\n",
    "no edits": "# mine\nanalysis: a # b\ntopics:\n  t01: {name: x}   # c\n  # d\n# e\n",
    "no edits, empty topics": "analysis: a\ntopics:",
    "only the analysis": "analysis: a",
    "dashes at the margin": "analysis: a\nedits:\n- pin: t01\n- rename: t02\n  to: B\ntopics: {}\n",
    "deep dashes": "analysis: a\nedits:\n        - pin: t01\n",
    "dash alone": "analysis: a\nedits:\n  -\n    pin: t01\n",
    "flow edits": "analysis: a\nedits:\n  - {rename: t01, to: 'B'}   # b\n  - {pin: t01}\n",
    "flow list": "analysis: a\nedits: [{pin: t01}, {rename: t01, to: B}]  # b\n",
    "flow list on lines": "analysis: a\nedits: [\n  {pin: t01},  # a\n  {pin: t02},  # b\n]\ntopics: {}\n",
    "flow list without braces": "analysis: a\nedits: [pin: t01, delete: t02 # b\n  ]\n",
    "all on one line": "{analysis: a, edits: [{pin: t01}]}",
    "all on one line, no edits": "{analysis: a, topics: {}}",
    "all on one line, missing": "{analysis: a, edits: , topics: {}}",
    "all on one line, empty": '{"analysis": "a", "edits": []}\n',
    "empty list with a comment": "analysis: a\nedits: [  # none\n  ]\n",
    "block text": "analysis: a\nedits:\n  - move: |\n      two\n      lines\n\n    to: |-\n      t01\n\n  # b\n",
    "block text at the end": "analysis: a\nedits:\n  - rename: t01\n    to: |\n      two\n      lines",
    "kept breaks": "analysis: a\nedits:\n  - rename: t01\n    to: >+\n      two\n\n\ntopics: {}\n",
    "several lines": "analysis: a\nedits:\n  - rename: t01\n    to: Late\n      delivery\n\n",
    "quotes over lines": "analysis: a\nedits:\n  - rename: t01\n    to: 'Late\n\n      # delivery'  # b\n",
    "list of texts": "analysis: a\nedits:\n  - to: t01\n    move:\n    - one\n    # b\n    - two\n    # c\n",
    "document marks": "%YAML 1.1\n---\nanalysis: a\nedits:\n  - pin: t01\n...\n",
    "document marks, no edits": "---\nanalysis: a\ntopics:\n...\n",
    "indented": "  analysis: a\n  edits:\n    - pin: t01\n  topics: {}\n",
    "indented, empty": "  analysis: a\n  edits:\n  topics: {}\n",
    "question mark": "analysis: a\n? edits\n: - pin: t01\n",
    "old Mac": "analysis: a\redits:\r  - pin: t01\r",
}
REPLACED = {
    "null on one line": '{"analysis": "a", "edits": null, "topics": {}}',
    "null": "analysis: a\nedits: null  # none\ntopics: {}\n",
    "tilde": "analysis: a\nedits: ~",
    "brackets": "analysis: a\nedits: []\n# end\n",
    "spaced brackets": "analysis: a\nedits: [ ]   # none\n",
    "null below": "analysis: a\nedits:\n  null\n",
}


def is_in_one_piece(before: str, after: str) -> bool:
    """Whether something was put into `before` at one place and nothing else changed."""
    return any(after.startswith(before[:i]) and after.endswith(before[i:]) for i in range(len(before) + 1))


@pytest.mark.parametrize("layout", [*LAYOUTS, *REPLACED])
def test_an_edit_is_added_to_any_layout(layout):
    text = {**LAYOUTS, **REPLACED}[layout]
    before = read(text)
    for count, edit in enumerate((*EDITS, Edit("rename", ("t01",), "Cafe: 'x' # \"y\" 📦")), start=1):
        after = append(text, edit)
        edits = read(after)
        assert edits.analysis == before.analysis and edits.edits[-1] == edit
        assert len(edits.edits) == len(before.edits) + count and edits.edits[:-1] == read(text).edits
        if layout in LAYOUTS or count > 1:
            assert is_in_one_piece(text, after) or is_in_one_piece(text + "\n", after)
        text = after
    original = {**LAYOUTS, **REPLACED}[layout]
    assert all(comment in text for comment in re.findall(r"#[^\r\n]*", original))
    assert ("\r\n" in original) == ("\r\n" in text) and (not re.search("[^\r]\n", text) or "\r\n" not in text)


def test_where_an_edit_is_added():
    edit = Edit("rename", ("t02",), "B")
    new = "  - rename: t02\n    to: B\n"
    assert append(FILE, edit) == FILE + new
    assert append(LAYOUTS["as written"], edit) == LAYOUTS["as written"] + new
    assert (
        append("analysis: a\nedits: ~ # none\ntopics: {}\n", edit) == f"analysis: a\nedits: # none\n{new}topics: {{}}\n"
    )
    assert append("analysis: a\nedits: []\n", edit) == f"analysis: a\nedits:\n{new}"
    before, comment, after = "analysis: a\nedits:\n  - pin: t01\n", "  # why\n", "\n# The topics\ntopics: {}\n"
    assert append(before + comment + after, edit) == before + comment + new + after
    before = "analysis: a\nedits:   # here\n"
    assert append(before + comment + after, edit) == before + comment + new + after
    assert append("analysis: a\nedits: [{pin: t01}]\n", edit) == (
        "analysis: a\nedits: [{pin: t01}, {rename: t02, to: B}]\n"
    )


def test_nothing_is_added_where_it_cannot_be(monkeypatch):
    assert "line 1" in mistake(append, "[", EDITS[0]).found
    assert mistake(append, "analysis: a\n? edits\n", EDITS[0]).found.startswith("topics.yaml: no edit can be added")
    assert mistake(append, "{analysis: a, edits}", EDITS[0], source="my.yaml").found.startswith("my.yaml: no edit")
    monkeypatch.setattr(edits_file, "LARGEST", len(FILE) + 10)
    assert "for its size" in mistake(append, FILE, EDITS[0]).found


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([*LAYOUTS.values(), *REPLACED.values()]), st.lists(any_edit, min_size=1, max_size=4))
def test_whatever_is_added_is_read_back(text, edits):
    before = read(text).edits
    for edit in edits:
        text = append(text, edit)
    assert read(text).edits == (*before, *edits)


@given(any_topics, st.lists(any_edit, max_size=3), any_edit)
def test_adding_to_what_was_written_is_writing_it(topics, edits, edit):
    text = render("a", "survey.csv", topics, edits)
    assert append(text, edit) == render("a", "survey.csv", topics, [*edits, edit])


# Whatever comes


class World:
    """What a person sees while editing, kept apart from the code under test: the topics and who is pinned.

    Each method draws an edit of its kind that may be made now, or None where there is none, and makes it.
    """

    def __init__(self, draw) -> None:
        self.draw, self.topics, self.pinned, self.where, self.edits = draw, list(IDS), [], {}, []

    def one(self, topics: list[str]) -> str:
        return self.draw(st.sampled_from(topics))

    def free(self) -> list[str]:
        return [topic for topic in self.topics if topic not in self.pinned]

    def name(self) -> str:
        return f"{self.draw(anything)} {len(self.edits)}"  # the number keeps names apart

    def rename(self) -> Edit | None:
        return Edit("rename", (self.one(self.topics),), self.name()) if self.topics else None

    def merge(self) -> Edit | None:
        kept = self.one(self.topics) if self.topics else None
        free = [topic for topic in self.free() if topic != kept]
        if not free:
            return None
        others = self.draw(st.lists(st.sampled_from(free), min_size=1, max_size=3, unique=True))
        self.topics = [topic for topic in self.topics if topic not in others]
        self.where = {text: kept if at in others else at for text, at in self.where.items()}
        return Edit("merge", (kept, *others), self.name() if self.draw(st.booleans()) else None)

    def split(self) -> Edit | None:
        if not self.free():
            return None
        topic, into = self.one(self.free()), self.draw(st.integers(2, 20))
        at = self.topics.index(topic)
        self.topics[at : at + 1] = [f"{topic}.{number}" for number in range(1, into + 1)]
        self.where = {text: at for text, at in self.where.items() if at != topic}
        return Edit("split", (topic,), into=into)

    def move(self) -> Edit | None:
        if not self.topics:
            return None
        topic, chosen = self.one(self.topics), self.draw(st.lists(anything, min_size=1, max_size=3))
        texts = tuple(text for text in chosen if self.where.get(text, topic) == topic)
        self.where |= dict.fromkeys(texts, topic)
        return Edit("move", (topic,), texts=texts) if texts else None

    def delete(self) -> Edit | None:
        if not self.free():
            return None
        topic = self.one(self.free())
        self.topics.remove(topic)
        self.where = {text: at for text, at in self.where.items() if at != topic}
        return Edit("delete", (topic,))

    def pin(self) -> Edit | None:
        if not self.topics:
            return None
        topic = self.one(self.topics)
        self.pinned = list(dict.fromkeys([*self.pinned, topic]))
        return Edit("pin", (topic,))


@st.composite
def valid(draw) -> tuple[list[Edit], World]:
    world = World(draw)
    for kind in draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=12)):
        edit = getattr(world, kind)()
        world.edits += [edit] if edit else []
    return world.edits, world


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(valid())
def test_valid_edits_replay_through_the_file(case):
    edits, world = case
    found = read(render("a", "survey.csv", [], edits))
    assert replay(found, IDS, names=NAMES) == tuple(edits)
    after = (*world.pinned, *(topic for topic in world.topics if topic not in world.pinned))
    assert resulting_ids(found, IDS) == (after, tuple(world.pinned))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(valid(), st.data())
def test_one_wrong_edit_among_valid_ones_is_named(case, data):
    edits, world = case
    gone = sorted({topic for edit in edits for topic in edit.topics} - set(world.topics))
    wrong = data.draw(st.sampled_from([
        Edit("pin", ("t99",)),
        *(Edit("delete", (topic,)) for topic in world.pinned),
        *(Edit("split", (topic,), into=3) for topic in world.pinned),
        *(Edit("merge", (topic, pinned)) for pinned in world.pinned for topic in world.topics if topic != pinned),
        *(Edit("rename", (topic,), "A") for topic in gone),
        *(Edit("move", (t,), texts=(text,)) for text, at in world.where.items() for t in world.topics if t != at),
    ]))  # fmt: skip
    text = render("a", "survey.csv", [], [*edits, wrong])
    line = read(text).edits[-1].line
    assert mistake(replay, read(text), IDS).found.startswith(f"topics.yaml line {line}: ")


@st.composite
def corrupted(draw) -> str:
    text = draw(st.sampled_from([FILE, *LAYOUTS.values()]) | valid().map(lambda c: render("a", "s", [], c[0])))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 0, 1, 1, 2, 5, 40])))
        put = draw(st.sampled_from(["", "", " ", "\n", "\t", "- ", ": ", "t07", "2", "|", "? ", "[", "}", *ODD]))
        text = text[:start] + put + text[end:]
    return text


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(corrupted() | st.text() | st.text(st.sampled_from("ab:#-'\"\\ \n,[]{}&*!|>%?~"), max_size=40))
@example("analysis: a\nedits:\n- pin: t01\n- pin: t02: 3")
@example("!")
@example("\x00")
def test_a_damaged_file_is_read_or_its_line_named_and_nothing_else(text):
    try:
        edits = read(text)
        replay(edits, IDS, names=NAMES)
        assert read(append(text, EDITS[0])).edits == (*edits.edits, EDITS[0])
    except InputError as error:
        expected = r"topics\.yaml( line [1-9][0-9]*: .|: no edit can be added)"
        assert re.match(expected, error.found) and "\n" not in error.found
