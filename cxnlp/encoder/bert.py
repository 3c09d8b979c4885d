"""The forward pass of BERT (Devlin et al. 2019) over groups of texts of one length: no padded text, no dropout.

transformers defines the same network, and a test compares the two. This one exists because importing
transformers takes longer than encoding the twenty comments of `cxnlp preview`; every other kind of
network comes from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["Bert", "is_plain_bert", "plain_bert", "shapes", "unfused"]

_LANES = 32
"""bfloat16 numbers in the widest vector register of a processor."""


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
        return self.packed([ids])[0]

    def packed(self, groups: Sequence[Tensor]) -> list[Tensor]:
        """`__call__` for each of `groups`, which may differ in length, at the price of one.

        Only attention asks which pieces make a text. All else runs over the pieces of all groups at once,
        because a product with few rows spends its time on fetching the weights.
        """
        shapes = [(ids.shape[0], ids.shape[1]) for ids in groups]
        hidden = torch.cat([self._embed(ids).flatten(0, 1) for ids in groups])
        for k in range(self.n_layers):
            layer = f"encoder.layer.{k}."
            mixed = self._linear(layer + "attention.output.dense", self._attend(layer, hidden, shapes))
            hidden = self._norm(layer + "attention.output.LayerNorm", hidden + mixed)
            inner = functional.gelu(self._linear(layer + "intermediate.dense", hidden))
            hidden = self._norm(layer + "output.LayerNorm", hidden + self._linear(layer + "output.dense", inner))
        return [part.view(*shape, -1) for part, shape in zip(_split(hidden, shapes), shapes, strict=True)]

    def _embed(self, ids: Tensor) -> Tensor:
        hidden = (
            self.weights["embeddings.word_embeddings.weight"][ids]
            + self.weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
            + self.weights["embeddings.token_type_embeddings.weight"][0]
        )
        return self._norm("embeddings.LayerNorm", hidden)

    def _attend(self, layer: str, hidden: Tensor, shapes: Sequence[tuple[int, int]]) -> Tensor:
        parts = _split(self._linear(layer + "attention.self.qkv", hidden), shapes)
        mixed = [_attention(part.view(*shape, 3, self.n_heads, -1)) for part, shape in zip(parts, shapes, strict=True)]
        return torch.cat(mixed)

    def _linear(self, name: str, hidden: Tensor) -> Tensor:
        weight, bias = self.weights[name + ".weight"], self.weights[name + ".bias"]
        if weight.is_mkldnn:
            return torch.ops.mkldnn._linear_pointwise(hidden, weight, bias, "none", [], "")
        return functional.linear(hidden, weight, bias)

    def _norm(self, name: str, hidden: Tensor) -> Tensor:
        weight, bias = self.weights[name + ".weight"], self.weights[name + ".bias"]
        return functional.layer_norm(hidden, bias.shape, weight, bias, self.epsilon)


def _split(hidden: Tensor, shapes: Sequence[tuple[int, int]]) -> Sequence[Tensor]:
    return hidden.split([n * length for n, length in shapes])


def _attention(qkv: Tensor) -> Tensor:
    """softmax(query key' / sqrt(d)) value of each head: (n, length, 3, heads, d) to (n * length, heads * d).

    Two products beat the fused kernel of PyTorch at every length up to 512, forward by a sixth to a half.
    """
    n, length, _, heads, d = qkv.shape
    # The softmax of PyTorch takes what a row has beyond whole registers number by number: where that is much,
    # keys of weight 0 fill the last register.
    tail = length % _LANES
    spare = _LANES - tail if 2 * tail >= _LANES else 0
    query, key, value = qkv.permute(2, 0, 3, 1, 4)
    key, value = (functional.pad(part, (0, 0, 0, spare)).reshape(n * heads, -1, d) for part in (key, value))
    mask = qkv.new_zeros(length + spare)
    mask[length:] = -torch.inf
    scores = torch.baddbmm(mask, query.reshape(n * heads, length, d), key.transpose(1, 2), alpha=d**-0.5)
    mixed = torch.softmax(scores, dim=-1) @ value
    return mixed.view(n, heads, length, d).transpose(1, 2).reshape(n * length, heads * d)


def plain_bert(
    config: Mapping[str, Any], state: Mapping[str, Tensor], device: torch.device, dtype: torch.dtype
) -> Bert:
    """The network of `config` with the weights `state`, on `device` in `dtype`.

    In bfloat16 on a processor it only reads, and neither learns nor gives its weights back (see `_packed`).

    Raises KeyError for a setting that is missing, ValueError where weights are missing, too many or of another shape.
    """
    expected, found = shapes(config), {name: tuple(tensor.shape) for name, tensor in state.items()}
    wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    if wrong:
        raise ValueError(f"weights that config.json does not describe: {', '.join(wrong[:3])}")
    weights = {name: tensor.to(device, dtype) for name, tensor in state.items()}
    for k in range(config["num_hidden_layers"]):
        attention = f"encoder.layer.{k}.attention.self."
        for end in (".weight", ".bias"):
            parts = [weights.pop(attention + name + end) for name in ("query", "key", "value")]
            weights[f"{attention}qkv{end}"] = torch.cat(parts)
    if dtype == torch.bfloat16 and device.type == "cpu" and _packs_weights():
        weights = {name: _packed(name, tensor) for name, tensor in weights.items()}
    return Bert(
        weights, config["num_hidden_layers"], config["num_attention_heads"], config.get("layer_norm_eps", 1e-12)
    )


def _packs_weights() -> bool:
    # A torch without these operations computes the same, more slowly.
    there = all(hasattr(torch.ops.mkldnn, name) for name in ("_reorder_linear_weight", "_linear_pointwise"))
    return there and any(torch.cpu.get_capabilities().get(name, False) for name in ("avx512_bf16", "amx_bf16"))


def _packed(name: str, tensor: Tensor) -> Tensor:
    """The weights of a product in the order in which oneDNN reads them.

    Left as they are, it would bring them into this order in every product again, up to a tenth of the time of
    a batch. These are the operations that `torch.compile` emits for frozen weights: nothing public reaches them
    without compiling first, which takes longer than most files.
    """
    if tensor.ndim != 2 or not name.startswith("encoder."):
        return tensor
    return torch.ops.mkldnn._reorder_linear_weight(tensor)


def unfused(network: Bert) -> dict[str, Tensor]:
    """The network's weights under the names of transformers: the inverse of what `plain_bert` fused, not packed."""
    state = {name: tensor for name, tensor in network.weights.items() if ".qkv." not in name}
    for name in network.weights.keys() - state.keys():
        before, end = name.split("qkv")
        parts = network.weights[name].chunk(3)
        state |= {before + part + end: tensor for part, tensor in zip(("query", "key", "value"), parts, strict=True)}
    return state


def shapes(config: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Name and shape of every weight of the network that `config` describes. Raises KeyError for a missing setting."""
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
