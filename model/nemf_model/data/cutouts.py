"""Objects cut out of photographs and pasted on other photographs.

On other backgrounds an object looks as it does in the world, and a network that is trained on it
cannot tell where it is from the place, the frame or the emptiness around it.
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

    views: [B, 3, S, S]. shown: [B, 1, S, S] in [0, 1], where a view shows its own photograph.
    """

    views: Tensor
    shown: Tensor

    @staticmethod
    def whole(views: Tensor) -> Pasted:
        """Views that stay as they are."""
        return Pasted(views, views.new_ones(len(views), 1, 1, 1))

    def shows(self, points: Tensor) -> Tensor:
        """[B, N, 2] points of the views -> [B, N] bool."""
        return shows(self.shown, points)


def shows(maps: Tensor, points: Tensor) -> Tensor:
    """Whether maps [B, 1, S, S] in [0, 1] show something at points [B, N, 2]: [B, N] bool."""
    at = F.grid_sample(maps, points.unsqueeze(2), align_corners=True)
    return at.squeeze(3).squeeze(1) > 0.5


def object_masks(masks: Tensor, points: Tensor, cut: Tensor, generator: torch.Generator) -> Tensor:
    """What views show of their objects, [B, 1, S, S]; a blob stands for one that was not cut out.

    masks: [B, 1, S, S], the photographs' masks as the views see them. points: [B, S * S, 2], the
    points of the photographs that the views show. cut: [B] bool, whether the masks are objects.
    """
    blobs = Blobs(torch.ones(len(masks), dtype=torch.bool), generator)
    blobs.centres = blobs.centres * 0.5
    blobs.radii = blobs.radii * 0.6 + 0.6
    blob = blobs.contain(points).view_as(masks).float()
    inside = (points.abs().amax(dim=2) <= 1).view_as(masks)
    return torch.where(cut.view(-1, 1, 1, 1), masks, blob) * inside


def paste(views: Tensor, masks: Tensor, backgrounds: Tensor, pasted: Tensor) -> Pasted:
    """Puts objects on other backgrounds.

    views, backgrounds: [B, 3, S, S]; masks: [B, 1, S, S] in [0, 1]; pasted: [B] bool, the other
    views stay as they are.
    """
    soft = F.avg_pool2d(F.pad(masks, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    shown = torch.where(pasted.view(-1, 1, 1, 1), soft, 1.0)
    return Pasted(torch.lerp(backgrounds, views, shown), shown)
