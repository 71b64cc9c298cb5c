"""The loop of a training stage: draw batches, descend, report, save, validate."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from nemf_model.training.compute import Compute
from nemf_model.training.settings import StageSettings
from nemf_model.training.sources import TrainingData
from nemf_model.training.training_state import Report, TrainingState, cosine_rate

LARGEST_GRADIENT = 1.0  # norm, over all parameters


@dataclass
class Stage:
    """One stage of training.

    title: names its checkpoint (TITLE.pt) and its curves.
    objective: forward(batches, generator) -> losses by name, on the compute's device.
    model: the module whose weights a checkpoint holds, a part of the objective or all of it.
    optimiser: its groups' `factor`, where they have one, scales the learning rate.
    weights: of losses, by name; 1 for others.
    validate: gives what is worth knowing of the model, by name.
    """

    title: str
    objective: nn.Module
    model: nn.Module
    optimiser: torch.optim.Optimizer
    settings: StageSettings
    weights: dict[str, float]
    validate: Callable[[], dict[str, float]] | None = None


def run_stage(stage: Stage, data: TrainingData, compute: Compute, out: Path) -> float:
    """Runs a stage to its end, from its last checkpoint in `out` if there is one.

    Returns the seconds that it has taken, interruptions not counted.
    """
    settings = stage.settings
    path = out / f"{stage.title}.pt"
    state = TrainingState(path, stage.model, stage.optimiser, data.generator, compute)
    state.resume()
    report = Report(out, settings.steps, state.step, stage.title, compute.is_main)
    objective = compute.distribute(stage.objective)
    while state.step < settings.steps:
        rate = cosine_rate(state.step, settings.steps, settings.rate, settings.warmup)
        for group in stage.optimiser.param_groups:
            group["lr"] = rate * group.get("factor", 1.0)
        losses = _step(stage, objective, data, state)
        state.step += 1
        report.step(state.step, losses)
        if state.step % settings.save_every == 0:
            state.save()
        if _validates(stage, state.step) and compute.is_main:
            report.note(state.step, stage.validate())
    state.save()
    report.close()
    return state.seconds


def _validates(stage: Stage, step: int) -> bool:
    every = stage.settings.validate_every
    return stage.validate is not None and every > 0 and step % every == 0


def _step(
    stage: Stage, objective: nn.Module, data: TrainingData, state: TrainingState
) -> dict[str, float]:
    """One step of the optimiser, on the mean gradient of its batches; the last batch's losses."""
    scaler = state.scaler
    stage.optimiser.zero_grad(set_to_none=True)
    count = stage.settings.accumulate
    for number in range(count):
        batches = data.draw(stage.settings, state.step)
        # Processes exchange gradients once a step, not once a batch.
        exchanging = nullcontext() if number == count - 1 else _alone(objective)
        with exchanging:
            losses = objective(batches, data.generator)
            scaler.scale(_total(losses, stage.weights) / count).backward()
    scaler.unscale_(stage.optimiser)
    nn.utils.clip_grad_norm_(stage.model.parameters(), LARGEST_GRADIENT)
    scaler.step(stage.optimiser)
    scaler.update()
    return {name: loss.item() for name, loss in losses.items()}


def _alone(objective: nn.Module):
    return objective.no_sync() if hasattr(objective, "no_sync") else nullcontext()


def _total(losses: dict[str, Tensor], weights: dict[str, float]) -> Tensor:
    return sum(weights.get(name, 1.0) * loss for name, loss in losses.items())
