"""Draws batches of annotated keypoint pairs."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from nemf_model.config import ModelConfig
from nemf_model.data.appearance import randomise_appearance
from nemf_model.data.images import ImageStore, read_square
from nemf_model.data.keypoint_pairs import AnnotatedPair, longer_side
from nemf_model.data.pairs import Matches
from nemf_model.data.warps import MILD, homography_view, random_homography
from nemf_model.geometry import apply_homography, pixel_to_normalised

NO_POINT = 9.0  # fills the rows of pairs with fewer keypoints; outside every image


@dataclass
class KeypointBatch:
    """B annotated pairs of normalised images.

    source, target: [B, 3, S, S].
    matches: the keypoints; rows beyond a pair's own are not valid.
    unit: [B, 2], the factors from normalised distances (x, y) in the source to shares of the length
      that is the unit of PCK.
    """

    source: Tensor
    target: Tensor
    matches: Matches
    unit: Tensor


class KeypointSampler:
    """Holds annotated pairs in memory; skips and counts pairs whose photographs cannot be read.

    images: all photographs of the pairs.
    """

    def __init__(
        self, pairs: Sequence[AnnotatedPair], model: ModelConfig, generator: torch.Generator
    ) -> None:
        self.generator = generator
        self.size = model.image_size
        self.mean = torch.tensor(model.mean).view(1, 3, 1, 1)
        self.std = torch.tensor(model.std).view(1, 3, 1, 1)
        files = sorted({path for pair in pairs for path in (pair.source, pair.target)})
        self._index: dict[Path, int] = {}
        self._sizes: list[tuple[int, int]] = []
        squares = []
        for path in tqdm(files, desc="reading", unit="image", disable=None):
            square = read_square(path, self.size)
            if square is not None:
                self._index[path] = len(squares)
                squares.append(square.pixels)
                self._sizes.append(square.original)
        self.pairs = [p for p in pairs if p.source in self._index and p.target in self._index]
        if len(self.pairs) < len(pairs):
            missing = len(pairs) - len(self.pairs)
            logging.warning("skipped %d of %d pairs without photographs", missing, len(pairs))
        if not self.pairs:
            raise ValueError("no annotated pair has readable photographs")
        self.images = ImageStore(torch.stack(squares), torch.full((len(squares),), -1))

    def __len__(self) -> int:
        return len(self.pairs)

    def draw(self, count: int, size: int) -> KeypointBatch:
        """Draws `count` pairs, each photograph with its own mild homography and appearance."""
        chosen = torch.randint(len(self), (count,), generator=self.generator).tolist()
        images, points, unit = self._gather(chosen)
        views, seen = [], []
        for photographs, at in zip(images, points, strict=True):
            to_view = random_homography(MILD, self.generator, torch.ones(count))
            view = homography_view(photographs, to_view, size)
            views.append(randomise_appearance(view, self.generator))
            seen.append(apply_homography(torch.linalg.inv(to_view), at))
        return self._batch(views, seen, points, unit)

    def exactly(self, indices: Sequence[int]) -> KeypointBatch:
        """Returns the pairs with the given indices, unwarped and in their own colours."""
        images, points, unit = self._gather(indices)
        return self._batch(images, points, points, unit)

    def _gather(self, indices: Sequence[int]) -> tuple[list[Tensor], list[Tensor], Tensor]:
        """Returns source and target photographs [B, 3, S, S], their normalised keypoints [B, K, 2],
        filled up with NO_POINT, and KeypointBatch.unit."""
        pairs = [self.pairs[i] for i in indices]
        longest = max(len(pair.source_points) for pair in pairs)
        images, points = [], []
        for side in ("source", "target"):
            files = [self._index[getattr(pair, side)] for pair in pairs]
            photographs = self.images.batch(torch.tensor(files))
            at = torch.full((len(pairs), longest, 2), NO_POINT)
            for row, pair in enumerate(pairs):
                pixels = torch.from_numpy(getattr(pair, f"{side}_points"))
                at[row, : len(pixels)] = pixel_to_normalised(pixels, *self._sizes[files[row]])
                if pair.mirrored:
                    photographs[row] = photographs[row].flip(2)
                    at[row, : len(pixels), 0] *= -1
            images.append(photographs)
            points.append(at)
        return images, points, torch.stack([self._unit(pair) for pair in pairs])

    def _unit(self, pair: AnnotatedPair) -> Tensor:
        width, height = self._sizes[self._index[pair.source]]
        length = longer_side(pair.box) if pair.box else max(width, height)
        return torch.tensor([width - 1.0, height - 1.0]) / 2 / length

    def _batch(
        self, images: list[Tensor], points: list[Tensor], annotated: list[Tensor], unit: Tensor
    ) -> KeypointBatch:
        """points: the keypoints in the views; annotated: in the photographs, or NO_POINT."""
        source, target = ((i - self.mean) / self.std for i in images)
        inside = [p.abs().amax(dim=2) <= 1 for p in points]
        known = annotated[0].amax(dim=2) < NO_POINT
        return KeypointBatch(
            source, target, Matches(*points, valid=inside[0] & inside[1] & known), unit
        )
