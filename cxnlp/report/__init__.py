"""TELL: the evidence as one page for people and as a folder of tables for machines.

Where a change goes
-------------------
- A section of the page: one module in ``sections/`` (a function from `Evidence` to the template's
  context), one template in ``templates/``, one line in ``sections.SECTIONS``.
- A chart: one function in ``charts.py`` that returns a plain Plotly specification.
- A file format: one function and one line in ``writers.WRITERS`` (and its name in config.FORMATS).
- A file for later runs: its name in ``writers.OTHERS``; its content comes with `Evidence.files`.
- How a number reads: ``words.py``, and nowhere else.
"""

from cxnlp.report.folder import check_folder, save
from cxnlp.report.page import render, write_html

__all__ = ["check_folder", "render", "save", "write_html"]
