"""Loads models from checkpoints of nemf_model.training."""

from __future__ import annotations

import logging
from pathlib import Path

import torch

from nemf_model.architecture.model import NeMF
from nemf_model.config import ModelConfig

logger = logging.getLogger(__name__)


def load_trained_model(config: ModelConfig, weights: Path | None) -> NeMF:
    """Builds a model with the weights of a checkpoint.

    Args:
      weights: model.pt or train.pt of a training; None for random weights.

    Raises:
      ValueError: the checkpoint has another configuration or is not of a training.
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
        raise ValueError(f"{weights} is not a checkpoint of nemf_model.training")
    model.load_state_dict(state, strict=True)
    return model
