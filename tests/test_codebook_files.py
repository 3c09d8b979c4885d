"""Codebooks in files: what is read comes back when written, and what is wrong is said with file and line."""

from __future__ import annotations

import os
import uuid
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cxnlp import codebook
from cxnlp.codebook import Codebook, Tag, qda_xml
from cxnlp.errors import CxnlpError, InputError, OutputError, SettingsError

BOOK = Codebook(
    "parcels & more",
    "How things arrive.\n\nSecond paragraph: with a colon.",
    (
        Tag(
            "delivery",
            {"en": "Delivery", "ro": "Livrare"},
            {"": "How it arrives.\nExamples:\n\\Label (en):", "en": "How the <parcel> arrives, & when."},
            {
                "en": ("It came late.", "no", "12", "-5 degrees in the van", "=SUM(A1)", "'=x", 'a "quoted"; one, too'),
                "ro": ("A întârziat.",),
            },
            {"en": ("Late check-out.",)},
        ),
        Tag("delivery / courier", {"pl": "Kurier"}, {"": "The courier."}),
        Tag("price / level / too high", {}, {}, {"": ("Too dear.", "# dear")}, {"pl": ("Za drogo: nie.",)}),
    ),
)


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# Shipped books


@pytest.mark.parametrize("name", codebook.SHIPPED)
def test_a_shipped_book_has_four_languages_and_clear_sides(name: str) -> None:
    book = codebook.load(name)
    for tag in book.tags:
        for kind in (tag.label, tag.description, tag.examples, tag.counter_examples):
            assert set(kind) == {"en", "ro", "pl", "it"}
        assert min(len(texts) for texts in tag.examples.values()) >= 12
        assert min(len(texts) for texts in tag.counter_examples.values()) >= 5
    examples = [text for tag in book.tags for _, text in tag.texts("examples")]
    assert len(examples) == len(set(examples))
    off_topic = {text for _, text in codebook.references.background()}
    assert not off_topic & set(examples)
    assert len(off_topic) == 9 * 25


# Round trips


@pytest.mark.parametrize("suffix", [".yaml", ".yml", ".csv"])
@pytest.mark.parametrize("book", [BOOK, *map(codebook.load, codebook.SHIPPED)], ids=lambda book: book.name)
def test_a_book_comes_back(tmp_path: Path, book: Codebook, suffix: str) -> None:
    path = tmp_path / f"book{suffix}"
    codebook.write(book, path)
    assert codebook.load(path) == book
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("book", [BOOK, *map(codebook.load, codebook.SHIPPED)], ids=lambda book: book.name)
def test_tags_come_back_from_refi_qda_and_the_file_is_the_same_again(tmp_path: Path, book: Codebook) -> None:
    first, second = tmp_path / "a.qdc", tmp_path / "b.qdc"
    codebook.write(book, first)
    read = codebook.load(first)
    assert read.tags == book.tags
    codebook.write(read, second)
    assert second.read_bytes() == first.read_bytes()


_words = some.text(some.characters(exclude_categories=["Cs"]), max_size=30).map(codebook.book.line)
_texts = _words.filter(bool)
_codes = some.sampled_from(["", "en", "pl", "pt-br"])


@some.composite
def _books(draw: some.DrawFn) -> Codebook:
    names = draw(some.lists(_texts, min_size=1, max_size=4, unique_by=lambda name: codebook.book.same(name)))
    tags = []
    for name in names:
        examples = draw(some.dictionaries(_codes, some.lists(_texts, min_size=1, max_size=3).map(tuple), max_size=2))
        described = draw(some.dictionaries(_codes, _texts, max_size=2)) or {"": "words"}
        tags.append(Tag(name, draw(some.dictionaries(_codes, _texts, max_size=2)), described, examples))
    return Codebook(draw(_texts), draw(_words), tuple(tags))


@given(book=_books(), suffix=some.sampled_from([".yaml", ".csv"]))
def test_any_book_comes_back(tmp_path_factory: pytest.TempPathFactory, book: Codebook, suffix: str) -> None:
    path = tmp_path_factory.mktemp("book") / f"book{suffix}"
    codebook.write(book, path)
    assert codebook.load(path) == book


def test_a_book_without_languages_is_written_plainly(tmp_path: Path) -> None:
    book = Codebook("b", "", (Tag("a", {"": "A"}, {"": "what"}, {"": ("one", "two")}),))
    codebook.write(book, tmp_path / "b.yaml")
    assert (tmp_path / "b.yaml").read_text() == (
        "name: b\ntags:\n- name: a\n  label: A\n  description: what\n  examples:\n  - one\n  - two\n"
    )


def test_scalars_are_the_words_that_stand_there(tmp_path: Path) -> None:
    path = write(tmp_path, "b.yaml", "tags:\n- name: 1\n  examples:\n    no: [No, 1_000, 2020-01-01, ~x]\n")
    assert codebook.load(path).tags == (Tag("1", examples={"no": ("No", "1_000", "2020-01-01", "~x")}),)


def test_a_spreadsheet_with_semicolons_in_any_column_order_is_read(tmp_path: Path) -> None:
    content = (
        "text;kind;tag;language;label\r\nLate again;example;Delivery;en;Delivery, etc.\r\n;;delivery;pl;Dostawa\r\n"
    )
    book = codebook.load(write(tmp_path, "book.csv", content))
    assert book.tags == (Tag("Delivery", {"en": "Delivery, etc.", "pl": "Dostawa"}, {}, {"en": ("Late again",)}),)
    assert (book.name, book.tags[0].line) == ("book", 2)


# REFI-QDA

QDC = """<?xml version="1.0" encoding="utf-8"?>
<CodeBook xmlns="urn:QDA-XML:codebook:1.0" origin="SomeQDA 9">
  <Codes>
    <Code guid="6f0c3f4e-0000-4000-8000-000000000001" name="Service" isCodable="false">
      <Description>only a level</Description>
      <Code guid="6f0c3f4e-0000-4000-8000-000000000002" name="Waiting / queue" isCodable="true" color="#FF0000"/>
      <Code guid="6f0c3f4e-0000-4000-8000-000000000003" name="Staff" isCodable="true">
        <Description>How people behave.

Examples:
- Rude clerk.
- A long one
that goes on.</Description>
      </Code>
    </Code>
  </Codes>
  <Sets><Set guid="6f0c3f4e-0000-4000-8000-000000000009" name="s"><Description>not a code</Description></Set></Sets>
</CodeBook>
"""


def test_codes_of_another_program_are_read_with_their_levels(tmp_path: Path) -> None:
    book = codebook.load(write(tmp_path, "codes.qdc", QDC))
    assert book.tags == (
        Tag("Service / Waiting/queue", {}, {"": "Waiting/queue"}),
        Tag("Service / Staff", {}, {"": "How people behave."}, {"": ("Rude clerk.", "A long one that goes on.")}),
    )
    assert (book.name, book.description) == ("codes", "codes from SomeQDA 9")
    assert [tag.line for tag in book.tags] == [6, 7]
    assert (book.notes[0].count, book.notes[0].message.endswith(": Service")) == (1, True)


def test_identifiers_and_colours_survive_and_a_bare_code_stays_bare(tmp_path: Path) -> None:
    book = codebook.load(write(tmp_path, "codes.qdc", QDC))
    codebook.write(book, tmp_path / "again.qdc")
    text = (tmp_path / "again.qdc").read_text()
    again = codebook.load(tmp_path / "again.qdc")
    assert [(tag.guid, tag.color) for tag in again.tags] == [(tag.guid, tag.color) for tag in book.tags]
    assert again.tags[0].color == "#FF0000"
    assert 'name="Waiting/queue" isCodable="true" color="#FF0000" />' in text


def test_new_identifiers_are_valid_and_depend_on_the_name_alone(tmp_path: Path) -> None:
    def guids(book: Codebook) -> dict[str, str]:
        codebook.write(book, tmp_path / "b.qdc")
        return {tag.name: tag.guid for tag in codebook.load(tmp_path / "b.qdc").tags}

    forwards = guids(BOOK)
    backwards = guids(Codebook("other", "", tuple(reversed(BOOK.tags))))
    assert forwards == backwards
    assert {uuid.UUID(guid).version for guid in forwards.values()} == {5}


def test_a_project_gives_its_codes(tmp_path: Path) -> None:
    project = QDC.replace("codebook:1.0", "project:1.0").replace("<CodeBook", "<Project>\n<CodeBook", 1)
    project = project.replace("<Project>", '<Project xmlns="urn:QDA-XML:project:1.0" name="p">') + "</Project>"
    with zipfile.ZipFile(tmp_path / "p.qdpx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sources/1.txt", "text")
        archive.writestr("project.qde", project)
    assert [tag.name for tag in codebook.load(tmp_path / "p.qdpx").tags] == [
        "Service / Waiting/queue",
        "Service / Staff",
    ]


ENTITY = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n'
BAD_QDA = {
    "a document type": (QDC.replace("?>\n", "?>\n" + ENTITY, 1), "line 2", "document type"),
    "in UTF-16": (QDC.replace('utf-8"?>', 'utf-16"?>\n' + ENTITY, 1).encode("utf-16"), "line 2", "document type"),
    "cut off": (QDC[:400], "line 7", "not valid XML"),
    "another root": ("<html/>", "line 1", "'html'"),
    "another namespace": ('<CodeBook xmlns="urn:x"/>', "line 1", "CodeBook"),
    "a nameless code": (QDC.replace('name="Staff"', 'name=" "'), "line 7", "without a name"),
    "too deep": ('<CodeBook xmlns="urn:QDA-XML:codebook:1.0">' + "\n<Code name='a'>" * 70, "line 65", "64"),
    "no codes": ('<CodeBook xmlns="urn:QDA-XML:codebook:1.0"><Codes/></CodeBook>', "no tags", "book.qdc"),
    "a name twice": (QDC.replace("Staff", "Waiting/queue"), "line 7", "in line 6"),
}


@pytest.mark.parametrize(("content", "where", "what"), BAD_QDA.values(), ids=BAD_QDA)
def test_bad_xml_is_refused_with_its_line(tmp_path: Path, content: str | bytes, where: str, what: str) -> None:
    with pytest.raises(InputError) as raised:
        codebook.load(write(tmp_path, "book.qdc", content))
    assert where in raised.value.found
    assert what in raised.value.found
    assert "book.qdc" in raised.value.found


def test_a_zip_bomb_stops_at_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qda_xml, "MAX_BYTES", 2**20)
    with zipfile.ZipFile(tmp_path / "bomb.qdpx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("project.qde", '<Project xmlns="urn:QDA-XML:project:1.0">' + " " * 2**22)
    assert (tmp_path / "bomb.qdpx").stat().st_size < 2**14
    with pytest.raises(InputError, match="more than 1 MB"):
        codebook.load(tmp_path / "bomb.qdpx")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"\x00" * 100])
def test_what_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError, match=r"p\.qdpx is no readable zip"):
        codebook.load(write(tmp_path, "p.qdpx", content))


def test_a_zip_without_project_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "p.qdpx", "w") as archive:
        archive.writestr("other.txt", "")
    with pytest.raises(InputError, match=r"no project\.qde"):
        codebook.load(tmp_path / "p.qdpx")


# Bad books

GOOD = "tags:\n- name: a\n  description: what\n"
BAD_YAML = {
    "no yaml": (GOOD + "  label: [", "line 5"),
    "a quote that never ends": (GOOD + '- name: "b\n', "book.yaml is not valid YAML"),
    "empty": ("", "is empty"),
    "no tags key": ("name: x\n", "no tags"),
    "null tags": ("tags:\n", "no tags"),
    "an empty list": ("tags: []\n", "no tags"),
    "tags is a text": ("tags: many\n", "line 1"),
    "the book is a list": ("- name: a\n", "line 1"),
    "the book is a text": ("hello", "line 1"),
    "a tag is a text": ("tags:\n- delivery\n", "line 2"),
    "a tag is a list": ("tags:\n- [delivery]\n", "line 2"),
    "no name": ("tags:\n- description: x\n", "line 2"),
    "a null name": ("tags:\n- name:\n  description: x\n", "line 2"),
    "the name is a list": ("tags:\n- name: [a]\n  description: x\n", "line 2"),
    "a key twice": (GOOD + "  description: again\n", "line 4"),
    "a name twice": (GOOD + "- name: A\n  description: x\n", "in line 2"),
    "nothing said": (GOOD + "- name: b\n  counter_examples: [x]\n", "line 4"),
    "an empty description": (GOOD + "- name: b\n  description: ' '\n", "line 4"),
    "examples as one text": (GOOD + "  examples: late\n", "line 4"),
    "examples in examples": (GOOD + "  examples: [[late]]\n", "line 4"),
    "an empty example": (GOOD + "  examples:\n  - late\n  -\n", "line 6"),
    "an example with a colon": (GOOD + "  examples:\n  - he said: late\n", "line 5"),
    "no language": (GOOD + "  examples:\n    good ones: [late]\n", "line 5"),
    "a description as a list": (GOOD + "- name: b\n  description: [x]\n", "line 5"),
    "both sides": (GOOD + "- name: b\n  examples: {en: [late]}\n  counter_examples: [' late ']\n", "line 4"),
    "a list that holds itself": (GOOD + "  examples: &e [*e]\n", "line 4"),
    "too many levels": ("tags: " + "[" * 100_000, "line 1"),
    "a null byte": ("tags: \0", "not valid YAML"),
}


@pytest.mark.parametrize(("content", "what"), BAD_YAML.values(), ids=BAD_YAML)
def test_a_bad_yaml_is_refused_with_its_line(tmp_path: Path, content: str, what: str) -> None:
    with pytest.raises(InputError) as raised:
        codebook.load(write(tmp_path, "book.yaml", content))
    assert what in raised.value.found
    assert "book.yaml" in raised.value.found


@pytest.mark.parametrize(
    ("content", "line", "fix"),
    [
        (GOOD + "  exmples: [x]\n", 4, "examples:"),
        (GOOD + "  counter-examples: [x]\n", 4, "counter_examples:"),
        ("title: x\n" + GOOD, 1, "name:"),
    ],
)
def test_an_unknown_key_gets_the_nearest_one(tmp_path: Path, content: str, line: int, fix: str) -> None:
    with pytest.raises(SettingsError) as raised:
        codebook.load(write(tmp_path, "book.yaml", content))
    assert f"line {line} of" in raised.value.found
    assert raised.value.fix == fix


HEADER = "tag,label,language,kind,text\n"
BAD_CSV = {
    "no such column": ("tag,label,language,kind\na,A,en,example\n", "no column 'text'"),
    "empty": ("", "no column 'tag'"),
    "no rows": (HEADER, "no tags"),
    "an unknown kind": (HEADER + "a,,en,example,x\na,,en,exmaple,y\n", "line 3"),
    "no text": (HEADER + "a,,en,example,\n", "line 2"),
    "no tag": (HEADER + ",,en,example,x\n", "line 2"),
    "no language": (HEADER + "a,,the English,example,x\n", "line 2"),
    "too many cells": (HEADER + "a,,en,example,well, late\n", "line 2"),
    "two labels": (HEADER + 'a,A,en,example,"x\ny"\na,B,en,example,z\n', "line 4"),
    "two descriptions": (HEADER + "a,,en,description,x\na,,en,description,z\n", "line 3"),
    "nothing said": (HEADER + "a,A,en,counter-example,x\n", "line 2"),
    "both sides": (HEADER + "a,,en,counter-example,x\na,,,example,x\n", "line 2"),
    "an open quote": (HEADER + 'a,,en,example,"x\n', "no readable CSV"),
}


@pytest.mark.parametrize(("content", "what"), BAD_CSV.values(), ids=BAD_CSV)
def test_a_bad_csv_is_refused_with_its_line(tmp_path: Path, content: str, what: str) -> None:
    with pytest.raises(InputError) as raised:
        codebook.load(write(tmp_path, "book.csv", content))
    assert what in raised.value.found
    assert "book.csv" in raised.value.found


@pytest.mark.parametrize("name", ["book.yaml", "book.csv", "book.qdc", "book.qdpx"])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=f"cannot open .*{name}"):
        codebook.load(tmp_path / name)


@pytest.mark.parametrize("name", ["book.yaml", "book.csv"])
def test_another_encoding_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="not UTF-8"):
        codebook.load(write(tmp_path, name, "tag,label,language,kind,text\nłódź".encode("cp1250")))


def test_an_unknown_shipped_name_lists_them() -> None:
    with pytest.raises(SettingsError) as raised:
        codebook.load("three-c")
    assert raised.value.expected == "one of: three-cs, digital-experience"
    assert raised.value.fix == "--codebook three-cs"


def test_other_suffixes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"codes\.docx"):
        codebook.load("codes.docx")
    with pytest.raises(SettingsError, match=r"\.qdpx"):
        codebook.write(BOOK, tmp_path / "book.qdpx")


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "book.yaml").mkdir()
    with pytest.raises(OutputError):
        codebook.write(BOOK, tmp_path / "book.yaml")
    assert os.listdir(tmp_path) == ["book.yaml"]


# Corrections

REVIEW = "statement_id,comment_id,text,language,tag,label,probability,doubt,count,answer\n"


def row(text: str, tag: str, answer: str, language: str = "en") -> str:
    return f'1,c1,"{text}",{language},{tag},x,0.5,1,1,{answer}\n'


def test_answers_become_examples_and_counter_examples(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "review.csv",
        REVIEW
        + row("Never came.", "delivery", "yes")
        + row("Nu a venit.", "Delivery", " DA ", "ro")
        + row("Nice socks.", "delivery", "no")
        + row("'=x?", "delivery / courier", "no", "")
        + row("Unsure.", "delivery", ""),
    )
    book = codebook.add_corrections(BOOK, path)
    delivery, courier, price = book.tags
    assert delivery.examples["en"] == (*BOOK.tags[0].examples["en"], "Never came.")
    assert delivery.examples["ro"] == ("A întârziat.", "Nu a venit.")
    assert delivery.counter_examples == {"en": ("Late check-out.", "Nice socks.")}
    assert courier.counter_examples == {"": ("=x?",)}
    assert price == BOOK.tags[2]
    assert book.notes == ()
    assert codebook.add_corrections(book, path) == book


@pytest.mark.parametrize("answer", ["yes", "Da", "TAK", "sì", "si", "1", "true", "1.0", "y", "Adevărat"])
def test_many_words_mean_yes(tmp_path: Path, answer: str) -> None:
    path = write(tmp_path, "r.csv", REVIEW + row("New.", "delivery", answer))
    assert codebook.add_corrections(BOOK, path).tags[0].examples["en"][-1] == "New."


@pytest.mark.parametrize("answer", ["no", "Nu", "NIE", "0", "false", "0.0", "n", "fałsz", "não"])
def test_many_words_mean_no(tmp_path: Path, answer: str) -> None:
    path = write(tmp_path, "r.csv", REVIEW + row("New.", "delivery", answer))
    assert codebook.add_corrections(BOOK, path).tags[0].counter_examples["en"][-1] == "New."


def test_an_answer_overrides_the_book_and_says_so(tmp_path: Path) -> None:
    path = write(tmp_path, "r.csv", REVIEW + row("Late check-out.", "delivery", "yes") + row("no", "delivery", "no"))
    book = codebook.add_corrections(BOOK, path)
    assert "no" not in book.tags[0].examples["en"]
    assert book.tags[0].examples["en"][-1] == "Late check-out."
    assert book.tags[0].counter_examples == {"en": ("no",)}
    assert (book.notes[0].count, book.notes[0].level) == (2, "info")


def test_a_list_without_answers_changes_nothing_and_says_so(tmp_path: Path) -> None:
    book = codebook.add_corrections(BOOK, write(tmp_path, "r.csv", REVIEW + row("New.", "delivery", " ")))
    assert book == BOOK
    assert "no answers" in book.notes[0].message


BAD_ANSWERS = {
    "neither": (row("a", "delivery", "yes") + row("b", "delivery", "maybe"), "line 3", "'maybe'"),
    "an unknown tag": (row("b", "delivry", "yes"), "line 2", "'delivry'"),
    "no text": (row("", "delivery", "no"), "line 2", "without a text"),
    "both": (row("b", "delivery", "yes") + row(" b ", "delivery", "no"), "line 3", "in line 2"),
}


@pytest.mark.parametrize(("rows", "line", "what"), BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_a_bad_answer_is_refused_with_its_line(tmp_path: Path, rows: str, line: str, what: str) -> None:
    with pytest.raises(CxnlpError) as raised:
        codebook.add_corrections(BOOK, write(tmp_path, "r.csv", REVIEW + rows))
    assert f"{line} of {tmp_path / 'r.csv'}" in raised.value.found
    assert what in raised.value.found


def test_the_nearest_tag_is_proposed(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        codebook.add_corrections(BOOK, write(tmp_path, "r.csv", REVIEW + row("b", "delivry", "yes")))
    assert raised.value.fix == "delivery"


def test_a_review_list_without_its_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no column 'answer'"):
        codebook.add_corrections(BOOK, write(tmp_path, "r.csv", "text,tag\na,delivery\n"))
