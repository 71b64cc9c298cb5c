"""Objects are cut out of plain backgrounds, and put on others where matches stay true."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from nemf_model.config import ModelConfig
from nemf_model.data.images import ImageStore
from nemf_model.data.masks import object_mask
from nemf_model.data.pairs import PairSampler
from nemf_model.geometry import identity_grid
from nemf_model.training.pretrain import COORDINATE_BINS, coordinate_loss
from nemf_model.training.settings import TrainSettings
from tests.model.pairs import colours_apart

SIDE = 64


def disc(radius: float, corners: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """A picture [SIDE, SIDE, 3] of a coloured disc on white, and the disc's mask."""
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    mask = np.hypot(x, y) < radius
    picture = np.full((SIDE, SIDE, 3), 250, dtype=np.uint8)
    if corners:
        picture[np.abs(x) + np.abs(y) > 0.8 * SIDE] = 5
    shades = np.stack([100 + 2 * x, 100 + 2 * y, np.full_like(x, 90)], axis=2)
    picture[mask] = shades[mask].clip(0, 255)
    return picture, mask


@pytest.mark.parametrize("corners", [False, True])
def test_an_object_on_a_plain_background_is_cut_out(corners: bool) -> None:
    picture, mask = disc(20, corners)
    found = object_mask(picture)
    assert found is not None
    assert (found & mask).sum() / (found | mask).sum() > 0.95


def test_other_photographs_are_left_whole() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    assert object_mask(noise) is None
    assert object_mask(disc(2)[0]) is None, "too small to be the object"
    assert object_mask(np.full((SIDE, SIDE, 3), 250, dtype=np.uint8)) is None


def pasting_sampler(seed: int) -> PairSampler:
    """Of a class of two equal discs, all of them put on noise."""
    picture, mask = disc(24)
    images = torch.from_numpy(picture).permute(2, 0, 1).repeat(2, 1, 1, 1)
    masks = torch.from_numpy(mask).repeat(2, 1, 1)
    cut = torch.ones(2, dtype=torch.bool)
    classes = ImageStore(images, torch.zeros(2, dtype=torch.long), masks, cut)
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randint(0, 256, (3, 3, SIDE, SIDE), generator=generator, dtype=torch.uint8)
    photographs = ImageStore(noise, torch.full((3,), -1))
    return PairSampler(photographs, classes, ModelConfig.tiny(), generator, pasted=1.0)


def test_matches_of_pasted_objects_lie_on_them_and_are_true() -> None:
    batch = pasting_sampler(seed=2).same_class(6, SIDE, randomised=0, motion=0.5)
    matches = batch.matches(identity_grid(40, 40).expand(6, -1, -1))
    share = matches.valid.float().mean()
    assert 0.05 < share < 0.8, "on the object only"
    apart = colours_apart(batch, matches)[matches.valid]
    assert apart.median() < 0.05
    assert (apart < 0.3).float().mean() > 0.9, "but for the soft edges"


def test_pasted_warps_match_where_both_views_show_the_object() -> None:
    sampler = pasting_sampler(seed=3)
    sampler.photographs = None  # so that warped() takes the class
    batch = sampler.warped(6, SIDE, randomised=0)
    valid = batch.matches(identity_grid(40, 40).expand(6, -1, -1)).valid
    assert 0.02 < valid.float().mean() < 0.9


def test_object_coordinates_are_learnt_from_what_is_shown() -> None:
    batch = pasting_sampler(seed=4).same_class(3, SIDE, randomised=0, motion=0.5)
    view = batch.views[0]
    points = identity_grid(8, 8).expand(3, -1, -1)
    coordinates, shown = view.object_coordinates(points), view.pasted.shows(points)
    nearest = torch.cdist(
        coordinates, identity_grid(COORDINATE_BINS, COORDINATE_BINS).expand(3, -1, -1)
    ).argmin(dim=2)
    answer = torch.where(shown, nearest, COORDINATE_BINS * COORDINATE_BINS)
    logits = 20.0 * F.one_hot(answer, COORDINATE_BINS * COORDINATE_BINS + 1).float()
    logits = logits.transpose(1, 2).view(3, -1, 8, 8)
    guess = torch.zeros_like(logits)
    assert coordinate_loss(guess, view).item() == pytest.approx(
        math.log(COORDINATE_BINS * COORDINATE_BINS + 1), rel=1e-4
    )
    nothing = logits.roll(1, dims=1)
    background = ~shown.view(3, 8, 8)
    assert background.any() and shown.any()
    assert coordinate_loss(logits, view) < coordinate_loss(nothing, view)


def test_views_grow_in_the_middle_of_a_stage() -> None:
    settings = TrainSettings(steps=10, rate=1.0, size=96, early_size=64)
    assert [settings.side_at(step) for step in (0, 4, 5, 9)] == [64, 64, 96, 96]
    assert replace(settings, early_size=0).side_at(0) == 96
