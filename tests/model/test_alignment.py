"""Objects are aligned as wholes by what their features say."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from nemf.alignment import RIDGES, _fit, _inverse, align, likeness
from nemf.data.warps import identity_grid

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
    found = likeness(source, target, 4)
    assert found.shape == (1, 16, 16)
    cosines = []
    for s, t in zip(source, target, strict=True):
        s, t = (F.interpolate(m, (4, 4), mode="bilinear", align_corners=True) for m in (s, t))
        cosines.append(F.cosine_similarity(s[0, :, 1, 2], t[0, :, 3, 0], dim=0))
    assert torch.allclose(found[0, 1 * 4 + 2, 3 * 4 + 0], sum(cosines) / 2, atol=1e-5)
