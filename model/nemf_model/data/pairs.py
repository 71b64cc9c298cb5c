"""Batches of training pairs with what is known of their correspondences."""

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

# Mean share of the side of a pasted photograph that a view shows, where its object is not known.
PASTED_CROP = 1.0
# Views that objects are pasted on: parts of photographs.
BACKGROUNDS = WarpStrength(
    rotation=0.2, scale=0.3, stretch=0.3, shift=0.4, perspective=0.05, crop=0.5
)
BACKGROUND_ATTEMPTS = 3


@dataclass
class Matches:
    """Matching points of B pairs, normalised, on the CPU.

    source, target: [B, K, 2]. valid: [B, K], false where the match is not in the source image.
    tolerance: how far a match may be off, in `unit`s; 0 where it is exact.
    unit: [B], lengths in the source that count alike, normalised; None for 1.
    """

    source: Tensor
    target: Tensor
    valid: Tensor
    tolerance: float = 0.0
    unit: Tensor | None = None

    def allowed(self) -> Tensor | None:
        """How far each pair's matches may be off, normalised, [B]; None where they are exact."""
        return None if self.tolerance == 0 else self.tolerance * self.units()

    def units(self) -> Tensor:
        """The unit of every pair, [B]."""
        return torch.ones(len(self.source)) if self.unit is None else self.unit


@dataclass
class PairBatch:
    """B pairs of normalised images and the map from target points to source points.

    source, target: [B, 3, S, S]. match: target points [B, N, 2] -> source points [B, N, 2],
    normalised; outside [-1, 1] where there is none. tolerance: as in Matches.
    labels: [B] class of each pair, -1 where it has none.
    views: of pairs of a class, the source's and the target's.
    """

    source: Tensor
    target: Tensor
    match: Callable[[Tensor], Tensor]
    tolerance: float
    labels: Tensor
    views: tuple[ClassView, ...] = ()

    @property
    def unit(self) -> Tensor | None:
        """As in Matches: what is a length of 1 in the coordinates of the pair's class."""
        return self.views[0].unit() if self.views else None

    def matches(self, target: Tensor) -> Matches:
        """Of target points [B, K, 2]."""
        source = self.match(target)
        valid = source.abs().amax(dim=2) <= 1
        return Matches(source, target, valid, self.tolerance, self.unit)


@dataclass
class ClassView:
    """Views of B photographs of classes.

    matrix: [B, 3, 3], view -> photograph. frames: of the photographs.
    objects: [B, 1, S, S] in [0, 1], where a view shows its object; everywhere if that is not known.
    """

    pasted: Pasted
    matrix: Tensor
    frames: Frames
    objects: Tensor

    def inside(self, points: Tensor) -> Tensor:
        """[B, N, 2] points of the views -> whether they lie on the photographs, [B, N]."""
        return apply_homography(self.matrix, points).abs().amax(dim=2) <= 1

    def object_coordinates(self, points: Tensor) -> Tensor:
        """[B, N, 2] points of the views -> their coordinates in the class."""
        return self.frames.to_class(apply_homography(self.matrix, points))

    def points(self, coordinates: Tensor) -> Tensor:
        """The inverse of object_coordinates()."""
        points = self.frames.to_photographs(coordinates)
        return apply_homography(torch.linalg.inv(self.matrix), points)

    def unit(self) -> Tensor:
        """[B]: the views' length, normalised, of a length of 1 in the class's coordinates;
        the nonrigid warp does not count."""
        matrix = self.frames.affine @ self.matrix
        return torch.linalg.det(matrix[:, :2, :2]).abs().clamp(min=1e-6).rsqrt()


def mirrored(images: Tensor, flip_mask: Tensor) -> Tensor:
    """[B, C, H, W] mirrored left to right where flip_mask [B, 1, 1, 1] is true."""
    return torch.where(flip_mask, images.flip(3), images)


class PairSampler:
    """Draws pairs at random from photographs (known warps) and from classes (weak knowledge).

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
        """pasted: share of the pairs of classes whose objects are put on other backgrounds, at
        the places that `placing` allows."""
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
        """Whether same_class() has anything to draw from."""
        return bool(self.usable)

    def normalised(self, images: Tensor, randomised: float) -> Tensor:
        """[B, 3, S, S] in [0, 1] as the model sees them; the appearance of a share of them is
        randomised."""
        if randomised > 0:
            chosen = self._chance(len(images), randomised).view(-1, 1, 1, 1)
            images = torch.where(chosen, randomise_appearance(images, self.generator), images)
        return (images - self.mean) / self.std

    def flip_mask(self, count: int) -> Tensor:
        """[count, 1, 1, 1] bool, as mirrored() takes them."""
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
        """[count, 3, size, size]: parts of photographs that have nothing to do with the pair, as
        far from their own objects as a few attempts find."""
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
        """Views of random parts of `count` of the photographs that are read by their numbers."""
        chosen = torch.randint(photographs, (count,), generator=self.generator)
        matrix = random_homography(BACKGROUNDS, self.generator, torch.ones(count))
        return homography_view(read(chosen), matrix, size)

    def warped(self, count: int, size: int, randomised: float = 1.0) -> PairBatch:
        """Two views each of `count` photographs."""
        store = self._store()
        chosen = torch.randint(len(store), (count,), generator=self.generator)
        warp = sample_warp(count, self.strength, self.generator)
        # Backgrounds must be matched too, so photographs without a class stay whole.
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
        """`count` pairs of two photographs of one class, each under its own homography.

        motion: in [0, 1], how far the homographies go. tolerance: how far the objects of two
        photographs may be from aligned, in the coordinates of their class. Only points of objects
        have matches, where the objects are known.
        """
        assert self.classes is not None and self.has_pairs
        chosen = self._two_of_a_class(count)
        pasted = self._chance(count, self.pasted)
        # Both or neither, so that the objects stay aligned.
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
        """[count, 2]: photographs, each two of one class."""
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
        """Views of photographs [B] of classes."""
        count = len(chosen)
        matrix = random_homography(CLASS_PAIRS, self.generator, torch.full((count,), motion))
        frames = self._frames(chosen, flip_mask)
        if self.classes.masks is None:
            images = mirrored(self.classes.batch(chosen), flip_mask)
            whole = Pasted.whole(homography_view(images, matrix, size))
            return ClassView(whole, matrix, frames, whole.shown)
        # What is around a photograph is not seen of a pasted one, so it may be shown smaller.
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
        """Of photographs [B] that are mirrored by flip_mask."""
        if self.classes.frames is None:
            return Frames.none(len(chosen))
        return self.classes.frames.of(chosen).mirrored(flip_mask)
