"""Where the points of photographs lie in their classes."""

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
    """Smooth maps between N photographs and coordinates that their class shares, both normalised.

    affine: [N, 3, 3], photograph -> class. nonrigid_warp: [N, 2, h, w], displacements of
    the class's points, applied before the inverse of `affine`, on a grid over [-1, 1] x [-1, 1];
    outside of it the border's.
    """

    affine: Tensor
    nonrigid_warp: Tensor

    @staticmethod
    def straight(affine: Tensor) -> Frames:
        """Of affine maps [N, 3, 3] alone."""
        return Frames(affine, torch.zeros(len(affine), 2, 1, 1))

    @staticmethod
    def none(count: int) -> Frames:
        """Of photographs that count as aligned as they are."""
        return Frames.straight(torch.eye(3).repeat(count, 1, 1))

    def __len__(self) -> int:
        return len(self.affine)

    def of(self, chosen: Tensor) -> Frames:
        """Those of the photographs [B]."""
        return Frames(self.affine[chosen], self.nonrigid_warp[chosen])

    def mirrored(self, flip_mask: Tensor) -> Frames:
        """Of photographs and classes that are mirrored where flip_mask [N, 1, 1, 1] is true."""
        mirror = torch.diag(torch.tensor([-1.0, 1.0, 1.0]))
        affine = torch.where(flip_mask.squeeze(3), mirror @ self.affine @ mirror, self.affine)
        turned = self.nonrigid_warp.flip(3) * torch.tensor([-1.0, 1.0]).view(2, 1, 1)
        return Frames(affine, torch.where(flip_mask, turned, self.nonrigid_warp))

    def to_class(self, points: Tensor) -> Tensor:
        """Points of the photographs [N, P, 2] -> their coordinates in the class."""
        warped = apply_homography(self.affine, points)
        coordinates = warped
        for _ in range(_INVERSE_ROUNDS):
            coordinates = warped - self._displacement(coordinates)
        return coordinates

    def to_photographs(self, coordinates: Tensor) -> Tensor:
        """The inverse of to_class()."""
        return apply_homography(
            torch.linalg.inv(self.affine), coordinates + self._displacement(coordinates)
        )

    def _displacement(self, coordinates: Tensor) -> Tensor:
        at = F.grid_sample(
            self.nonrigid_warp, coordinates.unsqueeze(2), padding_mode="border", align_corners=True
        )
        return at.squeeze(3).transpose(1, 2)
