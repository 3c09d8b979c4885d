"""WHY: which topics, where in the journey, go with customers leaving, and how sure we are.

`find` tests every topic x stage x polarity against every outcome and gives each test a tier;
README.md explains the tiers and every formula. Where a change goes:

The order of the steps

- ``find.py``           all outcomes: family, false-discovery control, tiers, cards
- ``measured.py``       one outcome: every column, and what the tiers ask for beside them
- ``tiers.py``          the rules; ``verdicts.py``: what the checks came to; ``cards.py``: what a person reads

What is compared

- ``days.py``           dates as days
- ``family.py``         which tests there are, who mentioned what and when, the two random halves
- ``controls.py``       controls to bands, cells and strata
- ``sample.py``         the units of one outcome, as arrays

Estimates

- ``outcome.py``        all tests of one outcome; ``events.py``: of an event; ``means.py``: of a score or an amount
- ``effects.py``        2 x 2 tables, Fisher, Mantel-Haenszel, q, E-value; ``power.py``: what mentions could have shown
- ``cells.py``          units collapsed to counts, which every model is fitted to
- ``logistic.py``, ``firth.py``   logistic models; few events and separation
- ``linear.py``, ``ordinal.py``, ``brant.py``   linear models; proportional odds; their test
- ``robust.py``         variances for clusters and weights
- ``heterogeneity.py``  stages: whether they differ, and estimates drawn together
- ``invariance.py``     languages and sources: whether they differ
- ``times/``, ``timing.py``   time to leaving; from a sample's units to their time at risk

Doubt

- ``refute.py``         shuffled outcomes, random topics, subsets, neutral mentions; ``partial.py``: on what
- ``commenters.py``     who comments at all
- ``gold.py``, ``corrected.py``, ``estimating.py``   the audit as a matrix; tagging errors taken out; the models of that
- ``audit_size.py``     how many labels an audit would need

What it amounts to

- ``importance.py``, ``kano.py``   explained variance shared out; penalty and reward
- ``prevalence.py``     who mentions what; ``pseudo.py``: mentions or, after an audit, what stands for them
- ``impact.py``         leave-one-out impact on scores, and its noise floor
- ``at_risk.py``        attributable share, what-if, revenue

``canonical.py`` gives sums and random draws an order that does not depend on that of the rows.
"""

from cxnlp.drivers.find import find
from cxnlp.drivers.tiers import TIERS, tier

__all__ = ["find", "tier", "TIERS"]
