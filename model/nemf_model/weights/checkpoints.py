"""Reads files of weights without executing code that they may contain."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch


def load_state_dict(path: str | Path) -> dict[str, torch.Tensor]:
    """Reads the tensors of a checkpoint: a state_dict, or a dict that holds one as 'state_dict'.

    The prefix 'module.' of torch.nn.DataParallel is removed if every key has it.

    Raises:
      ValueError: the file holds anything else.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(f"{path}: holds more than tensors and plain values") from error
    if isinstance(content, Mapping) and "state_dict" in content:
        content = content["state_dict"]
    if not isinstance(content, Mapping) or not all(
        isinstance(value, torch.Tensor) for value in content.values()
    ):
        raise ValueError(f"{path}: holds no state_dict")
    prefix = "module."
    if content and all(key.startswith(prefix) for key in content):
        content = {key.removeprefix(prefix): value for key, value in content.items()}
    return dict(content)
