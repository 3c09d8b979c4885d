"""The network while it learns: backbone, heads and projection as one set of tensors with gradients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from cxnlp.encoder.bert import Bert, plain_bert, unfused
from cxnlp.training.candidates import Backbone, Candidate, Linear

__all__ = ["Learner", "start"]


@dataclass(frozen=True, slots=True)
class Learner:
    """Backbone and linear layers; ``tensors`` are what the optimiser moves.

    The linear layers read ``(reading - mean) / step``, where the reading is the mean of the last layer scaled to
    length 1: readings share a large common direction, and around their mean in unit steps the layers learn at one
    pace. `exported` folds that back.
    """

    network: Bert
    tensors: Mapping[str, Tensor]
    """Trained tensors: those of the network under their own names, ``head.<name>.weight``, ``projection.weight``..."""
    heads: tuple[str, ...]
    mean: Tensor
    step: float
    embedding_moves: bool = False
    """Whether the embedding's loss moves the network, or the projection only. Held to what the base encoder says of
    a text, the network judges sentiment worse in domains that it was not trained on."""

    def __call__(self, ids: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Piece ids (n, length) to logits by head, (n, labels), and the embedding (n, width) for topics."""
        hidden = self.network(ids).float().mean(dim=1)
        features = (functional.normalize(hidden, dim=1) - self.mean) / self.step
        logits = {name: self._linear(f"head.{name}", features) for name in self.heads}
        return logits, self._linear("projection", features if self.embedding_moves else features.detach())

    def _linear(self, name: str, features: Tensor) -> Tensor:
        return functional.linear(features, self.tensors[name + ".weight"], self.tensors[name + ".bias"])

    def exported(self, base: Backbone) -> Candidate:
        """What was learnt, with the settings and the tokenizer of `base`."""
        state = {name: _array(tensor) for name, tensor in unfused(self.network).items()}
        mean = _array(self.mean)

        def folded(name: str) -> Linear:
            weight = _array(self.tensors[name + ".weight"]) / self.step
            return weight, _array(self.tensors[name + ".bias"]) - weight @ mean

        heads = {name: folded(f"head.{name}") for name in self.heads}
        return Candidate(Backbone(base.config, base.tokenizer, state), heads, folded("projection"))


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().float().cpu().numpy().copy()


def start(
    base: Backbone,
    heads: Mapping[str, Linear],
    *,
    mean: np.ndarray,
    step: float,
    width: int,
    frozen: tuple[str, ...] = ("embeddings.",),
    embedding_moves: bool = False,
) -> Learner:
    """A learner from a backbone and heads fitted on it, on the GPU where there is one.

    Starting from fitted heads keeps what the encoder knew of other languages and domains, because random heads
    would first pull it about (Kumar et al. 2022, ICLR, "Fine-tuning can distort pretrained features").

    Parameters
    ----------
    base : where to start from; kept as it is.
    heads : weight and bias on the reading of length 1.
    mean, step : of the readings of the training texts: mean (width of the backbone,), deviation of all numbers.
    width : numbers of the embedding for topics; the projection starts as the identity, as far as that goes.
    frozen : beginnings of the names of tensors that do not learn.
    embedding_moves : see `Learner`.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    state = {name: torch.tensor(value) for name, value in base.state.items()}
    network = plain_bert(base.config, state, device, torch.float32)
    tensors = {name: tensor for name, tensor in network.weights.items() if not name.startswith(frozen)}
    for name, (weight, bias) in heads.items():
        tensors[f"head.{name}.weight"] = torch.tensor(weight * step, dtype=torch.float32, device=device)
        tensors[f"head.{name}.bias"] = torch.tensor(bias + weight @ mean, dtype=torch.float32, device=device)
    tensors["projection.weight"] = torch.eye(width, len(mean), device=device)
    tensors["projection.bias"] = torch.zeros(width, device=device)
    for tensor in tensors.values():
        tensor.requires_grad_(True)
    centre = torch.tensor(mean, dtype=torch.float32, device=device)
    return Learner(network, tensors, tuple(heads), centre, float(step), embedding_moves)
