"""Costs of a model without an aggregator: the alignment of two objects, as it is.

Features that compare well need no network that corrects their correlation. The alignment
(alignment.py) matches a target cell with the source cells that look like it and lie near its
aligned place. The match prior of two cells is their cost; the coarse map is the prior's expectation
over a grid of the source that may be finer than the coarse grid. The target keeps the coarse grid,
so a finer grid of the source makes Phi no larger.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nemf_model.architecture.alignment import align, match_prior
from nemf_model.architecture.lookup import unit_features
from nemf_model.config import ModelConfig
from nemf_model.geometry import identity_grid


class Costs(NamedTuple):
    """What is known of B pairs before the field.

    refined: R, [B, C, sources, targets] on the coarse grid; its mean over the channels is the cost.
    coarse: [B, 2, grid, grid], normalised source (x, y) on the target grid.
    """

    refined: Tensor
    coarse: Tensor

    @property
    def cost(self) -> Tensor:
        """[B, sources, targets]."""
        return self.refined.mean(dim=1)


class AlignedCosts(nn.Module):
    """Aligns two objects by chosen taps, in float32. It has no parameters."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        side = config.cost_embedding.search_grid or config.grid
        self.register_buffer("search_points", identity_grid(side, side), persistent=False)

    def forward(self, source: Sequence[Tensor], target: Sequence[Tensor]) -> Costs:
        """Taps of both images, at last their object's coordinates [B, 3, grid, grid]."""
        with torch.autocast(source[-1].device.type, enabled=False):
            grid = self.config.grid
            side = self.config.cost_embedding.search_grid or grid
            at_target = self._sampled(target, grid)
            similarity = centred_similarities(self._sampled(source, side), at_target)
            mean = similarity.mean(dim=1)
            objects = _resized(source[-1], side)
            aligned = align(objects, target[-1], mean)
            prior = match_prior(objects, aligned, mean)
            probability = (prior / self.config.coarse.temperature).softmax(dim=1)
            coarse = (probability.transpose(1, 2) @ self.search_points).transpose(1, 2)
            if side != grid:
                similarity = centred_similarities(self._sampled(source, grid), at_target)
                mean = similarity.mean(dim=1)
                prior = match_prior(source[-1], aligned, mean)
            refined = similarity + (prior - mean).unsqueeze(1)
            return Costs(refined, coarse.unflatten(2, (grid, grid)))

    def _sampled(self, taps: Sequence[Tensor], side: int) -> list[Tensor]:
        """The compared taps on a grid: [B, C_i, side, side] each."""
        return [_resized(taps[tap].float(), side) for tap in self.config.cost_embedding.compared]


def centred_similarities(source: Sequence[Tensor], target: Sequence[Tensor]) -> Tensor:
    """Cosine similarities of the cells of feature maps, [B, maps, sources, targets].

    The mean over the cells of both images is subtracted from the features first, so that what all
    cells share does not count. The grids of source and target may differ.

    source, target: the maps [B, C_i, h, w] of both images.
    """
    similarities = []
    for s, t in zip(source, target, strict=True):
        s, t = s.flatten(2), t.flatten(2)
        mean = (s.mean(dim=2, keepdim=True) + t.mean(dim=2, keepdim=True)) / 2
        similarities.append(unit_features(s - mean).transpose(1, 2) @ unit_features(t - mean))
    return torch.stack(similarities, dim=1)


def _resized(maps: Tensor, side: int) -> Tensor:
    return F.interpolate(maps, (side, side), mode="bilinear", align_corners=True)
