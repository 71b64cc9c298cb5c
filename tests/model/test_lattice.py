"""The oracle's schedules that save work: the lattice, the upsampling and the narrowing search."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from nemf_model.architecture.model import NeMF
from nemf_model.geometry import pixel_grid, pixel_to_normalised
from nemf_model.matching.lattice import on_lattice, upsample
from nemf_model.matching.match import dense_matches, transfer_keypoints
from nemf_model.matching.patchmatch import PatchMatch
from nemf_model.matching.philox import search_offsets
from nemf_model.matching.presets import BALANCED, FAST, REFERENCE
from nemf_model.matching.types import EncodedPair, MatchOptions, Refinement
from tests.model.pairs import make_pair

EVERY_FIFTH = MatchOptions(lattice_stride=5, upsample_candidates=4)


def wide_pair() -> EncodedPair:
    """A query of 21 x 11 pixels: 5 x 3 nodes at every fifth; the reference is twice as large."""
    return make_pair((21, 11), (41, 21))


def flat_field(points: torch.Tensor, phi: torch.Tensor) -> torch.Tensor:
    """Likes all points alike."""
    return torch.zeros(len(points))


def test_presets_are_the_servers_names() -> None:
    assert REFERENCE == MatchOptions()
    assert BALANCED.lattice_stride < FAST.lattice_stride
    assert BALANCED.patchmatch_iterations > FAST.patchmatch_iterations


@pytest.mark.parametrize(
    ("size", "nodes"), [((1, 1), (1, 1)), ((2, 9), (2, 3)), ((11, 7), (3, 3)), ((12, 6), (4, 2))]
)
def test_lattice_covers_the_query(size: tuple[int, int], nodes: tuple[int, int]) -> None:
    pair = make_pair(size, (13, 9))
    assert on_lattice(pair, EVERY_FIFTH).query_size == nodes
    assert on_lattice(pair, replace(EVERY_FIFTH, refinement=Refinement.COARSE)) is pair


def test_smooth_values_are_interpolated() -> None:
    pair = wide_pair()
    matrix = torch.tensor([[0.9, 0.2], [-0.1, 0.8]])
    nodes = pixel_to_normalised(pixel_grid(5, 3), 5, 3) @ matrix
    points = torch.cat([pixel_grid(21, 11).reshape(-1, 2), torch.tensor([[3.3, 7.9]])])
    found = upsample(flat_field, pair, nodes, points, EVERY_FIFTH)
    expected = pixel_to_normalised(points, 21, 11) @ matrix
    torch.testing.assert_close(found, expected)


def test_the_field_decides_where_values_jump() -> None:
    pair = wide_pair()
    nodes = torch.zeros(3, 5, 2)
    nodes[:, 3:] = 0.9
    points = torch.tensor([[12.0, 4.0], [2.0, 4.0]])

    def likes(x: float):
        return lambda points, phi: -(points[:, 0] - x).abs()

    for wanted, expected in [(1.0, 0.9), (-1.0, 0.0), (0.37, 0.36)]:
        found = upsample(likes(wanted), pair, nodes, points, EVERY_FIFTH)
        assert found[0, 0].item() == pytest.approx(expected, abs=1e-6)
        assert found[1, 0].item() == 0
    # Without candidates the interpolated value stands; with one, the nearest node competes.
    none = replace(EVERY_FIFTH, upsample_candidates=0)
    assert upsample(likes(1.0), pair, nodes, points, none)[0, 0].item() == pytest.approx(0.36)
    one = replace(EVERY_FIFTH, upsample_candidates=1)
    assert upsample(likes(1.0), pair, nodes, points, one)[0, 0].item() == pytest.approx(0.36)
    assert upsample(likes(-1.0), pair, nodes, points, one)[0, 0].item() == 0


@pytest.mark.parametrize("options", [BALANCED, FAST], ids=["balanced", "fast"])
@pytest.mark.parametrize("size", [(11, 7), (1, 12), (9, 1), (2, 2)])
def test_keypoints_on_pixels_equal_the_dense_answer(
    tiny_model: NeMF, size: tuple[int, int], options: MatchOptions
) -> None:
    pair = make_pair(size, (13, 9))
    options = replace(options, seed=4)
    dense = dense_matches(tiny_model.field, pair, options)
    x, y = size[0] // 2, size[1] - 1
    found = transfer_keypoints(tiny_model.field, pair, torch.tensor([[x, y]]).float(), options)
    torch.testing.assert_close(found.reference[0], dense.reference[y, x], atol=1e-3, rtol=0)
    torch.testing.assert_close(found.scores[0], dense.scores[y, x], atol=1e-3, rtol=0)


def test_random_candidates_differ_and_narrow() -> None:
    first = search_offsets(4, 5, 2, 7, 0.1)
    second = search_offsets(4, 5, 2, 7, 0.1, candidate=1)
    assert (first != second).all()
    assert (search_offsets(4, 5, 2, 7, 0.1, candidate=0) == first).all()


def test_search_tries_every_candidate(tiny_model: NeMF, tiny_pair: EncodedPair) -> None:
    options = MatchOptions(search_candidates=3, search_decay=0.5, seed=3)
    match = PatchMatch(tiny_model.field, tiny_pair, options)
    before, scores = match.coords, match.scores
    match.search(1)
    moved = match.coords - before
    assert (moved.abs() <= 0.05 + 1e-6).all()
    # Candidates 0, 1, 2 of iteration 1: some pixels took each, and none fell.
    tried = [search_offsets(7, 11, 1, 3, 0.1 * 0.5 ** (1 + i / 3), i) for i in range(3)]
    taken = [torch.isclose(moved, torch.from_numpy(t), atol=1e-6).all(-1) for t in tried]
    assert all(t.any() for t in taken)
    assert (match.scores >= scores).all()
