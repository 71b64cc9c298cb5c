"""scikit-image's motorcycle stereo pair at any size."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.append(str(Path(__file__).resolve().parents[2] / "deploy" / "demo"))

from motorcycle import write_pair  # noqa: E402

PCK_ALPHA = 0.05


@dataclass(frozen=True)
class SquarePair:
    """Two photographs, resized, and the truth between them.

    query, reference: [S, S, 3] uint8. truth: float32 [S, S, 2], the flow in pixels. valid: [S, S].
    """

    query: np.ndarray
    reference: np.ndarray
    truth: np.ndarray
    valid: np.ndarray

    @property
    def side(self) -> int:
        return self.valid.shape[0]

    def errors(self, flow: np.ndarray) -> np.ndarray:
        """End-point errors [M] in pixels of a flow [S, S, 2] where the truth is known."""
        return np.linalg.norm(flow - self.truth, axis=-1)[self.valid]

    def pck(self, flow: np.ndarray) -> float:
        """Share of the known pixels within PCK_ALPHA of the side."""
        return float((self.errors(flow) <= PCK_ALPHA * self.side).mean())

    def request(self, folder: Path) -> dict[str, object]:
        """Writes the images for a worker; returns the arguments of its command "pair"."""
        request = {}
        for name in ("query", "reference"):
            file = folder / f"{name}-{self.side}.rgb"
            file.write_bytes(getattr(self, name).tobytes())
            request |= {name: str(file), f"{name}_size": [self.side, self.side]}
        return request


def square_pair(side: int, folder: Path) -> SquarePair:
    """The pair, resized to side x side; `folder` is for temporary files."""
    pair = write_pair(folder)
    query, reference = (
        np.array(Image.open(file).resize((side, side), Image.Resampling.BICUBIC))
        for file in (pair.query, pair.reference)
    )
    height, width = pair.valid.shape
    rows = np.rint(np.linspace(0, height - 1, side)).astype(int)
    columns = np.rint(np.linspace(0, width - 1, side)).astype(int)
    scale = np.array([(side - 1) / (width - 1), (side - 1) / (height - 1)], np.float32)
    picked = np.ix_(rows, columns)
    return SquarePair(query, reference, pair.truth[picked] * scale, pair.valid[picked])
