"""Pastes objects that were cut out of photographs on other photographs.

A network that is trained on objects with other backgrounds cannot recognise their parts by the
background, the frame or the empty space around them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from nemf_model.data.objects import Blobs


@dataclass(frozen=True)
class Pasted:
    """Views on other backgrounds.

    views: [B, 3, S, S].
    shown: [B, 1, S, S], 1 where a view shows its own photograph, 0 where it shows another.
    """

    views: Tensor
    shown: Tensor

    @staticmethod
    def whole(views: Tensor) -> Pasted:
        """Returns views that show nothing but their own photographs."""
        return Pasted(views, views.new_ones(len(views), 1, 1, 1))

    def shows(self, points: Tensor) -> Tensor:
        """Returns whether points [B, N, 2] of the views lie on their own photographs, [B, N]."""
        return shows(self.shown, points)


def shows(maps: Tensor, points: Tensor) -> Tensor:
    """Returns whether maps [B, 1, S, S] exceed 0.5 at points [B, N, 2], [B, N] bool."""
    at = F.grid_sample(maps, points.unsqueeze(2), align_corners=True)
    return at.squeeze(3).squeeze(1) > 0.5


def object_masks(masks: Tensor, points: Tensor, cut: Tensor, generator: torch.Generator) -> Tensor:
    """Returns the masks of the views' objects; a random blob replaces an object that is unknown.

    Args:
      masks: [B, 1, S, S], the photographs' masks, sampled by the views.
      points: [B, S * S, 2], the points of the photographs that the views show.
      cut: [B] bool, whether the object of a photograph is known.

    Returns:
      [B, 1, S, S].
    """
    blobs = Blobs(torch.ones(len(masks), dtype=torch.bool), generator)
    blobs.centres = blobs.centres * 0.5
    blobs.radii = blobs.radii * 0.6 + 0.6
    blob = blobs.contain(points).view_as(masks).float()
    inside = (points.abs().amax(dim=2) <= 1).view_as(masks)
    return torch.where(cut.view(-1, 1, 1, 1), masks, blob) * inside


def paste(views: Tensor, masks: Tensor, backgrounds: Tensor, pasted: Tensor) -> Pasted:
    """Puts objects on other backgrounds.

    Args:
      views, backgrounds: [B, 3, S, S].
      masks: [B, 1, S, S] in [0, 1], the objects.
      pasted: [B] bool; views where it is false are kept.
    """
    soft = F.avg_pool2d(F.pad(masks, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    shown = torch.where(pasted.view(-1, 1, 1, 1), soft, 1.0)
    return Pasted(torch.lerp(backgrounds, views, shown), shown)
