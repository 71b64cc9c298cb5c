"""Draws images with known objects, to train an object finder."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from nemf_model.data.cutouts import paste
from nemf_model.data.pairs import PairSampler, mirrored
from nemf_model.data.placing import random_placement
from nemf_model.data.warps import (
    WarpStrength,
    random_homography,
    sample_at,
    view_points,
)

# Warps of views with their own backgrounds.
OWN_BACKGROUNDS = WarpStrength(
    rotation=0.15, scale=0.4, stretch=0.3, shear=0.1, shift=0.25, perspective=0.03, crop=0.85
)
# Share of the views with randomised appearance, in which objects are harder to separate.
RANDOMISED = 0.5


@dataclass
class ObjectBatch:
    """B images and their objects.

    images: [B, 3, S, S], normalised.
    masks: [B, 1, S, S] in [0, 1].
    known: [B, 1, S, S], 1 inside of the photograph and 0 where its mirror image is shown.
    """

    images: Tensor
    masks: Tensor
    known: Tensor


class ObjectViews:
    """Draws from the photographs whose objects were cut out, equally many of each store.

    Half of the views keep the photograph's background. The other half have another background and
    an object of random size and position.
    """

    def __init__(self, pairs: PairSampler) -> None:
        self.pairs = pairs
        self.generator = pairs.generator
        stores = [store for store in (pairs.photographs, pairs.classes) if store is not None]
        stores = [store for store in stores if store.cut is not None and store.cut.any()]
        self.cut = [(store, torch.nonzero(store.cut).flatten()) for store in stores]

    @property
    def has_views(self) -> bool:
        """Whether any object was cut out."""
        return bool(self.cut)

    def draw(self, count: int, size: int, randomise: bool = True) -> ObjectBatch:
        """Draws `count` images with a side of `size`."""
        assert self.has_views
        own = self._on_own(self._photographs(count - count // 2), size)
        other = self._on_others(self._photographs(count // 2), size)
        images, masks, known = (torch.cat(both) for both in zip(own, other, strict=True))
        images = self.pairs.normalised(images, RANDOMISED if randomise else 0)
        return ObjectBatch(images, masks, known)

    def _photographs(self, count: int) -> Tensor:
        """Returns photographs and their masks, [count, 4, S, S], mirrored at random."""
        parts = []
        for (store, cut), share in zip(self.cut, _split(count, len(self.cut)), strict=True):
            chosen = torch.randint(len(cut), (share,), generator=self.generator)
            parts.append(store.batch_with_masks(cut[chosen]))
        return mirrored(torch.cat(parts), self.pairs.flip_mask(count))

    def _on_own(self, photographs: Tensor, size: int) -> tuple[Tensor, Tensor, Tensor]:
        """Returns images, masks and known of views with their own backgrounds."""
        count = len(photographs)
        amount = torch.rand(count, generator=self.generator).sqrt()
        matrix = random_homography(OWN_BACKGROUNDS, self.generator, amount)
        points = view_points(matrix, size)
        view = sample_at(photographs, points, size)
        inside = (points.abs().amax(dim=2) <= 1).view(count, 1, size, size)
        return view[:, :3], view[:, 3:], inside.float()

    def _on_others(self, photographs: Tensor, size: int) -> tuple[Tensor, Tensor, Tensor]:
        """Returns images, masks and known of views with other backgrounds."""
        count = len(photographs)
        matrix = random_placement(photographs[:, 3:], self.pairs.placing, self.generator)
        points = view_points(matrix, size)
        # Only the object is shown, so the photograph needs no mirror image outside.
        view = F.grid_sample(photographs, points.view(count, size, size, 2), align_corners=True)
        pasted = torch.ones(count, dtype=torch.bool)
        shown = paste(view[:, :3], view[:, 3:], self.pairs.backgrounds(count, size), pasted)
        return shown.views, view[:, 3:], torch.ones_like(view[:, 3:])


def _split(count: int, parts: int) -> list[int]:
    """Splits `count` into `parts` nearly equal shares, the larger ones first."""
    return [count // parts + (i < count % parts) for i in range(parts)]
