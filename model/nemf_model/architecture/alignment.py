"""Aligns the objects of two pictures as wholes, before any cell is matched on its own.

The objects' own coordinates (object_finder) agree at like places, if the finder saw the same
parts of both. What remains is corrected by an affine map of the target's coordinates, fitted to
what the features say by expectation and maximisation: softly assign every target cell to the source
cells that look alike and are near where the map puts it; fit the map to the assignments by weighted
least squares, with a ridge towards no correction; go on with a narrower neighbourhood. At last the
map is warped in the same way; instead of being fitted, the assignments are averaged over the cells
around. match_prior() is the last such assignment, before it is made soft.
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
# The same for bending: the softmax, and neighbourhoods each with how far a cell's say reaches
# (standard deviations of Gaussians).
WARP_TEMPERATURE = 0.05
WARP_WIDTHS = ((0.4, 0.8), (0.3, 0.6), (0.25, 0.5))
# Weight of no displacement, beside a mean weight of 1 of what a cell says.
STIFFNESS = 0.1
# Of the match prior: the width of its neighbourhood, and its value far outside of it.
PRIOR_WIDTH = 0.3
PRIOR_FLOOR = 1e-4
# Weight of a cell that shows no object, beside 1 for one that does.
LEAST_WEIGHT = 0.05


def align(source: Tensor, target: Tensor, similarity: Tensor) -> Tensor:
    """The target's coordinates, corrected to agree with the source's: [B, 2, h, w].

    The arguments are those of affine_fit().
    """
    here = _coordinates(target)
    corrected = F.pad(here, (0, 1), value=1.0) @ affine_fit(source, target, similarity)
    logits = similarity.transpose(1, 2) / WARP_TEMPERATURE
    there, shown = _coordinates(source), _shown(target)
    apart = squared_distances(here, here)
    warp = torch.zeros_like(here)
    for width, reach in WARP_WIDTHS:
        moved, weights = assign(logits, corrected + warp, there, width)
        warp = smooth(warp + moved, weights * shown, apart, reach, STIFFNESS)
    return (corrected + warp).transpose(1, 2).unflatten(2, target.shape[2:])


def match_prior(source: Tensor, aligned: Tensor, similarity: Tensor) -> Tensor:
    """How likely cells match, by how they look and how they lie: [B, sources, targets], in units of
    similarity, of which WARP_TEMPERATURE is worth as much as a factor e of the neighbourhood.

    aligned: the target's coordinates of align(); the other arguments are those of affine_fit().
    """
    apart = squared_distances(_coordinates(source), _coordinates(aligned))
    near = torch.exp(apart / (-2 * PRIOR_WIDTH * PRIOR_WIDTH))
    return similarity + WARP_TEMPERATURE * (near + PRIOR_FLOOR).log()


def affine_fit(source: Tensor, target: Tensor, similarity: Tensor) -> Tensor:
    """The map of the target's coordinates (x, y, 1) to the source's, [B, 3, 2].

    source, target: [B, 3, h, w] of object_coordinates(). similarity: [B, sources, targets], mean
    cosine similarity of the cells.
    """
    logits = similarity.transpose(1, 2) / TEMPERATURE
    there, here = _coordinates(source), _coordinates(target)
    shown = _shown(target)
    columns = F.pad(here, (0, 1), value=1.0)  # of the fit: x, y, 1
    corrected = here
    for width in WIDTHS:
        moved, weights = assign(logits, corrected, there, width)
        correction = _fit(columns, corrected + moved - here, weights * shown)
        corrected = here + columns @ correction
    return correction + correction.new_tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])


def assign(logits: Tensor, here: Tensor, there: Tensor, width: float) -> tuple[Tensor, Tensor]:
    """Softly assigns cells to those that look alike among those around: how far that moves each
    [B, N, 2], and how much its neighbourhood says [B, N], in (0, 1].

    logits: [B, N, M], of how alike they look. here: [B, N, 2] and there: [B or 1, M, 2], the cells'
    coordinates. width: of the neighbourhood.
    """
    near = squared_distances(here, there) / (-2 * width * width)
    joint = logits + near
    # The features' part alone; at the border the neighbourhood would pull inwards.
    moved = (joint.softmax(dim=2) - near.softmax(dim=2)) @ there
    # How alike the neighbourhood is, compared with the other cells'.
    evidence = joint.logsumexp(dim=2) - near.logsumexp(dim=2)
    return moved, (evidence - evidence.amax(dim=1, keepdim=True)).exp()


def smooth(warp: Tensor, weights: Tensor, apart: Tensor, reach: float, stiffness: float) -> Tensor:
    """Weighted mean of the displacements [B, N, 2] around each cell.

    weights: [B, N]. apart: [B or 1, N, N], squared distances of the cells. reach: standard
    deviation of the Gaussian that is averaged by. stiffness: weight of no displacement.
    """
    weights = (weights / weights.mean(dim=1, keepdim=True)).unsqueeze(2)
    around = torch.exp(apart / (-2 * reach * reach))
    # One product, as one with a single column would keep its bits less well.
    weighted_sum, total = (around @ torch.cat([weights * warp, weights], dim=2)).split(
        [2, 1], dim=2
    )
    return weighted_sum / (total + stiffness * around.sum(dim=2, keepdim=True))


def squared_distances(here: Tensor, there: Tensor) -> Tensor:
    """Points [B, N, 2] and [B, M, 2] -> [B, N, M]."""
    return (here.unsqueeze(2) - there.unsqueeze(1)).square().sum(dim=3)


def _coordinates(objects: Tensor) -> Tensor:
    """[B, 2 or 3, h, w], x and y first -> [B, h * w, 2]."""
    return objects[:, :2].flatten(2).transpose(1, 2)


def _shown(objects: Tensor) -> Tensor:
    """[B, 3, h, w] of object_coordinates() -> the cells' weights, [B, h * w]."""
    return objects[:, 2].flatten(1) + LEAST_WEIGHT


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


def similarity(source: Sequence[Tensor], target: Sequence[Tensor], side: int) -> Tensor:
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
