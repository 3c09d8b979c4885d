"""WHICH weights: find a model folder, verify it, read it, write it. No torch here.

A model is a folder that describes itself::

    manifest.json                    what it is, and the size and SHA-256 of every other file
    README.md                        its card
    backbone/config.json             the network's settings, Hugging Face layout
    backbone/model.safetensors       its weights, int8 per row
    backbone/tokenizer.json          text to pieces
    heads/<head>/head.json           labels, thresholds, temperature
    heads/<head>/head.safetensors    weight (labels, width) and bias (labels,)

Where a change goes: what the folder holds, `layout`; how weights are stored, `quantization`; which
folder a name means, `lookup`; what makes a folder trustworthy, `verification`.
"""

from cxnlp.registry.layout import HeadWeights, Manifest, read_backbone, read_config, read_heads, read_manifest
from cxnlp.registry.lookup import available, find
from cxnlp.registry.quantization import quantize, widen
from cxnlp.registry.verification import verify
from cxnlp.registry.writing import write_model

__all__ = [
    "HeadWeights",
    "Manifest",
    "available",
    "find",
    "quantize",
    "read_backbone",
    "read_config",
    "read_heads",
    "read_manifest",
    "verify",
    "widen",
    "write_model",
]
