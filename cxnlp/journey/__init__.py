"""WHERE IN THE JOURNEY: which stage each statement speaks of, and how the metrics run along the stages.

Where a change goes
-------------------
- the default journey, or what a journey.yaml may say: `maps`
- how a statement gets its touchpoint and stage: `placing`
- what is shown along the stages: `curves`
"""

from cxnlp.journey.curves import curve
from cxnlp.journey.maps import DEFAULT, JourneyMap, load
from cxnlp.journey.placing import place

__all__ = ["DEFAULT", "JourneyMap", "curve", "load", "place"]
