"""The project's own backbone, its context, and the object finder beside it."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from nemf_model.architecture.backbone import ContextBlock, FeatureExtraction, SmallBackbone, dilated
from nemf_model.architecture.object_finder import object_coordinates
from nemf_model.config import ModelConfig

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


@pytest.mark.parametrize("height, width", [(16, 16), (8, 6), (7, 8), (5, 5)])
def test_dilated_is_the_convolution(height: int, width: int) -> None:
    torch.manual_seed(height)
    around = ContextBlock(6).around
    x = torch.randn(2, 6, height, width).contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(dilated(around, x), around(x), atol=1e-5, rtol=0)


def test_the_object_finder_sees_images_shrunk_by_a_whole_factor() -> None:
    tiny = ModelConfig.tiny()
    config = tiny.changed(object_finder={"widths": (4, 4, 6, 8), "side": 32})
    torch.manual_seed(2)
    features = FeatureExtraction(config).eval()
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        taps = features(image)
        logits = features.object_finder(F.avg_pool2d(image, 2))
    assert len(taps) == len(features.channels) + 1
    assert torch.equal(taps[-1], object_coordinates(logits, tiny.grid))
