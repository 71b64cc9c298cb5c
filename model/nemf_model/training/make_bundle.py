"""Makes a bundle from photographs: trains, exports and measures, with fixed seeds.

    python -m nemf_model.training.make_bundle --photographs DIR [DIR ...] [--classes DIR ...] \
        --out DIR

Prints the figures of a model card as JSON: the bundle's provenance, validation at the end of the
training, and the bundle's errors on held-out photographs under random warps. An interrupted run
continues from its checkpoints in --runs.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import yaml

from nemf_model.export.bundle_writer import BundleName, export_bundle
from nemf_model.training import evaluate_bundle
from nemf_model.training.compute import Compute
from nemf_model.training.settings import Settings, load_settings
from nemf_model.training.sources import TrainingData
from nemf_model.training.train import Trained, add_data_arguments, data_settings, train
from nemf_model.training.validate import validate

DEFAULT_CONFIG = Path(__file__).parents[2] / "configs" / "nemf-small.yaml"
_VALIDATION_PAIRS = 96  # of each kind

logger = logging.getLogger(__name__)


def make_bundle(arguments: argparse.Namespace) -> dict[str, Any]:
    """Does what the command line asks for; what it returns is what main() prints."""
    settings = load_settings(arguments.config)
    settings = replace(settings, data=data_settings(settings.data, arguments))
    target = BundleName(arguments.out, arguments.name, arguments.version)
    if target.directory.exists():
        raise FileExistsError(f"{target.directory} exists; a version is never overwritten")
    compute = Compute.start(arguments.device, settings.precision)
    trained = train(settings, compute, arguments.runs, arguments.seed)
    figures = _validation(trained, settings, arguments.seed)
    provenance = _provenance(arguments, trained) | {"validation": figures}
    directory = export_bundle(trained.model, target, provenance)
    logger.info("wrote %s", directory)
    return {
        "bundle": f"{target.name}/{target.version}",
        "megabytes": round(sum(f.stat().st_size for f in directory.iterdir()) / 1e6, 2),
        "parameters": sum(p.numel() for p in trained.model.parameters()),
        "provenance": provenance,
        "held_out_warps": _held_out_warps(directory, settings, arguments),
    }


def _provenance(arguments: argparse.Namespace, trained: Trained) -> dict[str, Any]:
    """What a bundle's manifest says of its training; it names no folder."""
    settings = yaml.safe_load(arguments.config.read_text())
    settings.pop("data", None)
    if settings.get("backbone_weights"):
        settings["backbone_weights"] = Path(settings["backbone_weights"]).name
    return {
        "command": f"python -m nemf_model.training.make_bundle --seed {arguments.seed}",
        "settings": settings,
        "seed": arguments.seed,
        "data": trained.data,
        "training_seconds": {stage: round(s) for stage, s in trained.seconds.items()},
        "threads": torch.get_num_threads(),
    }


def _validation(trained: Trained, settings: Settings, seed: int) -> dict[str, float]:
    """Errors on held-out pairs of every kind, in float32 on the CPU."""
    held_out = TrainingData(settings.data, settings.model, held_out=True, seed=seed + 1)
    values = validate(trained.model, held_out, pairs=_VALIDATION_PAIRS)
    return {name: round(value, 4) for name, value in values.items()}


def _held_out_warps(
    directory: Path, settings: Settings, arguments: argparse.Namespace
) -> dict[str, Any] | None:
    """The bundle's answers as users get them; None where there are no folders of photographs."""
    if not settings.data.photographs:
        return None
    folders = [str(folder) for folder in settings.data.photographs]
    command = [str(directory), "--held-out", "--warps", str(arguments.warps), "--images", *folders]
    return evaluate_bundle.evaluate(evaluate_bundle.parse(command))


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m nemf_model.training.make_bundle",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG, help="training YAML file")
    add_data_arguments(parser)
    parser.add_argument("--out", type=Path, required=True, help="directory of the bundles")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="checkpoints and curves")
    parser.add_argument("--name", default="nemf-small", help="the model's name")
    parser.add_argument("--version", default="1", help="the bundle's version")
    parser.add_argument("--device", default="auto", help="cpu, cuda, cuda:N or auto")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--warps", type=int, default=64, help="held-out pairs to measure on")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    print(json.dumps(make_bundle(_parse(argv)), indent=2))


if __name__ == "__main__":
    main()
