"""Aligns the objects of two pictures as wholes, before any cell is matched on its own.

The objects' own coordinates (nemf.object_finder) agree at like places, if the finder saw the same
parts of both. What remains is corrected by an affine map of the target's coordinates, fitted to
what the features say by expectation and maximisation: softly assign every target cell to the source
cells that look alike and are near where the map puts it; fit the map to the assignments by weighted
least squares, with a ridge towards no correction; go on with a narrower neighbourhood.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

# Of the cosine similarities' softmax.
TEMPERATURE = 0.1
# Neighbourhoods (standard deviations, in those of the objects), a round of the fit each.
WIDTHS = (0.6, 0.52, 0.45, 0.4, 0.35, 0.3)
# Ridges of the map's slopes along x and y and of its shift, for a mean weight of 1.
RIDGES = (0.3, 0.3, 0.1)
# Weight of a cell that shows no object, beside 1 for one that does.
LEAST_WEIGHT = 0.05


def align(source: Tensor, target: Tensor, likeness: Tensor) -> Tensor:
    """The target's coordinates, corrected to agree with the source's: [B, 2, h, w].

    The arguments are those of affine_fit().
    """
    here = target[:, :2].flatten(2).transpose(1, 2)
    corrected = F.pad(here, (0, 1), value=1.0) @ affine_fit(source, target, likeness)
    return corrected.transpose(1, 2).unflatten(2, target.shape[2:])


def affine_fit(source: Tensor, target: Tensor, likeness: Tensor) -> Tensor:
    """The map of the target's coordinates (x, y, 1) to the source's, [B, 3, 2].

    source, target: [B, 3, h, w] of object_coordinates(). likeness: [B, sources, targets], mean
    cosine similarity of the cells.
    """
    logits = likeness.transpose(1, 2) / TEMPERATURE
    there = source[:, :2].flatten(2).transpose(1, 2)
    here = target[:, :2].flatten(2).transpose(1, 2)
    shown = target[:, 2].flatten(1) + LEAST_WEIGHT
    columns = F.pad(here, (0, 1), value=1.0)  # of the fit: x, y, 1
    corrected = here
    for width in WIDTHS:
        squared = (corrected.unsqueeze(2) - there.unsqueeze(1)).square().sum(dim=3)
        near = squared / (-2 * width * width)
        joint = logits + near
        # How far the features move the assignments; at the border of the source the neighbourhood
        # alone would pull them inwards.
        moved = (joint.softmax(dim=2) - near.softmax(dim=2)) @ there
        # How alike the neighbourhood is, compared with the other cells'.
        evidence = joint.logsumexp(dim=2) - near.logsumexp(dim=2)
        weights = (evidence - evidence.amax(dim=1, keepdim=True)).exp() * shown
        correction = _fit(columns, corrected + moved - here, weights)
        corrected = here + columns @ correction
    return correction + correction.new_tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])


def _fit(columns: Tensor, wanted: Tensor, weights: Tensor) -> Tensor:
    """Ridge regression: columns [B, N, 3], wanted [B, N, 2], weights [B, N] -> [B, 3, 2]."""
    weighted = columns * (weights / weights.sum(dim=1, keepdim=True)).unsqueeze(2)
    normal = weighted.transpose(1, 2) @ columns
    normal = normal + torch.diag(normal.new_tensor(RIDGES))
    return _inverse(normal) @ (weighted.transpose(1, 2) @ wanted)


def _inverse(matrix: Tensor) -> Tensor:
    """Of symmetric positive definite [B, 3, 3], by cofactors: for so small ones the linear-algebra
    libraries of a GPU are not worth their start."""
    a, b, c = matrix.unbind(dim=1)
    cofactors = torch.stack(
        [torch.linalg.cross(b, c), torch.linalg.cross(c, a), torch.linalg.cross(a, b)], dim=2
    )
    determinant = (a * cofactors[:, :, 0]).sum(dim=1)
    return cofactors / determinant.view(-1, 1, 1)


def likeness(source: Sequence[Tensor], target: Sequence[Tensor], side: int) -> Tensor:
    """Mean cosine similarity of feature maps [B, C, h, w] on a grid of `side`: [B, sources,
    targets]."""
    total: Tensor | float = 0.0
    for maps in zip(source, target, strict=True):
        s, t = (
            F.normalize(
                F.interpolate(m.float(), (side, side), mode="bilinear", align_corners=True), dim=1
            ).flatten(2)
            for m in maps
        )
        total = total + s.transpose(1, 2) @ t
    return total / len(source)
