"""How far an answer is from the truth, in pixels."""

from pathlib import Path

import numpy as np

FLO_MAGIC = 202021.25  # Middlebury's tag of a little-endian .flo file


def read_flo(path: Path) -> np.ndarray:
    """Reads a Middlebury .flo file: float32 [H, W, 2], the flow (dx, dy) in pixels."""
    raw = path.read_bytes()
    if np.frombuffer(raw, "<f4", 1)[0] != FLO_MAGIC:
        raise ValueError(f"{path} is not a .flo file")
    width, height = np.frombuffer(raw, "<i4", 2, offset=4)
    return np.frombuffer(raw, "<f4", offset=12).reshape(height, width, 2)


def end_point_error(flow: np.ndarray, truth: np.ndarray, valid: np.ndarray) -> float:
    """Mean distance in pixels between two flows [H, W, 2] over the valid pixels [H, W]."""
    return float(np.linalg.norm(flow - truth, axis=-1)[valid].mean())


def pck(points: np.ndarray, truth: np.ndarray, radius: float) -> float:
    """Share of correct keypoints: those within `radius` pixels of the truth. Both are [K, 2]."""
    return float((np.linalg.norm(points - truth, axis=-1) <= radius).mean())
