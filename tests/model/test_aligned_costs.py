"""A model without an aggregator starts as the alignment fed with its features."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from nemf_model.architecture.aligned_costs import centred_similarities
from nemf_model.architecture.alignment import align, match_prior
from nemf_model.architecture.model import NeMF
from nemf_model.config import LookupConfig, ModelConfig
from nemf_model.data.warps import RandomWarp, WarpStrength
from nemf_model.export.bundle_writer import BundleName, export_bundle
from nemf_model.geometry import identity_grid
from nemf_model.training.initialise import start_from_correlation

GRID = 6
CONFIG = ModelConfig.tiny().changed(
    backbone={"name": "efficientnet_lite0", "taps": (2, 4, 10)},
    object_finder={"widths": (4, 4, 8, 8), "side": 64},
    cost_embedding={
        "levels": (),
        "field_correlations": (),
        "compared": (1, 2),
        "search_grid": 9,
    },
    coarse={"temperature": 0.05, "lookups": (LookupConfig(0, 24, 1), LookupConfig(1, 12, 1))},
    image_size=96,
    grid=GRID,
)


def photographs(count: int, seed: int) -> Tensor:
    """Smooth coloured blobs, [count, 3, S, S] in [0, 1]."""
    blobs = torch.rand(count, 3, 9, 9, generator=torch.Generator().manual_seed(seed))
    side = (CONFIG.image_size, CONFIG.image_size)
    return F.interpolate(blobs, side, mode="bicubic", align_corners=True).clamp(0, 1)


def warped_pairs(seed: int) -> tuple[Tensor, Tensor, RandomWarp]:
    """Sources and targets, [16, 3, S, S], and how they match."""
    warp = RandomWarp.sample(16, WarpStrength(), torch.Generator().manual_seed(seed))
    source, target = warp.views(photographs(16, seed), CONFIG.image_size)
    return 2 * source - 1, 2 * target - 1, warp


def plain_similarity(source: Sequence[Tensor], target: Sequence[Tensor], side: int) -> Tensor:
    """Mean cosine of the features, one pair and cell after the other: [B, side^2, GRID^2]."""
    found = torch.zeros(len(source[0]), side * side, GRID * GRID)
    for tap in CONFIG.cost_embedding.compared:
        for pair in range(len(found)):
            s, t = (
                F.interpolate(m[tap][pair, None], (n, n), mode="bilinear", align_corners=True)[0]
                for m, n in ((source, side), (target, GRID))
            )
            mean = (s.mean(dim=(1, 2)) + t.mean(dim=(1, 2))) / 2
            for cell in range(GRID * GRID):
                here = t[:, cell // GRID, cell % GRID] - mean
                there = s.flatten(1).T - mean
                lengths = (there.square().sum(dim=1) + 1e-6) * (here.square().sum() + 1e-6)
                found[pair, :, cell] += (there @ here) / lengths.sqrt()
    return found / len(CONFIG.cost_embedding.compared)


def aligned_with(source: list[Tensor], target: list[Tensor], temperature: float) -> Tensor:
    """The coarse map that the alignment makes of features and objects, [B, 2, GRID, GRID]."""
    side = CONFIG.cost_embedding.search_grid
    alike = plain_similarity(source, target, side)
    objects = F.interpolate(source[-1], (side, side), mode="bilinear", align_corners=True)
    prior = match_prior(objects, align(objects, target[-1], alike), alike)
    share = (prior / temperature).softmax(dim=1).transpose(1, 2)
    return (share @ identity_grid(side, side)).transpose(1, 2).unflatten(2, (GRID, GRID))


def pck(coarse: Tensor, warp: RandomWarp, alpha: float) -> float:
    """Percentage of the cells whose match is found within alpha of the image's side."""
    cells = identity_grid(GRID, GRID).expand(len(coarse), -1, -1)
    truth = warp.match(cells)
    errors = (coarse.flatten(2).transpose(1, 2) - truth).norm(dim=2)
    return 100 * (errors[truth.abs().amax(dim=2) <= 1] <= 2 * alpha).float().mean().item()


@pytest.fixture(scope="module")
def model() -> NeMF:
    torch.manual_seed(1)
    model = NeMF(CONFIG).eval()
    start_from_correlation(model)
    return model


@torch.no_grad()
@pytest.mark.parametrize("seed", [3, 4])
def test_the_coarse_map_starts_as_the_alignment_of_the_features(model: NeMF, seed: int) -> None:
    source, target, warp = warped_pairs(seed)
    taps = [model.feature_extraction(images) for images in (source, target)]
    expected = aligned_with(*taps, CONFIG.coarse.temperature)
    coarse = model.encode(target=target, source=source).coarse
    print(f"seed {seed}: largest difference {(coarse - expected).abs().max():.1e}")
    for alpha in (0.03, 0.05, 0.1):
        assert abs(pck(coarse, warp, alpha) - pck(expected, warp, alpha)) <= 1
    assert torch.allclose(coarse, expected, atol=1e-4)


@torch.no_grad()
def test_r_is_the_prior_with_what_the_taps_say_against_each_other(model: NeMF) -> None:
    source, target, _ = warped_pairs(5)
    source, target = (model.feature_extraction(images[:2]) for images in (source, target))
    refined = model.costs(source, target).refined
    side = CONFIG.cost_embedding.search_grid
    objects = F.interpolate(source[-1], (side, side), mode="bilinear", align_corners=True)
    aligned = align(objects, target[-1], plain_similarity(source, target, side))
    prior = match_prior(source[-1], aligned, plain_similarity(source, target, GRID))
    assert refined.shape == (2, 2, GRID**2, GRID**2)
    assert torch.allclose(refined.mean(dim=1), prior, atol=1e-4)


def test_similarities_do_not_see_what_all_cells_share() -> None:
    generator = torch.Generator().manual_seed(6)
    source = torch.randn(2, 5, 3, 4, generator=generator)
    target = torch.randn(2, 5, 2, 3, generator=generator)
    shared = 10 * torch.randn(2, 5, 1, 1, generator=generator)
    found = centred_similarities([source], [target])
    assert found.shape == (2, 1, 12, 6)
    assert torch.allclose(
        found, centred_similarities([source + shared], [target + shared]), atol=1e-4
    )


def test_it_is_exported(model: NeMF, tmp_path: Path) -> None:
    export_bundle(model, BundleName(tmp_path, "aligned", "1"), {})
    again = NeMF(ModelConfig.from_dict(model.config.to_dict()))
    again.load_state_dict(model.state_dict())
