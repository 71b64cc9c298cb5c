"""Trains a model: `python -m nemf_model.training --config CONFIG --out DIR`

Two stages: dense contrastive training of the backbone (pretrain; left out where the
configuration has none), then the whole model by the paper's loss (objective). Between them the
object finder is trained (object_objective), the photographs of each class are aligned
(class_frames) and stage one goes on with them, and at the end comes a third stage like the
second with other settings, where the configuration has them. All resume from their last checkpoint
in --out. Several processes share a training under
`torchrun --nproc-per-node N -m nemf_model.training ...`: each draws its own batches, so a step sees
N times as many pairs.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from nemf_model.architecture.backbone import FeatureExtraction
from nemf_model.architecture.model import NeMF
from nemf_model.training.class_frames import align_classes
from nemf_model.training.compute import PRECISIONS, Compute
from nemf_model.training.initialise import start_from_correlation
from nemf_model.training.object_objective import ObjectObjective
from nemf_model.training.objective import MatchingObjective, loss_weights
from nemf_model.training.pretrain import PretrainingModel, PretrainingObjective
from nemf_model.training.settings import (
    DataSettings,
    ObjectSettings,
    PretrainSettings,
    Settings,
    TrainSettings,
    load_settings,
)
from nemf_model.training.sources import TrainingData
from nemf_model.training.training_loop import Stage, run_stage
from nemf_model.training.validate import validate
from nemf_model.weights.trained_model import load_trained_model

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trained:
    """What a training has made.

    model: on the CPU, in eval mode. data: TrainingData.counts(). seconds: by stage.
    """

    model: NeMF
    data: dict[str, int]
    seconds: dict[str, float]


def train(settings: Settings, compute: Compute, out: Path, seed: int) -> Trained:
    """Runs all stages, with checkpoints, curves and at last model.pt in `out`."""
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    own_seed = seed + 1000 * compute.rank  # Processes draw different batches.
    data = TrainingData(settings.data, settings.model, held_out=False, seed=own_seed)
    held_out = TrainingData(settings.data, settings.model, held_out=True, seed=seed + 1)
    features = FeatureExtraction(settings.model)
    if settings.backbone_weights:
        features.load_weights(settings.backbone_weights)
    run = _Run(data, held_out, compute, out, seed)
    seconds = {}
    if settings.initial:
        model = load_trained_model(settings.model, settings.initial)
        if settings.aligned:
            _align_classes(model.feature_extraction, run)
    else:
        seconds = _train_features(features, settings, run)
        model = NeMF(settings.model)
        if settings.train.start_from_correlation:
            start_from_correlation(model)
        if seconds or settings.backbone_weights:
            model.feature_extraction.load_state_dict(features.state_dict())
    stages = {"train": settings.train, "finish": settings.finish}
    for title, stage in stages.items():
        if stage:
            seconds[title] = _train(title, model, stage, run)
    if compute.is_main:
        # Only weights that finished their schedule get this name.
        content = {"config": settings.model.to_dict(), "state_dict": model.state_dict()}
        torch.save(content, out / "model.pt")
    compute.barrier()
    return Trained(model.cpu().eval(), data.counts(), seconds)


@dataclass(frozen=True)
class _Run:
    """What the stages of a training share."""

    data: TrainingData
    held_out: TrainingData
    compute: Compute
    out: Path
    seed: int


def _train_features(features: FeatureExtraction, settings: Settings, run: _Run) -> dict[str, float]:
    """Backbone and object finder, in place: the stages before the whole model. Their seconds."""
    seconds = {}
    if settings.pretrain or settings.aligned:
        model = PretrainingModel(features, len(run.data.pairs.members))
    if settings.pretrain:
        seconds["pretrain"] = _pretrain("pretrain", model, settings.pretrain, run)
    if settings.objects:
        seconds["objects"] = _find_objects(features, settings.objects, run)
    if settings.aligned:
        _align_classes(features, run)
        seconds["aligned"] = _pretrain("aligned", model, settings.aligned, run)
    return seconds


def _align_classes(features: FeatureExtraction, run: _Run) -> None:
    """Aligns the photographs of each class, those held out among themselves. Raises ValueError if
    there are no classes."""
    if not run.data.pairs.has_pairs:
        raise ValueError("aligned: there are no classes of two photographs or more to align")
    for part, name in ((run.data, "frames.pt"), (run.held_out, "frames-held-out.pt")):
        if part.pairs.has_pairs:
            align_classes(part.pairs, features, run.compute, run.out / name, run.seed)
    run.compute.barrier()


def _pretrain(title: str, model: PretrainingModel, settings: PretrainSettings, run: _Run) -> float:
    """Stage one, in place. Returns its seconds."""
    model.to(run.compute.device, memory_format=torch.channels_last).train()
    stage = Stage(
        title,
        PretrainingObjective(
            model,
            settings.points,
            model.features.compared,
            run.compute,
            with_coordinates=settings.coordinate_weight > 0,
        ),
        model,
        torch.optim.AdamW(model.parameters(), weight_decay=settings.weight_decay),
        settings,
        weights={"class": settings.class_weight, "coordinate": settings.coordinate_weight},
    )
    return run_stage(stage, run.data, run.compute, run.out)


def _find_objects(features: FeatureExtraction, settings: ObjectSettings, run: _Run) -> float:
    """The object finder's stage, in place. Returns its seconds."""
    finder = features.object_finder
    finder.to(run.compute.device, memory_format=torch.channels_last).train()
    stage = Stage(
        "objects",
        ObjectObjective(finder, run.compute),
        finder,
        torch.optim.AdamW(finder.parameters(), weight_decay=settings.weight_decay),
        settings,
        weights={"extent": settings.extent_weight},
    )
    return run_stage(stage, run.data, run.compute, run.out)


def _train(title: str, model: NeMF, settings: TrainSettings, run: _Run) -> float:
    """Stage two or three, in place. Returns its seconds."""
    # The backbone's statistics stay those of stage one.
    model.to(run.compute.device).eval()
    stage = Stage(
        title,
        MatchingObjective(model, settings, run.compute),
        model,
        torch.optim.AdamW(_groups(model, settings), lr=1e-4, weight_decay=settings.weight_decay),
        settings,
        weights=loss_weights(settings),
        validate=lambda: validate(model, run.held_out, settings.validation_pairs),
    )
    return run_stage(stage, run.data, run.compute, run.out)


def _groups(model: NeMF, settings: TrainSettings) -> list[dict[str, Any]]:
    """The optimiser's groups: the field, the encoder's own parts and the backbone, without those
    that are frozen. The object finder always is: photographs of a class are framed alike, and would
    teach it the frame.
    """
    if model.feature_extraction.object_finder is not None:
        model.feature_extraction.object_finder.requires_grad_(False)
    parts_of_field = [
        model.mlp_model.field_correlations,
        model.mlp_model.cost_embedding,
        model.field,
    ]
    if model.mlp_model.refinement is not None:
        parts_of_field.append(model.mlp_model.refinement)
    field = nn.ModuleList(parts_of_field)
    parts = {field: 1.0, model.feature_extraction.backbone: settings.backbone_rate_factor}
    if model.decoder is not None:
        encoder = nn.ModuleList([model.proj, model.corr_embedder, model.decoder])
        parts[encoder] = settings.encoder_rate_factor
    groups: list[dict[str, Any]] = []
    for part, factor in parts.items():
        part.requires_grad_(factor > 0)
        if factor > 0:
            groups.append({"params": list(part.parameters()), "factor": factor})
    return groups


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags that replace entries of the configuration's `data`."""
    folders = {"type": Path, "nargs": "+", "metavar": "DIR"}
    parser.add_argument("--photographs", **folders, help="folders of photographs")
    parser.add_argument(
        "--classes", **folders, help="folders that hold one folder of aligned photographs a class"
    )
    parser.add_argument("--spair", type=Path, metavar="DIR", help="root of SPair-71k")
    parser.add_argument("--pf-pascal", type=Path, metavar="DIR", help="root of PF-PASCAL")


def data_settings(settings: DataSettings, arguments: argparse.Namespace) -> DataSettings:
    """The configuration's data, with what the flags of add_data_arguments() replace."""
    names = ("photographs", "classes", "spair", "pf_pascal")
    given = {name: getattr(arguments, name) for name in names if getattr(arguments, name)}
    return replace(settings, **given)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m nemf_model.training",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--config", type=Path, required=True, help="YAML; see nemf_model/training/settings.py"
    )
    parser.add_argument("--out", type=Path, required=True, help="checkpoints and logs")
    add_data_arguments(parser)
    parser.add_argument("--backbone-weights", type=Path, metavar="FILE")
    parser.add_argument(
        "--initial", type=Path, metavar="FILE", help="a model.pt to go on from, without stage one"
    )
    parser.add_argument("--device", default="auto", help="cpu, cuda, cuda:N or auto")
    parser.add_argument("--precision", choices=PRECISIONS, help="instead of the configuration's")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0, help="of the CPU; 0: all cores")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    arguments = _parse(argv)
    settings = load_settings(arguments.config)
    settings = replace(
        settings,
        data=data_settings(settings.data, arguments),
        backbone_weights=arguments.backbone_weights or settings.backbone_weights,
        initial=arguments.initial or settings.initial,
        precision=arguments.precision or settings.precision,
    )
    if arguments.threads > 0:
        torch.set_num_threads(arguments.threads)
    compute = Compute.start(arguments.device, settings.precision)
    level = logging.INFO if compute.is_main else logging.ERROR
    logging.basicConfig(level=level, format="%(asctime)s %(message)s")
    try:
        train(settings, compute, arguments.out, arguments.seed)
    finally:
        compute.stop()
