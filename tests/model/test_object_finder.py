"""Extents, objects' coordinates, and the features made of them."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from nemf_model.architecture.object_finder import (
    _WIDTH,
    COORDINATE_CHANNELS,
    ObjectFinder,
    coordinate_features,
    object_coordinates,
)
from nemf_model.geometry import extent, positions


def test_positions_are_those_of_linspace() -> None:
    for count in (2, 7, 32):
        expected = torch.linspace(-1, 1, count)
        assert torch.allclose(positions(torch.zeros(3), count), expected, atol=1e-6)


def test_extents_are_weighted_means_and_deviations() -> None:
    weights = torch.rand(3, 1, 9, 14, generator=torch.Generator().manual_seed(1)) ** 3
    found = extent(weights)
    y, x = np.meshgrid(np.linspace(-1, 1, 9), np.linspace(-1, 1, 14), indexing="ij")
    for i in range(3):
        w = weights[i, 0].double().numpy()
        for axis, place in enumerate((x, y)):
            mean = np.average(place, weights=w)
            deviation = np.sqrt(np.average((place - mean) ** 2, weights=w))
            assert abs(found.centre[i, axis].item() - mean) < 1e-3
            assert abs(found.deviation[i, axis].item() - deviation) < 2e-3


def test_nothing_has_an_extent_too() -> None:
    found = extent(torch.zeros(1, 1, 8, 8))
    assert torch.isfinite(found.centre).all()
    assert (found.deviation > 0).all()


def box_logits(left: int, top: int, right: int, bottom: int, side: int = 32) -> torch.Tensor:
    """Logits [1, 1, side, side] that are sure of a box."""
    logits = torch.full((1, 1, side, side), -12.0)
    logits[:, :, top:bottom, left:right] = 12
    return logits


def test_a_box_has_its_coordinates_from_side_to_side() -> None:
    coordinates = object_coordinates(box_logits(8, 4, 20, 28), 32)[0]
    x, y, shown = coordinates
    # A box reaches sqrt(3) deviations to each side of its middle.
    assert abs(x[0, 8].item() + 3**0.5) < 0.25
    assert abs(x[0, 19].item() - 3**0.5) < 0.25
    assert abs(y[4, 0].item() + 3**0.5) < 0.25
    assert abs(y[27, 0].item() - 3**0.5) < 0.25
    assert shown[10, 10] > 0.99
    assert shown[0, 0] < 0.01


def test_a_picture_without_an_object_has_the_coordinates_of_its_frame() -> None:
    coordinates = object_coordinates(torch.full((1, 1, 16, 16), -20.0), 16)[0]
    assert torch.isfinite(coordinates).all()
    assert abs(coordinates[0, :, 0].mean().item() + 3**0.5) < 0.3
    assert abs(coordinates[1, -1].mean().item() - 3**0.5) < 0.3


def test_similarity_of_coordinates_falls_with_their_distance() -> None:
    generator = torch.Generator().manual_seed(2)
    points = torch.rand(1, 2, 10, 10, generator=generator) * 4 - 2
    features = coordinate_features(points)
    assert features.shape == (1, COORDINATE_CHANNELS, 10, 10)
    features = F.normalize(features, dim=1).flatten(2)[0]
    flat = points.flatten(2)[0].T
    expected = torch.exp(-torch.cdist(flat, flat).square() / (4 * _WIDTH**2))
    assert (features.T @ features - expected).abs().max() < 0.03


def test_the_finder_answers_at_a_quarter_of_the_side() -> None:
    finder = ObjectFinder((4, 4, 6, 8)).eval()
    for side in (64, 96):
        assert finder(torch.randn(2, 3, side, side)).shape == (2, 1, side // 4, side // 4)
