"""LEARN: fit the heads of an embedded model and measure them.

Where a change goes: which rows may train, `corpora`; which rows measure, `devsets`; how heads are
fitted, `probe`; which figures are reported, `evaluation`; what the card says, `card`.
"""

from cxnlp.training.run import train

__all__ = ["train"]
