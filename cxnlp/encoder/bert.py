"""The forward pass of BERT (Devlin et al. 2019) over texts of one length: no padding, no mask, no dropout.

transformers defines the same network, and a test compares the two. This one exists because importing
transformers takes longer than encoding the twenty comments of `cxnlp preview`; every other kind of
network comes from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["Bert", "is_plain_bert", "plain_bert", "unfused"]

_SHORT = 96
"""Up to this length the whole square of attention weights fits a cache, and two products beat the fused kernel,
forward by 4 % and backward by half."""


def is_plain_bert(config: Mapping[str, Any]) -> bool:
    """Whether `Bert` computes what this config.json describes."""
    return (
        config.get("model_type") == "bert"
        and config.get("hidden_act", "gelu") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and not config.get("is_decoder", False)
    )


@dataclass(frozen=True, slots=True)
class Bert:
    """The network: ``weights`` under the names of transformers, query, key and value of a layer as one ``qkv``."""

    weights: Mapping[str, Tensor]
    n_layers: int
    n_heads: int
    epsilon: float

    def __call__(self, ids: Tensor) -> Tensor:
        """Piece ids, int (n, length), to the last layer, (n, length, width)."""
        hidden = (
            self.weights["embeddings.word_embeddings.weight"][ids]
            + self.weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
            + self.weights["embeddings.token_type_embeddings.weight"][0]
        )
        hidden = self._norm("embeddings.LayerNorm", hidden)
        for k in range(self.n_layers):
            layer = f"encoder.layer.{k}."
            mixed = self._linear(layer + "attention.output.dense", self._attend(layer, hidden))
            hidden = self._norm(layer + "attention.output.LayerNorm", hidden + mixed)
            inner = functional.gelu(self._linear(layer + "intermediate.dense", hidden))
            hidden = self._norm(layer + "output.LayerNorm", hidden + self._linear(layer + "output.dense", inner))
        return hidden

    def _attend(self, layer: str, hidden: Tensor) -> Tensor:
        n, length, width = hidden.shape
        qkv = self._linear(layer + "attention.self.qkv", hidden).view(n, length, 3, self.n_heads, -1)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        if length <= _SHORT:
            weights = torch.softmax((query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2), dim=-1)
            return (weights @ value).transpose(1, 2).reshape(n, length, width)
        return functional.scaled_dot_product_attention(query, key, value).transpose(1, 2).reshape(n, length, width)

    def _linear(self, name: str, hidden: Tensor) -> Tensor:
        return functional.linear(hidden, self.weights[name + ".weight"], self.weights[name + ".bias"])

    def _norm(self, name: str, hidden: Tensor) -> Tensor:
        weight, bias = self.weights[name + ".weight"], self.weights[name + ".bias"]
        return functional.layer_norm(hidden, bias.shape, weight, bias, self.epsilon)


def plain_bert(
    config: Mapping[str, Any], state: Mapping[str, Tensor], device: torch.device, dtype: torch.dtype
) -> Bert:
    """The network of `config` with the weights `state`, on `device` in `dtype`.

    Raises KeyError for a setting that is missing, ValueError where weights are missing, too many or of another shape.
    """
    expected, found = _shapes(config), {name: tuple(tensor.shape) for name, tensor in state.items()}
    wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    if wrong:
        raise ValueError(f"weights that config.json does not describe: {', '.join(wrong[:3])}")
    weights = {name: tensor.to(device, dtype) for name, tensor in state.items()}
    for k in range(config["num_hidden_layers"]):
        attention = f"encoder.layer.{k}.attention.self."
        for end in (".weight", ".bias"):
            parts = [weights.pop(attention + name + end) for name in ("query", "key", "value")]
            weights[f"{attention}qkv{end}"] = torch.cat(parts)
    return Bert(
        weights, config["num_hidden_layers"], config["num_attention_heads"], config.get("layer_norm_eps", 1e-12)
    )


def unfused(network: Bert) -> dict[str, Tensor]:
    """The network's weights under the names of transformers: the inverse of what `plain_bert` fused."""
    state = {name: tensor for name, tensor in network.weights.items() if ".qkv." not in name}
    for name in network.weights.keys() - state.keys():
        before, end = name.split("qkv")
        parts = network.weights[name].chunk(3)
        state |= {before + part + end: tensor for part, tensor in zip(("query", "key", "value"), parts, strict=True)}
    return state


def _shapes(config: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    width, inner = config["hidden_size"], config["intermediate_size"]
    linear: dict[str, tuple[int, ...]] = {
        f"attention.self.{name}": (width, width) for name in ("query", "key", "value")
    }
    linear |= {"attention.output.dense": (width, width), "intermediate.dense": (inner, width)}
    linear |= {"output.dense": (width, inner)}
    layers = [f"encoder.layer.{k}." for k in range(config["num_hidden_layers"])]
    norms = [layer + name for layer in layers for name in ("attention.output.LayerNorm", "output.LayerNorm")]
    shapes: dict[str, tuple[int, ...]] = {
        f"{name}.{end}": (width,) for name in ("embeddings.LayerNorm", *norms) for end in ("weight", "bias")
    }
    shapes |= {f"{layer}{name}.weight": shape for layer in layers for name, shape in linear.items()}
    shapes |= {f"{layer}{name}.bias": shape[:1] for layer in layers for name, shape in linear.items()}
    for name, rows in (
        ("word", config["vocab_size"]),
        ("position", config["max_position_embeddings"]),
        ("token_type", config["type_vocab_size"]),
    ):
        shapes[f"embeddings.{name}_embeddings.weight"] = (rows, width)
    return shapes
