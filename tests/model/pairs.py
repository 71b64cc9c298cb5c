"""Pairs for tests: encoded ones of random values, and how well matches of drawn ones agree."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from nemf_model.config import ModelConfig
from nemf_model.data.pairs import Matches, PairBatch
from nemf_model.matching.types import EncodedPair


def make_pair(query_size: tuple[int, int], reference_size: tuple[int, int]) -> EncodedPair:
    """An encoded pair (sizes are width, height) of random values; equal for equal sizes."""
    generator = torch.Generator().manual_seed(3)
    config = ModelConfig.tiny()
    grid = config.grid
    phi = torch.rand(config.field.phi_channels, grid, grid, grid, grid, generator=generator) * 3
    coarse = torch.rand(2, grid, grid, generator=generator) * 2 - 1
    return EncodedPair(phi, coarse, query_size, reference_size)


def colours_apart(batch: PairBatch, matches: Matches) -> Tensor:
    """[B, K]: how far the colours of both images are apart at the matches, at most by channel."""

    def colours(images: Tensor, points: Tensor) -> Tensor:
        return F.grid_sample(images, points.unsqueeze(2), align_corners=True).squeeze(3)

    difference = colours(batch.target, matches.target) - colours(batch.source, matches.source)
    return difference.abs().amax(dim=1)
