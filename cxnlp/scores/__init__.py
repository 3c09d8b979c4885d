"""JOIN: scores, outcomes and customers, checked before the slow part starts and joined after it.

`parse` meets every mistake of the user; `join` meets none and builds the wide table at three grains.

Where a change goes
-------------------
- how a cell is read as a number, an amount, a date or a word: `numbers`, `amounts`, `dates`, `words`
- score columns and their scales: `answers`
- which outcomes there are: `outcomes`; how the user names them: `wanted`; those of yes and no: `events`; of scores:
  `graded`; of money: `amounts`
- dates of leaving and of observation, as written: `observation`; of each customer, and the window: `follow_up`
- segments, controls and clusters: `background`
- the customers file and its key: `customers`
- two random halves of the customers: `halves`
- statements -> comments: `rollup`; comments -> customers, silent ones too: `units`
"""

from cxnlp.scores.halves import halves
from cxnlp.scores.joining import join
from cxnlp.scores.parsing import parse

__all__ = ["halves", "join", "parse"]
