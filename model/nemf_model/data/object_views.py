"""Pictures in which the object is known, to train an object finder on."""

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

# Of views with their own backgrounds.
OWN_BACKGROUNDS = WarpStrength(
    rotation=0.15, scale=0.4, stretch=0.3, shear=0.1, shift=0.25, perspective=0.03, crop=0.85
)
# Share of the views whose colours and textures are randomised; objects stand out less in them.
RANDOMISED = 0.5


@dataclass
class ObjectBatch:
    """B pictures and their objects.

    images: [B, 3, S, S], normalised. masks: [B, 1, S, S] in [0, 1]. known: [B, 1, S, S], 0 where
    a picture shows the mirror image of what is beyond its photograph's border, else 1.
    """

    images: Tensor
    masks: Tensor
    known: Tensor


class ObjectViews:
    """Draws from the photographs whose objects were cut out, as many of each store; half of the
    views have the photograph's own background, half another and an object of any size at any
    place."""

    def __init__(self, pairs: PairSampler) -> None:
        self.pairs = pairs
        self.generator = pairs.generator
        stores = [store for store in (pairs.photographs, pairs.classes) if store is not None]
        stores = [store for store in stores if store.cut is not None and store.cut.any()]
        self.cut = [(store, torch.nonzero(store.cut).flatten()) for store in stores]

    @property
    def has_views(self) -> bool:
        """Whether there is anything to draw from."""
        return bool(self.cut)

    def draw(self, count: int, size: int, randomise: bool = True) -> ObjectBatch:
        """`count` pictures of a side of `size`."""
        assert self.has_views
        own = self._on_own(self._photographs(count - count // 2), size)
        other = self._on_others(self._photographs(count // 2), size)
        images, masks, known = (torch.cat(both) for both in zip(own, other, strict=True))
        images = self.pairs.normalised(images, RANDOMISED if randomise else 0)
        return ObjectBatch(images, masks, known)

    def _photographs(self, count: int) -> Tensor:
        """[count, 4, S, S]: photographs and their masks, some mirrored."""
        parts = []
        for (store, cut), share in zip(self.cut, _split(count, len(self.cut)), strict=True):
            chosen = torch.randint(len(cut), (share,), generator=self.generator)
            parts.append(store.batch_with_masks(cut[chosen]))
        return mirrored(torch.cat(parts), self.pairs.flip_mask(count))

    def _on_own(self, photographs: Tensor, size: int) -> tuple[Tensor, Tensor, Tensor]:
        """Views with the photographs' own backgrounds: images, masks, known."""
        count = len(photographs)
        amount = torch.rand(count, generator=self.generator).sqrt()
        matrix = random_homography(OWN_BACKGROUNDS, self.generator, amount)
        points = view_points(matrix, size)
        view = sample_at(photographs, points, size)
        inside = (points.abs().amax(dim=2) <= 1).view(count, 1, size, size)
        return view[:, :3], view[:, 3:], inside.float()

    def _on_others(self, photographs: Tensor, size: int) -> tuple[Tensor, Tensor, Tensor]:
        """Views with other backgrounds: images, masks, known."""
        count = len(photographs)
        matrix = random_placement(photographs[:, 3:], self.pairs.placing, self.generator)
        points = view_points(matrix, size)
        # Nothing of the photograph but its object is shown, so nothing is mirrored.
        view = F.grid_sample(photographs, points.view(count, size, size, 2), align_corners=True)
        pasted = torch.ones(count, dtype=torch.bool)
        shown = paste(view[:, :3], view[:, 3:], self.pairs.backgrounds(count, size), pasted)
        return shown.views, view[:, 3:], torch.ones_like(view[:, 3:])


def _split(count: int, parts: int) -> list[int]:
    """`count` in `parts` nearly equal shares, the larger ones first."""
    return [count // parts + (i < count % parts) for i in range(parts)]
