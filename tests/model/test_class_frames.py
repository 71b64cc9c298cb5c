"""Photographs of a class are aligned jointly, and pairs of them are matched by it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from nemf_model.architecture.backbone import FeatureExtraction
from nemf_model.config import LevelConfig, ModelConfig
from nemf_model.data.frames import Frames
from nemf_model.data.images import ImageStore
from nemf_model.data.pairs import PairSampler
from nemf_model.data.warps import homography_view
from nemf_model.geometry import apply_homography, identity_grid
from nemf_model.training.class_frames import align_classes, consensus, partners
from nemf_model.training.compute import Compute
from tests.model.pairs import colours_apart

SIDE = 64


@pytest.mark.parametrize("count", [3, 8, 25])
def test_everything_has_as_many_partners(count: int) -> None:
    first, second = partners(count, 6, torch.Generator().manual_seed(count))
    times = min(6, count - 1)
    for side in (first, second):
        assert torch.equal(side.bincount(minlength=count), torch.full((count,), times))
    assert (first != second).all()
    assert len({*zip(first.tolist(), second.tolist(), strict=True)}) == times * count


def affine(count: int, strength: float, generator: torch.Generator) -> Tensor:
    """[count, 3, 3], near the identity."""
    matrix = torch.eye(3).repeat(count, 1, 1)
    matrix[:, :2] += strength * torch.randn(count, 2, 3, generator=generator)
    return matrix


@pytest.mark.parametrize("seed", range(3))
def test_consensus_finds_frames_though_some_maps_are_wrong(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    count = 30
    true = affine(count, 0.2, generator)
    first, second = partners(count, 16, generator)
    maps = torch.linalg.inv(true)[first] @ true[second]
    maps = maps @ affine(len(maps), 0.02, generator)
    wrong = torch.rand(len(maps), generator=generator) < 0.15
    maps[wrong] = affine(int(wrong.sum()), 1.0, generator)
    found = consensus(maps, first, second, count)
    assert torch.allclose(found.mean(dim=0), torch.eye(3), atol=1e-4)
    # Frames are known but for what they all have in common.
    both = (torch.linalg.inv(frames)[first] @ frames[second] for frames in (found, true))
    points = identity_grid(3, 3).expand(len(first), -1, -1)
    after, exact = (apply_homography(m, points) for m in both)
    error = (after - exact).norm(dim=2).mean()
    print(f"seed {seed}: error {error:.3f}, of nothing {(points - exact).norm(dim=2).mean():.3f}")
    assert error < 0.05 < (points - exact).norm(dim=2).mean() / 4


def shifted_class(count: int, seed: int) -> tuple[ImageStore, Tensor]:
    """One picture, shown `count` times at random places, and the maps photograph -> picture."""
    generator = torch.Generator().manual_seed(seed)
    picture = torch.rand(1, 3, 9, 9, generator=generator)
    picture = F.interpolate(picture, (SIDE, SIDE), mode="bicubic").clamp(0, 1)
    pictures = picture.expand(count, -1, -1, -1)
    maps = torch.eye(3).repeat(count, 1, 1)
    maps[:, :2, 2] = 0.25 * (torch.rand(count, 2, generator=generator) * 2 - 1)
    images = homography_view(pictures, maps, SIDE)
    return ImageStore((images * 255).byte(), torch.zeros(count, dtype=torch.long)), maps


def sampler_of(store: ImageStore, model: ModelConfig, seed: int) -> PairSampler:
    return PairSampler(None, store, model, torch.Generator().manual_seed(seed))


def with_finder() -> ModelConfig:
    tiny = ModelConfig.tiny()
    levels = (*tiny.cost_embedding.levels, LevelConfig(3, 8, (2, 2), (1, 1)))
    return tiny.changed(
        backbone={"widths": (8, 16, 16, 16)},
        object_finder={"widths": (4, 4, 6, 8), "side": 32},
        cost_embedding={"levels": levels},
        grid=8,
    )


def test_shifted_pictures_are_aligned_and_the_frames_kept(tmp_path: Path) -> None:
    model = with_finder()
    store, maps = shifted_class(12, seed=1)
    torch.manual_seed(2)
    features = FeatureExtraction(model)
    path = tmp_path / "frames.pt"
    align_classes(sampler_of(store, model, 3), features, Compute(), path, seed=4)
    frames = store.frames
    points = identity_grid(5, 5).expand(12, -1, -1)
    # Where the photographs show the points of the first one.
    true = apply_homography(torch.linalg.inv(maps) @ maps[:1], points)
    found = frames.to_photographs(frames.of(torch.zeros(12, dtype=torch.long)).to_class(points))
    before = (points - true).norm(dim=2).mean()
    after = (found - true).norm(dim=2).mean()
    print(f"{before:.3f} -> {after:.3f}")
    assert after < 0.6 * before

    again, _ = shifted_class(12, seed=1)
    align_classes(sampler_of(again, model, 5), FeatureExtraction(model), Compute(), path, seed=6)
    assert torch.equal(again.frames.affine, frames.affine), "read, not found again"
    assert torch.equal(again.frames.nonrigid_warp, frames.nonrigid_warp)
    old = {"affine": frames.affine, "bends": frames.nonrigid_warp}  # the first files' key
    torch.save(old, path)
    align_classes(sampler_of(again, model, 5), FeatureExtraction(model), Compute(), path, seed=6)
    assert torch.equal(again.frames.nonrigid_warp, frames.nonrigid_warp)
    other, _ = shifted_class(11, seed=1)
    with pytest.raises(ValueError, match="12 frames for 11 photographs"):
        align_classes(sampler_of(other, model, 5), features, Compute(), path, seed=6)


@pytest.mark.parametrize("with_frames", [False, True])
def test_matches_of_a_class_go_through_its_frames(with_frames: bool) -> None:
    store, maps = shifted_class(6, seed=7)
    if with_frames:
        store.frames = Frames.straight(maps)
    batch = sampler_of(store, ModelConfig.tiny(), 8).same_class(8, SIDE, randomised=0)
    matches = batch.matches(identity_grid(20, 20).expand(8, -1, -1) * 0.5)
    # What is beyond a photograph's border is its mirror image.
    valid = matches.valid & batch.views[0].inside(matches.source)
    valid &= batch.views[1].inside(matches.target)
    assert valid.float().mean() > 0.3
    apart = colours_apart(batch, matches)[valid].mean().item()
    print(f"colours differ by {apart:.3f}")
    assert (apart < 0.15) == with_frames


def test_a_unit_is_a_length_of_the_class_in_the_view() -> None:
    store, _ = shifted_class(4, seed=9)
    doubled = torch.diag(torch.tensor([2.0, 2.0, 1.0])).repeat(4, 1, 1)
    store.frames = Frames.straight(doubled)
    batch = sampler_of(store, ModelConfig.tiny(), 10).same_class(5, SIDE, tolerance=0.1)
    source, _ = batch.views
    here = source.points(torch.zeros(5, 1, 2))
    lengths = []
    for step in ((0.01, 0.0), (0.0, 0.01)):
        lengths.append((source.points(torch.tensor(step).expand(5, 1, 2)) - here) / 0.01)
    (x1, y1), (x2, y2) = (length.squeeze(1).unbind(dim=1) for length in lengths)
    area = (x1 * y2 - x2 * y1).abs()
    assert torch.allclose(batch.unit, area.sqrt(), rtol=0.1)
    allowed = batch.matches(torch.zeros(5, 1, 2)).allowed()
    assert torch.allclose(allowed, 0.1 * batch.unit)
