"""Objects are aligned as wholes by what their features say."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from nemf_model.architecture.alignment import (
    RIDGES,
    _fit,
    _inverse,
    affine_fit,
    align,
    assign,
    match_prior,
    similarity,
    smooth,
    squared_distances,
)
from nemf_model.architecture.model import AGGREGATOR_WEIGHT, ObjectCoordinates
from nemf_model.geometry import identity_grid

SIDE = 12


def coordinates(scale: float = 1.8) -> Tensor:
    """[1, 3, SIDE, SIDE], an object that fills the picture."""
    points = identity_grid(SIDE, SIDE).T.view(1, 2, SIDE, SIDE) * scale
    return torch.cat([points, torch.ones(1, 1, SIDE, SIDE)], dim=1)


def likeness_under(matrix: Tensor, shift: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """Of cells that look alike where the map of the target's points says so."""
    there = source[:, :2].flatten(2).transpose(1, 2)
    here = target[:, :2].flatten(2).transpose(1, 2) @ matrix.T + shift
    return torch.exp(-torch.cdist(there, here).square() / 0.5)


@pytest.mark.parametrize("seed", range(4))
def test_a_known_map_is_found_but_for_the_ridge(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    matrix = torch.eye(2) + 0.15 * torch.randn(2, 2, generator=generator)
    shift = 0.2 * torch.randn(2, generator=generator)
    source, target = coordinates(), coordinates()
    aligned = align(source, target, likeness_under(matrix, shift, source, target))
    true = torch.einsum("ij,bjhw->bihw", matrix, target[:, :2]) + shift.view(1, 2, 1, 1)
    before = (target[:, :2] - true).norm(dim=1).mean()
    after = (aligned - true).norm(dim=1).mean()
    print(f"seed {seed}: {before:.3f} -> {after:.3f}")
    assert after < 0.7 * before


@pytest.mark.parametrize("seed", range(4))
def test_what_no_affine_map_does_is_found_by_bending(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    source, target = coordinates(), coordinates()
    here = target[:, :2].flatten(2).transpose(1, 2)
    turns = 1 + torch.rand(2, generator=generator)
    true = here + 0.3 * torch.sin(here.flip(2) * turns)
    there = source[:, :2].flatten(2).transpose(1, 2)
    alike = torch.exp(-torch.cdist(there, true).square() / 0.5)
    fit = affine_fit(source, target, alike)
    inside = true.abs().amax(dim=2) < 1.5
    affine = (F.pad(here, (0, 1), value=1.0) @ fit - true).norm(dim=2)[inside].mean()
    aligned = align(source, target, alike).flatten(2).transpose(1, 2)
    bent = (aligned - true).norm(dim=2)[inside].mean()
    print(f"seed {seed}: {affine:.3f} -> {bent:.3f}")
    assert bent < 0.7 * affine


def test_cells_are_assigned_to_those_that_look_alike_nearby() -> None:
    generator = torch.Generator().manual_seed(6)
    logits = torch.randn(2, 7, 5, generator=generator)
    here, there = (torch.randn(2, n, 2, generator=generator) for n in (7, 5))
    moved, weights = assign(logits, here, there, width=0.8)
    evidence = torch.empty(2, 7)
    for b in range(2):
        for n in range(7):
            near = [math.exp(-((here[b, n] - p) ** 2).sum().item() / 1.28) for p in there[b]]
            joint = [w * math.exp(v) for w, v in zip(near, logits[b, n].tolist(), strict=True)]
            mean = [
                sum(w * p for w, p in zip(ws, there[b], strict=True)) / sum(ws)
                for ws in (joint, near)
            ]
            assert torch.allclose(moved[b, n], mean[0] - mean[1], atol=1e-5)
            evidence[b, n] = sum(joint) / sum(near)
    assert torch.allclose(weights, evidence / evidence.amax(dim=1, keepdim=True), atol=1e-5)


def test_smoothing_is_a_weighted_mean_of_the_cells_around() -> None:
    generator = torch.Generator().manual_seed(7)
    points, warp = (torch.randn(1, 6, 2, generator=generator) for _ in range(2))
    weights = torch.rand(1, 6, generator=generator)
    found = smooth(warp, weights, squared_distances(points, points), 0.9, stiffness=0.3)
    share = weights[0] / weights.mean()
    for n in range(6):
        around = [math.exp(-((points[0, n] - p) ** 2).sum().item() / 1.62) for p in points[0]]
        total = sum(a * (w + 0.3) for a, w in zip(around, share.tolist(), strict=True))
        expected = sum(a * w * b for a, w, b in zip(around, share, warp[0], strict=True)) / total
        assert torch.allclose(found[0, n], expected, atol=1e-5)


def test_the_match_prior_is_similarity_near_the_aligned_coordinates() -> None:
    generator = torch.Generator().manual_seed(8)
    source, aligned = (torch.randn(1, 2, 2, 3, generator=generator) for _ in range(2))
    alike = torch.randn(1, 6, 6, generator=generator)
    found = match_prior(source, aligned, alike)
    for s in range(6):
        for t in range(6):
            difference = source[0, :, s // 3, s % 3] - aligned[0, :, t // 3, t % 3]
            near = math.exp(-difference.square().sum().item() / (2 * 0.3**2)) + 1e-4
            assert math.isclose(
                found[0, s, t], alike[0, s, t] + 0.05 * math.log(near), abs_tol=1e-5
            )


def test_the_belief_counts_beside_the_mean_and_leaves_the_differences() -> None:
    generator = torch.Generator().manual_seed(10)
    aggregated = torch.randn(2, 3, 4, 4, generator=generator)
    prior = torch.randn(2, 4, 4, generator=generator)
    nothing = torch.empty(0)
    found = ObjectCoordinates(nothing, nothing, prior).blended(aggregated)
    mean = aggregated.mean(dim=1)
    assert torch.allclose(found.mean(dim=1), prior + AGGREGATOR_WEIGHT * mean, atol=1e-6)
    assert torch.allclose(found - found[:, :1], aggregated - aggregated[:, :1], atol=1e-6)


def test_features_that_say_nothing_change_little() -> None:
    source, target = coordinates(), coordinates()
    aligned = align(source, target, torch.zeros(1, SIDE * SIDE, SIDE * SIDE))
    assert (aligned - target[:, :2]).norm(dim=1).mean() < 0.15


def test_pairs_of_a_batch_do_not_touch() -> None:
    generator = torch.Generator().manual_seed(9)
    source, target = coordinates(1.5).repeat(3, 1, 1, 1), coordinates().repeat(3, 1, 1, 1)
    alike = torch.rand(3, SIDE * SIDE, SIDE * SIDE, generator=generator)
    together = align(source, target, alike)
    for i in range(3):
        alone = align(source[i : i + 1], target[i : i + 1], alike[i : i + 1])
        assert torch.allclose(alone[0], together[i], atol=1e-5)


def test_the_fit_is_ridge_regression() -> None:
    generator = torch.Generator().manual_seed(3)
    columns = F.pad(torch.randn(2, 20, 2, generator=generator), (0, 1), value=1.0)
    wanted = torch.randn(2, 20, 2, generator=generator)
    weights = torch.rand(2, 20, generator=generator)
    found = _fit(columns, wanted, weights)
    for i in range(2):
        share = (weights[i] / weights[i].sum()).sqrt().double().numpy()[:, None]
        # The ridge as three more rows of least squares.
        rows = np.vstack([columns[i].double().numpy() * share, np.diag(np.sqrt(RIDGES))])
        right = np.vstack([wanted[i].double().numpy() * share, np.zeros((3, 2))])
        expected = np.linalg.lstsq(rows, right, rcond=None)[0]
        assert np.abs(found[i].numpy() - expected).max() < 1e-5


def test_inverses() -> None:
    matrices = torch.randn(5, 3, 3, generator=torch.Generator().manual_seed(4))
    matrices = matrices @ matrices.transpose(1, 2) + 0.1 * torch.eye(3)
    assert torch.allclose(_inverse(matrices), torch.linalg.inv(matrices), rtol=1e-4, atol=1e-4)


def test_likeness_is_the_mean_of_cosines() -> None:
    generator = torch.Generator().manual_seed(5)
    source = [torch.randn(1, c, s, s, generator=generator) for c, s in ((5, 8), (7, 4))]
    target = [torch.randn(1, c, s, s, generator=generator) for c, s in ((5, 8), (7, 4))]
    found = similarity(source, target, 4)
    assert found.shape == (1, 16, 16)
    cosines = []
    for s, t in zip(source, target, strict=True):
        s, t = (F.interpolate(m, (4, 4), mode="bilinear", align_corners=True) for m in (s, t))
        cosines.append(F.cosine_similarity(s[0, :, 1, 2], t[0, :, 3, 0], dim=0))
    assert torch.allclose(found[0, 1 * 4 + 2, 3 * 4 + 0], sum(cosines) / 2, atol=1e-5)
