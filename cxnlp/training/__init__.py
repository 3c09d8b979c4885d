"""LEARN: tune the embedded models for every head, measure them, and write their folders and cards.

`train` tunes the small tier from a base encoder, `distil` the fast tier from the small one.

Where a change goes: which rows may train, `corpora`; which rows measure, `devsets`; how texts are varied,
`augmentation`, and put together for a student, `splicing`; what an error costs, `targets`; the loop, `tuning`; the
network with gradients, `network`; heads on the frozen encoder, `probe`; other simple models, `baselines`; temperatures
and thresholds, `calibration`; figures, `evaluation` and `checks`; what two readers of a comment agree on, `agreement`;
networks on their way to a folder, `candidates`; what the card says, `card`; which texts a model knows, `known_texts`,
and writing that down for a model that is there already, `recording`.
"""

from cxnlp.training.distil import distil
from cxnlp.training.evaluation import measure_model
from cxnlp.training.run import train
from cxnlp.training.tuning import Recipe

__all__ = ["Recipe", "distil", "measure_model", "train"]
