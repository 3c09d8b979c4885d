"""ENCODE: texts to embeddings and head probabilities; the only room with a transformer.

Where a change goes: how a folder becomes a network in memory, `loading`; which texts share a batch,
`batching`; what is computed from a batch, `encoding`.
"""

from cxnlp.encoder.encoding import apply_heads, encode_texts
from cxnlp.encoder.loading import Model, load

__all__ = ["Model", "apply_heads", "encode_texts", "load"]
