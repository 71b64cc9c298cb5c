"""Tiny bundles with seeded random weights, and the ways in which they come to a server's folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_EXPORT = """
import sys
from pathlib import Path
import torch
from nemf_model.config import ModelConfig
from nemf_model.export.bundle_writer import BundleName, export_bundle
from nemf_model.architecture.model import NeMF
for seed in sys.argv[2:]:
    torch.manual_seed(int(seed))
    target = BundleName(Path(sys.argv[1]), "tiny", seed)
    export_bundle(NeMF(ModelConfig.named("tiny")), target, {"seed": int(seed)})
"""


def export_bundles(out: Path, seeds: Iterable[int]) -> list[Path]:
    """Writes one bundle a seed, out/tiny/SEED; other seeds give other answers."""
    seeds = list(seeds)
    command = [sys.executable, "-c", _EXPORT, str(out), *map(str, seeds)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "model")}
    subprocess.run(command, check=True, env=environment, capture_output=True)
    return [out / "tiny" / str(seed) for seed in seeds]


def rename_bundle(bundle: Path, name: str, version: int) -> None:
    """Makes its model.json say this name and version."""
    manifest = bundle / "model.json"
    content = {**json.loads(manifest.read_text()), "name": name, "version": str(version)}
    manifest.write_text(json.dumps(content))


def publish(bundle: Path, models: Path, name: str, version: int) -> None:
    """Makes a copy of the bundle appear as models/NAME/VERSION, whole, by one rename."""
    folder = models / name
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".publish-") as temporary:
        staged = Path(temporary) / str(version)
        shutil.copytree(bundle, staged)
        rename_bundle(staged, name, version)
        os.rename(staged, folder / str(version))


def withdraw(models: Path, name: str, version: int) -> None:
    """Removes a version, by one rename, from where the server looks."""
    gone = models / name / f".gone-{version}"
    os.rename(models / name / str(version), gone)
    shutil.rmtree(gone)


def newest(model: Path) -> Path:
    """The version of a model that a server serves."""
    return max((path for path in model.iterdir() if path.name.isdigit()), key=lambda p: int(p.name))
