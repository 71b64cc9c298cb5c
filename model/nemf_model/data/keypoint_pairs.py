"""Reads annotated keypoint pairs: SPair-71k and PF-PASCAL.

Keypoints of the *target* image are searched in the *source* image, in the papers' words.
"""

from __future__ import annotations

import csv
import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

logger = logging.getLogger(__name__)

SPLITS = ("trn", "val", "test")
PASCAL_CLASSES = (
    "aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike "
    "person pottedplant sheep sofa train tvmonitor"
).split()


class BrokenAnnotation(ValueError):
    """An annotation that cannot be used; the message names its file (and line) and the reason."""


@dataclass(frozen=True)
class AnnotatedPair:
    """Two photographs and their common keypoints, in pixels.

    source_points, target_points: [K, 2] float32 (x, y), K >= 1; equal rows are the same part.
    box: (x_min, y_min, x_max, y_max) of the source's object. Its longer side is the unit of PCK;
      None for the longer side of the image.
    mirrored: both photographs must be mirrored left to right; the points are those before it.
    """

    source: Path
    target: Path
    source_points: np.ndarray
    target_points: np.ndarray
    box: tuple[float, float, float, float] | None = None
    mirrored: bool = False


def read_spair(root: Path, split: str) -> list[AnnotatedPair]:
    """Reads SPair-71k's pairs of a split (trn, val or test).

    Logs, counts and skips broken annotations. Raises ValueError if no pair is usable.
    """
    layout = root / "Layout" / "large" / f"{split}.txt"
    lines = [
        (f"{layout}:{number}", line.strip())
        for number, line in enumerate(layout.read_text().splitlines(), start=1)
        if line.strip()
    ]
    return _read_all(lines, lambda line: _spair_pair(root, split, line), layout)


def read_pf_pascal(root: Path, split: str) -> list[AnnotatedPair]:
    """Reads PF-PASCAL's pairs of a split (trn, val or test), with keypoints visible in both images.

    Logs, counts and skips broken annotations. Raises ValueError if no pair is usable.
    """
    table = root / f"{split}_pairs.csv"
    nested = root / "PF-dataset-PASCAL"
    images = nested if nested.is_dir() else root
    with table.open(newline="") as file:
        reader = csv.DictReader(file)
        rows = [(f"{table}:{reader.line_num}", row) for row in reader]
    return _read_all(rows, lambda row: _pf_pascal_pair(images, row), table)


def _read_all(
    entries: Iterable[tuple[str, Any]], read: Callable[[Any], AnnotatedPair], listing: Path
) -> list[AnnotatedPair]:
    pairs, broken = [], 0
    for where, entry in entries:
        try:
            pairs.append(read(entry))
        except BrokenAnnotation as error:
            logger.warning("%s: skipped: %s", where, error)
            broken += 1
    if broken:
        logger.warning("%s: skipped %d of %d pairs", listing, broken, broken + len(pairs))
    if not pairs:
        raise ValueError(f"{listing}: no usable pair")
    return pairs


def _spair_pair(root: Path, split: str, line: str) -> AnnotatedPair:
    folder = root / "PairAnnotation" / split
    # Archives for file systems without colons have an underscore instead.
    path = next(
        (p for p in (folder / f"{line}.json", folder / f"{line.replace(':', '_')}.json")
         if p.exists()),
        folder / f"{line}.json",
    )  # fmt: skip
    try:
        values = json.loads(path.read_text())
        images = root / "JPEGImages" / values["category"]
        return AnnotatedPair(
            images / values["src_imname"],
            images / values["trg_imname"],
            *_common_points(path, values["src_kps"], values["trg_kps"]),
            box=_box(values["src_bndbox"]),
        )
    except OSError as error:
        raise BrokenAnnotation(str(error)) from error
    except json.JSONDecodeError as error:
        raise BrokenAnnotation(f"{path}:{error.lineno}: {error.msg}") from error
    except KeyError as error:
        raise BrokenAnnotation(f"{path}: has no {error}") from error
    except (TypeError, ValueError) as error:
        raise BrokenAnnotation(f"{path}: {error}") from error


def _pf_pascal_pair(root: Path, row: dict[str, str | None]) -> AnnotatedPair:
    names = [Path(row.get(key) or "").name for key in ("source_image", "target_image")]
    if not all(names):
        raise BrokenAnnotation("needs source_image and target_image")
    number = row.get("class") or ""
    if not number.isdigit() or not 1 <= int(number) <= len(PASCAL_CLASSES):
        raise BrokenAnnotation(f"class = {number!r}, must be 1 to {len(PASCAL_CLASSES)}")
    folder = root / "Annotations" / PASCAL_CLASSES[int(number) - 1]
    paths = [folder / f"{Path(name).stem}.mat" for name in names]
    source, target = (_mat_keypoints(path) for path in paths)
    return AnnotatedPair(
        root / "JPEGImages" / names[0],
        root / "JPEGImages" / names[1],
        *_common_points(paths[0], source, target),
        mirrored=row.get("flip") == "1",
    )


def _mat_keypoints(path: Path) -> np.ndarray:
    """Reads `kps` of a MATLAB v5 file, [K, 2]; NaN for invisible keypoints."""
    try:
        from scipy.io import loadmat
    except ModuleNotFoundError as error:
        raise ImportError("PF-PASCAL's annotations need `pip install scipy`") from error
    try:
        return np.asarray(loadmat(path, variable_names=["kps"])["kps"], dtype=np.float32)
    except KeyError:
        raise BrokenAnnotation(f"{path}: has no kps") from None
    except Exception as error:  # A damaged file may raise nearly anything.
        raise BrokenAnnotation(f"{path}: {error}") from error


def _common_points(path: Path, source: Any, target: Any) -> tuple[np.ndarray, np.ndarray]:
    """Returns the keypoints that are visible in both images, [K, 2] each."""
    points = [np.asarray(values, dtype=np.float32) for values in (source, target)]
    if points[0].shape != points[1].shape or points[0].ndim != 2 or points[0].shape[1] != 2:
        shapes = " and ".join(str(list(p.shape)) for p in points)
        raise BrokenAnnotation(f"{path}: keypoints of shapes {shapes}, must be [K, 2] and alike")
    seen = np.isfinite(points[0]).all(axis=1) & np.isfinite(points[1]).all(axis=1)
    if not seen.any():
        raise BrokenAnnotation(f"{path}: no keypoint is seen in both images")
    return points[0][seen], points[1][seen]


def _box(values: Any) -> tuple[float, float, float, float]:
    x_min, y_min, x_max, y_max = (float(v) for v in values)
    if not (x_max > x_min and y_max > y_min):
        raise ValueError(f"src_bndbox = {values}, must have an extent")
    return x_min, y_min, x_max, y_max


def longer_side(box: tuple[float, float, float, float]) -> float:
    """Returns the longer side of a box (x_min, y_min, x_max, y_max) in pixels."""
    x_min, y_min, x_max, y_max = box
    return max(x_max - x_min, y_max - y_min)
