"""The fine map: the coarse map, corrected by what the costs around it say.

A softmax over the cells of the coarse grid says well near which cell a match lies, and badly where
between the cells. So costs of finer taps are looked up in windows around the map, as RAFT looks its
correlation up around a flow (Teed and Deng, 2020), and a few convolutions over the target's grid
correct it, in rounds. They see far enough to carry what is known of the cells around to those that
show nothing.

The field gets to know it by its offsets, further channels of Phi; the coarse answer stays what it
is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nemf_model.architecture.lookup import STEP, CellPositions, Lookup, point_costs
from nemf_model.architecture.pointwise import pointwise
from nemf_model.config import ModelConfig
from nemf_model.geometry import identity_grid

# Of the softmax over cosine similarities of taps.
_TEMPERATURE = 0.03
# Radius in which the refined costs are looked up, in cells of the coarse grid.
_COST_RADIUS = 2
# The errors' scale, normalised, at a logarithm of 0, and the logarithm's bounds.
_SCALE = 0.02
_LOG_BOUND = 3.0
# How far offsets tell distances, normalised: some cells of the coarse grid, as within a cell the
# field sees what is interpolated between the cell's corners.
_REACH = 0.35
# Added to scales that offsets are divided by.
_LEAST_SCALE = 0.01


class FineMap(NamedTuple):
    """A map with how far off it may be.

    source: [B, 2, grid, grid], normalised source (x, y) on the target grid. log_scale: [B, 1, grid,
    grid], the logarithm of the errors' scale.
    """

    source: Tensor
    log_scale: Tensor

    def scale(self) -> Tensor:
        """Of the errors' Laplace distribution, normalised, [B, 1, grid, grid]."""
        return _SCALE * self.log_scale.clamp(-_LOG_BOUND, _LOG_BOUND).exp()


class MapRefinement(nn.Module):
    """The convolutions and their lookups."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        wide, narrow, self.kept = config.coarse.fine_widths
        tap_cells = [
            CellPositions(n.size, config.image_size // n.size, n.first)
            for n in config.coarse.lookups
        ]
        lookups = [
            Lookup(cells, level.radius, _TEMPERATURE)
            for cells, level in zip(tap_cells, config.coarse.lookups, strict=True)
        ]
        cost_cells = CellPositions(config.grid, None)
        self.lookups = nn.ModuleList(
            [*lookups, Lookup(cost_cells, _COST_RADIUS, config.coarse.temperature)]
        )
        points = identity_grid(config.grid, config.grid)
        cells = points.t().reshape(1, 2, config.grid, config.grid)
        self.register_buffer("points", points, persistent=False)
        self.register_buffer("cells", cells, persistent=False)
        channels = sum(lookup.channels for lookup in self.lookups)
        self.costs = nn.Conv2d(channels, wide, 1)
        self.costs_around = nn.Conv2d(wide, narrow, 3, padding=1)
        self.mix = nn.Conv2d(narrow + self.kept + 6, wide, 3, padding=1)
        self.near = nn.Conv2d(wide, narrow, 3, padding=2, dilation=2)
        self.far = nn.Conv2d(narrow, narrow, 3, padding=4, dilation=4)
        self.head = nn.Conv2d(wide + 2 * narrow + 2 * len(self.lookups), 3 + self.kept, 1)
        self._start_with_soft_argmax(wide + 2 * narrow)

    @torch.no_grad()
    def _start_with_soft_argmax(self, offsets: int) -> None:
        """Initialises the head to move the map half of the last tap's soft_argmax_offset.

        offsets: the head's first input channel of the lookups' offsets.
        """
        self.head.weight[:3].zero_()
        self.head.bias[:3].zero_()
        first = offsets + 2 * (len(self.lookups) - 2)
        for axis in range(2):
            self.head.weight[axis, first + axis] = 0.5

    def forward(
        self, source: Sequence[Tensor], target: Sequence[Tensor], cost: Tensor, coarse: Tensor
    ) -> list[FineMap]:
        """Taps of both images, the refined costs [B, sources, targets] and the coarse map -> the
        map after each round. No gradient passes from one round to the one before, but by what is
        kept."""
        grid = self.config.grid
        costs = [
            point_costs(source[level.tap], target[level.tap], lookup.cells, self.points)
            for level, lookup in zip(self.config.coarse.lookups, self.lookups, strict=False)
        ]
        costs.append(cost.transpose(1, 2).unflatten(2, (grid, grid)))
        kept = coarse[:, :1].expand(-1, self.kept, -1, -1) * 0
        maps = []
        at = coarse
        for _ in range(self.config.coarse.fine_rounds):
            at = at.detach()
            change, log_scale, kept = self._round(costs, at, coarse, kept)
            at = at + STEP * change
            maps.append(FineMap(at, log_scale))
        return maps

    def _round(
        self, costs: Sequence[Tensor], at: Tensor, coarse: Tensor, kept: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """-> the map's change in STEPs, the logarithm of its scale, and what is kept."""
        results = [look(cost, at) for look, cost in zip(self.lookups, costs, strict=True)]
        x = F.relu(pointwise(self.costs, torch.cat([r.values for r in results], dim=1)))
        x = F.relu(self.costs_around(x))
        cells = self.cells.expand(at.shape[0], -1, -1, -1)
        x = F.relu(self.mix(torch.cat([x, kept, at - cells, cells, at - coarse], dim=1)))
        near = F.relu(self.near(x))
        far = F.relu(self.far(near))
        answer = pointwise(
            self.head, torch.cat([x, near, far, *(r.soft_argmax_offset for r in results)], dim=1)
        )
        change, log_scale, kept = answer.split([2, 1, self.kept], dim=1)
        return change, log_scale, kept.tanh()

    def offsets(self, fine: FineMap) -> Tensor:
        """How far every source cell is from the match of every target cell: [B, 4, grid, grid,
        grid, grid], (x, y) in units of a fixed length, then in those of the map's scale."""
        apart = self.cells[:, :, :, :, None, None] - fine.source[:, :, None, None]
        apart = apart.clamp(-_REACH, _REACH)
        scale = fine.scale()[:, :, None, None] + _LEAST_SCALE
        return torch.cat([apart / _REACH, STEP * apart / scale], dim=1)
