"""A lattice of query points coarser than the pixels, and interpolation back to the pixels."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from nemf_model.geometry import pixel_to_normalised
from nemf_model.matching.sampling import field_scores
from nemf_model.matching.types import EncodedPair, Field, MatchOptions, Refinement

# Values that differ by at most this along each axis count as one candidate; reference pixels.
TOLERANCE = 0.5
# A cell is regular if the answer moves by at most this many node spacings from node to node.
REGULAR_STRETCH = 1.5


def on_lattice(pair: EncodedPair, options: MatchOptions) -> EncodedPair:
    """Returns the pair with a query of one pixel a node; with corners aligned the pixels lie on the
    nodes. The coarse map alone needs no lattice: the pair is returned as it is."""
    if options.refinement is Refinement.COARSE:
        return pair
    stride = options.lattice_stride
    width, height = ((pixels - 1 + stride - 1) // stride + 1 for pixels in pair.query_size)
    return replace(pair, query_size=(width, height))


def upsample(
    field: Field, pair: EncodedPair, nodes: Tensor, points: Tensor, options: MatchOptions
) -> Tensor:
    """Returns the values at points between the nodes; if the nodes' values jump, the best scored.

    Args:
      nodes: [h, w, 2], normalised reference points.
      points: [N, 2], query pixels.

    Returns:
      [N, 2]: each point's best scored candidate; of equal scores the first.
    """
    corners, fractions = _surroundings(pair, nodes, points)
    candidates = torch.stack([_bilinear(corners, fractions), *_nearest_first(corners, fractions)])
    wanted = _wanted(pair, nodes, corners, candidates, options.upsample_candidates)
    query = pixel_to_normalised(points, *pair.query_size)
    scores = field_scores(field, pair.phi, candidates, query.expand_as(candidates))
    best = scores.masked_fill(~wanted, -torch.inf).argmax(dim=0)
    return candidates[best, torch.arange(len(points))]


def _surroundings(pair: EncodedPair, nodes: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the values of the four nodes around each point, row-major, [4, N, 2], and the point's
    offset from the first one in node spacings, [N, 2]."""
    height, width = nodes.shape[:2]
    last_node = torch.tensor([width - 1, height - 1], dtype=points.dtype)
    last_pixel = torch.tensor(pair.query_size, dtype=points.dtype) - 1
    position = (points * (last_node / last_pixel.clamp(min=1))).clamp(min=0).minimum(last_node)
    first = position.floor()
    (x0, y0), (x1, y1) = first.long().T, position.ceil().long().T
    corners = torch.stack([nodes[y0, x0], nodes[y0, x1], nodes[y1, x0], nodes[y1, x1]])
    return corners, position - first


def _bilinear(corners: Tensor, fractions: Tensor) -> Tensor:
    fx, fy = fractions[:, :1], fractions[:, 1:]
    top = corners[0] * (1 - fx) + corners[1] * fx
    bottom = corners[2] * (1 - fx) + corners[3] * fx
    return top * (1 - fy) + bottom * fy


def _nearest_first(corners: Tensor, fractions: Tensor) -> list[Tensor]:
    """Orders each point's corners [4, N, 2] from the nearest to the opposite one."""
    far = fractions > 0.5
    nearest = far[:, 0] + 2 * far[:, 1]
    away = torch.where(far, 1 - fractions, fractions)
    # Across the axis along which the point is further from its nearest node.
    second = torch.where(away[:, 0] >= away[:, 1], 1, 2)
    order = [nearest, nearest ^ second, nearest ^ (3 - second), nearest ^ 3]
    everyone = torch.arange(len(fractions))
    return [corners[index, everyone] for index in order]


def _wanted(
    pair: EncodedPair, nodes: Tensor, corners: Tensor, candidates: Tensor, most: int
) -> Tensor:
    """Returns which of the candidates [5, N, 2] compete, [5, N].

    The first one always does. Of the four nodes at most `most` do, none that is close to an earlier
    candidate, and none in a regular cell.
    """

    def length(sizes: tuple[int, int], steps: float) -> Tensor:
        return torch.tensor([2 * steps / max(size - 1, 1) for size in sizes])

    def near(a: Tensor, b: Tensor, by: Tensor) -> Tensor:
        return ((a - b).abs() <= by).all(dim=-1)

    height, width = nodes.shape[:2]
    step = length((width, height), REGULAR_STRETCH)
    edges = ((0, 1), (2, 3), (0, 2), (1, 3))
    regular = torch.stack([near(corners[a], corners[b], step) for a, b in edges]).all(dim=0)
    tolerance = length(pair.reference_size, TOLERANCE)
    wanted = [torch.ones_like(regular)]
    for i in range(1, 5):
        seen = [wanted[j] & near(candidates[i], candidates[j], tolerance) for j in range(i)]
        taken = torch.stack(wanted).sum(dim=0) - 1
        wanted.append(~regular & ~torch.stack(seen).any(dim=0) & (taken < most))
    return torch.stack(wanted)
