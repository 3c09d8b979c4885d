"""WHEN: time to churn, with each mention counted only from the day after it was made.

Where a change goes:

- ``timeline.py``      dates to days: who was observed from when to when, and who left
- ``risk.py``          who was at risk on the days on which somebody left, counted by cell of the controls
- ``cox.py``           Cox models of all tests at once
- ``residuals.py``     what each unit adds to an estimate: variances that allow for clusters
- ``proportional.py``  whether a hazard ratio changes with time
- ``hazards.py``       the columns of the drivers table
- ``curves.py``        the curves of one test
"""

from cxnlp.drivers.times.curves import curves
from cxnlp.drivers.times.hazards import hazards
from cxnlp.drivers.times.timeline import Timeline, mentioned_at, timeline

__all__ = ["Timeline", "timeline", "mentioned_at", "hazards", "curves"]
