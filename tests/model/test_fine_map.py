"""The fine map: lookups against naive ones, its offsets, its loss, and that it learns."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from nemf_model.architecture.fine_map import FineMap, MapRefinement
from nemf_model.architecture.lookup import STEP, CellPositions, Lookup, point_costs
from nemf_model.architecture.model import NeMF
from nemf_model.config import ModelConfig
from nemf_model.data.pairs import Matches
from nemf_model.geometry import identity_grid
from nemf_model.training.losses import EARLIER_ROUND, STAY_SCALE, fine_loss, interpolate_batch

TINY = ModelConfig.tiny()


def bilinear(image: Tensor, x: float, y: float) -> float:
    """Of an image [h, w] at a cell's position; 0 outside."""
    total = 0.0
    for row in (math.floor(y), math.floor(y) + 1):
        for column in (math.floor(x), math.floor(x) + 1):
            if 0 <= row < image.shape[0] and 0 <= column < image.shape[1]:
                weight = (1 - abs(x - column)) * (1 - abs(y - row))
                total += weight * image[row, column].item()
    return total


@pytest.mark.parametrize(("size", "stride"), [(7, 3), (8, 2), (5, None)])
def test_lookups_equal_naive_ones(size: int, stride: int | None) -> None:
    generator = torch.Generator().manual_seed(size)
    cells, grid, radius, temperature = CellPositions(size, stride), 3, 2, 0.3
    costs = torch.rand(2, grid * grid, size, size, generator=generator)
    at = torch.rand(2, 2, grid, grid, generator=generator) * 2.2 - 1.1
    lookup = Lookup(cells, radius, temperature)
    values, offset = lookup(costs, at)
    assert values.shape == (2, lookup.channels, grid, grid)
    pixels = size - 1 if stride is None else (size * stride - 1) / stride
    for b, cell in ((0, 0), (1, 4), (1, 8)):
        row, column = divmod(cell, grid)
        x, y = ((at[b, axis, row, column].item() + 1) / 2 * pixels for axis in (0, 1))
        window = [
            (dx, dy, bilinear(costs[b, cell], x + dx, y + dy))
            for dy in range(-radius, radius + 1)
            for dx in range(-radius, radius + 1)
        ]
        weights = [math.exp(cost / temperature) for _, _, cost in window]
        share = torch.tensor(weights) / sum(weights)
        seen = values[b, :, row, column]
        torch.testing.assert_close(seen[:25], share.sqrt(), atol=1e-5, rtol=0)
        for axis in (0, 1):
            mean = sum(w[axis] * s for w, s in zip(window, share.tolist(), strict=True))
            wanted = 2 * mean / pixels / STEP
            assert offset[b, axis, row, column].item() == pytest.approx(wanted, abs=1e-4)
        extremes = [max(w[2] for w in window), sum(w[2] for w in window) / len(window)]
        assert seen[-2:].tolist() == pytest.approx(extremes, abs=1e-5)


@pytest.mark.parametrize("first", [0, 3])
def test_a_tap_has_its_cells_at_every_stride_th_pixel(first: int) -> None:
    stride, size = 4, 6
    pixels = first + torch.arange(size) * stride
    normalised = pixels / (size * stride - 1) * 2 - 1
    cells = (CellPositions(size, stride, first).sampled_at(normalised) + 1) / 2 * (size - 1)
    torch.testing.assert_close(cells, torch.arange(size).float())


def test_costs_of_points_are_cosine_similarities() -> None:
    generator = torch.Generator().manual_seed(5)
    source, target = torch.randn(2, 2, 4, 5, 5, generator=generator)
    costs = point_costs(source, target, CellPositions(5, None), identity_grid(3, 3))
    assert costs.shape == (2, 9, 5, 5)
    # Each second cell of five is one of three.
    expected = F.cosine_similarity(source[1, :, 3, 1], target[1, :, 4, 2], dim=0)
    torch.testing.assert_close(costs[1, 2 * 3 + 1, 3, 1], expected, atol=1e-5, rtol=0)


def random_map(generator: torch.Generator, grid: int) -> FineMap:
    source = torch.rand(1, 2, grid, grid, generator=generator) - 0.5
    return FineMap(source, torch.rand(1, 1, grid, grid, generator=generator) * 4 - 2)


def test_the_field_reads_distances_from_offsets() -> None:
    """Between the cells too: they are linear where they are not cut off."""
    generator = torch.Generator().manual_seed(6)
    fine = random_map(generator, 9)
    phi = MapRefinement(replace(TINY, grid=9)).offsets(fine)
    assert phi.shape == (1, 4, 9, 9, 9, 9)
    cell = 31
    match = fine.source.flatten(2)[0, :, cell]
    target = identity_grid(9, 9)[cell].expand(20, 2)
    source = match + (torch.rand(20, 2, generator=generator) - 0.5) * 0.1
    read = interpolate_batch(phi, torch.cat([source, target], dim=1).unsqueeze(0))
    torch.testing.assert_close(read[:, :2], (source - match) / 0.35, atol=1e-5, rtol=0)
    scale = fine.scale().flatten()[cell] + 0.01
    torch.testing.assert_close(read[:, 2:], 0.1 * (source - match) / scale, atol=1e-5, rtol=0)
    assert phi[:, :2].abs().max() <= 1


@pytest.mark.parametrize("tolerance", [0.0, 0.05])
def test_the_loss_is_that_of_a_laplace_distribution(tolerance: float) -> None:
    generator = torch.Generator().manual_seed(7)
    maps = [random_map(generator, 5) for _ in range(3)]
    coarse = random_map(generator, 5).source
    cells = identity_grid(5, 5).unsqueeze(0)
    truth = torch.rand(1, 25, 2, generator=generator) - 0.5
    valid = torch.rand(1, 25, generator=generator) < 0.7
    unit = torch.tensor([0.6])
    loss = fine_loss(maps, coarse, Matches(truth, cells, valid, tolerance, unit))
    expected = 0.0
    for number, (source, log_scale) in enumerate(maps):
        costs = []
        for cell in torch.nonzero(valid[0]).flatten().tolist():
            here = source.flatten(2)[0, :, cell]
            error = (here - truth[0, cell]).norm().item()
            scale = 0.02 * math.exp(log_scale.flatten()[cell].item())
            moved = 0.0
            if tolerance > 0:
                excess = max(0.0, error / 0.6 - tolerance)
                error = 0.6 * 0.2 * excess / (0.2 + excess)
                moved = (here - coarse.flatten(2)[0, :, cell]).norm().item()
            costs.append(error / scale + 2 * math.log(scale) + moved / STAY_SCALE)
        expected += EARLIER_ROUND ** (2 - number) * sum(costs) / len(costs)
    assert loss.item() == pytest.approx(expected, rel=1e-3)


def test_a_rough_truth_does_not_move_the_map() -> None:
    generator = torch.Generator().manual_seed(9)
    coarse = torch.rand(1, 2, 5, 5, generator=generator) - 0.5
    log_scale = torch.zeros(1, 1, 5, 5, requires_grad=True)
    source = coarse.clone().requires_grad_()
    points = identity_grid(5, 5).unsqueeze(0)
    truth = torch.rand(1, 25, 2, generator=generator) - 0.5
    matches = Matches(truth, points, torch.ones(1, 25) > 0, 0.02, torch.ones(1))
    fine_loss([FineMap(source, log_scale)], coarse, matches).backward()
    assert source.grad.abs().max() < 1e-6
    assert log_scale.grad.abs().max() > 0.01


def shifted_pairs(generator: torch.Generator) -> tuple[list[Tensor], list[Tensor], Tensor, float]:
    """Taps of smooth random features and of the same ones shifted by less than a coarse cell."""
    shift = torch.rand(1, generator=generator).item() * 0.4 - 0.2
    source, target = [], []
    for side in (16, 8):
        noise = torch.randn(4, 8, 6, 6, generator=generator)
        cells = identity_grid(side, side).view(1, side, side, 2).expand(4, -1, -1, -1)
        moved = cells + torch.tensor([shift, 0.0])
        options = {"mode": "bicubic", "align_corners": True, "padding_mode": "reflection"}
        source.append(F.grid_sample(noise, cells, **options))
        target.append(F.grid_sample(noise, moved, **options))
    cells = identity_grid(4, 4).t().reshape(1, 2, 4, 4).expand(4, -1, -1, -1)
    return source, target, cells, shift


def test_the_map_learns_to_find_what_a_coarse_one_misses() -> None:
    torch.manual_seed(8)
    generator = torch.Generator().manual_seed(8)
    refinement = MapRefinement(TINY.changed(coarse={"fine_widths": (16, 12, 4)}))
    optimiser = torch.optim.Adam(refinement.parameters(), lr=1e-2)
    cost = torch.zeros(4, 16, 16)

    def step() -> tuple[float, float]:
        source, target, cells, shift = shifted_pairs(generator)
        truth = (cells + torch.tensor([shift, 0.0]).view(1, 2, 1, 1)).flatten(2).transpose(1, 2)
        points = cells.flatten(2).transpose(1, 2)
        matches = Matches(truth, points, truth.abs().amax(dim=2) <= 1)
        maps = refinement(source, target, cost, cells)
        loss = fine_loss(maps, cells, matches)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        error = (maps[-1].source.flatten(2).transpose(1, 2) - truth).norm(dim=2)[matches.valid]
        return abs(shift), error.mean().item()

    for _ in range(150):
        step()
    coarse, fine = torch.tensor([step() for _ in range(50)]).mean(dim=0).tolist()
    assert fine < 0.4 * coarse


class Pair:
    """What a model makes of a pair of random images."""

    def __init__(self, model: NeMF) -> None:
        target, source = torch.randn(2, 1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
        target_taps, source_taps = (
            model.feature_extraction(target),
            model.feature_extraction(source),
        )
        self.fine = model.fine_maps(source_taps, target_taps, model.costs(source_taps, target_taps))
        self.encoding = model.encode(target, source)


def test_phi_has_the_offsets_and_the_rest_is_as_without_them() -> None:
    torch.manual_seed(2)
    model = NeMF(TINY).eval()
    with torch.no_grad():
        whole = Pair(model)
        offsets = model.mlp_model.refinement.offsets(whole.fine[-1])
        model.mlp_model.refinement = None
        rest = Pair(model)
    assert len(whole.fine) == TINY.coarse.fine_rounds and rest.fine == []
    assert torch.equal(whole.encoding.phi[:, -4:], offsets)
    assert torch.equal(whole.encoding.phi[:, :-4], rest.encoding.phi)
    assert torch.equal(whole.encoding.coarse, rest.encoding.coarse)
    assert torch.equal(whole.encoding.cost, rest.encoding.cost)


def test_the_map_teaches_only_itself() -> None:
    """By its loss; and the field's does not teach the map."""
    torch.manual_seed(3)
    model = NeMF(TINY).eval()

    def touched(loss: Callable[[Pair], Tensor]) -> set[str]:
        model.zero_grad()
        loss(Pair(model)).backward()
        return {name for name, p in model.named_parameters() if p.grad is not None}

    by_map = touched(lambda pair: pair.fine[-1].source.sum() + pair.fine[-1].log_scale.sum())
    assert by_map and all(name.startswith("mlp_model.refinement.") for name in by_map)
    by_field = touched(lambda pair: pair.encoding.phi.sum())
    assert by_field and not any("refinement" in name for name in by_field)


def test_configurations_from_before_there_was_a_fine_map_have_none() -> None:
    values = ModelConfig.small().to_dict()
    for key in ("lookups", "fine_widths", "fine_rounds"):
        del values["coarse"][key]
    assert ModelConfig.from_dict(values).coarse.lookups == ()
    assert NeMF(TINY.changed(coarse={"lookups": ()})).mlp_model.refinement is None
