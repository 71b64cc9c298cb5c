"""Samples the cost embedding, the matching field and maps between their grid points."""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F

from nemf_model.geometry import pixel_grid, pixel_to_normalised
from nemf_model.matching.types import EncodedPair, Field

# Rows that the field scores in one call; bounds the memory of its activations.
ROWS_PER_CALL = 16384


def interpolate_phi(phi: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """Interpolates phi linearly along its four axes; corners off the grid contribute zero.

    Differentiable in `points`.

    Args:
      phi: [C, h, w, h, w].
      points: [N, 4], normalised (reference x, y, query x, y).

    Returns:
      [N, C].
    """
    sizes = phi.shape[1:]
    cells = phi.permute(1, 2, 3, 4, 0).reshape(-1, phi.shape[0])
    # Grid positions along the axes of phi: (reference y, x, query y, x).
    positions = [(points[:, i] + 1) / 2 * (n - 1) for i, n in zip((1, 0, 3, 2), sizes, strict=True)]
    lower = [position.detach().floor() for position in positions]
    total = torch.zeros(points.shape[0], phi.shape[0], dtype=phi.dtype, device=phi.device)
    for corner in itertools.product((0, 1), repeat=4):
        weight = torch.ones_like(positions[0])
        index = torch.zeros_like(lower[0], dtype=torch.int64)
        for axis, step in enumerate(corner):
            fraction = positions[axis] - lower[axis]
            node = lower[axis] + step
            inside = (node >= 0) & (node < sizes[axis])
            weight = weight * (fraction if step else 1 - fraction) * inside
            index = index * sizes[axis] + node.clamp(0, sizes[axis] - 1).long()
        total = total + weight[:, None] * cells[index]
    return total


def field_scores(
    field: Field, phi: torch.Tensor, reference: torch.Tensor, query: torch.Tensor
) -> torch.Tensor:
    """Scores pairs of points.

    Args:
      phi: [C, h, w, h, w].
      reference, query: [..., 2], normalised.

    Returns:
      [...], logits.
    """
    points = torch.cat([reference, query], dim=-1).reshape(-1, 4)
    scores = [field(part, interpolate_phi(phi, part)) for part in points.split(ROWS_PER_CALL)]
    return torch.cat(scores).reshape(reference.shape[:-1])


def query_grid(pair: EncodedPair) -> torch.Tensor:
    """Returns the normalised positions of the query's pixels, [H, W, 2]."""
    width, height = pair.query_size
    return pixel_to_normalised(pixel_grid(width, height), width, height)


def coarse_map(pair: EncodedPair) -> torch.Tensor:
    """Resizes the coarse map to the query's size, bilinearly with corners aligned.

    Returns:
      [H, W, 2], normalised reference points.
    """
    width, height = pair.query_size
    resized = F.interpolate(
        pair.coarse[None], size=(height, width), mode="bilinear", align_corners=True
    )
    return resized[0].permute(1, 2, 0)


def sample_map(values: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """Samples a map bilinearly at pixels.

    Args:
      values: [H, W, C].
      points: [K, 2], pixels (x, y) of the map, clamped to it.

    Returns:
      [K, C].
    """
    height, width = values.shape[:2]
    x = points[:, 0].clamp(0, width - 1)
    y = points[:, 1].clamp(0, height - 1)
    x0, y0 = x.floor().long(), y.floor().long()
    x1, y1 = (x0 + 1).clamp(max=width - 1), (y0 + 1).clamp(max=height - 1)
    fx, fy = (x - x0)[:, None], (y - y0)[:, None]
    top = values[y0, x0] * (1 - fx) + values[y0, x1] * fx
    bottom = values[y1, x0] * (1 - fx) + values[y1, x1] * fx
    return top * (1 - fy) + bottom * fy


def sample_coarse(pair: EncodedPair, points: torch.Tensor) -> torch.Tensor:
    """Samples the coarse map at query pixels, directly on its grid.

    Args:
      points: [K, 2], query pixels (x, y), which may be fractional. Corners are aligned; along an
        axis of one pixel it is column (row) 0 of the grid.

    Returns:
      [K, 2], normalised reference points.
    """
    cells = pair.coarse.permute(1, 2, 0)
    height, width = cells.shape[:2]
    last_cell = torch.tensor([width - 1, height - 1], dtype=points.dtype)
    last_pixel = torch.tensor(pair.query_size, dtype=points.dtype) - 1
    return sample_map(cells, points * (last_cell / last_pixel.clamp(min=1)))
