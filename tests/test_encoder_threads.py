"""Whole batches per core: the number of cores changes speed, never a result."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from cxnlp import encoder
from cxnlp.encoder import encoding


def test_batches_run_on_workers_and_any_number_gives_the_same_bits(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = encoder.load(tiny_model, device="cpu")
    texts = [f"the delivery was late {'very ' * (k % 9)}{k}" for k in range(60)]
    before, seen = torch.get_num_threads(), []
    compute = encoding._sum_pieces
    monkeypatch.setattr(encoding, "_sum_pieces", lambda *a: seen.append(torch.get_num_threads()) or compute(*a))
    found = []
    try:
        for cores in (1, 2, 3):
            torch.set_num_threads(cores)
            found.append(encoder.encode_texts(model, texts, tokens_per_batch=64)[0])
            assert torch.get_num_threads() == cores
    finally:
        torch.set_num_threads(before)
    assert set(seen) == {1}
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
