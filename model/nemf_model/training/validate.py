"""Validation on held-out pairs: end-point errors and PCK, coarse against a search of the field."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from nemf_model.architecture.model import NeMF
from nemf_model.data.keypoint_sampler import KeypointSampler
from nemf_model.data.pairs import Matches, PairSampler
from nemf_model.training.losses import score
from nemf_model.training.sources import TrainingData

RADIUS = 0.1  # of the search around the coarse answer, normalised (the paper's bound)
LATTICE = 17  # candidates a side
BATCH = 4
ALPHAS = (0.05, 0.1)
CLASS_MOTION = 0.5  # photographs of one class are framed about as differently


@torch.no_grad()
def validate(model: NeMF, data: TrainingData, pairs: int, points: int = 32) -> dict[str, float]:
    """Errors on at most `pairs` held-out pairs of each kind, always the same ones.

    Keys are `warp/...` (exact truth), `class/...` (points of objects of same-class pairs, whose
    truth is only how the photographs are aligned) and `keypoints/...` (annotated pairs), followed
    by the answer (identity, coarse, refined) and the measure: `error`, the mean distance in
    normalised units, or `pck0.05`. PCK is of the image's side and over all points; for annotated
    pairs it is that of their data set, averaged over pairs.
    """
    state = data.generator.get_state()
    data.generator.manual_seed(12345)
    was_training = model.training
    model.eval()
    values = _drawn_pairs(model, data.pairs, "warp", pairs, points)
    if data.pairs.has_pairs:
        values |= _drawn_pairs(model, data.pairs, "class", pairs, points)
    if data.keypoints:
        values |= _annotated_pairs(model, data.keypoints, pairs)
    model.train(was_training)
    data.generator.set_state(state)
    return values


def _drawn_pairs(
    model: NeMF, sampler: PairSampler, kind: str, pairs: int, points: int
) -> dict[str, float]:
    errors: dict[str, list[Tensor]] = {}
    size = model.config.image_size
    for _ in range(0, pairs, BATCH):
        if kind == "warp":
            batch = sampler.warped(BATCH, size)
        else:
            batch = sampler.same_class(BATCH, size, randomised=0, motion=CLASS_MOTION)
        at = torch.rand(BATCH, points, 2, generator=sampler.generator) * 2 - 1
        matches = batch.matches(at)
        for name, answer in _answers(model, batch.source, batch.target, matches).items():
            distances = (answer - matches.source).norm(dim=2)
            errors.setdefault(name, []).append(distances[matches.valid])
    values = {}
    for name, parts in errors.items():
        pooled = torch.cat(parts)
        values[f"{kind}/{name}/error"] = pooled.mean().item()
        for alpha in ALPHAS:
            # The image's side spans 2.
            values[f"{kind}/{name}/pck{alpha}"] = (pooled <= 2 * alpha).float().mean().item()
    return values


def _annotated_pairs(model: NeMF, sampler: KeypointSampler, pairs: int) -> dict[str, float]:
    chosen = torch.linspace(0, len(sampler) - 1, min(pairs, len(sampler))).long()
    shares: dict[str, list[Tensor]] = {}
    for indices in chosen.split(BATCH):
        batch = sampler.exactly(indices.tolist())
        valid = batch.matches.valid
        for name, answer in _answers(model, batch.source, batch.target, batch.matches).items():
            offset = (answer - batch.matches.source) * batch.unit.unsqueeze(1)
            correct = offset.norm(dim=2, keepdim=True) <= torch.tensor(ALPHAS)
            counted = (correct & valid.unsqueeze(2)).sum(dim=1)
            shares.setdefault(name, []).append(counted / valid.sum(dim=1, keepdim=True))
    return {
        f"keypoints/{name}/pck{alpha}": torch.cat(parts)[:, i].nanmean().item()
        for name, parts in shares.items()
        for i, alpha in enumerate(ALPHAS)
    }


def _answers(model: NeMF, source: Tensor, target: Tensor, matches: Matches) -> dict[str, Tensor]:
    """Source points [B, K, 2] for the matches' target points: no flow, coarse and refined."""
    device = next(model.parameters()).device
    encoding = model.encode(target.to(device), source.to(device))
    at = matches.target.to(device).unsqueeze(2)
    coarse = F.grid_sample(encoding.coarse, at, align_corners=True).squeeze(3).transpose(1, 2)
    coarse = coarse.cpu()
    refined = _searched(model, encoding.phi, coarse, matches.target)
    return {"identity": matches.target, "coarse": coarse, "refined": refined}


def _searched(model: NeMF, phi: Tensor, start: Tensor, points: Tensor) -> Tensor:
    """The best-scored candidate of a lattice around each start point, [B, K, 2]."""
    steps = torch.linspace(-RADIUS, RADIUS, LATTICE)
    lattice = torch.stack(torch.meshgrid(steps, steps, indexing="xy"), dim=-1).view(-1, 2)
    b, k, _ = start.shape
    candidates = (start.unsqueeze(2) + lattice).clamp(-1, 1)
    m = candidates.shape[2]
    repeated = points.unsqueeze(2).expand(-1, -1, m, -1).reshape(b, k * m, 2)
    scores = score(model.field, phi, candidates.reshape(b, k * m, 2), repeated).view(b, k, m)
    best = scores.cpu().argmax(dim=2, keepdim=True).unsqueeze(3).expand(-1, -1, -1, 2)
    return candidates.gather(2, best).squeeze(2)
