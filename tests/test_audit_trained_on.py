"""Which texts trained a model: written beside its weights, read back, and never without a trace of damage."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxnlp import registry
from cxnlp.errors import InputError, ModelError
from cxnlp.training import recording
from cxnlp.training.known_texts import hashes
from cxnlp.training.run import Material


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model, tmp_path / "tiny"))


def test_case_blanks_and_composition_make_no_other_text():
    one, same, other = registry.text_hashes(["Café  is\nGREAT ", "cafe\u0301 is great", "cafe is great"])
    assert one == same != other


def test_texts_are_known_raw_and_as_cleaned():
    raw = "Call&nbsp;me   at ana@example.com,\u200b thanks"
    cleaned = "Call me at"
    known = hashes([raw, "b", "a", "b"])
    assert len(known) == 4 and (np.diff(known.astype(object)) > 0).all()
    assert registry.text_hashes([raw])[0] in known and registry.text_hashes([cleaned])[0] not in known


def test_a_model_that_does_not_say_is_not_taken_for_one_that_knows_nothing(folder):
    assert registry.read_trained_on(folder) is None
    registry.add_trained_on(folder, np.empty(0, dtype=np.uint64))
    assert len(registry.read_trained_on(folder)) == 0


def test_hashes_are_added_listed_and_verified(folder):
    before = registry.read_manifest(folder)
    known = registry.text_hashes(["late", "kind", "late"])
    registry.add_trained_on(folder, known)
    assert registry.read_trained_on(folder).tolist() == sorted(set(known.tolist()))
    after = registry.verify(folder)
    assert set(after.files) - set(before.files) == {"trained_on.safetensors"}
    assert list(after.files) == sorted(after.files) and after.sha256 != before.sha256
    content = (folder / "trained_on.safetensors").read_bytes()
    registry.add_trained_on(folder, known[::-1])
    assert (folder / "trained_on.safetensors").read_bytes() == content
    (folder / "trained_on.safetensors").write_bytes(content[:-1])
    with pytest.raises(ModelError, match=r"altered trained_on\.safetensors"):
        registry.verify(folder)
    with pytest.raises(ModelError, match=r"trained_on\.safetensors"):
        registry.read_trained_on(folder)


def rows(corpus: str, *texts: str) -> pd.DataFrame:
    return pd.DataFrame({"text": texts, "corpus": corpus})


def test_a_model_of_other_rows_is_refused(folder, monkeypatch):
    """The corpora of a full model take too long here: the rows are given, the rest is real."""
    found = Material(rows("written", "a", "b"), rows("read", "c"), rows("", "d"), rows("", "e"))
    monkeypatch.setattr(recording, "prepare", lambda data, without: found)
    figures = pd.DataFrame({"model": "tiny", "head": "", "set": ["written", "read"], "language": "all", "n": [2, 1],
                            "measure": "rows", "value": [2.0, 1.0]})  # fmt: skip
    figures.to_csv(folder / "figures.csv", index=False)
    assert recording.record(folder, Path()) == 3
    assert np.isin(registry.text_hashes(["a", "b", "c"]), registry.read_trained_on(folder)).all()
    assert not np.isin(registry.text_hashes(["d"]), registry.read_trained_on(folder)).any()
    figures.assign(n=[2, 2]).to_csv(folder / "figures.csv", index=False)
    with pytest.raises(InputError, match="rows by corpus"):
        recording.record(folder, Path())
