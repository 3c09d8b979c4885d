"""HOW MUCH: NPS, CSAT, CES, outcome rate, sentiment and volume, each with its interval, overall and by group.

Where a change goes
-------------------
- another metric: one function and one line in `measures.METRICS`
- another interval: `estimates`
- another way to group comments or customers: `groups`

Comments are treated as independent answers; where one customer wrote many, intervals over comments are
somewhat too narrow, those of the outcome rate (one row per customer) are not.
"""

from cxnlp.metrics.estimates import mean, nps, share
from cxnlp.metrics.measures import METRICS, Metric, measure

__all__ = ["METRICS", "Metric", "measure", "mean", "nps", "share"]
