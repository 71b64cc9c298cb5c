"""Warps the affine frames of a class's photographs towards what the class shows on average.

The features of all photographs are sampled at the places of the class, and their mean, without the
photograph in question, is what it should show there. Where around a place it shows that most
clearly is found as in alignment.py, by soft assignments that are smoothed over the places around;
the better the photographs agree, the sharper the mean. At first neighbourhoods are wide and the
warps almost the same everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from nemf_model.architecture.alignment import WARP_TEMPERATURE, assign, smooth, squared_distances
from nemf_model.data.frames import Frames
from nemf_model.geometry import identity_grid

ROUNDS = 10
# In the first round and the last: of the neighbourhoods that are searched, and how far a place's
# say reaches; standard deviations of Gaussians, in coordinates of the class.
_WIDTHS = (0.3, 0.1)
_REACHES = (0.4, 0.15)
# Weight of no displacement, beside a mean weight of 1 of what a place says.
_STIFFNESS = 0.03
_PHOTOGRAPHS_AT_ONCE = 64


@torch.no_grad()
def nonrigid_warp(compared: Sequence[Tensor], affine: Tensor, side: int) -> Tensor:
    """Returns Frames.nonrigid_warp of N photographs of one class, [N, 2, side, side]; 0 on average.

    compared: feature maps [N, C, h, w]. affine: [N, 3, 3], photograph -> class.
    """
    count = len(affine)
    grid = identity_grid(side, side).unsqueeze(0)
    apart = squared_distances(grid, grid)
    shown = _sampled(compared, Frames.straight(affine), grid)
    warp = torch.zeros(count, side * side, 2)
    for width, reach in zip(_spread(_WIDTHS), _spread(_REACHES), strict=True):
        warped = _sampled(compared, Frames(affine, _as_maps(warp, side)), grid)
        total = warped.sum(dim=0)
        wanted = torch.empty_like(warp)
        for some in torch.arange(count).split(_PHOTOGRAPHS_AT_ONCE):
            others = (total - warped[some]) / (count - 1)
            logits = others @ shown[some].transpose(1, 2) / WARP_TEMPERATURE
            moved, weights = assign(logits, grid + warp[some], grid, width)
            wanted[some] = smooth(warp[some] + moved, weights, apart, reach, _STIFFNESS)
        warp = wanted - wanted.mean(dim=0)
    return _as_maps(warp, side)


def _sampled(compared: Sequence[Tensor], frames: Frames, grid: Tensor) -> Tensor:
    """What photographs show at places of their class, [N, P, C]: features of every map, scaled so
    that products are mean cosine similarities."""
    points = frames.to_photographs(grid.expand(len(frames), -1, -1)).unsqueeze(2)
    parts = []
    for maps in compared:
        at = F.grid_sample(maps, points, padding_mode="border", align_corners=True).squeeze(3)
        parts.append(F.normalize(at, dim=1) / len(compared) ** 0.5)
    return torch.cat(parts, dim=1).transpose(1, 2).contiguous()


def _spread(ends: tuple[float, float]) -> list[float]:
    return torch.linspace(*ends, ROUNDS).tolist()


def _as_maps(warp: Tensor, side: int) -> Tensor:
    """[N, side * side, 2] -> [N, 2, side, side]."""
    return warp.transpose(1, 2).unflatten(2, (side, side))
