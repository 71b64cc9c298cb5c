"""`python -m nemf.train --config CONFIG --photographs DIR [--classes DIR] --out DIR`

Two stages: dense contrastive training of the backbone (nemf.pretrain), then the whole model with
the paper's loss. Both resume from their last checkpoint in --out.
"""

from __future__ import annotations

import argparse
import logging
import random
from pathlib import Path

import torch
import yaml
from torch import nn

from nemf.backbone import FeatureExtraction
from nemf.config import ModelConfig
from nemf.data import images
from nemf.data.pairs import PairBatch, PairSampler
from nemf.data.warps import identity_grid
from nemf.initialise import start_from_correlation
from nemf.losses import coarse_loss, field_loss
from nemf.model import NeMF
from nemf.pretrain import PretrainingModel
from nemf.training_state import Report, TrainingState, cosine_rate
from nemf.validate import validate


def _draw(sampler: PairSampler, settings: dict) -> list[PairBatch]:
    batches = [sampler.warped(settings["warped_pairs"], settings["size"])]
    if sampler.has_pairs and settings["class_pairs"] > 0:
        batches.append(sampler.same_class(settings["class_pairs"], settings["size"]))
    return batches


def _set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = rate * group.get("factor", 1.0)


def _update(optimiser: torch.optim.Optimizer, loss: torch.Tensor, modules: list[nn.Module]) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    for module in modules:
        nn.utils.clip_grad_norm_(module.parameters(), 1.0)
    optimiser.step()


def pretrain(config: ModelConfig, settings: dict, sampler: PairSampler, out: Path) -> dict:
    """Stage one. Returns the state_dict of the feature extraction."""
    model = PretrainingModel(FeatureExtraction(config), len(sampler.members))
    model.to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.AdamW(model.parameters(), weight_decay=settings["weight_decay"])
    state = TrainingState(
        out / "pretrain.pt", {"model": model}, optimiser, sampler.generator
    )
    state.resume()
    report = Report(out, settings["steps"], state.step, "pretrain")
    taps = [level.tap for level in config.levels]
    while state.step < settings["steps"]:
        _set_rate(
            optimiser,
            cosine_rate(state.step, settings["steps"], settings["rate"], settings["warmup"]),
        )
        batches = _draw(sampler, settings)
        losses = model.loss(batches, settings["points"], taps, sampler.generator)
        weights = {"class": settings["class_weight"]}
        total = sum(weights.get(name, 1.0) * value for name, value in losses.items())
        _update(optimiser, total, [model])
        state.step += 1
        report.step(state.step, {name: value.item() for name, value in losses.items()})
        if state.step % settings["save_every"] == 0:
            state.save()
    state.save()
    report.close()
    return model.features.state_dict()


def _matching_losses(
    model: NeMF, batch: PairBatch, settings: dict, generator: torch.Generator
) -> dict[str, torch.Tensor]:
    count = len(batch.source)
    train_backbone = settings["backbone_rate_factor"] > 0
    with torch.set_grad_enabled(train_backbone):
        taps = model.feature_extraction(torch.cat([batch.source, batch.target]))
    source = [tap[:count] for tap in taps]
    target = [tap[count:] for tap in taps]
    encoding = model.encode_taps(target, source)
    grid = identity_grid(model.config.grid, model.config.grid).expand(count, -1, -1)
    points = torch.rand(count, settings["points"], 2, generator=generator) * 2 - 1
    prefix = "warp" if batch.tolerance == 0 else "pair"
    return {
        f"{prefix}_coarse": coarse_loss(
            encoding.coarse, grid, batch.match(grid), batch.tolerance
        ),
        f"{prefix}_field": field_loss(
            model.field,
            encoding.phi,
            batch.match(points),
            points,
            batch,
            settings["candidates"],
            settings["near_candidates"],
            generator,
        ),
    }


def train(
    config: ModelConfig, settings: dict, sampler: PairSampler, held_out: PairSampler,
    features: dict | None, out: Path,
) -> NeMF:
    """Stage two: the paper's loss on the whole model."""
    model = NeMF(config)
    start_from_correlation(model)
    if features is not None:
        model.feature_extraction.load_state_dict(features)
    factor = settings["backbone_rate_factor"]
    model.feature_extraction.requires_grad_(factor > 0)
    backbone = list(model.feature_extraction.parameters())
    ids = {id(p) for p in backbone}
    rest = [p for p in model.parameters() if id(p) not in ids and p.requires_grad]
    groups = [{"params": rest, "factor": 1.0}]
    if factor > 0:
        groups.append({"params": backbone, "factor": factor})
    optimiser = torch.optim.AdamW(groups, lr=1e-4, weight_decay=settings["weight_decay"])
    state = TrainingState(out / "train.pt", {"model": model}, optimiser, sampler.generator)
    state.resume()
    report = Report(out, settings["steps"], state.step, "train")
    # The backbone's statistics stay those of stage one.
    model.eval()
    while state.step < settings["steps"]:
        _set_rate(
            optimiser,
            cosine_rate(state.step, settings["steps"], settings["rate"], settings["warmup"]),
        )
        total = torch.zeros(())
        values = {}
        for batch in _draw(sampler, settings):
            for name, loss in _matching_losses(
                model, batch, settings, sampler.generator
            ).items():
                weight = settings["coarse_weight"] if name.endswith("coarse") else 1.0
                total = total + weight * loss
                values[name] = loss.item()
        _update(optimiser, total, [model])
        state.step += 1
        report.step(state.step, values)
        if state.step % settings["save_every"] == 0:
            state.save()
        if state.step % settings["validate_every"] == 0:
            report.note(state.step, validate(model, held_out))
    state.save()
    report.close()
    return model


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m nemf.train", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="YAML: model, pretrain, train")
    parser.add_argument("--photographs", type=Path, nargs="+", required=True, metavar="DIR")
    parser.add_argument("--classes", type=Path, nargs="*", default=[], metavar="DIR",
                        help="folders that hold one folder of roughly aligned photographs a class")
    parser.add_argument("--out", type=Path, required=True, help="checkpoints and logs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0, help="0: all cores")
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if arguments.threads > 0:
        torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    random.seed(arguments.seed)
    settings = yaml.safe_load(arguments.config.read_text())
    model = settings["model"]
    config = ModelConfig.named(model) if isinstance(model, str) else ModelConfig.from_dict(model)
    arguments.out.mkdir(parents=True, exist_ok=True)

    def sampler(held_out: bool, seed: int) -> PairSampler:
        photographs = images.photographs(arguments.photographs, config.image_size, held_out)
        classes = None
        if arguments.classes:
            classes = images.classes(arguments.classes, config.image_size, held_out)
        return PairSampler(photographs, classes, config, seed)

    training = sampler(held_out=False, seed=arguments.seed)
    features = None
    if settings.get("pretrain"):
        features = pretrain(config, settings["pretrain"], training, arguments.out)
    validation = sampler(held_out=True, seed=arguments.seed + 1)
    model = train(config, settings["train"], training, validation, features, arguments.out)
    # Only weights that finished their schedule get this name.
    torch.save({"config": config.to_dict(), "state_dict": model.state_dict()}, arguments.out / "model.pt")


if __name__ == "__main__":
    main()
