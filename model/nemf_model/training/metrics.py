"""How far predicted points are from the truth: end-point error and PCK."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch


def endpoint_errors(predicted: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Euclidean distances of points (x, y): [..., 2] and [..., 2] -> [...]; in their unit."""
    return torch.linalg.vector_norm(predicted - truth, dim=-1)


def mean_endpoint_error(
    predicted: torch.Tensor, truth: torch.Tensor, valid: torch.Tensor | None = None
) -> float:
    """Mean end-point error over the points where `valid` [...] is true; NaN if there are none."""
    errors = endpoint_errors(predicted, truth)
    if valid is not None:
        errors = errors[valid]
    return errors.mean().item()


def pck(
    predicted: torch.Tensor, truth: torch.Tensor, length: float, alphas: Iterable[float]
) -> dict[float, float]:
    """Percentage of correct keypoints of one pair.

    Args:
      predicted, truth: [K, 2] pixels (x, y), K >= 1.
      length: the longer side, in pixels, of the object's bounding box or of the image.
      alphas: shares of `length` within which (inclusively) a point is correct.

    Returns:
      alpha -> share of correct points in [0, 1].
    """
    if truth.numel() == 0:
        raise ValueError("PCK of a pair without keypoints is undefined")
    errors = endpoint_errors(predicted, truth)
    return {alpha: (errors <= alpha * length).float().mean().item() for alpha in alphas}


def average_pck(pairs: Iterable[Mapping[float, float]]) -> dict[float, float]:
    """The mean over pairs of what pck() gave for each; every pair weighs the same."""
    pairs = list(pairs)
    if not pairs:
        raise ValueError("the average PCK of no pairs is undefined")
    return {alpha: sum(pair[alpha] for pair in pairs) / len(pairs) for alpha in pairs[0]}
