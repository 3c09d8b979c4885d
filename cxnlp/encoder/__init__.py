"""ENCODE: texts to embeddings and head probabilities; the only room with a transformer.

Where a change goes: how a folder becomes a network in memory, `loading`, and one in Hugging Face layout,
`foreign`, with its tokenizer, `tokenizing`; which texts share a batch, `batching`; what is computed from
a batch, `encoding`.
"""

from cxnlp.encoder.batching import too_long
from cxnlp.encoder.encoding import apply_heads, apply_projection, encode_texts
from cxnlp.encoder.foreign import classify_texts, load_classifier, load_encoder
from cxnlp.encoder.loading import Model, load

__all__ = [
    "Model",
    "apply_heads",
    "apply_projection",
    "classify_texts",
    "encode_texts",
    "load",
    "load_classifier",
    "load_encoder",
    "too_long",
]
