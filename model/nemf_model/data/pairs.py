"""Draws batches of training pairs with their known correspondences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from nemf_model.config import ModelConfig
from nemf_model.data.appearance import randomise_appearance
from nemf_model.data.cutouts import Pasted, object_masks, paste, shows
from nemf_model.data.frames import Frames
from nemf_model.data.images import ImageStore
from nemf_model.data.objects import NOWHERE, sample_warp
from nemf_model.data.placing import PlaceRange, random_placement
from nemf_model.data.warps import (
    CLASS_PAIRS,
    WarpStrength,
    homography_view,
    random_homography,
    sample_at,
    view_points,
)
from nemf_model.geometry import apply_homography

# Mean share of a pasted photograph's side that a view shows if the object is not known.
PASTED_CROP = 1.0
# Warps of the views that objects are pasted on.
BACKGROUNDS = WarpStrength(
    rotation=0.2, scale=0.3, stretch=0.3, shift=0.4, perspective=0.05, crop=0.5
)
BACKGROUND_ATTEMPTS = 3


@dataclass
class Matches:
    """Matching points of B pairs, normalised, on the CPU.

    source, target: [B, K, 2].
    valid: [B, K], whether the match is inside of the source image.
    tolerance: largest error of a match in units of `unit`; 0 for exact matches.
    unit: [B], normalised lengths in the source; None for 1.
    """

    source: Tensor
    target: Tensor
    valid: Tensor
    tolerance: float = 0.0
    unit: Tensor | None = None

    def allowed(self) -> Tensor | None:
        """Returns the largest error of each pair's matches, normalised, [B]; None if exact."""
        return None if self.tolerance == 0 else self.tolerance * self.units()

    def units(self) -> Tensor:
        """Returns the unit of every pair, [B]."""
        return torch.ones(len(self.source)) if self.unit is None else self.unit


@dataclass
class PairBatch:
    """B pairs of normalised images and the map from target points to source points.

    source, target: [B, 3, S, S].
    match: maps target points [B, N, 2] to source points [B, N, 2], normalised; outside [-1, 1] if
      there is no match.
    tolerance: as in Matches.
    labels: [B], the class of each pair, -1 for none.
    views: the source's and the target's, of pairs of a class; otherwise empty.
    """

    source: Tensor
    target: Tensor
    match: Callable[[Tensor], Tensor]
    tolerance: float
    labels: Tensor
    views: tuple[ClassView, ...] = ()

    @property
    def unit(self) -> Tensor | None:
        """As in Matches: the length of 1 in the coordinates of the pair's class."""
        return self.views[0].unit() if self.views else None

    def matches(self, target: Tensor) -> Matches:
        """Returns the matches of target points [B, K, 2]."""
        source = self.match(target)
        valid = source.abs().amax(dim=2) <= 1
        return Matches(source, target, valid, self.tolerance, self.unit)


@dataclass
class ClassView:
    """Views of B photographs of classes.

    matrix: [B, 3, 3], view -> photograph.
    frames: of the photographs.
    objects: [B, 1, S, S] in [0, 1], the views' objects; 1 everywhere if the object is not known.
    """

    pasted: Pasted
    matrix: Tensor
    frames: Frames
    objects: Tensor

    def inside(self, points: Tensor) -> Tensor:
        """Returns whether points [B, N, 2] of the views lie on the photographs, [B, N]."""
        return apply_homography(self.matrix, points).abs().amax(dim=2) <= 1

    def object_coordinates(self, points: Tensor) -> Tensor:
        """Maps points [B, N, 2] of the views to the coordinates of their class."""
        return self.frames.to_class(apply_homography(self.matrix, points))

    def points(self, coordinates: Tensor) -> Tensor:
        """The inverse of object_coordinates()."""
        points = self.frames.to_photographs(coordinates)
        return apply_homography(torch.linalg.inv(self.matrix), points)

    def unit(self) -> Tensor:
        """Returns the normalised length in the views of a length of 1 in the class's coordinates,
        [B]; ignores the nonrigid warp."""
        matrix = self.frames.affine @ self.matrix
        return torch.linalg.det(matrix[:, :2, :2]).abs().clamp(min=1e-6).rsqrt()


def mirrored(images: Tensor, flip_mask: Tensor) -> Tensor:
    """Mirrors images [B, C, H, W] left to right where flip_mask [B, 1, 1, 1] is true."""
    return torch.where(flip_mask, images.flip(3), images)


class PairSampler:
    """Draws pairs from photographs, under known warps, and from classes, roughly aligned.

    Either store may be missing; warped pairs come from both.
    """

    def __init__(
        self,
        photographs: ImageStore | None,
        classes: ImageStore | None,
        model: ModelConfig,
        generator: torch.Generator,
        strength: WarpStrength | None = None,
        pasted: float = 0.0,
        placing: PlaceRange | None = None,
    ) -> None:
        """pasted: share of the pairs of classes whose objects are put on other backgrounds.

        placing: positions and sizes of pasted objects.
        """
        self.photographs = photographs
        self.classes = classes
        self.strength = strength or WarpStrength()
        self.pasted = pasted
        self.placing = placing or PlaceRange()
        self.generator = generator
        self.mean = torch.tensor(model.mean).view(1, 3, 1, 1)
        self.std = torch.tensor(model.std).view(1, 3, 1, 1)
        self.members: list[Tensor] = []
        if classes is not None:
            self.members = [
                torch.nonzero(classes.labels == label).flatten()
                for label in range(int(classes.labels.max()) + 1)
            ]
        # A pair needs two photographs of one class.
        self.usable = [label for label, m in enumerate(self.members) if len(m) >= 2]

    @property
    def has_pairs(self) -> bool:
        """Whether any class has two photographs, as same_class() needs."""
        return bool(self.usable)

    def normalised(self, images: Tensor, randomised: float) -> Tensor:
        """Normalises images [B, 3, S, S] in [0, 1] for the model, after randomising the appearance
        of a share of them."""
        if randomised > 0:
            chosen = self._chance(len(images), randomised).view(-1, 1, 1, 1)
            images = torch.where(chosen, randomise_appearance(images, self.generator), images)
        return (images - self.mean) / self.std

    def flip_mask(self, count: int) -> Tensor:
        """Draws the flip_mask of mirrored(), [count, 1, 1, 1] bool."""
        return torch.rand(count, 1, 1, 1, generator=self.generator) < 0.5

    def _chance(self, count: int, share: float) -> Tensor:
        return torch.rand(count, generator=self.generator) < share

    def _store(self) -> ImageStore:
        if self.classes is None:
            return self.photographs
        if self.photographs is None:
            return self.classes
        use_classes = torch.rand((), generator=self.generator) < 0.5
        return self.classes if use_classes else self.photographs

    def backgrounds(self, count: int, size: int) -> Tensor:
        """Draws backgrounds [count, 3, size, size]: of a few random parts of photographs those that
        show least of an object."""
        store = self.photographs or self.classes
        if store.masks is None:
            return self._parts(store.batch, len(store), count, size)
        attempts = torch.stack(
            [
                self._parts(store.batch_with_masks, len(store), count, size)
                for _ in range(BACKGROUND_ATTEMPTS)
            ]
        )
        least = attempts[:, :, 3].mean(dim=(2, 3)).argmin(dim=0)
        return attempts[least, torch.arange(count), :3]

    def _parts(
        self, read: Callable[[Tensor], Tensor], photographs: int, count: int, size: int
    ) -> Tensor:
        """Draws views of random parts of `count` photographs; read() takes their indices."""
        chosen = torch.randint(photographs, (count,), generator=self.generator)
        matrix = random_homography(BACKGROUNDS, self.generator, torch.ones(count))
        return homography_view(read(chosen), matrix, size)

    def warped(self, count: int, size: int, randomised: float = 1.0) -> PairBatch:
        """Draws pairs of two views each of `count` photographs."""
        store = self._store()
        chosen = torch.randint(len(store), (count,), generator=self.generator)
        warp = sample_warp(count, self.strength, self.generator)
        # Photographs without a class stay whole, because backgrounds must be matched as well.
        if self.pasted == 0 or store is not self.classes:
            photographs = mirrored(store.batch(chosen), self.flip_mask(count))
            source, target = (Pasted.whole(view) for view in warp.views(photographs, size))
        else:
            photographs = mirrored(store.batch_with_masks(chosen), self.flip_mask(count))
            pasted = self._chance(count, self.pasted) & store.cut[chosen]
            source, target = (
                paste(v[:, :3], v[:, 3:], self.backgrounds(count, size), pasted)
                for v in warp.views(photographs, size)
            )

        def match(points: Tensor) -> Tensor:
            matches = warp.match(points)
            shown = target.shows(points) & source.shows(matches)
            return torch.where(shown.unsqueeze(2), matches, NOWHERE)

        return PairBatch(
            self.normalised(source.views, randomised),
            self.normalised(target.views, randomised),
            match,
            0.0,
            store.labels[chosen],
        )

    def same_class(
        self,
        count: int,
        size: int,
        randomised: float = 1.0,
        motion: float = 1.0,
        tolerance: float = 0.2,
    ) -> PairBatch:
        """Draws pairs of two photographs of a class, each under a homography of its own.

        Only points of objects have matches, if the objects are known.

        Args:
          motion: in [0, 1], the strength of the homographies.
          tolerance: largest error of the alignment of two photographs, in class coordinates.
        """
        assert self.classes is not None and self.has_pairs
        chosen = self._two_of_a_class(count)
        pasted = self._chance(count, self.pasted)
        # Both photographs of a pair are mirrored, or neither: the objects stay aligned.
        flip_mask = self.flip_mask(count)
        source = self._class_view(chosen[:, 0], flip_mask, pasted, motion, size)
        target = self._class_view(chosen[:, 1], flip_mask, pasted, motion, size)

        def match(points: Tensor) -> Tensor:
            shown = shows(target.objects, points)
            matches = source.points(target.object_coordinates(points))
            return torch.where(shown.unsqueeze(2), matches, NOWHERE)

        return PairBatch(
            self.normalised(source.pasted.views, randomised),
            self.normalised(target.pasted.views, randomised),
            match,
            tolerance,
            self.classes.labels[chosen[:, 0]],
            (source, target),
        )

    def _two_of_a_class(self, count: int) -> Tensor:
        """Draws two photographs of one class each, [count, 2] indices."""
        labels = torch.randint(len(self.usable), (count,), generator=self.generator)
        pairs = []
        for label in labels.tolist():
            members = self.members[self.usable[label]]
            order = torch.randperm(len(members), generator=self.generator)[:2]
            pairs.append(members[order])
        return torch.stack(pairs)

    def _class_view(
        self, chosen: Tensor, flip_mask: Tensor, pasted: Tensor, motion: float, size: int
    ) -> ClassView:
        """Returns views of the photographs with the indices [B]."""
        count = len(chosen)
        matrix = random_homography(CLASS_PAIRS, self.generator, torch.full((count,), motion))
        frames = self._frames(chosen, flip_mask)
        if self.classes.masks is None:
            images = mirrored(self.classes.batch(chosen), flip_mask)
            whole = Pasted.whole(homography_view(images, matrix, size))
            return ClassView(whole, matrix, frames, whole.shown)
        # A pasted photograph may be shown smaller, because its surroundings are not visible.
        farther = torch.where(pasted, PASTED_CROP / CLASS_PAIRS.crop, 1.0)
        matrix = torch.cat([matrix[:, :, :2] * farther.view(-1, 1, 1), matrix[:, :, 2:]], dim=2)
        images = mirrored(self.classes.batch_with_masks(chosen), flip_mask)
        cut = self.classes.cut[chosen]
        placed = random_placement(images[:, 3:], self.placing, self.generator)
        matrix = torch.where((pasted & cut).view(-1, 1, 1), placed, matrix)
        points = view_points(matrix, size)
        view = sample_at(images, points, size)
        masks = object_masks(view[:, 3:], points, cut, self.generator)
        shown = paste(view[:, :3], masks, self.backgrounds(count, size), pasted)
        objects = torch.where((pasted | cut).view(-1, 1, 1, 1), masks, 1.0)
        return ClassView(shown, matrix, frames, objects)

    def _frames(self, chosen: Tensor, flip_mask: Tensor) -> Frames:
        """Returns the frames of photographs [B] after mirroring by flip_mask."""
        if self.classes.frames is None:
            return Frames.none(len(chosen))
        return self.classes.frames.of(chosen).mirrored(flip_mask)
