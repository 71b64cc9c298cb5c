"""Coordinates: pixels and normalised points, grids, homographies, and the extents of objects."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

# Added to variances and to the sum of weights, so that an empty map has an extent, too.
_LEAST_VARIANCE = 1e-3
_LEAST_WEIGHT = 1e-4


def pixel_to_normalised(points: Tensor, width: int, height: int) -> Tensor:
    """Returns normalised points of pixels (x, y), [..., 2] each: 2 x / (width - 1) - 1, or 0 along
    an axis of size 1."""
    x = _axis_to_normalised(points[..., 0], width)
    y = _axis_to_normalised(points[..., 1], height)
    return torch.stack([x, y], dim=-1)


def normalised_to_pixel(points: Tensor, width: int, height: int) -> Tensor:
    """Returns pixels [..., 2] of normalised points [..., 2]; 0 along an axis of size 1."""
    last = torch.tensor([width - 1, height - 1], dtype=points.dtype, device=points.device)
    return (points + 1) * 0.5 * last


def pixel_grid(width: int, height: int) -> Tensor:
    """Returns the pixels (x, y) of an image, [height, width, 2] float32."""
    y, x = torch.meshgrid(
        torch.arange(height, dtype=torch.float32),
        torch.arange(width, dtype=torch.float32),
        indexing="ij",
    )
    return torch.stack([x, y], dim=-1)


def identity_grid(height: int, width: int) -> Tensor:
    """Returns the normalised cells (x, y) of a grid with corners aligned, [height * width, 2],
    row-major."""
    y = torch.linspace(-1, 1, height)
    x = torch.linspace(-1, 1, width)
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    return torch.stack([columns, rows], dim=-1).view(-1, 2)


def apply_homography(matrix: Tensor, points: Tensor) -> Tensor:
    """Maps points.

    Args:
      matrix: [B, 3, 3].
      points: [B, N, 2].

    Returns:
      [B, N, 2]. Denominators are clamped to 1e-3, so points near the horizon stay finite.
    """
    homogeneous = F.pad(points, (0, 1), value=1.0) @ matrix.transpose(1, 2)
    return homogeneous[..., :2] / homogeneous[..., 2:].clamp(min=1e-3)


class Extent(NamedTuple):
    """Where B objects are, and how large: normalised, along (x, y).

    centre: [B, 2].
    deviation: [B, 2], the standard deviation; of a box that fills the image it is 1 / sqrt(3).
    """

    centre: Tensor
    deviation: Tensor


def positions(like: Tensor, count: int) -> Tensor:
    """Returns `count` positions from -1 to 1, [count], with the type and device of `like`.

    torch.linspace is avoided because tracing would write its device into the graph.
    """
    return (like.new_ones(count).cumsum(0) - 1) * (2 / (count - 1)) - 1


def extent(weights: Tensor) -> Extent:
    """Returns the extents of maps of weights [B, 1, h, w], which are not negative."""
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
