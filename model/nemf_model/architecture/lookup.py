"""What costs say in a window around a map: where the best one lies, between cells."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nemf_model.geometry import identity_grid

# The unit of corrections, normalised: about a cell of the coarse grid, so that they are of the size
# of what convolutions otherwise see.
STEP = 0.1


class LookupResult(NamedTuple):
    """What a lookup finds around each cell of a map.

    values: [B, channels of the lookup, grid, grid].
    soft_argmax_offset: [B, 2, grid, grid], (x, y) in STEPs: from the map to the mean of the
      window's points, weighted by the softmax of their costs.
    """

    values: Tensor
    soft_argmax_offset: Tensor


class CellPositions:
    """Where the cells of an image of features or costs lie, along either axis.

    size: its side. stride: pixels between cells of an image of size * stride pixels; None if the
    cells reach from -1 to 1, as those of the coarse grid do. first: the pixel of the first cell; 0
    for convolutions with a padding of half their kernels.
    """

    def __init__(self, size: int, stride: int | None, first: int = 0) -> None:
        self.last = size - 1
        self.first = 0.0 if stride is None else first / stride  # in cells
        # Cells from -1 to 1.
        self.span = float(self.last) if stride is None else size - 1 / stride

    def sampled_at(self, points: Tensor) -> Tensor:
        """Normalised points -> where F.grid_sample with align_corners finds them."""
        return (points + 1) * (self.span / self.last) - (1 + 2 * self.first / self.last)

    def distance(self, cells: Tensor) -> Tensor:
        """Cells -> normalised."""
        return cells * (2 / self.span)


class Lookup(nn.Module):
    """Looks costs up in a square window of cells around a map.

    cells: of the source's image of costs. radius: of the window, in cells. temperature: of the
    costs' softmax.
    """

    def __init__(self, cells: CellPositions, radius: int, temperature: float) -> None:
        super().__init__()
        self.cells, self.temperature = cells, temperature
        side = 2 * radius + 1
        window = cells.distance(radius * identity_grid(side, side))
        self.register_buffer("window", window, persistent=False)
        self.channels = side * side + 4

    def forward(self, costs: Tensor, at: Tensor) -> LookupResult:
        """costs: [B, targets, h, w], of every target cell an image over the source.

        at: [B, 2, grid, grid], the map around which they are looked up.
        """
        b, targets, height, width = costs.shape
        points = at.flatten(2).transpose(1, 2).unsqueeze(2) + self.window
        sampled = F.grid_sample(
            costs.reshape(b * targets, 1, height, width),
            self.cells.sampled_at(points).reshape(b * targets, 1, -1, 2),
            align_corners=True,
        ).view(b, targets, -1)
        share = (sampled / self.temperature).softmax(dim=2)
        # Sums, as the bits of a product with two columns are kept less well.
        offset = [(share * axis).sum(dim=2) / STEP for axis in self.window.unbind(1)]
        summary = torch.stack([*offset, sampled.amax(dim=2), sampled.mean(dim=2)], dim=1)
        values = torch.cat([share.sqrt().transpose(1, 2), summary], dim=1)
        return LookupResult(
            values.unflatten(2, at.shape[2:]), summary[:, :2].unflatten(2, at.shape[2:])
        )


def point_costs(source: Tensor, target: Tensor, cells: CellPositions, points: Tensor) -> Tensor:
    """Cosine similarities of the target's features at points [N, 2] with all the source's.

    source, target: [B, C, h, w] -> [B, N, h, w].
    """
    at = cells.sampled_at(points).expand(target.shape[0], 1, -1, -1)
    features = F.grid_sample(target, at, align_corners=True, padding_mode="border").squeeze(2)
    costs = unit_features(features).transpose(1, 2) @ unit_features(source.flatten(2))
    return costs.unflatten(2, source.shape[2:])


def unit_features(features: Tensor) -> Tensor:
    """[B, C, ...], of length 1 along C."""
    return features / (features.square().sum(dim=1, keepdim=True) + 1e-6).sqrt()
