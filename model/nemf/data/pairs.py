"""Batches of training pairs with what is known of their correspondences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from nemf.config import ModelConfig
from nemf.data.appearance import randomise_appearance
from nemf.data.images import ImageStore
from nemf.data.objects import sample_warp
from nemf.data.warps import (
    CLASS_PAIRS,
    WarpStrength,
    apply_homography,
    homography_view,
    random_homography,
)


@dataclass
class Matches:
    """Matching points of B pairs, normalised, on the CPU.

    source, target: [B, K, 2]. valid: [B, K], false where the match is not in the source image.
    tolerance: how far (normalised) a match may be off; 0 where it is exact.
    """

    source: Tensor
    target: Tensor
    valid: Tensor
    tolerance: float = 0.0


@dataclass
class PairBatch:
    """B pairs of normalised images and the map from target points to source points.

    source, target: [B, 3, S, S]. match: target points [B, N, 2] -> source points [B, N, 2],
    normalised; outside [-1, 1] where there is none. tolerance: as in Matches.
    labels: [B] class of each pair, -1 where it has none.
    """

    source: Tensor
    target: Tensor
    match: Callable[[Tensor], Tensor]
    tolerance: float
    labels: Tensor

    def matches(self, target: Tensor) -> Matches:
        """Of target points [B, K, 2]."""
        source = self.match(target)
        return Matches(source, target, source.abs().amax(dim=2) <= 1, self.tolerance)


def _mirrored(images: Tensor, coins: Tensor) -> Tensor:
    """[B, 3, H, W] mirrored left to right where the coin [B, 1, 1, 1] is true."""
    return torch.where(coins, images.flip(3), images)


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
    ) -> None:
        self.photographs = photographs
        self.classes = classes
        self.strength = strength or WarpStrength()
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

    def _normalised(self, images: Tensor, randomise: bool) -> Tensor:
        if randomise:
            images = randomise_appearance(images, self.generator)
        return (images - self.mean) / self.std

    def _coins(self, count: int) -> Tensor:
        return torch.rand(count, 1, 1, 1, generator=self.generator) < 0.5

    def _store(self) -> ImageStore:
        if self.classes is None:
            return self.photographs
        if self.photographs is None:
            return self.classes
        use_classes = torch.rand((), generator=self.generator) < 0.5
        return self.classes if use_classes else self.photographs

    def warped(self, count: int, size: int, randomise: bool = True) -> PairBatch:
        """Two views each of `count` photographs."""
        store = self._store()
        chosen = torch.randint(len(store), (count,), generator=self.generator)
        warp = sample_warp(count, self.strength, self.generator)
        photographs = _mirrored(store.batch(chosen), self._coins(count))
        source, target = warp.views(photographs, size)
        return PairBatch(
            self._normalised(source, randomise),
            self._normalised(target, randomise),
            warp.match,
            0.0,
            store.labels[chosen],
        )

    def same_class(
        self,
        count: int,
        size: int,
        randomise: bool = True,
        motion: float = 1.0,
        tolerance: float = 0.2,
    ) -> PairBatch:
        """`count` pairs of two photographs of one class, each under its own homography.

        motion: in [0, 1], how far the homographies go. tolerance: how far the objects of two
        photographs may be from aligned, normalised.
        """
        assert self.classes is not None and self.has_pairs
        labels = torch.randint(len(self.usable), (count,), generator=self.generator)
        pairs = []
        for label in labels.tolist():
            members = self.members[self.usable[label]]
            order = torch.randperm(len(members), generator=self.generator)[:2]
            pairs.append(members[order])
        chosen = torch.stack(pairs)
        amount = torch.full((count,), motion)
        to_source = random_homography(CLASS_PAIRS, self.generator, amount)
        to_target = random_homography(CLASS_PAIRS, self.generator, amount)
        # Both or neither, so that the objects stay aligned.
        coins = self._coins(count)
        first = _mirrored(self.classes.batch(chosen[:, 0]), coins)
        second = _mirrored(self.classes.batch(chosen[:, 1]), coins)
        source = homography_view(first, to_source, size)
        target = homography_view(second, to_target, size)
        inverse = torch.linalg.inv(to_source)

        def match(points: Tensor) -> Tensor:
            return apply_homography(inverse, apply_homography(to_target, points))

        return PairBatch(
            self._normalised(source, randomise),
            self._normalised(target, randomise),
            match,
            tolerance,
            self.classes.labels[chosen[:, 0]],
        )
