"""The training losses against what they are by definition."""

import torch

from nemf_model.architecture.field import Decoder
from nemf_model.config import ModelConfig
from nemf_model.data.pairs import Matches, PairBatch
from nemf_model.geometry import identity_grid
from nemf_model.matching.sampling import interpolate_phi
from nemf_model.training.losses import (
    SATURATION,
    CandidateSampling,
    coarse_loss,
    field_loss,
    interpolate_batch,
    sampled_cross_entropy,
    score,
)
from nemf_model.training.pretrain import dense_contrast


def identity_pairs(tolerance: float) -> PairBatch:
    empty = torch.zeros(2, 3, 8, 8)
    return PairBatch(empty, empty, lambda p: p, tolerance, torch.full((2,), -1))


def test_batched_interpolation_equals_the_plain_one() -> None:
    generator = torch.Generator().manual_seed(1)
    phi = torch.randn(2, 3, 4, 5, 4, 5, generator=generator)
    points = torch.rand(2, 40, 4, generator=generator) * 2 - 1
    points[0, 0], points[0, 1] = 1.0, -1.0
    batched = interpolate_batch(phi, points).view(2, 40, 3)
    for i in range(2):
        assert torch.allclose(batched[i], interpolate_phi(phi[i], points[i]), atol=1e-6)


def test_scores_of_a_batch_equal_those_of_its_pairs() -> None:
    config = ModelConfig.tiny()
    torch.manual_seed(2)
    decoder = Decoder(config)
    grid = config.grid
    phi = torch.randn(2, config.field.phi_channels, grid, grid, grid, grid)
    source, target = torch.rand(2, 7, 2) * 2 - 1, torch.rand(2, 7, 2) * 2 - 1
    both = score(decoder, phi, source, target)
    for i in range(2):
        alone = score(decoder, phi[i : i + 1], source[i : i + 1], target[i : i + 1])
        assert torch.allclose(both[i], alone[0], atol=1e-5)


def test_candidates_begin_with_the_truth_and_stay_in_the_image() -> None:
    generator = torch.Generator().manual_seed(3)
    truth = torch.rand(2, 5, 2, generator=generator) * 2 - 1
    drawn = CandidateSampling(99, 0.5, 0.01, 0.5, generator).draw(truth)
    assert drawn.shape == (2, 5, 100, 2)
    assert torch.equal(drawn[:, :, 0], truth)
    assert drawn.abs().max() <= 1


def test_near_candidates_lie_as_near_as_they_are_asked_to() -> None:
    generator = torch.Generator().manual_seed(9)
    truth = torch.zeros(4, 50, 2)
    drawn = CandidateSampling(99, 1.0, 0.01, 0.011, generator).draw(truth)[:, :, 1:]
    assert 0.0095 < drawn.std() < 0.0115
    # Uniform in the logarithm: as many from 0.001 to 0.01 as from 0.01 to 0.1. Half of Rayleigh's
    # distances are below 1.18 standard deviations.
    drawn = CandidateSampling(99, 1.0, 0.001, 0.1, generator).draw(truth)[:, :, 1:]
    assert 0.47 < (drawn.norm(dim=3) < 0.0118).float().mean() < 0.53


def test_sampled_cross_entropy_is_cross_entropy_with_class_zero() -> None:
    torch.manual_seed(4)
    scores, candidates = torch.randn(2, 3, 10), torch.rand(2, 3, 10, 2)
    expected = torch.nn.functional.cross_entropy(
        scores.view(6, 10), torch.zeros(6, dtype=torch.long), reduction="none"
    )
    assert torch.allclose(sampled_cross_entropy(scores, candidates).flatten(), expected)


def test_tolerance_only_lowers_the_loss() -> None:
    torch.manual_seed(5)
    scores, candidates = torch.randn(2, 3, 50), torch.rand(2, 3, 50, 2) * 2 - 1
    exact = sampled_cross_entropy(scores, candidates)
    tolerant = sampled_cross_entropy(scores, candidates, torch.tensor([0.5, 0.0]))
    assert (tolerant[0] <= exact[0] + 1e-6).all() and (tolerant[0] < exact[0] - 1e-3).any()
    assert torch.allclose(tolerant[1], exact[1], atol=1e-6)


def test_coarse_loss_of_the_identity_map_is_zero_and_of_a_shift_the_shift() -> None:
    grid = identity_grid(4, 4).expand(2, -1, -1)
    coarse = grid.view(2, 4, 4, 2).permute(0, 3, 1, 2)
    inner = grid * 0.5
    valid = torch.ones(2, 16, dtype=torch.bool)
    assert coarse_loss(coarse, Matches(inner, inner, valid)) < 1e-3
    shifted = coarse + torch.tensor([0.3, 0.4]).view(1, 2, 1, 1)
    assert abs(coarse_loss(shifted, Matches(inner, inner, valid)).item() - 0.5) < 1e-3
    # Beyond the tolerance, in units, and never more than the saturation.
    for unit, beyond in ((None, 0.3), (0.5, 0.8)):
        units = None if unit is None else torch.full((2,), unit)
        found = coarse_loss(shifted, Matches(inner, inner, valid, 0.2, units)).item()
        assert abs(found - SATURATION * beyond / (SATURATION + beyond)) < 1e-3


def test_contrast_is_low_for_right_features_and_high_for_wrong_ones() -> None:
    generator = torch.Generator().manual_seed(6)
    features = torch.randn(2, 64, 6, 6, generator=generator)
    for tolerance in (0.0, 0.3):
        pairs = identity_pairs(tolerance)
        right = dense_contrast(features, features, pairs, 36, generator)
        wrong = dense_contrast(features.flip(3), features, pairs, 36, generator)
        assert right + 2 < wrong


def test_losses_leave_out_what_is_not_valid() -> None:
    generator = torch.Generator().manual_seed(7)
    config = ModelConfig.tiny()
    decoder = Decoder(config)
    grid = config.grid
    phi = torch.randn(2, config.field.phi_channels, grid, grid, grid, grid, generator=generator)
    coarse = torch.rand(2, 2, grid, grid, generator=generator)
    points = torch.rand(2, 3, 2, generator=generator) * 2 - 1
    elsewhere = points.clone()
    elsewhere[:, 2] = 9.0
    valid = torch.tensor([[True, True, False]] * 2)

    def losses(source: torch.Tensor) -> list[torch.Tensor]:
        matches = Matches(source, points, valid)
        sampling = CandidateSampling(9, 0.0, 0.01, 0.5, torch.Generator().manual_seed(8))
        return [coarse_loss(coarse, matches), field_loss(decoder, phi, matches, sampling)]

    torch.testing.assert_close(losses(elsewhere), losses(points))
    nothing = Matches(points, points, torch.zeros(2, 3, dtype=torch.bool))
    assert coarse_loss(coarse, nothing) == 0
