"""From a folder in Hugging Face layout to a network in memory: any encoder, any sentiment classifier.

Both become a `Model`, so that batches, windows and cores are those of the embedded model. transformers
supplies the network's definition only: weights and tokenizer are read here, from files that the registry
has checked, so no code of the folder runs and nothing is fetched.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from cxnlp.encoder.encoding import sum_pieces
from cxnlp.encoder.loading import Model, choose_device, choose_dtype
from cxnlp.encoder.tokenizing import foreign_tokenizer
from cxnlp.errors import ModelError
from cxnlp.heads import POLARITIES
from cxnlp.registry import Foreign, Manifest, labels_of, polarity_matrix
from cxnlp.results import ModelInfo, Progress

__all__ = ["classify_texts", "load_classifier", "load_encoder"]

MAX_TOKENS = 512
"""Longest window, also of networks that could read more: attention costs the square of the length."""

_STEERS_LOADING = (
    "attn_implementation", "_attn_implementation", "experts_implementation", "transformers_weights",
    "fusion_config", "distributed_config", "dtype", "torch_dtype",
)  # fmt: skip
"""Entries of config.json that would change how transformers loads, not what the network is."""

_POOLING_STEPS = ("Transformer", "Pooling", "Normalize")

Network = Callable[[torch.Tensor], torch.Tensor]


def load_encoder(model: Foreign, *, device: str = "auto", precision: str = "auto") -> Model:
    """A foreign encoder, without heads; its embedding is a mean over pieces as `encode_texts` describes.

    Where the folder is one of sentence-transformers that pools the first piece, each window counts with
    its first piece alone. Precision ``auto`` is float32 on the processor.

    Raises ModelError where the network is no encoder that transformers defines, or its parts do not fit.
    """
    from transformers import MODEL_MAPPING

    first_piece = _pools_first_piece(model)
    network, where, dtype = _network(model, MODEL_MAPPING, device, precision)

    def last_layer(ids: torch.Tensor) -> torch.Tensor:
        hidden = network(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
        return hidden[:, :1].expand_as(hidden) if first_piece else hidden

    with _blaming(model):
        return _model(model, network, last_layer, where, dtype, heads=())


def load_classifier(
    model: Foreign, polarity: Mapping[str, str], *, device: str = "auto", precision: str = "auto"
) -> Model:
    """A foreign sentiment classifier, for `classify_texts`; ``polarity`` maps each of its labels to a polarity.

    Raises ModelError where the network is no sequence classifier with one answer a text, or its parts do not fit.
    """
    from transformers import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING

    labels = labels_of(model)
    if model.config.get("problem_type") not in (None, "single_label_classification"):
        raise _unfit(model, f"its problem_type is {model.config['problem_type']!r}, not single_label_classification")
    network, where, dtype = _network(model, MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING, device, precision)
    summed = torch.from_numpy(polarity_matrix(labels, polarity)).to(where)

    def probabilities(ids: torch.Tensor) -> torch.Tensor:
        logits = network(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
        # The same at every piece of the window: so a sum over pieces weighs windows by their pieces.
        return (logits.float().softmax(dim=-1) @ summed)[:, None, :].expand(-1, ids.shape[1], -1)

    with _blaming(model):
        return _model(model, network, probabilities, where, dtype, heads=("sentiment",), labels=polarity)


def classify_texts(
    model: Model, texts: Sequence[str], *, tokens_per_batch: int = 2048, progress: Progress | None = None
) -> tuple[np.ndarray, int]:
    """Probabilities of `heads.POLARITIES`, float32 (n, 3), and the number of pieces read.

    A text longer than the classifier reads at once is cut into windows; its probabilities are the mean of
    theirs, weighted by their pieces. Parameters are those of `encode_texts`; ``model`` is from `load_classifier`.
    """
    sums, n_tokens = sum_pieces(model, texts, tokens_per_batch=tokens_per_batch, progress=progress)
    # The probabilities of a piece sum to 1, so their sum is the number of pieces.
    return sums / sums.sum(axis=1, keepdims=True), n_tokens


def _network(
    model: Foreign, known: Mapping[Any, Any], device: str, precision: str
) -> tuple[Any, torch.device, torch.dtype]:
    where = choose_device(device)
    # Nothing is known of what bfloat16 does to these weights: on the processor it must be asked for.
    dtype = choose_dtype("float32" if precision == "auto" and where.type == "cpu" else precision, where)
    state = _weights(model)
    with _blaming(model), _quietly():
        from transformers import MODEL_FOR_MASKED_LM_MAPPING, MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING, AutoConfig

        entries = {name: value for name, value in model.config.items() if name not in _STEERS_LOADING}
        # for_model knows only the kinds that transformers itself defines: no code comes from the folder.
        config = AutoConfig.for_model(**entries)
        # Kinds for pictures or sound may fetch a network of their own, and could not read a comment anyway.
        reads_text = (
            type(config) in MODEL_FOR_MASKED_LM_MAPPING or type(config) in MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING
        )
        if not reads_text or type(config) not in known or getattr(config, "is_encoder_decoder", False):
            raise _unfit(model, f"transformers has no network of this use for model_type {config.model_type!r}")
        network, loaded = known[type(config)].from_pretrained(
            None, config=config, state_dict=state, dtype=dtype, output_loading_info=True
        )
    # The pooler of an encoder is not read. Anything else that is missing would be random numbers.
    random = sorted(n for n in loaded["missing_keys"] if not n.startswith("pooler."))
    if random:
        raise _unfit(model, f"its weights lack {', '.join(random[:3])}, which this use needs")
    return network.to(where).eval(), where, dtype


def _weights(model: Foreign) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = {}
    for file in model.weights:
        try:
            state |= load_file(model.folder / file)
        except (OSError, SafetensorError) as error:
            raise _unfit(model, f"{file}: {error}") from error
    wrong = [name for name, tensor in state.items() if tensor.is_floating_point() and not tensor.isfinite().all()]
    if wrong:
        raise _unfit(model, f"tensor {wrong[0]!r} holds values that are infinite or not a number")
    return state


def _model(
    model: Foreign,
    network: Any,
    run: Network,
    where: torch.device,
    dtype: torch.dtype,
    *,
    heads: tuple[str, ...],
    labels: Mapping[str, str] | None = None,
) -> Model:
    """`run` and its tokenizer as a `Model`, tried once on a full window."""
    max_tokens = _longest(model, network)
    tokenizer, largest = foreign_tokenizer(model, max_tokens)
    rows = network.get_input_embeddings().weight.shape[0]
    if largest >= rows:
        raise _unfit(model, f"its tokenizer has pieces up to number {largest}, the network {rows} of them")
    cut, empty = tokenizer.encode_batch_fast(["a b " * max_tokens, ""])
    if len(empty.ids) >= max_tokens:
        raise _unfit(model, f"it reads {max_tokens} pieces at once, which leaves none for the text")
    with torch.inference_mode():
        tried = run(torch.tensor([cut.ids, cut.ids], device=where))
    width = tried.shape[-1]
    if tried.shape[:2] != (2, len(cut.ids)) or not tried.isfinite().all() or (labels and width != len(POLARITIES)):
        raise _unfit(
            model, f"a text of {len(cut.ids)} pieces gave numbers of shape {tuple(tried.shape)}, or no numbers"
        )
    manifest = Manifest(
        name=model.name,
        backbone=str(model.config["model_type"]),
        pooling="mean",
        normalise=True,
        prefix="",
        max_tokens=max_tokens,
        heads=heads,
        languages=(),
        licence=model.licence,
        cxnlp_version="",
        files={},
        sha256=model.sha256,
    )
    info = ModelInfo(
        name=model.name,
        path=str(model.folder),
        sha256=model.sha256,
        heads=heads,
        device=where.type,
        precision=str(dtype).removeprefix("torch."),
        licence=model.licence,
        revision=model.revision,
        weights=model.weights,
        labels=labels or {},
    )
    return Model(run, tokenizer, {}, manifest, info, width)


def _longest(model: Foreign, network: Any) -> int:
    """Most pieces that the network reads at once, at most `MAX_TOKENS`."""
    limits = [MAX_TOKENS]
    for name, module in network.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, torch.nn.Embedding):
            # The kin of RoBERTa number their positions from one past the padding piece.
            skipped = 0 if module.padding_idx is None else module.padding_idx + 1
            limits.append(module.num_embeddings - skipped)
    file = model.folder / "tokenizer_config.json"
    stated = json.loads(file.read_text(encoding="utf-8")).get("model_max_length") if file.is_file() else None
    if isinstance(stated, int | float) and stated >= 1:
        limits.append(int(min(stated, MAX_TOKENS)))
    return min(limits)


def _pools_first_piece(model: Foreign) -> bool:
    """Whether sentence-transformers would take the first piece in place of the mean; both are in its own files."""
    steps, pooling = model.folder / "modules.json", model.folder / "1_Pooling" / "config.json"
    with _blaming(model):
        kinds = [step["type"].rsplit(".", 1)[-1] for step in _json(steps)] if steps.is_file() else []
        modes = {name for name, on in _json(pooling).items() if on is True} if pooling.is_file() else set()
    other = [kind for kind in kinds if kind not in _POOLING_STEPS]
    modes = {name for name in modes if name.startswith("pooling_mode_")}
    if other or modes - {"pooling_mode_cls_token", "pooling_mode_mean_tokens"} or len(modes) > 1:
        raise ModelError(
            f"{model.option} {model.folder}: its sentence embedding needs {', '.join([*other, *sorted(modes)])}",
            expected="the mean of all pieces or the first piece, and no layer after it",
            fix="name another encoder; or copy the folder without modules.json and 1_Pooling to have the mean",
        )
    return modes == {"pooling_mode_cls_token"}


def _json(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


@contextmanager
def _blaming(model: Foreign) -> Iterator[None]:
    """What the libraries raise over the parts of `model`, as an error of the model."""
    try:
        yield
    except ModelError:
        raise
    except Exception as error:  # transformers and tokenizers raise whatever a wrong file makes them stumble over
        why = str(error).strip().splitlines() or [type(error).__name__]
        raise _unfit(model, why[0]) from error


@contextmanager
def _quietly() -> Iterator[None]:
    """transformers reports what it loads on the screen; what matters of it becomes an error here."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _unfit(model: Foreign, why: str) -> ModelError:
    use = "encoder" if model.option == "--encoder" else "sequence classifier"
    return ModelError(
        f"{model.option} {model.folder}: {why}",
        expected=f"config.json, weights and tokenizer of one {use}, of a kind that transformers defines",
        fix=f"name another model: {model.option} NAME@COMMIT, or {model.option} FOLDER",
    )
