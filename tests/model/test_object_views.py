"""Objects at random places, and pictures of them to train an object finder on."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from nemf_model.architecture.object_finder import ObjectFinder
from nemf_model.config import ModelConfig
from nemf_model.data.images import ImageStore
from nemf_model.data.masks import object_mask
from nemf_model.data.object_views import ObjectViews
from nemf_model.data.pairs import PairSampler
from nemf_model.data.placing import PlaceRange, random_placement
from nemf_model.data.warps import view_points
from nemf_model.geometry import extent
from nemf_model.training.compute import Compute
from nemf_model.training.object_objective import ObjectObjective, extent_loss

SIDE = 64


def box_mask(left: int, top: int, right: int, bottom: int) -> torch.Tensor:
    mask = torch.zeros(1, 1, SIDE, SIDE)
    mask[:, :, top:bottom, left:right] = 1
    return mask


def test_objects_are_placed_within_the_range() -> None:
    generator = torch.Generator().manual_seed(1)
    masks = box_mask(30, 5, 50, 35).repeat(200, 1, 1, 1)
    place = PlaceRange(size=(0.3, 0.6), stretch=0.2, rotation=0.0, out=0.0)
    matrix = random_placement(masks, place, generator)
    points = view_points(matrix, SIDE)
    view = F.grid_sample(masks, points.view(-1, SIDE, SIDE, 2), align_corners=True)
    inside = extent(view)
    sides = 3**0.5 * inside.deviation.prod(dim=1).sqrt()
    assert sides.min() > 0.27
    assert sides.max() < 0.75
    assert (inside.centre.abs() + 3**0.5 * inside.deviation).max() < 1.1
    assert inside.centre.abs().amax(dim=0).min() > 0.3, "places differ"


def textured(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A picture [SIDE, SIDE, 3] of a speckled disc before another speckled colour, and the mask."""
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    mask = np.hypot(x, y) < 0.28 * SIDE
    colours = np.where(mask[..., None], (190, 90, 60), (60, 110, 150))
    noise = np.random.default_rng(seed).integers(-35, 36, (SIDE, SIDE, 3))
    return (colours + noise).clip(0, 255).astype(np.uint8), mask


def test_an_object_of_other_colours_than_its_background_is_cut_out() -> None:
    picture, mask = textured(seed=2)
    found = object_mask(picture)
    assert found is not None
    assert (found & mask).sum() / (found | mask).sum() > 0.9


def test_what_goes_on_beyond_the_border_is_no_object() -> None:
    picture, _ = textured(seed=3)
    middle = picture[24:40, 24:40]
    picture[:, 20:] = np.tile(middle, (4, 3, 1))[:, : SIDE - 20]
    assert object_mask(picture) is None


def views(seed: int) -> ObjectViews:
    generator = torch.Generator().manual_seed(seed)
    pictures, masks = zip(*(textured(s) for s in range(6)), strict=True)
    images = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)
    cut = torch.tensor([True] * 5 + [False])
    store = ImageStore(images, torch.full((6,), -1), torch.from_numpy(np.stack(masks)), cut)
    return ObjectViews(PairSampler(store, None, ModelConfig.tiny(), generator))


def test_views_show_their_masks() -> None:
    sampler = views(seed=4)
    batch = sampler.draw(12, SIDE, randomise=False)
    assert batch.images.shape == (12, 3, SIDE, SIDE)
    colours = batch.images * sampler.pairs.std + sampler.pairs.mean
    red = colours[:, :1] - colours[:, 2:]
    on, off = red[batch.masks > 0.9], red[(batch.masks < 0.1) & (batch.known > 0)]
    assert on.mean() > 0.3
    assert (on > 0).float().mean() > 0.95
    # Parts of other photographs may show some of their objects.
    assert off.mean() < -0.1
    assert batch.known[6:].min() == 1, "nothing is mirrored in a pasted view"


def test_without_cut_objects_there_are_no_views() -> None:
    sampler = views(seed=5)
    sampler.pairs.photographs.cut[:] = False
    assert not ObjectViews(sampler.pairs).has_views


def test_the_loss_of_extents() -> None:
    true = torch.cat([box_mask(10, 10, 30, 30), box_mask(0, 0, 2, 2)])
    assert extent_loss(true, true) < 1e-6
    moved = torch.cat([box_mask(20, 10, 40, 30), box_mask(50, 50, 60, 60)])
    # The second picture's object is too small to count; the first's centre is 10 pixels off in x.
    assert abs(extent_loss(moved, true).item() - 10 * 2 / (SIDE - 1) / 2) < 1e-3


def test_a_finder_learns_to_cover_objects() -> None:
    torch.manual_seed(6)
    sampler = views(seed=6)
    finder = ObjectFinder((8, 8, 12, 16)).train()
    objective = ObjectObjective(finder, Compute())
    optimiser = torch.optim.AdamW(finder.parameters(), lr=3e-3)
    curve = []
    for _ in range(60):
        losses = objective([sampler.draw(8, SIDE)], sampler.generator)
        optimiser.zero_grad()
        sum(losses.values()).backward()
        optimiser.step()
        curve.append([loss.item() for loss in losses.values()])
    first, last = torch.tensor(curve[:5]).mean(dim=0), torch.tensor(curve[-5:]).mean(dim=0)
    print(f"mask and extent: {first.tolist()} -> {last.tolist()}")
    assert (last < 0.85 * first).all()
