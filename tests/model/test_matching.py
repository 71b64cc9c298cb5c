"""The oracle: interpolation, PatchMatch and the answers built from them."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from nemf_model.architecture.model import NeMF
from nemf_model.geometry import normalised_to_pixel, pixel_grid, pixel_to_normalised
from nemf_model.matching.match import dense_matches, flow, transfer_keypoints
from nemf_model.matching.patchmatch import PatchMatch, neighbour_values
from nemf_model.matching.sampling import (
    coarse_map,
    field_scores,
    interpolate_phi,
    query_grid,
    sample_map,
)
from nemf_model.matching.types import EncodedPair, MatchOptions, Refinement
from tests.model.pairs import make_pair

ODD_SIZES = [(11, 7), (1, 9), (6, 1), (1, 1), (2, 2)]
FEW = MatchOptions(patchmatch_iterations=4, optimize_steps=3, seed=11)


def separable_phi(phi: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """Quadrilinear interpolation by two calls of grid_sample, first reference, then query."""
    channels, h, w = phi.shape[:3]
    values = []
    for point in points:
        at_query = F.grid_sample(
            phi.reshape(1, channels * h * w, *phi.shape[3:]),
            point[2:].view(1, 1, 1, 2),
            align_corners=True,
        ).view(1, channels, h, w)
        at_both = F.grid_sample(at_query, point[:2].view(1, 1, 1, 2), align_corners=True)
        values.append(at_both.flatten())
    return torch.stack(values)


def test_interpolation_and_its_gradient_equal_grid_sample() -> None:
    generator = torch.Generator().manual_seed(1)
    phi = torch.randn(3, 4, 5, 6, 7, generator=generator, dtype=torch.float64)
    # Points outside and on the border included.
    points = torch.rand(200, 4, generator=generator, dtype=torch.float64) * 3 - 1.5
    points[:5] = torch.tensor([-1.0, 1.0, 1.0, -1.0], dtype=torch.float64)
    weights = torch.randn(200, 3, generator=generator, dtype=torch.float64)
    answers = []
    for function in (interpolate_phi, separable_phi):
        variable = points.clone().requires_grad_(True)
        values = function(phi, variable)
        answers.append((values, torch.autograd.grad((values * weights).sum(), variable)[0]))
    torch.testing.assert_close(answers[0][0], answers[1][0])
    # On a grid line the two sides' slopes differ, and either is right.
    torch.testing.assert_close(answers[0][1][5:], answers[1][1][5:])


def test_interpolation_reads_grid_points_exactly() -> None:
    phi = make_pair((2, 2), (2, 2)).phi
    point = torch.tensor([[-1 / 3, 1.0, -1.0, 1 / 3]])  # (reference x, y, query x, y)
    torch.testing.assert_close(interpolate_phi(phi, point)[0], phi[:, 3, 1, 2, 0])


def test_sample_map_is_bilinear_and_clamped() -> None:
    values = pixel_grid(5, 4)
    points = torch.tensor([[1.25, 2.5], [4.0, 3.0], [-2.0, 9.0]])
    expected = torch.tensor([[1.25, 2.5], [4.0, 3.0], [0.0, 3.0]])
    torch.testing.assert_close(sample_map(values, points), expected)


def test_neighbours_are_mirrored_at_the_border() -> None:
    grid = pixel_grid(3, 4)
    up, down, left, right = neighbour_values(grid)
    assert up[:, 0, 1].tolist() == [1, 0, 1, 2]
    assert down[:, 0, 1].tolist() == [1, 2, 3, 2]
    assert left[0, :, 0].tolist() == [1, 0, 1]
    assert right[0, :, 0].tolist() == [1, 2, 1]
    assert all((n == 0).all() for n in neighbour_values(pixel_grid(1, 1)))


@pytest.mark.parametrize("size", ODD_SIZES)
def test_patchmatch_steps_keep_their_promises(tiny_model: NeMF, size: tuple[int, int]) -> None:
    pair = make_pair(size, (13, 9))
    options = MatchOptions(seed=2)
    match = PatchMatch(tiny_model.field, pair, options)
    initial = coarse_map(pair)
    assert match.coords.shape == (size[1], size[0], 2)
    for iteration in range(6):
        for step in (match.propagate, lambda: match.search(iteration)):  # noqa: B023
            before = match.scores
            step()
            assert (match.scores >= before).all()
        match.clamp()
        assert ((match.coords - initial).abs() <= options.search_radius + 1e-6).all()
        fresh = field_scores(tiny_model.field, pair.phi, match.coords, query_grid(pair))
        torch.testing.assert_close(match.scores, fresh, atol=1e-4, rtol=1e-4)


def test_propagation_takes_the_best_of_the_old_neighbours(
    tiny_model: NeMF, tiny_pair: EncodedPair
) -> None:
    match = PatchMatch(tiny_model.field, tiny_pair, MatchOptions())
    before = match.coords
    match.propagate()
    query = query_grid(tiny_pair)
    for y, x in [(0, 0), (3, 5), (6, 10)]:
        around = [before[y, x]] + [n[y, x] for n in neighbour_values(before)]
        scores = [field_scores(tiny_model.field, tiny_pair.phi, c, query[y, x]) for c in around]
        best = max(range(5), key=lambda i: scores[i].item())
        assert torch.equal(match.coords[y, x], around[best])


def test_seed_alone_decides(tiny_model: NeMF, tiny_pair: EncodedPair) -> None:
    runs = [
        PatchMatch(tiny_model.field, tiny_pair, MatchOptions(seed=seed)).run() for seed in (1, 1, 2)
    ]
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


@pytest.mark.parametrize("size", ODD_SIZES)
@pytest.mark.parametrize("refinement", list(Refinement))
def test_keypoints_on_pixels_equal_the_dense_answer(
    tiny_model: NeMF, size: tuple[int, int], refinement: Refinement
) -> None:
    pair = make_pair(size, (13, 9))
    options = MatchOptions(refinement, seed=4, patchmatch_iterations=3, optimize_steps=3)
    dense = dense_matches(tiny_model.field, pair, options)
    width, height = size
    keypoints = torch.tensor([[width - 1.0, 0.0], [width // 2, height // 2]])
    found = transfer_keypoints(tiny_model.field, pair, keypoints, options)
    for i, (x, y) in enumerate(keypoints.long().tolist()):
        torch.testing.assert_close(found.reference[i], dense.reference[y, x], atol=1e-3, rtol=0)
        torch.testing.assert_close(found.scores[i], dense.scores[y, x], atol=1e-3, rtol=0)


def test_answers_hold_together(tiny_model: NeMF, tiny_pair: EncodedPair) -> None:
    dense = dense_matches(tiny_model.field, tiny_pair, FEW)
    assert dense.reference.shape == (7, 11, 2)
    assert dense.scores.shape == (7, 11)
    torch.testing.assert_close(
        flow(tiny_pair, dense)[2, 3], dense.reference[2, 3] - torch.tensor([3.0, 2.0])
    )
    assert ((dense.confidence > 0) & (dense.confidence < 1)).all()
    normalised = pixel_to_normalised(dense.reference, *tiny_pair.reference_size)
    again = field_scores(tiny_model.field, tiny_pair.phi, normalised, query_grid(tiny_pair))
    torch.testing.assert_close(dense.scores, again, atol=1e-3, rtol=1e-3)


def test_coarse_keypoints_between_pixels_come_from_the_grid(
    tiny_model: NeMF, tiny_pair: EncodedPair
) -> None:
    keypoints = torch.tensor([[1.7, 3.4], [10.0, 6.0], [0.0, 0.5]])
    found = transfer_keypoints(
        tiny_model.field, tiny_pair, keypoints, MatchOptions(Refinement.COARSE)
    )
    at = pixel_to_normalised(keypoints, *tiny_pair.query_size).view(1, 1, -1, 2)
    expected = F.grid_sample(tiny_pair.coarse[None], at, align_corners=True)[0, :, 0].T
    expected = normalised_to_pixel(expected, *tiny_pair.reference_size)
    torch.testing.assert_close(found.reference, expected, atol=1e-4, rtol=1e-4)


def test_no_iterations_leave_the_coarse_map(tiny_model: NeMF, tiny_pair: EncodedPair) -> None:
    none = MatchOptions(Refinement.PATCHMATCH, patchmatch_iterations=0)
    assert torch.equal(
        dense_matches(tiny_model.field, tiny_pair, none).reference,
        dense_matches(tiny_model.field, tiny_pair, MatchOptions(Refinement.COARSE)).reference,
    )
