"""Randomises colours and textures, which photographs of one class do not share."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def _uniform(generator: torch.Generator, count: int, low: float, high: float) -> Tensor:
    values = torch.rand(count, generator=generator) * (high - low) + low
    return values.view(count, 1, 1, 1)


def _chance(generator: torch.Generator, count: int, probability: float) -> Tensor:
    return torch.rand(count, 1, 1, 1, generator=generator) < probability


def _colour(images: Tensor, generator: torch.Generator) -> Tensor:
    """Mixes the channels at random, near the identity, and changes brightness and contrast."""
    count = len(images)
    mixing = torch.eye(3) + 0.25 * torch.randn(count, 3, 3, generator=generator)
    mixed = torch.einsum("bij,bjhw->bihw", mixing, images)
    contrast = _uniform(generator, count, 0.6, 1.4)
    brightness = _uniform(generator, count, -0.2, 0.2)
    return (mixed - 0.5) * contrast + 0.5 + brightness


def _grey(images: Tensor, generator: torch.Generator) -> Tensor:
    grey = images.mean(dim=1, keepdim=True).expand_as(images)
    return torch.where(_chance(generator, len(images), 0.2), grey, images)


def _random_convolution(images: Tensor, generator: torch.Generator) -> Tensor:
    """Applies a random 3x3 filter to each image, which changes texture and keeps shape."""
    count, channels, height, width = images.shape
    filters = torch.randn(count * 3, 3, 3, 3, generator=generator) / 27**0.5
    flat = F.pad(images - 0.5, (1, 1, 1, 1), mode="replicate")
    flat = flat.reshape(1, count * channels, height + 2, width + 2)
    out = F.conv2d(flat, filters, groups=count).view_as(images)
    out = out / (out.std(dim=(1, 2, 3), keepdim=True) + 1e-3) * 0.25 + 0.5
    mix = _uniform(generator, count, 0.2, 0.9)
    mixed = mix * out + (1 - mix) * images
    return torch.where(_chance(generator, count, 0.3), mixed, images)


def _blur(images: Tensor, generator: torch.Generator) -> Tensor:
    blurred = F.avg_pool2d(F.pad(images, (2, 2, 2, 2), mode="replicate"), 5, stride=1)
    mix = _uniform(generator, len(images), 0, 1)
    return torch.where(
        _chance(generator, len(images), 0.3), torch.lerp(images, blurred, mix), images
    )


def randomise_appearance(images: Tensor, generator: torch.Generator) -> Tensor:
    """Returns images [B, 3, H, W] in [0, 1] with other colours and textures, in [0, 1]."""
    images = _random_convolution(images, generator)
    images = _colour(images, generator)
    images = torch.where(_chance(generator, len(images), 0.1), 1 - images, images)
    images = _grey(images, generator)
    images = _blur(images, generator)
    gamma = _uniform(generator, len(images), 0.7, 1.4)
    images = images.clamp(1e-4, 1).pow(gamma)
    noise = 0.02 * torch.randn(images.shape, generator=generator)
    return (images + noise).clamp(0, 1)
