"""CLEAN: comments as they came in become clean text, cut into statements that say one thing each.

One function, `clean`. Where a change goes:

- ``normalise.py``: markup, entities, invisible characters, white space;
- ``privacy.py``: what is masked, and how it is told from an order number;
- ``junk.py`` and ``junk.toml``: answers without content (the phrases are data, one list a language);
- ``language.py``: which language, and whether the model speaks it;
- ``split.py``, ``clauses.py`` and ``split.toml``: sentences and clauses (abbreviations and conjunctions are data);
- ``notes.py``: what the user is told;
- ``clean.py``: the order of these steps and the two tables.
"""

from cxnlp.text.clean import clean

__all__ = ["clean"]
