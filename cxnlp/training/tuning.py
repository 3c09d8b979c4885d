"""The loop that tunes the whole network, written so that it can be stopped and gives the same bytes again."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor

from cxnlp.results import Progress
from cxnlp.training.augmentation import Context, accents, augment
from cxnlp.training.network import Learner
from cxnlp.training.targets import Target, loss

__all__ = ["Recipe", "tune"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings of one run; the defaults are those of `cxnlp train --encoder`."""

    epochs: int = 2
    tokens: int = 1024
    """Pieces of one share of a batch; a step takes two shares, one for each core that every machine has."""
    longest: int = 128
    """Pieces read of a text."""
    rate: float = 1.2e-4
    """Peak learning rate of the backbone (AdamW)."""
    head_rate: float = 1e-3
    warm_up: float = 0.06
    """Share of the steps over which the rate rises; after it the rate falls to 0 along a cosine."""
    decay: float = 0.01
    embedding_cost: float = 1.0
    """Weight of the embedding's loss beside those of the heads; see `network.Learner.embedding_moves`."""
    changed: float = 0.5
    """Share of texts that are augmented."""
    translations: int = 3
    """Languages in which an epoch reads a comment that is told in several; every epoch draws them anew."""
    seed: int = 0


_SHARES = 2
_MOMENTS = ("step", "exp_avg", "exp_avg_sq")
_CHECKPOINT_EVERY = 180.0


def tune(
    learner: Learner,
    tokenizer: Path,
    rows: pd.DataFrame,
    targets: Mapping[str, Target],
    anchors: np.ndarray,
    recipe: Recipe,
    *,
    checkpoint: Path | None = None,
    progress: Progress | None = None,
) -> None:
    """Train `learner` in place.

    Parameters
    ----------
    tokenizer : its tokenizer.json.
    rows : columns ``text``, ``language``, ``sentiment``, ``corpus``, ``group``.
    targets, anchors : of the same rows; see `targets` and `targets.loss`.
    checkpoint : folder that holds the state of an unfinished run: read if it is there, written every three minutes.
    progress : called as ``progress("train", steps done, steps in all)``.
    """
    cutter = Tokenizer.from_file(str(tokenizer))
    cutter.no_padding()
    cutter.enable_truncation(recipe.longest)
    words = {str(language): accents(part["text"]) for language, part in rows.groupby("language")}
    backbone = [t for name, t in learner.tensors.items() if not name.startswith(("head.", "projection."))]
    others = [t for name, t in learner.tensors.items() if name.startswith(("head.", "projection."))]
    groups = [{"params": backbone, "lr": recipe.rate}, {"params": others, "lr": recipe.head_rate}]
    optimiser = torch.optim.AdamW([g for g in groups if g["params"]], weight_decay=recipe.decay, fused=True)
    peaks = [group["lr"] for group in optimiser.param_groups]
    run = f"{recipe} {pd.util.hash_pandas_object(rows[['text', 'language']], index=False).sum()}"
    first = _restore(checkpoint, learner, optimiser, run) if checkpoint else (0, 0)
    saved = time.monotonic()
    with _Workers(learner, targets, anchors, recipe) as workers:
        for epoch in range(first[0], recipe.epochs):
            drawn = _drawn(rows, recipe, epoch)
            steps = _epoch(cutter, _augmented(rows.iloc[drawn], words, recipe, epoch), drawn, recipe, epoch)
            for k in range(first[1] if epoch == first[0] else 0, len(steps)):
                workers.gradients(steps[k])
                for group, peak in zip(optimiser.param_groups, peaks, strict=True):
                    group["lr"] = peak * _rate((epoch + k / len(steps)) / recipe.epochs, recipe.warm_up)
                optimiser.step()
                if checkpoint and time.monotonic() - saved > _CHECKPOINT_EVERY:
                    _save(checkpoint, learner, optimiser, (epoch, k + 1), run)
                    saved = time.monotonic()
                if progress is not None:
                    progress("train", epoch * len(steps) + k + 1, recipe.epochs * len(steps))
    if checkpoint and first[0] < recipe.epochs:
        _save(checkpoint, learner, optimiser, (recipe.epochs, 0), run)


@dataclass(frozen=True, slots=True)
class _Share:
    rows: np.ndarray
    ids: np.ndarray


def _drawn(rows: pd.DataFrame, recipe: Recipe, epoch: int) -> np.ndarray:
    """Positions of the rows that an epoch reads, in their order: `Recipe.translations` of each comment."""
    order = np.random.default_rng((recipe.seed, epoch, 2)).permutation(len(rows))
    told = rows.iloc[order].groupby(["corpus", "group"], sort=False).cumcount().to_numpy()
    return np.sort(order[told < recipe.translations])


def _epoch(
    tokenizer: Tokenizer, texts: list[str], drawn: np.ndarray, recipe: Recipe, epoch: int
) -> list[tuple[_Share, ...]]:
    """The steps of one epoch: shares of one sequence length each, in random order, two to a step."""
    random = np.random.default_rng((recipe.seed, epoch, 1))
    ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(texts)]
    order = random.permutation(len(ids))
    order = order[np.argsort([len(ids[k]) for k in order], kind="stable")]
    shares: list[_Share] = []
    batch: list[int] = []
    for k in order:
        if batch and (len(ids[k]) != len(ids[batch[0]]) or (len(batch) + 1) * len(ids[k]) > recipe.tokens):
            shares.append(_share(batch, ids, drawn))
            batch = []
        batch.append(k)
    shares.append(_share(batch, ids, drawn))
    # Two shares of about the same work make a step, so that no core waits for the other.
    shares.sort(key=lambda share: share.ids.size)
    steps = [tuple(shares[k : k + _SHARES]) for k in range(0, len(shares), _SHARES)]
    return [steps[k] for k in random.permutation(len(steps))]


def _share(batch: Sequence[int], ids: Sequence[Sequence[int]], drawn: np.ndarray) -> _Share:
    return _Share(drawn[batch], np.array([ids[k] for k in batch], dtype=np.int64))


def _augmented(rows: pd.DataFrame, words: Mapping[str, Mapping[str, str]], recipe: Recipe, epoch: int) -> list[str]:
    random = np.random.default_rng((recipe.seed, epoch, 0))
    labels = rows["sentiment"].fillna("")
    return [
        augment(text, random, Context(label, words.get(language, {})), share=recipe.changed)
        for text, language, label in zip(rows["text"], rows["language"], labels, strict=True)
    ]


def _rate(done: float, warm_up: float) -> float:
    """Share of the peak learning rate when the share `done` of the run is over."""
    return (
        (done + 1e-3) / warm_up if done < warm_up else 0.5 * (1 + math.cos(math.pi * (done - warm_up) / (1 - warm_up)))
    )


class _Workers:
    """Gradients of a step, one core a share: no core waits for another within a layer, and two shares add up to the
    same sum in either order, so a run gives the same weights whatever the number of cores."""

    def __init__(self, learner: Learner, targets: Mapping[str, Target], anchors: np.ndarray, recipe: Recipe) -> None:
        self._recipe = recipe
        self._learner = learner
        self._device = learner.mean.device
        self._wanted = {name: torch.from_numpy(target.wanted) for name, target in targets.items()}
        self._weight = {name: torch.from_numpy(target.weight) for name, target in targets.items()}
        self._anchors = torch.from_numpy(anchors)
        self._tensors = list(learner.tensors.values())

    def __enter__(self) -> _Workers:
        self._threads = torch.get_num_threads()
        n = min(_SHARES, self._threads) if self._device.type == "cpu" else 1
        self._pool = ThreadPoolExecutor(n, initializer=torch.set_num_threads, initargs=(1,))
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        torch.set_num_threads(self._threads)

    def gradients(self, step: tuple[_Share, ...]) -> None:
        n = sum(len(share.rows) for share in step)
        torch.set_num_threads(1)
        first, *rest = self._pool.map(self._share, step)
        # What follows waits for memory, which both cores together read faster.
        torch.set_num_threads(self._threads)
        for gradients in rest:
            torch._foreach_add_(first, gradients)
        torch._foreach_div_(first, float(n))
        for tensor, gradient in zip(self._tensors, first, strict=True):
            tensor.grad = gradient
        torch.nn.utils.clip_grad_norm_(self._tensors, 1.0)

    def _share(self, share: _Share) -> list[Tensor]:
        at = torch.from_numpy(share.rows)
        ids = torch.from_numpy(share.ids).to(self._device)
        with torch.autocast(self._device.type, dtype=torch.bfloat16):
            logits, embedding = self._learner(ids)
        cost = loss(
            {name: values.float() for name, values in logits.items()},
            embedding.float(),
            {name: values[at].to(self._device) for name, values in self._wanted.items()},
            {name: values[at].to(self._device) for name, values in self._weight.items()},
            self._anchors[at].to(self._device),
            self._recipe.embedding_cost,
        )
        return list(torch.autograd.grad(cost, self._tensors))


def _save(folder: Path, learner: Learner, optimiser: torch.optim.Optimizer, done: tuple[int, int], run: str) -> None:
    """Store weights, the optimiser's moments and how far the run is: epochs and steps of the next one."""
    state = {name: tensor.detach() for name, tensor in learner.tensors.items()}
    state |= {
        f"{part}.{name}": optimiser.state[tensor][part] for name, tensor in learner.tensors.items() for part in _MOMENTS
    }
    folder.mkdir(parents=True, exist_ok=True)
    notes = {"epoch": str(done[0]), "step": str(done[1]), "run": run}
    save_file(state, folder / "state.part", metadata=notes)
    (folder / "state.part").replace(folder / "state.safetensors")


def _restore(folder: Path, learner: Learner, optimiser: torch.optim.Optimizer, run: str) -> tuple[int, int]:
    """Put the state of an unfinished run of the same recipe and rows back; returns how far it was, (0, 0) for none."""
    file = folder / "state.safetensors"
    if not file.exists():
        return 0, 0
    with safe_open(file, framework="pt") as stored:
        notes = stored.metadata()
        if notes.get("run") != run:
            return 0, 0
        for name, tensor in learner.tensors.items():
            tensor.data.copy_(stored.get_tensor(name))
            optimiser.state[tensor] = {part: stored.get_tensor(f"{part}.{name}") for part in _MOMENTS}
    return int(notes["epoch"]), int(notes["step"])
