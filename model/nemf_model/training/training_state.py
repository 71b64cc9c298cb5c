"""Checkpoints, learning rate and progress, shared by both stages of training."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from nemf_model.training.compute import Compute


def cosine_rate(step: int, steps: int, peak: float, warmup: int) -> float:
    """Linear warm-up to `peak`, then a half cosine down to 1 % of it."""
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1.0, (step - warmup) / max(1, steps - warmup))
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))


def save_atomically(values: dict[str, Any], path: Path) -> None:
    """Writes a checkpoint so that an interruption leaves the old one or the new one."""
    partial = path.with_suffix(".partial")
    torch.save(values, partial)
    partial.replace(path)


@dataclass
class TrainingState:
    """What survives an interruption: step, weights, optimiser and random numbers.

    generator: of this process; a checkpoint holds those of all.
    """

    path: Path
    model: nn.Module
    optimiser: torch.optim.Optimizer
    generator: torch.Generator
    compute: Compute
    step: int = 0
    seconds: float = 0.0
    _started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.scaler = self.compute.grad_scaler()

    def resume(self) -> None:
        """Continues from the checkpoint if there is one."""
        if not self.path.exists():
            return
        values = torch.load(self.path, map_location="cpu", weights_only=True)
        self.model.load_state_dict(values["model"])
        self.optimiser.load_state_dict(values["optimiser"])
        if values.get("scaler"):
            self.scaler.load_state_dict(values["scaler"])
        self.step = values["step"]
        self.seconds = values["seconds"]
        generators = values.get("generators", [values["generator"]])
        if self.compute.rank < len(generators):
            self.generator.set_state(generators[self.compute.rank])
        else:  # One more process than before.
            self.generator.manual_seed(self.step + (self.compute.rank << 32))
        logging.info("%s: resumed at step %d", self.path, self.step)

    def save(self) -> None:
        """Writes the checkpoint; all processes must call it."""
        generators = self.compute.gather(self.generator.get_state())
        now = time.monotonic()
        self.seconds += now - self._started
        self._started = now
        if self.compute.is_main:
            values = {
                "model": self.model.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "scaler": self.scaler.state_dict(),
                "generator": generators[0],
                "generators": generators,
                "step": self.step,
                "seconds": self.seconds,
            }
            save_atomically(values, self.path)


class Report:
    """Running means of losses to the progress bar and to TensorBoard; silent unless enabled."""

    def __init__(self, folder: Path, steps: int, start: int, title: str, enabled: bool) -> None:
        self.title = title
        self.writer = SummaryWriter(str(folder / "tensorboard" / title)) if enabled else None
        # A bar for people; in a log file one line now and then.
        self.bar = tqdm(
            total=steps,
            initial=start,
            desc=title,
            unit="step",
            mininterval=10,
            disable=not enabled,
        )
        self.means: dict[str, float] = {}

    def step(self, number: int, values: dict[str, float]) -> None:
        """The losses of one step."""
        for name, value in values.items():
            self.means[name] = 0.98 * self.means.get(name, value) + 0.02 * value
        self._write(number, values)
        self.bar.set_postfix({k: f"{v:.3f}" for k, v in self.means.items()}, refresh=False)
        self.bar.update(1)

    def note(self, number: int, values: dict[str, float]) -> None:
        """The results of a validation."""
        self._write(number, values)
        text = "  ".join(f"{k} {v:.4f}" for k, v in values.items())
        self.bar.write(f"{self.title} step {number}: {text}")

    def close(self) -> None:
        self.bar.close()
        if self.writer:
            self.writer.close()

    def _write(self, number: int, values: dict[str, float]) -> None:
        if self.writer:
            for name, value in values.items():
                self.writer.add_scalar(f"{self.title}/{name}", value, number)
