"""The tokenizer of a model in Hugging Face layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tokenizers import Tokenizer

from cxnlp.encoder.batching import PieceCutter
from cxnlp.registry import Foreign

__all__ = ["SlowCutter", "foreign_tokenizer"]


@dataclass(frozen=True, slots=True)
class _Cut:
    """The windows of a text, in the shape of a `tokenizers.Encoding`."""

    ids: list[int]
    overflowing: tuple[_Cut, ...] = ()


@dataclass(frozen=True, slots=True)
class SlowCutter:
    """Windows from a tokenizer of transformers that has no fast twin."""

    tokenizer: Any
    max_tokens: int

    def encode_batch_fast(self, input: list[str]) -> Sequence[_Cut]:
        """See `PieceCutter`."""
        return [self._cut(text) for text in input]

    def _cut(self, text: str) -> _Cut:
        pieces = self.tokenizer.encode(text, add_special_tokens=False)
        room = self.max_tokens - self.tokenizer.num_special_tokens_to_add()
        first, *others = (
            _Cut(self.tokenizer.build_inputs_with_special_tokens(pieces[start : start + room]))
            for start in range(0, max(1, len(pieces)), room)
        )
        return _Cut(first.ids, tuple(others))


def foreign_tokenizer(model: Foreign, max_tokens: int) -> tuple[PieceCutter, int]:
    """What cuts texts into windows of at most `max_tokens` pieces, and the largest piece number.

    tokenizer.json is taken as it stands; without one transformers makes the tokenizer, from the files of
    the folder and its own code alone.
    """
    file = model.folder / "tokenizer.json"
    if file.is_file():
        fast = Tokenizer.from_file(str(file))
    else:
        from transformers import AutoTokenizer

        made = AutoTokenizer.from_pretrained(model.folder, trust_remote_code=False, local_files_only=True)
        # Without its files transformers makes a tokenizer all the same, one that knows no word.
        if set(made.get_vocab()) <= set(made.all_special_tokens):
            raise ValueError("there is no tokenizer.json, and no vocabulary that a tokenizer can be made from")
        if not hasattr(made, "backend_tokenizer"):
            return SlowCutter(made, max_tokens), max(made.get_vocab().values())
        fast = made.backend_tokenizer
    fast.no_padding()
    fast.enable_truncation(max_tokens)
    return fast, max(fast.get_vocab().values())
