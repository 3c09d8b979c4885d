"""What `pip install` gives is whole: the model and every data file are inside, and found from anywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

LOOK = """
import cxnlp
from pathlib import Path
from cxnlp import connectors, demo, registry, report, text, topics

home = Path(cxnlp.__file__).parent
model = registry.find("cxnlp-small")
assert home in model.parents, model
registry.verify(model)
assert demo.clothing().exists() and all(path.exists() for path in demo.survey())
print(home)
"""


@pytest.mark.slow
def test_an_installed_wheel_has_the_model_and_the_data(tmp_path: Path) -> None:
    def run(*command: str, **options: object) -> str:
        done = subprocess.run(command, check=True, capture_output=True, text=True, **options)  # type: ignore[call-overload]
        return str(done.stdout)

    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT))
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.stat().st_size < 100_000_000, "PyPI takes files up to 100 MB"
    site = tmp_path / "site"
    run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel))
    home = run(sys.executable, "-c", LOOK, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(site)})
    assert home.strip() == str(site / "cxnlp")
