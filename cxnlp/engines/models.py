"""Which models a run uses: the embedded one, or foreign ones in place of it or of its sentiment head."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from cxnlp import registry
from cxnlp.config import EncodeConfig

if TYPE_CHECKING:
    from cxnlp.encoder import Model

__all__ = ["check_models", "classifier_of", "encoder_of"]


def check_models(config: EncodeConfig) -> None:
    """Find the models of `config` and see that they may be loaded; fetches those named by hub name.

    Raises ModelError and SettingsError as `cxnlp.engines.encode` does; loads no network.
    """
    if config.encoder is None:
        registry.find(config.model)
    else:
        registry.find_foreign(config.encoder, option="--encoder")
    if config.sentiment_model is not None:
        _judge(config.sentiment_model, config.sentiment_labels)


def encoder_of(config: EncodeConfig) -> Model:
    """The model that makes the embedding, loaded."""
    if config.encoder is not None:
        found = registry.find_foreign(config.encoder, option="--encoder")
        return _load_encoder(found, config.device, config.precision)
    path = registry.find(config.model)
    return _load(path, registry.verify(path).sha256, config.device, config.precision)


def classifier_of(config: EncodeConfig) -> Model | None:
    """The classifier that judges sentiment in place of the model's head, loaded; None where there is none."""
    if config.sentiment_model is None:
        return None
    found, polarity = _judge(config.sentiment_model, config.sentiment_labels)
    return _load_classifier(found, tuple(polarity.items()), config.device, config.precision)


def _judge(name: str, labels: str | None) -> tuple[registry.Foreign, dict[str, str]]:
    declared = registry.read_declared(labels)
    found = registry.find_foreign(name, option="--sentiment-model")
    return found, registry.polarity_of(registry.labels_of(found), declared, model=found.name)


# The hash is part of each key: a folder written anew in the same place is another model.


@lru_cache(maxsize=2)
def _load(path: Path, sha256: str, device: str, precision: str) -> Model:
    from cxnlp import encoder

    return encoder.load(path, device=device, precision=precision)


@lru_cache(maxsize=1)
def _load_encoder(found: registry.Foreign, device: str, precision: str) -> Model:
    from cxnlp import encoder

    return encoder.load_encoder(found, device=device, precision=precision)


@lru_cache(maxsize=1)
def _load_classifier(
    found: registry.Foreign, polarity: tuple[tuple[str, str], ...], device: str, precision: str
) -> Model:
    from cxnlp import encoder

    return encoder.load_classifier(found, dict(polarity), device=device, precision=precision)
