"""Coordinates: pixels and normalised points, grids, homographies, and the extents of objects."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

# So that a map of nothing has a size all the same.
_LEAST_VARIANCE = 1e-3
_LEAST_WEIGHT = 1e-4


def pixel_to_normalised(points: Tensor, width: int, height: int) -> Tensor:
    """Maps pixels (x, y) [..., 2] to [-1, 1]: 2 x / (width - 1) - 1; 0 along an axis of size 1."""
    x = _axis_to_normalised(points[..., 0], width)
    y = _axis_to_normalised(points[..., 1], height)
    return torch.stack([x, y], dim=-1)


def normalised_to_pixel(points: Tensor, width: int, height: int) -> Tensor:
    """The inverse of pixel_to_normalised(); pixel 0 along an axis of size 1. [..., 2]."""
    last = torch.tensor([width - 1, height - 1], dtype=points.dtype, device=points.device)
    return (points + 1) * 0.5 * last


def pixel_grid(width: int, height: int) -> Tensor:
    """The pixels (x, y) of an image as [height, width, 2] float32."""
    y, x = torch.meshgrid(
        torch.arange(height, dtype=torch.float32),
        torch.arange(width, dtype=torch.float32),
        indexing="ij",
    )
    return torch.stack([x, y], dim=-1)


def identity_grid(height: int, width: int) -> Tensor:
    """[height * width, 2], normalised (x, y), row-major, align_corners."""
    y = torch.linspace(-1, 1, height)
    x = torch.linspace(-1, 1, width)
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    return torch.stack([columns, rows], dim=-1).view(-1, 2)


def apply_homography(matrix: Tensor, points: Tensor) -> Tensor:
    """[B, 3, 3], [B, N, 2] -> [B, N, 2]."""
    homogeneous = F.pad(points, (0, 1), value=1.0) @ matrix.transpose(1, 2)
    return homogeneous[..., :2] / homogeneous[..., 2:].clamp(min=1e-3)


class Extent(NamedTuple):
    """Of B objects: centre and standard deviation along (x, y), [B, 2] each, normalised.

    A box that fills the picture has the deviation 1 / sqrt(3), about 0.58.
    """

    centre: Tensor
    deviation: Tensor


def positions(like: Tensor, count: int) -> Tensor:
    """`count` positions from -1 to 1, [count], of the type and on the device of a tensor.

    Not by linspace: tracing would write its device into the graph.
    """
    return (like.new_ones(count).cumsum(0) - 1) * (2 / (count - 1)) - 1


def extent(weights: Tensor) -> Extent:
    """[B, 1, h, w], not negative -> the extents of what the weights cover."""
    height, width = weights.shape[2:]
    x, y = positions(weights, width), positions(weights, height)
    along_x, along_y = weights.sum(dim=2), weights.sum(dim=3)  # [B, 1, w], [B, 1, h]
    total = along_x.sum(dim=2).add(_LEAST_WEIGHT)
    centre = torch.cat([(along_x * x).sum(dim=2), (along_y * y).sum(dim=2)], dim=1) / total
    square = torch.cat([(along_x * x * x).sum(dim=2), (along_y * y * y).sum(dim=2)], dim=1) / total
    variance = (square - centre.square()).clamp(min=0)
    return Extent(centre, (variance + _LEAST_VARIANCE).sqrt())


def _axis_to_normalised(values: Tensor, size: int) -> Tensor:
    if size == 1:
        return torch.zeros_like(values)
    return 2 * values / (size - 1) - 1
