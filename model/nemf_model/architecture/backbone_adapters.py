"""Backbones of torchvision and timm, by name, behind the interface of backbone.py.

    backbone: {name: torchvision:resnet50, taps: [layer1, layer2, layer3]}
    backbone: {name: timm:vit_small_patch14_dinov2, taps: [8, 11]}

Neither package is needed for other models; each is imported when a configuration names it.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from nemf_model.architecture.efficientnet_lite import VARIANTS
from nemf_model.config import ModelConfig
from nemf_model.weights.checkpoints import load_state_dict


def import_package(name: str, pip_name: str) -> ModuleType:
    """Imports an optional package. Raises ImportError that says how to install a missing one."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ImportError(f"{error}: this needs `pip install {pip_name}`") from error


class BackboneAdapter(nn.Module):
    """A network that answers with feature maps, as a backbone.

    The taps are what the network gives for them: for most nodes of a ResNet that is after the
    ReLU, unlike the taps of the paper's own backbone.

    channels: of each tap.
    """

    def __init__(self, network: nn.Module, image_size: int, channels_last: bool = False) -> None:
        """network: [B, 3, S, S] -> feature maps [B, C_i, h_i, w_i] as a list or a dict, finest
        first; with channels_last, [B, h_i, w_i, C_i]."""
        super().__init__()
        self.network = network
        self.channels_last = channels_last
        with torch.no_grad():
            maps = self.eval().taps(torch.zeros(1, 3, image_size, image_size))
        self.channels = tuple(tap.shape[1] for tap in maps)
        self.sizes = tuple(tuple(tap.shape[2:]) for tap in maps)

    def taps(self, image: Tensor, hyperpixel_ids: tuple[int, ...] = ()) -> list[Tensor]:
        """[B, 3, S, S] -> the feature maps [B, C_i, h_i, w_i]."""
        answer = self.network(image)
        maps = list(answer.values()) if isinstance(answer, dict) else list(answer)
        return [m.permute(0, 3, 1, 2).contiguous() for m in maps] if self.channels_last else maps


def make_adapter(config: ModelConfig, weights: Path | None = None) -> BackboneAdapter:
    """The backbone that the configuration names as `torchvision:NAME` or `timm:NAME`.

    Args:
      weights: a file of the package's own weights for it, or None for random ones.

    Raises ValueError if there is no such backbone or tap, or a level's size is not its tap's;
    ImportError if the package is missing.
    """
    package, _, name = config.backbone.name.partition(":")
    makers = {"torchvision": _torchvision_adapter, "timm": _timm_adapter}
    if package not in makers or not name:
        raise ValueError(
            f"backbone.name = {config.backbone.name!r}, must be small, resnet101, "
            f"{', '.join(VARIANTS)}, torchvision:NAME or timm:NAME"
        )
    if not config.backbone.taps:
        raise ValueError(f"backbone.taps = [], must name the taps of {config.backbone.name}")
    adapter = makers[package](name, config, weights)
    _check_levels(config, adapter.sizes)
    return adapter


def _check_levels(config: ModelConfig, sizes: Sequence[tuple[int, ...]]) -> None:
    for level in config.cost_embedding.levels:
        if level.tap >= len(sizes):
            raise ValueError(f"level tap = {level.tap}, must be below {len(sizes)} taps")
        if sizes[level.tap] != (level.size, level.size):
            found = "x".join(map(str, sizes[level.tap]))
            raise ValueError(
                f"level size = {level.size}, but tap {config.backbone.taps[level.tap]!r} of "
                f"{config.backbone.name} is {found} for an image of {config.image_size}"
            )


def _torchvision_adapter(name: str, config: ModelConfig, weights: Path | None) -> BackboneAdapter:
    models = import_package("torchvision.models", "torchvision")
    extraction = import_package("torchvision.models.feature_extraction", "torchvision")
    network = models.get_model(name, weights=None)
    if weights is not None:
        network.load_state_dict(load_state_dict(weights))
    nodes = [str(tap) for tap in config.backbone.taps]
    network = extraction.create_feature_extractor(network.eval(), return_nodes=nodes)
    return BackboneAdapter(network, config.image_size)


def _timm_adapter(name: str, config: ModelConfig, weights: Path | None) -> BackboneAdapter:
    timm = import_package("timm", "timm")
    if not timm.is_model(name):
        raise ValueError(f"timm has no backbone {name!r}")
    options: dict[str, Any] = {"out_indices": tuple(int(tap) for tap in config.backbone.taps)}
    if weights is not None:
        # timm reads its own formats, and fits a ViT's position embedding to the image's size.
        options |= {"pretrained": True, "pretrained_cfg_overlay": {"file": str(weights)}}
    try:
        network = timm.create_model(name, features_only=True, img_size=config.image_size, **options)
    except TypeError:
        # Purely convolutional networks take any size, and no argument for it.
        network = timm.create_model(name, features_only=True, **options)
    layout = getattr(network, "output_fmt", "NCHW")
    return BackboneAdapter(network, config.image_size, getattr(layout, "value", layout) == "NHWC")
