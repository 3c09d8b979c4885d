"""WHY: which topics, where in the journey, go with customers leaving, and how sure we are.

`find` tests every topic x stage x polarity against every outcome and gives each test a tier;
README.md explains the tiers and every formula. Where a change goes:

- ``family.py``    what is tested: who mentioned what, and the two random halves
- ``effects.py``   2 x 2 tables: risk difference, risk ratio, Fisher, Mantel-Haenszel, E-value
- ``power.py``     what so many mentions could have shown
- ``controls.py``  controls to bands, cells and strata
- ``logistic.py``  logistic and Firth models of all tests, average marginal effects
- ``outcome.py``   all of the above for one outcome
- ``tiers.py``     the rules
- ``impact.py``    leave-one-out impact on scores, and its noise floor
- ``find.py``      the order of these
"""

from cxnlp.drivers.find import find
from cxnlp.drivers.tiers import TIERS, tier

__all__ = ["find", "tier", "TIERS"]
