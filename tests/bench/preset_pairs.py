"""The pairs that presets are measured on: a stereo pair, warped photographs, PF-WILLOW."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from motorcycle import DATA
from PIL import Image

from nemf_model.data.images import photographs
from nemf_model.data.warps import RandomWarp, WarpStrength
from nemf_model.geometry import normalised_to_pixel, pixel_grid, pixel_to_normalised

WILLOW_KEYPOINTS = 10


@dataclass(frozen=True)
class FlowPair:
    """Two encoded images; truth: float32 [H, W, 2], where each query pixel lies in the reference,
    in pixels; valid: bool [H, W], where that is known and inside the reference."""

    name: str
    query: bytes
    reference: bytes
    truth: np.ndarray
    valid: np.ndarray


@dataclass(frozen=True)
class KeypointPair:
    """Two encoded images and points (x, y) [K, 2] in pixels that belong together; side: the length
    that PCK's alpha is a share of."""

    name: str
    query: bytes
    reference: bytes
    keypoints: np.ndarray
    truth: np.ndarray
    side: float


def encode_png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def motorcycle(side: int) -> FlowPair:
    """scikit-image's motorcycle pair at a width of `side` pixels, corners aligned."""
    left, right = (
        Image.open(DATA / f"motorcycle_{eye}.png").convert("RGB") for eye in ("left", "right")
    )
    disparity = np.load(DATA / "motorcycle_disp.npz")["arr_0"]
    full_height, full_width = disparity.shape
    width, height = side, round(full_height * side / full_width)
    known = np.isfinite(disparity) & (disparity > 0)
    target = np.where(known, np.arange(full_width) - disparity, -1)
    rows = np.round(np.linspace(0, full_height - 1, height)).astype(int)
    columns = np.round(np.linspace(0, full_width - 1, width)).astype(int)
    x = target[np.ix_(rows, columns)] * (width - 1) / (full_width - 1)
    y = np.broadcast_to(np.arange(height, dtype=np.float32)[:, None], x.shape)
    images = (encode_png(eye.resize((width, height), Image.BICUBIC)) for eye in (left, right))
    return FlowPair("motorcycle", *images, np.stack([x, y], -1).astype(np.float32), x >= 0)


def warps(folder: Path, count: int, side: int, seed: int) -> Iterator[FlowPair]:
    """Two views each, `side` pixels square, of photographs that training leaves out."""
    store = photographs([folder], side, held_out=True)
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.randint(len(store), (count,), generator=generator)
    for i, image in enumerate(store.batch(chosen).split(1)):
        warp = RandomWarp.sample(1, WarpStrength(), generator)
        grid = pixel_to_normalised(pixel_grid(side, side), side, side)
        truth = warp.match(grid.view(1, -1, 2)).view(side, side, 2)
        valid = (truth.abs() <= 1).all(dim=-1).numpy()
        pixels = normalised_to_pixel(truth, side, side).numpy()
        first, second = (_to_png(view) for view in warp.views(image, side))
        yield FlowPair(f"warp {i}", second, first, pixels, valid)


def _to_png(view: torch.Tensor) -> bytes:
    """[1, 3, S, S] in [0, 1] -> PNG."""
    array = (view[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
    return encode_png(Image.fromarray(array))


def willow(root: Path, limit: int) -> Iterator[KeypointPair]:
    """PF-WILLOW's pairs, evenly taken from the list where there is a limit; imageB is the query.
    PCK's side is the extent of imageA's keypoints."""
    with (root / "test_pairs.csv").open() as file:
        rows = list(csv.reader(file))[1:]
    step = len(rows) / limit if 0 < limit < len(rows) else 1
    for i in range(int(len(rows) / step)):
        row = rows[int(i * step)]
        numbers = np.array(row[2:], float).reshape(4, WILLOW_KEYPOINTS)
        reference, query = numbers[:2].T, numbers[2:].T
        known = (reference >= 0).all(-1) & (query >= 0).all(-1)
        extent = reference[(reference >= 0).all(-1)]
        paths = (root / name.removeprefix("PF-WILLOW/") for name in (row[1], row[0]))
        yield KeypointPair(
            f"{row[1]} > {row[0]}",
            *(path.read_bytes() for path in paths),
            query[known],
            reference[known],
            float(np.ptp(extent, axis=0).max()),
        )
