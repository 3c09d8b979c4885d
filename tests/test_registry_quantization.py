"""int8 storage of weights."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cxnlp.errors import ModelError
from cxnlp.registry import quantize, widen

finite = st.floats(min_value=-1e6, max_value=1e6, width=32)
matrices = arrays.arrays(np.float32, arrays.array_shapes(min_dims=2, max_dims=2, max_side=12), elements=finite)


@given(matrices)
@settings(deadline=None)
def test_no_weight_moves_by_more_than_half_a_step_of_its_row(matrix: np.ndarray) -> None:
    stored = quantize({"w": matrix})
    step = np.abs(matrix).max(axis=1, keepdims=True) / 127

    error = np.abs(widen(stored)["w"].astype(np.float64) - matrix)

    assert stored["w"].dtype == np.int8
    assert (error <= step * 0.5 * (1 + 1e-4) + 127 * np.finfo(np.float32).tiny).all()


@given(matrices)
@settings(deadline=None)
def test_storing_what_was_stored_changes_nothing(matrix: np.ndarray) -> None:
    once = widen(quantize({"w": matrix}))["w"]
    twice = widen(quantize({"w": once}))["w"]

    np.testing.assert_allclose(twice, once, rtol=1e-6, atol=0)


def test_a_row_of_small_weights_is_as_exact_as_a_row_of_large_ones() -> None:
    rows = np.random.default_rng(0).normal(size=(2, 384)).astype(np.float32) * np.array([[1e-4], [1e2]], np.float32)

    back = widen(quantize({"w": rows}))["w"]

    cosine = (rows * back).sum(1) / np.linalg.norm(rows, axis=1) / np.linalg.norm(back, axis=1)
    assert (cosine > 0.9999).all()


def test_only_matrices_are_quantised() -> None:
    state = {
        "bias": np.array([0.1, -3.0], np.float16),
        "ids": np.arange(4),
        "kernel": np.ones((2, 2, 2), np.float32),
        "scale": np.ones((2, 2), np.float32),
    }

    back = widen(quantize(state))

    assert set(back) == set(state)
    np.testing.assert_array_equal(back["bias"], state["bias"].astype(np.float32))
    np.testing.assert_array_equal(back["ids"], state["ids"])
    assert back["ids"].dtype == state["ids"].dtype
    np.testing.assert_array_equal(back["kernel"], state["kernel"])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_diverged_network_is_refused(value: float) -> None:
    with pytest.raises(ModelError, match=r"layer\.weight"):
        quantize({"layer.weight": np.array([[1.0, value]], np.float32)})


@pytest.mark.parametrize(
    "spoil",
    [
        {"w.scale": np.array([1, np.nan], np.float32)},
        {"w.scale": np.array([1, np.inf], np.float32)},
        {"w.scale": np.array([1, 3e38], np.float32)},
        {"w.scale": np.array([1], np.float32)},
        {"w.scale": np.ones((2, 1), np.float32)},
        {"w": np.ones((2, 2, 2), np.int8)},
        {"b": np.array([np.nan], np.float16)},
    ],
)
def test_stored_weights_that_cannot_be_right_are_refused(spoil):
    stored = quantize({"w": np.eye(2), "b": np.zeros(1)})
    assert set(widen(stored)) == {"w", "b"}
    with pytest.raises(ModelError):
        widen(stored | spoil)


def test_a_matrix_without_its_scales_is_refused():
    stored = quantize({"w": np.eye(2)})
    del stored["w.scale"]
    with pytest.raises(ModelError, match="without one scale a row"):
        widen(stored)
