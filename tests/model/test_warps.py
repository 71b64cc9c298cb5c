"""The known correspondences of training pairs are true."""

import torch

from nemf_model.config import ModelConfig
from nemf_model.data.images import ImageStore
from nemf_model.data.objects import NOWHERE, ObjectWarp, sample_warp
from nemf_model.data.pairs import PairSampler
from nemf_model.data.warps import (
    RandomWarp,
    ThinPlateSpline,
    WarpStrength,
    random_homography,
    sample_at,
)
from nemf_model.geometry import apply_homography, identity_grid


def smooth_images(count: int, size: int, seed: int) -> torch.Tensor:
    """[count, 3, size, size] in [0, 1], without fine detail, so that resampling loses little."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, 3, 6, 6, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, (size, size), mode="bicubic")
    return smooth.clamp(0, 1)


def sampler_of(images: torch.Tensor, seed: int) -> PairSampler:
    store = ImageStore((images * 255).byte(), torch.arange(len(images)) % 2)
    return PairSampler(store, store, ModelConfig.tiny(), torch.Generator().manual_seed(seed))


def test_zero_strength_is_a_central_crop() -> None:
    generator = torch.Generator().manual_seed(1)
    matrix = random_homography(WarpStrength(crop=0.5), generator, torch.zeros(2))
    points = torch.tensor([[1.0, -1.0], [0.0, 0.5]]).expand(2, -1, -1)
    assert torch.allclose(apply_homography(matrix, points), points * 0.5)


def test_spline_moves_its_control_points_as_asked() -> None:
    generator = torch.Generator().manual_seed(2)
    spline = ThinPlateSpline(torch.tensor([0.1]), generator)
    replay = torch.Generator().manual_seed(2)
    wanted = (torch.rand(1, 16, 2, generator=replay) * 2 - 1) * 0.1
    assert torch.allclose(spline(spline.controls[None]), wanted, atol=1e-4)


def test_match_sends_both_views_to_one_point_of_the_photograph() -> None:
    generator = torch.Generator().manual_seed(3)
    warp = RandomWarp.sample(4, WarpStrength(), generator)
    points = torch.rand(4, 50, 2, generator=generator) * 2 - 1
    by_second = warp.second_to_photograph(points)
    by_first = apply_homography(warp.first, warp.match(points))
    assert torch.allclose(by_first, by_second, atol=1e-4)


def test_views_agree_at_matching_points() -> None:
    size = 64
    images = smooth_images(3, size, seed=4)
    generator = torch.Generator().manual_seed(5)
    warp = RandomWarp.sample(3, WarpStrength(crop=0.6, shift=0.1), generator)
    first, second = warp.views(images, size)
    grid = identity_grid(size, size).expand(3, -1, -1)
    matches = warp.match(grid)
    warped = sample_at(first, matches, size)
    inside = (matches.abs().amax(dim=2) < 0.95).view(3, 1, size, size)
    error = ((warped - second).abs() * inside).sum() / (3 * inside.sum())
    assert error < 0.01


def test_same_class_pairs_share_a_class_and_invert_their_homography() -> None:
    sampler = sampler_of(smooth_images(8, 32, seed=6), seed=7)
    batch = sampler.same_class(5, 32)
    assert batch.tolerance > 0
    assert batch.source.shape == (5, 3, 32, 32)
    assert set(batch.labels.tolist()) <= {0, 1}
    assert torch.isfinite(batch.match(identity_grid(4, 4).expand(5, -1, -1))).all()


def test_sampler_repeats_itself_by_seed() -> None:
    images = smooth_images(4, 32, seed=8)
    one, two = sampler_of(images, 9).warped(2, 32), sampler_of(images, 9).warped(2, 32)
    assert torch.equal(one.source, two.source)
    assert not torch.equal(one.source, sampler_of(images, 10).warped(2, 32).source)


def test_an_object_moves_apart_and_matches_stay_exact() -> None:
    size, count = 96, 6
    generator = torch.Generator().manual_seed(11)
    strength = WarpStrength(crop=0.6, shift=0.15, objects_apart=1.0)
    warp = sample_warp(count, strength, generator)
    assert isinstance(warp, ObjectWarp)
    images = smooth_images(count, size, seed=12)
    first, second = warp.views(images, size)
    grid = identity_grid(size, size).expand(count, -1, -1)
    matches = warp.match(grid)
    hidden = (matches == NOWHERE).all(dim=2)
    assert 0.01 < hidden.float().mean() < 0.4
    inside = (matches.abs().amax(dim=2) < 0.95).view(count, 1, size, size)
    error = (sample_at(first, matches, size) - second).abs() * inside
    assert error.sum() / (3 * inside.sum()) < 0.01
    # The object and the rest are each under a warp of their own.
    rest = warp.background.match(grid)
    moved = ~hidden & ((matches - rest).norm(dim=2) > 1e-4)
    assert 0.05 < moved.float().mean() < 0.8


def test_objects_move_in_the_asked_share_of_pairs() -> None:
    generator = torch.Generator().manual_seed(13)
    warp = sample_warp(400, WarpStrength(objects_apart=0.25), generator)
    present = (warp.blobs.radii > 0).float().mean()
    assert abs(present - 0.25) < 0.08
    assert isinstance(sample_warp(2, WarpStrength(), generator), RandomWarp)


def test_a_share_of_the_views_is_randomised() -> None:
    sampler = sampler_of(smooth_images(2, 16, seed=13), seed=14)
    images = smooth_images(40, 16, seed=15)
    plain = (images - sampler.mean) / sampler.std
    assert torch.equal(sampler.normalised(images, 0), plain)
    for share, least, most in ((0.5, 10, 30), (1.0, 40, 40)):
        changed = (sampler.normalised(images, share) != plain).flatten(1).any(dim=1).sum()
        assert least <= changed <= most
