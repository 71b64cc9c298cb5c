"""Reads folders of photographs into memory as squares of one size."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image as PillowImage
from PIL import UnidentifiedImageError
from torch import Tensor
from tqdm import tqdm

from nemf_model.data.frames import Frames
from nemf_model.data.masks import object_mask

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}
# Every photograph with a number divisible by this is held out from training.
HELD_OUT_EVERY = 20
# Side of the images in which objects are cut out, pixels.
MASK_SIDE = 96


@dataclass
class ImageStore:
    """N photographs in memory.

    images: [N, 3, S, S] uint8 RGB, stretched to squares like the encoder's input.
    labels: [N] int64, the class of each image, -1 for none.
    masks: [N, M, M] bool, the object of each image; None if objects were not cut out.
    cut: [N] bool, whether the object could be separated from its background; otherwise its mask is
      full.
    frames: of the photographs in their classes (training/class_frames.py); None for the identity.
    """

    images: Tensor
    labels: Tensor
    masks: Tensor | None = None
    cut: Tensor | None = None
    frames: Frames | None = None

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, indices: Tensor) -> Tensor:
        """Returns the images with the indices [B], [B, 3, S, S] float32 in [0, 1]."""
        return self.images[indices].float() / 255

    def batch_with_masks(self, indices: Tensor) -> Tensor:
        """Returns images and masks with the indices [B], [B, 4, S, S] float32; the mask is last."""
        images = self.batch(indices)
        masks = self.masks[indices].unsqueeze(1).float()
        masks = F.interpolate(masks, images.shape[2:], mode="bilinear", align_corners=True)
        return torch.cat([images, masks], dim=1)


def image_files(folder: Path) -> list[Path]:
    """Returns the photographs directly in a folder, sorted by name."""
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)


def split_held_out(files: list[Path], held_out: bool) -> list[Path]:
    """Returns every HELD_OUT_EVERY-th file, or all the others."""
    return [f for i, f in enumerate(files) if (i % HELD_OUT_EVERY == 0) == held_out]


@dataclass(frozen=True)
class Square:
    """A photograph stretched to a square.

    pixels: [3, S, S] uint8 RGB.
    original: (width, height) of the file, pixels.
    """

    pixels: Tensor
    original: tuple[int, int]


def read_square(path: Path, size: int) -> Square | None:
    """Reads a photograph. Logs its name and returns None if it cannot be read."""
    try:
        with PillowImage.open(path) as image:
            original = image.size
            image = image.convert("RGB").resize((size, size), PillowImage.Resampling.BICUBIC)
    except (OSError, UnidentifiedImageError) as error:
        logging.warning("%s: skipped: %s", path, error)
        return None
    pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    return Square(pixels.view(size, size, 3).permute(2, 0, 1), original)


def load(files: list[tuple[Path, int]], size: int) -> ImageStore:
    """Reads (file, label) pairs; logs and skips broken files."""
    images, labels = [], []
    for path, label in tqdm(files, desc="reading", unit="image", disable=None):
        square = read_square(path, size)
        if square is not None:
            images.append(square.pixels)
            labels.append(label)
    if len(images) < len(files):
        logging.warning("skipped %d of %d photographs", len(files) - len(images), len(files))
    if not images:
        raise ValueError("no readable photographs were found")
    return ImageStore(torch.stack(images), torch.tensor(labels))


def photographs(
    folders: Iterable[Path], size: int, held_out: bool = False, cut_out: bool = False
) -> ImageStore:
    """Reads photographs without classes; `cut_out` adds the masks of their objects."""
    files = [f for folder in folders for f in split_held_out(image_files(folder), held_out)]
    store = load([(f, -1) for f in files], size)
    return _with_masks(store) if cut_out else store


def classes(
    folders: Iterable[Path],
    size: int,
    held_out: bool = False,
    cut_out: bool = False,
    apart: Collection[str] = (),
) -> ImageStore:
    """Reads folders that hold one folder a class; `cut_out` adds the masks of their objects.

    Args:
      apart: classes that are held out as a whole, instead of some photographs of every class.

    Raises:
      ValueError: a class of `apart` does not exist.
    """
    kept = [p for folder in folders for p in sorted(folder.iterdir()) if p.is_dir()]
    if missing := set(apart) - {p.name for p in kept}:
        raise ValueError(f"held_out_classes: there is no folder {', '.join(sorted(missing))}")
    if apart:
        kept = [p for p in kept if (p.name in apart) == held_out]
    files = []
    for label, class_folder in enumerate(kept):
        names = image_files(class_folder)
        files += [(f, label) for f in (names if apart else split_held_out(names, held_out))]
    store = load(files, size)
    return _with_masks(store) if cut_out else store


def _with_masks(store: ImageStore) -> ImageStore:
    """Returns the store with the masks of those objects that can be separated."""
    side = min(MASK_SIDE, store.images.shape[-1])
    masks = torch.ones(len(store), side, side, dtype=torch.bool)
    cut = torch.zeros(len(store), dtype=torch.bool)
    for i, image in enumerate(tqdm(store.images, desc="cutting out", unit="image", disable=None)):
        small = F.interpolate(image[None].float(), (side, side), mode="area")[0]
        mask = object_mask(small.permute(1, 2, 0).numpy().astype(np.uint8))
        if mask is not None:
            masks[i] = torch.from_numpy(mask)
            cut[i] = True
    return ImageStore(store.images, store.labels, masks, cut)
