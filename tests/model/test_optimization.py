"""The coordinate optimisation, against PyTorch's own optimiser and autograd."""

from __future__ import annotations

import copy

import pytest
import torch
import torch.nn.functional as F

from nemf_model.architecture.model import NeMF
from nemf_model.matching.optimization import learning_rate, optimize, score_gradient
from nemf_model.matching.sampling import field_scores, interpolate_phi
from nemf_model.matching.types import EncodedPair, MatchOptions

OPTIONS = MatchOptions()


def random_points(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Reference and query points [count, 2] inside the images."""
    generator = torch.Generator().manual_seed(8)
    points = torch.rand(count, 4, generator=generator) * 1.8 - 0.9
    return points[:, :2], points[:, 2:]


def torch_adamw(model: NeMF, phi: torch.Tensor, start: torch.Tensor, query: torch.Tensor):
    """One point [1, 2] through torch.optim.AdamW and a cosine schedule that is a step late."""
    point = start.clone().requires_grad_(True)
    adamw = torch.optim.AdamW([point], lr=OPTIONS.learning_rate, weight_decay=OPTIONS.weight_decay)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(
        adamw, OPTIONS.optimize_steps, OPTIONS.final_learning_rate
    )
    for step in range(OPTIONS.optimize_steps):
        adamw.zero_grad()
        coordinates = torch.cat([point, query], dim=1)
        score = model.field(coordinates.detach(), interpolate_phi(phi, coordinates))
        (-F.logsigmoid(score)).sum().backward()
        adamw.step()
        if step > 0:
            cosine.step()
    return point.detach()


@pytest.mark.parametrize("index", range(4))
def test_every_point_is_torch_adamw_alone(
    tiny_model: NeMF, tiny_pair: EncodedPair, index: int
) -> None:
    reference, query = random_points(4)
    together = optimize(tiny_model.field, tiny_pair.phi, reference, query, OPTIONS)
    alone = torch_adamw(
        tiny_model, tiny_pair.phi, reference[index : index + 1], query[index : index + 1]
    )
    assert not torch.equal(alone[0], reference[index])
    torch.testing.assert_close(together[index], alone[0], atol=1e-6, rtol=0)


def test_rate_is_a_cosine_one_step_late() -> None:
    rates = [learning_rate(step, OPTIONS) for step in range(21)]
    assert rates[0] == rates[1] == pytest.approx(3e-4)
    assert rates[11] == pytest.approx((3e-4 + 1e-6) / 2)
    assert rates == sorted(rates, reverse=True)
    # The last step that is taken has not come down to the final rate.
    assert rates[19] > 1e-6


def test_gradient_holds_the_embedding_constant(tiny_model: NeMF, tiny_pair: EncodedPair) -> None:
    reference, query = random_points(6)
    gradient = score_gradient(tiny_model.field, tiny_pair.phi, reference, query)
    # In float64, so that a step can be too short to reach a fold of the field.
    field, phi = copy.deepcopy(tiny_model.field).double(), tiny_pair.phi.double()
    points = torch.cat([reference, query], dim=1).double()
    step = 1e-6
    for axis in range(2):
        moved = points.clone()
        losses = []
        for sign in (-1, 1):
            moved[:, axis] = points[:, axis] + sign * step
            losses.append(-F.logsigmoid(field(points, interpolate_phi(phi, moved))))
        numeric = (losses[1] - losses[0]) / (2 * step)
        torch.testing.assert_close(gradient[:, axis], numeric.float(), atol=1e-4, rtol=1e-3)


def test_steps_raise_scores_and_stay_near(tiny_model: NeMF, tiny_pair: EncodedPair) -> None:
    reference, query = random_points(300)
    options = MatchOptions(learning_rate=5e-3, search_radius=0.02, weight_decay=0)
    moved = optimize(tiny_model.field, tiny_pair.phi, reference, query, options)
    assert ((moved - reference).abs() <= 0.02 + 1e-6).all()
    before = field_scores(tiny_model.field, tiny_pair.phi, reference, query)
    after = field_scores(tiny_model.field, tiny_pair.phi, moved, query)
    # The step holds the embedding constant, so single points may lose; most gain.
    assert after.mean() > before.mean()


def test_no_steps_change_nothing(tiny_model: NeMF, tiny_pair: EncodedPair) -> None:
    reference, query = random_points(3)
    moved = optimize(
        tiny_model.field, tiny_pair.phi, reference, query, MatchOptions(optimize_steps=0)
    )
    assert torch.equal(moved, reference)
