"""Smooth maps between photographs and their classes."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from nemf_model.data.frames import Frames
from nemf_model.geometry import identity_grid


def random_frames(count: int, seed: int) -> Frames:
    generator = torch.Generator().manual_seed(seed)
    affine = torch.eye(3).repeat(count, 1, 1)
    affine[:, :2] += 0.15 * torch.randn(count, 2, 3, generator=generator)
    warp = 0.06 * torch.randn(count, 2, 3, 3, generator=generator)
    return Frames(affine, F.interpolate(warp, (9, 9), mode="bicubic", align_corners=True))


@pytest.mark.parametrize("seed", range(3))
def test_there_and_back(seed: int) -> None:
    frames = random_frames(5, seed)
    coordinates = 0.9 * identity_grid(7, 7).expand(5, -1, -1)
    bent = frames.to_photographs(coordinates)
    straight = Frames.straight(frames.affine).to_photographs(coordinates)
    back = (frames.to_class(bent) - coordinates).norm(dim=2)
    print(f"seed {seed}: bent by {(bent - straight).norm(dim=2).mean():.3f}, back {back.max():.5f}")
    assert (bent - straight).norm(dim=2).mean() > 0.03
    assert back.max() < 0.005


def test_without_frames_photographs_are_aligned_as_they_are() -> None:
    points = torch.randn(3, 6, 2, generator=torch.Generator().manual_seed(1))
    frames = Frames.none(3)
    assert len(frames) == 3
    assert torch.equal(frames.to_class(points), points)
    assert torch.equal(frames.to_photographs(points), points)


def test_mirrored_photographs_have_mirrored_classes() -> None:
    frames = random_frames(4, seed=2)
    flip_mask = torch.tensor([True, False, False, True]).view(4, 1, 1, 1)
    turn = torch.where(flip_mask.view(4, 1, 1), torch.tensor([-1.0, 1.0]), torch.ones(2))
    coordinates = identity_grid(5, 5).expand(4, -1, -1)
    mirrored = frames.mirrored(flip_mask)
    assert torch.allclose(
        mirrored.to_photographs(coordinates * turn),
        frames.to_photographs(coordinates) * turn,
        atol=1e-5,
    )
    only = frames.of(torch.tensor([3]))
    assert torch.equal(only.to_photographs(coordinates[3:]), frames.to_photographs(coordinates)[3:])
