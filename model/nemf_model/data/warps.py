"""Draws random warps whose correspondences are known exactly.

A warp maps normalised points of a view to normalised points of the photograph, so a view is
`photograph sampled at warp(grid)`. The first view's warp is a homography, which is inverted in
closed form; the second adds a thin-plate spline. Hence for every point p of the second view the
matching point of the first is `homography^-1(warp(p))`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from nemf_model.geometry import apply_homography, identity_grid


@dataclass(frozen=True)
class WarpStrength:
    """Bounds of the random parameters, normalised unless a comment names another unit."""

    rotation: float = 0.35  # radians
    scale: float = 0.35  # of log2 of the scale
    stretch: float = 0.2  # of log2 of the aspect ratio
    shear: float = 0.15
    shift: float = 0.25
    perspective: float = 0.12
    spline: float = 0.12  # displacement of the thin-plate spline's control points
    crop: float = 0.75  # mean share of the photograph's side that a view shows
    objects_apart: float = 0.0  # share of pairs in which an object moves on its own


# For annotated pairs, whose photographs differ already.
MILD = WarpStrength(rotation=0.2, scale=0.25, shift=0.15, perspective=0.05, crop=0.85)
# For each photograph of a pair of a class. Objects of a class are framed alike, so weaker warps
# would teach a network to match by position alone.
CLASS_PAIRS = WarpStrength(
    rotation=0.25, scale=0.5, stretch=0.3, shift=0.35, perspective=0.05, crop=0.8
)


def _uniform(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.rand(*shape, generator=generator) * 2 - 1


def random_homography(strength: WarpStrength, generator: torch.Generator, amount: Tensor) -> Tensor:
    """Draws homographies of rotation, scale, stretch, shear and shift, then perspective.

    Args:
      amount: [B] in [0, 1], the share of each bound that is used; 0 leaves the central crop.

    Returns:
      [B, 3, 3], view -> photograph.
    """
    count = len(amount)
    angle = _uniform(generator, count) * amount * strength.rotation
    scale = strength.crop * torch.exp2(_uniform(generator, count) * amount * strength.scale)
    stretch = torch.exp2(_uniform(generator, count) * amount * strength.stretch / 2)
    shear = _uniform(generator, count) * amount * strength.shear
    shift = _uniform(generator, count, 2) * amount.unsqueeze(1) * strength.shift
    perspective = _uniform(generator, count, 2) * amount.unsqueeze(1) * strength.perspective
    cos, sin = angle.cos(), angle.sin()
    rotation = torch.stack([cos, -sin, sin, cos], dim=1).view(count, 2, 2)
    zero, one = torch.zeros(count), torch.ones(count)
    shearing = torch.stack([one, shear, zero, one], dim=1).view(count, 2, 2)
    sides = torch.stack([scale * stretch, scale / stretch], dim=1)
    matrix = torch.eye(3).repeat(count, 1, 1)
    matrix[:, :2, :2] = rotation @ shearing @ torch.diag_embed(sides)
    matrix[:, :2, 2] = shift
    matrix[:, 2, :2] = perspective
    return matrix


class ThinPlateSpline:
    """Random smooth displacements, which interpolate those of a 4 x 4 grid of control points.

    Thin-plate spline (Duchon, 1977): f(p) = sum_i w_i U(|p - c_i|) with U(r) = r^2 log r^2, plus an
    affine part; f(c_i) is the displacement of the control point c_i.
    """

    def __init__(self, strength: Tensor, generator: torch.Generator) -> None:
        """strength: [B], the largest displacement of a control point along an axis."""
        count = len(strength)
        self.controls = identity_grid(4, 4)
        n = len(self.controls)
        affine = F.pad(self.controls, (1, 0), value=1.0)
        system = torch.zeros(n + 3, n + 3)
        system[:n, :n] = self._kernel(self.controls)
        system[:n, n:] = affine
        system[n:, :n] = affine.T
        wanted = torch.zeros(count, n + 3, 2)
        wanted[:, :n] = _uniform(generator, count, n, 2) * strength.view(-1, 1, 1)
        self.weights = torch.linalg.solve(system, wanted)

    def _kernel(self, points: Tensor) -> Tensor:
        squared = torch.cdist(points, self.controls, compute_mode="donot_use_mm_for_euclid_dist")
        squared = squared.square()
        return squared * (squared + 1e-9).log()

    def __call__(self, points: Tensor) -> Tensor:
        """Returns the displacements [B, N, 2] of points [B, N, 2]."""
        n = len(self.controls)
        bent = torch.stack(
            [self._kernel(p) @ w for p, w in zip(points, self.weights[:, :n], strict=True)]
        )
        return bent + self.weights[:, n : n + 1] + points @ self.weights[:, n + 1 :]


@dataclass
class RandomWarp:
    """Warps of B pairs of views of B photographs."""

    first: Tensor  # [B, 3, 3], view 1 -> photograph
    second: Tensor  # [B, 3, 3], view 2 -> photograph, applied after the spline
    spline: ThinPlateSpline

    @staticmethod
    def sample(count: int, strength: WarpStrength, generator: torch.Generator) -> RandomWarp:
        """Draws warps with strengths uniform between none and the bounds."""
        amount = torch.rand(count, generator=generator)
        return RandomWarp(
            random_homography(strength, generator, amount),
            random_homography(strength, generator, amount),
            ThinPlateSpline(amount * strength.spline, generator),
        )

    def second_to_photograph(self, points: Tensor) -> Tensor:
        """Maps points [B, N, 2] of view 2 to the photograph."""
        return apply_homography(self.second, points + self.spline(points))

    def photograph_to_first(self, points: Tensor) -> Tensor:
        """Maps points [B, N, 2] of the photograph to view 1, possibly outside of it."""
        return apply_homography(torch.linalg.inv(self.first), points)

    def match(self, points: Tensor) -> Tensor:
        """Maps points [B, N, 2] of view 2 to their matches in view 1, possibly outside of it."""
        return self.photograph_to_first(self.second_to_photograph(points))

    def views(self, photographs: Tensor, size: int) -> tuple[Tensor, Tensor]:
        """Returns view 1 and view 2, [B, 3, size, size], of photographs [B, 3, S, S], which are
        mirrored outside."""
        count = len(photographs)
        first = view_points(self.first, size)
        second = self.second_to_photograph(identity_grid(size, size).expand(count, -1, -1))
        return sample_at(photographs, first, size), sample_at(photographs, second, size)


def sample_at(photographs: Tensor, points: Tensor, size: int) -> Tensor:
    """Samples photographs [B, 3, S, S], mirrored outside, at points [B, size * size, 2]."""
    grid = points.view(len(photographs), size, size, 2)
    return F.grid_sample(
        photographs, grid, mode="bilinear", padding_mode="reflection", align_corners=True
    )


def view_points(matrix: Tensor, size: int) -> Tensor:
    """Returns the points [B, size * size, 2], row-major, that views with a side of `size` show;
    matrix: [B, 3, 3], view -> photograph."""
    return apply_homography(matrix, identity_grid(size, size).expand(len(matrix), -1, -1))


def homography_view(photographs: Tensor, matrix: Tensor, size: int) -> Tensor:
    """Returns views [B, 3, size, size] of photographs [B, 3, S, S]; matrix: [B, 3, 3], view ->
    photograph."""
    return sample_at(photographs, view_points(matrix, size), size)
