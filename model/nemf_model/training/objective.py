"""Second stage of training: the whole model, by the paper's loss.

For warped photographs and pairs of one class, the field is trained at random points and coarse and
fine map at every cell of their grid; for annotated pairs, all at the keypoints.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from nemf_model.architecture.aligned_costs import Costs
from nemf_model.architecture.fine_map import FineMap
from nemf_model.architecture.model import Encoding, NeMF
from nemf_model.data.keypoint_sampler import KeypointBatch
from nemf_model.data.pairs import Matches, PairBatch
from nemf_model.geometry import identity_grid
from nemf_model.training.compute import Compute
from nemf_model.training.losses import CandidateSampling, coarse_loss, field_loss, fine_loss
from nemf_model.training.settings import TrainSettings

# Of pairs: two views of a photograph, two photographs of a class, annotated ones.
KINDS = ("warp", "pair", "keypoint")


def loss_weights(settings: TrainSettings) -> dict[str, float]:
    """Weights of MatchingObjective's losses, by name; 1 for others."""
    by_part = {"coarse": settings.coarse_weight, "fine": settings.fine_weight}
    return {f"{kind}_{part}": w for kind in KINDS for part, w in by_part.items()}


class MatchingObjective(nn.Module):
    """The second stage's losses."""

    def __init__(self, model: NeMF, settings: TrainSettings, compute: Compute) -> None:
        super().__init__()
        self.model = model
        self.settings = settings
        self.compute = compute

    def forward(
        self, batches: Sequence[PairBatch | KeypointBatch], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Losses by name, of a kind of pairs and a part of the model, on the compute's device."""
        settings = self.settings
        sampling = CandidateSampling(
            settings.candidates,
            settings.near_candidates,
            settings.nearest,
            settings.farthest,
            generator,
        )
        losses = {}
        for batch in batches:
            encoding, fine = self._encode(batch)
            name, cells, points = self._matches(batch, generator)
            losses[f"{name}_coarse"] = coarse_loss(encoding.coarse, cells)
            if fine:
                losses[f"{name}_fine"] = fine_loss(fine, encoding.coarse, cells)
            losses[f"{name}_field"] = field_loss(self.model.field, encoding.phi, points, sampling)
        return losses

    def _encode(self, batch: PairBatch | KeypointBatch) -> tuple[Encoding, list[FineMap]]:
        """In mixed precision up to what Phi is made of; a softmax at a low temperature and
        a score that is compared with a hundred others need all the digits of float32."""
        images = torch.cat([batch.source, batch.target]).to(self.compute.device)
        with self.compute.autocast():
            with torch.set_grad_enabled(self.settings.backbone_rate_factor > 0):
                taps = self.model.feature_extraction(images)
            source, target = zip(*(tap.chunk(2) for tap in taps), strict=True)
            refined, coarse = self.model.costs(source, target)
            field_correlations = self.model.field_correlations(source, target)
        costs, field_correlations = Costs(refined, coarse), [d.float() for d in field_correlations]
        fine = self.model.fine_maps(source, target, costs)
        return self.model.encode_costs(costs, field_correlations, fine), fine

    def _matches(
        self, batch: PairBatch | KeypointBatch, generator: torch.Generator
    ) -> tuple[str, Matches, Matches]:
        """The kind of pairs, and the points at which maps and field are trained."""
        if isinstance(batch, KeypointBatch):
            return "keypoint", batch.matches, batch.matches
        count, grid = len(batch.source), self.model.config.grid
        cells = identity_grid(grid, grid).expand(count, -1, -1)
        points = torch.rand(count, self.settings.points, 2, generator=generator) * 2 - 1
        name = "warp" if batch.tolerance == 0 else "pair"
        return name, batch.matches(cells), batch.matches(points)
