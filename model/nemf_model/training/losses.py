"""The matching losses: NeMF's sampled cross-entropy and the errors of coarse and fine map.

Points are drawn and kept on the CPU, so that all devices train on the same ones; they follow the
model's tensors where they meet them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from nemf_model.architecture.field import Decoder
from nemf_model.architecture.fine_map import FineMap
from nemf_model.data.pairs import Matches

# The most that an end-point error counts where the truth is not exact, in units of the matches.
SATURATION = 0.2
# Weight of a round of the fine map beside the one after it.
EARLIER_ROUND = 0.7
# How far from the coarse map, normalised, costs the fine one a point where it is to stay.
STAY_SCALE = 0.02


@dataclass(frozen=True)
class CandidateSampling:
    """How the random points of the sampled cross-entropy are drawn.

    count: beside the true point; the paper's is 99. near: the share drawn around the truth, at
    distances from `nearest` to `farthest` (normalised; standard deviations, uniform in their
    logarithm); the others are uniform over the image, as in the paper.
    """

    count: int
    near: float
    nearest: float
    farthest: float
    generator: torch.Generator

    def draw(self, truth: Tensor) -> Tensor:
        """[B, K, 2] true points -> [B, K, count + 1, 2] candidates, the truth first."""
        b, k, _ = truth.shape
        shape = (b, k, self.count)
        uniform = torch.rand(*shape, 2, generator=self.generator) * 2 - 1
        logarithms = math.log(self.nearest), math.log(self.farthest)
        scale = torch.empty(*shape, 1).uniform_(*logarithms, generator=self.generator).exp()
        local = scale * torch.randn(*shape, 2, generator=self.generator)
        local = truth.unsqueeze(2) + local
        close = torch.rand(*shape, 1, generator=self.generator) < self.near
        candidates = torch.where(close, local.clamp(-1, 1), uniform)
        return torch.cat([truth.unsqueeze(2), candidates], dim=2)


def interpolate_batch(phi: Tensor, points: Tensor) -> Tensor:
    """matching.sampling.interpolate_phi for a batch, as one weighted gather.

    phi: [B, C, h, w, h, w]; points: [B, N, 4] inside [-1, 1] -> [B * N, C]. No gradient reaches
    the points.
    """
    b, channels, *sizes = phi.shape
    cells = phi.permute(0, 2, 3, 4, 5, 1).reshape(-1, channels)
    index = torch.arange(b, device=phi.device).view(b, 1, 1)
    weight = torch.ones(1, 1, 1, device=phi.device)
    both_ends = torch.tensor([0, 1], device=phi.device)
    # Grid positions along phi's axes: (source y, x, target y, x).
    for axis, coordinate in enumerate((1, 0, 3, 2)):
        position = (points[..., coordinate].detach() + 1) / 2 * (sizes[axis] - 1)
        lower = position.floor().clamp(0, max(0, sizes[axis] - 2))
        fraction = (position - lower).unsqueeze(2)
        ends = lower.long().unsqueeze(2) + both_ends.clamp(max=sizes[axis] - 1)
        index = (index.unsqueeze(3) * sizes[axis] + ends.unsqueeze(2)).flatten(2)
        both = torch.cat([1 - fraction, fraction], dim=2)
        weight = (weight.unsqueeze(3) * both.unsqueeze(2)).flatten(2)
    return F.embedding_bag(
        index.flatten(0, 1), cells, per_sample_weights=weight.flatten(0, 1), mode="sum"
    )


def score(decoder: Decoder, phi: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """Field scores. phi: [B, C, h, w, h, w]; source, target: [B, N, 2] -> [B, N]."""
    points = torch.cat([source, target], dim=2).to(phi.device)
    return decoder(points.flatten(0, 1), interpolate_batch(phi, points)).view(points.shape[:2])


def sampled_cross_entropy(
    scores: Tensor, candidates: Tensor, tolerance: Tensor | None = None
) -> Tensor:
    """[B, K, M] scores of candidates [B, K, M, 2], the truth first -> [B, K].

    With tolerances [B] (normalised), every candidate within them of the truth counts as right.
    """
    if tolerance is None:
        return scores.logsumexp(dim=2) - scores[:, :, 0]
    squared = (candidates - candidates[:, :, :1]).square().sum(dim=3)
    far = squared > tolerance.square().view(-1, 1, 1)
    return scores.logsumexp(dim=2) - scores.masked_fill(far, -1e4).logsumexp(dim=2)


def field_loss(
    decoder: Decoder, phi: Tensor, matches: Matches, sampling: CandidateSampling
) -> Tensor:
    """NeMF's loss at K matches a pair, phi [B, C, h, w, h, w]: the mean of both directions."""
    allowed = matches.allowed()
    if allowed is not None:
        allowed = allowed.to(phi.device)

    def direction(truth: Tensor, fixed: Tensor, truth_is_source: bool) -> Tensor:
        drawn = sampling.draw(truth)
        b, k, m, _ = drawn.shape
        repeated = fixed.unsqueeze(2).expand(-1, -1, m, -1).reshape(b, k * m, 2)
        flat = drawn.reshape(b, k * m, 2)
        first, second = (flat, repeated) if truth_is_source else (repeated, flat)
        scores = score(decoder, phi, first, second).view(b, k, m)
        loss = sampled_cross_entropy(scores, drawn.to(phi.device), allowed)
        return mean_of_valid(loss, matches)

    return 0.5 * (
        direction(matches.source, matches.target, True)
        + direction(matches.target, matches.source, False)
    )


def map_errors(source: Tensor, matches: Matches) -> Tensor:
    """End-point errors of a map [B, 2, h, w] at the matches, in their units: [B, K].

    Where a tolerance says that the truth is not exact, what lies within the tolerance is free, and
    what lies far off counts no more than SATURATION, so that pairs that cannot be matched do not
    spoil the others.
    """
    at = _read(source, matches)
    error = _length(at - matches.source.to(at.device))
    if matches.tolerance > 0:
        error = error / matches.units().to(at.device).unsqueeze(1)
        excess = (error - matches.tolerance).clamp(min=0)
        error = SATURATION * excess / (SATURATION + excess)
    return error


def coarse_loss(coarse: Tensor, matches: Matches) -> Tensor:
    """Mean of map_errors() of the coarse map."""
    return mean_of_valid(map_errors(coarse, matches), matches)


def fine_loss(fine: Sequence[FineMap], coarse: Tensor, matches: Matches) -> Tensor:
    """Negative log-likelihood of the errors of the fine map's rounds under the Laplace distribution
    that it predicts, up to a constant; earlier rounds have less weight.

    Where the truth is not exact, it is too rough to teach corrections of a part of a cell. There
    only the distributions' scales learn from it, and the map to stay where the coarse one is.
    """
    exact = matches.tolerance == 0
    unit = 1.0 if exact else matches.units().to(coarse.device).unsqueeze(1)
    total: Tensor | float = 0.0
    for rounds_after, one in enumerate(reversed(fine)):
        error = map_errors(one.source, matches) * unit
        scale = _read(one.scale(), matches).squeeze(2)
        cost = (error if exact else error.detach()) / scale + 2 * scale.log()
        if not exact:
            moved = _read(one.source - coarse.detach(), matches)
            cost = cost + _length(moved) / STAY_SCALE
        total = total + EARLIER_ROUND**rounds_after * mean_of_valid(cost, matches)
    return total


def _read(maps: Tensor, matches: Matches) -> Tensor:
    """Maps [B, C, h, w] on the target grid at the matches' targets: [B, K, C]."""
    target = matches.target.to(maps.device).unsqueeze(2)
    return F.grid_sample(maps, target, align_corners=True).squeeze(3).transpose(1, 2)


def _length(vectors: Tensor) -> Tensor:
    """[B, K, 2] -> [B, K]; with a gradient at 0 too."""
    return vectors.square().sum(dim=2).add(1e-8).sqrt()


def mean_of_valid(values: Tensor, matches: Matches) -> Tensor:
    """Mean of [B, K] over the valid matches; 0 if there are none."""
    valid = matches.valid.to(values.device)
    return values.masked_fill(~valid, 0).sum() / valid.sum().clamp(min=1)
