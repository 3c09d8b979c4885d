"""The benchmark of the encoder runs, and says what it promises to say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "tests" / "benchmarks" / "encode_speed.py"


@pytest.mark.slow
def test_every_way_is_measured_on_the_same_texts(tiny_model: Path) -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, "--model", tiny_model, "--texts", "6", "--repeat", "1", "--json"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )

    rows = json.loads(done.stdout)
    assert [row["kind"] for row in rows] == ["comments"] * 5 + ["statements"] * 5
    assert len({(row["kind"], row["way"]) for row in rows}) == 10
    for ours, *others in (rows[:5], rows[5:]):
        assert 0 < ours["share_of_limit"] < 1
        assert ours["difference"] < 1e-3
        for row in others:
            assert row["slower"] * row["texts_per_second"] > 0.999 * ours["texts_per_second"]
            assert row["tokens_per_second"] / row["texts_per_second"] > 5
