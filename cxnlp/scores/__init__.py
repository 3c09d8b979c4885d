"""JOIN: scores, outcomes and customers, checked before the slow part starts and joined after it.

`parse` meets every mistake of the user; `join` meets none and builds the wide table at three grains.

Where a change goes
-------------------
- how a cell is read as a number, a date or a word: `numbers`, `dates`, `words`
- score columns and their scales: `answers`
- the bad outcome, named or derived: `outcomes`
- segments and controls: `background`
- the customers file and its key: `customers`
- statements -> comments: `rollup`; comments -> customers: `units`
"""

from cxnlp.scores.joining import join
from cxnlp.scores.parsing import parse

__all__ = ["join", "parse"]
