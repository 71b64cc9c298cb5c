"""Loads checkpoints of the reference implementation without trusting them.

Tensors are read by torch.load(weights_only=True). The hyper-parameters lie beside them as a pickled
argparse.Namespace. A pickle may call any function, so it is read by an unpickler that accepts a
plain holder of attributes and a few builtin types and rejects everything else.
"""

from __future__ import annotations

import ast
import pickle
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from nemf_model.architecture.model import NeMF
from nemf_model.config import ModelConfig
from nemf_model.weights.checkpoints import load_state_dict

_BUILTINS = {
    t.__name__: t for t in (bool, complex, dict, float, frozenset, int, list, set, str, tuple)
}
_MAX_HYPERPARAMETER_BYTES = 1 << 20
# The bottlenecks of ResNet-101's four stages, counted from 1.
_STAGES = (range(1, 4), range(4, 8), range(8, 31), range(31, 34))


class _PlainUnpickler(pickle.Unpickler):
    """Reads Namespaces of plain values; raises UnpicklingError for any other name."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        # A class for this file alone: a pickle may change attributes of the classes it names.
        self.holder = type("Values", (), {})

    def find_class(self, module: str, name: str) -> type:
        if (module, name) == ("argparse", "Namespace"):
            return self.holder
        if module in ("builtins", "__builtin__") and name in _BUILTINS:
            return _BUILTINS[name]
        raise pickle.UnpicklingError(f"refused to load {module}.{name}")


def load_hyperparameters(path: str | Path) -> Namespace:
    """Reads a pickled argparse.Namespace.

    Raises:
      ValueError: the file is not such a pickle, is larger than 1 MiB, or names anything but
        argparse.Namespace and plain builtin types. Nothing in it is executed.
    """
    path = Path(path)
    if path.stat().st_size > _MAX_HYPERPARAMETER_BYTES:
        raise ValueError(f"{path}: larger than {_MAX_HYPERPARAMETER_BYTES} bytes")
    try:
        with path.open("rb") as file:
            unpickler = _PlainUnpickler(file)
            values = unpickler.load()
    except Exception as error:  # A damaged pickle may raise nearly anything.
        raise ValueError(f"{path}: not a plain pickled argparse.Namespace: {error}") from error
    if type(values) is not unpickler.holder:
        raise ValueError(f"{path}: not a plain pickled argparse.Namespace")
    return Namespace(**vars(values))


def reference_config(hyperparameters: Namespace | None) -> ModelConfig:
    """Returns the published model's configuration, with the hyperpixel ids of a checkpoint.

    Args:
      hyperparameters: of the checkpoint; None, or without ids, for the published ids.

    Raises:
      ValueError: the ids do not name one bottleneck of each stage of the backbone.
    """
    config = ModelConfig.reference()
    ids = _hyperpixel_ids(vars(hyperparameters)) if hyperparameters else None
    if ids is None:
        return config
    in_stages = len(ids) == len(_STAGES) and all(
        i in stage for i, stage in zip(ids, _STAGES, strict=True)
    )
    if not in_stages:
        raise ValueError(f"hyperpixel ids = {list(ids)}, must be one of each stage of ResNet-101")
    return config.changed(backbone={"hyperpixel_ids": ids})


def load_reference_model(checkpoint: str | Path, hyperparameters: str | Path | None = None) -> NeMF:
    """Builds the published model in eval mode with the weights of a checkpoint.

    Args:
      checkpoint: a reference checkpoint, e.g. model_best.pth; every key must fit.
      hyperparameters: the args.pkl kept with it, or None for the published hyper-parameters.
    """
    values = None if hyperparameters is None else load_hyperparameters(hyperparameters)
    model = NeMF(reference_config(values))
    model.load_state_dict(load_state_dict(checkpoint), strict=True)
    return model.eval()


def _hyperpixel_ids(values: Mapping[str, Any]) -> tuple[int, ...] | None:
    """Reads `hyperpixel` or `hyperpixel_ids`: a list, or its text such as "[3,7,30,33]"."""
    ids = values.get("hyperpixel_ids", values.get("hyperpixel"))
    if isinstance(ids, str):
        try:
            ids = ast.literal_eval(ids)
        except (SyntaxError, ValueError):
            raise ValueError(f"hyperpixel ids = {ids!r}, must be a list of numbers") from None
    if not ids:
        return None
    if not isinstance(ids, (list, tuple)) or not all(isinstance(i, int) for i in ids):
        raise ValueError(f"hyperpixel ids = {ids!r}, must be a list of numbers")
    return tuple(ids)
