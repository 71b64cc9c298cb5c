"""The matching field as the published code evaluates it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from nemf.model import NeMF


def plain_scores(model: NeMF, refined: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """Scores points without remembering anything between calls.

    Each call embeds the refined correlation anew. Phi is then read in two steps, as a 4D tensor
    must be with 2D sampling: for each query all target positions are sampled at its source point,
    C x grid x grid values, and of those the one at its target point.

    Args:
      model: without details, as the published one.
      refined: [1, C, sources, targets], of model.refine().
      source, target: [N, 2], normalised (x, y).

    Returns:
      [N].
    """
    grid = model.config.grid
    phi = model.phi(refined, [])
    channels = phi.shape[1]
    by_source = phi.permute(0, 1, 4, 5, 2, 3).reshape(1, channels * grid * grid, grid, grid)
    at_source = F.grid_sample(by_source, source.view(1, 1, -1, 2), align_corners=True)
    maps = at_source.view(channels, grid, grid, -1).permute(3, 0, 1, 2)
    at_both = F.grid_sample(maps, target.view(-1, 1, 1, 2), align_corners=True)
    return model.field(torch.cat([source, target], dim=1), at_both.view(-1, channels))
