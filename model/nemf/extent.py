"""Where the object of a picture is, and how large: the moments of a map of weights."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

# So that a map of nothing has a size all the same.
_LEAST_VARIANCE = 1e-3
_LEAST_WEIGHT = 1e-4


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
