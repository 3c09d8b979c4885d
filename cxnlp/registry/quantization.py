"""Weights as int8, one scale per row: a quarter of float32 on disk, widened when they are loaded.

Symmetric absmax quantisation per output channel, weights only (section 2.1 of Krishnamoorthi 2018,
"Quantizing deep convolutional networks for efficient inference", arXiv:1806.08342). One scale a row
keeps a row of small weights as exact as a row of large ones; a single scale a matrix does not.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cxnlp.errors import ModelError

__all__ = ["quantize", "widen"]

_SCALE = ".scale"
_LARGEST = 127


def quantize(state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Store every matrix of a network as int8 with one float32 scale per row.

    Parameters
    ----------
    state : tensor name -> array. Matrices are quantised; other floating arrays (biases, norms) become
        float32, and integer arrays stay as they are.

    Returns
    -------
    dict
        For each matrix of shape (rows, columns) an int8 array of that shape under its own name and its
        scales, shape (rows,), under the name plus ``.scale``. The error of a weight is at most half its
        row's scale, which is the row's largest absolute weight over 127.

    Raises
    ------
    ModelError
        Where a tensor is not finite.
    """
    stored: dict[str, np.ndarray] = {}
    for name, tensor in state.items():
        if not np.issubdtype(tensor.dtype, np.floating):
            stored[name] = np.ascontiguousarray(tensor)
            continue
        values = np.ascontiguousarray(tensor, dtype=np.float32)
        if not np.isfinite(values).all():
            raise ModelError(
                f"tensor {name!r} holds values that are infinite or not a number",
                expected="finite weights",
                fix="look for a diverged training run; lower its learning rate",
            )
        if values.ndim == 2:
            stored[name], stored[name + _SCALE] = _quantize_rows(values)
        else:
            stored[name] = values
    return stored


def _quantize_rows(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scale = np.abs(matrix).max(axis=1, initial=0.0) / np.float32(_LARGEST)
    # A row of zeros, and one so small that its scale underflows, is stored as zeros.
    inverse = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > np.finfo(np.float32).tiny)
    return np.rint(matrix * inverse[:, None]).astype(np.int8), scale


def widen(stored: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The inverse of `quantize`: every floating tensor as float32, the scales gone.

    Raises ModelError where a matrix lacks its scales, or a weight is not finite.
    """
    scaled = {name for name, tensor in stored.items() if tensor.dtype == np.int8}
    scales = {name + _SCALE for name in scaled}
    state: dict[str, np.ndarray] = {}
    for name, tensor in stored.items():
        if name in scaled:
            state[name] = tensor.astype(np.float32) * _scale_of(name, stored)[:, None]
        elif name not in scales:
            state[name] = tensor.astype(np.float32) if np.issubdtype(tensor.dtype, np.floating) else tensor
            if not np.isfinite(state[name]).all():
                raise _damaged(f"tensor {name!r} holds values that are infinite or not a number")
    return state


def _scale_of(name: str, stored: Mapping[str, np.ndarray]) -> np.ndarray:
    """The scales of matrix `name`, float32 (rows,)."""
    scale = stored.get(name + _SCALE)
    if scale is None or scale.shape != stored[name].shape[:1] or stored[name].ndim != 2:
        raise _damaged(f"int8 tensor {name!r} of shape {stored[name].shape} without one scale a row")
    scale = scale.astype(np.float32)
    # Of these the largest weight is still finite.
    if not (np.abs(scale) <= np.finfo(np.float32).max / (_LARGEST + 1)).all():
        raise _damaged(f"tensor {name + _SCALE!r} holds values that are infinite, too large or not a number")
    return scale


def _damaged(problem: str) -> ModelError:
    return ModelError(
        problem,
        expected="finite weights as cxnlp writes them",
        fix="install cxnlp again, or name another model: --model cxnlp-small",
    )
