"""Draws positions and sizes for the objects of photographs."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nemf_model.geometry import extent

# Half of a box's side, in standard deviations of its points.
_HALF_SIDE = 3**0.5


@dataclass(frozen=True)
class PlaceRange:
    """Bounds of an object's random position and size in a view.

    size: least and largest mean side of its box, as a share of the view's side.
    stretch: bound of the logarithm of the box's aspect ratio.
    rotation: bound, radians.
    out: share of the box's side that may be outside of the view.
    """

    size: tuple[float, float] = (0.25, 1.0)
    stretch: float = 0.3
    rotation: float = 0.15
    out: float = 0.1


def random_placement(masks: Tensor, place: PlaceRange, generator: torch.Generator) -> Tensor:
    """Draws affine views in which the objects have random positions and sizes.

    Args:
      masks: [B, 1, h, w] in [0, 1], the objects in their photographs.

    Returns:
      [B, 3, 3], view -> photograph.
    """
    count = len(masks)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(count, *shape, generator=generator) * 2 - 1

    own = extent(masks)
    low, high = torch.tensor(place.size).log().tolist()
    side = torch.exp((low + high) / 2 + uniform(1) * (high - low) / 2)
    scale = _HALF_SIDE * own.deviation.prod(dim=1, keepdim=True).sqrt() / side
    stretch = torch.exp(uniform(1) * place.stretch / 2)
    scale = torch.cat([scale * stretch, scale / stretch], dim=1)
    half_sides = _HALF_SIDE * own.deviation / scale
    room = (1 - (1 - 2 * place.out) * half_sides).clamp(min=0.05)
    # More often near the middle, as in photographs.
    centre = uniform(2) * room * torch.rand(count, 1, generator=generator).sqrt()
    angle = uniform() * place.rotation
    turn = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], dim=1)
    matrix = torch.eye(3).repeat(count, 1, 1)
    matrix[:, :2, :2] = turn.view(count, 2, 2) @ torch.diag_embed(scale)
    moved = matrix[:, :2, :2] @ centre.unsqueeze(2)
    matrix[:, :2, 2] = own.centre - moved.squeeze(2)
    return matrix
