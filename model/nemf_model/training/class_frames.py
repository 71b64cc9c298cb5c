"""Aligns all photographs of a class jointly, so that pairs of them have a truth to learn from.

Photographs of one class are framed only roughly alike: a point of the frame is a tenth of the
object off, on average. An encoder that has learnt from them nevertheless aligns two objects better
than that (alignment.py), and as its errors differ from pair to pair, what many pairs agree on is
better still. So every photograph is aligned with a number of others of its class, and each gets the
affine map to coordinates of the class in which it agrees with most of them. These maps are then
warped to where a photograph looks most like the others (nonrigid_warp.py).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from nemf_model.architecture.alignment import affine_fit, similarity
from nemf_model.architecture.backbone import FeatureExtraction
from nemf_model.data.frames import Frames
from nemf_model.data.pairs import PairSampler
from nemf_model.training.compute import Compute
from nemf_model.training.nonrigid_warp import nonrigid_warp
from nemf_model.training.training_state import save_atomically

# How many others of its class a photograph is aligned with.
PARTNERS = 16
# How often frames are moved towards what their partners say.
ROUNDS = 40
_PHOTOGRAPHS_AT_ONCE = 16
_PAIRS_AT_ONCE = 64

logger = logging.getLogger(__name__)


def align_classes(
    pairs: PairSampler, features: FeatureExtraction, compute: Compute, path: Path, seed: int
) -> None:
    """Sets the frames of a sampler's classes, from a file or, where there is none, by what an
    encoder says; then it writes the file.

    features: with an object finder. seed: of who is aligned with whom. Raises ValueError if the
    file is of other photographs.
    """
    store = pairs.classes
    if path.exists():
        kept = torch.load(path, weights_only=True)
        warp = kept["nonrigid_warp"] if "nonrigid_warp" in kept else kept["bends"]  # once its name
        store.frames = Frames(kept["affine"], warp)
        if len(store.frames) != len(store):
            raise ValueError(f"{path}: has {len(store.frames)} frames for {len(store)} photographs")
        logger.info("%s: frames of %d photographs", path, len(store))
        return
    features.to(compute.device).eval()
    generator = torch.Generator().manual_seed(seed)
    affine = torch.eye(3).repeat(len(store), 1, 1)
    side = features.config.grid
    warp = torch.zeros(len(store), 2, side, side)
    for members in tqdm(pairs.members, desc="aligning", unit="class", disable=None):
        if len(members) > 2:  # Two have no majority.
            taps = _encoded(pairs, members, features, compute)
            compared = [taps[tap] for tap in features.compared]
            affine[members] = affine_frames(compared, taps[-1], side, generator)
            warp[members] = nonrigid_warp(compared, affine[members], side)
    store.frames = Frames(affine, warp)
    if compute.is_main:
        save_atomically({"affine": affine, "nonrigid_warp": warp}, path)


@torch.no_grad()
def affine_frames(
    compared: Sequence[Tensor], objects: Tensor, side: int, generator: torch.Generator
) -> Tensor:
    """The frames of one class's N photographs: [N, 3, 3], photograph -> class, of normalised
    points. On average they leave the photographs as they are.

    compared: feature maps [N, C, h, w], on a grid of `side`. objects: [N, 3, side, side] of
    object_coordinates().
    """
    first, second = partners(len(objects), PARTNERS, generator)
    maps = []
    for i, j in zip(first.split(_PAIRS_AT_ONCE), second.split(_PAIRS_AT_ONCE), strict=True):
        alike = similarity([m[i] for m in compared], [m[j] for m in compared], side)
        maps.append(_homogeneous(affine_fit(objects[i], objects[j], alike)))
    agreed = consensus(torch.cat(maps), first, second, len(objects))
    frames = agreed @ _to_objects(objects)
    return torch.linalg.inv(frames.mean(dim=0)) @ frames


@torch.no_grad()
def _encoded(
    pairs: PairSampler, members: Tensor, features: FeatureExtraction, compute: Compute
) -> list[Tensor]:
    """The taps of photographs as they are, on the CPU."""
    size = [features.config.image_size] * 2
    parts = []
    for some in members.split(_PHOTOGRAPHS_AT_ONCE):
        images = pairs.classes.batch(some)
        images = F.interpolate(images, size, mode="bilinear", align_corners=True)
        with compute.autocast():
            taps = features(pairs.normalised(images, randomised=0).to(compute.device))
        parts.append([tap.float().cpu() for tap in taps])
    return [torch.cat(tap) for tap in zip(*parts, strict=True)]


def partners(count: int, wanted: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Ordered pairs of `count` things, (first, second), [P] each: as many with each of them, at
    most `wanted`, on either side."""
    order = torch.randperm(count, generator=generator)
    shifts = torch.randperm(count - 1, generator=generator)[:wanted] + 1
    first = torch.cat([order.roll(int(shift)) for shift in shifts])
    return first, order.repeat(len(shifts))


def consensus(maps: Tensor, first: Tensor, second: Tensor, count: int) -> Tensor:
    """Affine frames in which things agree: [count, 3, 3], frame[i] @ maps[p] being about frame[j]
    for the pair p of i = first[p] and j = second[p]; their mean is the identity.

    maps: [P, 3, 3], the second's coordinates -> the first's; as many of each second, in turns (see
    partners()). Takes the median of what a thing's partners say again and again, so that maps that
    are far off do not count.
    """
    frames = torch.eye(3).repeat(count, 1, 1)
    for _ in range(ROUNDS):
        wanted = torch.empty_like(frames)
        wanted[second[:count]] = (frames[first] @ maps).view(-1, count, 3, 3).quantile(0.5, dim=0)
        frames = (frames + wanted) / 2  # All the way, frames would swing to and fro.
        frames = torch.linalg.inv(frames.mean(dim=0)) @ frames
    return frames


def _homogeneous(fit: Tensor) -> Tensor:
    """[B, 3, 2] of affine_fit() -> [B, 3, 3]."""
    last = fit.new_tensor([0.0, 0.0, 1.0]).expand(len(fit), 1, 3)
    return torch.cat([fit.transpose(1, 2), last], dim=1)


def _to_objects(objects: Tensor) -> Tensor:
    """The maps from normalised points to object coordinates [B, 3, h, w], as [B, 3, 3]."""
    matrix = torch.eye(3).repeat(len(objects), 1, 1)
    for axis, line in enumerate((objects[:, 0, 0, :], objects[:, 1, :, 0])):
        matrix[:, axis, axis] = (line[:, -1] - line[:, 0]) / 2
        matrix[:, axis, 2] = (line[:, -1] + line[:, 0]) / 2
    return matrix
