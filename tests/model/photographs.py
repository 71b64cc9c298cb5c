"""Made-up photographs and training settings, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import yaml
from PIL import Image

# A training of seconds, in which every part takes part.
STAGE = {"warped_pairs": 2, "class_pairs": 1, "rate": 3e-3, "warmup": 2, "weight_decay": 0.01}
SETTINGS: dict[str, Any] = {
    "model": "tiny",
    "pretrain": {**STAGE, "steps": 4, "size": 64, "points": 32, "save_every": 2},
    "train": {
        **STAGE,
        "steps": 30,
        "points": 16,
        "candidates": 15,
        "coarse_weight": 2.0,
        "backbone_rate_factor": 0.1,
        "save_every": 5,
        "validate_every": 6,
        "validation_pairs": 8,
    },
}


def write_photographs(folder: Path, count: int, seed: int) -> None:
    """Smooth coloured blobs, 96 x 80: enough structure to be matched. Named 000.png and so on."""
    folder.mkdir(parents=True)
    generator = torch.Generator().manual_seed(seed)
    for i in range(count):
        blobs = torch.rand(1, 3, 7, 7, generator=generator)
        image = torch.nn.functional.interpolate(blobs, (80, 96), mode="bicubic")[0]
        pixels = (image.clamp(0, 1) * 255).byte().permute(1, 2, 0).numpy()
        Image.fromarray(pixels).save(folder / f"{i:03}.png")


def write_settings(path: Path, **stages: dict[str, Any] | None) -> Path:
    """Writes SETTINGS with some values of its stages replaced; None leaves a stage out."""
    settings = dict(SETTINGS)
    for stage, values in stages.items():
        settings[stage] = None if values is None else {**SETTINGS.get(stage, {}), **values}
    path.write_text(yaml.safe_dump({k: v for k, v in settings.items() if v is not None}))
    return path
