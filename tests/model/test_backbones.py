"""Backbones of torchvision and timm by name, with weights from a file.

The tests of a package skip where it is not installed; the project does not need it.
"""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
import torch

from nemf_model.architecture.backbone import FeatureExtraction
from nemf_model.architecture.model import NeMF
from nemf_model.config import LevelConfig, ModelConfig
from nemf_model.export.bundle_writer import BundleName, export_bundle

TAPS = {
    "torchvision:resnet18": ("layer2.1.bn2", "layer3"),
    "timm:resnet18": (2, 3),
    "timm:vit_tiny_patch16_224": (4, 11),
}
# Weights of the first and of the last layer that a tap needs.
ENDS = {
    "resnet18": ("conv1.weight", "layer3.1.conv2.weight"),
    "vit": ("patch_embed.proj.weight", "blocks.11.mlp.fc2.weight"),
}


def require(package: str) -> ModuleType:
    """Imports a package, or skips the test that needs it."""
    return pytest.importorskip(package, reason=f"{package}, an optional package, is not installed")


def config_of(backbone: str) -> ModelConfig:
    """A tiny model of images of 64 px on the named backbone."""
    tiny = ModelConfig.tiny()
    if "vit" in backbone:
        levels = tuple(LevelConfig(tap, 4, (2, 2), (1, 1)) for tap in (0, 1))
    else:
        levels = (LevelConfig(0, 8, (2, 3), (2, 1)), LevelConfig(1, 4, (2, 2), (1, 1)))
    return tiny.changed(
        backbone={"name": backbone, "taps": TAPS[backbone]}, cost_embedding={"levels": levels}
    )


@pytest.fixture(params=TAPS)
def config(request: pytest.FixtureRequest) -> ModelConfig:
    backbone = request.param
    require(backbone.partition(":")[0])
    return config_of(backbone)


def package_weights(config: ModelConfig) -> dict[str, torch.Tensor]:
    """Random weights as the backbone's own package publishes them, classifier included."""
    package, _, name = config.backbone.name.partition(":")
    torch.manual_seed(3)
    if package == "torchvision":
        import torchvision

        return torchvision.models.get_model(name).state_dict()
    import timm

    # ViTs are published for larger images: their position embedding has to be resized.
    return timm.create_model(name).state_dict()


def test_named_backbone_takes_its_packages_weights(config: ModelConfig, tmp_path: Path) -> None:
    weights = package_weights(config)
    torch.save(weights, tmp_path / "weights.pth")
    features = FeatureExtraction(config).eval()
    before = [tap.clone() for tap in features(torch.ones(1, 3, 64, 64))]
    assert [tuple(tap.shape[2:]) for tap in before] == [
        (lv.size, lv.size) for lv in config.cost_embedding.levels
    ]
    assert [tap.shape[1] for tap in before] == list(features.channels)
    features.load_weights(tmp_path / "weights.pth")
    after = features(torch.ones(1, 3, 64, 64))
    assert not torch.allclose(before[1], after[1])
    own = features.backbone.state_dict()
    for last in ENDS["vit" if "vit" in config.backbone.name else "resnet18"]:
        [key] = [key for key in own if key.removeprefix("network.").removeprefix("model.") == last]
        assert torch.equal(own[key], weights[last])


def test_model_on_a_named_backbone_is_exported(config: ModelConfig, tmp_path: Path) -> None:
    torch.manual_seed(4)
    model = NeMF(config).eval()
    export_bundle(model, BundleName(tmp_path, "named", "1"), {})
    again = NeMF(ModelConfig.from_dict(model.config.to_dict()))
    again.load_state_dict(model.state_dict())


def test_paper_backbone_has_torchvisions_layout() -> None:
    torchvision = require("torchvision")
    with torch.device("meta"):
        theirs = torchvision.models.resnet101().state_dict()
        ours = FeatureExtraction(ModelConfig.reference()).backbone.state_dict()
    assert {k: v.shape for k, v in ours.items()} == {k: v.shape for k, v in theirs.items()}


def test_own_backbone_loads_a_file_and_refuses_another(tmp_path: Path) -> None:
    config = ModelConfig.tiny()
    torch.manual_seed(5)
    one, two = FeatureExtraction(config), FeatureExtraction(config)
    torch.save(one.backbone.state_dict(), tmp_path / "weights.pth")
    two.load_weights(tmp_path / "weights.pth")
    assert torch.equal(one.backbone.stem.weight, two.backbone.stem.weight)
    torch.save({"other": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"other\.pth: holds no weights of small"):
        two.load_weights(tmp_path / "other.pth")


@pytest.mark.parametrize("package", ["torchvision", "timm"])
def test_missing_package_is_named(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setitem(sys.modules, f"{package}.models", None)
    with pytest.raises(ImportError, match=f"pip install {package}"):
        FeatureExtraction(config_of(f"{package}:resnet18"))


@pytest.mark.parametrize(
    ("backbone", "message"),
    [
        ({"name": "resnet18"}, "backbone.name = 'resnet18', must be small, resnet101"),
        ({"name": "timm:resnet18", "taps": ()}, "must name the taps"),
    ],
)
def test_bad_backbones_are_named(backbone: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FeatureExtraction(ModelConfig.tiny().changed(backbone=backbone))


def test_a_tap_of_another_size_is_named(config: ModelConfig) -> None:
    levels = config.cost_embedding.levels
    levels = (levels[0], replace(levels[1], size=16))
    tap = re.escape(repr(config.backbone.taps[1]))
    with pytest.raises(ValueError, match=rf"level size = 16, but tap {tap} of .* is 4x4"):
        FeatureExtraction(config.changed(cost_embedding={"levels": levels}))
