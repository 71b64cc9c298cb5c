"""The project's own backbone: context, the way down, and the side it works at."""

from __future__ import annotations

from dataclasses import replace

import torch
import torch.nn.functional as F

from nemf.backbone import FeatureExtraction, SmallBackbone
from nemf.config import ModelConfig

WIDTHS = (4, 4, 8, 8)
BLOCKS = (1, 1, 1)


def taps_of(backbone: SmallBackbone, image: torch.Tensor) -> list[torch.Tensor]:
    with torch.no_grad():
        return backbone.eval().taps(image)


def plain_and(**more: object) -> tuple[SmallBackbone, SmallBackbone]:
    """A backbone without and one with more, of the same weights otherwise."""
    torch.manual_seed(1)
    plain, other = SmallBackbone(WIDTHS, BLOCKS), SmallBackbone(WIDTHS, BLOCKS, **more)
    assert not other.load_state_dict(plain.state_dict(), strict=False).unexpected_keys
    return plain, other


def test_context_begins_as_nothing_and_then_sees_far() -> None:
    plain, other = plain_and(context=2)
    image = torch.randn(1, 3, 256, 256)
    for a, b in zip(taps_of(plain, image), taps_of(other, image), strict=True):
        assert torch.equal(a, b)
    for block in other.context:
        torch.nn.init.ones_(block.bn2.weight)
    before = taps_of(other, image)[-1]
    image[:, :, :16, :16] += 1
    changed = (taps_of(other, image)[-1] != before).any(dim=1)[0]
    assert changed[0, 12].item() and changed[12, 0].item()
    assert before.shape[-1] == 16


def test_the_way_down_adds_each_tap_to_the_finer_one() -> None:
    plain, other = plain_and(topdown=True)
    image = torch.randn(2, 3, 64, 64)
    fine, middle, coarse = taps_of(plain, image)
    got = taps_of(other, image)
    assert [tap.shape for tap in got] == [fine.shape, middle.shape, coarse.shape]
    assert torch.equal(got[2], coarse)

    def down(lateral: torch.nn.Conv2d, tap: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
        size = like.shape[2:]
        return F.interpolate(lateral(F.relu(tap)), size, mode="bilinear", align_corners=True)

    with torch.no_grad():
        middle = middle + down(other.laterals[0], coarse, middle)
        fine = fine + down(other.laterals[1], middle, fine)
    assert torch.allclose(got[1], middle) and torch.allclose(got[0], fine)


def test_large_images_are_shrunk_by_a_whole_factor() -> None:
    config = replace(ModelConfig.tiny(), backbone_side=32)
    torch.manual_seed(2)
    features = FeatureExtraction(config).eval()
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        taps = features(image)
        of_half = features(F.avg_pool2d(image, 2))
    for a, b in zip(taps, of_half, strict=True):
        assert torch.equal(a, b)
    assert taps[0].shape[-1] == 8
