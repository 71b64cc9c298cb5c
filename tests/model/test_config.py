"""Configurations: groups, plain values, and the layout of earlier checkpoints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nemf_model.config import LevelConfig, ModelConfig, ObjectFinderConfig

BUNDLE = Path(__file__).parents[2] / "model" / "bundles" / "nemf-small" / "6"


@pytest.mark.parametrize("name", ["reference", "small", "lite", "tiny"])
def test_plain_values_and_back(name: str) -> None:
    config = ModelConfig.named(name)
    assert ModelConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_missing_values_are_the_references() -> None:
    read = ModelConfig.from_dict({"coarse": {"temperature": 0.1}, "grid": 8})
    assert read == ModelConfig.reference().changed(coarse={"temperature": 0.1}, grid=8)
    assert read.field == ModelConfig.reference().field


def test_the_layout_without_groups_is_read() -> None:
    manifest = json.loads((BUNDLE / "model.json").read_text())
    values = manifest["provenance"]["config"]
    assert "details" in values and "backbone_widths" in values
    assert ModelConfig.from_dict(values) == ModelConfig.small()
    del values["object_widths"]
    assert ModelConfig.from_dict(values) == ModelConfig.small().changed(object_finder=None)
    values["object_widths"] = []
    assert ModelConfig.from_dict(values).object_finder is None
    levels = [{"tap": 2, "size": 16, "channels": [4], "strides": [1]}]
    read = ModelConfig.from_dict({"backbone": "timm:resnet18", "levels": levels})
    assert read.backbone.name == "timm:resnet18"
    assert read.cost_embedding.levels == (LevelConfig(2, 16, (4,), (1,)),)


def test_groups_are_changed_by_fields() -> None:
    small = ModelConfig.small()
    changed = small.changed(object_finder={"side": 64}, field={"hidden": 8}, grid=8)
    assert changed.object_finder == ObjectFinderConfig(small.object_finder.widths, 64)
    assert (changed.field.hidden, changed.field.blocks) == (8, small.field.blocks)
    assert (changed.grid, changed.coarse) == (8, small.coarse)
    finder = ModelConfig.tiny().changed(object_finder={"widths": (1, 2, 3, 4)}).object_finder
    assert finder == ObjectFinderConfig((1, 2, 3, 4))


@pytest.mark.parametrize(
    "values",
    [
        {"gird": 8},
        {"coarse": {"gird": 8}},
        {"lookups": [{"tap": 0, "size": 8, "gird": 1}]},
    ],
)
def test_unknown_entries_are_named(values: dict) -> None:
    with pytest.raises(ValueError, match="unknown entry .* gird"):
        ModelConfig.from_dict(values)
