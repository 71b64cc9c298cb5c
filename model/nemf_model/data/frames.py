"""Maps between photographs and the coordinates of their classes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from nemf_model.geometry import apply_homography

# The warp's slopes are well below 1, so every round of its inverse divides the error.
_INVERSE_ROUNDS = 8


@dataclass(frozen=True)
class Frames:
    """Smooth maps between N photographs and the coordinates of their class, both normalised.

    affine: [N, 3, 3], photograph -> class.
    nonrigid_warp: [N, 2, h, w], displacements (x, y) of class coordinates on a grid over [-1, 1]^2,
      applied before the inverse of `affine`. Outside of the grid the border's values apply.
    """

    affine: Tensor
    nonrigid_warp: Tensor

    @staticmethod
    def straight(affine: Tensor) -> Frames:
        """Returns frames of affine maps [N, 3, 3] without a nonrigid warp."""
        return Frames(affine, torch.zeros(len(affine), 2, 1, 1))

    @staticmethod
    def none(count: int) -> Frames:
        """Returns the identity for `count` photographs."""
        return Frames.straight(torch.eye(3).repeat(count, 1, 1))

    def __len__(self) -> int:
        return len(self.affine)

    def of(self, chosen: Tensor) -> Frames:
        """Returns the frames of the photographs with the indices [B]."""
        return Frames(self.affine[chosen], self.nonrigid_warp[chosen])

    def mirrored(self, flip_mask: Tensor) -> Frames:
        """Returns the frames after both photograph and class are mirrored left to right where
        flip_mask [N, 1, 1, 1] is true."""
        mirror = torch.diag(torch.tensor([-1.0, 1.0, 1.0]))
        affine = torch.where(flip_mask.squeeze(3), mirror @ self.affine @ mirror, self.affine)
        turned = self.nonrigid_warp.flip(3) * torch.tensor([-1.0, 1.0]).view(2, 1, 1)
        return Frames(affine, torch.where(flip_mask, turned, self.nonrigid_warp))

    def to_class(self, points: Tensor) -> Tensor:
        """Maps points of the photographs [N, P, 2] to class coordinates."""
        warped = apply_homography(self.affine, points)
        coordinates = warped
        for _ in range(_INVERSE_ROUNDS):
            coordinates = warped - self._displacement(coordinates)
        return coordinates

    def to_photographs(self, coordinates: Tensor) -> Tensor:
        """Maps class coordinates [N, P, 2] to points of the photographs."""
        return apply_homography(
            torch.linalg.inv(self.affine), coordinates + self._displacement(coordinates)
        )

    def _displacement(self, coordinates: Tensor) -> Tensor:
        at = F.grid_sample(
            self.nonrigid_warp, coordinates.unsqueeze(2), padding_mode="border", align_corners=True
        )
        return at.squeeze(3).transpose(1, 2)
