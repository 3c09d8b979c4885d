"""The stage: statements, their embeddings and a codebook in; which code each statement carries out."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cxnlp import schema
from cxnlp.codebook.book import STAGE, Codebook
from cxnlp.codebook.corrections import add_corrections
from cxnlp.codebook.files import SHIPPED, load, write
from cxnlp.codebook.fitting import fit
from cxnlp.codebook.references import texts
from cxnlp.codebook.tables import codes_table, review_table, statement_codes
from cxnlp.codebook.tagging import DOUBT, YES, tag
from cxnlp.config import CodebookConfig
from cxnlp.errors import SettingsError
from cxnlp.results import Codes, Encoding, Note, Statements

__all__ = ["FILE", "Wording", "apply", "none", "wording"]

FILE = "codebook.yaml"


@dataclass(frozen=True, slots=True)
class Wording:
    """A codebook and its texts (m,) with their languages, to be encoded with the same model as the statements."""

    book: Codebook
    texts: list[str]
    languages: list[str]


def wording(config: CodebookConfig) -> Wording | None:
    """The codebook that `config` names, with corrections, before any slow work; None where it names none.

    Raises InputError for a codebook or corrections that cannot be used, naming the line; SettingsError for
    corrections without a codebook.
    """
    if config.codebook is None:
        if config.corrections is not None:
            raise SettingsError(
                f"--corrections {config.corrections} without --codebook",
                expected="the codebook that was corrected",
                fix=f"--codebook FILE --corrections {config.corrections}",
            )
        return None
    book = load(config.codebook)
    if config.corrections is not None:
        book = add_corrections(book, config.corrections)
    return Wording(book, *texts(book))


def apply(
    given: Wording | None,
    embedding: np.ndarray | None,
    statements: Statements,
    encoding: Encoding,
    config: CodebookConfig,
) -> Codes:
    """Tag every statement with the codes of the book.

    Parameters
    ----------
    given, embedding : the codebook and the embeddings (m, width) of its texts; None without a codebook.
    statements, encoding : n statements and their embeddings by the same model.
    config : the error rate allowed.
    """
    if given is None or embedding is None:
        return none(len(statements.table))
    language = _main_language(statements.table)
    tagger = fit(given.book, embedding, error_rate=config.error_rate)
    said = tag(tagger, encoding.embedding, statements.table["text"].tolist())
    counted = codes_table(tagger, said, language=language).rename(columns={"n_yes": "n_statements"})
    scored = int((statements.comments["status"] == "ok").sum())
    rows = statements.table["row"].to_numpy()
    yes, open_ = said.answer == YES, said.answer == DOUBT
    n_comments = np.array([len(np.unique(rows[yes[:, i]])) for i in range(yes.shape[1])], dtype=np.int64)
    at_most = np.array([len(np.unique(rows[(yes | open_)[:, i]])) for i in range(yes.shape[1])], dtype=np.int64)
    counted = counted.assign(
        n_comments=n_comments, share=n_comments / max(scored, 1), share_if_all_doubt=at_most / max(scored, 1)
    )
    review = review_table(tagger, said, statements.table, language=language)
    return Codes(
        schema.check(counted[schema.names("codes")], "codes"),
        schema.check(statement_codes(tagger, said), "code_of"),
        schema.check(review, "review"),
        (*given.book.notes, *tagger.notes, *_about_shipped(config)),
        {FILE: _as_yaml(given.book)},
    )


def none(n: int) -> Codes:
    """No codes for `n` statements."""
    of_statement = pd.DataFrame({name: [[] for _ in range(n)] for name in schema.names("code_of")}, dtype=object)
    return Codes(
        pd.DataFrame(columns=schema.names("codes")), of_statement, pd.DataFrame(columns=schema.names("review"))
    )


def _about_shipped(config: CodebookConfig) -> tuple[Note, ...]:
    if config.codebook not in SHIPPED or config.corrections is not None:
        return ()
    message = (
        f"{config.codebook} is a start: on comments unlike its examples most of a rare code's answers can be wrong; "
        "answer review.csv and give it back with --corrections"
    )
    return (Note(STAGE, message),)


def _as_yaml(book: Codebook) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / FILE
        write(book, path)
        return path.read_bytes()


def _main_language(table: pd.DataFrame) -> str:
    known = table["language"].dropna().value_counts()
    return str(min(known.index, key=lambda one: (-known[one], one))) if len(known) else "en"
