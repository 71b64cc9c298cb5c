"""4D convolutions in factorised ("centre-pivot") form, and the cost embedding built from them.

A 4D tensor is [B, C, hs, ws, ht, wt]: source rows and columns, then target rows and columns.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nemf_model.config import LevelConfig


def _over_first_pair(x: Tensor, function) -> Tensor:
    """Applies a 2D image function [N, C, h, w] -> [N, C', h', w'] over the first pair of dims."""
    b, c, hs, ws, ht, wt = x.shape
    flat = x.permute(0, 4, 5, 1, 2, 3).reshape(b * ht * wt, c, hs, ws)
    out = function(flat)
    return out.reshape(b, ht, wt, *out.shape[1:]).permute(0, 3, 4, 5, 1, 2)


def _over_last_pair(x: Tensor, function) -> Tensor:
    """Applies a 2D image function over the last pair of dims."""
    b, c, hs, ws, ht, wt = x.shape
    flat = x.permute(0, 2, 3, 1, 4, 5).reshape(b * hs * ws, c, ht, wt)
    out = function(flat)
    return out.reshape(b, hs, ws, *out.shape[1:]).permute(0, 3, 1, 2, 4, 5)


class Conv4d(nn.Module):
    """3x3x3x3 convolution as the sum of two 3x3 ones, one over each pair of dims.

    While one pair is convolved with a stride, the other is brought to the same output size: by
    max-pooling (kernel = stride, ceil mode), or, when transposed, by bilinear resizing to twice
    the size (align_corners).
    """

    def __init__(self, inputs: int, outputs: int, stride: int, transposed: bool = False) -> None:
        super().__init__()
        self.stride = stride
        self.transposed = transposed
        if transposed:
            arguments = {"stride": stride, "padding": 1, "output_padding": stride - 1}
            self.query_conv = nn.ConvTranspose2d(inputs, outputs, 3, **arguments)
            self.supp_conv = nn.ConvTranspose2d(inputs, outputs, 3, **arguments)
        else:
            self.query_conv = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1)
            self.supp_conv = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1)

    def _resample(self, x: Tensor) -> Tensor:
        if self.transposed:
            size = [x.shape[-2] * self.stride, x.shape[-1] * self.stride]
            return F.interpolate(x, size=size, mode="bilinear", align_corners=True)
        return F.max_pool2d(x, kernel_size=self.stride, stride=self.stride, ceil_mode=True)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, hs, ws, ht, wt] -> [B, C', hs', ws', ht', wt']."""
        target_side = x if self.stride == 1 else _over_last_pair(x, self._resample)
        source_side = x if self.stride == 1 else _over_first_pair(x, self._resample)
        over_source = _over_first_pair(target_side, self.query_conv)
        over_target = _over_last_pair(source_side, self.supp_conv)
        return over_source + over_target


class Embedder(nn.Module):
    """Conv4d, GroupNorm, ReLU, repeated."""

    def __init__(
        self,
        channels: tuple[int, ...],
        strides: tuple[int, ...],
        groups: int = 1,
        transposed: bool = False,
    ) -> None:
        super().__init__()
        self.conv4d = nn.Sequential(
            *(
                nn.Sequential(
                    Conv4d(channels[i], channels[i + 1], strides[i], transposed),
                    nn.GroupNorm(groups, channels[i + 1]),
                    nn.ReLU(),
                )
                for i in range(len(strides))
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        for conv, norm, relu in self.conv4d:
            x = conv(x)
            # GroupNorm sees the four spatial dims as one.
            x = relu(norm(x.flatten(2))).view(x.shape)
        return x


class CostEmbedding(nn.Module):
    """The embedding of one level's correlation: [B, 1, size^4] -> [B, channels[-1], grid^4]."""

    def __init__(self, level: LevelConfig) -> None:
        super().__init__()
        self.embedder = Embedder((1, *level.channels), level.strides, transposed=level.transposed)

    def forward(self, correlation: Tensor) -> Tensor:
        return self.embedder(correlation)


class PhiEmbedding(nn.Module):
    """Phi = ReLU(GroupNorm4(Conv4d(concat[R, mean R, field_correlations]))), [B, C', grid^4]."""

    def __init__(self, inputs: int, field_correlations: int, outputs: int) -> None:
        """Channels of R, of all field correlations and of Phi."""
        super().__init__()
        self.embedder = Embedder((inputs + 1 + field_correlations, outputs), (1,), groups=4)

    def forward(self, cost: Tensor, field_correlations: Sequence[Tensor]) -> Tensor:
        """R and the field correlations, [B, C, grid^4] each."""
        return self.embedder(
            torch.cat([cost, cost.mean(dim=1, keepdim=True), *field_correlations], dim=1)
        )


def mutual_nearest_neighbour(cost: Tensor) -> Tensor:
    """c * (c / max over targets) * (c / max over sources), on every channel.

    cost: [B, C, sources, targets]. Zero maxima are replaced by 1e-30.
    """
    over_targets = cost.amax(dim=3, keepdim=True)
    over_sources = cost.amax(dim=2, keepdim=True)
    over_targets = over_targets.masked_fill(over_targets == 0, 1e-30)
    over_sources = over_sources.masked_fill(over_sources == 0, 1e-30)
    return cost * (cost / over_targets) * (cost / over_sources)
