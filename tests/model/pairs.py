"""Encoded pairs of random values, for tests that need no encoder."""

from __future__ import annotations

import torch

from nemf.config import ModelConfig
from nemf.match_types import EncodedPair


def make_pair(query_size: tuple[int, int], reference_size: tuple[int, int]) -> EncodedPair:
    """An encoded pair (sizes are width, height) of random values; equal for equal sizes."""
    generator = torch.Generator().manual_seed(3)
    config = ModelConfig.tiny()
    grid = config.grid
    phi = torch.rand(config.phi_channels, grid, grid, grid, grid, generator=generator) * 3
    coarse = torch.rand(2, grid, grid, generator=generator) * 2 - 1
    return EncodedPair(phi, coarse, query_size, reference_size)
