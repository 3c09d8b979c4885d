"""THE USER'S CODES: which tags of a codebook each statement carries, and which of them a person should look at.

::

    book = load("three-cs")
    wording, languages = texts(book)                  # encoded in the pipeline's one pass
    tagger = fit(book, embedding_of_wording)
    verdicts = tag(tagger, embedding_of_statements, statements["text"])
    review_table(tagger, verdicts, statements)        # a person answers; add_corrections(book, path) learns from it

In a run, `wording` reads the codebook before the slow work and `apply` is the stage.

Where a change goes
-------------------
- what a book may hold, and what makes one unusable: `book`; which files and shipped books there are: `files`
- how a file is read and written: `yaml_format`, `csv_format`, `qda_format` (and `qda_xml`, which guards it)
- which texts teach which tag: `references`; the shipped wording: ``shipped/*.yaml``
- how a statement is scored: `scoring`, one function; on what texts it is tried: `held_out`
- what a probability means: `calibration`; when to say yes, no or neither: `conformal`
- how these come together, and what the user is told: `fitting`, `tagging`; how a run uses them: `stage`
- columns: `tables`; what a person may answer: `corrections`
"""

from cxnlp.codebook.book import Codebook, Tag, label_of
from cxnlp.codebook.corrections import add_corrections
from cxnlp.codebook.files import SHIPPED, load, write
from cxnlp.codebook.fitting import BASES, Tagger, fit
from cxnlp.codebook.references import texts
from cxnlp.codebook.stage import Wording, apply, none, wording
from cxnlp.codebook.tables import CODES, REVIEW, STATEMENT_CODES, codes_table, review_table, statement_codes
from cxnlp.codebook.tagging import DOUBT, NO, YES, Verdicts, tag

__all__ = [
    "load",
    "write",
    "add_corrections",
    "texts",
    "fit",
    "tag",
    "codes_table",
    "statement_codes",
    "review_table",
    "label_of",
    "Wording",
    "apply",
    "none",
    "wording",
    "Codebook",
    "Tag",
    "Tagger",
    "Verdicts",
    "SHIPPED",
    "BASES",
    "CODES",
    "STATEMENT_CODES",
    "REVIEW",
    "YES",
    "NO",
    "DOUBT",
]
