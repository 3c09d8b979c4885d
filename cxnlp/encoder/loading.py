"""From a model folder to a network in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from cxnlp import registry
from cxnlp.encoder.batching import PieceCutter
from cxnlp.encoder.bert import is_plain_bert, plain_bert
from cxnlp.errors import ModelError, SettingsError
from cxnlp.registry import HeadWeights, Manifest, Projection
from cxnlp.results import ModelInfo

__all__ = ["Model", "choose_device", "choose_dtype", "load"]


@dataclass(frozen=True, slots=True)
class Model:
    """A model ready to encode. `heads` stay numpy: they are a few thousand numbers."""

    network: Callable[[torch.Tensor], torch.Tensor]
    """Piece ids (n, length) to the last layer (n, length, width)."""
    tokenizer: PieceCutter
    heads: Mapping[str, HeadWeights]
    manifest: Manifest
    info: ModelInfo
    width: int
    """Numbers per piece of the last layer."""
    projection: Projection | None = None
    """From a text's reading to its embedding; None where the embedding is the reading."""


def load(path: Path, *, device: str = "auto", precision: str = "auto") -> Model:
    """Load the model folder `path`; verify it first with `registry.verify`.

    Parameters
    ----------
    path : folder in the layout that `cxnlp.registry` describes.
    device : auto (a CUDA device where there is one, then Apple's, else the processor), cpu, cuda or mps.
    precision : auto (bfloat16 where the device computes in it, else float32), bfloat16 or float32.

    Raises
    ------
    ModelError
        Where the folder is damaged or its parts do not fit together.
    SettingsError
        Where the machine has no such device.
    """
    path = Path(path)
    manifest = registry.read_manifest(path)
    heads = registry.read_heads(path)
    where = choose_device(device)
    dtype = choose_dtype(precision, where)
    config = registry.read_config(path)
    network = _network(path, config, dtype, where)
    tokenizer = _tokenizer(path, manifest.max_tokens, config)
    info = ModelInfo(
        name=manifest.name,
        path=str(path),
        sha256=manifest.sha256,
        heads=tuple(heads),
        device=where.type,
        precision=str(dtype).removeprefix("torch."),
        licence=manifest.licence,
    )
    projection = registry.read_projection(path)
    return Model(network, tokenizer, heads, manifest, info, int(config["hidden_size"]), projection)


def _network(
    path: Path, config: Mapping[str, Any], dtype: torch.dtype, where: torch.device
) -> Callable[[torch.Tensor], torch.Tensor]:
    state = {name: torch.from_numpy(tensor) for name, tensor in registry.read_backbone(path).items()}
    try:
        if config.get("num_hidden_layers", 0) > len(state):  # before anyone builds them
            raise ValueError(f"{config['num_hidden_layers']} layers of {len(state)} tensors")
        make = plain_bert if is_plain_bert(config) else _by_transformers
        network = make(config, state, where, dtype)
        # Settings that fit the weights and yet not each other show when the network runs.
        with torch.inference_mode():
            network(torch.zeros((1, 2), dtype=torch.int32, device=where))
        return network
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise _unfit(path, str(error)) from error


def _by_transformers(
    entries: Mapping[str, Any], state: Mapping[str, torch.Tensor], where: torch.device, dtype: torch.dtype
) -> Callable[[torch.Tensor], torch.Tensor]:
    from transformers import AutoConfig, AutoModel
    from transformers.initialization import no_init_weights

    # for_model knows only the kinds that transformers itself defines: no code comes from the folder.
    config = AutoConfig.for_model(**entries)
    # Every weight is in the folder, so drawing random ones first would only cost time.
    with no_init_weights():
        network = AutoModel.from_config(config, dtype=dtype, trust_remote_code=False)
    # Embeddings are means of the last layer; a pooler, where the kind has one, would run unread.
    if hasattr(network, "pooler"):
        network.pooler = None
    network.load_state_dict(state)
    network = network.to(where).eval()
    return lambda ids: network(input_ids=ids).last_hidden_state


def _unfit(path: Path, why: str) -> ModelError:
    return ModelError(
        f"{path}/backbone: {why}",
        expected="a config.json and a model.safetensors of the same network, of a kind that transformers defines",
        fix="install cxnlp again, or name another model: --model cxnlp-small",
    )


def _tokenizer(path: Path, max_tokens: int, config: Mapping[str, Any]) -> Tokenizer:
    try:
        n_pieces, positions = int(config["vocab_size"]), int(config["max_position_embeddings"])
    except (KeyError, TypeError, ValueError) as error:
        raise _unfit(path, f"config.json: {error}") from error
    try:
        tokenizer = Tokenizer.from_file(str(path / "backbone" / "tokenizer.json"))
    except Exception as error:  # the Rust side raises bare Exception
        raise _unfit(path, f"tokenizer.json: {error}") from error
    if tokenizer.get_vocab_size() > n_pieces:
        raise _unfit(path, f"tokenizer.json has more pieces than the network, which knows {n_pieces}")
    special = tokenizer.num_special_tokens_to_add(is_pair=False)
    if not special < max_tokens <= positions:
        raise _unfit(path, f"{max_tokens} pieces at once, where the network has {positions} positions")
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def choose_device(wanted: str) -> torch.device:
    """The device that `wanted` means, as `load` describes; SettingsError where the machine lacks it."""
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return torch.device(next(name for name, there in present.items() if there))
    if not present.get(wanted, False):
        raise SettingsError.unknown_value(
            wanted, ["auto", *(name for name, there in present.items() if there)], option="--device"
        )
    return torch.device(wanted)


def choose_dtype(wanted: str, device: torch.device) -> torch.dtype:
    """The number format that `wanted` means on `device`, as `load` describes."""
    if wanted == "auto":
        return torch.bfloat16 if _computes_in_bfloat16(device) else torch.float32
    if wanted not in ("bfloat16", "float32"):
        raise SettingsError.unknown_value(wanted, ("auto", "bfloat16", "float32"), option="--precision")
    return torch.bfloat16 if wanted == "bfloat16" else torch.float32


def _computes_in_bfloat16(device: torch.device) -> bool:
    # Elsewhere bfloat16 is emulated, which costs both speed and exactness.
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "cpu" and any(
        torch.cpu.get_capabilities().get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16")
    )
