"""WHICH weights: find a model folder, verify it, read it, write it. No torch here.

A model is a folder that describes itself::

    manifest.json                    what it is, and the size and SHA-256 of every other file
    README.md                        its card
    backbone/config.json             the network's settings, Hugging Face layout
    backbone/model.safetensors       its weights, int8 per row
    backbone/tokenizer.json          text to pieces
    heads/<head>/head.json           labels, thresholds, temperature
    heads/<head>/head.safetensors    weight (labels, width) and bias (labels,)
    projection.safetensors           from a reading to the embedding for topics; optional
    figures.csv                      what was measured, as the card shows it; optional
    trained_on.safetensors           hashes of the texts that trained it; optional

Where a change goes: what the folder holds, `layout`; how weights are stored, `quantization`; which
folder a name means, `lookup`; what makes a folder trustworthy, `verification`; folders in plain Hugging Face
layout, `foreign`; what the labels of a foreign classifier mean, `polarities`; which texts trained a model,
`trained_on`.
"""

from cxnlp.registry.foreign import Foreign, find_foreign, labels_of
from cxnlp.registry.layout import (
    HeadWeights,
    Manifest,
    Projection,
    read_backbone,
    read_config,
    read_heads,
    read_manifest,
    read_projection,
)
from cxnlp.registry.lookup import available, find
from cxnlp.registry.polarities import polarity_matrix, polarity_of, read_declared
from cxnlp.registry.quantization import quantize, widen
from cxnlp.registry.trained_on import add_trained_on, read_trained_on, text_hashes, trained_on_file
from cxnlp.registry.verification import verify
from cxnlp.registry.writing import write_model

__all__ = [
    "Foreign",
    "HeadWeights",
    "Manifest",
    "Projection",
    "add_trained_on",
    "available",
    "find",
    "find_foreign",
    "labels_of",
    "polarity_matrix",
    "polarity_of",
    "quantize",
    "read_backbone",
    "read_config",
    "read_declared",
    "read_heads",
    "read_manifest",
    "read_projection",
    "read_trained_on",
    "text_hashes",
    "trained_on_file",
    "verify",
    "widen",
    "write_model",
]
