"""Photographs of a class are bent towards what the class shows."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from nemf_model.data.frames import Frames
from nemf_model.geometry import identity_grid
from nemf_model.training.nonrigid_warp import nonrigid_warp

SIDE = 12


@pytest.mark.parametrize("seed", range(3))
def test_bent_views_of_one_thing_are_straightened(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    count = 10
    thing = torch.randn(1, 24, 8, 8, generator=generator)
    thing = F.interpolate(thing, (32, 32), mode="bicubic", align_corners=True)
    # Where in the thing the points of each photograph are: rolled and wrung, no two alike.
    points = identity_grid(32, 32).expand(count, -1, -1)
    phase, size = (torch.rand(count, 1, 2, generator=generator) for _ in range(2))
    shown = points + 0.25 * size * torch.sin(1.5 * points.flip(2) + 6 * phase)
    maps = F.grid_sample(
        thing.expand(count, -1, -1, -1),
        shown.view(count, 32, 32, 2),
        padding_mode="border",
        align_corners=True,
    )
    affine = torch.eye(3).repeat(count, 1, 1)
    warp = nonrigid_warp([maps, maps[:, :12]], affine, SIDE)
    assert warp.shape == (count, 2, SIDE, SIDE)
    assert warp.mean(dim=0).abs().max() < 1e-5

    def spread(frames: Frames) -> float:
        """How far apart in the thing the photographs' points of one place are."""
        at = frames.to_photographs(identity_grid(9, 9).expand(count, -1, -1) * 0.7)
        found = at + 0.25 * size * torch.sin(1.5 * at.flip(2) + 6 * phase)
        return (found - found.mean(dim=0)).norm(dim=2).mean().item()

    before, after = spread(Frames.none(count)), spread(Frames(affine, warp))
    print(f"seed {seed}: {before:.3f} -> {after:.3f}")
    assert after < 0.5 * before


def test_photographs_that_agree_are_left_as_they_are() -> None:
    maps = torch.randn(1, 8, 6, 6, generator=torch.Generator().manual_seed(4)).expand(5, -1, -1, -1)
    warp = nonrigid_warp([maps], torch.eye(3).repeat(5, 1, 1), SIDE)
    assert warp.abs().max() < 1e-4
