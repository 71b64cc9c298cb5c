"""The matching field as the published code evaluates it."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from nemf_model.architecture.fine_map import FineMap
from nemf_model.architecture.model import NeMF
from nemf_model.config import ModelConfig


class PhiInputs(NamedTuple):
    """What NeMF.phi() makes Phi of, for one pair."""

    refined: Tensor
    field_correlations: list[Tensor]
    fine: list[FineMap]

    @staticmethod
    def random(config: ModelConfig, generator: torch.Generator) -> PhiInputs:
        grid = config.grid
        cells = (grid, grid, grid, grid)
        refined = torch.rand(1, config.cost_embedding.channels, *cells, generator=generator)
        field_correlations = [
            torch.rand(1, level.channels[-1], *cells, generator=generator)
            for level in config.cost_embedding.field_correlations
        ]
        fine = []
        if config.coarse.lookups:
            source = torch.rand(1, 2, grid, grid, generator=generator) * 2 - 1
            fine.append(FineMap(source, torch.zeros(1, 1, grid, grid)))
        return PhiInputs(refined.flatten(4, 5).flatten(2, 3), field_correlations, fine)


def plain_scores(model: NeMF, inputs: PhiInputs, source: Tensor, target: Tensor) -> Tensor:
    """Scores points without remembering anything between calls.

    Each call embeds the refined correlation anew. Phi is then read in two steps, as a 4D tensor
    must be with 2D sampling: for each query all target positions are sampled at its source point,
    C x grid x grid values, and of those the one at its target point.

    Args:
      source, target: [N, 2], normalised (x, y).

    Returns:
      [N].
    """
    grid = model.config.grid
    phi = model.phi(*inputs)
    channels = phi.shape[1]
    by_source = phi.permute(0, 1, 4, 5, 2, 3).reshape(1, channels * grid * grid, grid, grid)
    at_source = F.grid_sample(by_source, source.view(1, 1, -1, 2), align_corners=True)
    maps = at_source.view(channels, grid, grid, -1).permute(3, 0, 1, 2)
    at_both = F.grid_sample(maps, target.view(-1, 1, 1, 2), align_corners=True)
    return model.field(torch.cat([source, target], dim=1), at_both.view(-1, channels))
