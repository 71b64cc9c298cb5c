"""Validation on held-out pairs: end-point errors and PCK, coarse against a search of the field."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from nemf.data.pairs import PairBatch, PairSampler
from nemf.losses import score
from nemf.model import NeMF

RADIUS = 0.1  # of the search around the coarse answer, normalised (the paper's bound)
LATTICE = 17  # candidates a side


def _coarse_at(coarse: Tensor, points: Tensor) -> Tensor:
    """[B, 2, h, w] at [B, K, 2] -> [B, K, 2]."""
    return F.grid_sample(coarse, points.unsqueeze(2), align_corners=True).squeeze(3).transpose(1, 2)


def _searched(model: NeMF, phi: Tensor, start: Tensor, points: Tensor) -> Tensor:
    """The best-scored candidate of a lattice around each start point, [B, K, 2]."""
    steps = torch.linspace(-RADIUS, RADIUS, LATTICE)
    lattice = torch.stack(torch.meshgrid(steps, steps, indexing="xy"), dim=-1).view(-1, 2)
    b, k, _ = start.shape
    candidates = (start.unsqueeze(2) + lattice).clamp(-1, 1)
    m = candidates.shape[2]
    repeated = points.unsqueeze(2).expand(-1, -1, m, -1).reshape(b, k * m, 2)
    scores = score(model.field, phi, candidates.reshape(b, k * m, 2), repeated).view(b, k, m)
    best = scores.argmax(dim=2, keepdim=True).unsqueeze(3).expand(-1, -1, -1, 2)
    return candidates.gather(2, best).squeeze(2)


def _errors(model: NeMF, batch: PairBatch, points: Tensor) -> dict[str, Tensor]:
    """Distances to the truth in normalised units, of the points whose match is in the image."""
    truth = batch.match(points)
    valid = truth.abs().amax(dim=2) <= 1
    encoding = model.encode(batch.target, batch.source)
    coarse = _coarse_at(encoding.coarse, points)
    refined = _searched(model, encoding.phi, coarse, points)
    answers = {"identity": points, "coarse": coarse, "refined": refined}
    return {name: (a - truth).norm(dim=2)[valid] for name, a in answers.items()}


def _summary(errors: dict[str, list[Tensor]], prefix: str) -> dict[str, float]:
    values = {}
    for name, parts in errors.items():
        all_errors = torch.cat(parts)
        values[f"{prefix}/{name}/error"] = all_errors.mean().item()
        for alpha in (0.05, 0.1):
            # A PCK of the image's side, which spans 2.
            values[f"{prefix}/{name}/pck{alpha}"] = (all_errors < 2 * alpha).float().mean().item()
    return values


@torch.no_grad()
def validate(model: NeMF, sampler: PairSampler, pairs: int = 24, points: int = 32) -> dict[str, float]:
    """Errors on `pairs` held-out pairs of each kind, always the same ones.

    Keys are `warp/...` (exact truth) and `class/...` (same-class pairs, whose truth is only the
    classes' rough alignment).
    """
    state = sampler.generator.get_state()
    sampler.generator.manual_seed(12345)
    was_training = model.training
    model.eval()
    values = {}
    size = model.config.image_size
    kinds = {"warp": sampler.warped}
    if sampler.has_pairs:
        kinds["class"] = sampler.same_class
    for kind, draw in kinds.items():
        errors: dict[str, list[Tensor]] = {}
        for _ in range(0, pairs, 4):
            batch = draw(4, size, randomise=kind == "warp")
            at = torch.rand(4, points, 2, generator=sampler.generator) * 2 - 1
            for name, distances in _errors(model, batch, at).items():
                errors.setdefault(name, []).append(distances)
        values |= _summary(errors, kind)
    model.train(was_training)
    sampler.generator.set_state(state)
    return values
