"""WAVES: what changed between two waves of comments whose statements carry the same topic ids.

`compare` takes both waves and gives one row a topic: whether it is mentioned more or less often, whether
what is said in it has moved, and in which words. `decompose` splits the change of a score or an outcome into
what goes with other customers, with other topics, and with neither. README.md explains both. Where a change goes:

- ``wave.py``      what a wave is, and what is refused
- ``counting.py``  who mentions what: comments, exposure, how much comments of one customer resemble each other
- ``rates.py``     the comparison of two rates
- ``strays.py``    whether a candidate is more than the strays of every later wave
- ``drift.py``     the distance of two centroids, and its permutation test
- ``tokens.py``    which words a statement holds
- ``words.py``     the words that a topic gained and lost
- ``columns.py``   the columns of the table
- ``compare.py``   the order of these, the false-discovery control, the status
- ``measures.py``  scores, outcomes and segments of both waves, and who answered what
- ``cells.py``     answers summed by segment and topic, and drawn again
- ``factors.py``   the formula of the decomposition
- ``decomposition.py`` its table, intervals and notes
"""

from cxnlp.waves.columns import CHANGES
from cxnlp.waves.compare import STATUSES, Comparison, compare
from cxnlp.waves.decomposition import DECOMPOSITION, decompose
from cxnlp.waves.measures import Answers, answers_of, columns_of, shared_measures, shared_segments
from cxnlp.waves.strays import grown_among_strays
from cxnlp.waves.wave import Wave

__all__ = [
    "compare",
    "decompose",
    "grown_among_strays",
    "answers_of",
    "columns_of",
    "shared_measures",
    "shared_segments",
    "Answers",
    "Comparison",
    "Wave",
    "CHANGES",
    "DECOMPOSITION",
    "STATUSES",
]
