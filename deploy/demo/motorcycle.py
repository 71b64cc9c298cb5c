"""The demo's pair: scikit-image's motorcycle stereo photographs with their measured disparity."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skimage
from PIL import Image

# The folder inside scikit-image's package: read directly, so that nothing is ever downloaded.
DATA = Path(skimage.__file__).parent / "data"


@dataclass
class Pair:
    """Two photographs and the truth between them.

    query, reference: PNG files. truth: float32 [H, W, 2], for each query pixel the flow (dx, dy) to
    the reference in pixels. valid: bool [H, W], where the truth is known and inside the reference.
    """

    query: Path
    reference: Path
    truth: np.ndarray
    valid: np.ndarray

    @property
    def longer_side(self) -> int:
        return max(self.valid.shape)


def write_pair(folder: Path) -> Pair:
    """Writes the photographs to `folder`. The left one is the query: what it shows at x, the right
    one shows at x - disparity, in the same row."""
    query, reference = folder / "query.png", folder / "reference.png"
    Image.open(DATA / "motorcycle_left.png").convert("RGB").save(query)
    Image.open(DATA / "motorcycle_right.png").convert("RGB").save(reference)
    disparity = np.load(DATA / "motorcycle_disp.npz")["arr_0"]
    known = np.isfinite(disparity) & (disparity > 0)
    shift = np.where(known, -disparity, 0).astype(np.float32)
    inside = np.arange(disparity.shape[1]) + shift >= 0
    return Pair(query, reference, np.stack([shift, np.zeros_like(shift)], -1), known & inside)


def grid_points(pair: Pair, columns: int = 8, rows: int = 6) -> np.ndarray:
    """One pixel a grid cell: the valid one closest to the cell's centre. Returns int [K, 2] (x, y);
    a cell without a valid pixel gives none."""
    height, width = pair.valid.shape
    ys, xs = np.nonzero(pair.valid)
    points = []
    for row in range(rows):
        for column in range(columns):
            cell = (xs * columns // width == column) & (ys * rows // height == row)
            if not cell.any():
                continue
            x, y = (column + 0.5) * width / columns, (row + 0.5) * height / rows
            nearest = np.argmin((xs[cell] - x) ** 2 + (ys[cell] - y) ** 2)
            points.append((xs[cell][nearest], ys[cell][nearest]))
    return np.array(points)


def write_points(path: Path, points: np.ndarray) -> None:
    """Writes [K, 2] points as the command line reads them: {"points": [[x, y], ...]}."""
    path.write_text(json.dumps({"points": points.tolist()}))
