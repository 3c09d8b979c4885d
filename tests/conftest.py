"""Fixtures that more than one room's tests use."""

from __future__ import annotations

import string
from pathlib import Path

import numpy as np
import pytest

from cxnlp import heads, registry

WIDTH = 32


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real model folder with random weights: 2 layers, 32 wide, 64 pieces at once, every head."""
    import torch
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("models")
    tokenizer = folder / "tokenizer.json"
    n_pieces = _write_tokenizer(tokenizer)
    config = BertConfig(
        vocab_size=n_pieces,
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        pad_token_id=1,
    )
    torch.manual_seed(0)
    network = BertModel(config, add_pooling_layer=False)
    return registry.write_model(
        folder / "tiny",
        name="tiny",
        backbone_state={name: tensor.numpy() for name, tensor in network.state_dict().items()},
        config=config.to_dict(),
        tokenizer=tokenizer,
        heads={head.name: _random_head(head, np.random.default_rng(0)) for head in heads.HEADS.values()},
        card="# tiny\n\nRandom weights, for tests.\n",
        prefix="query: ",
        languages=("en",),
        licence="MIT",
    )


def _random_head(head: heads.Head, random: np.random.Generator) -> registry.HeadWeights:
    n_labels = len(head.labels)
    return registry.HeadWeights(
        name=head.name,
        kind=head.kind,
        labels=head.labels,
        weight=random.normal(0, 2, (n_labels, WIDTH)).astype(np.float32),
        bias=random.normal(0, 1, n_labels).astype(np.float32),
        thresholds=np.full(n_labels, 0.5 if head.kind == "multi" else 0.4),
        temperature=1.5,
    )


def _write_tokenizer(path: Path) -> int:
    """A sentencepiece-like tokenizer of letters, their accented kin and some words; returns its size."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    words = ["▁query", "▁the", "▁delivery", "▁was", "▁late", "▁staff", "▁friendly", "▁price", "▁good", "▁bad"]
    letters = [*string.ascii_letters, *string.digits, *".,:;!?'-/", *"ăâîșțąćęłńóśźżàèéìòùäöüßçñ", "▁"]
    pieces = [(piece, 0.0) for piece in ("<s>", "<pad>", "</s>", "<unk>")]
    pieces += [(word, -2.0) for word in words] + [(letter, -5.0) for letter in letters]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>"])
    tokenizer.save(str(path))
    return tokenizer.get_vocab_size()
