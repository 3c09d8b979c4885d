"""HOW RIGHT: a random sample that people label, and what it says about the tags. README.md explains every figure.

Where a change goes:

- ``naming.py``     names of units and statements that survive another run
- ``finished.py``   what a result folder holds for an audit, and which of its texts trained the model
- ``drawing.py``    who is in the sample, with which chance
- ``sheet.py``      what people see; ``workbook.py``: as a workbook
- ``words.py``      what they may write; ``coding.py``: their files read, and their disagreement settled
- ``agreement.py``  how far they agree
- ``weighted.py``   shares, kappa, corrected prevalence of a sample with known chances
- ``accuracy.py``   the table `audit`
- ``gold.py``       from their answers to gold; ``loading.py``: the gold for a later run
"""

from cxnlp.audit.drawing import draw
from cxnlp.audit.finished import read
from cxnlp.audit.gold import DRAWN, GOLD, drawn_table, judge, read_drawn
from cxnlp.audit.loading import AUDIT, check, load
from cxnlp.audit.sheet import INSTRUCTIONS, make
from cxnlp.audit.workbook import write_workbook

__all__ = [
    "AUDIT",
    "DRAWN",
    "GOLD",
    "INSTRUCTIONS",
    "check",
    "draw",
    "drawn_table",
    "judge",
    "load",
    "make",
    "read",
    "read_drawn",
    "write_workbook",
]
