"""Reads images and converts them to encoder inputs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps


def load_image(path: str | Path) -> np.ndarray:
    """Reads an image file, rotated by its EXIF orientation, as [H, W, 3] uint8 RGB."""
    with Image.open(path) as image:
        return np.array(ImageOps.exif_transpose(image).convert("RGB"))


def encoder_input(
    image: np.ndarray, size: int, mean: Sequence[float], std: Sequence[float]
) -> torch.Tensor:
    """Resizes and normalises an image as the encoder expects it.

    The resize is bicubic with align_corners=True, neither antialiased nor clamped to [0, 1].

    Args:
      image: [H, W, 3] uint8 RGB.
      size: side of the encoder's input in pixels.
      mean, std: three values each, of RGB in [0, 1].

    Returns:
      [1, 3, size, size] float32.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f"expected [H, W, 3] uint8, got {list(image.shape)} {image.dtype}")
    rgb = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None].float() / 255
    resized = F.interpolate(rgb, size=(size, size), mode="bicubic", align_corners=True)
    return (resized - torch.tensor(mean).view(1, 3, 1, 1)) / torch.tensor(std).view(1, 3, 1, 1)
