"""WAVES: what changed between two waves of comments whose statements carry the same topic ids.

`compare` takes both waves and gives one row a topic: whether it is mentioned more or less often, whether
what is said in it has moved, and in which words. README.md explains every test. Where a change goes:

- ``wave.py``      what a wave is, and what is refused
- ``counting.py``  who mentions what: comments, exposure, how much comments of one customer resemble each other
- ``rates.py``     the comparison of two rates
- ``strays.py``    whether a candidate is more than the strays of every later wave
- ``drift.py``     the distance of two centroids, and its permutation test
- ``tokens.py``    which words a statement holds
- ``words.py``     the words that a topic gained and lost
- ``columns.py``   the columns of the table
- ``compare.py``   the order of these, the false-discovery control, the status
"""

from cxnlp.waves.columns import CHANGES
from cxnlp.waves.compare import STATUSES, Comparison, compare
from cxnlp.waves.strays import grown_among_strays
from cxnlp.waves.wave import Wave

__all__ = ["compare", "grown_among_strays", "Comparison", "Wave", "CHANGES", "STATUSES"]
