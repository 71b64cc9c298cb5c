"""Models from the checkpoints of nemf_model.training."""

from __future__ import annotations

import logging
from pathlib import Path

import torch

from nemf_model.architecture.model import NeMF
from nemf_model.config import ModelConfig

logger = logging.getLogger(__name__)


def load_trained_model(config: ModelConfig, weights: Path | None) -> NeMF:
    """A model with the weights of a checkpoint of nemf_model.training (model.pt or train.pt).

    Without a checkpoint the weights are random. Raises ValueError if the checkpoint is of another
    configuration.
    """
    model = NeMF(config)
    if weights is None:
        logger.warning("no --weights: the bundle gets random ones")
        return model
    content = torch.load(weights, map_location="cpu", weights_only=True)
    if "config" in content and ModelConfig.from_dict(content["config"]) != config:
        raise ValueError(f"{weights} was trained with another configuration than --config")
    state = content.get("state_dict") or content.get("model")
    if state is None:
        raise ValueError(f"{weights} is no checkpoint of nemf_model.training")
    model.load_state_dict(state, strict=True)
    return model
