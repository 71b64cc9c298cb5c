"""Warps in which an object moves apart from its background.

The object is a random blob of the photograph. In the second view the blob and the rest have warps
of their own, and the region that the blob uncovers shows another photograph. Every other point of
the second view shows one known point of the photograph, so correspondences stay exact.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nemf_model.data.warps import (
    RandomWarp,
    ThinPlateSpline,
    WarpStrength,
    random_homography,
    sample_at,
)
from nemf_model.geometry import identity_grid

NOWHERE = 9.0  # the match of a point without match; outside every image
_WAVES = 4  # harmonics of a blob's outline


class Blobs:
    """B star-shaped regions near the middle, with radii of 0.35 to 0.7."""

    def __init__(self, present: Tensor, generator: torch.Generator) -> None:
        """present: [B] bool; regions where it is false are empty."""
        count = len(present)
        self.centres = torch.rand(count, 1, 2, generator=generator) * 0.6 - 0.3
        self.radii = (torch.rand(count, 1, generator=generator) * 0.35 + 0.35) * present[:, None]
        order = torch.arange(1, _WAVES + 1)
        self.order = order.view(1, 1, -1)
        self.amplitudes = torch.rand(count, 1, _WAVES, generator=generator) * 0.4 / order
        self.phases = torch.rand(count, 1, _WAVES, generator=generator) * 6.28

    def contain(self, points: Tensor) -> Tensor:
        """Returns whether the blobs contain points [B, N, 2], [B, N] bool."""
        offset = points - self.centres
        angle = torch.atan2(offset[..., 1], offset[..., 0]).unsqueeze(2)
        outline = 1 + (self.amplitudes * (self.order * angle + self.phases).cos()).sum(dim=2)
        return offset.norm(dim=2) < self.radii * outline


@dataclass
class ObjectWarp:
    """Two RandomWarps, of the background and of blobs; both share the first view."""

    background: RandomWarp
    foreground: RandomWarp
    blobs: Blobs

    def _shown(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the points that points [B, N, 2] of view 2 show, and whether these are of the
        photograph instead of the other one, [B, N]."""
        of_object = self.foreground.second_to_photograph(points)
        of_rest = self.background.second_to_photograph(points)
        on_object = self.blobs.contain(of_object)
        uncovered = ~on_object & self.blobs.contain(of_rest)
        return torch.where(on_object.unsqueeze(2), of_object, of_rest), ~uncovered

    def match(self, points: Tensor) -> Tensor:
        """Returns the matches in view 1 of points [B, N, 2] of view 2; NOWHERE for none."""
        shown, known = self._shown(points)
        matches = self.background.photograph_to_first(shown)
        return torch.where(known.unsqueeze(2), matches, NOWHERE)

    def views(self, photographs: Tensor, size: int) -> tuple[Tensor, Tensor]:
        """Returns view 1 and view 2, [B, 3, size, size], of photographs [B, 3, S, S], which are
        mirrored outside."""
        count = len(photographs)
        first, _ = self.background.views(photographs, size)
        shown, known = self._shown(identity_grid(size, size).expand(count, -1, -1))
        others = photographs.roll(1, dims=0).flip(3)
        second = torch.where(
            known.view(count, 1, size, size),
            sample_at(photographs, shown, size),
            sample_at(others, shown, size),
        )
        return first, second


def sample_warp(
    count: int, strength: WarpStrength, generator: torch.Generator
) -> RandomWarp | ObjectWarp:
    """Draws warps of `count` pairs; in a share of strength.objects_apart an object moves."""
    background = RandomWarp.sample(count, strength, generator)
    if strength.objects_apart == 0:
        return background
    amount = torch.rand(count, generator=generator)
    foreground = replace(
        background,
        second=random_homography(strength, generator, amount),
        spline=ThinPlateSpline(amount * strength.spline, generator),
    )
    present = torch.rand(count, generator=generator) < strength.objects_apart
    return ObjectWarp(background, foreground, Blobs(present, generator))
