"""Objects cut out of photographs with plain backgrounds, and pasted on other photographs.

Many photographs of single objects have a background of one colour. Where that is so the background
is what can be reached from the border through pixels of the border's colour. On other backgrounds
such an object looks as it does in the world, and a network that is trained on it cannot tell where
it is from the place, the frame or the emptiness around it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage
from torch import Tensor

from nemf.data.objects import Blobs

# How far a channel may be from the background's colour, of 255.
COLOUR_TOLERANCE = 26
# Share of the border that must be of the colour.
LEAST_BORDER = 0.6
# Share of the photograph that the object must have, at least and at most.
OBJECT_SHARE = (0.08, 0.85)
# The frame that is looked at for the background's colour, pixels.
BORDER = 2
_SIDES = (slice(0, BORDER), slice(-BORDER, None))


def object_mask(pixels: np.ndarray) -> np.ndarray | None:
    """[H, W, 3] uint8 -> [H, W] bool, the object; None where the background is not plain."""
    border = np.concatenate(
        [pixels[:BORDER], pixels[-BORDER:], *(pixels[:, side].swapaxes(0, 1) for side in _SIDES)],
        axis=None,
    ).reshape(-1, 3)
    reached = np.zeros(pixels.shape[:2], dtype=bool)
    left = border.astype(np.int16)
    # A turned photograph has corners of another colour, so two colours are looked for.
    for _ in range(2):
        if len(left) == 0:
            break
        colour = np.median(left, axis=0)
        left = left[np.abs(left - colour).max(axis=1) > COLOUR_TOLERANCE]
        alike = np.abs(pixels.astype(np.int16) - colour).max(axis=2) <= COLOUR_TOLERANCE
        reached |= _from_border(alike)
    if len(left) > (1 - LEAST_BORDER) * len(border):
        return None
    mask = ndimage.binary_opening(~reached, iterations=1)
    mask = ndimage.binary_fill_holes(mask)
    return mask if OBJECT_SHARE[0] <= mask.mean() <= OBJECT_SHARE[1] else None


def _from_border(alike: np.ndarray) -> np.ndarray:
    """The pixels of a mask that its pixels on the border are connected with."""
    labels, _ = ndimage.label(alike)
    edge = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    return np.isin(labels, edge[edge > 0])


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
        at = F.grid_sample(self.shown, points.unsqueeze(2), align_corners=True)
        return at.squeeze(3).squeeze(1) > 0.5


def object_masks(masks: Tensor, places: Tensor, cut: Tensor, generator: torch.Generator) -> Tensor:
    """What views show of their objects, [B, 1, S, S]; a blob stands for one that was not cut out.

    masks: [B, 1, S, S], the photographs' masks as the views see them. places: [B, S * S, 2], the
    points of the photographs that the views show. cut: [B] bool, whether the masks are objects.
    """
    blobs = Blobs(torch.ones(len(masks), dtype=torch.bool), generator)
    blobs.centres = blobs.centres * 0.5
    blobs.radii = blobs.radii * 0.6 + 0.6
    blob = blobs.contain(places).view_as(masks).float()
    inside = (places.abs().amax(dim=2) <= 1).view_as(masks)
    return torch.where(cut.view(-1, 1, 1, 1), masks, blob) * inside


def paste(views: Tensor, masks: Tensor, backgrounds: Tensor, pasted: Tensor) -> Pasted:
    """Puts objects on other backgrounds.

    views, backgrounds: [B, 3, S, S]; masks: [B, 1, S, S] in [0, 1]; pasted: [B] bool, the other
    views stay as they are.
    """
    soft = F.avg_pool2d(F.pad(masks, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    shown = torch.where(pasted.view(-1, 1, 1, 1), soft, 1.0)
    return Pasted(torch.lerp(backgrounds, views, shown), shown)
