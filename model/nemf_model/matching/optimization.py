"""Gradient ascent on the coordinates: AdamW through the interpolated cost embedding."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from nemf_model.matching.sampling import ROWS_PER_CALL, interpolate_phi
from nemf_model.matching.types import Field, MatchOptions

# AdamW's defaults (Loshchilov and Hutter, 2019).
_BETAS = (0.9, 0.999)
_EPSILON = 1e-8


def learning_rate(step: int, options: MatchOptions) -> float:
    """Returns the rate of step 0, 1, ...: a cosine that starts one step late."""
    phase = math.pi * max(step - 1, 0) / options.optimize_steps
    span = options.learning_rate - options.final_learning_rate
    return options.final_learning_rate + span * (1 + math.cos(phase)) / 2


def score_gradient(
    field: Field, phi: torch.Tensor, reference: torch.Tensor, query: torch.Tensor
) -> torch.Tensor:
    """Returns the gradient of -log sigmoid(score) in the reference point, through phi only.

    The harmonic embedding of the point is held constant, as in the published method.

    Args:
      phi: [C, h, w, h, w].
      reference, query: [N, 2], normalised.

    Returns:
      [N, 2].
    """
    gradients = []
    for part, query_part in zip(
        reference.split(ROWS_PER_CALL), query.split(ROWS_PER_CALL), strict=True
    ):
        with torch.enable_grad():
            part = part.detach().requires_grad_(True)
            points = torch.cat([part, query_part], dim=-1)
            loss = -F.logsigmoid(field(points.detach(), interpolate_phi(phi, points))).sum()
            gradients.append(torch.autograd.grad(loss, part)[0])
    return torch.cat(gradients)


@torch.no_grad()
def optimize(
    field: Field,
    phi: torch.Tensor,
    start: torch.Tensor,
    query: torch.Tensor,
    options: MatchOptions,
) -> torch.Tensor:
    """Minimises -log sigmoid(score) of each point by AdamW (docs/algorithm.md, section 5.3).

    Args:
      phi: [C, h, w, h, w].
      start: [N, 2], normalised reference points to start from; no point leaves its start by more
        than the search radius along an axis.
      query: [N, 2], normalised query points.

    Returns:
      [N, 2], normalised reference points.
    """
    beta1, beta2 = _BETAS
    coords = start.clone()
    first, second = torch.zeros_like(start), torch.zeros_like(start)
    for step in range(options.optimize_steps):
        rate = learning_rate(step, options)
        gradient = score_gradient(field, phi, coords, query)
        first = beta1 * first + (1 - beta1) * gradient
        second = beta2 * second + (1 - beta2) * gradient**2
        unbiased_first = first / (1 - beta1 ** (step + 1))
        unbiased_second = second / (1 - beta2 ** (step + 1))
        coords = coords * (1 - rate * options.weight_decay)
        coords = coords - rate * unbiased_first / (unbiased_second.sqrt() + _EPSILON)
        coords = coords.clamp(start - options.search_radius, start + options.search_radius)
    return coords
