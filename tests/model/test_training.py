"""A short training on made-up photographs: it learns, it resumes, it repeats itself."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import yaml
from PIL import Image

SETTINGS = {
    "model": "tiny",
    "pretrain": {
        "steps": 20, "size": 64, "warped_pairs": 4, "class_pairs": 2, "points": 32,
        "rate": 3e-3, "warmup": 5, "weight_decay": 0.01, "class_weight": 0.3, "save_every": 10,
    },
    "train": {
        "steps": 60, "size": 64, "warped_pairs": 4, "class_pairs": 2, "points": 16,
        "candidates": 31, "near_candidates": 0.5, "coarse_weight": 2.0, "rate": 3e-3,
        "warmup": 5, "weight_decay": 0.01, "backbone_rate_factor": 0.1, "save_every": 30,
        "validate_every": 20,
    },
}


def write_photographs(folder: Path, count: int, seed: int) -> None:
    """Smooth coloured blobs: enough structure to be matched."""
    folder.mkdir(parents=True)
    generator = torch.Generator().manual_seed(seed)
    for i in range(count):
        blobs = torch.rand(1, 3, 7, 7, generator=generator)
        image = torch.nn.functional.interpolate(blobs, (80, 96), mode="bicubic")[0]
        pixels = (image.clamp(0, 1) * 255).byte().permute(1, 2, 0).numpy()
        Image.fromarray(pixels).save(folder / f"{i:03}.png")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    write_photographs(root / "photographs", 24, seed=1)
    write_photographs(root / "classes" / "one", 24, seed=2)
    write_photographs(root / "classes" / "two", 6, seed=3)
    (root / "photographs" / "broken.jpg").write_bytes(b"not a picture")
    return root


def command(data: Path, out: Path, settings: dict) -> list[str]:
    out.mkdir(exist_ok=True)
    config = out / "config.yaml"
    config.write_text(yaml.safe_dump(settings))
    return [
        sys.executable, "-m", "nemf.train", "--config", str(config), "--threads", "1",
        "--photographs", str(data / "photographs"), "--classes", str(data / "classes"),
        "--out", str(out),
    ]  # fmt: skip


def train(data: Path, out: Path, settings: dict) -> str:
    done = subprocess.run(
        command(data, out, settings), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def notes(output: str) -> list[dict[str, float]]:
    """The validation lines that a training printed."""
    lines = [line.split(": ", 1)[1] for line in output.splitlines() if "train step" in line]
    parsed = []
    for line in lines:
        words = line.split()
        parsed.append(dict(zip(words[::2], map(float, words[1::2]), strict=True)))
    return parsed


def test_training_learns_and_names_broken_files(data: Path, tmp_path: Path) -> None:
    output = train(data, tmp_path / "run", SETTINGS)
    assert "broken.jpg: skipped" in output
    first, last = notes(output)[0], notes(output)[-1]
    assert last["warp/coarse/error"] < first["warp/coarse/error"]
    assert (tmp_path / "run" / "model.pt").exists()


def test_a_killed_training_resumes_to_the_same_weights(data: Path, tmp_path: Path) -> None:
    short = {
        **SETTINGS,
        "pretrain": {**SETTINGS["pretrain"], "steps": 3, "save_every": 2},
        "train": {**SETTINGS["train"], "steps": 20, "save_every": 1, "validate_every": 100},
    }
    train(data, tmp_path / "whole", short)
    part = tmp_path / "part"
    victim = subprocess.Popen(command(data, part, short), stderr=subprocess.DEVNULL)
    while victim.poll() is None and not (part / "train.pt").exists():
        time.sleep(0.02)
    victim.kill()
    victim.wait()
    assert not (part / "model.pt").exists()
    assert "resumed at step" in train(data, part, short)
    whole = torch.load(tmp_path / "whole" / "model.pt", weights_only=True)["state_dict"]
    resumed = torch.load(part / "model.pt", weights_only=True)["state_dict"]
    assert all(torch.equal(whole[key], resumed[key]) for key in whole)
