"""A minute's training on real photographs: losses fall, held-out matches get better."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image
from skimage import data as skimage_data
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from nemf_model.training import train
from tests.model.photographs import write_settings
from tests.model.test_training import notes

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket", "camera", "coins", "moon", "brick")
CROP, STRIDE = 128, 96  # pixels
STAGE = {"class_pairs": 0, "weight_decay": 0.01, "save_every": 100}


def write_crops(folder: Path) -> None:
    """Overlapping crops of scikit-image's photographs."""
    folder.mkdir()
    for name in PHOTOGRAPHS:
        photograph = Image.fromarray(getattr(skimage_data, name)()).convert("RGB")
        photograph.thumbnail((384, 384))
        for top in range(0, photograph.height - CROP + 1, STRIDE):
            for left in range(0, photograph.width - CROP + 1, STRIDE):
                crop = photograph.crop((left, top, left + CROP, top + CROP))
                crop.save(folder / f"{name}-{top}-{left}.png")


def losses(run: Path, stage: str) -> dict[str, torch.Tensor]:
    """The curves of a stage's losses on warped pairs."""
    curves = EventAccumulator(str(run / "tensorboard" / stage))
    curves.Reload()
    names = [name for name in curves.Tags()["scalars"] if name.startswith(f"{stage}/warp")]
    # Validation's names have one more part.
    names = [name for name in names if name.count("/") == 1]
    return {name: torch.tensor([e.value for e in curves.Scalars(name)]) for name in names}


def test_a_minute_of_training_improves_losses_and_matches(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_crops(tmp_path / "photographs")
    pretrain = {"steps": 80, "size": 64, "points": 64, "warped_pairs": 6, "warmup": 10}
    matching = {"steps": 80, "points": 64, "candidates": 49, "warped_pairs": 4, "warmup": 5}
    config = write_settings(
        tmp_path / "config.yaml",
        pretrain={**STAGE, **pretrain},
        train={**STAGE, **matching, "validate_every": 8, "validation_pairs": 32},
    )
    run = tmp_path / "run"
    command = f"--config {config} --out {run} --photographs {tmp_path / 'photographs'}"
    train.main([*command.split(), "--device", "cpu", "--seed", "3"])
    for stage in ("pretrain", "train"):
        for name, curve in losses(run, stage).items():
            start, end = curve[:16].mean().item(), curve[-16:].mean().item()
            print(f"{name}: {start:.3f} -> {end:.3f}")
            assert end < start, name
    first, *_, last = notes(capsys.readouterr().out)
    for alpha in ("0.05", "0.1"):
        key = f"warp/refined/pck{alpha}"
        print(f"{key}: {first[key]:.3f} -> {last[key]:.3f}")
        assert last[key] > first[key], key
